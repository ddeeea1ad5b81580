/*
 * classify.h
 *		What is known about one person (facts) and what follows from it
 *		(verdict).
 *
 * The functions are pure: no server calls, no memory of their own.  The
 * meaning of every term is that of the design's section "Meaning of the facts".
 */
#ifndef REGISTRY_CLASSIFY_H
#define REGISTRY_CLASSIFY_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/date.h"

#include "classify/month.h"
#include "classify/retirement.h"
#include "coverage/coverage.h"

/* Axis A of the code lists: life and register status. */
enum LifeStatus
{
	LIFE_REGISTERED = 10,
	LIFE_MIGRANT = 11,
	LIFE_DEAD_IN_REGISTER = 20,
	LIFE_DEAD_BY_LIST = 21,
	LIFE_MOVED_IN_PROVINCE = 30,
	LIFE_MOVED_OUT = 31,
	LIFE_CANCELLED = 32,
	LIFE_SETTLED_ABROAD = 33,
	LIFE_FOREIGN_NATIONAL = 34,
	LIFE_ARMY = 40,
	LIFE_PRISON = 41,
	LIFE_UNREGISTERED = 90
};

#define IDENTITY_EMPLOYEE 1
#define IDENTITY_FLEXIBLE 2
#define IDENTITY_STUDENT 4

#define LIFE_IS_GONE(status) ((status) >= LIFE_DEAD_IN_REGISTER && (status) <= LIFE_FOREIGN_NATIONAL)

/* Answer of the register to a name another source gives under the same number. */
typedef enum NameAnswer
{
	NAME_NOT_ASKED,				/* the person stands in no register */
	NAME_SAME,					/* equal keys, or equal but for a variant */
	NAME_FORMER,				/* a former name the register knows */
	NAME_SIMILAR,				/* differs, similarity at least 0.5 */
	NAME_UNRELATED,				/* similarity under 0.5 */
	NAME_INVALID				/* no name at all (rule ID22) */
} NameAnswer;

typedef enum CircumstanceKind
{
	CIRCUMSTANCE_DEATH,
	CIRCUMSTANCE_PRISON,
	CIRCUMSTANCE_ARMY,
	CIRCUMSTANCE_SCHOOL,
	CIRCUMSTANCE_SETTLED_ABROAD,
	CIRCUMSTANCE_FOREIGN_NATIONAL,
	CIRCUMSTANCE_OTHER
} CircumstanceKind;

/* A row of the household or migrant register. */
typedef struct RegisterFact
{
	bool		household;		/* household register, else migrant register */
	int16		status;			/* life status by this row */
	DateADT		status_date;
	bool		has_status_date;
	char		sex;			/* 'M', 'F' or 0 */
	DateADT		birth_date;
	bool		has_birth_date;
	bool		legacy15;
	bool		name_invalid;	/* rule ID22 */
	int64		origin;			/* tells the numbers of a merged person apart */
	bool		name_garbled;	/* rule ID23 */
	bool		cancelled_as_double;	/* cancelled because registered twice */
	int32		registered_six; /* county of the registered place, 0 unknown */
} RegisterFact;

typedef struct EnrolmentFact
{
	int64		enrolment_id;
	int8		scheme;			/* bit, -1 when the code gives none */
	int8		enrol_status;	/* 1 normal, 2 paused, 4 ended */
	int8		pay_status;		/* 1 paying, 2 paused, 3 ended */
	int8		benefit_state;	/* 0 none, 1 in receipt, 2 paused, 3 ended */
	int8		identity;		/* 1 employee, 2 flexible, 3 resident, 4
								 * student, 5 retired, 0 unknown */
	bool		employer_has_injury;	/* W is paid for anybody of the employer */
	bool		employer_closed;	/* the registry of employers says cancelled */
	bool		legacy15;
	bool		name_garbled;
	NameAnswer	name;
	int64		employer;		/* hash of the employer's code, 0 unknown */
	int32		agency_six;		/* first six digits of the agency's region */
	Month		start;
	Month		end;
	Month		paid_through;
	Month		benefit_from;
	Month		benefit_to;
	int64		benefit_cents;	/* monthly benefit, -1 unknown */

	/* derived by classify() for the reference month */
	bool		paying;
	MonthSpan	paid;
	MonthSpan	benefit;
} EnrolmentFact;

typedef struct CircumstanceFact
{
	CircumstanceKind kind;
	NameAnswer	name;
	bool		legacy15;
	bool		name_garbled;
	bool		has_start;
	bool		has_end;
	DateADT		start;
	DateADT		end;
} CircumstanceFact;

/* An answer of the national platform. */
typedef struct ElsewhereFact
{
	int8		scheme;
	int8		enrol_status;
	int8		pay_status;
	bool		legacy15;
	bool		name_garbled;
	bool		other_region;	/* outside the home region */
	NameAnswer	name;
} ElsewhereFact;

