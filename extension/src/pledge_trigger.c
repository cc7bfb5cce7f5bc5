/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pledge_trigger.c
 *	  The triggers of careforall.pledges, which rule every way to write a row:
 *	  the engine, psql, COPY, an import.
 *
 * pledge_guard (BEFORE) checks the edge, pins the limits and sets version and
 * holds. pledge_record (AFTER) takes or frees the difference of the holds, so
 * that a row that ON CONFLICT drops takes nothing, and notes the event; at the
 * end of the statement it writes what was noted.
 */
#include "postgres.h"

#include "cfa_errcodes.h"
#include "clock.h"
#include "compat.h"
#include "context.h"
#include "event.h"
#include "guc.h"
#include "lifecycle.h"
#include "limits.h"
#include "money.h"
#include "outbox.h"
#include "pledge_row.h"
#include "rules.h"
#include "spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

CFA_FUNCTION(cfa_trigger_pledge_guard);
CFA_FUNCTION(cfa_trigger_pledge_record);

static CfaPlan releases_plan = {
	.sql = "SELECT c.refund_releases FROM careforall.campaigns c"
		   " WHERE c.id = $1",
	.arg_count = 1,
	.args = {UUIDOID},
};

static HeapTuple guard_insert(TriggerData *data);
static void check_offer(CfaPledge *new, CfaPledgePatch *patch);
static void refuse_offer(CfaOutcome outcome, const CfaPledge *new)
	pg_attribute_noreturn();
static HeapTuple guard_update(TriggerData *data);
static void complete_refund(const CfaPledge *old, CfaPledge *new,
							CfaPledgePatch *patch);
static void complete_reason(const CfaPledgeEdge *edge, const CfaPledge *new,
							CfaPledgePatch *patch);
static bool event_of_update(const CfaPledge *old, const CfaPledge *new,
							const CfaChange *change, CfaPledgeEvent *event);
static const CfaPledgeEdge *edge_of_update(const CfaPledge *old,
										   const CfaPledge *new,
										   CfaPledgeEvent event);
static bool is_payment_attached(const CfaPledge *old, const CfaPledge *new);
static bool is_donor_changed(const CfaPledge *old, const CfaPledge *new);
static bool differ(const char *a, const char *b);
static void check_erased(const CfaPledge *new);
static void refuse_transition(const CfaPledge *old, const CfaPledge *new,
							  CfaPledgeEvent event) pg_attribute_noreturn();
static bool refund_releases(const pg_uuid_t *campaign_id);
static void touch_limits(const CfaPledge *pledge);
static void use_limits(const CfaPledge *old, const CfaPledge *new);
static void use_limit(CfaLimitKind kind, const pg_uuid_t *id, int64 n);
static void record_row(TriggerData *data);

Datum
cfa_trigger_pledge_guard(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);

	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return PointerGetDatum(guard_insert(data));
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return PointerGetDatum(guard_update(data));
	return cfa_trigger_refuse_change(fcinfo);
}

Datum
cfa_trigger_pledge_record(PG_FUNCTION_ARGS)
{
	TriggerData *data = cfa_trigger_data(fcinfo);

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
		record_row(data);
	else
		cfa_outbox_flush();
	return PointerGetDatum(NULL);
}

