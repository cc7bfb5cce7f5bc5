/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhooks.h
 *	  Which event is to be delivered when, and what becomes of it after an
 *	  attempt. Who makes the HTTP request is not said here.
 */
#ifndef CFA_MOCK_WEBHOOKS_H
#define CFA_MOCK_WEBHOOKS_H

#include "provider.h"

/*
 * The next event to deliver now, marked as in flight, or NULL. Call until it
 * returns NULL; each event taken must be given back once, by
 * cfa_mock_webhooks_done.
 */
CfaMockEvent *cfa_mock_webhooks_take(CfaMockProvider *provider, int64_t now_ms);

/*
 * Tells how an attempt went: the status of the answer, or 0 if there was none.
 * The event may be freed by this.
 */
void cfa_mock_webhooks_done(CfaMockProvider *provider, CfaMockEvent *event,
							int http_status, int64_t now_ms);

/* When an event is due next, or -1: nothing waits, or all is under way. */
int64_t cfa_mock_webhooks_due(const CfaMockProvider *provider);

/*
 * Puts every event that is neither held nor in flight into the heap anew, by
 * its due_ms and its age: after a replay, or after many of them changed.
 */
void cfa_mock_webhooks_plan(CfaMockProvider *provider);

/* Lets go what hold kept back, as after PUT /mock/config {"hold":false}. */
void cfa_mock_webhooks_unhold(CfaMockProvider *provider);

#endif /* CFA_MOCK_WEBHOOKS_H */
