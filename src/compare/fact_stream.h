/*
 * fact_stream.h
 *		Facts read in the order of the persons: a cursor and the columns of its
 *		current row.
 */
#ifndef REGISTRY_FACT_STREAM_H
#define REGISTRY_FACT_STREAM_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/date.h"

#include "classify/month.h"

#define NO_PERSON PG_INT64_MAX

/* A query whose plan lives as long as the session. */
typedef struct KeptQuery
{
	const char *text;
	SPIPlanPtr	plan;
} KeptQuery;

/* A cursor over facts, ordered by person; its first column is the person. */
typedef struct FactStream
{
	Portal		portal;			/* NULL when all rows were read at once */
	SPITupleTable *table;
	uint64		count;
	uint64		next;
	int64		person_id;		/* of the current row; NO_PERSON at the end */
	int			column_count;
	Datum	   *values;
	bool	   *nulls;
} FactStream;

extern void stream_advance(FactStream *stream);
extern FactStream *stream_open(const char *query, int column_count);
/* arguments: persons bigint[] and, beside each, the day it was last seen date[]; or NULL */
extern FactStream *stream_of_few(KeptQuery *query, Datum *arguments, int column_count);
extern void stream_close(FactStream *stream);
extern char *stream_text(const FactStream *stream, int column);
extern int64 stream_int64(const FactStream *stream, int column, int64 otherwise);
extern int stream_int16(const FactStream *stream, int column);
extern Month stream_month(const FactStream *stream, int column);
extern bool stream_date(const FactStream *stream, int column, DateADT *date);
extern int stream_scheme(const FactStream *stream, int column);
/* Hash of a text, never 0; 0 for null. */
extern int64 stream_hash(const FactStream *stream, int column);
extern bool stream_bool(const FactStream *stream, int column);

#endif							/* REGISTRY_FACT_STREAM_H */
