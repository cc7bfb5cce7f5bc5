/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PASSWORD_LIST_H
#define CFA_APP_PASSWORD_LIST_H

#include <stdbool.h>

/* Whether a password, in lower case, is one of those that everybody tries. */
bool cfa_password_list_has(const char *password);

#endif
