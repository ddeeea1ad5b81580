/*
 * intake_repeat.c
 *		Finding the same key twice in one extract, in bounded memory.
 *
 * Of every staged row half its key and its place are noted, 16 bytes.  Notes
 * that exceed maintenance_work_mem, or 64 MB, are sorted and written to a temporary file, run
 * by run, and merged in the end: the memory does not grow with the extract.
 * Equal halves only suggest a repetition; the caller compares the whole keys.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "intake/intake.h"

#define PLACES_IN_MEMORY ((int64) 4 * 1024 * 1024)	/* 64 MB */
#define RUN_BUFFER 512			/* places of a run that are read at once */

typedef struct PlaceRun
{
	BufFile    *file;
	int64		left;			/* in the file */
	int			count;			/* in the buffer */
	int			next;
	IntakePlace buffer[RUN_BUFFER];
} PlaceRun;

struct IntakePlaces
{
	MemoryContext memory;
	IntakePlace *place;
	int64		count;
	int64		capacity;
	int64		limit;
	int64		next;			/* of place, when there are no runs */

	PlaceRun  **run;
	int			runs;
	IntakePlace *group;
	int64		group_capacity;
};

static inline int
compare_places(const IntakePlace *x, const IntakePlace *y)
{
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (int) x->offset - (int) y->offset;
}

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE IntakePlace
#define ST_COMPARE(a, b) compare_places(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

IntakePlaces *
intake_places_create(void)
{
	IntakePlaces *places = palloc0(sizeof(IntakePlaces));

	places->memory = CurrentMemoryContext;
	places->limit = Min(PLACES_IN_MEMORY, maintenance_work_mem * INT64CONST(1024) / (int64) sizeof(IntakePlace));
	places->capacity = Min(places->limit, 4096);
	places->place = palloc(places->capacity * sizeof(IntakePlace));
	return places;
}

/* Writes what is in memory as a sorted run. */
static void
write_run(IntakePlaces *places)
{
	MemoryContext old = MemoryContextSwitchTo(places->memory);
	PlaceRun   *run = palloc0(sizeof(PlaceRun));

	sort_places(places->place, places->count);
	run->file = BufFileCreateTemp(false);
	for (int64 i = 0; i < places->count; i += RUN_BUFFER)
		BufFileWrite(run->file, &places->place[i], Min(RUN_BUFFER, places->count - i) * sizeof(IntakePlace));
	run->left = places->count;
	places->count = 0;
	places->run = places->runs == 0 ? palloc(sizeof(PlaceRun *)) :
		repalloc(places->run, (places->runs + 1) * sizeof(PlaceRun *));
	places->run[places->runs++] = run;
	MemoryContextSwitchTo(old);
}

void
intake_places_add(IntakePlaces *places, uint64 key, ItemPointer where)
{
	IntakePlace *place;

	if (places->count == places->capacity)
	{
		if (places->capacity < places->limit)
		{
			places->capacity = Min(2 * places->capacity, places->limit);
			places->place = repalloc_huge(places->place, places->capacity * sizeof(IntakePlace));
		}
		else
			write_run(places);
	}
	place = &places->place[places->count++];
	place->key = key;
	place->block = ItemPointerGetBlockNumber(where);
	place->offset = ItemPointerGetOffsetNumber(where);
	place->unused = 0;
}

/* The smallest place of a run that is left, NULL when it has none. */
static IntakePlace *
run_head(PlaceRun *run)
{
	if (run->next == run->count)
	{
		size_t		bytes;

		if (run->left == 0)
			return NULL;
		run->count = (int) Min(run->left, RUN_BUFFER);
		run->next = 0;
		run->left -= run->count;
		bytes = run->count * sizeof(IntakePlace);
		if (BufFileRead(run->file, run->buffer, bytes) != bytes)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read back the keys of an extract: %m")));
	}
	return &run->buffer[run->next];
}

/* All is noted: makes ready for reading. */
void
intake_places_sort(IntakePlaces *places)
{
	if (places->runs == 0)
	{
		sort_places(places->place, places->count);
		return;
	}
	write_run(places);
	pfree(places->place);
	places->place = NULL;
	for (int i = 0; i < places->runs; i++)
		if (BufFileSeek(places->run[i]->file, 0, 0, SEEK_SET) != 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not rewind the keys of an extract: %m")));
}

/* The next place of all runs, in order of the keys; runs are few. */
static bool
merge_next(IntakePlaces *places, IntakePlace *place)
{
	PlaceRun   *best = NULL;

	for (int i = 0; i < places->runs; i++)
	{
		IntakePlace *head = run_head(places->run[i]);

		if (head && (best == NULL || compare_places(head, &best->buffer[best->next]) < 0))
			best = places->run[i];
	}
	if (best == NULL)
		return false;
	*place = best->buffer[best->next++];
	return true;
}

static void
group_add(IntakePlaces *places, int64 count, const IntakePlace *place)
{
	if (places->group == NULL)
	{
		places->group_capacity = 64;
		places->group = MemoryContextAlloc(places->memory, places->group_capacity * sizeof(IntakePlace));
	}
	else if (count == places->group_capacity)
	{
		places->group_capacity *= 2;
		places->group = repalloc_huge(places->group, places->group_capacity * sizeof(IntakePlace));
	}
	places->group[count] = *place;
}

/*
 * intake_places_repeated
 *		The next places that share half a key; returns their number, at least
 *		two, or 0 at the end.
 */
int64
intake_places_repeated(IntakePlaces *places, IntakePlace **group)
{
	IntakePlace place;
	int64		count = 0;

	if (places->runs == 0)
	{
		while (places->next < places->count)
		{
			int64		first = places->next;

			while (places->next < places->count && places->place[places->next].key == places->place[first].key)
				places->next++;
			*group = &places->place[first];
			if (places->next - first > 1)
				return places->next - first;
		}
		return 0;
	}
	/* the head of the following group was read to see the end of this one */
	if (places->next > 0)
		group_add(places, count++, &places->place[0]);
	while (merge_next(places, &place))
	{
		if (count > 0 && places->group[0].key != place.key)
		{
			if (count > 1)
			{
				if (places->place == NULL)
					places->place = MemoryContextAlloc(places->memory, sizeof(IntakePlace));
				places->place[0] = place;
				places->next = 1;
				*group = places->group;
				return count;
			}
			count = 0;
		}
		group_add(places, count++, &place);
	}
	places->next = 0;
	*group = places->group;
	return count > 1 ? count : 0;
}

void
intake_places_free(IntakePlaces *places)
{
	for (int i = 0; i < places->runs; i++)
	{
		BufFileClose(places->run[i]->file);
		pfree(places->run[i]);
	}
	if (places->place)
		pfree(places->place);
	if (places->group)
		pfree(places->group);
	pfree(places);
}
