/*
 * name.c
 *		Names: the steps that need ICU, and what SQL calls.
 *
 * name_key() uses of ICU only what never changes for assigned characters
 * (normalization by Unicode's promise, the capitals of settled letters), and
 * our own versioned tables for everything else; it is immutable in earnest.
 * name_variant_key() and name_similarity() follow the classes of the registry
 * (name_classes.c) and are stable.  Readings come from the transliteration
 * data of ICU, which do change between its versions: what is stored of
 * name_pinyin() belongs to one value of name_icu_version(), as the order of an
 * ICU collation does.
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/uversion.h>

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "name/name.h"
#include "name/name_classes.h"
#include "name/name_core.h"
#include "name/reading.h"

REGISTRY_FUNCTION(name_clean);
REGISTRY_FUNCTION(name_key);
REGISTRY_FUNCTION(name_variant_key);
REGISTRY_FUNCTION(name_note);
REGISTRY_FUNCTION(name_similarity);
REGISTRY_FUNCTION(name_pinyin);
REGISTRY_FUNCTION(name_pinyin_set);
REGISTRY_FUNCTION(name_given_pinyin_set);
REGISTRY_FUNCTION(name_surname);
REGISTRY_FUNCTION(name_given);
REGISTRY_FUNCTION(name_initials);
REGISTRY_FUNCTION(name_neighbour_set);
REGISTRY_FUNCTION(name_mask);
REGISTRY_FUNCTION(name_invalid);
REGISTRY_FUNCTION(name_faults);
REGISTRY_FUNCTION(name_icu_version);
REGISTRY_FUNCTION(name_fold_version);

void
name_icu_check(UErrorCode status, const char *what)
{
	if (U_FAILURE(status))
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("ICU could not %s: %s", what, u_errorName(status)),
				 errdetail("The ICU library has version %s.", U_ICU_VERSION)));
}

/* Normalizers belong to ICU and are never closed. */
static const UNormalizer2 *
canonical_normalizer(void)
{
	static const UNormalizer2 *normalizer = NULL;

	if (normalizer == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;

		normalizer = unorm2_getNFCInstance(&status);
		name_icu_check(status, "open its canonical normalization");
	}
	return normalizer;
}

const UNormalizer2 *
name_decomposer(void)
{
	static const UNormalizer2 *normalizer = NULL;

	if (normalizer == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;

		normalizer = unorm2_getNFDInstance(&status);
		name_icu_check(status, "open its canonical decomposition");
	}
	return normalizer;
}

static const UNormalizer2 *
compatibility_normalizer(void)
{
	static const UNormalizer2 *normalizer = NULL;

	if (normalizer == NULL)
	{
		UErrorCode	status = U_ZERO_ERROR;

		normalizer = unorm2_getNFKCInstance(&status);
		name_icu_check(status, "open its compatibility normalization");
	}
	return normalizer;
}

/* ---- Steps 3 to 5 ---- */

/* Radicals and width variants: the only characters folded by compatibility. */
static bool
folds_by_compatibility(uint32 point)
{
	return (point >= 0x2F00 && point <= 0x2FD5) || point == 0x2E9F || point == 0x2EF3 ||
		(point >= 0xFF01 && point <= 0xFFEE);
}

