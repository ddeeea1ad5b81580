/*
 * citizen_id.c
 *		The type citizen_id: input and output, order, hash, and the facts that
 *		a number tells.
 *
 * Eight bytes by value, the 17 digits that carry information; see
 * citizen_id_core.c for the number itself.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/sortsupport.h"

#include "citizen/character.h"
#include "citizen/citizen_id.h"
#include "compat.h"
#include "region/region_code.h"

REGISTRY_FUNCTION(citizen_id_in);
REGISTRY_FUNCTION(citizen_id_out);
REGISTRY_FUNCTION(citizen_id_recv);
REGISTRY_FUNCTION(citizen_id_send);
REGISTRY_FUNCTION(citizen_id_from_text);
REGISTRY_FUNCTION(citizen_id_to_text);
REGISTRY_FUNCTION(citizen_id_try);
REGISTRY_FUNCTION(citizen_id_eq);
REGISTRY_FUNCTION(citizen_id_ne);
REGISTRY_FUNCTION(citizen_id_lt);
REGISTRY_FUNCTION(citizen_id_le);
REGISTRY_FUNCTION(citizen_id_gt);
REGISTRY_FUNCTION(citizen_id_ge);
REGISTRY_FUNCTION(citizen_id_cmp);
REGISTRY_FUNCTION(citizen_id_sortsupport);
REGISTRY_FUNCTION(citizen_id_hash);
REGISTRY_FUNCTION(citizen_id_hash_extended);
REGISTRY_FUNCTION(citizen_id_larger);
REGISTRY_FUNCTION(citizen_id_smaller);
REGISTRY_FUNCTION(citizen_id_birth_date);
REGISTRY_FUNCTION(citizen_id_sex);
REGISTRY_FUNCTION(citizen_id_region);
REGISTRY_FUNCTION(citizen_id_age);
REGISTRY_FUNCTION(citizen_id_kind);
REGISTRY_FUNCTION(citizen_id_mask);

/* As much of a malformed text as an error message repeats. */
#define ECHO_BYTES 64

/* What is wrong with a number of the right length, as the detail of an error. */
static const char *
fault_detail(CitizenIdFault fault)
{
	switch (fault)
	{
		case CITIZEN_ID_CHARACTER:
			return "There is a wrong character: only digits are allowed, and X at the end of 18.";
		case CITIZEN_ID_PROVINCE:
			return "The province in the region code does not exist.";
		case CITIZEN_ID_BIRTH_DATE:
			return "The birth date is not a day of the calendar.";
		case CITIZEN_ID_CHECK:
			return "The check character does not fit the other 17 digits.";
		case CITIZEN_ID_LENGTH:
		case CITIZEN_ID_FINE:
			break;
	}
	return "";
}

/*
 * Reads text for an input function or a cast.  The error repeats what the
 * caller sent and nothing else: in particular not the check character that
 * would be right.
 */
static Datum
read_citizen_id(const char *text, size_t length, struct Node *escontext)
{
	CitizenId	id;
	bool		legacy15;
	CitizenIdFault fault = citizen_id_parse(text, length, &id, &legacy15);
	size_t		count;

	if (likely(fault == CITIZEN_ID_FINE))
		PG_RETURN_CITIZEN_ID(id);

	count = character_fold(text, length, NULL, 0);
	if (length > ECHO_BYTES)
		length = pg_mbcliplen(text, (int) length, ECHO_BYTES);
	ereturn(escontext, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.*s\"",
					"citizen_id", (int) length, text),
			 fault == CITIZEN_ID_LENGTH ?
			 errdetail("The length is %zu, not 18, or 15 in the legacy form.", count) :
			 errdetail("%s", fault_detail(fault))));
}

/*
 * citizen_id_in(cstring) returns citizen_id
 *		Errors: 22P02 with the part that failed.
 */
Datum
citizen_id_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);

	return read_citizen_id(text, strlen(text), (struct Node *) registry_escontext(fcinfo));
}

/* citizen_id(text): the cast, by the same path as input */
Datum
citizen_id_from_text(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);

	return read_citizen_id(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
						   (struct Node *) registry_escontext(fcinfo));
}

/* citizen_id_try(text): null where input would raise an error */
Datum
citizen_id_try(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	CitizenId	id;
	bool		legacy15;

	if (citizen_id_parse(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
						 &id, &legacy15) != CITIZEN_ID_FINE)
		PG_RETURN_NULL();
	PG_RETURN_CITIZEN_ID(id);
}

Datum
citizen_id_out(PG_FUNCTION_ARGS)
{
	char	   *buffer = palloc(19);

	citizen_id_print(PG_GETARG_CITIZEN_ID(0), buffer);
	PG_RETURN_CSTRING(buffer);
}

Datum
citizen_id_to_text(PG_FUNCTION_ARGS)
{
	char		buffer[19];

	citizen_id_print(PG_GETARG_CITIZEN_ID(0), buffer);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, 18));
}

