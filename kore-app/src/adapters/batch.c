/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: many items in one call, one transaction, one flush.
 *
 * A connection that has no batch under way takes all that waits, up to
 * CFA_BATCH_MAX: at low load a batch is one item and nothing waits, under load
 * batches grow by themselves, because a second connection helps out only when
 * much waits or the first one is slow. When a large call ends its clients ask
 * again at once: the next call waits a moment for them, else the clients would
 * stay divided into two halves of which one always waits for the other. Refusals are results and spoil nobody. When a
 * whole call fails unexpectedly its items are sent again one by one, so that
 * only the one at fault fails; when the connection was lost or the server asks
 * for a retry they are sent again together.
 */
#include <kore/kore.h>

#include "adapters/batch.h"

#include <careforall/buf.h>
#include <careforall/log.h>
#include <careforall/tracing.h>

#include "adapters/pg_span.h"
#include "adapters/pg_statements.h"
#include "core/loop.h"
#include "meters.h"
#include "status.h"

#define ATTEMPTS_MAX 3
#define RETRY_AGE_MAX_MS 2500
#define WAIT_MAX_MS 2500
#define SECOND_CALL_ITEMS 32
#define SECOND_CALL_MS 10
#define GATHER_ITEMS 8 /* a call that is large */
#define GATHER_MS 3

/* A call under way. */
typedef struct Call
{
	CfaBatch *batch;
	bool is_traced; /* some item is */
	CfaTrace trace; /* then: of the statement */
	int count;
	CfaBatchItem *items[CFA_BATCH_MAX];
} Call;

static bool is_due(CfaBatch *batch);
static bool is_gathered(CfaBatch *batch);
static void on_gathered(void *arg, u_int64_t now);
static Call *take(CfaBatch *batch);
static bool send_call(Call *call);
static CfaPgSpan *make_span(Call *call);
static void end_spans(const Call *call, bool has_failed);
static void on_done(void *arg, const PGresult *result, const char *sqlstate);
static void deliver_all(Call *call, const PGresult *result);
static void fail_all(Call *call, const char *sqlstate);
static void put_back(Call *call);

void
cfa_batch_init(CfaBatch *batch, const CfaBatchKind *kind)
{
	batch->kind = kind;
	batch->length = 0;
	batch->calls = 0;
	batch->gather_until_ms = 0;
	batch->is_gathering = false;
	TAILQ_INIT(&batch->queue);
}

bool
cfa_batch_add(CfaBatch *batch, CfaBatchItem *item)
{
	if (batch->length >= CFA_BATCH_QUEUE_MAX)
		return false;
	item->queued_us = cfa_mono_us();
	item->queued_ms = item->queued_us / 1000;
	item->scope = cfa_scope;
	item->attempts = 0;
	item->is_alone = false;
	TAILQ_INSERT_TAIL(&batch->queue, item, entry);
	batch->length++;
	return true;
}

void
cfa_batch_pump(CfaBatch *batch)
{
	while (!TAILQ_EMPTY(&batch->queue) && is_due(batch) && cfa_pg_can_batch())
	{
		Call *call = take(batch);

		batch->calls++;
		if (!send_call(call))
		{
			/* The connections lack the statement. */
			batch->calls--;
			put_back(call);
			kore_free(call);
			return;
		}
	}
}

void
cfa_batch_expire(CfaBatch *batch, uint64_t now_ms)
{
	CfaBatchItem *item;
	CfaBatchItem *next;

	for (item = TAILQ_FIRST(&batch->queue); item != NULL; item = next)
	{
		next = TAILQ_NEXT(item, entry);
		/* Queued in this very tick it may be younger than the tick. */
		if (now_ms < item->queued_ms + WAIT_MAX_MS &&
			cfa_pg_down_ms() < WAIT_MAX_MS)
			continue;
		TAILQ_REMOVE(&batch->queue, item, entry);
		batch->length--;
		batch->kind->fail(item, CFA_PG_SQLSTATE_DOWN);
	}
}

/*
 * Whether what waits is to be sent now. While a call is under way a second one is
 * worth its own flush only if much waits, or the first one takes long.
 */
static bool
is_due(CfaBatch *batch)
{
	if (batch->calls == 0)
		return is_gathered(batch);
	return batch->length >= SECOND_CALL_ITEMS ||
		   cfa_mono_ms() - TAILQ_FIRST(&batch->queue)->queued_ms >=
			   SECOND_CALL_MS;
}

/* Whether the clients of the last call had their moment to ask again. */
static bool
is_gathered(CfaBatch *batch)
{
	if (batch->length >= CFA_BATCH_MAX || batch->gather_until_ms == 0 ||
		cfa_mono_ms() >= batch->gather_until_ms)
		return true;
	if (!batch->is_gathering)
		(void)
			kore_timer_add(on_gathered, GATHER_MS, batch, KORE_TIMER_ONESHOT);
	batch->is_gathering = true;
	return false;
}

static void
on_gathered(void *arg, u_int64_t now)
{
	CfaBatch *batch = arg;

	batch->is_gathering = false;
	batch->gather_until_ms = 0;
	cfa_batch_pump(batch);
}

/* Takes the items of the next call off the queue. */
static Call *
take(CfaBatch *batch)
{
	Call *call = kore_malloc(sizeof(*call));
	CfaBatchItem *item;

	call->batch = batch;
	call->count = 0;
	call->is_traced = false;
	while ((item = TAILQ_FIRST(&batch->queue)) != NULL &&
		   call->count < CFA_BATCH_MAX && !(item->is_alone && call->count > 0))
	{
		TAILQ_REMOVE(&batch->queue, item, entry);
		batch->length--;
		call->items[call->count++] = item;
		item->attempts++;
		if (item->is_alone)
			break;
	}
	return call;
}

