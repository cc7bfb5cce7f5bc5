/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of hosts in connection strings: as libpq reads them, and what it refuses. */
#include "unit.h"

#include "careforall/hosts.h"

static CfaHosts hosts;

static void
assert_host(unsigned i, const char *name, const char *address, const char *port)
{
	assert_true(i < hosts.count);
	assert_string_equal(hosts.list[i].name, name);
	assert_string_equal(hosts.list[i].address, address);
	assert_string_equal(hosts.list[i].port, port);
}

static void
test_lists(void **state)
{
	assert_true(cfa_hosts_parse(&hosts, "a,b.example,/run", NULL, "1,,3"));
	assert_int_equal(hosts.count, 3);
	assert_host(0, "a", "", "1");
	assert_host(1, "b.example", "", "");
	assert_host(2, "/run", "", "3");
	assert_true(cfa_hosts_parse(&hosts, "a,b", "10.0.0.1,10.0.0.2", "5432"));
	assert_host(1, "b", "10.0.0.2", "5432");
	assert_true(cfa_hosts_parse(&hosts, NULL, "10.0.0.1", NULL));
	assert_int_equal(hosts.count, 1);
	assert_host(0, "", "10.0.0.1", "");
}

static void
test_none(void **state)
{
	assert_true(cfa_hosts_parse(&hosts, NULL, NULL, NULL));
	assert_int_equal(hosts.count, 0);
	assert_true(cfa_hosts_parse(&hosts, "", "", "5432"));
	assert_int_equal(hosts.count, 0);
}

static void
test_refused(void **state)
{
	char name[300];

	assert_false(cfa_hosts_parse(&hosts, "a,b", "10.0.0.1", NULL));
	assert_false(cfa_hosts_parse(&hosts, "a,b,c", NULL, "1,2"));
	assert_false(cfa_hosts_parse(&hosts, "a", NULL, "1,2"));
	assert_true(cfa_hosts_parse(&hosts, "1,2,3,4,5,6,7,8", NULL, NULL));
	assert_false(cfa_hosts_parse(&hosts, "1,2,3,4,5,6,7,8,9", NULL, NULL));
	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	assert_false(cfa_hosts_parse(&hosts, name, NULL, NULL));
	name[255] = '\0';
	assert_true(cfa_hosts_parse(&hosts, name, NULL, NULL));
	assert_false(cfa_hosts_parse(&hosts, "a", NULL, "0123456789012345"));
}

/* A reason of libpq, as it would be for this string. */
static const char *
refused(const char *dsn, const char *reason)
{
	static char error[256];

	cfa_dsn_refuse(error, sizeof(error), dsn, reason);
	return error;
}

static void
test_refusal_tells_no_password(void **state)
{
	assert_string_equal(refused("colour=red", "invalid option \"colour\"\n"),
						"CAREFORALL_PG_DSN is not a connection string: "
						"invalid option \"colour\"");
	assert_string_equal(refused("colour=red", NULL),
						"CAREFORALL_PG_DSN is not a connection string");
	assert_null(strstr(refused("password=a heron", "no \"=\" after \"heron\""),
					   "heron"));
	assert_null(strstr(refused("sslPassword=a heron", "after \"heron\""),
					   "heron"));
	assert_null(strstr(refused("postgresql://u:heron@[h", "in \"heron@[h\""),
					   "heron"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refusal_tells_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
