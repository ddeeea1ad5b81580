/*
 * intake_layout.c
 *		Sources as registry.source describes them: how one renames headers,
 *		its code tables, and the header of an extract.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "coverage/coverage.h"
#include "intake/intake.h"

/* Codes every source understands; the source's own table goes before them. */
typedef struct DefaultCode
{
	const char *header;
	const char *from;
	const char *to;
} DefaultCode;

static const DefaultCode default_codes[] = {
	{"参保状态", "1", "1"}, {"参保状态", "2", "2"}, {"参保状态", "4", "4"},
	{"参保状态", "正常", "1"}, {"参保状态", "正常参保", "1"}, {"参保状态", "参保", "1"},
	{"参保状态", "暂停", "2"}, {"参保状态", "暂停参保", "2"},
	{"参保状态", "终止", "4"}, {"参保状态", "终止参保", "4"},
	{"缴费状态", "1", "1"}, {"缴费状态", "2", "2"}, {"缴费状态", "3", "3"},
	{"缴费状态", "缴费", "1"}, {"缴费状态", "正常缴费", "1"}, {"缴费状态", "参保缴费", "1"},
	{"缴费状态", "暂停", "2"}, {"缴费状态", "暂停缴费", "2"},
	{"缴费状态", "终止", "3"}, {"缴费状态", "终止缴费", "3"},
	{"待遇状态", "0", "0"}, {"待遇状态", "1", "1"}, {"待遇状态", "2", "2"}, {"待遇状态", "3", "3"},
	{"待遇状态", "无", "0"}, {"待遇状态", "领取", "1"}, {"待遇状态", "暂停", "2"}, {"待遇状态", "终止", "3"},
	{"参保身份", "1", "1"}, {"参保身份", "2", "2"}, {"参保身份", "3", "3"}, {"参保身份", "4", "4"}, {"参保身份", "5", "5"},
	{"参保身份", "单位职工", "1"}, {"参保身份", "灵活就业", "2"}, {"参保身份", "灵活就业人员", "2"},
	{"参保身份", "居民", "3"}, {"参保身份", "学生", "4"}, {"参保身份", "退休", "5"}, {"参保身份", "退休人员", "5"},
	{"性别", "1", "M"}, {"性别", "2", "F"}, {"性别", "男", "M"}, {"性别", "女", "F"},
	{"性别", "男性", "M"}, {"性别", "女性", "F"}, {"性别", "M", "M"}, {"性别", "F", "F"},
	{"性别", "0", NULL}, {"性别", "9", NULL}, {"性别", "未知", NULL}, {"性别", "未说明", NULL},
	{"管理状态", "正常", "正常"}, {"管理状态", "管理中", "正常"}, {"管理状态", "死亡", "死亡"},
	{"管理状态", "迁出", "迁出"}, {"管理状态", "注销", "注销"},
	{"类别", "死亡", "death"}, {"类别", "火化", "death"}, {"类别", "宣告死亡", "death"},
	{"类别", "服刑", "prison"}, {"类别", "社区矫正", "probation"},
	{"类别", "义务兵", "army"}, {"类别", "军士", "army"}, {"类别", "士官", "army"}, {"类别", "现役", "army"},
	{"类别", "现役军人", "army"}, {"类别", "军官", "army"},
	{"类别", "出国定居", "settled_abroad"}, {"类别", "取得外国国籍", "foreign_national"},
	{"类别", "出国务工", "abroad"}, {"类别", "出国留学", "abroad"},
	{"类别", "低保", "low_income"}, {"类别", "特困", "low_income"}, {"类别", "低保对象", "low_income"},
	{"类别", "残疾", "disabled"}, {"类别", "残疾人", "disabled"},
	{"类别", "被征地", "land_taken"}, {"类别", "被征地农民", "land_taken"},
};

static inline uint32
code_bucket(const char *value, size_t length)
{
	return hash_bytes((const unsigned char *) value, (int) length) % INTAKE_CODE_BUCKETS;
}

/* The entry of a folded value, NULL when the table does not know it. */
const IntakeCode *
intake_code_find(const IntakeCodes *codes, const char *value, size_t length)
{
	const IntakeCode *code = codes->bucket[code_bucket(value, length)];

	while (code && (code->from_length != length || memcmp(code->from, value, length) != 0))
		code = code->next;
	return code;
}

