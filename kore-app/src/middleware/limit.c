/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.c: how many requests one address, account or campaign may send.
 *
 * A request has a check with one part for each bucket it counts against; all are
 * taken or none, by one script in Redis, on Redis' clock, so that the limits hold
 * over all workers and processes. A class that is asked for all the time (reads)
 * takes several permits at once and spends them here within a second: they are
 * paid for when they are taken, so the sum never exceeds the limit. What Redis
 * has refused is refused here until a permit can be there again.
 *
 * Redis may be away or slow: after WAIT_MAX_US, and for PAUSE_US after that, each
 * worker decides alone. Open classes let all pass, the others keep to the share
 * that one worker of this process has.
 *
 * A check lives in the arena of its context, which is held while Redis is asked;
 * an Ask lives until Redis has answered, or is lost, however late.
 */
#include <kore/kore.h>

#include "middleware/limit.h"

#include <careforall/log.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/dispatch.h"
#include "core/loop.h"
#include "meters.h"
#include "middleware/limit_fields.h"
#include "middleware/limit_rules.h"
#include "middleware/limit_store.h"
#include "middleware/limit_table.h"

#define WAIT_MAX_US 50000
#define PAUSE_US 1000000
#define LEASE_US 1000000
#define LEASE_MAX 1024
#define LEASE_SHARE 16 /* of the burst at most in one lease */
#define KEY_PURPOSE "careforall rate limits"

/* How a class is handled. */
typedef struct Class
{
	const char *name;
	bool is_leased; /* permits are taken in advance */
	bool is_open;	/* without Redis all may pass */
} Class;

/* A question to Redis. */
typedef struct Ask
{
	TAILQ_ENTRY(Ask) entry;
	uint64_t late_us;	  /* from when on nobody waits for it */
	CfaLimitCheck *check; /* of a strict class; NULL once it is decided */
	CfaBucket *bucket;	  /* of a lease */
	const CfaLimitRule *rule;
	CfaRate rate;
	uint32_t want;
	bool is_late;
} Ask;

typedef enum Outcome
{
	ALLOWED,
	REFUSED,
	ALLOWED_ALONE,
	REFUSED_ALONE,
	PASSED,
	OUTCOMES
} Outcome;

_Static_assert((CFA_RATE_COUNT - 1) * OUTCOMES == CFA_LIMIT_METERS,
			   "a meter for each class and outcome");

/* clang-format off */
static const Class classes[CFA_RATE_COUNT] = {
	[CFA_RATE_READ] = {"read", true, true},
	[CFA_RATE_WRITE] = {"write", false, false},
	[CFA_RATE_PLEDGE] = {"pledge", false, false},
	[CFA_RATE_LOGIN] = {"login", false, false},
	[CFA_RATE_EXPORT] = {"export", false, false},
	[CFA_RATE_LIVE] = {"live", false, true},
	[CFA_RATE_WEBHOOK] = {"webhook", true, true},
	[CFA_RATE_PREFLIGHT] = {"preflight", true, true},
};
/* clang-format on */

static CfaLimitRules rules[CFA_RATE_COUNT];
static CfaGcra shares[CFA_RATE_COUNT][CFA_LIMIT_BY_COUNT]; /* of one worker */
static CfaNetworks exempt;
static bool is_on;
static uint8_t hash_key[crypto_shorthash_siphashx24_KEYBYTES];
static TAILQ_HEAD(, Ask) asks = TAILQ_HEAD_INITIALIZER(asks); /* oldest first */
static uint64_t alone_until_us;

static bool is_counted(const CfaCtx *ctx, CfaRate rate);
static CfaRate rate_of(const CfaCtx *ctx);
static CfaLimitCheck *new_check(CfaCtx *ctx, CfaRate rate);
static void add_part(CfaLimitCheck *check, CfaLimitBy by, const void *subject,
					 size_t len);
static void bucket_key(CfaRate rate, CfaLimitBy by, const void *subject,
					   size_t len, uint8_t out[CFA_BUCKET_KEY_LEN]);
