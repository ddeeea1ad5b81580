/*
 * name_core.c
 *		Steps of name folding, tables of variants, masks and the distance of
 *		names, on arrays of code points.
 *
 * No server calls and no ICU.  Safe on arbitrary bytes: what is not UTF-8
 * becomes U+FFFD, one for each byte that begins nothing.
 */
#include "name_core.h"

#include "name_tables.h"

int
name_tables_version(void)
{
	return NAME_FOLD_VERSION;
}

/* ---- UTF-8 ---- */

/* Length of the sequence at text, 0 if it is none; *point gets its value. */
static int
decode_one(const unsigned char *text, size_t length, uint32 *point)
{
	static const uint32 least[5] = {0, 0, 0x80, 0x800, 0x10000};
	int			size;
	uint32		value;

	if (text[0] < 0x80)
	{
		*point = text[0];
		return 1;
	}
	if (text[0] < 0xC2 || text[0] > 0xF4)
		return 0;
	size = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
	if ((size_t) size > length)
		return 0;
	value = text[0] & (0xFF >> (size + 1));
	for (int i = 1; i < size; i++)
	{
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		value = (value << 6) | (text[i] & 0x3F);
	}
	if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*point = value;
	return size;
}

/* Bytes of the character that begins at text, which is one of our own tables. */
size_t
name_character_size(const char *text)
{
	unsigned char lead = (unsigned char) *text;

	return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* points must have room for one element per byte. */
int
name_decode(const char *text, size_t length, uint32 *points)
{
	const unsigned char *at = (const unsigned char *) text;
	int			count = 0;

	while (length > 0)
	{
		int			size = decode_one(at, length, &points[count]);

		if (size == 0)
		{
			points[count] = NAME_DAMAGED;
			size = 1;
		}
		count++;
		at += size;
		length -= size;
	}
	return count;
}

/* text must have room for four bytes per element. */
size_t
name_encode(const uint32 *points, int count, char *text)
{
	unsigned char *to = (unsigned char *) text;

	for (int i = 0; i < count; i++)
	{
		uint32		point = points[i];

		if (point < 0x80)
			*to++ = point;
		else if (point < 0x800)
		{
			*to++ = 0xC0 | (point >> 6);
			*to++ = 0x80 | (point & 0x3F);
		}
		else if (point < 0x10000)
		{
			*to++ = 0xE0 | (point >> 12);
			*to++ = 0x80 | ((point >> 6) & 0x3F);
			*to++ = 0x80 | (point & 0x3F);
		}
		else
		{
			*to++ = 0xF0 | (point >> 18);
			*to++ = 0x80 | ((point >> 12) & 0x3F);
			*to++ = 0x80 | ((point >> 6) & 0x3F);
			*to++ = 0x80 | (point & 0x3F);
		}
	}
	return (char *) to - text;
}

/* ---- Kinds of characters ---- */

/*
 * True when no step of key1 changes the name: it consists of U+4E00 ..
 * U+9FA5 alone, as nearly every name does.
 */
bool
name_is_plain(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *) text;

	if (length % 3 != 0)
		return false;
	for (size_t i = 0; i < length; i += 3)
	{
		uint32		value = (at[i] << 16) | (at[i + 1] << 8) | at[i + 2];

		/* In UTF-8 the order of the bytes is the order of the code points. */
		if (value < 0xE4B880 || value > 0xE9BEA5 || (value & 0xC0C0) != 0x8080)
			return false;
	}
	return true;
}

bool
point_is_private(uint32 point)
{
	return (point >= 0xE000 && point <= 0xF8FF) || point >= 0xF0000;
}

/* What takes a place in a Chinese name: ideographs, radicals, private glyphs. */
bool
point_is_han(uint32 point)
{
	return (point >= 0x4E00 && point <= 0x9FFF) ||
		(point >= 0x3400 && point <= 0x4DBF) ||
		(point >= 0x2E80 && point <= 0x2FDF) ||
		(point >= 0xF900 && point <= 0xFAFF) ||
		(point >= 0x20000 && point <= 0x3FFFD) ||
		point == 0x3007 || point == 0x3005 ||
		point_is_private(point);
}

