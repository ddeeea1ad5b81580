/*
 * region_code_core.c
 *		Reading, writing and levels of region codes.  No server calls.
 */
#include "region/region_code.h"

/* Value of one unit of each level; the index is the level. */
static const int64 level_unit[] = {
	INT64CONST(1000000000000),
	INT64CONST(10000000000),
	INT64CONST(100000000),
	INT64CONST(1000000),
	INT64CONST(1000),
	INT64CONST(1)
};

#define DEEPEST_LEVEL 5

/* Hainan's counties stood directly below the province from 1988 to 2001. */
#define HAINAN 46

/*
 * A level may be given only below levels that are given, with two exceptions
 * that stand in the official lists: towns of a city without counties (441900003)
 * and the counties of Hainan before 2001 (460021).
 */
static bool
levels_hold(RegionCode code)
{
	int			province = code / level_unit[1];
	int			city = code / level_unit[2] % 100;
	int			county = code / level_unit[3] % 100;
	int			town = code / level_unit[4] % 1000;
	int			village = code % 1000;

	if (province < 10)
		return false;
	if (city == 0 && county != 0 && province != HAINAN)
		return false;
	if (city == 0 && county == 0 && town != 0)
		return false;
	return town != 0 || village == 0;
}

bool
region_code_is_valid(RegionCode code)
{
	return code > 0 && code < level_unit[0] && levels_hold(code);
}

bool
region_code_parse(const char *text, size_t length, RegionCode *code)
{
	int64		value = 0;

	if (length != 2 && length != 4 && length != 6 && length != 9 && length != 12)
		return false;
	for (size_t i = 0; i < 12; i++)
	{
		int			digit = 0;

		if (i < length)
		{
			if (text[i] < '0' || text[i] > '9')
				return false;
			digit = text[i] - '0';
		}
		value = value * 10 + digit;
	}
	if (!region_code_is_valid(value))
		return false;
	*code = value;
	return true;
}

int
region_code_print(RegionCode code, char buffer[13])
{
	int			level = region_code_level(code);
	int			length = level == 5 ? 12 : level == 4 ? 9 : 6;
	int64		value = code / (level == 5 ? 1 : level == 4 ? level_unit[4] : level_unit[3]);

	for (int i = length - 1; i >= 0; i--)
	{
		buffer[i] = '0' + value % 10;
		value /= 10;
	}
	buffer[length] = '\0';
	return length;
}

/* The deepest level that is not zero. */
int
region_code_level(RegionCode code)
{
	int			level = DEEPEST_LEVEL;

	while (level > 1 && code % level_unit[level - 1] == 0)
		level--;
	return level;
}

RegionCode
region_code_at_level(RegionCode code, int level)
{
	return code - code % level_unit[level];
}

/*
 * The greatest code inside a place.  It need not be a code itself (a province
 * ends at ..9999999999): it only bounds a range.
 */
RegionCode
region_code_last(RegionCode code)
{
	return code + level_unit[region_code_level(code)] - 1;
}
