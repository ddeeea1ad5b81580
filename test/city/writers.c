/*
 * writers.c
 *		The files of the deliveries and the truth files beside them.
 *
 * Three deliveries at most: "1"; "2", a month later, whose delta lists hold
 * only news; and "fresh", the state of the second one told in one piece.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "city.h"
#include "encoding.h"

const char *source_name[SOURCE_COUNT] = {
	"police_household", "police_migrant", "pension_employee", "pension_resident", "pension_public", "medical_employee",
	"medical_resident", "medical_rural", "unemployment", "injury", "maternity", "employer_registry",
	"civil_affairs_death", "justice_prison", "army", "school", "abroad", "low_income", "disabled", "land_taken",
	"national_enrolment"};

static const char *const register_header =
"公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系";
static const char *const enrolment_header =
"证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话";
static const char *const employer_header = "统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期";
static const char *const circumstance_header = "证件号码,姓名,类别,开始日期,结束日期,备注";
static const char *const elsewhere_header = "证件号码,姓名,险种,参保地,参保状态,缴费状态,开始年月,终止年月,数据期别";

enum
{
	DELIVERY_FIRST, DELIVERY_SECOND, DELIVERY_FRESH, DELIVERIES
};

typedef struct Sink
{
	FILE	   *file;
	bool		gb18030;
	bool		mark;
	long		line;			/* of the row written last; the header is line 1 */
	long		received, rejected, unchanged, inserted, changed, ended;
} Sink;

static Sink sinks[DELIVERIES][SOURCE_COUNT];
static FILE *truth_person[DELIVERIES];
static FILE *truth_problem[DELIVERIES];
static FILE *truth_reject[DELIVERIES];
static FILE *truth_owner[DELIVERIES];
static int64_t owner_number;	/* of the person whose rows are being written */
static char directory[4096];
static int	deliveries;

static bool
is_delta(int source)
{
	return source == SOURCE_DEATH || source == SOURCE_PRISON || source == SOURCE_ARMY || source == SOURCE_ABROAD ||
		source == SOURCE_NATIONAL;
}

static const char *
header_of(int source)
{
	return source <= SOURCE_MIGRANT ? register_header : source < SOURCE_EMPLOYER ? enrolment_header :
		source == SOURCE_EMPLOYER ? employer_header : source < SOURCE_NATIONAL ? circumstance_header : elsewhere_header;
}

static FILE *
open_file(int delivery, const char *name)
{
	static const char *const folder[DELIVERIES] = {"1", "2", "fresh"};
	char		path[4200];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", directory, folder[delivery]);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", directory, folder[delivery], name);
	file = fopen(path, "wb");
	if (file == NULL)
	{
		fprintf(stderr, "city: cannot write %s: %s\n", path, strerror(errno));
		exit(1);
	}
	setvbuf(file, NULL, _IOFBF, 1 << 18);
	return file;
}

static void
put_line(Sink *sink, const char *text, size_t length)
{
	static char out[16384];
	size_t		bytes = encode(out, text, length, sink->gb18030);

	fwrite(out, 1, bytes, sink->file);
	sink->line++;
}

static void
put_noise(int delivery, int source, const char *text)
{
	Sink	   *sink = &sinks[delivery][source];

	put_line(sink, text, strlen(text));
	sink->received++;
	sink->rejected++;
	fprintf(truth_reject[delivery], "%s\t%ld\tnot_data\tdiscarded\n", source_name[source], sink->line);
}

