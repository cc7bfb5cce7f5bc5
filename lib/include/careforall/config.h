/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: settings from the environment.
 *
 * A setting X is read from CAREFORALL_X, or from the file that CAREFORALL_X_FILE
 * names (one trailing newline is cut); one of OpenTelemetry, OTEL_X, from its own
 * name. One table drives reading, checking, --help
 * and the documentation, so that these cannot differ.
 */
#ifndef CFA_CONFIG_H
#define CFA_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum CfaConfigType
{
	CFA_CONFIG_TEXT,	 /* target: char * */
	CFA_CONFIG_SECRET,	 /* target: char *; its value is never shown */
	CFA_CONFIG_INTEGER,	 /* target: int64_t, between min and max */
	CFA_CONFIG_DURATION, /* target: int64_t in ms; text 250ms 5s 10min 2h 7d */
	CFA_CONFIG_REAL,	 /* target: double, between min and max */
	CFA_CONFIG_FLAG		 /* target: bool; text on or off */
} CfaConfigType;

typedef struct CfaConfigItem
{
	const char *name; /* without CAREFORALL_; with OTEL_ */
	CfaConfigType type;
	void *target;
	const char *default_text; /* NULL: the setting must be given */
	int64_t min;			  /* numbers and durations only */
	int64_t max;
	const char *help; /* one sentence, with the unit */
} CfaConfigItem;

/* Longest value, of a variable as of a file. */
#define CFA_CONFIG_VALUE_MAX 65536

/*
 * Reads all settings into their targets. Returns 0, or -1 with a sentence for the
 * operator in error. Texts are allocated and belong to the caller
 * (cfa_config_clear frees them); targets must be zero or of an earlier load.
 */
int cfa_config_load(const CfaConfigItem *items, size_t count, char *error,
					size_t error_size);

/* Frees the texts (secrets are wiped first) and sets them to NULL. */
void cfa_config_clear(const CfaConfigItem *items, size_t count);

/* Lists each setting with its default and help, for --help. */
void cfa_config_help(FILE *out, const CfaConfigItem *items, size_t count);

/* Lists each setting with its value in force, for --check-config. */
void cfa_config_show(FILE *out, const CfaConfigItem *items, size_t count);

/*
 * Reads a time such as 250ms, 5s, 10min, 2h or 7d as milliseconds. False if it is
 * anything else.
 */
bool cfa_config_duration(const char *text, int64_t *out_ms);

/*
 * Splits "127.0.0.1:8081" or "[::1]:8081" into host and port. Returns false if it
 * is neither or the host does not fit.
 */
bool cfa_config_address(const char *text, char *host, size_t host_size,
						uint16_t *port);

#endif
