/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: a request head has one meaning or none, wherever it is cut.
 * Method: cases by hand; every good request at every cut and with each byte
 * changed to nasty ones, on exact heap buffers under the sanitizers.
 */
#include "unit.h"

#include "edge/frame.h"

static CfaFrameResult
parse(const char *text, size_t len, CfaFrame *frame, char **out)
{
	uint8_t *buf = malloc(len ? len : 1);
	size_t used = len;
	CfaFrameResult result;

	memcpy(buf, text, len);
	result = cfa_frame_parse(buf, &used, len + 1, frame);
	assert_true(used <= len);
	if (out != NULL)
		*out = strndup((const char *) buf, used);
	free(buf);
	return result;
}

static void
assert_refused(const char *text, CfaProblem problem)
{
	CfaFrame frame;

	assert_int_equal(parse(text, strlen(text), &frame, NULL),
					 CFA_FRAME_REFUSED);
	assert_int_equal(frame.problem, problem);
	assert_non_null(frame.detail);
}

static void
assert_plain(const char *text, const char *plain, uint64_t body_len)
{
	CfaFrame frame;
	char *out;

	assert_int_equal(parse(text, strlen(text), &frame, &out), CFA_FRAME_READY);
	assert_string_equal(out, plain);
	assert_int_equal(frame.body_len, body_len);
	free(out);
}

static void
test_plain_form(void **state)
{
	assert_plain("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n",
				 "GET /a?b HTTP/1.1\r\nHost:x\r\n\r\n",
				 0);
	assert_plain("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
				 "GET / HTTP/1.1\r\nHost:x\r\n\r\n",
				 0);
	assert_plain("GET http://h/p HTTP/1.1\r\nHost: x\r\n\r\n",
				 "GET /p HTTP/1.1\r\nHost:x\r\n\r\n",
				 0);
	assert_plain("GET http://h:8?a HTTP/1.1\r\nHost: x\r\n\r\n",
				 "GET /?a HTTP/1.1\r\nHost:x\r\n\r\n",
				 0);
	assert_plain("GET http://[::1] HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
				 "GET / HTTP/1.1\r\nHost:[::1]:80\r\n\r\n",
				 0);
	assert_plain(
		"GET / HTTP/1.1\r\nHostile: y\r\nE:\r\nT: \ta\tb \r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nT:a b\r\nHost:x\r\n\r\n",
		0);
	assert_plain(
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET",
		"POST / HTTP/1.1\r\nHost:x\r\nContent-Length:3\r\n\r\nabcGET",
		3);
	assert_plain("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
				 "POST / HTTP/1.1\r\nHost:x\r\nContent-Length:0\r\n\r\n",
				 0);
}

static void
test_fields(void **state)
{
	static const char text[] =
		"POST /a/b?c=d HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 7\r\nExpect: 100-continue\r\n\r\n";
	CfaFrame frame;
	char *out;

	assert_int_equal(parse(text, strlen(text), &frame, &out), CFA_FRAME_READY);
	assert_int_equal(frame.method, CFA_POST);
	assert_int_equal(frame.head_len, strlen(out));
	assert_int_equal(frame.path_len, 4);
	assert_memory_equal(out + frame.path_at, "/a/b", 4);
	assert_true(frame.expects_continue);
	free(out);
}

static void
test_refusals(void **state)
{
	assert_refused("GET / HTTP/1.1\nHost: x\n\n", CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nA : b\r\n\r\n", CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\n: b\r\n\r\n", CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nnonsense\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\n\r\n", CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: []\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("get / HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_NOT_IMPLEMENTED);
	assert_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_HTTP_VERSION);
	assert_refused("PUT / HTTP/1.0\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_HTTP_VERSION);
	assert_refused("POST / HTTP/1.1\r\nHost: a\r\n\r\n",
				   CFA_PROBLEM_LENGTH_REQUIRED);
	assert_refused(
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		CFA_PROBLEM_LENGTH_REQUIRED);
	assert_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
				   "Transfer-Encoding: x\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("POST / HTTP/1.1\r\nHost: a\r\n"
				   "Content-Length: 9999999999999999999\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
				   CFA_PROBLEM_BAD_REQUEST);
	assert_refused("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
				   CFA_PROBLEM_EXPECTATION_FAILED);
}

static void
test_full_buffer(void **state)
{
	uint8_t buf[64];
	size_t len = sizeof(buf);
	CfaFrame frame;

	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "GET /", 5);
	assert_int_equal(cfa_frame_parse(buf, &len, sizeof(buf), &frame),
					 CFA_FRAME_REFUSED);
	assert_int_equal(frame.problem, CFA_PROBLEM_HEADERS_TOO_LARGE);
}

/* A target that goes on and on is refused as such, before its line ends. */
static void
test_long_target(void **state)
{
	uint8_t buf[4096];
	size_t len = 4 + CFA_FRAME_TARGET_MAX;
	CfaFrame frame;

	memset(buf, 'a', sizeof(buf));
	memcpy(buf, "GET /", 5);
	assert_int_equal(cfa_frame_parse(buf, &len, sizeof(buf), &frame),
					 CFA_FRAME_MORE);
	len++;
	assert_int_equal(cfa_frame_parse(buf, &len, sizeof(buf), &frame),
					 CFA_FRAME_REFUSED);
	assert_int_equal(frame.problem, CFA_PROBLEM_URI_TOO_LONG);
}

/* A head cut anywhere is never ready; changed anywhere it never misbehaves. */
static void
test_cuts_and_changes(void **state)
{
	static const char text[] =
		"POST http://h/a/b?c HTTP/1.1\r\nHost: x\r\nHostx: y\r\nA: \tb \r\n"
		"Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody";
	static const char nasty[] = "\0\r\n\t :;*/\x7f\xff";
	size_t head = strlen(text) - 4;
	char changed[sizeof(text)];
	CfaFrame frame;
	size_t i;
	size_t n;

	for (i = 0; i < head; i++)
		assert_int_equal(parse(text, i, &frame, NULL), CFA_FRAME_MORE);
	for (i = 0; i < strlen(text); i++)
	{
		for (n = 0; n < sizeof(nasty); n++)
		{
			memcpy(changed, text, sizeof(text));
			changed[i] = nasty[n];
			if (parse(changed, strlen(text), &frame, NULL) == CFA_FRAME_READY)
				assert_true(frame.head_len <= strlen(text));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_form),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_cuts_and_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
