/*
 * people.c
 *		Households and their members, the numbers they were given, and the
 *		employers of the city.
 */
#include <stdlib.h>
#include <string.h>

#include "city.h"

City		city;

/* Issuing regions; a counter per region, day and sex hands out the sequences. */
static const int region_list[] = {
	340402, 340403, 340404, 340405, 340406, 340421, 340422, 341521, 342422, 340401, 340411, 340420, 340407, 340424, 340429,
	340121, 340123, 340321, 341226, 342128, 341522, 342423, 341282, 342103, 320324, 411481, 110105, 310108, 510100, 340111,
	342101, 342626, 810000, 820000, 830000};

#define REGIONS ((int) (sizeof(region_list) / sizeof(region_list[0])))
#define DAYS 46800				/* from 1900-01-01 on */

static uint16_t *counters;
static size_t core_room;

static int
region_slot(int region)
{
	for (int i = 0; i < REGIONS; i++)
		if (region_list[i] == region)
			return i;
	return 0;
}

static int64_t
number_issue(Random *random, int region, int birth, int sex)
{
	int			slot = region_slot(region);

	for (;;)
	{
		int			day = date_serial(birth) - 2;
		uint16_t   *counter = &counters[((size_t) slot * DAYS + (size_t) day) * 2 + (size_t) (sex - 1)];

		if (*counter < 500)
		{
			int			sequence = (*counter * 277 + (int) (mix64((uint64_t) day * 64 + (uint64_t) slot) % 500)) % 500 * 2 + (sex == 1 ? 1 : 0);

			++*counter;
			return ((int64_t) region_list[slot] * 100000000 + birth) * 1000 + sequence;
		}
		/* every number of that day is taken: born on another day of the month */
		birth = date_random_in_month(random, month_of_date(birth));
	}
}

/* The code under which a person of this county, born then, was numbered. */
static int
issuing_region(Random *random, int county, int birth, bool *unknown)
{
	int			year = birth / 10000;

	*unknown = false;
	if (!city.clean && chance(random, 0.002))
		return region_list[9 + random_below(random, 3)];
	if (!city.clean && chance(random, 0.0002))
	{
		*unknown = true;
		return region_list[12 + random_below(random, 3)];
	}
	if (chance(random, 0.05))
	{
		static const int later[] = {340121, 340321, 340123, 110105, 320324, 341522, 341226};
		static const int earlier[] = {342423, 342128, 342101, 340111, 310108, 342626, 340121};

		return year >= 1997 ? later[random_below(random, 7)] : earlier[random_below(random, 7)];
	}
	if (county == 340422)
		return year < 1999 ? 342422 : year < 2016 ? 341521 : 340422;
	return county;
}

static Core *
core_add(Random *random, int birth, int sex, int kind, uint32_t household, uint32_t village, int surname, int ethnic)
{
	Core	   *core;
	int			county = (int) (city.villages[village] / 1000000);

	if (city.core_count == core_room)
	{
		core_room = core_room == 0 ? 65536 : core_room + core_room / 2;
		city.cores = realloc(city.cores, core_room * sizeof(Core));
		if (city.cores == NULL)
		{
			fprintf(stderr, "city: out of memory\n");
			exit(1);
		}
	}
	core = &city.cores[city.core_count++];
	memset(core, 0, sizeof(*core));
	core->household = household;
	core->village = village;
	core->surname = (uint16_t) surname;
	core->given = (uint32_t) random_next(random);
	core->sex = (uint8_t) sex;
	core->kind = (uint8_t) kind;
	core->ethnic = (uint8_t) ethnic;
	core->arrives = 1;
	if (kind == KIND_MIGRANT && chance(random, 0.01))
		county = region_list[REGIONS - 3 + (int) random_below(random, 3)];	/* residence permits */
	else if (kind == KIND_MIGRANT)
	{
		static const int homes[] = {340121, 340123, 341522, 341226, 320324};

		county = homes[random_below(random, 5)];
		if (county == 341226 && birth < 19970101)
			county = 342128;
		if (county == 341522 && birth < 19990101)
			county = 342423;
	}
	else
		county = issuing_region(random, county, birth, &core->region_unknown);
	core->number17 = number_issue(random, county, birth, sex);
	return core;
}

