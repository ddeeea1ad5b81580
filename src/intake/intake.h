/*
 * intake.h
 *		What the parts of the intake room share.
 *
 * One call of intake_receive() is one batch:
 *
 *		intake_read.c	bytes of a file or a value, hashed, record by record
 *		intake_decode.c	encodings, by ICU
 *		intake_form.c	how an extract is written: encoding, delimiter, header
 *		intake_layout.c	kinds of source, headers, columns, codes
 *		intake_row.c	fields to values of a staged row
 *		intake_write.c	rows into tables, a thousand at a time
 *		intake_repeat.c	the same key twice in one extract
 *		intake_export.c	rejected rows back into a file
 *		intake.c		the batch as a whole
 */
#ifndef REGISTRY_INTAKE_H
#define REGISTRY_INTAKE_H

#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

#include "intake/intake_core.h"

/* ---- intake_decode.c ---- */

typedef enum IntakeEncoding
{
	INTAKE_AUTO,
	INTAKE_UTF8,
	INTAKE_GB18030,
	INTAKE_UTF16,				/* byte order not known yet */
	INTAKE_UTF16LE,
	INTAKE_UTF16BE
} IntakeEncoding;

extern IntakeEncoding intake_encoding_from_name(const char *name);
extern const char *intake_encoding_name(IntakeEncoding encoding);

/* A destination that grows as needed, in a context of its own choice. */
typedef struct IntakeText
{
	MemoryContext memory;
	char	   *data;
	size_t		length;
	size_t		capacity;
} IntakeText;

/* Fields of a DBF record whose text was cut in the middle of a character. */
typedef struct IntakeTruncated
{
	int			count;
	int		   *fields;
} IntakeTruncated;

extern bool intake_decode(IntakeEncoding encoding, const char *bytes, size_t length,
						  IntakeText *text, size_t *broken_at);
extern bool intake_decode_dbf(IntakeEncoding encoding, const IntakeDbf *dbf, const char *record,
							  IntakeText *text, IntakeSpan *fields, IntakeTruncated *truncated, size_t *broken_at);
extern void intake_decode_lenient(IntakeEncoding encoding, const char *bytes, size_t length,
								  size_t limit, StringInfo text);

/* ---- intake_read.c ---- */

typedef struct IntakeReader
{
	FILE	   *file;			/* NULL: reads from memory */
	const char *path;
	const char *memory;
	size_t		memory_left;
	pg_cryptohash_ctx *hash;
	uint64		total;			/* bytes read so far */
	uint64		size;			/* bytes of the whole extract */
	bool		source_ended;

	IntakeEncoding encoding;
	unsigned char pending[4];	/* UTF-16: bytes of an unfinished character */
	size_t		pending_length;
	unsigned char odd;			/* UTF-16: half a unit that ended the extract */

	IntakeForm	form;
	int			titles;			/* records above the header */
	IntakeDbf  *dbf;			/* NULL: a text file */
	uint32		dbf_record;		/* the next one, from 0 */
	IntakeTruncated truncated;	/* of the record last decoded */

	char	   *buffer;			/* what has been read and not yet consumed */
	size_t		start;
	size_t		end;
	size_t		capacity;
	uint64		position;		/* of buffer[start] in the bytes of the file */
	uint32		line_no;		/* of buffer[start], from 1 */
	bool		at_end;			/* the buffer holds all that is left */
} IntakeReader;

typedef struct IntakeLine
{
	IntakeSplit result;
	char	   *data;
	size_t		length;
	bool		quoted;
	char		mark;			/* of a DBF record: blank, or * when deleted */
	uint32		line_no;
	uint64		position;		/* of data in the bytes of the file */
} IntakeLine;

extern void intake_reader_open_file(IntakeReader *reader, const char *path);
extern void intake_reader_open_memory(IntakeReader *reader, const char *data, size_t length);
extern size_t intake_reader_peek(IntakeReader *reader);
extern void intake_reader_set_encoding(IntakeReader *reader, IntakeEncoding encoding, int mark_length);
extern void intake_reader_set_dbf(IntakeReader *reader, IntakeEncoding encoding, IntakeDbf *dbf);
extern bool intake_reader_next(IntakeReader *reader, int expected_fields, IntakeLine *line);
extern Datum intake_reader_bytes(const IntakeReader *reader, const IntakeLine *line, size_t length);
extern size_t intake_reader_offset(const IntakeReader *reader, const IntakeLine *line, size_t at);
extern void intake_reader_close(IntakeReader *reader, uint8 digest[PG_SHA256_DIGEST_LENGTH]);
extern int64 intake_file_size(const char *path);
extern void intake_file_digest(const char *path, uint8 digest[PG_SHA256_DIGEST_LENGTH]);

/* ---- intake_layout.c ---- */

/* Code table of one column: folded value as delivered -> standard value. */
typedef struct IntakeCode
{
	char	   *from;
	size_t		from_length;
	char	   *to;				/* NULL: known, and stands for nothing */
	Datum		datum;			/* the same as text */
	int			number;			/* and as number, where it is one */
	struct IntakeCode *next;
} IntakeCode;

