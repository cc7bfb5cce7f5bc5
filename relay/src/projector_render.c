/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_render.c - JSON of the read model: documents, gifts and live frames.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/text.h"
#include "projector_render.h"

#define GIFT_ID_BYTES 8

static json_t *render_reward(json_t *source);
static json_t *render_totals(const CfaModelCampaign *campaign);
static json_t *render_remaining_list(CfaModelCampaign *campaign);
static json_t *remaining(const CfaModelCampaign *campaign,
						 const json_t *reward);
static json_t *money(int64_t amount, const char *currency);
static int64_t held(const CfaFigures *figures, const char *id);
static const json_t *find_pool(const json_t *source, const char *id);
static void gift_id(const char *pledge_id, char *buf, size_t len);
static json_t *copy_or_null(const json_t *object, const char *name);
static void add_text(CfaBuf *out, const char *name, const json_t *data,
					 const char *member);
static void add_money(CfaBuf *out, const char *name, const json_t *data,
					  const char *member);

json_t *
cfa_render_document(json_t *source)
{
	json_t *document = json_object();
	json_t *rewards = json_array();
	json_t *member;
	const char *name;
	size_t index;

	json_array_foreach(json_object_get(source, "rewards"), index, member)
	{
		if (json_array_append_new(rewards, render_reward(member)) != 0)
			goto failed;
	}
	json_object_foreach(source, name, member)
	{
		if (strcmp(name, "pools") == 0 || strcmp(name, "totals") == 0)
			continue;
		if (strcmp(name, "rewards") == 0)
		{
			json_object_set_new(document, "totals", json_null());
			json_object_set(document, name, rewards);
			continue;
		}
		if (json_object_set(document, name, member) != 0)
			goto failed;
	}
	if (!json_is_array(json_object_get(document, "rewards")))
		goto failed;
	json_decref(rewards);
	return document;

failed:
	json_decref(rewards);
	json_decref(document);
	return NULL;
}

int
cfa_render_figures(CfaModelCampaign *campaign)
{
	json_t *rewards = json_object_get(campaign->document, "rewards");
	json_t *reward;
	size_t index;

	if (json_object_set_new(campaign->document,
							"totals",
							render_totals(campaign)) != 0)
		return -1;
	json_array_foreach(rewards, index, reward)
	{
		if (json_object_set_new(reward,
								"remaining",
								remaining(campaign, reward)) != 0)
			return -1;
	}
	return 0;
}

json_t *
cfa_render_totals_frame(CfaModelCampaign *campaign, const char *gift)
{
	json_t *item = gift != NULL ? json_loads(gift, 0, NULL) : json_null();

	return json_pack("{s:s,s:s,s:I,s:o,s:o,s:o}",
					 "type",
					 "totals",
					 "campaign_id",
					 campaign->id,
					 "sequence",
					 (json_int_t) campaign->figures.sequence,
					 "totals",
					 render_totals(campaign),
					 "rewards",
					 render_remaining_list(campaign),
					 "gift",
					 item);
}

json_t *
cfa_render_campaign_frame(const CfaModelCampaign *campaign)
{
	return json_pack("{s:s,s:s,s:I,s:o,s:I,s:o,s:o}",
					 "type",
					 "campaign",
					 "campaign_id",
					 campaign->id,
					 "sequence",
					 (json_int_t) campaign->figures.sequence,
					 "state",
					 copy_or_null(campaign->source, "state"),
					 "version",
					 (json_int_t) campaign->version,
					 "starts_at",
					 copy_or_null(campaign->source, "starts_at"),
					 "ends_at",
					 copy_or_null(campaign->source, "ends_at"));
}

char *
cfa_render_reset_frame(const char *campaign_id, int64_t epoch, int64_t sequence)
{
	CfaBuf text = {0};

	cfa_buf_addf(&text,
				 "{\"type\":\"reset\",\"campaign_id\":\"%s\",\"epoch\":%" PRId64
				 ",\"sequence\":%" PRId64 "}",
				 campaign_id,
				 epoch,
				 sequence);
	(void) cfa_buf_text(&text);
	return text.data;
}

