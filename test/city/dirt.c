/*
 * dirt.c
 *		What goes wrong between the fact and the file: the catalogue of
 *		domain.md §9.3, at most one kind per person, so that every damage has
 *		one defined truth.
 *
 * Damage to the form of a value leaves the facts alone.  Damage that changes
 * what a reader must conclude marks the row (Identity) or is a wrong fact of
 * its own, which truth.c then judges like any other.
 */
#include <string.h>

#include "city.h"

#define NOW month_of_date(city.reference[1])

static int
county_of(const Facts *facts)
{
	return (int) (city.villages[facts->core->village] / 1000000);
}

static int
other_county(const Facts *facts, Random *random)
{
	int			county;

	do
		county = city.employers[random_below(random, 7)].county;
	while (county == county_of(facts));
	return county;
}

static bool
is_live(const Facts *facts)
{
	return facts->person.present && facts->person.life <= 11;
}

static int
age_of(const Facts *facts)
{
	return age_at(number_birth(facts->core->number17), city.reference[1]);
}

static Enrolment *
any_row(Facts *facts, Random *random)
{
	return facts->enrolments == 0 ? NULL : &facts->enrolment[random_below(random, (uint32_t) facts->enrolments)];
}

/* The running row of a scheme, or null. */
static Enrolment *
open_row(Facts *facts, int scheme)
{
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].scheme == scheme && facts->enrolment[i].status == 1 && facts->enrolment[i].pay == 1)
			return &facts->enrolment[i];
	return NULL;
}

static bool
has_scheme(const Facts *facts, int scheme)
{
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].scheme == scheme)
			return true;
	return false;
}

/* The row with a benefit that runs; null also when there are several. */
static Enrolment *
only_benefit(Facts *facts)
{
	Enrolment  *found = NULL;

	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].benefit != 0)
		{
			if (found != NULL)
				return NULL;
			found = &facts->enrolment[i];
		}
	return found != NULL && found->benefit == 1 && found->monthly > 0 ? found : NULL;
}

static Enrolment *
ended_row(Facts *facts, int source, int scheme, int64_t agency, long employer, int start, int months)
{
	Enrolment  *row;

	if (start + months - 1 > NOW || start < MONTH(1995, 1) || facts->enrolments >= ENROLMENTS_MAX - 2)
		return NULL;
	row = add_enrolment(facts, source, scheme, agency, employer, start);
	row->status = 4;
	row->pay = 3;
	row->end = start + months - 1;
	return row;
}

/* ---- numbers ---- */

/* The rule that a text of 15 to 19 characters breaks, or null. */
static const char *
fault_of(const char *text)
{
	static const int step_by_province[][2] = {{15, 16}, {29, 32}, {58, 64}, {100, 128}};
	size_t		length = strlen(text);
	int64_t		value = 0;
	int64_t		number17;
	int			birth;

	if (length != 18)
		return "ID02";
	for (int i = 0; i < 18; i++)
		if ((text[i] < '0' || text[i] > '9') && !(i == 17 && text[i] == 'X'))
			return "ID03";
	for (int i = 0; i < 17; i++)
		value = value * 10 + (text[i] - '0');
	number17 = value;
	birth = number_birth(number17);
	if (text[17] != number_check(number17) && text[17] != 'X')
	{
		int			i = 0;

		value = value * 10 + (text[17] - '0');
		while (number17 / 1000000000000000 >= step_by_province[i][0])
			i++;
		if (value % 1000 == 0)
			return "ID20";
		if (value % step_by_province[i][1] == 0)
			return "ID21";
	}
	if (!date_is_real(birth / 10000, birth / 100 % 100, birth % 100))
		return "ID08";
	return text[17] != number_check(number17) ? "ID04" : NULL;
}

/* A birth date that other rules would have something to say about. */
static bool
birth_is_odd(const char *text)
{
	int			birth = 0;

	for (int i = 6; i < 14; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		birth = birth * 10 + (text[i] - '0');
	}
	return birth / 10000 < 1900 || birth > city.reference[1];
}

/* Is this person, among several perhaps, the only one of that name? */
static bool
only_namesake(const Facts *facts, const long *found, int count)
{
	bool		self = false;
	char		name[96];

	for (int i = 0; i < count; i++)
	{
		name_of(&city.cores[found[i]], name, sizeof(name));
		if (found[i] == (long) facts->index)
			self = true;
		else if (strcmp(name, facts->name) == 0)
			return false;
	}
	return self;
}

