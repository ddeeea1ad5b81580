/*
 * person_set.c
 *		The type person_set: a set of person numbers, 1 to 4294967295.
 *
 * A value holds the portable form of a roaring bitmap behind the length word,
 * canonical: equal sets have equal bytes, so that comparing and hashing are
 * those of bytes.  Looking, walking and counting read it in place
 * (person_set_core.c); building and combining is libroaring's.
 *
 * libroaring takes its memory from malloc() and knows nothing of errors of the
 * server.  Every bitmap therefore hangs on a memory context that frees it when
 * it goes, whether that is at the end of the operation or by an error.
 */
#include "postgres.h"

#include <roaring/roaring.h>

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "coverage/person_set.h"

REGISTRY_FUNCTION(person_set_in);
REGISTRY_FUNCTION(person_set_out);
REGISTRY_FUNCTION(person_set_recv);
REGISTRY_FUNCTION(person_set_send);
REGISTRY_FUNCTION(person_set_from_text);
REGISTRY_FUNCTION(person_set_to_text);
REGISTRY_FUNCTION(person_set_or);
REGISTRY_FUNCTION(person_set_and);
REGISTRY_FUNCTION(person_set_minus);
REGISTRY_FUNCTION(person_set_xor);
REGISTRY_FUNCTION(person_set_contains);
REGISTRY_FUNCTION(person_set_contained);
REGISTRY_FUNCTION(person_set_overlaps);
REGISTRY_FUNCTION(person_set_has);
REGISTRY_FUNCTION(person_set_has_commuted);
REGISTRY_FUNCTION(person_set_eq);
REGISTRY_FUNCTION(person_set_ne);
REGISTRY_FUNCTION(person_set_lt);
REGISTRY_FUNCTION(person_set_le);
REGISTRY_FUNCTION(person_set_gt);
REGISTRY_FUNCTION(person_set_ge);
REGISTRY_FUNCTION(person_set_cmp);
REGISTRY_FUNCTION(person_set_sortsupport);
REGISTRY_FUNCTION(person_set_hash);
REGISTRY_FUNCTION(person_set_hash_extended);
REGISTRY_FUNCTION(person_set_size);
REGISTRY_FUNCTION(person_set_common);
REGISTRY_FUNCTION(person_set_min);
REGISTRY_FUNCTION(person_set_max);
REGISTRY_FUNCTION(person_set_make);
REGISTRY_FUNCTION(person_set_unnest);
REGISTRY_FUNCTION(person_set_unnest_support);
REGISTRY_FUNCTION(person_set_has_restriction);
REGISTRY_FUNCTION(person_set_overlap);
REGISTRY_FUNCTION(person_set_agg_accum);
REGISTRY_FUNCTION(person_set_agg_combine);
REGISTRY_FUNCTION(person_set_agg_serialize);
REGISTRY_FUNCTION(person_set_agg_deserialize);
REGISTRY_FUNCTION(person_set_agg_final);
REGISTRY_FUNCTION(person_set_union_accum);

/* As much of a malformed text as an error message repeats. */
#define ECHO_BYTES 64

/* A run of as many numbers is written as a range. */
#define RANGE_FROM 3

/* Numbers that an aggregate collects before the bitmap takes them. */
#define PENDING 512

typedef struct varlena PersonSet;

#define PG_GETARG_PERSON_SET(n) ((PersonSet *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))

static PersonSetView
view_of(const PersonSet *set)
{
	return person_set_view((const unsigned char *) VARDATA(set), VARSIZE(set) - VARHDRSZ);
}

/* ---------------------------------------------------------------- bitmaps that cannot leak */

#define WORKSHOP_BITMAPS 3

/* Where libroaring works: the bitmaps go with the memory context. */
typedef struct Workshop
{
	MemoryContextCallback callback;
	MemoryContext context;
	roaring_bitmap_t *bitmaps[WORKSHOP_BITMAPS];
	int			count;
} Workshop;

static void
free_bitmaps(void *argument)
{
	Workshop   *workshop = (Workshop *) argument;

	while (workshop->count > 0)
		roaring_bitmap_free(workshop->bitmaps[--workshop->count]);
}

