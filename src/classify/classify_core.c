/*
 * classify_core.c
 *		From the facts about one person to life status, coverage planes, due
 *		kinds and class.  Pure logic.
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "classify/classify.h"

const char *const due_condition_names[DUE_CONDITION_COUNT] = {
	[DUE_GONE] = "gone",
	[DUE_ARMY] = "army",
	[DUE_PRISON] = "prison",
	[DUE_UNREGISTERED] = "unregistered",
	[DUE_RECEIVING_EMPLOYEE_PENSION] = "receiving_employee_pension",
	[DUE_EMPLOYED_PUBLIC] = "employed_public",
	[DUE_EMPLOYED] = "employed",
	[DUE_UNDER_16] = "under_16",
	[DUE_STUDENT] = "student",
	[DUE_HOUSEHOLD_ADULT] = "household_adult",
	[DUE_MIGRANT] = "migrant",
};

const char *const person_class_names[CLASS_COUNT] = {
	[CLASS_BY_COVERAGE] = "",
	[CLASS_ENROLLED] = "enrolled",
	[CLASS_PARTIAL] = "partial",
	[CLASS_UNENROLLED] = "unenrolled",
	[CLASS_INTERRUPTED] = "interrupted",
	[CLASS_EXEMPT] = "exempt",
	[CLASS_ELSEWHERE] = "elsewhere",
	[CLASS_NOT_DUE] = "not_due",
	[CLASS_GONE] = "gone",
	[CLASS_UNKNOWN] = "unknown",
};

/* Schemes by which somebody is employed (an employee row that is being paid). */
#define COVERAGE_EMPLOYEE \
	(SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P3) | SCHEME_BIT(SCHEME_M1) | \
	 SCHEME_BIT(SCHEME_U) | SCHEME_BIT(SCHEME_W) | SCHEME_BIT(SCHEME_B))
#define COVERAGE_EMPLOYEE_PENSION (SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P3))

#define MAJORITY_FOR_PENSION 16

int
age_on(DateADT birth, DateADT day)
{
	int			birth_year,
				birth_month,
				birth_day,
				year,
				month,
				mday;

	j2date(birth + POSTGRES_EPOCH_JDATE, &birth_year, &birth_month, &birth_day);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return year - birth_year - (month < birth_month || (month == birth_month && mday < birth_day));
}

Month
month_of_date(DateADT date)
{
	int			year,
				month,
				day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return month_make(year, month);
}

DateADT
month_first_day(Month month)
{
	return date2j(month / 12, month % 12 + 1, 1) - POSTGRES_EPOCH_JDATE;
}

