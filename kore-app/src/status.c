/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c: the one place that says which outcome becomes which HTTP answer.
 *
 * Problem types are a closed list. docs/reference/errors.md is made from these tables, the
 * meanings of SQLSTATEs from the comments beside them (ops/docs/reference.sh).
 */
#include "status.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const CfaProblemInfo problems[CFA_PROBLEM_COUNT] = {
	[CFA_PROBLEM_BAD_REQUEST] = {"bad-request", 400, "The request is malformed", 0},
	[CFA_PROBLEM_INVALID_JSON] = {"invalid-json", 400, "The body is not the expected JSON", 0},
	[CFA_PROBLEM_INVALID_PARAMETER] = {"invalid-parameter", 400, "A query parameter is invalid", 0},
	[CFA_PROBLEM_INVALID_CURSOR] = {"invalid-cursor", 400, "The cursor is invalid", 0},
	[CFA_PROBLEM_IDEMPOTENCY_KEY_MISSING] = {"idempotency-key-missing", 400, "The Idempotency-Key header is missing", 0},
	[CFA_PROBLEM_IDEMPOTENCY_KEY_INVALID] = {"idempotency-key-invalid", 400, "The Idempotency-Key header is invalid", 0},
	[CFA_PROBLEM_SIGNATURE_INVALID] = {"signature-invalid", 400, "The signature does not fit the body", 0},
	[CFA_PROBLEM_SIGNATURE_EXPIRED] = {"signature-expired", 400, "The signature is too old or from the future", 0},
	[CFA_PROBLEM_UNAUTHORIZED] = {"unauthorized", 401, "A valid access token is required", 0},
	[CFA_PROBLEM_CREDENTIALS_INVALID] = {"credentials-invalid", 401, "The credentials are not right", 0},
	[CFA_PROBLEM_SECOND_FACTOR_REQUIRED] = {"second-factor-required", 401, "A code of the second factor is required", 0},
	[CFA_PROBLEM_SECOND_FACTOR_INVALID] = {"second-factor-invalid", 401, "The code of the second factor is not right", 0},
	[CFA_PROBLEM_FORBIDDEN] = {"forbidden", 403, "This account may not do this", 0},
	[CFA_PROBLEM_ORIGIN_REFUSED] = {"origin-refused", 403, "The origin is not allowed", 0},
	[CFA_PROBLEM_NOT_FOUND] = {"not-found", 404, "There is nothing here", 0},
	[CFA_PROBLEM_METHOD_NOT_ALLOWED] = {"method-not-allowed", 405, "The resource does not have this method", 0},
	[CFA_PROBLEM_NOT_ACCEPTABLE] = {"not-acceptable", 406, "No acceptable representation", 0},
	[CFA_PROBLEM_REQUEST_TIMEOUT] = {"request-timeout", 408, "The request did not arrive in time", 0},
	[CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING] = {"campaign-not-accepting", 409, "The campaign takes no pledges now", 0},
	[CFA_PROBLEM_LIMIT_REACHED] = {"limit-reached", 409, "A limit is reached", 0},
	[CFA_PROBLEM_LIMIT_IN_USE] = {"limit-in-use", 409, "The limit is in use", 0},
	[CFA_PROBLEM_SLUG_TAKEN] = {"slug-taken", 409, "The slug is taken", 0},
	[CFA_PROBLEM_CONFLICT] = {"conflict", 409, "The request conflicts with the present state", 0},
	[CFA_PROBLEM_REQUEST_IN_PROGRESS] = {"request-in-progress", 409, "A request with this key is still running", 1},
	[CFA_PROBLEM_ILLEGAL_TRANSITION] = {"illegal-transition", 409, "The state does not allow this", 0},
	[CFA_PROBLEM_GONE] = {"gone", 410, "It is not kept any more", 0},
	[CFA_PROBLEM_LINK_EXPIRED] = {"link-expired", 410, "The private link has expired", 0},
	[CFA_PROBLEM_LENGTH_REQUIRED] = {"length-required", 411, "A Content-Length is required", 0},
	[CFA_PROBLEM_PRECONDITION_FAILED] = {"precondition-failed", 412, "The resource has changed since it was read", 0},
	[CFA_PROBLEM_PAYLOAD_TOO_LARGE] = {"payload-too-large", 413, "The body is too large", 0},
	[CFA_PROBLEM_URI_TOO_LONG] = {"uri-too-long", 414, "The request target is too long", 0},
	[CFA_PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported-media-type", 415, "The media type is not supported", 0},
	[CFA_PROBLEM_EXPECTATION_FAILED] = {"expectation-failed", 417, "The expectation cannot be met", 0},
	[CFA_PROBLEM_VALIDATION_FAILED] = {"validation-failed", 422, "Some fields are invalid", 0},
	[CFA_PROBLEM_IDEMPOTENCY_KEY_REUSED] = {"idempotency-key-reused", 422, "The Idempotency-Key was used for another request", 0},
	[CFA_PROBLEM_REWARD_UNKNOWN] = {"reward-unknown", 422, "The campaign has no such reward", 0},
	[CFA_PROBLEM_CURRENCY_MISMATCH] = {"currency-mismatch", 422, "The campaign has another currency", 0},
	[CFA_PROBLEM_AMOUNT_OUT_OF_RANGE] = {"amount-out-of-range", 422, "The amount is out of range", 0},
	[CFA_PROBLEM_UPGRADE_REQUIRED] = {"upgrade-required", 426, "The resource is a WebSocket", 0},
	[CFA_PROBLEM_PRECONDITION_REQUIRED] = {"precondition-required", 428, "An If-Match header is required", 0},
	[CFA_PROBLEM_TOO_MANY_REQUESTS] = {"too-many-requests", 429, "Too many requests", 1},
	[CFA_PROBLEM_TOO_MANY_CONNECTIONS] = {"too-many-connections", 429, "Too many connections", 5},
	[CFA_PROBLEM_HEADERS_TOO_LARGE] = {"headers-too-large", 431, "The request headers are too large", 0},
	[CFA_PROBLEM_INTERNAL] = {"internal", 500, "The server failed", 0},
	[CFA_PROBLEM_NOT_IMPLEMENTED] = {"not-implemented", 501, "The method is not implemented", 0},
	[CFA_PROBLEM_OVERLOADED] = {"overloaded", 503, "The server is overloaded", 1},
	[CFA_PROBLEM_UNAVAILABLE] = {"unavailable", 503, "The service is not available for the moment", 2},
	[CFA_PROBLEM_TIMEOUT] = {"timeout", 503, "The database did not answer in time", 2},
	[CFA_PROBLEM_HTTP_VERSION] = {"http-version-not-supported", 505, "The HTTP version is not supported", 0},
};

