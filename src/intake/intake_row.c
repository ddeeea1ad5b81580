/*
 * intake_row.c
 *		Fields of a record to the values of a staged row.
 *
 * Every column is read even after one has failed, because the quality counters
 * want to know; the first broken one decides the reject.  A broken document
 * number alone does not keep the row out: it is staged without citizen_id for
 * repair to find, and rejected at the same time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "compat.h"
#include "citizen/credit_code.h"
#include "citizen/document.h"
#include "coverage/coverage.h"
#include "intake/intake.h"
#include "name/name.h"
#include "region/region_code.h"

#define SHORT_LIMIT 200			/* bytes of a key-like text */
#define NAME_LIMIT 600
#define TEXT_LIMIT 1000
#define LONG_LIMIT (1024 * 1024)

/* A code is twelve digits, the first two the province. */
#define PROVINCE_OF(region) ((region) / INT64CONST(10000000000))

#define STATUS_NORMAL 10
#define STATUS_DEAD 20
#define STATUS_MOVED_IN_PROVINCE 30
#define STATUS_MOVED_OUT_OF_PROVINCE 31
#define STATUS_CANCELLED 32
#define STATUS_SETTLED_ABROAD 33
#define STATUS_FOREIGN_NATIONAL 34
#define STATUS_ARMY 40
#define STATUS_PRISON 41

/* Values that a row's columns read as, for those that others depend on. */
typedef struct ColumnValue
{
	IntakeValue result;
	int64		number;
	IntakeSpan	text;			/* canonical */
	const char *mapped;			/* what the code table made of it, or NULL */
} ColumnValue;

/*
 * A name that has been read, with its forms.  Names repeat (a person has
 * several rows, a city some ten thousand common names), and reading one costs
 * more than the rest of its row.
 */
#define NAME_CACHE_SLOTS 65536	/* a power of two */
#define NAME_CACHE_BYTES 24

typedef struct CachedName
{
	uint8		length;			/* 0: slot is free */
	uint8		clean_length;
	uint8		key_length;
	bool		invalid;
	char		raw[NAME_CACHE_BYTES];
	char		clean[NAME_CACHE_BYTES];
	char		key[NAME_CACHE_BYTES];
} CachedName;

/* A value whose folded form is stored, as it was received. */
typedef struct Received
{
	const char *header;
	IntakeSpan	text;
} Received;

struct IntakeRowMaker
{
	const IntakeSource *source;
	const IntakeHeader *header;
	int			count;
	RegionCode	home_province;
	bool		any_kind;		/* every value of 类别 is a school */

	int			attribute[INTAKE_MAX_COLUMNS];
	int			line_no,
				row_key,
				row_hash;
	int			citizen_id,
				fault,
				repair,
				id_kind,
				name_key;		/* -1 for employers, who have none */
	int			extra,
				further;		/* scheme_code, kind_text, status or code_fault */

	/* what is the same in every row */
	int			fixed_count;
	int			fixed[4];
	Datum		fixed_value[4];

	Datum		kinds[100];		/* kinds of document, as text */
	IntakeCounter counters[INTAKE_MAX_COLUMNS];
	ColumnValue value[INTAKE_MAX_COLUMNS];
	Document	document;
	StringInfoData canonical;	/* the row as row_hash sees it */
	StringInfoData key;
	IntakeText	folded;
	CachedName *names;
	IntakeFault number_fault;
	bool		truncated[INTAKE_MAX_COLUMNS];	/* the DBF field cut the value */
	StringInfoData truncated_names; /* headers of the fields that were cut */
	int			received_count;
	Received	received[2];	/* number and name, where folding changed them */
	char		scheme[SHORT_LIMIT];	/* 险种 of the row in upper case */
	const char *further_text;
	size_t		further_length;
};

static void
add_fixed(IntakeRowMaker *maker, IntakeTable *table, const char *column, Datum value)
{
	maker->fixed[maker->fixed_count] = intake_table_attribute(table, column);
	maker->fixed_value[maker->fixed_count] = value;
	maker->fixed_count++;
}

/*
 * intake_row_maker
 *		Prepares for the rows of a batch.
 */
