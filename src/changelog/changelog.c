/*
 * changelog.c
 *		Parameters of the change log, the trigger that refuses, and rows as text.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "changelog/log.h"

REGISTRY_FUNCTION(change_log_refuse);
REGISTRY_FUNCTION(row_texts);
REGISTRY_FUNCTION(row_of_texts);

char	   *log_cause;
char	   *log_reason;
char	   *log_purpose;
char	   *log_business_date;
char	   *log_batch_id;
char	   *log_as_of;

/* A number or nothing. */
static bool
check_batch_id(char **value, void **extra, GucSource source)
{
	char	   *end;

	if (*value == NULL || **value == '\0')
		return true;
	errno = 0;
	(void) strtoi64(*value, &end, 10);
	if (errno == 0 && *end == '\0')
		return true;
	GUC_check_errhint("It holds the number of a batch, or nothing.");
	return false;
}

/* A date YYYY-MM-DD or nothing; read without the session's settings. */
static bool
check_business_date(char **value, void **extra, GucSource source)
{
	int			year,
				month,
				day;
	char		rest;

	if (*value == NULL || **value == '\0')
		return true;
	if (strlen(*value) == 10 && sscanf(*value, "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 &&
		year > 0 && month >= 1 && month <= 12 && day >= 1 &&
		day <= day_tab[isleap(year)][month - 1])
		return true;
	GUC_check_errhint("It holds a date such as 2016-02-29, or nothing.");
	return false;
}

/* Parameters are defined before their prefix is reserved: SET of another is an error. */
void
changelog_init(void)
{
	DefineCustomStringVariable("registry.cause", "Why this transaction changes the registry: a code such as correction or move_in.",
							   NULL, &log_cause, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("registry.reason", "Why this transaction changes the registry, in words.",
							   NULL, &log_reason, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("registry.purpose", "For what this session reads or changes persons.",
							   NULL, &log_purpose, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("registry.business_date", "Day on which the change took effect, apart from when it is recorded.",
							   NULL, &log_business_date, "", PGC_USERSET, 0, check_business_date, NULL, NULL);
	DefineCustomStringVariable("registry.batch_id", "Batch that this transaction applies.",
							   NULL, &log_batch_id, "", PGC_USERSET, 0, check_batch_id, NULL, NULL);
	DefineCustomStringVariable("registry.as_of", "Moment at which history is read; kept for the views to come.",
							   NULL, &log_as_of, "", PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("registry");
	log_context_init();
}

/*
 * A column's value as the log keeps it: a JSON string of the type's text, or
 * JSON null.
 */
static void
push_column(JsonbParseState **state, Form_pg_attribute attribute, FmgrInfo *output,
			MemoryContext output_context, Datum value, bool isnull)
{
	JsonbValue	item;
	static const int utc = 0;

	item.type = jbvString;
	item.val.string.val = NameStr(attribute->attname);
	item.val.string.len = strlen(item.val.string.val);
	pushJsonbValue(state, WJB_KEY, &item);

	if (isnull)
		item.type = jbvNull;
	else
	{
		switch (attribute->atttypid)
		{
			case DATEOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				item.val.string.val = JsonEncodeDateTime(NULL, value, attribute->atttypid,
														 attribute->atttypid == TIMESTAMPTZOID ? &utc : NULL);
				break;
			default:
				if (output->fn_oid == InvalidOid)
				{
					Oid			function;
					bool		varlena;

					getTypeOutputInfo(attribute->atttypid, &function, &varlena);
					fmgr_info_cxt(function, output, output_context);
				}
				item.val.string.val = OutputFunctionCall(output, value);
		}
		item.val.string.len = strlen(item.val.string.val);
	}
	pushJsonbValue(state, WJB_VALUE, &item);
}

/* All columns of a row, as in push_column(). */
static Datum
whole_row(TupleDesc descriptor, FmgrInfo *output, const Datum *values, const bool *nulls)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < descriptor->natts; i++)
		if (!TupleDescAttr(descriptor, i)->attisdropped)
			push_column(&state, TupleDescAttr(descriptor, i), &output[i], GetMemoryChunkContext(output),
						values[i], nulls[i]);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/*
 * change_log_refuse() returns trigger
 *		Refuses the statement: TRUNCATE of a logged table would lose rows that
 *		the log does not hold, and entries of the log are never changed.
 */
Datum
change_log_refuse(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as a trigger", "registry.change_log_refuse()")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) &&
		strcmp(RelationGetRelationName(trigger->tg_relation), "change_log") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESTRICT_VIOLATION),
				 errmsg("cannot truncate table \"%s\" of a registry", RelationGetRelationName(trigger->tg_relation)),
				 errdetail("TRUNCATE removes rows without recording them in the change log."),
				 errhint("Use DELETE, which is recorded.")));
	ereport(ERROR,
			(errcode(ERRCODE_RESTRICT_VIOLATION),
			 errmsg("cannot change entries of the change log"),
			 errdetail("Table \"%s\" only grows.", RelationGetRelationName(trigger->tg_relation))));
	PG_RETURN_POINTER(NULL);
}

/*
 * row_texts(row record) returns jsonb
 *		The row in the form in which the log keeps old values: column name to
 *		the text of its value, or null.
 */
Datum
row_texts(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(0);
	TupleDesc	descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
													HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum	   *values = palloc(sizeof(Datum) * descriptor->natts);
	bool	   *nulls = palloc(sizeof(bool) * descriptor->natts);
	FmgrInfo   *output = palloc0(sizeof(FmgrInfo) * descriptor->natts);
	Datum		result;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, descriptor, values, nulls);
	result = whole_row(descriptor, output, values, nulls);
	ReleaseTupleDesc(descriptor);
	PG_RETURN_DATUM(result);
}