/* A workshop in a context that exists. */
static Workshop *
furnish_workshop(MemoryContext context)
{
	Workshop   *workshop = (Workshop *) MemoryContextAllocZero(context, sizeof(Workshop));

	workshop->context = context;
	workshop->callback.func = free_bitmaps;
	workshop->callback.arg = workshop;
	MemoryContextRegisterResetCallback(context, &workshop->callback);
	return workshop;
}

/* A workshop for one operation; close_workshop() or an error ends it. */
static Workshop *
open_workshop(void)
{
	return furnish_workshop(AllocSetContextCreate(CurrentMemoryContext, "person_set operation", ALLOCSET_SMALL_SIZES));
}

static void
close_workshop(Workshop *workshop)
{
	MemoryContextDelete(workshop->context);
}

/* Takes a bitmap that libroaring just made into the workshop. */
static roaring_bitmap_t *
keep(Workshop *workshop, roaring_bitmap_t *bitmap)
{
	Assert(workshop->count < WORKSHOP_BITMAPS);
	if (bitmap == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while working on a set of persons.")));
	workshop->bitmaps[workshop->count++] = bitmap;
	return bitmap;
}

static roaring_bitmap_t *
read_bitmap(Workshop *workshop, const PersonSet *set)
{
	return keep(workshop, roaring_bitmap_portable_deserialize_safe(VARDATA(set), VARSIZE(set) - VARHDRSZ));
}

/* A set in the one form that is stored, from one in whatever form; may be the same. */
static PersonSet *
canonical_set(PersonSet *set)
{
	PersonSetView view = view_of(set);
	uint32	   *run_counts = (uint32 *) palloc(sizeof(uint32) * Max(view.container_count, 1));
	bool		is_canonical;
	size_t		size = person_set_canonical_size(view, run_counts, &is_canonical);
	PersonSet  *result = set;

	if (!is_canonical)
	{
		result = (PersonSet *) palloc(VARHDRSZ + size);
		SET_VARSIZE(result, VARHDRSZ + size);
		person_set_write_canonical(view, run_counts, (unsigned char *) VARDATA(result));
	}
	pfree(run_counts);
	return result;
}

/*
 * The bitmap as a value.  Which form a container has depends on how it came
 * about, and roaring_bitmap_remove_run_compression() of 0.2.66 writes past its
 * memory when a run ends at the end of a block, so the library does not choose it.
 */
static PersonSet *
write_bitmap(roaring_bitmap_t *bitmap)
{
	size_t		size = roaring_bitmap_portable_size_in_bytes(bitmap);
	PersonSet  *written = (PersonSet *) palloc(VARHDRSZ + size);
	PersonSet  *set;

	SET_VARSIZE(written, VARHDRSZ + size);
	roaring_bitmap_portable_serialize(bitmap, VARDATA(written));
	set = canonical_set(written);
	if (set != written)
		pfree(written);
	return set;
}

static uint32
checked_person(int64 person)
{
	if (person < 1 || person > PERSON_SET_LARGEST)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("person number %lld is out of range for type %s", (long long) person, "person_set"),
				 errdetail("A set holds numbers from 1 to %u.", PERSON_SET_LARGEST)));
	return (uint32) person;
}

/* ---------------------------------------------------------------- text and binary form */