void
deliveries_open(const char *out, int encoding)
{
	snprintf(directory, sizeof(directory), "%s", out);
	deliveries = city.second ? DELIVERIES : 1;
	encoding_prepare();
	for (int d = 0; d < deliveries; d++)
	{
		FILE	   *manifest = open_file(d, "manifest.tsv");
		int			cutoff = city.reference[d == DELIVERY_FIRST ? 1 : 2];

		fprintf(manifest, "order\tsource\tcutoff\tfile_name\tencoding\n");
		for (int s = 0; s < SOURCE_COUNT; s++)
		{
			Sink	   *sink = &sinks[d][s];
			char		name[80];

			snprintf(name, sizeof(name), "%s.csv", source_name[s]);
			sink->file = open_file(d, name);
			sink->gb18030 = encoding == ENCODING_GB18030 || (encoding == ENCODING_MIXED && s % 3 == 0);
			sink->mark = encoding == ENCODING_MIXED && s % 3 == 2;
			fprintf(manifest, "%d\t%s\t%04d-%02d-%02d\t%s\t%s\n", s + 1, source_name[s], cutoff / 10000, cutoff / 100 % 100,
					cutoff % 100, name, sink->gb18030 ? "GB18030" : "UTF-8");
			if (sink->mark)
				fputs("\xef\xbb\xbf", sink->file);
			put_line(sink, header_of(s), strlen(header_of(s)));
			fputs("\r\n", sink->file);
		}
		fclose(manifest);
		truth_person[d] = open_file(d, "truth_person.tsv");
		truth_problem[d] = open_file(d, "truth_problem.tsv");
		truth_reject[d] = open_file(d, "truth_reject.tsv");
		truth_owner[d] = open_file(d, "truth_owner.tsv");
		fprintf(truth_person[d], "citizen_id\tclass\tpaying\treceiving\tpaused\telsewhere\tdue\tgap\tlife_status\tterritory\n");
		fprintf(truth_problem[d], "rule_id\tkey\tmonths\tamount\tstate\tdetail\n");
		fprintf(truth_reject[d], "source\tline_no\tcode\tstate\n");
		fprintf(truth_owner[d], "source\tline_no\tcitizen_id\tmatchable\n");
	}
}

static void
close_or_die(FILE *file)
{
	if (ferror(file) || fclose(file) != 0)
	{
		fprintf(stderr, "city: cannot write: %s\n", strerror(errno));
		exit(1);
	}
}

void
deliveries_close(void)
{
	for (int d = 0; d < deliveries; d++)
	{
		FILE	   *batch = open_file(d, "truth_batch.tsv");
		FILE	   *coverage = open_file(d, "truth_coverage.tsv");

		fprintf(batch, "source\treceived\trejected\tunchanged\tinserted\tchanged\tended\n");
		for (int s = 0; s < SOURCE_COUNT; s++)
		{
			Sink	   *sink = &sinks[d][s];

			if (!city.clean && s % 3 == 0 && sink->received > 0)
			{
				char		total[200];
				int			commas = 0;
				size_t		length = (size_t) snprintf(total, sizeof(total), "合计,%ld", sink->received);

				for (const char *c = header_of(s); *c != '\0'; c++)
					commas += *c == ',';
				while (--commas > 0)
					total[length++] = ',';
				strcpy(total + length, "\r\n");
				put_noise(d, s, total);
			}
			fprintf(batch, "%s\t%ld\t%ld\t%ld\t%ld\t%ld\t%ld\n", source_name[s], sink->received, sink->rejected, sink->unchanged,
					sink->inserted, sink->changed, sink->ended);
			close_or_die(sink->file);
		}
		truth_coverage_write(coverage, d == DELIVERY_FIRST ? 1 : 2);
		close_or_die(batch);
		close_or_die(coverage);
		close_or_die(truth_person[d]);
		close_or_die(truth_problem[d]);
		close_or_die(truth_reject[d]);
		close_or_die(truth_owner[d]);
	}
}

/* ---- a row as text ---- */

static char line[4096];
static size_t line_length;

static void
put(const char *text)
{
	size_t		length = strlen(text);

	memcpy(line + line_length, text, length);
	line_length += length;
}

static void
next(void)
{
	line[line_length++] = ',';
}

static void
put_number(int64_t value)
{
	char		digits[24];
	int			length = 0;

	do
		digits[length++] = (char) ('0' + value % 10);
	while ((value /= 10) > 0);
	while (length > 0)
		line[line_length++] = digits[--length];
}

/* Six digits, or nothing. */
static void
put_month(int month)
{
	if (month != 0)
		put_number(month / 12 * 100 + month % 12 + 1);
}

static void
put_date(int date)
{
	if (date != 0)
		put_number(date);
}

/*
 * Something that follows from a row's number alone: which of the spellings in
 * use the row gets.  The same in every delivery.
 */
static uint64_t
spelling(const Identity *id)
{
	uint64_t	sum = city.seed;

	for (const char *c = id->number; *c != '\0'; c++)
		sum = sum * 31 + (unsigned char) *c;
	return mix64(sum) % 1000;
}

/* An open end: nothing, or one of the values that stand for nothing. */
static void
put_open(const Identity *id, const char *const *nothing)
{
	uint64_t	draw = spelling(id);

	if (!city.clean && draw < 20)
		put(nothing[draw % 3]);
}

