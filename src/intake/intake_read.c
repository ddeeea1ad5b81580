/*
 * intake_read.c
 *		Bytes of an extract, from a server file or a value, record by record.
 *
 * Everything read passes through SHA-256.  UTF-16 is turned into UTF-8 here,
 * so that the splitter sees single-byte delimiters and line ends; half of a
 * surrogate pair becomes bytes that no UTF-8 text holds, and its record is
 * then rejected like any other with a broken byte.  Records of a DBF file are
 * counted off instead of split.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "intake/intake.h"

#define READ_BLOCK ((size_t) 256 * 1024)

static void
reader_prepare(IntakeReader *reader)
{
	reader->hash = pg_cryptohash_create(PG_SHA256);
	if (reader->hash == NULL || pg_cryptohash_init(reader->hash) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute %s hash: %s", "SHA256",
						reader->hash ? pg_cryptohash_error(reader->hash) : "out of memory")));
	reader->capacity = 2 * READ_BLOCK;
	reader->buffer = palloc(reader->capacity);
	reader->line_no = 1;
	reader->encoding = INTAKE_AUTO;
	reader->form = (IntakeForm) {',', true, false};
}

static FILE *
open_file(const char *path, uint64 *size)
{
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	struct stat status;

	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open extract \"%s\" for reading: %m", path),
				 errhint("The file is read by the server: it must lie on the server's machine, and the server's user must be able to read it.")));
	if (fstat(fileno(file), &status) < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not stat extract \"%s\": %m", path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("extract \"%s\" is not a regular file", path)));
	*size = status.st_size;
	return file;
}

void
intake_reader_open_file(IntakeReader *reader, const char *path)
{
	memset(reader, 0, sizeof(*reader));
	reader->path = path;
	reader->file = open_file(path, &reader->size);
	reader_prepare(reader);
}

void
intake_reader_open_memory(IntakeReader *reader, const char *data, size_t length)
{
	memset(reader, 0, sizeof(*reader));
	reader->memory = data;
	reader->memory_left = length;
	reader->size = length;
	reader_prepare(reader);
}

/* Reads up to size bytes of the extract; 0 at its end. */
static size_t
read_raw(IntakeReader *reader, void *destination, size_t size)
{
	size_t		got;

	if (reader->source_ended)
		return 0;
	if (reader->file)
	{
		got = fread(destination, 1, size, reader->file);
		if (ferror(reader->file))
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read extract \"%s\": %m", reader->path)));
	}
	else
	{
		got = Min(size, reader->memory_left);
		memcpy(destination, reader->memory, got);
		reader->memory += got;
		reader->memory_left -= got;
	}
	if (got == 0)
		reader->source_ended = true;
	else if (pg_cryptohash_update(reader->hash, destination, got) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute %s hash: %s", "SHA256", pg_cryptohash_error(reader->hash))));
	reader->total += got;
	return got;
}

/*
 * Turns UTF-16 into UTF-8.  Keeps an unfinished character in pending.  out has
 * room for twice the input and a few more.
 */
static size_t
utf16_to_utf8(IntakeReader *reader, const unsigned char *bytes, size_t length, bool at_end, char *out)
{
	size_t		used;
	size_t		written = intake_utf16_decode(bytes, length, reader->encoding == INTAKE_UTF16BE, at_end, out, &used);

	reader->pending_length = length - used;
	memcpy(reader->pending, bytes + used, reader->pending_length);
	return written;
}

static bool
is_utf16(IntakeEncoding encoding)
{
	return encoding == INTAKE_UTF16LE || encoding == INTAKE_UTF16BE;
}

/* Reads and converts a block of UTF-16 to the end of the buffer. */
static void
fill_utf16(IntakeReader *reader)
{
	unsigned char raw[8192 + 4];
	size_t		kept = reader->pending_length;
	size_t		got;

	memcpy(raw, reader->pending, kept);
	got = read_raw(reader, raw + kept, 8192);
	reader->end += utf16_to_utf8(reader, raw, kept + got, got == 0, reader->buffer + reader->end);
	if (got == 0 && reader->pending_length > 0)
	{
		/* half a unit ends the extract */
		reader->odd = reader->pending[0];
		reader->buffer[reader->end++] = (char) 0xff;
		reader->pending_length = 0;
	}
}

