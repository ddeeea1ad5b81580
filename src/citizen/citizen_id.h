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

/* The part of a number that is wrong, in the order in which they are judged. */
typedef enum CitizenIdFault
{
	CITIZEN_ID_FINE,
	CITIZEN_ID_LENGTH,
	CITIZEN_ID_CHARACTER,
	CITIZEN_ID_PROVINCE,
	CITIZEN_ID_BIRTH_DATE,
	CITIZEN_ID_CHECK
} CitizenIdFault;

/*
 * Reads a number as the type does: 18 characters or the 15-digit form, outer
 * white space and full-width forms allowed.  Sets *id when the number is fine
 * and *legacy15 when it came in the 15-digit form.
 */
extern CitizenIdFault citizen_id_parse(const char *text, size_t length,
									   CitizenId *id, bool *legacy15);

/* Judges 17 digits that did not come as text. */
extern CitizenIdFault citizen_id_judge(int64 body);

/* Check character that belongs to 17 digits. */
extern char citizen_id_check_char(CitizenId id);

/* What a spreadsheet leaves of a number of 18 digits. */
typedef enum CitizenIdDamage
{
	CITIZEN_ID_UNDAMAGED,
	CITIZEN_ID_FIFTEEN_DIGITS,	/* ends in 000: 15 significant digits (ID20) */
	CITIZEN_ID_DOUBLE_STEP		/* a double-precision value (ID21) */
} CitizenIdDamage;

/* Looks for the marks of a spreadsheet; they mean something only when the check fails. */
extern CitizenIdDamage citizen_id_damage(int64 number);

/* Whether narrow text is a number in the form 3.40404E+17. */
extern bool citizen_id_is_scientific(const char *text, size_t length);

/* What kind of document carries the number. */
typedef enum CitizenIdKind
{
	CITIZEN_ID_CITIZEN,
	CITIZEN_ID_RESIDENCE_PERMIT,	/* first digits 81, 82, 83 */
	CITIZEN_ID_PERMANENT_RESIDENCE	/* first digit 9 */
} CitizenIdKind;

extern CitizenIdKind citizen_id_kind_of(CitizenId id);

/* Writes 18 characters and a terminating zero. */
extern void citizen_id_print(CitizenId id, char buffer[19]);

/*
 * Birth date as year, month, day; sex 'M' or 'F'; issuing region, six digits.
 * A permanent residence number tells only the province: 110000.
 */
extern void citizen_id_birth(CitizenId id, int *year, int *month, int *day);
extern char citizen_id_sex_char(CitizenId id);
extern int32 citizen_id_region_six(CitizenId id);

#endif							/* REGISTRY_CITIZEN_ID_H */
