/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spi.c
 *	  How the extension runs SQL: owner switch, kept plans, arguments, results.
 *
 * The switch is that of referential integrity triggers, so callers need no
 * right on any table. An error leaves all of it to the end of the transaction
 * or subtransaction, which sets user and search path back.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "nodes/parsenodes.h"
#include "optimizer/cost.h"
#include "spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define SCHEMA_NAME "careforall"

static CfaRelations relations;
static bool relations_are_valid = false;
static bool callback_is_registered = false;

static bool find_relations(CfaRelations *found);
static Oid relation_owner(Oid relation);
static void forget_relations(Datum arg, Oid relation);
static uint64 run(CfaPlan *plan, CfaArgs *args, Snapshot snapshot,
				  int expected);
static SPIPlanPtr prepared(CfaPlan *plan);
static void element_layout(Oid type, int16 *length, bool *by_value,
						   char *align);

const CfaRelations *
cfa_relations(void)
{
	const CfaRelations *found = cfa_relations_if_any();

	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" is not installed", SCHEMA_NAME),
				 errhint("Run careforall-migrate for this database.")));
	return found;
}

const CfaRelations *
cfa_relations_if_any(void)
{
	if (relations_are_valid)
		return &relations;
	if (!callback_is_registered)
	{
		CacheRegisterRelcacheCallback(forget_relations, (Datum) 0);
		callback_is_registered = true;
	}
	/* Set first: an invalidation that comes meanwhile must win. */
	relations_are_valid = true;
	if (!find_relations(&relations))
	{
		relations_are_valid = false;
		return NULL;
	}
	return &relations;
}

void
cfa_spi_begin(CfaSpi *spi)
{
	Oid owner = cfa_relations()->owner;

	GetUserIdAndSecContext(&spi->user, &spi->security);
	SetUserIdAndSecContext(owner,
						   spi->security | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);
	spi->path_level = cfa_search_path_push();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
cfa_spi_end(const CfaSpi *spi)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not finish SPI");
	cfa_search_path_pop(spi->path_level);
	SetUserIdAndSecContext(spi->user, spi->security);
}

uint64
cfa_plan_run(CfaPlan *plan, CfaArgs *args, int expected)
{
	return run(plan, args, InvalidSnapshot, expected);
}

uint64
cfa_plan_read(CfaPlan *plan, CfaArgs *args, Snapshot snapshot)
{
	return run(plan, args, snapshot, SPI_OK_SELECT);
}

void
cfa_arg(CfaArgs *args, Datum value)
{
	args->values[args->count] = value;
	args->nulls[args->count++] = ' ';
}

void
cfa_arg_null(CfaArgs *args)
{
	args->values[args->count] = (Datum) 0;
	args->nulls[args->count++] = 'n';
}

void
cfa_arg_text(CfaArgs *args, const char *value)
{
	if (value == NULL)
		cfa_arg_null(args);
	else
		cfa_arg(args, CStringGetTextDatum(value));
}

void
cfa_arg_uuid(CfaArgs *args, const pg_uuid_t *value)
{
	if (value == NULL)
		cfa_arg_null(args);
	else
		cfa_arg(args, PointerGetDatum(value));
}

void
cfa_arg_column(CfaArgs *args, const CfaColumn *column)
{
	int16 length;
	bool by_value;
	char align;
	int lower = 1;
	int count = column->count;

	element_layout(column->type, &length, &by_value, &align);
	cfa_arg(args,
			PointerGetDatum(construct_md_array(column->values,
											   column->nulls,
											   1,
											   &count,
											   &lower,
											   column->type,
											   length,
											   by_value,
											   align)));
}

CfaColumn
cfa_column(Oid type, int capacity)
{
	CfaColumn column = {.type = type, .count = 0};

	column.values = palloc(sizeof(Datum) * (Size) capacity);
	column.nulls = palloc(sizeof(bool) * (Size) capacity);
	return column;
}

void
cfa_column_add(CfaColumn *column, Datum value)
{
	column->values[column->count] = value;
	column->nulls[column->count++] = false;
}

void
cfa_column_add_null(CfaColumn *column)
{
	column->values[column->count] = (Datum) 0;
	column->nulls[column->count++] = true;
}

void
cfa_column_add_text(CfaColumn *column, const char *value)
{
	if (value == NULL)
		cfa_column_add_null(column);
	else
		cfa_column_add(column, CStringGetTextDatum(value));
}

void
cfa_column_add_uuid(CfaColumn *column, const pg_uuid_t *value)
{
	if (value == NULL)
		cfa_column_add_null(column);
	else
		cfa_column_add(column, PointerGetDatum(value));
}

