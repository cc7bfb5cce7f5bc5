/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaigns.c: public reads of campaigns.
 *
 * From Redis while the read model is whole (cfa:ready), else from PostgreSQL.
 * The documents of both are ready to send; a list is the same in both, newest
 * first by creation time in milliseconds and id, so a cursor of one serves in
 * the other. Redis commands are pipelined: the answer to GET cfa:ready decides
 * what the reply behind it is worth.
 */
#include "handlers/campaigns.h"

#include <careforall/text.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pg.h"
#include "adapters/redis.h"
#include "handlers/call.h"
#include "handlers/campaign_search.h"
#include "handlers/list.h"
#include "meters.h"
#include "middleware/headers.h"

#define TIES_MAX_TEXT "32" /* campaigns made in one millisecond */

typedef struct Read
{
	CfaCtx *ctx;
	const char *key; /* id or slug as asked for */
	CfaCampaignFound found;
	bool is_model_ready;
} Read;

typedef struct List
{
	CfaCtx *ctx;
	CfaListQuery query;
	CfaCampaignsFound found; /* NULL: the answer is the list itself */
} List;

static void list_or_search(CfaSearch *search);
static void on_counted(void *arg, const PGresult *result, const char *sqlstate);
static bool redis(CfaRedisDone done, void *arg, int argc, const char **argv);
static void read_model(Read *read, const char *id);
static void on_ready(void *arg, const redisReply *reply);
static void on_slug(void *arg, const redisReply *reply);
static void on_document(void *arg, const redisReply *reply);
static void read_postgres(Read *read);
static void on_found(void *arg, const PGresult *result, const char *sqlstate);
static void answer_document(CfaCtx *ctx, const char *etag, size_t etag_len,
							const char *doc, size_t len);
static bool list_model(List *list);
static void on_model_list(void *arg, const redisReply *reply);
static void list_postgres(List *list);
static void on_listed(void *arg, const PGresult *result, const char *sqlstate);
static void on_gifts(void *arg, const PGresult *result, const char *sqlstate);
static void give_list(List *list, const CfaBuf *items, const CfaCursor *next);
static void answer_rows(List *list, const PGresult *result, int item, int id,
						int time);
static bool is_text(const redisReply *reply);

void
api_campaign_read(CfaCtx *ctx)
{
	cfa_campaign_fetch(ctx, cfa_ctx_param(ctx, "id"), answer_document);
}

void
cfa_campaign_fetch(CfaCtx *ctx, const char *id_or_slug, CfaCampaignFound found)
{
	Read *read = cfa_arena_zalloc(&ctx->arena, sizeof(*read));
	uint8_t id[16];
	char text[CFA_UUID_TEXT_LEN + 1];
	const char *ready[] = {"GET", "cfa:ready"};
	const char *slug[] = {"GET", NULL};

	read->ctx = ctx;
	read->key = id_or_slug;
	read->found = found;
	cfa_ctx_hold(ctx);
	if (cfa_uuid_parse(read->key, strlen(read->key), id))
	{
		cfa_uuid_format(id, text);
		read_model(read, text);
		return;
	}
	slug[1] = cfa_arena_printf(&ctx->arena, "cfa:slug:%s", read->key);
	if (!redis(on_ready, &read->is_model_ready, 2, ready) ||
		!redis(on_slug, read, 2, slug))
		read_postgres(read);
}

void
cfa_campaign_newest(CfaCtx *ctx, unsigned count, CfaCampaignsFound found)
{
	List *list = cfa_arena_zalloc(&ctx->arena, sizeof(*list));

	list->ctx = ctx;
	list->query.limit = count;
	list->found = found;
	cfa_ctx_hold(ctx);
	if (!list_model(list))
		list_postgres(list);
}

void
api_campaign_list(CfaCtx *ctx)
{
	CfaSearch *search = cfa_arena_zalloc(&ctx->arena, sizeof(*search));
	const char *prefer = cfa_ctx_header(ctx, "prefer");
	CfaPgParams params = {.count = 5};

	search->ctx = ctx;
	if (!cfa_campaign_search_read(ctx, search))
		return;
	if (prefer == NULL || !cfa_header_has_token(prefer, "count=exact"))
	{
		list_or_search(search);
		return;
	}
	memcpy(params.values, search->values, sizeof(search->values));
	cfa_ctx_hold(ctx);
	cfa_pg_call("SELECT careforall.campaign_count($1::text, $2::text, "
				"$3::text, $4::text, $5::text)",
				&params,
				on_counted,
				search);
}

void
api_gift_list(CfaCtx *ctx)
{
	List *list = cfa_arena_zalloc(&ctx->arena, sizeof(*list));
	const char *id = cfa_ctx_param(ctx, "id");
	char before[CFA_UUID_TEXT_LEN + 1];
	char max[12];
	uint8_t uuid[16];
	CfaPgParams params = {.count = 3,
						  .values = {id, NULL, max},
						  .lengths = {0},
						  .formats = {0}};

	list->ctx = ctx;
	if (!cfa_uuid_parse(id, strlen(id), uuid))
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	if (!cfa_list_read(ctx, id, &list->query))
		return;
	if (list->query.has_cursor)
	{
		cfa_uuid_format(list->query.cursor.id, before);
		params.values[1] = before;
	}
	(void) snprintf(max, sizeof(max), "%u", list->query.limit + 1);
	cfa_ctx_hold(ctx);
	cfa_pg_query(CFA_PG_CAMPAIGN_GIFTS, &params, false, on_gifts, list);
}

