/*
 * truth.c
 *		What must come out: life status, planes, duties, class and problems of a
 *		person, computed from the facts by the rules of design.md §11 and of the
 *		rule table in domain.md §4.  Written from the documents alone, as the
 *		oracle for the code under test.
 *
 * Where the documents leave a choice, the most literal reading was taken:
 *
 *	 1. paused: a row with 参保状态 2 or 缴费状态 2 counts whatever its months; a
 *		normal row with 缴至年月 three or more months behind counts even when its
 *		终止年月 has passed.  终止年月 before the reference month alone (no 缴至年月)
 *		gives neither paying nor paused.
 *	 2. "an open row" in the definition of employed is a row without 终止年月.
 *	 3. Planes are computed for everybody, also the dead and the moved-out.
 *	 4. Work injury "paid for anybody of that employer" is any paying W row with
 *		that employer's code, whoever the person is.
 *	 5. Standing (coverage report): receiving, enrolled and elsewhere count only
 *		schemes that satisfy the duty (P2 does not for an employed person).  The
 *		plain order of the design holds then: receiving before enrolled.
 *	 6. A row paused in a scheme whose benefit runs stands in paused too.
 *	 7. elsewhere is a row of the national answer with 参保状态 1, 缴费状态 1 and a
 *		参保地 outside the home region (341521 and 342422 are inside), whatever its months.
 *	 8. MD02 and MD03: the months are counted in the 24 months that end with the
 *		last month the pair shares; each pair is judged alone, then the months of
 *		the pairs of one rule are united.
 *	 9. MD14: a year by 开始年月 and 终止年月, or 缴至年月 where that is empty.
 *	10. Doubles, UW03 among them, stand for nobody gone (20-34) and are never
 *		written as closed: a delivery's truth holds the problems that a fresh
 *		load of the state shows.  A register kept up from delivery to delivery
 *		holds closed rows besides; compare closed rows as "contained in".
 *	11. BN01 counts distinct months after the month of death over all benefit
 *		rows; the amount adds up per row.  Death dates: the register's, else the
 *		death list's earliest.
 *	12. BN03: every calendar month that lies wholly between the first and the
 *		last day of a 服刑 sentence; unemployment benefits left aside.
 *	13. HK08 needs a cancelled register row (出国定居, 加入外国国籍); a person known as
 *		settled abroad from another list alone raises none.  HK04 likewise needs
 *		the register's 死亡, not only a death list.
 *	14. HK10 needs a life status 10; any accepted row of an enrolment source or of
 *		the national answer, also an ended or a schemeless one (410 of a medical
 *		source), prevents it.
 *	15. ID06, HK02, DP04, ID22, HK12 and HK03 are one problem per person.
 *	16. A row whose name is invalid (ID22) raises neither HK02 nor DP04.
 *	17. ID04 of a repaired row is closed and keyed by its row; where only the
 *		check character was wrong ID05 (closed, keyed by the person) replaces it.
 *	18. DP06 of a broken number stands at the registered person it may mean; of a
 *		valid but mistaken number, at the person that the number makes.  "One
 *		edit away" of two valid numbers: one digit or one swap within the first
 *		17 digits, the check character following.
 *	19. ID20 and ID21 are rejects and raise no problem row.
 *	20. Persons known from a list only (HK03) are 90 with the home region as
 *		territory.  A 90-person's territory is the agency of the row with the
 *		newest 开始年月.
 *	21. ID06, ID11, ID15, ID16, HK02 and DP04 stand at gone people too; only doubles
 *		and HK04, HK05, HK08 ask for the life status or for planes.
 *	22. The birth date that decides ages is the number's; dirt never moves the
 *		register's item over a birthday that matters.
 *	23. MD05 is for adults, MD06 for people under 18 at the cutoff and for rows
 *		with 参保身份 4.
 *	24. An unreadable birth date in a register row raises no ID16.
 *	25. A row that a source drops from a full extract is gone for every rule; a
 *		row refused in the first delivery and right in the second counts as
 *		inserted there, one repaired in the first and right in the second as
 *		changed.
 *	26. Rules in the truth are those named here and MD04, MD05, MD06, PN06, PN08 to
 *		PN11 and PN13; others (ID12, HK06, BN11 ...) are not written at all.
 *	27. Ages: ID09 (future, or over 120), ID10 (over 100, in a register), BN08 (100
 *		and a pension in receipt) and PN17 stand for nobody gone.  PN17: a P1 row
 *		without benefit is paying beyond the last retirement month that can be the
 *		person's (a woman's kind is unknown: 55) and three years; months are the
 *		paid ones after that.  PN18: benefit months before 55 (man) or 45 (woman),
 *		because special trades may go five years earlier.  PN19: the first P1 month
 *		lies before the month of the 16th birthday; months are the paid ones before.
 *	28. PN15: the P2 plane is paying, and the person is under 16 or a student.
 *	29. UW01: two employers' U rows share two months or more; UW10: the same of one
 *		employer's W rows; one month is a change of job inside it.  UW02: a benefit
 *		month of U is a paid month of a P1, M1 or other U row with 参保身份 1 and an
 *		employer.  UW04: U benefit in months wholly inside military service; UW05
 *		and BN14: after the month of the move abroad, by U and by P2 (34 only).
 *		UW07: U benefit months after the 24th.
 *	30. BN05: a pension in 待遇状态 2, paused in or the month before a 服刑 sentence or
 *		during it, two months or more after the month of release.
 *	31. HK07, HK09 and HK16 ask for the register row alone.  ID23 asks every name
 *		that is no ID22 and does not fold to the register's.
 */
