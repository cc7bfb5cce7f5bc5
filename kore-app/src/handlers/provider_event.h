/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PROVIDER_EVENT_H
#define CFA_APP_PROVIDER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

#define CFA_PROVIDER_EVENT_MAX 65536
#define CFA_PROVIDER_EVENT_ID_MAX 255

/* A provider's event as payment_event_apply takes it; texts in the arena. */
typedef struct CfaProviderEvent
{
	const char *event_id; /* NULL if the body has none */
	const char *kind;
	const char *payment_id; /* NULL if none */
	bool has_pledge;
	uint8_t pledge_id[16];
	bool has_refund;
	uint8_t refund_id[16];
	bool has_amount;
	int64_t amount_minor;
	const char *currency; /* capital letters; NULL if none */
	const char *reason;	  /* short code; NULL if none */
	const char *traceparent;
} CfaProviderEvent;

/*
 * Reads an event of Stripe's form. False with a sentence if it is not one; an
 * event of a type that is of no concern has the kind "other".
 */
bool cfa_provider_event_read(const void *body, size_t len, CfaArena *arena,
							 CfaProviderEvent *out, const char **detail);

#endif