IntakeRowMaker *
intake_row_maker(const IntakeSource *source, const IntakeHeader *header,
				 IntakeTable *table, int64 batch_id, int32 cutoff, int64 home_region)
{
	static const char *const further[INTAKE_KINDS] = {"status", "scheme_code", "kind_text", "scheme_code", "code_fault"};
	IntakeRowMaker *maker = palloc0(sizeof(IntakeRowMaker));
	bool		person = source->kind != INTAKE_EMPLOYER;

	maker->source = source;
	maker->header = header;
	maker->count = source->layout->count;
	maker->home_province = PROVINCE_OF(home_region);
	maker->any_kind = strcmp(source->name, "school") == 0;
	for (int i = 0; i < maker->count; i++)
		maker->attribute[i] = source->layout->columns[i].column ?
			intake_table_attribute(table, source->layout->columns[i].column) : -1;
	maker->line_no = intake_table_attribute(table, "line_no");
	maker->row_key = intake_table_attribute(table, "row_key");
	maker->row_hash = intake_table_attribute(table, "row_hash");
	maker->extra = intake_table_attribute(table, "extra");
	maker->further = intake_table_attribute(table, further[source->kind]);
	maker->citizen_id = person ? intake_table_attribute(table, "citizen_id") : -1;
	maker->fault = person ? intake_table_attribute(table, "fault") : -1;
	maker->repair = person ? intake_table_attribute(table, "repair") : -1;
	maker->id_kind = person ? intake_table_attribute(table, "id_kind") : -1;
	maker->name_key = person ? intake_table_attribute(table, "name_key") : -1;
	for (int i = 0; i < lengthof(maker->kinds); i++)
		maker->kinds[i] = CStringGetTextDatum(psprintf("%02d", i));
	add_fixed(maker, table, "source", CStringGetTextDatum(source->name));
	add_fixed(maker, table, "batch_id", Int64GetDatum(batch_id));
	add_fixed(maker, table, "valid_from", DateADTGetDatum(cutoff));
	add_fixed(maker, table, "duplicate", BoolGetDatum(false));
	maker->folded.memory = CurrentMemoryContext;
	maker->names = palloc0(NAME_CACHE_SLOTS * sizeof(CachedName));
	initStringInfo(&maker->canonical);
	initStringInfo(&maker->key);
	initStringInfo(&maker->truncated_names);
	return maker;
}

const IntakeCounter *
intake_row_counters(IntakeRowMaker *maker)
{
	return maker->counters;
}

static void
note_fault(IntakeFault *fault, const char *code, const char *field, const char *message)
{
	if (fault->code)
		return;
	fault->code = code;
	fault->field = field;
	fault->message = message;
}

/* The text folded, in memory that the next folding overwrites. */
static IntakeSpan
folded(IntakeRowMaker *maker, IntakeSpan text, bool drop_blanks)
{
	if (intake_is_plain(text))
		return text;
	if (maker->folded.capacity < text.length)
	{
		if (maker->folded.data)
			pfree(maker->folded.data);
		maker->folded.capacity = Max(text.length, 1024);
		maker->folded.data = MemoryContextAlloc(maker->folded.memory, maker->folded.capacity);
	}
	return (IntakeSpan) {maker->folded.data, intake_fold(text, drop_blanks, maker->folded.data)};
}

/* Takes away what may trail a code: ".0", a note in brackets, 人员. */
static bool
shorten_code(IntakeSpan *code)
{
	const char *bracket = memchr(code->data, '(', code->length);

	if (bracket > code->data && code->data[code->length - 1] == ')')
		code->length = bracket - code->data;
	else if (code->length > 2 && memcmp(code->data + code->length - 2, ".0", 2) == 0)
		code->length -= 2;
	else if (code->length > 1 && code->data[0] == '0')
	{
		code->data++;
		code->length--;
	}
	else if (code->length > 6 && memcmp(code->data + code->length - 6, "人员", 6) == 0)
		code->length -= 6;
	else
		return false;
	return true;
}

/* The entry of a value in the code table of its column, NULL when there is none. */
static const IntakeCode *
find_code(IntakeRowMaker *maker, int column, IntakeSpan text)
{
	char		upper[SHORT_LIMIT];
	IntakeSpan	code;

	if (text.length == 1 && !IS_HIGHBIT_SET(text.data[0]))
		return maker->source->codes[column].single[pg_ascii_toupper((unsigned char) text.data[0])];
	if (text.length > SHORT_LIMIT)
		return NULL;
	code = folded(maker, text, true);
	for (size_t i = 0; i < code.length; i++)
		upper[i] = pg_ascii_toupper((unsigned char) code.data[i]);
	code.data = upper;
	do
	{
		const IntakeCode *found = intake_code_find(&maker->source->codes[column], code.data, code.length);

		if (found)
			return found;
	} while (shorten_code(&code));
	return NULL;
}

static Datum
text_datum(IntakeSpan text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.length));
}

static const char *
number_fault_message(const char *code)
{
	if (strcmp(code, "ID02") == 0)
		return "document number has a wrong length";
	if (strcmp(code, "ID03") == 0)
		return "document number holds a character that cannot be there";
	if (strcmp(code, "ID04") == 0)
		return "check character of the document number is wrong";
	if (strcmp(code, "ID08") == 0)
		return "birth date inside the document number does not exist";
	if (strcmp(code, "ID20") == 0 || strcmp(code, "ID21") == 0)
		return "document number was damaged by a spreadsheet";
	return "document number is broken";
}

