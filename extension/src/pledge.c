/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge.c
 *	  Creates pledges, one or a batch: one transaction, one statement per table.
 *
 * Order of work: check each request by itself; answer keys that are known;
 * read campaigns and rewards once; promise units of the limits; claim the keys
 * in key order, so that two batches cannot wait for each other; insert the
 * pledges of those that got theirs. A refusal is an outcome, not an error, and
 * leaves nothing behind: no row, no key, no units.
 */
#include "postgres.h"

#include "clock.h"
#include "context.h"
#include "event.h"
#include "guc.h"
#include "ids.h"
#include "limits.h"
#include "pledge.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "xact.h"

#define KEYS_SQL                                              \
	"SELECT k.key_hash, k.fingerprint, p.id, p.amount_minor," \
	" p.currency::text, p.hold_expires_at, p.created_at,"     \
	" p.fee_minor"                                            \
	" FROM careforall.idempotency_keys k"                     \
	" JOIN careforall.pledges p ON p.id = k.pledge_id WHERE k.key_hash "
#define CLAIM_SQL                             \
	"INSERT INTO careforall.idempotency_keys" \
	" (key_hash, fingerprint, pledge_id, created_at) "
#define CLAIM_END_SQL " ON CONFLICT DO NOTHING RETURNING pledge_id"
#define PLEDGE_SQL                                                          \
	"INSERT INTO careforall.pledges"                                        \
	" (id, campaign_id, reward_id, pool_id, quantity, amount_minor,"        \
	" currency, held_minor, held_places, donor_name, donor_email, display," \
	" message, hold_expires_at, traceparent, created_at, updated_at,"       \
	" fee_minor, account_id) "

#define PLEDGE_ARG_COUNT 17

static CfaPlan key_plan = {
	.sql = KEYS_SQL "= $1",
	.arg_count = 1,
	.args = {BYTEAOID},
};
static CfaPlan keys_plan = {
	.sql = KEYS_SQL "= ANY ($1)",
	.arg_count = 1,
	.args = {BYTEAARRAYOID},
};
static CfaPlan claim_plan = {
	.sql = CLAIM_SQL "VALUES ($1, $2, $3, $4)" CLAIM_END_SQL,
	.arg_count = 4,
	.args = {BYTEAOID, BYTEAOID, UUIDOID, TIMESTAMPTZOID},
};
static CfaPlan claims_plan = {
	.sql = CLAIM_SQL "SELECT u.k, u.f, u.p, $4"
					 " FROM ROWS FROM (unnest($1), unnest($2), unnest($3))"
					 " AS u (k, f, p)" CLAIM_END_SQL,
	.arg_count = 4,
	.args = {BYTEAARRAYOID, BYTEAARRAYOID, UUIDARRAYOID, TIMESTAMPTZOID},
};
static CfaPlan pledge_plan = {
	.sql = PLEDGE_SQL "VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $5, $8, $9,"
					  " $10, $11, $12, $13, $14, $15, $16, $17)",
	.arg_count = PLEDGE_ARG_COUNT,
	.args = {UUIDOID,
			 UUIDOID,
			 UUIDOID,
			 UUIDOID,
			 INT4OID,
			 INT8OID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TEXTOID,
			 TIMESTAMPTZOID,
			 TEXTOID,
			 TIMESTAMPTZOID,
			 TIMESTAMPTZOID,
			 INT8OID,
			 UUIDOID},
};
static CfaPlan pledges_plan = {
	.sql = PLEDGE_SQL
	"SELECT u.id, u.campaign, u.reward, u.pool, u.quantity, u.amount,"
	" u.currency, u.amount, u.quantity, u.name, u.email, u.display,"
	" u.message, $12, u.trace, $14, $15, u.fee, u.account"
	" FROM ROWS FROM (unnest($1), unnest($2), unnest($3), unnest($4),"
	" unnest($5), unnest($6), unnest($7), unnest($8), unnest($9),"
	" unnest($10), unnest($11), unnest($13), unnest($16), unnest($17)) AS u"
	" (id, campaign, reward, pool, quantity, amount, currency, name, email,"
	" display, message, trace, fee, account)",
	.arg_count = PLEDGE_ARG_COUNT,
	.args = {UUIDARRAYOID,
			 UUIDARRAYOID,
			 UUIDARRAYOID,
			 UUIDARRAYOID,
			 INT4ARRAYOID,
			 INT8ARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZOID,
			 TEXTARRAYOID,
			 TIMESTAMPTZOID,
			 TIMESTAMPTZOID,
			 INT8ARRAYOID,
			 UUIDARRAYOID},
};