static void add_campaign(CfaLimitCheck *check);
static bool enter(CfaLimitCheck *check);
static void leave(CfaCtx *ctx);
static CfaStepResult run(CfaLimitCheck *check);
static bool find_buckets(CfaLimitCheck *check, uint64_t now_us);
static bool is_refused_already(CfaLimitCheck *check, uint64_t now_us);
static bool spend(CfaBucket *bucket, uint64_t now_us);
static bool ask_strictly(CfaLimitCheck *check, uint64_t now_us);
static bool ask_for_lease(CfaBucket *bucket, const CfaLimitRule *rule,
						  CfaRate rate, uint64_t now_us);
static uint32_t lease_size(CfaBucket *bucket, const CfaLimitRule *rule,
						   uint64_t now_us);
static void list_takes(const CfaLimitCheck *check,
					   CfaLimitTake takes[CFA_LIMIT_PARTS_MAX]);
static Ask *new_ask(CfaRate rate, uint64_t now_us);
static void on_verdict(void *arg, const CfaLimitVerdict *verdict);
static void on_strict_verdict(Ask *ask, const CfaLimitVerdict *verdict);
static void on_lease_verdict(Ask *ask, const CfaLimitVerdict *verdict);
static void serve_waiting(Ask *ask);
static void learn(CfaLimitPart *part, uint64_t debt_us, uint64_t now_us);
static void wait_for(CfaLimitCheck *check);
static CfaStepResult decide_alone(CfaLimitCheck *check);
static void settle(CfaLimitCheck *check, CfaStepResult result);
static CfaStepResult allow(CfaLimitCheck *check, Outcome outcome);
static CfaStepResult refuse(CfaLimitCheck *check, Outcome outcome);
static void on_tick(uint64_t now_ms);
static void tally(CfaRate rate, Outcome outcome);

int
cfa_limit_configure(const CfaLimitSettings *settings, const uint8_t *secret,
					size_t secret_len, char *error, size_t error_size)
{
	is_on = settings->is_on;
	if (!cfa_networks_parse(settings->exempt, &exempt))
	{
		(void) snprintf(error,
						error_size,
						"CAREFORALL_RATE_EXEMPT must be a comma list of IP "
						"addresses and networks");
		return -1;
	}
	for (int rate = CFA_RATE_NONE + 1; rate < CFA_RATE_COUNT; rate++)
	{
		const char *name = classes[rate].name;

		if (!cfa_limit_rules_parse(name, settings->rules[rate], &rules[rate]))
		{
			(void)
				snprintf(error,
						 error_size,
						 "the limits of %s must be off, or a comma list such "
						 "as: address 120/60s burst 40, inflight 4",
						 name);
			return -1;
		}
		for (int by = 0; by < CFA_LIMIT_BY_COUNT; by++)
		{
			if (rules[rate].rule[by].is_on)
				cfa_gcra_share(&rules[rate].rule[by].gcra,
							   cfa_app_workers,
							   &shares[rate][by]);
		}
	}
	(void) crypto_generichash(hash_key,
							  sizeof(hash_key),
							  secret,
							  secret_len,
							  (const uint8_t *) KEY_PURPOSE,
							  sizeof(KEY_PURPOSE) - 1);
	return 0;
}

void
cfa_limit_start(void)
{
	cfa_limit_store_start();
	cfa_tick_add(on_tick);
}

CfaStepResult
cfa_limit_step(CfaCtx *ctx)
{
	CfaRate rate = rate_of(ctx);
	CfaAddress client = cfa_address_client(&ctx->address);
	CfaLimitCheck *check;

	if (!is_counted(ctx, rate))
		return CFA_STEP_NEXT;
	check = new_check(ctx, rate);
	if (rules[rate].policy[0] != '\0')
		cfa_answer_header(ctx, "ratelimit-policy", rules[rate].policy);
	add_part(check, CFA_LIMIT_ADDRESS, &client, sizeof(client));
	add_campaign(check);
	if (!enter(check))
	{
		tally(rate, REFUSED);
		cfa_limit_answer_busy(check, rules[rate].inflight_name);
		return CFA_STEP_STOP;
	}
	return run(check);
}

CfaStepResult
cfa_limit_account_step(CfaCtx *ctx)
{
	CfaLimitCheck *check;

	if (!ctx->principal.is_known || !is_counted(ctx, rate_of(ctx)))
		return CFA_STEP_NEXT;
	check = new_check(ctx, rate_of(ctx));
	add_part(check,
			 CFA_LIMIT_ACCOUNT,
			 ctx->principal.account_id,
			 strlen(ctx->principal.account_id));
	return run(check);
}

