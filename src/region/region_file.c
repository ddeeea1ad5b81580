/*
 * region_file.c
 *		Reading of a file of region codes: CSV, UTF-8 or GB18030, with a header.
 *
 * Such a file is maintained by hand and decides where people belong, so the
 * first fault refuses it whole, with its line.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "compat.h"
#include "region/region_code.h"

REGISTRY_FUNCTION(region_file);
REGISTRY_FUNCTION(region_file_content);
REGISTRY_FUNCTION(region_code_try);

/* More columns than any such file has: a wrong separator shows earlier. */
#define FIELD_LIMIT 64

enum FileColumn
{
	FILE_CODE, FILE_NAME, FILE_PARENT, FILE_FROM, FILE_TO, FILE_SUCCESSORS, FILE_COLUMNS
};

static const char *const file_columns[FILE_COLUMNS] = {
	"code", "name", "parent", "valid_from", "valid_to", "successors"
};
#define MANDATORY_COLUMNS 3

typedef struct RegionFile
{
	const char *position;
	const char *end;
	int			encoding;
	int			line;			/* line of position, from 1 */
	int			record_line;	/* line on which the record began */
	int			field_count;
	char	   *fields[FIELD_LIMIT];	/* UTF-8, trimmed */
	int			columns[FILE_COLUMNS];	/* number of the field, -1 absent */
	int			header_count;
} RegionFile;

#define file_error(file, ...) \
	ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), __VA_ARGS__, \
					errcontext("file of regions, line %d", (file)->record_line)))

static void
refuse_bytes(const RegionFile *file, const char *bytes, int valid)
{
	file_error(file,
			   errmsg("line %d of the file of regions is neither UTF-8 nor GB18030", file->record_line),
			   errdetail("Byte 0x%02x of field %d belongs to no character.",
						 (unsigned char) bytes[valid], file->field_count + 1));
}

/* Bytes of a field to trimmed UTF-8. */
static char *
decode_field(const RegionFile *file, const char *bytes, int length)
{
	char	   *decoded;
	Size		size;
	int			valid;

	while (length > 0 && (bytes[0] == ' ' || bytes[0] == '\t'))
		bytes++, length--;
	while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\t'))
		length--;
	valid = pg_encoding_verifymbstr(file->encoding, bytes, length);
	if (valid != length)
		refuse_bytes(file, bytes, valid);
	if (file->encoding == PG_UTF8 || length == 0)
		return pnstrdup(bytes, length);

	/* A well-formed code may still stand for no character. */
	size = (Size) length * MAX_CONVERSION_GROWTH + 1;
	decoded = palloc(size);
	valid = pg_do_encoding_conversion_buf(FindDefaultConversionProc(file->encoding, PG_UTF8),
										  file->encoding, PG_UTF8, (unsigned char *) unconstify(char *, bytes), length,
										  (unsigned char *) decoded, size, true);
	if (valid != length)
		refuse_bytes(file, bytes, valid);
	return decoded;
}

static void
add_field(RegionFile *file, const char *bytes, int length)
{
	if (file->field_count == FIELD_LIMIT)
		file_error(file,
				   errmsg("line %d of the file of regions has more than %d fields", file->record_line, FIELD_LIMIT));
	file->fields[file->field_count] = decode_field(file, bytes, length);
	file->field_count++;
}

/* A quoted field, position after its opening quote. */
static void
read_quoted(RegionFile *file)
{
	StringInfoData field;

	initStringInfo(&field);
	for (;;)
	{
		if (file->position == file->end)
			file_error(file,
					   errmsg("a quote that opens on line %d of the file of regions is never closed", file->record_line));
		if (*file->position == '"')
		{
			file->position++;
			if (file->position == file->end || *file->position != '"')
				break;
		}
		else if (*file->position == '\n')
			file->line++;
		appendStringInfoCharMacro(&field, *file->position);
		file->position++;
	}
	while (file->position < file->end && *file->position == ' ')
		file->position++;
	if (file->position < file->end && *file->position != ',' && *file->position != '\r' && *file->position != '\n')
		file_error(file,
				   errmsg("text follows a closing quote on line %d of the file of regions", file->record_line));
	add_field(file, field.data, field.len);
}

/*
 * Reads the next record; false at the end.  No byte of a GB18030 character is
 * a comma, a quote or a line end, so records can be split before decoding.
 */