static bool
mark_broken(const Facts *facts, Identity *id, const char *text, const char *expected, bool repairable)
{
	const char *fault = fault_of(text);
	long		found[CANDIDATES_MAX];
	int			candidates;

	if (fault == NULL || strcmp(fault, "ID20") == 0 || strcmp(fault, "ID21") == 0 ||
		(expected != NULL && strcmp(fault, expected) != 0) || (strlen(text) == 18 && birth_is_odd(text)))
		return false;
	candidates = register_candidates(text, found);
	if (repairable ? !only_namesake(facts, found, candidates) : candidates != 0)
		return false;
	snprintf(id->number, sizeof(id->number), "%s", text);
	id->fault = fault;
	id->repaired = repairable;
	return true;
}

/* The row whose number gets damaged: mostly an enrolment, sometimes a line of a full list. */
static Identity *
target(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);

	for (int i = 0; i < facts->circumstances && chance(random, 0.3); i++)
	{
		int			source = facts->circumstance[i].source;

		if (source == SOURCE_LOW_INCOME || source == SOURCE_DISABLED || source == SOURCE_SCHOOL)
			return &facts->circumstance[i].id;
	}
	return row == NULL ? NULL : &row->id;
}

static bool
can_be_repaired(const Facts *facts)
{
	return facts->person.present && facts->core->kind <= KIND_MIGRANT && facts->core->number17 < INT64_C(80000000000000000);
}

enum
{
	DAMAGE_DIGIT, DAMAGE_SWAP, DAMAGE_CHECK, DAMAGE_LETTER, DAMAGE_LOST, DAMAGE_EXTRA
};

static void
damage(char *text, int kind, Random *random)
{
	int			at = 2 + (int) random_below(random, 15);
	char		spare;

	switch (kind)
	{
		case DAMAGE_DIGIT:
			if (text[at] < '0' || text[at] > '9')
				break;
			text[at] = (char) ('0' + (text[at] - '0' + 1 + (int) random_below(random, 9)) % 10);
			break;
		case DAMAGE_SWAP:
			at = 2 + (int) random_below(random, 14);
			spare = text[at];
			text[at] = text[at + 1];
			text[at + 1] = spare;
			break;
		case DAMAGE_CHECK:
			text[17] = "0123456789X"[random_below(random, 11)];
			break;
		case DAMAGE_LETTER:
			text[at] = "ABEGSTZ"[random_below(random, 7)];
			break;
		case DAMAGE_LOST:
			text[17] = '\0';
			break;
		case DAMAGE_EXTRA:
			text[18] = (char) ('0' + random_below(random, 10));
			text[19] = '\0';
			break;
	}
}

static bool
broken_number(Facts *facts, Random *random, int kind)
{
	Identity   *id = target(facts, random);
	char		right[19];
	char		text[24];

	if (id == NULL || !can_be_repaired(facts))
		return false;
	number_print(facts->core->number17, right);
	for (int tries = 0; tries < 8; tries++)
	{
		strcpy(text, right);
		damage(text, kind, random);
		if (mark_broken(facts, id, text, kind == DAMAGE_CHECK ? "ID04" : kind == DAMAGE_LETTER ? "ID03" : NULL, true))
		{
			id->check_only = strlen(text) == 18 && strncmp(text, right, 17) == 0;
			return true;
		}
	}
	return false;
}

static bool
typing_error(Facts *facts, Random *random)
{
	return broken_number(facts, random, DAMAGE_DIGIT);
}

static bool
typing_swap(Facts *facts, Random *random)
{
	return broken_number(facts, random, DAMAGE_SWAP);
}

static bool
wrong_check(Facts *facts, Random *random)
{
	return broken_number(facts, random, DAMAGE_CHECK);
}

static bool
wrong_letter(Facts *facts, Random *random)
{
	return broken_number(facts, random, DAMAGE_LETTER);
}

static bool
wrong_length(Facts *facts, Random *random)
{
	return broken_number(facts, random, chance(random, 0.5) ? DAMAGE_LOST : DAMAGE_EXTRA);
}

/* Two errors in one number: nobody can tell whose it is. */
static bool
typing_two(Facts *facts, Random *random)
{
	Identity   *id = target(facts, random);
	int			second = chance(random, 0.6) ? DAMAGE_DIGIT : chance(random, 0.5) ? DAMAGE_LOST : DAMAGE_LETTER;
	char		text[24];

	if (id == NULL || !can_be_repaired(facts))
		return false;
	for (int tries = 0; tries < 8; tries++)
	{
		number_print(facts->core->number17, text);
		damage(text, DAMAGE_DIGIT, random);
		damage(text, second, random);
		if (mark_broken(facts, id, text, NULL, false))
			return true;
	}
	return false;
}

