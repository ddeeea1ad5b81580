/*
 * law_book.h
 *		The law of a day and the rules in force on it, read from their tables.
 */
#ifndef REGISTRY_LAW_BOOK_H
#define REGISTRY_LAW_BOOK_H

#include "postgres.h"

#include "classify/classify.h"
#include "problem/problem.h"

typedef struct RuleEntry
{
	char		rule_id[RULE_ID_SIZE];
	char		severity;
	bool		active;			/* switched on, and in force on the day */
} RuleEntry;

/* The catalogue, in the byte order of the ids. */
typedef struct RuleList
{
	RuleEntry  *entries;
	int			count;
} RuleList;

extern const RuleEntry *find_rule(const RuleList *rules, const char *rule_id);

/* Both read through SPI, which must be connected. */
extern void load_calendar(Calendar *calendar, DateADT reference);
extern void load_rule_book(RuleBook *book, RuleList *rules, DateADT reference);

/* Both; for few persons as the session read them last, unless they have changed. */
extern void load_law(Calendar *calendar, RuleBook *book, RuleList *rules, DateADT reference, bool few);

#endif							/* REGISTRY_LAW_BOOK_H */