/* A date as a list writes it: plain, with hyphens, or as a spreadsheet counts days. */
static void
put_list_date(const Identity *id, int date)
{
	uint64_t	draw = spelling(id);
	char		text[32];

	if (!city.clean && draw >= 20 && draw < 40)
		put_number(date_serial(date));
	else if (draw >= 40 && draw < 240)
	{
		snprintf(text, sizeof(text), "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
		put(text);
	}
	else
		put_date(date);
}

static const char *const no_month[3] = {"999912", "000000", ""};
static const char *const no_date[3] = {"99991231", "0000-00-00", "9999-12-31"};

static void
put_amount(int cents)
{
	put_number(cents / 100);
	line[line_length++] = '.';
	line[line_length++] = (char) ('0' + cents / 10 % 10);
	line[line_length++] = (char) ('0' + cents % 10);
}

void
print_region(char *text, int64_t code)
{
	int			length = 0;
	char		digits[24];
	int			at = 0;

	do
		digits[length++] = (char) ('0' + code % 10);
	while ((code /= 10) > 0);
	while (length > 0)
		text[at++] = digits[--length];
	text[at] = '\0';
}

static void
put_address(const Facts *facts, int64_t region)
{
	static const char *const county[] = {"大通区", "田家庵区", "谢家集区", "八公山区", "潘集区", "凤台县", "寿县"};
	char		text[16];
	uint64_t	draw = mix64(facts->core->household);
	bool		quoted = draw % 50 == 0;

	if (region == 0)
		return;
	print_region(text, region);
	if (quoted)
		put("\"");
	if (strncmp(text, "3404", 4) != 0)
		put("外地");
	else
		put(county[text[4] == '2' ? 5 + (text[5] == '2') : (text[5] - '2') % 7]);
	put("新村");
	put_number((int64_t) (draw >> 8) % 90 + 1);
	put("号");
	if (quoted)
		put(",3栋\"");
}

/* Damages of a whole row, and its end. */
static void
end_line(const Identity *id)
{
	if (id->reject != NULL && strcmp(id->reject, "fields") == 0)
	{
		/* two too many, or the last two cut off: rows with this damage quote nothing there */
		if (id->number[16] % 2 == 0)
			put(",多,余");
		else
			for (int fields = 0; fields < 2;)
				fields += line[--line_length] == ',';
	}
	if (id->reject != NULL && strcmp(id->reject, "encoding") == 0)
		line[line_length++] = BROKEN_BYTE;
	put("\r\n");
}

static bool
rejected_as(const Identity *id, const char *code)
{
	return id->reject != NULL && strcmp(id->reject, code) == 0;
}

static void
build_register(const Facts *facts, bool other_phone)
{
	static const char *const status[] = {"正常", "死亡", "迁出", "注销"};
	const Register *person = &facts->person;

	line_length = 0;
	put(person->id.number), next();
	put(person->id.name), next();
	put(person->former), next();
	put(person->sex), next();
	if (facts->core->ethnic < 10)
		put("0");
	put_number(facts->core->ethnic), next();
	put(person->birth), next();
	put_number(person->hukou), next();
	put_address(facts, person->hukou), next();
	if (person->residence != 0)
		put_number(person->residence);
	next();
	put_address(facts, person->residence), next();
	put(other_phone ? "13000000000" : person->phone), next();
	put(mix64(facts->core->household) % 3 == 0 ? "10" : "20"), next();
	put(status[person->status]), next();
	put_date(person->status_date), next();
	put(person->reason == NULL ? "" : person->reason), next();
	put("3404H");
	put_number(facts->core->household), next();
	if (facts->core->relation == 0)
		put("01");
	else
		put_number(facts->core->relation);
	end_line(&person->id);
}

static void
build_enrolment(const Enrolment *row, bool other_phone)
{
	const Identity *id = &row->id;

	line_length = 0;
	put(id->number), next();
	put(id->name), next();
	put(rejected_as(id, "missing") ? "" : rejected_as(id, "code") ? "999" : row->code), next();
	put(row->personal), next();
	put(row->employer < 0 ? "" : city.employers[row->employer].code), next();
	put(row->employer < 0 ? "" : city.employers[row->employer].name), next();
	put_number(row->agency), next();
	put_number(row->status), next();
	put_number(row->pay), next();
	if (rejected_as(id, "month"))
		put("202613");
	else
		put_month(row->start);
	next();
	if (rejected_as(id, "PN22"))
		put_month(row->start - 3);
	else if (row->end == 0)
		put_open(id, no_month);
	else
		put_month(row->end);
	next();
	put_month(row->paid_through), next();
	put_number(row->benefit), next();
	put_month(row->benefit_from), next();
	put_month(row->benefit_to), next();
	if (row->monthly != 0)
		put_amount(row->monthly);
	next();
	put_number(row->identity), next();
	put(other_phone ? "13000000000" : row->phone);
	end_line(id);
}

static void
build_circumstance(const Circumstance *row, bool other_note)
{
	line_length = 0;
	put(row->id.number), next();
	put(row->id.name), next();
	put(row->kind), next();
	if (rejected_as(&row->id, "date"))
		put("2026-02-30");
	else
		put_list_date(&row->id, row->start);
	next();
	if (row->end == 0)
		put_open(&row->id, no_date);
	else
		put_list_date(&row->id, row->end);
	next();
	put(other_note ? "待核" : "");
	end_line(&row->id);
}

static void
build_elsewhere(const Elsewhere *row)
{
	line_length = 0;
	put(row->id.number), next();
	put(row->id.name), next();
	put(row->code), next();
	put_number(row->region), next();
	put_number(row->status), next();
	put_number(row->pay), next();
	put_month(row->start), next();
	put_month(row->end), next();
	put("202609");
	end_line(&row->id);
}

/* ---- a row into a file ---- */

/* Whose a row with a wrong number really is, and whether one who knows the register could find out. */
static void
owner_write(int delivery, int source, long line_no, const Identity *id)
{
	char		number[19];

	if (owner_number == 0 || id->reject != NULL || (id->fault == NULL && id->owner == 0))
		return;
	number_print(owner_number, number);
	fprintf(truth_owner[delivery], "%s\t%ld\t%s\t%s\n", source_name[source], line_no, number,
			id->repaired || id->proposal || id->owner == 1 ? "t" : "f");
}

static void
emit(int delivery, int source, const Identity *id)
{
	Sink	   *sink = &sinks[delivery][source];

	put_line(sink, line, line_length);
	sink->received++;
	owner_write(delivery, source, sink->line, id);
	if (id->reject != NULL || id->fault != NULL)
	{
		fprintf(truth_reject[delivery], "%s\t%ld\t%s\t%s\n", source_name[source], sink->line,
				id->reject != NULL ? id->reject : id->fault, id->fault != NULL && id->repaired ? "repaired" : "open");
		if (id->reject == NULL && id->fault[2] != '2' && !(id->repaired && id->check_only))
			fprintf(truth_problem[delivery], "%s\t%s:%ld\t\t\t%s\t%s\n", id->fault, source_name[source], sink->line,
					id->repaired ? "closed" : "open", id->number);
	}
	if (!row_counts(id, id->owner))
		sink->rejected++;
	else if (delivery != DELIVERY_SECOND || id->origin < 0)
		sink->inserted++;
	else if (id->changed)
		sink->changed++;
	else
		sink->unchanged++;
	if (!city.clean && source % 4 == 2 && sink->received == 700)
	{
		char		header[1024];

		snprintf(header, sizeof(header), "%s\r\n", header_of(source));
		put_noise(delivery, source, header);
	}
}

/* The copy of a row that stands in the file twice, after its line has been built. */
static void
emit_copy(int delivery, int source, const Identity *id)
{
	Sink	   *sink = &sinks[delivery][source];

	put_line(sink, line, line_length);
	sink->received++;
	if (id->duplicate == 1)
	{
		sink->unchanged++;
		return;
	}
	sink->rejected++;
	fprintf(truth_reject[delivery], "%s\t%ld\tduplicate_in_file\topen\n", source_name[source], sink->line);
}

/* Which deliveries a row of the first (or second) state goes into. */
static bool
goes_into(int delivery, int source, const Identity *id, bool is_second)
{
	if ((delivery == DELIVERY_FIRST) == is_second)
		return false;
	return delivery != DELIVERY_SECOND || !is_delta(source) || id->origin < 0 || id->changed;
}

static void
emit_row(int source, const Identity *id, bool is_second)
{
	for (int d = 0; d < deliveries; d++)
		if (goes_into(d, source, id, is_second))
		{
			emit(d, source, id);
			if (id->duplicate == 1)
				emit_copy(d, source, id);
		}
}

static void
emit_before(int source, const Identity *id, bool is_second)
{
	for (int d = 0; d < deliveries; d++)
		if (goes_into(d, source, id, is_second))
			emit_copy(d, source, id);
}

static void
register_state(const Facts *facts, bool is_second)
{
	int			source = facts->core->kind == KIND_MIGRANT ? SOURCE_MIGRANT : SOURCE_HOUSEHOLD;

	if (!facts->person.present)
		return;
	if (facts->person.id.duplicate == 2)
	{
		build_register(facts, true);
		emit_before(source, &facts->person.id, is_second);
	}
	build_register(facts, false);
	emit_row(source, &facts->person.id, is_second);
}

void
write_register(const Facts *first, const Facts *second)
{
	register_state(first, false);
	if (second != NULL)
		register_state(second, true);
}

static void
rows_state(const Facts *facts, bool is_second)
{
	owner_number = facts->core->number17;
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];

		if (row->id.duplicate == 2)
		{
			build_enrolment(row, true);
			emit_before(row->source, &row->id, is_second);
		}
		build_enrolment(row, false);
		emit_row(row->source, &row->id, is_second);
	}
	for (int i = 0; i < facts->circumstances; i++)
	{
		const Circumstance *row = &facts->circumstance[i];

		if (row->id.duplicate == 2)
		{
			build_circumstance(row, true);
			emit_before(row->source, &row->id, is_second);
		}
		build_circumstance(row, false);
		emit_row(row->source, &row->id, is_second);
	}
	for (int i = 0; i < facts->elsewheres; i++)
	{
		build_elsewhere(&facts->elsewhere[i]);
		emit_row(SOURCE_NATIONAL, &facts->elsewhere[i].id, is_second);
	}
}

