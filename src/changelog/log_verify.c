/*
 * log_verify.c
 *		Do the rows of a logged table follow from its log?
 *
 * Blocks do not hold new values, only a digest of them.  So the rows are walked
 * back: from the table as it stands, block by block from the newest to the
 * oldest, each row gives the new values that its entry must have seen, and then
 * takes the old ones.  What comes out must have the digest that the block
 * carries; no row may be left over at the beginning, and none be missing.
 *
 * This is done window by window of keys, so that a city fits into memory.  The
 * entries of a block stand in the order of their keys, so a block that several
 * windows share is digested in its order all the same.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "changelog/log.h"

REGISTRY_FUNCTION(log_verify_rows);

/* Rows per window, about. */
#define WINDOW_ROWS 50000

typedef struct RowId
{
	int64		first;
	int64		rest;			/* second key, or a hash of all others */
} RowId;

/* A value as log_append_value() writes it. */
typedef struct RowValue
{
	int32		length;			/* -1: null */
	uint8	   *data;
} RowValue;

typedef struct RowState
{
	RowId		id;
	RowValue   *values;			/* by position of the column in the table today */
} RowState;

/* An older shape, and where its columns are today. */
typedef struct KnownShape
{
	LogShape   *shape;
	int		   *today;			/* position today, or -1 */
	bool		complete;		/* every column is still there in the same form */
} KnownShape;

/* Digest of a block that is not yet wholly walked. */
typedef struct OpenBlock
{
	int64		log_id;
	LogDigest	digest;
	bool		certain;		/* all images could be formed */
} OpenBlock;

typedef struct Verifier
{
	ReturnSetInfo *result;
	LogShape   *today;
	List	   *shapes;
	HTAB	   *rows;			/* of the window */
	HTAB	   *blocks;
	MemoryContext long_memory;
	MemoryContext window_memory;
	MemoryContext entry_memory;
	StringInfoData image;
} Verifier;

static void
report(Verifier *verifier, const char *finding, int64 first_key, int64 last_key, const int64 *log_id)
{
	Datum		values[4];
	bool		nulls[4] = {0};

	values[0] = CStringGetTextDatum(finding);
	values[1] = Int64GetDatum(first_key);
	values[2] = Int64GetDatum(last_key);
	values[3] = Int64GetDatum(log_id ? *log_id : 0);
	nulls[3] = log_id == NULL;
	tuplestore_putvalues(verifier->result->setResult, verifier->result->setDesc, values, nulls);
}

/* Bytes of a value in the memory of the window. */
static void
keep_value(Verifier *verifier, RowValue *into, const LogColumn *column, Datum value, bool isnull)
{
	StringInfoData bytes;
	MemoryContext previous;

	if (isnull)
	{
		into->length = -1;
		return;
	}
	previous = MemoryContextSwitchTo(verifier->entry_memory);
	initStringInfo(&bytes);
	log_append_value(&bytes, column, value);
	MemoryContextSwitchTo(previous);
	into->length = bytes.len;
	into->data = MemoryContextAlloc(verifier->window_memory, Max(bytes.len, 1));
	memcpy(into->data, bytes.data, bytes.len);
}

static int64
rest_of_keys(Verifier *verifier, const LogShape *shape, const Datum *keys)
{
	StringInfoData bytes;
	MemoryContext previous;

	if (shape->key_count == 1)
		return 0;
	if (shape->second_is_number && shape->key_count == 2)
		return DatumGetInt64(keys[1]);
	previous = MemoryContextSwitchTo(verifier->entry_memory);
	initStringInfo(&bytes);
	for (int k = 1; k < shape->key_count; k++)
		log_append_value(&bytes, &shape->columns[shape->keys[k]], keys[k]);
	MemoryContextSwitchTo(previous);
	return (int64) hash_bytes_extended((unsigned char *) bytes.data, bytes.len, 0);
}

static RowState *
new_row(Verifier *verifier, const RowId *id, bool *found)
{
	RowState   *row = hash_search(verifier->rows, id, HASH_ENTER, found);

	row->values = MemoryContextAllocZero(verifier->window_memory, sizeof(RowValue) * verifier->today->count);
	return row;
}

