/*
 * credit_code_core.c
 *		Reading and writing of unified social credit codes (GB 32100-2015),
 *		without the server.
 *
 *		 1          | 2        | 3 .. 8 | 9 .. 17           | 18
 *		 department | category | region | organisation code | check
 *
 * Weights are the powers of 3 modulo 31.
 */
#include "postgres.h"

#include "citizen/character.h"
#include "citizen/credit_code.h"

#define BASE 31
#define HIGH_CHARACTERS 12		/* 31^12 < 2^60 */
#define LOW_CHARACTERS 5		/* 31^5 < 2^25 */

static const char alphabet[BASE + 1] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* Place of a character in the alphabet, -1 for I, O, S, V, Z and all else. */
static int
alphabet_value(char c)
{
	static const int8 letters[26] = {
		10, 11, 12, 13, 14, 15, 16, 17, -1, 18, 19, 20, 21, /* A .. M */
		22, -1, 23, 24, 25, -1, 26, 27, -1, 28, 29, 30, -1	/* N .. Z */
	};

	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		c = (char) (c - 'a' + 'A');
	if (c >= 'A' && c <= 'Z')
		return letters[c - 'A'];
	return -1;
}

static int
check_value(const uint8 values[17])
{
	int			sum = 0;
	int			weight = 1;

	for (int i = 0; i < 17; i++)
	{
		sum += values[i] * weight;
		weight = weight * 3 % BASE;
	}
	return (BASE - sum % BASE) % BASE;
}

static void
put_bytes(uint8 *bytes, int count, uint64 number)
{
	while (count-- > 0)
	{
		bytes[count] = (uint8) (number & 0xFF);
		number >>= 8;
	}
}

static uint64
get_bytes(const uint8 *bytes, int count)
{
	uint64		number = 0;

	for (int i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

CreditCodeFault
credit_code_parse(const char *text, size_t length, CreditCode *code)
{
	char		narrow[CREDIT_CODE_LENGTH];
	uint8		values[CREDIT_CODE_LENGTH];
	uint64		high = 0;
	uint64		low = 0;

	if (character_fold(text, length, narrow, sizeof(narrow)) != CREDIT_CODE_LENGTH)
		return CREDIT_CODE_WRONG_LENGTH;
	for (int i = 0; i < CREDIT_CODE_LENGTH; i++)
	{
		int			value = alphabet_value(narrow[i]);

		if (value < 0)
			return CREDIT_CODE_WRONG_CHARACTER;
		values[i] = (uint8) value;
	}
	if (values[17] != check_value(values))
		return CREDIT_CODE_WRONG_CHECK;
	for (int i = 0; i < HIGH_CHARACTERS; i++)
		high = high * BASE + values[i];
	for (int i = HIGH_CHARACTERS; i < HIGH_CHARACTERS + LOW_CHARACTERS; i++)
		low = low * BASE + values[i];
	put_bytes(code->bytes, 8, high);
	put_bytes(code->bytes + 8, 4, low);
	return CREDIT_CODE_FINE;
}

void
credit_code_print(const CreditCode *code, char buffer[CREDIT_CODE_LENGTH + 1])
{
	uint64		high = get_bytes(code->bytes, 8);
	uint64		low = get_bytes(code->bytes + 8, 4);
	uint8		values[17];

	for (int i = HIGH_CHARACTERS + LOW_CHARACTERS - 1; i >= HIGH_CHARACTERS; i--)
	{
		values[i] = (uint8) (low % BASE);
		low /= BASE;
	}
	for (int i = HIGH_CHARACTERS - 1; i >= 0; i--)
	{
		values[i] = (uint8) (high % BASE);
		high /= BASE;
	}
	for (int i = 0; i < 17; i++)
		buffer[i] = alphabet[values[i]];
	buffer[17] = alphabet[check_value(values)];
	buffer[18] = '\0';
}

bool
credit_code_organisation_fits(const char text[CREDIT_CODE_LENGTH])
{
	static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
	const char *organisation = text + 8;
	int			sum = 0;
	int			check;

	for (int i = 0; i < 8; i++)
	{
		char		c = organisation[i];

		/* Here letters count from A = 10 without gaps. */
		sum += (c <= '9' ? c - '0' : c - 'A' + 10) * weights[i];
	}
	check = 11 - sum % 11;
	return organisation[8] == (check == 10 ? 'X' : check == 11 ? '0' : (char) ('0' + check));
}

int32
credit_code_region_six(const char text[CREDIT_CODE_LENGTH])
{
	int32		region = 0;

	for (int i = 2; i < 8; i++)
	{
		if (text[i] > '9')
			return -1;
		region = region * 10 + (text[i] - '0');
	}
	return region;
}
