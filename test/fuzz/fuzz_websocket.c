/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: frames of a client are taken apart and put together in bounds, and a
 * message is whole UTF-8 or nothing.
 */
#include "fuzz.h"

#include <careforall/text.h>

#include "edge/websocket.h"

#define PAYLOAD_MAX 2048

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	uint8_t *text = malloc(PAYLOAD_MAX);
	CfaWsMessage message = {.data = text, .size = PAYLOAD_MAX};
	CfaWsFrame frame;
	size_t at = 0;

	memcpy(bytes, data, size);
	while (cfa_ws_read(bytes + at, size - at, PAYLOAD_MAX, &frame) ==
		   CFA_WS_FRAME)
	{
		bool is_whole = false;
		uint16_t code = 0;

		fuzz_require(frame.frame_len > 0 && frame.frame_len <= size - at &&
						 frame.payload_len <= PAYLOAD_MAX,
					 "a frame lies in the data");
		if (frame.op == CFA_WS_CLOSE)
			(void) cfa_ws_close_answer(&frame);
		else if (frame.op < CFA_WS_CLOSE)
			code = cfa_ws_assemble(&message, &frame, &is_whole);
		fuzz_require(message.len <= message.size, "a message has its bound");
		fuzz_require(!is_whole || cfa_utf8_valid(message.data, message.len),
					 "a message is UTF-8");
		if (code != 0)
			break;
		at += frame.frame_len;
	}
	free(text);
	free(bytes);
	return 0;
}
