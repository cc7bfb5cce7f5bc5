/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.h
 *	  Objects in the JSON shape of Stripe's API.
 */
#ifndef CFA_MOCK_RENDER_H
#define CFA_MOCK_RENDER_H

#include "store.h"

/* The API version whose shapes these are; sent in each event. */
#define CFA_MOCK_API_VERSION "2025-03-31.basil"

/* Each makes a new JSON object that the caller frees. */
json_t *cfa_mock_render_intent(const CfaMockIntent *intent);
json_t *cfa_mock_render_refund(const CfaMockRefund *refund);

/* An event about object, which it takes over. */
json_t *cfa_mock_render_event(const CfaMockEvent *event, json_t *object,
							  const char *request_id,
							  const char *idempotency_key);

/* An error; code and param may be NULL. */
json_t *cfa_mock_render_error(const char *type, const char *code,
							  const char *param, const char *message);

#endif /* CFA_MOCK_RENDER_H */