DateADT
birthday(DateADT birth, int age)
{
	int			year,
				month,
				day;

	j2date(birth + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	year += age;
	if (month == 2 && day == 29 && !isleap(year))
		return date2j(year, 3, 1) - POSTGRES_EPOCH_JDATE;
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

void
verdict_changes_on(Verdict *verdict, const Calendar *calendar, DateADT day)
{
	if (day > calendar->reference && day < verdict->next_change)
		verdict->next_change = day;
}

static void
changes_in_month(Verdict *verdict, const Calendar *calendar, Month month)
{
	if (month != MONTH_NONE && month > calendar->month)
		verdict_changes_on(verdict, calendar, month_first_day(month));
}

/* A span of paid or benefit months from first to the earliest of the given ends. */
static MonthSpan
span_until(Month first, Month end, Month other_end, Month reference)
{
	MonthSpan	span;

	if (first == MONTH_NONE)
		return MONTH_SPAN_EMPTY;
	span.first = first;
	span.last = reference;
	if (end != MONTH_NONE)
		span.last = Min(span.last, end);
	if (other_end != MONTH_NONE)
		span.last = Min(span.last, other_end);
	return span;
}

static MonthSpan
benefit_span(const EnrolmentFact *row, Month reference)
{
	if (row->benefit_state < 1 || row->benefit_state > 3)
		return MONTH_SPAN_EMPTY;
	if (row->benefit_state != 1 && row->benefit_to == MONTH_NONE)
		return MONTH_SPAN_EMPTY;
	return span_until(row->benefit_from, row->benefit_to, MONTH_NONE, reference);
}

bool
enrolment_is_paying(int enrol_status, int pay_status, Month start, Month end,
					Month paid_through, Month month, int lag_months)
{
	if (enrol_status != 1 || pay_status != 1)
		return false;
	if (start == MONTH_NONE || start > month)
		return false;
	if (end != MONTH_NONE && end < month)
		return false;
	return paid_through == MONTH_NONE || paid_through >= month - lag_months;
}

bool
circumstance_holds(const CircumstanceFact *fact, DateADT day)
{
	return (!fact->has_start || fact->start <= day) && (!fact->has_end || fact->end >= day);
}

/*
 * Rank of a life status among proven facts; the highest wins.  A death outranks
 * everything (a later death overrides an earlier enrolment, rule CL28).
 */
static int
life_rank(int status)
{
	switch (status)
	{
		case LIFE_DEAD_IN_REGISTER:
			return 10;
		case LIFE_DEAD_BY_LIST:
			return 9;
		case LIFE_FOREIGN_NATIONAL:
			return 8;
		case LIFE_SETTLED_ABROAD:
			return 7;
		case LIFE_MOVED_IN_PROVINCE:
			return 6;
		case LIFE_MOVED_OUT:
			return 5;
		case LIFE_CANCELLED:
			return 4;
		case LIFE_ARMY:
			return 3;
		case LIFE_PRISON:
			return 2;
		case LIFE_REGISTERED:
			return 1;
		case LIFE_MIGRANT:
			return 0;
		default:
			return -1;
	}
}

/* Of equal claims the earliest holds, so that their order does not matter. */
static void
claim_life(Verdict *verdict, int status, bool has_since, DateADT since)
{
	int			rank = life_rank(status);
	int			known = life_rank(verdict->life_status);

	if (rank < known)
		return;
	if (rank == known && verdict->has_life_since && (!has_since || since >= verdict->life_since))
		return;
	verdict->life_status = status;
	verdict->has_life_since = has_since;
	verdict->life_since = has_since ? since : 0;
}

static int
life_of_circumstance(CircumstanceKind kind)
{
	switch (kind)
	{
		case CIRCUMSTANCE_DEATH:
			return LIFE_DEAD_BY_LIST;
		case CIRCUMSTANCE_PRISON:
			return LIFE_PRISON;
		case CIRCUMSTANCE_ARMY:
			return LIFE_ARMY;
		case CIRCUMSTANCE_SETTLED_ABROAD:
			return LIFE_SETTLED_ABROAD;
		case CIRCUMSTANCE_FOREIGN_NATIONAL:
			return LIFE_FOREIGN_NATIONAL;
		default:
			return LIFE_UNREGISTERED;
	}
}

/* The earliest date of death that sources of one kind give. */
static void
note_death(Verdict *verdict, DateADT date)
{
	if (verdict->has_death_date && verdict->death_date <= date)
		return;
	verdict->has_death_date = true;
	verdict->death_date = date;
}

static void
judge_life(const Dossier *dossier, const Calendar *calendar, Verdict *verdict)
{
	bool		died_by_register;

	verdict->life_status = LIFE_UNREGISTERED;
	for (int i = 0; i < dossier->register_count; i++)
	{
		const RegisterFact *row = &dossier->registers[i];
		int			status = row->status;

		if (status == LIFE_REGISTERED && !row->household)
			status = LIFE_MIGRANT;
		verdict->in_register = true;
		verdict->cancelled_abroad |= status == LIFE_SETTLED_ABROAD || status == LIFE_FOREIGN_NATIONAL;
		claim_life(verdict, status, row->has_status_date, row->status_date);
		if (status == LIFE_DEAD_IN_REGISTER && row->has_status_date)
			note_death(verdict, row->status_date);
	}
	died_by_register = verdict->has_death_date;
	for (int i = 0; i < dossier->circumstance_count; i++)
	{
		const CircumstanceFact *row = &dossier->circumstances[i];

		if (row->has_start)
			verdict_changes_on(verdict, calendar, row->start);
		if (row->has_end)
			verdict_changes_on(verdict, calendar, row->end + 1);
		if (!circumstance_holds(row, calendar->reference))
			continue;
		if (row->kind == CIRCUMSTANCE_SCHOOL)
			verdict->student = true;
		claim_life(verdict, life_of_circumstance(row->kind), row->has_start, row->start);
		if (row->kind == CIRCUMSTANCE_DEATH && row->has_start && !died_by_register)
			note_death(verdict, row->start);
	}
}

static void
judge_planes(Dossier *dossier, const Calendar *calendar, Verdict *verdict)
{
	Coverage	lagging = 0;
	Coverage	halted = 0;

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		EnrolmentFact *row = &dossier->enrolments[i];
		Coverage	scheme;
		int			lag;

		row->paid = span_until(row->start, row->end, row->paid_through, calendar->month);
		row->benefit = benefit_span(row, calendar->month);
		row->paying = false;
		if (row->scheme < 0)
			continue;

		scheme = SCHEME_BIT(row->scheme);
		lag = calendar->lag_months[row->scheme];
		changes_in_month(verdict, calendar, row->start);
		changes_in_month(verdict, calendar, row->end == MONTH_NONE ? MONTH_NONE : row->end + 1);
		changes_in_month(verdict, calendar, row->benefit_from);
		changes_in_month(verdict, calendar, row->benefit_to == MONTH_NONE ? MONTH_NONE : row->benefit_to + 1);
		changes_in_month(verdict, calendar, row->paid_through == MONTH_NONE ? MONTH_NONE : row->paid_through + lag + 1);

		if (row->enrol_status == 4)
			continue;			/* an ended relation leaves paid months only */
		if (enrolment_is_paying(row->enrol_status, row->pay_status, row->start, row->end,
								row->paid_through, calendar->month, lag))
		{
			row->paying = true;
			verdict->paying |= scheme;
		}
		else if (row->enrol_status == 2 || row->pay_status == 2)
			halted |= scheme;
		else if (row->enrol_status == 1 && row->pay_status == 1 &&
				 row->paid_through != MONTH_NONE && row->paid_through < calendar->month - lag)
			lagging |= scheme;
		if (row->benefit_state == 1 && !month_span_is_empty(row->benefit) &&
			row->benefit.last == calendar->month)
			verdict->receiving |= scheme;
	}

	/* A scheme in receipt has no contributions to be late with. */
	verdict->paused = (halted | (lagging & ~verdict->receiving)) & ~verdict->paying;

	for (int i = 0; i < dossier->elsewhere_count; i++)
	{
		const ElsewhereFact *row = &dossier->elsewheres[i];

		/* The platform says how things stand; its months are history. */
		if (row->scheme >= 0 && row->other_region && row->enrol_status == 1 && row->pay_status == 1)
			verdict->elsewhere |= SCHEME_BIT(row->scheme);
	}
}

/* Employment as the rows show it. */
typedef struct Employment
{
	bool		employed;
	bool		public_service;
	bool		employer_has_injury;
} Employment;

static Employment
find_employment(const Dossier *dossier)
{
	Employment	employment = {false, false, false};

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (!row->paying || row->end != MONTH_NONE || row->identity != IDENTITY_EMPLOYEE ||
			!(SCHEME_BIT(row->scheme) & COVERAGE_EMPLOYEE))
			continue;
		employment.employed = true;
		if (row->scheme == SCHEME_P3)
		{
			employment.public_service = true;
			employment.employer_has_injury |= row->employer_has_injury;
		}
	}
	return employment;
}

