/*
 * changelog.c
 *		Triggers that record every change of the registry's tables.
 *
 * They run after each statement over its transition tables, so that a bulk
 * load costs one entry per bucket of persons and not one per row, and they
 * keep old values only: the new ones stand in the next entry or in the row
 * itself.  Values are kept as the text the types print, dates and times in
 * ISO form whatever the session's settings.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "compat.h"

REGISTRY_FUNCTION(change_log_write);
REGISTRY_FUNCTION(change_log_refuse);
REGISTRY_FUNCTION(row_texts);

/* Persons per bucket: one entry of a bulk insert holds at most so many persons' keys. */
#define BUCKET_SHIFT 10

/* Keys of inserted rows held in memory before they are written, 24 bytes each. */
#define MAX_KEYS (512 * 1024)

/* Old rows held in memory before they are written. */
#define MAX_VALUES 1000

typedef struct RowKey
{
	int64		person_id;
	int64		row_id;
	int64		batch_id;		/* NO_BATCH: none */
} RowKey;

#define NO_BATCH PG_INT64_MIN

/* What one firing of the trigger knows. */
typedef struct LogWriter
{
	TriggerData *trigger;
	TupleDesc	descriptor;
	int			person_attribute;
	int			row_attribute;	/* 0: the person is the row */
	int			batch_attribute;	/* batch that said the row last; 0: the
									 * table does not know */
	bool	   *ignored;		/* columns that are no change by themselves */
	FmgrInfo   *output;			/* output functions, looked up when needed */
	int64		batch_id;		/* of the transaction, or NO_BATCH */
	const char *cause;			/* NULL: none given */
	Datum		changed_by;
	int			count;
	RowKey	   *keys;			/* inserted rows */
	Datum	   *operations;		/* changed rows: UPDATE, MOVE or DELETE */
	Datum	   *buckets;
	Datum	   *person_ids;
	Datum	   *moved_to;
	bool	   *moved;
	Datum	   *row_ids;
	Datum	   *batch_ids;
	bool	   *no_batch;
	Datum	   *old_rows;
	MemoryContext values;		/* of the old rows, reset after writing */
} LogWriter;

static SPIPlanPtr keys_plan = NULL;
static SPIPlanPtr values_plan = NULL;

static const char *const keys_query =
"INSERT INTO registry.change_log (relation, operation, person_bucket, person_ids, row_ids, xid, changed_at, changed_by, batch_id, cause) "
"VALUES ($1, 'INSERT', $2, $3, $4, pg_catalog.pg_current_xact_id(), pg_catalog.now(), $5, $6, $7)";

static const char *const values_query =
"INSERT INTO registry.change_log (relation, operation, person_bucket, person_ids, row_ids, old, xid, changed_at, changed_by, batch_id, cause) "
"SELECT $1, u.operation, u.bucket, "
"	CASE WHEN u.moved_to IS NULL THEN ARRAY[u.person_id] ELSE ARRAY[u.person_id, u.moved_to] END, "
"	CASE WHEN $2 THEN ARRAY[u.row_id] END, "
"	u.old, pg_catalog.pg_current_xact_id(), pg_catalog.now(), $3, u.batch_id, $4 "
"FROM ROWS FROM (pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9), "
"	pg_catalog.unnest($10), pg_catalog.unnest($11)) "
"	AS u (operation, bucket, person_id, moved_to, row_id, batch_id, old)";

/*
 * A column's value as the log keeps it: a JSON string of the type's text, or
 * JSON null.
 */
static void
push_column(JsonbParseState **state, Form_pg_attribute attribute, FmgrInfo *output,
			MemoryContext output_context, Datum value, bool isnull)
{
	JsonbValue	item;
	static const int utc = 0;

	item.type = jbvString;
	item.val.string.val = NameStr(attribute->attname);
	item.val.string.len = strlen(item.val.string.val);
	pushJsonbValue(state, WJB_KEY, &item);

	if (isnull)
		item.type = jbvNull;
	else
	{
		switch (attribute->atttypid)
		{
			case DATEOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				item.val.string.val = JsonEncodeDateTime(NULL, value, attribute->atttypid,
														 attribute->atttypid == TIMESTAMPTZOID ? &utc : NULL);
				break;
			default:
				if (output->fn_oid == InvalidOid)
				{
					Oid			function;
					bool		varlena;

					getTypeOutputInfo(attribute->atttypid, &function, &varlena);
					fmgr_info_cxt(function, output, output_context);
				}
				item.val.string.val = OutputFunctionCall(output, value);
		}
		item.val.string.len = strlen(item.val.string.val);
	}
	pushJsonbValue(state, WJB_VALUE, &item);
}