static int
birth_for_age(Random *random, int age)
{
	int			reference = city.reference[1];
	int			month = month_of_date(reference) - age * 12 - (int) random_below(random, 12);
	int			birth = date_random_in_month(random, month);

	return birth > reference ? reference : birth;
}

/* A member of that age, a man with that share. */
static Core *
member_add(Random *random, int age, double men, int kind, uint32_t household, uint32_t village, int surname, int ethnic)
{
	int			birth = birth_for_age(random, age);
	int			sex = chance(random, men) ? 1 : 2;

	return core_add(random, birth, sex, kind, household, village, surname, ethnic);
}

/* Age of a head of household: few young, many born in the 1960s and 1970s. */
static int
head_age(Random *random)
{
	static const int share[] = {4, 7, 9, 10, 9, 11, 13, 12, 9, 7, 5, 3, 1};	/* from 20, five years each */
	int			draw = (int) random_below(random, 100);

	for (int i = 0; i < 13; i++)
	{
		draw -= share[i];
		if (draw < 0)
			return 20 + i * 5 + (int) random_below(random, 5);
	}
	return 50;
}

static uint32_t
village_pick(Random *random)
{
	/* some villages are larger than others */
	uint32_t	a = random_below(random, (uint32_t) city.village_count);
	uint32_t	b = random_below(random, (uint32_t) city.village_count);

	return chance(random, 0.5) ? a : (mix64(a) & 0xff) > (mix64(b) & 0xff) ? a : b;
}

static void
household_make(Random *random, uint32_t household)
{
	uint32_t	village = village_pick(random);
	int			ethnic = chance(random, 0.003) ? 5 : chance(random, 0.008) ? 3 : 1;
	int			surname = surname_pick(random);
	int			age = head_age(random);
	int			head_sex = chance(random, 0.72) ? 1 : 2;
	bool		couple = age > 24 && chance(random, age < 70 ? 0.78 : 0.5);
	int			mother_age = age - random_between(random, -2, 4);
	int			children = age < 24 ? 0 : age < 50 ? 1 + (int) random_below(random, 2) : (int) random_below(random, 2);

	/* every draw stands in a statement of its own: C leaves the order of arguments open */
	member_add(random, age, head_sex == 1 ? 1.0 : 0.0, KIND_HOUSEHOLD, household, village, surname, ethnic);
	if (couple)
	{
		int			spouse = surname_pick(random);

		member_add(random, mother_age < 20 ? 20 : mother_age, head_sex == 1 ? 0.0 : 1.0, KIND_HOUSEHOLD, household, village,
				   spouse, ethnic)->relation = 10;
	}
	for (int i = 0; couple && i < children; i++)
	{
		int			child_age = age - 22 - (int) random_below(random, 16);

		if (child_age >= 0 && child_age < 50)
			member_add(random, child_age, 0.52, KIND_HOUSEHOLD, household, village, surname, ethnic)->relation = 20;
	}
	if (age < 60 && chance(random, 0.24))
	{
		int			parent_age = age + 23 + (int) random_below(random, 12);

		member_add(random, parent_age, 0.42, KIND_HOUSEHOLD, household, village, surname, ethnic)->relation = 50;
	}
	if (age >= 48 && couple && chance(random, 0.45))
		for (int i = (int) random_below(random, 2); i >= 0; i--)
		{
			int			grandchild_age = age - 47 - (int) random_below(random, 12);

			if (grandchild_age >= 0 && grandchild_age < 25)
				member_add(random, grandchild_age, 0.52, KIND_HOUSEHOLD, household, village, surname, ethnic)->relation = 40;
		}
	/* a baby of the month between the deliveries */
	if (city.second && couple && age < 40 && chance(random, 0.0022))
	{
		int			birth = date_random_in_month(random, month_of_date(city.reference[2]));
		int			sex = chance(random, 0.52) ? 1 : 2;
		Core	   *child = core_add(random, birth, sex, KIND_HOUSEHOLD, household, village, surname, ethnic);

		child->relation = 20;
		child->arrives = 2;
	}
}

