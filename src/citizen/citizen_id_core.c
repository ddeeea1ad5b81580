/*
 * citizen_id_core.c
 *		Reading, judging and writing of citizen numbers (GB 11643-1999),
 *		without the server.
 *
 *		 1 2 3 4 5 6 | 7 8 9 10 11 12 13 14 | 15 16 17 | 18
 *		 region      | birth date yyyymmdd  | sequence | check character
 *
 * The check character makes the sum of digit i times 2^(18-i) leave 1 when
 * divided by 11 (ISO 7064 MOD 11-2, X stands for 10).  Doubling an accumulator
 * before each digit is added gives that sum without a table of weights:
 * seventeen doublings of digits stay far below 2^32.
 */
#include "postgres.h"

#include "citizen/character.h"
#include "citizen/citizen_id.h"

#define BODY_DIGITS 17
#define BODY_LEAST INT64CONST(10000000000000000)
#define BODY_BEYOND INT64CONST(100000000000000000)

static const char check_characters[11] = {
	'1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'
};

/* Province codes of GB/T 2260, with 71, 81, 82 and the 83 of Taiwan permits. */
static const bool province_known[100] = {
	[11] = true,[12] = true,[13] = true,[14] = true,[15] = true,
	[21] = true,[22] = true,[23] = true,
	[31] = true,[32] = true,[33] = true,[34] = true,[35] = true,[36] = true,[37] = true,
	[41] = true,[42] = true,[43] = true,[44] = true,[45] = true,[46] = true,
	[50] = true,[51] = true,[52] = true,[53] = true,[54] = true,
	[61] = true,[62] = true,[63] = true,[64] = true,[65] = true,
	[71] = true,[81] = true,[82] = true,[83] = true
};

static inline bool
province_is_known(uint32 region)
{
	/* A permanent residence number has its province behind the 9. */
	if (region >= 900000)
		return province_known[region / 1000 % 100];
	return province_known[region / 10000];
}

/* Any real day of the Gregorian calendar: when a birth is too old or yet to come is not for the type to say. */
static inline bool
date_is_real(uint32 date)
{
	static const uint8 days[16] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint32		year = date / 10000;
	uint32		month = date / 100 % 100;
	uint32		day = date % 100;

	if (year == 0 || month == 0 || month > 12 || day == 0 || day > days[month])
		return false;
	if (month == 2 && day == 29)
		return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return true;
}

/* Sum of the 17 digits by their weights, before the check character. */
static uint32
weighted_sum(CitizenId id)
{
	uint32		sum = 0;
	uint32		weight = 2;
	uint64		rest = (uint64) id;

	for (int i = 0; i < BODY_DIGITS; i++)
	{
		sum += (uint32) (rest % 10) * weight;
		rest /= 10;
		weight = weight * 2 % 11;
	}
	return sum;
}

char
citizen_id_check_char(CitizenId id)
{
	return check_characters[weighted_sum(id) % 11];
}

static inline CitizenIdFault
judge_parts(uint32 region, uint32 date)
{
	if (!province_is_known(region))
		return CITIZEN_ID_PROVINCE;
	if (!date_is_real(date))
		return CITIZEN_ID_BIRTH_DATE;
	return CITIZEN_ID_FINE;
}

CitizenIdFault
citizen_id_judge(int64 body)
{
	if (body < BODY_LEAST || body >= BODY_BEYOND)
		return CITIZEN_ID_LENGTH;
	return judge_parts((uint32) (body / INT64CONST(100000000000)),
					   (uint32) (body / 1000 % 100000000));
}

/*
 * Judges 18 narrow characters.  The three parts are read side by side, so
 * that the processor need not wait for one long chain of multiplications.
 */
static inline CitizenIdFault
judge18(const char *text, CitizenId *id)
{
	const unsigned char *c = (const unsigned char *) text;
	uint32		region = 0;
	uint32		date = 0;
	uint32		sequence = 0;
	uint32		sum = 0;
	uint32		wrong = 0;
	uint32		check;
	CitizenIdFault fault;

	for (int i = 0; i < 6; i++)
	{
		uint32		digit = (uint32) c[i] - '0';

		wrong |= digit > 9;
		region = region * 10 + digit;
		sum = sum * 2 + digit;
	}
	for (int i = 6; i < 14; i++)
	{
		uint32		digit = (uint32) c[i] - '0';

		wrong |= digit > 9;
		date = date * 10 + digit;
		sum = sum * 2 + digit;
	}
	for (int i = 14; i < 17; i++)
	{
		uint32		digit = (uint32) c[i] - '0';

		wrong |= digit > 9;
		sequence = sequence * 10 + digit;
		sum = sum * 2 + digit;
	}
	check = (uint32) c[17] - '0';
	if (c[17] == 'X' || c[17] == 'x')
		check = 10;
	else
		wrong |= check > 9;
	if (wrong)
		return CITIZEN_ID_CHARACTER;

	fault = judge_parts(region, date);
	if (fault != CITIZEN_ID_FINE)
		return fault;
	if ((sum * 2 + check) % 11 != 1)
		return CITIZEN_ID_CHECK;
	*id = ((int64) region * 100000000 + date) * 1000 + sequence;
	return CITIZEN_ID_FINE;
}

