/*
 * retirement_core.c
 *		The gradual rise of the retirement age, month-exact.  Pure logic.
 */
#include "postgres.h"

#include "classify/retirement.h"

const char *const worker_kind_names[WORKER_KIND_COUNT] = {
	[WORKER_MAN] = "man",
	[WORKER_CADRE] = "cadre",
	[WORKER_WOMAN] = "worker",
};

int
retirement_delay(const RetirementRule *rule, Month birth)
{
	int			delay;

	if (rule->first_delayed == MONTH_NONE || birth < rule->first_delayed)
		return 0;
	delay = (birth - rule->first_delayed) / rule->births_per_month + 1;
	return Min(delay, rule->cap);
}

Month
retirement_month(const RetirementRule *rule, Month birth)
{
	return birth + rule->old_age + retirement_delay(rule, birth);
}

Month
retirement_earliest(const RetirementRule *rule, Month birth)
{
	return Max(birth + rule->old_age, retirement_month(rule, birth) - rule->earlier);
}

/* Whom the delay does not reach, retires by the law before it, which knew no agreement. */
Month
retirement_latest(const RetirementRule *rule, Month birth)
{
	Month		month = retirement_month(rule, birth);

	return retirement_delay(rule, birth) > 0 ? month + rule->later : month;
}
