/*
 * look_up.c
 *		Look-ups that run with the owner's rights and answer for the reader.
 *
 * A SECURITY DEFINER function does not know who called it: the current user is
 * its owner, and the outer user is no answer either, because a function of a
 * third role, an index expression or a trigger may stand between.  A look-up
 * is therefore a door, an ordinary function of the reader's own rights that
 * does nothing but call look_up(), and a function named after it (..._as_owner)
 * that nobody but the owner may call.  look_up() runs as the reader, takes note
 * of who that is, asks whether the reader may call the door, and calls the
 * other as the owner.
 *
 * Parallel workers do not share the note: what asks for it is PARALLEL RESTRICTED.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "territory/territory.h"

REGISTRY_FUNCTION(registry_look_up);

#define OWNER_SUFFIX "_as_owner"
#define MOST_ARGUMENTS 16

/* Who called the look-up that runs, and as whom it runs. */
static Oid	look_up_reader = InvalidOid;
static Oid	look_up_owner = InvalidOid;

typedef struct Door
{
	Oid			oid;
	Oid			owner;
	char	   *name;
	Oid			types[MOST_ARGUMENTS];
	int			arguments;
	char	   *names[MOST_ARGUMENTS];
	bool		acts;			/* the other side changes something */
} Door;

/*
 * The last answer of a look-up of one value by one text.  In a condition the
 * function is called for every row; the same question of the same statement is
 * one look-up, recorded once.
 */
typedef struct LastAnswer
{
	Oid			door;
	Oid			reader;
	TimestampTz statement;
	CommandId	command;		/* nothing was written since */
	text	   *question;
	bool		known;			/* or null */
	int64		answer;
} LastAnswer;

static LastAnswer last = {InvalidOid};

Oid
territory_reader(void)
{
	if (OidIsValid(look_up_reader) && GetUserId() == look_up_owner)
		return look_up_reader;
	return GetUserId();
}

static Oid
owner_of_registry(void)
{
	Oid			space = get_namespace_oid("registry", true);
	Oid			person = OidIsValid(space) ? get_relname_relid("person", space) : InvalidOid;
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(person));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

void
territory_as_owner(const char *query, int arguments, Oid *types, Datum *values)
{
	Oid			user;
	int			context;
	Oid			outer_reader = look_up_reader;
	Oid			outer_owner = look_up_owner;
	Oid			reader = territory_reader();
	Oid			owner = owner_of_registry();

	if (!OidIsValid(owner))
		return;
	GetUserIdAndSecContext(&user, &context);
	PG_TRY();
	{
		look_up_reader = reader;
		look_up_owner = owner;
		SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
		SPI_connect();
		(void) SPI_execute_with_args(query, arguments, types, values, NULL, false, 1);
		SPI_finish();
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, context);
		look_up_reader = outer_reader;
		look_up_owner = outer_owner;
	}
	PG_END_TRY();
}

/* Only functions of the registry's owner are doors: another's code would run with the owner's rights. */
static void
open_door(Door *door, Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	Form_pg_proc form;
	Datum		names;
	bool		unnamed;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %u does not exist", oid)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	door->oid = oid;
	door->owner = owner_of_registry();
	door->name = pstrdup(NameStr(form->proname));
	door->arguments = form->pronargs;
	if (form->proowner != door->owner || form->pronargs > MOST_ARGUMENTS ||
		form->pronamespace != get_namespace_oid("registry", true))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s is no look-up of the registry", door->name)));
	memcpy(door->types, form->proargtypes.values, form->pronargs * sizeof(Oid));
	memset(door->names, 0, sizeof(door->names));
	names = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargnames, &unnamed);
	if (!unnamed)
	{
		Datum	   *items;
		int			count;

		deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &items, NULL, &count);
		for (int i = 0; i < Min(count, door->arguments); i++)
			door->names[i] = TextDatumGetCString(items[i]);
	}
	ReleaseSysCache(tuple);
	if (!registry_may_execute(oid, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, door->name);
}

