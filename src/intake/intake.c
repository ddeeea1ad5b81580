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
#define HEADER_FIELDS 1600
#define GUESS_FIELDS 200

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
		put(values, nulls, batch->reject_raw_bytes, PointerGetDatum(cstring_to_text_with_len(line->data, (int) kept)));
	if (key)
		put(values, nulls, batch->reject_row_key, intake_key_datum(key));
	MemoryContextSwitchTo(old);
	batch->rejected++;
	if (intake_table_store(batch->rejects, batch->raw.len + 500))
		intake_table_flush(batch->rejects);
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
	bool		stageable = intake_row_make(batch->maker, batch->fields, line->line_no, values, nulls, &key, &fault);
	bool		full;

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
	if (!intake_decode(batch->reader.encoding, line->data, line->length, &batch->text, &broken_at))
	{
		reject(batch, line, "encoding", NULL,
			   batch->reader.encoding == INTAKE_UTF16LE || batch->reader.encoding == INTAKE_UTF16BE ?
			   "record holds half a UTF-16 character, or a NUL" :
			   psprintf("byte %zu of the record (value %u) is not %s text", broken_at + 1,
						(unsigned char) line->data[broken_at], intake_encoding_name(batch->reader.encoding)),
			   NULL, true);
		return;
	}
	count = intake_split_fields(batch->text.data, batch->text.length, line->quoted,
								batch->fields, batch->max_fields);
	first = first_filled(batch->fields, Min(count, batch->max_fields));
	if (first.length == 0 || intake_is_total_line(first) ||
		intake_header_repeats(&batch->header, batch->fields, count))
	{
		batch->not_data++;
		reject(batch, line, "not_data", NULL,
			   first.length == 0 ? "record holds nothing" :
			   intake_is_total_line(first) ? "record is a line of totals" : "record repeats the header line", NULL, false);
	}
	else if (count != batch->header.count)
		reject(batch, line, "fields", NULL,
			   psprintf("record has %d fields, the header line has %d", count, batch->header.count), NULL, false);
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

	while (next < count && intake_reader_next(again, batch->header.count, &line))
		if (line.line_no == batch->rows[next].line_no)
		{
			reject(batch, &line, "duplicate_in_file", NULL,
				   "a later row of the same extract says otherwise about the same thing; the last one counts",
				   NULL, false);
			next++;
		}
	intake_reader_close(again, digest);
}

/* ---- encoding and header ---- */

/* How many known headers the first line holds when read in an encoding. */
static int
header_matches(const IntakeSource *source, IntakeEncoding encoding, const char *data, size_t length)
{
	StringInfoData text;
	IntakeSpan	fields[GUESS_FIELDS];
	int			count;
	int			matches;

	initStringInfo(&text);
	intake_decode_lenient(encoding, data, length, length, &text);
	count = intake_split_fields(text.data, text.len, memchr(text.data, '"', text.len) != NULL,
								fields, GUESS_FIELDS);
	matches = intake_header_matches(source, fields, Min(count, GUESS_FIELDS));
	pfree(text.data);
	return matches;
}

/* Do the bytes beyond ASCII read as UTF-8, all in all? */
static bool
looks_like_utf8(const char *data, size_t length)
{
	size_t		good = 0;
	size_t		bad = 0;

	for (size_t i = 0; i < length;)
	{
		int			width;

		if (!IS_HIGHBIT_SET(data[i]))
		{
			i++;
			continue;
		}
		width = pg_utf_mblen((const unsigned char *) data + i);
		if (width > 1 && i + width > length)
			break;
		if (width > 1 && pg_utf8_islegal((const unsigned char *) data + i, width))
		{
			good++;
			i += width;
		}
		else
		{
			bad++;
			i++;
		}
	}
	return good > 0 && good > 10 * bad;
}

/*
 * The encoding of an extract whose source does not say: the one in which the
 * header line matches known headers.  A header of ASCII alone matches in both;
 * then the bulk of the first block decides, never a single byte.
 */