/* Everything known about one person. */
typedef struct Dossier
{
	int64		person_id;
	int64		citizen_id;		/* 0 when the person has no citizen number */
	bool		has_birth_date;
	DateADT		birth_date;
	char		number_sex;		/* by the number, 0 when there is none */
	char		sex;			/* that, else by a register; 0 unknown */
	bool		region_never_issued;	/* rule ID11 */
	RegisterFact *registers;
	int			register_count;
	EnrolmentFact *enrolments;
	int			enrolment_count;
	CircumstanceFact *circumstances;
	int			circumstance_count;
	ElsewhereFact *elsewheres;
	int			elsewhere_count;
} Dossier;

/* Conditions of the due matrix (table due_rule), in the field's usual order. */
typedef enum DueCondition
{
	DUE_GONE,
	DUE_ARMY,
	DUE_PRISON,
	DUE_UNREGISTERED,
	DUE_RECEIVING_EMPLOYEE_PENSION,
	DUE_EMPLOYED_PUBLIC,
	DUE_EMPLOYED,
	DUE_UNDER_16,
	DUE_STUDENT,
	DUE_HOUSEHOLD_ADULT,
	DUE_MIGRANT,
	DUE_CONDITION_COUNT
} DueCondition;

extern const char *const due_condition_names[DUE_CONDITION_COUNT];

typedef enum PersonClass
{
	CLASS_BY_COVERAGE,			/* no class of its own: due and satisfied
								 * kinds decide */
	CLASS_ENROLLED,
	CLASS_PARTIAL,
	CLASS_UNENROLLED,
	CLASS_INTERRUPTED,
	CLASS_EXEMPT,
	CLASS_ELSEWHERE,
	CLASS_NOT_DUE,
	CLASS_GONE,
	CLASS_UNKNOWN,
	CLASS_COUNT
} PersonClass;

extern const char *const person_class_names[CLASS_COUNT];

typedef struct DueRule
{
	DueCondition condition;
	uint8		due;			/* bits of InsuranceKind */
	bool		injury_by_employer; /* injury due when the employer insures
									 * anybody */
	PersonClass class;
} DueRule;

#define MINIMUM_FIRST_YEAR 1990
#define MINIMUM_YEARS 80

/* The law and the day by which a person is judged. */
typedef struct Calendar
{
	DateADT		reference;
	Month		month;			/* calendar month of the reference date */
	int			lag_months[32]; /* per scheme bit */
	const DueRule *due_rules;	/* by rank */
	int			due_rule_count;
	Coverage	of_kind[KIND_COUNT];	/* schemes of a kind */
	Coverage	satisfying[KIND_COUNT];	/* those and what they merged into */
	bool		has_retirement[WORKER_KIND_COUNT];
	RetirementRule retirement[WORKER_KIND_COUNT];
	int			minimum_months[MINIMUM_YEARS];	/* contribution months needed by
												 * who retires in a year from
												 * MINIMUM_FIRST_YEAR on */
} Calendar;

/* Standing of one insurance kind of one person. */
typedef enum Standing
{
	STANDING_NOT_DUE,
	STANDING_RECEIVING,
	STANDING_ENROLLED,
	STANDING_ELSEWHERE,
	STANDING_INTERRUPTED,
	STANDING_UNENROLLED
} Standing;

#define STANDING_SHIFT(kind) (3 * (kind))

typedef struct Verdict
{
	int16		life_status;
	bool		has_life_since;
	DateADT		life_since;
	bool		has_death_date;
	DateADT		death_date;
	bool		in_register;
	bool		cancelled_abroad;	/* the register itself says settled abroad or
									 * foreign national */
	bool		employed;
	bool		student;
	int			age;			/* -1 unknown */
	Coverage	paying;
	Coverage	receiving;
	Coverage	paused;
	Coverage	elsewhere;
	uint8		due;
	uint8		gap;
	uint32		standing;		/* Standing of kind k at STANDING_SHIFT(k) */
	PersonClass class;
	DateADT		next_change;	/* DATEVAL_NOEND when time changes nothing */
} Verdict;

/* Full years from birth to the day. */
extern int	age_on(DateADT birth, DateADT day);

/* The day on which somebody born on a day reaches an age. */
extern DateADT birthday(DateADT birth, int age);

extern Month month_of_date(DateADT date);
extern DateADT month_first_day(Month month);

/* Is the scheme of such a row being paid in the month? */
extern bool enrolment_is_paying(int enrol_status, int pay_status, Month start, Month end,
								Month paid_through, Month month, int lag_months);

/* Does the circumstance hold on the reference day? */
extern bool circumstance_holds(const CircumstanceFact *fact, DateADT day);

/* Fills the derived fields of the dossier's enrolments and the verdict. */
extern void classify(Dossier *dossier, const Calendar *calendar, Verdict *verdict);

/* Remembers that something changes on a day after the reference date. */
extern void verdict_changes_on(Verdict *verdict, const Calendar *calendar, DateADT day);

#endif							/* REGISTRY_CLASSIFY_H */
