/*
 * reading_core.c
 *		Readings of characters in names that differ from the usual ones.
 *
 * No server calls; the tables are indexed at first use.
 */
#include "name_core.h"

#include "reading_tables.h"

#define FIRST_IDEOGRAPH 0x3400
#define LAST_IDEOGRAPH 0x9FFF

/* Entries by their first character: 1 + index of the first, and of the next of each. */
static uint16 surname_entry[LAST_IDEOGRAPH - FIRST_IDEOGRAPH + 1];
static uint16 next_surname[lengthof(surname_readings)];
static uint16 given_entry[LAST_IDEOGRAPH - FIRST_IDEOGRAPH + 1];

/* The second character of a compound surname, 0 for the others. */
static uint32 second_character[lengthof(surname_readings)];
static bool ready = false;

static void
build(void)
{
	uint32		points[16];

	for (int i = 0; i < lengthof(surname_readings); i++)
	{
		const char *surname = surname_readings[i].surname;
		int			count = name_decode(surname, strlen(surname), points);

		second_character[i] = count > 1 ? points[1] : 0;
		next_surname[i] = surname_entry[points[0] - FIRST_IDEOGRAPH];
		surname_entry[points[0] - FIRST_IDEOGRAPH] = i + 1;
	}
	for (int i = 0; i < lengthof(given_readings); i++)
	{
		const char *character = given_readings[i].surname;

		name_decode(character, strlen(character), points);
		given_entry[points[0] - FIRST_IDEOGRAPH] = i + 1;
	}
	ready = true;
}

static bool
is_indexed(uint32 point)
{
	if (!ready)
		build();
	return point >= FIRST_IDEOGRAPH && point <= LAST_IDEOGRAPH;
}

/*
 * The readings of a surname at the start of a name, and the characters it
 * takes; a compound surname goes before its first character.
 */
const char *
name_surname_readings(const uint32 *points, int count, int *used)
{
	const char *found = NULL;

	*used = 0;
	if (count == 0 || !is_indexed(points[0]))
		return NULL;
	for (int i = surname_entry[points[0] - FIRST_IDEOGRAPH]; i > 0; i = next_surname[i - 1])
	{
		if (second_character[i - 1] == 0 && *used == 0)
		{
			*used = 1;
			found = surname_readings[i - 1].readings;
		}
		else if (second_character[i - 1] != 0 && count >= 2 && points[1] == second_character[i - 1])
		{
			*used = 2;
			found = surname_readings[i - 1].readings;
		}
	}
	return found;
}

/*
 * The characters that a surname takes at the start of a name: two for one of
 * the compound surnames with a given name behind it, else one.
 */
int
name_surname_length(const uint32 *points, int count)
{
	if (count > 2 && is_indexed(points[0]))
		for (int i = surname_entry[points[0] - FIRST_IDEOGRAPH]; i > 0; i = next_surname[i - 1])
			if (second_character[i - 1] != 0 && points[1] == second_character[i - 1])
				return 2;
	return Min(count, 1);
}

/* The readings of a character within a given name. */
const char *
name_given_readings(uint32 point)
{
	int			entry = is_indexed(point) ? given_entry[point - FIRST_IDEOGRAPH] : 0;

	return entry > 0 ? given_readings[entry - 1].readings : NULL;
}
