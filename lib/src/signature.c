/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.c: makes and checks webhook signatures.
 */
#include "careforall/signature.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "careforall/text.h"

#define MAC_LEN crypto_auth_hmacsha256_BYTES
#define V1_MAX 8

typedef struct Parsed
{
	int64_t unix_s;
	char stamp[24];
	size_t count;
	uint8_t v1[V1_MAX][MAC_LEN];
} Parsed;

static bool parse_header(const char *header, size_t len, Parsed *parsed);
static bool parse_part(const char *part, size_t len, Parsed *parsed);
static bool is_timely(int64_t unix_s, int64_t tolerance_s, int64_t now_s);
static bool parse_message(const CfaWebhookHeaders *headers, Parsed *parsed);
static bool parse_signatures(const char *text, Parsed *parsed);
static void message_mac(const CfaWebhookSecrets *secrets, size_t i,
						const char *id, const char *stamp, const void *body,
						size_t body_len, uint8_t out[MAC_LEN]);
static void mac(const char *secret, const char *stamp, const void *body,
				size_t body_len, uint8_t out[MAC_LEN]);

int
cfa_secrets_parse(char *text, CfaSecrets *secrets)
{
	*secrets = (CfaSecrets){0};
	for (;;)
	{
		size_t len = strcspn(text, ",");
		bool is_last = text[len] == '\0';

		if (len == 0 || secrets->count == CFA_SIGNATURE_SECRETS_MAX)
			return -1;
		text[len] = '\0';
		secrets->secret[secrets->count++] = text;
		if (is_last)
			return 0;
		text += len + 1;
	}
}

size_t
cfa_signature_make(const char *secret, int64_t unix_s, const void *body,
				   size_t body_len, char out[CFA_SIGNATURE_LEN_MAX])
{
	uint8_t digest[MAC_LEN];
	char hex[MAC_LEN * 2 + 1];
	char stamp[24];
	int len;

	(void) snprintf(stamp, sizeof(stamp), "%lld", (long long) unix_s);
	mac(secret, stamp, body, body_len, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	len = snprintf(out, CFA_SIGNATURE_LEN_MAX, "t=%s,v1=%s", stamp, hex);
	return (size_t) len;
}

CfaSignatureResult
cfa_signature_check(const CfaSecrets *secrets, const char *header,
					size_t header_len, const void *body, size_t body_len,
					int64_t now_s)
{
	Parsed parsed;
	bool is_right = false;
	size_t i;
	size_t j;

	if (!parse_header(header, header_len, &parsed))
		return CFA_SIGNATURE_MALFORMED;
	for (i = 0; i < secrets->count; i++)
	{
		uint8_t digest[MAC_LEN];

		mac(secrets->secret[i], parsed.stamp, body, body_len, digest);
		for (j = 0; j < parsed.count; j++)
			is_right |= sodium_memcmp(digest, parsed.v1[j], MAC_LEN) == 0;
	}
	if (!is_right)
		return CFA_SIGNATURE_FORGED;
	return is_timely(parsed.unix_s, secrets->tolerance_s, now_s)
			   ? CFA_SIGNATURE_OK
			   : CFA_SIGNATURE_EXPIRED;
}

int
cfa_webhook_secrets_parse(const char *text, CfaWebhookSecrets *secrets)
{
	size_t prefix = sizeof(CFA_WEBHOOK_SECRET_PREFIX) - 1;

	*secrets = (CfaWebhookSecrets){0};
	for (;;)
	{
		size_t len = strcspn(text, ",");
		size_t i = secrets->count;

		if (i == CFA_SIGNATURE_SECRETS_MAX || len <= prefix ||
			memcmp(text, CFA_WEBHOOK_SECRET_PREFIX, prefix) != 0 ||
			!cfa_base64_decode(text + prefix,
							   len - prefix,
							   false,
							   secrets->secret[i].bytes,
							   sizeof(secrets->secret[i].bytes),
							   &secrets->secret[i].len) ||
			secrets->secret[i].len < CFA_WEBHOOK_SECRET_MIN)
			return -1;
		secrets->count++;
		text += len;
		if (*text == '\0')
			return 0;
		text++;
	}
}

size_t
cfa_webhook_make(const CfaWebhookSecrets *secrets, const char *id,
				 int64_t unix_s, const void *body, size_t body_len,
				 char out[CFA_WEBHOOK_SIGNATURE_LEN_MAX])
{
	uint8_t digest[MAC_LEN];
	char stamp[24];

	(void) snprintf(stamp, sizeof(stamp), "%lld", (long long) unix_s);
	message_mac(secrets, 0, id, stamp, body, body_len, digest);
	memcpy(out, "v1,", 3);
	(void) sodium_bin2base64(out + 3,
							 CFA_WEBHOOK_SIGNATURE_LEN_MAX - 3,
							 digest,
							 sizeof(digest),
							 sodium_base64_VARIANT_ORIGINAL);
	return strlen(out);
}

CfaSignatureResult
cfa_webhook_check(const CfaWebhookSecrets *secrets,
				  const CfaWebhookHeaders *headers, const void *body,
				  size_t body_len, int64_t now_s)
{
	Parsed parsed;
	bool is_right = false;
	size_t i;
	size_t j;

	if (!parse_message(headers, &parsed))
		return CFA_SIGNATURE_MALFORMED;
	for (i = 0; i < secrets->count; i++)
	{
		uint8_t digest[MAC_LEN];

		message_mac(
			secrets, i, headers->id, parsed.stamp, body, body_len, digest);
		for (j = 0; j < parsed.count; j++)
			is_right |= sodium_memcmp(digest, parsed.v1[j], MAC_LEN) == 0;
	}
	if (!is_right)
		return CFA_SIGNATURE_FORGED;
	return is_timely(parsed.unix_s, secrets->tolerance_s, now_s)
			   ? CFA_SIGNATURE_OK
			   : CFA_SIGNATURE_EXPIRED;
}

static bool
is_timely(int64_t unix_s, int64_t tolerance_s, int64_t now_s)
{
	if (tolerance_s == 0)
		tolerance_s = CFA_SIGNATURE_TOLERANCE_S;
	return unix_s >= now_s - tolerance_s && unix_s <= now_s + tolerance_s;
}

static bool
parse_message(const CfaWebhookHeaders *headers, Parsed *parsed)
{
	size_t stamp_len;
	size_t id_len;
	uint64_t seconds;

	*parsed = (Parsed){.unix_s = -1};
	if (headers->id == NULL || headers->timestamp == NULL ||
		headers->signature == NULL)
		return false;
	id_len = strlen(headers->id);
	stamp_len = strlen(headers->timestamp);
	if (id_len == 0 || id_len > CFA_WEBHOOK_ID_MAX ||
		stamp_len >= sizeof(parsed->stamp) ||
		!cfa_parse_uint(headers->timestamp, stamp_len, INT64_MAX / 2, &seconds))
		return false;
	for (size_t i = 0; i < id_len; i++)
	{
		if (headers->id[i] <= ' ' || headers->id[i] > '~' ||
			headers->id[i] == '.')
			return false;
	}
	memcpy(parsed->stamp, headers->timestamp, stamp_len);
	parsed->unix_s = (int64_t) seconds;
	return parse_signatures(headers->signature, parsed);
}

static bool
parse_signatures(const char *text, Parsed *parsed)
{
	if (strlen(text) > CFA_SIGNATURE_HEADER_MAX)
		return false;
	while (*text != '\0')
	{
		size_t len = strcspn(text, " ");
		size_t digest_len;

		if (len > 3 && memcmp(text, "v1,", 3) == 0)
		{
			if (parsed->count == V1_MAX ||
				!cfa_base64_decode(text + 3,
								   len - 3,
								   false,
								   parsed->v1[parsed->count],
								   MAC_LEN,
								   &digest_len) ||
				digest_len != MAC_LEN)
				return false;
			parsed->count++;
		}
		else if (len > 0 && memchr(text, ',', len) == NULL)
		{
			return false;
		}
		text += len;
		if (*text == ' ')
			text++;
	}
	return parsed->count > 0;
}

static void
message_mac(const CfaWebhookSecrets *secrets, size_t i, const char *id,
			const char *stamp, const void *body, size_t body_len,
			uint8_t out[MAC_LEN])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state,
								secrets->secret[i].bytes,
								secrets->secret[i].len);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *) id, strlen(id));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *) ".", 1);
	crypto_auth_hmacsha256_update(&state,
								  (const uint8_t *) stamp,
								  strlen(stamp));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *) ".", 1);
	crypto_auth_hmacsha256_update(&state, body, body_len);
	crypto_auth_hmacsha256_final(&state, out);
}