static Datum
read_person_set(const char *text, struct Node *escontext)
{
	const char *here = text;
	PersonSetParse outcome = PERSON_SET_SYNTAX;
	bool		empty;
	Workshop   *workshop;
	roaring_bitmap_t *bitmap;
	uint32		first = 0,
				last = 0;

	workshop = open_workshop();
	bitmap = keep(workshop, roaring_bitmap_create());
	if (person_set_parse_begin(&here, &empty))
	{
		bool		more = !empty;

		outcome = PERSON_SET_END;
		while (more && (outcome = person_set_parse_next(&here, &first, &last, &more)) == PERSON_SET_ITEM)
		{
			CHECK_FOR_INTERRUPTS();
			roaring_bitmap_add_range_closed(bitmap, first, last);
		}
		if (outcome <= PERSON_SET_END && !person_set_parse_end(here))
			outcome = PERSON_SET_SYNTAX;
	}
	if (outcome <= PERSON_SET_END)
	{
		PersonSet  *set = write_bitmap(bitmap);

		close_workshop(workshop);
		return PointerGetDatum(set);
	}
	close_workshop(workshop);
	if (outcome == PERSON_SET_RANGE)
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("person number is out of range for type %s: \"%.*s\"", "person_set",
						(int) Min(strspn(here, "0123456789-"), ECHO_BYTES), here),
				 errdetail("A set holds numbers from 1 to %u.", PERSON_SET_LARGEST)));
	ereturn(escontext, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%.*s\"", "person_set",
					pg_mbcliplen(text, (int) strlen(text), ECHO_BYTES), text),
			 outcome == PERSON_SET_BACKWARDS ?
			 errdetail("The range %u-%u runs backwards.", first, last) :
			 errdetail("A set is written as numbers and ranges in braces, with commas: {1,5-9,12}.")));
}

/*
 * person_set_in(cstring) returns person_set
 *		Numbers and ranges in any order; repeats count once.
 *		Errors: 22P02 for a wrong shape, 22003 for 0 or a number above 4294967295.
 */
Datum
person_set_in(PG_FUNCTION_ARGS)
{
	return read_person_set(PG_GETARG_CSTRING(0), (struct Node *) registry_escontext(fcinfo));
}

Datum
person_set_from_text(PG_FUNCTION_ARGS)
{
	return read_person_set(text_to_cstring(PG_GETARG_TEXT_PP(0)), (struct Node *) registry_escontext(fcinfo));
}

static void
print_range(StringInfo text, uint32 first, uint32 last)
{
	if (last - first + 1 >= RANGE_FROM)
		appendStringInfo(text, ",%u-%u", first, last);
	else
		for (uint64 person = first; person <= last; person++)
			appendStringInfo(text, ",%u", (uint32) person);
}

static char *
print_person_set(const PersonSet *set)
{
	PersonSetIterator iterator = person_set_iterate(view_of(set));
	StringInfoData text;
	uint32		first = 0,
				last = 0,
				next_first,
				next_last;

	initStringInfo(&text);
	while (person_set_next_range(&iterator, &next_first, &next_last))
	{
		CHECK_FOR_INTERRUPTS();
		/* a run may go on in the next block */
		if (first > 0 && next_first != last + 1)
			print_range(&text, first, last);
		if (first == 0 || next_first != last + 1)
			first = next_first;
		last = next_last;
	}
	if (first > 0)
		print_range(&text, first, last);
	appendStringInfoChar(&text, '}');
	if (text.data[0] == ',')
	{
		text.data[0] = '{';
		return text.data;
	}
	return pstrdup("{}");
}

/* Ascending, a run of three or more as a range: {1,5-9,12}. */
Datum
person_set_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(print_person_set(PG_GETARG_PERSON_SET(0)));
}

Datum
person_set_to_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(print_person_set(PG_GETARG_PERSON_SET(0))));
}

/* A set from bytes that anybody may have written. */
static PersonSet *
set_from_bytes(const char *bytes, size_t length)
{
	const char *fault = person_set_fault((const unsigned char *) bytes, length);
	PersonSet  *set;

	if (fault)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "person_set"),
				 errdetail("%s", fault)));
	set = (PersonSet *) palloc(VARHDRSZ + length);
	SET_VARSIZE(set, VARHDRSZ + length);
	memcpy(VARDATA(set), bytes, length);
	return canonical_set(set);
}

/*
 * person_set_recv(internal) returns person_set
 *		The portable form of roaring bitmaps.
 *		Errors: 22P03 for anything that is not exactly that, or holds 0.
 */
Datum
person_set_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length = message->len - message->cursor;

	return PointerGetDatum(set_from_bytes(pq_getmsgbytes(message, length), length));
}

