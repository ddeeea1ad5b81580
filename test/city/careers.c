/*
 * careers.c
 *		The clean life of a person as the departments know it at the first
 *		delivery: register row, enrolments with their history, lists.
 */
#include <string.h>

#include "city.h"

#define NOW month_of_date(city.reference[1])

static const char *const scheme_code[SCHEME_COUNT] = {
	"110", "170", "120", "P4", "P5", "310", "390", "380", "M4", "M5", "M6", "210", "410", "510"};

static void
identity_start(Facts *facts, Identity *id)
{
	memset(id, 0, sizeof(*id));
	number_print(facts->core->number17, id->number);
	snprintf(id->name, sizeof(id->name), "%s", facts->name);
}

Enrolment *
add_enrolment(Facts *facts, int source, int scheme, int64_t agency, long employer, int start)
{
	Enrolment  *row;

	if (facts->enrolments == ENROLMENTS_MAX)
		return &facts->enrolment[ENROLMENTS_MAX - 1];	/* never reached by the careers below */
	row = &facts->enrolment[facts->enrolments];
	memset(row, 0, sizeof(*row));
	identity_start(facts, &row->id);
	row->id.origin = (int16_t) facts->enrolments++;
	row->source = (uint8_t) source;
	row->scheme = (int8_t) scheme;
	row->code = scheme >= 0 ? scheme_code[scheme] : "410";
	if (scheme == M3 && facts->index % 2 == 0)
		row->code = "M3";		/* the letters are as good as the digits */
	row->agency = agency;
	row->employer = (int32_t) employer;
	row->start = start;
	row->status = 1;
	row->pay = 1;
	row->identity = employer >= 0 ? 1 : 3;
	/* five of the agencies know a personal number of their own */
	if (source <= SOURCE_PENSION_PUBLIC || source == SOURCE_MEDICAL_EMPLOYEE || source == SOURCE_UNEMPLOYMENT)
		snprintf(row->personal, sizeof(row->personal), "34%02d%09zu", source, facts->index + 1);
	if (mix64(facts->index * 31 + (uint64_t) source) % 3 == 0)
		snprintf(row->phone, sizeof(row->phone), "13%09zu", facts->index * 7919 % 1000000000);
	return row;
}

Circumstance *
add_circumstance(Facts *facts, int source, const char *kind, int start, int end)
{
	Circumstance *row = &facts->circumstance[facts->circumstances];

	memset(row, 0, sizeof(*row));
	identity_start(facts, &row->id);
	row->id.origin = (int16_t) facts->circumstances++;
	row->source = (uint8_t) source;
	row->kind = kind;
	row->start = start;
	row->end = end;
	return row;
}

Elsewhere *
add_elsewhere(Facts *facts, int scheme, int region, int start)
{
	Elsewhere  *row = &facts->elsewhere[facts->elsewheres];

	memset(row, 0, sizeof(*row));
	identity_start(facts, &row->id);
	row->id.origin = (int16_t) facts->elsewheres++;
	row->scheme = (int8_t) scheme;
	row->code = scheme_code[scheme];
	row->region = region;
	row->status = 1;
	row->pay = 1;
	row->start = start;
	return row;
}

bool
row_counts(const Identity *id, int owner)
{
	return id->reject == NULL && (id->fault == NULL || id->repaired) && id->owner == owner;
}

/* Ends a relation properly: nothing runs after that month. */
void
close_enrolment(Enrolment *row, int last_month)
{
	if (row->status == 4)
		return;
	if (last_month < row->start)
		last_month = row->start;
	row->status = 4;
	row->pay = 3;
	row->end = last_month;
	if (row->paid_through > last_month)
		row->paid_through = last_month;
	if (row->benefit != 0)
	{
		row->benefit = row->benefit_from > last_month ? 0 : 3;
		if (row->benefit == 0)
			row->benefit_from = row->benefit_to = 0;
		else if (row->benefit_to == 0 || row->benefit_to > last_month)
			row->benefit_to = last_month;
	}
}

