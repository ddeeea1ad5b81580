/*
 * report.c
 *		Small functions that the views call once per row.
 *
 * A list of four million persons calls each of them four million times, so
 * they are C: an SQL expression of the same meaning costs ten times as much.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "compat.h"
#include "coverage/coverage.h"

REGISTRY_FUNCTION(kinds_text);
REGISTRY_FUNCTION(age_at);
REGISTRY_FUNCTION(age_band);

static const char *const kind_names[KIND_COUNT] = {
	"pension", "medical", "unemployment", "injury", "maternity"
};

/* First age of each band of the age report; ten-year bands above the school age. */
static const struct
{
	int			first_age;
	const char *name;
}			age_bands[] = {
	{80, "80+"}, {70, "70-79"}, {60, "60-69"}, {50, "50-59"}, {40, "40-49"},
	{30, "30-39"}, {16, "16-29"}, {0, "0-15"}
};

/*
 * kinds_text(kinds smallint) returns text
 *		Names of the insurance kinds of a bit set, in the order of the bits:
 *		"pension,medical"; the empty string when there is none.  Bits above
 *		the five kinds are ignored.
 */
Datum
kinds_text(PG_FUNCTION_ARGS)
{
	int16		kinds = PG_GETARG_INT16(0);
	char		buffer[64];
	char	   *end = buffer;

	for (int kind = 0; kind < KIND_COUNT; kind++)
	{
		if ((kinds & (1 << kind)) == 0)
			continue;
		if (end > buffer)
			*end++ = ',';
		end = stpcpy(end, kind_names[kind]);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, end - buffer));
}

/*
 * age_at(birth_date date, day date) returns integer
 *		Completed years of life on the day.  A person born on 29 February
 *		completes the year on 1 March of a year without that day (the birthday
 *		has not come on 28 February).  Null before the birth and for infinite
 *		dates.
 */
Datum
age_at(PG_FUNCTION_ARGS)
{
	DateADT		birth = PG_GETARG_DATEADT(0);
	DateADT		day = PG_GETARG_DATEADT(1);
	int			birth_year,
				birth_month,
				birth_day,
				year,
				month,
				day_of_month;
	int			age;

	if (DATE_NOT_FINITE(birth) || DATE_NOT_FINITE(day) || day < birth)
		PG_RETURN_NULL();
	j2date(birth + POSTGRES_EPOCH_JDATE, &birth_year, &birth_month, &birth_day);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	age = year - birth_year;
	if (month < birth_month || (month == birth_month && day_of_month < birth_day))
		age--;
	PG_RETURN_INT32(age);
}

/*
 * age_band(age integer) returns text
 *		Band of the age report: 0-15 (only medical insurance is due), 16-29,
 *		then ten years each, 80+; "unknown" for null.  A negative age is none.
 */
Datum
age_band(PG_FUNCTION_ARGS)
{
	int32		age = PG_ARGISNULL(0) ? -1 : PG_GETARG_INT32(0);

	for (int band = 0; band < (int) lengthof(age_bands); band++)
		if (age >= age_bands[band].first_age)
			PG_RETURN_TEXT_P(cstring_to_text(age_bands[band].name));
	PG_RETURN_TEXT_P(cstring_to_text("unknown"));
}
