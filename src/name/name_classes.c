/*
 * name_classes.c
 *		Classes of characters as the table registry.name_variant has them.
 *
 * Each backend keeps one copy of the classes.  A trigger of the table sends an
 * invalidation, and the next call reads the table anew; between changes a call
 * compares two numbers.  The classes are the same for every reader, as a
 * catalog is: they need no right to the table.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "name/name_classes.h"
#include "name/name_core.h"

REGISTRY_FUNCTION(name_variant_changed);

/* Numbers of the invalidations seen, and of those the classes take account of. */
static uint64 invalidations = 1;
static uint64 built_at = 0;

/* The table the classes came from; invalid while there is none. */
static Oid	classes_relid = InvalidOid;

enum
{
	COLUMN_KIND, COLUMN_FORM, COLUMN_STANDS_FOR, COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {"kind", "form", "stands_for"};

static void
relation_invalidated(Datum argument, Oid relid)
{
	if (relid == InvalidOid || relid == classes_relid || !OidIsValid(classes_relid))
		invalidations++;
}

static bool
find_columns(Relation relation, AttrNumber columns[COLUMN_COUNT])
{
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		columns[i] = get_attnum(RelationGetRelid(relation), column_names[i]);
		if (columns[i] == InvalidAttrNumber ||
			TupleDescAttr(RelationGetDescr(relation), columns[i] - 1)->atttypid != TEXTOID)
			return false;
	}
	return true;
}

/* The one character of a value; 0 for anything else. */
static uint32
one_character(Datum value)
{
	text	   *given = DatumGetTextPP(value);
	uint32		points[8];

	if (VARSIZE_ANY_EXHDR(given) == 0 || VARSIZE_ANY_EXHDR(given) > 4 ||
		name_decode(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), points) != 1)
		return 0;
	return points[0];
}

/* False for a row that says nothing; the table's own checks let none in. */
static bool
read_row(HeapTuple tuple, TupleDesc desc, const AttrNumber *columns, NameClassRow *row)
{
	static const struct
	{
		const char *name;
		NameClassKind kind;
	}			kinds[] = {
		{"variant", NAME_CLASS_VARIANT}, {"exchanged", NAME_CLASS_EXCHANGED},
		{"alike", NAME_CLASS_ALIKE}, {"apart", NAME_CLASS_APART}
	};
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	char	   *name;

	for (int i = 0; i < COLUMN_COUNT; i++)
		values[i] = heap_getattr(tuple, columns[i], desc, &nulls[i]);
	if (nulls[COLUMN_KIND] || nulls[COLUMN_FORM])
		return false;
	name = TextDatumGetCString(values[COLUMN_KIND]);
	row->form = one_character(values[COLUMN_FORM]);
	row->stands_for = nulls[COLUMN_STANDS_FOR] ? 0 : one_character(values[COLUMN_STANDS_FOR]);
	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
		{
			row->kind = kinds[i].kind;
			return row->form != 0 && (row->stands_for != 0 || row->kind == NAME_CLASS_APART);
		}
	return false;
}

/* By form, so that the representatives do not depend on the order in the table. */
static int
compare_rows(const void *a, const void *b)
{
	const NameClassRow *left = a;
	const NameClassRow *right = b;

	if (left->form != right->form)
		return left->form < right->form ? -1 : 1;
	if (left->stands_for != right->stands_for)
		return left->stands_for < right->stands_for ? -1 : 1;
	return (int) left->kind - (int) right->kind;
}

/*
 * The scan uses a fresh catalog snapshot, not the transaction's: the copy
 * outlives the transaction, and no invalidation would come later for what an
 * old snapshot could not see yet.  It also works inside parallel queries.
 */
static NameClassRow *
read_rows(Relation relation, int *count)
{
	int			room = 256;
	NameClassRow *rows = palloc(sizeof(NameClassRow) * room);
	AttrNumber	columns[COLUMN_COUNT];
	SysScanDesc scan;
	HeapTuple	tuple;

	*count = 0;
	if (!find_columns(relation, columns))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("table \"name_variant\" lacks one of its columns kind, form and stands_for of type text"),
				 errhint("CALL registry.deploy() makes the table as it has to be.")));
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		if (*count == room)
			rows = repalloc(rows, sizeof(NameClassRow) * (room *= 2));
		if (read_row(tuple, RelationGetDescr(relation), columns, &rows[*count]))
			(*count)++;
	}
	systable_endscan(scan);
	qsort(rows, *count, sizeof(NameClassRow), compare_rows);
	return rows;
}

static void
read_classes(void)
{
	static bool registered = false;
	Oid			schema;
	Relation	relation = NULL;
	NameClassRow *rows = NULL;
	int			count = 0;
	uint64		seen;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_invalidated, (Datum) 0);
		registered = true;
	}
	schema = get_namespace_oid("registry", true);
	classes_relid = OidIsValid(schema) ? get_relname_relid("name_variant", schema) : InvalidOid;
	if (OidIsValid(classes_relid))
		relation = try_table_open(classes_relid, AccessShareLock);

	/* What arrives from here on is not in the copy. */
	seen = invalidations;
	if (relation != NULL)
	{
		rows = read_rows(relation, &count);
		table_close(relation, AccessShareLock);
	}
	if (!name_classes_build(rows, count))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table \"name_variant\" holds more than there is room for"),
				 errdetail("There is room for about 10000 pairs of kind alike and %d rare characters.", NAME_FAR_MAX)));
	if (rows != NULL)
		pfree(rows);
	built_at = seen;
}

void
name_classes_refresh(void)
{
	if (built_at != invalidations)
		read_classes();
}

/* name_variant_changed() returns trigger: every backend reads the classes anew. */
Datum
name_variant_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"name_variant_changed\" must be called as trigger")));
	trigger = (TriggerData *) fcinfo->context;
	CacheInvalidateRelcache(trigger->tg_relation);
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event) && TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return PointerGetDatum(trigger->tg_newtuple);
	return PointerGetDatum(trigger->tg_trigtuple);
}