static int
county_of(const Core *core)
{
	return (int) (city.villages[core->village] / 1000000);
}

/* One job: pension and medical always, the others as the employer has them. */
static void
job(Facts *facts, Random *random, long employer, int start, int end)
{
	const Employer *e = &city.employers[employer];
	int			pension_source = e->kind == 1 ? SOURCE_PENSION_PUBLIC : SOURCE_PENSION_EMPLOYEE;
	bool		past = end != 0;
	Enrolment  *rows[5];
	int			count = 0;

	rows[count++] = add_enrolment(facts, pension_source, e->kind == 1 ? P3 : P1, e->county, employer, start);
	if (!past || chance(random, 0.6))
		rows[count++] = add_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, M1, e->county, employer, start);
	if (e->kind != 1 && chance(random, past ? 0.25 : 0.97))
		rows[count++] = add_enrolment(facts, SOURCE_UNEMPLOYMENT, UNEMPLOYMENT, e->county, employer, start);
	if (e->kind == 1 ? (e->injury && !past) : chance(random, past ? 0.2 : 0.97))
		rows[count++] = add_enrolment(facts, SOURCE_INJURY, INJURY, e->county, employer, start);
	for (int i = 0; i < count; i++)
	{
		if (past)
		{
			rows[i]->status = 4;
			rows[i]->pay = 3;
			rows[i]->end = end;
		}
		else if (e->lagging && rows[i]->scheme == P1 && start < NOW - 3)
			rows[i]->paid_through = NOW - 1 - (int) (mix64(facts->index) % 2);
	}
	if (start < MONTH(2019, 6) && (end == 0 || end > MONTH(2019, 12)) && chance(random, 0.15))
	{
		Enrolment  *row = add_enrolment(facts, SOURCE_MATERNITY, MATERNITY, e->county, employer, start);

		row->status = 4;
		row->pay = 3;
		row->end = MONTH(2019, 12);
	}
}

/* Earlier jobs in a row, none overlapping; returns the month after the last. */
static int
earlier_jobs(Facts *facts, Random *random, int first, int last)
{
	int			jobs = (int) random_below(random, 3);
	int			at = first;

	for (int i = 0; i < jobs; i++)
	{
		int			end = at + 6 + (int) random_below(random, 60);

		if (end >= last)
			break;
		job(facts, random, (long) employer_pick(random, county_of(facts->core), chance(random, 0.15) ? 2 : 0), at, end);
		at = end + 1 + (int) random_below(random, 5);
	}
	return at;
}

static void
employee(Facts *facts, Random *random, int kind)
{
	int			adult = month_of_date(number_birth(facts->core->number17)) + 19 * 12;
	int			first = adult < MONTH(1998, 1) ? MONTH(1998, 1) : adult;
	int			county = county_of(facts->core);
	int			at;

	first += (int) random_below(random, 60);
	if (first > NOW - 1)
		first = NOW - 1;
	at = earlier_jobs(facts, random, first, NOW - 12);
	if (at > NOW)
		at = NOW;
	if (chance(random, 0.2))
		county = city.employers[random_below(random, 7)].county;
	job(facts, random, (long) employer_pick(random, county, kind), at, 0);
}

static int64_t
town_agency(const Core *core)
{
	return mix64(core->household) % 4 == 0 ? county_of(core) : city.villages[core->village] / 1000;
}

