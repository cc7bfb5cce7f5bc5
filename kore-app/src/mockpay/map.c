/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.c
 *	  Open addressing with linear probing, at most three quarters full.
 *
 * A removed slot keeps a key that stands for no text any more, so that chains
 * through it stay whole; the next growth drops it.
 */
#include "map.h"

#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "memory.h"

#define FIRST_SIZE 64

/* Compared by address, never read. */
static const char removed_key[] = "";

/* One secret for all maps, so that no client can choose colliding keys. */
static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static bool hash_key_drawn;

static CfaMockMapSlot *find(const CfaMockMap *map, const char *key);
static void grow(CfaMockMap *map);

void
cfa_mock_map_put(CfaMockMap *map, const char *key, void *value)
{
	CfaMockMapSlot *slot;

	if ((map->used + 1) * 4 > map->size * 3)
		grow(map);
	slot = find(map, key);
	if (slot->key == NULL)
	{
		map->used++;
		map->count++;
	}
	slot->key = key;
	slot->value = value;
}

void *
cfa_mock_map_get(const CfaMockMap *map, const char *key)
{
	return map->size == 0 ? NULL : find(map, key)->value;
}

void *
cfa_mock_map_remove(CfaMockMap *map, const char *key)
{
	CfaMockMapSlot *slot = map->size == 0 ? NULL : find(map, key);
	void *value;

	if (slot == NULL || slot->key == NULL)
		return NULL;
	value = slot->value;
	slot->key = removed_key;
	slot->value = NULL;
	map->count--;
	return value;
}

void
cfa_mock_map_clear(CfaMockMap *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}

/* The slot of key, or the free one where it would go. */
static CfaMockMapSlot *
find(const CfaMockMap *map, const char *key)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t at;

	crypto_shorthash(hash, (const unsigned char *) key, strlen(key), hash_key);
	memcpy(&at, hash, sizeof(at));
	for (;; at++)
	{
		CfaMockMapSlot *slot = &map->slots[at & (map->size - 1)];

		if (slot->key == NULL ||
			(slot->key != removed_key && strcmp(slot->key, key) == 0))
			return slot;
	}
}

static void
grow(CfaMockMap *map)
{
	CfaMockMap bigger = {0};

	/* Many removed slots: the same size again is enough. */
	bigger.size = map->size == 0 ? FIRST_SIZE : map->size;
	while (map->count * 2 >= bigger.size)
		bigger.size *= 2;
	bigger.slots = cfa_mock_calloc(bigger.size, sizeof(*bigger.slots));
	if (!hash_key_drawn)
		randombytes_buf(hash_key, sizeof(hash_key));
	hash_key_drawn = true;
	for (size_t i = 0; i < map->size; i++)
	{
		if (map->slots[i].value == NULL)
			continue;
		*find(&bigger, map->slots[i].key) = map->slots[i];
		bigger.count++;
	}
	bigger.used = bigger.count;
	free(map->slots);
	*map = bigger;
}