static IntakeValue
read_number(IntakeRowMaker *maker, IntakeSpan text, ColumnValue *value,
			const char *header, Datum *values, bool *nulls, IntakeFault *fault)
{
	Document   *document = &maker->document;

	if (text.length > SHORT_LIMIT)
	{
		note_fault(fault, "length", header, "value is too long");
		return INTAKE_VALUE_BAD;
	}
	if (intake_is_blank_like(text) || !document_parse(text.data, text.length, document))
		return INTAKE_VALUE_EMPTY;
	value->text = (IntakeSpan) {document->number, strlen(document->number)};
	values[maker->attribute[0]] = text_datum(value->text);
	nulls[maker->attribute[0]] = false;
	if (text.length != value->text.length || memcmp(text.data, value->text.data, text.length) != 0)
		maker->received[maker->received_count++] = (Received) {header, text};
	if (document->fault[0])
	{
		values[maker->fault] = CStringGetTextDatum(document->fault);
		nulls[maker->fault] = false;
		maker->number_fault.code = document->fault;
		maker->number_fault.field = header;
		maker->number_fault.message = number_fault_message(document->fault);
		return INTAKE_VALUE_BAD;
	}
	if (document->citizen_id != 0)
	{
		values[maker->citizen_id] = CitizenIdGetDatum(document->citizen_id);
		nulls[maker->citizen_id] = false;
	}
	values[maker->id_kind] = maker->kinds[(document->kind[0] - '0') * 10 + (document->kind[1] - '0')];
	nulls[maker->id_kind] = false;
	if (document->legacy15)
	{
		values[maker->repair] = CStringGetTextDatum("legacy15");
		nulls[maker->repair] = false;
	}
	return INTAKE_VALUE_GOOD;
}

/* Reads a name into its cache slot, unless it or a form of it does not fit. */
static void
cache_name(CachedName *slot, IntakeSpan text, const char *clean, const char *key, bool invalid)
{
	size_t		clean_length = strlen(clean);
	size_t		key_length = strlen(key);

	if (text.length == 0 || text.length > NAME_CACHE_BYTES ||
		clean_length > NAME_CACHE_BYTES || key_length > NAME_CACHE_BYTES)
		return;
	slot->length = (uint8) text.length;
	slot->clean_length = (uint8) clean_length;
	slot->key_length = (uint8) key_length;
	slot->invalid = invalid;
	memcpy(slot->raw, text.data, text.length);
	memcpy(slot->clean, clean, clean_length);
	memcpy(slot->key, key, key_length);
}

/*
 * A name is never a reason to reject a row: what cannot be one (rule ID22) is
 * kept and flagged by the comparison, an empty one is the empty string.
 */
static IntakeValue
read_name(IntakeRowMaker *maker, int attribute, const char *header, IntakeSpan text, Datum *values, bool *nulls)
{
	CachedName *slot = &maker->names[hash_bytes((const unsigned char *) text.data, (int) text.length) % NAME_CACHE_SLOTS];
	const char *clean = slot->clean;
	size_t		clean_length = slot->clean_length;
	bool		invalid = slot->invalid;

	nulls[attribute] = nulls[maker->name_key] = false;
	if (slot->length > 0 && slot->length == text.length && memcmp(slot->raw, text.data, text.length) == 0)
		values[maker->name_key] = text_datum((IntakeSpan) {slot->key, slot->key_length});
	else
	{
		char	   *key = name_key_text(text.data, text.length);

		clean = name_clean_text(text.data, text.length);
		clean_length = strlen(clean);
		invalid = name_is_invalid(text.data, text.length);
		values[maker->name_key] = CStringGetTextDatum(key);
		cache_name(slot, text, clean, key, invalid);
	}
	values[attribute] = text_datum((IntakeSpan) {clean, clean_length});
	if (text.length == 0)
		return INTAKE_VALUE_EMPTY;
	if (clean_length != text.length || memcmp(clean, text.data, text.length) != 0)
		maker->received[maker->received_count++] = (Received) {header, text};
	return invalid ? INTAKE_VALUE_BAD : INTAKE_VALUE_GOOD;
}

static bool
only_zeros(IntakeSpan text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] != '0')
			return false;
	return true;
}

static IntakeValue
read_region(IntakeRowMaker *maker, int column, IntakeSpan text, ColumnValue *value, Datum *datum)
{
	IntakeSpan	code;
	RegionCode	region;

	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	if (text.length > SHORT_LIMIT)
		return INTAKE_VALUE_BAD;
	code = folded(maker, text, true);
	if (code.length > 2 && memcmp(code.data + code.length - 2, ".0", 2) == 0)
		code.length -= 2;
	if (only_zeros(code))
		return INTAKE_VALUE_EMPTY;
	if (!region_code_parse(code.data, code.length, &region))
		return INTAKE_VALUE_BAD;
	value->number = region;
	*datum = RegionCodeGetDatum(region);
	return INTAKE_VALUE_GOOD;
}

static IntakeValue
read_date(IntakeSpan text, ColumnValue *value, Datum *datum)
{
	int			year,
				month,
				day;
	IntakeValue result = intake_parse_date(text, &year, &month, &day);

	if (result != INTAKE_VALUE_GOOD)
		return result;
	value->number = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	*datum = DateADTGetDatum((DateADT) value->number);
	return result;
}

static IntakeValue
read_month(IntakeSpan text, ColumnValue *value, Datum *datum)
{
	int			yearmonth = 0;
	IntakeValue result = intake_parse_month(text, &yearmonth);

	if (result != INTAKE_VALUE_GOOD)
		return result;
	value->number = yearmonth;
	*datum = Int32GetDatum(yearmonth);
	return result;
}

