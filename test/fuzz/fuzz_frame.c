/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the framing of a request reads within its buffer, says the same however
 * the bytes are cut, and what it lets through is in the one plain form.
 */
#include "fuzz.h"

#include "edge/frame.h"

/* Parses len bytes in a buffer of exactly that size, and checks the outcome. */
static CfaFrameResult
parse(const uint8_t *data, size_t len, CfaFrame *frame, uint8_t **out,
	  size_t *out_len)
{
	uint8_t *buf = malloc(len > 0 ? len : 1);
	CfaFrameResult result;

	memcpy(buf, data, len);
	*out_len = len;
	result = cfa_frame_parse(buf, out_len, len + 1, frame);
	fuzz_require(*out_len <= len, "the block only shrinks");
	fuzz_require(result != CFA_FRAME_REFUSED || frame->detail != NULL,
				 "a refusal has a sentence");
	*out = buf;
	return result;
}

static void
check_plain(const uint8_t *block, size_t len, const CfaFrame *frame)
{
	uint8_t *again;
	size_t again_len;
	CfaFrame second;

	fuzz_require(frame->head_len <= len, "the head lies in the block");
	fuzz_require(memcmp(block + frame->head_len - 4, "\r\n\r\n", 4) == 0,
				 "the head ends with an empty line");
	fuzz_require(memmem(block, frame->head_len - 1, "\r\n\r\n", 4) == NULL,
				 "there is no other empty line");
	fuzz_require(memchr(block, '\0', frame->head_len) == NULL,
				 "the head has no NUL");
	fuzz_require(frame->path_at + frame->path_len <= frame->head_len &&
					 block[frame->path_at] == '/',
				 "the path lies in the head");
	fuzz_require(parse(block, len, &second, &again, &again_len) ==
						 CFA_FRAME_READY &&
					 again_len == len && memcmp(again, block, len) == 0 &&
					 second.body_len == frame->body_len,
				 "the plain form stays as it is");
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaFrame whole;
	CfaFrame part;
	CfaFrameResult result;
	uint8_t *out;
	uint8_t *part_out;
	size_t out_len;
	size_t part_len;
	size_t cut;

	if (size > 4096)
		return 0;
	result = parse(data, size, &whole, &out, &out_len);
	if (result == CFA_FRAME_READY)
		check_plain(out, out_len, &whole);
	free(out);
	/* What is ready or refused early stays so when more comes. */
	for (cut = size / 3; cut < size; cut += size / 3 + 1)
	{
		CfaFrameResult early = parse(data, cut, &part, &part_out, &part_len);

		free(part_out);
		fuzz_require(early != CFA_FRAME_REFUSED || result == CFA_FRAME_REFUSED,
					 "a refusal does not depend on the cut");
		fuzz_require(early != CFA_FRAME_READY ||
						 (result == CFA_FRAME_READY &&
						  part.head_len == whole.head_len &&
						  part.body_len == whole.body_len),
					 "a request does not depend on the cut");
	}
	return 0;
}
