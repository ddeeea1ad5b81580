/*
 * log_write.c
 *		Triggers that record what a statement changed, in blocks.
 *
 * They run after each statement over its transition tables.  An entry of a
 * block holds the key of its row; of an update also a mask of the columns that
 * changed and their old values; of a delete the whole old row.  New values
 * stand in the next entry of the row or in the row itself.  The entries of a
 * statement are sorted by key and packed into blocks of at most a page, so a
 * bulk load costs a few bytes per row and one insertion per block.
 *
 * Bytes of an entry:
 *		first key, as difference to the entry before; the second key likewise if
 *		it is a bigint; the other keys as values; of a move the new first key;
 *		of all but inserts a byte 0 (mask as in the entry before) or 1 and the
 *		mask: a bit per column that is kept and a bit per column that was null;
 *		the values kept.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "replication/logicalworker.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "changelog/log.h"

REGISTRY_FUNCTION(change_log_write);
REGISTRY_FUNCTION(change_log_row);
REGISTRY_FUNCTION(change_log_loaded);

#define ARENA_BYTES (1024 * 1024)

/* So many entries are worth more than a qsort. */
#define MANY_ENTRIES 4096

/* A larger statement may begin a new block where keys fall back, once per so many rows. */
#define ROWS_PER_BREAK 256

/* New images collected before the digest sees them: calls of it are dear. */
#define IMAGE_BYTES 16384

/* A change before it has its place in a block. */
typedef struct LogEntry
{
	int64		batch_id;
	int64		first_key;
	int64		second_key;
	uint32		body_length;
	uint32		image_length;
	uint32		ordinal;		/* in the order of arrival */
	uint8	   *data;			/* mask, body, image */
	char		operation;
} LogEntry;

#define NO_BATCH PG_INT64_MIN

/* A block being filled. */
typedef struct LogBlock
{
	char		operation;
	int			rows;			/* 0: none is begun */
	int64		batch_id;
	int64		first_key;
	int64		last_key;
	int64		second_key;
	bool		any_mask;
	uint8	   *mask;			/* of the entry before */
	StringInfoData payload;
	StringInfoData images;
	LogDigest	digest;
} LogBlock;

/* Blocks filled at a time: rows of several batches come mixed. */
#define MAX_BLOCKS 64

/* What one firing of a trigger knows. */
typedef struct LogWriter
{
	LogShape   *shape;
	Oid			owner;
	Oid			sequence;
	const LogContext *context;
	MemoryContext memory;		/* of entries, reset when they are written */
	LogEntry   *entries;
	int			count;
	int			space;
	Size		limit;			/* bytes of entries held, once they are out of order */
	Size		held;
	char	   *arena;
	Size		arena_left;
	StringInfoData scratch;		/* entry under construction */
	LogBlock   *blocks[MAX_BLOCKS];
	int			block_count;
	int64		taken;
	int64		breaks;
	int64		falls;			/* rows whose key is less than the one before */
	int64		key_before;
	bool		shuffled;
	LogBlock   *block;			/* used last */
} LogWriter;

static SPIPlanPtr block_plan = NULL;

static const char *const block_query =
"INSERT INTO registry.change_log (changed_at, log_id, context_id, shape_id, operation, span, first_key, last_key, rows, batch_id, digest, images, payload)"
" VALUES (pg_catalog.now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

static void
begin_writer(LogWriter *writer, LogShape *shape, Oid owner)
{
	memset(writer, 0, sizeof(*writer));
	writer->shape = shape;
	writer->owner = owner;
	writer->sequence = RangeVarGetRelid(makeRangeVar("registry", "change_log_id_seq", -1), NoLock, false);
	writer->memory = AllocSetContextCreate(CurrentMemoryContext, "registry change log", ALLOCSET_DEFAULT_SIZES);
	writer->limit = Min(Max((Size) work_mem * 1024, ARENA_BYTES), MaxAllocSize / 2);
	initStringInfo(&writer->scratch);
}

static bytea *
make_bytea(const void *data, Size length)
{
	bytea	   *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), data, length);
	return result;
}

