/*
 * coverage.c
 *		The type coverage: a set of insurance schemes in four bytes.
 *
 * Every bit pattern is a set, so nothing but text can be malformed, and the
 * operators cannot fail.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "coverage/coverage.h"
#include "coverage/coverage_text.h"

REGISTRY_FUNCTION(coverage_in);
REGISTRY_FUNCTION(coverage_out);
REGISTRY_FUNCTION(coverage_recv);
REGISTRY_FUNCTION(coverage_send);
REGISTRY_FUNCTION(coverage_from_text);
REGISTRY_FUNCTION(coverage_to_text);
REGISTRY_FUNCTION(coverage_or);
REGISTRY_FUNCTION(coverage_and);
REGISTRY_FUNCTION(coverage_minus);
REGISTRY_FUNCTION(coverage_contains);
REGISTRY_FUNCTION(coverage_contained);
REGISTRY_FUNCTION(coverage_overlaps);
REGISTRY_FUNCTION(coverage_eq);
REGISTRY_FUNCTION(coverage_ne);
REGISTRY_FUNCTION(coverage_lt);
REGISTRY_FUNCTION(coverage_le);
REGISTRY_FUNCTION(coverage_gt);
REGISTRY_FUNCTION(coverage_ge);
REGISTRY_FUNCTION(coverage_cmp);
REGISTRY_FUNCTION(coverage_sortsupport);
REGISTRY_FUNCTION(coverage_hash);
REGISTRY_FUNCTION(coverage_hash_extended);
REGISTRY_FUNCTION(coverage_size);
REGISTRY_FUNCTION(coverage_kinds);
REGISTRY_FUNCTION(coverage_has);
REGISTRY_FUNCTION(coverage_make);
REGISTRY_FUNCTION(coverage_text);
REGISTRY_FUNCTION(coverage_census_accum);
REGISTRY_FUNCTION(coverage_census_combine);
REGISTRY_FUNCTION(coverage_census_final);

/* As much of a malformed text as an error message repeats. */
#define ECHO_BYTES 64

static Datum
read_coverage(const char *text, struct Node *escontext)
{
	Coverage	coverage;
	const char *member;
	int			length;
	int			echo;

	if (coverage_parse(text, &coverage, &member, &length))
		PG_RETURN_COVERAGE(coverage);

	echo = pg_mbcliplen(text, (int) strlen(text), ECHO_BYTES);
	length = member ? pg_mbcliplen(member, length, ECHO_BYTES) : 0;
	ereturn(escontext, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.*s\"", "coverage", echo, text),
			 member ?
			 errdetail("There is no scheme \"%.*s\".", length, member) :
			 errdetail("A set is written as scheme names in braces, with commas: {P1,M1,U}.")));
}

/*
 * coverage_in(cstring) returns coverage
 *		Errors: 22P02 for a wrong shape or an unknown scheme.
 */
Datum
coverage_in(PG_FUNCTION_ARGS)
{
	return read_coverage(PG_GETARG_CSTRING(0), (struct Node *) registry_escontext(fcinfo));
}

Datum
coverage_from_text(PG_FUNCTION_ARGS)
{
	return read_coverage(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						 (struct Node *) registry_escontext(fcinfo));
}

/* Writes the set in braces; returns the length. */
static int
print_braces(Coverage coverage, char *buffer)
{
	int			length;

	buffer[0] = '{';
	length = coverage_print_names(coverage, buffer + 1);
	buffer[length + 1] = '}';
	buffer[length + 2] = '\0';
	return length + 2;
}

Datum
coverage_out(PG_FUNCTION_ARGS)
{
	char		buffer[COVERAGE_TEXT_MAX];

	print_braces(PG_GETARG_COVERAGE(0), buffer);
	PG_RETURN_CSTRING(pstrdup(buffer));
}

Datum
coverage_to_text(PG_FUNCTION_ARGS)
{
	char		buffer[COVERAGE_TEXT_MAX];
	int			length = print_braces(PG_GETARG_COVERAGE(0), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

/* coverage_text(coverage): the names without braces, empty for the empty set */
Datum
coverage_text(PG_FUNCTION_ARGS)
{
	char		buffer[COVERAGE_TEXT_MAX];
	int			length = coverage_print_names(PG_GETARG_COVERAGE(0), buffer);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, length));
}

Datum
coverage_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_COVERAGE(pq_getmsgint((StringInfo) PG_GETARG_POINTER(0), 4));
}

Datum
coverage_send(PG_FUNCTION_ARGS)
{
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendint32(&buffer, PG_GETARG_COVERAGE(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

Datum
coverage_or(PG_FUNCTION_ARGS)
{
	PG_RETURN_COVERAGE(PG_GETARG_COVERAGE(0) | PG_GETARG_COVERAGE(1));
}

Datum
coverage_and(PG_FUNCTION_ARGS)
{
	PG_RETURN_COVERAGE(PG_GETARG_COVERAGE(0) & PG_GETARG_COVERAGE(1));
}

Datum
coverage_minus(PG_FUNCTION_ARGS)
{
	PG_RETURN_COVERAGE(PG_GETARG_COVERAGE(0) & ~PG_GETARG_COVERAGE(1));
}

Datum
coverage_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((PG_GETARG_COVERAGE(1) & ~PG_GETARG_COVERAGE(0)) == 0);
}

Datum
coverage_contained(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((PG_GETARG_COVERAGE(0) & ~PG_GETARG_COVERAGE(1)) == 0);
}

Datum
coverage_overlaps(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((PG_GETARG_COVERAGE(0) & PG_GETARG_COVERAGE(1)) != 0);
}

Datum
coverage_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) == PG_GETARG_COVERAGE(1));
}

