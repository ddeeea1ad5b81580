/*
 * document_core.c
 *		Reading of document numbers as extracts deliver them, without the
 *		server.
 *
 * First everything is taken away that people and spreadsheets add to a number
 * without meaning it.  Then the text is either judged as a citizen number,
 * when it looks like one, or recognised by the shape of another document.
 */
#include "postgres.h"

#include "citizen/character.h"
#include "citizen/document.h"

typedef struct CleanText
{
	char	   *text;			/* at most DOCUMENT_NUMBER_MAX bytes, and zero */
	size_t		bytes;
	size_t		characters;		/* also those that did not fit */
	size_t		digits;
	size_t		letters;		/* A to Z */
	bool		changed;
} CleanText;

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Signs that stand in or around numbers and mean nothing. */
static bool
character_is_noise(uint32 character)
{
	switch (character)
	{
		case '-':
		case '\'':
		case '"':
		case '`':
		case '(':				/* 0012345678(B) */
		case ')':
		case '=':				/* ="340403..." keeps a spreadsheet from counting */
		case 0x00AD:			/* soft hyphen */
		case 0x2212:			/* minus */
		case 0x2060:			/* word joiner */
		case 0xFEFF:			/* byte order mark */
			return true;
		default:
			return character_is_space(character) ||
				(character >= 0x2000 && character <= 0x200F) || /* widths, marks */
				(character >= 0x2010 && character <= 0x2015) || /* hyphens, dashes */
				(character >= 0x2018 && character <= 0x201F) || /* quotes */
				(character >= 0x202A && character <= 0x202F);	/* directions */
	}
}

/* Signs that are typed or recognised for the X at the end. */
static bool
character_looks_like_x(uint32 character)
{
	return character == 0x00D7 ||	/* multiplication sign */
		character == 0x0425 || character == 0x0445 ||	/* Cyrillic */
		character == 0x03A7 || character == 0x03C7 ||	/* Greek */
		character == 0x2169 || character == 0x2179; /* Roman ten */
}

static uint32
character_clean(uint32 character)
{
	character = character_narrow(character);
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 'A';
	if (character_looks_like_x(character))
		return 'X';
	return character;
}

/* Keeps the bytes of one character, as far as there is room. */
static void
clean_append(CleanText *clean, const unsigned char *bytes, size_t count)
{
	clean->characters++;
	if (clean->bytes + count > DOCUMENT_NUMBER_MAX)
		return;
	memcpy(clean->text + clean->bytes, bytes, count);
	clean->bytes += count;
}

static void
clean_characters(CleanText *clean, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *) text;
	const unsigned char *end = at + length;

	while (at < end)
	{
		const unsigned char *start = at;
		uint32		raw = character_next(&at, end);
		uint32		character = character_clean(raw);

		if (character_is_noise(character))
			clean->changed = true;
		else if (character < 0x80)
		{
			unsigned char byte = (unsigned char) character;

			clean->changed |= character != raw;
			clean->digits += is_digit((char) byte);
			clean->letters += is_letter((char) byte);
			clean_append(clean, &byte, 1);
		}
		else
			clean_append(clean, start, at - start);
	}
	clean->text[clean->bytes] = '\0';
}

/* A number that was held as a number comes back as 340403190001010016.0. */
static void
clean_decimals(CleanText *clean)
{
	size_t		keep = clean->bytes;

	if (clean->letters > 0 || clean->characters != clean->bytes)
		return;
	while (keep > 0 && clean->text[keep - 1] == '0')
		keep--;
	if (keep == 0 || clean->text[keep - 1] != '.' || keep == clean->bytes ||
		clean->digits != clean->bytes - 1 || keep == 1)
		return;
	clean->digits -= clean->bytes - keep;
	clean->bytes = clean->characters = keep - 1;
	clean->text[clean->bytes] = '\0';
	clean->changed = true;
}

