/*
 * reach.c
 *		What the current user may see, read from registry.territory_grant.
 *
 * A policy is asked for every row, so the grants are read once per statement
 * and kept as long as the user, the statement and what its snapshot sees stay
 * the same.  (A planner estimates by the snapshot of before, so the statement
 * alone does not tell.)  The table is read directly, past its rights and
 * its row security, because nobody but the owner may read it; whoever asks
 * learns nothing but where their own rights end.
 *
 * Nothing here raises an error that depends on a row: the functions are
 * LEAKPROOF.  Where something is missing (no table, no grant, a role that is
 * gone) the answer is that nothing is seen.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "territory/territory.h"

/* Columns of registry.territory_grant, transfer and setting as deploy makes them. */
#define GRANT_ROLE 1
#define GRANT_REGION 2
#define GRANT_DUTY 3
#define GRANT_SCHEME 4
#define GRANT_MASK 5
#define TRANSFER_TERRITORY 2
#define TRANSFER_MOVED_ON 3
#define SETTING_NAME 1
#define SETTING_VALUE 2

#define TRANSFER_DAYS 30
#define SMALL_CELL 5

/* Bounds that hold every code, or none. */
#define REGION_LEAST ((RegionCode) INT64CONST(100000000000))
#define REGION_GREATEST ((RegionCode) INT64CONST(999999999999))

typedef struct ReachCache
{
	Oid			reader;
	TimestampTz statement;		/* membership in roles is read by the newest catalogs */
	TransactionId xmin;			/* of the snapshot */
	TransactionId xmax;
	uint32		running;
	CommandId	command;
	MemoryContext context;
	TerritoryReach reach;
} ReachCache;

/* Of the user, and of whoever called a look-up that runs as another. */
static ReachCache user_cache;
static ReachCache reader_cache;

static Oid
registry_table(const char *name)
{
	Oid			space = get_namespace_oid("registry", true);

	return OidIsValid(space) ? get_relname_relid(name, space) : InvalidOid;
}

/* A table that is no plain one cannot be asked here; then nothing is seen through it. */
static Relation
open_plain(Oid relid)
{
	Relation	relation;

	if (!OidIsValid(relid))
		return NULL;
	relation = try_relation_open(relid, AccessShareLock);
	if (relation != NULL && relation->rd_rel->relkind != RELKIND_RELATION)
	{
		relation_close(relation, AccessShareLock);
		relation = NULL;
	}
	return relation;
}

static void
add_range(TerritoryRanges *ranges, RegionCode region, TerritoryMask mask)
{
	if (ranges->count == ranges->room)
	{
		ranges->room = Max(8, ranges->room * 2);
		ranges->items = ranges->items == NULL ? palloc(ranges->room * sizeof(TerritoryRange))
			: repalloc(ranges->items, ranges->room * sizeof(TerritoryRange));
	}
	ranges->items[ranges->count].first = region;
	ranges->items[ranges->count].last = region_code_last(region);
	ranges->items[ranges->count].mask = mask;
	ranges->count++;
}

static void
bound_ranges(TerritoryRanges *ranges)
{
	ranges->count = territory_merge(ranges->items, ranges->count);
	ranges->low = ranges->count > 0 ? ranges->items[0].first : REGION_GREATEST;
	ranges->high = ranges->count > 0 ? ranges->items[ranges->count - 1].last : REGION_LEAST;
}

static char *
text_of(HeapTuple tuple, AttrNumber column, TupleDesc desc)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static TerritoryMask
mask_from_name(const char *name)
{
	if (name != NULL && strcmp(name, "full") == 0)
		return MASK_FULL;
	if (name != NULL && strcmp(name, "masked") == 0)
		return MASK_STARS;
	return MASK_NOTHING;
}

static void
take_grant(TerritoryReach *reach, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	RegionCode	region = DatumGetRegionCode(heap_getattr(tuple, GRANT_REGION, desc, &isnull));
	char	   *duty = text_of(tuple, GRANT_DUTY, desc);
	char	   *scheme = text_of(tuple, GRANT_SCHEME, desc);
	TerritoryMask mask = mask_from_name(text_of(tuple, GRANT_MASK, desc));

	if (isnull || duty == NULL)
		return;
	add_range(&reach->counts, region, mask);
	if (strcmp(duty, "report") == 0)
		return;
	reach->counts_only = false;
	if (strcmp(duty, "scheme_agency") == 0)
	{
		int			bit = scheme == NULL ? -1 : scheme_from_name(scheme, strlen(scheme));

		if (bit >= 0)
		{
			reach->schemes |= SCHEME_BIT(bit);
			reach->agency_mask = Min(reach->agency_mask, mask);
		}
		return;
	}
	add_range(&reach->persons, region, mask);
	add_range(&reach->masks, region, mask);
	reach->strictest = Max(reach->strictest, mask);
	if (strcmp(duty, "audit") != 0)
		add_range(&reach->changes, region, mask);
}

