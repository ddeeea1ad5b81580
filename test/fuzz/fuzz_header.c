/*
 * Header lines: which columns the fields of a line stand for.
 */
#include "fuzz.h"

#include "intake/intake_core.h"

static char *renamed_from[] = {"AAC002", "", NULL};
static char *renamed_to[] = {"证件号码", "姓名", "no such column"};

static void
check_field(const IntakeLayout *layout, const IntakeNames *names, IntakeSpan text)
{
	char	   *folded = malloc(text.length + 1);
	int			rank;
	int			column;
	int			cut;

	intake_header_fold(text, folded);
	MUST(strlen(folded) <= text.length);
	column = intake_header_column(layout, names, folded, &rank);
	MUST(column >= -1 && column < layout->count && rank >= 0);
	if (column >= 0 && rank == 0 && names->count == 0)
		MUST(strcmp(layout->columns[column].header, folded) == 0);
	cut = intake_header_cut_column(layout, names, folded);
	MUST(cut >= -1 && cut < layout->count);
	if (is_utf8(text.data, text.length))
	{
		char	   *again = malloc(strlen(folded) + 1);

		intake_header_fold((IntakeSpan) {folded, strlen(folded)}, again);
		MUST(strcmp(again, folded) == 0);
		free(again);
	}
	free(folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *line = exact_copy(data, size);
	const IntakeLayout *layout;
	IntakeNames names = {0, renamed_from, renamed_to};
	IntakeSpan	fields[64];
	int			count;

	renamed_from[2] = "身份证号码";
	if (size > 0)
	{
		layout = &intake_layouts[data[0] % INTAKE_KINDS];
		names.count = data[0] / INTAKE_KINDS % 4;
		count = intake_split_fields(line + 1, size - 1, memchr(line + 1, '"', size - 1) != NULL, ',', fields, 64);
		for (int i = 0; i < Min(count, 64); i++)
		{
			char	   *field = exact_copy(fields[i].data, fields[i].length);

			check_field(layout, &names, intake_undress(intake_trim((IntakeSpan) {field, fields[i].length}), true));
			free(field);
		}
	}
	free(line);
	return 0;
}