#include <string.h>

#include "city.h"

/* Months as a set, from January 1970 on. */
#define MONTH_BASE MONTH(1970, 1)
#define MONTH_WORDS 12

typedef struct Months
{
	uint64_t	word[MONTH_WORDS];
} Months;

static void
months_add(Months *months, int from, int to)
{
	for (int m = from < MONTH_BASE ? MONTH_BASE : from; m <= to && m < MONTH_BASE + MONTH_WORDS * 64; m++)
		months->word[(m - MONTH_BASE) / 64] |= UINT64_C(1) << ((m - MONTH_BASE) % 64);
}

static int
months_count(const Months *months)
{
	int			count = 0;

	for (int i = 0; i < MONTH_WORDS; i++)
		count += __builtin_popcountll(months->word[i]);
	return count;
}

static int
earliest(int a, int b)
{
	return b != 0 && b < a ? b : a;
}

/* Paid months of a row: first and last, empty when last < first. */
static int
paid_last(const Enrolment *row, int reference)
{
	return earliest(earliest(reference, row->end), row->paid_through);
}

static bool
benefit_span(const Enrolment *row, int reference, int *from, int *to)
{
	if (row->benefit == 0 || row->benefit_from == 0 || (row->benefit != 1 && row->benefit_to == 0))
		return false;
	*from = row->benefit_from;
	*to = earliest(reference, row->benefit_to);
	return *to >= *from;
}

bool
enrolment_pays(const Enrolment *row, int reference)
{
	return row->scheme != SCHEME_NONE && row->status == 1 && row->pay == 1 && row->start <= reference &&
		(row->end == 0 || row->end >= reference) && (row->paid_through == 0 || row->paid_through >= reference - 2);
}

/* Six digits; 寿县 was Lu'an's until 2015, and its old codes count as home through their successor. */
static bool
region_is_home(int region)
{
	return region / 100 == 3404 || region == 341521 || region == 342422;
}

static void
planes(const Facts *facts, int owner, int reference, Answer *answer)
{
	uint32_t	halted = 0;
	uint32_t	behind = 0;

	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			from;
		int			to;

		if (!row_counts(&row->id, owner) || row->scheme == SCHEME_NONE || row->status == 4)
			continue;
		if (enrolment_pays(row, reference))
			answer->paying |= BIT(row->scheme);
		if (row->status == 2 || row->pay == 2)
			halted |= BIT(row->scheme);
		else if (row->status == 1 && row->pay == 1 && row->paid_through != 0 && row->paid_through <= reference - 3)
			behind |= BIT(row->scheme);
		if (row->benefit == 1 && benefit_span(row, reference, &from, &to) && to == reference)
			answer->receiving |= BIT(row->scheme);
	}
	answer->paused = (halted | (behind & ~answer->receiving)) & ~answer->paying;
	for (int i = 0; i < facts->elsewheres; i++)
	{
		const Elsewhere *row = &facts->elsewhere[i];

		if (row_counts(&row->id, owner) && row->status == 1 && row->pay == 1 && !region_is_home(row->region))
			answer->elsewhere |= BIT(row->scheme);
	}
}

static bool
circumstance_holds(const Circumstance *row, int owner, int date)
{
	return row_counts(&row->id, owner) && row->start <= date && (row->end == 0 || row->end >= date);
}

static bool
circumstance_is(const Circumstance *row, const char *a, const char *b)
{
	return strcmp(row->kind, a) == 0 || (b != NULL && strcmp(row->kind, b) == 0);
}

static int
life_status(const Facts *facts, int owner, int date)
{
	int			by_register = owner == 0 && facts->person.present && row_counts(&facts->person.id, 0) ? facts->person.life : 90;
	bool		dead = false;
	bool		foreign = false;
	bool		settled = false;
	bool		army = false;
	bool		prison = false;

	for (int i = 0; i < facts->circumstances; i++)
	{
		const Circumstance *row = &facts->circumstance[i];

		if (!circumstance_holds(row, owner, date))
			continue;
		dead = dead || row->source == SOURCE_DEATH;
		foreign = foreign || (row->source == SOURCE_ABROAD && circumstance_is(row, "取得外国国籍", NULL));
		settled = settled || (row->source == SOURCE_ABROAD && circumstance_is(row, "出国定居", NULL));
		army = army || row->source == SOURCE_ARMY;
		prison = prison || (row->source == SOURCE_PRISON && circumstance_is(row, "服刑", NULL));
	}
	if (by_register == 20)
		return 20;
	if (dead)
		return 21;
	if (by_register == 34 || foreign)
		return 34;
	if (by_register == 33 || settled)
		return 33;
	if (by_register == 30 || by_register == 31 || by_register == 32)
		return by_register;
	if (by_register == 40 || army)
		return 40;
	if (by_register == 41 || prison)
		return 41;
	return by_register;
}