static HeapTuple
guard_insert(TriggerData *data)
{
	HeapTuple tuple = data->tg_trigtuple;
	CfaPledgePatch patch = {0};
	const CfaChange *change;
	CfaPledge new;

	cfa_pledge_read(data->tg_relation, tuple, &new);
	change = new.has_id ? cfa_change_find(&new.id) : NULL;
	if (change != NULL && change->is_checked)
		return tuple;

	/* The table's own constraints say best what is missing. */
	if (!new.has_id || !new.has_campaign || !new.has_amount ||
		new.currency == NULL || new.state_name == NULL)
		return tuple;
	check_offer(&new, &patch);
	touch_limits(&new);

	cfa_pledge_patch(&patch,
					 CFA_PLEDGE_HELD_MINOR,
					 Int64GetDatum(new.amount_minor));
	cfa_pledge_patch(&patch,
					 CFA_PLEDGE_HELD_PLACES,
					 Int32GetDatum(new.quantity));
	cfa_pledge_patch(&patch, CFA_PLEDGE_VERSION, Int64GetDatum(1));
	if (!new.has_hold_expires)
		cfa_pledge_patch(&patch,
						 CFA_PLEDGE_HOLD_EXPIRES_AT,
						 TimestampTzGetDatum(cfa_clock_now() +
											 (int64) cfa_guc_hold_timeout_s *
												 USECS_PER_SEC));
	if (new.traceparent == NULL && cfa_context_traceparent() != NULL)
		cfa_pledge_patch(&patch,
						 CFA_PLEDGE_TRACEPARENT,
						 CStringGetTextDatum(cfa_context_traceparent()));
	return cfa_pledge_patched(data->tg_relation, tuple, &patch);
}

/* Check a row that did not come from the engine; completes reward fields. */
static void
check_offer(CfaPledge *new, CfaPledgePatch *patch)
{
	CfaOffer offer = {0};
	CfaCampaign campaign;
	CfaReward reward = {0};
	CfaOutcome outcome;
	CfaSpi spi;

	if (new->state != CFA_PLEDGE_PENDING || new->refunded_minor != 0)
		ereport(ERROR,
				(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
				 errmsg("a pledge cannot begin in state \"%s\"",
						new->state_name),
				 errhint("Insert it as \"pending\" and update it.")));
	if (!cfa_amount_is_valid(new->amount_minor))
		refuse_offer(CFA_OUTCOME_AMOUNT_INVALID, new);
	if (new->has_reward &&new->quantity == 0)
	{
		new->quantity = 1;
		cfa_pledge_patch(patch, CFA_PLEDGE_QUANTITY, Int32GetDatum(1));
	}

	cfa_spi_begin(&spi);
	cfa_campaigns_read(&new->campaign_id, 1, &campaign);
	if (new->has_reward)
		cfa_rewards_read(&new->reward_id, 1, &reward);
	cfa_spi_end(&spi);

	offer.amount_minor = new->amount_minor;
	offer.currency = new->currency;
	offer.has_reward = new->has_reward;
	offer.quantity = new->quantity;
	outcome = cfa_rules_judge(&offer, &campaign, &reward, cfa_clock_now());
	if (outcome != CFA_OUTCOME_CREATED)
		refuse_offer(outcome, new);

	new->has_pool = reward.has_pool;
	new->pool_id = reward.pool_id;
	if (reward.has_pool)
	{
		pg_uuid_t *pool = palloc(sizeof(pg_uuid_t));

		*pool = reward.pool_id;
		cfa_pledge_patch(patch, CFA_PLEDGE_POOL_ID, UUIDPGetDatum(pool));
	}
	else
	{
		cfa_pledge_patch(patch, CFA_PLEDGE_POOL_ID, (Datum) 0);
		patch->nulls[patch->count - 1] = true;
	}
}

static void
refuse_offer(CfaOutcome outcome, const CfaPledge *new)
{
	int code = CFA_ERRCODE_MONEY_INVALID;

	switch (outcome)
	{
		case CFA_OUTCOME_CAMPAIGN_PAUSED:
		case CFA_OUTCOME_CAMPAIGN_NOT_STARTED:
		case CFA_OUTCOME_CAMPAIGN_ENDED:
		case CFA_OUTCOME_CAMPAIGN_CLOSED:
			code = CFA_ERRCODE_CAMPAIGN_NOT_ACCEPTING;
			break;
		case CFA_OUTCOME_CAMPAIGN_UNKNOWN:
		case CFA_OUTCOME_REWARD_UNKNOWN:
		case CFA_OUTCOME_QUANTITY_INVALID:
			code = CFA_ERRCODE_REFERENCE_INVALID;
			break;
		case CFA_OUTCOME_CREATED:
		case CFA_OUTCOME_REPLAYED:
		case CFA_OUTCOME_KEY_REUSED:
		case CFA_OUTCOME_AMOUNT_INVALID:
		case CFA_OUTCOME_AMOUNT_TOO_LOW:
		case CFA_OUTCOME_AMOUNT_TOO_HIGH:
		case CFA_OUTCOME_CURRENCY_MISMATCH:
		case CFA_OUTCOME_CURRENCY_UNKNOWN:
		case CFA_OUTCOME_DONOR_INVALID:
		case CFA_OUTCOME_MESSAGE_INVALID:
		case CFA_OUTCOME_DISPLAY_INVALID:
		case CFA_OUTCOME_LIMIT_REACHED:
			break;
	}
	ereport(ERROR,
			(errcode(code),
			 errmsg("pledge is refused: %s", cfa_outcome_name(outcome)),
			 errdetail("Amount " INT64_FORMAT " %s, quantity %d.",
					   new->amount_minor,
					   new->currency,
					   new->quantity)));
}

