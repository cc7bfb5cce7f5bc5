/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guc.h
 *	  Settings careforall.*; README.md lists them with their meaning.
 */
#ifndef CFA_GUC_H
#define CFA_GUC_H

#include "postgres.h"

extern char *cfa_guc_actor;
extern bool cfa_guc_allow_clock_set;
extern char *cfa_guc_database;
extern int cfa_guc_expiry_grace_s;
extern int cfa_guc_fold_interval_ms;
extern int cfa_guc_hold_timeout_s;
extern int cfa_guc_max_limits;
extern int cfa_guc_notify_delay_ms;
extern char *cfa_guc_reason;
extern char *cfa_guc_traceparent;

/* Define all settings; those of the server's start only while preloading. */
extern void cfa_guc_define(void);

/* The value of a string setting, or NULL when it is empty. */
extern const char *cfa_guc_or_null(const char *value);

#endif /* CFA_GUC_H */