/* A broken number under a name that is only similar: a proposal, no repair. */
static bool
similar_name(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);
	long		found[CANDIDATES_MAX];
	char		text[24];

	if (row == NULL || !can_be_repaired(facts) || !name_is_three_han(facts->name))
		return false;
	for (int tries = 0; tries < 8; tries++)
	{
		number_print(facts->core->number17, text);
		damage(text, DAMAGE_DIGIT, random);
		if (register_candidates(text, found) != 1 || !mark_broken(facts, &row->id, text, "ID04", true))
			continue;
		row->id.repaired = false;
		row->id.proposal = true;
		name_change_one(facts->name, row->id.name, sizeof(row->id.name), random);
		return true;
	}
	return false;
}

/* Another number that is right in itself: makes a person of no register. */
static bool
mistaken_number(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);
	char		text[24];

	if (row == NULL || !can_be_repaired(facts) || facts->core->region_unknown)
		return false;
	for (int tries = 0; tries < 8; tries++)
	{
		int64_t		number17 = facts->core->number17;
		int			power = 1;
		int			digit;

		for (int i = (int) random_below(random, 4); i > 0; i--)
			power *= 10;
		digit = (int) (number17 / power % 10);
		number17 += (int64_t) ((digit + 1 + (int) random_below(random, 9)) % 10 - digit) * power;
		number_print(number17, text);
		if (!number_text_valid(text) || birth_is_odd(text) || register_find(number17) >= 0)
			continue;
		strcpy(row->id.number, text);
		row->id.owner = 1;
		facts->mistaken = number17;
		return true;
	}
	return false;
}

static void
shorten(const Facts *facts, Identity *id)
{
	char		text[19];

	number_print(facts->core->number17, text);
	memcpy(id->number, text, 6);
	memcpy(id->number + 6, text + 8, 9);
	id->number[15] = '\0';
	id->legacy15 = true;
}

static bool
legacy_number(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);
	int			year = number_birth(facts->core->number17) / 10000;

	if (row == NULL || year < 1900 || year > 1999 || facts->core->number17 % 1000 >= 996 ||
		facts->core->number17 > INT64_C(80000000000000000))
		return false;
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].source == row->source)
			shorten(facts, &facts->enrolment[i].id);
	return true;
}

/* The same number in another dress. */
static void
dress(char *number, size_t size, Random *random)
{
	char		plain[24];
	size_t		length = 0;

	snprintf(plain, sizeof(plain), "%s", number);
	switch (random_below(random, 8))
	{
		case 0:
			if (plain[17] == 'X')
				plain[17] = 'x';
			snprintf(number, size, "%s", plain);
			break;
		case 1:
			for (int i = 0; plain[i] != '\0' && length + 4 < size; i++)
				length += (size_t) snprintf(number + length, size - length, "\xef\xbc%c",
											plain[i] == 'X' ? 0xb8 : 0x90 + (plain[i] - '0'));
			break;
		case 2:
			snprintf(number, size, " %s", plain);
			break;
		case 3:
			snprintf(number, size, "%s ", plain);
			break;
		case 4:
			snprintf(number, size, "%.6s %.8s %s", plain, plain + 6, plain + 14);
			break;
		case 5:
			snprintf(number, size, "'%s", plain);
			break;
		case 6:
			snprintf(number, size, "%s\t", plain);
			break;
		case 7:
			for (char *c = number; *c != '\0'; c++)
				if ((*c == '0' || *c == '1') && c != number + 17)
				{
					*c = *c == '0' ? 'O' : 'l';
					break;
				}
			break;
	}
}

static bool
number_form(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);

	if (facts->person.present && chance(random, 0.2))
		dress(facts->person.id.number, sizeof(facts->person.id.number), random);
	else if (row != NULL)
		dress(row->id.number, sizeof(row->id.number), random);
	return true;
}

/* Digits that a spreadsheet has eaten; comes in slices of one source's file. */
static bool
spreadsheet(Facts *facts, Random *random)
{
	Enrolment  *row = NULL;
	char		text[24];
	const char *fault;

	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].source == SOURCE_MEDICAL_RESIDENT)
			row = &facts->enrolment[i];
	number_print(facts->core->number17, text);
	if (row == NULL || text[17] == 'X')
		return false;
	if (chance(random, 0.6))
		memcpy(text + 15, "000", 3);
	else
	{
		double		rounded;
		int64_t		value = 0;

		for (int i = 0; i < 18; i++)
			value = value * 10 + (text[i] - '0');
		rounded = (double) value;
		snprintf(text, sizeof(text), "%lld", (long long) rounded);
	}
	fault = fault_of(text);
	if (fault == NULL || fault[2] != '2')
		return false;
	strcpy(row->id.number, text);
	row->id.fault = fault;
	return true;
}

/* ---- names ---- */