/*
 * The binary form is the 17 digits as a 64-bit integer.  The check character
 * is not sent, so a value made up by a client is caught only by its province
 * and birth date: the same that text input can find in a number whose check
 * character fits.
 */
Datum
citizen_id_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int64		body = pq_getmsgint64(buffer);
	CitizenIdFault fault = citizen_id_judge(body);

	if (fault != CITIZEN_ID_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "citizen_id"),
				 fault == CITIZEN_ID_LENGTH ?
				 errdetail("The length is wrong: the value does not have 17 digits.") :
				 errdetail("%s", fault_detail(fault))));
	PG_RETURN_CITIZEN_ID(body);
}

Datum
citizen_id_send(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, PG_GETARG_CITIZEN_ID(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

Datum
citizen_id_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) == PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) != PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) < PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) <= PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) > PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_CITIZEN_ID(0) >= PG_GETARG_CITIZEN_ID(1));
}

Datum
citizen_id_cmp(PG_FUNCTION_ARGS)
{
	CitizenId	a = PG_GETARG_CITIZEN_ID(0);
	CitizenId	b = PG_GETARG_CITIZEN_ID(1);

	PG_RETURN_INT32((a > b) - (a < b));
}

/* The server's own comparator: its sort has a specialised routine for it. */
Datum
citizen_id_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = ssup_datum_signed_cmp;
	PG_RETURN_VOID();
}

Datum
citizen_id_hash(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(hashint8, Int64GetDatum(PG_GETARG_CITIZEN_ID(0)));
}

Datum
citizen_id_hash_extended(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall2(hashint8extended, Int64GetDatum(PG_GETARG_CITIZEN_ID(0)),
							   PG_GETARG_DATUM(1));
}

Datum
citizen_id_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_CITIZEN_ID(Max(PG_GETARG_CITIZEN_ID(0), PG_GETARG_CITIZEN_ID(1)));
}

Datum
citizen_id_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_CITIZEN_ID(Min(PG_GETARG_CITIZEN_ID(0), PG_GETARG_CITIZEN_ID(1)));
}

/* citizen_id_birth_date(citizen_id): digits 7 to 14 */
Datum
citizen_id_birth_date(PG_FUNCTION_ARGS)
{
	int			year,
				month,
				day;

	citizen_id_birth(PG_GETARG_CITIZEN_ID(0), &year, &month, &day);
	PG_RETURN_DATEADT(date2j(year, month, day) - POSTGRES_EPOCH_JDATE);
}

/* citizen_id_sex(citizen_id): 'M' for an odd sequence, 'F' for an even one */
Datum
citizen_id_sex(PG_FUNCTION_ARGS)
{
	char		sex = citizen_id_sex_char(PG_GETARG_CITIZEN_ID(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(&sex, 1));
}

/*
 * citizen_id_region(citizen_id)
 *		Region that issued the number, as it was called then.  Where the person
 *		belongs today is another question.
 */
Datum
citizen_id_region(PG_FUNCTION_ARGS)
{
	RegionCode	region = citizen_id_region_six(PG_GETARG_CITIZEN_ID(0)) * INT64CONST(1000000);

	PG_RETURN_REGION_CODE(region);
}

/*
 * citizen_id_age(citizen_id, date)
 *		Completed years on that day; negative before the birth.  Who was born
 *		on 29 February is a year older on 1 March of other years.
 *
 * Errors: 22008 for an infinite date.
 */
Datum
citizen_id_age(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(1);
	int			year,
				month,
				day,
				on_year,
				on_month,
				on_day;

	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("an age needs a finite date")));
	citizen_id_birth(PG_GETARG_CITIZEN_ID(0), &year, &month, &day);
	j2date(date + POSTGRES_EPOCH_JDATE, &on_year, &on_month, &on_day);
	PG_RETURN_INT32(on_year - year - (on_month * 100 + on_day < month * 100 + day));
}

/* citizen_id_kind(citizen_id): citizen, residence_permit or permanent_residence */
Datum
citizen_id_kind(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {
		[CITIZEN_ID_CITIZEN] = "citizen",
		[CITIZEN_ID_RESIDENCE_PERMIT] = "residence_permit",
		[CITIZEN_ID_PERMANENT_RESIDENCE] = "permanent_residence"
	};

	PG_RETURN_TEXT_P(cstring_to_text(names[citizen_id_kind_of(PG_GETARG_CITIZEN_ID(0))]));
}

/* citizen_id_mask(citizen_id): the first six and the last four characters */
Datum
citizen_id_mask(PG_FUNCTION_ARGS)
{
	char		buffer[19];

	citizen_id_print(PG_GETARG_CITIZEN_ID(0), buffer);
	memset(buffer + 6, '*', 8);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, 18));
}