/* Marks that stand for a character that was lost on the way (rule ID23). */
bool
point_is_damage(uint32 point)
{
	switch (point)
	{
		case '?':
		case '*':
		case 0x25A0:			/* black square */
		case 0x25A1:			/* white square */
		case 0x25FB:
		case 0x25FC:
		case 0x2B1C:
		case 0x2B1B:
		case 0x3013:			/* geta mark */
		case NAME_DAMAGED:
			return true;
		default:
			return point_is_private(point);
	}
}

bool
point_is_latin(uint32 point)
{
	return (point >= 'A' && point <= 'Z') || (point >= 'a' && point <= 'z') ||
		(point >= 0xC0 && point <= 0x24F && point != 0xD7 && point != 0xF7) ||
		(point >= 0x1E00 && point <= 0x1EFF);
}

/* Letters of any script; a rough cut that errs towards letter. */
bool
point_is_letter(uint32 point)
{
	if (point < 0xC0)
		return point_is_latin(point);
	if (point == 0xD7 || point == 0xF7)
		return false;
	return !((point >= 0x2000 && point <= 0x2E7F) ||
			 (point >= 0x2FF0 && point <= 0x3004) ||
			 (point >= 0x3008 && point <= 0x3020) ||
			 (point >= 0xFE00 && point <= 0xFE6F) ||
			 (point >= 0xFF00 && point <= 0xFF20) ||
			 (point >= 0xFF3B && point <= 0xFF40) ||
			 (point >= 0xFF5B && point <= 0xFF65) ||
			 (point >= 0xFFE0 && point <= 0xFFFF) ||
			 (point >= 0x2B0 && point <= 0x36F));
}

/*
 * True when normalization by the Unicode data (steps 3 to 5) could change the
 * character or join it with a neighbour: everything but ASCII, ideographs and
 * punctuation that decomposes into nothing.
 */
bool
point_needs_unicode(uint32 point)
{
	if (point < 0xC0 || (point >= 0x3400 && point <= 0x9FFF))
		return false;
	if ((point >= 0x20000 && point <= 0x2F7FF) || point >= 0x30000)
		return false;
	return !(point == 0x3007 || point == NAME_DAMAGED || point_is_private(point));
}

bool
points_have_han(const uint32 *points, int count)
{
	for (int i = 0; i < count; i++)
		if (point_is_han(points[i]))
			return true;
	return false;
}

/* Every kind of blank, and tabs and line ends. */
static bool
is_space(uint32 point)
{
	return point == ' ' || (point >= 0x09 && point <= 0x0D) || point == 0x85 ||
		point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A) ||
		point == 0x2028 || point == 0x2029 || point == 0x202F || point == 0x205F ||
		point == 0x3000;
}

/* Controls, zero-width characters and selectors: nothing a reader sees. */
static bool
is_invisible(uint32 point)
{
	return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0xAD ||
		point == 0x34F || point == 0x61C || (point >= 0x180B && point <= 0x180F) ||
		(point >= 0x200B && point <= 0x200F) || (point >= 0x202A && point <= 0x202E) ||
		(point >= 0x2060 && point <= 0x206F) || (point >= 0xFE00 && point <= 0xFE0F) ||
		point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
		(point >= 0xE0000 && point <= 0xE0FFF);
}

static bool
is_dot(uint32 point)
{
	for (int i = 0; i < lengthof(dot_forms); i++)
		if (dot_forms[i] == point)
			return true;
	return false;
}

/* ---- Steps 1 and 2, and the dots that need no context ---- */

static uint32
fold_private(uint32 point)
{
	if (point >= GBK_BLOCK_FIRST && point < GBK_BLOCK_FIRST + lengthof(gbk_block))
		return gbk_block[point - GBK_BLOCK_FIRST];
	if (point >= VERTICAL_FORM_FIRST && point < VERTICAL_FORM_FIRST + lengthof(vertical_forms))
		return vertical_forms[point - VERTICAL_FORM_FIRST];
	if (point >= DESCRIPTION_FIRST && point < DESCRIPTION_FIRST + lengthof(description_characters))
		return description_characters[point - DESCRIPTION_FIRST];
	switch (point)
	{
		case 0xE76C:
			return 0x20AC;
		case 0xE7C7:
			return 0x1E3F;
		case 0xE7C8:
			return 0x01F9;
		default:
			return point;
	}
}