static HeapTuple
guard_update(TriggerData *data)
{
	CfaPledgePatch patch = {0};
	CfaPledgeEvent event;
	const CfaPledgeEdge *edge;
	const char *column;
	CfaPledge old;
	CfaPledge new;
	CfaHeld held;

	column = cfa_pledge_fixed_change(data->tg_relation,
									 data->tg_trigtuple,
									 data->tg_newtuple);
	if (column != NULL)
		ereport(ERROR,
				(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
				 errmsg("column \"%s\" of a pledge cannot be changed",
						column)));
	cfa_pledge_read(data->tg_relation, data->tg_trigtuple, &old);
	cfa_pledge_read(data->tg_relation, data->tg_newtuple, &new);
	complete_refund(&old, &new, &patch);
	cfa_pledge_patch(&patch,
					 CFA_PLEDGE_UPDATED_AT,
					 TimestampTzGetDatum(cfa_clock_now()));
	if (!event_of_update(&old, &new, cfa_change_find(&new.id), &event))
		return cfa_pledge_patched(data->tg_relation, data->tg_newtuple, &patch);

	edge = edge_of_update(&old, &new, event);
	if (edge == NULL)
		refuse_transition(&old, &new, event);
	if (is_donor_changed(&old, &new))
		check_erased(&new);
	held = cfa_pledge_held(new.state,
						   new.amount_minor,
						   new.refunded_minor,
						   new.quantity,
						   new.refunded_minor > 0 &&
							   refund_releases(&new.campaign_id));
	if (held.minor != old.held_minor || held.places != old.held_places)
		touch_limits(&new);
	cfa_pledge_patch(&patch, CFA_PLEDGE_HELD_MINOR, Int64GetDatum(held.minor));
	cfa_pledge_patch(&patch,
					 CFA_PLEDGE_HELD_PLACES,
					 Int32GetDatum(held.places));
	cfa_pledge_patch(&patch,
					 CFA_PLEDGE_VERSION,
					 Int64GetDatum(old.version + 1));
	complete_reason(edge, &new, &patch);
	return cfa_pledge_patched(data->tg_relation, data->tg_newtuple, &patch);
}

/* All refunded means state refunded, and the other way round. */
static void
complete_refund(const CfaPledge *old, CfaPledge *new, CfaPledgePatch *patch)
{
	if (old->state != CFA_PLEDGE_CONFIRMED)
		return;
	if (new->state == CFA_PLEDGE_CONFIRMED &&new->refunded_minor ==
		new->amount_minor)
	{
		new->state = CFA_PLEDGE_REFUNDED;
		new->state_name = pstrdup(cfa_pledge_state_name(CFA_PLEDGE_REFUNDED));
		cfa_pledge_patch(patch,
						 CFA_PLEDGE_STATE,
						 CStringGetTextDatum(new->state_name));
	}
	else if (new->state == CFA_PLEDGE_REFUNDED &&new->refunded_minor ==
			 old->refunded_minor)
	{
		new->refunded_minor = new->amount_minor;
		cfa_pledge_patch(patch,
						 CFA_PLEDGE_REFUNDED_MINOR,
						 Int64GetDatum(new->refunded_minor));
	}
}

