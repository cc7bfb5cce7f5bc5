/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no headers of Standard Webhooks but the right ones pass, and none reads
 * out of bounds. The input is three headers and a body, each behind a NUL.
 */
#include "fuzz.h"

#include <careforall/signature.h>

#define NOW 1700000000
#define SECRETS "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* The text up to the next NUL, moving *at behind it. */
static const char *
next(char **at, char *end)
{
	char *text = *at;
	size_t len = strnlen(text, (size_t) (end - text));

	*at = text + len < end ? text + len + 1 : end;
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaWebhookSecrets secrets = {0};
	char good[CFA_WEBHOOK_SIGNATURE_LEN_MAX];
	char *text = malloc(size + 1);
	char *at = text;
	char *end = text + size;
	CfaWebhookHeaders headers;
	CfaWebhookHeaders right = {"msg_1", "1700000000", good};

	memcpy(text, data, size);
	*end = '\0';
	fuzz_require(cfa_webhook_secrets_parse(SECRETS, &secrets) == 0,
				 "the secret is taken");
	headers.id = next(&at, end);
	headers.timestamp = next(&at, end);
	headers.signature = next(&at, end);
	fuzz_require(cfa_webhook_check(&secrets,
								   &headers,
								   at,
								   (size_t) (end - at),
								   NOW) != CFA_SIGNATURE_OK ||
					 strstr(headers.signature, "v1,") != NULL,
				 "what passes has a signature");
	(void) cfa_webhook_make(&secrets,
							right.id,
							NOW,
							at,
							(size_t) (end - at),
							good);
	fuzz_require(cfa_webhook_check(&secrets,
								   &right,
								   at,
								   (size_t) (end - at),
								   NOW) == CFA_SIGNATURE_OK,
				 "the right signature passes");
	(void) cfa_webhook_secrets_parse(text, &secrets);
	free(text);
	return 0;
}