/* Replaces name->points by a new array when the Unicode data change it. */
static void
normalize_points(NamePoints *name)
{
	UErrorCode	status = U_ZERO_ERROR;
	UChar	   *units = palloc(((size_t) name->count + 1) * 4 * sizeof(UChar));
	UChar	   *result;
	int32_t		length = 0;
	int32_t		result_length;

	for (int i = 0; i < name->count; i++)
	{
		uint32		point = name->points[i];
		int32_t		size = -1;

		if (folds_by_compatibility(point))
		{
			size = unorm2_getDecomposition(compatibility_normalizer(), point,
										   units + length, 4, &status);
			name_icu_check(status, "decompose a character");
		}
		if (size >= 0)
			length += size;
		else
			U16_APPEND_UNSAFE(units, length, point);
	}
	result_length = unorm2_normalize(canonical_normalizer(), units, length, NULL, 0, &status);
	if (status != U_BUFFER_OVERFLOW_ERROR)
		name_icu_check(status, "normalize a name");
	status = U_ZERO_ERROR;
	result = palloc((size_t) (result_length + 1) * sizeof(UChar));
	result_length = unorm2_normalize(canonical_normalizer(), units, length, result, result_length + 1, &status);
	name_icu_check(status, "normalize a name");

	pfree(name->points);
	name->points = palloc((size_t) (result_length + 1) * sizeof(uint32));
	name->count = 0;
	for (int32_t i = 0; i < result_length;)
	{
		UChar32		point;

		U16_NEXT(result, i, result_length, point);
		name->points[name->count++] = U_IS_SURROGATE(point) ? NAME_DAMAGED : point;
	}
	pfree(units);
	pfree(result);
}

static void
normalize_as_needed(NamePoints *name)
{
	for (int i = 0; i < name->count; i++)
		if (point_needs_unicode(name->points[i]))
		{
			normalize_points(name);
			return;
		}
}

/* ---- The forms of a name ---- */

/* Steps 1 to 5. */
static NamePoints
read_points(const char *text, size_t length)
{
	NamePoints	name;

	name.points = palloc((size_t) (length + 1) * sizeof(uint32));
	name.count = name_strip(name.points, name_decode(text, length, name.points));
	normalize_as_needed(&name);
	return name;
}

/* Steps 1 to 6 and 8: the form for people's eyes. */
static NamePoints
clean_points(const char *text, size_t length, bool *has_note)
{
	NamePoints	name = read_points(text, length);
	int			count = name.count;
	int			note;

	name.count = name_split_note(name.points, count, &note);
	if (has_note != NULL)
		*has_note = note < count;
	count = name.count;
	name.count = name_regulate(name.points, count);
	/* What blanks kept apart may now combine; clean is clean only once it stays. */
	if (name.count < count)
		normalize_as_needed(&name);
	return name;
}

/*
 * Letters whose other case is settled for good: new capitals are still being
 * encoded for phonetic letters, and a key must not change with them.
 */
static bool
has_settled_case(uint32 point)
{
	return (point >= 0xC0 && point <= 0x17F) || (point >= 0x1CD && point <= 0x1DC) ||
		point == 0x1F9 || (point >= 0x386 && point <= 0x3CE) ||
		(point >= 0x400 && point <= 0x4FF) || (point >= 0x1E00 && point <= 0x1EFF);
}

/* All steps: key1. */
static NamePoints
key_points(const char *text, size_t length)
{
	NamePoints	name = clean_points(text, length, NULL);

	name_upper_ascii(name.points, name.count);
	for (int i = 0; i < name.count; i++)
		if (has_settled_case(name.points[i]))
			name.points[i] = u_toupper(name.points[i]);
	return name;
}

/* Frees the points. */
static char *
points_to_text(NamePoints name)
{
	char	   *text = palloc((size_t) name.count * 4 + 1);

	text[name_encode(name.points, name.count, text)] = '\0';
	pfree(name.points);
	return text;
}

char *
name_clean_text(const char *name, size_t length)
{
	if (name_is_plain(name, length))
		return pnstrdup(name, length);
	return points_to_text(clean_points(name, length, NULL));
}

char *
name_key_text(const char *name, size_t length)
{
	if (name_is_plain(name, length))
		return pnstrdup(name, length);
	return points_to_text(key_points(name, length));
}

char *
name_variant_key_text(const char *name, size_t length)
{
	NamePoints	key;

	name_classes_refresh();
	if (name_is_plain(name, length))
	{
		char	   *same = pnstrdup(name, length);

		if (name_vary_plain(same, length))
			return same;
		pfree(same);
	}
	key = key_points(name, length);
	key.count = name_vary(key.points, key.count);
	return points_to_text(key);
}

