/*
 * intake_dbf_core.c
 *		The DBF form of extracts: dBASE III to level 5, and FoxPro as far as it
 *		uses the same types, without the server.
 *
 * A header of 32 bytes, 32 for each field, a byte 0x0D; then records of one
 * length, each with a mark (blank, or * when it is deleted) and its fields
 * side by side, filled up with blanks.  Numbers and dates are text as well.
 */
#include "postgres.h"

#include "intake/intake_core.h"

#define HEADER_BYTES 32
#define FIELD_BYTES 32
#define FIELD_END 0x0d

static inline uint32
little_endian(const unsigned char *p, int bytes)
{
	uint32		value = 0;

	for (int i = bytes - 1; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

/*
 * intake_dbf_looks_so
 *		Is this the start of a DBF file?  No text begins with bytes 2 to 8;
 *		the other versions share their first byte with text, whose next bytes
 *		are no date and no lengths that fit.
 */
bool
intake_dbf_looks_so(const unsigned char *data, size_t length)
{
	uint32		header_length;

	if (length == 0)
		return false;
	if (data[0] >= 0x02 && data[0] <= 0x08)
		return true;
	if (length < HEADER_BYTES ||
		memchr("\x30\x31\x32\x43\x63\x7b\x83\x8b\x8e\xcb\xf5\xfb", data[0], 12) == NULL)
		return false;
	header_length = little_endian(data + 8, 2);
	return data[2] <= 12 && data[3] <= 31 && header_length > HEADER_BYTES &&
		header_length < length && data[12] == 0 && data[13] == 0;
}

static bool
type_is_text(char type)
{
	return memchr("CNFDL", type, 5) != NULL;
}

static IntakeDbfFault
read_field(IntakeDbf *dbf, const unsigned char *p, uint32 *offset)
{
	IntakeDbfField *field = &dbf->fields[dbf->field_count];
	const unsigned char *end = memchr(p, '\0', INTAKE_DBF_NAME);

	dbf->culprit = dbf->field_count;
	field->name_length = end ? end - p : INTAKE_DBF_NAME;
	memcpy(field->name, p, field->name_length);
	while (field->name_length > 0 && field->name[field->name_length - 1] == ' ')
		field->name_length--;
	field->type = (char) p[11];
	field->width = p[16];
	/* FoxPro writes the width of a long text in two bytes */
	if (field->type == 'C')
		field->width += (uint32) p[17] << 8;
	field->offset = *offset;
	*offset += field->width;
	dbf->field_count++;
	if (memchr("MGBPW", field->type, 5) != NULL)
		return INTAKE_DBF_MEMO;
	if (!type_is_text(field->type))
		return INTAKE_DBF_TYPE;
	return field->name_length == 0 || field->width == 0 ? INTAKE_DBF_FIELD : INTAKE_DBF_FINE;
}

/*
 * intake_dbf_read_header
 *		Reads the header of a file whose first length bytes are given and
 *		which has file_size of them in all.
 */
IntakeDbfFault
intake_dbf_read_header(const unsigned char *data, size_t length, uint64 file_size, IntakeDbf *dbf)
{
	IntakeDbfFault fault = INTAKE_DBF_FINE;
	const unsigned char *p = data + HEADER_BYTES;
	const unsigned char *end;
	uint32		offset = 0;

	memset(dbf, 0, sizeof(*dbf));
	dbf->culprit = -1;
	if (length < HEADER_BYTES)
		return INTAKE_DBF_SHORT_HEADER;
	dbf->version = data[0];
	dbf->records = little_endian(data + 4, 4);
	dbf->header_length = little_endian(data + 8, 2);
	dbf->record_length = little_endian(data + 10, 2);
	dbf->language = data[29];
	if ((dbf->version & 7) == 4)
		return INTAKE_DBF_VERSION;
	if (dbf->header_length > length)
		return INTAKE_DBF_SHORT_HEADER;
	if (dbf->header_length <= HEADER_BYTES || dbf->record_length < 2)
		return INTAKE_DBF_BROKEN_HEADER;

	end = data + dbf->header_length;
	while (p < end && *p != FIELD_END)
	{
		if (end - p < FIELD_BYTES || dbf->field_count == INTAKE_DBF_FIELDS)
			return INTAKE_DBF_BROKEN_HEADER;
		fault = read_field(dbf, p, &offset);
		if (fault != INTAKE_DBF_FINE)
			return fault;
		p += FIELD_BYTES;
	}
	dbf->culprit = -1;
	if (p == end || dbf->field_count == 0 || offset + 1 != dbf->record_length)
		return INTAKE_DBF_BROKEN_HEADER;

	dbf->records_held = file_size < dbf->header_length ? 0 :
		(file_size - dbf->header_length) / dbf->record_length;
	return dbf->records_held < dbf->records ? INTAKE_DBF_SHORT_FILE : INTAKE_DBF_FINE;
}

/*
 * intake_dbf_value
 *		The value of a field in a record (without its mark), blanks and zero
 *		bytes around it taken off.  *full says that text fills its field to the
 *		last byte, so that more may have been cut off.
 */
IntakeSpan
intake_dbf_value(const IntakeDbfField *field, const char *record, bool *full)
{
	IntakeSpan	value = {record + field->offset, field->width};
	const char *zero = field->type == 'C' ? memchr(value.data, '\0', value.length) : NULL;

	if (zero)
	{
		/* some writers end a text with a zero byte and leave what was behind it */
		value.length = zero - value.data;
	}
	while (value.length > 0 && (value.data[value.length - 1] == ' ' || value.data[value.length - 1] == '\0'))
		value.length--;
	*full = field->type == 'C' && value.length == field->width;
	if (field->type != 'C')
		while (value.length > 0 && *value.data == ' ')
		{
			value.data++;
			value.length--;
		}
	/* a logical value that was never set */
	if (field->type == 'L' && value.length == 1 && *value.data == '?')
		value.length = 0;
	return value;
}