/* Makes the buffer hold more; sets at_end when there is no more. */
static void
fill(IntakeReader *reader)
{
	size_t		held = reader->end - reader->start;

	CHECK_FOR_INTERRUPTS();
	if (reader->start > 0)
	{
		memmove(reader->buffer, reader->buffer + reader->start, held);
		reader->start = 0;
		reader->end = held;
	}
	/* a record that does not fit doubles the buffer, so that rescans stay linear */
	if (held > reader->capacity / 2)
	{
		reader->capacity *= 2;
		reader->buffer = repalloc(reader->buffer, reader->capacity);
	}
	if (is_utf16(reader->encoding))
	{
		while (!reader->source_ended && reader->capacity - reader->end > 4 * 8192)
			fill_utf16(reader);
	}
	else
		while (!reader->source_ended && reader->end < reader->capacity)
			reader->end += read_raw(reader, reader->buffer + reader->end, reader->capacity - reader->end);
	reader->at_end = reader->source_ended && reader->pending_length == 0;
}

/*
 * intake_reader_peek
 *		Reads the first block, as it is, for the guess of the encoding;
 *		returns how much there is.
 */
size_t
intake_reader_peek(IntakeReader *reader)
{
	reader->end += read_raw(reader, reader->buffer, READ_BLOCK);
	return reader->end;
}

/*
 * intake_reader_set_encoding
 *		Settles the encoding after the peek and drops the byte-order mark.
 */
void
intake_reader_set_encoding(IntakeReader *reader, IntakeEncoding encoding, int mark_length)
{
	reader->encoding = encoding;
	reader->start = mark_length;
	reader->position = mark_length;
	if (is_utf16(encoding))
	{
		size_t		length = reader->end - mark_length;
		unsigned char *raw = palloc(length + 1);

		memcpy(raw, reader->buffer + mark_length, length);
		reader->start = 0;
		reader->end = utf16_to_utf8(reader, raw, length, false, reader->buffer);
		pfree(raw);
	}
}

/*
 * intake_reader_set_dbf
 *		Says after the peek that the extract is a DBF file.
 */
void
intake_reader_set_dbf(IntakeReader *reader, IntakeEncoding encoding, IntakeDbf *dbf)
{
	reader->encoding = encoding;
	reader->dbf = dbf;
	reader->start = dbf->header_length;
	reader->position = dbf->header_length;
	reader->truncated.fields = palloc(dbf->field_count * sizeof(int));
}

/* Bytes of the extract that a piece of the buffer was made of. */
static inline size_t
bytes_of(const IntakeReader *reader, const char *data, size_t length)
{
	return is_utf16(reader->encoding) ? intake_utf16_length(data, length) : length;
}

/* Passes over what has been read of the buffer. */
static inline void
consume(IntakeReader *reader, size_t length)
{
	reader->position += bytes_of(reader, reader->buffer + reader->start, length);
	reader->start += length;
}

/* Drops the rest of a line that is too long to be kept. */
static void
skip_line(IntakeReader *reader)
{
	for (;;)
	{
		char	   *data = reader->buffer + reader->start;
		size_t		length = reader->end - reader->start;
		char	   *newline = memchr(data, '\n', length);
		char	   *carriage = memchr(data, '\r', newline ? newline - data : length);
		size_t		used = length;

		if (carriage && carriage == data + length - 1 && !reader->at_end)
		{
			/* its LF may be in the next block */
			consume(reader, length - 1);
			fill(reader);
			continue;
		}
		if (carriage)
			used = carriage - data + (carriage + 1 == newline ? 2 : 1);
		else if (newline)
			used = newline - data + 1;
		consume(reader, used);
		if (carriage || newline || reader->at_end)
			return;
		fill(reader);
	}
}