/* Where the columns of a shape stand today: by name, else by number. */
static KnownShape *
known_shape(Verifier *verifier, int32 shape_id)
{
	ListCell   *cell;
	KnownShape *known;
	MemoryContext previous;

	foreach(cell, verifier->shapes)
	{
		known = lfirst(cell);
		if (known->shape->shape_id == shape_id)
			return known;
	}
	previous = MemoryContextSwitchTo(verifier->long_memory);
	known = palloc0(sizeof(KnownShape));
	known->shape = log_load_shape(shape_id, verifier->long_memory);
	known->today = palloc(sizeof(int) * known->shape->count);
	known->complete = true;
	for (int i = 0; i < known->shape->count; i++)
	{
		LogColumn  *old = &known->shape->columns[i];
		int			by_number = -1;

		known->today[i] = -1;
		for (int j = 0; j < verifier->today->count; j++)
		{
			LogColumn  *now = &verifier->today->columns[j];

			if (now->type != old->type)
				continue;
			if (strcmp(now->name, old->name) == 0)
				known->today[i] = j;
			else if (now->number == old->number)
				by_number = j;
		}
		if (known->today[i] < 0)
			known->today[i] = by_number;
		if (known->today[i] < 0 && !old->ignored)
			known->complete = false;
	}
	verifier->shapes = lappend(verifier->shapes, known);
	MemoryContextSwitchTo(previous);
	return known;
}

/* The image of a whole new row, as the trigger formed it. */
static bool
whole_image(Verifier *verifier, const KnownShape *known, const RowState *row)
{
	const LogShape *shape = known->shape;
	uint8		nulls[LOG_MAX_MASK_BYTES] = {0};
	int			start = verifier->image.len;

	appendBinaryStringInfo(&verifier->image, (char *) nulls, LOG_MASK_BYTES(shape));
	for (int i = 0; i < shape->count; i++)
	{
		const RowValue *value;

		if (shape->columns[i].ignored)
			continue;
		if (known->today[i] < 0)
			return false;
		value = &row->values[known->today[i]];
		if (value->length < 0)
			LOG_SET_BIT(nulls, i);
		else
			appendBinaryStringInfo(&verifier->image, (char *) value->data, value->length);
	}
	memcpy(verifier->image.data + start, nulls, LOG_MASK_BYTES(shape));
	return true;
}

static bool
changed_image(Verifier *verifier, const KnownShape *known, const RowState *row, const LogReader *reader)
{
	for (int i = 0; i < known->shape->count; i++)
	{
		const RowValue *value;

		if (!LOG_BIT(reader->changed, i))
			continue;
		if (known->today[i] < 0)
			return false;
		value = &row->values[known->today[i]];
		appendStringInfoCharMacro(&verifier->image, value->length < 0 ? 0 : 1);
		if (value->length >= 0)
			appendBinaryStringInfo(&verifier->image, (char *) value->data, value->length);
	}
	return true;
}

static void
take_old_values(Verifier *verifier, const KnownShape *known, RowState *row, const LogReader *reader)
{
	for (int i = 0; i < known->shape->count; i++)
		if (LOG_BIT(reader->changed, i) && known->today[i] >= 0)
			keep_value(verifier, &row->values[known->today[i]], &known->shape->columns[i],
					   reader->values[i], LOG_BIT(reader->null, i));
}

/* Takes one entry back; false when its new values cannot be formed any more. */
static bool
undo_entry(Verifier *verifier, const KnownShape *known, const LogReader *reader, int64 log_id)
{
	RowId		id;
	RowState   *row;
	bool		found;
	bool		certain = true;

	memset(&id, 0, sizeof(id));
	id.first = reader->first_key;
	id.rest = rest_of_keys(verifier, known->shape, reader->keys);
	if (reader->operation == LOG_DELETE || reader->operation == LOG_MOVE)
	{
		row = new_row(verifier, &id, &found);
		if (found)
			report(verifier, "row came back past the log", id.first, id.first, &log_id);
		for (int i = 0; i < verifier->today->count; i++)
			row->values[i].length = -1;
		take_old_values(verifier, known, row, reader);
		return true;
	}
	row = hash_search(verifier->rows, &id, HASH_FIND, NULL);
	if (row == NULL)
	{
		report(verifier, "row was removed past the log", id.first, id.first, &log_id);
		return true;
	}
	if (reader->operation == LOG_INSERT || reader->came)
	{
		certain = whole_image(verifier, known, row);
		hash_search(verifier->rows, &id, HASH_REMOVE, NULL);
		return certain;
	}
	certain = changed_image(verifier, known, row, reader);
	take_old_values(verifier, known, row, reader);
	return certain;
}

static OpenBlock *
open_block(Verifier *verifier, int64 log_id, LogMethod method)
{
	bool		found;
	OpenBlock  *block = hash_search(verifier->blocks, &log_id, HASH_ENTER, &found);

	if (!found)
	{
		log_digest_begin(&block->digest, method);
		block->certain = true;
	}
	return block;
}