static bool
condition_holds(DueCondition condition, const Verdict *verdict, const Employment *employment)
{
	switch (condition)
	{
		case DUE_GONE:
			return LIFE_IS_GONE(verdict->life_status);
		case DUE_ARMY:
			return verdict->life_status == LIFE_ARMY;
		case DUE_PRISON:
			return verdict->life_status == LIFE_PRISON;
		case DUE_UNREGISTERED:
			return verdict->life_status == LIFE_UNREGISTERED;
		case DUE_RECEIVING_EMPLOYEE_PENSION:
			return (verdict->receiving & COVERAGE_EMPLOYEE_PENSION) != 0;
		case DUE_EMPLOYED_PUBLIC:
			return employment->public_service;
		case DUE_EMPLOYED:
			return employment->employed;
		case DUE_UNDER_16:
			return verdict->age >= 0 && verdict->age < MAJORITY_FOR_PENSION;
		case DUE_STUDENT:
			return verdict->student && verdict->age >= MAJORITY_FOR_PENSION;
		case DUE_HOUSEHOLD_ADULT:
			return verdict->life_status == LIFE_REGISTERED;
		case DUE_MIGRANT:
			return verdict->life_status == LIFE_MIGRANT;
		default:
			return false;
	}
}

/* An employed person's pension duty takes an employee's pension. */
static Coverage
satisfying_schemes(int kind, const Employment *employment, const Calendar *calendar)
{
	Coverage	schemes = calendar->satisfying[kind];

	return kind == KIND_PENSION && employment->employed ? schemes & COVERAGE_EMPLOYEE_PENSION : schemes;
}

