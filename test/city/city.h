/*
 * city.h
 *		Generator of a city: extracts of all departments, with the truth about
 *		every person beside them.
 *
 * The model is kept in memory as one small Core per person; everything else
 * about a person (Facts) follows from the seed and the person's index and is
 * made again whenever it is needed.  Facts are structured and clean except for
 * the marks that dirt leaves on them, so that truth.c can say what must come
 * out without ever reading a delivered file.
 */
#ifndef CITY_H
#define CITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- random.c ---- */

typedef struct Random
{
	uint64_t	state;
} Random;

extern uint64_t mix64(uint64_t value);
extern Random random_for(uint64_t seed, uint64_t subject, uint64_t stream);
extern uint64_t random_next(Random *random);
extern uint32_t random_below(Random *random, uint32_t limit);
extern int	random_between(Random *random, int low, int high);	/* inclusive */
extern bool chance(Random *random, double share);

/* A permutation of 0 .. count-1 that needs no memory. */
extern uint64_t shuffled(uint64_t index, uint64_t count, uint64_t seed);

/* ---- calendar.c ---- months are year * 12 + (month - 1), 0 means none; dates are yyyymmdd, 0 means none */

#define MONTH(year, month) ((year) * 12 + (month) - 1)

extern int	month_of_date(int date);
extern int	month_first_date(int month);
extern int	month_last_date(int month);
extern int	days_in_month(int year, int month);
extern bool date_is_real(int year, int month, int day);
extern int	date_random_in_month(Random *random, int month);
extern int	date_serial(int date);	/* days since 1899-12-30, as spreadsheets count */
extern int	age_at(int birth, int date);

/* ---- number.c ---- */

extern char number_check(int64_t number17);
extern void number_print(int64_t number17, char text[19]);
extern int	number_birth(int64_t number17);
extern bool number_text_valid(const char *text);	/* 18 characters, real date, right check */
extern void credit_code_make(char text[19], unsigned serial, int region, const char *department);
extern bool credit_code_valid(const char *text);

/* ---- people.c ---- */

enum
{
	KIND_HOUSEHOLD, KIND_MIGRANT, KIND_NOBODY, KIND_LISTED	/* NOBODY: enrolled, in no register; LISTED: in
															 * another department's list, in no register */
};

typedef struct Core
{
	int64_t		number17;
	uint32_t	household;
	uint32_t	given;			/* seed of the given name */
	uint32_t	village;		/* index into city.villages */
	uint16_t	surname;
	uint8_t		sex;			/* 1 man, 2 woman */
	uint8_t		kind;
	uint8_t		arrives;		/* delivery in which the registers know the person first */
	uint8_t		ethnic;			/* code of GB/T 3304 */
	uint8_t		relation;		/* to the head of the household */
	bool		region_unknown; /* issuing region never published: ID11 */
} Core;

typedef struct Employer
{
	char		code[19];
	char		name[72];
	int			county;			/* six digits */
	uint8_t		kind;			/* 0 enterprise, 1 public institution or office, 2 cancelled long ago */
	bool		injury;			/* a public employer that is in work injury insurance */
	bool		lagging;		/* the contributions come in late */
	bool		code_broken;	/* EM01 */
	int			staff;
	uint32_t	injury_paid[3]; /* paying W rows by delivery 1, 2 */
} Employer;

typedef struct City
{
	uint64_t	seed;
	bool		clean;
	bool		second;
	int			reference[3];	/* cutoff dates of delivery 1 and 2 */
	size_t		persons;		/* asked for */
	Core	   *cores;
	size_t		core_count;
	Employer   *employers;
	size_t		employer_count;
	int64_t    *villages;
	size_t		village_count;
	uint32_t   *number_slots;	/* open hash of register numbers: core index + 1 */
	size_t		number_mask;
} City;

extern City city;

extern void places_load(const char *path, const char *out);
/* A registered person of that name whose number is one digit or one swap away. */
extern bool register_namesake(int64_t number17, const char *name);

