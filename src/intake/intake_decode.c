/*
 * intake_decode.c
 *		Encodings of extracts: a record, or a field of it, to UTF-8.
 *
 * The tables are those of intake_decode_core.c.  The server's converters are
 * not used: they have no GB18030 beyond the table of 2000, lose characters of
 * GBK, and give up a file for one byte.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "intake/intake.h"

IntakeEncoding
intake_encoding_from_name(const char *name)
{
	if (strcmp(name, "UTF-8") == 0)
		return INTAKE_UTF8;
	if (strcmp(name, "GB18030") == 0 || strcmp(name, "GBK") == 0)
		return INTAKE_GB18030;
	if (strcmp(name, "UTF-16") == 0)
		return INTAKE_UTF16;
	return INTAKE_AUTO;
}

const char *
intake_encoding_name(IntakeEncoding encoding)
{
	switch (encoding)
	{
		case INTAKE_UTF8:
			return "UTF-8";
		case INTAKE_GB18030:
			return "GB18030";
		case INTAKE_UTF16:
		case INTAKE_UTF16LE:
		case INTAKE_UTF16BE:
			return "UTF-16";
		default:
			return "auto";
	}
}

static void
gb_prepare(void)
{
	const char *problem = intake_gb_prepare();

	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("could not open the ICU converter for \"%s\": %s", "gb18030", problem)));
}

static void
text_reserve(IntakeText *text, size_t capacity)
{
	if (text->capacity >= capacity)
		return;
	capacity = Max(capacity, 8192);
	if (text->data)
		pfree(text->data);
	text->data = MemoryContextAlloc(text->memory, capacity);
	text->capacity = capacity;
}

/* Appends the decoded bytes to the text, in which there is room. */
static bool
decode_piece(IntakeEncoding encoding, const char *bytes, size_t length,
			 IntakeText *text, size_t *broken_at)
{
	char	   *out = text->data + text->length;

	if (encoding == INTAKE_GB18030)
	{
		const char *zero = memchr(bytes, '\0', length);
		const unsigned char *p = (const unsigned char *) bytes;
		bool		whole;

		gb_prepare();
		whole = intake_gb_decode(&p, p + length, &out);
		text->length = out - text->data;
		*broken_at = (const char *) p - bytes;
		if (zero)
			*broken_at = Min(*broken_at, (size_t) (zero - bytes));
		return whole && zero == NULL;
	}
	/* this check refuses NUL as well */
	*broken_at = pg_encoding_verifymbstr(PG_UTF8, bytes, (int) length);
	memcpy(out, bytes, length);
	text->length += length;
	return *broken_at == length;
}

/*
 * intake_decode
 *		Decodes one record to UTF-8, in text.
 *
 * Returns false when it holds bytes that are no characters, or NUL; then
 * *broken_at is the offset of the first.  (UTF-16 reaches here as UTF-8, see
 * intake_read.c.)
 */
bool
intake_decode(IntakeEncoding encoding, const char *bytes, size_t length,
			  IntakeText *text, size_t *broken_at)
{
	text_reserve(text, 2 * length + 8);
	text->length = 0;
	return decode_piece(encoding, bytes, length, text, broken_at);
}

/*
 * intake_decode_dbf
 *		Decodes the fields of a DBF record, each for itself: half a character
 *		at the end of one must not take the start of the next.
 *
 * Text that fills its field and ends in half a character was cut there; the
 * half goes, and the field is noted in truncated.  Results as above.
 */
bool
intake_decode_dbf(IntakeEncoding encoding, const IntakeDbf *dbf, const char *record,
				  IntakeText *text, IntakeSpan *fields, IntakeTruncated *truncated, size_t *broken_at)
{
	text_reserve(text, 2 * (size_t) dbf->record_length + 8);
	text->length = 0;
	truncated->count = 0;
	for (int i = 0; i < dbf->field_count; i++)
	{
		bool		full;
		IntakeSpan	value = intake_dbf_value(&dbf->fields[i], record, &full);
		size_t		half = !full ? 0 : encoding == INTAKE_GB18030 ?
			intake_gb_half(value.data, value.length) : intake_utf8_half(value.data, value.length);
		size_t		start = text->length;

		if (half > 0)
			truncated->fields[truncated->count++] = i;
		if (!decode_piece(encoding, value.data, value.length - half, text, broken_at))
		{
			*broken_at += value.data - record;
			return false;
		}
		fields[i] = (IntakeSpan) {text->data + start, text->length - start};
	}
	return true;
}

/* Skips a byte that is no character, and what belonged to it in UTF-8. */
static const char *
skip_broken(IntakeEncoding encoding, const char *p, const char *end)
{
	unsigned char lead = (unsigned char) *p++;

	if (encoding != INTAKE_GB18030 && lead >= 0xc0 && lead != 0xff)
		while (p < end && ((unsigned char) *p & 0xc0) == 0x80)
			p++;
	return p;
}

/*
 * intake_decode_lenient
 *		Appends what can be read of a record, U+FFFD for the rest; at most
 *		about limit bytes of input are looked at.
 */
void
intake_decode_lenient(IntakeEncoding encoding, const char *bytes, size_t length,
					  size_t limit, StringInfo text)
{
	const char *p = bytes;
	const char *end = bytes + Min(length, limit);
	IntakeText	piece = {CurrentMemoryContext};

	while (p < end)
	{
		const char *zero = memchr(p, '\0', end - p);
		const char *stop = zero ? zero : end;

		if (encoding == INTAKE_GB18030)
		{
			const unsigned char *from = (const unsigned char *) p;
			char	   *out;

			gb_prepare();
			text_reserve(&piece, 2 * (stop - p) + 8);
			out = piece.data;
			intake_gb_decode(&from, (const unsigned char *) stop, &out);
			appendBinaryStringInfo(text, piece.data, out - piece.data);
			p = (const char *) from;
		}
		else
		{
			int			valid = pg_encoding_verifymbstr(PG_UTF8, p, (int) (stop - p));

			appendBinaryStringInfo(text, p, valid);
			p += valid;
		}
		/* the limit may have cut a character */
		if (end < bytes + length && end - p < 4)
			break;
		if (p < end)
		{
			appendStringInfoString(text, "\xef\xbf\xbd");
			p = skip_broken(encoding, p, end);
		}
	}
	if (end < bytes + length)
		appendStringInfoString(text, "…");
	if (piece.data)
		pfree(piece.data);
}
