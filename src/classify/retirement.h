/*
 * retirement.h
 *		The statutory retirement month, and the bounds of flexible retirement.
 *		Pure logic; the numbers of the law are rows of table retirement_rule.
 */
#ifndef REGISTRY_RETIREMENT_H
#define REGISTRY_RETIREMENT_H

#include "postgres.h"

#include "classify/month.h"

/* Whose retirement age it is. */
typedef enum WorkerKind
{
	WORKER_MAN,
	WORKER_CADRE,				/* woman whose old age is 55 */
	WORKER_WOMAN,				/* woman whose old age is 50 */
	WORKER_KIND_COUNT
} WorkerKind;

extern const char *const worker_kind_names[WORKER_KIND_COUNT];

/*
 * Old age and its gradual delay: whoever is born in first_delayed retires a
 * month later, whoever is born births_per_month months after that two months
 * later, and so on up to cap months.
 */
typedef struct RetirementRule
{
	int			old_age;		/* in months */
	Month		first_delayed;	/* MONTH_NONE: no delay */
	int			births_per_month;
	int			cap;			/* months of delay at most */
	int			earlier;		/* months by which one may retire earlier, never below old age */
	int			later;			/* months by which one may agree to retire later */
} RetirementRule;

/* Months added to the old age of somebody born in a month. */
extern int	retirement_delay(const RetirementRule *rule, Month birth);

extern Month retirement_month(const RetirementRule *rule, Month birth);

/* First month in which flexible retirement is possible. */
extern Month retirement_earliest(const RetirementRule *rule, Month birth);

/* Last month to which it may be put off. */
extern Month retirement_latest(const RetirementRule *rule, Month birth);

#endif							/* REGISTRY_RETIREMENT_H */