extern void people_make(void);
extern void employers_make(void);
extern size_t employer_pick(Random *random, int county, int kind);

/* Index of the registered person with that number, or -1. */
extern long register_find(int64_t number17);

/* Registered persons that one edit of a broken text of 17 to 19 characters leads to; returns their number. */
#define CANDIDATES_MAX 32
extern int	register_candidates(const char *text, long found[CANDIDATES_MAX]);

/* ---- names.c ---- */

extern void name_of(const Core *core, char *name, size_t size);
extern bool name_is_three_han(const char *name);
extern void name_change_one(const char *name, char *other, size_t size, Random *random);
extern void name_unrelated(const char *name, char *other, size_t size, Random *random);
extern bool name_variant(const char *name, char *other, size_t size);
extern int	surname_pick(Random *random);

/* ---- facts ---- */

enum
{
	SOURCE_HOUSEHOLD, SOURCE_MIGRANT, SOURCE_PENSION_EMPLOYEE, SOURCE_PENSION_RESIDENT, SOURCE_PENSION_PUBLIC,
	SOURCE_MEDICAL_EMPLOYEE, SOURCE_MEDICAL_RESIDENT, SOURCE_MEDICAL_RURAL, SOURCE_UNEMPLOYMENT, SOURCE_INJURY,
	SOURCE_MATERNITY, SOURCE_EMPLOYER, SOURCE_DEATH, SOURCE_PRISON, SOURCE_ARMY, SOURCE_SCHOOL, SOURCE_ABROAD,
	SOURCE_LOW_INCOME, SOURCE_DISABLED, SOURCE_LAND_TAKEN, SOURCE_NATIONAL, SOURCE_COUNT
};

enum
{
	P1, P2, P3, P4, P5, M1, M2, M3, M4, M5, M6, UNEMPLOYMENT, INJURY, MATERNITY, SCHEME_COUNT, SCHEME_NONE = -1
};

#define BIT(scheme) (1u << (scheme))
#define PENSIONS (BIT(P1) | BIT(P2) | BIT(P3) | BIT(P4) | BIT(P5))
#define MEDICALS (BIT(M1) | BIT(M2) | BIT(M3) | BIT(M4) | BIT(M5) | BIT(M6))

enum
{
	NAME_SAME, NAME_DIFFERS, NAME_UNRELATED, NAME_INVALID
};

/* How a row names its person, and what is wrong with the row. */
typedef struct Identity
{
	char		number[64];		/* as delivered */
	char		name[96];		/* as delivered */
	const char *fault;			/* rule of a broken number, or null */
	const char *reject;			/* code of another reason to refuse the row, or null */
	bool		repaired;		/* exactly one registered person fits */
	bool		check_only;		/* only the check character is wrong: ID05 */
	bool		proposal;		/* fits a person with a similar name only: DP06 */
	bool		legacy15;
	uint8_t		name_relation;
	uint8_t		owner;			/* 0 this person, 1 the person that a mistaken number makes */
	uint8_t		duplicate;		/* 1 an equal copy stands in the file too, 2 a differing one before it */
	int16_t		origin;			/* place in the first delivery, -1 new */
	bool		changed;		/* against the first delivery */
} Identity;

enum
{
	STATUS_NORMAL, STATUS_DEAD, STATUS_MOVED, STATUS_CANCELLED
};

typedef struct Register
{
	bool		present;
	Identity	id;
	char		former[96];
	char		sex[8];
	char		birth[24];
	bool		sex_differs;
	bool		birth_differs;
	int64_t		hukou;
	int64_t		residence;
	char		phone[24];
	uint8_t		status;
	int			status_date;
	const char *reason;
	uint8_t		life;			/* life status that the row proves */
} Register;