static void
flush_images(LogBlock *block)
{
	if (block->images.len > 0)
		log_digest_add(&block->digest, block->images.data, block->images.len);
	resetStringInfo(&block->images);
}

/* Writes a block, if it is begun. */
static void
write_block(LogWriter *writer, LogBlock *block)
{
	Oid			types[] = {INT8OID, INT8OID, INT4OID, CHAROID, INT2OID, INT8OID, INT8OID, INT4OID, INT8OID, BYTEAOID, BYTEAOID, BYTEAOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1] = "            ";
	uint8		images[LOG_DIGEST_BYTES];
	uint8		digest[LOG_DIGEST_BYTES];
	int64		log_id;
	const int64 *batch = block->batch_id == NO_BATCH ? NULL : &block->batch_id;

	if (block->rows == 0)
		return;
	flush_images(block);
	log_digest_end(&block->digest, images);
	log_id = nextval_internal(writer->sequence, false);
	log_block_digest(writer->context->method, writer->context->digest, writer->shape->digest, log_id, block->operation,
					 block->first_key, block->last_key, block->rows, batch,
					 images, (uint8 *) block->payload.data, block->payload.len, digest);

	values[0] = Int64GetDatum(log_id);
	values[1] = Int64GetDatum(writer->context->context_id);
	values[2] = Int32GetDatum(writer->shape->shape_id);
	values[3] = CharGetDatum(block->operation);
	/* Keys of other tables than persons' are kept apart in the index. */
	values[4] = Int16GetDatum(log_span(block->first_key, block->last_key) + (writer->shape->by_person ? 0 : 100));
	values[5] = Int64GetDatum(block->first_key);
	values[6] = Int64GetDatum(block->last_key);
	values[7] = Int32GetDatum(block->rows);
	values[8] = Int64GetDatum(block->batch_id);
	nulls[8] = batch ? ' ' : 'n';
	values[9] = PointerGetDatum(make_bytea(digest, LOG_DIGEST_BYTES));
	values[10] = PointerGetDatum(make_bytea(images, LOG_DIGEST_BYTES));
	values[11] = PointerGetDatum(make_bytea(block->payload.data, block->payload.len));
	log_execute(&block_plan, block_query, lengthof(types), types, values, nulls, writer->owner);
	for (int i = 9; i < 12; i++)
		pfree(DatumGetPointer(values[i]));
	block->rows = 0;
	CHECK_FOR_INTERRUPTS();
}

static void
begin_block(LogWriter *writer, LogBlock *block, int64 first_key)
{
	if (writer->context == NULL)
		writer->context = log_current_context(writer->owner);
	block->first_key = first_key;
	block->last_key = 0;
	block->second_key = 0;
	block->any_mask = false;
	resetStringInfo(&block->payload);
	resetStringInfo(&block->images);
	log_digest_begin(&block->digest, writer->context->method);
}

/* The block for changes of one kind by one batch. */
static LogBlock *
find_block(LogWriter *writer, char operation, int64 batch_id)
{
	LogBlock   *block = writer->block;

	if (block != NULL && block->operation == operation && block->batch_id == batch_id)
		return block;
	for (int i = 0; i < writer->block_count; i++)
	{
		block = writer->blocks[i];
		if (block->operation == operation && block->batch_id == batch_id)
			return writer->block = block;
	}
	if (writer->block_count < MAX_BLOCKS)
	{
		block = writer->blocks[writer->block_count++] = palloc0(sizeof(LogBlock));
		block->mask = palloc0(2 * LOG_MASK_BYTES(writer->shape));
		initStringInfo(&block->payload);
		initStringInfo(&block->images);
	}
	else
	{
		block = writer->blocks[(uint64) batch_id % MAX_BLOCKS];
		write_block(writer, block);
	}
	block->operation = operation;
	block->batch_id = batch_id;
	return writer->block = block;
}

