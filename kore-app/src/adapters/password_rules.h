/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PASSWORD_RULES_H
#define CFA_APP_PASSWORD_RULES_H

#define CFA_PASSWORD_MIN_CHARS 8
#define CFA_PASSWORD_MAX_CHARS 256

/*
 * Why a password cannot be taken, as a sentence; NULL if it can. identities are
 * texts that everybody knows of the account (address, name), NULL at the end.
 */
const char *cfa_password_weakness(const char *password,
								  const char *const *identities);

#endif
