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
	KEEP_SCHOOL,				/* the place of the school, else the dwelling */
	KEEP_EARLIEST,				/* the place of first receipt */
	KEEP_CHOICE,				/* the person chooses */
	KEEP_POLICY_COUNT
} KeepPolicy;

extern const char *const keep_policy_names[KEEP_POLICY_COUNT];

/* Which pairs a conflict rule is about: of any, of different or of equal agencies or employers. */
typedef enum PairRelation
{
	PAIR_ANY,
	PAIR_OTHER,
	PAIR_SAME,
	PAIR_RELATION_COUNT
} PairRelation;

extern const char *const pair_relation_names[PAIR_RELATION_COUNT];

/* What else must hold of a pair. */
typedef enum PairCondition
{
	PAIR_ALWAYS,
	PAIR_PREPAID_YEAR,			/* the second is a prepaid year in which the first began */
	PAIR_FLEXIBLE,				/* the first is a flexible worker's row */
	PAIR_SHORT,					/* the first scheme ran under a year */
	PAIR_MINOR_OR_STUDENT,
	PAIR_EMPLOYER_PAID,			/* an employer pays the second */
	PAIR_CONDITION_COUNT
} PairCondition;

extern const char *const pair_condition_names[PAIR_CONDITION_COUNT];

/* A pair of uses that may not share a month (table conflict_rule). */
typedef struct ConflictRule
{
	char		rule_id[RULE_ID_SIZE];
	int8		first_scheme;
	int8		second_scheme;
	bool		first_benefit;	/* benefit months count, else paid months */
	bool		second_benefit;
	PairRelation area;
	PairRelation employer;
	PairCondition condition;
	KeepPolicy	keep;
	int			least_months;	/* shared months below which nothing is said */
} ConflictRule;

/* Numbers that rules work with (rule.parameters). */
typedef enum RuleParameter
{
	PARAMETER_BN05_MONTHS,
	PARAMETER_BN08_AGE,
	PARAMETER_CL07_AGE,
	PARAMETER_ID09_AGE,
	PARAMETER_ID10_AGE,
	PARAMETER_MD02_WINDOW,
	PARAMETER_MD02_MONTHS,
	PARAMETER_MD06_AGE,
	PARAMETER_PN15_AGE,
	PARAMETER_PN16_AGE,
	PARAMETER_PN17_MONTHS,
	PARAMETER_PN18_SPECIAL,
	PARAMETER_PN19_AGE,
	PARAMETER_PN23_MONTHS,
	PARAMETER_UW07_FULL,
	PARAMETER_UW07_MIDDLE,
	PARAMETER_UW07_SHORT,
	PARAMETER_UW07_BY_PAID_YEARS,
	PARAMETER_COUNT
} RuleParameter;

/* Where a parameter stands in the catalogue, and what it may be. */
typedef struct RuleParameterPlace
{
	const char *rule_id;
	const char *name;
	int			low;
	int			high;
} RuleParameterPlace;

extern const RuleParameterPlace rule_parameters[PARAMETER_COUNT];

/* Rules that are asked whether they are on before their work is done. */
typedef enum TimedRule
{
	TIMED_BN05,
	TIMED_BN08,
	TIMED_CL07,
	TIMED_ID09,
	TIMED_ID10,
	TIMED_PN17,
	TIMED_PN20,
	TIMED_PN23,
	TIMED_UW07,
	TIMED_RULE_COUNT
} TimedRule;

extern const char *const timed_rule_ids[TIMED_RULE_COUNT];

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
	const ConflictRule *conflicts;	/* alternatives of one pair stand together,
									 * the one that goes first first */
	int			conflict_count;
	int			parameter[PARAMETER_COUNT];
	bool		on[TIMED_RULE_COUNT];
	int32		registered_six; /* county of the registered place, 0 unknown */
	int32		dwelling_six;	/* county of the territory */
	void		(*pause) (void);	/* called in long loops, may not return */
} RuleBook;

/* Does a name hold a mark of damage: a question mark, a box, a private-use character? */
extern bool name_is_garbled(const char *name);

/*
 * Applies every rule to one judged person and hands each finding to the sink.
 * Lowers verdict->next_change where a finding grows with time.
 */
extern void detect_problems(const Dossier *dossier, const Calendar *calendar, const RuleBook *book,
							Verdict *verdict, FindingSink sink, void *state);

#endif							/* REGISTRY_PROBLEM_H */
