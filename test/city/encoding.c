/*
 * encoding.c
 *		GB18030 by a table that ICU fills once, so that the rows themselves cost
 *		one look-up per character.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "encoding.h"

static struct
{
	uint8_t		length;
	uint8_t		bytes[4];
}			table[65536];

void
encoding_prepare(void)
{
	UErrorCode	error = U_ZERO_ERROR;
	UConverter *converter = ucnv_open("GB18030", &error);

	if (U_FAILURE(error))
	{
		fprintf(stderr, "city: ICU has no GB18030: %s\n", u_errorName(error));
		exit(1);
	}
	for (uint32_t c = 0; c < 65536; c++)
	{
		UChar		unit = (UChar) c;
		char		bytes[8];
		int32_t		length;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		error = U_ZERO_ERROR;
		length = ucnv_fromUChars(converter, bytes, sizeof(bytes), &unit, 1, &error);
		if (U_FAILURE(error) || length < 1 || length > 4)
			continue;
		table[c].length = (uint8_t) length;
		memcpy(table[c].bytes, bytes, (size_t) length);
	}
	ucnv_close(converter);
}

size_t
encode(char *out, const char *text, size_t length, int gb18030)
{
	const uint8_t *in = (const uint8_t *) text;
	const uint8_t *end = in + length;
	char	   *start = out;

	while (in < end)
	{
		uint32_t	c = *in;

		if (c < 0x80)
		{
			*out++ = c == BROKEN_BYTE ? (char) 0xff : (char) c;
			in++;
			continue;
		}
		if (!gb18030)
		{
			*out++ = (char) c;
			in++;
			continue;
		}
		if (c < 0xe0)
			c = (c & 31) << 6 | (in[1] & 63), in += 2;
		else if (c < 0xf0)
			c = (c & 15) << 12 | (uint32_t) (in[1] & 63) << 6 | (in[2] & 63), in += 3;
		else
			c = (c & 7) << 18 | (uint32_t) (in[1] & 63) << 12 | (uint32_t) (in[2] & 63) << 6 | (in[3] & 63), in += 4;
		if (c < 65536)
		{
			memcpy(out, table[c].bytes, 4);
			out += table[c].length;
		}
		else
		{
			/* characters beyond the basic plane stand in order from 90308130 on */
			c -= 65536;
			*out++ = (char) (0x90 + c / 12600);
			*out++ = (char) (0x30 + c / 1260 % 10);
			*out++ = (char) (0x81 + c / 10 % 126);
			*out++ = (char) (0x30 + c % 10);
		}
	}
	return (size_t) (out - start);
}
