/*
 * detect_core.c
 *		The rules of identity, register comparison, doubles and benefits,
 *		applied to one judged person.  Pure logic.
 */
#include "postgres.h"

#include "classify/classify.h"
#include "problem/problem.h"

#define COVERAGE_ALL_PENSION_BENEFIT \
	(SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P2) | SCHEME_BIT(SCHEME_P3))
#define IDENTITY_FLEXIBLE 2
#define MAJORITY 18

/* M1 must have run this many of the last months to be kept (D 3.2). */
#define MD02_WINDOW 24
#define MD02_MINIMUM 12

typedef struct Detection
{
	const Dossier *dossier;
	const Calendar *calendar;
	const RuleBook *book;
	Verdict    *verdict;
	FindingSink sink;
	void	   *state;
	const MonthSet *employee_medical;	/* months of M1, for MD02 and MD03 */
} Detection;

static void
finding_start(Finding *finding, const char *rule_id)
{
	memset(finding, 0, sizeof(*finding));
	strlcpy(finding->rule_id, rule_id, RULE_ID_SIZE);
	finding->months = -1;
	finding->amount_cents = -1;
	finding->first_month = finding->last_month = MONTH_NONE;
}

static void
finding_add_row(Finding *finding, const EnrolmentFact *row)
{
	if (row->scheme >= 0)
		finding->schemes |= SCHEME_BIT(row->scheme);
	for (int i = 0; i < finding->row_count; i++)
		if (finding->rows[i] == row->enrolment_id)
			return;
	if (finding->row_count < FINDING_ROWS)
		finding->rows[finding->row_count++] = row->enrolment_id;
}

static void
finding_add_span(Finding *finding, MonthSpan span)
{
	if (finding->first_month == MONTH_NONE || span.first < finding->first_month)
		finding->first_month = span.first;
	if (span.last > finding->last_month)
		finding->last_month = span.last;
}

/* A finding that says no more than that the rule is broken. */
static void
report_plain(const Detection *detection, const char *rule_id, Coverage schemes)
{
	Finding		finding;

	finding_start(&finding, rule_id);
	finding.schemes = schemes;
	detection->sink(&finding, detection->state);
}

/* ---- identity and names ---- */

typedef struct NameTally
{
	bool		similar;
	bool		unrelated;
	bool		invalid;
	bool		legacy15;
} NameTally;

static void
tally_name(NameTally *tally, NameAnswer answer, bool legacy15)
{
	tally->similar |= answer == NAME_SIMILAR;
	tally->unrelated |= answer == NAME_UNRELATED;
	tally->invalid |= answer == NAME_INVALID;
	tally->legacy15 |= legacy15;
}

static void
detect_names(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	NameTally	tally = {false, false, false, false};

	for (int i = 0; i < dossier->register_count; i++)
	{
		tally.legacy15 |= dossier->registers[i].legacy15;
		tally.invalid |= dossier->registers[i].name_invalid;
	}
	for (int i = 0; i < dossier->enrolment_count; i++)
		tally_name(&tally, dossier->enrolments[i].name, dossier->enrolments[i].legacy15);
	for (int i = 0; i < dossier->circumstance_count; i++)
		tally_name(&tally, dossier->circumstances[i].name, dossier->circumstances[i].legacy15);
	for (int i = 0; i < dossier->elsewhere_count; i++)
		tally_name(&tally, dossier->elsewheres[i].name, dossier->elsewheres[i].legacy15);

	if (tally.legacy15)
		report_plain(detection, "ID06", 0);
	if (tally.invalid)
		report_plain(detection, "ID22", 0);
	if (tally.similar)
		report_plain(detection, "HK02", 0);
	if (tally.unrelated)
		report_plain(detection, "DP04", 0);
}

static void
detect_identity(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	bool		sex_differs = false;
	bool		birth_differs = false;

	if (dossier->region_never_issued)
		report_plain(detection, "ID11", 0);
	if (dossier->citizen_id == 0)
		return;
	for (int i = 0; i < dossier->register_count; i++)
	{
		const RegisterFact *row = &dossier->registers[i];

		sex_differs |= row->sex != 0 && row->sex != dossier->number_sex;
		birth_differs |= row->has_birth_date && row->birth_date != dossier->birth_date;
	}
	if (sex_differs)
		report_plain(detection, "ID15", 0);
	if (birth_differs)
		report_plain(detection, "ID16", 0);
}

/* ---- comparison with the police registers ---- */

