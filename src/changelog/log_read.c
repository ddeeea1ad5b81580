/*
 * log_read.c
 *		Reading blocks: entries, digests and the root over them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "compat.h"
#include "changelog/log.h"

REGISTRY_FUNCTION(log_decode);
REGISTRY_FUNCTION(log_digest);
REGISTRY_FUNCTION(log_digest_of_block);
REGISTRY_FUNCTION(log_root_step);
REGISTRY_FUNCTION(log_root_end);

/* Starts reading a block, in the current memory context. */
void
log_reader_begin(LogReader *reader, const LogShape *shape, char operation, const void *payload, size_t length)
{
	memset(reader, 0, sizeof(*reader));
	reader->shape = shape;
	reader->operation = operation;
	reader->at = payload;
	reader->end = reader->at + length;
	reader->changed = palloc0(LOG_MASK_BYTES(shape));
	reader->null = palloc0(LOG_MASK_BYTES(shape));
	reader->keys = palloc0(sizeof(Datum) * shape->key_count);
	reader->values = palloc0(sizeof(Datum) * shape->count);
}

static int64
read_number(LogReader *reader)
{
	int64		number;

	if (!log_get_signed(&reader->at, reader->end, &number))
		log_corrupt("A key is cut off.");
	return number;
}

static uint8
read_byte(LogReader *reader)
{
	if (reader->at >= reader->end)
		log_corrupt("An entry is cut off.");
	return *reader->at++;
}

static void
read_mask(LogReader *reader)
{
	int			bytes = LOG_MASK_BYTES(reader->shape);

	if (read_byte(reader) == 0)
		return;
	if (reader->end - reader->at < 2 * bytes)
		log_corrupt("A mask is cut off.");
	memcpy(reader->changed, reader->at, bytes);
	memcpy(reader->null, reader->at + bytes, bytes);
	reader->at += 2 * bytes;
}

/* Reads the next entry into the current memory context; false at the end. */
bool
log_reader_next(LogReader *reader)
{
	const LogShape *shape = reader->shape;

	if (reader->at >= reader->end)
		return false;
	reader->position++;
	reader->first_key += read_number(reader);
	reader->keys[0] = Int64GetDatum(reader->first_key);
	if (shape->second_is_number)
	{
		reader->second_key += read_number(reader);
		reader->keys[1] = Int64GetDatum(reader->second_key);
	}
	if (reader->operation != LOG_INSERT)
		read_mask(reader);
	for (int k = shape->second_is_number ? 2 : 1; k < shape->key_count; k++)
		reader->keys[k] = read_byte(reader) == 0 ? (Datum) 0 :
			log_read_value(&shape->columns[shape->keys[k]], &reader->at, reader->end);
	if (reader->operation == LOG_MOVE)
		reader->moved_to = read_number(reader);
	reader->came = false;
	for (int i = 0; i < shape->count && reader->operation != LOG_INSERT; i++)
	{
		if (!LOG_BIT(reader->changed, i))
			continue;
		if (shape->columns[i].key && reader->operation == LOG_UPDATE)
			reader->came = true;
		reader->values[i] = LOG_BIT(reader->null, i) ? (Datum) 0 :
			log_read_value(&shape->columns[i], &reader->at, reader->end);
	}
	return true;
}

static void
push_text(JsonbParseState **state, int token, const char *text)
{
	JsonbValue	item;

	if (text == NULL)
		item.type = jbvNull;
	else
	{
		item.type = jbvString;
		item.val.string.val = unconstify(char *, text);
		item.val.string.len = strlen(text);
	}
	pushJsonbValue(state, token, &item);
}

