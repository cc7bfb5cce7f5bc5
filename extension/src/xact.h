/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xact.h
 *	  The end of transactions and subtransactions, for all modules.
 */
#ifndef CFA_XACT_H
#define CFA_XACT_H

/* Register the callbacks; backends inherit them from the postmaster. */
extern void cfa_xact_install(void);

#endif /* CFA_XACT_H */
