/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: no header but the right one passes, and none reads out of bounds. The
 * input is a header, a NUL, and a body.
 */
#include "fuzz.h"

#include <careforall/signature.h>

#define NOW 1700000000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const CfaSecrets secrets = {2, {"whsec_one", "whsec_two"}};
	const uint8_t *end = memchr(data, '\0', size);
	size_t header_len = end != NULL ? (size_t) (end - data) : size;
	size_t body_len = end != NULL ? size - header_len - 1 : 0;
	const uint8_t *body = end != NULL ? end + 1 : data + size;
	char *header = malloc(header_len + 1);
	char good[CFA_SIGNATURE_LEN_MAX];
	size_t good_len;

	memcpy(header, data, header_len);
	header[header_len] = '\0';
	fuzz_require(cfa_signature_check(&secrets,
									 header,
									 header_len,
									 body,
									 body_len,
									 NOW) != CFA_SIGNATURE_OK ||
					 strstr(header, "v1=") != NULL,
				 "what passes has a signature");
	free(header);
	good_len = cfa_signature_make("whsec_two", NOW, body, body_len, good);
	fuzz_require(
		cfa_signature_check(&secrets, good, good_len, body, body_len, NOW) ==
			CFA_SIGNATURE_OK,
		"the right signature passes");
	return 0;
}
