/*
 * intake_layout.c
 *		Kinds of source: their standard headers, how a source renames them,
 *		and code tables.
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

/*
 * Standard headers (contract of the extract layouts).  Order matters twice:
 * the first broken column decides the reject, and the row hash runs over the
 * columns in this order.
 */
const IntakeLayout intake_layouts[INTAKE_KINDS] = {
	[INTAKE_POPULATION] = {"population", 17, {
			{"公民身份号码", "number", COLUMN_NUMBER, true, true},
			{"姓名", "name", COLUMN_NAME, true, false},
			{"曾用名", "former_name", COLUMN_OTHER_NAME, false, false},
			{"性别", "sex", COLUMN_SEX, false, false},
			{"民族", "ethnic", COLUMN_TEXT, false, false},
			{"出生日期", "birth_date", COLUMN_SOFT_DATE, false, false},
			{"户籍地", "hukou_region", COLUMN_REGION, true, false},
			{"户籍地址", "hukou_address", COLUMN_LONG_TEXT, false, false},
			{"居住地", "residence_region", COLUMN_REGION, false, false},
			{"居住地址", "residence_address", COLUMN_LONG_TEXT, false, false},
			{"联系电话", "phone", COLUMN_CODE_TEXT, false, false},
			{"户口性质", "hukou_kind", COLUMN_TEXT, false, false},
			{"管理状态", NULL, COLUMN_STATE, true, true},
			{"状态日期", "status_date", COLUMN_DATE, false, false},
			{"注销原因", "cancel_reason", COLUMN_TEXT, false, false},
			{"户号", "household_no", COLUMN_CODE_TEXT, false, false},
			{"与户主关系", "household_relation", COLUMN_TEXT, false, false},
	}},
	[INTAKE_ENROLMENT] = {"enrolment", 18, {
			{"证件号码", "number", COLUMN_NUMBER, true, true},
			{"姓名", "name", COLUMN_NAME, true, false},
			{"险种", "scheme", COLUMN_SCHEME, true, true},
			{"个人编号", "personal_no", COLUMN_CODE_TEXT, false, false},
			{"单位编号", "employer", COLUMN_CREDIT_CODE, false, false},
			{"单位名称", "employer_name", COLUMN_LONG_TEXT, false, false},
			{"经办区划", "agency", COLUMN_REGION, true, false},
			{"参保状态", "enrol_status", COLUMN_CODE, true, true},
			{"缴费状态", "pay_status", COLUMN_CODE, true, true},
			{"开始年月", "start_month", COLUMN_MONTH, true, false},
			{"终止年月", "end_month", COLUMN_MONTH, false, false},
			{"缴至年月", "paid_through", COLUMN_MONTH, false, false},
			{"待遇状态", "benefit_state", COLUMN_CODE, false, false},
			{"待遇开始", "benefit_from", COLUMN_MONTH, false, false},
			{"待遇终止", "benefit_to", COLUMN_MONTH, false, false},
			{"月待遇", "benefit_monthly", COLUMN_AMOUNT, false, false},
			{"参保身份", "identity", COLUMN_CODE, false, false},
			{"联系电话", "phone", COLUMN_CODE_TEXT, false, false},
	}},
	[INTAKE_CIRCUMSTANCE] = {"circumstance", 6, {
			{"证件号码", "number", COLUMN_NUMBER, true, true},
			{"姓名", "name", COLUMN_NAME, true, false},
			{"类别", "kind", COLUMN_CIRCUMSTANCE, true, true},
			{"开始日期", "start_date", COLUMN_DATE, true, false},
			{"结束日期", "end_date", COLUMN_DATE, false, false},
			{"备注", "note", COLUMN_LONG_TEXT, false, false},
	}},
	[INTAKE_ELSEWHERE] = {"elsewhere", 9, {
			{"证件号码", "number", COLUMN_NUMBER, true, true},
			{"姓名", "name", COLUMN_NAME, true, false},
			{"险种", "scheme", COLUMN_SCHEME, true, true},
			{"参保地", "region", COLUMN_REGION, true, true},
			{"参保状态", "enrol_status", COLUMN_CODE, true, true},
			{"缴费状态", "pay_status", COLUMN_CODE, true, true},
			{"开始年月", "start_month", COLUMN_MONTH, true, false},
			{"终止年月", "end_month", COLUMN_MONTH, false, false},
			{"数据期别", "data_period", COLUMN_TEXT, false, false},
	}},
	[INTAKE_EMPLOYER] = {"employer", 9, {
			{"统一社会信用代码", "code", COLUMN_CREDIT_CODE, true, true},
			{"单位名称", "name", COLUMN_LONG_TEXT, true, true},
			{"单位类型", "employer_kind", COLUMN_TEXT, false, false},
			{"登记区划", "region", COLUMN_REGION, false, false},
			{"地址", "address", COLUMN_LONG_TEXT, false, false},
			{"法定代表人", "legal_person", COLUMN_OTHER_NAME, false, false},
			{"职工人数", "staff", COLUMN_COUNT, false, false},
			{"登记状态", "state", COLUMN_TEXT, false, false},
			{"成立日期", "founded_on", COLUMN_DATE, false, false},
	}},
};

