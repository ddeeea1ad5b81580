/*
 * citizen_grade_core.c
 *		Reasons for and against a citizen number, without the server.
 */
#include "postgres.h"

#include "citizen/character.h"
#include "citizen/citizen_grade.h"

/* Longest text of the form 3.40404190001010E+17 that is looked at. */
#define SCIENTIFIC_MOST 24

static bool
looks_scientific(const char *text, size_t length)
{
	char		narrow[SCIENTIFIC_MOST];
	size_t		count = character_fold(text, length, narrow, sizeof(narrow));

	return count <= sizeof(narrow) && citizen_id_is_scientific(narrow, count);
}

/* Did a spreadsheet cut this number, whose check character does not fit? */
static bool
looks_cut(const char *text, size_t length)
{
	char		narrow[18];
	int64		number = 0;

	if (character_fold(text, length, narrow, sizeof(narrow)) != 18)
		return false;
	for (int i = 0; i < 18; i++)
	{
		if (narrow[i] < '0' || narrow[i] > '9')
			return false;
		number = number * 10 + (narrow[i] - '0');
	}
	return citizen_id_damage(number) != CITIZEN_ID_UNDAMAGED;
}

CitizenIdReason
citizen_id_text_reason(const char *text, size_t length, CitizenId *id, bool *legacy15)
{
	CitizenIdFault fault = citizen_id_parse(text, length, id, legacy15);

	switch (fault)
	{
		case CITIZEN_ID_FINE:
			return REASON_OK;
		case CITIZEN_ID_LENGTH:
			return looks_scientific(text, length) ? REASON_TRUNCATED : REASON_LENGTH;
		case CITIZEN_ID_CHARACTER:
			return looks_scientific(text, length) ? REASON_TRUNCATED : REASON_CHARACTER;
		case CITIZEN_ID_PROVINCE:
			return REASON_PROVINCE;
		case CITIZEN_ID_BIRTH_DATE:
			return REASON_BIRTH_DATE;
		case CITIZEN_ID_CHECK:
			break;
	}
	return looks_cut(text, length) ? REASON_TRUNCATED : REASON_CHECK;
}

/*
 * Sums of districts (01), city districts (02), suburbs (11) and the urban
 * part of cities with counties (20) stand on real cards and in no list.
 */
static bool
suffix_is_used_unlisted(int32 code6)
{
	int32		suffix = code6 % 100;

	return suffix == 1 || suffix == 2 || suffix == 11 || suffix == 20;
}

CitizenIdReason
region_reason(int32 code6, const RegionPeriod *periods, int count,
			  int birth_year, int on_year)
{
	bool		at_birth = false;
	bool		after_birth = false;
	bool		now = false;

	if (count == 0)
		return suffix_is_used_unlisted(code6) ?
			REASON_REGION_UNLISTED : REASON_REGION_NEVER_ISSUED;

	for (int i = 0; i < count; i++)
	{
		const RegionPeriod *period = &periods[i];

		if (period->from_year > birth_year)
			after_birth = true;
		else if (period->to_year >= birth_year)
			at_birth = true;
		/* A year in which a code ended counts as without it. */
		if (period->to_year > on_year)
			now = true;
	}
	if (at_birth)
		return now ? REASON_OK : REASON_REGION_ABOLISHED;
	return after_birth ? REASON_REGION_AFTER_BIRTH : REASON_REGION_DEAD_BEFORE_BIRTH;
}