/* Adds a code; one that is already there stays. */
static void
code_add(IntakeCodes *codes, const char *from, const char *to)
{
	IntakeSpan	raw = {from, strlen(from)};
	IntakeCode *code = palloc(sizeof(IntakeCode));
	uint32		bucket;

	code->from = palloc(raw.length + 1);
	code->from_length = intake_fold(raw, true, code->from);
	for (size_t i = 0; i < code->from_length; i++)
		code->from[i] = pg_ascii_toupper((unsigned char) code->from[i]);
	code->to = to ? pstrdup(to) : NULL;
	code->datum = to ? CStringGetTextDatum(to) : (Datum) 0;
	code->number = to ? atoi(to) : 0;
	if (intake_code_find(codes, code->from, code->from_length))
		return;
	bucket = code_bucket(code->from, code->from_length);
	code->next = codes->bucket[bucket];
	codes->bucket[bucket] = code;
	if (code->from_length == 1 && !IS_HIGHBIT_SET(code->from[0]))
		codes->single[(unsigned char) code->from[0]] = code;
}

/* A header for comparison, see intake_header_fold(). */
static char *
fold_header(IntakeSpan text)
{
	char	   *folded = palloc(text.length + 1);

	intake_header_fold(text, folded);
	return folded;
}

/*
 * The standard value a source's table leads to, as the code tables hold it
 * ("正常" may be said for "1").  Refuses a target that is none: every row
 * would then be rejected, or worse, misread.
 */
static const char *
standard_value(const IntakeSource *source, const IntakeColumn *column, const char *from, const char *to)
{
	if (to == NULL)
		return NULL;
	if (column->type == COLUMN_SCHEME && scheme_from_name(to, strlen(to)) >= 0)
		return to;
	for (size_t i = 0; i < lengthof(default_codes); i++)
		if (strcmp(default_codes[i].header, column->header) == 0 &&
			strcmp(default_codes[i].from, to) == 0)
			return default_codes[i].to;
	for (size_t i = 0; i < lengthof(default_codes); i++)
		if (strcmp(default_codes[i].header, column->header) == 0 &&
			default_codes[i].to && strcmp(default_codes[i].to, to) == 0)
			return to;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("source \"%s\" maps value \"%s\" of column \"%s\" to \"%s\", which is not a standard value",
					source->name, from, column->header, to),
			 errhint("Correct \"codes\" in registry.source.")));
}

/* Text of a column of an SPI row in the given context, NULL when null. */
static char *
spi_text(MemoryContext context, int row, int column)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

static void
spi_select(const char *query, const char *name)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(name)};

	if (SPI_execute_with_args(query, 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read registry.source");
}

/* Reads how the source renames headers; the fields live in context. */
static void
load_renamed(IntakeSource *source, MemoryContext context)
{
	spi_select("SELECT key, value FROM registry.source s, pg_catalog.jsonb_each_text(s.columns) WHERE s.source OPERATOR(pg_catalog.=) $1",
			   source->name);
	source->renamed.count = (int) SPI_processed;
	source->renamed.from = MemoryContextAlloc(context, Max(1, SPI_processed) * sizeof(char *));
	source->renamed.to = MemoryContextAlloc(context, Max(1, SPI_processed) * sizeof(char *));
	for (int i = 0; i < source->renamed.count; i++)
	{
		char	   *from = spi_text(context, i, 1);
		char	   *to = spi_text(context, i, 2);
		MemoryContext old = MemoryContextSwitchTo(context);

		source->renamed.from[i] = fold_header((IntakeSpan) {from, strlen(from)});
		source->renamed.to[i] = to ? to : pstrdup("");
		MemoryContextSwitchTo(old);
	}
}

/* Reads the code tables: the source's own first, then those of all sources. */
static void
load_codes(IntakeSource *source, MemoryContext context)
{
	MemoryContext old;

	spi_select("SELECT h.key, v.key, v.value FROM registry.source s, pg_catalog.jsonb_each(s.codes) h, "
			   "pg_catalog.jsonb_each_text(CASE pg_catalog.jsonb_typeof(h.value) WHEN 'object' THEN h.value ELSE '{}' END) v "
			   "WHERE s.source OPERATOR(pg_catalog.=) $1",
			   source->name);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *header = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		char	   *from = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
		char	   *to = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3);
		int			column = intake_layout_find(source->layout, header);

		if (column >= 0)
			code_add(&source->codes[column], from,
					 standard_value(source, &source->layout->columns[column], from, to));
	}
	for (size_t i = 0; i < lengthof(default_codes); i++)
	{
		int			column = intake_layout_find(source->layout, default_codes[i].header);

		if (column >= 0)
			code_add(&source->codes[column], default_codes[i].from, default_codes[i].to);
	}
	MemoryContextSwitchTo(old);
}

/* A delimiter as registry.source names it; '\0' is to be found out. */
static char
delimiter_from_name(const char *name)
{
	if (strcmp(name, "tab") == 0)
		return '\t';
	if (strcmp(name, "0x01") == 0)
		return '\x01';
	return strlen(name) == 1 ? *name : '\0';
}

