/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h
 *	  Allocation for the mock provider: it never returns NULL. A provider that
 *	  cannot remember a payment must not go on, so running out is an abort.
 */
#ifndef CFA_MOCK_MEMORY_H
#define CFA_MOCK_MEMORY_H

#include <stdlib.h>
#include <string.h>

static inline void *
cfa_mock_calloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		abort();
	return memory;
}

static inline void *
cfa_mock_realloc(void *old, size_t count, size_t size)
{
	void *memory = reallocarray(old, count, size);

	if (memory == NULL)
		abort();
	return memory;
}

static inline char *
cfa_mock_strdup(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

#endif /* CFA_MOCK_MEMORY_H */
