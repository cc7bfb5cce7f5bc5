/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notifier.c
 *	  Wakes a sleeping relay with one NOTIFY per burst of commits, and folds
 *	  campaign totals.
 *
 * NOTIFY in a pledge's transaction would put a lock of the whole cluster around
 * its flush. So the commit callback only counts, and sets this worker's latch
 * while a relay says that it sleeps.
 *
 * No wake-up is lost: a relay listens, asks to sleep (sleep_asked grows), then
 * reads the outbox once more. A writer becomes visible, then compares asked
 * with served. Atomic operations in between are full barriers, so either the
 * relay sees the rows or the writer sees the sleeper. The worker reads asked
 * before it notifies and raises served to that number afterwards, so a relay
 * that is back asleep by then is not forgotten.
 *
 * Two processes: the launcher waits for the database to exist, without being
 * connected to any, and starts a worker in it; the worker waits quietly for the
 * schema. DROP DATABASE needs WITH (FORCE) while the worker runs.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/async.h"
#include "compat.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "notifier.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem.h"
#include "spi.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "totals.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#define CHANNEL "careforall_outbox"
#define DATABASE_POLL_MS 1000
#define RESTART_S 2

extern PGDLLEXPORT void cfa_launcher_main(Datum arg);
extern PGDLLEXPORT void cfa_notifier_main(Datum arg);

CFA_FUNCTION(cfa_sql_outbox_sleep);
CFA_FUNCTION(cfa_sql_outbox_wake);
CFA_FUNCTION(cfa_sql_outbox_commits);

static void prepare_signals(void);
static void check_interrupts(void);
static Oid find_database(void);
static void run_worker(Oid database);
static void leave(int code, Datum arg);
static bool relay_sleeps(void);
static void notify(void);
static bool fold(void);
static void begin_turn(const char *activity);
static void end_turn(void);
static void wait_ms(long timeout_ms);

void
cfa_notifier_install(void)
{
	BackgroundWorker worker = {0};

	/* pg_upgrade copies a cluster that must not change meanwhile. */
	if (IsBinaryUpgrade)
		return;
	worker.bgw_flags =
		BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_S;
	strlcpy(worker.bgw_library_name, "careforall", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cfa_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "careforall launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "careforall launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

void
cfa_notifier_committed(bool has_deltas)
{
	uint32 database;
	uint32 proc;

	if (cfa_shared == NULL)
		return;
	database = pg_atomic_read_u32(&cfa_shared->notifier_database);
	if (database != InvalidOid && database != MyDatabaseId)
		return;
	pg_atomic_fetch_add_u64(&cfa_shared->outbox_commits, 1);
	cfa_count(CFA_COUNTER_OUTBOX_COMMITS);
	if (has_deltas)
		pg_atomic_write_u32(&cfa_shared->fold_is_needed, 1);
	pg_memory_barrier();
	if (!relay_sleeps())
		return;
	if (pg_atomic_exchange_u32(&cfa_shared->wake_is_pending, 1) != 0)
	{
		cfa_count(CFA_COUNTER_WAKEUPS_COALESCED);
		return;
	}
	proc = pg_atomic_read_u32(&cfa_shared->notifier_proc);
	if (proc != 0)
		SetLatch(&ProcGlobal->allProcs[proc - 1].procLatch);
}

/* The relay is about to wait for a notification. */
Datum
cfa_sql_outbox_sleep(PG_FUNCTION_ARGS)
{
	cfa_shmem_require();
	pg_atomic_fetch_add_u64(&cfa_shared->sleep_asked, 1);
	PG_RETURN_VOID();
}

/* The relay is awake: no notification is needed. */
Datum
cfa_sql_outbox_wake(PG_FUNCTION_ARGS)
{
	cfa_shmem_require();
	pg_atomic_write_u64(&cfa_shared->sleep_served,
						pg_atomic_read_u64(&cfa_shared->sleep_asked));
	PG_RETURN_VOID();
}

/* Commits with outbox rows since the server started. */
Datum
cfa_sql_outbox_commits(PG_FUNCTION_ARGS)
{
	cfa_shmem_require();
	PG_RETURN_INT64((int64) pg_atomic_read_u64(&cfa_shared->outbox_commits));
}

/* The launcher: keeps one worker in the database as long as it exists. */
void
cfa_launcher_main(Datum arg)
{
	prepare_signals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	for (;;)
	{
		Oid database = find_database();

		if (OidIsValid(database))
			run_worker(database);
		wait_ms(DATABASE_POLL_MS);
	}
}

/* The worker in the database. */
void
cfa_notifier_main(Datum arg)
{
	TimestampTz next_fold = 0;

	prepare_signals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg),
											  InvalidOid,
											  0);
	before_shmem_exit(leave, (Datum) 0);
	pg_atomic_write_u32(&cfa_shared->notifier_database, MyDatabaseId);
	pg_atomic_write_u32(&cfa_shared->fold_is_needed, 1);
	pg_atomic_write_u32(&cfa_shared->notifier_proc,
						(uint32) CFA_MY_PROC_NUMBER + 1);
	for (;;)
	{
		TimestampTz now;

		if (pg_atomic_exchange_u32(&cfa_shared->wake_is_pending, 0) != 0 &&
			relay_sleeps())
			notify();
		now = GetCurrentTimestamp();
		if (now >= next_fold &&
			pg_atomic_exchange_u32(&cfa_shared->fold_is_needed, 0) != 0 &&
			!fold())
			pg_atomic_write_u32(&cfa_shared->fold_is_needed, 1);
		if (now >= next_fold)
			next_fold =
				TimestampTzPlusMilliseconds(now, cfa_guc_fold_interval_ms);
		wait_ms(TimestampDifferenceMilliseconds(now, next_fold));
	}
}

