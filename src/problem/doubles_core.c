/*
 * doubles_core.c
 *		Pairs of enrolment rows of one person that share months they may not
 *		share (table conflict_rule).  Pure logic.
 */
#include "postgres.h"

#include "problem/detect.h"

/* ---- doubles ---- */

static MonthSpan
use_span(const EnrolmentFact *row, bool benefit)
{
	return benefit ? row->benefit : row->paid;
}

/*
 * A resident's row prepaid for a calendar year or for a medical year from
 * September: a job found meanwhile makes no double (D 3.2).
 */
static bool
is_prepaid_year(const EnrolmentFact *row)
{
	Month		end = row->end != MONTH_NONE ? row->end : row->paid_through;

	if (row->start == MONTH_NONE || end == MONTH_NONE || end - row->start != 11)
		return false;
	return row->start % 12 == 0 || row->start % 12 == 8;
}

/* All months of employee medical insurance of a person. */
static void
gather_employee_medical(const Dossier *dossier, MonthSet *months)
{
	memset(months, 0, sizeof(*months));
	for (int i = 0; i < dossier->enrolment_count; i++)
		if (dossier->enrolments[i].scheme == SCHEME_M1)
			month_set_add(months, dossier->enrolments[i].paid);
}

/* Those inside the window that ends with an overlap. */
static int
employee_medical_months(const Detection *detection, Month last)
{
	MonthSet	window = {{0}};

	month_set_add(&window, (MonthSpan) {last - detection->book->parameter[PARAMETER_MD02_WINDOW] + 1, last});
	for (int i = 0; i < MONTH_SET_WORDS; i++)
		window.word[i] &= detection->employee_medical->word[i];
	return month_set_size(&window);
}

/* Does a relation that a rule asks for hold?  What is unknown is neither equal nor different. */
static bool
relation_holds(PairRelation relation, int64 first, int64 second)
{
	switch (relation)
	{
		case PAIR_OTHER:
			return first != second && first != 0 && second != 0;
		case PAIR_SAME:
			return first == second && first != 0;
		default:
			return true;
	}
}

static bool
pair_condition_holds(const Detection *detection, PairCondition condition,
					 const EnrolmentFact *first, const EnrolmentFact *second, MonthSpan shared)
{
	const Verdict *verdict = detection->verdict;

	switch (condition)
	{
		case PAIR_PREPAID_YEAR:
			return is_prepaid_year(second) && first->start > second->start;
		case PAIR_FLEXIBLE:
			return first->identity == IDENTITY_FLEXIBLE;
		case PAIR_SHORT:
			return employee_medical_months(detection, shared.last) < detection->book->parameter[PARAMETER_MD02_MONTHS];
		case PAIR_MINOR_OR_STUDENT:
			return verdict->student ||
				(verdict->age >= 0 && verdict->age < detection->book->parameter[PARAMETER_MD06_AGE]);
		case PAIR_EMPLOYER_PAID:
			return second->identity == IDENTITY_EMPLOYEE && second->employer != 0;
		default:
			return true;
	}
}

/* Of the alternatives for a pair of rows the first that applies, or NULL. */
static const ConflictRule *
choose_rule(const Detection *detection, const ConflictRule *rules, int count,
			const EnrolmentFact *first, const EnrolmentFact *second, MonthSpan shared)
{
	for (int i = 0; i < count; i++)
	{
		const ConflictRule *rule = &rules[i];

		/* agencies are compared as they are: a row without one is its own place */
		if (rule->area != PAIR_ANY && (first->agency_six == second->agency_six) != (rule->area == PAIR_SAME))
			continue;
		if (relation_holds(rule->employer, first->employer, second->employer) &&
			pair_condition_holds(detection, rule->condition, first, second, shared))
			return rule;
	}
	return NULL;
}