void
cfa_limit_charge(CfaCtx *ctx, unsigned cost)
{
	CfaLimitTake takes[CFA_LIMIT_PARTS_MAX];
	uint64_t now_us = cfa_mono_us();

	for (CfaLimitCheck *check = ctx->limit; check != NULL;
		 check = check->earlier)
	{
		if (check->count == 0)
			continue;
		for (unsigned i = 0; i < check->count; i++)
		{
			CfaLimitPart *part = &check->part[i];

			part->bucket = cfa_bucket_find(part->key, now_us);
			if (part->bucket != NULL)
			{
				cfa_gcra_charge(&part->rule->gcra,
								&part->bucket->free_us,
								now_us,
								cost);
				cfa_limit_look(part, now_us);
			}
		}
		list_takes(check, takes);
		cfa_limit_store_charge(takes, check->count, cost);
	}
	cfa_limit_show(ctx);
}

/* Whether a request is limited at all. */
static bool
is_counted(const CfaCtx *ctx, CfaRate rate)
{
	return is_on && rate != CFA_RATE_NONE && ctx->surface == CFA_PUBLIC &&
		   !cfa_networks_hold(&exempt, &ctx->address);
}

/* Preflights count apart, and what leads nowhere counts as a read. */
static CfaRate
rate_of(const CfaCtx *ctx)
{
	if (ctx->route != NULL)
		return ctx->route->rate;
	return ctx->method == CFA_OPTIONS ? CFA_RATE_PREFLIGHT : CFA_RATE_READ;
}

static CfaLimitCheck *
new_check(CfaCtx *ctx, CfaRate rate)
{
	CfaLimitCheck *check = cfa_arena_zalloc(&ctx->arena, sizeof(*check));

	check->ctx = ctx;
	check->rate = rate;
	check->earlier = ctx->limit;
	ctx->limit = check;
	return check;
}

/* Adds a bucket to a check, if there is a rule for it. */
static void
add_part(CfaLimitCheck *check, CfaLimitBy by, const void *subject, size_t len)
{
	const CfaLimitRule *rule = &rules[check->rate].rule[by];
	CfaLimitPart *part = &check->part[check->count];

	if (!rule->is_on)
		return;
	part->rule = rule;
	part->by = by;
	bucket_key(check->rate, by, subject, len, part->key);
	check->count++;
}

static void
bucket_key(CfaRate rate, CfaLimitBy by, const void *subject, size_t len,
		   uint8_t out[CFA_BUCKET_KEY_LEN])
{
	uint8_t text[256 + 2] = {(uint8_t) rate, (uint8_t) by};

	if (len > sizeof(text) - 2)
		len = sizeof(text) - 2;
	memcpy(text + 2, subject, len);
	(void) crypto_shorthash_siphashx24(out, text, len + 2, hash_key);
}

/* The campaign of a pledge, if the path names one. */
static void
add_campaign(CfaLimitCheck *check)
{
	const char *id = cfa_ctx_param(check->ctx, "id");
	uint8_t uuid[16];

	if (check->rate == CFA_RATE_PLEDGE && id != NULL &&
		cfa_uuid_parse(id, strlen(id), uuid))
		add_part(check, CFA_LIMIT_CAMPAIGN, uuid, sizeof(uuid));
}

/* Counts the request among those under way. False if there are too many. */
static bool
enter(CfaLimitCheck *check)
{
	CfaCtx *ctx = check->ctx;
	CfaAddress client = cfa_address_client(&ctx->address);
	unsigned most = rules[check->rate].inflight;
	uint8_t key[CFA_BUCKET_KEY_LEN];
	CfaBucket *bucket;

	if (most == 0)
		return true;
	bucket_key(check->rate, CFA_LIMIT_BY_COUNT, &client, sizeof(client), key);
	bucket = cfa_bucket_find(key, cfa_mono_us());
	if (bucket == NULL || bucket->inflight >= most)
		return false;
	bucket->inflight++;
	bucket->pins++;
	check->inflight = bucket;
	ctx->on_end = leave;
	return true;
}

