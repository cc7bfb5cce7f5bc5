/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ROUTES_H
#define CFA_APP_ROUTES_H

#include "core/router.h"

/* Ends with a route without a path. */
extern const CfaRoute cfa_api_routes[];

#endif