static void
detect_register(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Verdict *verdict = detection->verdict;
	Coverage	planes = verdict->paying | verdict->receiving | verdict->paused;

	if (!verdict->in_register)
	{
		if (dossier->enrolment_count > 0)
			report_plain(detection, "HK12", 0);
		if (dossier->circumstance_count > 0 || dossier->elsewhere_count > 0)
			report_plain(detection, "HK03", 0);
	}
	if (planes != 0)
	{
		/* With no plane left the life status says it all. */
		if (verdict->life_status == LIFE_DEAD_IN_REGISTER)
			report_plain(detection, "HK04", planes);
		else if (verdict->life_status == LIFE_MOVED_IN_PROVINCE || verdict->life_status == LIFE_MOVED_OUT)
			report_plain(detection, "HK05", planes);
		else if (verdict->cancelled_abroad &&
				 (verdict->life_status == LIFE_SETTLED_ABROAD || verdict->life_status == LIFE_FOREIGN_NATIONAL))
			report_plain(detection, "HK08", planes);
	}
	if (verdict->life_status == LIFE_REGISTERED && verdict->due != 0 &&
		dossier->enrolment_count == 0 && dossier->elsewhere_count == 0)
		report_plain(detection, "HK10", 0);
}

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

	month_set_add(&window, (MonthSpan) {last - MD02_WINDOW + 1, last});
	for (int i = 0; i < MONTH_SET_WORDS; i++)
		window.word[i] &= detection->employee_medical->word[i];
	return month_set_size(&window);
}

/* The rule that really applies to a pair the matrix names only roughly. */
static const char *
refine_rule(const Detection *detection, const ConflictRule *rule,
			const EnrolmentFact *first, const EnrolmentFact *second, MonthSpan overlap)
{
	if (strcmp(rule->rule_id, "MD02") == 0)
	{
		if (is_prepaid_year(second) && first->start > second->start)
			return "MD14";
		if (first->identity == IDENTITY_FLEXIBLE)
			return "MD04";
		return employee_medical_months(detection, overlap.last) >= MD02_MINIMUM ? "MD02" : "MD03";
	}
	if (strcmp(rule->rule_id, "MD05") == 0)
	{
		const Verdict *verdict = detection->verdict;

		if (verdict->student || (verdict->age >= 0 && verdict->age < MAJORITY))
			return "MD06";
	}
	return rule->rule_id;
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
		case KEEP_EARLIEST:
			return second->benefit_from < first->benefit_from;
		default:
			/* the present employment is the one that still pays, or began last */
			if (first->paying != second->paying)
				return second->paying;
			return second->start > first->start;
	}
}

/* One finding per rule, gathered over all pairs of the person's rows. */
typedef struct Overlap
{
	Finding		finding;
	MonthSet	months;
	int64		stopped_cents;	/* monthly benefit of the row to be stopped */
} Overlap;

#define OVERLAP_RULES 24

typedef struct OverlapTable
{
	Overlap		overlaps[OVERLAP_RULES];
	int			count;
} OverlapTable;

static Overlap *
overlap_of_rule(OverlapTable *table, const char *rule_id)
{
	Overlap    *overlap;

	for (int i = 0; i < table->count; i++)
		if (strcmp(table->overlaps[i].finding.rule_id, rule_id) == 0)
			return &table->overlaps[i];
	if (table->count == OVERLAP_RULES)
		return NULL;
	overlap = &table->overlaps[table->count++];
	finding_start(&overlap->finding, rule_id);
	memset(&overlap->months, 0, sizeof(MonthSet));
	overlap->stopped_cents = -1;
	return overlap;
}

static void
note_overlap(const Detection *detection, OverlapTable *table, const ConflictRule *rule,
			 const EnrolmentFact *first, const EnrolmentFact *second, MonthSpan shared)
{
	Overlap    *overlap = overlap_of_rule(table, refine_rule(detection, rule, first, second, shared));
	bool		second_kept = second_stays(detection->book, rule->keep, first, second);
	const EnrolmentFact *kept = second_kept ? second : first;
	const EnrolmentFact *stopped = second_kept ? first : second;
	bool		stopped_benefit = second_kept ? rule->first_benefit : rule->second_benefit;

	if (overlap == NULL)
		return;
	month_set_add(&overlap->months, shared);
	finding_add_span(&overlap->finding, shared);
	finding_add_row(&overlap->finding, first);
	finding_add_row(&overlap->finding, second);
	if (rule->keep != KEEP_CHOICE && strcmp(overlap->finding.rule_id, "MD04") != 0)
	{
		if (rule->first_scheme != rule->second_scheme)
			strlcpy(overlap->finding.keep, scheme_name(kept->scheme), sizeof(overlap->finding.keep));
		else
			snprintf(overlap->finding.keep, sizeof(overlap->finding.keep), "%s %06d",
					 scheme_name(kept->scheme), kept->agency_six);
	}
	if (stopped_benefit && stopped->benefit_cents >= 0)
		overlap->stopped_cents = stopped->benefit_cents;
}