static Standing
judge_standing(int kind, const Verdict *verdict, const Employment *employment, const Calendar *calendar)
{
	Coverage	satisfying = satisfying_schemes(kind, employment, calendar);

	/* A retired employee owes no medical contribution: the paused row with benefit is in receiving. */
	if (verdict->receiving & satisfying)
		return STANDING_RECEIVING;
	if (verdict->paying & satisfying)
		return STANDING_ENROLLED;
	if (verdict->elsewhere & satisfying)
		return STANDING_ELSEWHERE;
	/* interrupted is a kind whose own scheme rests: what it merged into is another duty */
	if (verdict->paused & calendar->of_kind[kind])
		return STANDING_INTERRUPTED;
	return STANDING_UNENROLLED;
}

static PersonClass
class_of_standings(const int standings[6], uint8 due)
{
	int			satisfied = standings[STANDING_RECEIVING] + standings[STANDING_ENROLLED] +
		standings[STANDING_ELSEWHERE];

	if (due == 0)
		return CLASS_NOT_DUE;
	if (standings[STANDING_INTERRUPTED] + standings[STANDING_UNENROLLED] == 0)
		return standings[STANDING_ELSEWHERE] > 0 ? CLASS_ELSEWHERE : CLASS_ENROLLED;
	if (standings[STANDING_INTERRUPTED] > 0)
		return CLASS_INTERRUPTED;
	return satisfied > 0 ? CLASS_PARTIAL : CLASS_UNENROLLED;
}

static void
judge_due(const Dossier *dossier, const Calendar *calendar, Verdict *verdict)
{
	Employment	employment = find_employment(dossier);
	int			standings[6] = {0};
	PersonClass fixed = CLASS_BY_COVERAGE;

	verdict->employed = employment.employed;
	for (int i = 0; i < calendar->due_rule_count; i++)
	{
		const DueRule *rule = &calendar->due_rules[i];

		if (!condition_holds(rule->condition, verdict, &employment))
			continue;
		verdict->due = rule->due;
		if (rule->injury_by_employer && employment.employer_has_injury)
			verdict->due |= 1 << KIND_INJURY;
		fixed = rule->class;
		break;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++)
	{
		Standing	standing = STANDING_NOT_DUE;

		if (verdict->due & (1 << kind))
		{
			standing = judge_standing(kind, verdict, &employment, calendar);
			standings[standing]++;
			if (standing >= STANDING_INTERRUPTED)
				verdict->gap |= 1 << kind;
		}
		verdict->standing |= (uint32) standing << STANDING_SHIFT(kind);
	}
	verdict->class = fixed != CLASS_BY_COVERAGE ? fixed : class_of_standings(standings, verdict->due);
}

void
classify(Dossier *dossier, const Calendar *calendar, Verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->next_change = DATEVAL_NOEND;
	verdict->age = -1;
	if (dossier->has_birth_date)
	{
		verdict->age = age_on(dossier->birth_date, calendar->reference);
		if (verdict->age < MAJORITY_FOR_PENSION)
			verdict_changes_on(verdict, calendar, birthday(dossier->birth_date, MAJORITY_FOR_PENSION));
	}
	judge_life(dossier, calendar, verdict);
	judge_planes(dossier, calendar, verdict);
	judge_due(dossier, calendar, verdict);
}
