/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the address of a client is the one that our own proxies vouch for, however
 * a client words its headers.
 * Method: addresses, networks and chains by hand, good and malformed.
 */
#include "unit.h"

#include "core/address.h"

static CfaAddress
address(const char *text)
{
	CfaAddress out;

	assert_true(cfa_address_parse(text, strlen(text), &out));
	return out;
}

static void
assert_address(const CfaAddress *is, const char *text)
{
	char formatted[CFA_ADDRESS_TEXT_MAX + 1];

	cfa_address_format(is, formatted);
	assert_string_equal(formatted, text);
}

static void
test_parse(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"1.2.3",
		"1.2.3.4.5",
		"01.2.3.4",
		"1.2.3.256",
		"1.2.3.4 ",
		"1.2.3.4:80",
		"[::1]",
		"::1%lo",
		"::g",
		"localhost",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	CfaAddress out;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfa_address_parse(bad[i], strlen(bad[i]), &out));
	assert_false(cfa_address_parse("1.2.3.4\0", 8, &out));
	out = address("203.0.113.7");
	assert_address(&out, "203.0.113.7");
	out = address("::ffff:203.0.113.7"); /* mapped: the same address */
	assert_address(&out, "203.0.113.7");
	out = address("2001:DB8:0:0::1");
	assert_address(&out, "2001:db8::1");
}

static void
test_client(void **state)
{
	CfaAddress is = address("2001:db8:1:2:3:4:5:6");
	CfaAddress client = cfa_address_client(&is);

	assert_address(&client, "2001:db8:1:2::");
	is = address("::ffff:203.0.113.7");
	client = cfa_address_client(&is);
	assert_address(&client, "203.0.113.7");
}

static void
test_networks(void **state)
{
	static const char *const bad[] = {
		",",
		"10.0.0.0/8,",
		"10.0.0.1/8",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/08",
		"10.0.0.0/",
		"::/129",
		"2001:db8::1/32",
		"10.0.0.0 / 8",
		"any",
	};
	CfaNetworks networks;
	CfaAddress is;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfa_networks_parse(bad[i], &networks));
	assert_true(cfa_networks_parse("  ", &networks));
	is = address("127.0.0.1");
	assert_false(cfa_networks_hold(&networks, &is));
	assert_true(cfa_networks_parse(
		"10.0.0.0/8, 127.0.0.1 ,::1,2001:db8::/33, 192.0.2.128/25", &networks));
	assert_int_equal(networks.count, 5);
	assert_true(cfa_networks_hold(&networks, &is));
	is = address("127.0.0.2");
	assert_false(cfa_networks_hold(&networks, &is));
	is = address("::ffff:10.255.0.1");
	assert_true(cfa_networks_hold(&networks, &is));
	is = address("11.0.0.0");
	assert_false(cfa_networks_hold(&networks, &is));
	is = address("2001:db8:7fff::");
	assert_true(cfa_networks_hold(&networks, &is));
	is = address("2001:db8:8000::");
	assert_false(cfa_networks_hold(&networks, &is));
	is = address("192.0.2.127");
	assert_false(cfa_networks_hold(&networks, &is));
	is = address("192.0.2.200");
	assert_true(cfa_networks_hold(&networks, &is));
	assert_true(cfa_networks_parse("0.0.0.0/0", &networks));
	assert_true(cfa_networks_hold(&networks, &is));
	is = address("2001:db8::1");
	assert_false(cfa_networks_hold(&networks, &is));
	assert_true(cfa_networks_parse("::/0", &networks));
	is = address("192.0.2.200");
	assert_true(cfa_networks_hold(&networks, &is));
}

static void
test_too_many_networks(void **state)
{
	static const char one[] = "1.1.1.1,";
	char list[(CFA_NETWORKS_MAX + 1) * (sizeof(one) - 1) + 1];
	CfaNetworks networks;

	for (int i = 0; i <= CFA_NETWORKS_MAX; i++)
		memcpy(list + i * (sizeof(one) - 1), one, sizeof(one));
	list[CFA_NETWORKS_MAX * (sizeof(one) - 1) - 1] = '\0';
	assert_true(cfa_networks_parse(list, &networks));
	list[CFA_NETWORKS_MAX * (sizeof(one) - 1) - 1] = ',';
	list[(CFA_NETWORKS_MAX + 1) * (sizeof(one) - 1) - 1] = '\0';
	assert_false(cfa_networks_parse(list, &networks));
}

static void
test_follow(void **state)
{
	static const struct
	{
		const char *peer;
		const char *chain;
		const char *client;
	} cases[] = {
		/* A peer that is no proxy of ours vouches for nothing. */
		{"198.51.100.1", "203.0.113.7", "198.51.100.1"},
		{"127.0.0.1", "203.0.113.7", "203.0.113.7"},
		/* What stands left of the first stranger was written by it. */
		{"127.0.0.1", "10.0.0.1, 203.0.113.7", "203.0.113.7"},
		{"127.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.9", "203.0.113.7"},
		{"127.0.0.1", "10.0.0.8,10.0.0.9", "10.0.0.8"},
		{"::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"127.0.0.1", "::ffff:10.0.0.3", "10.0.0.3"},
		{"127.0.0.1", "203.0.113.7, ::ffff:10.0.0.3", "203.0.113.7"},
		{"127.0.0.1", "2001:db8::5", "2001:db8::5"},
		{"127.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"},
		{"127.0.0.1", "[2001:db8::5]", "2001:db8::5"},
		{"127.0.0.1", "203.0.113.7:4711", "203.0.113.7"},
		{"127.0.0.1", " 203.0.113.7\t", "203.0.113.7"},
		/* Junk is no address; who sent it stays who he was. */
		{"127.0.0.1", "", "127.0.0.1"},
		{"127.0.0.1", ",", "127.0.0.1"},
		{"127.0.0.1", "unknown", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7,", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7, _hidden", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7, junk, 10.0.0.9", "10.0.0.9"},
		{"127.0.0.1", "203.0.113.7 10.0.0.9", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7:", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.7:99999", "127.0.0.1"},
		{"127.0.0.1", "[2001:db8::5", "127.0.0.1"},
		{"127.0.0.1", "[2001:db8::5]x", "127.0.0.1"},
		{"127.0.0.1", "[203.0.113.7]", "127.0.0.1"},
		{"127.0.0.1", "[]:1", "127.0.0.1"},
		{"127.0.0.1", "for=203.0.113.7", "127.0.0.1"},
		{"127.0.0.1", "\"203.0.113.7\"", "127.0.0.1"},
	};
	CfaNetworks proxies;

	assert_true(cfa_networks_parse("127.0.0.1,10.0.0.0/8", &proxies));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CfaAddress is = address(cases[i].peer);

		(void) cfa_address_follow(&proxies, cases[i].chain, &is);
		assert_address(&is, cases[i].client);
	}
}

/* Several header lines are one list; the walk goes on only among proxies. */
static void
test_follow_lines(void **state)
{
	CfaNetworks proxies;
	CfaAddress is = address("127.0.0.1");

	assert_true(cfa_networks_parse("127.0.0.1,10.0.0.0/8", &proxies));
	assert_true(cfa_address_follow(&proxies, "10.0.0.2, 10.0.0.1", &is));
	assert_false(cfa_address_follow(&proxies, "1.1.1.1, 203.0.113.7", &is));
	assert_address(&is, "203.0.113.7");
	is = address("127.0.0.1");
	assert_false(cfa_address_follow(&proxies, "junk", &is));
	assert_address(&is, "127.0.0.1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_too_many_networks),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_follow_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
