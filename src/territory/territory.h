/*
 * territory.h
 *		What a reader may see: places, schemes and masks by the grants of the
 *		registry.
 */
#ifndef REGISTRY_TERRITORY_H
#define REGISTRY_TERRITORY_H

#include "postgres.h"

#include "access/attnum.h"
#include "utils/date.h"

#include "coverage/coverage.h"
#include "region/region_code.h"

/* How much of a person a reader sees, the least first. */
typedef enum TerritoryMask
{
	MASK_FULL,
	MASK_STARS,
	MASK_NOTHING
} TerritoryMask;

typedef struct TerritoryRange
{
	RegionCode	first;
	RegionCode	last;
	TerritoryMask mask;			/* of the grant; meaningless once merged */
} TerritoryRange;

/* Sorts ranges and joins those that touch; returns how many are left. */
extern int	territory_merge(TerritoryRange *ranges, int count);

/* Whether a code lies in one of the merged ranges. */
extern bool territory_within(const TerritoryRange *ranges, int count, RegionCode code);

/* The mildest mask among the ranges, merged or not, that hold a code; -1 when none does. */
extern int	territory_mildest(const TerritoryRange *ranges, int count, RegionCode code);

/* Places of one kind of right. */
typedef struct TerritoryRanges
{
	TerritoryRange *items;
	int			count;
	int			room;
	RegionCode	low;			/* everything between holds all items */
	RegionCode	high;
} TerritoryRanges;

/* What one reader may do, as of one statement. */
typedef struct TerritoryReach
{
	bool		everything;		/* the registry's owner */
	bool		record_views;	/* setting: what is read from views is recorded */
	bool		counts_only;	/* report grants and no other */
	Coverage	schemes;		/* of which the reader is the agency */
	TerritoryRanges persons;	/* whom the reader sees */
	TerritoryRanges changes;	/* whom the reader may change */
	TerritoryRanges counts;		/* where the reader sees counts */
	TerritoryRanges masks;		/* grants to see persons, as they stand */
	TerritoryMask agency_mask;
	TerritoryMask strictest;	/* for rows that no place of the reader holds */
	int64		small_cell;		/* counts below it are hidden from counts_only */
	DateADT		transfer_since; /* day from which those who left are still seen */
	Oid			enrolment;		/* tables that are asked row by row */
	Oid			transfer;
	AttrNumber	enrolment_scheme;
} TerritoryReach;

/* The reach of who asks: the current user of a statement ... */
extern const TerritoryReach *territory_reach(void);

/* ... and inside a look-up whoever called it. */
extern const TerritoryReach *territory_reader_reach(void);

extern bool territory_sees(const TerritoryReach *reach, RegionCode place);
extern bool territory_sees_person(const TerritoryReach *reach, RegionCode place, int64 person);
extern TerritoryMask territory_mask(const TerritoryReach *reach, RegionCode place);

/* Who stands behind the current user, and a query run as the owner for that reader (look_up.c). */
extern Oid	territory_reader(void);
extern void territory_as_owner(const char *query, int arguments, Oid *types, Datum *values);

/* Counts reads of this session that have no record (taken_back.c). */
extern void territory_reads_lost(int64 reads);

/* Begins to watch what is read from the views of persons (watch.c). */
extern void territory_init(void);

#endif							/* REGISTRY_TERRITORY_H */
