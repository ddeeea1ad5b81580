/*
 * intake_form.c
 *		How an extract is written: text or DBF, its encoding, its delimiter,
 *		its quotes, and which of its lines is the header.
 *
 * What the source says counts.  What it leaves open is found out from the
 * first block: the reading in which a line matches the most known headers is
 * the right one, and lines above that line are titles.  One broken byte never
 * changes the answer.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "intake/intake.h"

#define HEADER_FIELDS 1600
#define GUESS_FIELDS 200
#define GUESS_LINES 30			/* the header is among these */
#define GUESS_BYTES ((size_t) 65536)	/* of a line, and of UTF-16 */
#define WIDTH_LINES 100			/* records that tell how wide records are */
#define SURPLUS_FIELDS 200

/* The best reading so far. */
typedef struct Guess
{
	int			matches;
	bool		complete;		/* all needed columns were found */
	int			titles;
	IntakeForm	form;
} Guess;

/* ---- the header line ---- */

/* Splits a line, decoded as far as it can be, into fields; text keeps them. */
static int
lenient_fields(IntakeEncoding encoding, char delimiter, const char *data, size_t length, bool quoted,
			   StringInfo text, IntakeSpan *fields, int max_fields)
{
	resetStringInfo(text);
	intake_decode_lenient(encoding, data, length, length, text);
	return intake_split_fields(text->data, text->len, quoted, delimiter, fields, max_fields);
}

/*
 * Looks for the header among the first records of a block, read in one
 * encoding and form, and takes the reading over when it is better.
 */
static void
try_form(const IntakeSource *source, IntakeEncoding encoding, const IntakeForm *form,
		 const char *data, size_t length, Guess *best)
{
	IntakeSpan	fields[GUESS_FIELDS];
	StringInfoData text;
	size_t		position = 0;
	int			above = 0;

	initStringInfo(&text);
	while (position < length && above < GUESS_LINES && !best->complete)
	{
		IntakeRecord record;
		IntakeSplit result = intake_split_record(data + position, length - position, true, form, 0, &record);
		int			count;
		int			matches;

		if (result == INTAKE_SPLIT_LONG || result == INTAKE_SPLIT_MORE)
			break;
		if (record.length > 0)
		{
			/* without a delimiter it is a title */
			if (memchr(data + position, form->delimiter, record.length) == NULL)
			{
				above++;
				position += record.consumed;
				continue;
			}
			count = lenient_fields(encoding, form->delimiter, data + position, Min(record.length, GUESS_BYTES),
								   result == INTAKE_SPLIT_RECORD && record.quoted, &text, fields, GUESS_FIELDS);
			count = Min(count, GUESS_FIELDS);
			matches = intake_header_matches(source, fields, count);
			if (matches > best->matches)
			{
				best->matches = matches;
				best->complete = intake_header_complete(source, fields, count);
				best->titles = above;
				best->form = *form;
				if (source->quote == 'a')
					best->form.quotes = (form->delimiter != '|' && form->delimiter != '\x01') || record.quoted;
			}
			above++;
		}
		position += record.consumed;
	}
	pfree(text.data);
}

/* Tries every delimiter that the source allows. */
static Guess
guess_form(const IntakeSource *source, IntakeEncoding encoding, const char *data, size_t length)
{
	static const char delimiters[] = {',', '\t', '|', '\x01', ';'};
	Guess		best = {0};

	best.form.delimiter = source->delimiter ? source->delimiter : ',';
	best.form.quotes = source->quote == 'y' ||
		(source->quote == 'a' && best.form.delimiter != '|' && best.form.delimiter != '\x01');
	best.form.double_bytes = encoding == INTAKE_GB18030 && best.form.delimiter == '|';
	for (int i = 0; i < lengthof(delimiters); i++)
	{
		IntakeForm	form = {delimiters[i], source->quote != 'n'};

		form.double_bytes = encoding == INTAKE_GB18030 && form.delimiter == '|';
		if (source->delimiter == '\0' || source->delimiter == form.delimiter)
			try_form(source, encoding, &form, data, length, &best);
	}
	return best;
}

