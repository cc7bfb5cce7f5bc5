/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADMIN_H
#define CFA_APP_ADMIN_H

#include "handlers/call.h"
#include "handlers/list_call.h"
#include "handlers/params.h"

#define CFA_ADMIN_BODY_MAX 4096

/* What stands for :id in the path of a route. */
typedef enum CfaAdminTarget
{
	CFA_TARGET_NONE,
	CFA_TARGET_UUID,
	CFA_TARGET_NUMBER, /* from 1 */
	CFA_TARGET_NAME	   /* for SQL to know */
} CfaAdminTarget;

/*
 * A list for administrators: the call takes the account, then the filters in the
 * order of their table, then what every list with a key takes.
 */
typedef struct CfaAdminList
{
	const char *name; /* among all lists */
	CfaListCall call;
	const CfaParam *filters;
} CfaAdminList;

void cfa_admin_list(CfaCtx *ctx, const CfaAdminList *list);

/*
 * A document for administrators: the call takes the account, the target if there
 * is one, then the parameters of the query in the order of their table.
 */
typedef struct CfaAdminRead
{
	CfaCall call;
	CfaAdminTarget target;
	const CfaParam *params; /* NULL: none */
} CfaAdminRead;

void cfa_admin_read(CfaCtx *ctx, const CfaAdminRead *read);

/*
 * A change by administrators: the call takes the account, the target if there is
 * one, then the members of the body in the order of their table.
 */
typedef struct CfaAdminChange
{
	CfaCall call;
	CfaAdminTarget target;
	const CfaField *fields;
} CfaAdminChange;

void cfa_admin_change(CfaCtx *ctx, const CfaAdminChange *change);

/* Reads account, target and body into params; false after a problem. */
bool cfa_admin_params(CfaCtx *ctx, const CfaAdminChange *change,
					  CfaPgParams *params);

/* The first rows of most bodies: why, and whether only to try. */
#define CFA_ADMIN_REASON                                               \
	{                                                                  \
		.name = "reason", .kind = CFA_FIELD_TEXT, .is_required = true, \
		.min = 3, .max = 500                                           \
	}
#define CFA_ADMIN_DRY_RUN                            \
	{                                                \
		.name = "dry_run", .kind = CFA_FIELD_BOOLEAN \
	}

#endif
