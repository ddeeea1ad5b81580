/*
 * intake.c
 *		Receiving of an extract: one call, one batch, one transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/progress.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "compat.h"
#include "intake/intake.h"
#include "region/region_code.h"

#define CUTOFF_AHEAD_DAYS 31
#define RAW_LIMIT ((size_t) 64 * 1024)	/* bytes of a rejected record that are kept */

REGISTRY_FUNCTION(intake_receive);

/* A repeated row that said otherwise than the last one of its key. */
typedef struct RepeatedRow
{
	IntakeKey	key;
	uint32		line_no;
} RepeatedRow;

typedef struct IntakeBatch
{
	int64		batch_id;
	DateADT		cutoff;
	TimestampTz started_at;
	IntakeSource *source;
	bool		full;			/* absence from this extract ends a row */
	IntakeHeader header;
	IntakeLine *titles;			/* what stands above the header */
	int			title_count;
	IntakeReader reader;
	IntakeTable *staged;
	IntakeTable *rejects;
	IntakeRowMaker *maker;
	Oid			reject_sequence;

	/* columns of registry.reject */
	int			reject_batch_id,
				reject_id,
				reject_source,
				reject_line_no,
				reject_field,
				reject_code,
				reject_message,
				reject_raw,
				reject_raw_bytes,
				reject_row_key,
				reject_correction_key,
				reject_state;

	/* which reject a row answers, in a file of corrected rejects */
	IntakeTable *answers;		/* NULL: no such file */
	int			answer_batch_field,
				answer_line_field;
	int			answer_batch_id,
				answer_line_no,
				answer_to_batch,
				answer_to_line;

	IntakeText	text;			/* the record, decoded */
	IntakeSpan *fields;
	int			max_fields;
	StringInfoData raw;

	IntakePlaces *places;		/* of all staged rows */
	uint64		pending[INTAKE_BUFFER_ROWS];	/* keys of rows whose place is not known yet */
	int			pending_count;
	int64		staged_count;	/* rows left after repeated keys are gone */

	RepeatedRow *repeated;
	int64		repeated_count;
	int64		repeated_capacity;

	int64		received;
	int64		not_data;		/* repeated headers, totals, empty records */
	int64		accepted;
	int64		rejected;
	int64		unchanged;
} IntakeBatch;

/* ---- rejects ---- */

static void
open_rejects(IntakeBatch *batch)
{
	IntakeTable *table = intake_table_open("reject");

	batch->rejects = table;
	batch->reject_batch_id = intake_table_attribute(table, "batch_id");
	batch->reject_id = intake_table_attribute(table, "reject_id");
	batch->reject_source = intake_table_attribute(table, "source");
	batch->reject_line_no = intake_table_attribute(table, "line_no");
	batch->reject_field = intake_table_attribute(table, "field");
	batch->reject_code = intake_table_attribute(table, "code");
	batch->reject_message = intake_table_attribute(table, "message");
	batch->reject_raw = intake_table_attribute(table, "raw");
	batch->reject_raw_bytes = intake_table_attribute(table, "raw_bytes");
	batch->reject_row_key = intake_table_attribute(table, "row_key");
	batch->reject_correction_key = intake_table_attribute(table, "correction_key");
	batch->reject_state = intake_table_attribute(table, "state");
	batch->reject_sequence = get_relname_relid("reject_id_seq", get_namespace_oid("registry", false));
	initStringInfo(&batch->raw);
}

static inline void
put(Datum *values, bool *nulls, int attribute, Datum value)
{
	values[attribute] = value;
	nulls[attribute] = false;
}

/*
 * Writes a reject.  row_key: of the row that is staged all the same;
 * correction_key: that a corrected row will have.  with_bytes keeps the bytes
 * too, for those text cannot hold.
 */
static void
reject_row(IntakeBatch *batch, const IntakeLine *line, const char *code, const char *field, const char *message,
		   const IntakeKey *row_key, const IntakeKey *correction_key, bool with_bytes)
{
	Datum	   *values;
	bool	   *nulls;
	MemoryContext old = MemoryContextSwitchTo(intake_table_row(batch->rejects, &values, &nulls));
	size_t		kept = Min(line->length, RAW_LIMIT);

	resetStringInfo(&batch->raw);
	intake_decode_lenient(batch->reader.encoding, line->data, line->length, RAW_LIMIT, &batch->raw);
	put(values, nulls, batch->reject_batch_id, Int64GetDatum(batch->batch_id));
	put(values, nulls, batch->reject_id, Int64GetDatum(nextval_internal(batch->reject_sequence, true)));
	put(values, nulls, batch->reject_source, CStringGetTextDatum(batch->source->name));
	put(values, nulls, batch->reject_line_no, Int32GetDatum((int32) line->line_no));
	put(values, nulls, batch->reject_code, CStringGetTextDatum(code));
	put(values, nulls, batch->reject_message, CStringGetTextDatum(message));
	put(values, nulls, batch->reject_raw, PointerGetDatum(cstring_to_text_with_len(batch->raw.data, batch->raw.len)));
	put(values, nulls, batch->reject_state, CStringGetTextDatum(strcmp(code, "not_data") == 0 ? "discarded" : "open"));
	if (field)
		put(values, nulls, batch->reject_field, CStringGetTextDatum(field));
	if (with_bytes)
		put(values, nulls, batch->reject_raw_bytes, intake_reader_bytes(&batch->reader, line, kept));
	if (row_key)
		put(values, nulls, batch->reject_row_key, intake_key_datum(row_key));
	if (correction_key)
		put(values, nulls, batch->reject_correction_key, intake_key_datum(correction_key));
	MemoryContextSwitchTo(old);
	batch->rejected++;
	if (intake_table_store(batch->rejects, batch->raw.len + 500))
		intake_table_flush(batch->rejects);
}

