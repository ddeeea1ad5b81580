/*
 * compat.h
 *		The only place that knows about differences between server versions.
 *
 * PostgreSQL 15 is the floor; 17 and 18 must build.
 */
#ifndef REGISTRY_COMPAT_H
#define REGISTRY_COMPAT_H

#include "postgres.h"
#include "fmgr.h"

#if PG_VERSION_NUM < 150000
#error "registry needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"

#define registry_escontext(fcinfo) ((fcinfo)->context)
#else

/*
 * Soft errors came with PostgreSQL 16: before that an input function has
 * nobody to report to, so ereturn() is a plain ereport().
 */
struct Node;
#define registry_escontext(fcinfo) NULL
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

#ifndef PG_MODULE_MAGIC_EXT
#define PG_MODULE_MAGIC_EXT(...) PG_MODULE_MAGIC
#endif

/* PostgreSQL 16 can insert into summarizing indexes (BRIN) alone. */
#if PG_VERSION_NUM >= 160000
#define registry_insert_index_tuples(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#else
#define registry_insert_index_tuples(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

/* One check of ownership for all kinds of objects came with PostgreSQL 16. */
#if PG_VERSION_NUM >= 160000
#define registry_owns_relation(relid, role) object_ownercheck(RelationRelationId, relid, role)
#else
#define registry_owns_relation(relid, role) pg_class_ownercheck(relid, role)
#endif

/* PostgreSQL 18 runs a query in one go or not by itself. */
#if PG_VERSION_NUM >= 180000
#define REGISTRY_EXECUTOR_RUN_ARGUMENTS QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define REGISTRY_EXECUTOR_RUN_PASSED queryDesc, direction, count
#else
#define REGISTRY_EXECUTOR_RUN_ARGUMENTS QueryDesc *queryDesc, ScanDirection direction, uint64 count, bool execute_once
#define REGISTRY_EXECUTOR_RUN_PASSED queryDesc, direction, count, execute_once
#endif

/* One check of rights for all kinds of objects came with PostgreSQL 16. */
#if PG_VERSION_NUM >= 160000
#define registry_may_execute(function, role) \
	(object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK)
#else
#define registry_may_execute(function, role) \
	(pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* Declares and registers a function that SQL may call. */
#define REGISTRY_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

#endif							/* REGISTRY_COMPAT_H */
