/*
 * row_writer.c
 *		Appends rows to a temporary table of this session, past the executor.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compare/row_writer.h"

/*
 * Rows are appended past the executor, so the table must be what the caller
 * says: a temporary table of this session with the columns named, those of the
 * model table in its types.
 */
static void
check_layout(Relation relation, Oid model, const char *const *columns, int count)
{
	TupleDesc	desc = RelationGetDescr(relation);
	bool		fits = relation->rd_rel->relkind == RELKIND_RELATION &&
		isTempNamespace(RelationGetNamespace(relation)) && desc->natts == count;

	for (int i = 0; fits && i < count; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		AttrNumber	of_model = get_attnum(model, columns[i]);

		fits = !attribute->attisdropped && strcmp(NameStr(attribute->attname), columns[i]) == 0 &&
			(of_model == InvalidAttrNumber || get_atttype(model, of_model) == attribute->atttypid);
	}
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("table \"%s\" cannot take the result of a recompute", RelationGetRelationName(relation)),
				 errhint("The tables are made by registry.create_recompute_tables().")));
}

RowWriter *
writer_open(Oid relation, const char *model, const char *const *columns, int count)
{
	RowWriter  *writer = palloc0(sizeof(RowWriter));

	writer->relation = table_open(relation, RowExclusiveLock);
	check_layout(writer->relation, get_relname_relid(model, get_namespace_oid("registry", false)), columns, count);
	writer->bulk = GetBulkInsertState();
	writer->context = AllocSetContextCreate(CurrentMemoryContext, "registry rows", ALLOCSET_DEFAULT_SIZES);
	return writer;
}

static void
writer_flush(RowWriter *writer)
{
	if (writer->used == 0)
		return;
	table_multi_insert(writer->relation, writer->slots, writer->used,
					   GetCurrentCommandId(true), 0, writer->bulk);
	for (int i = 0; i < writer->used; i++)
		ExecClearTuple(writer->slots[i]);
	writer->used = 0;
	MemoryContextReset(writer->context);
}

TupleTableSlot *
writer_slot(RowWriter *writer)
{
	TupleTableSlot *slot;

	if (writer->used == ROWS_AT_ONCE)
		writer_flush(writer);
	slot = writer->slots[writer->used];
	if (slot == NULL)
	{
		/* slots are used again for later rows: they live as long as the writer */
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(writer));

		slot = writer->slots[writer->used] = table_slot_create(writer->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	return slot;
}

void
writer_store(RowWriter *writer, TupleTableSlot *slot)
{
	ExecStoreVirtualTuple(slot);
	writer->used++;
}

void
writer_close(RowWriter *writer)
{
	writer_flush(writer);
	for (int i = 0; i < ROWS_AT_ONCE && writer->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	table_close(writer->relation, NoLock);
}
