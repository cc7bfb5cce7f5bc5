/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_seen.h - which events the read model already holds.
 *
 * Two exact answers that need no memory for each event: a database snapshot says
 * which transactions were in the last rebuild, and a set of ranges of outbox ids
 * says which events came after it. Ids are drawn without gaps but commit out of
 * order, so the set is nearly always one range.
 */
#ifndef CFA_PROJECTOR_SEEN_H
#define CFA_PROJECTOR_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_SEEN_RANGES_MAX 256
#define CFA_SNAPSHOT_XIDS_MAX 65536

/* A pg_snapshot: what was visible when the read model was rebuilt. */
typedef struct CfaSnapshot
{
	uint64_t xmin;
	uint64_t xmax;
	uint64_t *xip; /* ascending; owned */
	size_t xip_count;
} CfaSnapshot;

/* Parses "xmin:xmax:xid,xid,..."; 0 is ok. Clear it afterwards in any case. */
int cfa_snapshot_parse(CfaSnapshot *snapshot, const char *text);
void cfa_snapshot_clear(CfaSnapshot *snapshot);

/* Whether a committed transaction was visible in the snapshot. */
bool cfa_snapshot_sees(const CfaSnapshot *snapshot, uint64_t xid);

typedef struct CfaSeenRange
{
	int64_t first;
	int64_t last;
} CfaSeenRange;

typedef struct CfaSeen
{
	int64_t floor; /* ids below it were forgotten */
	size_t count;
	CfaSeenRange ranges[CFA_SEEN_RANGES_MAX]; /* ascending, never adjacent */
} CfaSeen;

typedef enum CfaSeenAnswer
{
	CFA_SEEN_NEW,
	CFA_SEEN_BEFORE,
	CFA_SEEN_UNSURE /* below the floor: only a rebuild can tell */
} CfaSeenAnswer;

void cfa_seen_init(CfaSeen *seen);

/* Adds an id and says whether it was there. CFA_SEEN_UNSURE adds nothing. */
CfaSeenAnswer cfa_seen_add(CfaSeen *seen, int64_t id);

/* Text form "floor;first-last,first-last" for the store; the caller frees. */
char *cfa_seen_format(const CfaSeen *seen);
int cfa_seen_parse(CfaSeen *seen, const char *text);

#endif
