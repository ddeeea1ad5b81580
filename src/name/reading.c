/*
 * reading.c
 *		How ideographs are read: ICU's data, and our own for names.
 *
 * Readings without tones, lower case, the umlaut as v.
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utrans.h>

#include "compat.h"
#include "lib/stringinfo.h"

#include "name/name_core.h"
#include "name/reading.h"

/*
 * ICU's transliterator of ideographs takes a tenth of a second to open and a
 * few microseconds a character: it is opened when the first reading is asked
 * for, lives as long as the backend, and what it said is remembered.
 */
#define READING_SLOTS 32768		/* a power of two; no two of U+4E00 .. U+9FFF share a slot */

static Reading reading_cache[READING_SLOTS];

static UTransliterator *
transliterator(void)
{
	static UTransliterator *opened = NULL;

	if (opened == NULL)
	{
		static const UChar id[] = u"Han-Latin";
		UErrorCode	status = U_ZERO_ERROR;

		opened = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
		if (U_FAILURE(status))
			opened = NULL;
		name_icu_check(status, "open its transliteration of ideographs");
	}
	return opened;
}

/* Takes the first syllable of ICU's answer apart: letters, and the tone mark. */
static void
read_syllable(const UChar *units, int32_t length, Reading *reading)
{
	UErrorCode	status = U_ZERO_ERROR;
	UChar		plain[64];
	char		letters[8];
	size_t		used = 0;

	length = unorm2_normalize(name_decomposer(), units, length, plain, lengthof(plain), &status);
	name_icu_check(status, "decompose a reading");
	for (int32_t i = 0; i < length && used < sizeof(letters); i++)
	{
		if (plain[i] >= 'a' && plain[i] <= 'z')
			letters[used++] = plain[i];
		else if (plain[i] == 0x0304)
			reading->tone = 0;
		else if (plain[i] == 0x0301)
			reading->tone = 1;
		else if (plain[i] == 0x030C)
			reading->tone = 2;
		else if (plain[i] == 0x0300)
			reading->tone = 3;
		else if (plain[i] == 0x0308 && used > 0)
			letters[used - 1] = 'v';	/* as it is typed: lv, nv */
		else if (plain[i] != 0x0302)
			break;
	}
	reading->packed = name_pack_reading(letters, used);
}

/* The usual reading of an ideograph. */
const Reading *
name_reading_of(uint32 point)
{
	Reading    *reading = &reading_cache[(point ^ (point >> 16 << 8)) & (READING_SLOTS - 1)];
	UErrorCode	status = U_ZERO_ERROR;
	UChar		units[32];
	int32_t		length = 0;
	int32_t		limit;

	if (reading->point == point)
		return reading;
	U16_APPEND_UNSAFE(units, length, point);
	limit = length;
	utrans_transUChars(transliterator(), units, &length, lengthof(units), 0, &limit, &status);
	name_icu_check(status, "read an ideograph");
	memset(reading, 0, sizeof(*reading));
	read_syllable(units, length, reading);
	reading->point = point;
	return reading;
}

static void
append_packed(StringInfo to, uint32 packed)
{
	for (int shift = 25; shift >= 0; shift -= 5)
		if ((packed >> shift) & 31)
			appendStringInfoChar(to, 'a' + ((packed >> shift) & 31) - 1);
}

static void
append_point(StringInfo to, uint32 point)
{
	char		text[4];

	appendBinaryStringInfo(to, text, name_encode(&point, 1, text));
}

static void
append_space(StringInfo to)
{
	if (to->len > 0 && to->data[to->len - 1] != ' ')
		appendStringInfoChar(to, ' ');
}

/* One character's or surname's share of a name's reading. */
typedef struct Part
{
	const char *readings;		/* alternatives parted by slashes, or NULL */
	int			count;			/* of alternatives */
	uint32		point;
} Part;

static int
alternatives_in(const char *readings)
{
	int			count = 1;

	for (; *readings; readings++)
		count += *readings == '/';
	return count;
}

static void
append_alternative(StringInfo to, const char *readings, int choice)
{
	while (choice-- > 0)
		readings += strcspn(readings, "/") + 1;
	appendBinaryStringInfo(to, readings, (int) strcspn(readings, "/"));
}

/*
 * A syllable or a word of Latin letters, one space between.  An ideograph
 * without reading stands for itself.
 */
static void
append_part(StringInfo to, const Part *part, int choice)
{
	if (part->readings != NULL)
	{
		append_space(to);
		append_alternative(to, part->readings, choice);
		append_space(to);
	}
	else if (point_is_han(part->point))
	{
		const Reading *reading = name_reading_of(part->point);

		append_space(to);
		if (reading->packed != 0)
			append_packed(to, reading->packed);
		else
			append_point(to, part->point);
		append_space(to);
	}
	else if (point_is_letter(part->point))
		append_point(to, u_tolower(part->point));
	else
		append_space(to);
}

static bool
points_have(NamePoints name, uint32 point)
{
	for (int i = 0; i < name.count; i++)
		if (name.points[i] == point)
			return true;
	return false;
}

/* Takes a key1 apart.  A dotted name has no surname. */
static int
parts_of(NamePoints name, bool given, Part *parts)
{
	const char *surname = NULL;
	int			used = 0;
	int			count = 0;

	if (!given && !points_have(name, NAME_DOT))
		surname = name_surname_readings(name.points, name.count, &used);
	if (surname != NULL)
		parts[count++] = (Part) {surname, alternatives_in(surname), 0};
	for (int i = used; i < name.count; i++)
	{
		const char *readings = name_given_readings(name.points[i]);

		parts[count++] = (Part) {readings, readings == NULL ? 1 : alternatives_in(readings), name.points[i]};
	}
	return count;
}

/*
 * All readings of a key1, the usual one first; the surname's alternatives go
 * before those of the given name.  What goes beyond the room of the array is
 * left out.
 */
int
name_pinyin_alternatives(NamePoints name, bool given, StringInfoData alternatives[NAME_READINGS_MAX])
{
	Part	   *parts = palloc(sizeof(Part) * ((size_t) name.count + 1));
	int			part_count = parts_of(name, given, parts);
	int			total = 1;

	for (int i = 0; i < part_count && total < NAME_READINGS_MAX; i++)
		total *= parts[i].count;
	total = Min(total, NAME_READINGS_MAX);
	for (int k = 0; k < total; k++)
	{
		StringInfo	to = &alternatives[k];
		int			rest = k;

		initStringInfo(to);
		for (int i = 0; i < part_count; i++)
		{
			append_part(to, &parts[i], rest % parts[i].count);
			rest /= parts[i].count;
		}
		while (to->len > 0 && to->data[to->len - 1] == ' ')
			to->data[--to->len] = '\0';
	}
	pfree(parts);
	return total;
}