enum
{
	KIND_PENSION = 1, KIND_MEDICAL = 2, KIND_UNEMPLOYMENT = 4, KIND_INJURY = 8, KIND_MATERNITY = 16
};

static const uint32_t kind_schemes[5] = {PENSIONS, MEDICALS, BIT(UNEMPLOYMENT), BIT(INJURY), BIT(MATERNITY)};

typedef struct Work
{
	bool		employed;
	bool		public_post;
	bool		injury;			/* the public employer pays work injury for somebody */
} Work;

static Work
work_of(const Facts *facts, int owner, int delivery)
{
	int			reference = month_of_date(city.reference[delivery]);
	Work		work = {false, false, false};

	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];

		if (!row_counts(&row->id, owner) || row->identity != 1 || row->end != 0 || !enrolment_pays(row, reference) ||
			((1u << row->scheme) & (BIT(P1) | BIT(P3) | BIT(M1) | BIT(UNEMPLOYMENT) | BIT(INJURY) | BIT(MATERNITY))) == 0)
			continue;
		work.employed = true;
		if (row->scheme == P3)
		{
			work.public_post = true;
			if (row->employer >= 0 && city.employers[row->employer].injury_paid[delivery] > 0)
				work.injury = true;
		}
	}
	return work;
}

static uint32_t
satisfying(int kind, const Work *work)
{
	if (kind == 0 && work->employed)
		return BIT(P1) | BIT(P3);
	if (kind == 4)
		return BIT(MATERNITY) | BIT(M1);
	return kind_schemes[kind];
}

static void
duties(const Facts *facts, int owner, int delivery, Answer *answer)
{
	int			date = city.reference[delivery];
	Work		work = work_of(facts, owner, delivery);
	int			age = age_at(number_birth(answer->number17), date);
	bool		student = false;
	bool		away = false;
	bool		some = false;
	bool		interrupted = false;

	for (int i = 0; i < facts->circumstances; i++)
		student = student || (facts->circumstance[i].source == SOURCE_SCHOOL && circumstance_holds(&facts->circumstance[i], owner, date));
	if (answer->life >= 20 && answer->life <= 34)
		answer->class_name = "gone";
	else if (answer->life == 40 || answer->life == 41)
		answer->class_name = "exempt";
	else if (answer->life == 90)
		answer->class_name = "unknown";
	if (answer->class_name != NULL)
		return;
	if ((answer->receiving & (BIT(P1) | BIT(P3))) != 0)
	{
		answer->due = KIND_PENSION | KIND_MEDICAL;
		work.employed = false;	/* the pension in receipt satisfies anyway */
	}
	else if (work.public_post)
		answer->due = (uint8_t) (KIND_PENSION | KIND_MEDICAL | KIND_MATERNITY | (work.injury ? KIND_INJURY : 0));
	else if (work.employed)
		answer->due = KIND_PENSION | KIND_MEDICAL | KIND_UNEMPLOYMENT | KIND_INJURY | KIND_MATERNITY;
	else if (age < 16 || student || answer->life == 11)
		answer->due = KIND_MEDICAL;
	else
		answer->due = KIND_PENSION | KIND_MEDICAL;

	for (int kind = 0; kind < 5; kind++)
	{
		uint32_t	schemes = satisfying(kind, &work);

		if ((answer->due & (1 << kind)) == 0)
			continue;
		if ((answer->receiving & schemes) != 0)
			answer->standing[kind] = STANDING_RECEIVING;
		else if ((answer->paying & schemes) != 0)
			answer->standing[kind] = STANDING_ENROLLED;
		else if ((answer->elsewhere & schemes) != 0)
			answer->standing[kind] = STANDING_ELSEWHERE;
		else if ((answer->paused & kind_schemes[kind]) != 0)
			answer->standing[kind] = STANDING_INTERRUPTED;
		else
			answer->standing[kind] = STANDING_UNENROLLED;
		if (answer->standing[kind] >= STANDING_INTERRUPTED)
			answer->gap |= (uint8_t) (1 << kind);
		else
			some = true;
		away = away || answer->standing[kind] == STANDING_ELSEWHERE;
		interrupted = interrupted || answer->standing[kind] == STANDING_INTERRUPTED;
	}
	if (answer->due == 0)
		answer->class_name = "not_due";
	else if (answer->gap == 0)
		answer->class_name = away ? "elsewhere" : "enrolled";
	else
		answer->class_name = interrupted ? "interrupted" : some ? "partial" : "unenrolled";
}

static void
problem_add(Answer *answer, const char *rule, int months, int64_t amount, bool closed)
{
	for (int i = 0; i < answer->problems; i++)
		if (strcmp(answer->problem[i].rule, rule) == 0 && answer->problem[i].closed == closed)
			return;
	if (answer->problems < PROBLEMS_MAX)
		answer->problem[answer->problems++] = (Problem) {rule, months, amount, closed};
}

/* Months of one double rule, gathered over the pairs. */
typedef struct Double
{
	const char *rule;
	Months		months;
} Double;

