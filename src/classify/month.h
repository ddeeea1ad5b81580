/*
 * month.h
 *		Calendar months as numbers, and sets of them.
 *
 * All comparison of insurance periods is by whole calendar months.  A month is
 * year * 12 + (month - 1), so differences are lengths.
 */
#ifndef REGISTRY_MONTH_H
#define REGISTRY_MONTH_H

#include "postgres.h"
#include "port/pg_bitutils.h"

typedef int32 Month;

#define MONTH_NONE ((Month) -1)

/* An interval of months, both ends included; empty when first > last. */
typedef struct MonthSpan
{
	Month		first;
	Month		last;
} MonthSpan;

#define MONTH_SPAN_EMPTY ((MonthSpan) {1, 0})

static inline Month
month_make(int year, int month)
{
	return year * 12 + month - 1;
}

static inline int
month_year(Month month)
{
	return month / 12;
}

/* yyyymm as stored in the tables */
static inline Month
month_from_yyyymm(int32 yyyymm)
{
	return month_make(yyyymm / 100, yyyymm % 100);
}

static inline int32
month_to_yyyymm(Month month)
{
	return month / 12 * 100 + month % 12 + 1;
}

static inline bool
month_span_is_empty(MonthSpan span)
{
	return span.first > span.last;
}

static inline MonthSpan
month_span_intersect(MonthSpan a, MonthSpan b)
{
	MonthSpan	both;

	both.first = Max(a.first, b.first);
	both.last = Min(a.last, b.last);
	return both;
}

/*
 * A set of months between 1900 and 2070: wide enough for every contribution
 * since the insurance exists, small enough for the stack.
 */
#define MONTH_SET_BASE (1900 * 12)
#define MONTH_SET_WORDS 32

typedef struct MonthSet
{
	uint64		word[MONTH_SET_WORDS];
} MonthSet;

static inline void
month_set_add(MonthSet *set, MonthSpan span)
{
	Month		first = Max(span.first, MONTH_SET_BASE) - MONTH_SET_BASE;
	Month		last = Min(span.last, MONTH_SET_BASE + MONTH_SET_WORDS * 64 - 1) - MONTH_SET_BASE;

	for (Month month = first; month <= last; month++)
		set->word[month / 64] |= UINT64CONST(1) << (month % 64);
}

static inline int
month_set_size(const MonthSet *set)
{
	int			size = 0;

	for (int i = 0; i < MONTH_SET_WORDS; i++)
		size += pg_popcount64(set->word[i]);
	return size;
}

#endif							/* REGISTRY_MONTH_H */
