/*
 * coverage.h
 *		Set of insurance schemes, one bit each.
 */
#ifndef REGISTRY_COVERAGE_H
#define REGISTRY_COVERAGE_H

#include "postgres.h"
#include "fmgr.h"

typedef uint32 Coverage;

#define DatumGetCoverage(d) ((Coverage) DatumGetUInt32(d))
/* As the server reads the four bytes out of a row, sign and all: equal sets are equal datums. */
#define CoverageGetDatum(c) Int32GetDatum((int32) (c))
#define PG_GETARG_COVERAGE(n) DatumGetCoverage(PG_GETARG_DATUM(n))
#define PG_RETURN_COVERAGE(c) return CoverageGetDatum(c)

/* Bit numbers of the schemes; bits 14 to 31 are reserved (S14 .. S31). */
enum Scheme
{
	SCHEME_P1, SCHEME_P2, SCHEME_P3, SCHEME_P4, SCHEME_P5,
	SCHEME_M1, SCHEME_M2, SCHEME_M3, SCHEME_M4, SCHEME_M5, SCHEME_M6,
	SCHEME_U, SCHEME_W, SCHEME_B,
	SCHEME_RESERVED
};

#define SCHEME_BIT(scheme) ((Coverage) 1 << (scheme))

#define COVERAGE_PENSION \
	(SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P2) | SCHEME_BIT(SCHEME_P3) | \
	 SCHEME_BIT(SCHEME_P4) | SCHEME_BIT(SCHEME_P5))
#define COVERAGE_MEDICAL \
	(SCHEME_BIT(SCHEME_M1) | SCHEME_BIT(SCHEME_M2) | SCHEME_BIT(SCHEME_M3) | \
	 SCHEME_BIT(SCHEME_M4) | SCHEME_BIT(SCHEME_M5) | SCHEME_BIT(SCHEME_M6))

/* Insurance kinds, in the order of the bits of person.due and person.gap. */
enum InsuranceKind
{
	KIND_PENSION, KIND_MEDICAL, KIND_UNEMPLOYMENT, KIND_INJURY, KIND_MATERNITY,
	KIND_COUNT
};

/* Name of a scheme bit ("P1" .. "B", "S14" .. "S31"). */
extern const char *scheme_name(int bit);

/* Bit of a scheme name, -1 when there is none. */
extern int	scheme_from_name(const char *name, size_t length);

#endif							/* REGISTRY_COVERAGE_H */