static void
detect_conflict(const Detection *detection, OverlapTable *table, const ConflictRule *rule)
{
	const Dossier *dossier = detection->dossier;
	bool		symmetric = rule->first_scheme == rule->second_scheme &&
		rule->first_benefit == rule->second_benefit;

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *first = &dossier->enrolments[i];
		MonthSpan	first_span = use_span(first, rule->first_benefit);

		if (first->scheme != rule->first_scheme || month_span_is_empty(first_span))
			continue;
		if (detection->book->pause != NULL)
			detection->book->pause();
		for (int j = symmetric ? i + 1 : 0; j < dossier->enrolment_count; j++)
		{
			const EnrolmentFact *second = &dossier->enrolments[j];
			MonthSpan	shared;

			if (j == i || second->scheme != rule->second_scheme)
				continue;
			if (rule->other_area && first->agency_six == second->agency_six)
				continue;		/* one relation reported twice, not two areas */
			shared = month_span_intersect(first_span, use_span(second, rule->second_benefit));
			if (!month_span_is_empty(shared))
				note_overlap(detection, table, rule, first, second, shared);
		}
	}
}

static void
detect_doubles(Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	MonthSet	employee_medical;
	Verdict    *verdict = detection->verdict;
	Coverage	paid = 0;
	Coverage	benefit = 0;
	OverlapTable table;

	if (dossier->enrolment_count < 2 || LIFE_IS_GONE(verdict->life_status))
		return;
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme < 0)
			continue;
		if (!month_span_is_empty(row->paid))
			paid |= SCHEME_BIT(row->scheme);
		if (!month_span_is_empty(row->benefit))
			benefit |= SCHEME_BIT(row->scheme);
	}
	gather_employee_medical(dossier, &employee_medical);
	detection->employee_medical = &employee_medical;
	table.count = 0;
	for (int i = 0; i < detection->book->conflict_count; i++)
	{
		const ConflictRule *rule = &detection->book->conflicts[i];

		if (((rule->first_benefit ? benefit : paid) & SCHEME_BIT(rule->first_scheme)) &&
			((rule->second_benefit ? benefit : paid) & SCHEME_BIT(rule->second_scheme)))
			detect_conflict(detection, &table, rule);
	}
	detection->employee_medical = NULL;
	for (int i = 0; i < table.count; i++)
	{
		Overlap    *overlap = &table.overlaps[i];

		overlap->finding.months = month_set_size(&overlap->months);
		if (overlap->stopped_cents >= 0)
			overlap->finding.amount_cents = overlap->stopped_cents * overlap->finding.months;
		if (overlap->finding.last_month >= detection->calendar->month)
			verdict_changes_on(verdict, detection->calendar, month_first_day(detection->calendar->month + 1));
		if (strcmp(overlap->finding.rule_id, "MD06") == 0 && dossier->has_birth_date)
			verdict_changes_on(verdict, detection->calendar, month_first_day(detection->calendar->month + 1));
		detection->sink(&overlap->finding, detection->state);
	}
}

/* ---- benefits that may not run ---- */

/*
 * Benefit months of the given schemes that lie in any of the given spans: one
 * finding, its months counted once, its amount added up over the rows.
 */
static void
report_benefit(const Detection *detection, const char *rule_id, Coverage schemes,
			   const MonthSpan *spans, int span_count)
{
	const Dossier *dossier = detection->dossier;
	Finding		finding;
	MonthSet	all = {{0}};
	int64		cents = 0;
	bool		amount_known = false;

	finding_start(&finding, rule_id);
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];
		MonthSet	of_row = {{0}};
		int			row_months;

		if (row->scheme < 0 || !(SCHEME_BIT(row->scheme) & schemes) || month_span_is_empty(row->benefit))
			continue;
		for (int s = 0; s < span_count; s++)
		{
			MonthSpan	shared = month_span_intersect(row->benefit, spans[s]);

			if (month_span_is_empty(shared))
				continue;
			month_set_add(&all, shared);
			month_set_add(&of_row, shared);
			finding_add_span(&finding, shared);
			finding_add_row(&finding, row);
		}
		row_months = month_set_size(&of_row);
		if (row_months > 0 && row->benefit_cents >= 0)
		{
			amount_known = true;
			cents += row->benefit_cents * row_months;
		}
	}
	finding.months = month_set_size(&all);
	if (finding.months == 0)
		return;
	if (amount_known)
		finding.amount_cents = cents;
	detection->sink(&finding, detection->state);
}

