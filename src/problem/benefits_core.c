/*
 * benefits_core.c
 *		Benefits that may not run: after death, in prison, in service, abroad,
 *		too long, too early.  Pure logic.
 */
#include "postgres.h"

#include "problem/detect.h"

#define COVERAGE_ALL_PENSION_BENEFIT \
	(SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P2) | SCHEME_BIT(SCHEME_P3))

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

/* Months that lie wholly inside a prison sentence or a time of service. */
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

/* Extends a sentence by those of its kind that overlap it or follow it without a day between. */
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

			if (other->kind != sentence.kind ||
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

/* Whole months of every circumstance of a kind; returns their number. */
static int
gather_terms(const Detection *detection, CircumstanceKind kind, MonthSpan *terms)
{
	const Dossier *dossier = detection->dossier;
	int			count = 0;

	for (int i = 0; i < dossier->circumstance_count && count < SENTENCES; i++)
		if (dossier->circumstances[i].kind == kind)
		{
			CircumstanceFact served = served_in_one_go(dossier, dossier->circumstances[i]);

			terms[count++] = whole_months(&served, detection->calendar);
		}
	return count;
}

static void
detect_prison_benefits(const Detection *detection, Coverage schemes)
{
	MonthSpan	sentences[SENTENCES];
	int			count = gather_terms(detection, CIRCUMSTANCE_PRISON, sentences);

	if (count == 0)
		return;
	report_benefit(detection, "BN03", schemes & COVERAGE_ALL_PENSION_BENEFIT, sentences, count);
	report_benefit(detection, "UW06", schemes & SCHEME_BIT(SCHEME_U), sentences, count);
	/* next month may be the next whole month of the sentence */
	changes_next_month(detection);
}

/* Rule UW04: called up, and the unemployment benefit runs on. */
static void
detect_service_benefits(const Detection *detection, Coverage schemes)
{
	const Verdict *verdict = detection->verdict;
	MonthSpan	terms[SENTENCES + 1];
	int			count;

	if (!(schemes & SCHEME_BIT(SCHEME_U)))
		return;
	count = gather_terms(detection, CIRCUMSTANCE_ARMY, terms);
	if (verdict->life_status == LIFE_ARMY && verdict->has_life_since)
	{
		/* the register may know of the service before the list does */
		CircumstanceFact service = {.kind = CIRCUMSTANCE_ARMY,.has_start = true,.start = verdict->life_since};

		terms[count++] = whole_months(&service, detection->calendar);
	}
	if (count == 0)
		return;
	report_benefit(detection, "UW04", SCHEME_BIT(SCHEME_U), terms, count);
	changes_next_month(detection);
}

/* Rules UW05 and BN14: settled abroad or of another nationality, and a benefit runs on. */
static void
detect_emigrant_benefits(const Detection *detection, Coverage schemes)
{
	const Verdict *verdict = detection->verdict;
	MonthSpan	after;

	if (!verdict->has_life_since ||
		(verdict->life_status != LIFE_SETTLED_ABROAD && verdict->life_status != LIFE_FOREIGN_NATIONAL))
		return;
	/* the month of the move itself is still paid */
	after.first = month_of_date(verdict->life_since) + 1;
	after.last = detection->calendar->month;
	report_benefit(detection, "UW05", schemes & SCHEME_BIT(SCHEME_U), &after, 1);
	if (verdict->life_status == LIFE_FOREIGN_NATIONAL)
		report_benefit(detection, "BN14", schemes & SCHEME_BIT(SCHEME_P2), &after, 1);
	changes_next_month(detection);
}

/* Months of unemployment insurance paid before a benefit began. */
static int
unemployment_months_before(const Dossier *dossier, Month benefit_from)
{
	MonthSet	paid = {{0}};

	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme == SCHEME_U)
			month_set_add(&paid, month_span_intersect(row->paid, (MonthSpan) {0, benefit_from - 1}));
	}
	return month_set_size(&paid);
}

