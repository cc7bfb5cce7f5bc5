/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notifier.h
 *	  Background worker: wakes a sleeping relay, folds campaign totals.
 */
#ifndef CFA_NOTIFIER_H
#define CFA_NOTIFIER_H

#include "postgres.h"

/* Register the worker; only while preloading. */
extern void cfa_notifier_install(void);

/* A transaction that wrote to the outbox has committed. Cannot fail. */
extern void cfa_notifier_committed(bool has_deltas);

#endif /* CFA_NOTIFIER_H */
