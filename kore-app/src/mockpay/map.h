/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h
 *	  A hash map from text to a pointer. The map borrows both: keys must live
 *	  as long as their entry, as a member of the value does.
 */
#ifndef CFA_MOCK_MAP_H
#define CFA_MOCK_MAP_H

#include <stddef.h>

typedef struct CfaMockMapSlot
{
	const char *key; /* NULL: never used */
	void *value;	 /* NULL with a key: removed */
} CfaMockMapSlot;

typedef struct CfaMockMap
{
	CfaMockMapSlot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used; /* slots with a key, removed ones too */
	size_t count;
} CfaMockMap;

/* Puts value (not NULL) under key, in place of any other. */
void cfa_mock_map_put(CfaMockMap *map, const char *key, void *value);

void *cfa_mock_map_get(const CfaMockMap *map, const char *key);

/* Takes the entry out and returns its value, or NULL. */
void *cfa_mock_map_remove(CfaMockMap *map, const char *key);

/* Frees the slots, not what they point to. */
void cfa_mock_map_clear(CfaMockMap *map);

#endif /* CFA_MOCK_MAP_H */
