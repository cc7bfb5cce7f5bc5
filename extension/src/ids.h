/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h
 *	  Identifiers: UUID version 7.
 */
#ifndef CFA_IDS_H
#define CFA_IDS_H

#include "postgres.h"

#include "utils/uuid.h"

#define CFA_UUID_TEXT_LEN 36

/* A new UUID version 7, greater than any that this process made before. */
extern pg_uuid_t cfa_uuid7(void);

/* Write the 36 characters of an id and a NUL to text. */
extern void cfa_uuid_text(const pg_uuid_t *id, char *text);

extern int cfa_uuid_compare(const pg_uuid_t *a, const pg_uuid_t *b);

#endif /* CFA_IDS_H */
