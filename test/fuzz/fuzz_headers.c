/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: texts of headers, paths and queries are read in bounds. The input is one
 * text, given to all readers.
 */
#include "fuzz.h"

#include <careforall/text.h>
#include <careforall/trace.h>

#include "core/address.h"
#include "core/router.h"
#include "middleware/headers.h"

static const CfaRoute routes[] = {
	{.method = CFA_GET, .path = "/a/:id/b", .surface = CFA_PUBLIC},
	{.method = CFA_POST, .path = "/a/:id", .surface = CFA_BOTH},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *out = malloc(size + 1);
	char key[CFA_IDEMPOTENCY_KEY_MAX + 1];
	CfaNetworks networks;
	CfaAddress address = {{0}};
	CfaTrace trace;
	CfaMatch match;
	const char *value = NULL;
	size_t len = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	(void) cfa_accepts(text, "application/json");
	(void) cfa_media_type_is(text, "application/json");
	(void) cfa_etag_listed(text, "\"1\"");
	(void) cfa_header_has_token(text, "close");
	(void) cfa_request_id_is_safe(text);
	(void) cfa_trace_parse(text, size, &trace);
	if (cfa_networks_parse(text, &networks))
		(void) cfa_address_follow(&networks, text, &address);
	if (cfa_idempotency_key_read(text, key))
		fuzz_require(*key != '\0' && strlen(key) <= CFA_IDEMPOTENCY_KEY_MAX,
					 "a key has its length");
	if (cfa_percent_decode(text, strlen(text), true, out, &len))
		fuzz_require(len <= size && cfa_utf8_valid(out, len) &&
						 strlen(out) == len,
					 "what is decoded is a text");
	if (cfa_form_find(text, strlen(text), "a", &value, &len) > 0)
		fuzz_require(value >= text && value + len <= text + size,
					 "a value lies in its form");
	(void) cfa_router_match(
		routes, 2, CFA_PUBLIC, CFA_GET, text, strlen(text), &match);
	free(out);
	free(text);
	return 0;
}