static IntakeValue
read_scheme(IntakeRowMaker *maker, int column, IntakeSpan text, ColumnValue *value, Datum *datum, bool *null)
{
	IntakeSpan	code;
	const IntakeCode *found;
	int			bit;

	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	if (text.length > SHORT_LIMIT)
		return INTAKE_VALUE_BAD;
	code = folded(maker, text, true);
	if (code.length > 2 && memcmp(code.data + code.length - 2, ".0", 2) == 0)
		code.length -= 2;
	/* what has been folded is overwritten by the next folding */
	maker->further_text = code.data == text.data ? code.data : pnstrdup(code.data, code.length);
	maker->further_length = code.length;
	for (size_t i = 0; i < code.length; i++)
		maker->scheme[i] = pg_ascii_toupper((unsigned char) code.data[i]);
	value->text = (IntakeSpan) {maker->scheme, code.length};
	bit = scheme_from_name(maker->scheme, code.length);
	if (bit >= 0)
	{
		*datum = CStringGetTextDatum(scheme_name(bit));
		*null = false;
		return INTAKE_VALUE_GOOD;
	}
	found = find_code(maker, column, value->text);
	if (found == NULL)
		return INTAKE_VALUE_BAD;
	value->mapped = found->to;
	*datum = found->datum;
	*null = found->to == NULL;
	return INTAKE_VALUE_GOOD;
}

/* 类别: kind is the code, kind_text the value itself. */
static IntakeValue
read_circumstance(IntakeRowMaker *maker, int column, IntakeSpan text, ColumnValue *value, Datum *datum)
{
	const IntakeCode *found;

	if (text.length == 0)
		return INTAKE_VALUE_EMPTY;
	if (text.length > SHORT_LIMIT)
		return INTAKE_VALUE_BAD;
	value->text = text;
	maker->further_text = text.data;
	maker->further_length = text.length;
	found = find_code(maker, column, text);
	if (found == NULL && !maker->any_kind)
		return INTAKE_VALUE_BAD;
	value->mapped = found && found->to && !maker->any_kind ? found->to : "school";
	*datum = CStringGetTextDatum(value->mapped);
	return INTAKE_VALUE_GOOD;
}

static IntakeValue
read_code(IntakeRowMaker *maker, int column, IntakeColumnType type, IntakeSpan text,
		  ColumnValue *value, Datum *datum)
{
	const IntakeCode *found;

	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	found = find_code(maker, column, text);
	if (found == NULL)
		return INTAKE_VALUE_BAD;
	if (found->to == NULL)
		return INTAKE_VALUE_EMPTY;
	value->text = (IntakeSpan) {found->to, strlen(found->to)};
	if (type == COLUMN_CODE)
	{
		value->number = found->number;
		*datum = Int16GetDatum((int16) found->number);
	}
	else
		*datum = found->datum;
	return INTAKE_VALUE_GOOD;
}

static IntakeValue
read_amount(IntakeColumnType type, IntakeSpan text, ColumnValue *value, Datum *datum)
{
	IntakeValue result = intake_parse_hundredths(text, &value->number);

	if (result != INTAKE_VALUE_GOOD)
		return result;
	if (type == COLUMN_AMOUNT)
		*datum = NumericGetDatum(int64_div_fast_to_numeric(value->number, 2));
	else if (value->number % 100 != 0 || value->number / 100 > PG_INT32_MAX)
		return INTAKE_VALUE_BAD;
	else
		*datum = Int32GetDatum((int32) (value->number / 100));
	return INTAKE_VALUE_GOOD;
}

/* Letters upper, blanks and hyphens out: the form in which employers meet. */
static IntakeSpan
credit_code_form(IntakeRowMaker *maker, IntakeSpan text)
{
	IntakeSpan	code = folded(maker, text, true);
	char	   *form = palloc(code.length + 1);
	size_t		length = 0;

	for (size_t i = 0; i < code.length; i++)
		if (code.data[i] != '-')
			form[length++] = pg_ascii_toupper((unsigned char) code.data[i]);
	return (IntakeSpan) {form, length};
}

static IntakeValue
read_text(IntakeRowMaker *maker, IntakeColumnType type, IntakeSpan text,
		  ColumnValue *value, Datum *datum)
{
	if (text.length == 0 ||
		(type != COLUMN_LONG_TEXT && type != COLUMN_OTHER_NAME && intake_is_blank_like(text)))
		return INTAKE_VALUE_EMPTY;
	if (type == COLUMN_OTHER_NAME)
	{
		*datum = CStringGetTextDatum(name_clean_text(text.data, text.length));
		return INTAKE_VALUE_GOOD;
	}
	if (type == COLUMN_CREDIT_CODE)
		text = credit_code_form(maker, text);
	else if (type == COLUMN_CODE_TEXT)
		text = folded(maker, text, false);
	*datum = text_datum(text);
	value->text = (IntakeSpan) {VARDATA_ANY(DatumGetPointer(*datum)), VARSIZE_ANY_EXHDR(DatumGetPointer(*datum))};
	return text.length > 0 ? INTAKE_VALUE_GOOD : INTAKE_VALUE_EMPTY;
}

