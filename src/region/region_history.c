/*
 * region_history.c
 *		Names, years and successors of region codes.
 *
 * Answers come from a per-backend copy of registry.region, or of the seed in
 * the library while no registry is deployed.  A trigger on the table sends a
 * relcache invalidation with every change, so all backends drop their copy at
 * their next look.
 */
#include "postgres.h"

#include "access/attnum.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "region/region_code.h"
#include "region/region_history.h"

REGISTRY_FUNCTION(region_seed);
REGISTRY_FUNCTION(region_changed);
REGISTRY_FUNCTION(region_mark_local);
REGISTRY_FUNCTION(region_name);
REGISTRY_FUNCTION(region_label);
REGISTRY_FUNCTION(region_alive);
REGISTRY_FUNCTION(region_successors);
REGISTRY_FUNCTION(region_full_name);
REGISTRY_FUNCTION(region_is_home_sql);

/* Coding systems that answer for region_code: others use the same digits for other places. */
#define OFFICIAL_SYSTEM "GB/T "

typedef struct SeedRow
{
	int32		code6;
	int16		from_year;
	int16		to_year;
	const char *name;
	const char *successors;		/* six-digit codes with commas between */
} SeedRow;

static const SeedRow seed[] = {
#include "src/region/region_seed.inc"
};

typedef struct RegionRow
{
	RegionCode	code;
	DateADT		from;
	DateADT		to;				/* last day in force */
	const char *name;
	int			successor_count;
	const RegionCode *successors;
} RegionRow;

/* Rows in the order of code and begin; periods[i] are the years of rows[i]. */
typedef struct RegionHistory
{
	MemoryContext context;
	Oid			relation;		/* registry.region, or invalid: the seed */
	int			count;
	int			capacity;
	RegionRow  *rows;
	RegionPeriod *periods;
} RegionHistory;

static RegionHistory *history = NULL;
static uint64 invalidations = 1;
static uint64 built_at = 0;

static DateADT
date_of(int year, int month, int day)
{
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

static int
year_of(DateADT date)
{
	int			year;
	int			month;
	int			day;

	if (date == DATEVAL_NOEND)
		return REGION_OPEN_END;
	if (date == DATEVAL_NOBEGIN)
		return 0;
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return Max(0, Min(year, REGION_OPEN_END));
}

/* Every relation's invalidation counts while the registry is not deployed: it may be the one that creates it. */
static void
relation_invalidated(Datum argument, Oid relation)
{
	if (history == NULL || !OidIsValid(relation) || !OidIsValid(history->relation) ||
		relation == history->relation)
		invalidations++;
}

static RegionHistory *
new_history(Oid relation, int capacity)
{
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "registry region history",
												  ALLOCSET_DEFAULT_SIZES);
	RegionHistory *result = MemoryContextAllocZero(context, sizeof(RegionHistory));

	/* Until it is complete an error shall free it. */
	MemoryContextSetParent(context, CurrentMemoryContext);
	result->context = context;
	result->relation = relation;
	result->capacity = capacity;
	result->rows = MemoryContextAllocHuge(context, sizeof(RegionRow) * capacity);
	return result;
}

static RegionRow *
add_row(RegionHistory *target)
{
	if (target->count == target->capacity)
	{
		target->capacity *= 2;
		target->rows = repalloc_huge(target->rows, sizeof(RegionRow) * target->capacity);
	}
	return &target->rows[target->count++];
}

