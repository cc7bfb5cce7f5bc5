/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.h: webhook signatures in two forms.
 *
 * Stripe's (https://docs.stripe.com/webhooks):
 *   Stripe-Signature: t=<seconds>,v1=<hex HMAC-SHA-256 of "<t>.<raw body>">
 * Standard Webhooks 1.0.0 (https://www.standardwebhooks.com):
 *   webhook-id, webhook-timestamp: <seconds>,
 *   webhook-signature: v1,<base64 HMAC-SHA-256 of "<id>.<seconds>.<raw body>">
 * with any number of signatures, blanks between.
 */
#ifndef CFA_SIGNATURE_H
#define CFA_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

/* Seconds between the time stamp and now that are forgiven, unless set. */
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
	int64_t tolerance_s; /* 0: CFA_SIGNATURE_TOLERANCE_S */
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

/* --- Standard Webhooks ----------------------------------------------------- */

#define CFA_WEBHOOK_SECRET_PREFIX "whsec_"
#define CFA_WEBHOOK_SECRET_MIN 24 /* bytes */
#define CFA_WEBHOOK_SECRET_MAX 64
#define CFA_WEBHOOK_ID_MAX 255

/* Secrets of Standard Webhooks; several are active while one replaces another. */
typedef struct CfaWebhookSecrets
{
	size_t count;
	struct
	{
		uint8_t bytes[CFA_WEBHOOK_SECRET_MAX];
		size_t len;
	} secret[CFA_SIGNATURE_SECRETS_MAX];
	int64_t tolerance_s; /* 0: CFA_SIGNATURE_TOLERANCE_S */
} CfaWebhookSecrets;

/* The three headers of a message; NULL for one that is not there. */
typedef struct CfaWebhookHeaders
{
	const char *id;
	const char *timestamp;
	const char *signature;
} CfaWebhookHeaders;

/*
 * Reads a comma list of whsec_<base64 of 24 to 64 bytes>. Returns 0, or -1 if
 * there are none, too many, or one that is not of this form.
 */
int cfa_webhook_secrets_parse(const char *text, CfaWebhookSecrets *secrets);

/* Room for v1, and the base64 of a digest, and a NUL. */
#define CFA_WEBHOOK_SIGNATURE_LEN_MAX 48

/* Writes the signature by the first secret; returns its length. */
size_t cfa_webhook_make(const CfaWebhookSecrets *secrets, const char *id,
						int64_t unix_s, const void *body, size_t body_len,
						char out[CFA_WEBHOOK_SIGNATURE_LEN_MAX]);

/*
 * Checks a received message against now_s, as cfa_signature_check does. The id
 * is printable ASCII without a full stop; signatures of other versions than v1
 * are passed over.
 */
CfaSignatureResult cfa_webhook_check(const CfaWebhookSecrets *secrets,
									 const CfaWebhookHeaders *headers,
									 const void *body, size_t body_len,
									 int64_t now_s);

#endif