/* Resident medical insurance: prepaid years, the present one open. */
static void
resident_medical(Facts *facts, Random *random, bool student, bool current)
{
	int			year = city.reference[1] / 10000;
	int			past = (int) random_below(random, 3);

	if (student && NOW % 12 < 8)
		student = false;		/* the school year has not begun */
	for (int back = past; back >= 0; back--)
	{
		int			start = student ? MONTH(year - back, 9) : MONTH(year - back, 1);
		Enrolment  *row;

		if (month_of_date(number_birth(facts->core->number17)) > start + 11 || (back == 0 && !current))
			continue;
		row = add_enrolment(facts, SOURCE_MEDICAL_RESIDENT, M2, town_agency(facts->core), -1, start);
		row->identity = student ? 4 : 3;
		if (student)
			row->code = "391";
		row->end = start + 11;
		row->paid_through = start + 11;
		if (back > 0)
		{
			row->status = 4;
			row->pay = 3;
		}
		else if (chance(random, 0.3))
			row->end = 0;		/* some agencies know only the month paid through */
	}
	/* the rural scheme was merged years ago */
	if (chance(random, 0.03) && month_of_date(number_birth(facts->core->number17)) < MONTH(2015, 1))
	{
		Enrolment  *row = add_enrolment(facts, SOURCE_MEDICAL_RURAL, M3, town_agency(facts->core), -1, MONTH(2016, 1));

		row->status = 4;
		row->pay = 3;
		row->end = MONTH(2016, 12);
	}
}

static Enrolment *
resident_pension(Facts *facts, Random *random, int paid_through)
{
	int			adult = month_of_date(number_birth(facts->core->number17)) + 16 * 12 + 1;
	int			start = adult < MONTH(2011, 7) ? MONTH(2011, 7) : adult;
	Enrolment  *row;

	start += (int) random_below(random, 36);
	if (start > NOW)
		start = NOW;
	row = add_enrolment(facts, SOURCE_PENSION_RESIDENT, P2, town_agency(facts->core), -1, start);
	if (chance(random, 0.1))
		row->code = "150";
	row->paid_through = paid_through < start ? start : paid_through;
	return row;
}

static void
retired_employee(Facts *facts, Random *random, int scheme)
{
	int			birth = number_birth(facts->core->number17);
	int			age = facts->core->sex == 1 ? 60 : scheme == P3 ? 55 : 50;
	int			retired = month_of_date(birth) + age * 12 + 1 + (int) random_below(random, 4);
	int			start = retired - 12 * random_between(random, 15, 30);
	long		employer = scheme == P3 ? (long) employer_pick(random, county_of(facts->core), 1) : -1;
	Enrolment  *row;

	if (retired > NOW)
		retired = NOW;
	row = add_enrolment(facts, scheme == P3 ? SOURCE_PENSION_PUBLIC : SOURCE_PENSION_EMPLOYEE, scheme, county_of(facts->core),
						employer, start);
	row->identity = 5;
	row->pay = 3;
	row->paid_through = retired - 1;
	row->benefit = 1;
	row->benefit_from = retired;
	row->monthly = random_between(random, 180000, 650099);
	if (chance(random, 0.04))
	{
		resident_medical(facts, random, false, true);
		return;
	}
	row = add_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, M1, county_of(facts->core), -1, retired - 60);
	row->identity = 5;
	if (chance(random, 0.35))
	{
		/* the retired draw medical care without paying; one agency writes that as "paused" */
		row->pay = chance(random, 0.25) ? 2 : 3;
		row->paid_through = retired - 1;
		row->benefit = 1;
		row->benefit_from = retired;
	}
}

static void
retired_resident(Facts *facts, Random *random)
{
	int			sixty = month_of_date(number_birth(facts->core->number17)) + 60 * 12 + 1;
	Enrolment  *row;
	int			start = MONTH(2011, 1);
	int			from = sixty < MONTH(2012, 1) ? MONTH(2012, 1) : sixty;

	if (from > NOW)
		from = NOW;
	row = add_enrolment(facts, SOURCE_PENSION_RESIDENT, P2, town_agency(facts->core), -1, start);
	row->pay = 3;
	row->paid_through = from - 1;
	row->benefit = 1;
	row->benefit_from = from;
	row->monthly = random_between(random, 360, 840) * 50;
	resident_medical(facts, random, false, chance(random, 0.95));
}

