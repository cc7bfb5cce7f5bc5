/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.c
 *	  Escrow: what is left of each limit stands in shared memory, and a
 *	  transaction takes from it by compare-and-swap, holding no lock.
 *
 * The tables are the truth: use is the sum of what pledges hold. What makes the
 * figure in memory exact:
 *
 * - A transaction pins an entry before it changes anything that counts for it,
 *	 until it is over and visible to all (the callback runs after
 *	 ProcArrayEndTransaction). Entries with pins are not evicted.
 * - An empty entry is loaded with a snapshot taken after the pin, so the load
 *	 sees all that ended before, and nobody with a pin has changed use yet.
 * - Each transaction keeps one account per entry with a frame per
 *	 subtransaction level: taken (swapped out of "available"), net (change of
 *	 use in its tables), promised (put aside, not used yet). Over all frames up
 *	 to any level, taken >= net + promised. What is taken counts at once for
 *	 everybody, what is freed only at commit.
 * - Abort gives back all that was taken, commit gives back taken minus net.
 *	 First all numbers, then all pins.
 *
 * A raise of capacity is use that becomes free, a cut is a reservation, and an
 * unlimited capacity is just a very large one.
 *
 * Memory is allocated before a swap; nothing between a swap and its entry in
 * the account can fail. A backend that is killed makes the postmaster set up
 * shared memory anew, so nothing stays taken. cfa_limit_lock is a leaf, but for
 * ProcArrayLock, which cfa_limit_figures takes inside it.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "common/hashfn.h"
#include "guc.h"
#include "limits.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "spi.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#define EVICT_FRACTION 16

typedef struct CfaFrame
{
	int level; /* of the subtransaction */
	int64 taken;
	int64 net;
	int64 promised;
	int64 capacity; /* change of capacity */
	struct CfaFrame *below;
} CfaFrame;

typedef struct CfaAccount
{
	CfaLimitKey key;
	CfaLimit *limit; /* NULL until pinned */
	CfaFrame *top;
	char status; /* for simplehash */
} CfaAccount;

#define SH_PREFIX account
#define SH_ELEMENT_TYPE CfaAccount
#define SH_KEY_TYPE CfaLimitKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) \
	hash_bytes((const unsigned char *) &(key), sizeof(CfaLimitKey))
#define SH_EQUAL(table, a, b) (memcmp(&(a), &(b), sizeof(CfaLimitKey)) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static account_hash *accounts = NULL;  /* in TopTransactionContext */
static int deepest_level = 0;		   /* of any frame */
static CfaLimit *loading_limit = NULL; /* that this backend loads now */

static CfaPlan load_plans[CFA_LIMIT_KIND_COUNT] = {
	[CFA_LIMIT_CAMPAIGN] =
		{.sql = "SELECT c.id IS NOT NULL, c.cap_minor,"
				" (SELECT least(coalesce(sum(p.held_minor), 0),"
				"   4611686018427387904)::bigint"
				"  FROM careforall.pledges p WHERE p.campaign_id = $1)"
				" FROM (VALUES ($1)) AS k (id)"
				" LEFT JOIN careforall.campaigns c ON c.id = k.id",
		 .arg_count = 1,
		 .args = {UUIDOID}},
	[CFA_LIMIT_REWARD] =
		{.sql = "SELECT r.id IS NOT NULL, r.quantity::bigint,"
				" (SELECT coalesce(sum(p.held_places), 0)::bigint"
				"  FROM careforall.pledges p WHERE p.reward_id = $1)"
				" FROM (VALUES ($1)) AS k (id)"
				" LEFT JOIN careforall.rewards r ON r.id = k.id",
		 .arg_count = 1,
		 .args = {UUIDOID}},
	[CFA_LIMIT_POOL] = {.sql =
							"SELECT o.id IS NOT NULL, o.capacity::bigint,"
							" (SELECT coalesce(sum(p.held_places), 0)::bigint"
							"  FROM careforall.pledges p WHERE p.pool_id = $1)"
							" FROM (VALUES ($1)) AS k (id)"
							" LEFT JOIN careforall.pools o ON o.id = k.id",
						.arg_count = 1,
						.args = {UUIDOID}},
};