/* The first prefix that fits decides, so exact codes stand first. */
static const struct
{
	const char *prefix;
	CfaProblem problem;
	bool is_retryable;
} sqlstates[] = {
	{"PL001", CFA_PROBLEM_LIMIT_REACHED, false}, /* a limit is reached */
	{"PL002", CFA_PROBLEM_ILLEGAL_TRANSITION, false}, /* a transition is not in the life cycle */
	{"PL003", CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING, false}, /* the campaign takes no pledges */
	{"PL004", CFA_PROBLEM_IDEMPOTENCY_KEY_REUSED, false}, /* an idempotency key was used for another request */
	{"PL005", CFA_PROBLEM_NOT_FOUND, false}, /* what is named does not exist, or does not belong together */
	{"PL006", CFA_PROBLEM_CONFLICT, false}, /* a row of an append-only or protected table is changed or deleted */
	{"PL007", CFA_PROBLEM_LIMIT_IN_USE, false}, /* a capacity is lowered below its use */
	{"PL008", CFA_PROBLEM_AMOUNT_OUT_OF_RANGE, false}, /* an amount is out of range or a currency unknown */
	{"PL010", CFA_PROBLEM_FORBIDDEN, false}, /* the account may not do this */
	{"PL011", CFA_PROBLEM_UNAUTHORIZED, false}, /* the session has ended, or the account is disabled */
	{"PL012", CFA_PROBLEM_PRECONDITION_FAILED, false}, /* the row has changed since the version that was named */
	{"PL013", CFA_PROBLEM_VALIDATION_FAILED, false}, /* fields are invalid; DETAIL is a JSON object with `errors` */
	{"PL020", CFA_PROBLEM_SLUG_TAKEN, false}, /* a campaign's slug is taken */
	{"PL030", CFA_PROBLEM_INVALID_PARAMETER, false}, /* a parameter of a query is invalid, such as an unknown time zone */
	{"PL031", CFA_PROBLEM_CONFLICT, false}, /* what is asked for is under way already */
	{"PL032", CFA_PROBLEM_GONE, false}, /* a file is not kept any more */
	{"PL033", CFA_PROBLEM_LINK_EXPIRED, false}, /* the private link of a pledge has expired; DETAIL is a JSON object with `expired_at` and `has_account` */
	{"PL", CFA_PROBLEM_CONFLICT, false}, /* another one of ours */
	{"23505", CFA_PROBLEM_CONFLICT, false}, /* a value that must be unique is there already */
	{"23503", CFA_PROBLEM_CONFLICT, false}, /* a row that is named does not exist, or is still needed */
	{"23", CFA_PROBLEM_VALIDATION_FAILED, false}, /* another constraint is violated */
	{"22", CFA_PROBLEM_VALIDATION_FAILED, false}, /* a value is refused */
	{"40001", CFA_PROBLEM_UNAVAILABLE, true}, /* a serialization failure */
	{"40P01", CFA_PROBLEM_UNAVAILABLE, true}, /* a deadlock */
	{"0A000", CFA_PROBLEM_UNAVAILABLE, true}, /* PREPARE TRANSACTION with reservations; also a kept plan that went stale */
	{"26000", CFA_PROBLEM_UNAVAILABLE, true}, /* a prepared statement is gone */
	{"25006", CFA_PROBLEM_UNAVAILABLE, false}, /* the database is read-only: a standby */
	{"55000", CFA_PROBLEM_UNAVAILABLE, false}, /* the extension is not in shared_preload_libraries, or its library is older than the SQL: restart the server */
	{"42", CFA_PROBLEM_UNAVAILABLE, false}, /* schema, right or function is missing */
	{"3D", CFA_PROBLEM_UNAVAILABLE, false}, /* there is no such database */
	{"3F", CFA_PROBLEM_UNAVAILABLE, false}, /* there is no such schema */
	{"28", CFA_PROBLEM_UNAVAILABLE, false}, /* the log-in is refused */
	{"53", CFA_PROBLEM_UNAVAILABLE, false}, /* disk, memory or connections are used up */
	{"55", CFA_PROBLEM_UNAVAILABLE, true}, /* a lock is held by somebody else */
	{"57014", CFA_PROBLEM_TIMEOUT, false}, /* a statement took longer than 3 s */
	{"57", CFA_PROBLEM_UNAVAILABLE, true}, /* the server stops or starts */
	{"58", CFA_PROBLEM_UNAVAILABLE, false}, /* the system failed, such as an input or output error */
	{"08", CFA_PROBLEM_UNAVAILABLE, true}, /* the connection is lost */
};

