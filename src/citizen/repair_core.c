/*
 * repair_core.c
 *		Candidates for broken citizen numbers, without the server.
 *
 * All edits are tried and the type's own reader decides: at most some hundred
 * readings of 18 characters, and nothing that could disagree with the type.
 */
#include "postgres.h"

#include "citizen/character.h"
#include "citizen/document.h"
#include "citizen/repair.h"

#define TEXT_LEAST 14			/* 15-digit form without one */
#define TEXT_MOST 19			/* 18 characters and one too much */

/* Keeps a candidate that is not there yet. */
static Repair *
repair_add(RepairList *list, CitizenId id)
{
	for (int i = 0; i < list->count; i++)
		if (list->items[i].id == id)
			return NULL;
	if (list->count == REPAIR_MAX)
		return NULL;
	list->items[list->count].id = id;
	return &list->items[list->count++];
}

static Repair *
repair_try(RepairList *list, const char *text, size_t length)
{
	CitizenId	id;
	bool		legacy15;

	if (citizen_id_parse(text, length, &id, &legacy15) != CITIZEN_ID_FINE)
		return NULL;
	return repair_add(list, id);
}

static inline char
printable(char c)
{
	return c > ' ' && c < 0x7F ? c : '?';
}

static void
repair_by_substitution(RepairList *list, const char *text, size_t length)
{
	static const char characters[] = "0123456789X";
	char		edited[TEXT_MOST];

	memcpy(edited, text, length);
	for (size_t i = 0; i < length; i++)
	{
		bool		is_check = i == 17;

		for (int c = 0; c < (is_check ? 11 : 10); c++)
		{
			Repair	   *repair;

			if (characters[c] == text[i])
				continue;
			edited[i] = characters[c];
			repair = repair_try(list, edited, length);
			if (repair == NULL)
				continue;
			if (is_check)
				snprintf(repair->edit, sizeof(repair->edit), "check character: %c -> %c",
						 printable(text[i]), characters[c]);
			else
				snprintf(repair->edit, sizeof(repair->edit), "digit %d: %c -> %c",
						 (int) i + 1, printable(text[i]), characters[c]);
		}
		edited[i] = text[i];
	}
}

static void
repair_by_swap(RepairList *list, const char *text, size_t length)
{
	char		edited[TEXT_MOST];

	for (size_t i = 0; i + 1 < length; i++)
	{
		Repair	   *repair;

		if (text[i] == text[i + 1])
			continue;
		memcpy(edited, text, length);
		edited[i] = text[i + 1];
		edited[i + 1] = text[i];
		repair = repair_try(list, edited, length);
		if (repair != NULL)
			snprintf(repair->edit, sizeof(repair->edit), "swap %d and %d",
					 (int) i + 1, (int) i + 2);
	}
}

static void
repair_by_insertion(RepairList *list, const char *text, size_t length)
{
	static const char characters[] = "0123456789X";
	char		edited[TEXT_MOST + 1];

	for (size_t i = 0; i <= length; i++)
		for (int c = 0; c < (i == 17 ? 11 : 10); c++)
		{
			Repair	   *repair;

			memcpy(edited, text, i);
			edited[i] = characters[c];
			memcpy(edited + i + 1, text + i, length - i);
			repair = repair_try(list, edited, length + 1);
			if (repair != NULL)
				snprintf(repair->edit, sizeof(repair->edit), "insert %d: %c",
						 (int) i + 1, characters[c]);
		}
}

static void
repair_by_removal(RepairList *list, const char *text, size_t length)
{
	char		edited[TEXT_MOST];

	for (size_t i = 0; i < length; i++)
	{
		Repair	   *repair;

		memcpy(edited, text, i);
		memcpy(edited + i, text + i + 1, length - i - 1);
		repair = repair_try(list, edited, length - 1);
		if (repair != NULL)
			snprintf(repair->edit, sizeof(repair->edit), "remove %d: %c",
					 (int) i + 1, printable(text[i]));
	}
}

/*
 * The type reads sequences 996 to 999 of the 15-digit form as century 18; a
 * number of the 1900s can have them too.
 */
static void
repair_by_century(RepairList *list, CitizenId id)
{
	CitizenId	other = id + INT64CONST(1000000000);	/* a hundred years */
	Repair	   *repair;

	if (id % 1000 < 996 || citizen_id_judge(other) != CITIZEN_ID_FINE)
		return;
	repair = repair_add(list, other);
	if (repair != NULL)
		strcpy(repair->edit, "century: 18 -> 19");
}

void
citizen_id_repairs(const char *text, size_t length, RepairList *list)
{
	char		narrow[DOCUMENT_NUMBER_MAX + 1];
	size_t		count = document_squeeze(text, length, narrow);
	CitizenId	id;
	bool		legacy15;

	list->count = 0;
	if (count < TEXT_LEAST || count > TEXT_MOST)
		return;
	/* A letter typed for a digit is an edit like any other: it is not cleaned first. */
	if (citizen_id_parse(narrow, count, &id, &legacy15) == CITIZEN_ID_FINE)
	{
		if (legacy15)
			repair_by_century(list, id);
		return;
	}
	switch (count)
	{
		case 15:
		case 18:
			repair_by_substitution(list, narrow, count);
			repair_by_swap(list, narrow, count);
			break;
		case 14:
		case 17:
			repair_by_insertion(list, narrow, count);
			break;
		default:
			repair_by_removal(list, narrow, count);
			break;
	}
}

/* Keeps 17 digits that make a valid number. */
static Repair *
neighbour_try(RepairList *list, const char *digits)
{
	int64		body = 0;

	for (int i = 0; i < 17; i++)
		body = body * 10 + (digits[i] - '0');
	if (citizen_id_judge(body) != CITIZEN_ID_FINE)
		return NULL;
	return repair_add(list, body);
}

void
citizen_id_neighbour_list(CitizenId id, RepairList *list)
{
	char		text[19];

	list->count = 0;
	citizen_id_print(id, text);
	for (int i = 0; i < 17; i++)
	{
		char		original = text[i];

		for (char c = '0'; c <= '9'; c++)
		{
			Repair	   *repair;

			if (c == original)
				continue;
			text[i] = c;
			repair = neighbour_try(list, text);
			if (repair != NULL)
				snprintf(repair->edit, sizeof(repair->edit), "digit %d: %c -> %c", i + 1, original, c);
		}
		text[i] = original;
	}
	for (int i = 0; i < 16; i++)
	{
		char		first = text[i];
		Repair	   *repair;

		if (first == text[i + 1])
			continue;
		text[i] = text[i + 1];
		text[i + 1] = first;
		repair = neighbour_try(list, text);
		if (repair != NULL)
			snprintf(repair->edit, sizeof(repair->edit), "swap %d and %d", i + 1, i + 2);
		text[i + 1] = text[i];
		text[i] = first;
	}
}
