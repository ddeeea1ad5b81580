/*
 * intake_decode_core.c
 *		Bytes of GB18030 and UTF-16 to UTF-8, without the server.
 *
 * GB18030 (and GBK, its subset) is decoded with ICU's tables.  The two-byte
 * half is asked of ICU once and kept, which makes a record of Chinese text
 * about as cheap as a copy; four-byte characters, rare ones, go to ICU one by
 * one.  Remapping between the editions of the standard is the business of the
 * name room.
 */
#include "postgres.h"

#include <unicode/ucnv.h>

#include "intake/intake_core.h"

#define GB_LEADS (0xfe - 0x81 + 1)
#define GB_TRAILS (0xfe - 0x40 + 1)

static UConverter *gb_converter = NULL;
static uint16 gb_table[GB_LEADS][GB_TRAILS];	/* 0: not a character */

/* Writes a code point, which is no surrogate; returns the byte behind it. */
static inline char *
put_utf8(char *out, uint32 c)
{
	if (c < 0x80)
		*out++ = (char) c;
	else if (c < 0x800)
	{
		*out++ = (char) (0xc0 | (c >> 6));
		*out++ = (char) (0x80 | (c & 0x3f));
	}
	else if (c < 0x10000)
	{
		*out++ = (char) (0xe0 | (c >> 12));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3f));
		*out++ = (char) (0x80 | (c & 0x3f));
	}
	else
	{
		*out++ = (char) (0xf0 | (c >> 18));
		*out++ = (char) (0x80 | ((c >> 12) & 0x3f));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3f));
		*out++ = (char) (0x80 | (c & 0x3f));
	}
	return out;
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

/*
 * intake_gb_prepare
 *		Makes the tables, once.  Returns NULL, or why ICU would not.
 */
const char *
intake_gb_prepare(void)
{
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter;

	if (gb_converter != NULL)
		return NULL;
	converter = ucnv_open("gb18030", &status);
	if (U_SUCCESS(status))
		ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
	if (U_FAILURE(status))
		return u_errorName(status);
	gb_converter = converter;
	for (int lead = 0; lead < GB_LEADS; lead++)
		for (int trail = 0; trail < GB_TRAILS; trail++)
		{
			char		bytes[2] = {(char) (lead + 0x81), (char) (trail + 0x40)};

			gb_table[lead][trail] = trail + 0x40 == 0x7f ? 0 : (uint16) gb_ask_icu(bytes, 2);
		}
	return NULL;
}

/*
 * intake_gb_decode
 *		Decodes from *from on.  Stops at end, or at the first byte that is no
 *		character (returns false, *from at that byte).  *to must have room for
 *		twice the bytes; intake_gb_prepare() has been called.
 */
bool
intake_gb_decode(const unsigned char **from, const unsigned char *end, char **to)
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

/*
 * intake_gb_half
 *		Bytes at the end of a text that begin a character of GB18030 and do
 *		not finish it.
 */
size_t
intake_gb_half(const char *bytes, size_t length)
{
	size_t		i = 0;

	while (i < length)
	{
		unsigned char c = (unsigned char) bytes[i];
		size_t		width = 1;

		if (c >= 0x81 && c <= 0xfe)
			width = i + 1 < length && (unsigned char) bytes[i + 1] >= 0x30 &&
				(unsigned char) bytes[i + 1] <= 0x39 ? 4 : 2;
		if (i + width > length)
			return length - i;
		i += width;
	}
	return 0;
}

/* The same for UTF-8. */
size_t
intake_utf8_half(const char *bytes, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++)
	{
		unsigned char c = (unsigned char) bytes[length - back];

		if (c >= 0xc2 && c <= 0xf4)
			return back < (size_t) (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) ? back : 0;
		if (c < 0x80 || c > 0xbf)
			return 0;
	}
	return 0;
}

static inline uint32
utf16_unit(const unsigned char *p, bool big_endian)
{
	return big_endian ? (uint32) p[0] << 8 | p[1] : (uint32) p[1] << 8 | p[0];
}

/*
 * intake_utf16_decode
 *		Turns UTF-16 into UTF-8.  Returns how many bytes were written; *used
 *		says how many were read: all but an unfinished character, and at the
 *		end of the extract all but an odd byte.  out has room for twice the
 *		bytes.
 *
 * Half of a surrogate pair is written the way a three-byte character would be.
 * That is no UTF-8, so that its record is found to be broken, and still tells
 * what was there.
 */
size_t
intake_utf16_decode(const unsigned char *bytes, size_t length, bool big_endian, bool at_end,
					char *out, size_t *used)
{
	const unsigned char *p = bytes;
	const unsigned char *end = bytes + length;
	char	   *start = out;

	while (end - p >= 2)
	{
		uint32		c = utf16_unit(p, big_endian);

		if (c >= 0xd800 && c <= 0xdbff)
		{
			uint32		low;

			if (end - p < 4 && !at_end)
				break;
			low = end - p < 4 ? 0 : utf16_unit(p + 2, big_endian);
			if (low >= 0xdc00 && low <= 0xdfff)
			{
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				p += 2;
			}
		}
		p += 2;
		out = put_utf8(out, c);
	}
	*used = p - bytes;
	return out - start;
}

/*
 * intake_utf16_length
 *		Bytes that a text made by intake_utf16_decode() had in UTF-16.
 */
size_t
intake_utf16_length(const char *text, size_t length)
{
	size_t		units = 0;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		/* a character counts at its first byte, a pair twice */
		units += (c & 0xc0) != 0x80;
		units += c >= 0xf0 && c <= 0xf4;
	}
	return 2 * units;
}

/*
 * intake_utf16_encode
 *		The bytes that intake_utf16_decode() has read, from what it wrote; out
 *		has room for twice the text.  Returns their number.
 *
 * Where an odd byte ended the extract, the text ends in 0xff.
 */
size_t
intake_utf16_encode(const char *text, size_t length, bool big_endian, unsigned char odd, unsigned char *out)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + length;
	unsigned char *start = out;

	while (p < end)
	{
		int			width = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
		uint32		c = width == 1 ? *p : *p & (0x7f >> width);
		uint32		units[2];
		int			count = 1;

		if (*p == 0xff)
		{
			*out++ = odd;
			p++;
			continue;
		}
		/* the text may have been cut */
		if (width > end - p)
			break;
		for (int i = 1; i < width; i++)
			c = c << 6 | (p[i] & 0x3f);
		p += width;
		units[0] = c;
		if (c >= 0x10000)
		{
			units[0] = 0xd800 + ((c - 0x10000) >> 10);
			units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
			count = 2;
		}
		for (int i = 0; i < count; i++)
		{
			*out++ = (unsigned char) (big_endian ? units[i] >> 8 : units[i]);
			*out++ = (unsigned char) (big_endian ? units[i] : units[i] >> 8);
		}
	}
	return out - start;
}
