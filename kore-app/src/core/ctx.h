/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_CTX_H
#define CFA_APP_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <careforall/text.h>
#include <careforall/trace.h>

#include "core/address.h"
#include "core/arena.h"
#include "core/router.h"
#include "core/scope.h"
#include "status.h"

#define CFA_REQUEST_ID_MAX 64
#define CFA_RESPONSE_HEADERS_MAX 16
#define CFA_REQUEST_TIMEOUT_MS 5000

struct http_request;

typedef enum CfaRole
{
	CFA_ROLE_DONOR,
	CFA_ROLE_OWNER,
	CFA_ROLE_ADMIN
} CfaRole;

/* Who sent a request, as its access token and the database say. */
typedef struct CfaPrincipal
{
	bool is_known; /* else a guest, and the rest is empty */
	CfaRole role;
	char account_id[CFA_UUID_TEXT_LEN + 1];
	char session_id[CFA_UUID_TEXT_LEN + 1];
} CfaPrincipal;

typedef struct CfaHeader
{
	const char *name;
	const char *value;
} CfaHeader;

/*
 * One request from its first byte to its answer, and beyond it for as long as
 * work that was started for it goes on. The client can go away at any time:
 * req is NULL from then on and answers go nowhere.
 */
typedef struct CfaCtx
{
	struct http_request *req;
	const CfaRoute *route; /* NULL when nothing matched */
	CfaMatch match;
	CfaMethod method;
	CfaSurface surface;
	uint64_t start_us;
	uint64_t deadline_ms;
	char request_id[CFA_REQUEST_ID_MAX + 1];
	char traceparent[CFA_TRACEPARENT_LEN + 1];
	CfaScope scope;		  /* of its own span */
	uint8_t parent_id[8]; /* of the caller's span; zero: none */
	bool has_link;
	CfaTrace link;			  /* another trace that has to do with it */
	const char *trace_state;  /* as it came, or NULL */
	const char *trace_pledge; /* id of the pledge it is about, or NULL */
	CfaAddress address;		  /* of the client, for limits only */
	char client[CFA_ADDRESS_TEXT_MAX + 1]; /* the same as text */
	const char *origin; /* the allowed Origin to answer to, or NULL */
	CfaPrincipal principal;
	unsigned step;				 /* of cfa_app.steps, the next one */
	struct CfaLimitCheck *limit; /* what it was counted against, newest first */
	void (*on_end)(struct CfaCtx *ctx); /* all work for it is over; or NULL */

	/* The answer. */
	int status;
	const char *content_type;
	const char *cache_control;
	const char *body; /* in the arena or static */
	size_t body_len;
	CfaHeader headers[CFA_RESPONSE_HEADERS_MAX];
	unsigned header_count;
	const char *problem;		 /* slug, NULL if the answer is none */
	const char *problem_members; /* further JSON members: ,"a":1 */

	bool is_embeddable; /* other sites may frame or show the answer */
	bool is_answered;	/* the answer is set; no other may follow */
	bool is_sent;
	bool is_asleep;
	bool is_waiting;	  /* in the list of those with a deadline */
	bool has_no_deadline; /* set by a handler that answers late on purpose */
	bool is_last; /* the connection ends with this answer, which is streamed */
	int refs;
	TAILQ_ENTRY(CfaCtx) waiting;
	void *data; /* the handler's own, in the arena */
	CfaArena arena;
} CfaCtx;

/* --- For handlers: the request ------------------------------------------- */

const char *cfa_ctx_param(const CfaCtx *ctx, const char *name);

/* First value of a header, or NULL. */
const char *cfa_ctx_header(const CfaCtx *ctx, const char *name);
unsigned cfa_ctx_header_count(const CfaCtx *ctx, const char *name);

/*
 * Value of a query parameter, decoded, in the arena. NULL if it is absent.
 * *is_bad is set (never cleared) if it is broken or given twice.
 */
const char *cfa_ctx_query(CfaCtx *ctx, const char *name, bool *is_bad);

/* The query string as sent, "" if there is none. */
const char *cfa_ctx_query_string(const CfaCtx *ctx);
const char *cfa_ctx_path(const CfaCtx *ctx);

/* The body; not NUL-terminated; gone when the client is. */
const uint8_t *cfa_ctx_body(const CfaCtx *ctx, size_t *len);

/* --- For handlers: the answer -------------------------------------------- */

/* Adds a header; name and value must outlive the request (arena or static). */
void cfa_answer_header(CfaCtx *ctx, const char *name, const char *value);

/*
 * Answers. The body is not copied: it is static or in ctx->arena. A handler
 * answers exactly once, at once or later from a callback.
 */
void cfa_answer(CfaCtx *ctx, int status, const char *content_type,
				const char *body, size_t len);

/* The same with a copy of the body. */
void cfa_answer_copy(CfaCtx *ctx, int status, const char *content_type,
					 const char *body, size_t len);

void cfa_answer_empty(CfaCtx *ctx, int status);

/* Answers with problem+json; detail may be NULL and is shown to the client. */
void cfa_answer_problem(CfaCtx *ctx, CfaProblem problem, const char *format,
						...) __attribute__((format(printf, 3, 4)));

/*
 * The same with further members: members is JSON text such as ,"reason":"ended"
 */
void cfa_answer_problem_with(CfaCtx *ctx, CfaProblem problem,
							 const char *members, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A handler that answers later holds the context once for each callback that is
 * to come, and the callback lets go of it.
 */
void cfa_ctx_hold(CfaCtx *ctx);
void cfa_ctx_release(CfaCtx *ctx);

/* --- For the core --------------------------------------------------------- */

CfaCtx *cfa_ctx_new(struct http_request *req);

/* Puts a context that was not answered under the request deadline. */
void cfa_ctx_wait(CfaCtx *ctx);

/* Takes a context off that deadline: its answer goes out piece by piece. */
void cfa_ctx_no_deadline(CfaCtx *ctx);

/* Answers 504 to contexts whose deadline has passed. */
void cfa_ctx_tick(uint64_t now_ms);

/* Builds a problem document; members as above or NULL. */
char *cfa_problem_json(CfaArena *arena, const CfaProblemInfo *info,
					   const char *detail, const char *request_id,
					   const char *members);

/* The text before "#slug" in problem types; set once at start. */
void cfa_problem_base_set(const char *base);

/* Requests that wait for a back end in this worker. */
unsigned cfa_ctx_waiting_count(void);

#endif
