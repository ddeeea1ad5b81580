/*
 * intake_write.c
 *		Rows into a table, a thousand at a time, as COPY does it.
 *
 * Permissions are checked here because the rows by-pass the executor.  Rows
 * carry every column themselves: defaults and triggers of the table are not
 * run (staged rows and rejects have none that matter); indexes are kept.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "intake/intake.h"

#define BUFFER_BYTES ((size_t) 4 * 1024 * 1024)

struct IntakeTable
{
	Relation	relation;
	EState	   *estate;
	ResultRelInfo *result;
	BulkInsertState bulk;
	MemoryContext memory;
	MemoryContext row_memory;	/* values of the rows in the buffer */
	TupleTableSlot *slots[INTAKE_BUFFER_ROWS];
	TupleTableSlot *fetched;
	int			count;
	size_t		bytes;
};

static void
check_permission(Relation relation)
{
	AclMode		needed = ACL_INSERT | ACL_DELETE | ACL_SELECT;

	if (pg_class_aclmask(RelationGetRelid(relation), GetUserId(), needed, ACLMASK_ALL) != needed)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(relation));
	if (relation->rd_rel->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" cannot take received rows", RelationGetRelationName(relation)),
				 errdetail("It is not an ordinary table.")));
}

/*
 * intake_table_open
 *		Opens a table of schema registry for adding rows.
 */
IntakeTable *
intake_table_open(const char *name)
{
	IntakeTable *table = palloc0(sizeof(IntakeTable));
	RangeVar   *range = makeRangeVar("registry", pstrdup(name), -1);

	table->memory = CurrentMemoryContext;
	table->relation = table_openrv(range, RowExclusiveLock);
	check_permission(table->relation);
	table->estate = CreateExecutorState();
	table->result = makeNode(ResultRelInfo);
	InitResultRelInfo(table->result, table->relation, 1, NULL, 0);
	ExecOpenIndices(table->result, false);
	table->bulk = GetBulkInsertState();
	table->row_memory = AllocSetContextCreate(CurrentMemoryContext, "intake rows", ALLOCSET_DEFAULT_SIZES);
	return table;
}

/* Offset of a column in the values of a row. */
int
intake_table_attribute(IntakeTable *table, const char *column)
{
	AttrNumber	number = get_attnum(RelationGetRelid(table->relation), column);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", column,
						RelationGetRelationName(table->relation)),
				 errhint("CALL registry.deploy() brings the tables up to this version.")));
	return number - 1;
}

/*
 * intake_table_row
 *		The next free row, all null.  Its values belong into the context that
 *		is returned.  The row counts only once it is stored.
 */
MemoryContext
intake_table_row(IntakeTable *table, Datum **values, bool **nulls)
{
	TupleTableSlot *slot = table->slots[table->count];

	if (slot == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->memory);

		slot = table->slots[table->count] = table_slot_create(table->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	*values = slot->tts_values;
	*nulls = slot->tts_isnull;
	return table->row_memory;
}

/*
 * intake_table_store
 *		Counts the row in; true when the buffer is full and must be flushed.
 */
bool
intake_table_store(IntakeTable *table, size_t bytes)
{
	ExecStoreVirtualTuple(table->slots[table->count]);
	table->count++;
	table->bytes += bytes;
	return table->count == INTAKE_BUFFER_ROWS || table->bytes > BUFFER_BYTES;
}

/*
 * intake_table_waste
 *		Says that values of a row were made and not stored; true when the
 *		buffer should be flushed to be rid of them.
 */
bool
intake_table_waste(IntakeTable *table, size_t bytes)
{
	table->bytes += bytes;
	return table->bytes > BUFFER_BYTES;
}

/* Writes the buffer; returns how many rows it held. */
int
intake_table_flush(IntakeTable *table)
{
	int			count = table->count;

	if (count == 0)
	{
		MemoryContextReset(table->row_memory);
		table->bytes = 0;
		return 0;
	}
	CHECK_FOR_INTERRUPTS();
	{
		/* what the inserting allocates goes with the rows */
		MemoryContext old = MemoryContextSwitchTo(table->row_memory);

		table_multi_insert(table->relation, table->slots, count,
						   GetCurrentCommandId(true), 0, table->bulk);
		MemoryContextSwitchTo(old);
	}
	if (table->result->ri_NumIndices > 0)
		for (int i = 0; i < count; i++)
		{
			GetPerTupleExprContext(table->estate)->ecxt_scantuple = table->slots[i];
			table->slots[i]->tts_tableOid = RelationGetRelid(table->relation);
			list_free(registry_insert_index_tuples(table->result, table->slots[i], table->estate));
			ResetPerTupleExprContext(table->estate);
		}
	MemoryContextReset(table->row_memory);
	table->count = 0;
	table->bytes = 0;
	return count;
}

/* Where a row of the last flush went. */
void
intake_table_stored_at(IntakeTable *table, int row, ItemPointer where)
{
	*where = table->slots[row]->tts_tid;
}

/*
 * intake_table_fetch
 *		A row written before the last CommandCounterIncrement; stays valid until
 *		the next call.
 */
TupleTableSlot *
intake_table_fetch(IntakeTable *table, ItemPointer where)
{
	if (table->fetched == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->memory);

		table->fetched = table_slot_create(table->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	if (!table_tuple_fetch_row_version(table->relation, where, SnapshotSelf, table->fetched))
		elog(ERROR, "staged row (%u,%u) of \"%s\" is gone",
			 ItemPointerGetBlockNumber(where), ItemPointerGetOffsetNumber(where),
			 RelationGetRelationName(table->relation));
	return table->fetched;
}

Oid
intake_table_oid(IntakeTable *table)
{
	return RelationGetRelid(table->relation);
}

/* Takes a row away again that this batch wrote. */
void
intake_table_delete(IntakeTable *table, ItemPointer where)
{
	simple_table_tuple_delete(table->relation, where, SnapshotSelf);
}

void
intake_table_close(IntakeTable *table)
{
	for (int i = 0; i < INTAKE_BUFFER_ROWS && table->slots[i]; i++)
		ExecDropSingleTupleTableSlot(table->slots[i]);
	if (table->fetched)
		ExecDropSingleTupleTableSlot(table->fetched);
	FreeBulkInsertState(table->bulk);
	table_finish_bulk_insert(table->relation, 0);
	ExecCloseIndices(table->result);
	FreeExecutorState(table->estate);
	MemoryContextDelete(table->row_memory);
	table_close(table->relation, NoLock);
}