#define DOUBLES_MAX 24

typedef struct Doubles
{
	int			count;
	Double		list[DOUBLES_MAX];
} Doubles;

static void
double_add(Doubles *doubles, const char *rule, int from, int to)
{
	int			i = 0;

	while (i < doubles->count && strcmp(doubles->list[i].rule, rule) != 0)
		i++;
	if (i == DOUBLES_MAX)
		return;
	if (i == doubles->count)
		doubles->list[doubles->count++] = (Double) {.rule = rule};
	months_add(&doubles->list[i].months, from, to);
}

static bool
same_area(const Enrolment *a, const Enrolment *b)
{
	char		text[2][16];

	print_region(text[0], a->agency);
	print_region(text[1], b->agency);
	return strncmp(text[0], text[1], 6) == 0;
}

/* Distinct months paid in M1 by any row, inside the 24 months up to the last one. */
static int
employee_medical_months(const Facts *facts, int owner, int last, int reference)
{
	Months		months = {{0}};

	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			to = paid_last(row, reference);

		if (row_counts(&row->id, owner) && row->scheme == M1)
			months_add(&months, row->start > last - 23 ? row->start : last - 23, to < last ? to : last);
	}
	return months_count(&months);
}

static const char *
medical_pair(const Facts *facts, int owner, const Enrolment *m1, const Enrolment *resident, int last, int reference)
{
	int			year_end = resident->end != 0 ? resident->end : resident->paid_through;
	int			first = resident->start % 12;
	bool		prepaid = (first == 0 || first == 8) && year_end == resident->start + 11;

	if (prepaid && m1->start > resident->start)
		return "MD14";
	if (m1->identity == 2)
		return "MD04";
	return employee_medical_months(facts, owner, last, reference) >= 12 ? "MD02" : "MD03";
}

/* Paid months against paid months. */
static const char *
paid_pair(const Facts *facts, int owner, const Enrolment *a, const Enrolment *b, int last, int reference, bool minor)
{
	int			x = a->scheme;
	int			y = b->scheme;

	if (x > y)
		return paid_pair(facts, owner, b, a, last, reference, minor);
	if (x == y)
	{
		if (same_area(a, b))
			return NULL;		/* one relation reported twice */
		if (x == M2)
			return minor || a->identity == 4 || b->identity == 4 ? "MD06" : "MD05";
		return x == P1 ? "PN01" : x == P2 ? "PN04" : x == P3 ? "PN06" : x == M1 ? "MD01" : NULL;
	}
	if (x == P1 && y == P2)
		return "PN02";
	if (x == P1 && y == P3)
		return "PN03";
	if (x == P2 && y == P3)
		return "PN05";
	if (x == M1 && (y == M2 || y == M3))
		return medical_pair(facts, owner, a, b, last, reference);
	if (x == M2 && y == M3)
		return "MD07";
	return NULL;
}

/* Benefit of a against benefit of b (each pair asked in both directions). */
static const char *
benefit_pair(const Enrolment *a, const Enrolment *b)
{
	if (a->scheme == P1 && b->scheme == P2)
		return "PN07";
	if (a->scheme == P3 && b->scheme == P2)
		return "PN08";
	if (a->scheme == P1 && b->scheme == P3)
		return "PN11";
	if (a->scheme == UNEMPLOYMENT && (b->scheme == P1 || b->scheme == P2 || b->scheme == P3))
		return "UW03";
	if (a < b && a->scheme == b->scheme && (a->scheme == P1 || a->scheme == P2) && !same_area(a, b))
		return a->scheme == P1 ? "PN10" : "PN09";
	return NULL;
}

/* Benefit of a against paid months of b. */
static const char *
mixed_pair(const Enrolment *a, const Enrolment *b)
{
	if ((a->scheme == P1 || a->scheme == P3) && b->scheme == P2)
		return "PN12";
	if (a->scheme == P2 && b->scheme == P1)
		return "PN13";
	if (a->scheme == UNEMPLOYMENT && (b->scheme == P1 || b->scheme == M1 || b->scheme == UNEMPLOYMENT) &&
		b->identity == 1 && b->employer >= 0)
		return "UW02";
	return NULL;
}

static void
pair_judge(const Facts *facts, int owner, const Enrolment *a, const Enrolment *b, int reference, bool minor, Doubles *doubles)
{
	int			from = a->start > b->start ? a->start : b->start;
	int			to = paid_last(a, reference) < paid_last(b, reference) ? paid_last(a, reference) : paid_last(b, reference);
	const char *rule;

	if (from <= to && (rule = paid_pair(facts, owner, a, b, to, reference, minor)) != NULL)
		double_add(doubles, rule, from, to);
	if (from <= to && a->scheme == b->scheme && a->employer >= 0 && b->employer >= 0)
	{
		if (a->scheme == UNEMPLOYMENT && a->employer != b->employer)
			double_add(doubles, "UW01", from, to);
		if (a->scheme == INJURY && a->employer == b->employer)
			double_add(doubles, "UW10", from, to);
	}
	for (int turn = 0; turn < 2; turn++)
	{
		const Enrolment *x = turn == 0 ? a : b;
		const Enrolment *y = turn == 0 ? b : a;
		int			x_from,
					x_to,
					y_from,
					y_to;

		if (!benefit_span(x, reference, &x_from, &x_to))
			continue;
		if (benefit_span(y, reference, &y_from, &y_to))
		{
			from = x_from > y_from ? x_from : y_from;
			to = x_to < y_to ? x_to : y_to;
			if (from <= to && (rule = benefit_pair(x, y)) != NULL)
				double_add(doubles, rule, from, to);
		}
		from = x_from > y->start ? x_from : y->start;
		to = x_to < paid_last(y, reference) ? x_to : paid_last(y, reference);
		if (from <= to && (rule = mixed_pair(x, y)) != NULL)
			double_add(doubles, rule, from, to);
	}
}

