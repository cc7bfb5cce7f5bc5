/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_model.c - figures of one campaign and the effect of events on them.
 *
 * Figures change only by the deltas that the database computed and put into the
 * event, never by rules of this process, so read model and database cannot differ
 * in what counts. Every addition is checked for overflow.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "projector_model.h"
#include "projector_render.h"

typedef struct Delta
{
	int64_t confirmed_minor;
	int64_t confirmed_count;
	int64_t refunded_minor;
	int64_t held_places;
	int64_t pending_minor;
	int64_t pending_count;
} Delta;

static CfaModelResult apply_campaign(CfaModelCampaign *campaign,
									 const CfaModelEvent *event,
									 CfaModelChange *change);
static CfaModelResult apply_pledge(CfaModelCampaign *campaign,
								   const CfaModelEvent *event,
								   CfaModelChange *change);
static int read_delta(const json_t *data, Delta *delta);
static int add_delta(CfaFigures *figures, const Delta *delta,
					 const json_t *data);
static void copy_figures(CfaFigures *to, const CfaFigures *from);
static int add_places(CfaFigures *figures, const char *id, int64_t delta);
static int add(int64_t *sum, int64_t value);
static bool is_delta_zero(const Delta *delta);
static int note_gift(const CfaModelEvent *event, CfaModelChange *change);
static int read_integer(const json_t *object, const char *name, int64_t *value);
static int read_figure(const json_t *object, const char *name, int64_t *value);

void
cfa_model_event_clear(CfaModelEvent *event)
{
	json_decref(event->data);
	memset(event, 0, sizeof(*event));
}

CfaModelCampaign *
cfa_model_campaign_new(const char *id)
{
	CfaModelCampaign *campaign = calloc(1, sizeof(*campaign));

	if (campaign != NULL)
		snprintf(campaign->id, sizeof(campaign->id), "%s", id);
	return campaign;
}

void
cfa_model_campaign_free(CfaModelCampaign *campaign)
{
	if (campaign == NULL)
		return;
	json_decref(campaign->source);
	json_decref(campaign->document);
	free(campaign);
}

bool
cfa_model_is_known(const CfaModelCampaign *campaign)
{
	return campaign->source != NULL;
}

bool
cfa_model_is_public(const CfaModelCampaign *campaign)
{
	const char *state =
		json_string_value(json_object_get(campaign->source, "state"));

	return state != NULL && strcmp(state, "draft") != 0;
}

bool
cfa_model_is_listed(const CfaModelCampaign *campaign)
{
	return cfa_model_is_public(campaign) &&
		   !json_is_string(json_object_get(campaign->source, "archived_at"));
}

int
cfa_model_set_source(CfaModelCampaign *campaign, json_t *source)
{
	json_t *document;
	int64_t version;

	if (read_integer(source, "version", &version) != 0 ||
		!json_is_string(json_object_get(source, "state")) ||
		!json_is_string(json_object_get(source, "slug")) ||
		!json_is_string(json_object_get(source, "currency")))
		return -1;
	document = cfa_render_document(source);
	if (document == NULL)
		return -1;
	json_incref(source);
	json_decref(campaign->source);
	json_decref(campaign->document);
	campaign->source = source;
	campaign->document = document;
	campaign->version = version;
	return 0;
}

char *
cfa_model_figures_format(const CfaFigures *figures)
{
	json_t *places = json_object();
	json_t *object;
	char *text;

	for (size_t i = 0; i < figures->places_count; i++)
		json_object_set_new(places,
							figures->places[i].id,
							json_integer(figures->places[i].held));
	object = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:o}",
					   "confirmed_minor",
					   (json_int_t) figures->confirmed_minor,
					   "confirmed_count",
					   (json_int_t) figures->confirmed_count,
					   "refunded_minor",
					   (json_int_t) figures->refunded_minor,
					   "pending_minor",
					   (json_int_t) figures->pending_minor,
					   "pending_count",
					   (json_int_t) figures->pending_count,
					   "sequence",
					   (json_int_t) figures->sequence,
					   "places",
					   places);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