static CfaLimitKey make_key(CfaLimitKind kind, const pg_uuid_t *id);
static CfaAccount *account_open(CfaLimitKind kind, const pg_uuid_t *id);
static CfaFrame *account_frame(CfaAccount *account);
static int64 account_spare(const CfaAccount *account);
static bool account_take(CfaAccount *account, int64 n, int64 *available);
static CfaLimit *pin_limit(const CfaLimitKey *key);
static CfaLimit *pin_found(const CfaLimitKey *key);
static CfaLimit *pin_made(const CfaLimitKey *key);
static void evict_some(void);
static int evict_pass(int wanted, bool only_old);
static void see_loaded(CfaLimit *limit);
static void load(CfaLimit *limit);
static void read_figures(const CfaLimit *limit, int64 *capacity, int64 *used);
static void load_failed(void);
static bool swap_out(CfaLimit *limit, int64 n, int64 *available);
static int64 read_available(CfaLimit *limit);

void
cfa_limit_touch(CfaLimitKind kind, const pg_uuid_t *id)
{
	(void) account_open(kind, id);
}

bool
cfa_limit_promise(CfaLimitKind kind, const pg_uuid_t *id, int64 n,
				  int64 *available)
{
	CfaAccount *account = account_open(kind, id);

	if (!account_take(account, n, available))
		return false;
	account->top->promised += n;
	return true;
}

void
cfa_limit_promise_keep(CfaLimitKind kind, const pg_uuid_t *id, int64 n)
{
	account_open(kind, id)->top->promised -= n;
}

void
cfa_limit_promise_drop(CfaLimitKind kind, const pg_uuid_t *id, int64 n)
{
	CfaAccount *account = account_open(kind, id);
	CfaFrame *frame = account->top;
	int64 back;

	frame->promised -= n;
	back = Min(n, Min(frame->taken, account_spare(account)));
	if (back <= 0)
		return;
	frame->taken -= back;
	pg_atomic_fetch_add_u64(&account->limit->available, back);
}

bool
cfa_limit_use(CfaLimitKind kind, const pg_uuid_t *id, int64 n, int64 *available)
{
	CfaAccount *account;

	if (n == 0)
		return true;
	account = account_open(kind, id);
	if (n > 0 && !account_take(account, n, available))
		return false;
	account_frame(account)->net += n;
	return true;
}

bool
cfa_limit_resize(CfaLimitKind kind, const pg_uuid_t *id, int64 old_capacity,
				 int64 new_capacity, int64 *used)
{
	CfaAccount *account = account_open(kind, id);
	int64 cut = old_capacity - new_capacity;
	CfaFrame *frame = account_frame(account);
	int64 available;

	if (cut > 0 && !account_take(account, cut, &available))
	{
		*used = old_capacity - available;
		return false;
	}
	frame->net += cut;
	frame->capacity -= cut;
	return true;
}

const char *
cfa_limit_kind_name(CfaLimitKind kind)
{
	switch (kind)
	{
		case CFA_LIMIT_CAMPAIGN:
			return "campaign_cap";
		case CFA_LIMIT_REWARD:
			return "reward";
		case CFA_LIMIT_POOL:
			return "pool";
	}
	return NULL;
}

CfaLimitFigures *
cfa_limit_figures(int *count, Snapshot *latest)
{
	const CfaRelations *relations = cfa_relations();
	CfaLimitFigures *figures =
		palloc_extended(sizeof(CfaLimitFigures) * (Size) cfa_guc_max_limits,
						MCXT_ALLOC_HUGE);
	HASH_SEQ_STATUS scan;
	CfaLimit *limit;
	int n = 0;

	cfa_shmem_require();
	LWLockAcquire(cfa_limit_lock, latest == NULL ? LW_SHARED : LW_EXCLUSIVE);
	hash_seq_init(&scan, cfa_limit_table);
	while ((limit = hash_seq_search(&scan)) != NULL)
	{
		CfaLimitFigures *f = &figures[n];

		if (limit->key.database != MyDatabaseId ||
			limit->key.relation != relations->pledges)
			continue;
		f->kind = (CfaLimitKind) limit->key.kind;
		f->id = limit->key.id;
		f->state = (CfaLimitState) pg_atomic_read_u32(&limit->state);
		f->capacity = (int64) pg_atomic_read_u64(&limit->capacity);
		f->available = read_available(limit);
		f->pins = pg_atomic_read_u32(&limit->pins);
		if (latest == NULL || (f->pins == 0 && f->state == CFA_LIMIT_READY))
			n++;
	}
	if (latest != NULL)
		*latest = RegisterSnapshot(GetLatestSnapshot());
	LWLockRelease(cfa_limit_lock);
	*count = n;
	return figures;
}

