/*
 * reading.h
 *		Readings of names; results belong to one version of ICU.
 */
#ifndef REGISTRY_NAME_READING_H
#define REGISTRY_NAME_READING_H

#include "postgres.h"

#include <unicode/unorm2.h>

#include "lib/stringinfo.h"
#include "name/name_core.h"

typedef struct Reading
{
	uint32		point;
	uint32		packed:30;
	uint32		tone:2;			/* tone - 1, 0 also when there is none */
} Reading;

#define NAME_READINGS_MAX 16	/* alternatives of one name */

extern void name_icu_check(UErrorCode status, const char *what);
extern const UNormalizer2 *name_decomposer(void);

/* The usual reading of an ideograph. */
extern const Reading *name_reading_of(uint32 point);
/* given: the name has no surname at its beginning. */
extern int	name_pinyin_alternatives(NamePoints name, bool given, StringInfoData alternatives[NAME_READINGS_MAX]);

#endif							/* REGISTRY_NAME_READING_H */