/* "SELECT * FROM registry.find_person_as_owner($1)", after a look at whose function that is. */
static char *
owner_call(Door *door)
{
	char	   *inner = psprintf("%s%s", door->name, OWNER_SUFFIX);
	Oid			oid = LookupFuncName(list_make2(makeString("registry"), makeString(inner)),
									 door->arguments, door->types, false);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	bool		owned = HeapTupleIsValid(tuple) && ((Form_pg_proc) GETSTRUCT(tuple))->proowner == door->owner;
	StringInfoData call;

	if (HeapTupleIsValid(tuple))
	{
		door->acts = ((Form_pg_proc) GETSTRUCT(tuple))->provolatile == PROVOLATILE_VOLATILE;
		ReleaseSysCache(tuple);
	}
	if (!owned)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s is no look-up of the registry", inner)));
	initStringInfo(&call);
	appendStringInfo(&call, "SELECT * FROM registry.%s(", quote_identifier(inner));
	for (int i = 0; i < door->arguments; i++)
		appendStringInfo(&call, "%s$%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoChar(&call, ')');
	return call.data;
}

/* Names of arguments that mean a person, or something of one. */
static const char *const key_names[] = {"person_id", "person", "problem_id", "link_id", "keep", "drop", "a", "b"};

static bool
is_key(const Door *door, int argument)
{
	if (door->types[argument] == INT8OID && door->names[argument] != NULL)
		for (int i = 0; i < (int) lengthof(key_names); i++)
			if (strcmp(door->names[argument], key_names[i]) == 0)
				return true;
	return false;
}

static bool
asks_for_person(const Door *door)
{
	for (int i = 0; i < door->arguments; i++)
		if (is_key(door, i))
			return true;
	return false;
}

/* Asks for the persons before anything is done: does the reader see each whole?  The question is recorded. */
static bool
may_look_up(const Door *door, const Datum *values, const char *nulls)
{
	Datum		names[MOST_ARGUMENTS];
	Datum		keys[MOST_ARGUMENTS];
	int			count = 0;
	Oid			types[] = {TEXTOID, TEXTARRAYOID, INT8ARRAYOID, BOOLOID};
	Datum		asked[4];
	bool		isnull;

	for (int i = 0; i < door->arguments; i++)
	{
		if (!is_key(door, i))
			continue;
		if (nulls[i] == 'n')
			return door->acts;	/* an act says itself what it lacks */
		names[count] = CStringGetTextDatum(door->names[i]);
		keys[count++] = values[i];
	}
	asked[0] = CStringGetTextDatum(door->name);
	asked[1] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
	asked[2] = PointerGetDatum(construct_array(keys, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	asked[3] = BoolGetDatum(door->acts);
	if (SPI_execute_with_args("SELECT registry.may_look_up($1, $2, $3, $4)", 4, types, asked, NULL, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		return false;
	return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) && !isnull;
}

/* The column of the answer that names a person: person_id, or the only one of a function that returns a number. */
static int
person_column(TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->atttypid == INT8OID &&
			(desc->natts == 1 || strcmp(NameStr(TupleDescAttr(desc, i)->attname), "person_id") == 0))
			return i + 1;
	return 0;
}

/* Records whom the answer names; of the answer only those stay whom the reader sees. */
static ArrayType *
note_answer(const Door *door, SPITupleTable *answer, uint64 rows, int column)
{
	Datum	   *persons = palloc(Max(rows, 1) * sizeof(Datum));
	int			count = 0;
	Oid			types[] = {TEXTOID, INT8ARRAYOID};
	Datum		values[2];
	bool		isnull;

	for (uint64 i = 0; i < rows; i++)
	{
		Datum		person = SPI_getbinval(answer->vals[i], answer->tupdesc, column, &isnull);

		if (!isnull)
			persons[count++] = person;
	}
	values[0] = CStringGetTextDatum(door->name);
	values[1] = PointerGetDatum(construct_array(persons, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	if (SPI_execute_with_args("SELECT registry.note_found($1, $2)", 2, types, values, NULL, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		return construct_empty_array(INT8OID);
	values[0] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? construct_empty_array(INT8OID) : DatumGetArrayTypePCopy(values[0]);
}

static bool
holds(ArrayType *numbers, int64 number)
{
	int			count = ArrayGetNItems(ARR_NDIM(numbers), ARR_DIMS(numbers));
	int64	   *items = (int64 *) ARR_DATA_PTR(numbers);

	for (int i = 0; i < count; i++)
		if (items[i] == number)
			return true;
	return false;
}

static void
give_answer(ReturnSetInfo *result, const Door *door, SPITupleTable *answer, uint64 rows, bool given_whole)
{
	TupleDesc	desc = result->setDesc;
	int			column = given_whole ? 0 : person_column(answer->tupdesc);
	ArrayType  *seen = column > 0 ? note_answer(door, answer, rows, column) : NULL;
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));

	if (desc->natts != answer->tupdesc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("look-up %s does not return what its door says", door->name)));
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->atttypid != TupleDescAttr(answer->tupdesc, i)->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("look-up %s does not return what its door says", door->name)));
	for (uint64 row = 0; row < rows; row++)
	{
		heap_deform_tuple(answer->vals[row], answer->tupdesc, values, nulls);
		if (column > 0 && !nulls[column - 1] && !holds(seen, DatumGetInt64(values[column - 1])))
			continue;
		tuplestore_putvalues(result->setResult, desc, values, nulls);
	}
}

/* As the owner, and with the reader known. */
static void
run_as_owner(ReturnSetInfo *result, const Door *door, const char *call, Datum *values, char *nulls)
{
	bool		by_person = asks_for_person(door);
	uint64		rows;

	if (by_person && !may_look_up(door, values, nulls))
		return;
	if (SPI_execute_with_args(call, door->arguments, (Oid *) door->types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "look-up %s returned no rows", door->name);
	rows = SPI_processed;
	give_answer(result, door, SPI_tuptable, rows, by_person || door->acts);
}

static void
take_arguments(FunctionCallInfo fcinfo, const Door *door, Datum *values, char *nulls)
{
	if (PG_NARGS() - 1 != door->arguments)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("look-up %s takes %d arguments", door->name, door->arguments)));
	for (int i = 0; i < door->arguments; i++)
	{
		if (get_fn_expr_argtype(fcinfo->flinfo, i + 1) != door->types[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d of look-up %s is of another type", i + 1, door->name)));
		values[i] = PG_GETARG_DATUM(i + 1);
		nulls[i] = PG_ARGISNULL(i + 1) ? 'n' : ' ';
	}
}

static bool
may_remember(const Door *door, const char *nulls, TupleDesc desc)
{
	return !door->acts && door->arguments == 1 && door->types[0] == TEXTOID && nulls[0] == ' ' &&
		desc->natts == 1 && TupleDescAttr(desc, 0)->atttypid == INT8OID;
}

static bool
is_remembered(const Door *door, Oid reader, text *question)
{
	return last.door == door->oid && last.reader == reader &&
		last.statement == GetCurrentStatementStartTimestamp() && last.command == GetCurrentCommandId(false) &&
		VARSIZE_ANY_EXHDR(last.question) == VARSIZE_ANY_EXHDR(question) &&
		memcmp(VARDATA_ANY(last.question), VARDATA_ANY(question), VARSIZE_ANY_EXHDR(question)) == 0;
}

static void
remember(const Door *door, Oid reader, text *question, ReturnSetInfo *result)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsMinimalTuple);
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	last.door = InvalidOid;
	if (last.question != NULL)
		pfree(last.question);
	last.question = (text *) PG_DETOAST_DATUM_COPY(PointerGetDatum(question));
	MemoryContextSwitchTo(old);
	last.known = false;
	if (tuplestore_gettupleslot(result->setResult, true, false, slot))
	{
		bool		isnull;

		last.answer = DatumGetInt64(slot_getattr(slot, 1, &isnull));
		last.known = !isnull;
	}
	tuplestore_rescan(result->setResult);
	ExecDropSingleTupleTableSlot(slot);
	/* the record has been written: what is written from now on is seen by a new number */
	CommandCounterIncrement();
	last.reader = reader;
	last.statement = GetCurrentStatementStartTimestamp();
	last.command = GetCurrentCommandId(false);
	last.door = door->oid;
}

/*
 * look_up(door regprocedure, VARIADIC arguments "any") returns setof record
 *
 *		Errors: 42501 when the caller may not call the door, or it is none;
 *		42883, 42804, 22023 when its other side is missing or differs.
 */
Datum
registry_look_up(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Door		door;
	Datum		values[MOST_ARGUMENTS];
	char		nulls[MOST_ARGUMENTS];
	char	   *call;
	Oid			user;
	int			context;
	Oid			outer_reader = look_up_reader;
	Oid			outer_owner = look_up_owner;
	Oid			reader = territory_reader();

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("look_up() needs a function")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	open_door(&door, PG_GETARG_OID(0));
	take_arguments(fcinfo, &door, values, nulls);
	call = owner_call(&door);
	if (may_remember(&door, nulls, result->setDesc) && is_remembered(&door, reader, DatumGetTextPP(values[0])))
	{
		Datum		answer = Int64GetDatum(last.answer);
		bool		isnull = !last.known;

		tuplestore_putvalues(result->setResult, result->setDesc, &answer, &isnull);
		return (Datum) 0;
	}

	GetUserIdAndSecContext(&user, &context);
	PG_TRY();
	{
		look_up_reader = reader;
		look_up_owner = door.owner;
		SetUserIdAndSecContext(door.owner, context | SECURITY_LOCAL_USERID_CHANGE);
		SPI_connect();
		run_as_owner(result, &door, call, values, nulls);
		SPI_finish();
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, context);
		look_up_reader = outer_reader;
		look_up_owner = outer_owner;
	}
	PG_END_TRY();
	if (may_remember(&door, nulls, result->setDesc))
		remember(&door, reader, DatumGetTextPP(values[0]), result);
	return (Datum) 0;
}