/* Writes a reject of a record that has no key. */
static void
reject(IntakeBatch *batch, const IntakeLine *line, const char *code, const char *message, bool with_bytes)
{
	reject_row(batch, line, code, NULL, message, NULL, NULL, with_bytes);
}

/* A record with bytes that are no characters: where they are, in the record and in the file. */
static void
reject_broken(IntakeBatch *batch, const IntakeLine *line, size_t broken_at)
{
	bool		utf16 = batch->reader.encoding == INTAKE_UTF16LE || batch->reader.encoding == INTAKE_UTF16BE;
	size_t		offset = intake_reader_offset(&batch->reader, line, broken_at);
	unsigned char value = (unsigned char) line->data[broken_at];

	reject(batch, line, "encoding",
		   utf16 ? psprintf("byte %zu of the record (byte " UINT64_FORMAT " of the file) begins half a UTF-16 character, or a NUL",
							offset + 1, line->position + offset + 1) :
		   psprintf("byte %zu of the record (byte " UINT64_FORMAT " of the file, value %u) is not %s text",
					offset + 1, line->position + offset + 1, value, intake_encoding_name(batch->reader.encoding)),
		   true);
}

/* ---- staged rows ---- */

/* Writes the buffered rows and notes where each went. */
static void
flush_staged(IntakeBatch *batch)
{
	int			count = intake_table_flush(batch->staged);
	ItemPointerData where;

	Assert(count == batch->pending_count);
	for (int i = 0; i < count; i++)
	{
		intake_table_stored_at(batch->staged, i, &where);
		intake_places_add(batch->places, batch->pending[i], &where);
	}
	batch->pending_count = 0;
}

/* For whoever watches pg_stat_progress_copy or registry.receive_progress. */
static void
report_progress(IntakeBatch *batch)
{
	const int	index[] = {PROGRESS_COPY_BYTES_PROCESSED, PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_TUPLES_EXCLUDED};
	const int64 value[] = {(int64) batch->reader.total, batch->received, batch->rejected};

	pgstat_progress_update_multi_param(lengthof(index), index, value);
}

static void
begin_progress(IntakeBatch *batch, bool from_file, int64 bytes)
{
	const int	index[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE, PROGRESS_COPY_BYTES_TOTAL};
	const int64 value[] = {PROGRESS_COPY_COMMAND_FROM, from_file ? PROGRESS_COPY_TYPE_FILE : PROGRESS_COPY_TYPE_CALLBACK, bytes};

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, intake_table_oid(batch->staged));
	pgstat_progress_update_multi_param(lengthof(index), index, value);
}

static void
make_row(IntakeBatch *batch, const IntakeLine *line)
{
	Datum	   *values;
	bool	   *nulls;
	IntakeKey	key;
	IntakeFault fault;
	MemoryContext old = MemoryContextSwitchTo(intake_table_row(batch->staged, &values, &nulls));
	bool		stageable;
	bool		full;

	if (batch->reader.truncated.count > 0)
		intake_row_truncated(batch->maker, &batch->reader.truncated);
	stageable = intake_row_make(batch->maker, batch->fields, line->line_no, values, nulls, &key, &fault);
	MemoryContextSwitchTo(old);
	if (fault.code)
		reject_row(batch, line, fault.code, fault.field, fault.message,
				   stageable ? &key : NULL, fault.keyed ? &key : NULL, false);
	else
		batch->accepted++;
	if (stageable)
	{
		batch->pending[batch->pending_count++] = key.low;
		batch->staged_count++;
		full = intake_table_store(batch->staged, batch->text.length);
	}
	else
		full = intake_table_waste(batch->staged, batch->text.length);
	if (full)
		flush_staged(batch);
}

/* A field that holds a whole number, -1 when it does not. */
static int64
number_of(IntakeSpan field)
{
	IntakeSpan	text = intake_trim(field);
	int64		number = 0;

	if (text.length == 0 || text.length > 18)
		return -1;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		number = number * 10 + (text.data[i] - '0');
	}
	return number;
}

/* Notes which reject a record of a file of corrections answers. */
static void
note_answer(IntakeBatch *batch, const IntakeLine *line)
{
	int64		to_batch = number_of(batch->fields[batch->answer_batch_field]);
	int64		to_line = number_of(batch->fields[batch->answer_line_field]);
	Datum	   *values;
	bool	   *nulls;
	MemoryContext old;

	if (to_batch < 0 || to_line < 0 || to_line > PG_INT32_MAX)
		return;
	old = MemoryContextSwitchTo(intake_table_row(batch->answers, &values, &nulls));
	put(values, nulls, batch->answer_batch_id, Int64GetDatum(batch->batch_id));
	put(values, nulls, batch->answer_line_no, Int32GetDatum((int32) line->line_no));
	put(values, nulls, batch->answer_to_batch, Int64GetDatum(to_batch));
	put(values, nulls, batch->answer_to_line, Int32GetDatum((int32) to_line));
	MemoryContextSwitchTo(old);
	if (intake_table_store(batch->answers, 100))
		intake_table_flush(batch->answers);
}

