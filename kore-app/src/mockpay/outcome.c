/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.c
 *	  The table of outcomes; docs/howto/mock-provider.md shows the same table.
 */
#include "outcome.h"

#include <string.h>

/* clang-format off */
static const CfaMockOutcome outcomes[] = {
	{"succeed", -1, 0, "pm_card_visa", NULL, NULL, NULL},
	{"decline", 2, 0, "pm_card_chargeDeclined",
	 "card_declined", "generic_decline", "Your card was declined."},
	{"timeout", 3, CFA_MOCK_TIMES_OUT, NULL, NULL, NULL, NULL},
	{"slow", 4, CFA_MOCK_IS_SLOW, NULL, NULL, NULL, NULL},
	{"insufficient_funds", 5, 0, "pm_card_chargeDeclinedInsufficientFunds",
	 "card_declined", "insufficient_funds",
	 "Your card has insufficient funds."},
	{"error", 6, CFA_MOCK_ERRS_FIRST, NULL, NULL, NULL, NULL},
	{"duplicate", 7, CFA_MOCK_DUPLICATES, NULL, NULL, NULL, NULL},
	{"reorder", 8, CFA_MOCK_REORDERS, NULL, NULL, NULL, NULL},
	{"stuck", 9, CFA_MOCK_IS_STUCK, NULL, NULL, NULL, NULL},
	{"late", 11, CFA_MOCK_IS_SLOW | CFA_MOCK_RESISTS, NULL, NULL, NULL, NULL},
	{"refund_fails", 12, CFA_MOCK_REFUND_FAILS, "pm_card_refundFail",
	 NULL, NULL, NULL},
	{"expired_card", 13, 0, "pm_card_chargeDeclinedExpiredCard",
	 "expired_card", "expired_card", "Your card has expired."},
	{"processing_error", 14, 0, "pm_card_chargeDeclinedProcessingError",
	 "processing_error", "processing_error",
	 "An error occurred while processing your card. Try again in a little "
	 "bit."},
};
/* clang-format on */

#define OUTCOME_COUNT (sizeof(outcomes) / sizeof(outcomes[0]))

const CfaMockOutcome *
cfa_mock_outcome_default(void)
{
	return &outcomes[0];
}

const CfaMockOutcome *
cfa_mock_outcome_declined(void)
{
	return &outcomes[1];
}

const CfaMockOutcome *
cfa_mock_outcome_by_name(const char *name)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (strcmp(outcomes[i].name, name) == 0)
			return &outcomes[i];
	return NULL;
}

const CfaMockOutcome *
cfa_mock_outcome_by_method(const char *method)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i].payment_method != NULL &&
			strcmp(outcomes[i].payment_method, method) == 0)
			return &outcomes[i];
	return NULL;
}

const CfaMockOutcome *
cfa_mock_outcome_by_amount(int64_t amount)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (outcomes[i].suffix == amount % 100)
			return &outcomes[i];
	return NULL;
}

const CfaMockOutcome *
cfa_mock_outcome_at(size_t i)
{
	return i < OUTCOME_COUNT ? &outcomes[i] : NULL;
}
