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
	int count;
	CfaBatchItem *items[CFA_BATCH_MAX];
} Call;

static bool is_due(CfaBatch *batch);
static bool is_gathered(CfaBatch *batch);
static void on_gathered(void *arg, u_int64_t now);
static Call *take(CfaBatch *batch);
static bool send_call(Call *call);
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
	item->queued_ms = cfa_mono_ms();
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
	if (!cfa_pg_batch(kind->statement, &params, on_done, call))
		return false;
	cfa_meter_observe(kind->meter, (uint64_t) call->count);
	return true;
}

static void
on_done(void *arg, const PGresult *result, const char *sqlstate)
{
	Call *call = arg;

	call->batch->calls--;
	call->batch->gather_until_ms =
		call->count >= GATHER_ITEMS ? cfa_mono_ms() + GATHER_MS : 0;
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
		if (i < rows)
			call->batch->kind->deliver(call->items[i], result, i);
		else
			call->batch->kind->fail(call->items[i], "XX000");
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