/* The request and all work for it are over. */
static void
leave(CfaCtx *ctx)
{
	for (CfaLimitCheck *check = ctx->limit; check != NULL;
		 check = check->earlier)
	{
		if (check->inflight == NULL)
			continue;
		check->inflight->inflight--;
		check->inflight->pins--;
		check->inflight = NULL;
	}
}

static CfaStepResult
run(CfaLimitCheck *check)
{
	uint64_t now_us = cfa_mono_us();
	CfaBucket *bucket;

	if (check->count == 0)
		return CFA_STEP_NEXT;
	if (!find_buckets(check, now_us))
	{
		if (classes[check->rate].is_open)
			return CFA_STEP_NEXT;
		cfa_answer_problem(check->ctx, CFA_PROBLEM_OVERLOADED, NULL);
		return CFA_STEP_STOP;
	}
	if (is_refused_already(check, now_us))
		return refuse(check, REFUSED);
	bucket = check->part[0].bucket;
	if (classes[check->rate].is_leased && spend(bucket, now_us))
		return allow(check, ALLOWED);
	if (now_us < alone_until_us)
		return decide_alone(check);
	if (!classes[check->rate].is_leased)
	{
		if (!ask_strictly(check, now_us))
			return decide_alone(check);
		cfa_ctx_hold(check->ctx);
		return CFA_STEP_WAIT;
	}
	wait_for(check);
	if (bucket->is_asking ||
		ask_for_lease(bucket, check->part[0].rule, check->rate, now_us))
		return CFA_STEP_WAIT;
	TAILQ_REMOVE(&bucket->waiting, check, entry);
	cfa_ctx_release(check->ctx);
	return decide_alone(check);
}

static bool
find_buckets(CfaLimitCheck *check, uint64_t now_us)
{
	for (unsigned i = 0; i < check->count; i++)
	{
		check->part[i].bucket = cfa_bucket_find(check->part[i].key, now_us);
		if (check->part[i].bucket == NULL)
			return false;
	}
	return true;
}

/* Whether Redis has said lately that a bucket is empty for some time. */
static bool
is_refused_already(CfaLimitCheck *check, uint64_t now_us)
{
	bool is_refused = false;

	for (unsigned i = 0; i < check->count; i++)
	{
		CfaLimitPart *part = &check->part[i];

		part->is_short = part->bucket->refused_until_us > now_us;
		is_refused |= part->is_short;
	}
	for (unsigned i = 0; is_refused && i < check->count; i++)
		cfa_limit_look(&check->part[i], now_us);
	return is_refused;
}

/* Takes a permit of the lease. */
static bool
spend(CfaBucket *bucket, uint64_t now_us)
{
	if (bucket->permits == 0 || bucket->lease_end_us <= now_us)
		return false;
	bucket->permits--;
	return true;
}

static bool
ask_strictly(CfaLimitCheck *check, uint64_t now_us)
{
	CfaLimitTake takes[CFA_LIMIT_PARTS_MAX];
	Ask *ask = new_ask(check->rate, now_us);

	ask->check = check;
	list_takes(check, takes);
	if (!cfa_limit_store_take(takes, check->count, 1, on_verdict, ask))
	{
		kore_free(ask);
		return false;
	}
	for (unsigned i = 0; i < check->count; i++)
		check->part[i].bucket->pins++;
	TAILQ_INSERT_TAIL(&asks, ask, entry);
	return true;
}

static bool
ask_for_lease(CfaBucket *bucket, const CfaLimitRule *rule, CfaRate rate,
			  uint64_t now_us)
{
	Ask *ask = new_ask(rate, now_us);
	CfaLimitTake take = {.key = bucket->key, .gcra = &rule->gcra};

	ask->bucket = bucket;
	ask->rule = rule;
	ask->want = lease_size(bucket, rule, now_us);
	if (!cfa_limit_store_take(&take, 1, ask->want, on_verdict, ask))
	{
		kore_free(ask);
		return false;
	}
	bucket->is_asking = true;
	bucket->pins++;
	TAILQ_INSERT_TAIL(&asks, ask, entry);
	return true;
}

/*
 * As much as was used of the last lease, or twice that if it did not last; at
 * least for all who wait.
 */
