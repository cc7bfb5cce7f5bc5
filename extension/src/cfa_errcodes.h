/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfa_errcodes.h
 *	  The SQLSTATEs of class PL that this extension raises; docs/reference/errors.md
 *	  describes each.
 */
#ifndef CFA_ERRCODES_H
#define CFA_ERRCODES_H

#include "utils/elog.h"

#define CFA_ERRCODE_LIMIT_REACHED MAKE_SQLSTATE('P', 'L', '0', '0', '1')
#define CFA_ERRCODE_ILLEGAL_TRANSITION MAKE_SQLSTATE('P', 'L', '0', '0', '2')
#define CFA_ERRCODE_CAMPAIGN_NOT_ACCEPTING \
	MAKE_SQLSTATE('P', 'L', '0', '0', '3')
#define CFA_ERRCODE_KEY_REUSED MAKE_SQLSTATE('P', 'L', '0', '0', '4')
#define CFA_ERRCODE_REFERENCE_INVALID MAKE_SQLSTATE('P', 'L', '0', '0', '5')
#define CFA_ERRCODE_APPEND_ONLY MAKE_SQLSTATE('P', 'L', '0', '0', '6')
#define CFA_ERRCODE_CAPACITY_BELOW_USE MAKE_SQLSTATE('P', 'L', '0', '0', '7')
#define CFA_ERRCODE_MONEY_INVALID MAKE_SQLSTATE('P', 'L', '0', '0', '8')

#endif /* CFA_ERRCODES_H */