static void
flexible(Facts *facts, Random *random)
{
	int			start = NOW - 6 - (int) random_below(random, 120);
	int			adult = month_of_date(number_birth(facts->core->number17)) + 18 * 12;
	Enrolment  *row;

	if (start < adult)
		start = adult > NOW ? NOW : adult;
	row = add_enrolment(facts, SOURCE_PENSION_EMPLOYEE, P1, county_of(facts->core), -1, start);
	row->identity = 2;
	row->paid_through = start < NOW - 3 && chance(random, 0.2) ? NOW - (int) random_below(random, 3) : 0;
	if (chance(random, 0.7))
	{
		row = add_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, M1, county_of(facts->core), -1, start);
		row->identity = 2;
	}
	else
		resident_medical(facts, random, false, true);
}

static void
pause_all(Facts *facts, int last_month)
{
	for (int i = 0; i < facts->enrolments; i++)
	{
		Enrolment  *row = &facts->enrolment[i];

		if (row->status == 1 && row->pay == 1 && row->end == 0 && row->start <= last_month)
		{
			row->status = 2;
			row->pay = 2;
			row->paid_through = last_month;
		}
	}
}

/* Lost the job: everything paused, unemployment benefit runs. */
static void
unemployed(Facts *facts, Random *random)
{
	int			last = NOW - 2 - (int) random_below(random, 6);

	employee(facts, random, 0);
	pause_all(facts, last);
	for (int i = 0; i < facts->enrolments; i++)
	{
		Enrolment  *row = &facts->enrolment[i];

		if (row->scheme == UNEMPLOYMENT && row->status == 2)
		{
			row->benefit = 1;
			row->benefit_from = last + 1;
			row->benefit_to = last + 12;
			row->monthly = 135000;
		}
	}
}

static void
lives_elsewhere(Facts *facts, Random *random)
{
	static const int place[] = {340111, 330106, 310115, 320505, 340121, 440305, 341522};
	int			region = place[random_below(random, 7)];
	int			start = NOW - 3 - (int) random_below(random, 100);

	if (chance(random, 0.6))
	{
		add_elsewhere(facts, P1, region, start);
		add_elsewhere(facts, M1, region, start);
		if (chance(random, 0.3))
		{
			Elsewhere  *row = add_elsewhere(facts, P1, place[random_below(random, 7)], start - 30);

			row->status = 4;
			row->pay = 3;
			row->end = start - 1;
		}
	}
	else if (!city.clean && chance(random, 0.1))
		/* answers about the home city itself, also under the code it had before: not elsewhere */
		add_elsewhere(facts, P1, chance(random, 0.5) ? 340403 : 341521, start);
	else
	{
		/* works away, stays a resident member here in one branch */
		add_elsewhere(facts, P1, region, start);
		if (chance(random, 0.5))
			resident_medical(facts, random, false, true);
	}
}