/* Rule UW07: months beyond what the law grants (社会保险法 46). */
static void
detect_long_unemployment(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const int  *parameter = detection->book->parameter;
	Finding		finding;

	finding_start(&finding, "UW07");
	finding.months = 0;
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];
		int			limit = parameter[PARAMETER_UW07_FULL];
		MonthSpan	beyond;

		if (row->scheme != SCHEME_U || month_span_is_empty(row->benefit))
			continue;
		if (parameter[PARAMETER_UW07_BY_PAID_YEARS])
		{
			int			paid = unemployment_months_before(dossier, row->benefit.first);

			if (paid < 10 * 12)
				limit = paid < 5 * 12 ? parameter[PARAMETER_UW07_SHORT] : parameter[PARAMETER_UW07_MIDDLE];
		}
		beyond.first = row->benefit.first + limit;
		beyond.last = row->benefit.last;
		if (row->benefit.last >= detection->calendar->month)
			verdict_changes_on(detection->verdict, detection->calendar,
							   month_first_day(Max(beyond.first, detection->calendar->month + 1)));
		if (month_span_is_empty(beyond))
			continue;
		finding.months += beyond.last - beyond.first + 1;
		finding_add_span(&finding, beyond);
		finding_add_row(&finding, row);
		if (row->benefit_cents >= 0)
			finding.amount_cents = Max(finding.amount_cents, 0) +
				row->benefit_cents * (beyond.last - beyond.first + 1);
	}
	if (finding.months > 0)
		detection->sink(&finding, detection->state);
}

/*
 * Rule BN05: released, and the pension that the sentence stopped still rests.
 * The pause must have begun with the sentence: another has another reason.
 */
static void
detect_resting_pension(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Verdict *verdict = detection->verdict;
	const Month now = detection->calendar->month;
	Finding		finding;

	if (LIFE_IS_GONE(verdict->life_status) || verdict->life_status == LIFE_PRISON)
		return;
	finding_start(&finding, "BN05");
	for (int i = 0; i < dossier->enrolment_count; i++)
	{
		const EnrolmentFact *row = &dossier->enrolments[i];

		if (row->scheme < 0 || !(SCHEME_BIT(row->scheme) & COVERAGE_ALL_PENSION_BENEFIT) ||
			row->benefit_state != 2 || row->enrol_status == 4 || month_span_is_empty(row->benefit))
			continue;
		for (int c = 0; c < dossier->circumstance_count; c++)
		{
			CircumstanceFact term = dossier->circumstances[c];
			MonthSpan	resting;

			if (term.kind != CIRCUMSTANCE_PRISON)
				continue;
			term = served_in_one_go(dossier, term);
			if (!term.has_end || !term.has_start || term.end >= detection->calendar->reference ||
				row->benefit_to < month_of_date(term.start) - 1 || row->benefit_to > month_of_date(term.end))
				continue;
			resting.first = month_of_date(term.end) + 1;
			resting.last = now;
			changes_next_month(detection);
			if (resting.last - resting.first + 1 <= detection->book->parameter[PARAMETER_BN05_MONTHS])
				continue;
			finding.months = Max(finding.months, resting.last - resting.first + 1);
			finding_add_span(&finding, resting);
			finding_add_row(&finding, row);
		}
	}
	if (finding.months > 0)
		detection->sink(&finding, detection->state);
}

/*
 * Rule PN18: an employee's pension before anybody of that sex and birth may
 * retire.  Trades that may go earlier are not in the extracts: the parameter
 * special_months grants everybody their advantage.
 */
static void
detect_early_pension(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Calendar *calendar = detection->calendar;
	WorkerKind	kind = dossier->sex == 'M' ? WORKER_MAN : WORKER_WOMAN;
	int			special = detection->book->parameter[PARAMETER_PN18_SPECIAL];
	Month		birth;
	MonthSpan	early;

	if (dossier->sex == 0 || !dossier->has_birth_date || !calendar->has_retirement[kind])
		return;
	birth = month_of_date(dossier->birth_date);
	early.first = 0;
	early.last = -1 + (special > 0 ? birth + calendar->retirement[kind].old_age - special :
					   retirement_earliest(&calendar->retirement[kind], birth));
	if (early.last > calendar->month)
		changes_next_month(detection);	/* another month too early */
	report_benefit(detection, "PN18", SCHEME_BIT(SCHEME_P1), &early, 1);
}

void
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
		changes_next_month(detection);
	detect_death_benefits(detection, schemes);
	if (schemes & SCHEME_BIT(SCHEME_P1))
		detect_early_pension(detection);
	if (schemes & SCHEME_BIT(SCHEME_U) && detection->book->on[TIMED_UW07])
		detect_long_unemployment(detection);
	if (dossier->circumstance_count > 0)
	{
		detect_prison_benefits(detection, schemes);
		if (detection->book->on[TIMED_BN05])
			detect_resting_pension(detection);
	}
	detect_service_benefits(detection, schemes);
	detect_emigrant_benefits(detection, schemes);
}
