/*
 * problem.h
 *		Findings: what the rules say about one judged person.  Pure logic.
 */
#ifndef REGISTRY_PROBLEM_H
#define REGISTRY_PROBLEM_H

#include "classify/classify.h"

#define RULE_ID_SIZE 16
#define FINDING_ROWS 8			/* rows named in the evidence of a finding */

/* Which row of a conflicting pair stays. */
typedef enum KeepPolicy
{
	KEEP_FIRST,
	KEEP_SECOND,
	KEEP_EMPLOYMENT,			/* where the person works now */
	KEEP_DWELLING,
	KEEP_REGISTERED,
	KEEP_EARLIEST,				/* the place of first receipt */
	KEEP_CHOICE					/* the person chooses */
} KeepPolicy;

/* A pair of uses that may not share a month (table conflict_rule). */
typedef struct ConflictRule
{
	char		rule_id[RULE_ID_SIZE];
	int8		first_scheme;
	int8		second_scheme;
	bool		first_benefit;	/* benefit months count, else paid months */
	bool		second_benefit;
	bool		other_area;		/* only rows of agencies in different places */
	KeepPolicy	keep;
} ConflictRule;

typedef struct Finding
{
	char		rule_id[RULE_ID_SIZE];
	int64		key;			/* tells findings of one rule and person apart */
	Coverage	schemes;
	int			months;			/* -1 when the rule counts none */
	Month		first_month;	/* MONTH_NONE when the rule counts none */
	Month		last_month;
	int64		amount_cents;	/* -1 unknown */
	char		keep[24];
	int64		rows[FINDING_ROWS];
	int			row_count;
} Finding;

typedef void (*FindingSink) (const Finding *finding, void *state);

/* What the rules need beyond the facts. */
typedef struct RuleBook
{
	const ConflictRule *conflicts;
	int			conflict_count;
	int32		registered_six; /* county of the registered place, 0 unknown */
	int32		dwelling_six;	/* county of the territory */
	void		(*pause) (void);	/* called in long loops, may not return */
} RuleBook;

/*
 * Applies every rule to one judged person and hands each finding to the sink.
 * Lowers verdict->next_change where a finding grows with time.
 */
extern void detect_problems(const Dossier *dossier, const Calendar *calendar, const RuleBook *book,
							Verdict *verdict, FindingSink sink, void *state);

#endif							/* REGISTRY_PROBLEM_H */