/* Walks the part of a block that lies in the window. */
static void
walk_block(Verifier *verifier, HeapTuple tuple, TupleDesc descriptor, int64 low, int64 high)
{
	bool		isnull;
	int64		log_id = DatumGetInt64(SPI_getbinval(tuple, descriptor, 1, &isnull));
	int64		first_key = DatumGetInt64(SPI_getbinval(tuple, descriptor, 4, &isnull));
	int64		last_key = DatumGetInt64(SPI_getbinval(tuple, descriptor, 5, &isnull));
	bytea	   *images = DatumGetByteaPP(SPI_getbinval(tuple, descriptor, 6, &isnull));
	bytea	   *payload = DatumGetByteaPP(SPI_getbinval(tuple, descriptor, 7, &isnull));
	char	   *method = TextDatumGetCString(SPI_getbinval(tuple, descriptor, 8, &isnull));
	KnownShape *known = known_shape(verifier, DatumGetInt32(SPI_getbinval(tuple, descriptor, 2, &isnull)));
	OpenBlock  *block = open_block(verifier, log_id, strcmp(method, "sm3") == 0 ? LOG_SM3 : LOG_SHA256);
	uint8		digest[LOG_DIGEST_BYTES];
	MemoryContext previous;
	LogReader	reader;

	log_reader_begin(&reader, known->shape, DatumGetChar(SPI_getbinval(tuple, descriptor, 3, &isnull)),
					 VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload));
	resetStringInfo(&verifier->image);
	for (;;)
	{
		bool		more;

		previous = MemoryContextSwitchTo(verifier->entry_memory);
		more = log_reader_next(&reader);
		if (more && reader.first_key >= low && reader.first_key <= high &&
			!undo_entry(verifier, known, &reader, log_id))
			block->certain = false;
		MemoryContextSwitchTo(previous);
		MemoryContextReset(verifier->entry_memory);
		if (verifier->image.len > 16384 || !more)
		{
			log_digest_add(&block->digest, verifier->image.data, verifier->image.len);
			resetStringInfo(&verifier->image);
		}
		if (!more)
			break;
	}
	if (last_key > high)
		return;
	log_digest_end(&block->digest, digest);
	if (!block->certain)
		report(verifier, "columns were dropped or changed their type since: cannot be proved", first_key, last_key, &log_id);
	else if (VARSIZE_ANY_EXHDR(images) != LOG_DIGEST_BYTES || memcmp(VARDATA_ANY(images), digest, LOG_DIGEST_BYTES) != 0)
		report(verifier, "rows differ from what was logged", first_key, last_key, &log_id);
	hash_search(verifier->blocks, &log_id, HASH_REMOVE, NULL);
}

/* The rows of a window as they stand. */
static void
load_rows_of_window(Verifier *verifier, Relation relation, int64 low, int64 high)
{
	LogShape   *today = verifier->today;
	const char *key = quote_identifier(today->columns[today->keys[0]].name);
	Oid			types[] = {INT8OID, INT8OID};
	Datum		values[] = {Int64GetDatum(low), Int64GetDatum(high)};
	char	   *query = psprintf("SELECT * FROM %s WHERE %s BETWEEN $1 AND $2",
								 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
															RelationGetRelationName(relation)), key);
	Portal		portal = SPI_cursor_open_with_args(NULL, query, 2, types, values, NULL, true, 0);

	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (uint64 r = 0; r < SPI_processed; r++)
		{
			RowId		id;
			RowState   *row;
			Datum		keys[LOG_MAX_KEYS] = {0};
			bool		isnull;
			bool		found;

			memset(&id, 0, sizeof(id));
			for (int k = 0; k < today->key_count; k++)
				keys[k] = SPI_getbinval(SPI_tuptable->vals[r], SPI_tuptable->tupdesc, today->columns[today->keys[k]].number, &isnull);
			id.first = DatumGetInt64(keys[0]);
			id.rest = rest_of_keys(verifier, today, keys);
			row = new_row(verifier, &id, &found);
			for (int i = 0; i < today->count; i++)
			{
				Datum		value = SPI_getbinval(SPI_tuptable->vals[r], SPI_tuptable->tupdesc, today->columns[i].number, &isnull);

				keep_value(verifier, &row->values[i], &today->columns[i], value, isnull);
			}
			MemoryContextReset(verifier->entry_memory);
		}
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
}