Datum
coverage_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) != PG_GETARG_COVERAGE(1));
}

/* The order is that of the bits as a number: total, with the empty set first. */
Datum
coverage_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) < PG_GETARG_COVERAGE(1));
}

Datum
coverage_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) <= PG_GETARG_COVERAGE(1));
}

Datum
coverage_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) > PG_GETARG_COVERAGE(1));
}

Datum
coverage_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_COVERAGE(0) >= PG_GETARG_COVERAGE(1));
}

static inline int
compare(Coverage a, Coverage b)
{
	return (a > b) - (a < b);
}

Datum
coverage_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(PG_GETARG_COVERAGE(0), PG_GETARG_COVERAGE(1)));
}

/*
 * The server's comparator for unsigned Datums would see the sign bit that a
 * 32-bit value may have been extended with, hence our own.
 */
static int
coverage_ssup_compare(Datum x, Datum y, SortSupport ssup)
{
	return compare(DatumGetCoverage(x), DatumGetCoverage(y));
}

Datum
coverage_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = coverage_ssup_compare;
	PG_RETURN_VOID();
}

Datum
coverage_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32(PG_GETARG_COVERAGE(0));
}

Datum
coverage_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended(PG_GETARG_COVERAGE(0), PG_GETARG_INT64(1));
}

Datum
coverage_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pg_popcount32(PG_GETARG_COVERAGE(0)));
}

/*
 * coverage_kinds(coverage) returns text[]
 *		Kinds of insurance that the schemes belong to, in the order of
 *		InsuranceKind.  Reserved schemes belong to none.
 */
Datum
coverage_kinds(PG_FUNCTION_ARGS)
{
	static const struct
	{
		Coverage	schemes;
		const char *name;
	}			kinds[KIND_COUNT] = {
		[KIND_PENSION] = {COVERAGE_PENSION, "pension"},
		[KIND_MEDICAL] = {COVERAGE_MEDICAL, "medical"},
		[KIND_UNEMPLOYMENT] = {SCHEME_BIT(SCHEME_U), "unemployment"},
		[KIND_INJURY] = {SCHEME_BIT(SCHEME_W), "injury"},
		[KIND_MATERNITY] = {SCHEME_BIT(SCHEME_B), "maternity"}
	};
	Coverage	coverage = PG_GETARG_COVERAGE(0);
	Datum		names[KIND_COUNT];
	int			count = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (coverage & kinds[kind].schemes)
			names[count++] = CStringGetTextDatum(kinds[kind].name);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Bit of a scheme given as text; unknown names are an error. */
static int
scheme_of_text(text *name)
{
	const char *start = VARDATA_ANY(name);
	int			length = VARSIZE_ANY_EXHDR(name);
	int			bit = scheme_from_name(start, length);

	if (bit < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("there is no scheme \"%.*s\"",
						pg_mbcliplen(start, length, ECHO_BYTES), start),
				 errhint("Schemes are P1 to P5, M1 to M6, U, W, B and the reserved S14 to S31.")));
	return bit;
}

/*
 * coverage_has(coverage, text): is the scheme in the set?
 *		Errors: 22P02 for an unknown scheme.
 */
Datum
coverage_has(PG_FUNCTION_ARGS)
{
	int			bit = scheme_of_text(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL((PG_GETARG_COVERAGE(0) & SCHEME_BIT(bit)) != 0);
}

/*
 * coverage_make(text[]) returns coverage
 *		Set of the named schemes.  Errors: 22P02 for an unknown scheme, 22004
 *		for a null.
 */
Datum
coverage_make(PG_FUNCTION_ARGS)
{
	Datum	   *names;
	bool	   *nulls;
	int			count;
	Coverage	coverage = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a set of schemes cannot hold a null")));
		coverage |= SCHEME_BIT(scheme_of_text(DatumGetTextPP(names[i])));
	}
	PG_RETURN_COVERAGE(coverage);
}

/* Number of counters in a census, one per bit. */
#define CENSUS_COUNT 32

/* The counters of a state, which SQL could call us with by hand. */
static int64 *
census_counters(ArrayType *array)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != CENSUS_COUNT ||
		ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a census is an array of %d bigint without nulls", CENSUS_COUNT)));
	return (int64 *) ARR_DATA_PTR(array);
}

/* An aggregate may change its own state; anybody else's array is copied. */
static ArrayType *
census_state(FunctionCallInfo fcinfo)
{
	if (AggCheckCallContext(fcinfo, NULL))
		return PG_GETARG_ARRAYTYPE_P(0);
	return PG_GETARG_ARRAYTYPE_P_COPY(0);
}

Datum
coverage_census_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = census_state(fcinfo);
	int64	   *counters = census_counters(state);

	for (Coverage rest = PG_GETARG_COVERAGE(1); rest != 0; rest &= rest - 1)
		counters[pg_rightmost_one_pos32(rest)]++;
	PG_RETURN_ARRAYTYPE_P(state);
}

Datum
coverage_census_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state = census_state(fcinfo);
	int64	   *counters = census_counters(state);
	const int64 *others = census_counters(PG_GETARG_ARRAYTYPE_P(1));

	for (int i = 0; i < CENSUS_COUNT; i++)
		counters[i] += others[i];
	PG_RETURN_ARRAYTYPE_P(state);
}

/* A copy: a window goes on counting in the state after it showed a row. */
Datum
coverage_census_final(PG_FUNCTION_ARGS)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P_COPY(0);

	census_counters(state);
	PG_RETURN_ARRAYTYPE_P(state);
}