/* Puts an entry into its block. */
static void
pack_entry(LogWriter *writer, const LogEntry *entry)
{
	LogBlock   *block = find_block(writer, entry->operation, entry->batch_id);
	int			mask_length = entry->operation == LOG_INSERT ? 0 : 2 * LOG_MASK_BYTES(writer->shape);
	const uint8 *body = entry->data + mask_length;

	if (block->rows > 0 &&
		(entry->first_key < block->last_key ||
		 block->payload.len + mask_length + entry->body_length + 2 * LOG_NUMBER_BYTES + 1 > LOG_PAYLOAD_BYTES))
		write_block(writer, block);
	if (block->rows == 0)
		begin_block(writer, block, entry->first_key);
	log_append_signed(&block->payload, entry->first_key - block->last_key);
	if (writer->shape->second_is_number)
		log_append_signed(&block->payload, entry->second_key - block->second_key);
	if (mask_length > 0)
	{
		bool		same = block->any_mask && memcmp(block->mask, entry->data, mask_length) == 0;

		appendStringInfoCharMacro(&block->payload, same ? 0 : 1);
		if (!same)
		{
			appendBinaryStringInfo(&block->payload, (const char *) entry->data, mask_length);
			memcpy(block->mask, entry->data, mask_length);
			block->any_mask = true;
		}
	}
	if (entry->body_length > 0)
		appendBinaryStringInfo(&block->payload, (const char *) body, entry->body_length);
	if (entry->image_length > 0)
		appendBinaryStringInfo(&block->images, (const char *) body + entry->body_length, entry->image_length);
	if (block->images.len > IMAGE_BYTES)
		flush_images(block);
	block->last_key = entry->first_key;
	block->second_key = entry->second_key;
	block->rows++;
}

static int
compare_entries(const void *a, const void *b)
{
	const LogEntry *left = a,
			   *right = b;

	if (left->operation != right->operation)
		return left->operation < right->operation ? -1 : 1;
	if (left->batch_id != right->batch_id)
		return left->batch_id < right->batch_id ? -1 : 1;
	if (left->first_key != right->first_key)
		return left->first_key < right->first_key ? -1 : 1;
	if (left->second_key != right->second_key)
		return left->second_key < right->second_key ? -1 : 1;
	return left->ordinal < right->ordinal ? -1 : left->ordinal > right->ordinal;
}

/*
 * Packs many entries in the order of their first keys: all that a block asks
 * for.  Sorted by their digits from the last to the first, which takes a few
 * passes over small elements where qsort would take as many as the count has bits.
 */
static void
pack_by_digits(LogWriter *writer)
{
	struct Element
	{
		uint64		key;
		int			entry;
	}		   *from,
			   *to;
	int64		least = PG_INT64_MAX;
	uint64		width = 0;

	from = MemoryContextAllocHuge(writer->memory, sizeof(*from) * writer->count);
	to = MemoryContextAllocHuge(writer->memory, sizeof(*to) * writer->count);
	for (int i = 0; i < writer->count; i++)
		least = Min(least, writer->entries[i].first_key);
	for (int i = 0; i < writer->count; i++)
	{
		from[i].key = (uint64) writer->entries[i].first_key - (uint64) least;
		from[i].entry = i;
		width |= from[i].key;
	}
	for (int shift = 0; shift < 64 && (width >> shift) != 0; shift += 11)
	{
		int			places[2048] = {0};
		int			place = 0;
		struct Element *other = from;

		for (int i = 0; i < writer->count; i++)
			places[(from[i].key >> shift) & 2047]++;
		for (int d = 0; d < 2048; d++)
		{
			int			many = places[d];

			places[d] = place;
			place += many;
		}
		for (int i = 0; i < writer->count; i++)
			to[places[(from[i].key >> shift) & 2047]++] = from[i];
		from = to;
		to = other;
	}
	for (int i = 0; i < writer->count; i++)
		pack_entry(writer, &writer->entries[from[i].entry]);
}

/* Sorts and packs the entries collected. */
static void
pack_entries(LogWriter *writer)
{
	if (writer->count > MANY_ENTRIES)
		pack_by_digits(writer);
	else
	{
		qsort(writer->entries, writer->count, sizeof(LogEntry), compare_entries);
		for (int i = 0; i < writer->count; i++)
			pack_entry(writer, &writer->entries[i]);
	}
	MemoryContextReset(writer->memory);
	writer->entries = NULL;
	writer->arena = NULL;
	writer->arena_left = 0;
	writer->count = writer->space = 0;
	writer->held = 0;
}