bool
cfa_limits_in_use(void)
{
	return accounts != NULL && accounts->members > 0;
}

void
cfa_limits_at_end(bool is_commit)
{
	account_iterator scan;
	CfaAccount *account;

	if (accounts == NULL)
		return;
	if (!is_commit)
		load_failed();

	account_start_iterate(accounts, &scan);
	while ((account = account_iterate(accounts, &scan)) != NULL)
	{
		int64 back = 0;
		int64 capacity = 0;

		for (CfaFrame *frame = account->top; frame; frame = frame->below)
		{
			back += is_commit ? frame->taken - frame->net : frame->taken;
			capacity += is_commit ? frame->capacity : 0;
		}
		if (capacity != 0)
			pg_atomic_fetch_add_u64(&account->limit->capacity, capacity);
		if (back != 0)
			pg_atomic_fetch_add_u64(&account->limit->available, back);
	}

	account_start_iterate(accounts, &scan);
	while ((account = account_iterate(accounts, &scan)) != NULL)
	{
		if (account->limit != NULL)
			pg_atomic_fetch_sub_u32(&account->limit->pins, 1);
	}
	accounts = NULL;
	deepest_level = 0;
}

void
cfa_limits_at_sub_commit(int level)
{
	account_iterator scan;
	CfaAccount *account;

	if (accounts == NULL || deepest_level < level)
		return;
	account_start_iterate(accounts, &scan);
	while ((account = account_iterate(accounts, &scan)) != NULL)
	{
		CfaFrame *frame = account->top;

		if (frame == NULL || frame->level < level)
			continue;
		if (frame->below == NULL || frame->below->level < level - 1)
		{
			frame->level = level - 1;
			continue;
		}
		frame->below->taken += frame->taken;
		frame->below->net += frame->net;
		frame->below->promised += frame->promised;
		frame->below->capacity += frame->capacity;
		account->top = frame->below;
		pfree(frame);
	}
	deepest_level = level - 1;
}

void
cfa_limits_at_sub_abort(int level)
{
	account_iterator scan;
	CfaAccount *account;

	if (accounts == NULL)
		return;
	load_failed();
	if (deepest_level < level)
		return;
	account_start_iterate(accounts, &scan);
	while ((account = account_iterate(accounts, &scan)) != NULL)
	{
		while (account->top != NULL && account->top->level >= level)
		{
			CfaFrame *frame = account->top;

			if (frame->taken != 0)
				pg_atomic_fetch_add_u64(&account->limit->available,
										frame->taken);
			account->top = frame->below;
			pfree(frame);
		}
	}
	deepest_level = level - 1;
}

static CfaLimitKey
make_key(CfaLimitKind kind, const pg_uuid_t *id)
{
	CfaLimitKey key = {
		.database = MyDatabaseId,
		.relation = cfa_relations()->pledges,
		.kind = (int32) kind,
		.id = *id,
	};

	return key;
}

/*
 * The account of a limit, made and pinned at first need, with a frame for this
 * level. The result is good until the next call.
 */
static CfaAccount *
account_open(CfaLimitKind kind, const pg_uuid_t *id)
{
	CfaLimitKey key = make_key(kind, id);
	CfaAccount *account;
	bool found;

	if (accounts == NULL)
	{
		cfa_shmem_require();
		if (RecoveryInProgress())
			ereport(ERROR,
					(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
					 errmsg("cannot reserve during recovery")));
		accounts = account_create(TopTransactionContext, 16, NULL);
	}
	account = account_insert(accounts, key, &found);
	if (!found)
	{
		account->limit = NULL;
		account->top = NULL;
	}
	if (account->limit == NULL)
		account->limit = pin_limit(&key);
	if (pg_atomic_read_u32(&account->limit->state) != CFA_LIMIT_READY)
	{
		see_loaded(account->limit);
		account = account_lookup(accounts, key);
	}
	pg_read_barrier(); /* figures that came before READY */
	(void) account_frame(account);
	return account;
}

