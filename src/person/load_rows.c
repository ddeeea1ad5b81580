/*
 * load_rows.c
 *		Appends the result of a query to an empty table, as COPY would.
 *
 * A first load moves millions of rows.  INSERT ... SELECT writes them one by
 * one and may not run its query in parallel; a receiver of the query's rows may
 * do both better.  It goes past the executor's insertion, so the caller logs
 * the rows and makes the indexes afterwards, and tables that rely on triggers,
 * checks, or on row security that applies to the caller, are refused.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"

#include "compat.h"

REGISTRY_FUNCTION(registry_load_rows);

#define ROWS_AT_ONCE 1000
#define BYTES_AT_ONCE (8 * 1024 * 1024)

typedef struct LoadReceiver
{
	DestReceiver pub;
	Relation	relation;
	BulkInsertState bulk;
	CommandId	command;
	AttrNumber *targets;		/* column of the table for each of the query's */
	AttrNumber	id_column;		/* numbered here, 0 when there is none */
	int64		next_id;
	TupleTableSlot *slots[ROWS_AT_ONCE];
	int			used;
	Size		bytes;
	int64		loaded;
	MemoryContext context;		/* of the whole call */
} LoadReceiver;

static void
load_flush(LoadReceiver *load)
{
	if (load->used == 0)
		return;
	table_multi_insert(load->relation, load->slots, load->used, load->command, 0, load->bulk);
	for (int i = 0; i < load->used; i++)
		ExecClearTuple(load->slots[i]);
	load->used = 0;
	load->bytes = 0;
}

static void
load_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	LoadReceiver *load = (LoadReceiver *) self;

	load->targets = palloc(sizeof(AttrNumber) * desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute given = TupleDescAttr(desc, i);
		AttrNumber	target = get_attnum(RelationGetRelid(load->relation), NameStr(given->attname));

		if (target == InvalidAttrNumber ||
			TupleDescAttr(RelationGetDescr(load->relation), target - 1)->atttypid != given->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the query has no place in table \"%s\"",
							NameStr(given->attname), RelationGetRelationName(load->relation))));
		load->targets[i] = target;
	}
	/* No command may begin once the query runs in parallel. */
	load->command = GetCurrentCommandId(true);
}

static void
check_not_null(const LoadReceiver *load, const TupleTableSlot *slot)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attnotnull && !attribute->attisdropped && slot->tts_isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of relation \"%s\" violates not-null constraint",
							NameStr(attribute->attname), RelationGetRelationName(load->relation)),
					 errtablecol(load->relation, i + 1)));
	}
}

static bool
load_receive(TupleTableSlot *given, DestReceiver *self)
{
	LoadReceiver *load = (LoadReceiver *) self;
	TupleTableSlot *slot = load->slots[load->used];

	CHECK_FOR_INTERRUPTS();
	if (slot == NULL)
	{
		/* slots outlive the query, in whose memory this runs */
		MemoryContext old = MemoryContextSwitchTo(load->context);

		slot = load->slots[load->used] = table_slot_create(load->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	slot_getallattrs(given);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < given->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_values[load->targets[i] - 1] = given->tts_values[i];
		slot->tts_isnull[load->targets[i] - 1] = given->tts_isnull[i];
	}
	if (load->id_column != InvalidAttrNumber)
	{
		slot->tts_values[load->id_column - 1] = Int64GetDatum(load->next_id++);
		slot->tts_isnull[load->id_column - 1] = false;
	}
	check_not_null(load, slot);
	ExecStoreVirtualTuple(slot);
	/* the given values last only until the next row */
	ExecMaterializeSlot(slot);
	load->bytes += ExecFetchSlotHeapTuple(slot, false, NULL)->t_len;
	load->used++;
	load->loaded++;
	if (load->used == ROWS_AT_ONCE || load->bytes > BYTES_AT_ONCE)
		load_flush(load);
	return true;
}

static void
load_shutdown(DestReceiver *self)
{
	load_flush((LoadReceiver *) self);
}

static void
load_destroy(DestReceiver *self)
{
}

static Relation
open_target(Oid relid)
{
	Relation	relation = table_open(relid, ShareRowExclusiveLock);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(relation));
	if (relation->rd_rel->relkind != RELKIND_RELATION || check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED ||
		relation->rd_rel->relhasrules || RelationGetNumberOfBlocks(relation) != 0 ||
		RelationGetIndexList(relation) != NIL ||
		(RelationGetDescr(relation)->constr != NULL && RelationGetDescr(relation)->constr->num_check > 0))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows cannot be appended to table \"%s\" past its checks", RelationGetRelationName(relation)),
				 errdetail("It must be an empty plain table without indexes, check constraints, rules, and row security that applies to you.")));
	return relation;
}

/*
 * load_rows(target regclass, query text, id_column text, first_id bigint) returns bigint
 *
 *		Appends the rows of the query, whose columns are named as the table's,
 *		to an empty table.  id_column, when not null, is numbered from first_id
 *		in the order of the rows.  Fires no triggers.  Returns the number of
 *		rows.  Errors: 55000 for a table that is not as it must be, 42804 for a
 *		column that the table has not, 23502, 42501.
 */
Datum
registry_load_rows(PG_FUNCTION_ARGS)
{
	LoadReceiver load = {{load_receive, load_startup, load_shutdown, load_destroy, DestIntoRel}};
	SPIExecuteOptions options = {0};
	int			result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("load_rows() needs a table and a query")));
	load.context = CurrentMemoryContext;
	load.relation = open_target(PG_GETARG_OID(0));
	load.bulk = GetBulkInsertState();
	if (!PG_ARGISNULL(2))
	{
		load.id_column = get_attnum(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(2)));
		load.next_id = PG_GETARG_INT64(3);
		if (load.id_column == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"%s\" has no column \"%s\"", RelationGetRelationName(load.relation),
							text_to_cstring(PG_GETARG_TEXT_PP(2)))));
	}
	/* Neither may a transaction id be given out once the query runs in parallel. */
	(void) GetCurrentTransactionId();

	SPI_connect();
	options.read_only = true;
	options.dest = (DestReceiver *) &load;
	result = SPI_execute_extended(text_to_cstring(PG_GETARG_TEXT_PP(1)), &options);
	if (result != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("load_rows() takes a query that returns rows")));
	SPI_finish();

	for (int i = 0; i < ROWS_AT_ONCE && load.slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(load.slots[i]);
	FreeBulkInsertState(load.bulk);
	table_close(load.relation, NoLock);
	PG_RETURN_INT64(load.loaded);
}
