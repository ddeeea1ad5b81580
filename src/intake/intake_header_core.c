/*
 * intake_header_core.c
 *		Kinds of source, their standard headers, and which column a header
 *		stands for, without the server.
 */
#include "postgres.h"

#include "intake/intake_core.h"

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

/* Column of a standard header, -1 when the layout has none of that name. */
int
intake_layout_find(const IntakeLayout *layout, const char *header)
{
	for (int i = 0; i < layout->count; i++)
		if (strcmp(layout->columns[i].header, header) == 0)
			return i;
	return -1;
}

/*
 * intake_header_fold
 *		A header for comparison: without blanks, marks and quotes, full-width
 *		forms as ASCII, Latin letters in upper case.  folded has room for the
 *		text and a zero byte.
 */
void
intake_header_fold(IntakeSpan text, char *folded)
{
	size_t		length = intake_fold(text, true, folded);
	size_t		kept = 0;

	for (size_t i = 0; i < length; i++)
	{
		char		c = folded[i];

		if (c == '"' || c == '\'' || c == '*')
			continue;
		folded[kept++] = c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
	}
	folded[kept] = '\0';
}

/*
 * intake_header_column
 *		Column of a folded header, -1 when it is none.  *rank tells how sure
 *		that is: 0 for the standard name and what the source maps to it, else
 *		the place among the synonyms.
 */
int
intake_header_column(const IntakeLayout *layout, const IntakeNames *names, const char *folded, int *rank)
{
	int			column;

	*rank = 0;
	for (int i = 0; i < names->count; i++)
		if (strcmp(names->from[i], folded) == 0)
			return intake_layout_find(layout, names->to[i]);
	column = intake_layout_find(layout, folded);
	if (column >= 0)
		return column;
	for (int i = 0; i < lengthof(synonyms); i++)
		for (int j = 0; j < lengthof(synonyms[i].names) && synonyms[i].names[j]; j++)
			if (strcmp(synonyms[i].names[j], folded) == 0)
			{
				/* names stand in several rows, for kinds of source that differ */
				column = intake_layout_find(layout, synonyms[i].header);
				if (column < 0)
					break;
				*rank = j + 1;
				return column;
			}
	return -1;
}

/* Notes a column that a cut header may stand for; -2 when there are several. */
static void
note_cut(const IntakeLayout *layout, const char *whole, const char *header, const char *folded, int *found)
{
	int			column;

	if (strncmp(whole, folded, strlen(folded)) != 0)
		return;
	column = intake_layout_find(layout, header);
	if (column >= 0)
		*found = *found == -1 || *found == column ? column : -2;
}

/*
 * intake_header_cut_column
 *		Column of a folded header that was cut, as the names of DBF fields are
 *		at ten bytes: the only one with a name that begins so; else -1.
 */
int
intake_header_cut_column(const IntakeLayout *layout, const IntakeNames *names, const char *folded)
{
	int			found = -1;

	if (*folded == '\0')
		return -1;
	for (int i = 0; i < names->count; i++)
		note_cut(layout, names->from[i], names->to[i], folded, &found);
	for (int i = 0; i < layout->count; i++)
		note_cut(layout, layout->columns[i].header, layout->columns[i].header, folded, &found);
	for (int i = 0; i < lengthof(synonyms); i++)
		for (int j = 0; j < lengthof(synonyms[i].names) && synonyms[i].names[j]; j++)
			note_cut(layout, synonyms[i].names[j], synonyms[i].header, folded, &found);
	return found < 0 ? -1 : found;
}
