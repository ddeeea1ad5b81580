/*
 * events.c
 *		What happens to people between the two deliveries: about one in fifty
 *		has something new.
 *
 * Rows that stay as they were keep their bytes, so that the counts of
 * unchanged, changed, inserted and ended rows have one answer.
 */
#include <string.h>

#include "city.h"

#define NOW month_of_date(city.reference[2])

static Enrolment *
new_enrolment(Facts *facts, int source, int scheme, int64_t agency, long employer, int start)
{
	Enrolment  *row = add_enrolment(facts, source, scheme, agency, employer, start);

	row->id.origin = -1;
	return row;
}

static void
news(Facts *facts, int source, const char *kind, int date)
{
	add_circumstance(facts, source, kind, date, 0)->id.origin = -1;
}

static void
close_all(Facts *facts, int month)
{
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].status != 4 && facts->enrolment[i].start <= month)
		{
			close_enrolment(&facts->enrolment[i], month);
			facts->enrolment[i].id.changed = true;
		}
}

static int
county_of(const Facts *facts)
{
	return (int) (city.villages[facts->core->village] / 1000000);
}

static bool
dies(Facts *facts, Random *random)
{
	int			benefits = 0;
	int			month;
	int			date;

	for (int i = 0; i < facts->enrolments; i++)
		benefits += facts->enrolment[i].benefit != 0;
	month = benefits == 1 && chance(random, 0.4) ? NOW - 1 : NOW;
	date = date_random_in_month(random, month);
	if (chance(random, 0.8))
	{
		facts->person.status = STATUS_DEAD;
		facts->person.status_date = date;
		facts->person.reason = "死亡";
		facts->person.life = 20;
		facts->person.id.changed = true;
	}
	if (facts->person.life != 20 || chance(random, 0.8))
		news(facts, SOURCE_DEATH, chance(random, 0.5) ? "火化" : "死亡", date);
	if (chance(random, 0.5))
		close_all(facts, month);
	return true;
}

static bool
moves_out(Facts *facts, Random *random)
{
	bool		near = chance(random, 0.5);
	Register   *person = &facts->person;

	person->status = STATUS_MOVED;
	person->status_date = date_random_in_month(random, NOW);
	person->residence = near ? 340302 : 330106;
	person->reason = near ? "迁往省内" : "迁往省外";
	person->life = near ? 30 : 31;
	person->id.changed = true;
	if (chance(random, 0.5))
		close_all(facts, NOW);
	return true;
}

static bool
moves_within(Facts *facts, Random *random)
{
	int64_t		village = city.villages[random_below(random, (uint32_t) city.village_count)];

	if (village == facts->person.residence)
		return false;
	facts->person.residence = village;
	facts->person.id.changed = true;
	return true;
}

static bool
loses_job(Facts *facts, Random *random)
{
	bool		any = false;

	(void) random;
	for (int i = 0; i < facts->enrolments; i++)
	{
		Enrolment  *row = &facts->enrolment[i];

		if (row->status == 1 && row->pay == 1 && row->identity == 1 && row->end == 0 && row->start < NOW)
		{
			row->status = 2;
			row->pay = 2;
			row->paid_through = NOW - 1;
			row->id.changed = true;
			any = true;
		}
	}
	return any;
}

static bool
finds_job(Facts *facts, Random *random)
{
	long		employer;
	int			county = county_of(facts);

	if (facts->enrolments > 0)
		return false;
	employer = (long) employer_pick(random, county, 0);
	new_enrolment(facts, SOURCE_PENSION_EMPLOYEE, P1, county, employer, NOW);
	new_enrolment(facts, SOURCE_MEDICAL_EMPLOYEE, M1, county, employer, NOW);
	new_enrolment(facts, SOURCE_UNEMPLOYMENT, UNEMPLOYMENT, county, employer, NOW);
	if (chance(random, 0.9))
		new_enrolment(facts, SOURCE_INJURY, INJURY, county, employer, NOW);
	return true;
}

static bool
enrols(Facts *facts, Random *random)
{
	for (int i = 0; i < facts->enrolments; i++)
		if (facts->enrolment[i].scheme == M2 || facts->enrolment[i].scheme == M1)
			return false;
	(void) random;
	new_enrolment(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, NOW)->paid_through = MONTH(NOW / 12, 12);
	return true;
}

static bool
pays_up(Facts *facts, Random *random)
{
	(void) random;
	for (int i = 0; i < facts->enrolments; i++)
	{
		Enrolment  *row = &facts->enrolment[i];

		if (row->scheme == P2 && row->status != 4 && row->paid_through != 0 && row->paid_through < NOW - 3 && row->benefit == 0)
		{
			row->status = 1;
			row->pay = 1;
			row->paid_through = MONTH(NOW / 12, 12);
			row->id.changed = true;
			return true;
		}
	}
	return false;
}

/* A raise of the pension, or only another telephone. */
static bool
small_change(Facts *facts, Random *random)
{
	Enrolment  *row;

	if (facts->enrolments == 0)
		return false;
	row = &facts->enrolment[random_below(random, (uint32_t) facts->enrolments)];
	if (row->benefit == 1)
		row->monthly += 5000;
	else
		snprintf(row->phone, sizeof(row->phone), "159%08u", random_below(random, 100000000));
	row->id.changed = true;
	return true;
}