void
cfa_render_pledge_frame(CfaBuf *out, const CfaModelEvent *event)
{
	cfa_buf_addf(
		out,
		"{\"type\":\"pledge\",\"pledge_id\":\"%s\",\"sequence\":%" PRId64,
		event->aggregate_id,
		event->sequence);
	add_text(out, "state", event->data, "state");
	add_text(out, "state_reason", event->data, "state_reason");
	cfa_buf_addf(out, ",\"version\":%" PRId64 "}", event->aggregate_version);
}

void
cfa_render_event_frame(CfaBuf *out, const CfaModelEvent *event)
{
	bool is_pledge = strncmp(event->type, "pledge.", 7) == 0;
	char at[CFA_TIME_TEXT_LEN + 1];

	cfa_buf_addf(out,
				 "{\"type\":\"event\",\"sequence\":%" PRId64
				 ",\"event\":\"%s\",\"campaign_id\":\"%s\"",
				 event->sequence,
				 event->type,
				 event->campaign_id);
	if (is_pledge)
		cfa_buf_addf(out, ",\"pledge_id\":\"%s\"", event->aggregate_id);
	cfa_buf_addf(out, ",\"version\":%" PRId64, event->aggregate_version);
	add_text(out, "state", event->data, "state");
	if (is_pledge)
	{
		add_text(out, "state_reason", event->data, "state_reason");
		add_money(out, "amount", event->data, "amount_minor");
		add_money(out, "refunded", event->data, "refunded_minor");
	}
	cfa_time_format_ms(event->time_ms, at);
	cfa_buf_addf(out, ",\"at\":\"%s\"}", at);
}

char *
cfa_model_gift(const json_t *data)
{
	const char *pledge_id =
		json_string_value(json_object_get(data, "pledge_id"));
	const char *currency = json_string_value(json_object_get(data, "currency"));
	const json_t *amount = json_object_get(data, "amount_minor");
	const char *created =
		json_string_value(json_object_get(data, "created_at"));
	bool is_shown = json_is_true(json_object_get(data, "show_amount"));
	char id[GIFT_ID_BYTES * 2 + 1];
	json_t *gift;
	char *text;

	if (pledge_id == NULL || currency == NULL || created == NULL ||
		!json_is_integer(amount))
		return NULL;
	gift_id(pledge_id, id, sizeof(id));
	gift = json_pack("{s:s,s:o,s:o,s:o,s:s}",
					 "id",
					 id,
					 "name",
					 copy_or_null(data, "name"),
					 "amount",
					 is_shown ? money(json_integer_value(amount), currency)
							  : json_null(),
					 "message",
					 copy_or_null(data, "message"),
					 "at",
					 created);
	text = json_dumps(gift, JSON_COMPACT);
	json_decref(gift);
	return text;
}

char *
cfa_model_gift_copy(const json_t *gift)
{
	json_t *copy;
	char *text;

	if (!json_is_string(json_object_get(gift, "id")) ||
		!json_is_string(json_object_get(gift, "at")))
		return NULL;
	copy = json_pack("{s:o,s:o,s:o,s:o,s:o}",
					 "id",
					 copy_or_null(gift, "id"),
					 "name",
					 copy_or_null(gift, "name"),
					 "amount",
					 copy_or_null(gift, "amount"),
					 "message",
					 copy_or_null(gift, "message"),
					 "at",
					 copy_or_null(gift, "at"));
	text = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	return text;
}

/* The members in their order, with remaining before pool_id. */
static json_t *
render_reward(json_t *source)
{
	json_t *reward;
	json_t *member;
	const char *name;

	if (!json_is_string(json_object_get(source, "id")))
		return NULL;
	reward = json_object();
	json_object_foreach(source, name, member)
	{
		if (strcmp(name, "remaining") == 0)
			continue;
		if (strcmp(name, "pool_id") == 0)
			json_object_set_new(reward, "remaining", json_null());
		json_object_set(reward, name, member);
	}
	return reward;
}