static const struct
{
	int status;
	const char *text;
} texts[] = {
	{100, "Continue"}, {101, "Switching Protocols"}, {200, "OK"},
	{201, "Created"}, {202, "Accepted"}, {204, "No Content"},
	{304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"},
	{402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"},
	{405, "Method Not Allowed"}, {406, "Not Acceptable"},
	{408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
	{411, "Length Required"}, {412, "Precondition Failed"},
	{413, "Content Too Large"}, {414, "URI Too Long"},
	{415, "Unsupported Media Type"}, {417, "Expectation Failed"},
	{422, "Unprocessable Content"}, {426, "Upgrade Required"},
	{428, "Precondition Required"}, {429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"}, {499, "Client Closed Request"},
	{500, "Internal Server Error"}, {501, "Not Implemented"},
	{502, "Bad Gateway"}, {503, "Service Unavailable"},
	{504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
};
/* clang-format on */

static int find_sqlstate(const char *sqlstate);

const CfaProblemInfo *
cfa_problem_info(CfaProblem problem)
{
	if ((unsigned) problem >= CFA_PROBLEM_COUNT)
		problem = CFA_PROBLEM_INTERNAL;
	return &problems[problem];
}

CfaProblem
cfa_problem_of_sqlstate(const char *sqlstate)
{
	int i = find_sqlstate(sqlstate);

	return i < 0 ? CFA_PROBLEM_INTERNAL : sqlstates[i].problem;
}

bool
cfa_sqlstate_is_retryable(const char *sqlstate)
{
	int i = find_sqlstate(sqlstate);

	return i >= 0 && sqlstates[i].is_retryable;
}

const char *
cfa_status_text(int status)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "";
}

static int
find_sqlstate(const char *sqlstate)
{
	size_t i;

	if (sqlstate == NULL)
		return -1;
	for (i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
	{
		if (strncmp(sqlstate,
					sqlstates[i].prefix,
					strlen(sqlstates[i].prefix)) == 0)
			return (int) i;
	}
	return -1;
}
