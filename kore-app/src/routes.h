/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ROUTES_H
#define CFA_APP_ROUTES_H

#include "core/router.h"

#define CFA_API_ROUTES 14

extern const CfaRoute cfa_api_routes[CFA_API_ROUTES];

#endif
