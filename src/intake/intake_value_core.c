/*
 * intake_value_core.c
 *		The forms in which dates, months and amounts arrive in extracts.
 *
 * Values that departments write where they have none (0000-00-00, 99991231,
 * NULL, ...; domain 9.3) read as empty.
 */
#include "postgres.h"

#include "intake/intake_core.h"

#define YEAR_FIRST 1800
#define YEAR_LAST 2199
#define SERIAL_FIRST 20000		/* spreadsheet day numbers that are taken for */
#define SERIAL_LAST 60000		/* dates: 1954-10-03 to 2064-04-08 */

/* Width of the blank at p (white space, no-break, ideographic, zero-width, BOM), else 0. */
static inline int
blank_width(const unsigned char *p, const unsigned char *end)
{
	if (*p <= 0x20 || *p == 0x7f)
		return 1;
	if (*p < 0xc2)
		return 0;
	if (end - p >= 2 && p[0] == 0xc2 && (p[1] == 0xa0 || p[1] == 0xad))
		return 2;
	if (end - p < 3)
		return 0;
	if (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80)
		return 3;				/* U+3000 */
	if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf)
		return 3;				/* U+FEFF */
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8f)
		return 3;				/* U+2000 .. U+200F */
	return 0;
}

/*
 * intake_trim
 *		Takes blanks off both ends of a UTF-8 text.
 */
IntakeSpan
intake_trim(IntakeSpan text)
{
	const unsigned char *p = (const unsigned char *) text.data;
	const unsigned char *end = p + text.length;
	int			width;

	while (p < end && (width = blank_width(p, end)) > 0)
		p += width;
	while (end > p)
	{
		const unsigned char *last = end - 1;

		while (last > p && (*last & 0xc0) == 0x80)
			last--;
		width = blank_width(last, end);
		if (width == 0 || last + width != end)
			break;
		end = last;
	}
	text.data = (const char *) p;
	text.length = end - p;
	return text;
}

/* Width of a mark that makes a spreadsheet take a number for text, else 0. */
static int
text_mark_width(IntakeSpan text)
{
	if (text.length == 0)
		return 0;
	if (*text.data == '\'' || *text.data == '`')
		return 1;
	if (text.length >= 3 && (memcmp(text.data, "\xe2\x80\x98", 3) == 0 || memcmp(text.data, "\xe2\x80\x99", 3) == 0))
		return 3;
	return 0;
}

/*
 * intake_undress
 *		Takes off what keeps a spreadsheet from counting with a value: ="...",
 *		and, with marks, an apostrophe in front.  The text is trimmed, and so
 *		is the result.
 */
IntakeSpan
intake_undress(IntakeSpan text, bool marks)
{
	int			width;

	if (text.length >= 3 && text.data[0] == '=' && text.data[1] == '"' && text.data[text.length - 1] == '"')
		text = intake_trim((IntakeSpan) {text.data + 2, text.length - 3});
	while (marks && (width = text_mark_width(text)) > 0)
		text = intake_trim((IntakeSpan) {text.data + width, text.length - width});
	return text;
}

/* Nothing but printable ASCII without blanks: folding would change nothing. */
bool
intake_is_plain(IntakeSpan text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char) text.data[i] <= 0x20 || (unsigned char) text.data[i] >= 0x7f)
			return false;
	return true;
}

/*
 * intake_fold
 *		Full-width forms to ASCII; with drop_blanks all blanks go as well.
 *
 * Writes at most text.length bytes to out and returns their number.
 */
size_t
intake_fold(IntakeSpan text, bool drop_blanks, char *out)
{
	const unsigned char *p = (const unsigned char *) text.data;
	const unsigned char *end = p + text.length;
	char	   *start = out;

	while (p < end)
	{
		int			width = blank_width(p, end);

		if (width > 0)
		{
			if (!drop_blanks)
				*out++ = ' ';
			p += width;
		}
		else if (end - p >= 3 && p[0] == 0xef &&
				 ((p[1] == 0xbc && p[2] >= 0x81 && p[2] <= 0xbf) ||
				  (p[1] == 0xbd && p[2] >= 0x80 && p[2] <= 0x9e)))
		{
			*out++ = (char) (p[1] == 0xbc ? p[2] - 0x81 + 0x21 : p[2] - 0x80 + 0x60);
			p += 3;
		}
		else
			*out++ = (char) *p++;
	}
	return out - start;
}

/* What is written for "nothing", apart from zeros and far dates. */
bool
intake_is_blank_like(IntakeSpan text)
{
	const char *p = text.data;

	/* every number of every row comes through here */
	switch (text.length)
	{
		case 0:
			return true;
		case 1:
			return *p == '-' || *p == '/';
		case 2:
			return memcmp(p, "--", 2) == 0 || memcmp(p, "\\N", 2) == 0;
		case 3:
			return memcmp(p, "N/A", 3) == 0 || memcmp(p, "无", 3) == 0;
		case 4:
			return memcmp(p, "NULL", 4) == 0 || memcmp(p, "null", 4) == 0 ||
				memcmp(p, "Null", 4) == 0 || memcmp(p, "#N/A", 4) == 0;
		default:
			return false;
	}
}