static CfaFrame *
account_frame(CfaAccount *account)
{
	int level = GetCurrentTransactionNestLevel();
	CfaFrame *frame = account->top;

	if (frame != NULL && frame->level == level)
		return frame;
	frame = MemoryContextAllocZero(TopTransactionContext, sizeof(CfaFrame));
	frame->level = level;
	frame->below = account->top;
	account->top = frame;
	deepest_level = Max(deepest_level, level);
	return frame;
}

/* What the transaction has taken and neither uses nor promised. */
static int64
account_spare(const CfaAccount *account)
{
	int64 spare = 0;

	for (const CfaFrame *frame = account->top; frame; frame = frame->below)
		spare += frame->taken - frame->net - frame->promised;
	return spare;
}

static bool
account_take(CfaAccount *account, int64 n, int64 *available)
{
	CfaFrame *frame = account_frame(account);
	int64 spare = account_spare(account);

	if (n <= spare)
		return true;
	if (!swap_out(account->limit, n - spare, available))
	{
		*available += spare;
		cfa_count(CFA_COUNTER_LIMIT_REFUSALS);
		return false;
	}
	frame->taken += n - spare;
	cfa_count(CFA_COUNTER_LIMIT_RESERVATIONS);
	return true;
}

static CfaLimit *
pin_limit(const CfaLimitKey *key)
{
	CfaLimit *limit;

	LWLockAcquire(cfa_limit_lock, LW_SHARED);
	limit = pin_found(key);
	LWLockRelease(cfa_limit_lock);
	if (limit != NULL)
		return limit;

	LWLockAcquire(cfa_limit_lock, LW_EXCLUSIVE);
	limit = pin_made(key);
	LWLockRelease(cfa_limit_lock);
	if (limit == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("too many limits are in use at the same time"),
				 errhint("Raise careforall.max_limits, or commit more "
						 "often.")));
	return limit;
}

/* NULL when there is no entry, or one that must be emptied first. */
static CfaLimit *
pin_found(const CfaLimitKey *key)
{
	CfaLimit *limit = hash_search(cfa_limit_table, key, HASH_FIND, NULL);

	if (limit == NULL || pg_atomic_read_u32(&limit->is_stale) != 0)
		return NULL;
	pg_atomic_fetch_add_u32(&limit->pins, 1);
	if (pg_atomic_read_u32(&limit->is_recent) == 0)
		pg_atomic_write_u32(&limit->is_recent, 1);
	return limit;
}

static CfaLimit *
pin_made(const CfaLimitKey *key)
{
	bool found;
	CfaLimit *limit = hash_search(cfa_limit_table, key, HASH_FIND, NULL);

	if (limit == NULL &&
		hash_get_num_entries(cfa_limit_table) >= cfa_guc_max_limits)
		evict_some();
	limit = hash_search(cfa_limit_table, key, HASH_ENTER_NULL, &found);
	if (limit == NULL)
		return NULL;
	if (!found)
	{
		pg_atomic_init_u32(&limit->pins, 0);
		pg_atomic_init_u32(&limit->state, CFA_LIMIT_EMPTY);
		pg_atomic_init_u32(&limit->is_stale, 0);
		pg_atomic_init_u64(&limit->available, 0);
		pg_atomic_init_u64(&limit->capacity, 0);
		ConditionVariableInit(&limit->loaded);
	}
	else if (pg_atomic_read_u32(&limit->is_stale) != 0 &&
			 pg_atomic_read_u32(&limit->pins) == 0)
	{
		pg_atomic_write_u32(&limit->is_stale, 0);
		pg_atomic_write_u32(&limit->state, CFA_LIMIT_EMPTY);
	}
	pg_atomic_init_u32(&limit->is_recent, 1);
	pg_atomic_fetch_add_u32(&limit->pins, 1);
	return limit;
}

/* Make room: entries not used since the last sweep first. Exclusive lock. */
static void
evict_some(void)
{
	int wanted = cfa_guc_max_limits / EVICT_FRACTION;
	int evicted = evict_pass(wanted, true);

	if (evicted == 0)
		evicted = evict_pass(wanted, false);
	cfa_count_many(CFA_COUNTER_LIMIT_EVICTIONS, (uint64) evicted);
}

