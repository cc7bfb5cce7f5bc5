/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c
 *	  careforall.verify(): the invariants over the stored data, one row each.
 *
 * Each check is a statement that gives one text per violation. The check of
 * shared memory compares limits that no transaction uses with the tables, under
 * a snapshot of the very moment at which the figures were copied.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "limits.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

typedef struct CfaCheck
{
	const char *name;
	const char *sql;
} CfaCheck;

/*
 * Outbox partitions are dropped one day. If the first event ever is still
 * there nothing was, else the first day of what is left is not judged.
 */
#define RETAINED_SQL                                                \
	"(SELECT CASE WHEN min(o.id) = 1 THEN '-infinity'::timestamptz" \
	" ELSE min(o.occurred_at) + interval '1 day' END"               \
	" FROM careforall.outbox o)"

#define HELD_SQL(amount, places)                                       \
	"(SELECT coalesce(sum(p." amount "), 0) FROM careforall.pledges p" \
	" WHERE p." places " = l.id)"

static const CfaCheck checks[] = {
	{"history_has_event", /* I1 */
	 "SELECT h.pledge_id || ' version ' || h.version"
	 " FROM careforall.pledge_history h"
	 " LEFT JOIN careforall.outbox o ON o.aggregate_id = h.pledge_id"
	 "  AND o.aggregate_version = h.version AND o.aggregate_type = 'pledge'"
	 " WHERE o.id IS NULL AND h.occurred_at >= " RETAINED_SQL},
	{"event_has_history", /* I1 */
	 "SELECT o.aggregate_id || ' version ' || o.aggregate_version"
	 " FROM careforall.outbox o LEFT JOIN careforall.pledge_history h"
	 " ON h.pledge_id = o.aggregate_id AND h.version = o.aggregate_version"
	 " WHERE o.aggregate_type = 'pledge' AND h.pledge_id IS NULL"},
	{"event_once", /* I1, I5 */
	 "SELECT o.aggregate_id || ' version ' || o.aggregate_version"
	 " FROM careforall.outbox o"
	 " GROUP BY o.aggregate_id, o.aggregate_version HAVING count(*) > 1"},
	{"event_order", /* I5 */
	 "SELECT e.aggregate_id || ' version ' || e.aggregate_version FROM ("
	 " SELECT o.aggregate_id, o.aggregate_version, o.aggregate_version -"
	 "  lag(o.aggregate_version) OVER (PARTITION BY o.aggregate_id"
	 "   ORDER BY o.id) AS step FROM careforall.outbox o) AS e"
	 " WHERE e.step <> 1"},
	{"campaign_has_event", /* I1 */
	 "SELECT c.id || ' version ' || c.version FROM careforall.campaigns c"
	 " LEFT JOIN careforall.outbox o ON o.aggregate_id = c.id"
	 "  AND o.aggregate_version = c.version"
	 " WHERE o.id IS NULL AND c.updated_at >= " RETAINED_SQL},
	{"key_has_pledge", /* I2 */
	 "SELECT encode(k.key_hash, 'hex') FROM careforall.idempotency_keys k"
	 " LEFT JOIN careforall.pledges p ON p.id = k.pledge_id"
	 " WHERE p.id IS NULL"},
	{"payment_confirms_once", /* I2 */
	 "SELECT h.pledge_id::text FROM careforall.pledge_history h"
	 " WHERE h.event = 'payment_succeeded'"
	 " GROUP BY h.pledge_id HAVING count(*) > 1"},
	{"inbox_applied_once", /* I2 */
	 "SELECT i.pledge_id || ' ' || i.kind FROM careforall.inbox i"
	 " WHERE i.outcome = 'applied' AND i.kind IN"
	 "  ('payment_succeeded', 'payment_failed', 'payment_canceled')"
	 " GROUP BY i.pledge_id, i.kind HAVING count(*) > 1"},
	{"limits_campaign", /* I3 */
	 "SELECT l.id::text FROM careforall.campaigns l WHERE l.cap_minor <"
	 " " HELD_SQL("held_minor", "campaign_id")},
	{"limits_reward", /* I3 */
	 "SELECT l.id::text FROM careforall.rewards l WHERE l.quantity <"
	 " " HELD_SQL("held_places", "reward_id")},
	{"limits_pool", /* I3 */
	 "SELECT l.id::text FROM careforall.pools l WHERE l.capacity <"
	 " " HELD_SQL("held_places", "pool_id")},
	{"held", /* I3 */
	 "SELECT p.id::text FROM careforall.pledges p"
	 " JOIN careforall.campaigns c ON c.id = p.campaign_id"
	 " WHERE p.held_minor <> CASE p.state WHEN 'pending' THEN p.amount_minor"
	 "  WHEN 'confirmed' THEN p.amount_minor - CASE WHEN c.refund_releases"
	 "   THEN p.refunded_minor ELSE 0 END"
	 "  WHEN 'refunded' THEN CASE WHEN c.refund_releases THEN 0"
	 "   ELSE p.amount_minor END ELSE 0 END"
	 " OR p.held_places <> CASE WHEN p.state IN ('pending', 'confirmed')"
	 "  OR p.state = 'refunded' AND NOT c.refund_releases"
	 "  THEN p.quantity ELSE 0 END"},
	{"references", /* I3 */
	 "SELECT p.id::text FROM careforall.pledges p"
	 " LEFT JOIN careforall.campaigns c ON c.id = p.campaign_id"
	 " LEFT JOIN careforall.rewards r ON r.id = p.reward_id"
	 " LEFT JOIN careforall.pools o ON o.id = p.pool_id"
	 " WHERE c.id IS NULL OR c.currency <> p.currency"
	 " OR p.reward_id IS NOT NULL AND r.campaign_id IS DISTINCT FROM c.id"
	 " OR p.pool_id IS NOT NULL AND o.campaign_id IS DISTINCT FROM c.id"},
	{"history_legal", /* I4 */
	 "SELECT h.pledge_id || ' version ' || h.version"
	 " FROM careforall.pledge_history h WHERE NOT EXISTS (SELECT"
	 "  FROM careforall.pledge_transitions() t WHERE t.event = h.event"
	 "  AND t.to_state = h.to_state"
	 "  AND t.from_state IS NOT DISTINCT FROM h.from_state)"},
	{"history_path", /* I8 */
	 "SELECT h.pledge_id || ' version ' || h.version FROM ("
	 " SELECT h.pledge_id, h.version, h.from_state,"
	 "  lag(h.to_state) OVER w AS before, row_number() OVER w AS number"
	 " FROM careforall.pledge_history h"
	 " WINDOW w AS (PARTITION BY h.pledge_id ORDER BY h.version)) AS h"
	 " WHERE h.version <> h.number"
	 " OR h.from_state IS DISTINCT FROM h.before"},
	{"history_matches", /* I8 */
	 "SELECT p.id::text FROM careforall.pledges p"
	 " LEFT JOIN careforall.pledge_history h ON h.pledge_id = p.id"
	 "  AND h.version = p.version"
	 " WHERE h.to_state IS DISTINCT FROM p.state OR EXISTS (SELECT"
	 "  FROM careforall.pledge_history n WHERE n.pledge_id = p.id"
	 "  AND n.version > p.version)"},
	{"totals", /* I6 */
	 "SELECT coalesce(a.id, b.id)::text FROM ("
	 " SELECT p.campaign_id AS id,"
	 "  coalesce(sum(p.amount_minor) FILTER"
	 "   (WHERE p.state IN ('confirmed', 'refunded')), 0) AS confirmed,"
	 "  count(*) FILTER (WHERE p.state = 'confirmed') AS number,"
	 "  sum(p.refunded_minor) AS refunded"
	 " FROM careforall.pledges p GROUP BY p.campaign_id) AS a"
	 " FULL JOIN ("
	 " SELECT t.campaign_id AS id, sum(t.confirmed_minor) AS confirmed,"
	 "  sum(t.confirmed_count) AS number, sum(t.refunded_minor) AS refunded"
	 " FROM (SELECT campaign_id, confirmed_minor, confirmed_count,"
	 "   refunded_minor FROM careforall.campaign_totals UNION ALL"
	 "  SELECT campaign_id, confirmed_minor, confirmed_count,"
	 "   refunded_minor FROM careforall.campaign_total_deltas) AS t"
	 " GROUP BY t.campaign_id) AS b ON b.id = a.id"
	 " WHERE coalesce(a.confirmed, 0) <> coalesce(b.confirmed, 0)"
	 " OR coalesce(a.number, 0) <> coalesce(b.number, 0)"
	 " OR coalesce(a.refunded, 0) <> coalesce(b.refunded, 0)"},
	{"refunds", /* I7 */
	 "SELECT p.id::text FROM careforall.pledges p JOIN ("
	 " SELECT r.pledge_id, sum(r.amount_minor) AS settled"
	 " FROM careforall.refunds r WHERE r.kind = 'manual'"
	 " AND r.state = 'succeeded' GROUP BY r.pledge_id) AS r"
	 " ON r.pledge_id = p.id WHERE r.settled > p.refunded_minor"},
};

