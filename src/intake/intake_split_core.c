/*
 * intake_split_core.c
 *		Splitting of an extract into records and of records into fields.
 *
 * Works on bytes in any encoding in which the bytes of the delimiter, the
 * quote and the line ends stand for nothing else: UTF-8, and GB18030, whose
 * trailing bytes start at 0x30.  The one delimiter that is a trailing byte of
 * GB18030, the vertical bar, needs double_bytes as long as the text is not
 * decoded.
 *
 * The server's own CSV reader is not used: it aborts a file on mixed line
 * ends, ends silently at a line "\.", and lets one open quote swallow the rest
 * of the file.  Feeding it single records would copy every byte twice more.
 *
 * A field is quoted when its first character is a quote.  Inside, two quotes
 * stand for one; what follows the closing quote must be a delimiter or the end
 * of the record, blanks aside.  A quote elsewhere is an ordinary character.
 */
#include "postgres.h"

#include "intake/intake_core.h"

/* Lines are looked through in pieces: few bytes are read twice. */
#define LINE_PIECE ((size_t) 512)

enum SplitState
{
	FIELD_START,				/* nothing of the field seen but blanks */
	FIELD_PLAIN,
	FIELD_QUOTED,				/* between the quotes */
	FIELD_CLOSED				/* after a quote that may have been the last */
};

static inline bool
is_blank(char c, char delimiter)
{
	return c == ' ' || (c == '\t' && delimiter != '\t');
}

/*
 * Length of the line end at position, 0 when there is none, -1 when the buffer
 * ends after a CR that may be the first half of one.
 */
static int
line_end_length(const char *buffer, size_t length, size_t position, bool at_end)
{
	if (buffer[position] == '\n')
		return 1;
	if (buffer[position] != '\r')
		return 0;
	if (position + 1 < length)
		return buffer[position + 1] == '\n' ? 2 : 1;
	return at_end ? 1 : -1;
}

/* Position of the first CR or LF, length when there is none. */
static size_t
find_line_end(const char *buffer, size_t length)
{
	for (size_t start = 0; start < length; start += LINE_PIECE)
	{
		size_t		piece = Min(LINE_PIECE, length - start);
		const char *newline = memchr(buffer + start, '\n', piece);
		const char *carriage = memchr(buffer + start, '\r', newline ? (size_t) (newline - buffer) - start : piece);

		if (carriage)
			return carriage - buffer;
		if (newline)
			return newline - buffer;
	}
	return length;
}

/*
 * Finds the end of the first physical line.  Sets length, consumed and lines
 * of the record.
 */
static IntakeSplit
find_line(const char *buffer, size_t length, bool at_end, IntakeRecord *record)
{
	size_t		end = find_line_end(buffer, length);
	int			width = 0;

	if (end < length)
	{
		width = line_end_length(buffer, length, end, at_end);
		if (width < 0)
			return INTAKE_SPLIT_MORE;
	}
	else if (!at_end)
		return length > INTAKE_RECORD_LIMIT ? INTAKE_SPLIT_LONG : INTAKE_SPLIT_MORE;

	record->length = end;
	record->consumed = end + width;
	record->lines = 1;
	return end > INTAKE_RECORD_LIMIT ? INTAKE_SPLIT_LONG : INTAKE_SPLIT_RECORD;
}

/*
 * State after an ordinary character (no line end, not inside quotes).  Clears
 * *sound when the character cannot stand there.
 */
static enum SplitState
next_state(enum SplitState state, char delimiter, char c, char before, bool *sound)
{
	bool		blank = is_blank(c, delimiter);

	if (c == delimiter)
		return FIELD_START;
	if (c == '"' && (state == FIELD_START || (state == FIELD_CLOSED && before == '"')))
		return FIELD_QUOTED;
	if (state == FIELD_CLOSED)
		*sound = blank;
	else if (!blank)
		return FIELD_PLAIN;
	return state;
}

/* Is there a two-byte character of GB18030 whose second byte might mislead? */
static inline bool
is_double_byte(const IntakeForm *form, const char *buffer, size_t limit, size_t position)
{
	return form->double_bytes && IS_HIGHBIT_SET(buffer[position]) &&
		position + 1 < limit && (unsigned char) buffer[position + 1] >= 0x40;
}

/*
 * Walks a record with quotes to its end.  Returns false in *balanced when the
 * quotes do not come out even, or only so that the record has the wrong number
 * of fields.
 */
