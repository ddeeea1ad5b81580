/*
 * region_code.h
 *		A place in the administrative division: province, city, county, town
 *		or village (GB/T 2260, GB/T 10114).
 *
 * The value is the code padded with zeros to twelve digits, as a number:
 * 340400 (Huainan) is 340400000000.  Trailing zero levels are implied, so the
 * order of the numbers is the order of the codes and a place with everything
 * below it is one closed interval.
 */
#ifndef REGISTRY_REGION_CODE_H
#define REGISTRY_REGION_CODE_H

#include "postgres.h"
#include "fmgr.h"

typedef int64 RegionCode;

#define DatumGetRegionCode(d) ((RegionCode) DatumGetInt64(d))
#define RegionCodeGetDatum(r) Int64GetDatum((int64) (r))
#define PG_GETARG_REGION_CODE(n) DatumGetRegionCode(PG_GETARG_DATUM(n))
#define PG_RETURN_REGION_CODE(r) return RegionCodeGetDatum(r)

/* Text of 2, 4, 6, 9 or 12 digits; false when it is none. No server calls. */
extern bool region_code_parse(const char *text, size_t length, RegionCode *code);

/* Whether a number is a code: what a binary client sends is not trusted. */
extern bool region_code_is_valid(RegionCode code);

/* Writes 6, 9 or 12 digits and a terminating zero; returns the length. */
extern int	region_code_print(RegionCode code, char buffer[13]);

extern int	region_code_level(RegionCode code);	/* 1 province .. 5 village */
extern RegionCode region_code_at_level(RegionCode code, int level);
extern RegionCode region_code_last(RegionCode code);	/* greatest code inside */

#define region_code_six(code) ((int32) ((code) / 1000000))
#define region_code_contains(outer, inner) \
	((inner) >= (outer) && (inner) <= region_code_last(outer))

#endif							/* REGISTRY_REGION_CODE_H */