static void
working_age(Facts *facts, Random *random, int age)
{
	uint32_t	draw = random_below(random, 1000);
	int			prepaid = MONTH(city.reference[1] / 10000, 12);

	if (draw < 190)
		employee(facts, random, 0);
	else if (draw < 240)
		employee(facts, random, 1);
	else if (draw < 320)
		flexible(facts, random);
	else if (draw < 770)
	{
		if (age > 25 && chance(random, 0.12))
		{
			int			start = NOW - 150 - (int) random_below(random, 24);
			Enrolment  *row;

			/* worked once; that relation rests */
			if (start < month_of_date(number_birth(facts->core->number17)) + 18 * 12)
				start = month_of_date(number_birth(facts->core->number17)) + 18 * 12;
			row = add_enrolment(facts, SOURCE_PENSION_EMPLOYEE, P1, county_of(facts->core),
								(long) employer_pick(random, county_of(facts->core), 2), start);
			row->status = 2;
			row->pay = 2;
			row->paid_through = start + 12;
			row = resident_pension(facts, random, prepaid);
			if (row->start <= start + 12)
				row->start = start + 13;
			if (row->start > NOW)
				row->start = NOW;
		}
		else
			resident_pension(facts, random, prepaid);
		resident_medical(facts, random, false, chance(random, 0.96));
	}
	else if (draw < 790)
		resident_pension(facts, random, prepaid);
	else if (draw < 830)
		resident_medical(facts, random, false, true);
	else if (draw < 880)
		lives_elsewhere(facts, random);
	else if (draw < 885)
		unemployed(facts, random);
	else if (draw < 905)
	{
		employee(facts, random, 0);
		pause_all(facts, NOW - 1 - (int) random_below(random, 10));
	}
	else if (draw < 955)
	{
		/* stopped paying years ago, by month or by state */
		Enrolment  *row = resident_pension(facts, random, MONTH(city.reference[1] / 10000 - 1 - (int) random_below(random, 3), 12));

		if (row->start >= NOW)
			row->start = NOW - 40;
		if (row->paid_through < row->start || row->paid_through > NOW - 9)
			row->paid_through = row->start + 2 < NOW - 9 ? row->start + 2 : NOW - 9;
		if (row->start > row->paid_through)
			row->start = row->paid_through;
		if (chance(random, 0.5))
		{
			row->status = 2;
			row->pay = 2;
		}
		resident_medical(facts, random, false, chance(random, 0.5));
	}
	else if (chance(random, 0.1))
	{
		/* reported ahead: begins in the month after */
		Enrolment  *row = add_enrolment(facts, SOURCE_MEDICAL_RESIDENT, M2, town_agency(facts->core), -1, NOW + 1);

		row->end = row->paid_through = MONTH((NOW + 1) / 12, 12);
	}
	/* the others are in no scheme */
}

static void
elderly(Facts *facts, Random *random, int age)
{
	uint32_t	draw = random_below(random, 100);

	if (draw < 24 && (age < 96))
		retired_employee(facts, random, P1);
	else if (draw < 31 && age < 96)
		retired_employee(facts, random, P3);
	else if (draw < 93)
		retired_resident(facts, random);
	else if (draw < 96)
		resident_medical(facts, random, false, true);
}

static void
career(Facts *facts, Random *random)
{
	int			birth = number_birth(facts->core->number17);
	int			age = age_at(birth, city.reference[1]);
	int			year = city.reference[1] / 10000;

	if (facts->core->kind == KIND_NOBODY)
		employee(facts, random, 0);
	else if (facts->core->kind == KIND_LISTED && register_namesake(facts->core->number17, facts->name))
		return;					/* would look like a registered person mistyped */
	else if (facts->core->kind == KIND_LISTED)
		add_circumstance(facts, SOURCE_SCHOOL, "普通高中", year * 10000 + 901 - (NOW % 12 < 8 ? 10000 : 0), (year + 2) * 10000 + 630);
	else if (facts->core->kind == KIND_MIGRANT)
	{
		uint32_t	draw = random_below(random, 100);

		if (age >= 18 && draw < 50)
			employee(facts, random, draw < 4 ? 1 : 0);
		else if (draw < 65)
			resident_medical(facts, random, false, true);
		else if (age >= 18 && draw < 82)
			lives_elsewhere(facts, random);
	}
	else if (age < 16)
		resident_medical(facts, random, age >= 7, chance(random, 0.94));
	else if (age < 23 && chance(random, age < 19 ? 0.85 : 0.5))
	{
		static const char *const kind[] = {"普通高中", "中等职业学校", "高等学校"};
		int			since = year - (age < 19 ? age - 16 : age - 19) - (NOW % 12 < 8 ? 1 : 0);

		const char *school = age < 19 ? kind[random_below(random, 2)] : kind[2];

		add_circumstance(facts, SOURCE_SCHOOL, school, since * 10000 + 901, chance(random, 0.5) ? 0 : (since + 4) * 10000 + 630);
		resident_medical(facts, random, true, chance(random, 0.94));
	}
	else if (age < 18)
		resident_medical(facts, random, false, true);
	else if (age >= 60 || (facts->core->sex == 2 && age >= 55 && chance(random, 0.25)))
	{
		if (age >= 60)
			elderly(facts, random, age);
		else
			retired_employee(facts, random, P1);
	}
	else
		working_age(facts, random, age);
}

