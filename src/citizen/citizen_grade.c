/*
 * citizen_grade.c
 *		citizen_id_grade(): grade, reason and hint for a number as it was
 *		written.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "citizen/citizen_grade.h"
#include "citizen/document.h"
#include "compat.h"

REGISTRY_FUNCTION(citizen_id_grade);

static const char *const reason_names[] = {
	[REASON_LENGTH] = "length",
	[REASON_CHARACTER] = "character",
	[REASON_PROVINCE] = "province",
	[REASON_BIRTH_DATE] = "birth_date",
	[REASON_CHECK] = "check",
	[REASON_FUTURE_BIRTH] = "future_birth",
	[REASON_TRUNCATED] = "truncated",
	[REASON_REGION_NEVER_ISSUED] = "region_never_issued",
	[REASON_REGION_DEAD_BEFORE_BIRTH] = "region_dead_before_birth",
	[REASON_CENTURY_AMBIGUOUS] = "century_ambiguous",
	[REASON_OVER_AGE] = "over_age",
	[REASON_REGION_UNLISTED] = "region_unlisted",
	[REASON_LEGACY15] = "legacy15",
	[REASON_REGION_AFTER_BIRTH] = "region_after_birth",
	[REASON_REGION_ABOLISHED] = "region_abolished",
	[REASON_OK] = "ok"
};

/* What a reader of the reason can do next; null where nothing needs doing. */
static const char *const reason_hints[] = {
	[REASON_LENGTH] = "A number has 18 characters, or 15 digits in the legacy form; citizen_id_candidates() tries one more and one less.",
	[REASON_CHARACTER] = "Only digits are allowed, and X as the 18th character.",
	[REASON_PROVINCE] = "No province has this code.",
	[REASON_BIRTH_DATE] = "Digits 7 to 14 are no day of the calendar; citizen_id_candidates() lists valid numbers one edit away.",
	[REASON_CHECK] = "citizen_id_candidates() lists the valid numbers one edit away.",
	[REASON_FUTURE_BIRTH] = "The birth date lies after the day of judgement.",
	[REASON_TRUNCATED] = "A spreadsheet or a floating-point column cut the number; ask the sender for it as text.",
	[REASON_REGION_NEVER_ISSUED] = "No published list ever held this region code.",
	[REASON_REGION_DEAD_BEFORE_BIRTH] = "The region code had ended before the birth; ask the police register.",
	[REASON_CENTURY_AMBIGUOUS] = "Read as born in the 1800s by its sequence; citizen_id_candidates() gives the reading in the 1900s.",
	[REASON_OVER_AGE] = "Older than 120 years.",
	[REASON_REGION_UNLISTED] = "The region code stands in no published list, but real cards carry its suffix.",
	[REASON_LEGACY15] = "Given in the 15-digit form.",
	[REASON_REGION_AFTER_BIRTH] = "The region code came into use after the birth: the number was issued later.",
	[REASON_REGION_ABOLISHED] = "The region code has ended since; the number stays valid.",
	[REASON_OK] = NULL
};

StaticAssertDecl(lengthof(reason_names) == REASON_OK + 1, "every reason has a name");
StaticAssertDecl(lengthof(reason_hints) == REASON_OK + 1, "every reason has a hint");

/*
 * Reason from the region's history.  It does not speak about permits of Hong
 * Kong, Macao and Taiwan, which began in 2018 and have no city or county part,
 * nor about permanent residence, which has no region at all.
 */
static CitizenIdReason
history_reason(CitizenId id, int birth_year, int on_year)
{
	int32		code6 = citizen_id_region_six(id);
	const RegionPeriod *periods;
	int			count;

	switch (citizen_id_kind_of(id))
	{
		case CITIZEN_ID_PERMANENT_RESIDENCE:
			return REASON_OK;
		case CITIZEN_ID_RESIDENCE_PERMIT:
			if (code6 % 10000 == 0)
				return REASON_OK;
			break;
		case CITIZEN_ID_CITIZEN:
			break;
	}
	count = region_history_periods(code6, &periods);
	return region_reason(code6, periods, count, birth_year, on_year);
}

/* Reason for a well-formed number; the enum's order is the order of precedence. */
static CitizenIdReason
number_reason(CitizenId id, bool legacy15, DateADT on)
{
	int			year,
				month,
				day,
				on_year = REGION_OPEN_END - 1,
				on_month = 12,
				on_day = 31;
	CitizenIdReason reason;

	citizen_id_birth(id, &year, &month, &day);
	if (date2j(year, month, day) - POSTGRES_EPOCH_JDATE > on)
		return REASON_FUTURE_BIRTH;
	if (!DATE_NOT_FINITE(on))
		j2date(on + POSTGRES_EPOCH_JDATE, &on_year, &on_month, &on_day);

	reason = history_reason(id, year, on_year);
	if (legacy15)
	{
		if (id % 1000 >= 996)
			reason = Min(reason, REASON_CENTURY_AMBIGUOUS);
		reason = Min(reason, REASON_LEGACY15);
	}
	if (on_year - year - (on_month * 100 + on_day < month * 100 + day) > OVER_AGE)
		reason = Min(reason, REASON_OVER_AGE);
	return reason;
}

/* The hint; for malformed text that cleaning would repair it says so. */
static text *
reason_hint(CitizenIdReason reason, const char *given, size_t length)
{
	Document	document;

	if ((reason == REASON_LENGTH || reason == REASON_CHARACTER) &&
		document_parse(given, length, &document) && document.citizen_id != 0)
		return cstring_to_text(psprintf("Cleaned of blanks, signs and look-alike letters it reads %s.",
										document.number));
	if (reason_hints[reason] == NULL)
		return NULL;
	return cstring_to_text(reason_hints[reason]);
}

/* Descriptor of the result, kept for the life of the call site. */
static TupleDesc
result_descriptor(FunctionCallInfo fcinfo)
{
	TupleDesc	descriptor = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (descriptor != NULL)
		return descriptor;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "citizen_id_grade must return a row");
	descriptor = BlessTupleDesc(descriptor);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = descriptor;
	return descriptor;
}

/*
 * citizen_id_grade(text, "on" date) returns (grade, reason, id, hint)
 *		Judges the number as the type reads it: outer white space and
 *		full-width forms are normal, anything else that needs cleaning is bad,
 *		and the hint shows what cleaning would make of it.  id is null when
 *		the text is no number.  Never raises an error.
 */
Datum
citizen_id_grade(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	DateADT		on = PG_GETARG_DATEADT(1);
	const char *start = VARDATA_ANY(given);
	size_t		length = VARSIZE_ANY_EXHDR(given);
	CitizenId	id = 0;
	bool		legacy15;
	CitizenIdReason reason = citizen_id_text_reason(start, length, &id, &legacy15);
	bool		well_formed = reason == REASON_OK;
	const char *grade;
	text	   *hint;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (well_formed)
		reason = number_reason(id, legacy15, on);
	grade = reason < REASON_FIRST_ODD ? "bad" : reason < REASON_FIRST_OK ? "odd" : "ok";
	hint = reason_hint(reason, start, length);

	values[0] = CStringGetTextDatum(grade);
	values[1] = CStringGetTextDatum(reason_names[reason]);
	values[2] = CitizenIdGetDatum(id);
	nulls[2] = !well_formed;
	values[3] = PointerGetDatum(hint);
	nulls[3] = hint == NULL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_descriptor(fcinfo), values, nulls)));
}