/* Fills in the row of registry.source that SPI has just returned. */
static IntakeSource *
source_from_row(const char *name, MemoryContext context)
{
	IntakeSource *source = MemoryContextAllocZero(context, sizeof(IntakeSource));
	char	   *kind = spi_text(context, 0, 1);

	source->name = MemoryContextStrdup(context, name);
	for (int i = 0; i < INTAKE_KINDS; i++)
		if (strcmp(kind, intake_layouts[i].kind) == 0)
		{
			source->kind = i;
			source->layout = &intake_layouts[i];
		}
	if (source->layout == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("source \"%s\" is of kind \"%s\", for which no layout is known", name, kind)));
	source->full = strcmp(spi_text(context, 0, 2), "full") == 0;
	source->encoding = intake_encoding_from_name(spi_text(context, 0, 3));
	source->shrink_limit = strtod(spi_text(context, 0, 4), NULL);
	source->delimiter = delimiter_from_name(spi_text(context, 0, 6));
	source->quote = *spi_text(context, 0, 7);
	return source;
}

/*
 * intake_source_load
 *		Reads a source and locks its row, so that batches of one source are
 *		received one after the other.
 */
IntakeSource *
intake_source_load(const char *name)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(name)};
	IntakeSource *source;

	SPI_connect();
	if (SPI_execute_with_args("SELECT kind, delivery, encoding, shrink_limit::pg_catalog.text, active, delimiter, quote "
							  "FROM registry.source WHERE source OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE",
							  1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read registry.source");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("source \"%s\" is not known", name),
				 errhint("SELECT source, title FROM registry.source lists the sources; a new one is added by inserting a row there.")));
	if (strcmp(spi_text(context, 0, 5), "t") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("source \"%s\" is not active", name),
				 errhint("Set \"active\" in registry.source to receive from it again.")));
	source = source_from_row(name, context);
	load_renamed(source, context);
	load_codes(source, context);
	SPI_finish();
	return source;
}

/* Which columns the fields of a line stand for, as bits. */
static uint32
header_columns(const IntakeSource *source, IntakeSpan *fields, int count)
{
	uint32		columns = 0;

	for (int i = 0; i < count; i++)
	{
		char	   *folded;
		int			rank;
		int			column;

		if (fields[i].length == 0 || fields[i].length > 300)
			continue;
		folded = fold_header(fields[i]);
		column = intake_header_column(source->layout, &source->renamed, folded, &rank);
		if (column >= 0)
			columns |= (uint32) 1 << column;
		pfree(folded);
	}
	return columns;
}

/* How many columns of this source does a line name? */
int
intake_header_matches(const IntakeSource *source, IntakeSpan *fields, int count)
{
	return pg_popcount32(header_columns(source, fields, count));
}

/* Does it name all that an extract must have? */
bool
intake_header_complete(const IntakeSource *source, IntakeSpan *fields, int count)
{
	uint32		columns = header_columns(source, fields, count);

	for (int i = 0; i < source->layout->count; i++)
		if (source->layout->columns[i].header_needed && (columns & ((uint32) 1 << i)) == 0)
			return false;
	return true;
}

static void
report_missing(const IntakeSource *source, const IntakeHeader *header)
{
	StringInfoData missing;
	StringInfoData found;
	int			count = 0;

	initStringInfo(&missing);
	initStringInfo(&found);
	for (int i = 0; i < source->layout->count; i++)
		if (source->layout->columns[i].header_needed && header->field_of[i] < 0)
			appendStringInfo(&missing, "%s\"%s\"", count++ ? ", " : "", source->layout->columns[i].header);
	if (count == 0)
		return;
	for (int i = 0; i < header->count && i < 40; i++)
		appendStringInfo(&found, "%s%s", i ? "," : "", header->names[i]);
	ereport(ERROR,
			(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
			 errmsg_plural("extract of source \"%s\" lacks column %s", "extract of source \"%s\" lacks columns %s",
						   count, source->name, missing.data),
			 errdetail("Its header line reads: %s", pnstrdup(found.data, pg_mbcliplen(found.data, found.len, 500))),
			 errhint("If the source names the column otherwise, map it in \"columns\" of registry.source; if the header is unreadable, set \"encoding\" there.")));
}

static int
compare_extras(const void *a, const void *b, void *names)
{
	return strcmp(((char **) names)[*(const int *) a], ((char **) names)[*(const int *) b]);
}

/* Finds the columns that go by their standard or mapped name. */
static void
read_known(const IntakeSource *source, IntakeHeader *header)
{
	for (int i = 0; i < header->count; i++)
	{
		int			rank;
		int			column = intake_header_column(source->layout, &source->renamed, header->folded[i], &rank);

		if (column < 0 || rank > 0)
			continue;
		if (header->field_of[column] >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("extract of source \"%s\" has column \"%s\" twice", source->name,
							source->layout->columns[column].header),
					 errdetail("Fields %d and %d of the header line both stand for it.",
							   header->field_of[column] + 1, i + 1)));
		header->field_of[column] = i;
	}
}