bool
name_is_invalid(const char *name, size_t length)
{
	NamePoints	clean;
	bool		invalid;

	if (name_is_plain(name, length))
		return name_plain_invalid(name, length);
	clean = clean_points(name, length, NULL);
	invalid = name_points_invalid(clean.points, clean.count);
	pfree(clean.points);
	return invalid;
}

int
name_faults_of(const char *name, size_t length)
{
	bool		note;
	NamePoints	clean = clean_points(name, length, &note);
	uint32	   *raw = palloc((size_t) (length + 1) * sizeof(uint32));
	int			faults = name_points_faults(raw, name_decode(name, length, raw),
											clean.points, clean.count, note);

	pfree(raw);
	pfree(clean.points);
	return faults;
}

/* ---- Similarity ---- */

/* Of alternatives parted by slashes the first that is not the one known; packed, or 0. */
static uint32
other_reading(const char *readings, uint32 known)
{
	while (readings != NULL && *readings)
	{
		size_t		length = strcspn(readings, "/");
		uint32		packed = name_pack_reading(readings, length);

		if (packed != known)
			return packed;
		readings += length + (readings[length] == '/');
	}
	return 0;
}

static void
add_readings(NameToken *tokens, int count, NamePoints name)
{
	int			used;
	const char *surname = name_surname_readings(name.points, name.count, &used);

	for (int i = 0; i < count; i++)
		if (tokens[i].kind == NAME_TOKEN_CHARACTER && point_is_han(tokens[i].point))
		{
			const Reading *reading = name_reading_of(tokens[i].point);

			tokens[i].reading = reading->packed;
			tokens[i].tone = reading->tone;
			/* A surname read otherwise than the character elsewhere has both readings. */
			tokens[i].other_reading = other_reading(i == 0 && used == 1 ? surname : name_given_readings(tokens[i].point),
													reading->packed);
		}
		else if (tokens[i].kind == NAME_TOKEN_CHARACTER && tokens[i].point >= 0xC0)
		{
			/* Letters with and without their marks are near one another. */
			UErrorCode	status = U_ZERO_ERROR;
			UChar		units[8];
			int32_t		length = unorm2_getDecomposition(name_decomposer(), tokens[i].point, units, 8, &status);

			if (U_SUCCESS(status) && length > 0 && !U16_IS_SURROGATE(units[0]))
				tokens[i].variant = units[0];
		}
}

/* Upper-case letters, with the passport's spelling of the umlaut made ours. */
static int
letter_tokens(const char *letters, NameToken tokens[NAME_TOKENS_MAX])
{
	int			count = 0;

	for (const char *at = letters; *at && count < NAME_TOKENS_MAX; at++)
	{
		char		letter = pg_ascii_toupper((unsigned char) *at);

		if (letter < 'A' || letter > 'Z')
			continue;
		if (letter == 'Y' && count > 0 && pg_ascii_toupper((unsigned char) at[1]) == 'U' &&
			(tokens[count - 1].point == 'L' || tokens[count - 1].point == 'N'))
		{
			letter = 'V';
			at++;
		}
		memset(&tokens[count], 0, sizeof(NameToken));
		tokens[count].point = tokens[count].variant = letter;
		count++;
	}
	return count;
}

/* A name in letters against a Chinese name: by its readings, in both orders. */
static float
similarity_by_letters(NamePoints latin, NamePoints chinese)
{
	StringInfoData alternatives[NAME_READINGS_MAX];
	NameToken	mine[NAME_TOKENS_MAX];
	NameToken	theirs[NAME_TOKENS_MAX];
	NamePoints	copy = {palloc((size_t) (latin.count + 1) * sizeof(uint32)), latin.count};
	char	   *letters;
	int			mine_count;
	float		best = 0;

	memcpy(copy.points, latin.points, latin.count * sizeof(uint32));
	letters = points_to_text(copy);
	mine_count = letter_tokens(letters, mine);
	for (int i = name_pinyin_alternatives(chinese, false, alternatives); i-- > 0;)
	{
		char	   *given = strchr(alternatives[i].data, ' ');
		int			count = letter_tokens(alternatives[i].data, theirs);

		best = Max(best, name_tokens_similarity(mine, mine_count, theirs, count));
		if (given != NULL)
		{
			char	   *turned = psprintf("%s%.*s", given, (int) (given - alternatives[i].data), alternatives[i].data);

			count = letter_tokens(turned, theirs);
			best = Max(best, name_tokens_similarity(mine, mine_count, theirs, count));
			pfree(turned);
		}
		pfree(alternatives[i].data);
	}
	pfree(letters);
	return 0.9f * best;
}

