/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle_core.c
 *	  The transition tables and what follows from them.
 *
 * A (state, event) pair that has no row is illegal. A row with the effect
 * NOTHING is an event whose result is there already, so that any order and any
 * number of deliveries that a provider may legally send end in one state.
 */
#include "lifecycle_core.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* clang-format off */
#define EDGE(from, event, to, guard, effect, type) \
	{CFA_PLEDGE_##from, CFA_PLEDGE_##event, CFA_PLEDGE_##to, \
	 CFA_GUARD_##guard, CFA_EFFECT_##effect, type}

static const CfaPledgeEdge pledge_edges[] = {
	EDGE(NONE,      CREATE,            PENDING,   ALWAYS, HOLD,    "pledge.created"),
	EDGE(PENDING,   PAYMENT_ATTACH,    PENDING,   ALWAYS, RECORD,  "pledge.payment_attached"),
	EDGE(PENDING,   PAYMENT_SUCCEEDED, CONFIRMED, ALWAYS, USE,     "pledge.confirmed"),
	EDGE(PENDING,   PAYMENT_FAILED,    FAILED,    ALWAYS, RELEASE, "pledge.failed"),
	EDGE(PENDING,   CANCEL_REQUEST,    PENDING,   ALWAYS, RECORD,  "pledge.cancel_requested"),
	EDGE(PENDING,   CANCEL,            FAILED,    ALWAYS, RELEASE, "pledge.failed"),
	EDGE(PENDING,   EXPIRE,            FAILED,    ALWAYS, RELEASE, "pledge.failed"),
	EDGE(CONFIRMED, PAYMENT_ATTACH,    CONFIRMED, ALWAYS, RECORD,  "pledge.payment_attached"),
	EDGE(CONFIRMED, PAYMENT_SUCCEEDED, CONFIRMED, ALWAYS, NOTHING, NULL),
	EDGE(CONFIRMED, PAYMENT_FAILED,    CONFIRMED, ALWAYS, NOTHING, NULL),
	EDGE(CONFIRMED, REFUND_REQUEST,    CONFIRMED, ALWAYS, RECORD,  "pledge.refund_requested"),
	EDGE(CONFIRMED, REFUND,            CONFIRMED, PART,   REFUND,  "pledge.refund_recorded"),
	EDGE(CONFIRMED, REFUND,            REFUNDED,  REST,   REFUND,  "pledge.refunded"),
	EDGE(CONFIRMED, DONOR_ERASE,       CONFIRMED, ALWAYS, RECORD,  "pledge.donor_erased"),
	EDGE(FAILED,    PAYMENT_ATTACH,    FAILED,    ALWAYS, RECORD,  "pledge.payment_attached"),
	EDGE(FAILED,    PAYMENT_FAILED,    FAILED,    ALWAYS, NOTHING, NULL),
	EDGE(FAILED,    CANCEL_REQUEST,    FAILED,    ALWAYS, NOTHING, NULL),
	EDGE(FAILED,    CANCEL,            FAILED,    ALWAYS, NOTHING, NULL),
	EDGE(FAILED,    EXPIRE,            FAILED,    ALWAYS, NOTHING, NULL),
	EDGE(FAILED,    REFUND_REQUEST,    FAILED,    LATE,   RECORD,  "pledge.refund_requested"),
	EDGE(FAILED,    REFUND,            FAILED,    LATE,   RECORD,  "pledge.refund_recorded"),
	EDGE(FAILED,    DONOR_ERASE,       FAILED,    ALWAYS, RECORD,  "pledge.donor_erased"),
	EDGE(REFUNDED,  PAYMENT_ATTACH,    REFUNDED,  ALWAYS, RECORD,  "pledge.payment_attached"),
	EDGE(REFUNDED,  PAYMENT_SUCCEEDED, REFUNDED,  ALWAYS, NOTHING, NULL),
	EDGE(REFUNDED,  PAYMENT_FAILED,    REFUNDED,  ALWAYS, NOTHING, NULL),
	EDGE(REFUNDED,  DONOR_ERASE,       REFUNDED,  ALWAYS, RECORD,  "pledge.donor_erased"),
};

#define CAMPAIGN_EDGE(from, event, to, type) \
	{CFA_CAMPAIGN_##from, CFA_CAMPAIGN_##to, event, type}

static const CfaCampaignEdge campaign_edges[] = {
	CAMPAIGN_EDGE(NONE,   "create",  DRAFT,  "campaign.created"),
	CAMPAIGN_EDGE(DRAFT,  "publish", ACTIVE, "campaign.published"),
	CAMPAIGN_EDGE(ACTIVE, "pause",   PAUSED, "campaign.paused"),
	CAMPAIGN_EDGE(ACTIVE, "close",   CLOSED, "campaign.closed"),
	CAMPAIGN_EDGE(PAUSED, "resume",  ACTIVE, "campaign.resumed"),
	CAMPAIGN_EDGE(PAUSED, "close",   CLOSED, "campaign.closed"),
};

static const char *const pledge_state_names[CFA_PLEDGE_STATE_COUNT] = {
	[CFA_PLEDGE_NONE] = "",
	[CFA_PLEDGE_PENDING] = "pending",
	[CFA_PLEDGE_CONFIRMED] = "confirmed",
	[CFA_PLEDGE_FAILED] = "failed",
	[CFA_PLEDGE_REFUNDED] = "refunded",
};

static const char *const pledge_event_names[CFA_PLEDGE_EVENT_COUNT] = {
	[CFA_PLEDGE_CREATE] = "create",
	[CFA_PLEDGE_PAYMENT_ATTACH] = "payment_attach",
	[CFA_PLEDGE_PAYMENT_SUCCEEDED] = "payment_succeeded",
	[CFA_PLEDGE_PAYMENT_FAILED] = "payment_failed",
	[CFA_PLEDGE_CANCEL_REQUEST] = "cancel_request",
	[CFA_PLEDGE_CANCEL] = "cancel",
	[CFA_PLEDGE_EXPIRE] = "expire",
	[CFA_PLEDGE_REFUND_REQUEST] = "refund_request",
	[CFA_PLEDGE_REFUND] = "refund",
	[CFA_PLEDGE_DONOR_ERASE] = "donor_erase",
};

static const char *const pledge_guard_names[] = {
	[CFA_GUARD_ALWAYS] = "",
	[CFA_GUARD_PART] = "part of what is left",
	[CFA_GUARD_REST] = "all that is left",
	[CFA_GUARD_LATE] = "money that came too late",
};

static const char *const pledge_effect_names[] = {
	[CFA_EFFECT_HOLD] = "hold",
	[CFA_EFFECT_USE] = "use",
	[CFA_EFFECT_RELEASE] = "release",
	[CFA_EFFECT_REFUND] = "refund",
	[CFA_EFFECT_RECORD] = "record",
	[CFA_EFFECT_NOTHING] = "nothing",
};

static const char *const campaign_state_names[CFA_CAMPAIGN_STATE_COUNT] = {
	[CFA_CAMPAIGN_NONE] = "",
	[CFA_CAMPAIGN_DRAFT] = "draft",
	[CFA_CAMPAIGN_ACTIVE] = "active",
	[CFA_CAMPAIGN_PAUSED] = "paused",
	[CFA_CAMPAIGN_CLOSED] = "closed",
};
/* clang-format on */

static int name_index(const char *const *names, int count, const char *name);

const CfaPledgeEdge *
cfa_pledge_edge(CfaPledgeState from, CfaPledgeEvent event, CfaPledgeGuard guard)
{
	for (int i = 0; i < COUNT_OF(pledge_edges); i++)
	{
		const CfaPledgeEdge *edge = &pledge_edges[i];

		if (edge->from == from && edge->event == event &&
			(edge->guard == CFA_GUARD_ALWAYS || edge->guard == guard))
			return edge;
	}
	return NULL;
}

const CfaCampaignEdge *
cfa_campaign_edge(CfaCampaignState from, CfaCampaignState to)
{
	for (int i = 0; i < COUNT_OF(campaign_edges); i++)
	{
		if (campaign_edges[i].from == from && campaign_edges[i].to == to)
			return &campaign_edges[i];
	}
	return NULL;
}

const CfaPledgeEdge *
cfa_pledge_edges(int *count)
{
	*count = COUNT_OF(pledge_edges);
	return pledge_edges;
}

const CfaCampaignEdge *
cfa_campaign_edges(int *count)
{
	*count = COUNT_OF(campaign_edges);
	return campaign_edges;
}

const char *
cfa_pledge_state_name(CfaPledgeState state)
{
	return pledge_state_names[state];
}

bool
cfa_pledge_state_parse(const char *name, CfaPledgeState *state)
{
	int i = name_index(pledge_state_names, CFA_PLEDGE_STATE_COUNT, name);

	if (i <= CFA_PLEDGE_NONE)
		return false;
	*state = (CfaPledgeState) i;
	return true;
}

const char *
cfa_pledge_event_name(CfaPledgeEvent event)
{
	return pledge_event_names[event];
}

bool
cfa_pledge_event_parse(const char *name, CfaPledgeEvent *event)
{
	int i = name_index(pledge_event_names, CFA_PLEDGE_EVENT_COUNT, name);

	if (i < 0)
		return false;
	*event = (CfaPledgeEvent) i;
	return true;
}

const char *
cfa_pledge_guard_name(CfaPledgeGuard guard)
{
	return pledge_guard_names[guard];
}

const char *
cfa_pledge_effect_name(CfaPledgeEffect effect)
{
	return pledge_effect_names[effect];
}

const char *
cfa_campaign_state_name(CfaCampaignState state)
{
	return campaign_state_names[state];
}

bool
cfa_campaign_state_parse(const char *name, CfaCampaignState *state)
{
	int i = name_index(campaign_state_names, CFA_CAMPAIGN_STATE_COUNT, name);

	if (i <= CFA_CAMPAIGN_NONE)
		return false;
	*state = (CfaCampaignState) i;
	return true;
}

/*
 * What a pledge holds: all while it is pending or confirmed, nothing once it
 * failed; what was refunded is free again only if the campaign says so.
 */
CfaHeld
cfa_pledge_held(CfaPledgeState state, int64_t amount_minor,
				int64_t refunded_minor, int32_t quantity, bool refund_releases)
{
	CfaHeld held = {0, 0};

	switch (state)
	{
		case CFA_PLEDGE_NONE:
		case CFA_PLEDGE_FAILED:
			break;
		case CFA_PLEDGE_PENDING:
			held.minor = amount_minor;
			held.places = quantity;
			break;
		case CFA_PLEDGE_CONFIRMED:
			held.minor = amount_minor - (refund_releases ? refunded_minor : 0);
			held.places = quantity;
			break;
		case CFA_PLEDGE_REFUNDED:
			held.minor = refund_releases ? 0 : amount_minor;
			held.places = refund_releases ? 0 : quantity;
			break;
	}
	return held;
}

static int
name_index(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}
