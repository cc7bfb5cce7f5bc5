/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign_search.c: lists of campaigns with filters and orders.
 *
 * The database finds which campaigns a page has; their documents come from the
 * read model, where they are ready to send, and from the database only if it does
 * not hold every one of them.
 */
#include "handlers/campaign_search.h"

#include <careforall/buf.h>
#include <careforall/text.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pg.h"
#include "adapters/redis.h"
#include "handlers/call.h"
#include "handlers/list.h"
#include "meters.h"

#define SEARCH_MAX_CHARS 200
#define CATEGORY_MAX 40

typedef enum Parameter
{
	PARAMETER_Q,
	PARAMETER_STATUS,
	PARAMETER_CATEGORY,
	PARAMETER_CURRENCY,
	PARAMETER_SORT,
	PARAMETERS
} Parameter;

static const struct
{
	const char *name;
	const char *rule;
} parameters[PARAMETERS] = {
	[PARAMETER_Q] = {"q", "1 to 200 characters"},
	[PARAMETER_STATUS] = {"status",
						  "active, paused, upcoming, ended or closed"},
	[PARAMETER_CATEGORY] = {"category",
							"1 to 40 small letters with single underscores "
							"between them"},
	[PARAMETER_CURRENCY] = {"currency", "three capital letters"},
	[PARAMETER_SORT] = {"sort", "newest, ending_soon or most_funded"},
};

/* One page on its way. */
typedef struct Page
{
	CfaCtx *ctx;
	CfaListQuery query;
	const char *ids; /* of its campaigns, commas between */
	bool has_next;
	CfaCursor last;
} Page;

static void on_found(void *arg, const PGresult *result, const char *sqlstate);
static void take_ids(Page *page, const PGresult *result);
static bool read_model(Page *page);
static void on_model(void *arg, const redisReply *reply);
static void read_postgres(Page *page);
static void on_documents(void *arg, const PGresult *result,
						 const char *sqlstate);
static void answer(const Page *page, const CfaBuf *items);
static bool is_valid(Parameter parameter, const char *value);
static bool is_one_of(const char *const *words, const char *value);
static bool is_category(const char *value);

bool
cfa_campaign_search_read(CfaCtx *ctx, CfaSearch *out)
{
	int i;

	*out = (CfaSearch){.ctx = ctx, .is_plain = true};
	for (i = 0; i < PARAMETERS; i++)
	{
		bool is_bad = false;
		const char *value = cfa_ctx_query(ctx, parameters[i].name, &is_bad);

		if (is_bad || (value != NULL && !is_valid(i, value)))
		{
			cfa_answer_problem(ctx,
							   CFA_PROBLEM_INVALID_PARAMETER,
							   "The parameter %s must be %s.",
							   parameters[i].name,
							   parameters[i].rule);
			return false;
		}
		out->values[i] = value;
		if (value != NULL && i != PARAMETER_SORT)
			out->is_plain = false;
	}
	if (out->values[PARAMETER_SORT] == NULL)
		out->values[PARAMETER_SORT] = "newest";
	if (strcmp(out->values[PARAMETER_SORT], "newest") != 0)
		out->is_plain = false;
	return true;
}

void
cfa_campaign_search_run(const CfaSearch *search)
{
	CfaCtx *ctx = search->ctx;
	Page *page = cfa_arena_zalloc(&ctx->arena, sizeof(*page));
	CfaPgParams params = {.count = 8};
	char key[24];
	char id[CFA_UUID_TEXT_LEN + 1];
	char max[12];

	page->ctx = ctx;
	if (!cfa_list_read(ctx, "campaigns", &page->query))
		return;
	memcpy(params.values, search->values, sizeof(search->values));
	if (page->query.has_cursor)
	{
		(void)
			snprintf(key, sizeof(key), "%" PRId64, page->query.cursor.time_ms);
		cfa_uuid_format(page->query.cursor.id, id);
		params.values[5] = key;
		params.values[6] = id;
	}
	(void) snprintf(max, sizeof(max), "%u", page->query.limit + 1);
	params.values[7] = max;
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT r.id, r.key FROM careforall.campaign_search($1::text, "
				"$2::text, $3::text, $4::text, $5::text, $6::bigint, "
				"$7::uuid, $8::int) r",
				&params,
				on_found,
				page);
}

static void
on_found(void *arg, const PGresult *result, const char *sqlstate)
{
	Page *page = arg;
	CfaBuf none = {0};

	if (result == NULL)
	{
		cfa_answer_sqlstate(page->ctx, sqlstate);
		cfa_ctx_release(page->ctx);
		return;
	}
	if (PQntuples(result) == 0)
	{
		answer(page, &none);
		return;
	}
	take_ids(page, result);
	if (!read_model(page))
		read_postgres(page);
}