static void
doubles_judge(const Facts *facts, int owner, int delivery, Answer *answer)
{
	int			reference = month_of_date(city.reference[delivery]);
	bool		minor = age_at(number_birth(answer->number17), city.reference[delivery]) < 18;
	Doubles		doubles = {0};

	for (int i = 0; i < facts->enrolments; i++)
		for (int j = i + 1; j < facts->enrolments; j++)
			if (row_counts(&facts->enrolment[i].id, owner) && row_counts(&facts->enrolment[j].id, owner))
				pair_judge(facts, owner, &facts->enrolment[i], &facts->enrolment[j], reference, minor, &doubles);
	for (int i = 0; i < doubles.count; i++)
	{
		const char *rule = doubles.list[i].rule;
		int			months = months_count(&doubles.list[i].months);

		if (months > 1 || (strcmp(rule, "UW01") != 0 && strcmp(rule, "UW10") != 0))
			problem_add(answer, rule, months, -1, false);
	}
}

/* Benefit months after the month of death, and wholly inside a sentence. */
static void
benefits_judge(const Facts *facts, int owner, int delivery, Answer *answer)
{
	int			reference = month_of_date(city.reference[delivery]);
	int			death = answer->life == 20 ? facts->person.status_date : 0;
	Months		after = {{0}};
	Months		inside = {{0}};
	int64_t		after_amount = 0;
	int64_t		inside_amount = 0;

	for (int c = 0; c < facts->circumstances && answer->life == 21; c++)
	{
		const Circumstance *row = &facts->circumstance[c];

		if (row->source == SOURCE_DEATH && circumstance_holds(row, owner, city.reference[delivery]) && (death == 0 || row->start < death))
			death = row->start;
	}
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			from,
					to;

		if (!row_counts(&row->id, owner) || row->scheme == SCHEME_NONE || !benefit_span(row, reference, &from, &to))
			continue;
		for (int m = from; m <= to; m++)
		{
			bool		jailed = false;

			if (death != 0 && m > month_of_date(death))
			{
				months_add(&after, m, m);
				after_amount += row->monthly;
			}
			for (int c = 0; c < facts->circumstances; c++)
			{
				const Circumstance *term = &facts->circumstance[c];

				jailed = jailed || (term->source == SOURCE_PRISON && row_counts(&term->id, owner) && strcmp(term->kind, "服刑") == 0 &&
									term->start <= month_first_date(m) && (term->end == 0 || term->end >= month_last_date(m)));
			}
			if (jailed && row->scheme != UNEMPLOYMENT)
			{
				months_add(&inside, m, m);
				inside_amount += row->monthly;
			}
		}
	}
	if (months_count(&after) > 0)
		problem_add(answer, "BN01", months_count(&after), after_amount, false);
	if (months_count(&inside) > 0)
		problem_add(answer, "BN03", months_count(&inside), inside_amount, false);
}

/* ---- ages, and rules of single rows ---- */

/* Month of retirement at 60 or, for women, 55, by the decision of 2024. */
static int
last_retirement(int birth_month, bool man)
{
	int			first = man ? MONTH(1965, 1) : MONTH(1970, 1);
	int			delay = 0;

	/* one month more for every four months of birth, until three years are reached */
	for (int m = first; m <= birth_month && delay < 36; m += 4)
		delay++;
	return birth_month + (man ? 60 : 55) * 12 + delay;
}

static bool
is_man(const Answer *answer)
{
	return answer->number17 % 2 == 1;
}

static void
employee_pension_ages(const Facts *facts, int owner, int reference, bool gone, Answer *answer)
{
	int			birth = month_of_date(number_birth(answer->number17));
	int			limit = last_retirement(birth, is_man(answer)) + 36;
	int			early = birth + (is_man(answer) ? 55 : 45) * 12;
	int			first = 0;
	bool		late_payer = false;
	Months		late = {{0}};
	Months		young = {{0}};
	Months		drawn = {{0}};
	int64_t		amount = 0;

	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			last = paid_last(row, reference);
		int			from,
					to;
		bool		draws = benefit_span(row, reference, &from, &to);

		if (!row_counts(&row->id, owner) || row->scheme != P1)
			continue;
		if (first == 0 || row->start < first)
			first = row->start;
		months_add(&young, row->start, last < birth + 16 * 12 - 1 ? last : birth + 16 * 12 - 1);
		if (draws && from < early)
		{
			months_add(&drawn, from, to < early - 1 ? to : early - 1);
			amount += (int64_t) row->monthly * ((to < early - 1 ? to : early - 1) - from + 1);
		}
		if (draws)
			continue;
		late_payer = late_payer || enrolment_pays(row, reference);
		months_add(&late, row->start > limit + 1 ? row->start : limit + 1, last);
	}
	if (late_payer && !gone && months_count(&late) > 0)
		problem_add(answer, "PN17", months_count(&late), -1, false);
	if (months_count(&drawn) > 0)
		problem_add(answer, "PN18", months_count(&drawn), amount, false);
	if (first != 0 && first < birth + 16 * 12 && months_count(&young) > 0)
		problem_add(answer, "PN19", months_count(&young), -1, false);
}