static size_t
length_limit(IntakeColumnType type)
{
	switch (type)
	{
		case COLUMN_LONG_TEXT:
			return LONG_LIMIT;
		case COLUMN_TEXT:
			return TEXT_LIMIT;
		case COLUMN_NAME:
		case COLUMN_OTHER_NAME:
			return NAME_LIMIT;
		case COLUMN_CODE_TEXT:
		case COLUMN_CREDIT_CODE:
			return SHORT_LIMIT;
		default:
			return LONG_LIMIT;	/* the reading of the value judges */
	}
}

/* What an unreadable value of a column is called in a reject. */
static void
note_unreadable(IntakeFault *fault, const IntakeColumn *column)
{
	switch (column->type)
	{
		case COLUMN_DATE:
			note_fault(fault, "date", column->header, "value is not a date, or one that does not exist");
			break;
		case COLUMN_MONTH:
			note_fault(fault, "month", column->header, "value is not a month, or one that does not exist");
			break;
		case COLUMN_AMOUNT:
		case COLUMN_COUNT:
			note_fault(fault, "number", column->header, "value is not a number that can stand here");
			break;
		case COLUMN_REGION:
			note_fault(fault, "code", column->header, "value is not a region code of 2, 4, 6, 9 or 12 digits");
			break;
		default:
			note_fault(fault, "code", column->header, "value is not in the code table of this source");
	}
}

/* Reads one column into its attribute; returns how it reads. */
static IntakeValue
read_column(IntakeRowMaker *maker, int i, IntakeSpan text, Datum *values, bool *nulls, IntakeFault *fault)
{
	const IntakeColumn *column = &maker->source->layout->columns[i];
	ColumnValue *value = &maker->value[i];
	int			attribute = maker->attribute[i];
	Datum		datum = (Datum) 0;
	bool		null = false;
	IntakeValue result;

	if (text.length > SHORT_LIMIT && text.length > length_limit(column->type))
	{
		note_fault(fault, "length", column->header, "value is too long");
		return INTAKE_VALUE_BAD;
	}
	switch (column->type)
	{
		case COLUMN_NUMBER:
			return read_number(maker, text, value, column->header, values, nulls, fault);
		case COLUMN_NAME:
			value->text = text;
			return read_name(maker, attribute, column->header, text, values, nulls);
		case COLUMN_REGION:
			result = read_region(maker, i, text, value, &datum);
			break;
		case COLUMN_DATE:
		case COLUMN_SOFT_DATE:
			result = read_date(text, value, &datum);
			break;
		case COLUMN_MONTH:
			result = read_month(text, value, &datum);
			break;
		case COLUMN_SCHEME:
			result = read_scheme(maker, i, text, value, &datum, &null);
			break;
		case COLUMN_CIRCUMSTANCE:
			result = read_circumstance(maker, i, text, value, &datum);
			break;
		case COLUMN_CODE:
		case COLUMN_SEX:
		case COLUMN_STATE:
			result = read_code(maker, i, column->type, text, value, &datum);
			break;
		case COLUMN_AMOUNT:
		case COLUMN_COUNT:
			result = read_amount(column->type, text, value, &datum);
			break;
		default:
			value->text = text;
			result = read_text(maker, column->type, text, value, &datum);
	}
	if (result == INTAKE_VALUE_BAD && column->type != COLUMN_SOFT_DATE)
		note_unreadable(fault, column);
	if (result == INTAKE_VALUE_GOOD && attribute >= 0)
	{
		values[attribute] = datum;
		nulls[attribute] = null;
	}
	return result;
}

/* appendBinaryStringInfo without the call, for it runs for every field. */
static inline void
append_bytes(StringInfo out, const char *data, size_t length)
{
	if (out->len + length + 1 > (size_t) out->maxlen)
		enlargeStringInfo(out, (int) length);
	memcpy(out->data + out->len, data, length);
	out->len += (int) length;
}

/* Appends what identifies the value of a column to the text that is hashed. */
static void
append_canonical(StringInfo out, int column, const ColumnValue *value)
{
	appendStringInfoCharMacro(out, (char) (column + 1));
	if (value->text.data)
		append_bytes(out, value->text.data, value->text.length);
	else
		append_bytes(out, (const char *) &value->number, sizeof(value->number));
	/* a changed code table changes the row */
	if (value->mapped)
	{
		appendStringInfoCharMacro(out, '\x1f');
		appendStringInfoString(out, value->mapped);
	}
}

