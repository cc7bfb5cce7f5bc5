/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.c
 *	  Lists of payment intents and refunds, newest first, and the search.
 *
 * Of Stripe's search language this provider knows clauses joined by AND:
 * metadata["key"]:"value", status:"value", currency:"value" and amount:number.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "call.h"
#include "memory.h"
#include "render.h"

#define LIMIT_DEFAULT 10
#define LIMIT_MAX 100
#define CLAUSES_MAX 10
#define TEXT_MAX 512

typedef struct Clause
{
	char field[16];
	char key[TEXT_MAX]; /* of metadata */
	char value[TEXT_MAX];
} Clause;

typedef struct Search
{
	Clause clauses[CLAUSES_MAX];
	size_t count;
	int64_t limit;
	size_t before;		   /* only intents at lower positions */
	const char *pledge_id; /* the value of a clause on it, or NULL */
} Search;

static bool read_limit(const CfaMockParams *params, int64_t *limit,
					   CfaMockFault *fault);
static bool read_search(const CfaMockProvider *provider, CfaMockCall *call,
						Search *search);
static json_t *collect(const CfaMockStore *store, const Search *search,
					   json_t *data);
static bool read_clauses(const char *query, Search *search);
static bool read_clause(const char **at, Clause *clause);
static bool read_word(const char **at, char *word, size_t size);
static bool read_value(const char **at, char *value, size_t size);
static bool read_and(const char **at);
static void skip_blanks(const char **at);
static bool matches(const CfaMockIntent *intent, const Search *search);
static bool clause_matches(const CfaMockIntent *intent, const Clause *clause);
static json_t *list_object(const char *kind, const char *url);

void
cfa_mock_intent_list(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"limit",
										  "starting_after",
										  "expand[",
										  NULL};
	const CfaMockStore *store = &provider->store;
	const char *after = cfa_mock_params_get(&call->params, "starting_after");
	size_t at = store->intent_count;
	int64_t limit;
	json_t *data;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!read_limit(&call->params, &limit, &call->fault))
	{
		cfa_mock_call_fault(call);
		return;
	}
	if (after != NULL)
	{
		const CfaMockIntent *intent = cfa_mock_store_intent(store, after);

		if (intent == NULL)
		{
			cfa_mock_call_missing(call,
								  "payment_intent",
								  "starting_after",
								  after);
			return;
		}
		at = intent->position;
	}
	call->body = list_object("list", "/v1/payment_intents");
	data = json_object_get(call->body, "data");
	for (; at > 0 && limit > 0; limit--)
		json_array_append_new(data,
							  cfa_mock_render_intent(store->intents[--at]));
	json_object_set_new(call->body, "has_more", json_boolean(at > 0));
}

void
cfa_mock_refund_list(CfaMockProvider *provider, CfaMockCall *call)
{
	static const char *const allowed[] = {"limit",
										  "starting_after",
										  "payment_intent",
										  "expand[",
										  NULL};
	const CfaMockStore *store = &provider->store;
	const char *after = cfa_mock_params_get(&call->params, "starting_after");
	const char *owner = cfa_mock_params_get(&call->params, "payment_intent");
	size_t at = store->refund_count;
	bool more = false;
	int64_t limit;
	json_t *data;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!read_limit(&call->params, &limit, &call->fault))
	{
		cfa_mock_call_fault(call);
		return;
	}
	if (after != NULL)
	{
		const CfaMockRefund *refund = cfa_mock_store_refund(store, after);

		if (refund == NULL)
		{
			cfa_mock_call_missing(call, "refund", "starting_after", after);
			return;
		}
		at = refund->position;
	}
	call->body = list_object("list", "/v1/refunds");
	data = json_object_get(call->body, "data");
	while (at > 0 && !more)
	{
		const CfaMockRefund *refund = store->refunds[--at];

		if (owner != NULL && strcmp(refund->intent->id, owner) != 0)
			continue;
		more = json_array_size(data) == (size_t) limit;
		if (!more)
			json_array_append_new(data, cfa_mock_render_refund(refund));
	}
	json_object_set_new(call->body, "has_more", json_boolean(more));
}

void
cfa_mock_intent_search(CfaMockProvider *provider, CfaMockCall *call)
{
	Search *search = cfa_mock_calloc(1, sizeof(*search));

	if (read_search(provider, call, search))
	{
		json_t *next;

		call->body = list_object("search_result", "/v1/payment_intents/search");
		next = collect(&provider->store,
					   search,
					   json_object_get(call->body, "data"));
		json_object_set_new(call->body,
							"has_more",
							json_boolean(!json_is_null(next)));
		json_object_set_new(call->body, "next_page", next);
	}
	else
		cfa_mock_call_fault(call);
	free(search);
}

static bool
read_limit(const CfaMockParams *params, int64_t *limit, CfaMockFault *fault)
{
	*limit = LIMIT_DEFAULT;
	if (!cfa_mock_params_integer(params, "limit", false, limit, fault))
		return false;
	if (*limit >= 1 && *limit <= LIMIT_MAX)
		return true;
	return cfa_mock_fault(fault,
						  "parameter_invalid_integer",
						  "limit",
						  "This value must be between 1 and %d.",
						  LIMIT_MAX);
}