/* Old values of an entry: column name to text or null. */
static Datum
old_values(LogReader *reader)
{
	JsonbParseState *state = NULL;
	const LogShape *shape = reader->shape;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < shape->count; i++)
	{
		if (!LOG_BIT(reader->changed, i))
			continue;
		push_text(&state, WJB_KEY, shape->columns[i].name);
		push_text(&state, WJB_VALUE, LOG_BIT(reader->null, i) ? NULL : log_value_text(&shape->columns[i], reader->values[i]));
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* Texts of the keys behind the first, joined by blanks; null when there are none. */
static Datum
row_key(LogReader *reader, bool *isnull)
{
	StringInfoData text;

	*isnull = reader->shape->key_count < 2;
	if (*isnull)
		return (Datum) 0;
	initStringInfo(&text);
	for (int k = 1; k < reader->shape->key_count; k++)
	{
		LogColumn  *column = &reader->shape->columns[reader->shape->keys[k]];

		if (k > 1)
			appendStringInfoChar(&text, ' ');
		appendStringInfoString(&text, log_value_text(column, reader->keys[k]));
	}
	return CStringGetTextDatum(text.data);
}

/* The shapes a query meets are few; each is read once per call site. */
static LogShape *
remembered_shape(FmgrInfo *flinfo, int32 shape_id)
{
	List	   *known = flinfo->fn_extra;
	ListCell   *cell;
	LogShape   *shape;
	MemoryContext previous;

	foreach(cell, known)
	{
		shape = lfirst(cell);
		if (shape->shape_id == shape_id)
			return shape;
	}
	SPI_connect();
	shape = log_load_shape(shape_id, flinfo->fn_mcxt);
	SPI_finish();
	previous = MemoryContextSwitchTo(flinfo->fn_mcxt);
	flinfo->fn_extra = lappend(known, shape);
	MemoryContextSwitchTo(previous);
	return shape;
}

/*
 * log_decode(shape_id int, operation "char", payload bytea, first_key bigint)
 *		returns setof (position int, first_key bigint, row_key text,
 *		moved_to bigint, came boolean, old jsonb)
 *		The entries of a block, or those of one first key only.  Error: XX001
 *		for bytes that are no block.
 */
Datum
log_decode(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	LogReader	reader;
	LogShape   *shape;
	bytea	   *payload;
	bool		one = !PG_ARGISNULL(3);
	int64		wanted = one ? PG_GETARG_INT64(3) : 0;
	MemoryContext entry_memory;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a block of the change log has no nulls")));
	shape = remembered_shape(fcinfo->flinfo, PG_GETARG_INT32(0));
	payload = PG_GETARG_BYTEA_PP(2);
	/* fn_extra is taken: the tuplestore is made without the helper that uses it too */
	InitMaterializedSRF(fcinfo, 0);
	log_reader_begin(&reader, shape, PG_GETARG_CHAR(1), VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload));
	entry_memory = AllocSetContextCreate(CurrentMemoryContext, "registry log entry", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		Datum		values[6];
		bool		nulls[6] = {0};
		MemoryContext previous = MemoryContextSwitchTo(entry_memory);
		bool		any = log_reader_next(&reader);

		if (any && (!one || reader.first_key == wanted))
		{
			values[0] = Int32GetDatum(reader.position);
			values[1] = Int64GetDatum(reader.first_key);
			values[2] = row_key(&reader, &nulls[2]);
			values[3] = Int64GetDatum(reader.moved_to);
			nulls[3] = reader.operation != LOG_MOVE;
			values[4] = BoolGetDatum(reader.came);
			nulls[5] = reader.operation == LOG_INSERT;
			values[5] = nulls[5] ? (Datum) 0 : old_values(&reader);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
		MemoryContextSwitchTo(previous);
		MemoryContextReset(entry_memory);
		/* keys ascend within a block */
		if (!any || (one && reader.first_key > wanted))
			break;
	}
	MemoryContextDelete(entry_memory);
	return (Datum) 0;
}

static LogMethod
method_named(text *name)
{
	char	   *method = text_to_cstring(name);

	if (strcmp(method, "sha256") == 0)
		return LOG_SHA256;
	if (strcmp(method, "sm3") == 0)
		return LOG_SM3;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown digest \"%s\"", method),
			 errhint("The change log knows sha256 and sm3.")));
}

static bytea *
empty_digest(void)
{
	bytea	   *result = palloc(VARHDRSZ + LOG_DIGEST_BYTES);

	SET_VARSIZE(result, VARHDRSZ + LOG_DIGEST_BYTES);
	return result;
}

/*
 * log_digest(method text, data bytea) returns bytea
 *		Digest of bytes by sha256 or sm3.  Error: 22023 for another method.
 */