static bool
send_call(Call *call)
{
	static CfaBuf bufs[CFA_PG_PARAMS_MAX];
	const CfaBatchKind *kind = call->batch->kind;
	CfaPgParams params = {.count = kind->param_count};
	int i;

	for (i = 0; i < kind->param_count; i++)
	{
		cfa_buf_reset(&bufs[i]);
		kind->encode(i, call->items, call->count, &bufs[i]);
		params.values[i] = bufs[i].data;
		params.lengths[i] = (int) bufs[i].len;
		params.formats[i] = 1;
	}
	if (!cfa_pg_batch(kind->statement, &params, make_span(call), on_done, call))
		return false;
	cfa_meter_observe(kind->meter, (uint64_t) call->count);
	return true;
}

/*
 * The span of the statement belongs to the first item that is traced, and is
 * linked to the others.
 */
static CfaPgSpan *
make_span(Call *call)
{
	CfaPgSpan *span = NULL;
	int i;

	for (i = 0; i < call->count; i++)
	{
		const CfaScope *scope = &call->items[i]->scope;

		if (span != NULL && scope->is_traced)
			span->links[span->link_count++] = scope->trace;
		else if (span == NULL)
			span = cfa_pg_span_new(scope, (unsigned) (call->count - i) - 1);
	}
	if (span == NULL)
		return NULL;
	span->batch_size = (unsigned) call->count;
	call->trace = span->trace;
	call->is_traced = true;
	return span;
}

/*
 * In a batch of many each traced item has a span of its own, from the queue to
 * the result, so that its trace shows the statement whosever trace has that.
 */
static void
end_spans(const Call *call, bool has_failed)
{
	uint64_t now_us = cfa_mono_us();
	uint64_t now_ns;
	char name[80];
	int i;

	if (call->count < 2 || !call->is_traced)
		return;
	now_ns = cfa_now_ns();
	(void) snprintf(name,
					sizeof(name),
					"batch %s",
					cfa_pg_statements[call->batch->kind->statement].name);
	for (i = 0; i < call->count; i++)
	{
		const CfaBatchItem *item = call->items[i];
		const CfaLogField attributes[] = {CFA_INT("careforall.batch.size",
												  call->count),
										  CFA_INT("careforall.batch.attempt",
												  item->attempts),
										  {0}};
		CfaSpan span = {.trace = item->scope.trace,
						.has_failed = has_failed,
						.kind = CFA_SPAN_INTERNAL,
						.name = name,
						.start_ns = now_ns - (now_us - item->queued_us) * 1000,
						.end_ns = now_ns,
						.attributes = attributes,
						.links = &call->trace,
						.link_count = 1};

		if (!item->scope.is_traced)
			continue;
		memcpy(span.parent_id, item->scope.trace.span_id, 8);
		cfa_trace_child(&span.trace);
		cfa_span_add(&span);
	}
}

static void
on_done(void *arg, const PGresult *result, const char *sqlstate)
{
	Call *call = arg;

	call->batch->calls--;
	call->batch->gather_until_ms =
		call->count >= GATHER_ITEMS ? cfa_mono_ms() + GATHER_MS : 0;
	end_spans(call, result == NULL);
	if (result != NULL)
		deliver_all(call, result);
	else
		fail_all(call, sqlstate);
	kore_free(call);
}

static void
deliver_all(Call *call, const PGresult *result)
{
	int rows = PQntuples(result);
	int i;

	for (i = 0; i < call->count; i++)
	{
		CfaScope before = cfa_scope_enter(call->items[i]->scope);

		if (i < rows)
			call->batch->kind->deliver(call->items[i], result, i);
		else
			call->batch->kind->fail(call->items[i], "XX000");
		cfa_scope = before;
	}
}

/* Decides for each item of a failed call whether it is sent again. */
static void
fail_all(Call *call, const char *sqlstate)
{
	bool is_retryable = cfa_sqlstate_is_retryable(sqlstate);
	bool is_timeout = strcmp(sqlstate, "57014") == 0;
	uint64_t now_ms = cfa_mono_ms();
	int kept = 0;
	int i;

	for (i = 0; i < call->count; i++)
	{
		CfaBatchItem *item = call->items[i];
		bool may_retry = item->attempts < ATTEMPTS_MAX &&
						 now_ms - item->queued_ms < RETRY_AGE_MAX_MS;

		if (may_retry && (is_retryable || (!item->is_alone && !is_timeout)))
		{
			item->is_alone = item->is_alone || !is_retryable;
			call->items[kept++] = item;
		}
		else
		{
			call->batch->kind->fail(item, sqlstate);
		}
	}
	call->count = kept;
	if (kept == 0)
		return;
	cfa_meter_add(CFA_M_BATCH_RETRIES, kept);
	if (!is_retryable)
	{
		cfa_meter_add(CFA_M_BATCH_SPLITS, 1);
		cfa_log(CFA_LOG_WARN,
				"batch_split",
				CFA_STR("statement",
						call->batch->kind->statement ==
								CFA_PG_PLEDGE_CREATE_MANY
							? "pledge_create_many"
							: "payment_event_apply_many"),
				CFA_STR("sqlstate", sqlstate),
				CFA_INT("items", kept));
	}
	put_back(call);
}

/* Puts the items back to the head of the queue, in their order. */
static void
put_back(Call *call)
{
	int i;

	for (i = call->count - 1; i >= 0; i--)
	{
		TAILQ_INSERT_HEAD(&call->batch->queue, call->items[i], entry);
		call->batch->length++;
	}
}
