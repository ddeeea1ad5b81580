/*
 * log_context.c
 *		What blocks refer to: the shape of their table and the context of their
 *		transaction.
 *
 * Both are rows written once and remembered by the session.  A shape is
 * forgotten when its table is altered; both are forgotten when the transaction
 * or subtransaction that may have written them ends without them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "compat.h"
#include "changelog/log.h"

REGISTRY_FUNCTION(log_row_bytes);
REGISTRY_FUNCTION(log_row_digest);

/* A table of this session whose shape is known. */
typedef struct ShapeEntry
{
	Oid			relid;
	bool		valid;
	MemoryContext memory;
	LogShape   *shape;
} ShapeEntry;

static HTAB *shapes = NULL;
static SPIPlanPtr shape_plan = NULL;
static SPIPlanPtr context_plan = NULL;

/* The context last written, and of what. */
static struct
{
	FullTransactionId xid;
	SubTransactionId subtransaction;
	int64		transaction_id;
	bool		valid;
	char	   *fields;			/* of the session's settings, to compare */
	LogContext	context;
}			last;

static const char *const shape_query =
"WITH wanted (relation, numbers, names, types, lengths, by_value, ignored, keys) AS ("
"	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
"), old AS ("
"	SELECT s FROM registry.log_shape s, wanted w"
"	WHERE (s.relation, s.numbers, s.names, s.types, s.lengths, s.by_value, s.ignored, s.keys)"
"		= (w.relation, w.numbers, w.names, w.types, w.lengths, w.by_value, w.ignored, w.keys)"
"), new AS ("
"	INSERT INTO registry.log_shape AS s (relation, numbers, names, types, lengths, by_value, ignored, keys)"
"	SELECT * FROM wanted WHERE NOT EXISTS (SELECT FROM old) RETURNING s"
") SELECT (o.s).shape_id, registry.log_row_digest('sha256', o.s) FROM (SELECT old.s FROM old UNION ALL SELECT new.s FROM new) o LIMIT 1";

static const char *const context_query =
"INSERT INTO registry.log_context AS c (context_id, transaction_id, xid, changed_at, changed_by, session_role, application, client,"
"	batch_id, cause, reason, purpose, business_date, method)"
" SELECT n.id, coalesce($1, n.id), pg_catalog.pg_current_xact_id(), pg_catalog.now(), $2, $3,"
"	nullif(pg_catalog.current_setting('application_name'), ''), pg_catalog.host(pg_catalog.inet_client_addr()),"
"	$4, $5, $6, $7, $8, coalesce((SELECT t.value FROM registry.setting t WHERE t.name = 'log_digest'), 'sha256')"
" FROM (SELECT pg_catalog.nextval('registry.log_context_id_seq')) n (id)"
" RETURNING c.context_id, c.transaction_id, c.method, registry.log_row_digest(c.method, c)";

/* Runs a plan, prepared at its first use, as the owner of the log. */
int
log_execute(SPIPlanPtr *plan, const char *query, int count, Oid *types, Datum *values, const char *nulls, Oid owner)
{
	Oid			user;
	int			context;
	int			result;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (*plan == NULL)
	{
		SPIPlanPtr	prepared = SPI_prepare(query, count, types);

		if (prepared == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(prepared);
		*plan = prepared;
	}
	result = SPI_execute_plan(*plan, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	SetUserIdAndSecContext(user, context);
	return result;
}

/* What one row that the plan returned holds. */
static Datum
returned(int column, bool *isnull)
{
	if (SPI_processed != 1)
		elog(ERROR, "the change log returned " UINT64_FORMAT " rows", SPI_processed);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

static void
returned_digest(int column, uint8 *digest)
{
	bool		isnull;
	bytea	   *bytes = DatumGetByteaPP(returned(column, &isnull));

	if (VARSIZE_ANY_EXHDR(bytes) != LOG_DIGEST_BYTES)
		elog(ERROR, "a digest of the change log has a wrong length");
	memcpy(digest, VARDATA_ANY(bytes), LOG_DIGEST_BYTES);
}

static bool
listed(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static List *
split_names(const char *text)
{
	List	   *names;

	if (!SplitIdentifierString(pstrdup(text), ',', &names))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("invalid list of columns: \"%s\"", text)));
	return names;
}

static void
bad_key(Relation relation, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("table \"%s\" cannot be logged by key column \"%s\"", RelationGetRelationName(relation), name),
			 errhint("Name up to %d columns of the table, the first of type bigint.", LOG_MAX_KEYS)));
}

