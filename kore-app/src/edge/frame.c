/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.c: strict framing of HTTP/1.x requests.
 *
 * Pure: works on one buffer, allocates nothing. What passes here has exactly
 * one meaning, so that a gateway before us and Kore behind us cannot disagree
 * about where a request ends: CRLF line ends only, no control bytes, one Host,
 * at most one Content-Length of digits, never a Transfer-Encoding, no body for
 * a method without one.
 */
#include "edge/frame.h"

#include <string.h>
#include <strings.h>

#include <careforall/text.h>

#define METHOD_LEN_MAX 16

typedef struct Reader
{
	uint8_t *buf;
	size_t in;	/* next byte to read */
	size_t end; /* behind the last CRLF of the header lines */
	size_t out; /* next byte to write; never past in */
	bool has_host;
	bool has_length;
	bool has_encoding;
	bool is_http10;
	unsigned lines;
	CfaFrame *frame;
} Reader;

static CfaFrameResult refuse(CfaFrame *frame, CfaProblem problem,
							 const char *detail);
static CfaFrameResult check_start(const uint8_t *buf, size_t len,
								  CfaFrame *frame);
static CfaFrameResult check_target_length(const uint8_t *buf, size_t len,
										  CfaFrame *frame);
static CfaFrameResult check_bytes(const uint8_t *buf, size_t len,
								  CfaFrame *frame);
static CfaFrameResult read_request_line(Reader *r);
static CfaFrameResult read_target(Reader *r, size_t start, size_t len);
static CfaFrameResult read_header(Reader *r);
static CfaFrameResult take_header(Reader *r, size_t name_len, size_t value,
								  size_t value_len);
static CfaFrameResult take_expectation(Reader *r, const char *value,
									   size_t len);
static void end_line(Reader *r);
static CfaFrameResult take_length(Reader *r, const char *value, size_t len);
static CfaFrameResult check_whole(Reader *r);
static CfaMethod find_method(const uint8_t *name, size_t len);
static size_t line_length(const Reader *r);
static bool is_token(uint8_t c);
static bool is_host(const char *value, size_t len);
static bool is_host_char(char c, bool is_v6);

CfaFrameResult
cfa_frame_parse(uint8_t *buf, size_t *len, size_t size, CfaFrame *frame)
{
	Reader r = {.buf = buf, .frame = frame};
	CfaFrameResult result;
	uint8_t *blank;
	size_t rest;

	*frame = (CfaFrame){0};
	if (*len >= 2 && buf[0] == '\r' && buf[1] == '\n')
	{
		/* One empty line before a request is forgiven (RFC 9112, 2.2). */
		memmove(buf, buf + 2, *len - 2);
		*len -= 2;
	}
	result = check_start(buf, *len, frame);
	if (result == CFA_FRAME_READY)
		result = check_target_length(buf, *len, frame);
	if (result == CFA_FRAME_REFUSED)
		return result;
	blank = memmem(buf, *len, "\r\n\r\n", 4);
	result = check_bytes(buf, blank ? (size_t) (blank - buf) + 4 : *len, frame);
	if (result == CFA_FRAME_REFUSED)
		return result;
	if (blank == NULL)
	{
		if (*len >= size)
			return refuse(frame,
						  CFA_PROBLEM_HEADERS_TOO_LARGE,
						  "The header block is too large.");
		return CFA_FRAME_MORE;
	}
	r.end = (size_t) (blank - buf) + 2;
	rest = *len - (r.end + 2);
	result = read_request_line(&r);
	while (result == CFA_FRAME_READY && r.in < r.end)
		result = read_header(&r);
	if (result == CFA_FRAME_READY)
		result = check_whole(&r);
	if (result != CFA_FRAME_READY)
		return result;
	end_line(&r);
	memmove(buf + r.out, buf + r.end + 2, rest);
	frame->head_len = r.out;
	*len = frame->head_len + rest;
	return CFA_FRAME_READY;
}

static CfaFrameResult
refuse(CfaFrame *frame, CfaProblem problem, const char *detail)
{
	frame->problem = problem;
	frame->detail = detail;
	return CFA_FRAME_REFUSED;
}