/* The first field that holds anything, trimmed; an empty one when none does. */
static IntakeSpan
first_filled(IntakeSpan *fields, int count)
{
	IntakeSpan	text = {"", 0};

	for (int i = 0; i < count && text.length == 0; i++)
		text = intake_trim(fields[i]);
	return text;
}

static void
take_line(IntakeBatch *batch, const IntakeLine *line)
{
	size_t		broken_at;
	IntakeSpan	first;
	int			count;

	batch->received++;
	if (line->result == INTAKE_SPLIT_LONG)
	{
		reject(batch, line, "length", "record is longer than 4 MB", false);
		return;
	}
	if (line->result == INTAKE_SPLIT_QUOTE)
	{
		reject(batch, line, "quote", "quotes do not close, or something stands behind a closing quote", false);
		return;
	}
	if (line->mark != ' ')
	{
		bool		deleted = line->mark == '*';

		batch->not_data += deleted;
		reject(batch, line, deleted ? "not_data" : "format",
			   deleted ? "record is deleted in the DBF file" : "record has neither the mark of a valid nor of a deleted one", !deleted);
		return;
	}
	count = intake_form_fields(&batch->reader, line, &batch->text, batch->fields, batch->max_fields, &broken_at);
	if (count < 0)
	{
		reject_broken(batch, line, broken_at);
		return;
	}
	first = first_filled(batch->fields, Min(count, batch->max_fields));
	if (first.length == 0 || intake_is_total_line(first) ||
		intake_header_repeats(&batch->header, batch->fields, count))
	{
		batch->not_data++;
		reject(batch, line, "not_data",
			   first.length == 0 ? "record holds nothing" :
			   intake_is_total_line(first) ? "record is a line of totals" : "record repeats the header line", false);
	}
	else if (!intake_header_fits(&batch->header, batch->fields, count))
		reject(batch, line, "fields",
			   batch->header.surplus == 0 ?
			   psprintf("record has %d fields, the header line has %d", count, batch->header.count) :
			   psprintf("record has %d fields, the header line has %d, and the records of this extract %d empty ones behind",
						count, batch->header.count, batch->header.surplus), false);
	else
	{
		if (batch->answers)
			note_answer(batch, line);
		make_row(batch, line);
	}
}

/* ---- the same key twice in one file ---- */

/* A staged row that may be repeated. */
typedef struct SharedKey
{
	IntakeKey	key;
	int64		hash;
	uint32		line_no;
	bool		faulty;
	ItemPointerData where;
} SharedKey;

static int
compare_shared(const void *a, const void *b)
{
	const SharedKey *x = a;
	const SharedKey *y = b;

	if (x->key.high != y->key.high)
		return x->key.high < y->key.high ? -1 : 1;
	if (x->key.low != y->key.low)
		return x->key.low < y->key.low ? -1 : 1;
	return x->line_no < y->line_no ? -1 : x->line_no > y->line_no;
}

static int
compare_lines(const void *a, const void *b)
{
	const RepeatedRow *x = a;
	const RepeatedRow *y = b;

	return x->line_no < y->line_no ? -1 : x->line_no > y->line_no;
}

typedef struct StagedAttributes
{
	AttrNumber	key,
				hash,
				line_no,
				fault;			/* 0: employers have none */
} StagedAttributes;

static void
fetch_shared(IntakeBatch *batch, const StagedAttributes *attributes, const IntakePlace *place, SharedKey *row)
{
	TupleTableSlot *slot;
	unsigned char *uuid;
	bool		null;

	ItemPointerSet(&row->where, place->block, place->offset);
	slot = intake_table_fetch(batch->staged, &row->where);
	uuid = DatumGetUUIDP(slot_getattr(slot, attributes->key, &null))->data;
	row->key.high = row->key.low = 0;
	for (int i = 0; i < 8; i++)
	{
		row->key.high = row->key.high << 8 | uuid[i];
		row->key.low = row->key.low << 8 | uuid[8 + i];
	}
	row->hash = DatumGetInt64(slot_getattr(slot, attributes->hash, &null));
	row->line_no = (uint32) DatumGetInt32(slot_getattr(slot, attributes->line_no, &null));
	row->faulty = false;
	if (attributes->fault)
	{
		(void) slot_getattr(slot, attributes->fault, &null);
		row->faulty = !null;
	}
}

static void
note_repeated(IntakeBatch *batch, const SharedKey *row)
{
	if (batch->repeated_count == batch->repeated_capacity)
	{
		batch->repeated_capacity = batch->repeated ? 2 * batch->repeated_capacity : 256;
		batch->repeated = batch->repeated ?
			repalloc_huge(batch->repeated, batch->repeated_capacity * sizeof(RepeatedRow)) :
			palloc(batch->repeated_capacity * sizeof(RepeatedRow));
	}
	batch->repeated[batch->repeated_count].key = row->key;
	batch->repeated[batch->repeated_count++].line_no = row->line_no;
}

