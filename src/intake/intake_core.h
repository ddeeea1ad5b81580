/*
 * intake_core.h
 *		Pure parts of the reading of extracts: encodings, splitting into
 *		records and fields, DBF, and the forms in which dates, months and
 *		numbers arrive.
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

/* ---- intake_decode_core.c ---- */

extern const char *intake_gb_prepare(void);
extern bool intake_gb_decode(const unsigned char **from, const unsigned char *end, char **to);
extern size_t intake_gb_half(const char *bytes, size_t length);
extern size_t intake_utf8_half(const char *bytes, size_t length);
extern size_t intake_utf16_decode(const unsigned char *bytes, size_t length, bool big_endian,
								  bool at_end, char *out, size_t *used);
extern size_t intake_utf16_length(const char *text, size_t length);
extern size_t intake_utf16_encode(const char *text, size_t length, bool big_endian,
								  unsigned char odd, unsigned char *out);

/* ---- intake_split_core.c ---- */

/* How the fields of a text extract are told apart. */
typedef struct IntakeForm
{
	char		delimiter;
	bool		quotes;			/* fields may stand between quotes */
	bool		double_bytes;	/* bytes of GB18030, among them the delimiter's */
} IntakeForm;

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
									   const IntakeForm *form, int expected_fields,
									   IntakeRecord *record);
extern int	intake_split_fields(char *record, size_t length, bool quoted, char delimiter,
								IntakeSpan *fields, int max_fields);

/* ---- intake_dbf_core.c ---- */

#define INTAKE_DBF_FIELDS 1024
#define INTAKE_DBF_NAME 11

typedef struct IntakeDbfField
{
	char		name[INTAKE_DBF_NAME];
	int			name_length;
	char		type;
	uint32		width;
	uint32		offset;			/* in the record, behind its mark */
} IntakeDbfField;

typedef struct IntakeDbf
{
	int			version;
	int			language;		/* language driver, 0 = not said */
	uint32		records;		/* as the header says */
	uint64		records_held;	/* for which the file has room */
	uint32		header_length;
	uint32		record_length;	/* with the mark */
	int			culprit;		/* field at fault, -1 none */
	int			field_count;
	IntakeDbfField fields[INTAKE_DBF_FIELDS];
} IntakeDbf;

typedef enum IntakeDbfFault
{
	INTAKE_DBF_FINE,
	INTAKE_DBF_SHORT_HEADER,
	INTAKE_DBF_BROKEN_HEADER,
	INTAKE_DBF_VERSION,
	INTAKE_DBF_FIELD,			/* without name or width */
	INTAKE_DBF_MEMO,
	INTAKE_DBF_TYPE,
	INTAKE_DBF_SHORT_FILE
} IntakeDbfFault;

extern bool intake_dbf_looks_so(const unsigned char *data, size_t length);
extern IntakeDbfFault intake_dbf_read_header(const unsigned char *data, size_t length,
											 uint64 file_size, IntakeDbf *dbf);
extern IntakeSpan intake_dbf_value(const IntakeDbfField *field, const char *record, bool *full);

/* ---- intake_header_core.c ---- */

typedef enum IntakeKind
{
	INTAKE_POPULATION,
	INTAKE_ENROLMENT,
	INTAKE_CIRCUMSTANCE,
	INTAKE_ELSEWHERE,
	INTAKE_EMPLOYER,
	INTAKE_KINDS
} IntakeKind;

typedef enum IntakeColumnType
{
	COLUMN_NUMBER,				/* document number of the person */
	COLUMN_NAME,				/* name of the person */
	COLUMN_OTHER_NAME,			/* cleaned like a name, without a key */
	COLUMN_TEXT,				/* short text */
	COLUMN_LONG_TEXT,			/* address, note */
	COLUMN_CODE_TEXT,			/* short text, folded: a key of something */
	COLUMN_CREDIT_CODE,			/* unified social credit code of an employer */
	COLUMN_REGION,
	COLUMN_DATE,
	COLUMN_SOFT_DATE,			/* unreadable reads as empty */
	COLUMN_MONTH,
	COLUMN_SCHEME,
	COLUMN_CODE,				/* closed list, gives a small number */
	COLUMN_SEX,
	COLUMN_STATE,				/* 管理状态, list without a column of its own */
	COLUMN_CIRCUMSTANCE,
	COLUMN_AMOUNT,
	COLUMN_COUNT
} IntakeColumnType;

typedef struct IntakeColumn
{
	const char *header;			/* standard header */
	const char *column;			/* column of the staged table */
	IntakeColumnType type;
	bool		header_needed;	/* an extract without it is refused */
	bool		value_needed;	/* a row without it is rejected */
} IntakeColumn;

#define INTAKE_MAX_COLUMNS 20

typedef struct IntakeLayout
{
	const char *kind;
	int			count;
	IntakeColumn columns[INTAKE_MAX_COLUMNS];
} IntakeLayout;

extern const IntakeLayout intake_layouts[INTAKE_KINDS];

/* How a source renames headers. */
typedef struct IntakeNames
{
	int			count;
	char	  **from;			/* folded header as delivered ... */
	char	  **to;				/* ... and the standard header it stands for */
} IntakeNames;

extern int	intake_layout_find(const IntakeLayout *layout, const char *header);
extern void intake_header_fold(IntakeSpan text, char *folded);
extern int	intake_header_column(const IntakeLayout *layout, const IntakeNames *names,
								 const char *folded, int *rank);
extern int	intake_header_cut_column(const IntakeLayout *layout, const IntakeNames *names,
									 const char *folded);

/* ---- intake_value_core.c ---- */

/* How a value reads. */
typedef enum IntakeValue
{
	INTAKE_VALUE_EMPTY,
	INTAKE_VALUE_GOOD,
	INTAKE_VALUE_BAD
} IntakeValue;

extern IntakeSpan intake_trim(IntakeSpan text);
extern IntakeSpan intake_undress(IntakeSpan text, bool marks);
extern bool intake_is_plain(IntakeSpan text);
extern size_t intake_fold(IntakeSpan text, bool drop_blanks, char *out);
extern bool intake_is_blank_like(IntakeSpan text);
extern IntakeValue intake_parse_date(IntakeSpan text, int *year, int *month, int *day);
extern IntakeValue intake_parse_month(IntakeSpan text, int *yearmonth);
extern IntakeValue intake_parse_hundredths(IntakeSpan text, int64 *hundredths);
extern bool intake_is_total_line(IntakeSpan first);

#endif							/* REGISTRY_INTAKE_CORE_H */