static bool
read_record(RegionFile *file)
{
	file->field_count = 0;
	while (file->position < file->end && (*file->position == '\n' || *file->position == '\r'))
		file->line += *file->position++ == '\n';
	file->record_line = file->line;
	if (file->position == file->end)
		return false;
	for (;;)
	{
		if (file->position < file->end && *file->position == '"')
		{
			file->position++;
			read_quoted(file);
		}
		else
		{
			const char *start = file->position;

			while (file->position < file->end && *file->position != ',' &&
				   *file->position != '\r' && *file->position != '\n')
				file->position++;
			add_field(file, start, file->position - start);
		}
		if (file->position == file->end || *file->position != ',')
			return true;
		file->position++;
	}
}

static void
open_file(RegionFile *file, bytea *content)
{
	int			length = VARSIZE_ANY_EXHDR(content);

	memset(file, 0, sizeof(*file));
	file->position = VARDATA_ANY(content);
	file->end = file->position + length;
	file->line = 1;
	if (length >= 3 && memcmp(file->position, "\xEF\xBB\xBF", 3) == 0)
		file->position += 3;
	file->encoding = pg_encoding_verifymbstr(PG_UTF8, file->position, file->end - file->position) ==
		file->end - file->position ? PG_UTF8 : PG_GB18030;
}

static void
read_header(RegionFile *file)
{
	if (!read_record(file))
		file_error(file, errmsg("the file of regions is empty"));
	for (int i = 0; i < FILE_COLUMNS; i++)
		file->columns[i] = -1;
	file->header_count = file->field_count;
	for (int field = 0; field < file->field_count; field++)
	{
		int			column = 0;

		while (column < FILE_COLUMNS && pg_strcasecmp(file->fields[field], file_columns[column]) != 0)
			column++;
		if (column == FILE_COLUMNS)
			ereport(NOTICE,
					(errmsg("column \"%s\" of the file of regions is not used", file->fields[field])));
		else if (file->columns[column] >= 0)
			file_error(file, errmsg("column \"%s\" stands twice in the file of regions", file_columns[column]));
		else
			file->columns[column] = field;
	}
	for (int column = 0; column < MANDATORY_COLUMNS; column++)
		if (file->columns[column] < 0)
			file_error(file,
					   errmsg("column \"%s\" is missing in the file of regions", file_columns[column]),
					   errdetail("The columns code, name and parent are mandatory, valid_from, valid_to and successors are optional."));
}

/* The text of a column in the current record, NULL when absent or empty. */
static const char *
field_of(RegionFile *file, int column)
{
	const char *text = file->columns[column] < 0 ? "" : file->fields[file->columns[column]];

	return *text == '\0' ? NULL : text;
}

static RegionCode
read_code(RegionFile *file, int column, const char *text, size_t length)
{
	RegionCode	code = 0;

	if (!region_code_parse(text, length, &code))
		file_error(file,
				   errmsg("\"%.*s\" in column \"%s\" on line %d is not a region code", (int) length, text,
						  file_columns[column], file->record_line),
				   errdetail("A region code has 2, 4, 6, 9 or 12 digits."));
	return code;
}

/* YYYY-MM-DD or YYYYMMDD */
static DateADT
read_date(RegionFile *file, int column, const char *text)
{
	int			digits[8];
	int			count = 0;
	size_t		length = strlen(text);
	bool		hyphens = length == 10 && text[4] == '-' && text[7] == '-';
	int			year;
	int			month;
	int			day;

	if (length == 8 || hyphens)
		for (size_t i = 0; i < length; i++)
		{
			if (hyphens && (i == 4 || i == 7))
				continue;
			if (text[i] < '0' || text[i] > '9')
				break;
			digits[count++] = text[i] - '0';
		}
	if (count == 8)
	{
		year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
		month = digits[4] * 10 + digits[5];
		day = digits[6] * 10 + digits[7];
		if (year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= day_tab[isleap(year)][month - 1])
			return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	}
	file_error(file,
			   errmsg("\"%s\" in column \"%s\" on line %d is not a date", text, file_columns[column], file->record_line),
			   errhint("Dates are written YYYY-MM-DD or YYYYMMDD."));
	return 0;
}