static void
ages_judge(const Facts *facts, int owner, int delivery, Answer *answer)
{
	int			date = city.reference[delivery];
	int			birth = number_birth(answer->number17);
	int			age = age_at(birth, date);
	bool		gone = answer->life >= 20 && answer->life <= 34;
	bool		student = false;

	for (int i = 0; i < facts->circumstances; i++)
		student = student || (facts->circumstance[i].source == SOURCE_SCHOOL && circumstance_holds(&facts->circumstance[i], owner, date));
	if (!gone && (birth > date || birth < 18000101 || age > 120))
		problem_add(answer, "ID09", -1, -1, false);
	if (age > 100 && age <= 120 && (answer->life == 10 || answer->life == 11))
		problem_add(answer, "ID10", -1, -1, false);
	if (!gone && age >= 100 && (answer->receiving & (BIT(P1) | BIT(P2) | BIT(P3))) != 0)
		problem_add(answer, "BN08", -1, -1, false);
	if (!gone && (answer->paying & BIT(P2)) != 0 && (age < 16 || student))
		problem_add(answer, "PN15", -1, -1, false);
	employee_pension_ages(facts, owner, month_of_date(date), gone, answer);
}

/* Unemployment benefits in service, abroad and too long; a resident pension of a foreigner. */
static void
unemployment_judge(const Facts *facts, int owner, int delivery, Answer *answer)
{
	static const char *const rule[4] = {"UW04", "UW05", "BN14", "UW07"};
	int			reference = month_of_date(city.reference[delivery]);
	int			left = 0;		/* date of the move abroad */
	Months		months[4] = {{{0}}};
	int64_t		amount[4] = {0};

	if (answer->life == 33 || answer->life == 34)
	{
		if (owner == 0 && facts->person.present && facts->person.life == answer->life)
			left = facts->person.status_date;
		for (int c = 0; c < facts->circumstances; c++)
		{
			const Circumstance *row = &facts->circumstance[c];

			if (row->source == SOURCE_ABROAD && circumstance_holds(row, owner, city.reference[delivery]) &&
				circumstance_is(row, answer->life == 33 ? "出国定居" : "取得外国国籍", NULL) && (left == 0 || row->start < left))
				left = row->start;
		}
	}
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			from,
					to;

		if (!row_counts(&row->id, owner) || (row->scheme != UNEMPLOYMENT && row->scheme != P2) || !benefit_span(row, reference, &from, &to))
			continue;
		for (int m = from; m <= to; m++)
		{
			bool		serves = false;
			bool		wrong[4];

			for (int c = 0; c < facts->circumstances; c++)
			{
				const Circumstance *term = &facts->circumstance[c];

				serves = serves || (term->source == SOURCE_ARMY && row_counts(&term->id, owner) && term->start <= month_first_date(m) &&
									(term->end == 0 || term->end >= month_last_date(m)));
			}
			if (owner == 0 && facts->person.present && answer->life == 40 && facts->person.life == 40)
				serves = serves || facts->person.status_date <= month_first_date(m);
			wrong[0] = row->scheme == UNEMPLOYMENT && serves;
			wrong[1] = row->scheme == UNEMPLOYMENT && left != 0 && m > month_of_date(left);
			wrong[2] = row->scheme == P2 && answer->life == 34 && left != 0 && m > month_of_date(left);
			wrong[3] = row->scheme == UNEMPLOYMENT && m >= from + 24;
			for (int w = 0; w < 4; w++)
				if (wrong[w])
				{
					months_add(&months[w], m, m);
					amount[w] += row->monthly;
				}
		}
	}
	for (int w = 0; w < 4; w++)
		if (months_count(&months[w]) > 0)
			problem_add(answer, rule[w], months_count(&months[w]), amount[w], false);
}

/* Released, and the pension still rests. */
static void
release_judge(const Facts *facts, int owner, int delivery, Answer *answer)
{
	int			reference = month_of_date(city.reference[delivery]);
	int			longest = 0;

	if ((answer->life >= 20 && answer->life <= 34) || answer->life == 41)
		return;
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];
		int			from,
					to;

		if (!row_counts(&row->id, owner) || (row->scheme != P1 && row->scheme != P2 && row->scheme != P3) || row->benefit != 2 ||
			row->status == 4 || !benefit_span(row, reference, &from, &to))
			continue;
		for (int c = 0; c < facts->circumstances; c++)
		{
			const Circumstance *term = &facts->circumstance[c];
			int			rests;

			if (term->source != SOURCE_PRISON || !row_counts(&term->id, owner) || strcmp(term->kind, "服刑") != 0 || term->end == 0 ||
				term->end >= city.reference[delivery] || row->benefit_to < month_of_date(term->start) - 1 ||
				row->benefit_to > month_of_date(term->end))
				continue;
			rests = reference - month_of_date(term->end);
			if (rests > 1 && rests > longest)
				longest = rests;
		}
	}
	if (longest > 0)
		problem_add(answer, "BN05", longest, -1, false);
}

