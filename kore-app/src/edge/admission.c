/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admission.c: how many connections each client address has, over all workers.
 *
 * A count-min sketch in shared memory: an address counts in one cell of each of
 * ROWS rows, and its count is the smallest of its cells, summed over the
 * workers. So it is never counted too low; too high only if another address
 * shares a cell with it in every row, which a secret key keeps from being
 * arranged. Each worker writes to its own part only, without locks, and a worker
 * that died takes its counts with it.
 */
#include "edge/admission.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ROWS 2
#define CELLS 16384 /* a power of two */

typedef struct Part
{
	uint16_t cells[ROWS][CELLS];
} Part;

static Part *parts; /* part of worker i at i - 1 */
static Part *own;
static unsigned part_count;
static unsigned bound;
static uint8_t key[crypto_shorthash_KEYBYTES];

static void find_cells(const uint8_t *address, size_t len, size_t cells[ROWS]);
static unsigned count_of(const size_t cells[ROWS]);
static void change(const size_t cells[ROWS], int delta);

void
cfa_admission_init(unsigned workers, unsigned per_address)
{
	part_count = workers;
	bound = per_address;
	crypto_shorthash_keygen(key);
	parts = mmap(NULL,
				 workers * sizeof(Part),
				 PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS,
				 -1,
				 0);
	if (parts == MAP_FAILED)
		abort();
	own = parts;
}

void
cfa_admission_worker(unsigned worker_id)
{
	own = &parts[(worker_id - 1) % part_count];
	memset(own, 0, sizeof(*own));
}

bool
cfa_admission_enter(const uint8_t *address, size_t len)
{
	size_t cells[ROWS];

	find_cells(address, len, cells);
	/* Count first: of two workers that take the last place none gets two. */
	change(cells, 1);
	if (count_of(cells) <= bound)
		return true;
	change(cells, -1);
	return false;
}

void
cfa_admission_leave(const uint8_t *address, size_t len)
{
	size_t cells[ROWS];

	find_cells(address, len, cells);
	change(cells, -1);
}

static void
find_cells(const uint8_t *address, size_t len, size_t cells[ROWS])
{
	uint64_t hash;
	int row;

	(void) crypto_shorthash((uint8_t *) &hash, address, len, key);
	for (row = 0; row < ROWS; row++)
		cells[row] = (hash >> (32 * row)) % CELLS;
}

static unsigned
count_of(const size_t cells[ROWS])
{
	unsigned least = UINT32_MAX;
	int row;

	for (row = 0; row < ROWS; row++)
	{
		unsigned sum = 0;
		unsigned i;

		for (i = 0; i < part_count; i++)
			sum += __atomic_load_n(&parts[i].cells[row][cells[row]],
								   __ATOMIC_SEQ_CST);
		if (sum < least)
			least = sum;
	}
	return least;
}

static void
change(const size_t cells[ROWS], int delta)
{
	int row;

	for (row = 0; row < ROWS; row++)
		(void) __atomic_fetch_add(&own->cells[row][cells[row]],
								  (uint16_t) delta,
								  __ATOMIC_SEQ_CST);
}
