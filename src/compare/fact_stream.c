/*
 * fact_stream.c
 *		Cursors over facts, ordered by person.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compare/fact_stream.h"
#include "compat.h"
#include "coverage/coverage.h"

#define FETCH_ROWS 1000

void
stream_advance(FactStream *stream)
{
	TupleDesc	desc;

	if (stream->next == stream->count)
	{
		if (stream->portal == NULL)
		{
			stream->person_id = NO_PERSON;
			return;
		}
		if (stream->table != NULL)
			SPI_freetuptable(stream->table);
		SPI_cursor_fetch(stream->portal, true, FETCH_ROWS);
		stream->table = SPI_tuptable;
		stream->count = SPI_processed;
		stream->next = 0;
		CHECK_FOR_INTERRUPTS();
		if (stream->count == 0)
		{
			stream->person_id = NO_PERSON;
			return;
		}
	}
	desc = stream->table->tupdesc;
	heap_deform_tuple(stream->table->vals[stream->next++], desc, stream->values, stream->nulls);
	stream->person_id = DatumGetInt64(stream->values[0]);
}

FactStream *
stream_open(const char *query, int column_count)
{
	FactStream *stream = palloc0(sizeof(FactStream));
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	stream->portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	stream->column_count = column_count;
	stream->values = palloc(sizeof(Datum) * column_count);
	stream->nulls = palloc(sizeof(bool) * column_count);
	stream_advance(stream);
	return stream;
}

/*
 * All rows at once, by a plan that lives as long as the session: for a few
 * persons the planning would cost more than the reading.
 */
FactStream *
stream_of_few(KeptQuery *query, Datum *arguments, int column_count)
{
	static Oid	types[] = {INT8ARRAYOID, DATEARRAYOID};
	FactStream *stream = palloc0(sizeof(FactStream));

	if (query->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(query->text, arguments == NULL ? 0 : lengthof(types), types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		query->plan = plan;
	}
	if (SPI_execute_plan(query->plan, arguments, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	stream->table = SPI_tuptable;
	stream->count = SPI_processed;
	stream->column_count = column_count;
	stream->values = palloc(sizeof(Datum) * column_count);
	stream->nulls = palloc(sizeof(bool) * column_count);
	stream_advance(stream);
	return stream;
}

void
stream_close(FactStream *stream)
{
	if (stream->portal != NULL)
		SPI_cursor_close(stream->portal);
}

char *
stream_text(const FactStream *stream, int column)
{
	return stream->nulls[column] ? NULL : TextDatumGetCString(stream->values[column]);
}

int64
stream_int64(const FactStream *stream, int column, int64 otherwise)
{
	return stream->nulls[column] ? otherwise : DatumGetInt64(stream->values[column]);
}

int
stream_int16(const FactStream *stream, int column)
{
	return stream->nulls[column] ? 0 : DatumGetInt16(stream->values[column]);
}

Month
stream_month(const FactStream *stream, int column)
{
	return stream->nulls[column] ? MONTH_NONE :
		month_from_yyyymm(DatumGetInt32(stream->values[column]));
}

bool
stream_date(const FactStream *stream, int column, DateADT *date)
{
	*date = stream->nulls[column] ? 0 : DatumGetDateADT(stream->values[column]);
	return !stream->nulls[column];
}

/* Bit of a scheme name, -1 for rows whose code gives none. */
int
stream_scheme(const FactStream *stream, int column)
{
	struct varlena *name;

	if (stream->nulls[column])
		return -1;
	name = PG_DETOAST_DATUM_PACKED(stream->values[column]);
	return scheme_from_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

bool
stream_bool(const FactStream *stream, int column)
{
	return !stream->nulls[column] && DatumGetBool(stream->values[column]);
}

int64
stream_hash(const FactStream *stream, int column)
{
	struct varlena *text;
	int64		hash;

	if (stream->nulls[column])
		return 0;
	text = PG_DETOAST_DATUM_PACKED(stream->values[column]);
	hash = (int64) hash_bytes_extended((unsigned char *) VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text), 0);
	return hash == 0 ? 1 : hash;
}