static uint32_t
lease_size(CfaBucket *bucket, const CfaLimitRule *rule, uint64_t now_us)
{
	uint32_t most = rule->gcra.burst / LEASE_SHARE;
	uint32_t waiting_count = 0;
	const CfaLimitCheck *check;

	if (most > LEASE_MAX)
		most = LEASE_MAX;
	if (bucket->lease_end_us > now_us)
		bucket->want *= 2;
	else
		bucket->want = bucket->granted - bucket->permits;
	bucket->permits = 0;
	bucket->granted = 0;
	if (bucket->want > most)
		bucket->want = most;
	if (bucket->want < 1)
		bucket->want = 1;
	TAILQ_FOREACH(check, &bucket->waiting, entry)
	{
		waiting_count++;
	}
	return bucket->want > waiting_count ? bucket->want : waiting_count;
}

static void
list_takes(const CfaLimitCheck *check, CfaLimitTake takes[CFA_LIMIT_PARTS_MAX])
{
	for (unsigned i = 0; i < check->count; i++)
	{
		takes[i].key = check->part[i].key;
		takes[i].gcra = &check->part[i].rule->gcra;
	}
}

static Ask *
new_ask(CfaRate rate, uint64_t now_us)
{
	Ask *ask = kore_calloc(1, sizeof(*ask));

	ask->rate = rate;
	ask->late_us = now_us + WAIT_MAX_US;
	return ask;
}

static void
on_verdict(void *arg, const CfaLimitVerdict *verdict)
{
	Ask *ask = arg;

	if (!ask->is_late)
		TAILQ_REMOVE(&asks, ask, entry);
	if (ask->bucket != NULL)
		on_lease_verdict(ask, verdict);
	else if (ask->check != NULL)
		on_strict_verdict(ask, verdict);
	kore_free(ask);
}

static void
on_strict_verdict(Ask *ask, const CfaLimitVerdict *verdict)
{
	CfaLimitCheck *check = ask->check;
	uint64_t now_us = cfa_mono_us();

	for (unsigned i = 0; i < check->count; i++)
		check->part[i].bucket->pins--;
	if (verdict == NULL)
	{
		settle(check, decide_alone(check));
		return;
	}
	for (unsigned i = 0; i < check->count; i++)
	{
		learn(&check->part[i], verdict->debt_us[i], now_us);
		check->part[i].is_short = check->part[i].room == 0;
	}
	settle(check,
		   verdict->is_allowed ? allow(check, ALLOWED)
							   : refuse(check, REFUSED));
}

static void
on_lease_verdict(Ask *ask, const CfaLimitVerdict *verdict)
{
	CfaBucket *bucket = ask->bucket;
	uint64_t now_us = cfa_mono_us();
	CfaLimitPart part = {.rule = ask->rule, .bucket = bucket};
	CfaLimitCheck *check;

	bucket->is_asking = false;
	if (verdict != NULL)
	{
		bucket->granted = verdict->taken;
		bucket->permits = verdict->taken;
		bucket->lease_end_us = now_us + LEASE_US;
		learn(&part, verdict->debt_us[0], now_us);
		serve_waiting(ask);
	}
	while ((check = TAILQ_FIRST(&bucket->waiting)) != NULL &&
		   !bucket->is_asking)
	{
		TAILQ_REMOVE(&bucket->waiting, check, entry);
		settle(check, decide_alone(check));
	}
	bucket->pins--;
}

/*
 * Gives the permits of a new lease to those who wait for it. Who goes empty is
 * refused if Redis had no more, else it is asked again.
 */
static void
serve_waiting(Ask *ask)
{
	CfaBucket *bucket = ask->bucket;
	uint64_t now_us = cfa_mono_us();
	CfaLimitCheck *check;

	while ((check = TAILQ_FIRST(&bucket->waiting)) != NULL)
	{
		bool is_spent = spend(bucket, now_us);

		if (!is_spent && bucket->granted == ask->want)
			break;
		TAILQ_REMOVE(&bucket->waiting, check, entry);
		check->part[0].is_short = !is_spent;
		cfa_limit_look(&check->part[0], now_us);
		settle(check,
			   is_spent ? allow(check, ALLOWED) : refuse(check, REFUSED));
	}
	if (!TAILQ_EMPTY(&bucket->waiting))
		(void) ask_for_lease(bucket, ask->rule, ask->rate, now_us);
}

