/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PLEDGE_REQUEST_H
#define CFA_APP_PLEDGE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "status.h"

#define CFA_PLEDGE_QUANTITY_MAX 1000
#define CFA_PLEDGE_BODY_MAX 16384

/* The body of POST /api/v1/campaigns/{id}/pledges; texts are in the arena. */
typedef struct CfaPledgeRequest
{
	int64_t amount_minor;
	char currency[4];
	bool
		covers_fee; /* then amount_minor is the gift, and the fee comes on top */
	const char *donor_name;
	const char *donor_email;
	bool has_reward;
	uint8_t reward_id[16];
	bool has_quantity;
	int32_t quantity;
	const char *display;
	const char *message;
	const char *news; /* the consent to news as JSON; NULL: none is given */
	uint8_t fingerprint[32]; /* SHA-256 of the body in canonical form */
} CfaPledgeRequest;

/*
 * Reads and checks a body. Returns true, or false with the problem, a sentence,
 * and for validation-failed its errors member (JSON text in the arena).
 */
bool cfa_pledge_request_read(const void *body, size_t len, CfaArena *arena,
							 CfaPledgeRequest *out, CfaProblem *problem,
							 const char **detail, const char **members);

#endif
