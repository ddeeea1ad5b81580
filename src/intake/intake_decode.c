/*
 * intake_decode.c
 *		Encodings of extracts.
 *
 * GB18030 (and GBK, its subset) is decoded with ICU's tables.  The two-byte
 * half is asked of ICU once and kept, which makes a record of Chinese text
 * about as cheap as a copy; four-byte characters, rare ones, go to ICU one by
 * one.  Remapping between the editions of the standard is the business of the
 * name room.
 */
#include "postgres.h"

#include <unicode/ucnv.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "intake/intake.h"

#define GB_LEADS (0xfe - 0x81 + 1)
#define GB_TRAILS (0xfe - 0x40 + 1)

static UConverter *gb_converter = NULL;
static uint16 gb_table[GB_LEADS][GB_TRAILS];	/* 0: not a character */

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

/* One character by ICU; 0 when the bytes are none. */
static uint32
gb_ask_icu(const char *bytes, int length)
{
	UErrorCode	status = U_ZERO_ERROR;
	UChar		units[4];
	int			count;

	ucnv_resetToUnicode(gb_converter);
	count = ucnv_toUChars(gb_converter, units, lengthof(units), bytes, length, &status);
	if (U_FAILURE(status) || count < 1 || count > 2)
		return 0;
	if (count == 2)
		return U16_IS_SURROGATE_LEAD(units[0]) ? U16_GET_SUPPLEMENTARY(units[0], units[1]) : 0;
	return U16_IS_SURROGATE(units[0]) ? 0 : units[0];
}

static void
gb_prepare(void)
{
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter;

	if (gb_converter != NULL)
		return;
	converter = ucnv_open("gb18030", &status);
	if (U_SUCCESS(status))
		ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
	if (U_FAILURE(status))
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("could not open the ICU converter for \"%s\": %s", "gb18030", u_errorName(status))));
	gb_converter = converter;
	for (int lead = 0; lead < GB_LEADS; lead++)
		for (int trail = 0; trail < GB_TRAILS; trail++)
		{
			char		bytes[2] = {(char) (lead + 0x81), (char) (trail + 0x40)};

			gb_table[lead][trail] = trail + 0x40 == 0x7f ? 0 : (uint16) gb_ask_icu(bytes, 2);
		}
}

static inline char *
put_utf8(char *out, uint32 c)
{
	unicode_to_utf8(c, (unsigned char *) out);
	return out + pg_utf_mblen((unsigned char *) out);
}

/*
 * Decodes from *p on.  Stops at end, or at the first byte that is no character
 * (returns false, *p at that byte).  out must have room for twice the bytes.
 */
static bool
gb_decode(const unsigned char **from, const unsigned char *end, char **to)
{
	const unsigned char *p = *from;
	char	   *out = *to;
	bool		whole = true;

	while (p < end)
	{
		uint32		c;

		if (*p < 0x80)
		{
			*out++ = (char) *p++;
			continue;
		}
		if (*p == 0x80 || *p == 0xff || end - p < 2)
		{
			whole = false;
			break;
		}
		if (p[1] >= 0x40 && p[1] != 0xff)
		{
			c = gb_table[p[0] - 0x81][p[1] - 0x40];
			if (c == 0)
			{
				whole = false;
				break;
			}
			if (c >= 0x800)
			{
				*out++ = (char) (0xe0 | (c >> 12));
				*out++ = (char) (0x80 | ((c >> 6) & 0x3f));
				*out++ = (char) (0x80 | (c & 0x3f));
			}
			else
				out = put_utf8(out, c);
			p += 2;
			continue;
		}
		c = end - p >= 4 ? gb_ask_icu((const char *) p, 4) : 0;
		if (c == 0)
		{
			whole = false;
			break;
		}
		out = put_utf8(out, c);
		p += 4;
	}
	*from = p;
	*to = out;
	return whole;
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
	const char *zero = memchr(bytes, '\0', length);

	text_reserve(text, 2 * length + 8);
	if (encoding == INTAKE_GB18030)
	{
		const unsigned char *p = (const unsigned char *) bytes;
		char	   *out = text->data;
		bool		whole;

		gb_prepare();
		whole = gb_decode(&p, p + length, &out);
		text->length = out - text->data;
		*broken_at = (const char *) p - bytes;
		if (whole && zero == NULL)
			return true;
	}
	else
	{
		int			valid = pg_encoding_verifymbstr(PG_UTF8, bytes, (int) length);

		*broken_at = valid;
		memcpy(text->data, bytes, length);
		text->length = length;
		if ((size_t) valid == length)
			return true;
	}
	if (zero)
		*broken_at = Min(*broken_at, (size_t) (zero - bytes));
	return false;
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
			gb_decode(&from, (const unsigned char *) stop, &out);
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
			p++;
		}
	}
	if (end < bytes + length)
		appendStringInfoString(text, "…");
	if (piece.data)
		pfree(piece.data);
}