#define INTAKE_CODE_BUCKETS 64

typedef struct IntakeCodes
{
	IntakeCode *bucket[INTAKE_CODE_BUCKETS];
	IntakeCode *single[128];	/* those of one ASCII character, nearly all there are */
} IntakeCodes;

typedef struct IntakeSource
{
	char	   *name;
	IntakeKind	kind;
	const IntakeLayout *layout;
	bool		full;
	IntakeEncoding encoding;
	char		delimiter;		/* '\0': found out */
	char		quote;			/* 'a'uto, 'y'es or 'n'o */
	double		shrink_limit;
	IntakeNames renamed;
	IntakeCodes codes[INTAKE_MAX_COLUMNS];
} IntakeSource;

typedef struct IntakeHeader
{
	int			count;			/* fields of a record */
	int			surplus;		/* empty ones that follow them in every record */
	char	  **names;			/* as delivered, trimmed */
	char	  **folded;
	int			field_of[INTAKE_MAX_COLUMNS];	/* field of a column, -1 = absent */
	int			extra_count;
	int		   *extras;			/* fields without a column, by name */
} IntakeHeader;

extern IntakeSource *intake_source_load(const char *name);
extern const IntakeCode *intake_code_find(const IntakeCodes *codes, const char *value, size_t length);
extern int	intake_header_matches(const IntakeSource *source, IntakeSpan *fields, int count);
extern bool intake_header_complete(const IntakeSource *source, IntakeSpan *fields, int count);
extern void intake_header_read(const IntakeSource *source, IntakeSpan *fields, int count, const bool *cut, IntakeHeader *header);
extern void intake_header_narrow(IntakeHeader *header, int count);
extern bool intake_header_fits(const IntakeHeader *header, const IntakeSpan *fields, int count);
extern bool intake_header_repeats(const IntakeHeader *header, IntakeSpan *fields, int count);

/* ---- intake_form.c ---- */

extern void intake_form_settle(const IntakeSource *source, IntakeReader *reader);
extern void intake_form_read_header(const IntakeSource *source, IntakeReader *reader, const IntakeLine *line,
									IntakeHeader *header);
extern int	intake_form_fields(IntakeReader *reader, const IntakeLine *line, IntakeText *text,
							   IntakeSpan *fields, int max_fields, size_t *broken_at);

/* ---- intake_write.c ---- */

#define INTAKE_BUFFER_ROWS 1000

typedef struct IntakeTable IntakeTable;
struct TupleTableSlot;

extern IntakeTable *intake_table_open(const char *name);
extern int	intake_table_attribute(IntakeTable *table, const char *column);
extern MemoryContext intake_table_row(IntakeTable *table, Datum **values, bool **nulls);
extern bool intake_table_store(IntakeTable *table, size_t bytes);
extern bool intake_table_waste(IntakeTable *table, size_t bytes);
extern int	intake_table_flush(IntakeTable *table);
extern void intake_table_stored_at(IntakeTable *table, int row, ItemPointer where);
extern struct TupleTableSlot *intake_table_fetch(IntakeTable *table, ItemPointer where);
extern Oid	intake_table_oid(IntakeTable *table);
extern void intake_table_delete(IntakeTable *table, ItemPointer where);
extern void intake_table_close(IntakeTable *table);

/* ---- intake_repeat.c ---- */

/* Where a staged row is, and half its key. */
typedef struct IntakePlace
{
	uint64		key;
	BlockNumber block;
	OffsetNumber offset;
	uint16		unused;
} IntakePlace;

typedef struct IntakePlaces IntakePlaces;

extern IntakePlaces *intake_places_create(void);
extern void intake_places_add(IntakePlaces *places, uint64 key, ItemPointer where);
extern void intake_places_sort(IntakePlaces *places);
extern int64 intake_places_repeated(IntakePlaces *places, IntakePlace **group);
extern void intake_places_free(IntakePlaces *places);

/* ---- intake_row.c ---- */

typedef struct IntakeFault
{
	const char *code;			/* NULL: none */
	const char *field;			/* standard header, or NULL */
	const char *message;
	bool		keyed;			/* the key of the corrected row is known */
} IntakeFault;

typedef struct IntakeCounter
{
	int64		filled;
	int64		valid;
} IntakeCounter;

typedef struct IntakeKey
{
	uint64		high;
	uint64		low;
} IntakeKey;

typedef struct IntakeRowMaker IntakeRowMaker;

extern IntakeRowMaker *intake_row_maker(const IntakeSource *source, const IntakeHeader *header,
										IntakeTable *table, int64 batch_id, int32 cutoff,
										int64 home_region);
extern void intake_row_truncated(IntakeRowMaker *maker, const IntakeTruncated *truncated);
extern bool intake_row_make(IntakeRowMaker *maker, IntakeSpan *fields, uint32 line_no,
							Datum *values, bool *nulls, IntakeKey *key, IntakeFault *fault);
extern Datum intake_key_datum(const IntakeKey *key);
extern const IntakeCounter *intake_row_counters(IntakeRowMaker *maker);

#endif							/* REGISTRY_INTAKE_H */