static bool
parse_header(const char *header, size_t len, Parsed *parsed)
{
	size_t at = 0;

	*parsed = (Parsed){.unix_s = -1};
	if (header == NULL || len > CFA_SIGNATURE_HEADER_MAX)
		return false;
	while (at < len)
	{
		const char *end = memchr(header + at, ',', len - at);
		size_t part = end ? (size_t) (end - header) - at : len - at;

		if (!parse_part(header + at, part, parsed))
			return false;
		at += part + 1;
	}
	return parsed->unix_s >= 0 && parsed->count > 0;
}

/* Schemes other than v1 are passed over, as Stripe asks. */
static bool
parse_part(const char *part, size_t len, Parsed *parsed)
{
	uint64_t seconds;

	if (len > 2 && memcmp(part, "t=", 2) == 0)
	{
		if (parsed->unix_s >= 0 || len - 2 >= sizeof(parsed->stamp) ||
			!cfa_parse_uint(part + 2, len - 2, INT64_MAX / 2, &seconds))
			return false;
		memcpy(parsed->stamp, part + 2, len - 2);
		parsed->unix_s = (int64_t) seconds;
		return true;
	}
	if (len > 3 && memcmp(part, "v1=", 3) == 0)
	{
		if (parsed->count == V1_MAX || len - 3 != MAC_LEN * 2 ||
			sodium_hex2bin(parsed->v1[parsed->count],
						   MAC_LEN,
						   part + 3,
						   len - 3,
						   NULL,
						   NULL,
						   NULL) != 0)
			return false;
		parsed->count++;
		return true;
	}
	return memchr(part, '=', len) != NULL;
}

static void
mac(const char *secret, const char *stamp, const void *body, size_t body_len,
	uint8_t out[MAC_LEN])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state,
								(const uint8_t *) secret,
								strlen(secret));
	crypto_auth_hmacsha256_update(&state,
								  (const uint8_t *) stamp,
								  strlen(stamp));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *) ".", 1);
	crypto_auth_hmacsha256_update(&state, body, body_len);
	crypto_auth_hmacsha256_final(&state, out);
}