/* What the police say, for somebody who simply lives here. */
static void
register_row(Facts *facts, Random *random)
{
	static const int origin[] = {340121, 340123, 341522, 341226, 320324};
	const Core *core = facts->core;
	Register   *person = &facts->person;
	int64_t		village = city.villages[core->village];
	int			birth = number_birth(core->number17);

	memset(person, 0, sizeof(*person));
	identity_start(facts, &person->id);
	if (core->kind > KIND_MIGRANT)
		return;
	person->present = core->arrives == 1;
	person->life = core->kind == KIND_HOUSEHOLD ? 10 : 11;
	snprintf(person->sex, sizeof(person->sex), "%s", mix64(core->household) % 5 == 0 ? (core->sex == 1 ? "男" : "女") : core->sex == 1 ? "1" : "2");
	if (mix64(core->household) % 7 == 0)
		snprintf(person->birth, sizeof(person->birth), "%04d-%02d-%02d", birth / 10000, birth / 100 % 100, birth % 100);
	else
		snprintf(person->birth, sizeof(person->birth), "%08d", birth);
	if (core->kind == KIND_MIGRANT)
	{
		int64_t		issued = core->number17 / 100000000000;

		person->hukou = issued > 800000 ? issued : origin[mix64(core->household) % 5];
		person->residence = village;
	}
	else
	{
		uint64_t	draw = mix64(core->household * UINT64_C(2654435761));

		/* a few registers know only the town or the county */
		person->hukou = draw % 100 == 0 ? village / 1000 : draw % 100 == 1 ? village / 1000000 : village;
		person->residence = chance(random, 0.12) ? city.villages[random_below(random, (uint32_t) city.village_count)] : person->hukou;
		if (chance(random, 0.02))
			person->residence = 340104;	/* works in the provincial capital */
		else if (chance(random, 0.02))
			person->residence = 0;
	}
	if (chance(random, 0.7))
	{
		int			second = random_between(random, 3, 8);

		snprintf(person->phone, sizeof(person->phone), "1%d%09u", second, random_below(random, 1000000000));
	}
}