/* Codes with blanks, commas or semicolons between, braces around allowed. */
static Datum
read_codes(RegionFile *file, int column, const char *text, Oid type)
{
	static const char *const between = " ,;{}";
	Datum	   *codes = palloc(sizeof(Datum) * (strlen(text) + 1));
	int			count = 0;

	for (text += strspn(text, between); *text != '\0'; text += strspn(text, between))
	{
		size_t		length = strcspn(text, between);

		codes[count++] = RegionCodeGetDatum(read_code(file, column, text, length));
		text += length;
	}
	return PointerGetDatum(construct_array(codes, count, type, sizeof(RegionCode),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
read_row(RegionFile *file, Oid code_type, Datum *values, bool *nulls)
{
	const char *text[FILE_COLUMNS];

	if (file->field_count != file->header_count)
		file_error(file,
				   errmsg("line %d of the file of regions has %d fields instead of %d",
						  file->record_line, file->field_count, file->header_count));
	for (int column = 0; column < FILE_COLUMNS; column++)
	{
		text[column] = field_of(file, column);
		nulls[column + 1] = text[column] == NULL;
	}
	for (int column = 0; column < MANDATORY_COLUMNS - 1; column++)
		if (text[column] == NULL)
			file_error(file,
					   errmsg("column \"%s\" is empty on line %d of the file of regions",
							  file_columns[column], file->record_line));
	values[0] = Int32GetDatum(file->record_line);
	nulls[0] = false;
	values[1] = RegionCodeGetDatum(read_code(file, FILE_CODE, text[FILE_CODE], strlen(text[FILE_CODE])));
	values[2] = CStringGetTextDatum(text[FILE_NAME]);
	if (text[FILE_PARENT] != NULL)
		values[3] = RegionCodeGetDatum(read_code(file, FILE_PARENT, text[FILE_PARENT], strlen(text[FILE_PARENT])));
	if (text[FILE_FROM] != NULL)
		values[4] = DateADTGetDatum(read_date(file, FILE_FROM, text[FILE_FROM]));
	if (text[FILE_TO] != NULL)
		values[5] = DateADTGetDatum(read_date(file, FILE_TO, text[FILE_TO]));
	if (text[FILE_SUCCESSORS] != NULL)
		values[6] = read_codes(file, FILE_SUCCESSORS, text[FILE_SUCCESSORS], code_type);
}

/*
 * region_file(content bytea) returns setof (line_no, code, name, parent, valid_from, valid_to, successors)
 *		The rows of a file of regions.  Errors: 22P04 naming line and column.
 */
Datum
region_file(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	RegionFile	file;
	MemoryContext row_context;
	MemoryContext old_context;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	open_file(&file, PG_GETARG_BYTEA_PP(0));
	read_header(&file);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "registry region file", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		Datum		values[FILE_COLUMNS + 1] = {0};
		bool		nulls[FILE_COLUMNS + 1];

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row_context);
		old_context = MemoryContextSwitchTo(row_context);
		if (!read_record(&file))
			break;
		read_row(&file, TupleDescAttr(result->setDesc, 1)->atttypid, values, nulls);
		MemoryContextSwitchTo(old_context);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(row_context);
	return (Datum) 0;
}

/*
 * region_file_content(path text) returns bytea
 *		A file of the server, for load_regions.  Errors: 42501 without the
 *		role pg_read_server_files, and what the file system answers.
 */
Datum
region_file_content(PG_FUNCTION_ARGS)
{
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	struct stat status;
	FILE	   *stream;
	bytea	   *content;

	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read a file of the server"),
				 errdetail("Only roles with privileges of the role \"pg_read_server_files\" may read files of the server."),
				 errhint("Give the content of the file instead of its path.")));
	stream = AllocateFile(path, PG_BINARY_R);
	if (stream == NULL || fstat(fileno(stream), &status) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\" for reading: %m", path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", path)));
	if (status.st_size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("file \"%s\" is too large", path)));
	content = palloc(VARHDRSZ + status.st_size);
	SET_VARSIZE(content, VARHDRSZ + status.st_size);
	if (fread(VARDATA(content), 1, status.st_size, stream) != status.st_size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path)));
	FreeFile(stream);
	PG_RETURN_BYTEA_P(content);
}

/* region_code_try(text) returns region_code: null instead of an error. */
Datum
region_code_try(PG_FUNCTION_ARGS)
{
	text	   *input = PG_GETARG_TEXT_PP(0);
	RegionCode	code;

	if (!region_code_parse(VARDATA_ANY(input), VARSIZE_ANY_EXHDR(input), &code))
		PG_RETURN_NULL();
	PG_RETURN_REGION_CODE(code);
}