/* Keeps an entry until it can be sorted among others. */
static void
keep_entry(LogWriter *writer, const LogEntry *given)
{
	LogEntry   *entry;
	Size		length = writer->scratch.len;

	if (writer->held > writer->limit)
		pack_entries(writer);
	if (writer->count == writer->space)
	{
		writer->space = writer->space == 0 ? 64 : writer->space * 2;
		writer->entries = writer->entries == NULL ?
			MemoryContextAllocHuge(writer->memory, sizeof(LogEntry) * writer->space) :
			repalloc_huge(writer->entries, sizeof(LogEntry) * writer->space);
	}
	if (length > writer->arena_left)
	{
		writer->arena_left = Max(length, writer->count == 0 ? 4096 : ARENA_BYTES);
		writer->arena = MemoryContextAllocHuge(writer->memory, writer->arena_left);
	}
	entry = &writer->entries[writer->count++];
	*entry = *given;
	entry->ordinal = writer->count;
	entry->data = (uint8 *) writer->arena;
	memcpy(writer->arena, writer->scratch.data, length);
	writer->arena += length;
	writer->arena_left -= length;
	writer->held += length + sizeof(LogEntry);
}

/*
 * Takes the entry that stands in scratch: mask, body and image of the given
 * lengths.  A row that comes in the order of the keys goes to its block at once,
 * the others are collected and sorted.
 */
static void
take_entry(LogWriter *writer, char operation, int64 batch_id, int64 first_key, int64 second_key, int body_length, int image_length)
{
	LogEntry	entry;
	LogBlock   *block;

	entry.operation = operation;
	entry.batch_id = batch_id;
	entry.first_key = first_key;
	entry.second_key = second_key;
	entry.body_length = body_length;
	entry.image_length = image_length;
	entry.data = (uint8 *) writer->scratch.data;
	if (writer->taken > 0 && first_key < writer->key_before)
		writer->falls++;
	writer->key_before = first_key;
	/* The entries of a small statement are sorted whatever their order; so are shuffled ones. */
	if (writer->taken++ < ROWS_PER_BREAK || writer->shuffled)
	{
		keep_entry(writer, &entry);
		return;
	}
	if (writer->taken == ROWS_PER_BREAK + 1)
	{
		writer->shuffled = writer->falls > ROWS_PER_BREAK / 32;
		if (writer->shuffled)
		{
			keep_entry(writer, &entry);
			return;
		}
		pack_entries(writer);
	}
	block = find_block(writer, operation, batch_id);
	if (block->rows > 0 && first_key < block->last_key)
	{
		/* a few breaks cost a few blocks; more of them cost less when sorted */
		if (writer->breaks >= writer->taken / ROWS_PER_BREAK)
		{
			keep_entry(writer, &entry);
			return;
		}
		writer->breaks++;
	}
	pack_entry(writer, &entry);
}

static inline Datum
slot_value(const LogColumn *column, TupleTableSlot *slot, bool *isnull)
{
	*isnull = slot->tts_isnull[column->number - 1];
	return slot->tts_values[column->number - 1];
}

