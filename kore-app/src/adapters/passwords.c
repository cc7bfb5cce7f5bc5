/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwords.c: Argon2id in threads of its own, a bounded number at once.
 *
 * Each worker has its threads and one queue for them; a queue that is full
 * refuses, so memory (threads times the memory of a hash) and waiting have an
 * end.
 *
 * A job holds the only copy of the passwords and wipes them. The request may be
 * gone when it is done; that is for the callback to see.
 *
 * A pepper is a secret of the settings: HMAC-SHA-256 of the password under it is
 * what is hashed, so that a copy of the database alone allows no guessing. Each
 * hash names its pepper by an id.
 */
#include <kore/kore.h>

#include "adapters/passwords.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/loop.h"
#include "core/threads.h"
#include "meters.h"

#define PEPPERS_MAX 4
#define PEPPER_MIN 16
#define PEPPER_MAX 64
/* A job that waited longer is not worth its work: the client has its answer. */
#define WAIT_MAX_US 4000000
#define MIXED_SIZE (2 * crypto_auth_hmacsha256_BYTES + 1)

typedef struct Pepper
{
	uint8_t key[PEPPER_MAX];
	size_t len;
	char id[CFA_PEPPER_ID_LEN + 1];
} Pepper;

typedef struct Job
{
	CfaWork base; /* must be first */
	CfaPasswordWork work;
	CfaPasswordDone done;
	void *arg;
	bool has_hash;
	bool has_failed;
	bool is_match;
	bool has_new;
	char hash[CFA_PASSWORD_HASH_MAX];
	char pepper_id[CFA_PEPPER_ID_LEN + 1];
	char new_hash[CFA_PASSWORD_HASH_MAX];
	char password[4 * CFA_PASSWORD_MAX_CHARS + 1];
	char new_password[4 * CFA_PASSWORD_MAX_CHARS + 1];
} Job;

static CfaPasswordSettings config;
static Pepper peppers[PEPPERS_MAX];
static size_t pepper_count;
static char dummy_hash[CFA_PASSWORD_HASH_MAX];

static CfaThreads *threads;

/* The loop's own: places taken, by jobs or for some to come. */
static int64_t open_count;

static int read_peppers(const char *list);
static void run(CfaWork *base);
static void work(Job *job);
static void check(Job *job, const char *password);
static void renew(Job *job, const char *password);
static const char *mix(const char *password, const Pepper *pepper,
					   char out[MIXED_SIZE]);
static bool is_too_weak(const Job *job);
static int64_t number_after(const char *text, const char *name);
static const Pepper *find_pepper(const char *id);
static void deliver(CfaWork *base);
static void drop(Job *job);
static void copy(char *out, size_t size, const char *text);

int
cfa_passwords_configure(const CfaPasswordSettings *settings, char *error,
						size_t error_size)
{
	config = *settings;
	if (read_peppers(settings->peppers) != 0)
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_PASSWORD_PEPPERS must be at most %d "
						"hexadecimal keys of %d to %d bytes",
						PEPPERS_MAX,
						PEPPER_MIN,
						PEPPER_MAX);
		return -1;
	}
	if (sodium_init() < 0 ||
		crypto_pwhash_str_alg(dummy_hash,
							  "no password",
							  strlen("no password"),
							  (unsigned long long) config.passes,
							  (size_t) config.memory_kib * 1024,
							  crypto_pwhash_ALG_ARGON2ID13) != 0)
	{
		(void) snprintf(error,
						error_size,
						"there is not enough memory to hash a password");
		return -1;
	}
	return 0;
}

void
cfa_passwords_start(void)
{
	threads = cfa_threads_start(config.threads);
}

bool
cfa_passwords_reserve(void)
{
	if (open_count >= config.threads + config.queue)
	{
		cfa_meter_add(CFA_M_PASSWORD_REFUSED, 1);
		return false;
	}
	cfa_meter_set(CFA_M_PASSWORD_JOBS, ++open_count);
	return true;
}

void
cfa_passwords_release(void)
{
	cfa_meter_set(CFA_M_PASSWORD_JOBS, --open_count);
}

void
cfa_passwords_run(const CfaPasswordJob *in, CfaPasswordDone done, void *arg)
{
	Job *job = kore_calloc(1, sizeof(*job));

	job->base.run = run;
	job->base.done = deliver;
	job->work = in->work;
	job->done = done;
	job->arg = arg;
	job->has_hash = in->hash != NULL;
	copy(job->hash, sizeof(job->hash), in->hash);
	copy(job->pepper_id, sizeof(job->pepper_id), in->pepper_id);
	copy(job->password, sizeof(job->password), in->password);
	copy(job->new_password, sizeof(job->new_password), in->new_password);
	cfa_threads_add(threads, &job->base);
}

const char *
cfa_pepper_key(const char *id, const char *purpose,
			   uint8_t key[CFA_PEPPER_KEY_SIZE])
{
	const Pepper *pepper =
		id == NULL ? (pepper_count > 0 ? &peppers[0] : NULL) : find_pepper(id);

	if (pepper == NULL && id != NULL && id[0] != '\0')
		return NULL;
	(void) crypto_generichash(key,
							  CFA_PEPPER_KEY_SIZE,
							  (const uint8_t *) purpose,
							  strlen(purpose),
							  pepper ? pepper->key : NULL,
							  pepper ? pepper->len : 0);
	return pepper ? pepper->id : "";
}