/* ---- the encoding ---- */

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

/* How many known headers a block of UTF-16 in a byte order holds. */
static int
utf16_matches(const IntakeSource *source, const char *data, size_t length, bool big_endian)
{
	size_t		used;
	size_t		taken = Min(length, GUESS_BYTES);
	char	   *text = palloc(2 * taken + 8);
	size_t		written = intake_utf16_decode((const unsigned char *) data, taken, big_endian, false, text, &used);
	int			matches = guess_form(source, INTAKE_UTF8, text, written).matches;

	pfree(text);
	return matches;
}

/* Byte order of UTF-16 without a mark: the one in which the header reads. */
static IntakeEncoding
guess_byte_order(const IntakeSource *source, const char *data, size_t length)
{
	int			little = utf16_matches(source, data, length, false);
	int			big = utf16_matches(source, data, length, true);

	if (little == big)
		return length > 1 && data[0] == '\0' ? INTAKE_UTF16BE : INTAKE_UTF16LE;
	return little > big ? INTAKE_UTF16LE : INTAKE_UTF16BE;
}

/*
 * The encoding of an extract whose source does not say: the one in which the
 * header line matches known headers.  A header of ASCII alone matches in both;
 * then the bulk of the first block decides, never a single byte.  UTF-16 has a
 * zero byte beside every delimiter, which no other encoding has.
 */
static IntakeEncoding
guess_encoding(const IntakeSource *source, const char *data, size_t length)
{
	int			utf8 = guess_form(source, INTAKE_UTF8, data, length).matches;
	int			gb18030 = guess_form(source, INTAKE_GB18030, data, length).matches;

	if (utf8 == 0 && gb18030 == 0 && memchr(data, '\0', Min(length, GUESS_BYTES)) != NULL)
	{
		IntakeEncoding order = guess_byte_order(source, data, length);

		if (utf16_matches(source, data, length, order == INTAKE_UTF16BE) > 0)
			return order;
	}
	if (utf8 != gb18030)
		return utf8 > gb18030 ? INTAKE_UTF8 : INTAKE_GB18030;
	return looks_like_utf8(data, length) ? INTAKE_UTF8 : INTAKE_GB18030;
}

/* Spreadsheets and archives are sent by mistake; their name may end in .csv. */
static void
refuse_other_files(const IntakeSource *source, const char *data, size_t length)
{
	static const struct
	{
		const char *bytes;
		size_t		length;
		const char *what;
	}			others[] = {
		{"PK\003\004", 4, "a spreadsheet (xlsx) or an archive (zip)"},
		{"\xd0\xcf\x11\xe0", 4, "a spreadsheet (xls) or a document"},
		{"\x1f\x8b", 2, "compressed (gzip)"},
		{"Rar!", 4, "an archive (rar)"},
		{"7z\xbc\xaf\x27\x1c", 6, "an archive (7z)"},
		{"%PDF", 4, "a PDF document"},
		{"<?xml", 5, "XML"},
		{"<html", 5, "a web page"}, {"<HTML", 5, "a web page"}, {"<table", 6, "a web page"}, {"<!DOCTYPE", 9, "a web page"},
		{"\x03" "EXPORT:", 8, "a database dump"},
	};

	for (int i = 0; i < lengthof(others); i++)
		if (length >= others[i].length && memcmp(data, others[i].bytes, others[i].length) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					 errmsg("extract of source \"%s\" is not a text file", source->name),
					 errdetail("By its first bytes it is %s.", others[i].what),
					 errhint("Save it as CSV, in GB18030 or UTF-8, or as DBF, and receive that.")));
}

/* ---- DBF ---- */

static const char *
dbf_field_label(const IntakeDbf *dbf, IntakeEncoding encoding)
{
	StringInfoData text;

	initStringInfo(&text);
	intake_decode_lenient(encoding, dbf->fields[dbf->culprit].name, dbf->fields[dbf->culprit].name_length,
						  INTAKE_DBF_NAME, &text);
	return text.data;
}

