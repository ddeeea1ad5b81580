/*
 * log.h
 *		What the files of the change log share.
 */
#ifndef REGISTRY_LOG_H
#define REGISTRY_LOG_H

#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "common/cryptohash.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/relcache.h"

#include "compat.h"

#include "changelog/log_core.h"

#define LOG_DIGEST_BYTES 32
#define LOG_MAX_KEYS 8

/* Operations of a block. */
#define LOG_INSERT 'I'
#define LOG_UPDATE 'U'
#define LOG_DELETE 'D'
#define LOG_MOVE 'M'			/* a row leaves its key; its update stands under the new one */

/* Payload of a block: with its other columns it fills at most one page. */
#define LOG_PAYLOAD_BYTES 7700

typedef enum LogMethod
{
	LOG_SHA256 = 's',
	LOG_SM3 = 'm'
} LogMethod;

/* A digest under way. */
typedef struct LogDigest
{
	LogMethod	method;
	pg_cryptohash_ctx *sha256;
	Sm3			sm3;
} LogDigest;

/* One column of a logged table as a shape describes it. */
typedef struct LogColumn
{
	AttrNumber	number;			/* in the table that wrote the block */
	char	   *name;
	Oid			type;			/* InvalidOid: the type is gone */
	int16		length;
	bool		by_value;
	bool		ignored;		/* its change alone is none */
	bool		key;
	Oid			output;			/* output function, looked up when needed */
} LogColumn;

/*
 * Shape: description of a logged table as it was when a block was written.
 * Columns without the dropped ones, in the order of their numbers.
 */
typedef struct LogShape
{
	int32		shape_id;
	char	   *relation;		/* name in the log */
	int			count;
	LogColumn  *columns;
	int			key_count;
	int			keys[LOG_MAX_KEYS]; /* positions in columns */
	bool		second_is_number;	/* second key is a bigint */
	bool		by_person;		/* first key is person_id */
	int			batch;			/* position of batch_id, or -1 */
	uint8		digest[LOG_DIGEST_BYTES];
} LogShape;

#define LOG_MASK_BYTES(shape) (((shape)->count + 7) / 8)
#define LOG_MAX_MASK_BYTES ((MaxHeapAttributeNumber + 7) / 8)
#define LOG_BIT(mask, i) (((mask)[(i) / 8] >> ((i) % 8)) & 1)
#define LOG_SET_BIT(mask, i) ((mask)[(i) / 8] |= 1 << ((i) % 8))

/* Transaction's context as the log knows it. */
typedef struct LogContext
{
	int64		context_id;
	LogMethod	method;
	uint8		digest[LOG_DIGEST_BYTES];
} LogContext;

/* Parameters (changelog.c). */
extern char *log_cause;
extern char *log_reason;
extern char *log_purpose;
extern char *log_business_date;
extern char *log_batch_id;
extern char *log_as_of;
extern void changelog_init(void);

/* Digests and values (log_value.c). */
extern void log_digest_begin(LogDigest *digest, LogMethod method);
extern void log_digest_add(LogDigest *digest, const void *data, size_t length);
extern void log_digest_end(LogDigest *digest, uint8 *result);
extern void log_append_other_value(StringInfo out, const LogColumn *column, Datum value);
extern Datum log_read_value(const LogColumn *column, const uint8 **at, const uint8 *end);
extern char *log_value_text(LogColumn *column, Datum value);
extern void log_block_digest(LogMethod method, const uint8 *context, const uint8 *shape, int64 log_id, char operation,
							 int64 first, int64 last, int32 rows, const int64 *batch_id,
							 const uint8 *images, const uint8 *payload, size_t length, uint8 *result);
extern void log_corrupt(const char *what) pg_attribute_noreturn();

/* Shapes and contexts (log_context.c). */
extern LogShape *log_shape_of(Relation relation, const char *name, const char *keys, const char *ignored);
extern LogShape *log_describe(Relation relation, const char *name, const char *keys, const char *ignored);
extern LogShape *log_load_shape(int32 shape_id, MemoryContext where);
extern const LogContext *log_current_context(Oid owner);
extern int	log_execute(SPIPlanPtr *plan, const char *query, int count, Oid *types, Datum *values, const char *nulls, Oid owner);
extern void log_context_init(void);

/* Reading blocks (log_read.c). */
typedef struct LogReader
{
	const LogShape *shape;
	char		operation;
	const uint8 *at;
	const uint8 *end;
	int			position;		/* of the entry last read, from 1 */
	int64		first_key;
	int64		second_key;
	int64		moved_to;
	uint8	   *changed;		/* columns whose old value the entry holds */
	uint8	   *null;
	Datum	   *keys;			/* all keys, as datums */
	Datum	   *values;			/* by position of the column */
	bool		came;			/* an update that brought the row to its key */
} LogReader;

extern void log_reader_begin(LogReader *reader, const LogShape *shape, char operation, const void *payload, size_t length);
extern bool log_reader_next(LogReader *reader);

static inline void
log_append_number(StringInfo out, uint64 number)
{
	if (out->maxlen - out->len <= LOG_NUMBER_BYTES)
		enlargeStringInfo(out, LOG_NUMBER_BYTES);
	out->len += log_put_number((uint8 *) out->data + out->len, number);
}

static inline void
log_append_signed(StringInfo out, int64 number)
{
	if (out->maxlen - out->len <= LOG_NUMBER_BYTES)
		enlargeStringInfo(out, LOG_NUMBER_BYTES);
	out->len += log_put_signed((uint8 *) out->data + out->len, number);
}

/*
 * A value that is not null: a number if it is passed by value, else its bytes,
 * behind their length where it varies.  Runs for every column of every row, so
 * the ordinary cases are here.
 */
static inline void
log_append_value(StringInfo out, const LogColumn *column, Datum value)
{
	struct varlena *bytes = (struct varlena *) DatumGetPointer(value);
	int			length;

	if (column->by_value)
	{
		log_append_signed(out, column->length == 8 ? DatumGetInt64(value) :
						  column->length == 4 ? DatumGetInt32(value) :
						  column->length == 2 ? DatumGetInt16(value) : (int8) DatumGetChar(value));
		return;
	}
	if (column->length != -1 || (VARATT_IS_EXTENDED(bytes) && !VARATT_IS_SHORT(bytes)))
	{
		log_append_other_value(out, column, value);
		return;
	}
	length = VARSIZE_ANY_EXHDR(bytes);
	if (out->maxlen - out->len <= length + LOG_NUMBER_BYTES)
		enlargeStringInfo(out, length + LOG_NUMBER_BYTES);
	out->len += log_put_number((uint8 *) out->data + out->len, length);
	memcpy(out->data + out->len, VARDATA_ANY(bytes), length);
	out->len += length;
}

#endif							/* REGISTRY_LOG_H */