static void answer_known_keys(CfaRequest **list, int count);
static void answer_from_row(uint64 row, CfaRequest **list, int count);
static void judge_all(CfaRequest *requests, int count, TimestampTz now);
static void read_references(CfaRequest *requests, int count);
static const CfaReward *find_reward(const CfaRequest *request,
									const CfaReward *rewards, int count);
static int add_distinct(pg_uuid_t *ids, int count, const pg_uuid_t *id,
						int *position);
static void promise_all(CfaRequest *requests, int count);
static void promise(CfaRequest *request);
static void drop_promises(const CfaRequest *request, int kinds);
static void keep_promises(const CfaRequest *request);
static bool request_limit(const CfaRequest *request, CfaLimitKind kind,
						  const pg_uuid_t **id, int64 *units);
static void refuse_limit(CfaRequest *request, CfaLimitKind kind,
						 int64 available);
static void claim_keys(CfaRequest *requests, int count, TimestampTz now);
static int keyed_requests(CfaRequest *requests, int count, CfaRequest **list);
static void claim(CfaRequest **list, int count, TimestampTz now);
static void insert_pledges(CfaRequest *requests, int count, TimestampTz now);
static void insert_one(const CfaRequest *request, TimestampTz now);
static void insert_many(CfaRequest **list, int count, TimestampTz now);
static int compare_keys(const void *a, const void *b);
static int compare_changes(const void *a, const void *b);
static void confirm_replays(const CfaRequest *requests, int count);
static void count_outcomes(const CfaRequest *requests, int count);

void
cfa_pledges_create(CfaRequest *requests, int count)
{
	TimestampTz now = cfa_clock_now();
	TimestampTz expires = now + (int64) cfa_guc_hold_timeout_s * USECS_PER_SEC;
	CfaRequest **list = palloc(sizeof(CfaRequest *) * (Size) (count + 1));
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext inner;
	CfaSpi spi;
	int keyed;

	cfa_shmem_require();
	for (int i = 0; i < count; i++)
	{
		requests[i].outcome = cfa_request_check(&requests[i]);
		requests[i].pledge_id = cfa_uuid7();
		requests[i].hold_expires_at = expires;
		requests[i].created_at = now;
		requests[i].result_currency = requests[i].currency;
		requests[i].result_amount_minor = requests[i].amount_minor;
		requests[i].result_fee_minor = requests[i].fee_minor;
	}

	/* Results must outlive the SPI contexts. */
	cfa_spi_begin(&spi);
	inner = MemoryContextSwitchTo(caller);
	keyed = keyed_requests(requests, count, list);
	answer_known_keys(list, keyed);
	judge_all(requests, count, now);
	promise_all(requests, count);
	claim_keys(requests, count, now);
	insert_pledges(requests, count, now);

	/* Keys that another transaction, or another item, got first. */
	keyed = 0;
	for (int i = 0; i < count; i++)
	{
		if (requests[i].outcome == CFA_OUTCOME_KEY_REUSED &&
			requests[i].detail == NULL)
			list[keyed++] = &requests[i];
	}
	answer_known_keys(list, keyed);
	MemoryContextSwitchTo(inner);
	cfa_spi_end(&spi);
	confirm_replays(requests, count);
	count_outcomes(requests, count);
}

/* What was made before is said again only when it is as safe as if made now. */
static void
confirm_replays(const CfaRequest *requests, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (requests[i].outcome == CFA_OUTCOME_REPLAYED)
		{
			cfa_xact_confirm();
			return;
		}
	}
}

/* Requests with a key, in the order of keys. */
static int
keyed_requests(CfaRequest *requests, int count, CfaRequest **list)
{
	int keyed = 0;

	for (int i = 0; i < count; i++)
	{
		if (requests[i].key_hash != NULL)
			list[keyed++] = &requests[i];
	}
	qsort(list, (size_t) keyed, sizeof(CfaRequest *), compare_keys);
	return keyed;
}

