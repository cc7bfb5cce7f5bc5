/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money.h
 *	  Money inside the server: see money_core.h for the arithmetic.
 */
#ifndef CFA_MONEY_H
#define CFA_MONEY_H

#include "postgres.h"

#include "money_core.h"

/* a + b, or an error of SQLSTATE PL008 on overflow. */
extern int64 cfa_money_add(int64 a, int64 b);

#endif /* CFA_MONEY_H */