/* Refuses at the first bytes what can never become a request line. */
static CfaFrameResult
check_start(const uint8_t *buf, size_t len, CfaFrame *frame)
{
	size_t i;

	for (i = 0; i < len && i <= METHOD_LEN_MAX; i++)
	{
		if (buf[i] == ' ' && i > 0)
			return CFA_FRAME_READY;
		if (buf[i] == '\r' && i == 0 && len == 1)
			return CFA_FRAME_MORE;
		if (!is_token(buf[i]))
			return refuse(frame,
						  CFA_PROBLEM_BAD_REQUEST,
						  "The request does not begin with a method.");
	}
	if (i > METHOD_LEN_MAX)
		return refuse(frame,
					  CFA_PROBLEM_NOT_IMPLEMENTED,
					  "The method is not implemented.");
	return CFA_FRAME_MORE;
}

/* A target that is too long is refused as such, however long it goes on. */
static CfaFrameResult
check_target_length(const uint8_t *buf, size_t len, CfaFrame *frame)
{
	const uint8_t *target = memchr(buf, ' ', len);
	size_t i;

	if (target == NULL)
		return CFA_FRAME_MORE;
	target++;
	len -= (size_t) (target - buf);
	for (i = 0; i < len && target[i] > ' ' && target[i] < 0x7f; i++)
	{
		if (i == CFA_FRAME_TARGET_MAX)
			return refuse(frame,
						  CFA_PROBLEM_URI_TOO_LONG,
						  "The request target is too long.");
	}
	return CFA_FRAME_READY;
}

/* Line ends are CRLF; no other control byte but a tab is in the block. */
static CfaFrameResult
check_bytes(const uint8_t *buf, size_t len, CfaFrame *frame)
{
	size_t i;

	for (i = 0; i < len; i++)
	{
		uint8_t c = buf[i];

		if (c >= 0x20 && c < 0x7f)
			continue;
		if (c == '\r' && (i + 1 == len || buf[i + 1] == '\n'))
			continue;
		if (c == '\n' && i > 0 && buf[i - 1] == '\r')
			continue;
		if (c == '\t')
			continue;
		return refuse(
			frame,
			CFA_PROBLEM_BAD_REQUEST,
			c == '\n' || c == '\r'
				? "A line must end with CR and LF."
				: "The header block holds a byte that is not allowed.");
	}
	return CFA_FRAME_READY;
}

static CfaFrameResult
read_request_line(Reader *r)
{
	const uint8_t *line = r->buf;
	size_t len = line_length(r);
	const uint8_t *space = memchr(line, ' ', len);
	const uint8_t *last = memrchr(line, ' ', len);
	size_t target_at;
	CfaFrameResult result;

	if (space == NULL || last == space || memchr(line, '\t', len) != NULL)
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "The request line must have three parts.");
	target_at = (size_t) (space - line) + 1;
	r->frame->method = find_method(line, (size_t) (space - line));
	if (memchr(line + target_at, ' ', (size_t) (last - line) - target_at))
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "The request line must have three parts.");
	if (len - (size_t) (last - line) != 9 ||
		memcmp(last + 1, "HTTP/1.", 7) != 0 ||
		(last[8] != '1' && last[8] != '0'))
		return refuse(r->frame,
					  CFA_PROBLEM_HTTP_VERSION,
					  "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
	r->is_http10 = last[8] == '0';
	if (r->frame->method == 0)
		return refuse(r->frame,
					  CFA_PROBLEM_NOT_IMPLEMENTED,
					  "The method is not implemented.");
	if (r->is_http10 && !(r->frame->method & (CFA_GET | CFA_HEAD | CFA_POST)))
		return refuse(r->frame,
					  CFA_PROBLEM_HTTP_VERSION,
					  "This method needs HTTP/1.1.");
	r->out = target_at;
	result = read_target(r, target_at, (size_t) (last - line) - target_at);
	if (result != CFA_FRAME_READY)
		return result;
	memmove(r->buf + r->out, last, 11);
	r->out += 11;
	r->in = len + 2;
	r->lines = 1;
	return CFA_FRAME_READY;
}

