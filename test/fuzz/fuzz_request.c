/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever bytes come in, whole answers go out, errors are problems, and
 * nothing is left behind. Method: the API in this process (test/harness).
 *
 * The first byte says how the database answers and how the client ends; in the
 * rest three bytes that UTF-8 does not have are commands: 0xFC lets a second
 * pass, 0xFD settles a statement, 0xFE ends a segment.
 */
#include "fuzz.h"

#include "harness.h"
#include "request.h"

#define STATEMENTS_MAX 64

enum
{
	HOW_FAIL = 1,	/* statements fail; else they find nothing */
	HOW_LEAVE = 2,	/* the client leaves before its answers */
	HOW_SILENT = 4, /* statements are answered when all is over */
	HOW_END = 8,	/* the client ends its half */
	HOW_ADMIN = 16	/* on the administrators' port */
};

static void
settle(uint8_t how)
{
	HnStatement *statement = hn_pg_next();

	if (statement == NULL)
		return;
	hn_pg_disappoint(statement, how & HOW_FAIL ? "XX000" : NULL);
	hn_settle();
}

static void
settle_all(uint8_t how)
{
	unsigned i;

	/* Pipelined requests ask one after the other; retries come again. */
	for (i = 0; i < STATEMENTS_MAX; i++)
	{
		settle(how);
		hn_pass_ms(10);
	}
}

static void
play(HnClient *client, const uint8_t *data, size_t size, uint8_t how)
{
	size_t from = 0;
	size_t i;

	for (i = 0; i <= size; i++)
	{
		if (i < size && data[i] < 0xfc)
			continue;
		hn_send_bytes(client, data + from, i - from);
		from = i + 1;
		if (i < size && data[i] == 0xfc)
			hn_pass_ms(1000);
		if (i < size && data[i] == 0xfd)
			settle(how);
	}
}

/* Whether a request with HEAD may be in it: then answers may lack a body. */
static bool
may_say_head(const uint8_t *data, size_t size)
{
	static const char word[] = "HEAD ";
	size_t found = 0;
	size_t i;

	for (i = 0; i < size && found < sizeof(word) - 1; i++)
	{
		if (data[i] >= 0xfc)
			continue;
		if (data[i] != word[found])
			found = 0;
		found += data[i] == word[found];
	}
	return found == sizeof(word) - 1;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	hn_start();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned number;
	const char *complaint;
	HnClient *client;
	char address[32];
	uint8_t how;

	if (size < 2 || size > 40000)
		return 0;
	how = data[0];
	number++;
	(void) snprintf(address,
					sizeof(address),
					"10.%u.%u.%u",
					(number >> 16) & 0xff,
					(number >> 8) & 0xff,
					number & 0xff);
	client = hn_open_from(address, how & HOW_ADMIN);
	play(client, data + 1, size - 1, how);
	if (how & HOW_END)
		hn_end(client);
	if (!(how & HOW_SILENT) && !(how & HOW_LEAVE))
		settle_all(how);
	complaint = hn_complaint(client);
	/* HEAD has no body, which only who sent the request can know. */
	fuzz_require(complaint == NULL || may_say_head(data + 1, size - 1),
				 complaint);
	hn_close(client);
	settle_all(how);
	if (!hn_is_clean())
	{
		hn_pass_ms(6000);
		settle_all(how);
		hn_pass_ms(6000);
	}
	fuzz_require(hn_is_clean(), "nothing is left behind");
	return 0;
}