static void
name_source(Facts *facts, const Enrolment *chosen, const char *name)
{
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].source == chosen->source)
			snprintf(facts->enrolment[i].id.name, sizeof(facts->enrolment[i].id.name), "%s", name);
}

static bool
name_form(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);
	char		other[96];

	if (row == NULL || strlen(facts->name) > sizeof(other) - 12)
		return false;
	if (facts->core->ethnic == 5)
	{
		static const char *const dot[] = {"•", "・", "．", ".", "‧", "∙", "⋅", "･", "●"};
		const char *at = strstr(facts->name, "·");

		snprintf(other, sizeof(other), "%.*s%s%s", (int) (at - facts->name), facts->name, dot[random_below(random, 9)], at + 2);
	}
	else if (strstr(facts->name, "䶮") != NULL)
	{
		const char *at = strstr(facts->name, "䶮");

		snprintf(other, sizeof(other), "%.*s\xee\xa1\xa3%s", (int) (at - facts->name), facts->name, at + 3);
	}
	else
		switch (random_below(random, 5))
		{
			case 0:
				snprintf(other, sizeof(other), "%s ", facts->name);
				break;
			case 1:
				snprintf(other, sizeof(other), "%.3s　%s", facts->name, facts->name + 3);
				break;
			case 2:
				snprintf(other, sizeof(other), "%s(小)", facts->name);
				break;
			case 3:
				snprintf(other, sizeof(other), "%s（已故）", facts->name);
				break;
			default:
				if (!name_variant(facts->name, other, sizeof(other)))
					return false;
		}
	name_source(facts, row, other);
	return true;
}

static bool
former_name(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);

	if (row == NULL || !facts->person.present || !name_is_three_han(facts->name))
		return false;
	name_change_one(facts->name, facts->person.former, sizeof(facts->person.former), random);
	name_source(facts, row, facts->person.former);
	return true;
}

/* One character differs: an unknown former name, a damage mark, pinyin. */
static bool
name_differs(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);
	Identity   *id;

	if (row == NULL || !facts->person.present || !name_is_three_han(facts->name))
		return false;
	id = &row->id;
	if (strcmp(facts->name + 6, "娥") == 0)
		snprintf(id->name, sizeof(id->name), "%.6se", facts->name);
	else if (chance(random, 0.3))
		snprintf(id->name, sizeof(id->name), "%.6s%s", facts->name, chance(random, 0.5) ? "?" : "□");
	else
		name_change_one(facts->name, id->name, sizeof(id->name), random);
	id->name_relation = NAME_DIFFERS;
	return true;
}

static bool
same_number(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);

	if (row == NULL || !facts->person.present || !name_is_three_han(facts->name))
		return false;
	name_unrelated(facts->name, row->id.name, sizeof(row->id.name), random);
	row->id.name_relation = NAME_UNRELATED;
	return true;
}

/* Nobody's name; only where no second name of the person exists to compare. */
static bool
invalid_name(Facts *facts, Random *random)
{
	static const char *const bad[] = {"测试", "无名氏", "李", "123", "——"};
	const char *name = bad[random_below(random, 5)];

	if (facts->core->kind == KIND_NOBODY)
	{
		for (int i = 0; i < facts->enrolments; i++)
		{
			snprintf(facts->enrolment[i].id.name, sizeof(facts->enrolment[i].id.name), "%s", name);
			facts->enrolment[i].id.name_relation = NAME_INVALID;
		}
		return true;
	}
	if (!is_live(facts) || facts->enrolments + facts->circumstances + facts->elsewheres > 0)
		return false;
	snprintf(facts->person.id.name, sizeof(facts->person.id.name), "%s", name);
	facts->person.id.name_relation = NAME_INVALID;
	return true;
}

/* ---- items of the register ---- */

static bool
wrong_sex(Facts *facts, Random *random)
{
	(void) random;
	if (!facts->person.present)
		return false;
	snprintf(facts->person.sex, sizeof(facts->person.sex), "%s", facts->core->sex == 1 ? "2" : "1");
	facts->person.sex_differs = true;
	return true;
}

static bool
wrong_birth(Facts *facts, Random *random)
{
	int			birth = number_birth(facts->core->number17);
	int			other = date_random_in_month(random, month_of_date(birth));
	int			age = age_of(facts);

	/* near a birthday that matters the duty would depend on which date is believed */
	if (!facts->person.present || other == birth || age == 15 || age == 16)
		return false;
	snprintf(facts->person.birth, sizeof(facts->person.birth), "%08d", other);
	facts->person.birth_differs = true;
	return true;
}

