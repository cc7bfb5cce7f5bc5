/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payments_sweep.c: work that no event asks for: the reconciler and follow-ups.
 *
 * The reconciler walks through all pledges that stay pending, all refunds that stay
 * requested, and all payments of failed pledges that have no end yet, page by page in order of id, and begins the next page when the
 * jobs of the last one have ended. Follow-ups look after a payment soon after it
 * was made, because only this process can cancel a declined one; they live in
 * memory, and what is lost with it the reconciler finds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "careforall/log.h"
#include "payments.h"

/* What a sweep walks through, one list after the other. */
static const struct
{
	CfaJobKind kind;
	const char *sql;
} phases[] = {
	{CFA_JOB_PAYMENT,
	 "SELECT pledge_id FROM careforall.payments_pending($1, $2, $3)"},
	{CFA_JOB_REFUND,
	 "SELECT refund_id FROM careforall.refunds_pending($1, $2, $3)"},
	{CFA_JOB_PAYMENT,
	 "SELECT pledge_id FROM careforall.payments_unsettled($1, $2, $3)"},
};

#define PHASES ((int) (sizeof(phases) / sizeof(phases[0])))
/* The last list costs more than it finds: every tenth sweep looks at it. */
#define LAST_PHASE_EVERY 10
/* While the worker is paused, due follow-ups are looked at again after this. */
#define HELD_US 1000000

static const int64_t delays_us[CFA_FOLLOW_UPS] = {1000000, 3000000, 9000000};

static bool must_rest(const CfaPayments *payments);
static void begin_sweep(void *arg);
static void next_page(CfaPayments *payments);
static void page_read(void *arg, PGresult *result);
static void end_of_page(CfaPayments *payments);
static void read_backlog(CfaPayments *payments);
static void backlog_read(void *arg, PGresult *result);
static const char *older_than(const CfaPayments *payments, char *buf,
							  size_t len);
static void follow_up_due(void *arg);
static void arm_follow_up(CfaPayments *payments);

void
cfa_sweep_init(CfaPayments *payments)
{
	payments->sweep.timer = (CfaTimer){.fn = begin_sweep, .arg = payments};
	payments->follow_up = (CfaTimer){.fn = follow_up_due, .arg = payments};
	cfa_timer_set(payments->daemon.loop, &payments->sweep.timer, 1000000);
}

void
cfa_sweep_stop(CfaPayments *payments)
{
	cfa_timer_cancel(payments->daemon.loop, &payments->sweep.timer);
	cfa_timer_cancel(payments->daemon.loop, &payments->follow_up);
}

void
cfa_sweep_now(CfaPayments *payments)
{
	cfa_timer_set(payments->daemon.loop, &payments->sweep.timer, 0);
}

void
cfa_sweep_done_one(CfaPayments *payments)
{
	if (--payments->sweep.open == 0)
		end_of_page(payments);
}

void
cfa_follow_up(CfaPayments *payments, const char *pledge_id, int look)
{
	CfaFollowUpRing *ring;
	CfaFollowUp *item;

	if (look >= CFA_FOLLOW_UPS || payments->is_stopping)
		return;
	ring = &payments->follow_ups[look];
	if (ring->count == CFA_FOLLOW_UP_RING)
		return;
	item = &ring->items[(ring->head + ring->count) % CFA_FOLLOW_UP_RING];
	item->due_us = cfa_clock_us() + delays_us[look];
	snprintf(item->pledge_id, sizeof(item->pledge_id), "%s", pledge_id);
	ring->count++;
	arm_follow_up(payments);
}

static bool
must_rest(const CfaPayments *payments)
{
	return payments->is_stopping || cfa_control_is_held(&payments->pause);
}

static void
begin_sweep(void *arg)
{
	CfaPayments *payments = arg;
	CfaSweep *sweep = &payments->sweep;

	cfa_timer_set(payments->daemon.loop,
				  &sweep->timer,
				  payments->config.reconcile_every_ms * 1000);
	read_backlog(payments);
	if (sweep->is_running || must_rest(payments))
		return;
	sweep->is_running = true;
	sweep->phase = 0;
	sweep->runs++;
	sweep->after[0] = '\0';
	next_page(payments);
}

static void
next_page(CfaPayments *payments)
{
	CfaSweep *sweep = &payments->sweep;
	char interval[40];
	char page[16];
	const char *values[] = {older_than(payments, interval, sizeof(interval)),
							page,
							sweep->after[0] != '\0' ? sweep->after : NULL};

	snprintf(page, sizeof(page), "%d", CFA_PAYMENTS_PAGE);
	cfa_pg_query(payments->pg,
				 phases[sweep->phase].sql,
				 3,
				 values,
				 0,
				 page_read,
				 payments);
}

