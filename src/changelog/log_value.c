/*
 * log_value.c
 *		Digests, and values of columns as blocks keep them.
 *
 * Numbers that are passed by value are kept as numbers of variable length,
 * everything else by its bytes: no output function runs while a change is
 * recorded, and what is kept does not depend on settings of the session.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "changelog/log.h"

void
log_digest_begin(LogDigest *digest, LogMethod method)
{
	digest->method = method;
	if (method == LOG_SM3)
	{
		digest->sha256 = NULL;
		sm3_begin(&digest->sm3);
		return;
	}
	digest->sha256 = pg_cryptohash_create(PG_SHA256);
	if (pg_cryptohash_init(digest->sha256) < 0)
		elog(ERROR, "could not initialize %s context", "SHA-256");
}

void
log_digest_add(LogDigest *digest, const void *data, size_t length)
{
	if (digest->method == LOG_SM3)
		sm3_add(&digest->sm3, data, length);
	else if (pg_cryptohash_update(digest->sha256, data, length) < 0)
		elog(ERROR, "could not update %s context", "SHA-256");
}

void
log_digest_end(LogDigest *digest, uint8 *result)
{
	if (digest->method == LOG_SM3)
	{
		sm3_end(&digest->sm3, result);
		return;
	}
	if (pg_cryptohash_final(digest->sha256, result, LOG_DIGEST_BYTES) < 0)
		elog(ERROR, "could not finalize %s context", "SHA-256");
	pg_cryptohash_free(digest->sha256);
	digest->sha256 = NULL;
}

/* A value neither passed by value nor a plain string of bytes. */
void
log_append_other_value(StringInfo out, const LogColumn *column, Datum value)
{
	if (column->length > 0)
		appendBinaryStringInfo(out, DatumGetPointer(value), column->length);
	else if (column->length == -1)
	{
		struct varlena *plain = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));
		int			length = VARSIZE_ANY_EXHDR(plain);

		log_append_number(out, length);
		appendBinaryStringInfo(out, VARDATA_ANY(plain), length);
		if ((Pointer) plain != DatumGetPointer(value))
			pfree(plain);
	}
	else
	{
		int			length = strlen(DatumGetCString(value));

		log_append_number(out, length);
		appendBinaryStringInfo(out, DatumGetCString(value), length);
	}
}

void
log_corrupt(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a block of the change log cannot be read"),
			 errdetail("%s", what)));
}

/* The value that log_append_value() wrote, in the current memory context. */
Datum
log_read_value(const LogColumn *column, const uint8 **at, const uint8 *end)
{
	uint64		length;
	int64		number;
	char	   *copy;

	if (column->by_value)
	{
		if (!log_get_signed(at, end, &number))
			log_corrupt("A number is cut off.");
		switch (column->length)
		{
			case 1:
				return CharGetDatum((char) number);
			case 2:
				return Int16GetDatum((int16) number);
			case 4:
				return Int32GetDatum((int32) number);
			default:
				return Int64GetDatum(number);
		}
	}
	if (column->length > 0)
		length = column->length;
	else if (!log_get_number(at, end, &length))
		log_corrupt("A length is cut off.");
	if (length > (uint64) (end - *at))
		log_corrupt("A value is cut off.");
	if (column->length == -1)
	{
		copy = palloc(VARHDRSZ + length);
		SET_VARSIZE(copy, VARHDRSZ + length);
		memcpy(VARDATA(copy), *at, length);
	}
	else
	{
		copy = palloc(length + 1);
		memcpy(copy, *at, length);
		copy[length] = '\0';
	}
	*at += length;
	return PointerGetDatum(copy);
}

/* Text of a value; dates and times in ISO form whatever the session's settings. */
char *
log_value_text(LogColumn *column, Datum value)
{
	static const int utc = 0;

	switch (column->type)
	{
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return JsonEncodeDateTime(NULL, value, column->type, column->type == TIMESTAMPTZOID ? &utc : NULL);
		case InvalidOid:
			return pstrdup("?");
		default:
			break;
	}
	if (!OidIsValid(column->output))
	{
		bool		varlena;

		getTypeOutputInfo(column->type, &column->output, &varlena);
	}
	return OidOutputFunctionCall(column->output, value);
}

/*
 * Digest of a block: of its transaction's context, the shape of its table, its
 * own numbers, the digest of the new images, and the payload, which holds keys
 * and old images.
 */
void
log_block_digest(LogMethod method, const uint8 *context, const uint8 *shape, int64 log_id, char operation,
				 int64 first, int64 last, int32 rows, const int64 *batch_id,
				 const uint8 *images, const uint8 *payload, size_t length, uint8 *result)
{
	LogDigest	digest;
	uint8		head[43];

	head[0] = 'B';
	head[1] = (uint8) operation;
	log_put_int64(head + 2, log_id);
	log_put_int64(head + 10, first);
	log_put_int64(head + 18, last);
	log_put_int64(head + 26, rows);
	head[34] = batch_id ? 1 : 0;
	log_put_int64(head + 35, batch_id ? *batch_id : 0);

	log_digest_begin(&digest, method);
	log_digest_add(&digest, head, sizeof(head));
	log_digest_add(&digest, context, LOG_DIGEST_BYTES);
	log_digest_add(&digest, shape, LOG_DIGEST_BYTES);
	log_digest_add(&digest, images, LOG_DIGEST_BYTES);
	log_digest_add(&digest, payload, length);
	log_digest_end(&digest, result);
}