/* A pledge that failed always says why. */
static void
complete_reason(const CfaPledgeEdge *edge, const CfaPledge *new,
				CfaPledgePatch *patch)
{
	const char *reason = cfa_guc_or_null(cfa_guc_reason);

	if (edge->to != CFA_PLEDGE_FAILED || edge->from == CFA_PLEDGE_FAILED ||
		new->state_reason != NULL)
		return;
	if (reason == NULL && edge->event == CFA_PLEDGE_EXPIRE)
		reason = "expired";
	if (reason == NULL && edge->event == CFA_PLEDGE_PAYMENT_FAILED)
		reason = "payment_failed";
	if (reason == NULL)
		reason = "canceled";
	cfa_pledge_patch(patch,
					 CFA_PLEDGE_STATE_REASON,
					 CStringGetTextDatum(reason));
}

/* Which event an update is; false when it is none. */
static bool
event_of_update(const CfaPledge *old, const CfaPledge *new,
				const CfaChange *change, CfaPledgeEvent *event)
{
	if (change != NULL)
		*event = change->event;
	else if (new->state == CFA_PLEDGE_CONFIRMED && old->state != new->state)
		*event = CFA_PLEDGE_PAYMENT_SUCCEEDED;
	else if (new->state == CFA_PLEDGE_FAILED && old->state != new->state)
		*event = new->state_reason !=
						 NULL &&strcmp(new->state_reason, "expired") == 0
					 ? CFA_PLEDGE_EXPIRE
					 : CFA_PLEDGE_CANCEL;
	else if (new->refunded_minor != old->refunded_minor)
		*event = CFA_PLEDGE_REFUND;
	else if (new->state != old->state)
		*event = CFA_PLEDGE_CREATE; /* which has no edge from a state */
	else if (new->has_cancel_requested && !old->has_cancel_requested)
		*event = CFA_PLEDGE_CANCEL_REQUEST;
	else if (is_donor_changed(old, new))
		*event = CFA_PLEDGE_DONOR_ERASE;
	else if (is_payment_attached(old, new))
		*event = CFA_PLEDGE_PAYMENT_ATTACH;
	else
		return false;
	return true;
}

static bool
is_payment_attached(const CfaPledge *old, const CfaPledge *new)
{
	if (new->payment_id == NULL && old->payment_id == NULL)
		return false;
	if (new->payment_id != NULL &&
		old->payment_id != NULL &&strcmp(new->payment_id, old->payment_id) == 0)
		return false;
	if (old->payment_id != NULL)
		ereport(ERROR,
				(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
				 errmsg("payment of a pledge cannot be replaced")));
	return true;
}

/* What the public sees of the donor. */
static bool
is_donor_changed(const CfaPledge *old, const CfaPledge *new)
{
	return differ(new->donor_name, old->donor_name) ||
		   differ(new->display, old->display) ||
		   differ(new->message, old->message);
}