/*
 * Of rows with one key, in file order, one stays: the last, but a row with a
 * broken number does not push out one that can be applied.
 */
static void
keep_last(IntakeBatch *batch, SharedKey *rows, int64 count)
{
	int64		kept = count - 1;

	while (kept > 0 && rows[kept].faulty)
		kept--;
	if (rows[kept].faulty)
		kept = count - 1;
	for (int64 i = 0; i < count; i++)
	{
		if (i == kept)
			continue;
		intake_table_delete(batch->staged, &rows[i].where);
		batch->staged_count--;
		if (rows[i].faulty)
			continue;			/* counted and kept as a reject already */
		batch->accepted--;
		if (rows[i].hash == rows[kept].hash)
			batch->unchanged++;
		else
			note_repeated(batch, &rows[i]);
	}
}

/*
 * Takes the earlier rows of a repeated key out of the staged table.  Those
 * that differ from the last are left in batch->repeated, in file order.
 */
static void
drop_repeated(IntakeBatch *batch)
{
	StagedAttributes attributes;
	IntakePlace *group;
	int64		count;

	attributes.key = intake_table_attribute(batch->staged, "row_key") + 1;
	attributes.hash = intake_table_attribute(batch->staged, "row_hash") + 1;
	attributes.line_no = intake_table_attribute(batch->staged, "line_no") + 1;
	attributes.fault = batch->source->kind == INTAKE_EMPLOYER ? 0 : intake_table_attribute(batch->staged, "fault") + 1;

	intake_places_sort(batch->places);
	while ((count = intake_places_repeated(batch->places, &group)) > 0)
	{
		SharedKey  *rows = palloc_extended(count * sizeof(SharedKey), MCXT_ALLOC_HUGE);

		CHECK_FOR_INTERRUPTS();
		for (int64 i = 0; i < count; i++)
			fetch_shared(batch, &attributes, &group[i], &rows[i]);
		qsort(rows, count, sizeof(SharedKey), compare_shared);
		for (int64 start = 0, end; start < count; start = end)
		{
			for (end = start + 1; end < count && rows[end].key.high == rows[start].key.high &&
				 rows[end].key.low == rows[start].key.low; end++)
				;
			keep_last(batch, rows + start, end - start);
		}
		pfree(rows);
	}
	intake_places_free(batch->places);
	if (batch->repeated_count > 0)
		qsort(batch->repeated, batch->repeated_count, sizeof(RepeatedRow), compare_lines);
}

/* Reads the extract once more for the text of the rows that lost. */
static void
reject_repeated(IntakeBatch *batch, IntakeReader *again)
{
	IntakeLine	line;
	int64		next = 0;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	while (next < batch->repeated_count && intake_reader_next(again, batch->max_fields, &line))
		if (line.line_no == batch->repeated[next].line_no)
		{
			reject_row(batch, &line, "duplicate_in_file", NULL,
					   "a later row of the same extract says otherwise about the same thing; the last one counts",
					   NULL, &batch->repeated[next].key, false);
			next++;
		}
	intake_reader_close(again, digest);
}

/* ---- header ---- */

/* Keeps the start of a line that cannot be answered yet. */
static void
keep_title(IntakeBatch *batch, const IntakeLine *line)
{
	IntakeLine *kept = &batch->titles[batch->title_count++];

	*kept = *line;
	kept->length = Min(line->length, RAW_LIMIT);
	kept->data = palloc(kept->length + 1);
	memcpy(kept->data, line->data, kept->length);
}

/* Titles are no rows, and are answered like other lines that are none. */
static void
reject_titles(IntakeBatch *batch)
{
	for (int i = 0; i < batch->title_count; i++)
	{
		batch->received++;
		batch->not_data++;
		reject(batch, &batch->titles[i], "not_data", "record stands above the header line", false);
	}
}

/* The header line; NULL for a DBF file, which has none. */
static IntakeLine *
next_header(IntakeBatch *batch, IntakeLine *line)
{
	if (batch->reader.dbf)
		return NULL;
	batch->titles = palloc((batch->reader.titles + 1) * sizeof(IntakeLine));
	for (int i = 0; i <= batch->reader.titles; i++)
	{
		if (i > 0)
			keep_title(batch, line);
		if (!intake_reader_next(&batch->reader, 0, line))
			ereport(ERROR,
					(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					 errmsg("extract of source \"%s\" is empty", batch->source->name),
					 errhint("An extract starts with a header line, even when it has no rows.")));
	}
	if (line->result == INTAKE_SPLIT_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("header line of source \"%s\" is longer than 4 MB", batch->source->name),
				 errhint("The file may not be a text file, or its line ends may be lost.")));
	return line;
}

/*
 * A file of rejects that comes back corrected has columns that say which
 * rejects its rows answer (registry.export_rejects() wrote them).  They are no
 * part of what the rows say.
 */
