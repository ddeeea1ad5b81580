/*
 * citizen_grade.h
 *		How far a citizen number can be trusted, as a grade with a reason.
 */
#ifndef REGISTRY_CITIZEN_GRADE_H
#define REGISTRY_CITIZEN_GRADE_H

#include "citizen/citizen_id.h"
#include "region/region_history.h"

/*
 * Reasons, in the order in which they are looked for.  A number that a
 * spreadsheet cut fails its check character: it is given the more telling
 * reason although that comes later in the order of severity.
 */
typedef enum CitizenIdReason
{
	REASON_LENGTH,
	REASON_CHARACTER,
	REASON_PROVINCE,
	REASON_BIRTH_DATE,
	REASON_CHECK,
	REASON_FUTURE_BIRTH,
	REASON_TRUNCATED,
	REASON_REGION_NEVER_ISSUED,
	/* from here on odd */
	REASON_REGION_DEAD_BEFORE_BIRTH,
	REASON_CENTURY_AMBIGUOUS,
	REASON_OVER_AGE,
	REASON_REGION_UNLISTED,
	/* from here on ok */
	REASON_LEGACY15,
	REASON_REGION_AFTER_BIRTH,
	REASON_REGION_ABOLISHED,
	REASON_OK
} CitizenIdReason;

#define REASON_FIRST_ODD REASON_REGION_DEAD_BEFORE_BIRTH
#define REASON_FIRST_OK REASON_LEGACY15

/* People older than this are graded odd. */
#define OVER_AGE 120

/* Reason for text that is no number; REASON_OK when it is one. No server calls. */
extern CitizenIdReason citizen_id_text_reason(const char *text, size_t length,
											  CitizenId *id, bool *legacy15);

/*
 * What the history of the issuing region says about a birth in birth_year,
 * seen from on_year: one of the REASON_REGION_ reasons or REASON_OK.
 * No server calls.
 */
extern CitizenIdReason region_reason(int32 code6, const RegionPeriod *periods, int count,
									 int birth_year, int on_year);

#endif							/* REGISTRY_CITIZEN_GRADE_H */