/* Describes the table in the current memory context; without number and digest. */
LogShape *
log_describe(Relation relation, const char *name, const char *keys, const char *ignored)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	LogShape   *shape = palloc0(sizeof(LogShape));
	List	   *ignored_names = split_names(ignored);
	ListCell   *cell;

	shape->relation = pstrdup(name);
	shape->columns = palloc0(sizeof(LogColumn) * Max(descriptor->natts, 1));
	shape->batch = -1;
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		LogColumn  *column = &shape->columns[shape->count];

		if (attribute->attisdropped)
			continue;
		column->number = attribute->attnum;
		column->name = pstrdup(NameStr(attribute->attname));
		column->type = attribute->atttypid;
		column->length = attribute->attlen;
		column->by_value = attribute->attbyval;
		column->ignored = listed(ignored_names, column->name);
		if (strcmp(column->name, "batch_id") == 0 && column->type == INT8OID)
			shape->batch = shape->count;
		shape->count++;
	}
	foreach(cell, split_names(keys))
	{
		int			position = 0;

		while (position < shape->count && strcmp(shape->columns[position].name, lfirst(cell)) != 0)
			position++;
		if (position == shape->count || shape->key_count == LOG_MAX_KEYS ||
			(shape->key_count == 0 && shape->columns[position].type != INT8OID))
			bad_key(relation, lfirst(cell));
		shape->columns[position].key = true;
		shape->keys[shape->key_count++] = position;
	}
	if (shape->key_count == 0)
		bad_key(relation, "");
	shape->second_is_number = shape->key_count > 1 && shape->columns[shape->keys[1]].type == INT8OID;
	shape->by_person = strcmp(shape->columns[shape->keys[0]].name, "person_id") == 0;
	return shape;
}