typedef struct DateParts
{
	int			count;			/* groups of digits */
	int			value[3];
	int			width[3];
} DateParts;

/* Width of a separator of date parts at p, else 0. */
static int
separator_width(const char *p, const char *end)
{
	if (*p == '-' || *p == '/' || *p == '.')
		return 1;
	if (end - p >= 3 && (memcmp(p, "年", 3) == 0 || memcmp(p, "月", 3) == 0 || memcmp(p, "日", 3) == 0))
		return 3;
	return 0;
}

static bool
split_date(const char *p, const char *end, DateParts *parts)
{
	parts->count = 0;
	while (p < end)
	{
		int			value = 0;
		int			width = 0;

		while (p < end && *p >= '0' && *p <= '9' && width < 9)
		{
			value = value * 10 + (*p++ - '0');
			width++;
		}
		if (width == 0 || parts->count == 3)
			return false;
		parts->value[parts->count] = value;
		parts->width[parts->count] = width;
		parts->count++;
		if (p == end)
			return true;
		width = separator_width(p, end);
		if (width == 0)
			return false;
		p += width;
		/* only 年, 月 and 日 may stand last */
		if (p == end)
			return width == 3;
	}
	return false;
}

/*
 * Folds a text and cuts a time of day off it ("2024-01-05 00:00:00").  Returns
 * false when the text is too long to be a date.
 */
static bool
fold_date(IntakeSpan text, char *buffer, size_t capacity, size_t *length)
{
	if (text.length > capacity)
		return false;
	*length = intake_fold(text, false, buffer);
	for (size_t i = 8; i < *length; i++)
		if ((buffer[i] == ' ' || buffer[i] == 'T') && memchr(buffer + i, ':', *length - i))
			*length = i;
	return true;
}

/* Zeros, the year 9999 and 1900-01-00 stand for "no date". */
static bool
parts_mean_nothing(const DateParts *parts)
{
	bool		zero = true;

	for (int i = 0; i < parts->count; i++)
		zero = zero && parts->value[i] == 0;
	if (zero)
		return true;
	if (parts->count == 1)
		return (parts->width[0] == 8 && (parts->value[0] / 10000 == 9999 || parts->value[0] == 19000100)) ||
			(parts->width[0] == 6 && parts->value[0] / 100 == 9999);
	return parts->value[0] == 9999 ||
		(parts->count == 3 && parts->value[0] == 1900 && parts->value[1] == 1 && parts->value[2] == 0);
}

