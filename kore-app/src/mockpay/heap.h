/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h
 *	  What is due next: pointers ordered by time, and by order of insertion
 *	  among those due at the same time.
 *
 * Entries are never changed in place. An owner that changes its mind pushes
 * again and ignores the old entry when it comes up.
 */
#ifndef CFA_MOCK_HEAP_H
#define CFA_MOCK_HEAP_H

#include <stddef.h>
#include <stdint.h>

typedef struct CfaMockDue
{
	int64_t due_ms;
	uint64_t order;
	void *item;
} CfaMockDue;

typedef struct CfaMockHeap
{
	CfaMockDue *entries;
	size_t count;
	size_t size;
	uint64_t pushed;
} CfaMockHeap;

void cfa_mock_heap_push(CfaMockHeap *heap, int64_t due_ms, void *item);

/* The first entry, or NULL; valid until the heap is changed. */
const CfaMockDue *cfa_mock_heap_first(const CfaMockHeap *heap);

/* Drops the first entry; the heap must not be empty. */
void cfa_mock_heap_pop(CfaMockHeap *heap);

void cfa_mock_heap_clear(CfaMockHeap *heap);

#endif /* CFA_MOCK_HEAP_H */