static int
evict_pass(int wanted, bool only_old)
{
	HASH_SEQ_STATUS scan;
	CfaLimit *limit;
	int evicted = 0;

	hash_seq_init(&scan, cfa_limit_table);
	while ((limit = hash_seq_search(&scan)) != NULL)
	{
		if (evicted >= wanted)
		{
			hash_seq_term(&scan);
			break;
		}
		if (pg_atomic_read_u32(&limit->pins) != 0)
			continue;
		if (only_old && pg_atomic_read_u32(&limit->is_recent) != 0)
		{
			pg_atomic_write_u32(&limit->is_recent, 0);
			continue;
		}
		(void) hash_search(cfa_limit_table, &limit->key, HASH_REMOVE, NULL);
		evicted++;
	}
	return evicted;
}

/*
 * Wait until a pinned limit is loaded, or load it. Locks on the tables come
 * first: who loads must not wait for a lock that queues behind those that wait
 * for the load, because the deadlock detector cannot see that.
 */
static void
see_loaded(CfaLimit *limit)
{
	const CfaRelations *relations = cfa_relations();

	LockRelationOid(relations->pledges, AccessShareLock);
	LockRelationOid(relations->campaigns, AccessShareLock);
	LockRelationOid(relations->rewards, AccessShareLock);
	LockRelationOid(relations->pools, AccessShareLock);

	ConditionVariablePrepareToSleep(&limit->loaded);
	for (;;)
	{
		uint32 expected = CFA_LIMIT_EMPTY;

		if (pg_atomic_compare_exchange_u32(&limit->state,
										   &expected,
										   CFA_LIMIT_LOADING))
		{
			ConditionVariableCancelSleep();
			load(limit);
			return;
		}
		if (expected == CFA_LIMIT_READY)
			break;
		ConditionVariableSleep(&limit->loaded, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

static void
load(CfaLimit *limit)
{
	int64 capacity;
	int64 used;

	loading_limit = limit;
	read_figures(limit, &capacity, &used);
	pg_atomic_write_u64(&limit->capacity, (uint64) capacity);
	pg_atomic_write_u64(&limit->available, (uint64) (capacity - used));
	pg_write_barrier();
	pg_atomic_write_u32(&limit->state, CFA_LIMIT_READY);
	loading_limit = NULL;
	ConditionVariableBroadcast(&limit->loaded);
	cfa_count(CFA_COUNTER_LIMIT_LOADS);
}

/* A limit whose row is not there yet has no capacity: its insert raises it. */
static void
read_figures(const CfaLimit *limit, int64 *capacity, int64 *used)
{
	Snapshot snapshot;
	CfaArgs args = {0};
	CfaSpi spi;

	cfa_spi_begin(&spi);
	cfa_arg_uuid(&args, &limit->key.id);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (cfa_plan_read(&load_plans[limit->key.kind], &args, snapshot) != 1)
		elog(ERROR, "limit did not give one row");
	if (!cfa_result_bool(0, 1))
		*capacity = 0;
	else if (cfa_result_is_null(0, 2))
		*capacity = CFA_CAPACITY_UNLIMITED;
	else
		*capacity = cfa_result_int64(0, 2);
	*used = cfa_result_int64(0, 3);
	UnregisterSnapshot(snapshot);
	cfa_spi_end(&spi);
}

static void
load_failed(void)
{
	CfaLimit *limit = loading_limit;

	if (limit == NULL)
		return;
	loading_limit = NULL;
	pg_atomic_write_u32(&limit->state, CFA_LIMIT_EMPTY);
	ConditionVariableBroadcast(&limit->loaded);
}

static bool
swap_out(CfaLimit *limit, int64 n, int64 *available)
{
	uint64 seen = pg_atomic_read_u64(&limit->available);

	for (;;)
	{
		if ((int64) seen < n)
		{
			*available = (int64) seen;
			return false;
		}
		if (pg_atomic_compare_exchange_u64(&limit->available,
										   &seen,
										   (uint64) ((int64) seen - n)))
			return true;
		cfa_count(CFA_COUNTER_LIMIT_CONFLICTS);
	}
}

static int64
read_available(CfaLimit *limit)
{
	return (int64) pg_atomic_read_u64(&limit->available);
}
