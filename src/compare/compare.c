/*
 * compare.c
 *		The definitions of the recompute that SQL needs too.
 */
#include "postgres.h"

#include "fmgr.h"

#include "classify/classify.h"
#include "compat.h"
#include "compare/compare.h"
#include "region/region_history.h"

REGISTRY_FUNCTION(registry_person_territory);
REGISTRY_FUNCTION(registry_enrolment_pays);

RegionCode
person_territory(RegionCode residence, RegionCode hukou, RegionCode agency, RegionCode home)
{
	if (residence != 0 && region_is_home(residence, home))
		return region_at_home(residence, home);
	if (hukou != 0)
		return region_at_home(hukou, home);
	if (residence != 0)
		return residence;
	if (agency != 0)
		return region_at_home(agency, home);
	return home;
}

Datum
registry_person_territory(PG_FUNCTION_ARGS)
{
	RegionCode	places[4];

	for (int i = 0; i < 4; i++)
		places[i] = PG_ARGISNULL(i) ? 0 : PG_GETARG_REGION_CODE(i);
	if (places[0] == 0 && places[1] == 0 && places[2] == 0)
		PG_RETURN_NULL();
	PG_RETURN_REGION_CODE(person_territory(places[0], places[1], places[2], places[3]));
}

static Month
argument_month(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? MONTH_NONE : month_from_yyyymm(PG_GETARG_INT32(argument));
}

Datum
registry_enrolment_pays(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(5) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(enrolment_is_paying(PG_GETARG_INT16(0), PG_GETARG_INT16(1),
									   argument_month(fcinfo, 2), argument_month(fcinfo, 3),
									   argument_month(fcinfo, 4), argument_month(fcinfo, 5),
									   PG_GETARG_INT32(6)));
}
