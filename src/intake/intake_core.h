/*
 * intake_core.h
 *		Pure parts of the reading of extracts: splitting into records and
 *		fields, and the forms in which dates, months and numbers arrive.
 *
 * Nothing here calls the server, so that all of it can be fuzzed.
 */
#ifndef REGISTRY_INTAKE_CORE_H
#define REGISTRY_INTAKE_CORE_H

#include "postgres.h"

/* A piece of text inside a buffer that somebody else owns. */
typedef struct IntakeSpan
{
	const char *data;
	size_t		length;
} IntakeSpan;

/* Bytes of one record, quotes and inner line ends included. */
#define INTAKE_RECORD_LIMIT ((size_t) 4 * 1024 * 1024)

typedef enum IntakeSplit
{
	INTAKE_SPLIT_RECORD,		/* a whole record */
	INTAKE_SPLIT_MORE,			/* the buffer ends before the record does */
	INTAKE_SPLIT_QUOTE,			/* the first line alone, its quotes are broken */
	INTAKE_SPLIT_LONG			/* longer than INTAKE_RECORD_LIMIT */
} IntakeSplit;

typedef struct IntakeRecord
{
	size_t		length;			/* without its line end */
	size_t		consumed;		/* with its line end */
	uint32		lines;			/* physical lines it covers */
	bool		quoted;			/* holds a quote character */
} IntakeRecord;

extern IntakeSplit intake_split_record(const char *buffer, size_t length, bool at_end,
									   int expected_fields, IntakeRecord *record);
extern int	intake_split_fields(char *record, size_t length, bool quoted,
								IntakeSpan *fields, int max_fields);

/* How a value reads. */
typedef enum IntakeValue
{
	INTAKE_VALUE_EMPTY,
	INTAKE_VALUE_GOOD,
	INTAKE_VALUE_BAD
} IntakeValue;

extern IntakeSpan intake_trim(IntakeSpan text);
extern bool intake_is_plain(IntakeSpan text);
extern size_t intake_fold(IntakeSpan text, bool drop_blanks, char *out);
extern bool intake_is_blank_like(IntakeSpan text);
extern IntakeValue intake_parse_date(IntakeSpan text, int *year, int *month, int *day);
extern IntakeValue intake_parse_month(IntakeSpan text, int *yearmonth);
extern IntakeValue intake_parse_hundredths(IntakeSpan text, int64 *hundredths);
extern bool intake_is_total_line(IntakeSpan first);

#endif							/* REGISTRY_INTAKE_CORE_H */