static int
compare_rows(const void *a, const void *b)
{
	const RegionRow *x = a;
	const RegionRow *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static void
finish_history(RegionHistory *target)
{
	qsort(target->rows, target->count, sizeof(RegionRow), compare_rows);
	target->periods = MemoryContextAllocHuge(target->context, sizeof(RegionPeriod) * Max(target->count, 1));
	for (int i = 0; i < target->count; i++)
	{
		target->periods[i].from_year = year_of(target->rows[i].from);
		target->periods[i].to_year = year_of(target->rows[i].to);
	}
	MemoryContextSetParent(target->context, CacheMemoryContext);
}

static int
count_successors(const char *text)
{
	int			count = *text != '\0';

	for (; *text != '\0'; text++)
		count += *text == ',';
	return count;
}

static void
read_successors(const char *text, RegionCode *successors)
{
	for (int i = 0; *text != '\0'; i++)
	{
		successors[i] = strtol(text, (char **) &text, 10) * INT64CONST(1000000);
		if (*text == ',')
			text++;
	}
}

static RegionHistory *
history_of_seed(void)
{
	RegionHistory *result = new_history(InvalidOid, lengthof(seed));

	for (int i = 0; i < lengthof(seed); i++)
	{
		RegionRow  *row = add_row(result);
		int			count = count_successors(seed[i].successors);
		RegionCode *successors = NULL;

		if (count > 0)
		{
			successors = MemoryContextAlloc(result->context, sizeof(RegionCode) * count);
			read_successors(seed[i].successors, successors);
		}
		row->code = seed[i].code6 * INT64CONST(1000000);
		row->from = date_of(seed[i].from_year, 1, 1);
		row->to = seed[i].to_year == REGION_OPEN_END ? DATEVAL_NOEND : date_of(seed[i].to_year, 12, 31);
		row->name = seed[i].name;
		row->successor_count = count;
		row->successors = successors;
	}
	finish_history(result);
	return result;
}

/* Columns of registry.region that are read here. */
enum RegionColumn
{
	COLUMN_CODE, COLUMN_NAME, COLUMN_FROM, COLUMN_TO, COLUMN_SUCCESSORS, COLUMN_SYSTEM, COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
	"code", "name", "valid_from", "valid_to", "successors", "system"
};

/* Finds the columns; false when the table is not the one that deploy makes. */
static bool
find_columns(Relation relation, AttrNumber *columns)
{
	TupleDesc	desc = RelationGetDescr(relation);
	Oid			types[COLUMN_COUNT];

	if (relation->rd_rel->relkind != RELKIND_RELATION)
		return false;
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		columns[i] = get_attnum(RelationGetRelid(relation), column_names[i]);
		if (columns[i] == InvalidAttrNumber)
			return false;
		types[i] = TupleDescAttr(desc, columns[i] - 1)->atttypid;
	}
	return TupleDescAttr(desc, columns[COLUMN_CODE] - 1)->attlen == sizeof(RegionCode) &&
		types[COLUMN_NAME] == TEXTOID && types[COLUMN_SYSTEM] == TEXTOID &&
		types[COLUMN_FROM] == DATEOID && types[COLUMN_TO] == DATEOID &&
		get_element_type(types[COLUMN_SUCCESSORS]) == types[COLUMN_CODE];
}

static void
copy_successors(RegionHistory *target, RegionRow *row, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	RegionCode *successors;

	deconstruct_array(array, ARR_ELEMTYPE(array), sizeof(RegionCode), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &elements, &nulls, &count);
	if (count == 0)
		return;
	successors = MemoryContextAlloc(target->context, sizeof(RegionCode) * count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			successors[row->successor_count++] = DatumGetRegionCode(elements[i]);
	row->successors = successors;
	pfree(elements);
	pfree(nulls);
}

static void
copy_row(RegionHistory *target, HeapTuple tuple, TupleDesc desc, const AttrNumber *columns)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	char	   *system;
	RegionRow  *row;

	for (int i = 0; i < COLUMN_COUNT; i++)
		values[i] = heap_getattr(tuple, columns[i], desc, &nulls[i]);
	if (nulls[COLUMN_CODE] || nulls[COLUMN_NAME] || nulls[COLUMN_SYSTEM])
		return;
	system = TextDatumGetCString(values[COLUMN_SYSTEM]);
	if (strncmp(system, OFFICIAL_SYSTEM, strlen(OFFICIAL_SYSTEM)) != 0)
		return;
	pfree(system);

	row = add_row(target);
	memset(row, 0, sizeof(*row));
	row->code = DatumGetRegionCode(values[COLUMN_CODE]);
	row->from = nulls[COLUMN_FROM] ? DATEVAL_NOBEGIN : DatumGetDateADT(values[COLUMN_FROM]);
	row->to = nulls[COLUMN_TO] ? DATEVAL_NOEND : DatumGetDateADT(values[COLUMN_TO]);
	row->name = MemoryContextStrdup(target->context, TextDatumGetCString(values[COLUMN_NAME]));
	if (!nulls[COLUMN_SUCCESSORS])
		copy_successors(target, row, values[COLUMN_SUCCESSORS]);
}

/*
 * The scan uses a fresh catalog snapshot, not the transaction's: the copy
 * outlives the transaction, and no invalidation would come later for what an
 * old snapshot could not see yet.  It also works inside parallel queries.
 */