long
register_find(int64_t number17)
{
	size_t		slot = mix64((uint64_t) number17) & city.number_mask;

	while (city.number_slots[slot] != 0)
	{
		if (city.cores[city.number_slots[slot] - 1].number17 == number17)
			return (long) city.number_slots[slot] - 1;
		slot = (slot + 1) & city.number_mask;
	}
	return -1;
}

static void
register_index(void)
{
	size_t		size = 1024;

	while (size < city.core_count * 2)
		size *= 2;
	city.number_mask = size - 1;
	city.number_slots = calloc(size, sizeof(uint32_t));
	if (city.number_slots == NULL)
		abort();
	for (size_t i = 0; i < city.core_count; i++)
	{
		size_t		slot = mix64((uint64_t) city.cores[i].number17) & city.number_mask;

		if (city.cores[i].kind > KIND_MIGRANT)
			continue;
		while (city.number_slots[slot] != 0)
			slot = (slot + 1) & city.number_mask;
		city.number_slots[slot] = (uint32_t) i + 1;
	}
}

/* Looks a text up that an edit has made; keeps distinct persons. */
static void
candidate(const char *text, long found[CANDIDATES_MAX], int *count)
{
	int64_t		number17 = 0;
	long		index;

	if (!number_text_valid(text))
		return;
	for (int i = 0; i < 17; i++)
		number17 = number17 * 10 + (text[i] - '0');
	index = register_find(number17);
	if (index < 0)
		return;
	for (int i = 0; i < *count; i++)
		if (found[i] == index)
			return;
	if (*count < CANDIDATES_MAX)
		found[(*count)++] = index;
}

int
register_candidates(const char *text, long found[CANDIDATES_MAX])
{
	static const char digits[] = "0123456789X";
	size_t		length = strlen(text);
	int			count = 0;
	char		edit[24];

	if (length < 17 || length > 19)
		return 0;
	for (size_t at = 0; length == 18 && at < 18; at++)
		for (int d = 0; d < (at == 17 ? 11 : 10); d++)
		{
			strcpy(edit, text);
			edit[at] = digits[d];
			candidate(edit, found, &count);
		}
	for (size_t at = 0; length == 18 && at < 17; at++)
	{
		strcpy(edit, text);
		edit[at] = text[at + 1];
		edit[at + 1] = text[at];
		candidate(edit, found, &count);
	}
	for (size_t at = 0; length == 19 && at < 19; at++)
	{
		memcpy(edit, text, at);
		strcpy(edit + at, text + at + 1);
		candidate(edit, found, &count);
	}
	for (size_t at = 0; length == 17 && at < 18; at++)
		for (int d = 0; d < (at == 17 ? 11 : 10); d++)
		{
			memcpy(edit, text, at);
			edit[at] = digits[d];
			strcpy(edit + at + 1, text + at);
			candidate(edit, found, &count);
		}
	return count;
}

static bool
is_namesake(int64_t number17, const char *name)
{
	long		index = register_find(number17);
	char		other[96];

	if (index < 0)
		return false;
	name_of(&city.cores[index], other, sizeof(other));
	return strcmp(name, other) == 0;
}

bool
register_namesake(int64_t number17, const char *name)
{
	int64_t		power = 1;

	for (int i = 0; i < 17; i++, power *= 10)
	{
		int			digit = (int) (number17 / power % 10);
		int			before = (int) (number17 / power / 10 % 10);

		for (int other = 0; other < 10; other++)
			if (other != digit && is_namesake(number17 + (other - digit) * power, name))
				return true;
		if (i < 16 && before != digit && is_namesake(number17 + (before - digit) * power + (digit - before) * power * 10, name))
			return true;
	}
	return false;
}