/* Answer those of the list whose key belongs to a pledge already. */
static void
answer_known_keys(CfaRequest **list, int count)
{
	CfaArgs args = {0};
	uint64 rows;

	if (count == 0)
		return;
	if (count == 1)
	{
		cfa_arg(&args, PointerGetDatum(list[0]->key_hash));
		rows = cfa_plan_run(&key_plan, &args, SPI_OK_SELECT);
	}
	else
	{
		CfaColumn keys = cfa_column(BYTEAOID, count);

		for (int i = 0; i < count; i++)
			cfa_column_add(&keys, PointerGetDatum(list[i]->key_hash));
		cfa_arg_column(&args, &keys);
		rows = cfa_plan_run(&keys_plan, &args, SPI_OK_SELECT);
	}
	for (uint64 row = 0; row < rows; row++)
		answer_from_row(row, list, count);
}

static void
answer_from_row(uint64 row, CfaRequest **list, int count)
{
	bool is_null;
	const bytea *key = DatumGetByteaPP(cfa_result(row, 1, &is_null));
	const bytea *fingerprint = DatumGetByteaPP(cfa_result(row, 2, &is_null));

	for (int i = 0; i < count; i++)
	{
		CfaRequest *r = list[i];

		if (memcmp(VARDATA_ANY(key),
				   VARDATA_ANY(r->key_hash),
				   CFA_KEY_HASH_BYTES) != 0)
			continue;
		if (memcmp(VARDATA_ANY(fingerprint),
				   VARDATA_ANY(r->fingerprint),
				   CFA_KEY_HASH_BYTES) != 0)
		{
			r->outcome = CFA_OUTCOME_KEY_REUSED;
			r->detail = pstrdup("the key belongs to another request");
			continue;
		}
		r->outcome = CFA_OUTCOME_REPLAYED;
		r->pledge_id = *cfa_result_uuid(row, 3);
		r->result_amount_minor = cfa_result_int64(row, 4);
		r->result_currency = cfa_result_text(row, 5);
		r->hold_expires_at = cfa_result_int64(row, 6);
		r->created_at = cfa_result_int64(row, 7);
		r->result_fee_minor = cfa_result_int64(row, 8);
	}
}

static void
judge_all(CfaRequest *requests, int count, TimestampTz now)
{
	static const CfaReward no_reward = {0};

	read_references(requests, count);
	for (int i = 0; i < count; i++)
	{
		CfaRequest *r = &requests[i];
		CfaOffer offer = {
			.amount_minor = r->amount_minor,
			.currency = r->currency,
			.has_reward = r->reward_id != NULL,
			.quantity = r->quantity,
		};

		if (r->outcome == CFA_OUTCOME_CREATED)
			r->outcome = cfa_rules_judge(&offer,
										 r->campaign,
										 r->reward ? r->reward : &no_reward,
										 now);
	}
}

/* Read each campaign and reward of the batch once. */
static void
read_references(CfaRequest *requests, int count)
{
	pg_uuid_t *campaign_ids = palloc(sizeof(pg_uuid_t) * (Size) (count + 1));
	pg_uuid_t *reward_ids = palloc(sizeof(pg_uuid_t) * (Size) (count + 1));
	int *positions = palloc(sizeof(int) * (Size) (count + 1));
	CfaCampaign *campaigns;
	CfaReward *rewards;
	int campaign_count = 0;
	int reward_count = 0;

	for (int i = 0; i < count; i++)
	{
		const CfaRequest *r = &requests[i];
		int position;

		if (r->outcome != CFA_OUTCOME_CREATED)
			continue;
		campaign_count = add_distinct(campaign_ids,
									  campaign_count,
									  r->campaign_id,
									  &positions[i]);
		if (r->reward_id != NULL)
			reward_count =
				add_distinct(reward_ids, reward_count, r->reward_id, &position);
	}
	campaigns = palloc(sizeof(CfaCampaign) * (Size) (campaign_count + 1));
	rewards = palloc(sizeof(CfaReward) * (Size) (reward_count + 1));
	cfa_campaigns_read(campaign_ids, campaign_count, campaigns);
	cfa_rewards_read(reward_ids, reward_count, rewards);
	for (int i = 0; i < count; i++)
	{
		CfaRequest *r = &requests[i];

		if (r->outcome != CFA_OUTCOME_CREATED)
			continue;
		r->campaign = &campaigns[positions[i]];
		r->reward = find_reward(r, rewards, reward_count);
	}
}

static const CfaReward *
find_reward(const CfaRequest *request, const CfaReward *rewards, int count)
{
	for (int i = 0; i < count && request->reward_id != NULL; i++)
	{
		if (cfa_uuid_compare(request->reward_id, &rewards[i].id) == 0)
			return &rewards[i];
	}
	return NULL;
}

