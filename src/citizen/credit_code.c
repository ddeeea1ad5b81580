/*
 * credit_code.c
 *		The type credit_code: input and output, order, hash, and what a code
 *		tells about its holder.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "citizen/credit_code.h"
#include "compat.h"
#include "region/region_code.h"
#include "region/region_history.h"

REGISTRY_FUNCTION(credit_code_in);
REGISTRY_FUNCTION(credit_code_out);
REGISTRY_FUNCTION(credit_code_recv);
REGISTRY_FUNCTION(credit_code_send);
REGISTRY_FUNCTION(credit_code_from_text);
REGISTRY_FUNCTION(credit_code_to_text);
REGISTRY_FUNCTION(credit_code_try);
REGISTRY_FUNCTION(credit_code_eq);
REGISTRY_FUNCTION(credit_code_ne);
REGISTRY_FUNCTION(credit_code_lt);
REGISTRY_FUNCTION(credit_code_le);
REGISTRY_FUNCTION(credit_code_gt);
REGISTRY_FUNCTION(credit_code_ge);
REGISTRY_FUNCTION(credit_code_cmp);
REGISTRY_FUNCTION(credit_code_sortsupport);
REGISTRY_FUNCTION(credit_code_hash);
REGISTRY_FUNCTION(credit_code_hash_extended);
REGISTRY_FUNCTION(credit_code_larger);
REGISTRY_FUNCTION(credit_code_smaller);
REGISTRY_FUNCTION(credit_code_organisation);
REGISTRY_FUNCTION(credit_code_region);
REGISTRY_FUNCTION(credit_code_grade);

/* As much of a malformed text as an error message repeats. */
#define ECHO_BYTES 64

static const char *
fault_detail(CreditCodeFault fault)
{
	switch (fault)
	{
		case CREDIT_CODE_WRONG_CHARACTER:
			return "There is a wrong character: the alphabet has the digits, and the letters without I, O, S, V and Z.";
		case CREDIT_CODE_WRONG_CHECK:
			return "The check character does not fit the other 17 characters.";
		case CREDIT_CODE_WRONG_LENGTH:
			return "The length is not 18.";
		case CREDIT_CODE_FINE:
			break;
	}
	return "";
}

static Datum
read_credit_code(const char *text, size_t length, struct Node *escontext)
{
	CreditCode *code = palloc(sizeof(CreditCode));
	CreditCodeFault fault = credit_code_parse(text, length, code);

	if (fault == CREDIT_CODE_FINE)
		PG_RETURN_CREDIT_CODE_P(code);

	if (length > ECHO_BYTES)
		length = pg_mbcliplen(text, (int) length, ECHO_BYTES);
	ereturn(escontext, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.*s\"",
					"credit_code", (int) length, text),
			 errdetail("%s", fault_detail(fault))));
}

/*
 * credit_code_in(cstring) returns credit_code
 *		Errors: 22P02 with the part that failed.
 */
Datum
credit_code_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);

	return read_credit_code(text, strlen(text), (struct Node *) registry_escontext(fcinfo));
}

Datum
credit_code_from_text(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);

	return read_credit_code(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							(struct Node *) registry_escontext(fcinfo));
}

/* credit_code_try(text): null where input would raise an error */
Datum
credit_code_try(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	CreditCode *code = palloc(sizeof(CreditCode));

	if (credit_code_parse(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), code) != CREDIT_CODE_FINE)
		PG_RETURN_NULL();
	PG_RETURN_CREDIT_CODE_P(code);
}

Datum
credit_code_out(PG_FUNCTION_ARGS)
{
	char	   *buffer = palloc(CREDIT_CODE_LENGTH + 1);

	credit_code_print(PG_GETARG_CREDIT_CODE_P(0), buffer);
	PG_RETURN_CSTRING(buffer);
}

Datum
credit_code_to_text(PG_FUNCTION_ARGS)
{
	char		buffer[CREDIT_CODE_LENGTH + 1];

	credit_code_print(PG_GETARG_CREDIT_CODE_P(0), buffer);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, CREDIT_CODE_LENGTH));
}

/* The binary form is the 18 characters: any client can make and read it. */
Datum
credit_code_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			length = buffer->len - buffer->cursor;
	CreditCode *code = palloc(sizeof(CreditCode));
	const char *text = pq_getmsgbytes(buffer, length);
	CreditCodeFault fault = length == CREDIT_CODE_LENGTH ?
		credit_code_parse(text, length, code) : CREDIT_CODE_WRONG_LENGTH;

	if (fault != CREDIT_CODE_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "credit_code"),
				 errdetail("%s", fault_detail(fault))));
	PG_RETURN_CREDIT_CODE_P(code);
}

Datum
credit_code_send(PG_FUNCTION_ARGS)
{
	char		text[CREDIT_CODE_LENGTH + 1];
	StringInfoData buffer;

	credit_code_print(PG_GETARG_CREDIT_CODE_P(0), text);
	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, text, CREDIT_CODE_LENGTH);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

