/*
 * detect.h
 *		What the detectors of one room share.
 */
#ifndef REGISTRY_DETECT_H
#define REGISTRY_DETECT_H

#include "classify/classify.h"
#include "problem/problem.h"

/* One person under examination. */
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

extern void finding_start(Finding *finding, const char *rule_id);
extern void finding_add_row(Finding *finding, const EnrolmentFact *row);
extern void finding_add_span(Finding *finding, MonthSpan span);

/* A finding that says no more than that the rule is broken. */
extern void report_plain(const Detection *detection, const char *rule_id, Coverage schemes);

/* The person's findings grow with the next month. */
extern void changes_next_month(const Detection *detection);

extern void detect_identity(const Detection *detection);
extern void detect_names(const Detection *detection);
extern void detect_register(const Detection *detection);
extern void detect_doubles(Detection *detection);
extern void detect_benefits(const Detection *detection);
extern void detect_ages(const Detection *detection);

#endif							/* REGISTRY_DETECT_H */