static void
refuse_dbf(const IntakeSource *source, const IntakeDbf *dbf, IntakeDbfFault fault, IntakeEncoding encoding)
{
	bool		unsupported = fault == INTAKE_DBF_VERSION || fault == INTAKE_DBF_MEMO || fault == INTAKE_DBF_TYPE;
	const char *detail;
	const char *hint = "Ask the sender for the whole file, copied in binary mode.";

	switch (fault)
	{
		case INTAKE_DBF_VERSION:
			detail = psprintf("It is of version 0x%02x (level 7).", dbf->version);
			hint = "Save it as DBF of dBASE III, or as CSV.";
			break;
		case INTAKE_DBF_MEMO:
		case INTAKE_DBF_TYPE:
			detail = psprintf("Field \"%s\" is of type \"%c\"; types C, N, F, D and L can be read.", dbf_field_label(dbf, encoding),
							  dbf->fields[dbf->culprit].type > ' ' && !IS_HIGHBIT_SET(dbf->fields[dbf->culprit].type) ?
							  dbf->fields[dbf->culprit].type : '?');
			hint = "Leave the field out, or save the file as CSV.";
			break;
		case INTAKE_DBF_FIELD:
			detail = psprintf("Field %d has no name, or no width.", dbf->culprit + 1);
			break;
		case INTAKE_DBF_SHORT_HEADER:
			detail = "It ends inside its header.";
			break;
		case INTAKE_DBF_SHORT_FILE:
			detail = psprintf("Its header counts %u records of %u bytes, the file holds " UINT64_FORMAT ".",
							  dbf->records, dbf->record_length, dbf->records_held);
			break;
		default:
			detail = psprintf("The lengths in its header (%u, %u) and its fields (%d) do not fit.",
							  dbf->header_length, dbf->record_length, dbf->field_count);
	}
	ereport(ERROR,
			(errcode(unsupported ? ERRCODE_FEATURE_NOT_SUPPORTED : ERRCODE_BAD_COPY_FILE_FORMAT),
			 unsupported ? errmsg("DBF extract of source \"%s\" cannot be read", source->name) :
			 fault == INTAKE_DBF_SHORT_FILE ? errmsg("DBF extract of source \"%s\" is shorter than it says", source->name) :
			 errmsg("DBF extract of source \"%s\" has a broken header", source->name),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/*
 * Encoding of a DBF file.  The language driver says little: programs of the
 * country write 0 or that of their country of origin over GBK.  Then the names
 * of the fields tell, or the records where all names are ASCII.
 */
static IntakeEncoding
dbf_encoding(const IntakeSource *source, const IntakeDbf *dbf, const char *data, size_t length)
{
	static const struct
	{
		int			language;
		const char *name;
	}			others[] = {
		{0x4f, "Big5"}, {0x78, "Big5"}, {0x13, "Shift-JIS"}, {0x7b, "Shift-JIS"}, {0x4e, "EUC-KR"}, {0x79, "EUC-KR"},
	};
	int			utf8 = 0;
	int			not_utf8 = 0;

	if (source->encoding == INTAKE_UTF8 || source->encoding == INTAKE_GB18030)
		return source->encoding;
	for (int i = 0; i < lengthof(others); i++)
		if (dbf->language == others[i].language)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("DBF extract of source \"%s\" cannot be read", source->name),
					 errdetail("Its language driver 0x%02x stands for %s.", dbf->language, others[i].name),
					 errhint("If it is GBK all the same, set \"encoding\" in registry.source.")));
	if (dbf->language == 0x4d || dbf->language == 0x7a)
		return INTAKE_GB18030;
	for (int i = 0; i < dbf->field_count; i++)
	{
		const IntakeDbfField *field = &dbf->fields[i];
		int			whole = field->name_length - (int) intake_utf8_half(field->name, field->name_length);

		if (intake_is_plain((IntakeSpan) {field->name, field->name_length}))
			continue;
		if (pg_encoding_verifymbstr(PG_UTF8, field->name, whole) == whole)
			utf8++;
		else
			not_utf8++;
	}
	if (utf8 + not_utf8 > 0)
		return utf8 > not_utf8 ? INTAKE_UTF8 : INTAKE_GB18030;
	return looks_like_utf8(data + dbf->header_length, Min(length - dbf->header_length, GUESS_BYTES)) ? INTAKE_UTF8 : INTAKE_GB18030;
}

static void
settle_dbf(const IntakeSource *source, IntakeReader *reader, size_t length)
{
	IntakeDbf  *dbf = palloc(sizeof(IntakeDbf));
	IntakeDbfFault fault = intake_dbf_read_header((unsigned char *) reader->buffer, length, reader->size, dbf);
	size_t		end;

	if (fault != INTAKE_DBF_FINE)
		refuse_dbf(source, dbf, fault, source->encoding == INTAKE_UTF8 ? INTAKE_UTF8 : INTAKE_GB18030);
	end = dbf->header_length + (size_t) dbf->records * dbf->record_length;
	if (dbf->records_held > dbf->records && end < length &&
		(reader->buffer[end] == ' ' || reader->buffer[end] == '*'))
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("DBF extract of source \"%s\" holds more than it says", source->name),
				 errdetail("Its header counts %u records, the file has room for " UINT64_FORMAT ".",
						   dbf->records, dbf->records_held),
				 errhint("The program that wrote it did not finish; let the sender write it anew.")));
	intake_reader_set_dbf(reader, dbf_encoding(source, dbf, reader->buffer, length), dbf);
}