/* Value of a JSON object's member as text; false when there is none. */
static bool
member_text(Jsonb *texts, const char *name, char **text)
{
	JsonbValue	buffer;
	JsonbValue *member = getKeyJsonValueFromContainer(&texts->root, name, strlen(name), &buffer);

	if (member == NULL)
		return false;
	if (member->type == jbvNull)
		*text = NULL;
	else if (member->type == jbvString)
		*text = pnstrdup(member->val.string.val, member->val.string.len);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is given as neither a string nor null", name)));
	return true;
}

/*
 * row_of_texts(base anyelement, texts jsonb) returns anyelement
 *		The row with the columns that texts names replaced, as row_texts() wrote
 *		them; base may be a null of the row's type.  Errors: 42804 for a base
 *		that is no row, 22023, and what the types' input functions raise.
 */
Datum
row_of_texts(PG_FUNCTION_ARGS)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	TupleDesc	descriptor;
	Jsonb	   *texts;
	Datum	   *values;
	bool	   *nulls;
	HeapTuple	result;

	if (!type_is_rowtype(type) || type == RECORDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row_of_texts() needs a row of a table")));
	descriptor = lookup_rowtype_tupdesc(type, -1);
	values = palloc0(sizeof(Datum) * descriptor->natts);
	nulls = palloc(sizeof(bool) * descriptor->natts);
	memset(nulls, true, sizeof(bool) * descriptor->natts);
	if (!PG_ARGISNULL(0))
	{
		HeapTupleData base;

		base.t_data = PG_GETARG_HEAPTUPLEHEADER(0);
		base.t_len = HeapTupleHeaderGetDatumLength(base.t_data);
		ItemPointerSetInvalid(&base.t_self);
		base.t_tableOid = InvalidOid;
		heap_deform_tuple(&base, descriptor, values, nulls);
	}
	texts = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	for (int i = 0; texts != NULL && i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		Oid			input,
					parameter;
		char	   *text;

		if (attribute->attisdropped || !member_text(texts, NameStr(attribute->attname), &text))
			continue;
		nulls[i] = text == NULL;
		if (text == NULL)
			continue;
		getTypeInputInfo(attribute->atttypid, &input, &parameter);
		values[i] = OidInputFunctionCall(input, text, parameter, attribute->atttypmod);
	}
	result = heap_form_tuple(descriptor, values, nulls);
	ReleaseTupleDesc(descriptor);
	PG_RETURN_DATUM(HeapTupleGetDatum(result));
}