int
cfa_model_figures_parse(CfaFigures *figures, const char *text)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *places = json_object_get(object, "places");
	json_t *held;
	const char *id;
	int result = -1;

	memset(figures, 0, sizeof(*figures));
	if (read_figure(object, "confirmed_minor", &figures->confirmed_minor) !=
			0 ||
		read_figure(object, "confirmed_count", &figures->confirmed_count) !=
			0 ||
		read_figure(object, "refunded_minor", &figures->refunded_minor) != 0 ||
		read_figure(object, "pending_minor", &figures->pending_minor) != 0 ||
		read_figure(object, "pending_count", &figures->pending_count) != 0 ||
		read_figure(object, "sequence", &figures->sequence) != 0)
		goto done;
	json_object_foreach(places, id, held)
	{
		if (!json_is_integer(held) ||
			add_places(figures, id, json_integer_value(held)) != 0)
			goto done;
	}
	result = 0;
done:
	json_decref(object);
	return result;
}

CfaModelResult
cfa_model_apply(CfaModelCampaign *campaign, const CfaModelEvent *event,
				CfaModelChange *change)
{
	memset(change, 0, sizeof(*change));
	if (strncmp(event->type, "campaign.", 9) == 0)
		return apply_campaign(campaign, event, change);
	if (strncmp(event->type, "pledge.", 7) == 0)
		return apply_pledge(campaign, event, change);
	return CFA_MODEL_IGNORED;
}

void
cfa_model_change_clear(CfaModelChange *change)
{
	free(change->old_slug);
	free(change->gift_added);
	free(change->gift_removed);
	free(change->gift_erased);
	json_decref(change->frame);
	memset(change, 0, sizeof(*change));
}

char *
cfa_model_render(CfaModelCampaign *campaign)
{
	if (cfa_render_figures(campaign) != 0)
		return NULL;
	return json_dumps(campaign->document, JSON_COMPACT);
}

void
cfa_model_etag(const CfaModelCampaign *campaign, int64_t epoch, char *buf,
			   size_t len)
{
	snprintf(buf,
			 len,
			 "\"%" PRId64 "-%" PRId64 "-%" PRId64 "\"",
			 campaign->version,
			 campaign->figures.sequence,
			 epoch);
}

const char *
cfa_model_slug(const CfaModelCampaign *campaign)
{
	return json_string_value(json_object_get(campaign->source, "slug"));
}

const char *
cfa_model_created_at(const CfaModelCampaign *campaign)
{
	return json_string_value(json_object_get(campaign->source, "created_at"));
}

int64_t
cfa_model_time_ms(const char *text)
{
	struct tm tm = {0};
	const char *rest;
	int64_t ms = 0;
	int scale = 100;

	if (text == NULL ||
		(rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) == NULL)
		return -1;
	if (*rest == '.')
	{
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
			ms += (*rest - '0') * scale;
	}
	if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
		return -1;
	return (int64_t) timegm(&tm) * 1000 + ms;
}

static CfaModelResult
apply_campaign(CfaModelCampaign *campaign, const CfaModelEvent *event,
			   CfaModelChange *change)
{
	json_t *source = json_object_get(event->data, "campaign");
	const char *slug = json_string_value(json_object_get(source, "slug"));
	const char *old_slug = cfa_model_slug(campaign);

	if (!json_is_object(source) || slug == NULL)
		return CFA_MODEL_MALFORMED;
	if (cfa_model_is_known(campaign) &&
		event->aggregate_version <= campaign->version)
		return CFA_MODEL_STALE;
	if (old_slug != NULL && strcmp(old_slug, slug) != 0)
		change->old_slug = strdup(old_slug);
	if (cfa_model_set_source(campaign, source) != 0)
		return CFA_MODEL_MALFORMED;
	campaign->version = event->aggregate_version;
	campaign->figures.sequence = event->sequence;
	change->is_source_changed = true;
	change->is_figures_changed = true;
	if (cfa_model_is_public(campaign))
		change->frame = cfa_render_campaign_frame(campaign);
	return CFA_MODEL_APPLIED;
}

static CfaModelResult
apply_pledge(CfaModelCampaign *campaign, const CfaModelEvent *event,
			 CfaModelChange *change)
{
	Delta delta;
	CfaFigures figures;

	if (!cfa_model_is_known(campaign))
		return CFA_MODEL_MISSING;
	copy_figures(&figures, &campaign->figures);
	if (read_delta(event->data, &delta) != 0 ||
		add_delta(&figures, &delta, event->data) != 0)
		return CFA_MODEL_MALFORMED;
	if (!json_is_string(json_object_get(event->data, "state")) ||
		note_gift(event, change) != 0)
		return CFA_MODEL_MALFORMED;
	if (is_delta_zero(&delta))
		return CFA_MODEL_APPLIED;
	figures.sequence = event->sequence;
	copy_figures(&campaign->figures, &figures);
	change->is_figures_changed = true;
	change->has_totals_frame = cfa_model_is_public(campaign);
	if (change->has_totals_frame && change->gift_added != NULL)
		change->frame = cfa_render_totals_frame(campaign, change->gift_added);
	return CFA_MODEL_APPLIED;
}

