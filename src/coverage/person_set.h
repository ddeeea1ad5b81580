/*
 * person_set.h
 *		Reading a set of person numbers in its stored form, without copying it.
 *
 * The form is the portable one of roaring bitmaps: little-endian, numbers of 32
 * bits, split by their upper half into containers.  A container lists the lower
 * halves (array, up to 4096), or has a bit for each (bitset, 8192 bytes), or
 * lists runs, whichever is smallest:
 *
 *	no runs		12346, n, n x (key, size - 1), n x offset, containers
 *	with runs	12347 | n - 1 << 16, n flags in whole bytes, n x (key, size - 1),
 *				n x offset unless n < 4, containers
 *
 * What the type stores is canonical: equal sets have equal bytes.
 */
#ifndef REGISTRY_PERSON_SET_H
#define REGISTRY_PERSON_SET_H

#include "postgres.h"

#define PERSON_SET_LARGEST PG_UINT32_MAX

typedef enum ContainerKind
{
	CONTAINER_ARRAY,
	CONTAINER_BITSET,
	CONTAINER_RUN
} ContainerKind;

/* One container: the numbers whose upper half is key. */
typedef struct PersonSetContainer
{
	ContainerKind kind;
	uint32		key;
	uint32		cardinality;
	uint32		run_count;
	const unsigned char *data;	/* values, bits or pairs (start, length - 1) */
} PersonSetContainer;

/* A set as it is stored, and where its parts are. */
typedef struct PersonSetView
{
	const unsigned char *bytes;
	size_t		length;
	uint32		container_count;
	const unsigned char *run_flags; /* NULL when no container has runs */
	const unsigned char *heads; /* key and size - 1 of each container */
	const unsigned char *containers;
} PersonSetView;

/* Walks over the containers of a set. */
typedef struct PersonSetCursor
{
	PersonSetView view;
	uint32		index;
	const unsigned char *next;
} PersonSetCursor;

/* Walks over the numbers of a set, in ascending order. */
typedef struct PersonSetIterator
{
	PersonSetCursor cursor;
	PersonSetContainer container;
	bool		open;			/* is container being read? */
	uint32		position;		/* value, word or run within it */
	uint32		in_run;			/* numbers of the run that were given */
	uint64		word;			/* bits of the word that were not yet given */
} PersonSetIterator;

typedef enum PersonSetParse
{
	PERSON_SET_ITEM,			/* first and last are set */
	PERSON_SET_END,
	PERSON_SET_SYNTAX,
	PERSON_SET_BACKWARDS,
	PERSON_SET_RANGE
} PersonSetParse;

/* What is wrong with bytes that claim to be a set; NULL when nothing is. */
extern const char *person_set_fault(const unsigned char *bytes, size_t length);

/* The rest trusts its bytes: they were made by the type or passed person_set_fault(). */
extern PersonSetView person_set_view(const unsigned char *bytes, size_t length);
extern PersonSetCursor person_set_cursor(PersonSetView view);
extern bool person_set_next_container(PersonSetCursor *cursor, PersonSetContainer *container);
extern uint64 person_set_cardinality(PersonSetView view);
extern bool person_set_holds(PersonSetView view, uint32 person);
extern uint64 person_set_common_count(PersonSetView a, PersonSetView b, bool any);
extern PersonSetIterator person_set_iterate(PersonSetView view);
extern bool person_set_next(PersonSetIterator *iterator, uint32 *person);
extern bool person_set_next_range(PersonSetIterator *iterator, uint32 *first, uint32 *last);
extern uint32 person_set_smallest(PersonSetView view);
extern uint32 person_set_largest(PersonSetView view);

/*
 * The one form that a set is stored in.  run_counts has room for a number per
 * container and goes from the first to the second.
 */
extern size_t person_set_canonical_size(PersonSetView view, uint32 *run_counts, bool *is_canonical);
extern void person_set_write_canonical(PersonSetView view, const uint32 *run_counts, unsigned char *out);

/*
 * Text: begin skips to behind the opening brace, next reads one number or range
 * and whatever separates it from the one behind it.
 */
extern bool person_set_parse_begin(const char **text, bool *empty);
extern PersonSetParse person_set_parse_next(const char **text, uint32 *first, uint32 *last, bool *more);
extern bool person_set_parse_end(const char *text);

#endif							/* REGISTRY_PERSON_SET_H */