/* Position of an id in the list, added when it is new; the new count. */
static int
add_distinct(pg_uuid_t *ids, int count, const pg_uuid_t *id, int *position)
{
	for (int i = 0; i < count; i++)
	{
		if (cfa_uuid_compare(&ids[i], id) == 0)
		{
			*position = i;
			return count;
		}
	}
	ids[count] = *id;
	*position = count;
	return count + 1;
}

static void
promise_all(CfaRequest *requests, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (requests[i].outcome == CFA_OUTCOME_CREATED)
			promise(&requests[i]);
	}
}

/* Put the units of all limits of a request aside, or of none. */
static void
promise(CfaRequest *request)
{
	for (int kind = 0; kind < CFA_LIMIT_KIND_COUNT; kind++)
	{
		const pg_uuid_t *id;
		int64 units;
		int64 available;

		if (!request_limit(request, (CfaLimitKind) kind, &id, &units))
			continue;
		if (cfa_limit_promise((CfaLimitKind) kind, id, units, &available))
			continue;
		drop_promises(request, kind);
		refuse_limit(request, (CfaLimitKind) kind, available);
		return;
	}
}

/* Give back what was promised on the first kinds. */
static void
drop_promises(const CfaRequest *request, int kinds)
{
	for (int kind = 0; kind < kinds; kind++)
	{
		const pg_uuid_t *id;
		int64 units;

		if (request_limit(request, (CfaLimitKind) kind, &id, &units))
			cfa_limit_promise_drop((CfaLimitKind) kind, id, units);
	}
}

static void
keep_promises(const CfaRequest *request)
{
	for (int kind = 0; kind < CFA_LIMIT_KIND_COUNT; kind++)
	{
		const pg_uuid_t *id;
		int64 units;

		if (request_limit(request, (CfaLimitKind) kind, &id, &units))
			cfa_limit_promise_keep((CfaLimitKind) kind, id, units);
	}
}

/* Which limit of a kind a request needs, and how much; false when none. */
static bool
request_limit(const CfaRequest *request, CfaLimitKind kind,
			  const pg_uuid_t **id, int64 *units)
{
	switch (kind)
	{
		case CFA_LIMIT_CAMPAIGN:
			*id = request->campaign_id;
			*units = request->amount_minor;
			return true;
		case CFA_LIMIT_REWARD:
			*id = request->reward_id;
			*units = request->quantity;
			return request->reward_id != NULL;
		case CFA_LIMIT_POOL:
			*units = request->quantity;
			if (request->reward == NULL || !request->reward->has_pool)
				return false;
			*id = &request->reward->pool_id;
			return true;
	}
	return false;
}

static void
refuse_limit(CfaRequest *request, CfaLimitKind kind, int64 available)
{
	char text[CFA_UUID_TEXT_LEN + 1];
	const pg_uuid_t *id = NULL;
	int64 units;

	(void) request_limit(request, kind, &id, &units);
	cfa_uuid_text(id, text);
	request->outcome = CFA_OUTCOME_LIMIT_REACHED;
	request->detail = psprintf("{\"limit\":\"%s\",\"id\":\"%s\","
							   "\"available\":" INT64_FORMAT "}",
							   cfa_limit_kind_name(kind),
							   text,
							   Max(available, 0));
}

/*
 * Claim the keys of what is about to be created. Who does not get its key has
 * the outcome KEY_REUSED without detail until the winner is read.
 */
static void
claim_keys(CfaRequest *requests, int count, TimestampTz now)
{
	CfaRequest **list = palloc(sizeof(CfaRequest *) * (Size) (count + 1));
	int keyed = keyed_requests(requests, count, list);
	int claiming = 0;

	for (int i = 0; i < keyed; i++)
	{
		if (list[i]->outcome == CFA_OUTCOME_CREATED)
			list[claiming++] = list[i];
	}
	if (claiming == 0)
		return;
	claim(list, claiming, now);
	for (int i = 0; i < claiming; i++)
	{
		if (list[i]->outcome == CFA_OUTCOME_KEY_REUSED)
			drop_promises(list[i], CFA_LIMIT_KIND_COUNT);
	}
}

