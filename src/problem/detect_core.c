/*
 * detect_core.c
 *		Applies the rules to one judged person: what the detectors share, and
 *		the order in which they work.  Pure logic.
 */
#include "postgres.h"

#include "problem/detect.h"

const char *const keep_policy_names[KEEP_POLICY_COUNT] = {
	[KEEP_FIRST] = "first",
	[KEEP_SECOND] = "second",
	[KEEP_EMPLOYMENT] = "employment",
	[KEEP_DWELLING] = "dwelling",
	[KEEP_REGISTERED] = "registered",
	[KEEP_SCHOOL] = "school",
	[KEEP_EARLIEST] = "earliest",
	[KEEP_CHOICE] = "choice",
};

const char *const pair_relation_names[PAIR_RELATION_COUNT] = {
	[PAIR_ANY] = "any",
	[PAIR_OTHER] = "other",
	[PAIR_SAME] = "same",
};

const char *const pair_condition_names[PAIR_CONDITION_COUNT] = {
	[PAIR_ALWAYS] = "always",
	[PAIR_PREPAID_YEAR] = "prepaid_year",
	[PAIR_FLEXIBLE] = "flexible",
	[PAIR_SHORT] = "short",
	[PAIR_MINOR_OR_STUDENT] = "minor_or_student",
	[PAIR_EMPLOYER_PAID] = "employer_paid",
};

const RuleParameterPlace rule_parameters[PARAMETER_COUNT] = {
	[PARAMETER_BN05_MONTHS] = {"BN05", "months", 0, 120},
	[PARAMETER_BN08_AGE] = {"BN08", "age", 60, 200},
	[PARAMETER_CL07_AGE] = {"CL07", "age", 16, 100},
	[PARAMETER_ID09_AGE] = {"ID09", "age", 100, 200},
	[PARAMETER_ID10_AGE] = {"ID10", "age", 60, 200},
	[PARAMETER_MD02_WINDOW] = {"MD02", "window", 1, 600},
	[PARAMETER_MD02_MONTHS] = {"MD02", "months", 0, 600},
	[PARAMETER_MD06_AGE] = {"MD06", "age", 0, 30},
	[PARAMETER_PN15_AGE] = {"PN15", "age", 0, 30},
	[PARAMETER_PN16_AGE] = {"PN16", "age", 40, 100},
	[PARAMETER_PN17_MONTHS] = {"PN17", "months", 0, 240},
	[PARAMETER_PN18_SPECIAL] = {"PN18", "special_months", 0, 240},
	[PARAMETER_PN19_AGE] = {"PN19", "age", 0, 30},
	[PARAMETER_PN23_MONTHS] = {"PN23", "months", 0, 240},
	[PARAMETER_UW07_FULL] = {"UW07", "months_full", 1, 240},
	[PARAMETER_UW07_MIDDLE] = {"UW07", "months_middle", 1, 240},
	[PARAMETER_UW07_SHORT] = {"UW07", "months_short", 1, 240},
	[PARAMETER_UW07_BY_PAID_YEARS] = {"UW07", "by_paid_years", 0, 1},
};

const char *const timed_rule_ids[TIMED_RULE_COUNT] = {
	[TIMED_BN05] = "BN05",
	[TIMED_BN08] = "BN08",
	[TIMED_CL07] = "CL07",
	[TIMED_ID09] = "ID09",
	[TIMED_ID10] = "ID10",
	[TIMED_PN17] = "PN17",
	[TIMED_PN20] = "PN20",
	[TIMED_PN23] = "PN23",
	[TIMED_UW07] = "UW07",
};

void
finding_start(Finding *finding, const char *rule_id)
{
	memset(finding, 0, sizeof(*finding));
	strlcpy(finding->rule_id, rule_id, RULE_ID_SIZE);
	finding->months = -1;
	finding->amount_cents = -1;
	finding->first_month = finding->last_month = MONTH_NONE;
}

void
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

void
finding_add_span(Finding *finding, MonthSpan span)
{
	if (finding->first_month == MONTH_NONE || span.first < finding->first_month)
		finding->first_month = span.first;
	if (span.last > finding->last_month)
		finding->last_month = span.last;
}

void
report_plain(const Detection *detection, const char *rule_id, Coverage schemes)
{
	Finding		finding;

	finding_start(&finding, rule_id);
	finding.schemes = schemes;
	detection->sink(&finding, detection->state);
}

void
changes_next_month(const Detection *detection)
{
	verdict_changes_on(detection->verdict, detection->calendar,
					   month_first_day(detection->calendar->month + 1));
}

void
detect_problems(const Dossier *dossier, const Calendar *calendar, const RuleBook *book,
				Verdict *verdict, FindingSink sink, void *state)
{
	Detection	detection = {dossier, calendar, book, verdict, sink, state, NULL};

	detect_identity(&detection);
	detect_names(&detection);
	detect_register(&detection);
	detect_ages(&detection);
	detect_doubles(&detection);
	detect_benefits(&detection);
}
