/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_ids.c: open addressing with linear probing, at most half full.
 *
 * Ids are UUIDs of version 7: the time in front is alike in neighbours, so the hash
 * mixes both halves. They come from our own database; nobody can choose them.
 */
#include "relay_ids.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256

static size_t
find_slot(const CfaIdSlot *slots, size_t capacity, const uint8_t id[16])
{
	uint64_t high;
	uint64_t low;
	uint64_t hash;
	size_t at;

	memcpy(&high, id, sizeof(high));
	memcpy(&low, id + 8, sizeof(low));
	hash = (high ^ (low * UINT64_C(0x9e3779b97f4a7c15))) *
		   UINT64_C(0xbf58476d1ce4e5b9);
	at = (size_t) (hash ^ (hash >> 32)) & (capacity - 1);
	while (slots[at].is_used && memcmp(slots[at].id, id, 16) != 0)
		at = (at + 1) & (capacity - 1);
	return at;
}

static bool
grow(CfaIds *ids)
{
	size_t capacity = ids->capacity == 0 ? CAPACITY_MIN : ids->capacity * 2;
	CfaIdSlot *slots = calloc(capacity, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < ids->capacity; i++)
	{
		if (ids->slots[i].is_used)
			slots[find_slot(slots, capacity, ids->slots[i].id)] = ids->slots[i];
	}
	free(ids->slots);
	ids->slots = slots;
	ids->capacity = capacity;
	return true;
}

bool
cfa_ids_put(CfaIds *ids, const uint8_t id[16], int64_t value)
{
	CfaIdSlot *slot;

	if (ids->count >= CFA_IDS_MAX)
		return false;
	if (ids->count * 2 >= ids->capacity && !grow(ids))
		return false;
	slot = &ids->slots[find_slot(ids->slots, ids->capacity, id)];
	if (!slot->is_used)
		ids->count++;
	memcpy(slot->id, id, 16);
	slot->value = value;
	slot->is_used = true;
	return true;
}

bool
cfa_ids_get(const CfaIds *ids, const uint8_t id[16], int64_t *value)
{
	const CfaIdSlot *slot;

	if (ids->count == 0)
		return false;
	slot = &ids->slots[find_slot(ids->slots, ids->capacity, id)];
	if (slot->is_used && value != NULL)
		*value = slot->value;
	return slot->is_used;
}

void
cfa_ids_clear(CfaIds *ids)
{
	free(ids->slots);
	*ids = (CfaIds){0};
}
