/*
 * Values of fields: dates, months and amounts in the forms in which they come.
 */
#include "fuzz.h"

#include "intake/intake_core.h"

static void
check_date(IntakeSpan text)
{
	int			year,
				month,
				day,
				yearmonth;

	if (intake_parse_date(text, &year, &month, &day) == INTAKE_VALUE_GOOD)
	{
		char		again[16];
		int			y,
					m,
					d;

		MUST(year >= 1800 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
		for (int i = 0, value = year * 10000 + month * 100 + day; i < 8; i++, value /= 10)
			again[7 - i] = (char) ('0' + value % 10);
		MUST(intake_parse_date((IntakeSpan) {again, 8}, &y, &m, &d) == INTAKE_VALUE_GOOD);
		MUST(y == year && m == month && d == day);
	}
	if (intake_parse_month(text, &yearmonth) == INTAKE_VALUE_GOOD)
		MUST(yearmonth / 100 >= 1800 && yearmonth / 100 <= 2199 && yearmonth % 100 >= 1 && yearmonth % 100 <= 12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy = exact_copy(data, size);
	char	   *out = malloc(size + 1);
	IntakeSpan	text = intake_trim((IntakeSpan) {copy, size});
	IntakeSpan	bare;
	int64		hundredths;
	size_t		folded;

	MUST(text.data >= copy && text.data + text.length <= copy + size);
	MUST(intake_trim(text).length == text.length);
	for (int marks = 0; marks <= 1; marks++)
	{
		bare = intake_undress(text, marks);
		MUST(bare.data >= text.data && bare.data + bare.length <= text.data + text.length);
	}
	folded = intake_fold(text, true, out);
	MUST(folded <= text.length);
	MUST(!intake_is_plain(text) || (folded == text.length && memcmp(out, text.data, folded) == 0));
	MUST(intake_fold(text, false, out) <= text.length);
	(void) intake_is_blank_like(text);
	(void) intake_is_total_line(text);
	check_date(text);
	check_date(bare);
	if (intake_parse_hundredths(text, &hundredths) == INTAKE_VALUE_GOOD)
		MUST(hundredths >= 0 && hundredths <= INT64CONST(999999999999));
	free(out);
	free(copy);
	return 0;
}
