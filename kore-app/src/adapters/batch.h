/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_BATCH_H
#define CFA_APP_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "adapters/pg.h"
#include "core/scope.h"

#define CFA_BATCH_MAX 64
#define CFA_BATCH_QUEUE_MAX 4000

struct CfaBuf;

/* First member of whatever is sent in batches. */
typedef struct CfaBatchItem
{
	TAILQ_ENTRY(CfaBatchItem) entry;
	uint64_t queued_ms;
	uint64_t queued_us;
	CfaScope scope; /* of the request */
	unsigned attempts;
	bool is_alone; /* to be sent by itself: its last batch failed */
} CfaBatchItem;

/*
 * A kind of call that takes many items. All its items are idempotent: after a
 * lost connection they are sent again.
 */
typedef struct CfaBatchKind
{
	CfaPgStatement statement;
	unsigned meter; /* histogram of sizes */
	int param_count;
	/* Writes array parameter number param over the items. */
	void (*encode)(int param, CfaBatchItem **items, int count,
				   struct CfaBuf *out);
	/* Takes row (whose first column is the item's number from 1). */
	void (*deliver)(CfaBatchItem *item, const PGresult *result, int row);
	void (*fail)(CfaBatchItem *item, const char *sqlstate);
} CfaBatchKind;

typedef struct CfaBatch
{
	const CfaBatchKind *kind;
	TAILQ_HEAD(, CfaBatchItem) queue;
	unsigned length;
	unsigned calls;			  /* under way */
	uint64_t gather_until_ms; /* no call begins before; 0 is none */
	bool is_gathering;		  /* the timer for that is set */
} CfaBatch;

void cfa_batch_init(CfaBatch *batch, const CfaBatchKind *kind);

/*
 * Adds an item, to be sent by cfa_batch_pump with all that wait by then. False if
 * too many wait.
 */
bool cfa_batch_add(CfaBatch *batch, CfaBatchItem *item);

/* Sends what waits, as far as connections are idle. */
void cfa_batch_pump(CfaBatch *batch);

/* Fails items that waited too long for a connection. */
void cfa_batch_expire(CfaBatch *batch, uint64_t now_ms);

#endif
