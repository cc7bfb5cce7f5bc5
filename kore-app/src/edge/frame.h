/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_FRAME_H
#define CFA_APP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/router.h"
#include "status.h"

#define CFA_FRAME_TARGET_MAX 1900 /* bytes; Kore's own limit is 1998 */
#define CFA_FRAME_LINES_MAX 100	  /* request line and header lines */
#define CFA_FRAME_HOST_MAX 250

typedef enum CfaFrameResult
{
	CFA_FRAME_MORE,		/* the header block is not complete */
	CFA_FRAME_READY,	/* head_len, body_len and the rest are set */
	CFA_FRAME_ASTERISK, /* "OPTIONS *": answered by the edge itself */
	CFA_FRAME_REFUSED	/* problem and detail are set */
} CfaFrameResult;

typedef struct CfaFrame
{
	size_t head_len; /* request line and headers with the empty line */
	uint64_t body_len;
	CfaMethod method;
	bool expects_continue;
	size_t path_at; /* where the path (without query) is in the buffer */
	size_t path_len;
	CfaProblem problem;
	const char *detail; /* static text */
} CfaFrame;

/*
 * Looks at the bytes received for one request. A complete header block is
 * checked strictly and brought into the plain form that Kore reads without
 * surprises: absolute targets become paths, blanks around values go, empty
 * headers and those that only look like Host go. That can make the block
 * shorter: *len and the bytes behind it are moved.
 *
 * size is the room in buf; a block that does not fit is refused.
 */
CfaFrameResult cfa_frame_parse(uint8_t *buf, size_t *len, size_t size,
							   CfaFrame *frame);

#endif
