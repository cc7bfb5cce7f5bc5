/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.h: webhook signatures in Stripe's form (https://docs.stripe.com/webhooks):
 * Stripe-Signature: t=<seconds>,v1=<hex HMAC-SHA-256 of "<t>.<raw body>">
 */
#ifndef CFA_SIGNATURE_H
#define CFA_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

/* Seconds between the time stamp and now that are forgiven. */
#define CFA_SIGNATURE_TOLERANCE_S 300
#define CFA_SIGNATURE_HEADER_MAX 1024
#define CFA_SIGNATURE_SECRETS_MAX 8

typedef enum CfaSignatureResult
{
	CFA_SIGNATURE_OK,
	CFA_SIGNATURE_MALFORMED, /* header missing, too long or not of the form */
	CFA_SIGNATURE_FORGED,	 /* no signature fits any secret */
	CFA_SIGNATURE_EXPIRED	 /* right, but made too long ago or in the future */
} CfaSignatureResult;

/* Several secrets are active while one replaces another. Borrowed texts. */
typedef struct CfaSecrets
{
	size_t count;
	const char *secret[CFA_SIGNATURE_SECRETS_MAX];
} CfaSecrets;

/*
 * Cuts a comma list in place into secrets, which point into text. Returns 0, or -1
 * if there are none, too many, or an empty one.
 */
int cfa_secrets_parse(char *text, CfaSecrets *secrets);

/* Room for t=<20 digits>,v1=<64 hex> and a NUL. */
#define CFA_SIGNATURE_LEN_MAX 96

/* Writes the header value for a body signed at unix_s; returns its length. */
size_t cfa_signature_make(const char *secret, int64_t unix_s, const void *body,
						  size_t body_len, char out[CFA_SIGNATURE_LEN_MAX]);

/*
 * Checks the header of a received body against now_s. Signatures are compared in
 * constant time, and before the time stamp is judged, so that a forged header
 * learns nothing.
 */
CfaSignatureResult cfa_signature_check(const CfaSecrets *secrets,
									   const char *header, size_t header_len,
									   const void *body, size_t body_len,
									   int64_t now_s);

#endif
