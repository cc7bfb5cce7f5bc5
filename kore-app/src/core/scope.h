/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_SCOPE_H
#define CFA_APP_SCOPE_H

#include <careforall/trace.h>
#include <stdbool.h>

/*
 * The span on whose behalf the loop works at this moment, if anybody wants to
 * have it: calls to back ends that are begun now are its children. What calls
 * back later keeps the scope of its call and enters it again.
 */
typedef struct CfaScope
{
	bool is_traced; /* else the rest means nothing */
	CfaTrace trace;
} CfaScope;

extern CfaScope cfa_scope;

/* Enters a scope; the one before is returned, to be set again on leaving. */
static inline CfaScope
cfa_scope_enter(CfaScope scope)
{
	CfaScope before = cfa_scope;

	cfa_scope = scope;
	return before;
}

#endif