/* A NULL is for the table's own constraints to refuse. */
static bool
differ(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

/* A donor can be erased, not replaced: the public has seen who gave what. */
static void
check_erased(const CfaPledge *new)
{
	if (!differ(new->display, "none") && !differ(new->message, ""))
		return;
	ereport(ERROR,
			(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
			 errmsg("the donor of a pledge can only be erased"),
			 errhint("Use careforall.donor_erase().")));
}

/* The edge that an update goes along; NULL when it is illegal. */
static const CfaPledgeEdge *
edge_of_update(const CfaPledge *old, const CfaPledge *new, CfaPledgeEvent event)
{
	CfaPledgeGuard guard = CFA_GUARD_ALWAYS;
	const CfaPledgeEdge *edge;

	if (old->state == CFA_PLEDGE_FAILED)
		guard = CFA_GUARD_LATE;
	else if (new->refunded_minor > old->refunded_minor)
		guard = new->refunded_minor == new->amount_minor ? CFA_GUARD_REST
														 : CFA_GUARD_PART;
	else if (new->refunded_minor < old->refunded_minor)
		return NULL;
	if (event != CFA_PLEDGE_REFUND &&
		new->refunded_minor != old->refunded_minor)
		return NULL;
	edge = cfa_pledge_edge(old->state, event, guard);
	if (edge == NULL || edge->effect == CFA_EFFECT_NOTHING ||
		edge->to != new->state)
		return NULL;
	return edge;
}

static void
refuse_transition(const CfaPledge *old, const CfaPledge *new,
				  CfaPledgeEvent event)
{
	if (old->state == new->state)
		ereport(ERROR,
				(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
				 errmsg("pledge in state \"%s\" cannot take event \"%s\"",
						old->state_name,
						cfa_pledge_event_name(event))));
	ereport(ERROR,
			(errcode(CFA_ERRCODE_ILLEGAL_TRANSITION),
			 errmsg("pledge cannot go from state \"%s\" to \"%s\"",
					old->state_name,
					new->state_name == NULL ? "" : new->state_name),
			 errhint("careforall.pledge_transitions() lists what is legal.")));
}

static bool
refund_releases(const pg_uuid_t *campaign_id)
{
	CfaArgs args = {0};
	bool releases;
	CfaSpi spi;

	cfa_spi_begin(&spi);
	cfa_arg_uuid(&args, campaign_id);
	releases = cfa_plan_run(&releases_plan, &args, SPI_OK_SELECT) == 1 &&
			   cfa_result_bool(0, 1);
	cfa_spi_end(&spi);
	return releases;
}

static void
touch_limits(const CfaPledge *pledge)
{
	cfa_limit_touch(CFA_LIMIT_CAMPAIGN, &pledge->campaign_id);
	if (pledge->has_reward)
		cfa_limit_touch(CFA_LIMIT_REWARD, &pledge->reward_id);
	if (pledge->has_pool)
		cfa_limit_touch(CFA_LIMIT_POOL, &pledge->pool_id);
}

static void
use_limits(const CfaPledge *old, const CfaPledge *new)
{
	int64 minor = new->held_minor - (old == NULL ? 0 : old->held_minor);
	int64 places = new->held_places - (old == NULL ? 0 : old->held_places);

	use_limit(CFA_LIMIT_CAMPAIGN, &new->campaign_id, minor);
	if (new->has_reward)
		use_limit(CFA_LIMIT_REWARD, &new->reward_id, places);
	if (new->has_pool)
		use_limit(CFA_LIMIT_POOL, &new->pool_id, places);
}

static void
use_limit(CfaLimitKind kind, const pg_uuid_t *id, int64 n)
{
	int64 available;

	if (!cfa_limit_use(kind, id, n, &available))
		cfa_limit_refuse(kind, id, n, available);
}

static void
record_row(TriggerData *data)
{
	const CfaPledgeEdge *edge;
	const CfaChange *change;
	CfaPledgeEvent kind;
	CfaEvent event;
	CfaPledge old;
	CfaPledge new;

	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
	{
		cfa_pledge_read(data->tg_relation, data->tg_trigtuple, &new);
		change = cfa_change_find(&new.id);
		edge = cfa_pledge_edge(CFA_PLEDGE_NONE,
							   CFA_PLEDGE_CREATE,
							   CFA_GUARD_ALWAYS);
		use_limits(NULL, &new);
		cfa_event_of_pledge(&event, edge, NULL, &new, change, cfa_clock_now());
		cfa_outbox_add(&event);
		return;
	}
	cfa_pledge_read(data->tg_relation, data->tg_trigtuple, &old);
	cfa_pledge_read(data->tg_relation, data->tg_newtuple, &new);
	if (new.version == old.version)
		return;
	change = cfa_change_find(&new.id);
	if (!event_of_update(&old, &new, change, &kind) ||
		(edge = edge_of_update(&old, &new, kind)) == NULL)
		elog(ERROR, "pledge changed without an event");
	use_limits(&old, &new);
	cfa_event_of_pledge(&event, edge, &old, &new, change, cfa_clock_now());
	cfa_outbox_add(&event);
}
