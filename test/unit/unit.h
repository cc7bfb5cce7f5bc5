/* SPDX-License-Identifier: Apache-2.0 */
/* unit.h: cmocka with the headers it needs before itself. */
#ifndef CFA_UNIT_H
#define CFA_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