/*
 * Drops what is invisible, makes every blank a space, heals private-use
 * points.  Dots are settled here because normalization would make a full stop
 * of U+FF61; the full stop and its kin wait for name_regulate().
 */
int
name_strip(uint32 *points, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		uint32		point = points[i];

		if (is_space(point))
			point = ' ';
		else if (is_invisible(point))
			continue;
		else if (point >= 0xE000 && point <= 0xF8FF)
			point = fold_private(point);
		else if (point == 0xFE52 || point == 0xFF0E)
			point = '.';
		else if (is_dot(point))
			point = NAME_DOT;
		points[kept++] = point;
	}
	return kept;
}

/* ---- Step 8: notes in brackets at the end ---- */

/* In a Chinese name: the stops and strokes that are written for the dot. */
static bool
is_separator(uint32 point)
{
	return point == NAME_DOT || point == '.' || point == '-' || point == '_';
}

/* +n for an opening bracket of pair n, -n for a closing one, from 1; else 0. */
static int
bracket(uint32 point)
{
	for (int i = 0; i < lengthof(bracket_pairs); i++)
	{
		if (bracket_pairs[i][0] == point)
			return i + 1;
		if (bracket_pairs[i][1] == point)
			return -(i + 1);
	}
	return 0;
}

/* Where the bracket that ends the name begins, or -1; unclosed ones count. */
static int
last_bracket(const uint32 *points, int count)
{
	int			depth = 0;

	if (count == 0)
		return -1;
	if (bracket(points[count - 1]) < 0)
	{
		for (int i = count - 1; i >= 0; i--)
		{
			int			kind = bracket(points[i]);

			if (kind < 0)
				depth++;
			else if (kind > 0 && --depth == 0)
				return i;
		}
		return -1;
	}
	for (int i = count - 1; i >= 0 && bracket(points[i]) >= 0; i--)
		if (bracket(points[i]) > 0)
			return i;
	return -1;
}

/*
 * Length of the name without the notes at its end; *note is where they begin
 * (count when there is none).  At least two letters must remain: "李(王乐)" is a
 * rare character written in parts, and not a note.
 */
int
name_split_note(const uint32 *points, int count, int *note)
{
	int			end = count;

	*note = count;
	for (;;)
	{
		int			letters = 0;
		int			before = end;
		int			start;

		/* Stray dots behind a note of a Chinese name go with it. */
		while (before > 0 && (points[before - 1] == ' ' ||
							  (is_separator(points[before - 1]) && points_have_han(points, end))))
			before--;
		start = last_bracket(points, before);
		if (start < 0)
			break;
		for (int i = 0; i < start; i++)
			letters += point_is_letter(points[i]) || point_is_damage(points[i]);
		if (letters < 2)
			break;
		*note = end = start;
	}
	return end;
}

/* The words of notes, with one blank between; in place. */
int
name_unbracket(uint32 *points, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		uint32		point = bracket(points[i]) != 0 ? ' ' : points[i];

		if (point != ' ' || (kept > 0 && points[kept - 1] != ' '))
			points[kept++] = point;
	}
	while (kept > 0 && (points[kept - 1] == ' ' || points[kept - 1] == NAME_DOT))
		kept--;
	return kept;
}

/* ---- Steps 6 and 7: dots that need context, and spaces ---- */

/* A dot with an ideograph on either side makes a dotted name. */
static bool
is_dotted(const uint32 *points, int count)
{
	bool		after_han = false;
	bool		separated = false;

	for (int i = 0; i < count; i++)
	{
		if (points[i] == ' ')
			continue;
		if (is_separator(points[i]))
		{
			separated = after_han;
			continue;
		}
		if (separated && point_is_han(points[i]))
			return true;
		after_han = point_is_han(points[i]);
		separated = false;
	}
	return false;
}

