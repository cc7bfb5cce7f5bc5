/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: paths find their route, and only theirs.
 * Method: a small table, paths by hand.
 */
#include "unit.h"

#include "core/router.h"

static void
nothing(struct CfaCtx *ctx)
{
}

/* clang-format off */
static const CfaRoute routes[] = {
	{CFA_GET, "/a", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, nothing},
	{CFA_GET, "/a/fixed", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, nothing},
	{CFA_GET, "/a/:id", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, nothing},
	{CFA_POST, "/a/:id/b/:other", CFA_PUBLIC, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_JSON, 9, NULL, nothing},
	{CFA_GET, "/admin", CFA_ADMIN, CFA_AUTH_NONE, CFA_RATE_NONE, NULL, CFA_BODY_NONE, 0, NULL, nothing},
};
/* clang-format on */

static CfaMatchResult
find(CfaSurface surface, CfaMethod method, const char *path, CfaMatch *match)
{
	return cfa_router_match(routes,
							sizeof(routes) / sizeof(routes[0]),
							surface,
							method,
							path,
							strlen(path),
							match);
}

static void
test_finds(void **state)
{
	CfaMatch match;

	assert_int_equal(find(CFA_PUBLIC, CFA_GET, "/a", &match), CFA_MATCH_OK);
	assert_int_equal(match.index, 0);
	assert_int_equal(find(CFA_PUBLIC, CFA_HEAD, "/a/fixed", &match),
					 CFA_MATCH_OK);
	assert_int_equal(match.index, 1);
	assert_int_equal(find(CFA_PUBLIC, CFA_GET, "/a/%2Fx%20", &match),
					 CFA_MATCH_OK);
	assert_string_equal(cfa_match_param(&match, "id"), "/x ");
	assert_null(cfa_match_param(&match, "i"));
	assert_int_equal(find(CFA_PUBLIC, CFA_POST, "/a/1/b/2", &match),
					 CFA_MATCH_OK);
	assert_string_equal(cfa_match_param(&match, "id"), "1");
	assert_string_equal(cfa_match_param(&match, "other"), "2");
	assert_int_equal(find(CFA_ADMIN, CFA_GET, "/admin", &match), CFA_MATCH_OK);
}

static void
test_does_not_find(void **state)
{
	static const char *const paths[] = {"",
										"/",
										"a",
										"/a/",
										"//a",
										"/a//b/2",
										"/a/1/b",
										"/a/1/b/2/",
										"/A",
										"/admin",
										"/a/%",
										"/a/%0",
										"/a/%00",
										"/a/%ff",
										"/a/%zz"};
	char longer[CFA_ROUTE_PARAM_LEN_MAX + 10] = "/a/";
	CfaMatch match;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(find(CFA_PUBLIC, CFA_GET, paths[i], &match),
						 CFA_MATCH_NOT_FOUND);
	memset(longer + 3, 'x', CFA_ROUTE_PARAM_LEN_MAX + 1);
	assert_int_equal(find(CFA_PUBLIC, CFA_GET, longer, &match),
					 CFA_MATCH_NOT_FOUND);
}

static void
test_allow(void **state)
{
	CfaMatch match;
	char text[80];

	assert_int_equal(find(CFA_PUBLIC, CFA_PUT, "/a/1", &match),
					 CFA_MATCH_METHOD);
	cfa_allow_text(match.allow, text, sizeof(text));
	assert_string_equal(text, "GET, HEAD, OPTIONS");
	assert_int_equal(find(CFA_PUBLIC, CFA_GET, "/a/1/b/2", &match),
					 CFA_MATCH_METHOD);
	cfa_allow_text(match.allow, text, sizeof(text));
	assert_string_equal(text, "POST, OPTIONS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds),
		cmocka_unit_test(test_does_not_find),
		cmocka_unit_test(test_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