static void
walk_blocks_of_window(Verifier *verifier, int64 low, int64 high)
{
	static const char *const query =
		"SELECT l.log_id, l.shape_id, l.operation, l.first_key, l.last_key, l.images, l.payload, c.method"
		" FROM pg_catalog.generate_series(0, 40) w (width)"
		" JOIN registry.change_log l ON l.span = w.width + $4 AND l.first_key BETWEEN $2 - (1::pg_catalog.int8 << w.width) + 1 AND $3 AND l.last_key >= $2"
		" JOIN registry.log_context c USING (context_id)"
		" WHERE l.shape_id IN (SELECT s.shape_id FROM registry.log_shape s WHERE s.relation = $1)"
		" ORDER BY l.log_id DESC";
	Oid			types[] = {TEXTOID, INT8OID, INT8OID, INT4OID};
	Datum		values[4];
	Portal		portal;

	values[0] = CStringGetTextDatum(verifier->today->relation);
	values[1] = Int64GetDatum(low);
	values[2] = Int64GetDatum(high);
	values[3] = Int32GetDatum(verifier->today->by_person ? 0 : 100);
	portal = SPI_cursor_open_with_args(NULL, query, lengthof(types), types, values, NULL, true, 0);
	for (;;)
	{
		SPITupleTable *table;
		uint64		count;

		SPI_cursor_fetch(portal, true, 100);
		table = SPI_tuptable;
		count = SPI_processed;
		if (count == 0)
			break;
		for (uint64 r = 0; r < count; r++)
			walk_block(verifier, table->vals[r], table->tupdesc, low, high);
		SPI_freetuptable(table);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
}

static void
walk_window(Verifier *verifier, Relation relation, int64 low, int64 high)
{
	HASHCTL		control = {0};
	HASH_SEQ_STATUS status;
	RowState   *row;

	control.keysize = sizeof(RowId);
	control.entrysize = sizeof(RowState);
	control.hcxt = verifier->window_memory;
	verifier->rows = hash_create("registry log rows", WINDOW_ROWS, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	load_rows_of_window(verifier, relation, low, high);
	walk_blocks_of_window(verifier, low, high);
	hash_seq_init(&status, verifier->rows);
	while ((row = hash_seq_search(&status)) != NULL)
		report(verifier, "row was inserted past the log", row->id.first, row->id.first, NULL);
	MemoryContextReset(verifier->window_memory);
}

/* Smallest and largest key in the table and its log, and the rows in both. */
static bool
find_range(Verifier *verifier, Relation relation, int64 *low, int64 *high, int64 *rows)
{
	LogShape   *today = verifier->today;
	const char *key = quote_identifier(today->columns[today->keys[0]].name);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(today->relation)};
	bool		isnull;
	char	   *query = psprintf("SELECT pg_catalog.min(low), pg_catalog.max(high), pg_catalog.sum(n)::pg_catalog.int8 FROM ("
								 " SELECT pg_catalog.min(%s), pg_catalog.max(%s), pg_catalog.count(*) FROM %s"
								 " UNION ALL SELECT pg_catalog.min(first_key), pg_catalog.max(last_key), coalesce(pg_catalog.sum(rows), 0) FROM registry.change_log"
								 " WHERE shape_id IN (SELECT s.shape_id FROM registry.log_shape s WHERE s.relation = $1)) r (low, high, n)",
								 key, key, quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
																	  RelationGetRelationName(relation)));

	SPI_execute_with_args(query, 1, types, values, NULL, true, 1);
	*low = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (isnull)
		return false;
	*high = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	*rows = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	return true;
}

/*
 * log_verify_rows(relation regclass, name text, keys text, ignored text)
 *		returns setof (finding text, first_key bigint, last_key bigint, log_id bigint)
 *		Rows of the table that do not follow from its log.
 */
Datum
log_verify_rows(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	Verifier	verifier = {0};
	HASHCTL		control = {0};
	int64		low,
				high,
				rows;

	InitMaterializedSRF(fcinfo, 0);
	verifier.result = (ReturnSetInfo *) fcinfo->resultinfo;
	verifier.long_memory = CurrentMemoryContext;
	verifier.window_memory = AllocSetContextCreate(CurrentMemoryContext, "registry log window", ALLOCSET_DEFAULT_SIZES);
	verifier.entry_memory = AllocSetContextCreate(CurrentMemoryContext, "registry log entry", ALLOCSET_DEFAULT_SIZES);
	verifier.today = log_describe(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)), text_to_cstring(PG_GETARG_TEXT_PP(2)),
								  text_to_cstring(PG_GETARG_TEXT_PP(3)));
	control.keysize = sizeof(int64);
	control.entrysize = sizeof(OpenBlock);
	control.hcxt = CurrentMemoryContext;
	verifier.blocks = hash_create("registry log blocks", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	SPI_connect();
	initStringInfo(&verifier.image);
	if (find_range(&verifier, relation, &low, &high, &rows))
	{
		int64		windows = 1 + rows / WINDOW_ROWS;
		uint64		width = ((uint64) high - (uint64) low) / windows + 1;

		for (int64 from = low;;)
		{
			int64		to = (uint64) high - (uint64) from < width ? high : from + (int64) width - 1;

			walk_window(&verifier, relation, from, to);
			if (to == high)
				break;
			from = to + 1;
		}
	}
	SPI_finish();
	table_close(relation, NoLock);
	return (Datum) 0;
}