/* An old row is no longer delivered. */
static bool
row_dropped(Facts *facts, Random *random)
{
	int			at;

	if (facts->enrolments < 2)
		return false;
	at = (int) random_below(random, (uint32_t) facts->enrolments);
	/* a row in the old form of the number stays: whether its rule outlives the row is nowhere said */
	if (facts->enrolment[at].status != 4 || facts->enrolment[at].id.legacy15)
		return false;
	memmove(&facts->enrolment[at], &facts->enrolment[at + 1], sizeof(Enrolment) * (size_t) (facts->enrolments - at - 1));
	facts->enrolments--;
	return true;
}

static bool
list_dropped(Facts *facts, Random *random)
{
	(void) random;
	for (int i = 0; i < facts->circumstances; i++)
	{
		int			source = facts->circumstance[i].source;

		if (source == SOURCE_SCHOOL || source == SOURCE_LOW_INCOME || source == SOURCE_DISABLED)
		{
			memmove(&facts->circumstance[i], &facts->circumstance[i + 1],
					sizeof(Circumstance) * (size_t) (facts->circumstances - i - 1));
			facts->circumstances--;
			return true;
		}
	}
	return false;
}

static bool
list_joined(Facts *facts, Random *random)
{
	int			age = age_at(number_birth(facts->core->number17), city.reference[2]);
	int			date = date_random_in_month(random, NOW);

	if (facts->core->kind != KIND_HOUSEHOLD || age < 18 || age > 50 || facts->circumstances > 0)
		return false;
	switch (random_below(random, 4))
	{
		case 0:
			news(facts, SOURCE_ARMY, "义务兵", date);
			break;
		case 1:
			news(facts, SOURCE_PRISON, "服刑", date);
			break;
		case 2:
			news(facts, SOURCE_ABROAD, "出国定居", date);
			close_all(facts, NOW - 1);
			break;
		default:
			news(facts, SOURCE_LOW_INCOME, "低保", month_first_date(NOW));
	}
	return true;
}

static bool
released(Facts *facts, Random *random)
{
	for (int i = 0; i < facts->circumstances; i++)
	{
		Circumstance *row = &facts->circumstance[i];

		if ((row->source == SOURCE_PRISON || row->source == SOURCE_ARMY) && row->end == 0)
		{
			row->end = date_random_in_month(random, NOW - 1);
			if (row->end < row->start)
				row->end = row->start;
			row->id.changed = true;
			return true;
		}
	}
	return false;
}

static bool
national_news(Facts *facts, Random *random)
{
	int			scheme;

	if (facts->elsewheres > 0)
	{
		Elsewhere  *row = &facts->elsewhere[0];

		if (row->status == 4)
			return false;
		row->status = 4;
		row->pay = 3;
		row->end = NOW;
		row->id.changed = true;
		return true;
	}
	scheme = chance(random, 0.5) ? P1 : M1;
	add_elsewhere(facts, scheme, chance(random, 0.05) ? 340403 : 320505, NOW - 2)->id.origin = -1;
	return true;
}

/* The agency has found out the right number. */
static bool
number_corrected(Facts *facts, Random *random)
{
	for (int i = 0; i < facts->enrolments; i++)
	{
		Enrolment  *row = &facts->enrolment[i];

		if (row->id.fault == NULL || row->id.fault[2] == '2' || row->personal[0] == '\0' || !chance(random, 0.3))
			continue;
		if (row->id.repaired)
			row->id.changed = true;
		else
			row->id.origin = -1;	/* refused last time: new to the registry */
		number_print(facts->core->number17, row->id.number);
		snprintf(row->id.name, sizeof(row->id.name), "%s", facts->name);
		row->id.fault = NULL;
		row->id.repaired = row->id.check_only = row->id.proposal = false;
		return true;
	}
	return false;
}

static void
born(Facts *facts, Random *random)
{
	facts->person.present = true;
	facts->person.id.origin = -1;
	if (chance(random, 0.5))
		new_enrolment(facts, SOURCE_MEDICAL_RESIDENT, M2, county_of(facts), -1, NOW)->paid_through = MONTH(NOW / 12, 12);
}

bool
events_apply(const Facts *before, Facts *after)
{
	static const struct
	{
		int			share;
		bool		(*apply) (Facts *facts, Random *random);
	}			kinds[] = {
		{6, moves_out}, {10, moves_within}, {8, loses_job}, {12, finds_job}, {12, enrols}, {10, pays_up}, {20, small_change},
		{10, row_dropped}, {6, list_dropped}, {6, list_joined}, {6, released}, {6, national_news}};
	Random		random = random_for(city.seed, before->index, 300);
	int			age = age_at(number_birth(before->core->number17), city.reference[2]);
	int			draw;

	if (before->core->arrives == 2)
	{
		*after = *before;
		born(after, &random);
		return true;
	}
	if (before->core->kind > KIND_MIGRANT)
		return false;
	if (before->settled)
	{
		*after = *before;
		return number_corrected(after, &random);
	}
	if (before->person.life > 11 || !chance(&random, 0.06))
		return false;
	*after = *before;
	if (chance(&random, age > 75 ? 0.15 : age > 60 ? 0.05 : 0.005))
		return dies(after, &random);
	/* not every event fits every person */
	for (int tries = 0; tries < 6; tries++)
	{
		size_t		i = 0;

		draw = (int) random_below(&random, 112);
		while (draw >= kinds[i].share)
			draw -= kinds[i++].share;
		if (kinds[i].apply(after, &random))
			return true;
	}
	return false;
}