/* Checks the target, brings an absolute one into origin form, and writes it. */
static CfaFrameResult
read_target(Reader *r, size_t start, size_t len)
{
	const char *target = (const char *) r->buf + start;
	const char *query;

	if (len == 1 && target[0] == '*')
	{
		if (r->frame->method != CFA_OPTIONS)
			return refuse(r->frame,
						  CFA_PROBLEM_BAD_REQUEST,
						  "The target * belongs to OPTIONS.");
		return CFA_FRAME_ASTERISK;
	}
	r->frame->path_at = r->out;
	if (len > 7 && strncasecmp(target, "http://", 7) == 0)
	{
		size_t host_len = 0;

		target += 7;
		len -= 7;
		while (host_len < len && strchr("/?#", target[host_len]) == NULL)
			host_len++;
		if (!is_host(target, host_len))
			return refuse(r->frame,
						  CFA_PROBLEM_BAD_REQUEST,
						  "The request target has no plain host.");
		target += host_len;
		len -= host_len;
		/* An empty path is the root (RFC 9112, 3.2.1). */
		if (len == 0 || target[0] == '?')
			r->buf[r->out++] = '/';
	}
	else if (target[0] != '/')
	{
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "The request target must be a path.");
	}
	if (memchr(target, '#', len) != NULL)
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "The request target must not have a fragment.");
	memmove(r->buf + r->out, target, len);
	r->out += len;
	query = memchr(r->buf + r->frame->path_at, '?', r->out - r->frame->path_at);
	r->frame->path_len =
		(query ? (size_t) (query - (const char *) r->buf) : r->out) -
		r->frame->path_at;
	return CFA_FRAME_READY;
}

/* Reads one header line, checks it and writes it back in plain form. */
static CfaFrameResult
read_header(Reader *r)
{
	size_t len = line_length(r);
	size_t line = r->in;
	size_t name_len = 0;
	size_t value;
	size_t value_len;

	r->in += len + 2;
	if (++r->lines > CFA_FRAME_LINES_MAX)
		return refuse(r->frame,
					  CFA_PROBLEM_HEADERS_TOO_LARGE,
					  "There are too many header lines.");
	while (name_len < len && is_token(r->buf[line + name_len]))
		name_len++;
	if (name_len == 0 || name_len == len || r->buf[line + name_len] != ':')
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "A header line must be a name, a colon and a value.");
	value = line + name_len + 1;
	value_len = len - name_len - 1;
	while (value_len > 0 && (r->buf[value] == ' ' || r->buf[value] == '\t'))
	{
		value++;
		value_len--;
	}
	while (value_len > 0 && (r->buf[value + value_len - 1] == ' ' ||
							 r->buf[value + value_len - 1] == '\t'))
		value_len--;
	memmove(r->buf + r->out, r->buf + line, name_len);
	r->buf[r->out + name_len] = ':';
	return take_header(r, name_len, value, value_len);
}

/* The name stands at out with its colon; adds the value, or drops the line. */
static CfaFrameResult
take_header(Reader *r, size_t name_len, size_t value, size_t value_len)
{
	const char *name = (const char *) r->buf + r->out;
	const char *text = (const char *) r->buf + value;
	CfaFrameResult result = CFA_FRAME_READY;
	size_t i;

	if (name_len == 4 && strncasecmp(name, "host", 4) == 0)
	{
		if (r->has_host || !is_host(text, value_len))
			return refuse(r->frame,
						  CFA_PROBLEM_BAD_REQUEST,
						  "There must be one Host with a plain name.");
		r->has_host = true;
	}
	else if (name_len > 4 && strncasecmp(name, "host", 4) == 0)
	{
		return CFA_FRAME_READY;
	}
	else if (name_len == 14 && strncasecmp(name, "content-length", 14) == 0)
	{
		result = take_length(r, text, value_len);
	}
	else if (name_len == 17 && strncasecmp(name, "transfer-encoding", 17) == 0)
	{
		r->has_encoding = true;
		return CFA_FRAME_READY;
	}
	else if (name_len == 6 && strncasecmp(name, "expect", 6) == 0)
	{
		return take_expectation(r, text, value_len);
	}
	if (result != CFA_FRAME_READY || value_len == 0)
		return result;
	r->out += name_len + 1;
	for (i = 0; i < value_len; i++)
	{
		uint8_t c = r->buf[value + i];

		r->buf[r->out++] = c == '\t' ? ' ' : c;
	}
	end_line(r);
	return CFA_FRAME_READY;
}