/*
 * Judges 15 narrow characters: the form of 1984 to 1999, without century and
 * check character.  The sequences 996 to 999 were kept for people who were a
 * hundred when they got their number.  Permanent residence numbers never had
 * this form.
 */
static CitizenIdFault
judge15(const char *text, CitizenId *id)
{
	int64		number = 0;
	uint32		region;
	uint32		date;
	uint32		sequence;
	CitizenIdFault fault;

	for (int i = 0; i < 15; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return CITIZEN_ID_CHARACTER;
		number = number * 10 + (text[i] - '0');
	}
	region = (uint32) (number / 1000000000);
	sequence = (uint32) (number % 1000);
	date = (uint32) (number / 1000 % 1000000) + (sequence >= 996 ? 18000000 : 19000000);
	if (region >= 900000)
		return CITIZEN_ID_PROVINCE;
	fault = judge_parts(region, date);
	if (fault == CITIZEN_ID_FINE)
		*id = ((int64) region * 100000000 + date) * 1000 + sequence;
	return fault;
}

CitizenIdFault
citizen_id_parse(const char *text, size_t length, CitizenId *id, bool *legacy15)
{
	char		narrow[18];

	*legacy15 = false;
	if (length == 18 && judge18(text, id) == CITIZEN_ID_FINE)
		return CITIZEN_ID_FINE;

	switch (character_fold(text, length, narrow, sizeof(narrow)))
	{
		case 18:
			return judge18(narrow, id);
		case 15:
			*legacy15 = true;
			return judge15(narrow, id);
		default:
			return CITIZEN_ID_LENGTH;
	}
}

void
citizen_id_print(CitizenId id, char buffer[19])
{
	uint64		rest = (uint64) id;
	uint32		sum = 0;
	uint32		weight = 2;

	for (int i = BODY_DIGITS - 1; i >= 0; i--)
	{
		uint32		digit = (uint32) (rest % 10);

		rest /= 10;
		buffer[i] = (char) ('0' + digit);
		sum += digit * weight;
		weight = weight * 2 % 11;
	}
	buffer[17] = check_characters[sum % 11];
	buffer[18] = '\0';
}

void
citizen_id_birth(CitizenId id, int *year, int *month, int *day)
{
	int32		date = (int32) (id / 1000 % 100000000);

	*year = date / 10000;
	*month = date / 100 % 100;
	*day = date % 100;
}

char
citizen_id_sex_char(CitizenId id)
{
	return id % 2 != 0 ? 'M' : 'F';
}

int32
citizen_id_region_six(CitizenId id)
{
	int32		region = (int32) (id / INT64CONST(100000000000));

	return region < 900000 ? region : region / 1000 % 100 * 10000;
}

CitizenIdKind
citizen_id_kind_of(CitizenId id)
{
	int32		region = (int32) (id / INT64CONST(100000000000));

	if (region >= 900000)
		return CITIZEN_ID_PERMANENT_RESIDENCE;
	if (region >= 810000)
		return CITIZEN_ID_RESIDENCE_PERMIT;
	return CITIZEN_ID_CITIZEN;
}

/*
 * Spreadsheets keep 15 significant digits, other programs a double-precision
 * value: between 2^56 and 2^60 those lie 16 to 128 apart.
 */
CitizenIdDamage
citizen_id_damage(int64 number)
{
	if (number % 1000 == 0)
		return CITIZEN_ID_FIFTEEN_DIGITS;
	if ((int64) (double) number == number)
		return CITIZEN_ID_DOUBLE_STEP;
	return CITIZEN_ID_UNDAMAGED;
}

bool
citizen_id_is_scientific(const char *text, size_t length)
{
	const char *at = text;
	const char *end = text + length;

	if (at == end || *at < '1' || *at > '9')
		return false;
	at++;
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9';)
			at++;
	if (at == end || (*at != 'E' && *at != 'e'))
		return false;
	at++;
	if (at < end && *at == '+')
		at++;
	/* 15 and 18 digits, and what is left when some of them were lost. */
	return end - at == 2 && at[0] == '1' && at[1] >= '0' && at[1] <= '9';
}