static inline int
compare_arguments(FunctionCallInfo fcinfo)
{
	return credit_code_compare(PG_GETARG_CREDIT_CODE_P(0), PG_GETARG_CREDIT_CODE_P(1));
}

Datum
credit_code_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) == 0);
}

Datum
credit_code_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) != 0);
}

Datum
credit_code_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

Datum
credit_code_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

Datum
credit_code_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

Datum
credit_code_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

Datum
credit_code_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

static int
credit_code_ssup_compare(Datum x, Datum y, SortSupport ssup)
{
	return credit_code_compare(DatumGetCreditCodeP(x), DatumGetCreditCodeP(y));
}

/*
 * Codes of one city share most of their first eight bytes, so an abbreviated
 * key would decide little: a direct comparison is enough.
 */
Datum
credit_code_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = credit_code_ssup_compare;
	PG_RETURN_VOID();
}

Datum
credit_code_hash(PG_FUNCTION_ARGS)
{
	return hash_any(PG_GETARG_CREDIT_CODE_P(0)->bytes, CREDIT_CODE_BYTES);
}

Datum
credit_code_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended(PG_GETARG_CREDIT_CODE_P(0)->bytes, CREDIT_CODE_BYTES,
							 PG_GETARG_INT64(1));
}

Datum
credit_code_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(compare_arguments(fcinfo) >= 0 ? 0 : 1));
}

Datum
credit_code_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(compare_arguments(fcinfo) <= 0 ? 0 : 1));
}

/* credit_code_organisation(credit_code): the organisation code, characters 9 to 17 */
Datum
credit_code_organisation(PG_FUNCTION_ARGS)
{
	char		text[CREDIT_CODE_LENGTH + 1];

	credit_code_print(PG_GETARG_CREDIT_CODE_P(0), text);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text + 8, 9));
}

/*
 * credit_code_region(credit_code)
 *		Region of registration, characters 3 to 8; null when they are no
 *		region code.
 */
Datum
credit_code_region(PG_FUNCTION_ARGS)
{
	char		text[CREDIT_CODE_LENGTH + 1];
	RegionCode	region;

	credit_code_print(PG_GETARG_CREDIT_CODE_P(0), text);
	if (!region_code_parse(text + 2, 6, &region))
		PG_RETURN_NULL();
	PG_RETURN_REGION_CODE(region);
}

/*
 * Was the region ever issued?  100000 is the nation, and 99 the Xinjiang
 * Production and Construction Corps: legitimate here, in no list of regions.
 */
static bool
region_was_issued(const char *text)
{
	int32		code6 = credit_code_region_six(text);
	const RegionPeriod *periods;

	if (code6 == 100000 || code6 / 10000 == 99)
		return true;
	return code6 >= 0 && region_history_periods(code6, &periods) > 0;
}

/*
 * credit_code_grade(text) returns (grade, reason, hint)
 *		bad: length, character, check.  odd: organisation_check,
 *		region_never_issued.  Never raises an error.
 */
Datum
credit_code_grade(PG_FUNCTION_ARGS)
{
	static const struct
	{
		const char *grade,
				   *reason,
				   *hint;
	}			faults[] = {
		[CREDIT_CODE_WRONG_LENGTH] = {"bad", "length", "A code has 18 characters."},
		[CREDIT_CODE_WRONG_CHARACTER] = {"bad", "character", "The alphabet has the digits and the letters without I, O, S, V and Z."},
		[CREDIT_CODE_WRONG_CHECK] = {"bad", "check", "A few codes of the first years were registered with a wrong check character; keep the code as received with a recorded exception."}
	};
	text	   *given = PG_GETARG_TEXT_PP(0);
	CreditCode	code;
	CreditCodeFault fault = credit_code_parse(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &code);
	const char *grade = "ok";
	const char *reason = "ok";
	const char *hint = NULL;
	TupleDesc	descriptor;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (fault != CREDIT_CODE_FINE)
	{
		grade = faults[fault].grade;
		reason = faults[fault].reason;
		hint = faults[fault].hint;
	}
	else
	{
		char		text[CREDIT_CODE_LENGTH + 1];

		credit_code_print(&code, text);
		if (!credit_code_organisation_fits(text))
		{
			grade = "odd";
			reason = "organisation_check";
			hint = "Characters 9 to 17 do not fit the check of an organisation code.";
		}
		else if (!region_was_issued(text))
		{
			grade = "odd";
			reason = "region_never_issued";
			hint = "Characters 3 to 8 stand in no published list of regions.";
		}
	}

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "credit_code_grade must return a row");
	values[0] = CStringGetTextDatum(grade);
	values[1] = CStringGetTextDatum(reason);
	nulls[2] = hint == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(hint);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