/* Both are key1. */
static float
points_similarity(NamePoints a, NamePoints b)
{
	NameToken	a_tokens[NAME_TOKENS_MAX];
	NameToken	b_tokens[NAME_TOKENS_MAX];
	bool		a_han = points_have_han(a.points, a.count);
	int			a_count;
	int			b_count;

	if (a.count == b.count && memcmp(a.points, b.points, a.count * sizeof(uint32)) == 0)
		return 1;
	if (a_han != points_have_han(b.points, b.count) &&
		a.count > 0 && b.count > 0 && point_is_latin((a_han ? b : a).points[0]))
		return a_han ? similarity_by_letters(b, a) : similarity_by_letters(a, b);
	a_count = name_tokens(a.points, a.count, a_tokens);
	b_count = name_tokens(b.points, b.count, b_tokens);
	add_readings(a_tokens, a_count, a);
	add_readings(b_tokens, b_count, b);
	return name_tokens_similarity(a_tokens, a_count, b_tokens, b_count);
}

float
name_similarity_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
	NamePoints	a_key;
	NamePoints	b_key;
	float		similarity;

	if (a_length == b_length && memcmp(a, b, a_length) == 0)
		return 1;
	name_classes_refresh();
	a_key = key_points(a, a_length);
	b_key = key_points(b, b_length);
	similarity = points_similarity(a_key, b_key);
	pfree(a_key.points);
	pfree(b_key.points);
	return similarity;
}

/* ---- SQL ---- */

/*
 * name_clean(text) returns text
 *		The form for the register: steps 1 to 6 and 8 of the folding.
 */
Datum
name_clean(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	if (name_is_plain(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)))
		PG_RETURN_TEXT_P(name);
	PG_RETURN_TEXT_P(cstring_to_text(name_clean_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name))));
}

/*
 * name_key(text) returns text
 *		key1: all steps of the folding.  Equal keys mean the same name.
 */
Datum
name_key(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	if (name_is_plain(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)))
		PG_RETURN_TEXT_P(name);
	PG_RETURN_TEXT_P(cstring_to_text(name_key_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name))));
}

/*
 * name_variant_key(text) returns text
 *		key2: key1 with variants of characters made one, and without dots.
 */
Datum
name_variant_key(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text(name_variant_key_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name))));
}

/*
 * name_note(text) returns text
 *		What stood in brackets behind the name, or null.
 */
Datum
name_note(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	NamePoints	all = read_points(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	NamePoints	note;
	int			start;

	name_split_note(all.points, all.count, &start);
	if (start == all.count)
		PG_RETURN_NULL();
	note.points = all.points + start;
	note.count = name_unbracket(note.points, all.count - start);
	memmove(all.points, note.points, note.count * sizeof(uint32));
	all.count = note.count;
	if (all.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(points_to_text(all)));
}

/*
 * name_similarity(a text, b text) returns real
 *		1 for equal keys, below 0.5 for names that a clerk would not take for
 *		one person's.
 */
Datum
name_similarity(PG_FUNCTION_ARGS)
{
	text	   *a = PG_GETARG_TEXT_PP(0);
	text	   *b = PG_GETARG_TEXT_PP(1);

	PG_RETURN_FLOAT4(name_similarity_texts(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a),
										   VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b)));
}

/*
 * name_pinyin(text) returns text
 *		Readings without tones, lower case, a space between syllables; the
 *		surname by its reading as a surname, the umlaut as v.
 */