static int
regulate_chinese(uint32 *points, int count)
{
	bool		dotted = is_dotted(points, count);
	int			kept = 0;
	int			i = 0;

	while (i < count)
	{
		bool		dot = false;
		bool		space = false;
		uint32		stroke = 0;

		/* A run of blanks and separators becomes one dot or nothing. */
		for (; i < count && (points[i] == ' ' || is_separator(points[i])); i++)
		{
			if (points[i] == ' ')
				space = true;
			else if (points[i] == NAME_DOT || points[i] == '.')
				dot = true;
			else
				stroke = points[i];
		}
		if (kept > 0 && i < count &&
			(dot || ((stroke != 0 || (space && dotted)) &&
					 point_is_han(points[kept - 1]) && point_is_han(points[i]))))
			points[kept++] = NAME_DOT;
		else if (stroke != 0 && !dot)
			points[kept++] = stroke;	/* perhaps the character 一 */
		if (i < count)
			points[kept++] = points[i++];
	}
	return kept;
}

/*
 * Chinese names keep no blanks and one kind of dot; names in other scripts
 * keep single blanks, and their own full stops and hyphens.
 */
int
name_regulate(uint32 *points, int count)
{
	int			kept = 0;

	if (points_have_han(points, count))
		return regulate_chinese(points, count);
	for (int i = 0; i < count; i++)
	{
		if (points[i] == ' ' && (kept == 0 || points[kept - 1] == ' '))
			continue;
		points[kept++] = points[i];
	}
	while (kept > 0 && points[kept - 1] == ' ')
		kept--;
	return kept;
}

void
name_upper_ascii(uint32 *points, int count)
{
	for (int i = 0; i < count; i++)
		if (points[i] >= 'a' && points[i] <= 'z')
			points[i] -= 'a' - 'A';
}

/* ---- Validity (rules ID22 to ID26) ---- */

/* Does the name equal, or begin with, an entry of a table? */
static bool
equals_text(const uint32 *points, int count, const char *text, bool beginning)
{
	const unsigned char *at = (const unsigned char *) text;

	for (int i = 0; i < count && *at; i++)
	{
		uint32		point = 0;
		uint32		mine = points[i] >= 'a' && points[i] <= 'z' ? points[i] - 32 : points[i];

		/* The tables are whole characters: none ends before its zero byte. */
		at += decode_one(at, 4, &point);
		if (point != mine)
			return false;
		if (*at == 0)
			return beginning || i == count - 1;
	}
	return false;
}

/* Rule ID22, on the clean form. */
bool
name_points_invalid(const uint32 *points, int count)
{
	int			letters = 0;
	int			lost = 0;

	for (int i = 0; i < count; i++)
	{
		if (point_is_damage(points[i]) && !point_is_private(points[i]))
			lost++;
		else if (point_is_letter(points[i]))
			letters++;
	}
	/* One letter and a mark for a lost one is a damaged name, not an empty one. */
	if (letters == 0 || letters + lost < 2)
		return true;
	for (int i = 0; i < lengthof(placeholder_names); i++)
		if (equals_text(points, count, placeholder_names[i], false))
			return true;
	for (int i = 0; i < lengthof(placeholder_beginnings); i++)
		if (equals_text(points, count, placeholder_beginnings[i], true))
		{
			/* TESTA is a family name; TEST, TEST1 and TEST A are none. */
			int			next = strlen(placeholder_beginnings[i]);

			if (placeholder_beginnings[i][0] != 'T' || count <= next || !point_is_latin(points[next]))
				return true;
		}
	return false;
}