/* The same for the figures in shared memory, given as arrays. */
#define MEMORY_SQL                                                        \
	"SELECT u.kind || ' ' || u.id || ': ' || u.used || ' in memory, '"    \
	" || t.used || ' in tables'"                                          \
	" FROM ROWS FROM (unnest($1), unnest($2), unnest($3), unnest($4))"    \
	" AS u (kind, id, capacity, used)"                                    \
	" CROSS JOIN LATERAL (SELECT CASE u.kind"                             \
	"  WHEN 'campaign_cap' THEN (SELECT coalesce(sum(p.held_minor), 0)"   \
	"   FROM careforall.pledges p WHERE p.campaign_id = u.id)"            \
	"  WHEN 'reward' THEN (SELECT coalesce(sum(p.held_places), 0)"        \
	"   FROM careforall.pledges p WHERE p.reward_id = u.id)"              \
	"  ELSE (SELECT coalesce(sum(p.held_places), 0)"                      \
	"   FROM careforall.pledges p WHERE p.pool_id = u.id) END AS used,"   \
	" CASE u.kind"                                                        \
	"  WHEN 'campaign_cap' THEN (SELECT coalesce(c.cap_minor, $5)"        \
	"   FROM careforall.campaigns c WHERE c.id = u.id)"                   \
	"  WHEN 'reward' THEN (SELECT coalesce(r.quantity, $5)"               \
	"   FROM careforall.rewards r WHERE r.id = u.id)"                     \
	"  ELSE (SELECT coalesce(o.capacity, $5)"                             \
	"   FROM careforall.pools o WHERE o.id = u.id) END AS capacity) AS t" \
	" WHERE t.used <> u.used OR coalesce(t.capacity, 0) <> u.capacity"

