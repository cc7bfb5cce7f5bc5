/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_STATUS_H
#define CFA_APP_STATUS_H

#include <stdbool.h>

/* Every problem type that leaves the API; docs/errors.md explains each. */
typedef enum CfaProblem
{
	CFA_PROBLEM_BAD_REQUEST,
	CFA_PROBLEM_INVALID_JSON,
	CFA_PROBLEM_INVALID_PARAMETER,
	CFA_PROBLEM_INVALID_CURSOR,
	CFA_PROBLEM_IDEMPOTENCY_KEY_MISSING,
	CFA_PROBLEM_IDEMPOTENCY_KEY_INVALID,
	CFA_PROBLEM_SIGNATURE_INVALID,
	CFA_PROBLEM_SIGNATURE_EXPIRED,
	CFA_PROBLEM_ORIGIN_REFUSED,
	CFA_PROBLEM_NOT_FOUND,
	CFA_PROBLEM_METHOD_NOT_ALLOWED,
	CFA_PROBLEM_NOT_ACCEPTABLE,
	CFA_PROBLEM_REQUEST_TIMEOUT,
	CFA_PROBLEM_CAMPAIGN_NOT_ACCEPTING,
	CFA_PROBLEM_LIMIT_REACHED,
	CFA_PROBLEM_CONFLICT,
	CFA_PROBLEM_REQUEST_IN_PROGRESS,
	CFA_PROBLEM_LENGTH_REQUIRED,
	CFA_PROBLEM_PAYLOAD_TOO_LARGE,
	CFA_PROBLEM_URI_TOO_LONG,
	CFA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	CFA_PROBLEM_EXPECTATION_FAILED,
	CFA_PROBLEM_VALIDATION_FAILED,
	CFA_PROBLEM_IDEMPOTENCY_KEY_REUSED,
	CFA_PROBLEM_REWARD_UNKNOWN,
	CFA_PROBLEM_CURRENCY_MISMATCH,
	CFA_PROBLEM_AMOUNT_OUT_OF_RANGE,
	CFA_PROBLEM_UPGRADE_REQUIRED,
	CFA_PROBLEM_TOO_MANY_REQUESTS,
	CFA_PROBLEM_HEADERS_TOO_LARGE,
	CFA_PROBLEM_INTERNAL,
	CFA_PROBLEM_NOT_IMPLEMENTED,
	CFA_PROBLEM_OVERLOADED,
	CFA_PROBLEM_UNAVAILABLE,
	CFA_PROBLEM_TIMEOUT,
	CFA_PROBLEM_HTTP_VERSION,
	CFA_PROBLEM_COUNT
} CfaProblem;

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as tables read */
typedef struct CfaProblemInfo
{
	const char *slug;
	int status;
	const char *title;
	int retry_after_s; /* 0: no Retry-After */
} CfaProblemInfo;

/* Never NULL. */
const CfaProblemInfo *cfa_problem_info(CfaProblem problem);

/* The problem that an SQLSTATE (five characters, or NULL) answers with. */
CfaProblem cfa_problem_of_sqlstate(const char *sqlstate);

/* Whether the same statement may succeed when it is sent again. */
bool cfa_sqlstate_is_retryable(const char *sqlstate);

/* The reason phrase of a status code; "" for an unknown one. */
const char *cfa_status_text(int status);

#endif
