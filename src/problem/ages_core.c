/*
 * ages_core.c
 *		What somebody of that age, or at that employer, does not pay or draw.
 *		Pure logic.
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "problem/detect.h"

#define COVERAGE_RETIREMENT \
	(SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P2) | SCHEME_BIT(SCHEME_P3))

/* 1800-01-01: nobody of that age is in any database. */
#define EARLIEST_BIRTH (date2j(1800, 1, 1) - POSTGRES_EPOCH_JDATE)

/* Does the person live here, as far as anybody knows? */
static bool
is_living(const Verdict *verdict)
{
	return !LIFE_IS_GONE(verdict->life_status);
}

/* Something begins on a later birthday. */
static void
changes_on_birthday(const Detection *detection, int age)
{
	Verdict    *verdict = detection->verdict;
	int			years = age - verdict->age - 1;	/* whole ones, at least, until then */

	if (age <= verdict->age ||
		(years > 0 && (int64) detection->calendar->reference + years * 365 >= verdict->next_change))
		return;					/* over, or something else changes before */
	verdict_changes_on(verdict, detection->calendar, birthday(detection->dossier->birth_date, age));
}

/* Rules ID09, ID10, BN08 and CL07: ages that are wrong or to be looked at. */
static void
detect_odd_ages(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Verdict *verdict = detection->verdict;
	const RuleBook *book = detection->book;
	int			oldest = book->parameter[PARAMETER_ID09_AGE];

	if (book->on[TIMED_ID09])
	{
		if (dossier->birth_date > detection->calendar->reference)
			verdict_changes_on(detection->verdict, detection->calendar, dossier->birth_date);
		changes_on_birthday(detection, oldest + 1);
		if (dossier->birth_date > detection->calendar->reference || verdict->age > oldest ||
			(verdict->age > 0 && dossier->birth_date < EARLIEST_BIRTH))
			report_plain(detection, "ID09", 0);
	}
	if (book->on[TIMED_ID10])
	{
		changes_on_birthday(detection, book->parameter[PARAMETER_ID10_AGE] + 1);
		if (verdict->age > book->parameter[PARAMETER_ID10_AGE] && verdict->age <= oldest &&
			(verdict->life_status == LIFE_REGISTERED || verdict->life_status == LIFE_MIGRANT))
			report_plain(detection, "ID10", 0);
	}
	if (book->on[TIMED_BN08] && (verdict->receiving & COVERAGE_RETIREMENT))
	{
		changes_on_birthday(detection, book->parameter[PARAMETER_BN08_AGE]);
		if (verdict->age >= book->parameter[PARAMETER_BN08_AGE])
			report_plain(detection, "BN08", verdict->receiving & COVERAGE_RETIREMENT);
	}
	if (book->on[TIMED_CL07] && verdict->student)
	{
		changes_on_birthday(detection, book->parameter[PARAMETER_CL07_AGE]);
		if (verdict->age >= book->parameter[PARAMETER_CL07_AGE])
			report_plain(detection, "CL07", 0);
	}
}

/*
 * Last statutory retirement month that can be the person's: whether a woman is
 * cadre or worker is not known, so she is granted the later one.
 */
static Month
statutory_month(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	WorkerKind	kind = dossier->sex == 'M' ? WORKER_MAN : WORKER_CADRE;

	if (dossier->sex == 0 || !dossier->has_birth_date || !detection->calendar->has_retirement[kind])
		return MONTH_NONE;
	return retirement_month(&detection->calendar->retirement[kind], month_of_date(dossier->birth_date));
}

/* Rule PN17: paying beyond the retirement month and the years one may agree on. */
static void
detect_late_paying(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	Month		now = detection->calendar->month;
	Month		statutory = statutory_month(detection);
	Month		limit;
	MonthSet	months = {{0}};
	Finding		finding;
	bool		paying = false;

	if (statutory == MONTH_NONE)
		return;
	limit = statutory + detection->book->parameter[PARAMETER_PN17_MONTHS];
	finding_start(&finding, "PN17");
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];
		MonthSpan	late = month_span_intersect(row->paid, (MonthSpan) {limit + 1, now});

		/* whoever draws the pension of the row no longer pays it, whatever its state says */
		if (row->scheme != SCHEME_P1 || !month_span_is_empty(row->benefit))
			continue;
		paying |= row->paying;
		if (month_span_is_empty(late))
			continue;
		month_set_add(&months, late);
		finding_add_span(&finding, late);
		finding_add_row(&finding, row);
	}
	if (!paying)
		return;
	verdict_changes_on(detection->verdict, detection->calendar, month_first_day(Max(limit, now) + 1));
	finding.months = month_set_size(&months);
	if (finding.months > 0)
		detection->sink(&finding, detection->state);
}

