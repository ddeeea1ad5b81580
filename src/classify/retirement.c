/*
 * retirement.c
 *		SQL interface of the retirement month.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

#include "classify/classify.h"
#include "classify/retirement.h"
#include "compat.h"

REGISTRY_FUNCTION(registry_retirement_by_rule);

/*
 * retirement_by_rule(birth date, old_age, first_delayed yyyymm, births_per_month,
 * cap, earlier, later, bound) returns yyyymm
 *
 *		bound: -1 the earliest month, 0 the statutory one, 1 the latest.
 */
Datum
registry_retirement_by_rule(PG_FUNCTION_ARGS)
{
	RetirementRule rule = {0};
	DateADT		born;
	Month		birth;
	int			bound;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(7))
		PG_RETURN_NULL();
	born = PG_GETARG_DATEADT(0);
	if (DATE_NOT_FINITE(born))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("a birth date must be finite")));
	birth = month_of_date(born);
	rule.old_age = PG_GETARG_INT32(1);
	rule.first_delayed = MONTH_NONE;
	rule.births_per_month = 1;
	if (!PG_ARGISNULL(2))
	{
		rule.first_delayed = month_from_yyyymm(PG_GETARG_INT32(2));
		rule.births_per_month = PG_ARGISNULL(3) ? 1 : Max(PG_GETARG_INT32(3), 1);
		rule.cap = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	}
	rule.earlier = PG_ARGISNULL(5) ? 0 : PG_GETARG_INT32(5);
	rule.later = PG_ARGISNULL(6) ? 0 : PG_GETARG_INT32(6);
	bound = PG_GETARG_INT32(7);
	PG_RETURN_INT32(month_to_yyyymm(bound < 0 ? retirement_earliest(&rule, birth) :
									bound > 0 ? retirement_latest(&rule, birth) :
									retirement_month(&rule, birth)));
}