/* All columns of a row, as in push_column(). */
static Datum
whole_row(TupleDesc descriptor, FmgrInfo *output, const Datum *values, const bool *nulls)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < descriptor->natts; i++)
		if (!TupleDescAttr(descriptor, i)->attisdropped)
			push_column(&state, TupleDescAttr(descriptor, i), &output[i], GetMemoryChunkContext(output),
						values[i], nulls[i]);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/*
 * Old values of the columns whose stored form differs; 0 when none does apart
 * from the ignored ones.
 */
static Datum
changed_columns(LogWriter *writer, TupleTableSlot *old, TupleTableSlot *new)
{
	JsonbParseState *state = NULL;
	bool		any = false;

	for (int i = 0; i < writer->descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(writer->descriptor, i);

		if (attribute->attisdropped || writer->ignored[i])
			continue;
		if (old->tts_isnull[i] == new->tts_isnull[i] &&
			(old->tts_isnull[i] ||
			 datum_image_eq(old->tts_values[i], new->tts_values[i], attribute->attbyval, attribute->attlen)))
			continue;
		if (!any)
			pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		any = true;
		push_column(&state, attribute, &writer->output[i], GetMemoryChunkContext(writer->output),
					old->tts_values[i], old->tts_isnull[i]);
	}
	if (!any)
		return (Datum) 0;
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* Runs a plan, prepared at its first use, as the owner of the logged table. */
static void
write_entries(LogWriter *writer, SPIPlanPtr *plan, const char *query,
			  int count, Oid *types, Datum *values, const char *nulls)
{
	Oid			user;
	int			context;

	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(query, count, types);

		if (prepared == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(prepared);
		*plan = prepared;
	}

	/* Who may change a person need not be able to write the log. */
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(writer->trigger->tg_relation->rd_rel->relowner,
						   context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_execute_plan(*plan, values, nulls, false, 0) < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	SetUserIdAndSecContext(user, context);
}

static ArrayType *
int8_array(Datum *values, bool *nulls, int count)
{
	int			lower = 1;

	return construct_md_array(values, nulls, 1, &count, &lower,
							  INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static int
compare_keys(const void *a, const void *b)
{
	const RowKey *left = a,
			   *right = b;

	if (left->batch_id != right->batch_id)
		return left->batch_id < right->batch_id ? -1 : 1;
	if (left->person_id != right->person_id)
		return left->person_id < right->person_id ? -1 : 1;
	if (left->row_id != right->row_id)
		return left->row_id < right->row_id ? -1 : 1;
	return 0;
}

/* Writes the collected keys of inserted rows, one entry per batch and bucket. */
static void
flush_keys(LogWriter *writer)
{
	Oid			types[] = {TEXTOID, INT8OID, INT8ARRAYOID, INT8ARRAYOID, TEXTOID, INT8OID, TEXTOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1] = "       ";
	int			first = 0;

	qsort(writer->keys, writer->count, sizeof(RowKey), compare_keys);
	values[0] = CStringGetTextDatum(RelationGetRelationName(writer->trigger->tg_relation));
	values[4] = writer->changed_by;
	values[6] = writer->cause ? CStringGetTextDatum(writer->cause) : (Datum) 0;
	nulls[3] = writer->row_attribute ? ' ' : 'n';
	nulls[6] = writer->cause ? ' ' : 'n';

	while (first < writer->count)
	{
		int64		bucket = writer->keys[first].person_id >> BUCKET_SHIFT;
		int64		batch_id = writer->keys[first].batch_id;
		int			end = first;
		Datum	   *person_ids,
				   *row_ids;

		/* A person 0 may hold any number of rows: an entry stays of one size. */
		while (end < writer->count && end - first < 4 << BUCKET_SHIFT &&
			   writer->keys[end].person_id >> BUCKET_SHIFT == bucket &&
			   writer->keys[end].batch_id == batch_id)
			end++;
		person_ids = palloc(sizeof(Datum) * (end - first));
		row_ids = palloc(sizeof(Datum) * (end - first));
		for (int i = first; i < end; i++)
		{
			person_ids[i - first] = Int64GetDatum(writer->keys[i].person_id);
			row_ids[i - first] = Int64GetDatum(writer->keys[i].row_id);
		}
		values[1] = Int64GetDatum(bucket);
		values[5] = Int64GetDatum(batch_id);
		nulls[5] = batch_id == NO_BATCH ? 'n' : ' ';
		values[2] = PointerGetDatum(int8_array(person_ids, NULL, end - first));
		values[3] = PointerGetDatum(int8_array(row_ids, NULL, end - first));
		write_entries(writer, &keys_plan, keys_query, lengthof(types), types, values, nulls);
		pfree(DatumGetPointer(values[2]));
		pfree(DatumGetPointer(values[3]));
		pfree(person_ids);
		pfree(row_ids);
		first = end;
		CHECK_FOR_INTERRUPTS();
	}
	writer->count = 0;
}

/* Writes the collected old values of changed and deleted rows. */
static void
flush_values(LogWriter *writer)
{
	Oid			types[] = {TEXTOID, BOOLOID, TEXTOID, TEXTOID,
		TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, JSONBARRAYOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1] = "           ";
	int			count = writer->count;
	MemoryContext previous;

	if (count == 0)
		return;
	previous = MemoryContextSwitchTo(writer->values);
	values[0] = CStringGetTextDatum(RelationGetRelationName(writer->trigger->tg_relation));
	values[1] = BoolGetDatum(writer->row_attribute != 0);
	values[2] = writer->changed_by;
	values[3] = writer->cause ? CStringGetTextDatum(writer->cause) : (Datum) 0;
	nulls[3] = writer->cause ? ' ' : 'n';
	values[4] = PointerGetDatum(construct_array(writer->operations, count, TEXTOID, -1, false, TYPALIGN_INT));
	values[5] = PointerGetDatum(int8_array(writer->buckets, NULL, count));
	values[6] = PointerGetDatum(int8_array(writer->person_ids, NULL, count));
	values[7] = PointerGetDatum(int8_array(writer->moved_to, writer->moved, count));
	values[8] = PointerGetDatum(int8_array(writer->row_ids, NULL, count));
	values[9] = PointerGetDatum(int8_array(writer->batch_ids, writer->no_batch, count));
	values[10] = PointerGetDatum(construct_array(writer->old_rows, count, JSONBOID, -1, false, TYPALIGN_INT));
	write_entries(writer, &values_plan, values_query, lengthof(types), types, values, nulls);
	MemoryContextSwitchTo(previous);
	MemoryContextReset(writer->values);
	writer->count = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Keeps one changed row; moved_to is the new person of a row that leaves its person, else null. */
static void
add_values(LogWriter *writer, const char *operation, const RowKey *key, const int64 *moved_to, Datum old_row)
{
	int			i = writer->count++;

	writer->operations[i] = CStringGetTextDatum(operation);
	writer->buckets[i] = Int64GetDatum(key->person_id >> BUCKET_SHIFT);
	writer->person_ids[i] = Int64GetDatum(key->person_id);
	writer->moved[i] = moved_to == NULL;
	writer->moved_to[i] = moved_to ? Int64GetDatum(*moved_to) : (Datum) 0;
	writer->row_ids[i] = Int64GetDatum(key->row_id);
	writer->batch_ids[i] = Int64GetDatum(key->batch_id);
	writer->no_batch[i] = key->batch_id == NO_BATCH;
	writer->old_rows[i] = old_row;
}

/* Value of a bigint column of a row that the slot holds. */
static int64
slot_int8(TupleTableSlot *slot, int attribute)
{
	return slot->tts_isnull[attribute - 1] ? 0 : DatumGetInt64(slot->tts_values[attribute - 1]);
}

static RowKey
slot_key(LogWriter *writer, TupleTableSlot *slot)
{
	RowKey		key;

	key.person_id = slot_int8(slot, writer->person_attribute);
	key.row_id = writer->row_attribute ? slot_int8(slot, writer->row_attribute) : 0;
	key.batch_id = writer->batch_id;
	return key;
}

/* A read position of our own: other triggers read the same transition table. */
static int
open_table(Tuplestorestate *table)
{
	int			pointer = tuplestore_alloc_read_pointer(table, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(table, pointer);
	tuplestore_rescan(table);
	return pointer;
}

static bool
next_row(Tuplestorestate *table, int pointer, TupleTableSlot *slot)
{
	tuplestore_select_read_pointer(table, pointer);
	if (!tuplestore_gettupleslot(table, true, false, slot))
		return false;
	slot_getallattrs(slot);
	return true;
}

static void
log_inserted(LogWriter *writer, TupleTableSlot *slot)
{
	Tuplestorestate *table = writer->trigger->tg_newtable;
	int			pointer = open_table(table);
	int64		size = Min(tuplestore_tuple_count(table), MAX_KEYS);

	writer->keys = palloc(sizeof(RowKey) * Max(size, 1));
	while (next_row(table, pointer, slot))
	{
		RowKey		key = slot_key(writer, slot);

		/* A row that came with a batch knows it better than the transaction. */
		if (writer->batch_attribute && !slot->tts_isnull[writer->batch_attribute - 1])
			key.batch_id = slot_int8(slot, writer->batch_attribute);
		if (writer->count == size)
			flush_keys(writer);
		writer->keys[writer->count++] = key;
	}
	flush_keys(writer);
}

static void
log_deleted(LogWriter *writer, TupleTableSlot *slot)
{
	Tuplestorestate *table = writer->trigger->tg_oldtable;
	int			pointer = open_table(table);

	while (next_row(table, pointer, slot))
	{
		RowKey		key = slot_key(writer, slot);
		MemoryContext previous = MemoryContextSwitchTo(writer->values);

		add_values(writer, "DELETE", &key, NULL,
				   whole_row(writer->descriptor, writer->output, slot->tts_values, slot->tts_isnull));
		MemoryContextSwitchTo(previous);
		if (writer->count == MAX_VALUES)
			flush_values(writer);
	}
	flush_values(writer);
}

/*
 * The server appends the old and the new row of each update at the same
 * moment, so the two tables run in step, even where an update changes the key.
 */
static void
log_updated(LogWriter *writer, TupleTableSlot *old, TupleTableSlot *new)
{
	Tuplestorestate *old_table = writer->trigger->tg_oldtable;
	Tuplestorestate *new_table = writer->trigger->tg_newtable;
	int			old_pointer = open_table(old_table);
	int			new_pointer = open_table(new_table);

	if (tuplestore_tuple_count(old_table) != tuplestore_tuple_count(new_table))
		elog(ERROR, "transition tables of \"%s\" differ in length",
			 RelationGetRelationName(writer->trigger->tg_relation));
	while (next_row(old_table, old_pointer, old) && next_row(new_table, new_pointer, new))
	{
		RowKey		old_key = slot_key(writer, old);
		RowKey		new_key = slot_key(writer, new);
		MemoryContext previous = MemoryContextSwitchTo(writer->values);
		Datum		columns = changed_columns(writer, old, new);

		if (columns != (Datum) 0)
		{
			/* A batch that says something new about the row leaves its number in it. */
			if (writer->batch_attribute &&
				slot_int8(old, writer->batch_attribute) != slot_int8(new, writer->batch_attribute))
				old_key.batch_id = new_key.batch_id = slot_int8(new, writer->batch_attribute);

			/* A row that leaves its person is kept whole with the person it leaves. */
			if (old_key.person_id != new_key.person_id)
				add_values(writer, "MOVE", &old_key, &new_key.person_id,
						   whole_row(writer->descriptor, writer->output, old->tts_values, old->tts_isnull));
			add_values(writer, "UPDATE", &new_key, NULL, columns);
		}
		MemoryContextSwitchTo(previous);
		if (writer->count >= MAX_VALUES)
			flush_values(writer);
	}
	flush_values(writer);
}

/* The transaction's batch and cause, as the acts of the registry set them. */
static void
read_context(LogWriter *writer)
{
	const char *batch = GetConfigOption("registry.batch_id", true, false);
	const char *cause = GetConfigOption("registry.cause", true, false);
	Oid			role = GetCurrentRoleId();

	writer->batch_id = NO_BATCH;
	if (batch && *batch)
	{
		char	   *end;

		errno = 0;
		writer->batch_id = strtoi64(batch, &end, 10);
		if (errno != 0 || *end != '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for parameter \"%s\": \"%s\"", "registry.batch_id", batch),
					 errhint("It holds the number of a batch, or nothing.")));
	}
	writer->cause = cause && *cause ? pstrdup(cause) : NULL;

	/* The role the session acts in, not the owner of a definer function. */
	if (!OidIsValid(role))
		role = GetSessionUserId();
	writer->changed_by = CStringGetTextDatum(GetUserNameFromId(role, false));
}

static int
bigint_column(TriggerData *trigger, const char *name)
{
	int			attribute = SPI_fnumber(RelationGetDescr(trigger->tg_relation), name);

	if (attribute <= 0 || SPI_gettypeid(RelationGetDescr(trigger->tg_relation), attribute) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("table \"%s\" has no column \"%s\" of type bigint",
						RelationGetRelationName(trigger->tg_relation), name)));
	return attribute;
}

/* Reads the trigger's arguments: row key column or '', then columns to ignore. */
static void
prepare_writer(LogWriter *writer, TriggerData *trigger)
{
	Trigger    *definition = trigger->tg_trigger;
	int			columns;

	memset(writer, 0, sizeof(*writer));
	writer->trigger = trigger;
	writer->descriptor = RelationGetDescr(trigger->tg_relation);
	columns = writer->descriptor->natts;
	writer->person_attribute = bigint_column(trigger, "person_id");
	if (definition->tgnargs > 0 && *definition->tgargs[0])
		writer->row_attribute = bigint_column(trigger, definition->tgargs[0]);
	if (SPI_fnumber(writer->descriptor, "batch_id") > 0)
		writer->batch_attribute = bigint_column(trigger, "batch_id");
	writer->ignored = palloc0(sizeof(bool) * columns);
	for (int i = 1; i < definition->tgnargs; i++)
	{
		int			attribute = SPI_fnumber(writer->descriptor, definition->tgargs[i]);

		if (attribute > 0)
			writer->ignored[attribute - 1] = true;
	}
	writer->output = palloc0(sizeof(FmgrInfo) * columns);
	read_context(writer);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		return;
	/* An update that moves a row adds two entries. */
	writer->operations = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->buckets = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->person_ids = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->moved_to = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->moved = palloc(sizeof(bool) * (MAX_VALUES + 1));
	writer->row_ids = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->batch_ids = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->no_batch = palloc(sizeof(bool) * (MAX_VALUES + 1));
	writer->old_rows = palloc(sizeof(Datum) * (MAX_VALUES + 1));
	writer->values = AllocSetContextCreate(CurrentMemoryContext, "registry change log", ALLOCSET_DEFAULT_SIZES);
}

/*
 * change_log_write([row key column], [ignored columns ...]) returns trigger
 *		After-statement trigger with transition tables: writes what the
 *		statement changed to registry.change_log.  Rows an update leaves as
 *		they were, but for ignored columns, leave no entry.
 */
Datum
change_log_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	LogWriter	writer;
	TupleTableSlot *slot;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		(trigger->tg_oldtable == NULL && trigger->tg_newtable == NULL) ||
		(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
		 (trigger->tg_oldtable == NULL || trigger->tg_newtable == NULL)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be fired after a statement, with its transition tables", "registry.change_log_write()")));
	if (tuplestore_tuple_count(trigger->tg_newtable ? trigger->tg_newtable : trigger->tg_oldtable) == 0)
		PG_RETURN_POINTER(NULL);

	SPI_connect();
	prepare_writer(&writer, trigger);
	slot = MakeSingleTupleTableSlot(writer.descriptor, &TTSOpsMinimalTuple);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		log_inserted(&writer, slot);
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		log_deleted(&writer, slot);
	else
	{
		TupleTableSlot *new_slot = MakeSingleTupleTableSlot(writer.descriptor, &TTSOpsMinimalTuple);

		log_updated(&writer, slot, new_slot);
		ExecDropSingleTupleTableSlot(new_slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	SPI_finish();
	PG_RETURN_POINTER(NULL);
}

/*
 * change_log_refuse() returns trigger
 *		Refuses the statement: TRUNCATE of a logged table would lose rows that
 *		the log does not hold, and entries of the log are never changed.
 */
Datum
change_log_refuse(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as a trigger", "registry.change_log_refuse()")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) &&
		strcmp(RelationGetRelationName(trigger->tg_relation), "change_log") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESTRICT_VIOLATION),
				 errmsg("cannot truncate table \"%s\" of a registry", RelationGetRelationName(trigger->tg_relation)),
				 errdetail("TRUNCATE removes rows without recording them in the change log."),
				 errhint("Use DELETE, which is recorded.")));
	ereport(ERROR,
			(errcode(ERRCODE_RESTRICT_VIOLATION),
			 errmsg("cannot change entries of the change log"),
			 errdetail("Table \"%s\" only grows.", RelationGetRelationName(trigger->tg_relation))));
	PG_RETURN_POINTER(NULL);
}

/*
 * row_texts(row record) returns jsonb
 *		The row in the form in which the log keeps old values: column name to
 *		the text of its value, or null.
 */
Datum
row_texts(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(0);
	TupleDesc	descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
													HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);
	FmgrInfo   *output = palloc0(sizeof(FmgrInfo) * descriptor->natts);
	Datum		result;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, descriptor, values, nulls);
	result = whole_row(descriptor, output, values, nulls);
	ReleaseTupleDesc(descriptor);
	PG_RETURN_DATUM(result);
}
