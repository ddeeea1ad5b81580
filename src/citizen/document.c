/*
 * document.c
 *		SQL functions over the reading and repair of document numbers.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "citizen/document.h"
#include "citizen/repair.h"
#include "compat.h"

REGISTRY_FUNCTION(document_read);
REGISTRY_FUNCTION(document_social_number_sql);
REGISTRY_FUNCTION(citizen_id_candidates);
REGISTRY_FUNCTION(citizen_id_neighbours);

static Datum
text_or_null(const char *string, bool *isnull)
{
	*isnull = string[0] == '\0';
	return *isnull ? (Datum) 0 : CStringGetTextDatum(string);
}

/*
 * document_read(text) returns (kind, number, id, legacy15, cleaned, fault)
 *		What intake makes of a document number.  fault is the rule that the
 *		number breaks (ID01 for an empty one), and then kind is null.  Never
 *		raises an error.
 */
Datum
document_read(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	Document	document;
	TupleDesc	descriptor;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "document_read must return a row");
	if (!document_parse(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &document))
	{
		memset(&document, 0, sizeof(document));
		strcpy(document.fault, "ID01");
	}
	values[0] = text_or_null(document.kind, &nulls[0]);
	values[1] = text_or_null(document.number, &nulls[1]);
	values[2] = CitizenIdGetDatum(document.citizen_id);
	nulls[2] = document.citizen_id == 0;
	values[3] = BoolGetDatum(document.legacy15);
	values[4] = BoolGetDatum(document.cleaned);
	values[5] = text_or_null(document.fault, &nulls[5]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/*
 * document_social_number(text)
 *		Social-security number of the holder of a document; null when the
 *		number is empty or has a fault.
 */
Datum
document_social_number_sql(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	Document	document;
	char		buffer[DOCUMENT_NUMBER_MAX + 1];

	if (!document_parse(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &document) ||
		document.fault[0] != '\0')
		PG_RETURN_NULL();
	document_social_number(&document, buffer);
	PG_RETURN_TEXT_P(cstring_to_text(buffer));
}

/*
 * citizen_id_candidates(text) returns setof (id, edit)
 *		Valid numbers one edit away from a text that is none.
 */
Datum
citizen_id_candidates(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RepairList	list;

	InitMaterializedSRF(fcinfo, 0);
	citizen_id_repairs(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &list);
	for (int i = 0; i < list.count; i++)
	{
		Datum		values[2] = {CitizenIdGetDatum(list.items[i].id),
			CStringGetTextDatum(list.items[i].edit)};
		bool		nulls[2] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * citizen_id_neighbours(citizen_id) returns setof citizen_id
 *		Valid numbers whose 17 digits differ by one digit or one swap of
 *		neighbours.
 */
Datum
citizen_id_neighbours(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RepairList	list;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	citizen_id_neighbour_list(PG_GETARG_CITIZEN_ID(0), &list);
	for (int i = 0; i < list.count; i++)
	{
		Datum		value = CitizenIdGetDatum(list.items[i].id);
		bool		isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}