static int
read_delta(const json_t *data, Delta *delta)
{
	const json_t *object = json_object_get(data, "delta");

	if (read_integer(object, "confirmed_minor", &delta->confirmed_minor) != 0 ||
		read_integer(object, "confirmed_count", &delta->confirmed_count) != 0 ||
		read_integer(object, "refunded_minor", &delta->refunded_minor) != 0 ||
		read_integer(object, "held_places", &delta->held_places) != 0 ||
		read_integer(object, "pending_minor", &delta->pending_minor) != 0 ||
		read_integer(object, "pending_count", &delta->pending_count) != 0)
		return -1;
	return 0;
}

static int
add_delta(CfaFigures *figures, const Delta *delta, const json_t *data)
{
	const char *reward = json_string_value(json_object_get(data, "reward_id"));
	const char *pool = json_string_value(json_object_get(data, "pool_id"));

	if (add(&figures->confirmed_minor, delta->confirmed_minor) != 0 ||
		add(&figures->confirmed_count, delta->confirmed_count) != 0 ||
		add(&figures->refunded_minor, delta->refunded_minor) != 0 ||
		add(&figures->pending_minor, delta->pending_minor) != 0 ||
		add(&figures->pending_count, delta->pending_count) != 0)
		return -1;
	if (delta->held_places == 0)
		return 0;
	if (reward != NULL && add_places(figures, reward, delta->held_places) != 0)
		return -1;
	if (pool != NULL && add_places(figures, pool, delta->held_places) != 0)
		return -1;
	return 0;
}

/* Most campaigns use few of the places that there is room for. */
static void
copy_figures(CfaFigures *to, const CfaFigures *from)
{
	memcpy(to,
		   from,
		   offsetof(CfaFigures, places) +
			   from->places_count * sizeof(from->places[0]));
}

static int
add_places(CfaFigures *figures, const char *id, int64_t delta)
{
	CfaPlaces *place;

	for (size_t i = 0; i < figures->places_count; i++)
	{
		if (strcmp(figures->places[i].id, id) == 0)
			return add(&figures->places[i].held, delta);
	}
	if (figures->places_count == CFA_MODEL_PLACES_MAX ||
		strlen(id) != CFA_UUID_LEN)
		return -1;
	place = &figures->places[figures->places_count++];
	snprintf(place->id, sizeof(place->id), "%s", id);
	place->held = delta;
	return 0;
}

static int
add(int64_t *sum, int64_t value)
{
	return __builtin_add_overflow(*sum, value, sum) ? -1 : 0;
}

static bool
is_delta_zero(const Delta *delta)
{
	return delta->confirmed_minor == 0 && delta->confirmed_count == 0 &&
		   delta->refunded_minor == 0 && delta->held_places == 0 &&
		   delta->pending_minor == 0 && delta->pending_count == 0;
}

/*
 * A gift enters the feed when it is confirmed, leaves it when all is refunded, and
 * loses its donor when the donor is erased.
 */
static int
note_gift(const CfaModelEvent *event, CfaModelChange *change)
{
	if (strcmp(event->type, "pledge.confirmed") == 0)
	{
		change->gift_added = cfa_model_gift(event->data);
		return change->gift_added != NULL ? 0 : -1;
	}
	if (strcmp(event->type, "pledge.refunded") == 0)
	{
		change->gift_removed = cfa_model_gift(event->data);
		return change->gift_removed != NULL ? 0 : -1;
	}
	if (strcmp(event->type, "pledge.donor_erased") == 0)
	{
		change->gift_erased = cfa_model_gift(event->data);
		return change->gift_erased != NULL ? 0 : -1;
	}
	return 0;
}

static int
read_integer(const json_t *object, const char *name, int64_t *value)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return -1;
	*value = json_integer_value(member);
	return 0;
}

/* A figure that is absent is 0; one that is no integer is an error. */
static int
read_figure(const json_t *object, const char *name, int64_t *value)
{
	if (!json_is_object(object))
		return -1;
	if (json_object_get(object, name) == NULL)
		return 0;
	return read_integer(object, name, value);
}