static bool
read_search(const CfaMockProvider *provider, CfaMockCall *call, Search *search)
{
	static const char *const allowed[] = {"query",
										  "limit",
										  "page",
										  "expand[",
										  NULL};
	const char *query = cfa_mock_params_get(&call->params, "query");
	const char *page = cfa_mock_params_get(&call->params, "page");
	const CfaMockIntent *last;

	if (!cfa_mock_params_check(&call->params, allowed, &call->fault) ||
		!read_limit(&call->params, &search->limit, &call->fault))
		return false;
	if (query == NULL)
		return cfa_mock_fault(&call->fault,
							  "parameter_missing",
							  "query",
							  "Missing required param: query.");
	if (!read_clauses(query, search))
		return cfa_mock_fault(
			&call->fault,
			NULL,
			"query",
			"We were unable to parse your search query. This provider knows "
			"metadata[\"key\"]:\"value\", status, currency and amount, "
			"joined by AND.");
	search->before = provider->store.intent_count;
	if (page == NULL)
		return true;
	last = cfa_mock_store_intent(&provider->store, page);
	if (last == NULL)
		return cfa_mock_fault(&call->fault,
							  NULL,
							  "page",
							  "Invalid page: %s",
							  page);
	search->before = last->position;
	return true;
}

/*
 * Appends what matches to data and returns the new value of next_page. By
 * pledge there is an index; everything else looks at all intents.
 */
static json_t *
collect(const CfaMockStore *store, const Search *search, json_t *data)
{
	const CfaMockIntent *intent = NULL;
	const CfaMockIntent *last = NULL;

	if (search->pledge_id != NULL)
		intent = cfa_mock_store_intent_of_pledge(store, search->pledge_id);
	else if (search->before > 0)
		intent = store->intents[search->before - 1];
	while (intent != NULL)
	{
		if (intent->position < search->before && matches(intent, search))
		{
			if (json_array_size(data) == (size_t) search->limit)
				return json_string(last->id);
			json_array_append_new(data, cfa_mock_render_intent(intent));
			last = intent;
		}
		if (search->pledge_id != NULL)
			intent = intent->older;
		else if (intent->position > 0)
			intent = store->intents[intent->position - 1];
		else
			intent = NULL;
	}
	return json_null();
}

static bool
read_clauses(const char *query, Search *search)
{
	const char *at = query;

	do
	{
		Clause *clause = &search->clauses[search->count];

		if (search->count == CLAUSES_MAX || !read_clause(&at, clause))
			return false;
		if (strcmp(clause->key, "pledge_id") == 0)
			search->pledge_id = clause->value;
		search->count++;
		skip_blanks(&at);
	} while (*at != '\0' && read_and(&at));
	return *at == '\0';
}

/* name ':' value, or metadata '[' key ']' ':' value */
static bool
read_clause(const char **at, Clause *clause)
{
	static const char *const fields[] = {"amount",
										 "currency",
										 "metadata",
										 "status"};
	bool known = false;

	skip_blanks(at);
	if (!read_word(at, clause->field, sizeof(clause->field)))
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		known = known || strcmp(clause->field, fields[i]) == 0;
	if (!known)
		return false;
	if (strcmp(clause->field, "metadata") == 0)
	{
		if (*(*at)++ != '[' ||
			!read_value(at, clause->key, sizeof(clause->key)) ||
			*(*at)++ != ']')
			return false;
	}
	return *(*at)++ == ':' &&
		   read_value(at, clause->value, sizeof(clause->value));
}

static bool
read_word(const char **at, char *word, size_t size)
{
	size_t len = 0;

	while (isalnum((unsigned char) **at) || **at == '_')
	{
		if (len + 1 == size)
			return false;
		word[len++] = *(*at)++;
	}
	word[len] = '\0';
	return len > 0;
}

/* Text in single or double quotes with backslash escapes, or a bare word. */
static bool
read_value(const char **at, char *value, size_t size)
{
	char quote = **at;
	size_t len = 0;

	if (quote != '\'' && quote != '"')
		return read_word(at, value, size);
	for ((*at)++; **at != quote; (*at)++)
	{
		if (**at == '\\' && (*at)[1] != '\0')
			(*at)++;
		if (**at == '\0' || len + 1 == size)
			return false;
		value[len++] = **at;
	}
	(*at)++;
	value[len] = '\0';
	return true;
}

static bool
read_and(const char **at)
{
	if (strncasecmp(*at, "and ", 4) != 0)
		return false;
	*at += 4;
	return true;
}

static void
skip_blanks(const char **at)
{
	while (**at == ' ')
		(*at)++;
}

static bool
matches(const CfaMockIntent *intent, const Search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (!clause_matches(intent, &search->clauses[i]))
			return false;
	return true;
}

static bool
clause_matches(const CfaMockIntent *intent, const Clause *clause)
{
	char number[24];

	if (strcmp(clause->field, "metadata") == 0)
	{
		const char *value =
			cfa_mock_metadata_get(intent->metadata, clause->key);

		return value != NULL && strcmp(value, clause->value) == 0;
	}
	if (strcmp(clause->field, "status") == 0)
		return strcmp(cfa_mock_status_name(intent->status), clause->value) == 0;
	if (strcmp(clause->field, "currency") == 0)
		return strcasecmp(intent->currency, clause->value) == 0;
	(void) snprintf(number, sizeof(number), "%lld", (long long) intent->amount);
	return strcmp(number, clause->value) == 0;
}

static json_t *
list_object(const char *kind, const char *url)
{
	return json_pack(
		"{ss ss sb s[]}", "object", kind, "url", url, "has_more", 0, "data");
}