static void
page_read(void *arg, PGresult *result)
{
	CfaPayments *payments = arg;
	CfaSweep *sweep = &payments->sweep;
	int rows = cfa_pg_is_ok(result) ? PQntuples(result) : 0;

	if (result != NULL && !cfa_pg_is_ok(result))
		cfa_log(CFA_LOG_ERROR,
				"sweep_failed",
				CFA_STR("sqlstate", cfa_pg_sqlstate(result)),
				CFA_STR("error",
						PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
	sweep->is_last_page = rows < CFA_PAYMENTS_PAGE;
	/* One held by this loop itself, so that the page cannot end while it starts. */
	sweep->open = 1;
	for (int i = 0; i < rows; i++)
	{
		const char *id = cfa_pg_text(result, i, 0);

		snprintf(sweep->after, sizeof(sweep->after), "%s", id);
		sweep->open++;
		if (!cfa_work_start(
				payments, phases[sweep->phase].kind, id, NULL, 1, true, 0))
			sweep->open--;
	}
	cfa_sweep_done_one(payments);
}

static void
end_of_page(CfaPayments *payments)
{
	CfaSweep *sweep = &payments->sweep;

	if (sweep->is_last_page)
	{
		sweep->phase++;
		sweep->after[0] = '\0';
	}
	if (must_rest(payments) || sweep->phase == PHASES ||
		(sweep->phase == PHASES - 1 && sweep->runs % LAST_PHASE_EVERY != 0))
	{
		sweep->is_running = false;
		return;
	}
	next_page(payments);
}

static void
read_backlog(CfaPayments *payments)
{
	char interval[40];
	const char *values[] = {older_than(payments, interval, sizeof(interval))};

	cfa_pg_query(payments->pg,
				 "SELECT pending, refunds, parked"
				 " FROM careforall.payment_backlog($1)",
				 1,
				 values,
				 0,
				 backlog_read,
				 payments);
}

static void
backlog_read(void *arg, PGresult *result)
{
	CfaPayments *payments = arg;
	CfaMetrics *metrics = payments->daemon.metrics;

	if (!cfa_pg_is_ok(result) || PQntuples(result) != 1)
		return;
	cfa_metrics_set(metrics,
					payments->metrics.stuck_payments,
					cfa_pg_int(result, 0, 0, 0));
	cfa_metrics_set(metrics,
					payments->metrics.stuck_refunds,
					cfa_pg_int(result, 0, 1, 0));
	cfa_metrics_set(metrics,
					payments->metrics.dead_letters,
					cfa_pg_int(result, 0, 2, 0));
}

static const char *
older_than(const CfaPayments *payments, char *buf, size_t len)
{
	snprintf(buf,
			 len,
			 "%" PRId64 " milliseconds",
			 payments->config.reconcile_after_ms);
	return buf;
}

static void
follow_up_due(void *arg)
{
	CfaPayments *payments = arg;
	int64_t now_us = cfa_clock_us();

	if (cfa_control_is_held(&payments->pause))
	{
		cfa_timer_set(payments->daemon.loop, &payments->follow_up, HELD_US);
		return;
	}
	for (int look = 0; look < CFA_FOLLOW_UPS; look++)
	{
		CfaFollowUpRing *ring = &payments->follow_ups[look];

		while (ring->count > 0 && ring->items[ring->head].due_us <= now_us)
		{
			char pledge_id[37];

			snprintf(pledge_id,
					 sizeof(pledge_id),
					 "%s",
					 ring->items[ring->head].pledge_id);
			ring->head = (ring->head + 1) % CFA_FOLLOW_UP_RING;
			ring->count--;
			cfa_work_start(
				payments, CFA_JOB_PAYMENT, pledge_id, NULL, 1, false, look + 1);
		}
	}
	arm_follow_up(payments);
}

static void
arm_follow_up(CfaPayments *payments)
{
	int64_t due_us = INT64_MAX;
	int64_t now_us = cfa_clock_us();

	for (int look = 0; look < CFA_FOLLOW_UPS; look++)
	{
		const CfaFollowUpRing *ring = &payments->follow_ups[look];

		if (ring->count > 0 && ring->items[ring->head].due_us < due_us)
			due_us = ring->items[ring->head].due_us;
	}
	if (due_us != INT64_MAX)
		cfa_timer_set(payments->daemon.loop,
					  &payments->follow_up,
					  due_us > now_us ? due_us - now_us : 0);
}