/* Finds the shape's row or writes it. */
static void
register_shape(LogShape *shape, Oid owner)
{
	Oid			types[] = {TEXTOID, INT2ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT2ARRAYOID, BOOLARRAYOID, BOOLARRAYOID, INT2ARRAYOID};
	Datum		values[lengthof(types)];
	Datum	   *parts[6];
	Datum		keys[LOG_MAX_KEYS];
	bool		isnull;

	for (int i = 0; i < 6; i++)
		parts[i] = palloc(sizeof(Datum) * shape->count);
	for (int i = 0; i < shape->count; i++)
	{
		LogColumn  *column = &shape->columns[i];

		parts[0][i] = Int16GetDatum(column->number);
		parts[1][i] = CStringGetTextDatum(column->name);
		parts[2][i] = CStringGetTextDatum(format_type_extended(column->type, -1, FORMAT_TYPE_FORCE_QUALIFY));
		parts[3][i] = Int16GetDatum(column->length);
		parts[4][i] = BoolGetDatum(column->by_value);
		parts[5][i] = BoolGetDatum(column->ignored);
	}
	for (int i = 0; i < shape->key_count; i++)
		keys[i] = Int16GetDatum(shape->columns[shape->keys[i]].number);
	values[0] = CStringGetTextDatum(shape->relation);
	values[1] = PointerGetDatum(construct_array(parts[0], shape->count, INT2OID, 2, true, TYPALIGN_SHORT));
	values[2] = PointerGetDatum(construct_array(parts[1], shape->count, TEXTOID, -1, false, TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_array(parts[2], shape->count, TEXTOID, -1, false, TYPALIGN_INT));
	values[4] = PointerGetDatum(construct_array(parts[3], shape->count, INT2OID, 2, true, TYPALIGN_SHORT));
	values[5] = PointerGetDatum(construct_array(parts[4], shape->count, BOOLOID, 1, true, TYPALIGN_CHAR));
	values[6] = PointerGetDatum(construct_array(parts[5], shape->count, BOOLOID, 1, true, TYPALIGN_CHAR));
	values[7] = PointerGetDatum(construct_array(keys, shape->key_count, INT2OID, 2, true, TYPALIGN_SHORT));
	log_execute(&shape_plan, shape_query, lengthof(types), types, values, NULL, owner);
	shape->shape_id = DatumGetInt32(returned(1, &isnull));
	returned_digest(2, shape->digest);
}

/*
 * Shape of a table that a trigger logs.  Needs SPI.  Stays valid until the next
 * call for the same table.
 */
LogShape *
log_shape_of(Relation relation, const char *name, const char *keys, const char *ignored)
{
	Oid			relid = RelationGetRelid(relation);
	ShapeEntry *entry;
	bool		found;
	MemoryContext memory,
				previous;
	LogShape   *shape;

	entry = hash_search(shapes, &relid, HASH_ENTER, &found);
	if (!found)
	{
		entry->valid = false;
		entry->memory = NULL;
		entry->shape = NULL;
	}
	if (entry->valid)
		return entry->shape;
	if (entry->memory != NULL)
		MemoryContextDelete(entry->memory);
	entry->memory = NULL;

	memory = AllocSetContextCreate(CacheMemoryContext, "registry log shape", ALLOCSET_SMALL_SIZES);
	previous = MemoryContextSwitchTo(memory);
	shape = log_describe(relation, name, keys, ignored);
	MemoryContextSwitchTo(previous);
	register_shape(shape, relation->rd_rel->relowner);

	entry = hash_search(shapes, &relid, HASH_ENTER, &found);
	entry->memory = memory;
	entry->shape = shape;
	entry->valid = true;
	return shape;
}


static ArrayType *
returned_array(int column)
{
	bool		isnull;

	return DatumGetArrayTypeP(returned(column, &isnull));
}

/* A shape by its number, for reading.  Needs SPI. */
LogShape *
log_load_shape(int32 shape_id, MemoryContext where)
{
	static SPIPlanPtr plan = NULL;
	static const char *const query =
		"SELECT relation, numbers, names, types, lengths, by_value, ignored, keys,"
		" ARRAY(SELECT pg_catalog.to_regtype(t)::pg_catalog.oid FROM pg_catalog.unnest(types) WITH ORDINALITY u (t, n) ORDER BY n)"
		" FROM registry.log_shape WHERE shape_id = $1";
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(shape_id)};
	LogShape   *shape;
	MemoryContext previous;
	int16	   *numbers,
			   *lengths,
			   *keys;
	bool	   *by_value,
			   *ignored;
	Datum	   *names,
			   *oids;
	bool	   *unknown;
	bool		isnull;
	int			count;

	if (plan == NULL)
	{
		plan = SPI_prepare(query, 1, types);
		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
	}
	if (SPI_execute_plan(plan, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("shape %d of the change log is missing", shape_id)));
	deconstruct_array(returned_array(3), TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	deconstruct_array(returned_array(9), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &oids, &unknown, &count);
	numbers = (int16 *) ARR_DATA_PTR(returned_array(2));
	lengths = (int16 *) ARR_DATA_PTR(returned_array(5));
	by_value = (bool *) ARR_DATA_PTR(returned_array(6));
	ignored = (bool *) ARR_DATA_PTR(returned_array(7));
	keys = (int16 *) ARR_DATA_PTR(returned_array(8));

	previous = MemoryContextSwitchTo(where);
	shape = palloc0(sizeof(LogShape));
	shape->shape_id = shape_id;
	shape->relation = TextDatumGetCString(returned(1, &isnull));
	shape->count = count;
	shape->columns = palloc0(sizeof(LogColumn) * Max(count, 1));
	shape->batch = -1;
	for (int i = 0; i < count; i++)
	{
		LogColumn  *column = &shape->columns[i];

		column->number = numbers[i];
		column->name = TextDatumGetCString(names[i]);
		column->length = lengths[i];
		column->by_value = by_value[i];
		column->ignored = ignored[i];
		column->type = unknown[i] ? InvalidOid : DatumGetObjectId(oids[i]);
		if (OidIsValid(column->type))
		{
			int16		length;
			bool		passed;

			get_typlenbyval(column->type, &length, &passed);
			if (length != column->length || passed != column->by_value)
				column->type = InvalidOid;
		}
		if (strcmp(column->name, "batch_id") == 0 && column->type == INT8OID)
			shape->batch = i;
	}
	shape->key_count = Min(ArrayGetNItems(ARR_NDIM(returned_array(8)), ARR_DIMS(returned_array(8))), LOG_MAX_KEYS);
	for (int k = 0; k < shape->key_count; k++)
		for (int i = 0; i < count; i++)
			if (numbers[i] == keys[k])
			{
				shape->keys[k] = i;
				shape->columns[i].key = true;
			}
	MemoryContextSwitchTo(previous);
	if (shape->key_count == 0)
		log_corrupt("Its shape names no key.");
	shape->second_is_number = shape->key_count > 1 && shape->columns[shape->keys[1]].by_value &&
		shape->columns[shape->keys[1]].length == 8 && shape->columns[shape->keys[1]].type == INT8OID;
	shape->by_person = strcmp(shape->columns[shape->keys[0]].name, "person_id") == 0;
	return shape;
}

static Datum
text_or_null(const char *value, char *null)
{
	*null = value && *value ? ' ' : 'n';
	return value && *value ? CStringGetTextDatum(value) : (Datum) 0;
}

/*
 * Context of the running transaction, written once for all its changes, and
 * again when one of its settings or the acting role changes on the way.  Needs SPI.
 */
const LogContext *
log_current_context(Oid owner)
{
	Oid			types[] = {INT8OID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, DATEOID};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types) + 1] = "        ";
	FullTransactionId xid = GetTopFullTransactionId();
	Oid			role = GetCurrentRoleId();
	char	   *fields;
	bool		same_transaction = last.valid && FullTransactionIdEquals(last.xid, xid);
	bool		isnull;

	/* The role the session acts in, not the owner of a definer function. */
	if (!OidIsValid(role))
		role = GetSessionUserId();
	fields = psprintf("%u\001%s\001%s\001%s\001%s\001%s", role, log_batch_id ? log_batch_id : "",
					  log_cause ? log_cause : "", log_reason ? log_reason : "", log_purpose ? log_purpose : "",
					  log_business_date ? log_business_date : "");
	if (same_transaction && strcmp(fields, last.fields) == 0)
	{
		pfree(fields);
		return &last.context;
	}

	values[0] = Int64GetDatum(last.transaction_id);
	nulls[0] = same_transaction ? ' ' : 'n';
	values[1] = CStringGetTextDatum(GetUserNameFromId(role, false));
	values[2] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	nulls[3] = log_batch_id && *log_batch_id ? ' ' : 'n';
	values[3] = nulls[3] == ' ' ? DirectFunctionCall1(int8in, CStringGetDatum(log_batch_id)) : (Datum) 0;
	values[4] = text_or_null(log_cause, &nulls[4]);
	values[5] = text_or_null(log_reason, &nulls[5]);
	values[6] = text_or_null(log_purpose, &nulls[6]);
	nulls[7] = log_business_date && *log_business_date ? ' ' : 'n';
	values[7] = nulls[7] == ' ' ?
		DirectFunctionCall1(date_in, CStringGetDatum(log_business_date)) : (Datum) 0;
	log_execute(&context_plan, context_query, lengthof(types), types, values, nulls, owner);

	last.valid = true;
	last.xid = xid;
	last.subtransaction = GetCurrentSubTransactionId();
	last.context.context_id = DatumGetInt64(returned(1, &isnull));
	last.transaction_id = DatumGetInt64(returned(2, &isnull));
	last.context.method = strcmp(TextDatumGetCString(returned(3, &isnull)), "sm3") == 0 ? LOG_SM3 : LOG_SHA256;
	returned_digest(4, last.context.digest);
	if (last.fields)
		pfree(last.fields);
	last.fields = MemoryContextStrdup(TopMemoryContext, fields);
	pfree(fields);
	return &last.context;
}

