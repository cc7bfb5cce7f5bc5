/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totals.h
 *	  Folding of campaign_total_deltas into campaign_totals.
 */
#ifndef CFA_TOTALS_H
#define CFA_TOTALS_H

#include "postgres.h"

/* Whether the tables are there. */
extern bool cfa_totals_exist(void);

/* Fold all deltas that are visible; the number of them. */
extern int64 cfa_totals_fold(void);

#endif /* CFA_TOTALS_H */