/* The same for a plain name (name_is_plain) by its bytes: most names are, and none needs decoding. */
bool
name_plain_invalid(const char *name, size_t length)
{
	if (length < 2 * 3)
		return true;
	for (int i = 0; i < lengthof(placeholder_names); i++)
		if (placeholder_names[i][0] == name[0] && strlen(placeholder_names[i]) == length &&
			memcmp(placeholder_names[i], name, length) == 0)
			return true;
	for (int i = 0; i < lengthof(placeholder_beginnings); i++)
		if (placeholder_beginnings[i][0] == name[0] && strlen(placeholder_beginnings[i]) <= length &&
			memcmp(placeholder_beginnings[i], name, strlen(placeholder_beginnings[i])) == 0)
			return true;
	return false;
}

/* A Chinese name in GBK that was read as Latin-1: "ÕÅÈý" is 张三. */
static bool
is_misread(const uint32 *points, int count)
{
	int			high = 0;

	for (int i = 0; i < count; i++)
	{
		if (points[i] < 0x80 ? point_is_latin(points[i]) : (points[i] < 0xA1 || points[i] > 0xFE))
			return false;
		high += points[i] >= 0xA1;
	}
	return high >= 4 && high % 2 == 0;
}

/* Which of the rules ID22 to ID26 the name breaks, as NAME_FAULT bits. */
int
name_points_faults(const uint32 *raw, int raw_count, const uint32 *clean, int clean_count, bool note)
{
	int			faults = note ? NAME_FAULT_NOTE : 0;
	int			dots = 0;
	int			clean_dots = 0;
	bool		han = points_have_han(clean, clean_count);

	if (name_points_invalid(clean, clean_count))
		faults |= NAME_FAULT_INVALID;
	for (int i = 0; i < clean_count; i++)
	{
		if (point_is_damage(clean[i]))
			faults |= NAME_FAULT_DAMAGED;
		if (han && point_is_latin(clean[i]))
			faults |= NAME_FAULT_LATIN;
		clean_dots += clean[i] == NAME_DOT;
		if (bracket(clean[i]) != 0)
			faults |= NAME_FAULT_NOTE;
	}
	if (is_misread(raw, raw_count))
		faults |= NAME_FAULT_DAMAGED;
	for (int i = 0; i < raw_count; i++)
		dots += raw[i] == NAME_DOT;
	if (dots != clean_dots)
		faults |= NAME_FAULT_DOT;
	return faults;
}

/* ---- Masks ---- */

static int
put_stars(uint32 *masked, int at, int room, int stars)
{
	while (stars-- > 0 && at < room)
		masked[at++] = '*';
	return at;
}

static int
put_point(uint32 *masked, int at, int room, uint32 point)
{
	if (at < room)
		masked[at++] = point;
	return at;
}

/* Two characters of the first part, and stars that do not count the others. */
static int
mask_dotted(const uint32 *points, int count, uint32 *masked, int room)
{
	int			first = 0;
	int			to = 0;

	while (first < count && points[first] != NAME_DOT)
		first++;
	for (int i = 0; i < (first > 2 ? 2 : first - 1); i++)
		to = put_point(masked, to, room, points[i]);
	to = put_stars(masked, to, room, 2);
	for (int i = first; i < count; i++)
		if (points[i] == NAME_DOT)
		{
			to = put_point(masked, to, room, NAME_DOT);
			to = put_stars(masked, to, room, 3);
		}
	return to;
}

/* The first letter of each word and three or four stars. */
static int
mask_words(const uint32 *points, int count, uint32 *masked, int room)
{
	int			to = 0;

	for (int i = 0; i < count;)
	{
		int			start = i;

		while (i < count && points[i] != ' ' && points[i] != NAME_DOT)
			i++;
		if (i > start)
		{
			if (point_is_letter(points[start]))
				to = put_point(masked, to, room, points[start]);
			to = put_stars(masked, to, room, i - start > 4 ? 4 : 3);
		}
		for (; i < count && (points[i] == ' ' || points[i] == NAME_DOT); i++)
			to = put_point(masked, to, room, points[i]);
	}
	return to;
}

/*
 * Masks a clean name by the usage of government offices.  The stars of a name
 * of four characters are those of any longer one, and Latin words of five
 * letters and more look alike, so that a rare length tells nothing.
 */
