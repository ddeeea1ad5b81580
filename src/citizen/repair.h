/*
 * repair.h
 *		Numbers that a broken or mistaken citizen number may have been.
 */
#ifndef REGISTRY_REPAIR_H
#define REGISTRY_REPAIR_H

#include "citizen/citizen_id.h"

/* 17 digits inserted anywhere but at the end give no more than this. */
#define REPAIR_MAX 256

typedef struct Repair
{
	CitizenId	id;
	char		edit[32];		/* "digit 12: 3 -> 8" */
} Repair;

typedef struct RepairList
{
	int			count;
	Repair		items[REPAIR_MAX];
} RepairList;

/*
 * Every valid number one edit away from a text that is none: one digit, two
 * neighbours swapped, one character missing or too much, a wrong check
 * character.  A text that cleaning alone repairs has no candidates, except a
 * 15-digit number whose century is a guess.  No server calls.
 */
extern void citizen_id_repairs(const char *text, size_t length, RepairList *list);

/*
 * Every valid number whose 17 digits are one digit or one swap of neighbours
 * away from those of a valid number: what a mistake before the check
 * character was computed would have given.  No server calls.
 */
extern void citizen_id_neighbour_list(CitizenId id, RepairList *list);

#endif							/* REGISTRY_REPAIR_H */