static bool
birth_form(Facts *facts, Random *random)
{
	static const char *const nothing[] = {"0000-00-00", "00000000", "99991231", "9999-12-31", "", "1900-01-00", "20-3-5"};
	int			birth = number_birth(facts->core->number17);
	int			serial = date_serial(birth);
	uint32_t	draw = random_below(random, 10);

	if (!facts->person.present)
		return false;
	if (draw < 7)
		snprintf(facts->person.birth, sizeof(facts->person.birth), "%s", nothing[draw]);
	else if (draw == 7)
		snprintf(facts->person.birth, sizeof(facts->person.birth), "%06d", birth / 100);
	else if (serial >= 20000 && serial <= 60000)
		snprintf(facts->person.birth, sizeof(facts->person.birth), "%d", serial);
	return true;
}

/* ---- facts that contradict each other ---- */

static bool
dead_enrolled(Facts *facts, Random *random)
{
	int			date = date_random_in_month(random, NOW - 1 - (int) random_below(random, 12));
	bool		any = false;

	if (facts->core->kind != KIND_HOUSEHOLD || !is_live(facts) || number_birth(facts->core->number17) >= date)
		return false;
	for (int i = 0; i < facts->enrolments; i++)
	{
		if (facts->enrolment[i].benefit != 0)
			return false;
		any = any || facts->enrolment[i].status == 1;
	}
	if (!any)
		return false;
	facts->person.status = STATUS_DEAD;
	facts->person.status_date = date;
	facts->person.reason = "死亡";
	facts->person.life = 20;
	if (chance(random, 0.5))
		add_circumstance(facts, SOURCE_DEATH, "死亡", date, 0);
	return true;
}

static bool
dead_drawing(Facts *facts, Random *random)
{
	int			date = date_random_in_month(random, NOW - 1 - (int) random_below(random, 18));
	Enrolment  *row = only_benefit(facts);

	if (facts->core->kind != KIND_HOUSEHOLD || !is_live(facts) || row == NULL || row->benefit_from >= month_of_date(date))
		return false;
	if (chance(random, 0.6))
	{
		facts->person.status = STATUS_DEAD;
		facts->person.status_date = date;
		facts->person.reason = "死亡";
		facts->person.life = 20;
		if (chance(random, 0.5))
			return true;
	}
	add_circumstance(facts, SOURCE_DEATH, chance(random, 0.5) ? "火化" : "死亡", date, 0);
	return true;
}

static bool
prisoner_drawing(Facts *facts, Random *random)
{
	int			date = date_random_in_month(random, NOW - 1 - (int) random_below(random, 30));
	Enrolment  *row = only_benefit(facts);

	if (!is_live(facts) || row == NULL || row->benefit_from >= month_of_date(date) || facts->circumstances > 2)
		return false;
	add_circumstance(facts, SOURCE_PRISON, "服刑", date,
					 chance(random, 0.3) ? 0 : date_random_in_month(random, month_of_date(date) + 3 + (int) random_below(random, 40)));
	return true;
}

static bool
left_enrolled(Facts *facts, Random *random)
{
	Register   *person = &facts->person;

	if (facts->core->kind != KIND_HOUSEHOLD || !is_live(facts) || facts->enrolments == 0)
		return false;
	person->status_date = date_random_in_month(random, NOW - 1 - (int) random_below(random, 20));
	if (number_birth(facts->core->number17) >= person->status_date)
	{
		person->status_date = 0;
		return false;
	}
	if (chance(random, 0.04))
	{
		bool		foreign = chance(random, 0.3);

		person->status = STATUS_CANCELLED;
		person->reason = foreign ? "加入外国国籍" : "出国定居";
		person->life = foreign ? 34 : 33;
	}
	else
	{
		bool		near = chance(random, 0.5);

		person->status = STATUS_MOVED;
		person->residence = near ? 340111 : 310115;
		person->reason = near ? "迁往省内" : "迁往省外";
		person->life = near ? 30 : 31;
	}
	return true;
}

static bool
double_pension(Facts *facts, Random *random)
{
	Enrolment  *employee = open_row(facts, P1);
	Enrolment  *resident = open_row(facts, P2);
	int			months = 1 + (int) random_below(random, 12);

	if (employee != NULL && employee->start + months <= NOW)
		return ended_row(facts, SOURCE_PENSION_RESIDENT, P2, county_of(facts), -1,
						 employee->start + (int) random_below(random, (uint32_t) (NOW - employee->start - months + 2)), months) != NULL;
	if (resident != NULL && resident->start + months <= NOW)
	{
		long		employer = (long) employer_pick(random, county_of(facts), 2);

		return ended_row(facts, SOURCE_PENSION_EMPLOYEE, P1, county_of(facts), employer,
						 resident->start + (int) random_below(random, (uint32_t) (NOW - resident->start - months + 2)), months) != NULL;
	}
	return false;
}

