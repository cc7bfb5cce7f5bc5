/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwords.c: password hashes for the harness: no threads and no work; each job
 * ends in the next turn of the loop, as hn_passwords says. Linked by --wrap in
 * place of those functions of adapters/passwords.c.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/passwords.h"

#define JOBS_MAX 64

HnPasswords hn_passwords = HN_PASSWORDS_FIT;

static struct
{
	CfaPasswordWork work;
	bool has_hash;
	CfaPasswordDone done;
	void *arg;
} jobs[JOBS_MAX];

static unsigned count;
static unsigned places;

/* Used by harness.c only. */
unsigned hn_passwords_turn(void);

void __wrap_cfa_passwords_start(void);
bool __wrap_cfa_passwords_reserve(void);
void __wrap_cfa_passwords_release(void);
void __wrap_cfa_passwords_run(const CfaPasswordJob *job, CfaPasswordDone done,
							  void *arg);

void
__wrap_cfa_passwords_start(void)
{
}

bool
__wrap_cfa_passwords_reserve(void)
{
	if (hn_passwords == HN_PASSWORDS_FULL || places == JOBS_MAX)
		return false;
	places++;
	return true;
}

void
__wrap_cfa_passwords_release(void)
{
	if (places-- == 0)
		abort();
}

void
__wrap_cfa_passwords_run(const CfaPasswordJob *job, CfaPasswordDone done,
						 void *arg)
{
	if (places == count)
		abort(); /* without a place */
	jobs[count].work = job->work;
	jobs[count].has_hash = job->hash != NULL;
	jobs[count].done = done;
	jobs[count++].arg = arg;
}

unsigned
hn_passwords_turn(void)
{
	unsigned ran = 0;

	for (; count > 0; ran++)
	{
		bool is_match = hn_passwords == HN_PASSWORDS_FIT && jobs[0].has_hash;
		bool is_new = jobs[0].work == CFA_PASSWORD_HASH ||
					  (jobs[0].work == CFA_PASSWORD_CHANGE && is_match);
		CfaPasswordResult result = {
			.has_failed = hn_passwords == HN_PASSWORDS_FAIL,
			.is_match = is_match,
			.new_hash = is_new ? "$argon2id$harness" : NULL,
		};
		CfaPasswordDone done = jobs[0].done;
		void *arg = jobs[0].arg;

		count--;
		places--;
		memmove(&jobs[0], &jobs[1], count * sizeof(jobs[0]));
		done(arg, &result);
	}
	return ran;
}