typedef struct Enrolment
{
	Identity	id;
	uint8_t		source;
	int8_t		scheme;
	const char *code;
	char		personal[24];
	int32_t		employer;		/* -1 none */
	int64_t		agency;
	uint8_t		status;			/* 1 normal, 2 paused, 4 ended */
	uint8_t		pay;			/* 1 paying, 2 paused, 3 ended */
	uint8_t		benefit;		/* 0 none, 1 drawing, 2 paused, 3 ended */
	uint8_t		identity;		/* 1 employee, 2 flexible, 3 resident, 4 student, 5 retired */
	int			start, end, paid_through;
	int			benefit_from, benefit_to;
	int			monthly;		/* yuan cents */
	char		phone[24];
} Enrolment;

typedef struct Circumstance
{
	Identity	id;
	uint8_t		source;
	const char *kind;
	int			start, end;
} Circumstance;

typedef struct Elsewhere
{
	Identity	id;
	int8_t		scheme;
	const char *code;
	int			region;
	uint8_t		status, pay;
	int			start, end;
} Elsewhere;

#define ENROLMENTS_MAX 40
#define CIRCUMSTANCES_MAX 8
#define ELSEWHERES_MAX 6

typedef struct Facts
{
	size_t		index;
	const Core *core;
	char		name[96];
	Register	person;
	int			enrolments, circumstances, elsewheres;
	int64_t		mistaken;		/* number of owner 1, 0 none */
	bool		settled;		/* dirt whose truth must not be mixed with events */
	Enrolment	enrolment[ENROLMENTS_MAX];
	Circumstance circumstance[CIRCUMSTANCES_MAX];
	Elsewhere	elsewhere[ELSEWHERES_MAX];
} Facts;

/* What a person's rows may be built from. */
extern Enrolment *add_enrolment(Facts *facts, int source, int scheme, int64_t agency, long employer, int start);
extern Circumstance *add_circumstance(Facts *facts, int source, const char *kind, int start, int end);
extern Elsewhere *add_elsewhere(Facts *facts, int scheme, int region, int start);
extern void close_enrolment(Enrolment *row, int last_month);
extern bool row_counts(const Identity *id, int owner);

/* careers.c: the clean person at the first delivery */
extern void facts_make(Facts *facts, size_t index);
/* dirt.c: spoils it */
extern void dirt_apply(Facts *facts);
/* events.c: the second delivery; returns false when nothing but time has passed */
extern bool events_apply(const Facts *before, Facts *after);

/* ---- truth.c ---- */

typedef struct Problem
{
	const char *rule;
	int			months;			/* -1 none */
	int64_t		amount;			/* cents, -1 none */
	bool		closed;
} Problem;

enum
{
	STANDING_NOT_DUE, STANDING_RECEIVING, STANDING_ENROLLED, STANDING_ELSEWHERE, STANDING_INTERRUPTED, STANDING_UNENROLLED
};

#define PROBLEMS_MAX 32

typedef struct Answer
{
	int64_t		number17;
	int			life;
	uint32_t	paying, receiving, paused, elsewhere;
	uint8_t		due, gap;
	uint8_t		standing[5];
	const char *class_name;
	int64_t		territory;
	int			problems;
	Problem		problem[PROBLEMS_MAX];
} Answer;

extern bool enrolment_pays(const Enrolment *row, int reference);

/* The truth about a person at a delivery; false when nobody of that owner is known. */
extern bool truth_of(const Facts *facts, int owner, int delivery, Answer *answer);
extern void truth_count(const Answer *answer, int delivery);
extern void truth_coverage_write(FILE *file, int delivery);
extern void truth_person_write(FILE *file, const Answer *answer);

/* ---- writers.c ---- */

enum
{
	ENCODING_GB18030, ENCODING_UTF8, ENCODING_MIXED
};

extern const char *source_name[SOURCE_COUNT];
extern void deliveries_open(const char *out, int encoding);
extern void deliveries_close(void);
extern void write_register(const Facts *first, const Facts *second);
extern void write_rest(const Facts *first, const Facts *second);
extern void write_employers(void);
extern void print_region(char *text, int64_t code);

#endif							/* CITY_H */
