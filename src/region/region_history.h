/*
 * region_history.h
 *		What other rooms may ask about the history of region codes.
 *
 * The answers come from registry.region when a registry is deployed in this
 * database (so a code the DBA added or ended counts at once), otherwise from
 * the seed compiled into the library.  Years are calendar years because older
 * official lists know no better.
 */
#ifndef REGISTRY_REGION_HISTORY_H
#define REGISTRY_REGION_HISTORY_H

#include "postgres.h"

#include "region/region_code.h"

#define REGION_OPEN_END 9999	/* to_year of a period that has not ended */

typedef struct RegionPeriod
{
	int16		from_year;		/* first year in which the code was in use */
	int16		to_year;		/* year in which it ended, REGION_OPEN_END = in
								 * use */
} RegionPeriod;

/*
 * Periods of a six-digit code in ascending order.  Returns their number, 0
 * when the code stands in no published list.  *periods stays valid until the
 * next call into the region room.
 */
extern int	region_history_periods(int32 code6, const RegionPeriod **periods);

/*
 * Whether a code stands for a place that lies in home today: inside home, or
 * ended with a living successor inside home (341521 and 342422 in 340400).
 */
extern bool region_is_home(RegionCode code, RegionCode home);

/*
 * The code under which a place lies in home today: itself, or the successor
 * inside home of an ended code; the code unchanged when it has none there, or
 * lies at home itself and was divided among several.
 */
extern RegionCode region_at_home(RegionCode code, RegionCode home);

/* Name today, or the last known name; NULL when the code is unknown. */
extern const char *region_name_current(RegionCode code);

#endif							/* REGISTRY_REGION_HISTORY_H */