/* Rows that a full list does not hold any more. */
static void
count_ended(const Facts *first, const Facts *second)
{
	for (int i = 0; i < first->enrolments; i++)
	{
		bool		kept = !row_counts(&first->enrolment[i].id, first->enrolment[i].id.owner);

		for (int j = 0; j < second->enrolments && !kept; j++)
			kept = second->enrolment[j].id.origin == i;
		if (!kept)
			sinks[DELIVERY_SECOND][first->enrolment[i].source].ended++;
	}
	for (int i = 0; i < first->circumstances; i++)
	{
		bool		kept = !row_counts(&first->circumstance[i].id, 0) || is_delta(first->circumstance[i].source);

		for (int j = 0; j < second->circumstances && !kept; j++)
			kept = second->circumstance[j].id.origin == i;
		if (!kept)
			sinks[DELIVERY_SECOND][first->circumstance[i].source].ended++;
	}
}

static void
truth_state(const Facts *facts, int delivery)
{
	Answer		answer;
	char		number[19];

	for (int owner = 0; owner < 2; owner++)
	{
		if (!truth_of(facts, owner, delivery == DELIVERY_FIRST ? 1 : 2, &answer))
			continue;
		if (delivery != DELIVERY_FRESH)
			truth_count(&answer, delivery == DELIVERY_FIRST ? 1 : 2);
		truth_person_write(truth_person[delivery], &answer);
		number_print(answer.number17, number);
		for (int i = 0; i < answer.problems; i++)
		{
			const Problem *p = &answer.problem[i];

			fprintf(truth_problem[delivery], "%s\t%s\t", p->rule, number);
			if (p->months >= 0)
				fprintf(truth_problem[delivery], "%d", p->months);
			putc('\t', truth_problem[delivery]);
			if (p->amount >= 0)
				fprintf(truth_problem[delivery], "%lld.%02d", (long long) (p->amount / 100), (int) (p->amount % 100));
			fprintf(truth_problem[delivery], "\t%s\t\n", p->closed ? "closed" : "open");
		}
	}
}