Datum
person_set_send(PG_FUNCTION_ARGS)
{
	PersonSet  *set = PG_GETARG_PERSON_SET(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA(set), VARSIZE(set) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---------------------------------------------------------------- set algebra */

typedef roaring_bitmap_t *(*BitmapOperation) (const roaring_bitmap_t *, const roaring_bitmap_t *);

static Datum
combine(FunctionCallInfo fcinfo, BitmapOperation operation)
{
	PersonSet  *left = PG_GETARG_PERSON_SET(0);
	PersonSet  *right = PG_GETARG_PERSON_SET(1);
	Workshop   *workshop = open_workshop();
	roaring_bitmap_t *a = read_bitmap(workshop, left);
	roaring_bitmap_t *b = read_bitmap(workshop, right);
	PersonSet  *set = write_bitmap(keep(workshop, operation(a, b)));

	close_workshop(workshop);
	PG_FREE_IF_COPY(left, 0);
	PG_FREE_IF_COPY(right, 1);
	return PointerGetDatum(set);
}

Datum
person_set_or(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, roaring_bitmap_or);
}

Datum
person_set_and(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, roaring_bitmap_and);
}

Datum
person_set_minus(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, roaring_bitmap_andnot);
}

Datum
person_set_xor(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, roaring_bitmap_xor);
}

/* Does the set of argument outer hold all of argument inner? */
static bool
contains(FunctionCallInfo fcinfo, int outer, int inner)
{
	PersonSet  *large = PG_GETARG_PERSON_SET(outer);
	PersonSet  *small = PG_GETARG_PERSON_SET(inner);
	uint64		wanted = person_set_cardinality(view_of(small));
	bool		result = wanted <= person_set_cardinality(view_of(large)) &&
		person_set_common_count(view_of(large), view_of(small), false) == wanted;

	PG_FREE_IF_COPY(large, outer);
	PG_FREE_IF_COPY(small, inner);
	return result;
}

Datum
person_set_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains(fcinfo, 0, 1));
}

Datum
person_set_contained(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(contains(fcinfo, 1, 0));
}

Datum
person_set_overlaps(PG_FUNCTION_ARGS)
{
	PersonSet  *a = PG_GETARG_PERSON_SET(0);
	PersonSet  *b = PG_GETARG_PERSON_SET(1);
	bool		result = person_set_common_count(view_of(a), view_of(b), true) > 0;

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	PG_RETURN_BOOL(result);
}

/* A set that was fetched from its side table, to be asked row by row. */
typedef struct FetchedSet
{
	char		pointer[TOAST_POINTER_SIZE];
	PersonSet  *set;
} FetchedSet;

/*
 * The set of an argument.  One that stands in a side table is kept from call to
 * call: a filter asks the same set about every row, and fetching half a
 * megabyte each time would take all day.
 */
static PersonSet *
fetched_set(FunctionCallInfo fcinfo, int argument)
{
	Datum		datum = PG_GETARG_DATUM(argument);
	FetchedSet *fetched = (FetchedSet *) fcinfo->flinfo->fn_extra;

	if (!VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
		return (PersonSet *) PG_DETOAST_DATUM(datum);
	if (fetched == NULL)
		fetched = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FetchedSet));
	if (fetched->set == NULL || memcmp(fetched->pointer, DatumGetPointer(datum), TOAST_POINTER_SIZE) != 0)
	{
		MemoryContext caller;

		if (fetched->set)
			pfree(fetched->set);
		fetched->set = NULL;
		caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		fetched->set = (PersonSet *) PG_DETOAST_DATUM(datum);
		MemoryContextSwitchTo(caller);
		memcpy(fetched->pointer, DatumGetPointer(datum), TOAST_POINTER_SIZE);
	}
	return fetched->set;
}

/* A number that no set can hold is in none. */
static bool
has_person(FunctionCallInfo fcinfo, int set, int person)
{
	int64		number = PG_GETARG_INT64(person);

	return number > 0 && number <= PERSON_SET_LARGEST &&
		person_set_holds(view_of(fetched_set(fcinfo, set)), (uint32) number);
}

Datum
person_set_has(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_person(fcinfo, 0, 1));
}

Datum
person_set_has_commuted(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_person(fcinfo, 1, 0));
}