/* Does the row of the second agency stay?  Asked for two rows of one scheme. */
static bool
second_stays(const RuleBook *book, KeepPolicy policy, const EnrolmentFact *first, const EnrolmentFact *second)
{
	switch (policy)
	{
		case KEEP_FIRST:
			return false;
		case KEEP_SECOND:
			return true;
		case KEEP_REGISTERED:
			return second->agency_six == book->registered_six && first->agency_six != book->registered_six;
		case KEEP_DWELLING:
			return second->agency_six == book->dwelling_six && first->agency_six != book->dwelling_six;
		case KEEP_SCHOOL:
			/* a student's row is the school's; else the child lives where it is at school */
			if ((first->identity == IDENTITY_STUDENT) != (second->identity == IDENTITY_STUDENT))
				return second->identity == IDENTITY_STUDENT;
			return second->agency_six == book->dwelling_six && first->agency_six != book->dwelling_six;
		case KEEP_EARLIEST:
			return second->benefit_from < first->benefit_from;
		default:
			/* the present employment still pays, is an employer's, or began last */
			if (first->paying != second->paying)
				return second->paying;
			if ((first->identity == IDENTITY_EMPLOYEE) != (second->identity == IDENTITY_EMPLOYEE))
				return second->identity == IDENTITY_EMPLOYEE;
			return second->start > first->start;
	}
}

/* Months of one row's benefit that have to be stopped. */
typedef struct StoppedBenefit
{
	const EnrolmentFact *row;
	MonthSet	months;
} StoppedBenefit;

#define STOPPED_BENEFITS 4

/* One finding per rule, gathered over all pairs of the person's rows. */
typedef struct Overlap
{
	const ConflictRule *rule;
	Finding		finding;
	MonthSet	months;
	StoppedBenefit stopped[STOPPED_BENEFITS];
	int			stopped_count;
} Overlap;

#define OVERLAP_RULES 40

typedef struct OverlapTable
{
	Overlap		overlaps[OVERLAP_RULES];
	int			count;
} OverlapTable;

static Overlap *
overlap_of_rule(OverlapTable *table, const ConflictRule *rule)
{
	Overlap    *overlap;

	for (int i = 0; i < table->count; i++)
		if (strcmp(table->overlaps[i].finding.rule_id, rule->rule_id) == 0)
			return &table->overlaps[i];
	if (table->count == OVERLAP_RULES)
		return NULL;
	overlap = &table->overlaps[table->count++];
	overlap->rule = rule;
	finding_start(&overlap->finding, rule->rule_id);
	memset(&overlap->months, 0, sizeof(MonthSet));
	overlap->stopped_count = 0;
	return overlap;
}

/* A month of one benefit is wrong once, however many rows it collides with. */
static void
note_stopped(Overlap *overlap, const EnrolmentFact *row, MonthSpan shared)
{
	StoppedBenefit *stopped;
	int			i = 0;

	while (i < overlap->stopped_count && overlap->stopped[i].row != row)
		i++;
	if (i == STOPPED_BENEFITS || row->benefit_cents < 0)
		return;
	stopped = &overlap->stopped[i];
	if (i == overlap->stopped_count)
	{
		overlap->stopped_count++;
		stopped->row = row;
		memset(&stopped->months, 0, sizeof(MonthSet));
	}
	month_set_add(&stopped->months, shared);
}

static void
note_overlap(const Detection *detection, OverlapTable *table, const ConflictRule *rule,
			 const EnrolmentFact *first, const EnrolmentFact *second, MonthSpan shared)
{
	Overlap    *overlap = overlap_of_rule(table, rule);
	bool		second_kept = second_stays(detection->book, rule->keep, first, second);
	const EnrolmentFact *kept = second_kept ? second : first;
	const EnrolmentFact *stopped = second_kept ? first : second;

	if (overlap == NULL)
		return;
	month_set_add(&overlap->months, shared);
	finding_add_span(&overlap->finding, shared);
	finding_add_row(&overlap->finding, first);
	finding_add_row(&overlap->finding, second);
	if (rule->keep != KEEP_CHOICE)
	{
		if (rule->first_scheme != rule->second_scheme)
			strlcpy(overlap->finding.keep, scheme_name(kept->scheme), sizeof(overlap->finding.keep));
		else
			snprintf(overlap->finding.keep, sizeof(overlap->finding.keep), "%s %06d",
					 scheme_name(kept->scheme), kept->agency_six);
	}
	if (second_kept ? rule->first_benefit : rule->second_benefit)
		note_stopped(overlap, stopped, shared);
}

static bool
same_pair(const ConflictRule *a, const ConflictRule *b)
{
	return a->first_scheme == b->first_scheme && a->first_benefit == b->first_benefit &&
		a->second_scheme == b->second_scheme && a->second_benefit == b->second_benefit;
}

