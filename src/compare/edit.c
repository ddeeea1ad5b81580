/*
 * edit.c
 *		Edits by hand and acts of the registry: which of the two writes.
 *
 * An act (compare(), a merge, a repair) judges whom it touches by itself, so the
 * triggers that follow edits are off while one runs.  That is known here alone,
 * not in a setting: no client can switch them off.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"

REGISTRY_FUNCTION(registry_acting);
REGISTRY_FUNCTION(registry_begin_act);
REGISTRY_FUNCTION(registry_end_act);
REGISTRY_FUNCTION(registry_edit_lock);
REGISTRY_FUNCTION(registry_has_recompute_tables);

#define ACTS_AT_ONCE 32

/* Transaction nest level in which each of the running acts began. */
static int	act_levels[ACTS_AT_ONCE];
static int	act_count = 0;

static void
forget_acts(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PARALLEL_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		act_count = 0;
}

/* An act that fails ends with the subtransaction in which it began. */
static void
leave_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	for (int i = act_count - 1; i >= 0 && act_levels[i] >= level; i--)
	{
		if (event == SUBXACT_EVENT_ABORT_SUB)
			act_count = i;
		else if (event == SUBXACT_EVENT_COMMIT_SUB)
			act_levels[i] = level - 1;
	}
}

/* acting() returns boolean: does an act of the registry run? */
Datum
registry_acting(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(act_count > 0);
}

/*
 * The registry belongs to who deployed it, who need not own the extension: not a
 * grant but the ownership of the facts says who may act.
 */
static void
check_is_owner(void)
{
	Oid			schema = get_namespace_oid("registry", false);
	Oid			facts = get_relname_relid("enrolment", schema);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(facts));
	bool		owns = HeapTupleIsValid(tuple) &&
		has_privs_of_role(GetUserId(), ((Form_pg_class) GETSTRUCT(tuple))->relowner);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (!owns)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the owner of the registry may act in its place"),
				 errhint("Correct rows by INSERT, UPDATE and DELETE: triggers judge the persons concerned.")));
}

Datum
registry_begin_act(PG_FUNCTION_ARGS)
{
	static bool registered = false;

	check_is_owner();
	if (!registered)
	{
		RegisterXactCallback(forget_acts, NULL);
		RegisterSubXactCallback(leave_subtransaction, NULL);
		registered = true;
	}
	if (act_count == ACTS_AT_ONCE)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("more than %d acts of the registry within each other", ACTS_AT_ONCE)));
	act_levels[act_count++] = GetCurrentTransactionNestLevel();
	PG_RETURN_VOID();
}

Datum
registry_end_act(PG_FUNCTION_ARGS)
{
	if (act_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no act of the registry runs")));
	act_count--;
	PG_RETURN_VOID();
}

/*
 * edit_lock() returns trigger, BEFORE, FOR EACH STATEMENT
 *
 *		Waits for compare() and other acts to end before the first row is
 *		locked, so that an edit never holds a row an act waits for while it waits
 *		for the act itself.
 */
Datum
registry_edit_lock(PG_FUNCTION_ARGS)
{
	Datum		key;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(((TriggerData *) fcinfo->context)->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("edit_lock() must be called by a trigger before a statement")));
	key = DirectFunctionCall2Coll(hashtextextended, DEFAULT_COLLATION_OID,
								  CStringGetTextDatum("registry.persons"), Int64GetDatum(0));
	DirectFunctionCall1(pg_advisory_xact_lock_shared_int8, key);
	PG_RETURN_POINTER(NULL);
}

#define PAGES_USED_AGAIN 32		/* above, an emptied table costs more than a new one */
#define ROWS_USED_AGAIN 100		/* by the statistics that a plan goes by */

static bool
can_be_used_again(const char *name, int columns)
{
	Oid			schema = LookupNamespaceNoError("pg_temp");
	Oid			table = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
	Relation	relation;
	bool		good;

	if (!OidIsValid(table))
		return false;
	relation = table_open(table, AccessShareLock);
	good = relation->rd_rel->relkind == RELKIND_RELATION && relation->rd_rel->relowner == GetUserId() &&
		!relation->rd_rel->relhastriggers && !relation->rd_rel->relhasrules && relation->rd_rel->relnatts == columns &&
		relation->rd_rel->reltuples <= ROWS_USED_AGAIN && RelationGetNumberOfBlocks(relation) <= PAGES_USED_AGAIN;
	table_close(relation, AccessShareLock);
	return good;
}

Datum
registry_has_recompute_tables(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(can_be_used_again("registry_touched", 2) &&
				   can_be_used_again("registry_verdict", 34) &&
				   can_be_used_again("registry_finding", 10));
}