static bool
find_answer_columns(IntakeBatch *batch)
{
	static const char *const names[] = {"批次", "行号", "字段", "代码", "原因"};
	IntakeHeader *header = &batch->header;
	int			field[lengthof(names)];
	int			kept = 0;

	for (int n = 0; n < lengthof(names); n++)
	{
		field[n] = -1;
		for (int i = 0; i < header->extra_count; i++)
			if (strcmp(header->folded[header->extras[i]], names[n]) == 0)
				field[n] = header->extras[i];
		if (field[n] < 0)
			return false;
	}
	for (int i = 0; i < header->extra_count; i++)
	{
		bool		answer = false;

		for (int n = 0; n < lengthof(names); n++)
			answer |= header->extras[i] == field[n];
		if (!answer)
			header->extras[kept++] = header->extras[i];
	}
	header->extra_count = kept;
	batch->answer_batch_field = field[0];
	batch->answer_line_field = field[1];
	return true;
}

static void
read_header(IntakeBatch *batch)
{
	IntakeLine	line;

	intake_form_read_header(batch->source, &batch->reader, next_header(batch, &line), &batch->header);
	batch->max_fields = batch->header.count + batch->header.surplus;
	batch->fields = palloc(batch->max_fields * sizeof(IntakeSpan));
}

/* ---- checks and the row of registry.batch ---- */

/* Runs a query of one text or bigint column and returns it, NULL when there is no row. */
static char *
query_text(const char *query, int count, Oid *types, Datum *values)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *text = NULL;

	SPI_connect();
	if (SPI_execute_with_args(query, count, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\"", query);
	if (SPI_processed > 0)
	{
		text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		if (text)
			text = MemoryContextStrdup(context, text);
	}
	SPI_finish();
	return text;
}

/* A date for messages, the same under every DateStyle. */
static char *
date_text(DateADT date)
{
	int			year,
				month,
				day;

	if (DATE_NOT_FINITE(date))
		return pstrdup(DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity");
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

/* A cutoff in the future or before the last applied one is refused. */
static void
check_cutoff(const IntakeSource *source, DateADT cutoff)
{
	Oid			types[2] = {TEXTOID, DATEOID};
	Datum		values[2] = {CStringGetTextDatum(source->name), DateADTGetDatum(cutoff)};
	DateADT		today = DatumGetDateADT(DirectFunctionCall1(timestamptz_date, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())));
	char	   *newer;

	if (DATE_NOT_FINITE(cutoff) || cutoff > today + CUTOFF_AHEAD_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cutoff %s lies more than %d days in the future", date_text(cutoff), CUTOFF_AHEAD_DAYS),
				 errdetail("The newest cutoff is the date at which the whole registry is judged."),
				 errhint("Give the day up to which the source reports.")));
	newer = query_text("SELECT pg_catalog.to_char(pg_catalog.max(cutoff), 'YYYY-MM-DD') FROM registry.batch "
					   "WHERE source OPERATOR(pg_catalog.=) $1 AND state OPERATOR(pg_catalog.=) 'applied' "
					   "AND cutoff OPERATOR(pg_catalog.>) $2", 2, types, values);
	if (newer)
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE('R', 'G', '0', '0', '3')),
				 errmsg("cutoff %s of source \"%s\" is older than its last applied extract", date_text(cutoff), source->name),
				 errdetail("An extract with cutoff %s has been applied.", newer),
				 errhint("An older extract would undo newer facts; if the newer one was wrong, ask the source for a right one.")));
}

/* Refuses content that was received before, unless that batch was discarded. */
static void
check_not_received(const IntakeSource *source, const uint8 *digest)
{
	Oid			types[2] = {TEXTOID, BYTEAOID};
	Datum		values[2] = {CStringGetTextDatum(source->name),
		PointerGetDatum(cstring_to_text_with_len((const char *) digest, PG_SHA256_DIGEST_LENGTH))};
	const char *found = "FROM registry.batch WHERE source OPERATOR(pg_catalog.=) $1 "
		"AND sha256 OPERATOR(pg_catalog.=) $2 AND state OPERATOR(pg_catalog.<>) 'discarded'";
	char	   *batch_id = query_text(psprintf("SELECT batch_id %s", found), 2, types, values);
	char	   *state = query_text(psprintf("SELECT state %s", found), 2, types, values);
	char	   *earlier = query_text(psprintf("SELECT pg_catalog.format('Batch %%s, cutoff %%s, received by \"%%s\" at %%s, has the same content; its state is \"%%s\".', "
											  "batch_id, pg_catalog.to_char(cutoff, 'YYYY-MM-DD'), received_by, "
											  "pg_catalog.to_char(started_at, 'YYYY-MM-DD HH24:MI:SS'), state) %s", found), 2, types, values);

	if (batch_id && state && earlier)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("this extract of source \"%s\" has been received already", source->name),
				 errdetail_internal("%s", earlier),
				 strcmp(state, "applied") == 0 ?
				 errhint("If the source says today again what it said then, append an empty line to the file: that changes its content and no row.") :
				 errhint("Discard that batch with registry.discard(%s) if it is to be received anew.", batch_id)));
}

/*
 * A file whose size was seen before is hashed ahead of the work; the hash of
 * what was really read is checked at the end in any case.
 */