static bool
date_exists(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= YEAR_FIRST && year <= YEAR_LAST && month >= 1 && month <= 12 &&
		day >= 1 && day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Day number of a spreadsheet (1 = 1900-01-01, with its false leap day) to a date. */
static void
date_from_serial(int serial, int *year, int *month, int *day)
{
	/* days to civil, era of 400 years; 25569 is 1970-01-01 */
	int			z = serial - 25569 + 719468;
	int			era = z / 146097;
	int			doe = z - era * 146097;
	int			yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int			doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int			mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

/*
 * intake_parse_date
 *		YYYYMMDD, YYYY-M-D (also with / . 年月日, with a time behind it) and
 *		spreadsheet day numbers.  The text is trimmed.
 */
IntakeValue
intake_parse_date(IntakeSpan text, int *year, int *month, int *day)
{
	char		buffer[64];
	size_t		length;
	DateParts	parts;

	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	if (!fold_date(text, buffer, sizeof(buffer), &length) ||
		!split_date(buffer, buffer + length, &parts))
		return INTAKE_VALUE_BAD;
	if (parts_mean_nothing(&parts))
		return INTAKE_VALUE_EMPTY;

	if (parts.count == 1 && parts.width[0] == 8)
	{
		*year = parts.value[0] / 10000;
		*month = parts.value[0] / 100 % 100;
		*day = parts.value[0] % 100;
	}
	else if (parts.count == 3 && parts.width[0] == 4 && parts.width[1] <= 2 && parts.width[2] <= 2)
	{
		*year = parts.value[0];
		*month = parts.value[1];
		*day = parts.value[2];
	}
	else if (parts.width[0] == 5 && parts.value[0] >= SERIAL_FIRST && parts.value[0] <= SERIAL_LAST &&
			 (parts.count == 1 || (parts.count == 2 && memchr(buffer, '.', length))))
		date_from_serial(parts.value[0], year, month, day);
	else
		return INTAKE_VALUE_BAD;
	return date_exists(*year, *month, *day) ? INTAKE_VALUE_GOOD : INTAKE_VALUE_BAD;
}

/* Six digits that are a month, the form in which nearly all arrive. */
static bool
plain_month(const char *p, int *yearmonth)
{
	int			value = 0;

	for (int i = 0; i < 6; i++)
	{
		unsigned	digit = (unsigned char) p[i] - '0';

		if (digit > 9)
			return false;
		value = value * 10 + (int) digit;
	}
	*yearmonth = value;
	return value / 100 >= YEAR_FIRST && value / 100 <= YEAR_LAST && value % 100 >= 1 && value % 100 <= 12;
}

/*
 * intake_parse_month
 *		YYYYMM, YYYY-M (also with / . 年月) or a date, whose month is taken;
 *		gives year * 100 + month.  The text is trimmed.
 */
IntakeValue
intake_parse_month(IntakeSpan text, int *yearmonth)
{
	char		buffer[64];
	size_t		length;
	DateParts	parts;
	int			year,
				month;

	if (text.length == 6 && plain_month(text.data, yearmonth))
		return INTAKE_VALUE_GOOD;
	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	if (!fold_date(text, buffer, sizeof(buffer), &length) ||
		!split_date(buffer, buffer + length, &parts))
		return INTAKE_VALUE_BAD;
	if (parts_mean_nothing(&parts))
		return INTAKE_VALUE_EMPTY;

	if (parts.count == 1 && (parts.width[0] == 6 || parts.width[0] == 8))
	{
		*yearmonth = parts.width[0] == 6 ? parts.value[0] : parts.value[0] / 100;
		if (parts.width[0] == 8 && parts.value[0] % 100 > 31)
			return INTAKE_VALUE_BAD;
	}
	else if (parts.count >= 2 && parts.width[0] == 4 && parts.width[1] <= 2 &&
			 (parts.count == 2 || (parts.width[2] <= 2 && parts.value[2] <= 31)))
		*yearmonth = parts.value[0] * 100 + parts.value[1];
	else
		return INTAKE_VALUE_BAD;
	year = *yearmonth / 100;
	month = *yearmonth % 100;
	return year >= YEAR_FIRST && year <= YEAR_LAST && month >= 1 && month <= 12 ?
		INTAKE_VALUE_GOOD : INTAKE_VALUE_BAD;
}

/*
 * intake_parse_hundredths
 *		A number without sign, with at most ten digits before the point;
 *		commas between thousands, 元 behind it and further decimals (rounded)
 *		are tolerated.  The text is trimmed.
 */
IntakeValue
intake_parse_hundredths(IntakeSpan text, int64 *hundredths)
{
	char		buffer[64];
	size_t		length;
	int64		value = 0;
	int			digits = 0;
	int			decimals = -1;	/* -1: point not seen yet */

	if (intake_is_blank_like(text))
		return INTAKE_VALUE_EMPTY;
	if (text.length > sizeof(buffer))
		return INTAKE_VALUE_BAD;
	length = intake_fold(text, true, buffer);
	if (length > 3 && memcmp(buffer + length - 3, "元", 3) == 0)
		length -= 3;
	for (size_t i = 0; i < length; i++)
	{
		char		c = buffer[i];

		if (c == '.' && decimals < 0)
			decimals = 0;
		else if (c == ',' && decimals < 0 && digits > 0 && i + 1 < length)
			continue;
		else if (c < '0' || c > '9')
			return INTAKE_VALUE_BAD;
		else if (decimals < 0)
		{
			if (++digits > 10)
				return INTAKE_VALUE_BAD;
			value = value * 10 + (c - '0');
		}
		else
		{
			decimals++;
			if (decimals <= 2)
				value = value * 10 + (c - '0');
			else if (decimals == 3 && c >= '5')
				value++;
		}
	}
	if (digits == 0)
		return INTAKE_VALUE_BAD;
	for (int i = Max(decimals, 0); i < 2; i++)
		value *= 10;
	*hundredths = value;
	return value <= INT64CONST(999999999999) ? INTAKE_VALUE_GOOD : INTAKE_VALUE_BAD;
}

/*
 * intake_is_total_line
 *		Is this the first filled field of a line of totals, or of who made the
 *		list?  Blanks inside are ignored; "共" counts only before a digit, for
 *		it is also a surname, and the others only before a colon.
 */
bool
intake_is_total_line(IntakeSpan first)
{
	static const char *const words[] = {"合计", "总计", "小计", "共计", "总数", "累计"};
	static const char *const signatures[] = {"制表人:", "制表时间:", "制表日期:", "制表单位:", "填表人:", "填报人:",
	"填报单位:", "审核人:", "经办人:", "负责人:", "打印人:", "打印时间:", "打印日期:", "导出时间:"};
	char		buffer[64];
	size_t		length;

	if (first.length == 0 || first.length > sizeof(buffer) || (unsigned char) first.data[0] < 0x80)
		return false;
	length = intake_fold(first, true, buffer);
	for (size_t i = 0; i < lengthof(words); i++)
		if (length >= 6 && memcmp(buffer, words[i], 6) == 0)
			return true;
	for (size_t i = 0; i < lengthof(signatures); i++)
		if (length >= strlen(signatures[i]) && memcmp(buffer, signatures[i], strlen(signatures[i])) == 0)
			return true;
	return length > 3 && memcmp(buffer, "共", 3) == 0 && buffer[3] >= '0' && buffer[3] <= '9';
}
