/*
 * intake_export.c
 *		Rejected rows back into a file: fields, records, bytes.
 *
 * GB18030 is written by ICU as it is read by ICU: the server's own converter
 * lacks characters (see intake_decode.c).
 */
#include "postgres.h"

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "intake/intake.h"

REGISTRY_FUNCTION(intake_fields);
REGISTRY_FUNCTION(intake_record);
REGISTRY_FUNCTION(intake_encode);

#define FIELDS_AT_FIRST 64

/* intake_fields(record text, delimiter text, quotes boolean) returns text[]; an empty delimiter leaves the record whole */
Datum
intake_fields(PG_FUNCTION_ARGS)
{
	text	   *record = PG_GETARG_TEXT_PP(0);
	text	   *delimiter = PG_GETARG_TEXT_PP(1);
	size_t		length = VARSIZE_ANY_EXHDR(record);
	bool		quoted = PG_GETARG_BOOL(2) && memchr(VARDATA_ANY(record), '"', length) != NULL;
	int			room = FIELDS_AT_FIRST;
	int			count;
	char	   *copy;
	IntakeSpan *fields;
	Datum	   *values;

	if (VARSIZE_ANY_EXHDR(delimiter) == 0)
	{
		Datum		whole = PointerGetDatum(record);

		PG_RETURN_ARRAYTYPE_P(construct_array(&whole, 1, TEXTOID, -1, false, TYPALIGN_INT));
	}
	/* splitting works in place: a second try needs a fresh copy */
	for (;;)
	{
		copy = pnstrdup(VARDATA_ANY(record), length);
		fields = palloc(room * sizeof(IntakeSpan));
		count = intake_split_fields(copy, length, quoted, *VARDATA_ANY(delimiter), fields, room);
		if (count <= room)
			break;
		room = count;
		pfree(copy);
		pfree(fields);
	}
	values = palloc(Max(count, 1) * sizeof(Datum));
	for (int i = 0; i < count; i++)
		values[i] = PointerGetDatum(cstring_to_text_with_len(fields[i].data, (int) fields[i].length));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static bool
needs_quotes(const char *data, size_t length)
{
	if (length == 0)
		return false;
	if (data[0] == ' ' || data[0] == '\t' || data[length - 1] == ' ' || data[length - 1] == '\t')
		return true;
	for (size_t i = 0; i < length; i++)
		if (data[i] == ',' || data[i] == '"' || data[i] == '\n' || data[i] == '\r')
			return true;
	return false;
}

/* intake_record(fields text[]) returns text; null fields are empty */
Datum
intake_record(PG_FUNCTION_ARGS)
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
	StringInfoData out;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	initStringInfo(&out);
	for (int i = 0; i < count; i++)
	{
		text	   *value;
		const char *data;
		size_t		length;

		if (i > 0)
			appendStringInfoChar(&out, ',');
		if (nulls[i])
			continue;
		value = DatumGetTextPP(values[i]);
		data = VARDATA_ANY(value);
		length = VARSIZE_ANY_EXHDR(value);
		if (!needs_quotes(data, length))
		{
			appendBinaryStringInfo(&out, data, (int) length);
			continue;
		}
		appendStringInfoChar(&out, '"');
		for (size_t j = 0; j < length; j++)
		{
			if (data[j] == '"')
				appendStringInfoChar(&out, '"');
			appendStringInfoChar(&out, data[j]);
		}
		appendStringInfoChar(&out, '"');
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static void
report_icu(const char *what, UErrorCode status)
{
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("could not %s GB18030: %s", what, u_errorName(status))));
}

static bytea *
encode_gb18030(const char *data, size_t length)
{
	UErrorCode	status = U_ZERO_ERROR;
	UConverter *converter = ucnv_open("gb18030", &status);
	size_t		room = 2 * length + 16;		/* one character of two bytes of UTF-8 may take four */
	bytea	   *result;
	UChar	   *units;
	int32_t		count;
	int32_t		written = 0;

	if (U_FAILURE(status))
		report_icu("open the converter for", status);
	if (room > MaxAllocSize - VARHDRSZ)
	{
		ucnv_close(converter);
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too much text to encode at once"),
				 errdetail("%zu bytes were given.", length)));
	}
	units = palloc_extended((length + 1) * sizeof(UChar), MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	result = palloc_extended(room + VARHDRSZ, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (units && result)
	{
		u_strFromUTF8(units, (int32_t) length + 1, &count, data, (int32_t) length, &status);
		if (U_SUCCESS(status))
			written = ucnv_fromUChars(converter, VARDATA(result), (int32_t) room, units, count, &status);
	}
	ucnv_close(converter);
	if (units == NULL || result == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (U_FAILURE(status))
		report_icu("write", status);
	pfree(units);
	SET_VARSIZE(result, written + VARHDRSZ);
	return result;
}

/* intake_encode(content text, encoding text) returns bytea */
Datum
intake_encode(PG_FUNCTION_ARGS)
{
	static const char mark[] = "\xef\xbb\xbf";
	text	   *content = PG_GETARG_TEXT_PP(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	size_t		length = VARSIZE_ANY_EXHDR(content);
	bytea	   *result;

	if (pg_strcasecmp(name, "GB18030") == 0 || pg_strcasecmp(name, "GBK") == 0)
		PG_RETURN_BYTEA_P(encode_gb18030(VARDATA_ANY(content), length));
	if (pg_strcasecmp(name, "UTF-8") != 0 && pg_strcasecmp(name, "UTF8") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("files are not written in encoding \"%s\"", name),
				 errhint("GB18030 and UTF-8 are.")));
	/* spreadsheets know UTF-8 by its mark */
	result = palloc(VARHDRSZ + 3 + length);
	memcpy(VARDATA(result), mark, 3);
	memcpy(VARDATA(result) + 3, VARDATA_ANY(content), length);
	SET_VARSIZE(result, VARHDRSZ + 3 + length);
	PG_RETURN_BYTEA_P(result);
}
