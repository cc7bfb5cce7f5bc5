/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_model.h - one campaign of the read model, and what an event does to it.
 *
 * Pure: no store, no clock, no network. A campaign is loaded from the text the
 * store kept (or from the rebuild), events change it in memory, and its documents
 * are rendered again. Whoever calls makes the change and the position in the
 * stream durable together, or throws the campaign away.
 */
#ifndef CFA_PROJECTOR_MODEL_H
#define CFA_PROJECTOR_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open_span.h"

#define CFA_UUID_LEN 36
#define CFA_MODEL_PLACES_MAX 256

/* One event of the stream as the projector needs it. */
typedef struct CfaModelEvent
{
	char type[64]; /* "pledge.confirmed" */
	char event_id[CFA_UUID_LEN + 1];
	char campaign_id[CFA_UUID_LEN + 1];
	char aggregate_id[CFA_UUID_LEN + 1];
	int64_t aggregate_version;
	int64_t outbox_id;
	uint64_t xid;
	int64_t sequence; /* in the stream */
	int64_t time_ms;  /* when it happened; 0 if unknown */
	json_t *data;	  /* owned */
	CfaOpenSpan span; /* from its delivery to the commit */
} CfaModelEvent;

void cfa_model_event_clear(CfaModelEvent *event);

/* Places in use of a reward or a pool. */
typedef struct CfaPlaces
{
	char id[CFA_UUID_LEN + 1];
	int64_t held;
} CfaPlaces;

typedef struct CfaFigures
{
	int64_t confirmed_minor;
	int64_t confirmed_count;
	int64_t refunded_minor;
	int64_t pending_minor;
	int64_t pending_count;
	int64_t sequence; /* of the last event in these figures */
	size_t places_count;
	CfaPlaces places[CFA_MODEL_PLACES_MAX];
} CfaFigures;

typedef struct CfaModelCampaign
{
	char id[CFA_UUID_LEN + 1];
	json_t *source;	  /* static document with pools, as the event brought it */
	json_t *document; /* public document; totals and remaining set by render */
	int64_t version;
	CfaFigures figures;
} CfaModelCampaign;

/* What one event asks to be written beside the campaign's documents. */
typedef struct CfaModelChange
{
	bool is_source_changed;
	bool is_figures_changed;
	char *old_slug;		/* to be removed; NULL if none */
	char *gift_added;	/* JSON text */
	char *gift_removed; /* JSON text, the bytes that were added once */
	char *gift_erased;	/* JSON text, the same gift without its donor */
	/* A frame of totals is due. It is here only if it has a gift; else the caller
	 * makes one for the last event of a batch, which says what all would. */
	bool has_totals_frame;
	json_t *frame; /* for those who watch the campaign; NULL if none */
} CfaModelChange;

typedef enum CfaModelResult
{
	CFA_MODEL_APPLIED,
	CFA_MODEL_STALE,   /* an older version of the campaign: nothing changed */
	CFA_MODEL_IGNORED, /* of no concern for the read model */
	CFA_MODEL_MISSING, /* an event of a campaign that the model does not hold */
	CFA_MODEL_MALFORMED /* data without the members it must have */
} CfaModelResult;

/* An empty campaign; NULL without memory. */
CfaModelCampaign *cfa_model_campaign_new(const char *id);
void cfa_model_campaign_free(CfaModelCampaign *campaign);

/*
 * Whether the campaign has a document at all, whether the public may see it, and
 * whether its list has it.
 */
bool cfa_model_is_known(const CfaModelCampaign *campaign);
bool cfa_model_is_public(const CfaModelCampaign *campaign);
bool cfa_model_is_listed(const CfaModelCampaign *campaign);

/*
 * Takes the static document (as in campaign events, or a whole public document:
 * totals and remaining are replaced). 0 is ok; -1 leaves the campaign as it was.
 */
int cfa_model_set_source(CfaModelCampaign *campaign, json_t *source);

/* Figures as JSON for the store and from it (or from the rebuild). */
char *cfa_model_figures_format(const CfaFigures *figures);
int cfa_model_figures_parse(CfaFigures *figures, const char *text);

/*
 * Applies one event. With CFA_MODEL_APPLIED the change says what to write; clear
 * it afterwards in any case. Any other result leaves the campaign as it was.
 */
CfaModelResult cfa_model_apply(CfaModelCampaign *campaign,
							   const CfaModelEvent *event,
							   CfaModelChange *change);
void cfa_model_change_clear(CfaModelChange *change);

/* The public document with today's figures, ready to send; the caller frees. */
char *cfa_model_render(CfaModelCampaign *campaign);

/* `"<version>-<sequence>-<epoch>"` with its quotes. */
void cfa_model_etag(const CfaModelCampaign *campaign, int64_t epoch, char *buf,
					size_t len);

/* A feed item: text of {"id","name","amount","message","at"}; the caller frees. */
char *cfa_model_gift(const json_t *data);

/* A feed item of the database in the bytes of this module; the caller frees. */
char *cfa_model_gift_copy(const json_t *gift);

/* Members of the public document; NULL if there are none. */
const char *cfa_model_slug(const CfaModelCampaign *campaign);
const char *cfa_model_created_at(const CfaModelCampaign *campaign);

/* Milliseconds since 1970 of an RFC 3339 UTC time; -1 if it is none. */
int64_t cfa_model_time_ms(const char *text);

#endif