/* Marks of damage in a name as delivered. */
static bool
name_damaged(const Identity *id)
{
	return id->name_relation != NAME_INVALID && (strstr(id->name, "?") != NULL || strstr(id->name, "□") != NULL);
}

static void
register_judge(const Facts *facts, int owner, Answer *answer)
{
	const Register *person = &facts->person;
	bool		damaged = owner == 0 && person->present && row_counts(&person->id, 0) && name_damaged(&person->id);

	for (int i = 0; i < facts->enrolments; i++)
		damaged = damaged || (row_counts(&facts->enrolment[i].id, owner) && name_damaged(&facts->enrolment[i].id));
	for (int i = 0; i < facts->circumstances; i++)
		damaged = damaged || (row_counts(&facts->circumstance[i].id, owner) && name_damaged(&facts->circumstance[i].id));
	if (damaged)
		problem_add(answer, "ID23", -1, -1, false);
	if (owner != 0 || !person->present || !row_counts(&person->id, 0))
		return;
	if (person->life == 41)
		problem_add(answer, "HK07", -1, -1, false);
	if (person->life == 32 && strcmp(person->reason, "重复户口") == 0)
		problem_add(answer, "HK09", -1, -1, false);
}

static void
name_judge(const Facts *facts, int owner, Answer *answer, bool registered)
{
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Identity *id = &facts->enrolment[i].id;

		if (!row_counts(id, owner))
			continue;
		if (id->name_relation == NAME_DIFFERS && registered)
			problem_add(answer, "HK02", -1, -1, false);
		if (id->name_relation == NAME_UNRELATED && registered)
			problem_add(answer, "DP04", -1, -1, false);
		if (id->name_relation == NAME_INVALID)
			problem_add(answer, "ID22", -1, -1, false);
	}
}

static void
identity_judge(const Facts *facts, int owner, Answer *answer, bool enrolled, bool listed)
{
	const Register *person = &facts->person;
	bool		registered = owner == 0 && person->present && row_counts(&person->id, 0);
	bool		legacy = false;
	bool		nameless = false;

	for (int i = 0; i < facts->enrolments; i++)
	{
		const Identity *id = &facts->enrolment[i].id;

		legacy = legacy || (id->legacy15 && row_counts(id, owner));
		if (owner == 0 && id->fault != NULL && id->repaired && id->check_only)
			problem_add(answer, "ID05", -1, -1, true);
		if (owner == 0 && id->fault != NULL && id->proposal)
			problem_add(answer, "DP06", -1, -1, false);
	}
	for (int i = 0; i < facts->circumstances; i++)
		legacy = legacy || (facts->circumstance[i].id.legacy15 && row_counts(&facts->circumstance[i].id, owner));
	if (legacy)
		problem_add(answer, "ID06", -1, -1, false);
	if (facts->core->region_unknown)
		problem_add(answer, "ID11", -1, -1, false);
	for (int i = 0; i < facts->enrolments; i++)
		nameless = nameless || (facts->enrolment[i].id.name_relation == NAME_INVALID && row_counts(&facts->enrolment[i].id, owner));
	if (!registered && enrolled && !nameless && register_namesake(answer->number17, facts->name))
		problem_add(answer, "DP06", -1, -1, false);
	if (registered && person->sex_differs)
		problem_add(answer, "ID15", -1, -1, false);
	if (registered && person->birth_differs)
		problem_add(answer, "ID16", -1, -1, false);
	if (registered && person->id.name_relation == NAME_INVALID)
		problem_add(answer, "ID22", -1, -1, false);
	if (!registered && enrolled)
		problem_add(answer, "HK12", -1, -1, false);
	if (!registered && listed)
		problem_add(answer, "HK03", -1, -1, false);
	name_judge(facts, owner, answer, registered);
	if ((answer->paying | answer->receiving | answer->paused) != 0 && registered)
	{
		if (answer->life == 20)
			problem_add(answer, "HK04", -1, -1, false);
		if (answer->life == 30 || answer->life == 31)
			problem_add(answer, "HK05", -1, -1, false);
		if ((answer->life == 33 || answer->life == 34) && person->life == answer->life)
			problem_add(answer, "HK08", -1, -1, false);
	}
	if (answer->life == 10 && answer->due != 0 && !enrolled && facts->elsewheres == 0)
		problem_add(answer, "HK10", -1, -1, false);
}