/* ---------------------------------------------------------------- order and hash: those of the bytes */

static int
compare_bytes(const PersonSet *a, const PersonSet *b)
{
	size_t		a_length = VARSIZE(a) - VARHDRSZ;
	size_t		b_length = VARSIZE(b) - VARHDRSZ;
	int			order = memcmp(VARDATA(a), VARDATA(b), Min(a_length, b_length));

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	PersonSet  *a = PG_GETARG_PERSON_SET(0);
	PersonSet  *b = PG_GETARG_PERSON_SET(1);
	int			order = compare_bytes(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

Datum
person_set_eq(PG_FUNCTION_ARGS)
{
	/* sets of different length differ: no need to fetch them */
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) != toast_raw_datum_size(PG_GETARG_DATUM(1)))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(compare_arguments(fcinfo) == 0);
}

Datum
person_set_ne(PG_FUNCTION_ARGS)
{
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) != toast_raw_datum_size(PG_GETARG_DATUM(1)))
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(compare_arguments(fcinfo) != 0);
}

Datum
person_set_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

Datum
person_set_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

Datum
person_set_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

Datum
person_set_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

Datum
person_set_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

static int
compare_datums(Datum x, Datum y, SortSupport ssup)
{
	PersonSet  *a = (PersonSet *) PG_DETOAST_DATUM(x);
	PersonSet  *b = (PersonSet *) PG_DETOAST_DATUM(y);
	int			order = compare_bytes(a, b);

	if ((Pointer) a != DatumGetPointer(x))
		pfree(a);
	if ((Pointer) b != DatumGetPointer(y))
		pfree(b);
	return order;
}

Datum
person_set_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_datums;
	PG_RETURN_VOID();
}

Datum
person_set_hash(PG_FUNCTION_ARGS)
{
	PersonSet  *set = PG_GETARG_PERSON_SET(0);
	Datum		hash = hash_any((unsigned char *) VARDATA(set), VARSIZE(set) - VARHDRSZ);

	PG_FREE_IF_COPY(set, 0);
	return hash;
}