Datum
name_pinyin(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	StringInfoData alternatives[NAME_READINGS_MAX];

	name_pinyin_alternatives(key_points(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)), false, alternatives);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(alternatives[0].data, alternatives[0].len));
}

static ArrayType *
pinyin_set(text *name, bool given)
{
	StringInfoData alternatives[NAME_READINGS_MAX];
	Datum		elements[NAME_READINGS_MAX];
	int			count;

	count = name_pinyin_alternatives(key_points(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)), given, alternatives);
	for (int i = 0; i < count; i++)
		elements[i] = PointerGetDatum(cstring_to_text_with_len(alternatives[i].data, alternatives[i].len));
	return construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * name_pinyin_set(text) returns text[]
 *		name_pinyin() and the other readings of the surname and of characters
 *		that have several in given names, at most 16.
 */
Datum
name_pinyin_set(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(pinyin_set(PG_GETARG_TEXT_PP(0), false));
}

/*
 * name_given_pinyin_set(text) returns text[]
 *		The same of a name without its surname.
 */
Datum
name_given_pinyin_set(PG_FUNCTION_ARGS)
{
	PG_RETURN_ARRAYTYPE_P(pinyin_set(PG_GETARG_TEXT_PP(0), true));
}

/* Bytes of the surname at the beginning of a plain name (name_is_plain). */
static size_t
plain_surname_bytes(const char *name, size_t length)
{
	uint32		points[3];
	size_t		size = Min(length, 3 * lengthof(points));

	return 3 * name_surname_length(points, name_decode(name, size, points));
}

/* The characters of a key1 that are its surname: none of a dotted name or of one in another script. */
static int
surname_characters(NamePoints key)
{
	if (key.count == 0 || !point_is_han(key.points[0]))
		return 0;
	for (int i = 0; i < key.count; i++)
		if (key.points[i] == NAME_DOT)
			return 0;
	return name_surname_length(key.points, key.count);
}

/*
 * name_surname(text) returns text
 *		The surname of a Chinese name; empty for dotted names and for names in
 *		other scripts, which have none at their beginning.
 */
Datum
name_surname(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(name);
	size_t		length = VARSIZE_ANY_EXHDR(name);
	NamePoints	key;

	if (name_is_plain(data, length))
		PG_RETURN_TEXT_P(cstring_to_text_with_len(data, (int) plain_surname_bytes(data, length)));
	key = key_points(data, length);
	key.count = surname_characters(key);
	PG_RETURN_TEXT_P(cstring_to_text(points_to_text(key)));
}

/*
 * name_given(text) returns text
 *		The name key behind name_surname().
 */
Datum
name_given(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(name);
	size_t		length = VARSIZE_ANY_EXHDR(name);
	size_t		surname;
	NamePoints	key;
	int			characters;

	if (name_is_plain(data, length))
	{
		surname = plain_surname_bytes(data, length);
		PG_RETURN_TEXT_P(cstring_to_text_with_len(data + surname, (int) (length - surname)));
	}
	key = key_points(data, length);
	characters = surname_characters(key);
	key.count -= characters;
	memmove(key.points, key.points + characters, key.count * sizeof(uint32));
	PG_RETURN_TEXT_P(cstring_to_text(points_to_text(key)));
}

/*
 * name_initials(pinyin text) returns text
 *		The first character of each word, for reading as "zjg" what is 张建国.
 */
Datum
name_initials(PG_FUNCTION_ARGS)
{
	text	   *pinyin = PG_GETARG_TEXT_PP(0);
	const char *from = VARDATA_ANY(pinyin);
	const char *end = from + VARSIZE_ANY_EXHDR(pinyin);
	text	   *initials = palloc(VARHDRSZ + VARSIZE_ANY_EXHDR(pinyin));
	char	   *to = VARDATA(initials);
	bool		beginning = true;

	while (from < end)
	{
		int			size = Min(pg_mblen(from), end - from);

		if (*from != ' ' && beginning)
		{
			memcpy(to, from, size);
			to += size;
		}
		beginning = *from == ' ';
		from += size;
	}
	SET_VARSIZE(initials, to - (char *) initials);
	PG_RETURN_TEXT_P(initials);
}

