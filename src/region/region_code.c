/*
 * region_code.c
 *		Type region_code: input, output, order, hash and levels.
 */
#include "postgres.h"

#include "access/hash.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "region/region_code.h"

REGISTRY_FUNCTION(region_code_in);
REGISTRY_FUNCTION(region_code_out);
REGISTRY_FUNCTION(region_code_recv);
REGISTRY_FUNCTION(region_code_send);
REGISTRY_FUNCTION(region_code_from_text);
REGISTRY_FUNCTION(region_code_to_text);
REGISTRY_FUNCTION(region_code_eq);
REGISTRY_FUNCTION(region_code_ne);
REGISTRY_FUNCTION(region_code_lt);
REGISTRY_FUNCTION(region_code_le);
REGISTRY_FUNCTION(region_code_gt);
REGISTRY_FUNCTION(region_code_ge);
REGISTRY_FUNCTION(region_code_cmp);
REGISTRY_FUNCTION(region_code_sortsupport);
REGISTRY_FUNCTION(region_code_hash);
REGISTRY_FUNCTION(region_code_hash_extended);
REGISTRY_FUNCTION(region_code_smaller);
REGISTRY_FUNCTION(region_code_larger);
REGISTRY_FUNCTION(region_contains);
REGISTRY_FUNCTION(region_contained);
REGISTRY_FUNCTION(region_level);
REGISTRY_FUNCTION(region_parent);
REGISTRY_FUNCTION(region_at_level);
REGISTRY_FUNCTION(region_last);
REGISTRY_FUNCTION(region_lineage);

/* Why a text is no code, for the detail of the error. */
static const char *
region_code_fault(const char *text, size_t length)
{
	if (strspn(text, "0123456789") != length)
		return "A region code consists of digits only.";
	if (length != 2 && length != 4 && length != 6 && length != 9 && length != 12)
		return "A region code has 2, 4, 6, 9 or 12 digits.";
	if (text[0] == '0')
		return "The first two digits are the province and lie between 10 and 99.";
	return "A level of a region code is given although the level above it is zero.";
}

/*
 * Every way from text to a code.  Errors: 22P02 with what is wrong.
 */
static Datum
region_code_read(const char *text, size_t length, struct Node *escontext)
{
	RegionCode	code;

	if (!region_code_parse(text, length, &code))
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "region_code", text),
				 errdetail("%s", region_code_fault(text, length))));
	return RegionCodeGetDatum(code);
}

Datum
region_code_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);

	return region_code_read(text, strlen(text), (struct Node *) registry_escontext(fcinfo));
}

Datum
region_code_out(PG_FUNCTION_ARGS)
{
	char	   *buffer = palloc(13);

	region_code_print(PG_GETARG_REGION_CODE(0), buffer);
	PG_RETURN_CSTRING(buffer);
}

/* The binary form is the twelve-digit number, eight bytes. */
Datum
region_code_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	RegionCode	code = pq_getmsgint64(buffer);

	if (!region_code_is_valid(code))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "region_code"),
				 errdetail("%lld is not a region code of twelve digits.", (long long) code)));
	PG_RETURN_REGION_CODE(code);
}