static void
claim(CfaRequest **list, int count, TimestampTz now)
{
	CfaArgs args = {0};
	uint64 rows;

	if (count == 1)
	{
		cfa_arg(&args, PointerGetDatum(list[0]->key_hash));
		cfa_arg(&args, PointerGetDatum(list[0]->fingerprint));
		cfa_arg_uuid(&args, &list[0]->pledge_id);
		cfa_arg(&args, TimestampTzGetDatum(now));
		rows = cfa_plan_run(&claim_plan, &args, SPI_OK_INSERT_RETURNING);
	}
	else
	{
		CfaColumn keys = cfa_column(BYTEAOID, count);
		CfaColumn fingerprints = cfa_column(BYTEAOID, count);
		CfaColumn ids = cfa_column(UUIDOID, count);

		for (int i = 0; i < count; i++)
		{
			cfa_column_add(&keys, PointerGetDatum(list[i]->key_hash));
			cfa_column_add(&fingerprints,
						   PointerGetDatum(list[i]->fingerprint));
			cfa_column_add_uuid(&ids, &list[i]->pledge_id);
		}
		cfa_arg_column(&args, &keys);
		cfa_arg_column(&args, &fingerprints);
		cfa_arg_column(&args, &ids);
		cfa_arg(&args, TimestampTzGetDatum(now));
		rows = cfa_plan_run(&claims_plan, &args, SPI_OK_INSERT_RETURNING);
	}

	/* Rows come back in the order of the list, with gaps for the losers. */
	for (int i = 0, row = 0; i < count; i++)
	{
		if ((uint64) row < rows &&
			cfa_uuid_compare(cfa_result_uuid((uint64) row, 1),
							 &list[i]->pledge_id) == 0)
			row++;
		else
			list[i]->outcome = CFA_OUTCOME_KEY_REUSED;
	}
}

static void
insert_pledges(CfaRequest *requests, int count, TimestampTz now)
{
	CfaRequest **list = palloc(sizeof(CfaRequest *) * (Size) (count + 1));
	CfaChange *changes = palloc0(sizeof(CfaChange) * (Size) (count + 1));
	int creating = 0;

	for (int i = 0; i < count; i++)
	{
		CfaRequest *r = &requests[i];
		CfaChange *change = &changes[creating];

		if (r->outcome != CFA_OUTCOME_CREATED)
			continue;
		keep_promises(r);
		change->pledge_id = r->pledge_id;
		change->event = CFA_PLEDGE_CREATE;
		change->is_checked = true;
		change->traceparent = r->traceparent;
		list[creating++] = r;
	}
	if (creating == 0)
		return;
	qsort(changes, (size_t) creating, sizeof(CfaChange), compare_changes);
	cfa_changes_begin(changes, creating);
	if (creating == 1)
		insert_one(list[0], now);
	else
		insert_many(list, creating, now);
	cfa_changes_end();
}

static void
insert_one(const CfaRequest *request, TimestampTz now)
{
	const CfaReward *reward = request->reward;
	CfaArgs args = {0};

	cfa_arg_uuid(&args, &request->pledge_id);
	cfa_arg_uuid(&args, request->campaign_id);
	cfa_arg_uuid(&args, request->reward_id);
	cfa_arg_uuid(&args, reward && reward->has_pool ? &reward->pool_id : NULL);
	cfa_arg(&args, Int32GetDatum(request->quantity));
	cfa_arg(&args, Int64GetDatum(request->amount_minor));
	cfa_arg_text(&args, request->currency);
	cfa_arg_text(&args, request->donor_name);
	cfa_arg_text(&args, request->donor_email);
	cfa_arg_text(&args, request->display);
	cfa_arg_text(&args, request->message);
	cfa_arg(&args, TimestampTzGetDatum(request->hold_expires_at));
	cfa_arg_text(&args, request->traceparent);
	cfa_arg(&args, TimestampTzGetDatum(now));
	cfa_arg(&args, TimestampTzGetDatum(now));
	cfa_arg(&args, Int64GetDatum(request->fee_minor));
	cfa_arg_uuid(&args, request->account_id);
	cfa_plan_run(&pledge_plan, &args, SPI_OK_INSERT);
}