static int64
slot_number(const LogShape *shape, int position, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		value = slot_value(&shape->columns[position], slot, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

static int64
second_key(const LogShape *shape, TupleTableSlot *slot)
{
	return shape->second_is_number ? slot_number(shape, shape->keys[1], slot) : 0;
}

/* Keys beyond the numbers: each a byte 0 and nothing for a null, or 1 and the value. */
static void
append_other_keys(LogWriter *writer, TupleTableSlot *slot)
{
	const LogShape *shape = writer->shape;

	for (int k = shape->second_is_number ? 2 : 1; k < shape->key_count; k++)
	{
		bool		isnull;
		Datum		value = slot_value(&shape->columns[shape->keys[k]], slot, &isnull);

		appendStringInfoCharMacro(&writer->scratch, isnull ? 0 : 1);
		if (!isnull)
			log_append_value(&writer->scratch, &shape->columns[shape->keys[k]], value);
	}
}

/* All columns of a new row that say something, behind a bit per null. */
static int
append_image(LogWriter *writer, TupleTableSlot *slot)
{
	const LogShape *shape = writer->shape;
	int			start = writer->scratch.len;
	int			mask_bytes = LOG_MASK_BYTES(shape);
	uint8		nulls[LOG_MAX_MASK_BYTES];

	memset(nulls, 0, mask_bytes);
	appendBinaryStringInfo(&writer->scratch, (char *) nulls, mask_bytes);
	for (int i = 0; i < shape->count; i++)
	{
		bool		isnull;
		Datum		value = slot_value(&shape->columns[i], slot, &isnull);

		if (shape->columns[i].ignored)
			continue;
		if (isnull)
			LOG_SET_BIT(nulls, i);
		else
			log_append_value(&writer->scratch, &shape->columns[i], value);
	}
	memcpy(writer->scratch.data + start, nulls, mask_bytes);
	return writer->scratch.len - start;
}

static int64
row_batch(const LogShape *shape, TupleTableSlot *slot)
{
	return shape->batch >= 0 && !slot->tts_isnull[shape->columns[shape->batch].number - 1] ?
		slot_number(shape, shape->batch, slot) : NO_BATCH;
}

static void
add_insert(LogWriter *writer, TupleTableSlot *slot)
{
	int			body;
	int			image;

	slot_getallattrs(slot);
	resetStringInfo(&writer->scratch);
	append_other_keys(writer, slot);
	body = writer->scratch.len;
	image = append_image(writer, slot);
	take_entry(writer, LOG_INSERT, row_batch(writer->shape, slot), slot_number(writer->shape, writer->shape->keys[0], slot),
			   second_key(writer->shape, slot), body, image);
}

/* A whole old row: of a delete, or of a row that leaves its key for another. */
static void
add_old_row(LogWriter *writer, char operation, TupleTableSlot *slot, const int64 *moved_to, int64 batch_id)
{
	const LogShape *shape = writer->shape;
	int			mask_bytes = LOG_MASK_BYTES(shape);
	uint8		mask[2 * LOG_MAX_MASK_BYTES];

	memset(mask, 0, 2 * mask_bytes);
	resetStringInfo(&writer->scratch);
	appendBinaryStringInfo(&writer->scratch, (char *) mask, 2 * mask_bytes);
	append_other_keys(writer, slot);
	if (moved_to)
		log_append_signed(&writer->scratch, *moved_to);
	for (int i = 0; i < shape->count; i++)
	{
		bool		isnull;
		Datum		value = slot_value(&shape->columns[i], slot, &isnull);

		LOG_SET_BIT(mask, i);
		if (isnull)
			LOG_SET_BIT(mask + mask_bytes, i);
		else
			log_append_value(&writer->scratch, &shape->columns[i], value);
	}
	memcpy(writer->scratch.data, mask, 2 * mask_bytes);
	take_entry(writer, operation, batch_id, slot_number(shape, shape->keys[0], slot), second_key(shape, slot),
			   writer->scratch.len - 2 * mask_bytes, 0);
}

/* Marks the columns that differ in their stored form; false when none does but ignored ones. */
static bool
find_changes(const LogShape *shape, TupleTableSlot *old, TupleTableSlot *new, uint8 *changed, bool *key_changed)
{
	bool		any = false;

	*key_changed = false;
	for (int i = 0; i < shape->count; i++)
	{
		const LogColumn *column = &shape->columns[i];
		bool		old_null,
					new_null;
		Datum		old_value = slot_value(column, old, &old_null);
		Datum		new_value = slot_value(column, new, &new_null);

		if (column->ignored)
			continue;
		if (old_null == new_null &&
			(old_null || (column->by_value ? old_value == new_value :
						  datum_image_eq(old_value, new_value, column->by_value, column->length))))
			continue;
		LOG_SET_BIT(changed, i);
		any = true;
		if (column->key)
			*key_changed = true;
	}
	return any;
}

static void
add_update(LogWriter *writer, TupleTableSlot *old, TupleTableSlot *new)
{
	const LogShape *shape = writer->shape;
	int			mask_bytes = LOG_MASK_BYTES(shape);
	uint8		mask[2 * LOG_MAX_MASK_BYTES];
	bool		key_changed;
	int64		batch_id = NO_BATCH;
	int			body;
	int			image;

	slot_getallattrs(old);
	slot_getallattrs(new);
	memset(mask, 0, 2 * mask_bytes);
	if (!find_changes(shape, old, new, mask, &key_changed))
		return;
	/* A batch that says something new about the row leaves its number in it. */
	if (shape->batch >= 0 && LOG_BIT(mask, shape->batch))
		batch_id = row_batch(shape, new);
	if (key_changed)
	{
		int64		moved_to = slot_number(shape, shape->keys[0], new);

		add_old_row(writer, LOG_MOVE, old, &moved_to, batch_id);
	}

	resetStringInfo(&writer->scratch);
	appendBinaryStringInfo(&writer->scratch, (char *) mask, 2 * mask_bytes);
	append_other_keys(writer, new);
	for (int i = 0; i < shape->count; i++)
	{
		bool		isnull;
		Datum		value;

		if (!LOG_BIT(mask, i))
			continue;
		value = slot_value(&shape->columns[i], old, &isnull);
		if (isnull)
			LOG_SET_BIT(mask + mask_bytes, i);
		else
			log_append_value(&writer->scratch, &shape->columns[i], value);
	}
	memcpy(writer->scratch.data, mask, 2 * mask_bytes);
	body = writer->scratch.len - 2 * mask_bytes;

	/* New values of the changed columns; of a row that came to its key, of all. */
	if (key_changed)
		image = append_image(writer, new);
	else
	{
		image = writer->scratch.len;
		for (int i = 0; i < shape->count; i++)
		{
			bool		isnull;
			Datum		value;

			if (!LOG_BIT(mask, i))
				continue;
			value = slot_value(&shape->columns[i], new, &isnull);
			appendStringInfoCharMacro(&writer->scratch, isnull ? 0 : 1);
			if (!isnull)
				log_append_value(&writer->scratch, &shape->columns[i], value);
		}
		image = writer->scratch.len - image;
	}
	take_entry(writer, LOG_UPDATE, batch_id, slot_number(shape, shape->keys[0], new), second_key(shape, new), body, image);
}

/* A read position of our own: other triggers read the same transition table. */
static int
open_table(Tuplestorestate *table)
{
	int			pointer = tuplestore_alloc_read_pointer(table, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(table, pointer);
	tuplestore_rescan(table);
	return pointer;
}

static bool
next_row(Tuplestorestate *table, int pointer, TupleTableSlot *slot)
{
	tuplestore_select_read_pointer(table, pointer);
	return tuplestore_gettupleslot(table, true, false, slot);
}

/*
 * The server appends the old and the new row of each update at the same
 * moment, so the two tables run in step, even where an update changes the key.
 */
static void
add_updates(LogWriter *writer, TriggerData *trigger, TupleTableSlot *old)
{
	TupleTableSlot *new = MakeSingleTupleTableSlot(RelationGetDescr(trigger->tg_relation), &TTSOpsMinimalTuple);
	int			old_pointer = open_table(trigger->tg_oldtable);
	int			new_pointer = open_table(trigger->tg_newtable);

	if (tuplestore_tuple_count(trigger->tg_oldtable) != tuplestore_tuple_count(trigger->tg_newtable))
		elog(ERROR, "transition tables of \"%s\" differ in length", RelationGetRelationName(trigger->tg_relation));
	while (next_row(trigger->tg_oldtable, old_pointer, old) && next_row(trigger->tg_newtable, new_pointer, new))
		add_update(writer, old, new);
	ExecDropSingleTupleTableSlot(new);
}

static void
add_rows(LogWriter *writer, TriggerData *trigger)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(trigger->tg_relation), &TTSOpsMinimalTuple);

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		add_updates(writer, trigger, slot);
	else
	{
		bool		insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
		Tuplestorestate *table = insert ? trigger->tg_newtable : trigger->tg_oldtable;
		int			pointer = open_table(table);

		while (next_row(table, pointer, slot))
		{
			if (insert)
				add_insert(writer, slot);
			else
			{
				slot_getallattrs(slot);
				add_old_row(writer, LOG_DELETE, slot, NULL, NO_BATCH);
			}
		}
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
end_writer(LogWriter *writer)
{
	pack_entries(writer);
	for (int i = 0; i < writer->block_count; i++)
		write_block(writer, writer->blocks[i]);
	MemoryContextDelete(writer->memory);
}

static LogShape *
trigger_shape(TriggerData *trigger)
{
	Trigger    *definition = trigger->tg_trigger;

	if (definition->tgnargs < 2 || definition->tgnargs > 3)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("a trigger of the change log needs two or three arguments"),
				 errhint("They are the table's name in the log, its key columns, and columns whose change alone is none; registry.log_attach() makes such triggers.")));
	return log_shape_of(trigger->tg_relation, definition->tgargs[0], definition->tgargs[1],
						definition->tgnargs > 2 ? definition->tgargs[2] : "");
}

/*
 * change_log_write(name in the log, key columns [, ignored columns]) returns trigger
 *		After-statement trigger with transition tables: writes what the
 *		statement changed.  Rows an update leaves as they were, but for ignored
 *		columns, leave no entry.  Error: 39P01 when it is fired otherwise.
 */
Datum
change_log_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	LogWriter	writer;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		(trigger->tg_oldtable == NULL && trigger->tg_newtable == NULL) ||
		(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
		 (trigger->tg_oldtable == NULL || trigger->tg_newtable == NULL)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be fired after a statement, with its transition tables", "registry.change_log_write()")));
	if (tuplestore_tuple_count(trigger->tg_newtable ? trigger->tg_newtable : trigger->tg_oldtable) == 0)
		PG_RETURN_POINTER(NULL);

	SPI_connect();
	begin_writer(&writer, trigger_shape(trigger), trigger->tg_relation->rd_rel->relowner);
	add_rows(&writer, trigger);
	end_writer(&writer);
	SPI_finish();
	PG_RETURN_POINTER(NULL);
}

/*
 * change_log_row(name in the log, key columns [, ignored columns]) returns trigger
 *		After-row trigger, enabled for replicas: a subscription's apply worker
 *		fires no statement triggers.  In any other session it does nothing, for
 *		there the statement triggers run.  Error: 39P01 when it is fired otherwise.
 */
Datum
change_log_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	LogWriter	writer;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be fired after a row", "registry.change_log_row()")));
	if (!IsLogicalWorker())
		PG_RETURN_POINTER(NULL);

	SPI_connect();
	begin_writer(&writer, trigger_shape(trigger), trigger->tg_relation->rd_rel->relowner);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		add_insert(&writer, trigger->tg_trigslot);
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		add_update(&writer, trigger->tg_trigslot, trigger->tg_newslot);
	else
	{
		slot_getallattrs(trigger->tg_trigslot);
		add_old_row(&writer, LOG_DELETE, trigger->tg_trigslot, NULL, NO_BATCH);
	}
	end_writer(&writer);
	SPI_finish();
	PG_RETURN_POINTER(NULL);
}

/*
 * change_log_loaded(relation regclass, name text, keys text, ignored text) returns bigint
 *		Logs all rows of the table as inserted, as the trigger would have done,
 *		and returns their number.  For first loads, which fire no triggers.
 *		Error: 42501 unless the caller owns the table.
 */
Datum
change_log_loaded(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	LogWriter	writer;
	TableScanDesc scan;
	TupleTableSlot *slot;
	int64		rows = 0;

	if (!registry_owns_relation(RelationGetRelid(relation), GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, RelationGetRelationName(relation));
	SPI_connect();
	begin_writer(&writer, log_shape_of(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)),
									   text_to_cstring(PG_GETARG_TEXT_PP(2)), text_to_cstring(PG_GETARG_TEXT_PP(3))),
				 relation->rd_rel->relowner);
	/* This is maintenance, and the fewer runs the narrower the blocks. */
	writer.limit = Min(Max(writer.limit, (Size) maintenance_work_mem * 1024), MaxAllocSize / 2);
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		add_insert(&writer, slot);
		rows++;
		CHECK_FOR_INTERRUPTS();
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	end_writer(&writer);
	SPI_finish();
	table_close(relation, NoLock);
	PG_RETURN_INT64(rows);
}
