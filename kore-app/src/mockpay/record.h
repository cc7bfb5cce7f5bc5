/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h
 *	  Objects of the store as journal records and back.
 *
 * A record holds the whole object, so replaying is putting: the last record of
 * an object wins, and the oldest ones may be left out.
 */
#ifndef CFA_MOCK_RECORD_H
#define CFA_MOCK_RECORD_H

#include "journal.h"
#include "store.h"

/* Each makes a new record that the caller frees. */
json_t *cfa_mock_record_intent(const CfaMockIntent *intent);
json_t *cfa_mock_record_refund(const CfaMockRefund *refund);
json_t *cfa_mock_record_event(const CfaMockEvent *event);
json_t *cfa_mock_record_delivered(const CfaMockEvent *event);
json_t *cfa_mock_record_key(const CfaMockKey *key);

/* Puts what a record says into the store; false if it makes no sense. */
bool cfa_mock_record_apply(CfaMockStore *store, const json_t *record);

/* Writes every object of the store (context) to the journal: a CfaMockDump. */
bool cfa_mock_record_dump(void *context, CfaMockJournal *journal);

#endif /* CFA_MOCK_RECORD_H */