void
write_rest(const Facts *first, const Facts *second)
{
	rows_state(first, false);
	truth_state(first, DELIVERY_FIRST);
	if (second == NULL)
		return;
	rows_state(second, true);
	if (second != first)
		count_ended(first, second);
	truth_state(second, DELIVERY_SECOND);
	truth_state(second, DELIVERY_FRESH);
}

void
write_employers(void)
{
	for (int d = 0; d < deliveries; d++)
		for (size_t i = 0; i < city.employer_count; i++)
		{
			const Employer *employer = &city.employers[i];
			Identity	id = {.changed = i % 50 == 7};

			line_length = 0;
			put(employer->code), next();
			put(employer->name), next();
			put(employer->kind == 1 ? "事业单位" : "企业"), next();
			put_number(employer->county), next();
			put("朝阳路"), put_number((int64_t) i % 300 + 1), put("号"), next();
			put("王建国"), next();
			put_number(employer->staff + (d != DELIVERY_FIRST && id.changed ? 1 : 0)), next();
			put(employer->kind == 2 ? "注销" : "存续"), next();
			put_date(20050301 + (int) (i % 15) * 10000);
			put("\r\n");
			emit(d, SOURCE_EMPLOYER, &id);
			if (employer->code_broken)
				fprintf(truth_problem[d], "EM01\t%s\t\t\topen\t\n", employer->code);
		}
}