Datum
person_set_hash_extended(PG_FUNCTION_ARGS)
{
	PersonSet  *set = PG_GETARG_PERSON_SET(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA(set), VARSIZE(set) - VARHDRSZ, PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(set, 0);
	return hash;
}

/* ---------------------------------------------------------------- functions */

Datum
person_set_size(PG_FUNCTION_ARGS)
{
	PersonSet  *set = PG_GETARG_PERSON_SET(0);
	int64		size = (int64) person_set_cardinality(view_of(set));

	PG_FREE_IF_COPY(set, 0);
	PG_RETURN_INT64(size);
}

/* person_set_size(a & b) without making a & b. */
Datum
person_set_common(PG_FUNCTION_ARGS)
{
	PersonSet  *a = PG_GETARG_PERSON_SET(0);
	PersonSet  *b = PG_GETARG_PERSON_SET(1);
	int64		common = (int64) person_set_common_count(view_of(a), view_of(b), false);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	PG_RETURN_INT64(common);
}

Datum
person_set_min(PG_FUNCTION_ARGS)
{
	PersonSetView view = view_of(PG_GETARG_PERSON_SET(0));

	if (view.container_count == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(person_set_smallest(view));
}

Datum
person_set_max(PG_FUNCTION_ARGS)
{
	PersonSetView view = view_of(PG_GETARG_PERSON_SET(0));

	if (view.container_count == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(person_set_largest(view));
}

/*
 * person_set_make(bigint[]) returns person_set
 *		Errors: 22004 for a null, 22003 for a number out of range.
 */
Datum
person_set_make(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	uint32	   *persons;
	Workshop   *workshop;
	PersonSet  *set;

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a set of persons cannot hold a null")));
	persons = (uint32 *) palloc(sizeof(uint32) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
		persons[i] = checked_person(((int64 *) ARR_DATA_PTR(array))[i]);
	workshop = open_workshop();
	set = write_bitmap(keep(workshop, roaring_bitmap_of_ptr(count, persons)));
	close_workshop(workshop);
	pfree(persons);
	return PointerGetDatum(set);
}

/* unnest(person_set): the numbers, ascending. */
Datum
person_set_unnest(PG_FUNCTION_ARGS)
{
	FuncCallContext *calls;
	PersonSetIterator *iterator;
	uint32		person;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		calls = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(calls->multi_call_memory_ctx);
		iterator = (PersonSetIterator *) palloc(sizeof(PersonSetIterator));
		*iterator = person_set_iterate(view_of((PersonSet *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0))));
		calls->user_fctx = iterator;
		MemoryContextSwitchTo(caller);
	}
	calls = SRF_PERCALL_SETUP();
	iterator = (PersonSetIterator *) calls->user_fctx;
	CHECK_FOR_INTERRUPTS();
	if (person_set_next(iterator, &person))
		SRF_RETURN_NEXT(calls, Int64GetDatum((int64) person));
	SRF_RETURN_DONE(calls);
}

/*
 * person_set_overlap(person_set[]): for every two elements how many persons are
 * only in the first, only in the second, and in both.  All are fetched once.
 * Errors: 22004 for a null.
 */
Datum
person_set_overlap(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	ReturnSetInfo *result;
	Datum	   *sets;
	bool	   *nulls;
	int			count;
	PersonSetView *views;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &sets, &nulls, &count);
	views = (PersonSetView *) palloc(sizeof(PersonSetView) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("null sets cannot be compared")));
		views[i] = view_of((PersonSet *) PG_DETOAST_DATUM(sets[i]));
	}
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < count; i++)
	{
		for (int j = i + 1; j < count; j++)
		{
			uint64		common = person_set_common_count(views[i], views[j], false);
			bool		none[5] = {false};
			Datum		values[5] = {
				Int32GetDatum(i + 1), Int32GetDatum(j + 1),
				Int64GetDatum((int64) (person_set_cardinality(views[i]) - common)),
				Int64GetDatum((int64) (person_set_cardinality(views[j]) - common)),
				Int64GetDatum((int64) common)
			};

			CHECK_FOR_INTERRUPTS();
			tuplestore_putvalues(result->setResult, result->setDesc, values, none);
		}
	}
	return (Datum) 0;
}

/* ---------------------------------------------------------------- aggregates */

/*
 * State of person_set_agg() and person_set_union(): a bitmap in the memory
 * context of the aggregate, and numbers that it has not taken yet.
 */
typedef struct Collection
{
	Workshop   *workshop;
	roaring_bitmap_t *bitmap;
	int			pending_count;
	uint32		pending[PENDING];
} Collection;

/* Begins with the numbers of a set, or with none. */
static Collection *
make_collection(MemoryContext context, const PersonSet *set)
{
	Collection *collection = (Collection *) MemoryContextAlloc(context, sizeof(Collection));

	collection->workshop = furnish_workshop(context);
	collection->bitmap = set ? read_bitmap(collection->workshop, set) :
		keep(collection->workshop, roaring_bitmap_create());
	collection->pending_count = 0;
	return collection;
}

static void
take_pending(Collection *collection)
{
	if (collection->pending_count > 0)
		roaring_bitmap_add_many(collection->bitmap, collection->pending_count, collection->pending);
	collection->pending_count = 0;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

static Collection *
collection_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : (Collection *) PG_GETARG_POINTER(argument);
}

Datum
person_set_agg_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Collection *collection = collection_argument(fcinfo, 0);

	if (collection == NULL)
		collection = make_collection(context, NULL);
	if (!PG_ARGISNULL(1))
	{
		collection->pending[collection->pending_count] = checked_person(PG_GETARG_INT64(1));
		if (++collection->pending_count == PENDING)
			take_pending(collection);
	}
	PG_RETURN_POINTER(collection);
}

Datum
person_set_union_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Collection *collection = collection_argument(fcinfo, 0);

	if (collection == NULL)
		collection = make_collection(context, NULL);
	if (!PG_ARGISNULL(1))
	{
		PersonSet  *set = PG_GETARG_PERSON_SET(1);
		Workshop   *workshop = open_workshop();

		roaring_bitmap_or_inplace(collection->bitmap, read_bitmap(workshop, set));
		close_workshop(workshop);
		PG_FREE_IF_COPY(set, 1);
	}
	PG_RETURN_POINTER(collection);
}

