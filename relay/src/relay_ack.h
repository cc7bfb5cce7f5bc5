/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_ack.h: what JetStream answers to a published message.
 */
#ifndef CFA_RELAY_ACK_H
#define CFA_RELAY_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum CfaAckClass
{
	CFA_ACK_STORED,	 /* seq is set; is_duplicate: known before */
	CFA_ACK_REFUSED, /* the chain does not fit: someone else wrote, or a loss */
	CFA_ACK_POISON,	 /* this message can never be stored */
	CFA_ACK_WAIT,	 /* the stream takes nothing now */
	CFA_ACK_UNKNOWN	 /* an error of another kind, or not an answer at all */
} CfaAckClass;

typedef struct CfaAck
{
	CfaAckClass class;
	uint64_t seq;
	bool is_duplicate;
	int code; /* the server's err_code, 0 if none */
} CfaAck;

/* Error codes of the server (err_code). */
#define CFA_JS_INSUFFICIENT_RESOURCES 10023
#define CFA_JS_NOT_ENABLED 10076
#define CFA_JS_MESSAGE_TOO_LARGE 10054
#define CFA_JS_WRONG_LAST_ID 10070
#define CFA_JS_WRONG_LAST_SEQUENCE 10071
#define CFA_JS_STORE_FAILED 10077

/* Reads the answer; never fails: what is no answer is CFA_ACK_UNKNOWN. */
CfaAck cfa_ack_parse(const char *data, size_t len);

#endif