static json_t *
render_totals(const CfaModelCampaign *campaign)
{
	const CfaFigures *figures = &campaign->figures;
	const char *currency =
		json_string_value(json_object_get(campaign->source, "currency"));

	return json_pack("{s:o,s:I,s:o,s:I,s:I}",
					 "raised",
					 money(figures->confirmed_minor - figures->refunded_minor,
						   currency),
					 "confirmed_count",
					 (json_int_t) figures->confirmed_count,
					 "pending",
					 money(figures->pending_minor, currency),
					 "pending_count",
					 (json_int_t) figures->pending_count,
					 "sequence",
					 (json_int_t) figures->sequence);
}

static json_t *
render_remaining_list(CfaModelCampaign *campaign)
{
	json_t *list = json_array();
	const json_t *reward;
	size_t index;

	json_array_foreach(json_object_get(campaign->document, "rewards"),
					   index,
					   reward)
	{
		json_array_append_new(list,
							  json_pack("{s:o,s:o}",
										"id",
										copy_or_null(reward, "id"),
										"remaining",
										remaining(campaign, reward)));
	}
	return list;
}

/* The least of what the reward and its pool have left; null if neither is limited. */
static json_t *
remaining(const CfaModelCampaign *campaign, const json_t *reward)
{
	const char *id = json_string_value(json_object_get(reward, "id"));
	const char *pool = json_string_value(json_object_get(reward, "pool_id"));
	const json_t *quantity = json_object_get(reward, "quantity");
	const json_t *capacity = find_pool(campaign->source, pool);
	int64_t left = INT64_MAX;

	if (json_is_integer(quantity))
		left = json_integer_value(quantity) - held(&campaign->figures, id);
	if (json_is_integer(capacity))
	{
		int64_t of_pool =
			json_integer_value(capacity) - held(&campaign->figures, pool);

		left = of_pool < left ? of_pool : left;
	}
	return left == INT64_MAX ? json_null() : json_integer(left);
}

static json_t *
money(int64_t amount, const char *currency)
{
	return json_pack("{s:I,s:s}",
					 "amount",
					 (json_int_t) amount,
					 "currency",
					 currency);
}

static int64_t
held(const CfaFigures *figures, const char *id)
{
	for (size_t i = 0; i < figures->places_count; i++)
	{
		if (strcmp(figures->places[i].id, id) == 0)
			return figures->places[i].held;
	}
	return 0;
}

static const json_t *
find_pool(const json_t *source, const char *id)
{
	const json_t *pool;
	size_t index;

	if (id == NULL)
		return NULL;
	json_array_foreach(json_object_get(source, "pools"), index, pool)
	{
		const char *pool_id = json_string_value(json_object_get(pool, "id"));

		if (pool_id != NULL && strcmp(pool_id, id) == 0)
			return json_object_get(pool, "capacity");
	}
	return NULL;
}

/* Tells nothing of the pledge and is the same for each of its events. */
static void
gift_id(const char *pledge_id, char *buf, size_t len)
{
	unsigned char digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest,
					   (const unsigned char *) pledge_id,
					   strlen(pledge_id));
	sodium_bin2hex(buf, len, digest, GIFT_ID_BYTES);
}

static json_t *
copy_or_null(const json_t *object, const char *name)
{
	json_t *member = json_object_get(object, name);

	return member != NULL ? json_incref(member) : json_null();
}

/* Adds ,"name":"text", or null if the member is no text. */
static void
add_text(CfaBuf *out, const char *name, const json_t *data, const char *member)
{
	const json_t *value = json_object_get(data, member);

	cfa_buf_addf(out, ",\"%s\":", name);
	if (json_is_string(value))
		cfa_buf_add_json(out,
						 json_string_value(value),
						 json_string_length(value));
	else
		cfa_buf_adds(out, "null");
}

/* Adds ,"name":{"amount":n,"currency":"c"}, or null if the member is no integer. */
static void
add_money(CfaBuf *out, const char *name, const json_t *data, const char *member)
{
	const json_t *amount = json_object_get(data, member);

	cfa_buf_addf(out, ",\"%s\":", name);
	if (!json_is_integer(amount))
	{
		cfa_buf_adds(out, "null");
		return;
	}
	cfa_buf_addf(out,
				 "{\"amount\":%" PRId64,
				 (int64_t) json_integer_value(amount));
	add_text(out, "currency", data, "currency");
	cfa_buf_addc(out, '}');
}