/* Rule PN20: at retirement age with fewer months than a pension takes. */
static void
detect_missing_years(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Verdict *verdict = detection->verdict;
	Month		statutory = statutory_month(detection);
	MonthSet	months = {{0}};
	Finding		finding;
	int			year;
	int			needed;

	if (statutory == MONTH_NONE || !is_living(verdict))
		return;
	verdict_changes_on(detection->verdict, detection->calendar, month_first_day(statutory));
	year = month_year(statutory) - MINIMUM_FIRST_YEAR;
	if (statutory > detection->calendar->month || year < 0 || year >= MINIMUM_YEARS ||
		(verdict->receiving & (SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P3))))
		return;
	needed = detection->calendar->minimum_months[year];
	finding_start(&finding, "PN20");
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme != SCHEME_P1 || month_span_is_empty(row->paid))
			continue;
		month_set_add(&months, row->paid);
		finding_add_span(&finding, row->paid);
		finding_add_row(&finding, row);
	}
	finding.months = needed - month_set_size(&months);
	changes_next_month(detection);
	if (finding.row_count > 0 && finding.months > 0)
		detection->sink(&finding, detection->state);
}

/* Rules PN16 and PN19: the first month of a scheme at an age that cannot be. */
static void
detect_first_month(const Detection *detection, const char *rule_id, int scheme, bool before, int age)
{
	const Dossier *dossier = detection->dossier;
	Month		border = month_of_date(dossier->birth_date) + age * 12;
	Month		first = MONTH_NONE;
	MonthSet	months = {{0}};
	Finding		finding;

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme == scheme && row->start != MONTH_NONE && (first == MONTH_NONE || row->start < first))
			first = row->start;
	}
	if (first == MONTH_NONE || (before ? first >= border : first <= border))
		return;
	finding_start(&finding, rule_id);
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];
		MonthSpan	wrong = row->paid;

		if (before)
			wrong.last = Min(wrong.last, border - 1);
		if (row->scheme != scheme || month_span_is_empty(wrong))
			continue;
		month_set_add(&months, wrong);
		finding_add_span(&finding, wrong);
		finding_add_row(&finding, row);
		if (wrong.last >= detection->calendar->month)
			changes_next_month(detection);
	}
	finding.months = month_set_size(&months);
	if (finding.months > 0)
		detection->sink(&finding, detection->state);
}

/* Rule PN15: a resident pension is for people of 16 and more who are not at school. */
static void
detect_young_payer(const Detection *detection)
{
	const Verdict *verdict = detection->verdict;

	if (!(verdict->paying & SCHEME_BIT(SCHEME_P2)) || !is_living(verdict))
		return;
	if (detection->dossier->has_birth_date)
		changes_on_birthday(detection, detection->book->parameter[PARAMETER_PN15_AGE]);
	if (verdict->student || (verdict->age >= 0 && verdict->age < detection->book->parameter[PARAMETER_PN15_AGE]))
		report_plain(detection, "PN15", SCHEME_BIT(SCHEME_P2));
}

/* Rules MD18 and PN23: what single rows say. */
static void
detect_rows(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	Month		furthest = detection->calendar->month + detection->book->parameter[PARAMETER_PN23_MONTHS];
	Finding		closed;
	Finding		ahead;

	finding_start(&closed, "MD18");
	finding_start(&ahead, "PN23");
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme == SCHEME_M1 && row->paying && row->employer_closed)
			finding_add_row(&closed, row);
		if (!detection->book->on[TIMED_PN23] || row->paid_through == MONTH_NONE || row->paid_through <= furthest)
			continue;
		finding_add_row(&ahead, row);
		changes_next_month(detection);
	}
	if (closed.row_count > 0 && is_living(detection->verdict))
		detection->sink(&closed, detection->state);
	if (ahead.row_count > 0)
		detection->sink(&ahead, detection->state);
}

void
detect_ages(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	Coverage	schemes = 0;

	if (dossier->has_birth_date && is_living(detection->verdict))
		detect_odd_ages(detection);
	if (dossier->enrolment_count == 0)
		return;
	detect_rows(detection);
	detect_young_payer(detection);
	for (int i = 0; i < dossier->enrolment_count; i++)
		if (dossier->enrolments[i].scheme >= 0)
			schemes |= SCHEME_BIT(dossier->enrolments[i].scheme);
	if (!dossier->has_birth_date)
		return;
	if (schemes & SCHEME_BIT(SCHEME_P1))
	{
		detect_first_month(detection, "PN19", SCHEME_P1, true, detection->book->parameter[PARAMETER_PN19_AGE]);
		if (detection->book->on[TIMED_PN17] && is_living(detection->verdict))
			detect_late_paying(detection);
		if (detection->book->on[TIMED_PN20])
			detect_missing_years(detection);
	}
	if (schemes & SCHEME_BIT(SCHEME_P2))
		detect_first_month(detection, "PN16", SCHEME_P2, false, detection->book->parameter[PARAMETER_PN16_AGE]);
}