static void
read_grants(TerritoryReach *reach, Oid reader, Snapshot snapshot)
{
	Relation	relation = open_plain(registry_table("territory_grant"));
	SysScanDesc scan;
	HeapTuple	tuple;

	if (relation == NULL)
		return;
	scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		name = heap_getattr(tuple, GRANT_ROLE, RelationGetDescr(relation), &isnull);
		Oid			role = isnull ? InvalidOid : get_role_oid(NameStr(*DatumGetName(name)), true);

		if (OidIsValid(role) && has_privs_of_role(reader, role))
			take_grant(reach, tuple, RelationGetDescr(relation));
	}
	systable_endscan(scan);
	relation_close(relation, AccessShareLock);
}

/* A setting that is no number is as if it were not set. */
static void
read_number(const char *text, int64 *number)
{
	char	   *end;
	long		value = strtol(text, &end, 10);

	if (end != text && *end == '\0' && value >= 0 && value <= 1000000)
		*number = value;
}

static void
read_settings(TerritoryReach *reach, Snapshot snapshot)
{
	int64		days = TRANSFER_DAYS;
	Relation	relation = open_plain(registry_table("setting"));
	SysScanDesc scan;
	HeapTuple	tuple;

	reach->small_cell = SMALL_CELL;
	/* by the day of UTC: the reader's time zone is the reader's own */
	reach->transfer_since = (DateADT) (GetCurrentTransactionStartTimestamp() / USECS_PER_DAY) - TRANSFER_DAYS;
	if (relation == NULL)
		return;
	scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		char	   *name = text_of(tuple, SETTING_NAME, RelationGetDescr(relation));
		char	   *value = text_of(tuple, SETTING_VALUE, RelationGetDescr(relation));

		if (name == NULL || value == NULL)
			continue;
		if (strcmp(name, "transfer_days") == 0)
			read_number(value, &days);
		else if (strcmp(name, "small_cell") == 0)
			read_number(value, &reach->small_cell);
		else if (strcmp(name, "record_views") == 0)
			reach->record_views = strcmp(value, "on") == 0;
	}
	reach->transfer_since += TRANSFER_DAYS - (DateADT) days;
	systable_endscan(scan);
	relation_close(relation, AccessShareLock);
}

/* Whether the reader is the owner of the registry, who sees everything. */
static bool
is_owner(Oid reader)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(registry_table("person")));
	bool		owner = false;

	if (superuser_arg(reader))
		owner = true;
	if (HeapTupleIsValid(tuple))
	{
		owner = owner || has_privs_of_role(reader, ((Form_pg_class) GETSTRUCT(tuple))->relowner);
		ReleaseSysCache(tuple);
	}
	return owner;
}

static void
build_reach(TerritoryReach *reach, Oid reader, Snapshot snapshot)
{
	memset(reach, 0, sizeof(*reach));
	reach->agency_mask = MASK_NOTHING;
	reach->counts_only = true;
	reach->everything = is_owner(reader);
	if (reach->everything)
	{
		reach->counts_only = false;
		reach->persons.low = reach->counts.low = reach->changes.low = REGION_LEAST;
		reach->persons.high = reach->counts.high = reach->changes.high = REGION_GREATEST;
		return;
	}
	snapshot = RegisterSnapshot(snapshot);
	read_settings(reach, snapshot);
	read_grants(reach, reader, snapshot);
	UnregisterSnapshot(snapshot);
	bound_ranges(&reach->persons);
	bound_ranges(&reach->changes);
	bound_ranges(&reach->counts);
	if (reach->schemes != 0)
	{
		reach->persons.low = REGION_LEAST;
		reach->persons.high = REGION_GREATEST;
	}
	reach->transfer = registry_table("transfer");
	reach->enrolment = registry_table("enrolment");
	if (OidIsValid(reach->enrolment))
		reach->enrolment_scheme = get_attnum(reach->enrolment, "scheme");
}