static bool
double_medical(Facts *facts, Random *random)
{
	Enrolment  *employee = open_row(facts, M1);
	Enrolment  *resident = open_row(facts, M2);
	int			january = MONTH(city.reference[1] / 10000, 1);
	Enrolment  *row;

	if (employee != NULL && resident == NULL)
	{
		if (employee->identity == 1 && employee->start <= january && chance(random, 0.25))
		{
			int			start = employee->start + (int) random_below(random, 6);

			return ended_row(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, start, 1 + (int) random_below(random, 6)) != NULL;
		}
		if (employee->start > january)
		{
			/* prepaid the year, then found a job: legal */
			row = add_enrolment(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, january);
			row->end = row->paid_through = january + 11;
			return true;
		}
		row = ended_row(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, january - 12, 12);
		return row != NULL;
	}
	if (resident != NULL && employee == NULL && age_of(facts) >= 18)
	{
		bool		legal = chance(random, 0.8);

		if (legal && resident->start >= NOW)
			return false;
		row = add_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, M1, county_of(facts), -1,
							legal ? random_between(random, resident->start + 1, NOW) : resident->start - 3);
		row->identity = 2;
		return true;
	}
	return false;
}

static bool
two_areas(Facts *facts, Random *random)
{
	int			area = other_county(facts, random);
	int			months = 1 + (int) random_below(random, 12);
	Enrolment  *row = any_row(facts, random);
	int			start;

	if (row == NULL || (row->status == 2 && row->benefit != 0) || row->start + months >= NOW || row->identity == 4)
		return false;
	start = row->start + (int) random_below(random, (uint32_t) (NOW - row->start - months));
	if (row->agency / (row->agency > 1000000 ? 1000 : 1) == area)
		return false;
	switch (row->scheme)
	{
		case P1:
			return ended_row(facts, SOURCE_PENSION_EMPLOYEE, P1, area, (long) employer_pick(random, area, 2), start, months) != NULL;
		case M1:
			return ended_row(facts, SOURCE_MEDICAL_EMPLOYEE, M1, area, (long) employer_pick(random, area, 2), start, months) != NULL;
		case P2:
			return ended_row(facts, SOURCE_PENSION_RESIDENT, P2, area, -1, start, months) != NULL;
		case M2:
			for (int i = 0; i < facts->circumstances; i++)
				if (facts->circumstance[i].source == SOURCE_SCHOOL)
					return false;
			return ended_row(facts, SOURCE_MEDICAL_RESIDENT, M2, area, -1, start, months) != NULL;
		default:
			return false;
	}
}

/* An institution's row beside an enterprise's, a resident's beside an institution's, the rural scheme beside the urban. */
static bool
double_rare(Facts *facts, Random *random)
{
	Enrolment  *employee = open_row(facts, P1);
	Enrolment  *official = open_row(facts, P3);
	int			months = 1 + (int) random_below(random, 12);
	bool		rural = chance(random, 0.6);

	if (!rural && employee != NULL && employee->start + months <= NOW)
		return ended_row(facts, SOURCE_PENSION_PUBLIC, P3, county_of(facts), (long) employer_pick(random, county_of(facts), 1),
						 employee->start, months) != NULL;
	if (official != NULL && official->start + months <= NOW)
		return ended_row(facts, SOURCE_PENSION_RESIDENT, P2, county_of(facts), -1, official->start, months) != NULL;
	if (!has_scheme(facts, M1) && !has_scheme(facts, M3) && number_birth(facts->core->number17) < 20150101)
		return rural && ended_row(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, MONTH(2017, 1), 12) != NULL &&
			ended_row(facts, SOURCE_MEDICAL_RURAL, M3, county_of(facts), -1, MONTH(2017, 13 - months), months) != NULL;
	return false;
}

