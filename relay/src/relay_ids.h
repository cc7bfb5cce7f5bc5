/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_ids.h: a map from 16-byte ids to numbers: the events that the stream has
 * already, the aggregates whose events have to wait.
 */
#ifndef CFA_RELAY_IDS_H
#define CFA_RELAY_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64 million ids are 2 GB; a stream that holds more cannot be compared. */
#define CFA_IDS_MAX ((size_t) 64 * 1000 * 1000)

typedef struct CfaIdSlot
{
	uint8_t id[16];
	int64_t value;
	bool is_used;
} CfaIdSlot;

/* All zero is an empty map. */
typedef struct CfaIds
{
	CfaIdSlot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
} CfaIds;

/* Sets the value of an id. False when the map is full or memory is out. */
bool cfa_ids_put(CfaIds *ids, const uint8_t id[16], int64_t value);

/* Whether the id is there; its value goes to *value unless that is NULL. */
bool cfa_ids_get(const CfaIds *ids, const uint8_t id[16], int64_t *value);

/* Forgets all and frees the memory. */
void cfa_ids_clear(CfaIds *ids);

#endif