static int
read_peppers(const char *list)
{
	const char *at = list;

	pepper_count = 0;
	while (*at != '\0')
	{
		Pepper *pepper = &peppers[pepper_count];
		size_t len = strcspn(at, ",");
		uint8_t hash[crypto_hash_sha256_BYTES];

		if (pepper_count == PEPPERS_MAX || len < 2 * PEPPER_MIN ||
			sodium_hex2bin(pepper->key,
						   sizeof(pepper->key),
						   at,
						   len,
						   NULL,
						   &pepper->len,
						   NULL) != 0 ||
			2 * pepper->len != len)
			return -1;
		(void) crypto_hash_sha256(hash, pepper->key, pepper->len);
		(void) sodium_bin2hex(pepper->id,
							  sizeof(pepper->id),
							  hash,
							  CFA_PEPPER_ID_LEN / 2);
		pepper_count++;
		at += len;
		if (*at == ',' && *++at == '\0')
			return -1;
	}
	return 0;
}

/* --- In a thread ------------------------------------------------------------ */

static void
run(CfaWork *base)
{
	Job *job = (Job *) base;

	job->has_failed = base->started_us - base->queued_us > WAIT_MAX_US;
	if (!job->has_failed)
		work(job);
	sodium_memzero(job->password, sizeof(job->password));
	sodium_memzero(job->new_password, sizeof(job->new_password));
}

static void
work(Job *job)
{
	switch (job->work)
	{
		case CFA_PASSWORD_HASH:
			renew(job, job->password);
			break;
		case CFA_PASSWORD_CHECK:
			check(job, job->password);
			if (job->is_match && is_too_weak(job))
				renew(job, job->password);
			break;
		case CFA_PASSWORD_CHANGE:
			check(job, job->password);
			if (job->is_match)
				renew(job, job->new_password);
			break;
	}
}

static void
check(Job *job, const char *password)
{
	const Pepper *pepper = find_pepper(job->pepper_id);
	bool is_known = job->has_hash && (pepper || job->pepper_id[0] == '\0');
	char buffer[MIXED_SIZE];
	const char *mixed = mix(password, pepper, buffer);

	errno = 0;
	job->is_match = crypto_pwhash_str_verify(is_known ? job->hash : dummy_hash,
											 mixed,
											 strlen(mixed)) == 0 &&
					is_known;
	job->has_failed = !job->is_match && errno == ENOMEM;
	sodium_memzero(buffer, sizeof(buffer));
}

static void
renew(Job *job, const char *password)
{
	char buffer[MIXED_SIZE];
	const char *mixed =
		mix(password, pepper_count > 0 ? &peppers[0] : NULL, buffer);

	job->has_new = crypto_pwhash_str_alg(job->new_hash,
										 mixed,
										 strlen(mixed),
										 (unsigned long long) config.passes,
										 (size_t) config.memory_kib * 1024,
										 crypto_pwhash_ALG_ARGON2ID13) == 0;
	job->has_failed = !job->has_new;
	sodium_memzero(buffer, sizeof(buffer));
}

/* What is hashed: the password itself, or its HMAC in hexadecimal digits. */
static const char *
mix(const char *password, const Pepper *pepper, char out[MIXED_SIZE])
{
	crypto_auth_hmacsha256_state state;
	uint8_t hash[crypto_auth_hmacsha256_BYTES];

	if (pepper == NULL)
		return password;
	(void) crypto_auth_hmacsha256_init(&state, pepper->key, pepper->len);
	(void) crypto_auth_hmacsha256_update(&state,
										 (const uint8_t *) password,
										 strlen(password));
	(void) crypto_auth_hmacsha256_final(&state, hash);
	(void) sodium_bin2hex(out, MIXED_SIZE, hash, sizeof(hash));
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(hash, sizeof(hash));
	return out;
}

/* Whether the settings ask for more by now than the hash was made with. */
static bool
is_too_weak(const Job *job)
{
	const char *pepper_id = pepper_count > 0 ? peppers[0].id : "";

	return strcmp(job->pepper_id, pepper_id) != 0 ||
		   number_after(job->hash, "$m=") < config.memory_kib ||
		   number_after(job->hash, ",t=") < config.passes;
}

static int64_t
number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

static const Pepper *
find_pepper(const char *id)
{
	size_t i;

	for (i = 0; i < pepper_count; i++)
	{
		if (strcmp(peppers[i].id, id) == 0)
			return &peppers[i];
	}
	return NULL;
}

/* --- In the loop -------------------------------------------------------------- */

static void
deliver(CfaWork *base)
{
	Job *job = (Job *) base;
	CfaPasswordResult result = {
		.has_failed = job->has_failed,
		.is_match = job->is_match,
		.new_hash = job->has_new ? job->new_hash : NULL,
		.new_pepper_id =
			job->has_new ? (pepper_count > 0 ? peppers[0].id : "") : NULL,
	};

	cfa_passwords_release();
	cfa_meter_observe(CFA_M_PASSWORD_WAIT_SECONDS,
					  base->started_us - base->queued_us);
	cfa_meter_observe(CFA_M_PASSWORD_SECONDS, cfa_mono_us() - base->started_us);
	job->done(job->arg, &result);
	drop(job);
}

static void
drop(Job *job)
{
	sodium_memzero(job, sizeof(*job));
	kore_free(job);
}

static void
copy(char *out, size_t size, const char *text)
{
	(void) snprintf(out, size, "%s", text ? text : "");
}
