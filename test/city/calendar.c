/*
 * calendar.c
 *		Dates as yyyymmdd and months as a running number.
 */
#include "city.h"

int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
date_is_real(int year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

int
month_of_date(int date)
{
	return MONTH(date / 10000, date / 100 % 100);
}

int
month_first_date(int month)
{
	return (month / 12) * 10000 + (month % 12 + 1) * 100 + 1;
}

int
month_last_date(int month)
{
	return (month / 12) * 10000 + (month % 12 + 1) * 100 + days_in_month(month / 12, month % 12 + 1);
}

int
date_random_in_month(Random *random, int month)
{
	return month_first_date(month) + (int) random_below(random, (uint32_t) days_in_month(month / 12, month % 12 + 1));
}

/* Days since 1899-12-30; right from March 1900 on, like the spreadsheets themselves. */
int
date_serial(int date)
{
	int			year = date / 10000;
	int			month = date / 100 % 100;
	int			day = date % 100;
	int			serial = day + 1;

	for (int y = 1900; y < year; y++)
		serial += days_in_month(y, 2) == 29 ? 366 : 365;
	for (int m = 1; m < month; m++)
		serial += days_in_month(year, m);
	return serial;
}

int
age_at(int birth, int date)
{
	return date / 10000 - birth / 10000 - (date % 10000 < birth % 10000 ? 1 : 0);
}
