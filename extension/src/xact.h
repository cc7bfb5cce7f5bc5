/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xact.h
 *	  The end of transactions and subtransactions, for all modules.
 */
#ifndef CFA_XACT_H
#define CFA_XACT_H

/* Register the callbacks; backends inherit them from the postmaster. */
extern void cfa_xact_install(void);

/*
 * Make the commit of this transaction wait for the synchronous standbys even if it
 * changes nothing: what it answers may be the work of a transaction whose own wait
 * was cancelled, which would be lost with this server.
 */
extern void cfa_xact_confirm(void);

#endif /* CFA_XACT_H */