static void
prepare_signals(void)
{
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
}

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/*
 * The OID of the database, or invalid. Reads all of pg_database, because the
 * launcher has no database whose catalogs could describe an index.
 */
static Oid
find_database(void)
{
	Oid database = InvalidOid;
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (form->datallowconn &&
			strcmp(NameStr(form->datname), cfa_guc_database) == 0)
			database = form->oid;
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
	return database;
}

/* Start a worker and wait until it ends, by an error or with its database. */
static void
run_worker(Oid database)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	worker.bgw_flags =
		BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "careforall", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "cfa_notifier_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "careforall notifier", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "careforall notifier", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return;
	for (;;)
	{
		pid_t pid;

		if (GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED)
			break;
		wait_ms(-1);
	}
	pfree(handle);
}

static void
leave(int code, Datum arg)
{
	pg_atomic_write_u32(&cfa_shared->notifier_proc, 0);
}

static bool
relay_sleeps(void)
{
	return pg_atomic_read_u64(&cfa_shared->sleep_asked) !=
		   pg_atomic_read_u64(&cfa_shared->sleep_served);
}

static void
notify(void)
{
	uint64 asked;

	if (cfa_guc_notify_delay_ms > 0)
	{
		wait_ms(cfa_guc_notify_delay_ms);
		pg_atomic_write_u32(&cfa_shared->wake_is_pending, 0);
	}
	asked = pg_atomic_read_u64(&cfa_shared->sleep_asked);
	begin_turn("notify");
	Async_Notify(CHANNEL, NULL);
	end_turn();
	pg_atomic_write_u64(&cfa_shared->sleep_served, asked);
	cfa_count(CFA_COUNTER_NOTIFIES_SENT);
}

/* False when the schema is not there yet. */
static bool
fold(void)
{
	bool has_schema;

	begin_turn("fold totals");
	has_schema = cfa_totals_exist();
	if (has_schema)
		(void) cfa_totals_fold();
	end_turn();
	return has_schema;
}

static void
begin_turn(const char *activity)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, activity);
}

static void
end_turn(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static void
wait_ms(long timeout_ms)
{
	int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;

	if (timeout_ms >= 0)
		events |= WL_TIMEOUT;
	(void) WaitLatch(MyLatch, events, timeout_ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	check_interrupts();
}