Datum
person_set_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Collection *collection = collection_argument(fcinfo, 0);
	Collection *other = collection_argument(fcinfo, 1);

	if (other != NULL)
	{
		if (collection == NULL)
			collection = make_collection(context, NULL);
		take_pending(other);
		roaring_bitmap_or_inplace(collection->bitmap, other->bitmap);
	}
	if (collection == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(collection);
}

Datum
person_set_agg_serialize(PG_FUNCTION_ARGS)
{
	Collection *collection;

	(void) aggregate_context(fcinfo);
	collection = (Collection *) PG_GETARG_POINTER(0);
	take_pending(collection);
	PG_RETURN_BYTEA_P(write_bitmap(collection->bitmap));
}

Datum
person_set_agg_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	Collection *collection;

	(void) aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_P(0);
	if (person_set_fault((const unsigned char *) VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ))
		elog(ERROR, "state of a person_set aggregate is damaged");
	/* the combining step copies what it needs: this one goes with the row */
	collection = make_collection(CurrentMemoryContext, bytes);
	PG_RETURN_POINTER(collection);
}

/* The set so far, empty for no rows; more may follow (window functions). */
Datum
person_set_agg_final(PG_FUNCTION_ARGS)
{
	Collection *collection = collection_argument(fcinfo, 0);
	Workshop   *workshop;
	PersonSet  *set;

	(void) aggregate_context(fcinfo);
	if (collection == NULL)
	{
		workshop = open_workshop();
		set = write_bitmap(keep(workshop, roaring_bitmap_create()));
		close_workshop(workshop);
	}
	else
	{
		take_pending(collection);
		set = write_bitmap(collection->bitmap);
	}
	return PointerGetDatum(set);
}

/* ---------------------------------------------------------------- what the planner may know */

/* The set that an expression has when the query begins; NULL when that is not known. */
static PersonSet *
estimated_set(PlannerInfo *root, Node *expression)
{
	Node	   *value = estimate_expression_value(root, expression);

	if (!IsA(value, Const) || ((Const *) value)->constisnull)
		return NULL;
	return (PersonSet *) PG_DETOAST_DATUM(((Const *) value)->constvalue);
}

/* Rows of unnest(): the size of the set, where it is known. */
Datum
person_set_unnest_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestRows))
	{
		SupportRequestRows *rows = (SupportRequestRows *) request;

		if (is_funcclause(rows->node))
		{
			PersonSet  *set = estimated_set(rows->root, linitial(((FuncExpr *) rows->node)->args));

			if (set)
			{
				rows->rows = Max(1.0, (double) person_set_cardinality(view_of(set)));
				PG_RETURN_POINTER(rows);
			}
		}
	}
	PG_RETURN_POINTER(NULL);
}

/* person = ANY of a known set: as many of the column's values as the set has numbers. */
Datum
person_set_has_restriction(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	List	   *args = (List *) PG_GETARG_POINTER(2);
	int			var_relation = PG_GETARG_INT32(3);
	VariableStatData variable;
	Node	   *other;
	bool		on_left;
	double		selectivity = DEFAULT_INEQ_SEL;

	if (!get_restriction_variable(root, args, var_relation, &variable, &other, &on_left))
		PG_RETURN_FLOAT8(selectivity);
	if (variable.vartype == INT8OID && IsA(other, Const))
	{
		Const	   *set = (Const *) other;

		if (set->constisnull)
			selectivity = 0;
		else
		{
			bool		is_default;
			double		distinct = get_variable_numdistinct(&variable, &is_default);

			selectivity = person_set_cardinality(view_of((PersonSet *) PG_DETOAST_DATUM(set->constvalue))) / Max(distinct, 1.0);
			if (is_default)
				selectivity = DEFAULT_INEQ_SEL;
		}
	}
	ReleaseVariableStats(variable);
	CLAMP_PROBABILITY(selectivity);
	PG_RETURN_FLOAT8(selectivity);
}