/* All pairs of rows in the uses that the alternatives are about. */
static void
detect_conflict(const Detection *detection, OverlapTable *table, const ConflictRule *rules, int count)
{
	const Dossier *dossier = detection->dossier;
	bool		symmetric = rules->first_scheme == rules->second_scheme &&
		rules->first_benefit == rules->second_benefit;

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *first = &dossier->enrolments[i];
		MonthSpan	first_span = use_span(first, rules->first_benefit);

		if (first->scheme != rules->first_scheme || month_span_is_empty(first_span))
			continue;
		if (detection->book->pause != NULL)
			detection->book->pause();
		for (int j = symmetric ? i + 1 : 0; j < dossier->enrolment_count; j++)
		{
			const EnrolmentFact *second = &dossier->enrolments[j];
			const ConflictRule *rule;
			MonthSpan	shared;

			if (j == i || second->scheme != rules->second_scheme)
				continue;
			shared = month_span_intersect(first_span, use_span(second, rules->second_benefit));
			if (month_span_is_empty(shared))
				continue;
			rule = choose_rule(detection, rules, count, first, second, shared);
			if (rule != NULL)
				note_overlap(detection, table, rule, first, second, shared);
		}
	}
}

/* Schemes with months of a use, and those with several such rows. */
typedef struct UsedSchemes
{
	Coverage	once;
	Coverage	twice;
} UsedSchemes;

static void
note_use(UsedSchemes *used, const EnrolmentFact *row, MonthSpan span)
{
	if (month_span_is_empty(span))
		return;
	used->twice |= used->once & SCHEME_BIT(row->scheme);
	used->once |= SCHEME_BIT(row->scheme);
}

/* Can rows of this person collide by the rule at all? */
static bool
pair_is_there(const ConflictRule *rule, const UsedSchemes *paid, const UsedSchemes *benefit)
{
	const UsedSchemes *first = rule->first_benefit ? benefit : paid;
	const UsedSchemes *second = rule->second_benefit ? benefit : paid;

	if (first == second && rule->first_scheme == rule->second_scheme)
		return (first->twice & SCHEME_BIT(rule->first_scheme)) != 0;
	return (first->once & SCHEME_BIT(rule->first_scheme)) && (second->once & SCHEME_BIT(rule->second_scheme));
}

static void
report_overlap(const Detection *detection, Overlap *overlap)
{
	Finding    *finding = &overlap->finding;

	finding->months = month_set_size(&overlap->months);
	for (int i = 0; i < overlap->stopped_count; i++)
		finding->amount_cents = Max(finding->amount_cents, 0) +
			overlap->stopped[i].row->benefit_cents * month_set_size(&overlap->stopped[i].months);
	if (finding->last_month >= detection->calendar->month)
		changes_next_month(detection);	/* an open double grows */
	if (overlap->rule->condition == PAIR_MINOR_OR_STUDENT && detection->dossier->has_birth_date)
		verdict_changes_on(detection->verdict, detection->calendar,
						   birthday(detection->dossier->birth_date, detection->book->parameter[PARAMETER_MD06_AGE]));
	if (finding->months >= overlap->rule->least_months)
		detection->sink(finding, detection->state);
}

void
detect_doubles(Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const RuleBook *book = detection->book;
	MonthSet	employee_medical;
	UsedSchemes paid = {0, 0};
	UsedSchemes benefit = {0, 0};
	OverlapTable table;
	int			count;

	if (dossier->enrolment_count < 2 || LIFE_IS_GONE(detection->verdict->life_status))
		return;
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme < 0)
			continue;
		note_use(&paid, row, row->paid);
		note_use(&benefit, row, row->benefit);
	}
	gather_employee_medical(dossier, &employee_medical);
	detection->employee_medical = &employee_medical;
	table.count = 0;
	for (int i = 0; i < book->conflict_count; i += count)
	{
		for (count = 1; i + count < book->conflict_count; count++)
			if (!same_pair(&book->conflicts[i], &book->conflicts[i + count]))
				break;
		if (pair_is_there(&book->conflicts[i], &paid, &benefit))
			detect_conflict(detection, &table, &book->conflicts[i], count);
	}
	detection->employee_medical = NULL;
	for (int i = 0; i < table.count; i++)
		report_overlap(detection, &table.overlaps[i]);
}