/* Takes over what Redis says of a bucket. */
static void
learn(CfaLimitPart *part, uint64_t debt_us, uint64_t now_us)
{
	uint64_t wait_us = cfa_gcra_wait_us(&part->rule->gcra, debt_us, 1);

	part->bucket->free_us = now_us + debt_us;
	if (wait_us > 0)
		part->bucket->refused_until_us = now_us + wait_us;
	cfa_limit_look(part, now_us);
}

static void
wait_for(CfaLimitCheck *check)
{
	cfa_ctx_hold(check->ctx);
	TAILQ_INSERT_TAIL(&check->part[0].bucket->waiting, check, entry);
}

/* Without Redis: all may pass, or a worker's share. */
static CfaStepResult
decide_alone(CfaLimitCheck *check)
{
	uint64_t now_us = cfa_mono_us();
	bool is_short = false;

	if (classes[check->rate].is_open)
	{
		tally(check->rate, PASSED);
		return CFA_STEP_NEXT;
	}
	for (unsigned i = 0; i < check->count; i++)
	{
		CfaLimitPart *part = &check->part[i];
		const CfaGcra *share = &shares[check->rate][part->by];
		uint64_t debt_us =
			cfa_gcra_debt_us(share, part->bucket->free_us, now_us);

		part->is_known = true;
		part->room = cfa_gcra_room(share, debt_us);
		part->next_s = cfa_gcra_next_s(share, debt_us);
		part->is_short = part->room == 0;
		is_short |= part->is_short;
	}
	if (is_short)
		return refuse(check, REFUSED_ALONE);
	for (unsigned i = 0; i < check->count; i++)
	{
		CfaLimitPart *part = &check->part[i];

		(void) cfa_gcra_take(&shares[check->rate][part->by],
							 &part->bucket->free_us,
							 now_us);
		part->room--;
	}
	return allow(check, ALLOWED_ALONE);
}

/* Goes on with a request that has waited. */
static void
settle(CfaLimitCheck *check, CfaStepResult result)
{
	CfaCtx *ctx = check->ctx;

	if (result == CFA_STEP_NEXT)
		cfa_dispatch_continue(ctx);
	cfa_ctx_release(ctx);
}

static CfaStepResult
allow(CfaLimitCheck *check, Outcome outcome)
{
	uint64_t now_us = cfa_mono_us();

	for (unsigned i = 0; i < check->count; i++)
	{
		if (!check->part[i].is_known)
			cfa_limit_look(&check->part[i], now_us);
	}
	tally(check->rate, outcome);
	cfa_limit_show(check->ctx);
	return CFA_STEP_NEXT;
}

static CfaStepResult
refuse(CfaLimitCheck *check, Outcome outcome)
{
	tally(check->rate, outcome);
	cfa_limit_answer_refused(check);
	return CFA_STEP_STOP;
}

/* Decides alone what Redis did not answer in time. */
static void
on_tick(uint64_t now_ms)
{
	uint64_t now_us = cfa_mono_us();
	Ask *ask;

	if (cfa_loop_was_stalled())
		return;
	while ((ask = TAILQ_FIRST(&asks)) != NULL && ask->late_us <= now_us)
	{
		CfaLimitCheck *check = ask->check;

		TAILQ_REMOVE(&asks, ask, entry);
		ask->is_late = true;
		ask->check = NULL;
		alone_until_us = now_us + PAUSE_US;
		cfa_meter_add(CFA_M_LIMIT_LATE, 1);
		for (unsigned i = 0; check != NULL && i < check->count; i++)
			check->part[i].bucket->pins--;
		if (check != NULL)
			settle(check, decide_alone(check));
		while (ask->bucket != NULL &&
			   (check = TAILQ_FIRST(&ask->bucket->waiting)) != NULL)
		{
			TAILQ_REMOVE(&ask->bucket->waiting, check, entry);
			settle(check, decide_alone(check));
		}
	}
}

static void
tally(CfaRate rate, Outcome outcome)
{
	cfa_meter_add(CFA_M_LIMIT + ((unsigned) rate - 1) * OUTCOMES +
					  (unsigned) outcome,
				  1);
}
