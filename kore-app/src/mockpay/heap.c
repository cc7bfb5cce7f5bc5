/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c
 *	  A binary heap in an array.
 */
#include "heap.h"

#include <assert.h>
#include <stdbool.h>

#include "memory.h"

#define FIRST_SIZE 64

static bool is_before(const CfaMockDue *left, const CfaMockDue *right);
static void swap(CfaMockDue *left, CfaMockDue *right);

void
cfa_mock_heap_push(CfaMockHeap *heap, int64_t due_ms, void *item)
{
	size_t at = heap->count;

	if (heap->count == heap->size)
	{
		heap->size = heap->size == 0 ? FIRST_SIZE : heap->size * 2;
		heap->entries =
			cfa_mock_realloc(heap->entries, heap->size, sizeof(*heap->entries));
	}
	heap->entries[heap->count++] = (CfaMockDue){due_ms, heap->pushed++, item};
	while (at > 0 &&
		   is_before(&heap->entries[at], &heap->entries[(at - 1) / 2]))
	{
		swap(&heap->entries[at], &heap->entries[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

const CfaMockDue *
cfa_mock_heap_first(const CfaMockHeap *heap)
{
	return heap->count == 0 ? NULL : &heap->entries[0];
}

void
cfa_mock_heap_pop(CfaMockHeap *heap)
{
	size_t at = 0;

	assert(heap->count > 0);
	heap->entries[0] = heap->entries[--heap->count];
	for (;;)
	{
		size_t child = 2 * at + 1;

		if (child >= heap->count)
			return;
		if (child + 1 < heap->count &&
			is_before(&heap->entries[child + 1], &heap->entries[child]))
			child++;
		if (!is_before(&heap->entries[child], &heap->entries[at]))
			return;
		swap(&heap->entries[child], &heap->entries[at]);
		at = child;
	}
}

void
cfa_mock_heap_clear(CfaMockHeap *heap)
{
	free(heap->entries);
	memset(heap, 0, sizeof(*heap));
}

static bool
is_before(const CfaMockDue *left, const CfaMockDue *right)
{
	if (left->due_ms != right->due_ms)
		return left->due_ms < right->due_ms;
	return left->order < right->order;
}

static void
swap(CfaMockDue *left, CfaMockDue *right)
{
	CfaMockDue kept = *left;

	*left = *right;
	*right = kept;
}
