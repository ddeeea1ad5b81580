/*
 * watch.c
 *		Counts the rows that readers take from the views of persons.
 *
 * There are no triggers on reading, so the executor is watched, once the
 * library is loaded; a query of these views loads it at the latest when it
 * starts, since they call it.  Where setting record_views is on, each run of
 * such a query by anybody but the owner is recorded with its number of rows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "territory/territory.h"

static const char *const person_views[] = {"person_list", "unenrolled_list", "problem_list", "link_list"};

static ExecutorRun_hook_type previous_run = NULL;
static bool recording = false;	/* what the record itself runs is not watched */

/* Name of a view of persons that a query reads; NULL for most queries, and soon. */
static const char *
view_of_persons(const PlannedStmt *statement)
{
	ListCell   *cell;
	Oid			registry = InvalidOid;

	foreach(cell, statement->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->relkind != RELKIND_VIEW || !OidIsValid(entry->relid))
			continue;
		if (!OidIsValid(registry))
			registry = get_namespace_oid("registry", true);
		if (OidIsValid(registry) && get_rel_namespace(entry->relid) == registry)
			for (int i = 0; i < (int) lengthof(person_views); i++)
				if (strcmp(get_rel_name(entry->relid), person_views[i]) == 0)
					return person_views[i];
	}
	return NULL;
}

static void
record_rows(const char *view, uint64 rows)
{
	Oid			types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(view), Int64GetDatum((int64) rows)};

	if (XactReadOnly || RecoveryInProgress())
	{
		ereport(LOG_SERVER_ONLY,
				(errmsg("%llu rows of view %s were read by %s in a read-only transaction",
						(unsigned long long) rows, view, GetUserNameFromId(GetUserId(), false)),
				 errhidestmt(true)));
		/* nothing can be written, but the session remembers, and the limit holds */
		territory_reads_lost((int64) rows);
		territory_as_owner("SELECT registry.count_reads($1, '{}', 0)", 1, types, values);
		return;
	}
	territory_as_owner("SELECT registry.note_view($1, $2)", 2, types, values);
}

static void
watch_result(QueryDesc *query)
{
	uint64		rows = query->estate->es_processed;
	const char *view;
	const TerritoryReach *reach;

	if (recording || rows == 0 || !ActiveSnapshotSet() || IsInParallelMode())
		return;
	view = view_of_persons(query->plannedstmt);
	if (view == NULL)
		return;
	reach = territory_reach();
	if (reach->everything || !reach->record_views)
		return;
	recording = true;
	PG_TRY();
	{
		record_rows(view, rows);
	}
	PG_FINALLY();
	{
		recording = false;
	}
	PG_END_TRY();
}

static void
watch_run(REGISTRY_EXECUTOR_RUN_ARGUMENTS)
{
	if (previous_run != NULL)
		previous_run(REGISTRY_EXECUTOR_RUN_PASSED);
	else
		standard_ExecutorRun(REGISTRY_EXECUTOR_RUN_PASSED);
	watch_result(queryDesc);
}

void
territory_init(void)
{
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = watch_run;
}
