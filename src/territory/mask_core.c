/*
 * mask_core.c
 *		Masks of telephone numbers, addresses and document numbers.  No server
 *		calls.
 *
 * What is too short for its mask becomes stars altogether, and their number
 * does not tell its length.
 */
#include "postgres.h"

#include "territory/mask.h"

#define STARS "******"

static int
put(char *masked, int at, const char *text, int length)
{
	memcpy(masked + at, text, length);
	return at + length;
}

static int
put_stars(char *masked, int at, int count)
{
	memset(masked + at, '*', count);
	return at + count;
}

static int
put_nothing_but_stars(char *masked)
{
	return put(masked, 0, STARS, sizeof(STARS) - 1);
}

static bool
all_digits(const char *text, int length)
{
	for (int i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool
all_ascii(const char *text, int length)
{
	for (int i = 0; i < length; i++)
		if ((unsigned char) text[i] >= 0x80)
			return false;
	return true;
}

int
mask_phone(const char *text, int length, char *masked)
{
	int			at;

	if (length == 11 && text[0] == '1' && all_digits(text, length))
	{
		at = put(masked, 0, text, 3);
		at = put_stars(masked, at, 4);
		return put(masked, at, text + 7, 4);
	}
	if (length < 7 || !all_ascii(text, length))
		return put_nothing_but_stars(masked);
	at = put(masked, 0, text, length - 4);
	return put_stars(masked, at, 4);
}

/* Words at which a place ends and a street, a house or a door begins. */
static const char *const place_ends[] = {"社区", "村", "居委会", "镇", "乡", "街道", "区", "县", "市"};

/* End of the last occurrence of a word, -1 when it does not occur. */
static int
end_of_last(const char *text, int length, const char *word)
{
	int			word_length = strlen(word);

	for (int at = length - word_length; at >= 0; at--)
		if (memcmp(text + at, word, word_length) == 0)
			return at + word_length;
	return -1;
}

/* Down to the village; where none is named, to the smallest place that is. */
int
mask_address(const char *text, int length, char *masked)
{
	for (int i = 0; i < (int) lengthof(place_ends); i++)
	{
		int			end = end_of_last(text, length, place_ends[i]);

		if (end > 0)
		{
			int			at = put(masked, 0, text, end);

			return put(masked, at, STARS, sizeof(STARS) - 1);
		}
	}
	return put_nothing_but_stars(masked);
}

/* A number of a citizen keeps its ends, any other document less of them. */
int
mask_document(const char *text, int length, char *masked)
{
	int			head = 4;
	int			tail = 2;
	int			stars = 6;
	int			at;

	if (!all_ascii(text, length))
		return put_nothing_but_stars(masked);
	if (length == 18 && all_digits(text, 17))
	{
		head = 6;
		tail = 4;
		stars = 8;
	}
	else if (length == 15 && all_digits(text, 15))
	{
		head = 6;
		tail = 3;
	}
	else if (length < 9)
		return put_nothing_but_stars(masked);
	at = put(masked, 0, text, head);
	at = put_stars(masked, at, stars);
	return put(masked, at, text + length - tail, tail);
}