static void
push_pair(JsonbParseState **state, const char *name, IntakeSpan text)
{
	JsonbValue	key,
				value;

	if (*state == NULL)
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	key.type = value.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = (int) strlen(name);
	value.val.string.val = unconstify(char *, text.data);
	value.val.string.len = (int) text.length;
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/*
 * Keeps, as jsonb, the columns the layout does not know, number and name as
 * received where the stored form differs, and which texts a DBF field cut.
 * Only the first are news when they change.
 */
static void
read_extras(IntakeRowMaker *maker, IntakeSpan *fields, Datum *values, bool *nulls)
{
	const IntakeHeader *header = maker->header;
	JsonbParseState *state = NULL;

	for (int i = 0; i < header->extra_count; i++)
	{
		const char *name = header->names[header->extras[i]];
		IntakeSpan	text = intake_trim(fields[header->extras[i]]);

		if (text.length == 0)
			continue;
		push_pair(&state, name, text);
		appendStringInfoChar(&maker->canonical, '\x1e');
		appendStringInfoString(&maker->canonical, name);
		appendStringInfoChar(&maker->canonical, '\x1f');
		appendBinaryStringInfo(&maker->canonical, text.data, (int) text.length);
	}
	for (int i = 0; i < maker->received_count; i++)
		push_pair(&state, maker->received[i].header, maker->received[i].text);
	if (maker->truncated_names.len > 0)
		push_pair(&state, "truncated", (IntakeSpan) {maker->truncated_names.data, maker->truncated_names.len});
	if (state == NULL)
		return;
	values[maker->extra] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	nulls[maker->extra] = false;
}

static bool
holds(IntakeSpan text, const char *const *words)
{
	for (; *words; words++)
	{
		size_t		length = strlen(*words);

		for (size_t i = 0; i + length <= text.length; i++)
			if (memcmp(text.data + i, *words, length) == 0)
				return true;
	}
	return false;
}

/* Why a person was taken off the register decides what that means. */
static int
status_of_cancelled(IntakeSpan reason)
{
	static const char *const dead[] = {"死亡", NULL};
	static const char *const army[] = {"参军", "入伍", "服现役", "征兵", NULL};
	static const char *const prison[] = {"逮捕", "判刑", "服刑", NULL};
	static const char *const foreign[] = {"外籍", "外国国籍", "退出中国国籍", "丧失中国国籍", NULL};
	static const char *const settled[] = {"出国定居", "出境定居", "国外定居", "出国(境)定居", "港澳台定居", NULL};

	if (holds(reason, dead))
		return STATUS_DEAD;
	if (holds(reason, army))
		return STATUS_ARMY;
	if (holds(reason, prison))
		return STATUS_PRISON;
	if (holds(reason, foreign))
		return STATUS_FOREIGN_NATIONAL;
	if (holds(reason, settled))
		return STATUS_SETTLED_ABROAD;
	return STATUS_CANCELLED;
}

static int
status_of_moved(IntakeRowMaker *maker, IntakeSpan reason, const ColumnValue *residence)
{
	static const char *const inside[] = {"省内", NULL};
	static const char *const outside[] = {"省外", NULL};

	if (holds(reason, outside))
		return STATUS_MOVED_OUT_OF_PROVINCE;
	if (holds(reason, inside))
		return STATUS_MOVED_IN_PROVINCE;
	if (residence->result == INTAKE_VALUE_GOOD &&
		PROVINCE_OF(residence->number) != maker->home_province)
		return STATUS_MOVED_OUT_OF_PROVINCE;
	return STATUS_MOVED_IN_PROVINCE;
}

/* Column numbers of the layouts, for the checks across columns. */
enum PopulationColumn
{
	POPULATION_RESIDENCE = 8, POPULATION_STATE = 12, POPULATION_REASON = 14
};
enum EnrolmentColumn
{
	ENROLMENT_SCHEME = 2, ENROLMENT_PERSONAL_NO = 3, ENROLMENT_EMPLOYER = 4, ENROLMENT_AGENCY = 6,
	ENROLMENT_START = 9, ENROLMENT_END = 10, ENROLMENT_BENEFIT_STATE = 12,
	ENROLMENT_BENEFIT_FROM = 13, ENROLMENT_BENEFIT_TO = 14
};
enum CircumstanceColumn
{
	CIRCUMSTANCE_KIND = 2, CIRCUMSTANCE_START = 3, CIRCUMSTANCE_END = 4
};
enum ElsewhereColumn
{
	ELSEWHERE_SCHEME = 2, ELSEWHERE_REGION = 3, ELSEWHERE_START = 6, ELSEWHERE_END = 7
};

/* Rule PN22: an end lies before its start. */
static void
check_order(IntakeRowMaker *maker, int start, int end, IntakeFault *fault)
{
	const ColumnValue *from = &maker->value[start];
	const ColumnValue *to = &maker->value[end];

	if (from->result == INTAKE_VALUE_GOOD && to->result == INTAKE_VALUE_GOOD && to->number < from->number)
		note_fault(fault, "PN22", maker->source->layout->columns[end].header, "end lies before the start");
}

/* Rule EM01: a code that breaks its check stays as received, with the reason beside it. */
static void
check_employer_code(IntakeRowMaker *maker, Datum *values, bool *nulls)
{
	static const char *const reasons[] = {
		[CREDIT_CODE_WRONG_LENGTH] = "EM01: code does not have 18 characters",
		[CREDIT_CODE_WRONG_CHARACTER] = "EM01: code holds a character that cannot be there",
		[CREDIT_CODE_WRONG_CHECK] = "EM01: check character of the code is wrong"
	};
	const ColumnValue *value = &maker->value[0];
	CreditCode	code;
	CreditCodeFault fault;

	if (value->result != INTAKE_VALUE_GOOD)
		return;
	fault = credit_code_parse(value->text.data, value->text.length, &code);
	if (fault == CREDIT_CODE_FINE)
		return;
	values[maker->further] = CStringGetTextDatum(reasons[fault]);
	nulls[maker->further] = false;
	maker->counters[0].valid--;
}

/* What follows from several columns. */
static void
finish_row(IntakeRowMaker *maker, Datum *values, bool *nulls, IntakeFault *fault)
{
	switch (maker->source->kind)
	{
		case INTAKE_EMPLOYER:
			check_employer_code(maker, values, nulls);
			return;
		case INTAKE_POPULATION:
			{
				const ColumnValue *state = &maker->value[POPULATION_STATE];
				IntakeSpan	reason = {"", 0};
				int			status = STATUS_NORMAL;

				if (state->result != INTAKE_VALUE_GOOD)
					return;
				if (maker->value[POPULATION_REASON].result == INTAKE_VALUE_GOOD)
					reason = folded(maker, maker->value[POPULATION_REASON].text, true);
				if (strncmp(state->text.data, "死亡", 6) == 0)
					status = STATUS_DEAD;
				else if (strncmp(state->text.data, "迁出", 6) == 0)
					status = status_of_moved(maker, reason, &maker->value[POPULATION_RESIDENCE]);
				else if (strncmp(state->text.data, "注销", 6) == 0)
					status = status_of_cancelled(reason);
				values[maker->further] = Int16GetDatum(status);
				nulls[maker->further] = false;
				return;
			}
		case INTAKE_ENROLMENT:
			check_order(maker, ENROLMENT_START, ENROLMENT_END, fault);
			check_order(maker, ENROLMENT_BENEFIT_FROM, ENROLMENT_BENEFIT_TO, fault);
			if (nulls[maker->attribute[ENROLMENT_BENEFIT_STATE]])
			{
				values[maker->attribute[ENROLMENT_BENEFIT_STATE]] = Int16GetDatum(0);
				nulls[maker->attribute[ENROLMENT_BENEFIT_STATE]] = false;
			}
			break;
		case INTAKE_CIRCUMSTANCE:
			check_order(maker, CIRCUMSTANCE_START, CIRCUMSTANCE_END, fault);
			break;
		case INTAKE_ELSEWHERE:
			check_order(maker, ELSEWHERE_START, ELSEWHERE_END, fault);
			break;
		default:
			break;
	}
	if (maker->further_text)
	{
		values[maker->further] = text_datum((IntakeSpan) {maker->further_text, maker->further_length});
		nulls[maker->further] = false;
	}
}

static void
append_key(IntakeRowMaker *maker, int column)
{
	const ColumnValue *value = &maker->value[column];

	appendStringInfoCharMacro(&maker->key, '\x1f');
	if (value->result == INTAKE_VALUE_EMPTY)
		return;
	if (value->text.data)
		append_bytes(&maker->key, value->text.data, value->text.length);
	else
		append_bytes(&maker->key, (const char *) &value->number, sizeof(value->number));
}

/* The identity of a row within its source. */
static void
make_key(IntakeRowMaker *maker, IntakeKey *key)
{
	resetStringInfo(&maker->key);
	appendStringInfoString(&maker->key, maker->source->name);
	switch (maker->source->kind)
	{
		case INTAKE_ENROLMENT:
			append_key(maker, maker->value[ENROLMENT_PERSONAL_NO].result == INTAKE_VALUE_GOOD ? ENROLMENT_PERSONAL_NO : 0);
			append_key(maker, ENROLMENT_SCHEME);
			append_key(maker, ENROLMENT_AGENCY);
			append_key(maker, ENROLMENT_EMPLOYER);
			append_key(maker, ENROLMENT_START);
			break;
		case INTAKE_CIRCUMSTANCE:
			append_key(maker, 0);
			append_key(maker, CIRCUMSTANCE_KIND);
			append_key(maker, CIRCUMSTANCE_START);
			break;
		case INTAKE_ELSEWHERE:
			append_key(maker, 0);
			append_key(maker, ELSEWHERE_SCHEME);
			append_key(maker, ELSEWHERE_REGION);
			append_key(maker, ELSEWHERE_START);
			break;
		default:
			append_key(maker, 0);
	}
	key->high = DatumGetUInt64(hash_any_extended((unsigned char *) maker->key.data, maker->key.len, UINT64CONST(0x7265676973747279)));
	key->low = DatumGetUInt64(hash_any_extended((unsigned char *) maker->key.data, maker->key.len, UINT64CONST(0x696e74616b65)));
}

/*
 * Whether a row with a fault has the key that its corrected form will have: the
 * columns of the key can all be read, and the fault lies elsewhere.
 */
static bool
key_is_known(IntakeRowMaker *maker)
{
	static const int8 enrolment[] = {ENROLMENT_SCHEME, ENROLMENT_AGENCY, ENROLMENT_EMPLOYER, ENROLMENT_START, -1};
	static const int8 circumstance[] = {CIRCUMSTANCE_KIND, CIRCUMSTANCE_START, -1};
	static const int8 elsewhere[] = {ELSEWHERE_SCHEME, ELSEWHERE_REGION, ELSEWHERE_START, -1};
	static const int8 none[] = {-1};
	IntakeKind	kind = maker->source->kind;
	const int8 *column = kind == INTAKE_ENROLMENT ? enrolment : kind == INTAKE_CIRCUMSTANCE ? circumstance :
		kind == INTAKE_ELSEWHERE ? elsewhere : none;

	if (maker->value[0].result != INTAKE_VALUE_GOOD &&
		!(kind == INTAKE_ENROLMENT && maker->value[ENROLMENT_PERSONAL_NO].result == INTAKE_VALUE_GOOD))
		return false;
	for (; *column >= 0; column++)
	{
		IntakeValue result = maker->value[*column].result;

		if (result == INTAKE_VALUE_BAD ||
			(result == INTAKE_VALUE_EMPTY && maker->source->layout->columns[*column].value_needed))
			return false;
	}
	return true;
}

/* The key as uuid. */
Datum
intake_key_datum(const IntakeKey *key)
{
	pg_uuid_t  *uuid = palloc(sizeof(pg_uuid_t));

	for (int i = 0; i < 8; i++)
	{
		uuid->data[i] = (unsigned char) (key->high >> (56 - 8 * i));
		uuid->data[8 + i] = (unsigned char) (key->low >> (56 - 8 * i));
	}
	return UUIDPGetDatum(uuid);
}

/*
 * intake_row_truncated
 *		Says which fields of the next record were cut; none, when it is not
 *		called.
 */
void
intake_row_truncated(IntakeRowMaker *maker, const IntakeTruncated *truncated)
{
	for (int i = 0; i < truncated->count; i++)
	{
		int			field = truncated->fields[i];

		for (int column = 0; column < maker->count; column++)
			if (maker->header->field_of[column] == field)
				maker->truncated[column] = true;
		appendStringInfo(&maker->truncated_names, "%s%s", i > 0 ? "," : "", maker->header->names[field]);
	}
}

/* What a value is without that which only keeps a spreadsheet from counting with it. */
static inline IntakeSpan
undressed(IntakeSpan text, IntakeColumnType type)
{
	bool		free_text = type == COLUMN_NAME || type == COLUMN_OTHER_NAME || type == COLUMN_TEXT || type == COLUMN_LONG_TEXT;

	if (text.length == 0 || type == COLUMN_NUMBER ||
		(*text.data != '=' && *text.data != '\'' && *text.data != '`' && *text.data != '\xe2'))
		return text;
	return intake_undress(text, !free_text);
}

/*
 * intake_row_make
 *		Fills the values of a staged row from the fields of a record.
 *
 * Returns whether the row can be staged.  fault says what is wrong; when the
 * row can be staged nevertheless, it is the fault of its number.  A row that
 * cannot be staged has a key only when fault->keyed says so.  The values live
 * in the current memory context.
 */
bool
intake_row_make(IntakeRowMaker *maker, IntakeSpan *fields, uint32 line_no,
				Datum *values, bool *nulls, IntakeKey *key, IntakeFault *fault)
{
	uint64		hash;

	memset(fault, 0, sizeof(*fault));
	maker->number_fault.code = NULL;
	maker->further_text = NULL;
	maker->received_count = 0;
	resetStringInfo(&maker->canonical);
	for (int i = 0; i < maker->count; i++)
	{
		const IntakeColumn *column = &maker->source->layout->columns[i];
		int			field = maker->header->field_of[i];
		IntakeSpan	text = {"", 0};
		ColumnValue *value = &maker->value[i];

		if (field >= 0)
			text = undressed(intake_trim(fields[field]), column->type);
		value->text.data = NULL;
		value->mapped = NULL;
		value->number = 0;
		value->result = read_column(maker, i, text, values, nulls, fault);
		if (value->result == INTAKE_VALUE_EMPTY)
		{
			if (column->value_needed)
				note_fault(fault, column->type == COLUMN_NUMBER ? "ID01" : "missing", column->header,
						   column->type == COLUMN_NUMBER ? "document number is missing" : "value is missing");
			continue;
		}
		maker->counters[i].filled++;
		if (value->result == INTAKE_VALUE_GOOD && !maker->truncated[i])
			maker->counters[i].valid++;
		append_canonical(&maker->canonical, i, value);
	}
	read_extras(maker, fields, values, nulls);
	if (maker->truncated_names.len > 0)
	{
		memset(maker->truncated, 0, sizeof(maker->truncated));
		resetStringInfo(&maker->truncated_names);
	}
	finish_row(maker, values, nulls, fault);
	if (fault->code)
	{
		fault->keyed = key_is_known(maker);
		if (fault->keyed)
			make_key(maker, key);
		return false;
	}
	make_key(maker, key);
	hash = DatumGetUInt64(hash_any_extended((unsigned char *) maker->canonical.data, maker->canonical.len, 0));
	for (int i = 0; i < maker->fixed_count; i++)
	{
		values[maker->fixed[i]] = maker->fixed_value[i];
		nulls[maker->fixed[i]] = false;
	}
	values[maker->line_no] = Int32GetDatum((int32) line_no);
	values[maker->row_hash] = Int64GetDatum((int64) hash);
	values[maker->row_key] = intake_key_datum(key);
	nulls[maker->line_no] = nulls[maker->row_hash] = nulls[maker->row_key] = false;
	*fault = maker->number_fault;
	fault->keyed = key_is_known(maker);
	return true;
}
