/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spi.h
 *	  SQL from C: as the owner of careforall.pledges, with kept plans and a
 *	  search path of pg_catalog only; parameters never become text.
 */
#ifndef CFA_SPI_H
#define CFA_SPI_H

#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/snapshot.h"
#include "utils/uuid.h"

#define CFA_PLAN_ARGS_MAX 24

/* Relations that C code reads itself; found by name, kept until they change. */
typedef struct CfaRelations
{
	Oid pledges;
	Oid campaigns;
	Oid rewards;
	Oid pools;
	Oid owner; /* of pledges */
} CfaRelations;

typedef struct CfaSpi
{
	Oid user;
	int security;
	int path_level;
} CfaSpi;

/* A statement, prepared at its first use and kept for the backend's life. */
typedef struct CfaPlan
{
	const char *sql;
	int arg_count;
	Oid args[CFA_PLAN_ARGS_MAX];
	SPIPlanPtr plan;
} CfaPlan;

/* Arguments of a statement, collected one by one. */
typedef struct CfaArgs
{
	int count;
	Datum values[CFA_PLAN_ARGS_MAX];
	char nulls[CFA_PLAN_ARGS_MAX];
} CfaArgs;

/* A column of values on its way into an array. */
typedef struct CfaColumn
{
	Oid type;
	int count;
	Datum *values;
	bool *nulls;
} CfaColumn;

/* An error when the schema is not installed. */
extern const CfaRelations *cfa_relations(void);

/* The same without the error: NULL. */
extern const CfaRelations *cfa_relations_if_any(void);

/* Connect as the owner; an error in between is undone by the transaction. */
extern void cfa_spi_begin(CfaSpi *spi);
extern void cfa_spi_end(const CfaSpi *spi);

/*
 * Run a statement; an error unless SPI answers with the expected code. The
 * current memory context stays; results live until cfa_spi_end.
 */
extern uint64 cfa_plan_run(CfaPlan *plan, CfaArgs *args, int expected);

/* The same for a SELECT under the given snapshot. */
extern uint64 cfa_plan_read(CfaPlan *plan, CfaArgs *args, Snapshot snapshot);

extern void cfa_arg(CfaArgs *args, Datum value);
extern void cfa_arg_null(CfaArgs *args);
extern void cfa_arg_text(CfaArgs *args, const char *value);
extern void cfa_arg_uuid(CfaArgs *args, const pg_uuid_t *value);
extern void cfa_arg_column(CfaArgs *args, const CfaColumn *column);

extern CfaColumn cfa_column(Oid type, int capacity);
extern void cfa_column_add(CfaColumn *column, Datum value);
extern void cfa_column_add_null(CfaColumn *column);
extern void cfa_column_add_text(CfaColumn *column, const char *value);
extern void cfa_column_add_uuid(CfaColumn *column, const pg_uuid_t *value);

/* Column n (from 1) of row i of the last result. */
extern Datum cfa_result(uint64 row, int column, bool *is_null);
extern int64 cfa_result_int64(uint64 row, int column);
extern bool cfa_result_bool(uint64 row, int column);
extern bool cfa_result_is_null(uint64 row, int column);

/* Copies in the current memory context; NULL for NULL. */
extern char *cfa_result_text(uint64 row, int column);
extern pg_uuid_t *cfa_result_uuid(uint64 row, int column);

#endif /* CFA_SPI_H */