static CfaFrameResult
take_length(Reader *r, const char *value, size_t len)
{
	uint64_t length = 0;
	size_t i;

	if (r->has_length || len == 0 || len > 18)
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "Content-Length must be given once, as digits.");
	for (i = 0; i < len; i++)
	{
		if (value[i] < '0' || value[i] > '9')
			return refuse(r->frame,
						  CFA_PROBLEM_BAD_REQUEST,
						  "Content-Length must be given once, as digits.");
		length = length * 10 + (uint64_t) (value[i] - '0');
	}
	r->has_length = true;
	r->frame->body_len = length;
	return CFA_FRAME_READY;
}

static CfaFrameResult
take_expectation(Reader *r, const char *value, size_t len)
{
	if (len != 12 || strncasecmp(value, "100-continue", 12) != 0)
		return refuse(r->frame,
					  CFA_PROBLEM_EXPECTATION_FAILED,
					  "Only 100-continue can be expected.");
	r->frame->expects_continue = !r->is_http10;
	return CFA_FRAME_READY;
}

static void
end_line(Reader *r)
{
	r->buf[r->out++] = '\r';
	r->buf[r->out++] = '\n';
}

/* What can only be said when all lines are read. */
static CfaFrameResult
check_whole(Reader *r)
{
	bool takes_body = r->frame->method & (CFA_POST | CFA_PUT | CFA_PATCH);

	if (!r->has_host)
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "The Host header is missing.");
	if (r->has_encoding && (r->has_length || r->is_http10 || !takes_body))
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "Transfer-Encoding is not allowed here.");
	if (r->has_encoding)
		return refuse(r->frame,
					  CFA_PROBLEM_LENGTH_REQUIRED,
					  "Chunked bodies are not read; send a Content-Length.");
	if (takes_body && !r->has_length)
		return refuse(r->frame,
					  CFA_PROBLEM_LENGTH_REQUIRED,
					  "Send a Content-Length, 0 if there is no body.");
	if (!takes_body && r->frame->body_len > 0)
		return refuse(r->frame,
					  CFA_PROBLEM_BAD_REQUEST,
					  "This method has no body.");
	return CFA_FRAME_READY;
}

static CfaMethod
find_method(const uint8_t *name, size_t len)
{
	static const CfaMethod methods[] = {CFA_GET,
										CFA_HEAD,
										CFA_POST,
										CFA_PUT,
										CFA_PATCH,
										CFA_DELETE,
										CFA_OPTIONS};
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
	{
		const char *known = cfa_method_name(methods[i]);

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return methods[i];
	}
	return (CfaMethod) 0;
}

/* Length of the line at in, without its CRLF. */
static size_t
line_length(const Reader *r)
{
	const uint8_t *start = r->buf + r->in;
	const uint8_t *end = memchr(start, '\r', r->end - r->in);

	return end ? (size_t) (end - start) : r->end - r->in;
}

static bool
is_token(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		   (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A name or an address, in brackets if of version 6, and perhaps a port. */
static bool
is_host(const char *value, size_t len)
{
	size_t i = 0;
	size_t name_len;
	bool is_v6 = len > 0 && value[0] == '[';

	if (len > CFA_FRAME_HOST_MAX)
		return false;
	if (is_v6)
		i++;
	while (i < len && is_host_char(value[i], is_v6))
		i++;
	name_len = i - (is_v6 ? 1 : 0);
	if (name_len == 0 || (is_v6 && (i == len || value[i++] != ']')))
		return false;
	if (i == len)
		return true;
	if (value[i++] != ':')
		return false;
	while (i < len && value[i] >= '0' && value[i] <= '9')
		i++;
	return i == len;
}

static bool
is_host_char(char c, bool is_v6)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		   (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr(is_v6 ? ":.%" : "-._~%", c) != NULL);
}
