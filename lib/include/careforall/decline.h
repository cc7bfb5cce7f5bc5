/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decline.h: why a payment was declined, as far as its donor is told.
 */
#ifndef CFA_DECLINE_H
#define CFA_DECLINE_H

/*
 * The reason to keep, of the provider's code and decline_code; either may be NULL.
 * Of the reasons for which a card can be declined only the lack of funds is told
 * apart: the others tell a thief too much (stolen, suspected fraud) or a donor nothing.
 */
const char *cfa_decline_reason(const char *code, const char *decline_code);

#endif