static RegionHistory *
history_of_table(Relation relation)
{
	AttrNumber	columns[COLUMN_COUNT];
	RegionHistory *result;
	SysScanDesc scan;
	HeapTuple	tuple;
	MemoryContext row_context;
	MemoryContext old_context;

	if (!find_columns(relation, columns))
		return NULL;
	result = new_history(RelationGetRelid(relation), 8192);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "registry region row", ALLOCSET_SMALL_SIZES);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		old_context = MemoryContextSwitchTo(row_context);
		copy_row(result, tuple, RelationGetDescr(relation), columns);
		MemoryContextSwitchTo(old_context);
		MemoryContextReset(row_context);
	}
	systable_endscan(scan);
	MemoryContextDelete(row_context);
	finish_history(result);
	return result;
}

static Oid
region_relation(void)
{
	Oid			schema = get_namespace_oid("registry", true);

	return OidIsValid(schema) ? get_relname_relid("region", schema) : InvalidOid;
}

/* The history to answer from, rebuilt when the table has changed. */
static const RegionHistory *
current_history(void)
{
	static bool registered = false;
	RegionHistory *fresh = NULL;
	Relation	relation = NULL;
	Oid			relid;
	uint64		seen;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_invalidated, (Datum) 0);
		registered = true;
	}
	if (built_at == invalidations)
		return history;

	relid = region_relation();
	if (OidIsValid(relid))
		relation = try_table_open(relid, AccessShareLock);

	/* What arrives from here on is not in the copy. */
	seen = invalidations;
	if (relation != NULL)
	{
		fresh = history_of_table(relation);
		table_close(relation, AccessShareLock);
	}
	if (fresh == NULL)
		fresh = history != NULL && !OidIsValid(history->relation) ? history : history_of_seed();
	if (history != NULL && history != fresh)
		MemoryContextDelete(history->context);
	history = fresh;
	built_at = seen;
	return history;
}

/* Index of the first row of a code, or -1. */
static int
first_row(const RegionHistory *from, RegionCode code)
{
	int			low = 0;
	int			high = from->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (from->rows[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low < from->count && from->rows[low].code == code ? low : -1;
}

/* The row in force on a day: of periods that overlap the one that began last. */
static const RegionRow *
row_on(const RegionHistory *from, RegionCode code, DateADT day)
{
	const RegionRow *found = NULL;
	int			i = first_row(from, code);

	for (; i >= 0 && i < from->count && from->rows[i].code == code; i++)
		if (from->rows[i].from <= day && day <= from->rows[i].to)
			found = &from->rows[i];
	return found;
}

/* The newest row of a code that has begun, else its first; NULL when unknown. */
static const RegionRow *
last_row(const RegionHistory *from, RegionCode code, DateADT today)
{
	const RegionRow *found = NULL;
	int			i = first_row(from, code);

	for (; i >= 0 && i < from->count && from->rows[i].code == code; i++)
		if (found == NULL || from->rows[i].from <= today)
			found = &from->rows[i];
	return found;
}

/*
 * Towns and villages of former counties stand in no list: what became of the
 * county became of them.
 */
static const RegionRow *
last_row_around(const RegionHistory *from, RegionCode code, DateADT today)
{
	const RegionRow *row = last_row(from, code, today);

	for (int level = region_code_level(code) - 1; row == NULL && level >= 2; level--)
		row = last_row(from, region_code_at_level(code, level), today);
	return row;
}

typedef struct SuccessorSet
{
	const RegionHistory *history;
	DateADT		today;
	int			visited_count;
	int			visited_capacity;
	RegionCode *visited;
	int			living_count;
	RegionCode *living;			/* as long as visited */
} SuccessorSet;

static bool
visit(SuccessorSet *set, RegionCode code)
{
	for (int i = 0; i < set->visited_count; i++)
		if (set->visited[i] == code)
			return false;
	if (set->visited_count == set->visited_capacity)
	{
		set->visited_capacity *= 2;
		set->visited = repalloc(set->visited, sizeof(RegionCode) * set->visited_capacity);
		set->living = repalloc(set->living, sizeof(RegionCode) * set->visited_capacity);
	}
	set->visited[set->visited_count++] = code;
	return true;
}

/* A successor that no list knows counts as living: the DBA named it. */
static void
collect_living(SuccessorSet *set, RegionCode code)
{
	const RegionRow *row = last_row(set->history, code, set->today);

	check_stack_depth();
	if (!visit(set, code))
		return;
	if (row == NULL || row_on(set->history, code, set->today) != NULL)
	{
		set->living[set->living_count++] = code;
		return;
	}
	for (int i = 0; i < row->successor_count; i++)
		collect_living(set, row->successors[i]);
}

static int
compare_codes(const void *a, const void *b)
{
	RegionCode	x = *(const RegionCode *) a;
	RegionCode	y = *(const RegionCode *) b;

	return x < y ? -1 : x > y;
}

/* Living successors of an ended row, ascending; palloc'd. */
static int
living_successors(const RegionHistory *from, const RegionRow *row, DateADT today, RegionCode **living)
{
	SuccessorSet set = {from, today, 0, 8};

	set.visited = palloc(sizeof(RegionCode) * set.visited_capacity);
	set.living = palloc(sizeof(RegionCode) * set.visited_capacity);
	visit(&set, row->code);
	for (int i = 0; i < row->successor_count; i++)
		collect_living(&set, row->successors[i]);
	qsort(set.living, set.living_count, sizeof(RegionCode), compare_codes);
	pfree(set.visited);
	*living = set.living;
	return set.living_count;
}

int
region_history_periods(int32 code6, const RegionPeriod **periods)
{
	const RegionHistory *from = current_history();
	RegionCode	code = code6 * INT64CONST(1000000);
	int			first = first_row(from, code);
	int			count = 0;

	if (first < 0)
		return 0;
	while (first + count < from->count && from->rows[first + count].code == code)
		count++;
	*periods = &from->periods[first];
	return count;
}

const char *
region_name_current(RegionCode code)
{
	const RegionHistory *from = current_history();
	DateADT		today = GetSQLCurrentDate();
	const RegionRow *row = row_on(from, code, today);

	if (row == NULL)
		row = last_row(from, code, today);
	return row == NULL ? NULL : row->name;
}

/*
 * An ended code inside home whose successors all lie elsewhere is not home: a
 * person belongs to the place as it is today.
 */
bool
region_is_home(RegionCode code, RegionCode home)
{
	const RegionHistory *from = current_history();
	DateADT		today = GetSQLCurrentDate();
	const RegionRow *row = last_row_around(from, code, today);
	bool		inside = region_code_contains(home, code);
	RegionCode *living;
	int			count;
	bool		found = false;

	if (row == NULL || row->to >= today || row_on(from, row->code, today) != NULL)
		return inside;
	count = living_successors(from, row, today, &living);
	for (int i = 0; i < count; i++)
		found = found || region_code_contains(home, living[i]);
	pfree(living);
	return count == 0 ? inside : found;
}

/*
 * region_name(code region_code, "on" date) returns text
 *		Name in force on a day, null when the code was not in force.  Seed rows
 *		know years only: they hold from the first day of their first year to
 *		the last day of the year in which they ended.
 */
Datum
region_name(PG_FUNCTION_ARGS)
{
	const RegionRow *row = row_on(current_history(), PG_GETARG_REGION_CODE(0), PG_GETARG_DATEADT(1));

	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(row->name));
}

/*
 * region_label(code region_code, "on" date) returns text
 *		Name in force on a day, else the last one the code had; null for an
 *		unknown code.  What a report shows beside a code.
 */
Datum
region_label(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	const RegionHistory *from = current_history();
	const RegionRow *row = row_on(from, code, PG_GETARG_DATEADT(1));

	if (row == NULL)
		row = last_row(from, code, GetSQLCurrentDate());
	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(row->name));
}

