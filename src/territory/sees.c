/*
 * sees.c
 *		What policies, views and look-ups ask about the reader.
 *
 * The functions named sees... answer for the current user, so that a parallel
 * worker gives the same answer; those named reader_... answer, inside a
 * look-up, for whoever called it, which only the leading process knows.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "territory/territory.h"

REGISTRY_FUNCTION(registry_sees);
REGISTRY_FUNCTION(registry_sees_person);
REGISTRY_FUNCTION(registry_sees_schemes);
REGISTRY_FUNCTION(registry_sees_scheme);
REGISTRY_FUNCTION(registry_sees_everything);
REGISTRY_FUNCTION(registry_sees_counts);
REGISTRY_FUNCTION(registry_sees_movers);
REGISTRY_FUNCTION(registry_may_change);
REGISTRY_FUNCTION(registry_territory_low);
REGISTRY_FUNCTION(registry_territory_high);
REGISTRY_FUNCTION(registry_counts_low);
REGISTRY_FUNCTION(registry_counts_high);
REGISTRY_FUNCTION(registry_smallest_cell);
REGISTRY_FUNCTION(registry_shown);
REGISTRY_FUNCTION(registry_shown_part);
REGISTRY_FUNCTION(registry_counted);
REGISTRY_FUNCTION(registry_transfer_since);
REGISTRY_FUNCTION(registry_mask_of);
REGISTRY_FUNCTION(registry_reader);
REGISTRY_FUNCTION(registry_reader_sees);
REGISTRY_FUNCTION(registry_reader_mask);
REGISTRY_FUNCTION(registry_reader_is_owner);

/* sees(place): a place that nobody knows is seen by who sees everything. */
Datum
registry_sees(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_BOOL(reach->everything || (!PG_ARGISNULL(0) && territory_sees(reach, PG_GETARG_REGION_CODE(0))));
}

static bool
sees_person(const TerritoryReach *reach, FunctionCallInfo fcinfo)
{
	if (reach->everything)
		return true;
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	return territory_sees_person(reach, PG_GETARG_REGION_CODE(0), PG_GETARG_INT64(1));
}

Datum
registry_sees_person(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees_person(territory_reach(), fcinfo));
}

Datum
registry_sees_schemes(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_BOOL(reach->everything ||
				   (!PG_ARGISNULL(0) && territory_sees(reach, PG_GETARG_REGION_CODE(0))) ||
				   (!PG_ARGISNULL(1) && (reach->schemes & PG_GETARG_COVERAGE(1)) != 0));
}

Datum
registry_sees_scheme(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();
	bool		sees = reach->everything || (!PG_ARGISNULL(0) && territory_sees(reach, PG_GETARG_REGION_CODE(0)));

	if (!sees && reach->schemes != 0 && !PG_ARGISNULL(1))
	{
		text	   *scheme = PG_GETARG_TEXT_PP(1);
		int			bit = scheme_from_name(VARDATA_ANY(scheme), VARSIZE_ANY_EXHDR(scheme));

		sees = bit >= 0 && (reach->schemes & SCHEME_BIT(bit)) != 0;
	}
	PG_RETURN_BOOL(sees);
}

Datum
registry_sees_everything(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(territory_reach()->everything);
}

Datum
registry_sees_counts(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_BOOL(reach->everything ||
				   (!PG_ARGISNULL(0) && territory_within(reach->counts.items, reach->counts.count, PG_GETARG_REGION_CODE(0))));
}

/* Whether persons who have left may be seen at all: nobody is outside the reach of who sees everything. */
Datum
registry_sees_movers(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_BOOL(!reach->everything && reach->persons.count > 0);
}

Datum
registry_may_change(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_BOOL(reach->everything ||
				   (!PG_ARGISNULL(0) && territory_within(reach->changes.items, reach->changes.count, PG_GETARG_REGION_CODE(0))));
}

Datum
registry_territory_low(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(territory_reach()->persons.low);
}

Datum
registry_territory_high(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(territory_reach()->persons.high);
}

Datum
registry_counts_low(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(territory_reach()->counts.low);
}

Datum
registry_counts_high(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(territory_reach()->counts.high);
}

Datum
registry_smallest_cell(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();

	PG_RETURN_INT64(reach->counts_only ? reach->small_cell : 0);
}

/* shown(number): the number, or null when it counts too few persons for this reader. */
Datum
registry_shown(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();
	int64		number = PG_GETARG_INT64(0);

	if (reach->counts_only && number > 0 && number < reach->small_cell)
		PG_RETURN_NULL();
	PG_RETURN_INT64(number);
}

/* shown_part(part, whole): null too when the part or the rest counts too few, or the whole is hidden. */
Datum
registry_shown_part(PG_FUNCTION_ARGS)
{
	const TerritoryReach *reach = territory_reach();
	int64		part = PG_GETARG_INT64(0);
	int64		whole = PG_GETARG_INT64(1);
	int64		rest = whole - part;

	if (reach->counts_only &&
		((part > 0 && part < reach->small_cell) || (rest > 0 && rest < reach->small_cell) ||
		 (whole > 0 && whole < reach->small_cell)))
		PG_RETURN_NULL();
	PG_RETURN_INT64(part);
}

/* counted(number, cells): no cells mean nobody, or for a reader from whom cells are hidden, nothing known. */
Datum
registry_counted(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_INT64(PG_GETARG_INT64(0));
	if (!PG_ARGISNULL(1) && PG_GETARG_INT64(1) == 0 && territory_reach()->counts_only)
		PG_RETURN_NULL();
	PG_RETURN_INT64(0);
}

Datum
registry_transfer_since(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(territory_reach()->transfer_since);
}

Datum
registry_mask_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT16(territory_mask(territory_reach(), PG_ARGISNULL(0) ? 0 : PG_GETARG_REGION_CODE(0)));
}

Datum
registry_reader(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(GetUserNameFromId(territory_reader(), false)));
}

Datum
registry_reader_sees(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees_person(territory_reader_reach(), fcinfo));
}

Datum
registry_reader_mask(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT16(territory_mask(territory_reader_reach(), PG_ARGISNULL(0) ? 0 : PG_GETARG_REGION_CODE(0)));
}

Datum
registry_reader_is_owner(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(territory_reader_reach()->everything);
}