static void
check_file_ahead(const IntakeSource *source, const char *path)
{
	Oid			types[2] = {TEXTOID, INT8OID};
	Datum		values[2] = {CStringGetTextDatum(source->name), Int64GetDatum(intake_file_size(path))};
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (query_text("SELECT batch_id FROM registry.batch WHERE source OPERATOR(pg_catalog.=) $1 "
				   "AND bytes OPERATOR(pg_catalog.=) $2 AND state OPERATOR(pg_catalog.<>) 'discarded'",
				   2, types, values) == NULL)
		return;
	intake_file_digest(path, digest);
	check_not_received(source, digest);
}

/* Share by which a full extract fell short of the last one, as its reason says it. */
static char *
shrunken_text(const IntakeBatch *batch, int64 now, const char *what, int64 before)
{
	return psprintf("full extract has " INT64_FORMAT " %s, %.1f %% fewer than the " INT64_FORMAT " of the last applied one; %g %% are allowed (rule DY14)",
					now, what, 100.0 * (before - now) / before, before, 100 * batch->source->shrink_limit);
}

/*
 * Rule DY14: a full extract is empty or shrunken.  It ends what it does not
 * hold, so it is shrunken as well when its rows are all there and cannot be
 * read.
 */
static char *
reason_shrunken(IntakeBatch *batch)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(batch->source->name)};
	double		kept = 1 - batch->source->shrink_limit;
	char	   *last;
	int64		last_received,
				last_staged;

	if (batch->received == 0)
		return pstrdup("full extract without any row (rule DY14)");
	/* rows with a broken number are staged too: they are keyed rejects */
	last = query_text("SELECT b.received || ' ' || b.accepted + (SELECT count(*) FROM registry.reject r "
					  "WHERE r.batch_id OPERATOR(pg_catalog.=) b.batch_id AND r.row_key IS NOT NULL) "
					  "FROM registry.batch b WHERE b.source OPERATOR(pg_catalog.=) $1 "
					  "AND b.delivery OPERATOR(pg_catalog.=) 'full' "
					  "AND b.state OPERATOR(pg_catalog.=) 'applied' ORDER BY b.cutoff DESC, b.batch_id DESC", 1, types, values);
	if (last == NULL || sscanf(last, INT64_FORMAT " " INT64_FORMAT, &last_received, &last_staged) != 2)
		return NULL;
	if (batch->received < last_received * kept)
		return shrunken_text(batch, batch->received, "rows", last_received);
	if (batch->staged_count < last_staged * kept)
		return shrunken_text(batch, batch->staged_count, "rows that can be applied", last_staged);
	return NULL;
}

/* Rule DY13: it changes far more or less than the deliveries before it. */
static char *
reason_unusual(IntakeBatch *batch)
{
	Oid			types[4] = {TEXTOID, INT8OID, DATEOID, BOOLOID};
	Datum		values[4] = {CStringGetTextDatum(batch->source->name), Int64GetDatum(batch->batch_id),
		DateADTGetDatum(batch->cutoff), BoolGetDatum(batch->full)};

	return query_text("SELECT registry.unusual_change($1, $2, $3, $4)", 4, types, values);
}

/* Why a batch has to wait for a decision, NULL when it need not. */
static char *
reason_to_hold(IntakeBatch *batch, bool declared, int64 declared_rows)
{
	char	   *reason = NULL;

	/* senders count their rows, some the line of totals with them */
	if (declared && declared_rows != batch->received && declared_rows != batch->received - batch->not_data)
		return psprintf("sender declared " INT64_FORMAT " rows, " INT64_FORMAT " were received",
						declared_rows, batch->received);
	if (batch->full)
		reason = reason_shrunken(batch);
	if (reason == NULL && batch->full == batch->source->full)
		reason = reason_unusual(batch);
	return reason;
}

static Datum
header_datum(const IntakeHeader *header)
{
	Datum	   *names = palloc(header->count * sizeof(Datum));

	for (int i = 0; i < header->count; i++)
		names[i] = CStringGetTextDatum(header->names[i]);
	return PointerGetDatum(construct_array(names, header->count, TEXTOID, -1, false, TYPALIGN_INT));
}

typedef struct BatchOptions
{
	char	   *file_name;
	char	   *sender;
	bool		declared;
	int64		declared_rows;
	char	   *sha256;			/* as declared, or NULL */
	char	   *delivery;		/* full, delta, or NULL for what the source is */
} BatchOptions;