int
name_mask_points(const uint32 *points, int count, uint32 *masked, int room)
{
	int			to = 0;

	if (count > 0 && !points_have_han(points, count))
		return mask_words(points, count, masked, room);
	for (int i = 0; i < count; i++)
		if (points[i] == NAME_DOT)
			return mask_dotted(points, count, masked, room);
	if (count <= 1)
		return put_stars(masked, 0, room, count);
	if (count > 2)
		to = put_point(masked, to, room, points[0]);
	to = put_stars(masked, to, room, count > 3 ? 2 : 1);
	if (point_is_han(points[count - 1]))
		return put_point(masked, to, room, points[count - 1]);
	/* A letter of a rare character's pinyin would tell which one it is. */
	return put_stars(masked, to, room, 1);
}

/* Up to six letters a to z; 0 when it is no syllable. */
uint32
name_pack_reading(const char *letters, size_t length)
{
	uint32		packed = 0;

	if (length == 0 || length > 6)
		return 0;
	for (size_t i = 0; i < length; i++)
	{
		char		letter = letters[i] | 0x20;

		if (letter < 'a' || letter > 'z')
			return 0;
		packed = (packed << 5) | (letter - 'a' + 1);
	}
	return packed;
}

/* ---- Distance ---- */

/*
 * "王(文文)": the parts of one character in brackets inside a Chinese name.
 * Returns the index behind the closing bracket, or 0.
 */
static int
split_writing(const uint32 *points, int count, int at)
{
	int			i = at + 1;

	if (bracket(points[at]) <= 0)
		return 0;
	while (i < count && point_is_han(points[i]))
		i++;
	if (i < count && bracket(points[i]) < 0 && i - at >= 3 && i - at <= 4)
		return i + 1;
	return 0;
}

static int
latin_run(const uint32 *points, int count, int at, NameToken *token)
{
	char		letters[6];
	int			length = 0;

	while (at + length < count && point_is_latin(points[at + length]))
	{
		if (length < 6)
			letters[length] = points[at + length] < 0x80 ? points[at + length] : '?';
		length++;
	}
	token->kind = NAME_TOKEN_PINYIN;
	token->reading = name_pack_reading(letters, length);
	return at + length;
}

/*
 * Splits a key1 into what is compared.  Dots, blanks and brackets are no
 * tokens; a Chinese name's letters are one for each run.  What goes beyond
 * NAME_TOKENS_MAX is left out: no name is that long.
 */
int
name_tokens(const uint32 *points, int count, NameToken tokens[NAME_TOKENS_MAX])
{
	bool		han = points_have_han(points, count);
	int			used = 0;
	int			part = 0;

	for (int i = 0; i < count && used < NAME_TOKENS_MAX;)
	{
		NameToken  *token = &tokens[used];
		int			behind = han ? split_writing(points, count, i) : 0;

		memset(token, 0, sizeof(*token));
		token->point = points[i];
		token->variant = name_variant(points[i]);
		token->part = part;
		if (behind > 0)
		{
			token->kind = NAME_TOKEN_DAMAGE;
			i = behind;
		}
		else if (points[i] == NAME_DOT || points[i] == ' ' || bracket(points[i]) != 0)
		{
			part += points[i++] == NAME_DOT;
			continue;
		}
		else if (han && point_is_latin(points[i]))
			i = latin_run(points, count, i, token);
		else
		{
			token->kind = point_is_damage(points[i]) ? NAME_TOKEN_DAMAGE : NAME_TOKEN_CHARACTER;
			i++;
		}
		used++;
	}
	return used;
}

/* What a lost character, a homophone, a look-alike count against a full edit. */
#define COST_VARIANT 0.1f
#define COST_EXCHANGED 0.2f
#define COST_DAMAGE 0.3f
#define COST_ALIKE_HOMOPHONE 0.3f
#define COST_ALIKE 0.4f
#define COST_HOMOPHONE 0.4f
#define COST_HOMOPHONE_OTHER_TONE 0.5f
#define COST_PINYIN 0.1f
#define COST_PINYIN_OTHER 0.4f
#define COST_SWAP 0.7f