/* ---- what the rest of intake calls ---- */

/*
 * intake_form_settle
 *		Settles how an extract is written, by its source and its first block.
 */
void
intake_form_settle(const IntakeSource *source, IntakeReader *reader)
{
	size_t		length = intake_reader_peek(reader);
	const char *data = reader->buffer;
	IntakeEncoding encoding = source->encoding;
	bool		mark8 = length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
	bool		mark_le = length >= 2 && memcmp(data, "\xff\xfe", 2) == 0;
	bool		mark_be = length >= 2 && memcmp(data, "\xfe\xff", 2) == 0;
	int			mark_length = mark_le || mark_be ? 2 : 0;
	Guess		guess;

	refuse_other_files(source, data, length);
	if (intake_dbf_looks_so((const unsigned char *) data, length))
	{
		settle_dbf(source, reader, length);
		return;
	}
	if (encoding == INTAKE_AUTO)
		encoding = mark8 ? INTAKE_UTF8 : mark_le || mark_be ? INTAKE_UTF16 :
			guess_encoding(source, data, length);
	if (encoding == INTAKE_UTF16)
		encoding = mark_be ? INTAKE_UTF16BE : mark_le ? INTAKE_UTF16LE : guess_byte_order(source, data, length);
	if (encoding == INTAKE_UTF8 || encoding == INTAKE_GB18030)
		mark_length = encoding == INTAKE_UTF8 && mark8 ? 3 : 0;
	intake_reader_set_encoding(reader, encoding, mark_length);

	guess = guess_form(source, encoding, reader->buffer + reader->start, reader->end - reader->start);
	reader->form = guess.form;
	reader->titles = guess.titles;
}

/* The names of a DBF file's fields, decoded, and which may have been cut. */
static int
dbf_names(const IntakeReader *reader, StringInfo text, IntakeSpan *fields, bool *cut)
{
	const IntakeDbf *dbf = reader->dbf;
	int			ends[INTAKE_DBF_FIELDS];

	for (int i = 0; i < dbf->field_count; i++)
	{
		const IntakeDbfField *field = &dbf->fields[i];
		size_t		half = reader->encoding == INTAKE_GB18030 ?
			intake_gb_half(field->name, field->name_length) : intake_utf8_half(field->name, field->name_length);

		intake_decode_lenient(reader->encoding, field->name, field->name_length - half, INTAKE_DBF_NAME, text);
		ends[i] = text->len;
		cut[i] = field->name_length >= INTAKE_DBF_NAME - 1;
	}
	for (int i = 0; i < dbf->field_count; i++)
	{
		int			start = i > 0 ? ends[i - 1] : 0;

		fields[i] = (IntakeSpan) {text->data + start, ends[i] - start};
	}
	return dbf->field_count;
}

