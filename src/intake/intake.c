/*
 * intake.c
 *		Receiving of an extract: one call, one batch, one transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "intake/intake.h"
#include "region/region_code.h"

#define CUTOFF_AHEAD_DAYS 31
#define RAW_LIMIT 2000			/* bytes of a rejected record that are kept */

REGISTRY_FUNCTION(intake_receive);

/* A staged row, for finding the same key twice. */
typedef struct StagedRow
{
	IntakeKey	key;
	uint32		line_no;
	ItemPointerData where;
} StagedRow;

typedef struct IntakeBatch
{
	int64		batch_id;
	DateADT		cutoff;
	TimestampTz started_at;
	IntakeSource *source;
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
				reject_state;

	IntakeText	text;			/* the record, decoded */
	IntakeSpan *fields;
	int			max_fields;
	StringInfoData raw;

	StagedRow  *rows;			/* every staged row, in file order */
	int64		row_count;
	int64		row_capacity;
	int64		staged_count;	/* rows left after repeated keys are gone */
	int64		unflushed;		/* rows whose place is not known yet */

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

/* Writes a reject.  with_bytes keeps the bytes too, for those text cannot hold. */
static void
reject(IntakeBatch *batch, const IntakeLine *line, const char *code, const char *field,
	   const char *message, const IntakeKey *key, bool with_bytes)
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
	if (key)
		put(values, nulls, batch->reject_row_key, intake_key_datum(key));
	MemoryContextSwitchTo(old);
	batch->rejected++;
	if (intake_table_store(batch->rejects, batch->raw.len + 500))
		intake_table_flush(batch->rejects);
}

/* A record with bytes that are no characters: where they are, in the record and in the file. */
static void
reject_broken(IntakeBatch *batch, const IntakeLine *line, size_t broken_at)
{
	bool		utf16 = batch->reader.encoding == INTAKE_UTF16LE || batch->reader.encoding == INTAKE_UTF16BE;
	size_t		offset = intake_reader_offset(&batch->reader, line, broken_at);
	unsigned char value = (unsigned char) line->data[broken_at];

	reject(batch, line, "encoding", NULL,
		   utf16 ? psprintf("byte %zu of the record (byte " UINT64_FORMAT " of the file) begins half a UTF-16 character, or a NUL",
							offset + 1, line->position + offset + 1) :
		   psprintf("byte %zu of the record (byte " UINT64_FORMAT " of the file, value %u) is not %s text",
					offset + 1, line->position + offset + 1, value, intake_encoding_name(batch->reader.encoding)),
		   NULL, true);
}

/* ---- staged rows ---- */

/* Writes the buffered rows and notes where each went. */
static void
flush_staged(IntakeBatch *batch)
{
	int			count = intake_table_flush(batch->staged);

	Assert(count == batch->unflushed);
	for (int i = 0; i < count; i++)
		intake_table_stored_at(batch->staged, i, &batch->rows[batch->row_count - count + i].where);
	batch->unflushed = 0;
}

static void
remember_row(IntakeBatch *batch, const IntakeKey *key, uint32 line_no)
{
	StagedRow  *row;

	if (batch->row_count == batch->row_capacity)
	{
		batch->row_capacity *= 2;
		batch->rows = repalloc_huge(batch->rows, batch->row_capacity * sizeof(StagedRow));
	}
	row = &batch->rows[batch->row_count++];
	row->key = *key;
	row->line_no = line_no;
	batch->unflushed++;
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
		reject(batch, line, fault.code, fault.field, fault.message, stageable ? &key : NULL, false);
	else
		batch->accepted++;
	if (stageable)
	{
		remember_row(batch, &key, line->line_no);
		full = intake_table_store(batch->staged, batch->text.length);
	}
	else
		full = intake_table_waste(batch->staged, batch->text.length);
	if (full)
		flush_staged(batch);
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
		reject(batch, line, "length", NULL, "record is longer than 4 MB", NULL, false);
		return;
	}
	if (line->result == INTAKE_SPLIT_QUOTE)
	{
		reject(batch, line, "quote", NULL, "quotes do not close, or something stands behind a closing quote", NULL, false);
		return;
	}
	if (line->mark != ' ')
	{
		bool		deleted = line->mark == '*';

		batch->not_data += deleted;
		reject(batch, line, deleted ? "not_data" : "format", NULL,
			   deleted ? "record is deleted in the DBF file" : "record has neither the mark of a valid nor of a deleted one", NULL, !deleted);
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
		reject(batch, line, "not_data", NULL,
			   first.length == 0 ? "record holds nothing" :
			   intake_is_total_line(first) ? "record is a line of totals" : "record repeats the header line", NULL, false);
	}
	else if (!intake_header_fits(&batch->header, batch->fields, count))
		reject(batch, line, "fields", NULL,
			   batch->header.surplus == 0 ?
			   psprintf("record has %d fields, the header line has %d", count, batch->header.count) :
			   psprintf("record has %d fields, the header line has %d, and the records of this extract %d empty ones behind",
						count, batch->header.count, batch->header.surplus), NULL, false);
	else
		make_row(batch, line);
}