Datum
cfa_result(uint64 row, int column, bool *is_null)
{
	return SPI_getbinval(SPI_tuptable->vals[row],
						 SPI_tuptable->tupdesc,
						 column,
						 is_null);
}

int64
cfa_result_int64(uint64 row, int column)
{
	bool is_null;
	Datum value = cfa_result(row, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

bool
cfa_result_bool(uint64 row, int column)
{
	bool is_null;
	Datum value = cfa_result(row, column, &is_null);

	return !is_null && DatumGetBool(value);
}

bool
cfa_result_is_null(uint64 row, int column)
{
	bool is_null;

	(void) cfa_result(row, column, &is_null);
	return is_null;
}

char *
cfa_result_text(uint64 row, int column)
{
	bool is_null;
	Datum value = cfa_result(row, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

pg_uuid_t *
cfa_result_uuid(uint64 row, int column)
{
	bool is_null;
	Datum value = cfa_result(row, column, &is_null);
	pg_uuid_t *copy;

	if (is_null)
		return NULL;
	copy = palloc(sizeof(pg_uuid_t));
	*copy = *DatumGetUUIDP(value);
	return copy;
}

static bool
find_relations(CfaRelations *found)
{
	Oid schema = get_namespace_oid(SCHEMA_NAME, true);

	if (!OidIsValid(schema))
		return false;
	found->pledges = get_relname_relid("pledges", schema);
	found->campaigns = get_relname_relid("campaigns", schema);
	found->rewards = get_relname_relid("rewards", schema);
	found->pools = get_relname_relid("pools", schema);
	if (!OidIsValid(found->pledges) || !OidIsValid(found->campaigns) ||
		!OidIsValid(found->rewards) || !OidIsValid(found->pools))
		return false;
	found->owner = relation_owner(found->pledges);
	return OidIsValid(found->owner);
}

static Oid
relation_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
forget_relations(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || relation == relations.pledges ||
		relation == relations.campaigns || relation == relations.rewards ||
		relation == relations.pools)
		relations_are_valid = false;
}

/*
 * Plans are generic and go by indexes. They are often made while a table is
 * nearly empty, when reading all of it looks cheapest, and kept while it grows.
 * SPI would leave its own memory context as the current one.
 */
static uint64
run(CfaPlan *plan, CfaArgs *args, Snapshot snapshot, int expected)
{
	MemoryContext caller = CurrentMemoryContext;
	bool is_read = snapshot != InvalidSnapshot;
	bool seqscan = enable_seqscan;
	bool hashjoin = enable_hashjoin;
	bool mergejoin = enable_mergejoin;
	volatile int code = 0;

	if (args->count != plan->arg_count)
		elog(ERROR, "wrong number of arguments for: %s", plan->sql);
	PG_TRY();
	{
		enable_seqscan = false;
		enable_hashjoin = false;
		enable_mergejoin = false;
		code = SPI_execute_snapshot(prepared(plan),
									args->values,
									args->nulls,
									snapshot,
									InvalidSnapshot,
									is_read,
									!is_read,
									0);
	}
	PG_FINALLY();
	{
		enable_seqscan = seqscan;
		enable_hashjoin = hashjoin;
		enable_mergejoin = mergejoin;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	if (code != expected)
		elog(ERROR, "%s for: %s", SPI_result_code_string(code), plan->sql);
	return SPI_processed;
}

static SPIPlanPtr
prepared(CfaPlan *plan)
{
	if (plan->plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare_cursor(plan->sql,
											 plan->arg_count,
											 plan->args,
											 CURSOR_OPT_GENERIC_PLAN);

		if (made == NULL)
			elog(ERROR,
				 "%s for: %s",
				 SPI_result_code_string(SPI_result),
				 plan->sql);
		if (SPI_keepplan(made) != 0)
			elog(ERROR, "could not keep plan: %s", plan->sql);
		plan->plan = made;
	}
	return plan->plan;
}

/* Layout of the element types in use, without a catalog look-up. */
static void
element_layout(Oid type, int16 *length, bool *by_value, char *align)
{
	switch (type)
	{
		case UUIDOID:
			*length = UUID_LEN;
			*by_value = false;
			*align = TYPALIGN_CHAR;
			break;
		case INT4OID:
			*length = sizeof(int32);
			*by_value = true;
			*align = TYPALIGN_INT;
			break;
		case INT8OID:
		case TIMESTAMPTZOID:
			*length = sizeof(int64);
			*by_value = FLOAT8PASSBYVAL;
			*align = TYPALIGN_DOUBLE;
			break;
		case TEXTOID:
		case JSONOID:
		case BYTEAOID:
			*length = -1;
			*by_value = false;
			*align = TYPALIGN_INT;
			break;
		default:
			elog(ERROR, "no layout for type %u", type);
	}
}