static bool
same_reading(const NameToken *a, const NameToken *b)
{
	return (a->reading != 0 && (a->reading == b->reading || a->reading == b->other_reading)) ||
		(a->other_reading != 0 && (a->other_reading == b->reading || a->other_reading == b->other_reading));
}

static float
replace_cost(const NameToken *a, const NameToken *b)
{
	bool		homophone;
	bool		alike;

	if (a->kind == NAME_TOKEN_DAMAGE || b->kind == NAME_TOKEN_DAMAGE)
		return a->kind == b->kind && a->point == b->point ? 0 : COST_DAMAGE;
	homophone = same_reading(a, b);
	if (a->kind == NAME_TOKEN_PINYIN || b->kind == NAME_TOKEN_PINYIN)
	{
		if (a->kind == b->kind)
			return homophone ? 0 : 1;
		return homophone ? COST_PINYIN : COST_PINYIN_OTHER;
	}
	if (a->point == b->point)
		return 0;
	if (a->variant == b->variant)
		return COST_VARIANT;
	if (name_exchanged(a->variant) == name_exchanged(b->variant))
		return COST_EXCHANGED;
	alike = name_alike(a->point, b->point) || name_alike(a->variant, b->variant);
	if (alike)
		return homophone ? COST_ALIKE_HOMOPHONE : COST_ALIKE;
	if (homophone)
		return a->tone == b->tone ? COST_HOMOPHONE : COST_HOMOPHONE_OTHER_TONE;
	return 1;
}

static float
drop_cost(const NameToken *token)
{
	return token->kind == NAME_TOKEN_DAMAGE ? COST_DAMAGE : 1;
}

/* Weighted edit distance with swaps of neighbours. */
static float
tokens_distance(const NameToken *a, int a_count, const NameToken *b, int b_count)
{
	float		rows[3][NAME_TOKENS_MAX + 1];
	float	   *before = rows[0];
	float	   *above = rows[1];
	float	   *row = rows[2];

	above[0] = 0;
	for (int j = 0; j < b_count; j++)
		above[j + 1] = above[j] + drop_cost(&b[j]);
	for (int i = 0; i < a_count; i++)
	{
		float	   *free_row = before;

		row[0] = above[0] + drop_cost(&a[i]);
		for (int j = 0; j < b_count; j++)
		{
			float		best = above[j] + replace_cost(&a[i], &b[j]);

			best = Min(best, above[j + 1] + drop_cost(&a[i]));
			best = Min(best, row[j] + drop_cost(&b[j]));
			if (i > 0 && j > 0 && a[i].point == b[j - 1].point && a[i - 1].point == b[j].point)
				best = Min(best, before[j - 1] + COST_SWAP);
			row[j + 1] = best;
		}
		before = above;
		above = row;
		row = free_row;
	}
	return above[b_count];
}

/* A dotted name cut off, or given by its first part alone. */
static bool
is_cut_off(const NameToken *a, int a_count, const NameToken *b, int b_count)
{
	if (a_count >= b_count || a_count < 2 || b[b_count - 1].part == 0)
		return false;
	for (int i = 0; i < a_count; i++)
		if (a[i].variant != b[i].variant)
			return false;
	return a_count >= 5 || b[a_count].part > b[a_count - 1].part;
}

/*
 * Similarity of two names whose keys differ, 0 to 0.99.
 *
 * A full edit counts a little more than its share of the longer name: of two
 * characters one in common (王芳, 王丽) is less than a half, of three two are
 * more.  A name that is cut off keeps its likeness.
 */
float
name_tokens_similarity(const NameToken *a, int a_count, const NameToken *b, int b_count)
{
	int			longest = Max(a_count, b_count);
	float		similarity;

	if (a_count == 0 || b_count == 0)
		return 0;
	similarity = 1 - 1.1f * tokens_distance(a, a_count, b, b_count) / longest;
	if (is_cut_off(a, a_count, b, b_count) || is_cut_off(b, b_count, a, a_count))
		similarity = Max(similarity, 0.6f);
	return Max(0, Min(similarity, 0.99f));
}
