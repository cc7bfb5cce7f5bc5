/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c: Kore's allocator on the heap.
 *
 * Kore's pools hide reads and writes past an end and after a free; here each
 * object is an allocation that the sanitizers watch. What comes from a pool is
 * zeroed, as Kore relies on for first use.
 */
#include <kore/kore.h>

#include <stdlib.h>
#include <string.h>

static void *
check(void *ptr)
{
	if (ptr == NULL)
		abort();
	return ptr;
}

void
kore_mem_init(void)
{
}

void
kore_mem_cleanup(void)
{
}

void *
kore_malloc(size_t len)
{
	return check(malloc(len > 0 ? len : 1));
}

void *
kore_calloc(size_t count, size_t len)
{
	return check(calloc(count, len));
}

void *
kore_realloc(void *ptr, size_t len)
{
	return check(realloc(ptr, len));
}

void
kore_free(void *ptr)
{
	free(ptr);
}

char *
kore_strdup(const char *text)
{
	return check(strdup(text));
}

void *
kore_malloc_tagged(size_t len, u_int32_t tag)
{
	return kore_malloc(len);
}

void
kore_mem_tag(void *ptr, u_int32_t tag)
{
}

void
kore_mem_untag(void *ptr)
{
}

void *
kore_mem_lookup(u_int32_t tag)
{
	return NULL;
}

void
kore_pool_init(struct kore_pool *pool, const char *name, size_t len,
			   size_t count)
{
	pool->elen = len;
}

void
kore_pool_cleanup(struct kore_pool *pool)
{
}

void *
kore_pool_get(struct kore_pool *pool)
{
	return check(calloc(1, pool->elen));
}

void
kore_pool_put(struct kore_pool *pool, void *ptr)
{
	free(ptr);
}
