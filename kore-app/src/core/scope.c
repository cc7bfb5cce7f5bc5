/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.c: the scope of a worker, which has one thread.
 */
#include "core/scope.h"

CfaScope cfa_scope;