Datum
log_digest(PG_FUNCTION_ARGS)
{
	bytea	   *data = PG_GETARG_BYTEA_PP(1);
	bytea	   *result = empty_digest();
	LogDigest	digest;

	log_digest_begin(&digest, method_named(PG_GETARG_TEXT_PP(0)));
	log_digest_add(&digest, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
	log_digest_end(&digest, (uint8 *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

static const uint8 *
digest_argument(FunctionCallInfo fcinfo, int number)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(number);

	if (VARSIZE_ANY_EXHDR(bytes) != LOG_DIGEST_BYTES)
		return NULL;
	return (uint8 *) VARDATA_ANY(bytes);
}

/*
 * log_block_digest(method, context digest, shape digest, log_id, operation,
 *		first_key, last_key, rows, batch_id, images, payload) returns bytea
 *		What the digest of a block must be; null when one of its parts is none.
 */
Datum
log_digest_of_block(PG_FUNCTION_ARGS)
{
	bytea	   *payload;
	bytea	   *result;
	int64		batch_id;

	for (int i = 0; i < 11; i++)
		if (PG_ARGISNULL(i) && i != 8)
			PG_RETURN_NULL();
	if (!digest_argument(fcinfo, 1) || !digest_argument(fcinfo, 2) || !digest_argument(fcinfo, 9))
		PG_RETURN_NULL();
	result = empty_digest();
	payload = PG_GETARG_BYTEA_PP(10);
	batch_id = PG_ARGISNULL(8) ? 0 : PG_GETARG_INT64(8);
	log_block_digest(method_named(PG_GETARG_TEXT_PP(0)), digest_argument(fcinfo, 1), digest_argument(fcinfo, 2),
					 PG_GETARG_INT64(3), PG_GETARG_CHAR(4), PG_GETARG_INT64(5), PG_GETARG_INT64(6), PG_GETARG_INT32(7),
					 PG_ARGISNULL(8) ? NULL : &batch_id, digest_argument(fcinfo, 9),
					 (uint8 *) VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload), (uint8 *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

/*
 * Root over digests in their order: a tree whose left part always holds a full
 * power of two of them.  Leaves and nodes are told apart by their first byte,
 * so no node can pass for a leaf.  Only the roots of full parts are held.
 */
typedef struct RootState
{
	LogMethod	method;
	uint64		count;
	uint8		part[64][LOG_DIGEST_BYTES];
} RootState;

static void
combine(LogMethod method, const uint8 *left, const uint8 *right, uint8 *result)
{
	LogDigest	digest;

	log_digest_begin(&digest, method);
	log_digest_add(&digest, "\001", 1);
	log_digest_add(&digest, left, LOG_DIGEST_BYTES);
	log_digest_add(&digest, right, LOG_DIGEST_BYTES);
	log_digest_end(&digest, result);
}

/*
 * Transition of log_root(method text, leaf bytea).
 */
Datum
log_root_step(PG_FUNCTION_ARGS)
{
	MemoryContext memory;
	RootState  *state;
	bytea	   *leaf;
	LogDigest	digest;
	uint8		node[LOG_DIGEST_BYTES];
	int			level = 0;

	if (!AggCheckCallContext(fcinfo, &memory))
		elog(ERROR, "log_root_step called outside an aggregate");
	state = PG_ARGISNULL(0) ? NULL : (RootState *) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a digest of the change log is null")));
	if (state == NULL)
	{
		state = MemoryContextAllocZero(memory, sizeof(RootState));
		state->method = method_named(PG_GETARG_TEXT_PP(1));
	}
	leaf = PG_GETARG_BYTEA_PP(2);
	log_digest_begin(&digest, state->method);
	log_digest_add(&digest, "\0", 1);
	log_digest_add(&digest, VARDATA_ANY(leaf), VARSIZE_ANY_EXHDR(leaf));
	log_digest_end(&digest, node);
	while ((state->count >> level) & 1)
	{
		combine(state->method, state->part[level], node, node);
		level++;
	}
	memcpy(state->part[level], node, LOG_DIGEST_BYTES);
	state->count++;
	PG_RETURN_POINTER(state);
}

/*
 * End of log_root(): null over no leaves.
 */
Datum
log_root_end(PG_FUNCTION_ARGS)
{
	RootState  *state = PG_ARGISNULL(0) ? NULL : (RootState *) PG_GETARG_POINTER(0);
	bytea	   *result;
	bool		any = false;

	if (state == NULL)
		PG_RETURN_NULL();
	result = empty_digest();
	for (int level = 0; level < 64; level++)
	{
		if (((state->count >> level) & 1) == 0)
			continue;
		if (any)
			combine(state->method, state->part[level], (uint8 *) VARDATA(result), (uint8 *) VARDATA(result));
		else
			memcpy(VARDATA(result), state->part[level], LOG_DIGEST_BYTES);
		any = true;
	}
	PG_RETURN_BYTEA_P(result);
}