static IntakeEncoding
guess_encoding(const IntakeSource *source, const char *data, size_t length)
{
	size_t		line = 0;
	int			utf8;
	int			gb18030;

	while (line < length && data[line] != '\n' && data[line] != '\r')
		line++;
	utf8 = header_matches(source, INTAKE_UTF8, data, line);
	gb18030 = header_matches(source, INTAKE_GB18030, data, line);
	if (utf8 != gb18030)
		return utf8 > gb18030 ? INTAKE_UTF8 : INTAKE_GB18030;
	return looks_like_utf8(data, length) ? INTAKE_UTF8 : INTAKE_GB18030;
}

/* Spreadsheets and archives are sent by mistake; their name may end in .csv. */
static void
refuse_other_files(const IntakeSource *source, const char *data, size_t length)
{
	const char *what = NULL;

	if (length >= 4 && (memcmp(data, "PK\003\004", 4) == 0 || memcmp(data, "\xd0\xcf\x11\xe0", 4) == 0))
		what = "a spreadsheet or an archive";
	else if (length >= 2 && memcmp(data, "\x1f\x8b", 2) == 0)
		what = "compressed";
	if (what)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("extract of source \"%s\" is not a text file", source->name),
				 errdetail("By its first bytes it is %s.", what),
				 errhint("Save it as CSV, in GB18030 or UTF-8, and receive that.")));
}

/* Settles the encoding of a reader by its source and its first block. */
static void
settle_encoding(const IntakeSource *source, IntakeReader *reader)
{
	size_t		length = intake_reader_peek(reader);
	const char *data = reader->buffer;
	IntakeEncoding encoding = source->encoding;
	bool		mark8 = length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
	bool		mark_le = length >= 2 && memcmp(data, "\xff\xfe", 2) == 0;
	bool		mark_be = length >= 2 && memcmp(data, "\xfe\xff", 2) == 0;
	int			mark_length = 0;

	refuse_other_files(source, data, length);
	if (encoding == INTAKE_AUTO)
		encoding = mark8 ? INTAKE_UTF8 : mark_le || mark_be ? INTAKE_UTF16 :
			guess_encoding(source, data, length);
	if (encoding == INTAKE_UTF16)
	{
		/* without a mark, the zero half of an ASCII character tells the order */
		encoding = mark_be || (!mark_le && length > 1 && data[0] == '\0') ? INTAKE_UTF16BE : INTAKE_UTF16LE;
		mark_length = mark_le || mark_be ? 2 : 0;
	}
	else if (encoding == INTAKE_UTF8 && mark8)
		mark_length = 3;
	intake_reader_set_encoding(reader, encoding, mark_length);
}

static void
read_header(IntakeBatch *batch)
{
	IntakeLine	line;
	IntakeSpan *fields;
	StringInfoData text;
	int			count;

	if (!intake_reader_next(&batch->reader, 0, &line))
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("extract of source \"%s\" is empty", batch->source->name),
				 errhint("An extract starts with a header line, even when it has no rows.")));
	if (line.result == INTAKE_SPLIT_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("header line of source \"%s\" is longer than 4 MB", batch->source->name),
				 errhint("The file may not be a text file, or its line ends may be lost.")));
	/* a broken byte in a header spoils that header, not the file */
	initStringInfo(&text);
	intake_decode_lenient(batch->reader.encoding, line.data, line.length, line.length, &text);
	fields = palloc(HEADER_FIELDS * sizeof(IntakeSpan));
	count = intake_split_fields(text.data, text.len, line.quoted, fields, HEADER_FIELDS);
	if (count > HEADER_FIELDS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("header line of source \"%s\" has %d fields", batch->source->name, count),
				 errdetail("At most %d can be read.", HEADER_FIELDS)));
	intake_header_read(batch->source, fields, count, &batch->header);
	pfree(fields);
	batch->max_fields = batch->header.count;
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
	settle_encoding(source, reader);
}

/* Reads the whole extract into the tables. */
static void
read_rows(IntakeBatch *batch, uint8 *digest)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "intake record", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	IntakeLine	line;

	while (intake_reader_next(&batch->reader, batch->header.count, &line))
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
	{
		IntakeLine	header;

		(void) intake_reader_next(&again, 0, &header);
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