/* Somebody who draws an employee's pension is in the residents' scheme, or drew unemployment money. */
static bool
pensioner_twice(Facts *facts, Random *random)
{
	Enrolment  *pension = only_benefit(facts);
	Enrolment  *row;
	int			from;

	if (pension == NULL || (pension->scheme != P1 && pension->scheme != P3) || pension->benefit_from + 8 > NOW || has_scheme(facts, P2))
		return false;
	from = pension->benefit_from;
	if (pension->scheme == P1 && chance(random, 0.2))
	{
		row = ended_row(facts, SOURCE_UNEMPLOYMENT, UNEMPLOYMENT, county_of(facts), -1, from - 30, 27);
		if (row == NULL)
			return false;
		row->benefit = 3;
		row->benefit_from = from - 3;
		row->benefit_to = from + (int) random_below(random, 6);
		row->monthly = 135000;
		return true;
	}
	if (pension->scheme == P1 && from > MONTH(2012, 1) && chance(random, 0.5))
	{
		row = add_enrolment(facts, SOURCE_PENSION_RESIDENT, P2, county_of(facts), -1, MONTH(2011, 1));
		row->pay = 3;
		row->paid_through = MONTH(2011, 12);
		row->benefit = 1;
		row->benefit_from = from + (int) random_below(random, 8);
		row->monthly = 21000;
		return true;
	}
	if (from < MONTH(2012, 1))
		from = MONTH(2012, 1);
	row = add_enrolment(facts, SOURCE_PENSION_RESIDENT, P2, county_of(facts), -1, from + 1 + (int) random_below(random, 6));
	row->paid_through = chance(random, 0.6) ? MONTH(city.reference[1] / 10000, 12) : NOW;
	return true;
}

/* Two employers, work injury paid by both: legal, and no problem. */
static bool
injury_twice(Facts *facts, Random *random)
{
	Enrolment  *row = open_row(facts, INJURY);
	int			area;

	if (row == NULL)
		return false;
	area = other_county(facts, random);
	add_enrolment(facts, SOURCE_INJURY, INJURY, area, (long) employer_pick(random, area, 0), NOW - 5);
	return true;
}

/* Long-term care goes by the number that work injury has elsewhere. */
static bool
care_row(Facts *facts, Random *random)
{
	Enrolment  *row = open_row(facts, M1);

	(void) random;
	if (row == NULL)
		return false;
	row = add_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, SCHEME_NONE, county_of(facts), row->employer, row->start);
	return true;
}

/* The unemployed who work again, serve, leave the country, or draw beyond the term. */
static bool
unemployed_wrongly(Facts *facts, Random *random)
{
	Enrolment  *benefit = only_benefit(facts);
	Enrolment  *row;
	uint32_t	draw = random_below(random, 4);

	if (benefit == NULL || benefit->scheme != UNEMPLOYMENT || facts->circumstances > 2 || !is_live(facts))
		return false;
	if (draw == 0)
	{
		row = add_enrolment(facts, SOURCE_PENSION_EMPLOYEE, P1, county_of(facts), (long) employer_pick(random, county_of(facts), 0),
							random_between(random, benefit->benefit_from, NOW));
		row->identity = chance(random, 0.8) ? 1 : 2;
	}
	else if (draw == 1)
		add_circumstance(facts, SOURCE_ARMY, "义务兵", date_random_in_month(random, benefit->benefit_from), 0);
	else if (draw == 2)
		add_circumstance(facts, SOURCE_ABROAD, chance(random, 0.7) ? "出国定居" : "取得外国国籍",
						 date_random_in_month(random, benefit->benefit_from), 0);
	else
	{
		benefit->paid_through = NOW - 22 - (int) random_below(random, 12);
		benefit->benefit_from = benefit->paid_through + 1;
		benefit->benefit_to = 0;
		if (benefit->start > benefit->paid_through - 12)
			benefit->start = benefit->paid_through - 12;
	}
	return true;
}

/* One employment too many: unemployment insurance at two employers, work injury twice at one. */
static bool
employed_twice(Facts *facts, Random *random)
{
	Enrolment  *unemployment = open_row(facts, UNEMPLOYMENT);
	Enrolment  *injury = open_row(facts, INJURY);
	int			months = 1 + (int) random_below(random, 5);

	/* a row that begins in the month of another of its employer would be that row again */
	if (unemployment != NULL && unemployment->start + months < NOW && chance(random, 0.5))
		return ended_row(facts, SOURCE_UNEMPLOYMENT, UNEMPLOYMENT, county_of(facts), (long) employer_pick(random, county_of(facts), 0),
						 unemployment->start + 1, months) != NULL;
	if (injury != NULL && injury->start + months < NOW)
		return ended_row(facts, SOURCE_INJURY, INJURY, county_of(facts), injury->employer, injury->start + 1, months) != NULL;
	return false;
}

