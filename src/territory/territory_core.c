/*
 * territory_core.c
 *		Ranges of places.  No server calls.
 */
#include "postgres.h"

#include "territory/territory.h"

static int
compare_ranges(const void *a, const void *b)
{
	const TerritoryRange *first = a;
	const TerritoryRange *second = b;

	if (first->first != second->first)
		return first->first < second->first ? -1 : 1;
	return first->last < second->last ? -1 : first->last > second->last;
}

int
territory_merge(TerritoryRange *ranges, int count)
{
	int			kept = 0;

	if (count == 0)
		return 0;
	qsort(ranges, count, sizeof(TerritoryRange), compare_ranges);
	for (int i = 1; i < count; i++)
	{
		if (ranges[i].first > ranges[kept].last + 1)
			ranges[++kept] = ranges[i];
		else if (ranges[i].last > ranges[kept].last)
			ranges[kept].last = ranges[i].last;
	}
	return kept + 1;
}

bool
territory_within(const TerritoryRange *ranges, int count, RegionCode code)
{
	int			low = 0;
	int			high = count;

	/* the last range that does not begin after the code */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (ranges[middle].first <= code)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && code <= ranges[low - 1].last;
}

int
territory_mildest(const TerritoryRange *ranges, int count, RegionCode code)
{
	int			mildest = -1;

	for (int i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last &&
			(mildest < 0 || (int) ranges[i].mask < mildest))
			mildest = ranges[i].mask;
	return mildest;
}