/* Somebody without a household here. */
static void
outsider_add(Random *random, int youngest, int kind, uint32_t household)
{
	static const int span[] = {16, 45, 30, 5};
	int			age = youngest + (int) random_below(random, (uint32_t) span[youngest == 0 ? 0 : youngest == 16 ? 1 : youngest == 22 ? 2 : 3]);
	uint32_t	village = village_pick(random);
	int			surname = surname_pick(random);
	int			ethnic = kind == KIND_MIGRANT && chance(random, 0.01) ? 5 : 1;

	member_add(random, age, 0.53, kind, household, village, surname, ethnic);
}

void
people_make(void)
{
	Random		random = random_for(city.seed, 0, 1);
	uint32_t	household = 0;
	size_t		migrants = city.persons * 7 / 100;
	size_t		nobodies = city.clean ? 0 : city.persons / 500;
	size_t		listed = city.clean ? 0 : city.persons / 2000;

	counters = calloc((size_t) REGIONS * DAYS * 2, sizeof(uint16_t));
	if (counters == NULL)
		abort();
	while (city.core_count < city.persons)
		household_make(&random, ++household);
	for (size_t i = 0; i < migrants; i++)
		outsider_add(&random, chance(&random, 0.15) ? 0 : 16, KIND_MIGRANT, ++household);
	for (size_t i = 0; i < nobodies; i++)
		outsider_add(&random, 22, KIND_NOBODY, ++household);
	for (size_t i = 0; i < listed; i++)
		outsider_add(&random, 17, KIND_LISTED, ++household);
	free(counters);
	register_index();
}

void
employers_make(void)
{
	static const char *const trade[] = {"矿业", "电力", "建材", "食品", "商贸", "物流", "纺织", "科技", "餐饮", "置业", "机械", "医药"};
	static const char *const office[] = {"人民医院", "第一中学", "财政局", "实验小学", "住房和城乡建设局", "农业技术推广站"};
	static const char *const county_name[] = {"大通区", "田家庵区", "谢家集区", "八公山区", "潘集区", "凤台县", "寿县"};

	city.employer_count = 70 + city.persons / 90;
	city.employers = calloc(city.employer_count, sizeof(Employer));
	if (city.employers == NULL)
		abort();
	for (size_t i = 0; i < city.employer_count; i++)
	{
		Employer   *employer = &city.employers[i];
		int			place = (int) (i % 7);

		employer->county = region_list[place];
		employer->kind = i % 10 == 8 ? 1 : i % 10 == 9 ? 2 : 0;
		credit_code_make(employer->code, (unsigned) i, employer->county, employer->kind == 1 ? "12" : "91");
		{
			Random		again = random_for(city.seed, i, 3);

			snprintf(employer->name, sizeof(employer->name), "淮南市%s%s%zu号%s", county_name[place],
					 employer->kind == 1 ? office[random_below(&again, 6)] : trade[random_below(&again, 12)], i + 1,
					 employer->kind == 1 ? "" : "有限公司");
			employer->injury = chance(&again, 0.6);
			employer->lagging = chance(&again, 0.03);
			employer->code_broken = !city.clean && chance(&again, 0.02);
			employer->staff = 3 + (int) random_below(&again, 300);
		}
		if (employer->code_broken && i % 3 == 0)
			employer->code[17] = '\0';	/* cut short */
		else if (employer->code_broken && i % 3 == 1)
			employer->code[12] = 'Z';	/* a letter that no code has */
		else if (employer->code_broken)
			employer->code[17] = employer->code[17] == '7' ? '8' : '7';
	}
}

/* An employer of that kind in the county; every kind exists in each county from 70 employers on. */
size_t
employer_pick(Random *random, int county, int kind)
{
	for (;;)
	{
		uint32_t	i = random_below(random, (uint32_t) city.employer_count);
		const Employer *employer = &city.employers[i];

		if (employer->kind == kind && employer->county == county)
			return i;
	}
}