static IntakeSplit
walk_quoted(const char *buffer, size_t length, bool at_end, const IntakeForm *form,
			int expected_fields, IntakeRecord *record, bool *balanced)
{
	enum SplitState state = FIELD_START;
	size_t		limit = Min(length, INTAKE_RECORD_LIMIT);
	bool		sound = true;
	int			fields = 1;
	int			width = 0;
	size_t		i = 0;

	*balanced = false;
	record->lines = 1;
	while (i < limit)
	{
		char		c = buffer[i];

		if (is_double_byte(form, buffer, limit, i))
		{
			if (state == FIELD_CLOSED)
				return INTAKE_SPLIT_RECORD;
			if (state == FIELD_START)
				state = FIELD_PLAIN;
			i += 2;
			continue;
		}
		width = line_end_length(buffer, length, i, at_end);
		if (width < 0)
			return INTAKE_SPLIT_MORE;
		if (state == FIELD_QUOTED)
		{
			if (c == '"')
				state = FIELD_CLOSED;
			else if (width > 0)
				record->lines++;
			i += Max(width, 1);
			continue;
		}
		if (width > 0)
			break;
		if (c == form->delimiter)
			fields++;
		state = next_state(state, form->delimiter, c, i > 0 ? buffer[i - 1] : '\0', &sound);
		if (!sound)
			return INTAKE_SPLIT_RECORD;
		i++;
	}
	if (i >= limit)
	{
		width = 0;
		if (limit == INTAKE_RECORD_LIMIT)
			return INTAKE_SPLIT_RECORD;
		if (!at_end)
			return INTAKE_SPLIT_MORE;
	}
	record->length = i;
	record->consumed = i + width;
	*balanced = state != FIELD_QUOTED &&
		(record->lines == 1 || expected_fields <= 0 || fields == expected_fields);
	return INTAKE_SPLIT_RECORD;
}

/*
 * intake_split_record
 *		Finds the record at the start of the buffer.
 *
 * at_end says that nothing follows the buffer.  A record of several lines must
 * have expected_fields fields (0: any number); otherwise its quote was never
 * meant to close there, and only the first line is given up, so that an open
 * quote costs one line and not the rest of the file.
 */
IntakeSplit
intake_split_record(const char *buffer, size_t length, bool at_end, const IntakeForm *form,
					int expected_fields, IntakeRecord *record)
{
	IntakeRecord whole;
	IntakeSplit result = find_line(buffer, length, at_end, record);
	bool		balanced;

	record->quoted = false;
	if (result != INTAKE_SPLIT_RECORD || !form->quotes ||
		memchr(buffer, '"', record->length) == NULL)
		return result;

	record->quoted = true;
	result = walk_quoted(buffer, length, at_end, form, expected_fields, &whole, &balanced);
	if (result == INTAKE_SPLIT_MORE)
		return result;
	if (!balanced)
		return INTAKE_SPLIT_QUOTE;
	whole.quoted = true;
	*record = whole;
	return INTAKE_SPLIT_RECORD;
}

/*
 * Takes one quoted field that starts at position; writes it, unescaped, over
 * itself.  Returns the position after its delimiter, length + 1 after the last.
 */
static size_t
take_quoted(char *record, size_t length, size_t position, char delimiter, IntakeSpan *field)
{
	size_t		in = position + 1;
	size_t		out = position;

	while (in < length)
	{
		if (record[in] == '"')
		{
			if (in + 1 >= length || record[in + 1] != '"')
				break;
			in++;
		}
		record[out++] = record[in++];
	}
	field->data = record + position;
	field->length = out - position;
	while (in < length && record[in] != delimiter)
		in++;
	return in + 1;
}

/*
 * intake_split_fields
 *		Splits a balanced record, in UTF-8, at its delimiters and resolves
 *		quotes in place.
 *
 * Returns the number of fields, which may exceed max_fields; only max_fields
 * are stored.
 */
int
intake_split_fields(char *record, size_t length, bool quoted, char delimiter,
					IntakeSpan *fields, int max_fields)
{
	size_t		position = 0;
	int			count = 0;

	while (position <= length)
	{
		IntakeSpan	field;
		size_t		start = position;

		if (quoted)
			while (start < length && is_blank(record[start], delimiter))
				start++;
		if (quoted && start < length && record[start] == '"')
			position = take_quoted(record, length, start, delimiter, &field);
		else
		{
			const char *found = memchr(record + position, delimiter, length - position);
			size_t		end = found ? (size_t) (found - record) : length;

			field.data = record + position;
			field.length = end - position;
			position = end + 1;
		}
		if (count < max_fields)
			fields[count] = field;
		count++;
	}
	return count;
}