/* The plain list is in the read model; any other begins in the database. */
static void
list_or_search(CfaSearch *search)
{
	CfaCtx *ctx = search->ctx;
	List *list;

	if (!search->is_plain)
	{
		cfa_campaign_search_run(search);
		return;
	}
	list = cfa_arena_zalloc(&ctx->arena, sizeof(*list));
	list->ctx = ctx;
	if (!cfa_list_read(ctx, "campaigns", &list->query))
		return;
	cfa_ctx_hold(ctx);
	if (!list_model(list))
		list_postgres(list);
}

static void
on_counted(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaSearch *search = arg;
	CfaCtx *ctx = search->ctx;

	if (result == NULL)
	{
		cfa_answer_sqlstate(ctx, sqlstate);
	}
	else
	{
		cfa_list_counted(ctx, PQgetvalue(result, 0, 0));
		list_or_search(search);
	}
	cfa_ctx_release(ctx);
}

static bool
redis(CfaRedisDone done, void *arg, int argc, const char **argv)
{
	size_t lens[8];
	int i;

	for (i = 0; i < argc; i++)
		lens[i] = strlen(argv[i]);
	return cfa_redis_command(done, arg, argc, argv, lens);
}

static void
read_model(Read *read, const char *id)
{
	const char *ready[] = {"GET", "cfa:ready"};
	const char *get[] = {"HMGET",
						 cfa_arena_printf(&read->ctx->arena,
										  "cfa:campaign:%s",
										  id),
						 "etag",
						 "doc"};

	if (!redis(on_ready, &read->is_model_ready, 2, ready) ||
		!redis(on_document, read, 4, get))
		read_postgres(read);
}

static void
on_ready(void *arg, const redisReply *reply)
{
	bool *is_ready = arg;

	*is_ready = is_text(reply) && strcmp(reply->str, "1") == 0;
}

static void
on_slug(void *arg, const redisReply *reply)
{
	Read *read = arg;

	if (read->is_model_ready && is_text(reply))
		read_model(read, reply->str);
	else
		read_postgres(read);
}

static void
on_document(void *arg, const redisReply *reply)
{
	Read *read = arg;
	CfaCtx *ctx = read->ctx;

	/* What the model lacks may be younger than the model: ask the truth. */
	if (!read->is_model_ready || reply == NULL ||
		reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
		!is_text(reply->element[0]) || !is_text(reply->element[1]))
	{
		read_postgres(read);
		return;
	}
	cfa_meter_add(CFA_M_READS_REDIS, 1);
	read->found(ctx,
				reply->element[0]->str,
				(size_t) reply->element[0]->len,
				reply->element[1]->str,
				(size_t) reply->element[1]->len);
	cfa_ctx_release(ctx);
}

static void
read_postgres(Read *read)
{
	CfaPgParams params = {.count = 1, .values = {read->key}};

	cfa_pg_query(CFA_PG_CAMPAIGN_FIND, &params, false, on_found, read);
}

static void
on_found(void *arg, const PGresult *result, const char *sqlstate)
{
	Read *read = arg;
	CfaCtx *ctx = read->ctx;

	if (result == NULL)
	{
		cfa_answer_sqlstate(ctx, sqlstate);
	}
	else if (PQntuples(result) == 0)
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_FOUND,
						   "There is no such campaign.");
	}
	else
	{
		cfa_meter_add(CFA_M_READS_POSTGRES, 1);
		read->found(ctx,
					PQgetvalue(result, 0, 0),
					(size_t) PQgetlength(result, 0, 0),
					PQgetvalue(result, 0, 1),
					(size_t) PQgetlength(result, 0, 1));
	}
	cfa_ctx_release(ctx);
}

static void
answer_document(CfaCtx *ctx, const char *etag, size_t etag_len, const char *doc,
				size_t len)
{
	const char *tag = cfa_arena_strndup(&ctx->arena, etag, etag_len);

	ctx->cache_control = "public, max-age=0, must-revalidate";
	cfa_answer_header(ctx, "etag", tag);
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), tag))
		cfa_answer_empty(ctx, 304);
	else
		cfa_answer_copy(ctx, 200, "application/json", doc, len);
}