static void
insert_many(CfaRequest **list, int count, TimestampTz now)
{
	CfaColumn columns[PLEDGE_ARG_COUNT];
	CfaArgs args = {0};

	for (int i = 0; i < PLEDGE_ARG_COUNT; i++)
		columns[i] = cfa_column(pledge_plan.args[i], count);
	for (int i = 0; i < count; i++)
	{
		const CfaRequest *r = list[i];
		bool has_pool = r->reward != NULL && r->reward->has_pool;

		cfa_column_add_uuid(&columns[0], &r->pledge_id);
		cfa_column_add_uuid(&columns[1], r->campaign_id);
		cfa_column_add_uuid(&columns[2], r->reward_id);
		cfa_column_add_uuid(&columns[3], has_pool ? &r->reward->pool_id : NULL);
		cfa_column_add(&columns[4], Int32GetDatum(r->quantity));
		cfa_column_add(&columns[5], Int64GetDatum(r->amount_minor));
		cfa_column_add_text(&columns[6], r->currency);
		cfa_column_add_text(&columns[7], r->donor_name);
		cfa_column_add_text(&columns[8], r->donor_email);
		cfa_column_add_text(&columns[9], r->display);
		cfa_column_add_text(&columns[10], r->message);
		cfa_column_add_text(&columns[12], r->traceparent);
		cfa_column_add(&columns[15], Int64GetDatum(r->fee_minor));
		cfa_column_add_uuid(&columns[16], r->account_id);
	}
	for (int i = 0; i < PLEDGE_ARG_COUNT; i++)
	{
		if (i == 11)
			cfa_arg(&args, TimestampTzGetDatum(list[0]->hold_expires_at));
		else if (i == 13 || i == 14)
			cfa_arg(&args, TimestampTzGetDatum(now));
		else
			cfa_arg_column(&args, &columns[i]);
	}
	cfa_plan_run(&pledges_plan, &args, SPI_OK_INSERT);
}

static int
compare_keys(const void *a, const void *b)
{
	const CfaRequest *left = *(CfaRequest *const *) a;
	const CfaRequest *right = *(CfaRequest *const *) b;
	int order = memcmp(VARDATA_ANY(left->key_hash),
					   VARDATA_ANY(right->key_hash),
					   CFA_KEY_HASH_BYTES);

	/* The first of the input wins among equal keys. */
	return order != 0 ? order : (left < right ? -1 : left > right);
}

static int
compare_changes(const void *a, const void *b)
{
	return cfa_uuid_compare(&((const CfaChange *) a)->pledge_id,
							&((const CfaChange *) b)->pledge_id);
}

static void
count_outcomes(const CfaRequest *requests, int count)
{
	cfa_count(CFA_COUNTER_PLEDGE_BATCHES);
	for (int i = 0; i < count; i++)
	{
		switch (requests[i].outcome)
		{
			case CFA_OUTCOME_CREATED:
				cfa_count(CFA_COUNTER_PLEDGES_CREATED);
				break;
			case CFA_OUTCOME_REPLAYED:
				cfa_count(CFA_COUNTER_PLEDGES_REPLAYED);
				break;
			case CFA_OUTCOME_KEY_REUSED:
				cfa_count(CFA_COUNTER_PLEDGES_KEY_REUSED);
				break;
			case CFA_OUTCOME_LIMIT_REACHED:
				cfa_count(CFA_COUNTER_PLEDGES_REFUSED_LIMIT);
				break;
			case CFA_OUTCOME_CAMPAIGN_UNKNOWN:
			case CFA_OUTCOME_CAMPAIGN_PAUSED:
			case CFA_OUTCOME_CAMPAIGN_NOT_STARTED:
			case CFA_OUTCOME_CAMPAIGN_ENDED:
			case CFA_OUTCOME_CAMPAIGN_CLOSED:
				cfa_count(CFA_COUNTER_PLEDGES_REFUSED_CAMPAIGN);
				break;
			case CFA_OUTCOME_REWARD_UNKNOWN:
			case CFA_OUTCOME_AMOUNT_INVALID:
			case CFA_OUTCOME_AMOUNT_TOO_LOW:
			case CFA_OUTCOME_AMOUNT_TOO_HIGH:
			case CFA_OUTCOME_CURRENCY_MISMATCH:
			case CFA_OUTCOME_CURRENCY_UNKNOWN:
			case CFA_OUTCOME_QUANTITY_INVALID:
			case CFA_OUTCOME_DONOR_INVALID:
			case CFA_OUTCOME_MESSAGE_INVALID:
			case CFA_OUTCOME_DISPLAY_INVALID:
				cfa_count(CFA_COUNTER_PLEDGES_REFUSED_INPUT);
				break;
		}
	}
}
