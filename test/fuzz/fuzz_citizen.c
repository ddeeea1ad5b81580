/*
 * Citizen numbers: reading, grading and repair.
 */
#include "fuzz.h"

#include "citizen/citizen_grade.h"
#include "citizen/citizen_id.h"
#include "citizen/repair.h"

/* A number is what it prints as. */
static void
check_number(CitizenId id)
{
	char		printed[19];
	CitizenId	again;
	bool		legacy15;
	int			year,
				month,
				day;

	citizen_id_print(id, printed);
	MUST(strlen(printed) == 18 && printed[17] == citizen_id_check_char(id));
	MUST(citizen_id_parse(printed, 18, &again, &legacy15) == CITIZEN_ID_FINE && again == id && !legacy15);
	MUST(citizen_id_judge(id) == CITIZEN_ID_FINE);
	citizen_id_birth(id, &year, &month, &day);
	MUST(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
	MUST(citizen_id_sex_char(id) == 'M' || citizen_id_sex_char(id) == 'F');
	MUST(citizen_id_region_six(id) >= 100000 && citizen_id_region_six(id) <= 999999);
	(void) citizen_id_kind_of(id);
}

static void
check_list(const RepairList *list)
{
	MUST(list->count >= 0 && list->count <= REPAIR_MAX);
	for (int i = 0; i < list->count; i++)
	{
		MUST(memchr(list->items[i].edit, '\0', sizeof(list->items[i].edit)) != NULL);
		check_number(list->items[i].id);
		for (int j = 0; j < i; j++)
			MUST(list->items[i].id != list->items[j].id);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static RepairList list;
	char	   *text = exact_copy(data, size);
	CitizenId	id;
	CitizenId	judged;
	bool		legacy15;
	CitizenIdFault fault = citizen_id_parse(text, size, &id, &legacy15);
	CitizenIdReason reason = citizen_id_text_reason(text, size, &judged, &legacy15);

	MUST((fault == CITIZEN_ID_FINE) == (reason == REASON_OK));
	if (fault == CITIZEN_ID_FINE)
	{
		MUST(id == judged);
		check_number(id);
		citizen_id_neighbour_list(id, &list);
		check_list(&list);
	}
	(void) citizen_id_is_scientific(text, size);
	citizen_id_repairs(text, size, &list);
	check_list(&list);
	if (size >= sizeof(int64))
	{
		int64		number;

		memcpy(&number, text, sizeof(number));
		/* it is asked about 18 digits */
		if (number >= 0 && number < INT64CONST(1000000000000000000))
			(void) citizen_id_damage(number);
		if (citizen_id_judge(number) == CITIZEN_ID_FINE)
			check_number(number);
	}
	free(text);
	return 0;
}