/* Asks for a page and one campaign more, in one atomic script. */
static bool
list_model(List *list)
{
	static const char script[] =
		"if redis.call('GET', 'cfa:ready') ~= '1' then return false end "
		"local rows = redis.call('ZREVRANGEBYSCORE', 'cfa:campaigns', ARGV[1],"
		" '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2] + ARGV[4]) "
		"local out = {} "
		"for i = 1, #rows, 2 do "
		"if not (rows[i + 1] == ARGV[1] and rows[i] >= ARGV[3]) then "
		"local doc = redis.call('HGET', 'cfa:campaign:' .. rows[i], 'doc') "
		"if not doc then return false end "
		"out[#out + 1] = rows[i] out[#out + 1] = rows[i + 1] "
		"out[#out + 1] = doc "
		"if #out == 3 * ARGV[2] then break end "
		"end end return out";
	CfaArena *arena = &list->ctx->arena;
	char *id = cfa_arena_alloc(arena, CFA_UUID_TEXT_LEN + 1);
	const char *command[] = {"EVAL",
							 script,
							 "0",
							 "+inf",
							 cfa_arena_printf(arena,
											  "%u",
											  list->query.limit + 1),
							 "",
							 TIES_MAX_TEXT};

	if (list->query.has_cursor)
	{
		cfa_uuid_format(list->query.cursor.id, id);
		command[3] =
			cfa_arena_printf(arena, "%" PRId64, list->query.cursor.time_ms);
		command[5] = id;
	}
	return redis(on_model_list, list, 7, command);
}

static void
on_model_list(void *arg, const redisReply *reply)
{
	List *list = arg;
	CfaBuf items = {0};
	CfaCursor last = {0};
	size_t shown;
	size_t i;

	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
	{
		list_postgres(list);
		return;
	}
	shown = reply->elements / 3;
	if (shown > list->query.limit)
		shown = list->query.limit;
	for (i = 0; i < shown; i++)
	{
		const redisReply *id = reply->element[i * 3];
		const redisReply *doc = reply->element[i * 3 + 2];

		if (i > 0)
			cfa_buf_addc(&items, ',');
		cfa_buf_add(&items, doc->str, (size_t) doc->len);
		last.time_ms = strtoll(reply->element[i * 3 + 1]->str, NULL, 10);
		(void) cfa_uuid_parse(id->str, (size_t) id->len, last.id);
	}
	cfa_meter_add(CFA_M_READS_REDIS, 1);
	give_list(list,
			  &items,
			  reply->elements / 3 > list->query.limit ? &last : NULL);
	cfa_buf_clear(&items);
	cfa_ctx_release(list->ctx);
}

static void
list_postgres(List *list)
{
	char time[24];
	char id[CFA_UUID_TEXT_LEN + 1];
	char max[12];
	CfaPgParams params = {.count = 3, .values = {NULL, NULL, max}};

	if (list->query.has_cursor)
	{
		(void) snprintf(time,
						sizeof(time),
						"%" PRId64,
						list->query.cursor.time_ms);
		cfa_uuid_format(list->query.cursor.id, id);
		params.values[0] = time;
		params.values[1] = id;
	}
	(void) snprintf(max, sizeof(max), "%u", list->query.limit + 1);
	cfa_pg_query(CFA_PG_CAMPAIGN_LIST, &params, false, on_listed, list);
}

static void
on_listed(void *arg, const PGresult *result, const char *sqlstate)
{
	List *list = arg;

	if (result == NULL)
	{
		cfa_answer_sqlstate(list->ctx, sqlstate);
	}
	else
	{
		cfa_meter_add(CFA_M_READS_POSTGRES, 1);
		answer_rows(list, result, 1, 0, 2);
	}
	cfa_ctx_release(list->ctx);
}

static void
on_gifts(void *arg, const PGresult *result, const char *sqlstate)
{
	List *list = arg;

	if (result == NULL)
		cfa_answer_sqlstate(list->ctx, sqlstate);
	else
		answer_rows(list, result, 0, 1, -1);
	cfa_ctx_release(list->ctx);
}

/*
 * Answers a page of rows: the columns of the item, of its id and of its time in
 * milliseconds (-1: none). The database gives CFA_LIST_MAX rows at most, so a
 * page of that size may be followed by an empty one.
 */
static void
answer_rows(List *list, const PGresult *result, int item, int id, int time)
{
	int rows = PQntuples(result);
	int shown = rows < (int) list->query.limit ? rows : (int) list->query.limit;
	bool has_next = rows > shown || (rows > 0 && rows == CFA_LIST_MAX);
	CfaCursor last = {0};
	CfaBuf items = {0};
	int i;

	for (i = 0; i < shown; i++)
	{
		if (i > 0)
			cfa_buf_addc(&items, ',');
		cfa_buf_add(&items,
					PQgetvalue(result, i, item),
					(size_t) PQgetlength(result, i, item));
	}
	if (has_next)
	{
		(void) cfa_uuid_parse(PQgetvalue(result, shown - 1, id),
							  (size_t) PQgetlength(result, shown - 1, id),
							  last.id);
		if (time >= 0)
			last.time_ms =
				strtoll(PQgetvalue(result, shown - 1, time), NULL, 10);
	}
	give_list(list, &items, has_next ? &last : NULL);
	cfa_buf_clear(&items);
}

static void
give_list(List *list, const CfaBuf *items, const CfaCursor *next)
{
	if (list->found != NULL)
		list->found(list->ctx, items);
	else
		cfa_list_answer(list->ctx, &list->query, items, next);
}

static bool
is_text(const redisReply *reply)
{
	return reply != NULL && reply->type == REDIS_REPLY_STRING;
}