static void
detect_death_benefits(const Detection *detection, Coverage schemes)
{
	const Verdict *verdict = detection->verdict;
	MonthSpan	after;

	if (!verdict->has_death_date ||
		(verdict->life_status != LIFE_DEAD_IN_REGISTER && verdict->life_status != LIFE_DEAD_BY_LIST))
		return;
	/* the month of death itself is still paid */
	after.first = month_of_date(verdict->death_date) + 1;
	after.last = detection->calendar->month;
	report_benefit(detection, "BN01", schemes, &after, 1);
}

/* Months that lie wholly inside a prison sentence. */
static MonthSpan
whole_months(const CircumstanceFact *sentence, const Calendar *calendar)
{
	MonthSpan	span = {0, calendar->month};

	if (sentence->has_start)
	{
		span.first = month_of_date(sentence->start);
		if (month_first_day(span.first) < sentence->start)
			span.first++;
	}
	if (sentence->has_end)
	{
		Month		last = month_of_date(sentence->end);

		if (month_first_day(last + 1) - 1 > sentence->end)
			last--;
		span.last = Min(span.last, last);
	}
	return span;
}

#define SENTENCES 16

/* Extends a sentence by those that overlap it or follow it without a day between. */
static CircumstanceFact
served_in_one_go(const Dossier *dossier, CircumstanceFact sentence)
{
	bool		grown = true;

	while (grown)
	{
		grown = false;
		for (int i = 0; i < dossier->circumstance_count; i++)
		{
			const CircumstanceFact *other = &dossier->circumstances[i];

			if (other->kind != CIRCUMSTANCE_PRISON ||
				(other->has_start && sentence.has_end && other->start > sentence.end + 1) ||
				(other->has_end && sentence.has_start && other->end + 1 < sentence.start))
				continue;
			if (sentence.has_start && (!other->has_start || other->start < sentence.start))
			{
				sentence.has_start = other->has_start;
				sentence.start = other->start;
				grown = true;
			}
			if (sentence.has_end && (!other->has_end || other->end > sentence.end))
			{
				sentence.has_end = other->has_end;
				sentence.end = other->end;
				grown = true;
			}
		}
	}
	return sentence;
}

static void
detect_prison_benefits(const Detection *detection, Coverage schemes)
{
	const Dossier *dossier = detection->dossier;
	MonthSpan	sentences[SENTENCES];
	int			count = 0;

	for (int i = 0; i < dossier->circumstance_count && count < SENTENCES; i++)
		if (dossier->circumstances[i].kind == CIRCUMSTANCE_PRISON)
		{
			CircumstanceFact served = served_in_one_go(dossier, dossier->circumstances[i]);

			sentences[count++] = whole_months(&served, detection->calendar);
		}
	if (count == 0)
		return;
	report_benefit(detection, "BN03", schemes & COVERAGE_ALL_PENSION_BENEFIT, sentences, count);
	report_benefit(detection, "UW06", schemes & SCHEME_BIT(SCHEME_U), sentences, count);
	/* next month may be the next whole month of the sentence */
	verdict_changes_on(detection->verdict, detection->calendar,
					   month_first_day(detection->calendar->month + 1));
}

static void
detect_benefits(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	Coverage	schemes = 0;
	bool		running = false;

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme < 0 || month_span_is_empty(row->benefit))
			continue;
		schemes |= SCHEME_BIT(row->scheme);
		running |= row->benefit.last >= detection->calendar->month;
	}
	if (schemes == 0)
		return;
	if (running && detection->verdict->has_death_date)
		verdict_changes_on(detection->verdict, detection->calendar,
						   month_first_day(detection->calendar->month + 1));
	detect_death_benefits(detection, schemes);
	detect_prison_benefits(detection, schemes);
}

void
detect_problems(const Dossier *dossier, const Calendar *calendar, const RuleBook *book,
				Verdict *verdict, FindingSink sink, void *state)
{
	Detection	detection = {dossier, calendar, book, verdict, sink, state, NULL};

	detect_identity(&detection);
	detect_names(&detection);
	detect_register(&detection);
	detect_doubles(&detection);
	detect_benefits(&detection);
}
