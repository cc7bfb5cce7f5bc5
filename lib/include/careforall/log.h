/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one JSON object per line on standard error.
 *
 * Keys of each line: ts (RFC 3339, UTC, ms), level, service, pid, event, then the
 * fields given. event is a steady snake_case name, never a sentence with values in
 * it. Never log connection strings, secrets, tokens, names or e-mail addresses.
 */
#ifndef CFA_LOG_H
#define CFA_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum CfaLogLevel
{
	CFA_LOG_DEBUG,
	CFA_LOG_INFO,
	CFA_LOG_WARN,
	CFA_LOG_ERROR
} CfaLogLevel;

typedef enum CfaLogType
{
	CFA_LOG_END,
	CFA_LOG_TEXT,
	CFA_LOG_INTEGER,
	CFA_LOG_REAL,
	CFA_LOG_FLAG
} CfaLogType;

/* A field of a line. Text is borrowed for the call; NULL text is left out. */
typedef struct CfaLogField
{
	const char *key;
	CfaLogType type;
	union
	{
		const char *text;
		int64_t integer;
		double real;
		bool flag;
	} value;
} CfaLogField;

#define CFA_STR(k, v) ((CfaLogField){(k), CFA_LOG_TEXT, {.text = (v)}})
#define CFA_INT(k, v) \
	((CfaLogField){(k), CFA_LOG_INTEGER, {.integer = (int64_t) (v)}})
#define CFA_REAL(k, v) ((CfaLogField){(k), CFA_LOG_REAL, {.real = (v)}})
#define CFA_FLAG(k, v) ((CfaLogField){(k), CFA_LOG_FLAG, {.flag = (v)}})

/* cfa_log(CFA_LOG_INFO, "batch_published", CFA_INT("rows", n), ...) */
#define cfa_log(level, ...) \
	cfa_log_fields(level, CFA_LOG_ARGS(__VA_ARGS__, ((CfaLogField){0})))
#define CFA_LOG_ARGS(event, ...) \
	event, (const CfaLogField[]) \
	{                            \
		__VA_ARGS__              \
	}

/* Longest line; what is longer loses fields and gains "truncated":true. */
#define CFA_LOG_LINE_MAX 8192

/* Names the service (borrowed for the life of the process) and the lowest level. */
void cfa_log_init(const char *service, CfaLogLevel level);
void cfa_log_set_level(CfaLogLevel level);

/* Where lines go; 2 (standard error) unless set. */
void cfa_log_set_fd(int fd);

/*
 * Makes standard error the end of this file (borrowed for ever), made if it is not
 * there; "" leaves it as it is. Lines of libraries go there too. False: errno says why.
 */
bool cfa_log_open(const char *path);

/*
 * At HUP: opens the file again, which somebody may have moved away, and reads
 * CAREFORALL_LOG_LEVEL again. What cannot be done stays as it was, and is logged.
 */
void cfa_log_reload(void);

/* "debug", "info", "warn" or "error". */
bool cfa_log_level_parse(const char *text, CfaLogLevel *level);

/*
 * Writes one line with one write(2), from any thread; fields end with type
 * CFA_LOG_END. Call it through cfa_log().
 */
void cfa_log_fields(CfaLogLevel level, const char *event,
					const CfaLogField *fields);

#endif