static void
insert_batch(IntakeBatch *batch, const BatchOptions *options, const uint8 *digest, const char *held_reason)
{
	Oid			types[] = {INT8OID, TEXTOID, DATEOID, TEXTOID, TEXTOID, INT8OID, BYTEAOID, INT8OID, TEXTOID, TEXTARRAYOID,
	INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, BOOLOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1];
	int			n = 0;

	memset(nulls, ' ', lengthof(types));
	nulls[lengthof(types)] = '\0';
	values[n++] = Int64GetDatum(batch->batch_id);
	values[n++] = CStringGetTextDatum(batch->source->name);
	values[n++] = DateADTGetDatum(batch->cutoff);
	nulls[n] = options->file_name ? ' ' : 'n';
	values[n++] = options->file_name ? CStringGetTextDatum(options->file_name) : (Datum) 0;
	nulls[n] = options->sender ? ' ' : 'n';
	values[n++] = options->sender ? CStringGetTextDatum(options->sender) : (Datum) 0;
	nulls[n] = options->declared ? ' ' : 'n';
	values[n++] = Int64GetDatum(options->declared_rows);
	values[n++] = PointerGetDatum(cstring_to_text_with_len((const char *) digest, PG_SHA256_DIGEST_LENGTH));
	values[n++] = Int64GetDatum((int64) batch->reader.total);
	values[n++] = CStringGetTextDatum(intake_encoding_name(batch->reader.encoding));
	values[n++] = header_datum(&batch->header);
	values[n++] = Int64GetDatum(batch->received);
	values[n++] = Int64GetDatum(batch->accepted);
	values[n++] = Int64GetDatum(batch->rejected);
	values[n++] = Int64GetDatum(batch->unchanged);
	values[n++] = CStringGetTextDatum(held_reason ? "held" : "staged");
	nulls[n] = held_reason ? ' ' : 'n';
	values[n++] = held_reason ? CStringGetTextDatum(held_reason) : (Datum) 0;
	values[n++] = TimestampTzGetDatum(batch->started_at);
	values[n++] = CStringGetTextDatum(batch->full ? "full" : "delta");
	values[n++] = PointerGetDatum(cstring_to_text_with_len(&batch->reader.form.delimiter, batch->reader.dbf ? 0 : 1));
	values[n++] = BoolGetDatum(batch->reader.form.quotes);
	Assert(n == lengthof(types));

	SPI_connect();
	if (SPI_execute_with_args("INSERT INTO registry.batch (batch_id, source, cutoff, file_name, sender, declared_rows, sha256, bytes, "
							  "encoding, header, received, accepted, rejected, unchanged, state, held_reason, started_at, delivery, delimiter, quotes, finished_at, received_by) "
							  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, pg_catalog.clock_timestamp(), session_user)",
							  n, types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into registry.batch");
	SPI_finish();
}

/* Stores how well each column was filled. */
static void
insert_items(IntakeBatch *batch)
{
	const IntakeCounter *counters = intake_row_counters(batch->maker);
	Oid			types[] = {INT8OID, TEXTOID, INT8OID, INT8OID, INT4OID};

	SPI_connect();
	for (int i = 0; i < batch->source->layout->count; i++)
	{
		Datum		values[] = {Int64GetDatum(batch->batch_id),
			CStringGetTextDatum(batch->source->layout->columns[i].header),
			Int64GetDatum(counters[i].filled), Int64GetDatum(counters[i].valid), Int32GetDatum(i + 1)};

		if (batch->header.field_of[i] >= 0 &&
			SPI_execute_with_args("INSERT INTO registry.batch_item (batch_id, item, filled, valid, ordinal) VALUES ($1, $2, $3, $4, $5)",
								  lengthof(types), types, values, NULL, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not insert into registry.batch_item");
	}
	SPI_finish();
}

/* The home region of the registry, for telling who moved out of the province. */
static RegionCode
home_region(void)
{
	char	   *text = query_text("SELECT value FROM registry.setting WHERE name OPERATOR(pg_catalog.=) 'home_region'", 0, NULL, NULL);
	RegionCode	region = 0;

	if (text && !region_code_parse(text, strlen(text), &region))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("setting \"home_region\" is not a region code: \"%s\"", text)));
	return region;
}

static void
open_reader(IntakeReader *reader, const IntakeSource *source, const char *path, bytea *content)
{
	if (path)
		intake_reader_open_file(reader, path);
	else
		intake_reader_open_memory(reader, VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
	intake_form_settle(source, reader);
}

/* Reads the whole extract into the tables. */
static void
read_rows(IntakeBatch *batch, uint8 *digest)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "intake record", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	IntakeLine	line;

	reject_titles(batch);
	while (intake_reader_next(&batch->reader, batch->max_fields, &line))
	{
		if (line.line_no > PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("extract has more than %d lines", PG_INT32_MAX)));
		take_line(batch, &line);
		MemoryContextReset(memory);
		if (batch->received % INTAKE_BUFFER_ROWS == 0)
			report_progress(batch);
	}
	report_progress(batch);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
	flush_staged(batch);
	intake_reader_close(&batch->reader, digest);
}

/* Settles repeated keys after all rows are in. */
static void
settle_repeated(IntakeBatch *batch, const char *path, bytea *content)
{
	IntakeReader again;

	CommandCounterIncrement();
	drop_repeated(batch);
	if (batch->repeated_count == 0)
		return;
	open_reader(&again, batch->source, path, content);
	if (again.dbf == NULL)
		for (int i = 0; i <= again.titles; i++)
		{
			IntakeLine	above;

			(void) intake_reader_next(&again, 0, &above);
		}
	reject_repeated(batch, &again);
}

/* The hash that the sender declared, as sha256sum prints it, against that of what was read. */
static void
check_declared_hash(const IntakeSource *source, const char *declared, const uint8 *digest)
{
	char		computed[2 * PG_SHA256_DIGEST_LENGTH + 1];

	hex_encode((const char *) digest, PG_SHA256_DIGEST_LENGTH, computed);
	computed[2 * PG_SHA256_DIGEST_LENGTH] = '\0';
	if (pg_strcasecmp(declared, computed) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("extract of source \"%s\" is not the file that its sender declared", source->name),
				 errdetail("Its SHA-256 is %s; declared was %s.", computed, declared),
				 errhint("The file was damaged or changed on its way, or is another one: fetch it again.")));
}