/*
 * Other names under which a column arrives, the more telling first.  They
 * count only where the extract has no column of the standard name, nor one
 * that the source maps to it.
 */
typedef struct Synonyms
{
	const char *header;
	const char *names[16];
} Synonyms;

#define NUMBER_NAMES "公民身份号码", "公民身份证号码", "公民身份证号", "居民身份证号码", "居民身份证号", "身份证号码", "身份证号", \
	"证件号码", "证件号", "有效证件号码", "身份证件号码", "身份证件号", "社会保障号码", "社会保障号", "身份证"

static const Synonyms synonyms[] = {
	{"公民身份号码", {NUMBER_NAMES}},
	{"证件号码", {NUMBER_NAMES}},
	{"姓名", {"参保人姓名", "参保人员姓名", "人员姓名", "公民姓名", "居民姓名", "学生姓名", "死亡人员姓名", "死者姓名"}},
	{"曾用名", {"曾用姓名", "原姓名"}},
	{"性别", {"性别代码"}},
	{"民族", {"民族代码", "民族名称"}},
	{"出生日期", {"出生年月日"}},
	{"户籍地", {"户籍地区划", "户籍地区划代码", "户籍地行政区划", "户籍地行政区划代码", "户籍所在地区划"}},
	{"户籍地址", {"户籍地详细地址", "户籍地详址", "户籍详细地址"}},
	{"居住地", {"居住地区划", "居住地区划代码", "居住地行政区划", "居住地行政区划代码", "常住地区划", "现住地区划"}},
	{"居住地址", {"居住地详细地址", "现居住地址", "现住地址", "现住址", "常住地址"}},
	{"联系电话", {"手机号码", "手机号", "手机", "移动电话", "联系方式", "电话号码", "电话"}},
	{"户口性质", {"户籍性质", "户口类型"}},
	{"管理状态", {"人口管理状态", "户籍状态"}},
	{"状态日期", {"状态变更日期"}},
	{"注销原因", {"户口注销原因"}},
	{"户号", {"家庭户号", "户编号"}},
	{"与户主关系", {"户主关系", "与户主关系代码"}},
	{"险种", {"险种代码", "险种编码", "险种类型", "参保险种", "险种名称"}},
	{"个人编号", {"人员编号", "参保人编号", "个人代码"}},
	{"单位编号", {"统一社会信用代码", "单位统一社会信用代码", "社会信用代码"}},
	{"单位名称", {"参保单位名称", "参保单位", "用人单位名称", "用人单位", "企业名称", "机构名称"}},
	{"经办区划", {"经办机构区划", "经办区划代码", "经办地区划", "参保区划", "参保地区划", "统筹区划", "统筹区", "行政区划", "行政区划代码"}},
	{"参保地", {"参保地区划", "参保地区划代码", "参保地行政区划", "行政区划", "行政区划代码"}},
	{"参保状态", {"人员参保状态", "参保状态代码"}},
	{"缴费状态", {"人员缴费状态", "缴费状态代码"}},
	{"开始年月", {"参保开始年月", "开始缴费年月", "缴费开始年月", "起始年月"}},
	{"终止年月", {"参保终止年月", "终止缴费年月", "缴费终止年月", "结束年月"}},
	{"缴至年月", {"最后缴费年月", "实缴至年月"}},
	{"待遇开始", {"待遇开始年月", "待遇享受开始年月"}},
	{"待遇终止", {"待遇终止年月", "待遇享受终止年月"}},
	{"月待遇", {"月待遇金额", "待遇月标准"}},
	{"参保身份", {"参保人员身份", "参保身份代码"}},
	{"类别", {"人员类别", "类别名称", "类型"}},
	{"开始日期", {"起始日期", "开始时间", "死亡日期", "死亡时间"}},
	{"结束日期", {"终止日期", "截止日期", "结束时间"}},
	{"备注", {"说明", "备注说明"}},
	{"统一社会信用代码", {"单位统一社会信用代码", "社会信用代码", "信用代码"}},
	{"单位类型", {"单位类别", "企业类型", "机构类型"}},
	{"登记区划", {"登记地区划", "登记区划代码", "行政区划", "行政区划代码"}},
	{"地址", {"注册地址", "单位地址", "住所"}},
	{"法定代表人", {"法定代表人姓名", "法人代表", "法人姓名", "法人", "负责人"}},
	{"职工人数", {"从业人数", "从业人员数"}},
	{"登记状态", {"企业状态", "经营状态"}},
	{"成立日期", {"成立时间", "注册日期", "设立日期"}},
};

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

static int
layout_find(const IntakeLayout *layout, const char *header)
{
	for (int i = 0; i < layout->count; i++)
		if (strcmp(layout->columns[i].header, header) == 0)
			return i;
	return -1;
}

/*
 * intake_fold_header
 *		A header for comparison: without blanks, marks and quotes, full-width
 *		forms as ASCII, Latin letters in upper case.
 */