/* ---- the same key twice in one file ---- */

static inline int
compare_rows(const StagedRow *x, const StagedRow *y)
{
	if (x->key.high != y->key.high)
		return x->key.high < y->key.high ? -1 : 1;
	if (x->key.low != y->key.low)
		return x->key.low < y->key.low ? -1 : 1;
	return x->line_no < y->line_no ? -1 : x->line_no > y->line_no;
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE StagedRow
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

static int
compare_lines(const void *a, const void *b)
{
	const StagedRow *x = a;
	const StagedRow *y = b;

	return x->line_no < y->line_no ? -1 : x->line_no > y->line_no;
}

#define SAME_KEY(a, b) ((a).key.high == (b).key.high && (a).key.low == (b).key.low)

/*
 * Takes the earlier rows of a repeated key out of the staged table.  Those
 * that differ from the last are left at the start of batch->rows, in file
 * order; returns their number.
 */
static int64
drop_repeated(IntakeBatch *batch)
{
	StagedRow  *rows = batch->rows;
	int64		count = batch->row_count;
	int64		differing = 0;
	int			hash_attribute = intake_table_attribute(batch->staged, "row_hash");
	int			fault_attribute = batch->source->kind == INTAKE_EMPLOYER ? -1 : intake_table_attribute(batch->staged, "fault");

	sort_rows(rows, count);
	for (int64 start = 0, end; start < count; start = end)
	{
		int64		hash;
		bool		faulty;

		for (end = start + 1; end < count && SAME_KEY(rows[start], rows[end]); end++)
			;
		if (end == start + 1)
			continue;
		CHECK_FOR_INTERRUPTS();
		hash = intake_table_row_hash(batch->staged, &rows[end - 1].where, hash_attribute, fault_attribute, &faulty);
		for (int64 i = start; i < end - 1; i++)
		{
			bool		same = intake_table_row_hash(batch->staged, &rows[i].where, hash_attribute, fault_attribute, &faulty) == hash;

			intake_table_delete(batch->staged, &rows[i].where);
			batch->staged_count--;
			if (faulty)
				continue;		/* counted and kept as a reject already */
			batch->accepted--;
			if (same)
				batch->unchanged++;
			else
				rows[differing++] = rows[i];
		}
	}
	qsort(rows, differing, sizeof(StagedRow), compare_lines);
	return differing;
}

/* Reads the extract once more for the text of the rows that lost. */
static void
reject_repeated(IntakeBatch *batch, IntakeReader *again, int64 count)
{
	IntakeLine	line;
	int64		next = 0;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	while (next < count && intake_reader_next(again, batch->max_fields, &line))
		if (line.line_no == batch->rows[next].line_no)
		{
			reject(batch, &line, "duplicate_in_file", NULL,
				   "a later row of the same extract says otherwise about the same thing; the last one counts",
				   NULL, false);
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
		reject(batch, &batch->titles[i], "not_data", NULL, "record stands above the header line", NULL, false);
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

	if (batch_id && state)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("this extract of source \"%s\" has been received already", source->name),
				 errdetail("Batch %s has the same content; its state is \"%s\".", batch_id, state),
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

/*
 * Why a batch has to wait for a decision, NULL when it need not.  A full
 * extract ends what it does not hold, so it is shrunken as well when its rows
 * are all there and cannot be read.
 */
static char *
reason_to_hold(IntakeBatch *batch, bool declared, int64 declared_rows)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(batch->source->name)};
	char	   *last;
	int64		last_received,
				last_staged;

	/* senders count their rows, some the line of totals with them */
	if (declared && declared_rows != batch->received && declared_rows != batch->received - batch->not_data)
		return psprintf("sender declared " INT64_FORMAT " rows, " INT64_FORMAT " were received",
						declared_rows, batch->received);
	if (!batch->source->full)
		return NULL;
	if (batch->received == 0)
		return pstrdup("full extract without any row (rule DY14)");
	/* rows with a broken number are staged too: they are keyed rejects */
	last = query_text("SELECT b.received || ' ' || b.accepted + (SELECT count(*) FROM registry.reject r "
					  "WHERE r.batch_id OPERATOR(pg_catalog.=) b.batch_id AND r.row_key IS NOT NULL) "
					  "FROM registry.batch b WHERE b.source OPERATOR(pg_catalog.=) $1 "
					  "AND b.state OPERATOR(pg_catalog.=) 'applied' ORDER BY b.cutoff DESC, b.batch_id DESC", 1, types, values);
	if (last == NULL || sscanf(last, INT64_FORMAT " " INT64_FORMAT, &last_received, &last_staged) != 2)
		return NULL;
	if (batch->received < last_received * (1 - batch->source->shrink_limit))
		return psprintf("full extract has " INT64_FORMAT " rows, the last applied one had " INT64_FORMAT " (rule DY14)",
						batch->received, last_received);
	if (batch->staged_count < last_staged * (1 - batch->source->shrink_limit))
		return psprintf("full extract has " INT64_FORMAT " rows that can be applied, the last applied one had " INT64_FORMAT " (rule DY14)",
						batch->staged_count, last_staged);
	return NULL;
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
} BatchOptions;

static void
insert_batch(IntakeBatch *batch, const BatchOptions *options, const uint8 *digest, const char *held_reason)
{
	Oid			types[] = {INT8OID, TEXTOID, DATEOID, TEXTOID, TEXTOID, INT8OID, BYTEAOID, INT8OID, TEXTOID, TEXTARRAYOID,
	INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
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
	Assert(n == lengthof(types));

	SPI_connect();
	if (SPI_execute_with_args("INSERT INTO registry.batch (batch_id, source, cutoff, file_name, sender, declared_rows, sha256, bytes, "
							  "encoding, header, received, accepted, rejected, unchanged, state, held_reason, started_at, finished_at) "
							  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, pg_catalog.clock_timestamp())",
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
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
	flush_staged(batch);
	intake_reader_close(&batch->reader, digest);
}

/* Settles repeated keys after all rows are in. */
static void
settle_repeated(IntakeBatch *batch, const char *path, bytea *content)
{
	int64		differing;
	IntakeReader again;

	CommandCounterIncrement();
	batch->staged_count = batch->row_count;
	differing = drop_repeated(batch);
	if (differing == 0)
		return;
	open_reader(&again, batch->source, path, content);
	if (again.dbf == NULL)
		for (int i = 0; i <= again.titles; i++)
		{
			IntakeLine	above;

			(void) intake_reader_next(&again, 0, &above);
		}
	reject_repeated(batch, &again, differing);
}

static int64
receive(const char *source_name, DateADT cutoff, const char *path, bytea *content, const BatchOptions *options)
{
	IntakeBatch *batch = palloc0(sizeof(IntakeBatch));
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *held_reason;

	batch->text.memory = CurrentMemoryContext;
	batch->started_at = GetCurrentTimestamp();
	batch->cutoff = cutoff;
	batch->source = intake_source_load(source_name);
	check_cutoff(batch->source, cutoff);
	if (path)
		check_file_ahead(batch->source, path);
	open_reader(&batch->reader, batch->source, path, content);
	read_header(batch);

	batch->batch_id = nextval_internal(get_relname_relid("batch_id_seq", get_namespace_oid("registry", false)), true);
	batch->staged = intake_table_open(psprintf("staged_%s", batch->source->layout->kind));
	open_rejects(batch);
	batch->maker = intake_row_maker(batch->source, &batch->header, batch->staged, batch->batch_id, cutoff, home_region());
	batch->row_capacity = 4096;
	batch->rows = palloc(batch->row_capacity * sizeof(StagedRow));

	read_rows(batch, digest);
	check_not_received(batch->source, digest);
	settle_repeated(batch, path, content);
	intake_table_flush(batch->rejects);
	intake_table_close(batch->rejects);
	intake_table_close(batch->staged);

	held_reason = reason_to_hold(batch, options->declared, options->declared_rows);
	insert_batch(batch, options, digest, held_reason);
	insert_items(batch);
	return batch->batch_id;
}

/*
 * intake_receive(source text, cutoff date, path text, content bytea,
 *				  file_name text, sender text, declared_rows bigint) returns bigint
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
	PG_RETURN_INT64(receive(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_DATEADT(1), path, content, &options));
}
