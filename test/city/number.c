/*
 * number.c
 *		Citizen numbers (GB 11643-1999) and social credit codes (GB 32100-2015),
 *		made and checked digit by digit from the standards.
 */
#include <string.h>

#include "city.h"

char
number_check(int64_t number17)
{
	static const int weight[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int			sum = 0;

	for (int i = 16; i >= 0; i--)
	{
		sum += (int) (number17 % 10) * weight[i];
		number17 /= 10;
	}
	return "10X98765432"[sum % 11];
}

void
number_print(int64_t number17, char text[19])
{
	text[18] = '\0';
	text[17] = number_check(number17);
	for (int i = 16; i >= 0; i--)
	{
		text[i] = (char) ('0' + number17 % 10);
		number17 /= 10;
	}
}

int
number_birth(int64_t number17)
{
	return (int) (number17 / 1000 % 100000000);
}

bool
number_text_valid(const char *text)
{
	int64_t		number17 = 0;
	int			birth;

	if (strlen(text) != 18)
		return false;
	for (int i = 0; i < 17; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		number17 = number17 * 10 + (text[i] - '0');
	}
	birth = number_birth(number17);
	return text[17] == number_check(number17) && birth / 10000 > 0 &&
		date_is_real(birth / 10000, birth / 100 % 100, birth % 100);
}

static const char credit_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static char
credit_check(const char *text)
{
	int			sum = 0;
	int			weight = 1;

	for (int i = 0; i < 17; i++)
	{
		sum += (int) (strchr(credit_alphabet, text[i]) - credit_alphabet) * weight;
		weight = weight * 3 % 31;
	}
	return credit_alphabet[(31 - sum % 31) % 31];
}

void
credit_code_make(char text[19], unsigned serial, int region, const char *department)
{
	static const int weight[8] = {3, 7, 9, 10, 5, 8, 4, 2};
	int			sum = 0;

	snprintf(text, 19, "%.2s%06dMA%06u", department, region, serial * 7919u % 1000000u);
	for (int i = 8; i < 16; i++)
	{
		int			value = text[i] <= '9' ? text[i] - '0' : text[i] - 'A' + 10;

		sum += value * weight[i - 8];
	}
	sum = 11 - sum % 11;
	text[16] = sum == 10 ? 'X' : sum == 11 ? '0' : (char) ('0' + sum);
	text[17] = credit_check(text);
	text[18] = '\0';
}

bool
credit_code_valid(const char *text)
{
	if (strlen(text) != 18)
		return false;
	for (int i = 0; i < 18; i++)
		if (strchr(credit_alphabet, text[i]) == NULL)
			return false;
	return credit_check(text) == text[17];
}