Datum
region_code_send(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, PG_GETARG_REGION_CODE(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

Datum
region_code_from_text(PG_FUNCTION_ARGS)
{
	char	   *input = text_to_cstring(PG_GETARG_TEXT_PP(0));

	return region_code_read(input, strlen(input), (struct Node *) registry_escontext(fcinfo));
}

Datum
region_code_to_text(PG_FUNCTION_ARGS)
{
	char		buffer[13];
	int			length = region_code_print(PG_GETARG_REGION_CODE(0), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

#define REGION_COMPARISON(name, operator) \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(PG_GETARG_REGION_CODE(0) operator PG_GETARG_REGION_CODE(1)); \
}

REGION_COMPARISON(region_code_eq, ==)
REGION_COMPARISON(region_code_ne, !=)
REGION_COMPARISON(region_code_lt, <)
REGION_COMPARISON(region_code_le, <=)
REGION_COMPARISON(region_code_gt, >)
REGION_COMPARISON(region_code_ge, >=)

Datum
region_code_cmp(PG_FUNCTION_ARGS)
{
	RegionCode	a = PG_GETARG_REGION_CODE(0);
	RegionCode	b = PG_GETARG_REGION_CODE(1);

	PG_RETURN_INT32(a < b ? -1 : a > b);
}

#if SIZEOF_DATUM < 8
static int
region_code_fastcmp(Datum x, Datum y, SortSupport ssup)
{
	RegionCode	a = DatumGetRegionCode(x);
	RegionCode	b = DatumGetRegionCode(y);

	return a < b ? -1 : a > b;
}
#endif

/* The server's own comparator of signed datums has a specialised sort. */
Datum
region_code_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

#if SIZEOF_DATUM >= 8
	ssup->comparator = ssup_datum_signed_cmp;
#else
	ssup->comparator = region_code_fastcmp;
#endif
	PG_RETURN_VOID();
}

Datum
region_code_hash(PG_FUNCTION_ARGS)
{
	return hashint8(fcinfo);
}

Datum
region_code_hash_extended(PG_FUNCTION_ARGS)
{
	return hashint8extended(fcinfo);
}

Datum
region_code_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(Min(PG_GETARG_REGION_CODE(0), PG_GETARG_REGION_CODE(1)));
}

Datum
region_code_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(Max(PG_GETARG_REGION_CODE(0), PG_GETARG_REGION_CODE(1)));
}

/* outer @> inner: inner is the place itself or lies in it. */
Datum
region_contains(PG_FUNCTION_ARGS)
{
	RegionCode	outer = PG_GETARG_REGION_CODE(0);
	RegionCode	inner = PG_GETARG_REGION_CODE(1);

	PG_RETURN_BOOL(region_code_contains(outer, inner));
}

Datum
region_contained(PG_FUNCTION_ARGS)
{
	RegionCode	inner = PG_GETARG_REGION_CODE(0);
	RegionCode	outer = PG_GETARG_REGION_CODE(1);

	PG_RETURN_BOOL(region_code_contains(outer, inner));
}

Datum
region_level(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(region_code_level(PG_GETARG_REGION_CODE(0)));
}

/*
 * region_parent(region_code) returns region_code
 *		The next place above, null for a province.  Levels that are zero are
 *		passed over: the parent of 441900003 is 441900.
 */
Datum
region_parent(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	int			level = region_code_level(code);

	if (level == 1)
		PG_RETURN_NULL();
	PG_RETURN_REGION_CODE(region_code_at_level(code, level - 1));
}

/*
 * region_at_level(code region_code, level integer) returns region_code
 *		The place of that level in which the code lies; a code of a higher
 *		level stays as it is.  Errors: 22023 for a level that does not exist.
 */
Datum
region_at_level(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	int32		level = PG_GETARG_INT32(1);

	if (level < 1 || level > 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("region level %d does not exist", level),
				 errdetail("Levels are 1 province, 2 city, 3 county, 4 town and 5 village.")));
	PG_RETURN_REGION_CODE(region_code_at_level(code, level));
}

/*
 * region_last(region_code) returns region_code
 *		Upper bound of everything inside the place: x <@ c is
 *		x >= c AND x <= region_last(c).
 */
Datum
region_last(PG_FUNCTION_ARGS)
{
	PG_RETURN_REGION_CODE(region_code_last(PG_GETARG_REGION_CODE(0)));
}

/*
 * region_lineage(region_code) returns region_code[]
 *		The place and every place around it, province first.
 */
Datum
region_lineage(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	int			level = region_code_level(code);
	Datum		lineage[5];
	int			count = 0;

	for (int i = 1; i <= level; i++)
	{
		Datum		place = RegionCodeGetDatum(region_code_at_level(code, i));

		if (count == 0 || lineage[count - 1] != place)
			lineage[count++] = place;
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(lineage, count, type, sizeof(RegionCode),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