/* Is the extract full?  A file of corrections never is. */
static bool
is_full(const IntakeBatch *batch, const char *delivery, bool corrections)
{
	if (delivery == NULL)
		return batch->source->full && !corrections;
	if (strcmp(delivery, "full") != 0 && strcmp(delivery, "delta") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("delivery \"%s\" is neither \"full\" nor \"delta\"", delivery)));
	if (corrections && strcmp(delivery, "full") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a file of corrected rejects cannot be a full extract"),
				 errdetail("It has the columns 批次, 行号, 字段, 代码, 原因 and holds what they answer, not all that the source says.")));
	return strcmp(delivery, "full") == 0;
}

static void
open_answers(IntakeBatch *batch)
{
	batch->answers = intake_table_open("staged_answer");
	batch->answer_batch_id = intake_table_attribute(batch->answers, "batch_id");
	batch->answer_line_no = intake_table_attribute(batch->answers, "line_no");
	batch->answer_to_batch = intake_table_attribute(batch->answers, "to_batch_id");
	batch->answer_to_line = intake_table_attribute(batch->answers, "to_line_no");
}

/* Opens what rows go into. */
static void
open_tables(IntakeBatch *batch, bool corrections)
{
	batch->batch_id = nextval_internal(get_relname_relid("batch_id_seq", get_namespace_oid("registry", false)), true);
	batch->staged = intake_table_open(psprintf("staged_%s", batch->source->layout->kind));
	open_rejects(batch);
	if (corrections)
		open_answers(batch);
	batch->maker = intake_row_maker(batch->source, &batch->header, batch->staged, batch->batch_id, batch->cutoff, home_region());
	batch->places = intake_places_create();
}

static void
close_tables(IntakeBatch *batch)
{
	intake_table_flush(batch->rejects);
	intake_table_close(batch->rejects);
	intake_table_close(batch->staged);
	if (batch->answers)
	{
		intake_table_flush(batch->answers);
		intake_table_close(batch->answers);
	}
}

static int64
receive(const char *source_name, DateADT cutoff, const char *path, bytea *content, const BatchOptions *options)
{
	IntakeBatch *batch = palloc0(sizeof(IntakeBatch));
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	bool		corrections;

	batch->text.memory = CurrentMemoryContext;
	batch->started_at = GetCurrentTimestamp();
	batch->cutoff = cutoff;
	batch->source = intake_source_load(source_name);
	check_cutoff(batch->source, cutoff);
	if (path)
		check_file_ahead(batch->source, path);
	open_reader(&batch->reader, batch->source, path, content);
	read_header(batch);
	corrections = find_answer_columns(batch);
	batch->full = is_full(batch, options->delivery, corrections);

	open_tables(batch, corrections);
	begin_progress(batch, path != NULL, path ? intake_file_size(path) : VARSIZE_ANY_EXHDR(content));
	read_rows(batch, digest);
	if (options->sha256)
		check_declared_hash(batch->source, options->sha256, digest);
	check_not_received(batch->source, digest);
	settle_repeated(batch, path, content);
	close_tables(batch);
	pgstat_progress_end_command();

	CommandCounterIncrement();
	insert_batch(batch, options, digest, reason_to_hold(batch, options->declared, options->declared_rows));
	insert_items(batch);
	return batch->batch_id;
}

/*
 * intake_receive(source text, cutoff date, path text, content bytea,
 *				  file_name text, sender text, declared_rows bigint,
 *				  declared_sha256 text, delivery text) returns bigint
 *		Receives one extract, of a server file or of a value, into the staged
 *		table of its kind and registry.reject; returns the batch.
 *
 * Reads registry.source, registry.setting and registry.batch.  The work behind
 * registry.receive(), which documents it.
 */
Datum
intake_receive(PG_FUNCTION_ARGS)
{
	BatchOptions options = {0};
	char	   *path = NULL;
	bytea	   *content = NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) == PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source, cutoff and either a path or a content must be given")));
	if (!PG_ARGISNULL(2))
	{
		if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to receive an extract from a file of the server"),
					 errdetail("Only roles with the privileges of pg_read_server_files may do so."),
					 errhint("Anyone else may send the content: registry.receive(source, cutoff, content bytea).")));
		path = text_to_cstring(PG_GETARG_TEXT_PP(2));
	}
	else
		content = PG_GETARG_BYTEA_PP(3);
	options.file_name = PG_ARGISNULL(4) ? path : text_to_cstring(PG_GETARG_TEXT_PP(4));
	options.sender = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	options.declared = !PG_ARGISNULL(6);
	options.declared_rows = options.declared ? PG_GETARG_INT64(6) : 0;
	options.sha256 = PG_ARGISNULL(7) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(7));
	options.delivery = PG_ARGISNULL(8) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(8));
	PG_RETURN_INT64(receive(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_DATEADT(1), path, content, &options));
}