/* Finds the others by other names, the best of each, or by what DBF leaves of them. */
static void
read_others(const IntakeSource *source, const bool *cut, IntakeHeader *header)
{
	int			best[INTAKE_MAX_COLUMNS];

	for (int i = 0; i < INTAKE_MAX_COLUMNS; i++)
		best[i] = header->field_of[i] >= 0 ? 0 : PG_INT32_MAX;
	for (int i = 0; i < header->count; i++)
	{
		int			rank;
		int			column = intake_header_column(source->layout, &source->renamed, header->folded[i], &rank);

		if (column < 0 && cut && cut[i])
		{
			column = intake_header_cut_column(source->layout, &source->renamed, header->folded[i]);
			rank = PG_INT32_MAX - 1;
		}
		if (column < 0 || rank >= best[column])
			continue;
		best[column] = rank;
		header->field_of[column] = i;
	}
}

/* Lists the fields without a column, under names of their own. */
static void
read_unknown(const IntakeSource *source, IntakeHeader *header)
{
	header->extra_count = 0;
	for (int i = 0; i < header->count; i++)
	{
		bool		known = false;

		for (int j = 0; j < source->layout->count; j++)
			known = known || header->field_of[j] == i;
		if (known)
			continue;
		/* two columns of one name must not hide each other */
		for (int j = 0; j < i; j++)
			if (strcmp(header->names[j], header->names[i]) == 0)
			{
				header->names[i] = psprintf("%s (column %d)", header->names[i], i + 1);
				break;
			}
		header->extras[header->extra_count++] = i;
	}
}

/*
 * intake_header_read
 *		Finds the columns of an extract.  Refuses one in which a needed column
 *		is missing or a column comes twice.  cut tells which names may be the
 *		start of a longer one (NULL: none).
 */
void
intake_header_read(const IntakeSource *source, IntakeSpan *fields, int count, const bool *cut, IntakeHeader *header)
{
	header->count = count;
	header->surplus = 0;
	header->names = palloc(count * sizeof(char *));
	header->folded = palloc(count * sizeof(char *));
	header->extras = palloc(count * sizeof(int));
	for (int i = 0; i < INTAKE_MAX_COLUMNS; i++)
		header->field_of[i] = -1;
	for (int i = 0; i < count; i++)
	{
		IntakeSpan	name = intake_undress(intake_trim(fields[i]), true);

		header->names[i] = name.length ? pnstrdup(name.data, name.length) : psprintf("column %d", i + 1);
		header->folded[i] = fold_header(name);
	}
	read_known(source, header);
	read_others(source, cut, header);
	report_missing(source, header);
	read_unknown(source, header);
	qsort_arg(header->extras, header->extra_count, sizeof(int), compare_extras, header->names);
}

/*
 * intake_header_narrow
 *		Drops nameless fields at the end that the records do not have; fields
 *		with a name stay, and the records are then too short.
 */
void
intake_header_narrow(IntakeHeader *header, int count)
{
	int			kept = 0;

	for (int i = count; i < header->count; i++)
		if (header->folded[i][0] != '\0')
			return;
	for (int i = 0; i < header->extra_count; i++)
		if (header->extras[i] < count)
			header->extras[kept++] = header->extras[i];
	header->extra_count = kept;
	header->count = count;
}

/*
 * intake_header_fits
 *		Does a record have as many fields as the header, and only empty ones
 *		where all records have more?  At most count fields are looked at, so
 *		there must be room for header->count + header->surplus of them.
 */
bool
intake_header_fits(const IntakeHeader *header, const IntakeSpan *fields, int count)
{
	if (count != header->count + header->surplus)
		return false;
	for (int i = header->count; i < count; i++)
		if (intake_trim(fields[i]).length > 0)
			return false;
	return true;
}

/* Is this record the header once more? */
bool
intake_header_repeats(const IntakeHeader *header, IntakeSpan *fields, int count)
{
	if (count < header->count || count > header->count + header->surplus)
		return false;
	/* nearly every record starts with a digit and no header does: cheap to tell */
	if (fields[0].length > 0 && fields[0].data[0] >= '0' && fields[0].data[0] <= '9' &&
		header->folded[0][0] != fields[0].data[0])
		return false;
	for (int i = 0; i < header->count; i++)
	{
		char	   *folded;
		bool		same;

		if (fields[i].length == 0 && header->folded[i][0] == '\0')
			continue;
		if (fields[i].length == 0 || fields[i].length > 200)
			return false;
		folded = fold_header(fields[i]);
		same = strcmp(folded, header->folded[i]) == 0;
		pfree(folded);
		if (!same)
			return false;
	}
	return true;
}