char *
intake_fold_header(IntakeSpan text)
{
	char	   *folded = palloc(text.length + 1);
	size_t		length = intake_fold(text, true, folded);
	size_t		kept = 0;

	for (size_t i = 0; i < length; i++)
		if (folded[i] != '"' && folded[i] != '\'' && folded[i] != '*')
			folded[kept++] = pg_ascii_toupper((unsigned char) folded[i]);
	folded[kept] = '\0';
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
	source->renamed_count = (int) SPI_processed;
	source->renamed_from = MemoryContextAlloc(context, Max(1, SPI_processed) * sizeof(char *));
	source->renamed_to = MemoryContextAlloc(context, Max(1, SPI_processed) * sizeof(char *));
	for (int i = 0; i < source->renamed_count; i++)
	{
		char	   *from = spi_text(context, i, 1);
		char	   *to = spi_text(context, i, 2);
		MemoryContext old = MemoryContextSwitchTo(context);

		source->renamed_from[i] = intake_fold_header((IntakeSpan) {from, strlen(from)});
		source->renamed_to[i] = to ? to : pstrdup("");
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
		int			column = layout_find(source->layout, header);

		if (column >= 0)
			code_add(&source->codes[column], from,
					 standard_value(source, &source->layout->columns[column], from, to));
	}
	for (size_t i = 0; i < lengthof(default_codes); i++)
	{
		int			column = layout_find(source->layout, default_codes[i].header);

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

/*
 * Column of a folded header, -1 when it is none.  *rank tells how sure that
 * is: 0 for the standard name and what the source maps to it, else the place
 * among the synonyms.
 */
static int
header_column(const IntakeSource *source, const char *folded, int *rank)
{
	int			column;

	*rank = 0;
	for (int i = 0; i < source->renamed_count; i++)
		if (strcmp(source->renamed_from[i], folded) == 0)
			return layout_find(source->layout, source->renamed_to[i]);
	column = layout_find(source->layout, folded);
	if (column >= 0)
		return column;
	for (int i = 0; i < lengthof(synonyms); i++)
	{
		column = layout_find(source->layout, synonyms[i].header);
		for (int j = 0; column >= 0 && j < lengthof(synonyms[i].names) && synonyms[i].names[j]; j++)
			if (strcmp(synonyms[i].names[j], folded) == 0)
			{
				*rank = j + 1;
				return column;
			}
	}
	return -1;
}

/* Notes a column that a cut header may stand for; -2 when there are several. */
static void
note_cut(const IntakeSource *source, const char *whole, const char *header, const char *folded, int *found)
{
	int			column;

	if (strncmp(whole, folded, strlen(folded)) != 0)
		return;
	column = layout_find(source->layout, header);
	if (column >= 0)
		*found = *found == -1 || *found == column ? column : -2;
}

/*
 * Column of the name of a DBF field, which has room for ten bytes: the only
 * one with a name that begins so.
 */
static int
cut_header_column(const IntakeSource *source, const char *folded)
{
	int			found = -1;
	size_t		bytes = 0;		/* in GBK */

	for (const char *p = folded; *p; p++)
		bytes += !IS_HIGHBIT_SET(*p) ? 1 : (*p & 0xc0) == 0xc0 ? 2 : 0;
	if (bytes < 9)
		return -1;
	for (int i = 0; i < source->renamed_count; i++)
		note_cut(source, source->renamed_from[i], source->renamed_to[i], folded, &found);
	for (int i = 0; i < source->layout->count; i++)
		note_cut(source, source->layout->columns[i].header, source->layout->columns[i].header, folded, &found);
	for (int i = 0; i < lengthof(synonyms); i++)
		for (int j = 0; j < lengthof(synonyms[i].names) && synonyms[i].names[j]; j++)
			note_cut(source, synonyms[i].names[j], synonyms[i].header, folded, &found);
	return found < 0 ? -1 : found;
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
		folded = intake_fold_header(fields[i]);
		column = header_column(source, folded, &rank);
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
		int			column = header_column(source, header->folded[i], &rank);

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
read_others(const IntakeSource *source, bool dbf, IntakeHeader *header)
{
	int			best[INTAKE_MAX_COLUMNS];

	for (int i = 0; i < INTAKE_MAX_COLUMNS; i++)
		best[i] = header->field_of[i] >= 0 ? 0 : PG_INT32_MAX;
	for (int i = 0; i < header->count; i++)
	{
		int			rank;
		int			column = header_column(source, header->folded[i], &rank);

		if (column < 0 && dbf)
		{
			column = cut_header_column(source, header->folded[i]);
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
 *		is missing or a column comes twice.  dbf: names may have been cut.
 */
void
intake_header_read(const IntakeSource *source, IntakeSpan *fields, int count, bool dbf, IntakeHeader *header)
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
		header->folded[i] = intake_fold_header(name);
	}
	read_known(source, header);
	read_others(source, dbf, header);
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
		folded = intake_fold_header(fields[i]);
		same = strcmp(folded, header->folded[i]) == 0;
		pfree(folded);
		if (!same)
			return false;
	}
	return true;
}
