/*
 * Decoding and splitting: an extract in any encoding and form is cut into
 * records that cover it without gap or overlap, whatever the size of the
 * blocks it is read in, and records into fields that lie inside them.
 */
#include "fuzz.h"

#include "intake/intake_core.h"

static const char delimiters[] = {',', '\t', '|', '\x01', ';'};

/* Fields lie inside the record, one behind the other. */
static void
check_fields(char *text, size_t length, bool quoted, char delimiter)
{
	IntakeSpan	fields[16];
	const char *last = text;
	size_t		delimiters_seen = 0;
	int			count;

	for (size_t i = 0; i < length; i++)
		delimiters_seen += text[i] == delimiter;
	count = intake_split_fields(text, length, quoted, delimiter, fields, 16);
	MUST(count >= 1 && (size_t) count <= delimiters_seen + 1);
	MUST(quoted || (size_t) count == delimiters_seen + 1);
	for (int i = 0; i < Min(count, 16); i++)
	{
		MUST(fields[i].data >= last && fields[i].data + fields[i].length <= text + length);
		last = fields[i].data + fields[i].length;
		(void) intake_trim(fields[i]);
		(void) intake_is_total_line(intake_trim(fields[i]));
	}
}

static void
check_record(const char *bytes, size_t length, bool gb18030, bool quoted, char delimiter)
{
	char	   *text = malloc(2 * length + 8);
	size_t		decoded = length;

	if (gb18030)
	{
		char	   *copy = exact_copy(bytes, length);
		const unsigned char *from = (const unsigned char *) copy;
		char	   *to = text;
		bool		whole = intake_gb_decode(&from, from + length, &to);

		decoded = to - text;
		MUST(decoded <= 2 * length + 8 && is_utf8(text, decoded));
		MUST(whole == ((const char *) from == copy + length));
		MUST(intake_gb_half(copy, length) <= 3);
		if (whole)
			MUST(intake_gb_half(copy, length) == 0);
		free(copy);
	}
	else
	{
		memcpy(text, bytes, length);
		MUST(intake_utf8_half(bytes, length) <= 3);
		if (is_utf8(bytes, length))
			MUST(intake_utf8_half(bytes, length) == 0);
	}
	{
		char	   *exact = exact_copy(text, decoded);

		check_fields(exact, decoded, quoted, delimiter);
		free(exact);
	}
	free(text);
}

/* What was read as UTF-16 can be written back. */
static void
check_utf16(const uint8_t *data, size_t size, bool big_endian, bool at_end)
{
	size_t		used;
	char	   *text = malloc(2 * size + 8);
	size_t		length = intake_utf16_decode(data, size, big_endian, at_end, text, &used);
	unsigned char *back = malloc(2 * length + 8);

	MUST(used <= size && size - used <= (at_end ? 1 : 3) && length <= 2 * size);
	MUST(intake_utf16_length(text, length) == used);
	MUST(intake_utf16_encode(text, length, big_endian, 0, back) == used);
	MUST(memcmp(back, data, used) == 0);
	free(back);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IntakeForm	form;
	bool		gb18030;
	int			expected;
	size_t		block;
	size_t		position = 0;
	size_t		visible;

	MUST(intake_gb_prepare() == NULL);
	if (size < 3)
		return 0;
	gb18030 = data[0] & 1;
	form.delimiter = delimiters[(data[0] >> 1) % 5];
	form.quotes = (data[0] & 0x10) == 0;
	form.double_bytes = gb18030 && form.delimiter == '|';
	expected = data[1] % 8;
	block = 1 + data[2];
	data += 3;
	size -= 3;
	if (data[-3] & 0x20)
		check_utf16(data, size, data[-3] & 0x40, data[-3] & 0x80);

	visible = Min(block, size);
	while (position < size)
	{
		/* the splitter sees no byte behind the block */
		char	   *buffer = exact_copy(data + position, visible - position);
		bool		at_end = visible == size;
		IntakeRecord record;
		IntakeSplit result = intake_split_record(buffer, visible - position, at_end, &form, expected, &record);

		if (result == INTAKE_SPLIT_MORE)
		{
			MUST(!at_end);
			visible = Min(visible + block, size);
		}
		else
		{
			IntakeRecord again;

			MUST(result == INTAKE_SPLIT_RECORD || result == INTAKE_SPLIT_QUOTE);
			MUST(record.consumed > 0 && record.consumed <= visible - position && record.length <= record.consumed);
			MUST(record.lines >= 1 && (record.lines == 1 || record.quoted));
			/* the same record, had all been there at once */
			MUST(intake_split_record((const char *) data + position, size - position, true, &form, expected, &again) == result);
			MUST(again.length == record.length && again.consumed == record.consumed && again.lines == record.lines);
			check_record(buffer, record.length, gb18030, result == INTAKE_SPLIT_RECORD && record.quoted, form.delimiter);
			position += record.consumed;
			visible = Max(visible, position);
			if (visible == position)
				visible = Min(visible + block, size);
		}
		free(buffer);
	}
	return 0;
}
