/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle_core.h
 *	  The life cycles of pledges and campaigns as const tables.
 *	  Knows no server header, so that unit tests build it alone.
 */
#ifndef CFA_LIFECYCLE_CORE_H
#define CFA_LIFECYCLE_CORE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum CfaPledgeState
{
	CFA_PLEDGE_NONE, /* before the pledge exists */
	CFA_PLEDGE_PENDING,
	CFA_PLEDGE_CONFIRMED,
	CFA_PLEDGE_FAILED,
	CFA_PLEDGE_REFUNDED
} CfaPledgeState;

#define CFA_PLEDGE_STATE_COUNT (CFA_PLEDGE_REFUNDED + 1)

typedef enum CfaPledgeEvent
{
	CFA_PLEDGE_CREATE,
	CFA_PLEDGE_PAYMENT_ATTACH,
	CFA_PLEDGE_PAYMENT_SUCCEEDED,
	CFA_PLEDGE_PAYMENT_FAILED,
	CFA_PLEDGE_CANCEL_REQUEST,
	CFA_PLEDGE_CANCEL,
	CFA_PLEDGE_EXPIRE,
	CFA_PLEDGE_REFUND_REQUEST,
	CFA_PLEDGE_REFUND,
	CFA_PLEDGE_DONOR_ERASE
} CfaPledgeEvent;

#define CFA_PLEDGE_EVENT_COUNT (CFA_PLEDGE_DONOR_ERASE + 1)

/* What must hold besides state and event. */
typedef enum CfaPledgeGuard
{
	CFA_GUARD_ALWAYS,
	CFA_GUARD_PART, /* less is refunded than is left */
	CFA_GUARD_REST, /* all that is left is refunded */
	CFA_GUARD_LATE	/* money that came after the pledge had failed */
} CfaPledgeGuard;

typedef enum CfaPledgeEffect
{
	CFA_EFFECT_HOLD,	/* take a hold on each limit */
	CFA_EFFECT_USE,		/* the hold becomes use; totals grow */
	CFA_EFFECT_RELEASE, /* give the hold back */
	CFA_EFFECT_REFUND,	/* refunded amount and totals grow */
	CFA_EFFECT_RECORD,	/* version, history and event only */
	CFA_EFFECT_NOTHING	/* known already: nothing at all */
} CfaPledgeEffect;

typedef struct CfaPledgeEdge
{
	CfaPledgeState from;
	CfaPledgeEvent event;
	CfaPledgeState to;
	CfaPledgeGuard guard;
	CfaPledgeEffect effect;
	const char *type; /* of the outbox event; NULL when there is none */
} CfaPledgeEdge;

typedef enum CfaCampaignState
{
	CFA_CAMPAIGN_NONE,
	CFA_CAMPAIGN_DRAFT,
	CFA_CAMPAIGN_ACTIVE,
	CFA_CAMPAIGN_PAUSED,
	CFA_CAMPAIGN_CLOSED
} CfaCampaignState;

#define CFA_CAMPAIGN_STATE_COUNT (CFA_CAMPAIGN_CLOSED + 1)

typedef struct CfaCampaignEdge
{
	CfaCampaignState from;
	CfaCampaignState to;
	const char *event;
	const char *type; /* of the outbox event */
} CfaCampaignEdge;

/* The edge for a state, an event and what holds besides; NULL when illegal. */
extern const CfaPledgeEdge *cfa_pledge_edge(CfaPledgeState from,
											CfaPledgeEvent event,
											CfaPledgeGuard guard);

/* The edge between two states; NULL when illegal. */
extern const CfaCampaignEdge *cfa_campaign_edge(CfaCampaignState from,
												CfaCampaignState to);

/* All edges, for listing. */
extern const CfaPledgeEdge *cfa_pledge_edges(int *count);
extern const CfaCampaignEdge *cfa_campaign_edges(int *count);

/* Names as they stand in tables and arguments; false when unknown. */
extern const char *cfa_pledge_state_name(CfaPledgeState state);
extern bool cfa_pledge_state_parse(const char *name, CfaPledgeState *state);
extern const char *cfa_pledge_event_name(CfaPledgeEvent event);
extern bool cfa_pledge_event_parse(const char *name, CfaPledgeEvent *event);
extern const char *cfa_pledge_guard_name(CfaPledgeGuard guard);
extern const char *cfa_pledge_effect_name(CfaPledgeEffect effect);
extern const char *cfa_campaign_state_name(CfaCampaignState state);
extern bool cfa_campaign_state_parse(const char *name, CfaCampaignState *state);

/* What a pledge counts for against its limits. */
typedef struct CfaHeld
{
	int64_t minor;
	int32_t places;
} CfaHeld;

extern CfaHeld cfa_pledge_held(CfaPledgeState state, int64_t amount_minor,
							   int64_t refunded_minor, int32_t quantity,
							   bool refund_releases);

#endif /* CFA_LIFECYCLE_CORE_H */