/* region_alive(code region_code, "on" date) returns boolean: whether the code was in force. */
Datum
region_alive(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(row_on(current_history(), PG_GETARG_REGION_CODE(0), PG_GETARG_DATEADT(1)) != NULL);
}

/*
 * region_successors(code region_code) returns region_code[]
 *		Codes in force today of the places into which an ended code went, over
 *		any number of steps; empty for a code in force, null for an unknown one.
 */
Datum
region_successors(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	const RegionHistory *from = current_history();
	DateADT		today = GetSQLCurrentDate();
	const RegionRow *row = last_row_around(from, code, today);
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	RegionCode *living = NULL;
	Datum	   *elements;
	int			count = 0;

	if (row == NULL)
		PG_RETURN_NULL();
	if (row_on(from, row->code, today) == NULL)
		count = living_successors(from, row, today, &living);
	elements = palloc(sizeof(Datum) * Max(count, 1));
	for (int i = 0; i < count; i++)
		elements[i] = RegionCodeGetDatum(living[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, type, sizeof(RegionCode),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Codes of cities that are no places: 市辖区, 县, 市, 省直辖县级行政区划 and the like. */
static bool
is_placeholder(const char *name)
{
	return strcmp(name, "市辖区") == 0 || strcmp(name, "县") == 0 || strcmp(name, "市") == 0 ||
		strstr(name, "直辖") != NULL;
}

/*
 * A day on which the row and the places around it were in force.  A row that
 * ended in some year of a reform ended before the new names of that year.
 */
static DateADT
day_of_row(const RegionRow *row, DateADT today)
{
	DateADT		year_before;

	if (row->to >= today)
		return today;
	if (row->to != date_of(year_of(row->to), 12, 31))
		return row->to;
	year_before = date_of(year_of(row->to) - 1, 12, 31);
	return Max(row->from, year_before);
}

/*
 * region_full_name(code region_code) returns text
 *		Names from the province down to the place, of today or, for an ended
 *		code, of its last years; null when the code is unknown.
 */
Datum
region_full_name(PG_FUNCTION_ARGS)
{
	RegionCode	code = PG_GETARG_REGION_CODE(0);
	const RegionHistory *from = current_history();
	DateADT		today = GetSQLCurrentDate();
	const RegionRow *row = row_on(from, code, today);
	RegionCode	above = 0;
	StringInfoData name;
	DateADT		day;

	if (row == NULL && (row = last_row(from, code, today)) == NULL)
		PG_RETURN_NULL();
	day = day_of_row(row, today);
	initStringInfo(&name);
	for (int level = 1; level < region_code_level(code); level++)
	{
		RegionCode	place = region_code_at_level(code, level);
		const RegionRow *around = place == above ? NULL : row_on(from, place, day);

		if (around != NULL && !is_placeholder(around->name))
			appendStringInfoString(&name, around->name);
		above = place;
	}
	appendStringInfoString(&name, row->name);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(name.data, name.len));
}

RegionCode
region_at_home(RegionCode code, RegionCode home)
{
	const RegionHistory *from = current_history();
	DateADT		today = GetSQLCurrentDate();
	const RegionRow *row = last_row_around(from, code, today);
	RegionCode	result = code;
	RegionCode *living;
	int			count;
	int			at_home = 0;

	if (row == NULL || row->to >= today || row_on(from, row->code, today) != NULL)
		return code;
	count = living_successors(from, row, today, &living);
	for (int i = count - 1; i >= 0; i--)
		if (region_code_contains(home, living[i]))
		{
			result = living[i];
			at_home++;
		}
	pfree(living);
	/* Of a place at home that was divided nobody knows which part a person is in. */
	return at_home > 1 && region_code_contains(home, code) ? code : result;
}

/* region_is_home(code region_code, home region_code) returns boolean: see the C function. */
Datum
region_is_home_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(region_is_home(PG_GETARG_REGION_CODE(0), PG_GETARG_REGION_CODE(1)));
}

/*
 * region_seed() returns setof (code, name, from_year, to_year, successors)
 *		The history that ships with the extension; to_year is null for a code in use.
 */
Datum
region_seed(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	Oid			type;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	type = TupleDescAttr(result->setDesc, 0)->atttypid;
	for (int i = 0; i < lengthof(seed); i++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};
		int			count = count_successors(seed[i].successors);
		RegionCode *successors = palloc(sizeof(RegionCode) * Max(count, 1));
		Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

		read_successors(seed[i].successors, successors);
		for (int j = 0; j < count; j++)
			elements[j] = RegionCodeGetDatum(successors[j]);
		values[0] = RegionCodeGetDatum(seed[i].code6 * INT64CONST(1000000));
		values[1] = CStringGetTextDatum(seed[i].name);
		values[2] = Int32GetDatum(seed[i].from_year);
		values[3] = Int32GetDatum(seed[i].to_year);
		nulls[3] = seed[i].to_year == REGION_OPEN_END;
		values[4] = PointerGetDatum(construct_array(elements, count, type, sizeof(RegionCode),
													FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as trigger", name)));
	return (TriggerData *) fcinfo->context;
}

/* region_changed() returns trigger: every backend reads registry.region anew. */
Datum
region_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "region_changed");

	CacheInvalidateRelcache(trigger->tg_relation);
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event) && TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return PointerGetDatum(trigger->tg_newtuple);
	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * region_mark_local() returns trigger
 *		A shipped row that is updated becomes a row of this registry, which the
 *		next deploy leaves alone.  Fires before update, for each row.
 */
Datum
region_mark_local(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "region_mark_local");
	TupleDesc	desc;
	int			column;
	Datum		value = CStringGetTextDatum("local");
	bool		null = false;

	if (!TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired before update for each row", "region_mark_local")));
	desc = RelationGetDescr(trigger->tg_relation);
	column = get_attnum(RelationGetRelid(trigger->tg_relation), "origin");
	if (column == InvalidAttrNumber || TupleDescAttr(desc, column - 1)->atttypid != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no text column \"%s\"",
						RelationGetRelationName(trigger->tg_relation), "origin")));
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_newtuple, desc, 1, &column, &value, &null));
}