static CfaPlan memory_plan = {
	.sql = MEMORY_SQL,
	.arg_count = 5,
	.args = {TEXTARRAYOID, UUIDARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8OID},
};

CFA_FUNCTION(cfa_sql_verify);

static void run_check(const CfaCheck *check, ReturnSetInfo *result);
static void check_memory(ReturnSetInfo *result);
static void put_violations(const char *name, ReturnSetInfo *result);

Datum
cfa_sql_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CfaSpi spi;

	InitMaterializedSRF(fcinfo, 0);
	cfa_shmem_require();
	cfa_spi_begin(&spi);
	for (int i = 0; i < (int) lengthof(checks); i++)
		run_check(&checks[i], result);
	check_memory(result);
	cfa_spi_end(&spi);
	return (Datum) 0;
}

static void
run_check(const CfaCheck *check, ReturnSetInfo *result)
{
	if (SPI_execute(check->sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run check \"%s\"", check->name);
	put_violations(check->name, result);
}

static void
check_memory(ReturnSetInfo *result)
{
	Snapshot snapshot;
	int count;
	CfaLimitFigures *figures = cfa_limit_figures(&count, &snapshot);
	CfaColumn kinds = cfa_column(TEXTOID, count + 1);
	CfaColumn ids = cfa_column(UUIDOID, count + 1);
	CfaColumn capacities = cfa_column(INT8OID, count + 1);
	CfaColumn used = cfa_column(INT8OID, count + 1);
	CfaArgs args = {0};

	for (int i = 0; i < count; i++)
	{
		const CfaLimitFigures *f = &figures[i];

		cfa_column_add_text(&kinds, cfa_limit_kind_name(f->kind));
		cfa_column_add_uuid(&ids, &f->id);
		cfa_column_add(&capacities, Int64GetDatum(f->capacity));
		cfa_column_add(&used, Int64GetDatum(f->capacity - f->available));
	}
	cfa_arg_column(&args, &kinds);
	cfa_arg_column(&args, &ids);
	cfa_arg_column(&args, &capacities);
	cfa_arg_column(&args, &used);
	cfa_arg(&args, Int64GetDatum(CFA_CAPACITY_UNLIMITED));
	cfa_plan_read(&memory_plan, &args, snapshot);
	put_violations("limits_memory", result);
	UnregisterSnapshot(snapshot);
}

static void
put_violations(const char *name, ReturnSetInfo *result)
{
	Datum values[3];
	bool nulls[3] = {false};

	values[0] = CStringGetTextDatum(name);
	values[1] = Int64GetDatum((int64) SPI_processed);
	nulls[2] = SPI_processed == 0;
	values[2] =
		nulls[2] ? (Datum) 0 : CStringGetTextDatum(cfa_result_text(0, 1));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
