/* SPDX-License-Identifier: Apache-2.0 */
/*
 * websocket.c: frames of RFC 6455.
 *
 * Kore's own reader closes without a code, takes a first fragment for a whole
 * message and does not look at UTF-8; here every frame a client may not send has
 * the code that the standard names for it.
 */
#include "edge/websocket.h"

#include <careforall/text.h>
#include <string.h>

#define FINAL 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define SHORT_MAX 125 /* and of every control frame */
#define LENGTH_16 126
#define LENGTH_64 127

static bool is_control(unsigned op);
static bool is_known(unsigned op);
static CfaWsResult broken(CfaWsFrame *frame, CfaWsCode code);
static uint64_t read_number(const uint8_t *data, int bytes);

CfaWsResult
cfa_ws_read(uint8_t *data, size_t len, size_t payload_max, CfaWsFrame *frame)
{
	unsigned op;
	uint64_t payload;
	size_t head = 2;
	size_t i;

	if (len < 2)
		return CFA_WS_MORE;
	op = data[0] & OPCODE;
	if ((data[0] & RESERVED) != 0 || !is_known(op) || !(data[1] & MASKED))
		return broken(frame, CFA_WS_PROTOCOL_ERROR);
	payload = data[1] & ~MASKED;
	if (is_control(op) && (payload > SHORT_MAX || !(data[0] & FINAL)))
		return broken(frame, CFA_WS_PROTOCOL_ERROR);
	if (payload >= LENGTH_16)
	{
		int bytes = payload == LENGTH_16 ? 2 : 8;
		uint64_t shortest = bytes == 2 ? SHORT_MAX + 1 : UINT16_MAX + 1;

		head += (size_t) bytes;
		if (len < head)
			return CFA_WS_MORE;
		payload = read_number(data + 2, bytes);
		if (payload < shortest || payload > INT64_MAX)
			return broken(frame, CFA_WS_PROTOCOL_ERROR);
	}
	if (payload > payload_max)
		return broken(frame, CFA_WS_TOO_BIG);
	head += 4;
	if (len < head + payload)
		return CFA_WS_MORE;
	for (i = 0; i < payload; i++)
		data[head + i] ^= data[head - 4 + i % 4];
	frame->op = (CfaWsOp) op;
	frame->is_final = (data[0] & FINAL) != 0;
	frame->payload = data + head;
	frame->payload_len = (size_t) payload;
	frame->frame_len = head + (size_t) payload;
	return CFA_WS_FRAME;
}

uint16_t
cfa_ws_assemble(CfaWsMessage *message, const CfaWsFrame *frame, bool *is_whole)
{
	*is_whole = false;
	if ((frame->op == CFA_WS_CONTINUATION) != message->is_open)
		return CFA_WS_PROTOCOL_ERROR;
	if (frame->op == CFA_WS_BINARY)
		return CFA_WS_UNSUPPORTED;
	if (frame->op == CFA_WS_TEXT)
		message->len = 0;
	if (frame->payload_len > message->size - message->len)
		return CFA_WS_TOO_BIG;
	memcpy(message->data + message->len, frame->payload, frame->payload_len);
	message->len += frame->payload_len;
	message->is_open = !frame->is_final;
	if (frame->is_final && !cfa_utf8_valid(message->data, message->len))
		return CFA_WS_NOT_UTF8;
	*is_whole = frame->is_final;
	return 0;
}

uint16_t
cfa_ws_close_answer(const CfaWsFrame *frame)
{
	uint64_t code;

	if (frame->payload_len == 0)
		return CFA_WS_NORMAL;
	if (frame->payload_len == 1)
		return CFA_WS_PROTOCOL_ERROR;
	code = read_number(frame->payload, 2);
	if (code < 1000 || code >= 5000 || (code >= 1004 && code <= 1006) ||
		(code >= 1015 && code < 3000))
		return CFA_WS_PROTOCOL_ERROR;
	if (!cfa_utf8_valid(frame->payload + 2, frame->payload_len - 2))
		return CFA_WS_NOT_UTF8;
	return (uint16_t) code;
}

size_t
cfa_ws_head(uint8_t out[CFA_WS_HEAD_MAX], CfaWsOp op, size_t len)
{
	int bytes = len <= SHORT_MAX ? 0 : len <= UINT16_MAX ? 2 : 8;
	int i;

	out[0] = (uint8_t) (FINAL | op);
	out[1] = (uint8_t) (bytes == 0 ? len : bytes == 2 ? LENGTH_16 : LENGTH_64);
	for (i = 0; i < bytes; i++)
		out[2 + i] = (uint8_t) ((uint64_t) len >> 8 * (bytes - 1 - i));
	return 2 + (size_t) bytes;
}

static bool
is_control(unsigned op)
{
	return (op & 0x08) != 0;
}

static bool
is_known(unsigned op)
{
	return op <= CFA_WS_BINARY || (op >= CFA_WS_CLOSE && op <= CFA_WS_PONG);
}

static CfaWsResult
broken(CfaWsFrame *frame, CfaWsCode code)
{
	frame->code = (uint16_t) code;
	return CFA_WS_BROKEN;
}

/* Big endian. */
static uint64_t
read_number(const uint8_t *data, int bytes)
{
	uint64_t number = 0;
	int i;

	for (i = 0; i < bytes; i++)
		number = number << 8 | data[i];
	return number;
}