static inline char
letter_as_digit(char c)
{
	return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

/*
 * Does the text want to be a citizen number?  Long and nearly all digits; a
 * letter in front is a typing error only when the length is right.  Ten to
 * twelve digits that begin like a province are one that lost its end, or a
 * telephone number, and no document either.
 */
static bool
claims_citizen_number(const CleanText *clean)
{
	size_t		count = clean->characters;
	size_t		digits = clean->digits;
	size_t		others;

	for (size_t i = 0; i < clean->bytes; i++)
		digits += letter_as_digit(clean->text[i]) != clean->text[i];
	others = count - digits;
	if (count >= 10 && count <= 12)
		return others == 0 && clean->digits >= count - 2 &&
			letter_as_digit(clean->text[0]) >= '1' && clean->text[0] <= '6';
	if (count < 13 || digits * 4 < count * 3)
		return false;
	if (is_digit(letter_as_digit(clean->text[0])))
		return true;
	return others <= 2 && (count == 15 || count == 18);
}

/* O for 0, l and I for 1, and a star for the X. */
static void
clean_letters(CleanText *clean)
{
	for (size_t i = 0; i < clean->bytes; i++)
	{
		char		digit = letter_as_digit(clean->text[i]);

		if (digit != clean->text[i])
		{
			clean->text[i] = digit;
			clean->changed = true;
		}
	}
	if (clean->bytes == 18 && clean->text[17] == '*')
	{
		clean->text[17] = 'X';
		clean->changed = true;
	}
}

static void
document_accept(Document *document, const char *kind)
{
	strcpy(document->kind, kind);
}

static void
document_refuse(Document *document, const char *rule)
{
	strcpy(document->fault, rule);
}

const char *
citizen_id_document_kind(CitizenId id)
{
	static const char *const kinds[] = {
		[CITIZEN_ID_CITIZEN] = "01",
		[CITIZEN_ID_RESIDENCE_PERMIT] = "16",
		[CITIZEN_ID_PERMANENT_RESIDENCE] = "07"
	};

	return kinds[citizen_id_kind_of(id)];
}

static void
document_accept_citizen(Document *document, CitizenId id, bool legacy15)
{
	document_accept(document, citizen_id_document_kind(id));
	document->citizen_id = id;
	document->legacy15 = legacy15;
	citizen_id_print(id, document->number);
}

/*
 * Rule for a number of 15 or 18 characters that has only digits but is not
 * fine.  A wrong date says more than a wrong check character and goes first;
 * the province goes last, because a typing error in it breaks the check too.
 */
static const char *
rule_of_wrong_number(const char *text, size_t length)
{
	int64		number = 0;
	int64		body;

	for (size_t i = 0; i < (length == 18 ? 17 : length); i++)
		number = number * 10 + (text[i] - '0');
	if (length == 15)
	{
		int64		sequence = number % 1000;

		body = (sequence >= 996 ? 18 : 19) * INT64CONST(1000000000) + number % 1000000000;
	}
	else
		body = number % INT64CONST(100000000000);

	/* The date alone, behind a province that exists. */
	if (citizen_id_judge(INT64CONST(11000000000000000) + body) != CITIZEN_ID_FINE)
		return "ID08";
	if (length == 15)
		return "ID11";
	if (citizen_id_check_char(number) == text[17])
		return "ID11";
	if (text[17] != 'X')
	{
		CitizenIdDamage damage = citizen_id_damage(number * 10 + (text[17] - '0'));

		if (damage != CITIZEN_ID_UNDAMAGED)
			return damage == CITIZEN_ID_FIFTEEN_DIGITS ? "ID20" : "ID21";
	}
	return "ID04";
}

/*
 * A card of a disabled person bears the citizen number, a kind (1 to 7) and a
 * grade (1 to 4); an office that numbers people without papers appends a
 * letter to the guardian's number, which is then nobody's citizen number.
 */
static bool
read_extended_number(Document *document, const char *text, size_t length)
{
	CitizenId	id;
	bool		legacy15;

	if ((length != 19 && length != 20) ||
		citizen_id_parse(text, 18, &id, &legacy15) != CITIZEN_ID_FINE)
		return false;
	if (length == 20 && text[18] >= '1' && text[18] <= '7' && text[19] >= '1' && text[19] <= '4')
	{
		document_accept_citizen(document, id, false);
		document->cleaned = true;
		return true;
	}
	if (length == 19 && is_letter(text[18]) && text[18] != 'X')
	{
		document_accept(document, "99");
		return true;
	}
	return false;
}

static void
read_citizen_number(Document *document, const CleanText *clean)
{
	CitizenId	id;
	bool		legacy15;

	if (clean->characters != 15 && clean->characters != 18)
	{
		if (!read_extended_number(document, clean->text, clean->bytes))
			document_refuse(document, "ID02");
		return;
	}
	if (clean->bytes != clean->characters)
	{
		document_refuse(document, "ID03");
		return;
	}
	switch (citizen_id_parse(clean->text, clean->bytes, &id, &legacy15))
	{
		case CITIZEN_ID_FINE:
			document_accept_citizen(document, id, legacy15);
			break;
		case CITIZEN_ID_LENGTH:
			document_refuse(document, "ID02");
			break;
		case CITIZEN_ID_CHARACTER:
			document_refuse(document, "ID03");
			break;
		default:
			document_refuse(document, rule_of_wrong_number(clean->text, clean->bytes));
			break;
	}
}

/* Matches text against a shape: A a letter, 9 a digit, other signs themselves. */
static bool
has_shape(const char *text, const char *shape)
{
	for (; *shape; text++, shape++)
	{
		if (*shape == 'A' ? !is_letter(*text) :
			*shape == '9' ? !is_digit(*text) : *text != *shape)
			return false;
	}
	return *text == '\0';
}

/* Permanent residence of 2017: weights 7 3 1, A is 10, the last digit is the sum's. */
static bool
permanent_residence_check(const char *text)
{
	static const int weights[3] = {7, 3, 1};
	int			sum = 0;

	for (int i = 0; i < 14; i++)
		sum += (is_digit(text[i]) ? text[i] - '0' : text[i] - 'A' + 10) * weights[i % 3];
	return sum % 10 == text[14] - '0';
}

static void
read_permanent_residence(Document *document, const char *text)
{
	if (text[3] == '0')			/* no such area: a foreigner's social number */
		document_accept(document, "99");
	else if (permanent_residence_check(text))
		document_accept(document, "07");
	else
		document_refuse(document, "ID18");
}

static void
read_other_document(Document *document, const CleanText *clean)
{
	static const struct
	{
		const char *shape;
		const char *kind;
	}			shapes[] = {
		{"H99999999", "04"}, {"H9999999999", "04"}, {"HKG999999999", "04"},
		{"M99999999", "05"}, {"M9999999999", "05"}, {"MAC999999999", "05"},
		{"99999999", "06"}, {"9999999999A", "06"},
		{"TWN999999999", "06"},
		{"A999999999", "15"},
		{"999999999", "08"}
	};
	const char *text = clean->text;

	for (size_t i = 0; i < lengthof(shapes); i++)
		if (has_shape(text, shapes[i].shape))
		{
			document_accept(document, shapes[i].kind);
			return;
		}
	if (has_shape(text, "AAA999999999999"))
		read_permanent_residence(document, text);
	else if (clean->digits == 0 || strpbrk(text, "*?#") != NULL)	/* a word, or a masked number */
		document_refuse(document, "ID03");
	else if (clean->characters < 5)
		document_refuse(document, "ID02");
	else if (clean->characters >= 6 && clean->characters <= 11 && clean->digits >= 5 &&
			 clean->letters > 0 && clean->digits + clean->letters == clean->characters)
		document_accept(document, "08");
	else
		document_accept(document, "99");
}

size_t
document_squeeze(const char *text, size_t length, char buffer[DOCUMENT_NUMBER_MAX + 1])
{
	CleanText	clean = {.text = buffer};

	clean_characters(&clean, text, length);
	return clean.characters == clean.bytes ? clean.bytes : 0;
}

bool
document_parse(const char *text, size_t length, Document *document)
{
	CleanText	clean = {.text = document->number};
	CitizenId	id;
	bool		legacy15;

	memset(document, 0, sizeof(*document));

	/* Nearly every number of nearly every extract is simply right. */
	if (length == 18 && citizen_id_parse(text, length, &id, &legacy15) == CITIZEN_ID_FINE && !legacy15)
	{
		document_accept_citizen(document, id, false);
		document->cleaned = memcmp(text, document->number, 18) != 0;
		return true;
	}

	clean_characters(&clean, text, length);
	if (clean.characters == 0)
		return false;
	clean_decimals(&clean);
	if (citizen_id_is_scientific(clean.text, clean.bytes))
		document_refuse(document, "ID20");
	else if (claims_citizen_number(&clean))
	{
		clean_letters(&clean);
		document->cleaned = clean.changed;
		read_citizen_number(document, &clean);
		return true;
	}
	else
		read_other_document(document, &clean);
	document->cleaned = clean.changed;
	return true;
}

/*
 * Social-security number of people from Hong Kong, Macao and Taiwan without a
 * residence permit: region, a reserve digit, and eight digits of the travel
 * permit.  Others have the number of their document.
 */
void
document_social_number(const Document *document, char buffer[DOCUMENT_NUMBER_MAX + 1])
{
	const char *number = document->number;

	if (has_shape(number, "H99999999") || has_shape(number, "H9999999999"))
		snprintf(buffer, DOCUMENT_NUMBER_MAX + 1, "HKG0%.8s", number + 1);
	else if (has_shape(number, "M99999999") || has_shape(number, "M9999999999"))
		snprintf(buffer, DOCUMENT_NUMBER_MAX + 1, "MAC0%.8s", number + 1);
	else if (has_shape(number, "99999999"))
		snprintf(buffer, DOCUMENT_NUMBER_MAX + 1, "TWN0%s", number);
	else
		snprintf(buffer, DOCUMENT_NUMBER_MAX + 1, "%s", number);
}