/* A child or student in the residents' pension scheme, a job before 16, a pension long before its time. */
static bool
wrong_age(Facts *facts, Random *random)
{
	int			birth = month_of_date(number_birth(facts->core->number17));
	Enrolment  *pension = only_benefit(facts);
	int			sixteen = birth + 16 * 12;

	if (!is_live(facts))
		return false;
	if (pension != NULL && pension->scheme == P1 && chance(random, 0.1))
	{
		pension->benefit_from = birth + (facts->core->sex == 1 ? 55 : 45) * 12 - 3 + (int) random_below(random, 5);
		pension->paid_through = pension->benefit_from - 1;
		if (pension->start > pension->paid_through)
			pension->start = pension->paid_through;
		return true;
	}
	if (age_of(facts) < 23 && age_of(facts) >= 12 && !has_scheme(facts, P2) && !has_scheme(facts, P1))
	{
		if (chance(random, 0.5))
			add_enrolment(facts, SOURCE_PENSION_RESIDENT, P2, county_of(facts), -1, NOW - 2);
		else if (sixteen - 2 <= NOW - 6)
			return ended_row(facts, SOURCE_PENSION_EMPLOYEE, P1, county_of(facts), (long) employer_pick(random, county_of(facts), 2),
							 sixteen - 2 + (int) random_below(random, 4), 3) != NULL;
		return true;
	}
	return false;
}

/* Another nationality, and the residents' pension runs on. */
static bool
foreigner_drawing(Facts *facts, Random *random)
{
	Enrolment  *pension = only_benefit(facts);
	int			date = date_random_in_month(random, NOW - (int) random_below(random, 6));

	if (pension == NULL || pension->scheme != P2 || pension->benefit_from >= month_of_date(date) || !is_live(facts) || facts->circumstances > 2)
		return false;
	add_circumstance(facts, SOURCE_ABROAD, chance(random, 0.7) ? "取得外国国籍" : "出国定居", date, 0);
	return true;
}

/* ---- rows that cannot be read ---- */

static bool
unreadable_row(Facts *facts, Random *random)
{
	static const char *const code[] = {"month", "code", "missing", "fields", "PN22", "month", "code", "missing", "fields", "PN22", "PN22", "encoding"};
	Enrolment  *row = any_row(facts, random);

	for (int i = 0; i < facts->circumstances; i++)
	{
		int			source = facts->circumstance[i].source;

		if ((source == SOURCE_LOW_INCOME || source == SOURCE_DISABLED) && chance(random, 0.7))
		{
			facts->circumstance[i].id.reject = "date";
			return true;
		}
	}
	if (row == NULL)
		return false;
	row->id.reject = code[random_below(random, 12)];
	return true;
}

static bool
row_twice(Facts *facts, Random *random)
{
	Enrolment  *row = any_row(facts, random);

	if (facts->person.present && chance(random, 0.3))
		facts->person.id.duplicate = (uint8_t) (1 + random_below(random, 2));
	else if (row != NULL)
		row->id.duplicate = (uint8_t) (1 + random_below(random, 2));
	return true;
}

static const struct
{
	int			share;			/* of a million people */
	bool		settles;		/* the truth depends on it: no events on top */
	bool		(*apply) (Facts *facts, Random *random);
}			kinds[] = {
	{20000, false, legacy_number}, {4500, true, typing_error}, {1500, true, typing_swap}, {1500, true, wrong_check},
	{500, true, wrong_letter}, {800, true, wrong_length}, {800, true, typing_two}, {300, true, similar_name},
	{700, true, mistaken_number}, {10000, false, number_form}, {9000, false, name_form}, {2000, false, former_name},
	{3500, true, name_differs}, {600, true, same_number}, {4000, true, invalid_name}, {2500, true, wrong_sex},
	{2500, true, wrong_birth}, {10000, false, birth_form}, {4000, true, dead_enrolled}, {6000, true, dead_drawing},
	{3000, true, prisoner_drawing}, {16000, true, left_enrolled}, {40000, true, double_pension}, {55000, true, double_medical},
	{25000, true, two_areas}, {8000, true, double_rare}, {40000, true, pensioner_twice}, {15000, false, injury_twice},
	{3000, false, care_row}, {2500, true, unreadable_row}, {3000, true, row_twice}, {250000, true, unemployed_wrongly},
	{20000, true, employed_twice}, {20000, true, wrong_age}, {4000, true, foreigner_drawing}};

void
dirt_apply(Facts *facts)
{
	Random		random = random_for(city.seed, facts->index, 200);
	uint32_t	draw = random_below(&random, 1000000);
	bool		slice = (facts->index / 500) % 20 == 3;

	if (facts->core->arrives != 1 || facts->core->kind == KIND_LISTED)
		return;
	if (slice && chance(&random, 0.02))
	{
		facts->settled = spreadsheet(facts, &random);
		return;
	}
	if (facts->core->kind == KIND_NOBODY)
	{
		if (chance(&random, 0.06))
			facts->settled = invalid_name(facts, &random);
		else if (chance(&random, 0.05))
			legacy_number(facts, &random);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (draw < (uint32_t) kinds[i].share)
		{
			facts->settled = kinds[i].apply(facts, &random) && kinds[i].settles;
			return;
		}
		draw -= (uint32_t) kinds[i].share;
	}
}