static bool
is_current(const ReachCache *cache, Oid reader, Snapshot snapshot)
{
	return cache->reader == reader && cache->statement == GetCurrentStatementStartTimestamp() &&
		cache->command == snapshot->curcid && cache->xmin == snapshot->xmin && cache->xmax == snapshot->xmax &&
		cache->running == snapshot->xcnt + (uint32) snapshot->subxcnt;
}

static const TerritoryReach *
cached_reach(ReachCache *cache, Oid reader)
{
	Snapshot	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot();
	MemoryContext old;

	if (is_current(cache, reader, snapshot))
		return &cache->reach;
	cache->reader = InvalidOid; /* whatever happens below, the old answer is over */
	if (cache->context == NULL)
		cache->context = AllocSetContextCreate(TopMemoryContext, "registry territory", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(cache->context);
	old = MemoryContextSwitchTo(cache->context);
	build_reach(&cache->reach, reader, snapshot);
	MemoryContextSwitchTo(old);
	cache->statement = GetCurrentStatementStartTimestamp();
	cache->xmin = snapshot->xmin;
	cache->xmax = snapshot->xmax;
	cache->running = snapshot->xcnt + (uint32) snapshot->subxcnt;
	cache->command = snapshot->curcid;
	cache->reader = reader;
	return &cache->reach;
}

const TerritoryReach *
territory_reach(void)
{
	return cached_reach(&user_cache, GetUserId());
}

const TerritoryReach *
territory_reader_reach(void)
{
	return cached_reach(&reader_cache, territory_reader());
}

bool
territory_sees(const TerritoryReach *reach, RegionCode place)
{
	return reach->everything || territory_within(reach->persons.items, reach->persons.count, place);
}

/* Rows of one person by the first column of a table's primary key. */
static SysScanDesc
scan_person(Relation relation, int64 person, ScanKey key)
{
	Oid			index = RelationGetPrimaryKeyIndex(relation);

	ScanKeyInit(key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(person));
	return systable_beginscan(relation, index, OidIsValid(index), GetActiveSnapshot(), 1, key);
}

static bool
has_scheme(const TerritoryReach *reach, int64 person)
{
	Relation	relation = open_plain(reach->enrolment);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	if (relation == NULL)
		return false;
	scan = scan_person(relation, person, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, reach->enrolment_scheme, RelationGetDescr(relation), &isnull);

		if (!isnull)
		{
			text	   *scheme = DatumGetTextPP(value);
			int			bit = scheme_from_name(VARDATA_ANY(scheme), VARSIZE_ANY_EXHDR(scheme));

			found = bit >= 0 && (reach->schemes & SCHEME_BIT(bit)) != 0;
		}
	}
	systable_endscan(scan);
	relation_close(relation, AccessShareLock);
	return found;
}

/* Whether the person left a place of the reader within the transfer window. */
static bool
has_left(const TerritoryReach *reach, int64 person)
{
	Relation	relation = open_plain(reach->transfer);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	if (relation == NULL)
		return false;
	scan = scan_person(relation, person, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		TupleDesc	desc = RelationGetDescr(relation);
		bool		isnull;

		found = territory_sees(reach, DatumGetRegionCode(heap_getattr(tuple, TRANSFER_TERRITORY, desc, &isnull))) &&
			DatumGetDateADT(heap_getattr(tuple, TRANSFER_MOVED_ON, desc, &isnull)) >= reach->transfer_since;
	}
	systable_endscan(scan);
	relation_close(relation, AccessShareLock);
	return found;
}

/* Person 0 stands for rows whose number names nobody: they are seen by their place only. */
bool
territory_sees_person(const TerritoryReach *reach, RegionCode place, int64 person)
{
	if (territory_sees(reach, place))
		return true;
	if (person <= 0 || !ActiveSnapshotSet())
		return false;
	return (reach->schemes != 0 && has_scheme(reach, person)) ||
		(reach->persons.count > 0 && has_left(reach, person));
}

TerritoryMask
territory_mask(const TerritoryReach *reach, RegionCode place)
{
	int			mask;

	if (reach->everything)
		return MASK_FULL;
	mask = territory_mildest(reach->masks.items, reach->masks.count, place);
	if (mask >= 0)
		return mask;
	/* seen for its scheme, or because the person has just moved */
	if (reach->schemes != 0)
		return reach->agency_mask;
	return reach->masks.count > 0 ? reach->strictest : MASK_NOTHING;
}
