/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ROUTES_H
#define CFA_APP_ROUTES_H

#include "core/router.h"

extern const CfaRoute cfa_api_routes[];
extern const size_t cfa_api_route_count;

#endif
