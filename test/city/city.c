/*
 * city.c
 *		city --persons N --seed S --out DIR [--regions FILE] [--clean] [--second]
 *			 [--encoding gb18030|utf8|mixed] [--reference YYYY-MM-DD]
 *
 * N is about the number of people in the household register; migrants (7 %)
 * and a few people of no register come on top.  --reference is the cutoff of
 * the second delivery, the first one is cut off at the end of the month before.
 *
 * DIR/1 holds the first delivery and, with --second, DIR/2 the second one and
 * DIR/fresh everything as of the second one in a single delivery.  Each holds
 * manifest.tsv, the extracts, and truth_person, truth_problem, truth_reject,
 * truth_batch, truth_coverage and truth_owner (whose the rows with a wrong
 * number really are).  truth.c says how the truth was read from the documents.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "city.h"

static void
usage(const char *wrong)
{
	fprintf(stderr, "city: wrong argument %s\n"
			"usage: city --persons N --seed S --out DIR [--regions FILE] [--clean] [--second]\n"
			"            [--encoding gb18030|utf8|mixed] [--reference YYYY-MM-DD]\n", wrong);
	exit(2);
}

static int
read_date(const char *text)
{
	int			year,
				month,
				day;

	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 || !date_is_real(year, month, day))
		usage(text);
	return year * 10000 + month * 100 + day;
}

/* The facts at both deliveries; second is first itself when nothing happened. */
static void
facts_both(size_t index, Facts *first, Facts *after, const Facts **second)
{
	facts_make(first, index);
	if (!city.clean)
		dirt_apply(first);
	*second = NULL;
	if (city.second)
		*second = events_apply(first, after) ? after : first;
}

static void
count_injury(const Facts *facts, int delivery)
{
	for (int i = 0; i < facts->enrolments; i++)
	{
		const Enrolment *row = &facts->enrolment[i];

		if (row->scheme == INJURY && row->employer >= 0 && row_counts(&row->id, row->id.owner) &&
			enrolment_pays(row, month_of_date(city.reference[delivery])))
			city.employers[row->employer].injury_paid[delivery]++;
	}
}

int
main(int argc, char **argv)
{
	const char *out = NULL;
	const char *regions = "data/huainan_regions.csv";
	int			encoding = ENCODING_GB18030;
	static Facts first;
	static Facts after;
	const Facts *second;

	city.persons = 100000;
	city.seed = 1;
	city.reference[2] = 20261031;
	for (int i = 1; i < argc; i++)
	{
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--clean") == 0)
			city.clean = true;
		else if (strcmp(argv[i], "--second") == 0)
			city.second = true;
		else if (value[0] == '\0')
			usage(argv[i]);
		else if (strcmp(argv[i], "--persons") == 0)
			city.persons = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			city.seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--out") == 0)
			out = argv[++i];
		else if (strcmp(argv[i], "--regions") == 0)
			regions = argv[++i];
		else if (strcmp(argv[i], "--reference") == 0)
			city.reference[2] = read_date(argv[++i]);
		else if (strcmp(argv[i], "--encoding") == 0)
		{
			i++;
			encoding = strcmp(value, "utf8") == 0 ? ENCODING_UTF8 : strcmp(value, "mixed") == 0 ? ENCODING_MIXED : ENCODING_GB18030;
			if (encoding == ENCODING_GB18030 && strcmp(value, "gb18030") != 0)
				usage(value);
		}
		else
			usage(argv[i]);
	}
	if (out == NULL)
		usage("(no --out)");
	if (city.persons < 100 || city.persons > 50000000)
		usage("(--persons is not between 100 and 50000000)");
	city.reference[1] = month_last_date(month_of_date(city.reference[2]) - 1);
	if (mkdir(out, 0777) != 0 && errno != EEXIST)
	{
		fprintf(stderr, "city: cannot make %s: %s\n", out, strerror(errno));
		return 1;
	}

	places_load(regions, out);
	employers_make();
	people_make();
	deliveries_open(out, encoding);
	/* first round: the registers, household by household; and what the truth needs to know of everybody */
	for (size_t i = 0; i < city.core_count; i++)
	{
		facts_both(i, &first, &after, &second);
		write_register(&first, second);
		count_injury(&first, 1);
		if (second != NULL)
			count_injury(second, 2);
	}
	/* second round: the agencies, in an order of their own */
	for (size_t i = 0; i < city.core_count; i++)
	{
		facts_both(shuffled(i, city.core_count, city.seed), &first, &after, &second);
		write_rest(&first, second);
	}
	write_employers();
	deliveries_close();
	return 0;
}