static void
forget_shapes(Datum argument, Oid relid)
{
	HASH_SEQ_STATUS status;
	ShapeEntry *entry;

	hash_seq_init(&status, shapes);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (!OidIsValid(relid) || entry->relid == relid)
			entry->valid = false;
}

static void
transaction_ended(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		last.valid = false;
	if (event == XACT_EVENT_ABORT)
		forget_shapes((Datum) 0, InvalidOid);
}

static void
subtransaction_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		if (last.subtransaction == id)
			last.valid = false;
		forget_shapes((Datum) 0, InvalidOid);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB && last.subtransaction == id)
		last.subtransaction = parent;
}

void
log_context_init(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(ShapeEntry);
	shapes = hash_create("registry log shapes", 16, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(forget_shapes, (Datum) 0);
	RegisterXactCallback(transaction_ended, NULL);
	RegisterSubXactCallback(subtransaction_ended, NULL);
}

/* Text of a value for a digest: the same in every session. */
static char *
canonical_text(Oid type, Datum value)
{
	Oid			function;
	bool		varlena;

	switch (type)
	{
		case TIMESTAMPTZOID:
			return psprintf(INT64_FORMAT, DatumGetInt64(value));
		case DATEOID:
			return psprintf("%d", DatumGetInt32(value));
		case BYTEAOID:
			return TextDatumGetCString(DirectFunctionCall2(binary_encode, value, CStringGetTextDatum("hex")));
		default:
			getTypeOutputInfo(type, &function, &varlena);
			return OidOutputFunctionCall(function, value);
	}
}

/*
 * Names and values of a row, each behind its length.  Nulls are left out, so a
 * column added later does not change what older rows say.
 */
static void
canonical_row(HeapTupleHeader header, StringInfo out)
{
	TupleDesc	descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, descriptor, values, nulls);
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		char	   *text;

		if (attribute->attisdropped || nulls[i])
			continue;
		text = canonical_text(attribute->atttypid, values[i]);
		log_append_number(out, strlen(NameStr(attribute->attname)));
		appendStringInfoString(out, NameStr(attribute->attname));
		log_append_number(out, strlen(text));
		appendStringInfoString(out, text);
	}
	ReleaseTupleDesc(descriptor);
}

