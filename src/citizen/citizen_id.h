/*
 * citizen_id.h
 *		Citizen number, GB 11643-1999, and its family of residence permits.
 *
 * The value is the first 17 digits as a number; the check character follows
 * from them (ISO 7064 MOD 11-2), so the order of the numbers is the order of
 * the 18-character texts.
 */
#ifndef REGISTRY_CITIZEN_ID_H
#define REGISTRY_CITIZEN_ID_H

#include "postgres.h"
#include "fmgr.h"

typedef int64 CitizenId;

#define DatumGetCitizenId(d) ((CitizenId) DatumGetInt64(d))
#define CitizenIdGetDatum(c) Int64GetDatum((int64) (c))
#define PG_GETARG_CITIZEN_ID(n) DatumGetCitizenId(PG_GETARG_DATUM(n))
#define PG_RETURN_CITIZEN_ID(c) return CitizenIdGetDatum(c)

/* Writes 18 characters and a terminating zero. */
extern void citizen_id_print(CitizenId id, char buffer[19]);

/* Birth date as year, month, day; sex 'M' or 'F'; issuing region, six digits. */
extern void citizen_id_birth(CitizenId id, int *year, int *month, int *day);
extern char citizen_id_sex_char(CitizenId id);
extern int32 citizen_id_region_six(CitizenId id);

#endif							/* REGISTRY_CITIZEN_ID_H */