/* Is a field behind the header's filled? */
static bool
surplus_is_filled(const IntakeHeader *header, const IntakeSpan *fields, int count)
{
	for (int i = header->count; i < count; i++)
		if (intake_trim(fields[i]).length > 0)
			return true;
	return false;
}

/*
 * How wide the records are that follow the header in the first block: a
 * delimiter at the end of every line makes one empty field more than there
 * are headers, and one at the end of the header line alone makes one less.
 */
static void
settle_width(IntakeReader *reader, IntakeHeader *header)
{
	int			max_fields = header->count + SURPLUS_FIELDS;
	IntakeSpan *fields = palloc(max_fields * sizeof(IntakeSpan));
	int		   *seen = palloc0(max_fields * sizeof(int));
	IntakeText	text = {CurrentMemoryContext};
	size_t		position = reader->start;
	int			records = 0;
	int			width = header->count;

	while (position < reader->end && records < WIDTH_LINES)
	{
		IntakeRecord record;
		size_t		broken_at;
		int			count;

		if (intake_split_record(reader->buffer + position, reader->end - position, reader->at_end, &reader->form, 0, &record) != INTAKE_SPLIT_RECORD)
			break;
		if (record.length > 0 && intake_decode(reader->encoding, reader->buffer + position, record.length, &text, &broken_at))
		{
			count = intake_split_fields(text.data, text.length, record.quoted, reader->form.delimiter, fields, max_fields);
			if (count < max_fields && !surplus_is_filled(header, fields, count))
				seen[count]++;
			records++;
		}
		position += record.consumed;
	}
	for (int i = 1; i < max_fields; i++)
		if (2 * seen[i] > records)
			width = i;
	if (width > header->count)
		header->surplus = width - header->count;
	else if (width < header->count)
		intake_header_narrow(header, width);
	pfree(fields);
	pfree(seen);
	if (text.data)
		pfree(text.data);
}

/*
 * intake_form_read_header
 *		Reads the header: the line that is given, or for a DBF file (line is
 *		NULL) the names of its fields.
 */
void
intake_form_read_header(const IntakeSource *source, IntakeReader *reader, const IntakeLine *line,
						IntakeHeader *header)
{
	IntakeSpan *fields = palloc(HEADER_FIELDS * sizeof(IntakeSpan));
	bool		cut[INTAKE_DBF_FIELDS];
	StringInfoData text;
	int			count;

	initStringInfo(&text);
	if (line == NULL)
		count = dbf_names(reader, &text, fields, cut);
	else
		/* a broken byte in a header spoils that header, not the file */
		count = lenient_fields(reader->encoding, reader->form.delimiter, line->data, line->length,
							   line->quoted && line->result == INTAKE_SPLIT_RECORD, &text, fields, HEADER_FIELDS);
	if (count > HEADER_FIELDS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("header line of source \"%s\" has %d fields", source->name, count),
				 errdetail("At most %d can be read.", HEADER_FIELDS)));
	intake_header_read(source, fields, count, line ? NULL : cut, header);
	pfree(fields);
	if (line)
		settle_width(reader, header);
}

/*
 * intake_form_fields
 *		The fields of a record, decoded into text.  Returns their number, which
 *		may exceed max_fields, or -1 when the record holds bytes that are no
 *		characters; then *broken_at is the offset of the first.
 */
int
intake_form_fields(IntakeReader *reader, const IntakeLine *line, IntakeText *text,
				   IntakeSpan *fields, int max_fields, size_t *broken_at)
{
	if (reader->dbf)
		return intake_decode_dbf(reader->encoding, reader->dbf, line->data, text, fields,
								 &reader->truncated, broken_at) ? reader->dbf->field_count : -1;
	if (!intake_decode(reader->encoding, line->data, line->length, text, broken_at))
		return -1;
	return intake_split_fields(text->data, text->length, line->quoted, reader->form.delimiter, fields, max_fields);
}