static void
take_ids(Page *page, const PGresult *result)
{
	int rows = PQntuples(result);
	int limit = (int) page->query.limit;
	int shown = rows < limit ? rows : limit;
	CfaBuf ids = {0};
	int i;

	for (i = 0; i < shown; i++)
	{
		if (i > 0)
			cfa_buf_addc(&ids, ',');
		cfa_buf_adds(&ids, PQgetvalue(result, i, 0));
	}
	page->ids = cfa_arena_strndup(&page->ctx->arena, ids.data, ids.len);
	cfa_buf_clear(&ids);
	page->has_next = rows > shown;
	(void) cfa_uuid_parse(PQgetvalue(result, shown - 1, 0),
						  CFA_UUID_TEXT_LEN,
						  page->last.id);
	page->last.time_ms = strtoll(PQgetvalue(result, shown - 1, 1), NULL, 10);
}

/* Asks for all documents in one atomic script; false without Redis. */
static bool
read_model(Page *page)
{
	static const char script[] =
		"if redis.call('GET', 'cfa:ready') ~= '1' then return false end "
		"local out = {} "
		"for id in string.gmatch(ARGV[1], '[^,]+') do "
		"local doc = redis.call('HGET', 'cfa:campaign:' .. id, 'doc') "
		"if not doc then return false end "
		"out[#out + 1] = doc "
		"end return out";
	const char *command[] = {"EVAL", script, "0", page->ids};
	const size_t lens[] = {4, sizeof(script) - 1, 1, strlen(page->ids)};

	return cfa_redis_command(on_model, page, 4, command, lens);
}

static void
on_model(void *arg, const redisReply *reply)
{
	Page *page = arg;
	CfaBuf items = {0};
	size_t i;

	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
	{
		read_postgres(page);
		return;
	}
	for (i = 0; i < reply->elements; i++)
	{
		if (i > 0)
			cfa_buf_addc(&items, ',');
		cfa_buf_add(&items,
					reply->element[i]->str,
					(size_t) reply->element[i]->len);
	}
	cfa_meter_add(CFA_M_READS_REDIS, 1);
	answer(page, &items);
	cfa_buf_clear(&items);
}

static void
read_postgres(Page *page)
{
	CfaPgParams params = {
		.count = 1,
		.values = {cfa_arena_printf(&page->ctx->arena, "{%s}", page->ids)},
	};

	cfa_pg_call("SELECT d.doc FROM careforall.campaign_documents($1::uuid[]) d",
				&params,
				on_documents,
				page);
}

static void
on_documents(void *arg, const PGresult *result, const char *sqlstate)
{
	Page *page = arg;
	CfaBuf items = {0};
	int i;

	if (result == NULL)
	{
		cfa_answer_sqlstate(page->ctx, sqlstate);
		cfa_ctx_release(page->ctx);
		return;
	}
	for (i = 0; i < PQntuples(result); i++)
	{
		if (i > 0)
			cfa_buf_addc(&items, ',');
		cfa_buf_add(&items,
					PQgetvalue(result, i, 0),
					(size_t) PQgetlength(result, i, 0));
	}
	cfa_meter_add(CFA_M_READS_POSTGRES, 1);
	answer(page, &items);
	cfa_buf_clear(&items);
}

/* The last step: answers and lets go of the request. */
static void
answer(const Page *page, const CfaBuf *items)
{
	cfa_list_answer(page->ctx,
					&page->query,
					items,
					page->has_next ? &page->last : NULL);
	cfa_ctx_release(page->ctx);
}

static bool
is_valid(Parameter parameter, const char *value)
{
	static const char *const statuses[] =
		{"active", "paused", "upcoming", "ended", "closed", NULL};
	static const char *const sorts[] = {"newest",
										"ending_soon",
										"most_funded",
										NULL};
	size_t len = strlen(value);

	switch (parameter)
	{
		case PARAMETER_Q:
			return len > 0 && cfa_utf8_length(value, len) <= SEARCH_MAX_CHARS &&
				   !cfa_text_has_control(value, len, "");
		case PARAMETER_STATUS:
			return is_one_of(statuses, value);
		case PARAMETER_CATEGORY:
			return is_category(value);
		case PARAMETER_CURRENCY:
			return len == 3 && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
		case PARAMETER_SORT:
			return is_one_of(sorts, value);
		case PARAMETERS:
			break;
	}
	return false;
}

static bool
is_one_of(const char *const *words, const char *value)
{
	while (*words != NULL && strcmp(*words, value) != 0)
		words++;
	return *words != NULL;
}

static bool
is_category(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && len <= CATEGORY_MAX &&
		   strspn(value, "abcdefghijklmnopqrstuvwxyz_") == len &&
		   value[0] != '_' && value[len - 1] != '_' &&
		   strstr(value, "__") == NULL;
}