/* Leaves, dies, goes to prison ...: the departments agree, and the agencies have closed what had to be closed. */
static void
life_events(Facts *facts, Random *random)
{
	Register   *person = &facts->person;
	int			birth = number_birth(facts->core->number17);
	int			age = age_at(birth, city.reference[1]);
	uint32_t	draw = random_below(random, 100000);
	int			month = NOW - 1 - (int) random_below(random, 30);
	int			date;

	if (facts->core->kind != KIND_HOUSEHOLD || facts->core->arrives != 1 || month_of_date(birth) >= month - 2)
		return;
	date = date_random_in_month(random, month);
	if (chance(random, age > 75 ? 0.07 : age > 60 ? 0.015 : 0.001))
	{
		bool		cancelled = chance(random, 0.8);

		if (cancelled)
		{
			person->status = STATUS_DEAD;
			person->status_date = date;
			person->reason = "死亡";
			person->life = 20;
		}
		if (!cancelled || chance(random, 0.8))
		{
			static const char *const kind[] = {"死亡", "火化", "火化", "宣告死亡"};

			add_circumstance(facts, SOURCE_DEATH, kind[random_below(random, cancelled ? 3 : 4)], date, 0);
		}
	}
	else if (draw < 1800)
	{
		static const int to[] = {340111, 340104, 340302, 341302, 310115, 330106, 320505, 440305};
		int			where = (int) random_below(random, 8);

		person->status = STATUS_MOVED;
		person->status_date = date;
		person->residence = to[where];
		person->reason = where < 4 ? "迁往省内" : "迁往省外";
		person->life = where < 4 ? 30 : 31;
	}
	else if (draw < 2000 && age >= 18)
	{
		static const char *const reason[] = {"出国定居", "加入外国国籍", "重复户口", "参军", "逮捕"};
		static const uint8_t life[] = {33, 34, 32, 40, 41};
		int			which = (int) random_below(random, 5);

		if (which >= 3 && age > 50)
			which = 2;
		person->status = STATUS_CANCELLED;
		person->status_date = date;
		person->reason = reason[which];
		person->life = life[which];
	}
	else if (draw < 2300 && age >= 18 && age < 30 && facts->core->sex == 1)
		add_circumstance(facts, SOURCE_ARMY, chance(random, 0.6) ? "义务兵" : "军士", date, 0);
	else if (draw < 2500 && age >= 18)
	{
		static const char *const kind[] = {"服刑", "服刑", "社区矫正"};
		int			years = 1 + (int) random_below(random, 6);
		const char *what = kind[random_below(random, 3)];

		add_circumstance(facts, SOURCE_PRISON, what, date, chance(random, 0.2) ? 0 : date + years * 10000 - (date % 10000 == 229 ? 1 : 0));
		for (int i = 0; i < facts->enrolments && strcmp(what, "服刑") == 0; i++)
		{
			Enrolment  *row = &facts->enrolment[i];

			/* benefits rest while the sentence runs */
			if (row->benefit == 1 && row->benefit_from < month)
			{
				row->benefit = 2;
				row->benefit_to = month - 1;
			}
			else if (row->benefit == 1)
			{
				row->benefit = 0;
				row->benefit_from = row->benefit_to = 0;
			}
		}
		return;
	}
	else if (draw < 2800 && age >= 18)
	{
		static const char *const kind[] = {"出国定居", "取得外国国籍", "出国务工", "出国留学"};
		int			which = (int) random_below(random, 4);

		add_circumstance(facts, SOURCE_ABROAD, kind[which], date, 0);
		if (which >= 2)
			return;
	}
	else
		return;
	{
		int			kept = 0;

		/* relations that would begin after the event never came about */
		for (int i = 0; i < facts->enrolments; i++)
			if (facts->enrolment[i].start <= month)
			{
				facts->enrolment[kept] = facts->enrolment[i];
				facts->enrolment[kept].id.origin = (int16_t) kept;
				close_enrolment(&facts->enrolment[kept++], month);
			}
		facts->enrolments = kept;
		facts->elsewheres = 0;
	}
}

static void
welfare(Facts *facts, Random *random)
{
	int			age = age_at(number_birth(facts->core->number17), city.reference[1]);
	int			since = NOW - 6 - (int) random_below(random, 40);

	if (facts->core->kind != KIND_HOUSEHOLD || since < month_of_date(number_birth(facts->core->number17)) + 1)
		return;
	if (chance(random, 0.03))
		add_circumstance(facts, SOURCE_LOW_INCOME, chance(random, 0.85) ? "低保" : "特困", month_first_date(since), 0);
	if (chance(random, 0.02))
		add_circumstance(facts, SOURCE_DISABLED, "残疾", date_random_in_month(random, since), 0);
	if (age >= 18 && chance(random, 0.004))
		add_circumstance(facts, SOURCE_LAND_TAKEN, "被征地", date_random_in_month(random, since), 0);
}

void
facts_make(Facts *facts, size_t index)
{
	Random		random = random_for(city.seed, index, 100);

	facts->index = index;
	facts->core = &city.cores[index];
	facts->enrolments = facts->circumstances = facts->elsewheres = 0;
	facts->mistaken = 0;
	facts->settled = false;
	name_of(facts->core, facts->name, sizeof(facts->name));
	register_row(facts, &random);
	if (facts->core->arrives != 1)
		return;
	career(facts, &random);
	life_events(facts, &random);
	welfare(facts, &random);
}
