/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_room.c: how many sockets a worker, and an address over all workers, has.
 *
 * The workers share memory. Each one counts in rows of its own, which it clears
 * when it starts, so nothing is locked and a killed worker leaves no count
 * behind. An address counts in one cell of each row, chosen by a keyed hash;
 * the smallest of the sums over all workers is at least the true number, and is
 * too large only where addresses meet in every row.
 */
#include <kore/kore.h>

#include "handlers/live_room.h"

#include <sodium.h>
#include <sys/mman.h>

#include "core/app.h"

#define ROWS 3
#define CELLS 8192

typedef uint16_t Counts[ROWS][CELLS];

static unsigned worker_max;
static unsigned address_max;
static unsigned taken;
static Counts *shared; /* of each worker */
static uint8_t hash_key[crypto_shorthash_KEYBYTES];

static void cells_of(const CfaAddress *address, unsigned cells[ROWS]);
static unsigned count_of(const unsigned cells[ROWS]);
static Counts *mine(void);

void
cfa_live_room_configure(unsigned per_worker, unsigned per_address)
{
	worker_max = per_worker;
	address_max = per_address;
	randombytes_buf(hash_key, sizeof(hash_key));
	shared = mmap(NULL,
				  CFA_WORKERS_MAX * sizeof(Counts),
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS,
				  -1,
				  0);
	if (shared == MAP_FAILED)
		fatalx("no memory for the counts of live connections");
}

void
cfa_live_room_start(void)
{
	memset(mine(), 0, sizeof(Counts));
	taken = 0;
}

CfaLiveRoom
cfa_live_room_take(const CfaAddress *address)
{
	unsigned cells[ROWS];
	int row;

	if (taken >= worker_max)
		return CFA_LIVE_ROOM_WORKER_FULL;
	cells_of(address, cells);
	if (count_of(cells) >= address_max)
		return CFA_LIVE_ROOM_ADDRESS_FULL;
	for (row = 0; row < ROWS; row++)
		__atomic_fetch_add(&(*mine())[row][cells[row]], 1, __ATOMIC_RELAXED);
	taken++;
	return CFA_LIVE_ROOM_OK;
}

void
cfa_live_room_give_back(const CfaAddress *address)
{
	unsigned cells[ROWS];
	int row;

	cells_of(address, cells);
	for (row = 0; row < ROWS; row++)
		__atomic_fetch_sub(&(*mine())[row][cells[row]], 1, __ATOMIC_RELAXED);
	taken--;
}

static void
cells_of(const CfaAddress *address, unsigned cells[ROWS])
{
	CfaAddress client = cfa_address_client(address);
	uint8_t hash[crypto_shorthash_BYTES];
	uint16_t part;
	int row;

	(void) crypto_shorthash(hash, client.bytes, sizeof(client.bytes), hash_key);
	for (row = 0; row < ROWS; row++)
	{
		memcpy(&part, hash + 2 * row, sizeof(part));
		cells[row] = part % CELLS;
	}
}

static unsigned
count_of(const unsigned cells[ROWS])
{
	unsigned least = UINT_MAX;
	unsigned row;
	unsigned w;

	for (row = 0; row < ROWS; row++)
	{
		unsigned sum = 0;

		for (w = 0; w < cfa_app_workers; w++)
			sum +=
				__atomic_load_n(&shared[w][row][cells[row]], __ATOMIC_RELAXED);
		if (sum < least)
			least = sum;
	}
	return least;
}

static Counts *
mine(void)
{
	return &shared[(worker->id - 1) % CFA_WORKERS_MAX];
}