/*
 * log_row_bytes(row record) returns bytea
 *		The row as digests see it: for every column that is not null the length
 *		and bytes of its name and of its text.  Times are microseconds and
 *		dates days since 2000-01-01.
 */
Datum
log_row_bytes(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	canonical_row(PG_GETARG_HEAPTUPLEHEADER(0), &out);
	PG_RETURN_BYTEA_P((bytea *) cstring_to_text_with_len(out.data, out.len));
}

/*
 * log_row_digest(method text, row record) returns bytea
 *		Digest of log_row_bytes(row) by method sha256 or sm3.
 *		Error: 22023 for another method.
 */
Datum
log_row_digest(PG_FUNCTION_ARGS)
{
	char	   *method = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea	   *result = palloc(VARHDRSZ + LOG_DIGEST_BYTES);
	StringInfoData out;
	LogDigest	digest;

	if (strcmp(method, "sha256") != 0 && strcmp(method, "sm3") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown digest \"%s\"", method),
				 errhint("The change log knows sha256 and sm3.")));
	initStringInfo(&out);
	canonical_row(PG_GETARG_HEAPTUPLEHEADER(1), &out);
	log_digest_begin(&digest, strcmp(method, "sm3") == 0 ? LOG_SM3 : LOG_SHA256);
	log_digest_add(&digest, "R", 1);
	log_digest_add(&digest, out.data, out.len);
	log_digest_end(&digest, (uint8 *) VARDATA(result));
	SET_VARSIZE(result, VARHDRSZ + LOG_DIGEST_BYTES);
	PG_RETURN_BYTEA_P(result);
}