/* The ways to write the beginning of a name in which each character may be any of its class. */
#define NEIGHBOURS_MAX 256
#define CLASS_ROOM 32

typedef struct Neighbours
{
	NamePoints	written[NEIGHBOURS_MAX];
	int			count;
} Neighbours;

static void
add_neighbour(Neighbours *all, NamePoints name, int at, uint32 point)
{
	NamePoints *to = &all->written[all->count];

	if (all->count == NEIGHBOURS_MAX)
		return;
	*to = (NamePoints) {palloc(((size_t) name.count + 1) * sizeof(uint32)), name.count};
	memcpy(to->points, name.points, name.count * sizeof(uint32));
	to->points[at] = point;
	all->count++;
}

/*
 * name_neighbour_set(text) returns text[]
 *		The name key, the keys that differ from it by variants of characters
 *		only, and those with one character that looks alike; at most 256.
 */
Datum
name_neighbour_set(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	NamePoints	key = key_points(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	Neighbours *all = palloc(sizeof(Neighbours));
	Datum		elements[NEIGHBOURS_MAX];
	uint32		found[CLASS_ROOM];
	int			variants;

	name_classes_refresh();
	all->count = 0;
	if (key.count == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	add_neighbour(all, key, 0, key.points[0]);
	for (int i = 0; i < key.count; i++)
	{
		int			before = all->count;

		name_neighbours(key.points[i], found, CLASS_ROOM, &variants);
		for (int j = 0; j < before; j++)
			for (int k = 0; k < variants; k++)
				add_neighbour(all, all->written[j], i, found[k]);
	}
	for (int i = 0; i < key.count; i++)
	{
		int			count = name_neighbours(key.points[i], found, CLASS_ROOM, &variants);

		for (int k = variants; k < count; k++)
			add_neighbour(all, key, i, found[k]);
	}
	for (int i = 0; i < all->count; i++)
		elements[i] = PointerGetDatum(cstring_to_text(points_to_text(all->written[i])));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, all->count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * name_mask(text) returns text
 *		The clean name with stars, by the usage of government offices.
 */
Datum
name_mask(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	NamePoints	clean = clean_points(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), NULL);
	int			room = clean.count * 5 + 8;
	NamePoints	masked;

	masked.points = palloc((size_t) (room) * sizeof(uint32));
	masked.count = name_mask_points(clean.points, clean.count, masked.points, room);
	PG_RETURN_TEXT_P(cstring_to_text(points_to_text(masked)));
}

/*
 * name_invalid(text) returns boolean
 *		Rule ID22: no name at all.
 */
Datum
name_invalid(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(name_is_invalid(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)));
}

/*
 * name_faults(text) returns text[]
 *		Those of the rules ID22 to ID26 that a name as received breaks.
 */
Datum
name_faults(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	int			faults = name_faults_of(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	Datum		elements[5];
	int			count = 0;

	for (int i = 0; i < lengthof(elements); i++)
		if (faults & (1 << i))
			elements[count++] = CStringGetTextDatum(psprintf("ID%d", 22 + i));
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * name_icu_version() returns text
 *		Versions of the ICU library in use and of its Unicode data.
 */
Datum
name_icu_version(PG_FUNCTION_ARGS)
{
	UVersionInfo version;
	char		library[U_MAX_VERSION_STRING_LENGTH];
	char		unicode[U_MAX_VERSION_STRING_LENGTH];

	u_getVersion(version);
	u_versionToString(version, library);
	u_getUnicodeVersion(version);
	u_versionToString(version, unicode);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s/%s", library, unicode)));
}

/*
 * name_fold_version() returns integer
 *		Version of our own fold tables, for whoever stores keys.
 */
Datum
name_fold_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(name_tables_version());
}