/* The next record of a DBF file; its line is its number, the header's is 1. */
static bool
next_dbf_record(IntakeReader *reader, IntakeLine *line)
{
	size_t		length = reader->dbf->record_length;

	if (reader->dbf_record == reader->dbf->records)
		return false;
	while (reader->end - reader->start < length)
	{
		if (reader->at_end)
			ereport(ERROR,
					(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
					 errmsg("DBF extract ended while it was read")));
		fill(reader);
	}
	line->result = INTAKE_SPLIT_RECORD;
	line->mark = reader->buffer[reader->start];
	line->data = reader->buffer + reader->start + 1;
	line->length = length - 1;
	line->quoted = false;
	line->position = reader->position + 1;
	line->line_no = ++reader->dbf_record + 1;
	consume(reader, length);
	return true;
}

/*
 * intake_reader_next
 *		The next record that is not a blank line; false at the end.
 *
 * The record stays valid until the next call.  Of a line that is too long the
 * first part is given.
 */
bool
intake_reader_next(IntakeReader *reader, int expected_fields, IntakeLine *line)
{
	if (reader->dbf)
		return next_dbf_record(reader, line);
	for (;;)
	{
		size_t		length = reader->end - reader->start;
		IntakeRecord record;

		if (length == 0 && reader->at_end)
			return false;
		line->result = length == 0 ? INTAKE_SPLIT_MORE :
			intake_split_record(reader->buffer + reader->start, length, reader->at_end,
								&reader->form, expected_fields, &record);
		if (line->result == INTAKE_SPLIT_MORE)
		{
			fill(reader);
			continue;
		}
		line->data = reader->buffer + reader->start;
		line->mark = ' ';
		line->line_no = reader->line_no;
		line->position = reader->position;
		if (line->result == INTAKE_SPLIT_LONG)
		{
			/* the head must survive the skipping */
			line->length = 4096;
			line->quoted = false;
			line->data = memcpy(palloc(line->length), line->data, line->length);
			skip_line(reader);
			reader->line_no++;
			return true;
		}
		line->length = record.length;
		line->quoted = record.quoted;
		consume(reader, record.consumed);
		reader->line_no += record.lines;
		if (line->length > 0)
			return true;
	}
}

/*
 * intake_reader_offset
 *		How many bytes of the extract precede a place in a record.
 */
size_t
intake_reader_offset(const IntakeReader *reader, const IntakeLine *line, size_t at)
{
	return bytes_of(reader, line->data, at);
}

/*
 * intake_reader_bytes
 *		The first bytes of a record as they are in the extract, as bytea.
 */
Datum
intake_reader_bytes(const IntakeReader *reader, const IntakeLine *line, size_t length)
{
	bytea	   *bytes = palloc(VARHDRSZ + 2 * length + 1);

	if (is_utf16(reader->encoding))
		length = intake_utf16_encode(line->data, length, reader->encoding == INTAKE_UTF16BE, reader->odd,
									 (unsigned char *) VARDATA(bytes));
	else
		memcpy(VARDATA(bytes), line->data, length);
	SET_VARSIZE(bytes, VARHDRSZ + length);
	return PointerGetDatum(bytes);
}

/*
 * intake_reader_close
 *		Reads what may be left, gives the hash and releases the file.
 */
void
intake_reader_close(IntakeReader *reader, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	while (!reader->source_ended)
		read_raw(reader, reader->buffer, reader->capacity);
	if (pg_cryptohash_final(reader->hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute %s hash: %s", "SHA256", pg_cryptohash_error(reader->hash))));
	pg_cryptohash_free(reader->hash);
	if (reader->file)
		FreeFile(reader->file);
	pfree(reader->buffer);
}

/* Size of a server file, with the errors of opening it. */
int64
intake_file_size(const char *path)
{
	uint64		size;

	FreeFile(open_file(path, &size));
	return (int64) size;
}

/* SHA-256 of a server file. */
void
intake_file_digest(const char *path, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	IntakeReader reader;

	intake_reader_open_file(&reader, path);
	while (read_raw(&reader, reader.buffer, reader.capacity) > 0)
		CHECK_FOR_INTERRUPTS();
	intake_reader_close(&reader, digest);
}
