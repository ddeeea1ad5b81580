/*
 * row_writer.h
 *		Appends rows to a temporary table of this session, many at once.
 */
#ifndef REGISTRY_ROW_WRITER_H
#define REGISTRY_ROW_WRITER_H

#include "postgres.h"

#include "access/heapam.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#define ROWS_AT_ONCE 1000

/* Appends rows to a table that only this transaction sees. */
typedef struct RowWriter
{
	Relation	relation;
	BulkInsertState bulk;
	TupleTableSlot *slots[ROWS_AT_ONCE];
	int			used;
	MemoryContext context;		/* values of the rows not yet flushed */
} RowWriter;

extern RowWriter *writer_open(Oid relation, const char *model, const char *const *columns, int count);
extern TupleTableSlot *writer_slot(RowWriter *writer);
extern void writer_store(RowWriter *writer, TupleTableSlot *slot);
extern void writer_close(RowWriter *writer);

#endif							/* REGISTRY_ROW_WRITER_H */