static int64_t
territory_of(const Facts *facts, int owner)
{
	const Register *person = &facts->person;
	int64_t		territory = 340400;
	int			newest = 0;
	char		text[16];

	if (owner == 0 && person->present && row_counts(&person->id, 0))
	{
		print_region(text, person->residence);
		return strncmp(text, "3404", 4) == 0 ? person->residence : person->hukou;
	}
	for (int i = 0; i < facts->enrolments; i++)
		if (row_counts(&facts->enrolment[i].id, owner) && facts->enrolment[i].start > newest)
		{
			newest = facts->enrolment[i].start;
			territory = facts->enrolment[i].agency;
		}
	return territory;
}

bool
truth_of(const Facts *facts, int owner, int delivery, Answer *answer)
{
	bool		enrolled = false;
	bool		listed = false;

	memset(answer, 0, sizeof(*answer));
	answer->number17 = owner == 0 ? facts->core->number17 : facts->mistaken;
	for (int i = 0; i < facts->enrolments; i++)
		enrolled = enrolled || row_counts(&facts->enrolment[i].id, owner);
	for (int i = 0; i < facts->circumstances; i++)
		listed = listed || row_counts(&facts->circumstance[i].id, owner);
	for (int i = 0; i < facts->elsewheres; i++)
		listed = listed || row_counts(&facts->elsewhere[i].id, owner);
	if (answer->number17 == 0 || !(enrolled || listed || (owner == 0 && facts->person.present && row_counts(&facts->person.id, 0))))
		return false;
	answer->life = life_status(facts, owner, city.reference[delivery]);
	planes(facts, owner, month_of_date(city.reference[delivery]), answer);
	duties(facts, owner, delivery, answer);
	answer->territory = territory_of(facts, owner);
	identity_judge(facts, owner, answer, enrolled, listed);
	if (answer->life < 20 || answer->life > 34)
		doubles_judge(facts, owner, delivery, answer);
	benefits_judge(facts, owner, delivery, answer);
	ages_judge(facts, owner, delivery, answer);
	unemployment_judge(facts, owner, delivery, answer);
	release_judge(facts, owner, delivery, answer);
	register_judge(facts, owner, answer);
	return true;
}

/* ---- what is written ---- */

static const char *const scheme_text[SCHEME_COUNT] = {
	"P1", "P2", "P3", "P4", "P5", "M1", "M2", "M3", "M4", "M5", "M6", "U", "W", "B"};
static const char *const kind_text[5] = {"pension", "medical", "unemployment", "injury", "maternity"};

static void
set_write(FILE *file, uint32_t set, const char *const *text, int count)
{
	const char *separator = "";

	for (int i = 0; i < count; i++)
		if ((set & (1u << i)) != 0)
		{
			fputs(separator, file);
			fputs(text[i], file);
			separator = ",";
		}
	putc('\t', file);
}

void
truth_person_write(FILE *file, const Answer *answer)
{
	char		number[19];
	char		region[16];

	number_print(answer->number17, number);
	print_region(region, answer->territory);
	fputs(number, file);
	putc('\t', file);
	fputs(answer->class_name, file);
	putc('\t', file);
	set_write(file, answer->paying, scheme_text, SCHEME_COUNT);
	set_write(file, answer->receiving, scheme_text, SCHEME_COUNT);
	set_write(file, answer->paused, scheme_text, SCHEME_COUNT);
	set_write(file, answer->elsewhere, scheme_text, SCHEME_COUNT);
	set_write(file, answer->due, kind_text, 5);
	set_write(file, answer->gap, kind_text, 5);
	fprintf(file, "%d\t%s\n", answer->life, region);
}

/* Counts by county (the code's last two digits) and, at 0, for the city. */
typedef struct Cell
{
	uint32_t	persons;
	uint32_t	standing[6];
} Cell;

static Cell cells[3][100][5];

void
truth_count(const Answer *answer, int delivery)
{
	char		text[16];
	int			county;

	if (answer->life == 90 || (answer->life >= 20 && answer->life <= 34))
		return;
	print_region(text, answer->territory);
	county = (text[4] - '0') * 10 + (text[5] - '0');
	for (int kind = 0; kind < 5; kind++)
		for (int place = county;; place = 0)
		{
			Cell	   *cell = &cells[delivery][place][kind];

			cell->persons++;
			if ((answer->due & (1 << kind)) != 0)
				cell->standing[answer->standing[kind]]++;
			if (place == 0)
				break;
		}
}

void
truth_coverage_write(FILE *file, int delivery)
{
	fprintf(file, "territory\tkind\tpersons\tdue\tenrolled\treceiving\telsewhere\tinterrupted\tunenrolled\n");
	for (int place = 0; place < 100; place++)
		for (int kind = 0; kind < 5; kind++)
		{
			const Cell *cell = &cells[delivery][place][kind];
			const uint32_t *s = cell->standing;

			if (cell->persons > 0)
				fprintf(file, "3404%02d\t%s\t%u\t%u\t%u\t%u\t%u\t%u\t%u\n", place, kind_text[kind], cell->persons,
						s[1] + s[2] + s[3] + s[4] + s[5], s[STANDING_ENROLLED], s[STANDING_RECEIVING],
						s[STANDING_ELSEWHERE], s[STANDING_INTERRUPTED], s[STANDING_UNENROLLED]);
		}
}
