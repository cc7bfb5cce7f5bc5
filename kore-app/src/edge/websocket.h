/* SPDX-License-Identifier: Apache-2.0 */
/*
 * websocket.h: frames of RFC 6455 in memory; knows no socket.
 */
#ifndef CFA_APP_WEBSOCKET_H
#define CFA_APP_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_WS_HEAD_MAX 10	 /* of a frame that we send */
#define CFA_WS_FRAME_HEAD 14 /* of a frame that a client sends, at most */

typedef enum CfaWsOp
{
	CFA_WS_CONTINUATION = 0,
	CFA_WS_TEXT = 1,
	CFA_WS_BINARY = 2,
	CFA_WS_CLOSE = 8,
	CFA_WS_PING = 9,
	CFA_WS_PONG = 10
} CfaWsOp;

/* Close codes; those from 4000 on are our own (docs/reference/live.md). */
typedef enum CfaWsCode
{
	CFA_WS_NORMAL = 1000,
	CFA_WS_GOING_AWAY = 1001,
	CFA_WS_PROTOCOL_ERROR = 1002,
	CFA_WS_UNSUPPORTED = 1003,
	CFA_WS_NOT_UTF8 = 1007,
	CFA_WS_POLICY = 1008,
	CFA_WS_TOO_BIG = 1009,
	CFA_WS_TRY_LATER = 1013,
	CFA_WS_UNAUTHORIZED = 4401,
	CFA_WS_FORBIDDEN = 4403
} CfaWsCode;

typedef enum CfaWsResult
{
	CFA_WS_MORE,  /* the frame is not whole yet */
	CFA_WS_FRAME, /* one is */
	CFA_WS_BROKEN /* none can be: close with code */
} CfaWsResult;

typedef struct CfaWsFrame
{
	CfaWsOp op;
	bool is_final;
	uint8_t *payload; /* unmasked, in the data that was read */
	size_t payload_len;
	size_t frame_len;
	uint16_t code; /* if broken */
} CfaWsFrame;

/* A message whose fragments are put together; data is the caller's. */
typedef struct CfaWsMessage
{
	uint8_t *data;
	size_t size;
	size_t len;
	bool is_open;
} CfaWsMessage;

/*
 * Reads the frame of a client that data begins with and unmasks its payload in
 * place. A payload above payload_max is refused as soon as its length is known.
 */
CfaWsResult cfa_ws_read(uint8_t *data, size_t len, size_t payload_max,
						CfaWsFrame *frame);

/*
 * Adds a frame that is no control frame to the message. 0, or the code to close
 * with; *is_whole says whether the message is complete, which is then text.
 */
uint16_t cfa_ws_assemble(CfaWsMessage *message, const CfaWsFrame *frame,
						 bool *is_whole);

/* The code to answer a close frame with. */
uint16_t cfa_ws_close_answer(const CfaWsFrame *frame);

/* Writes the head of a whole, unmasked frame; returns its length. */
size_t cfa_ws_head(uint8_t out[CFA_WS_HEAD_MAX], CfaWsOp op, size_t len);

#endif
