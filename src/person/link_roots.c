/*
 * link_roots.c
 *		Who belongs to whom: persons joined by merges, and whom each group goes by.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/tuplestore.h"

#include "compat.h"

REGISTRY_FUNCTION(registry_link_roots);

typedef struct Member
{
	int64		person_id;		/* hash key */
	struct Member *parent;		/* nearer to the root; itself for a root */
} Member;

static Member *
member_root(Member *member)
{
	while (member->parent != member)
	{
		member->parent = member->parent->parent;
		member = member->parent;
	}
	return member;
}

static Member *
member_find(HTAB *members, Datum person_id)
{
	int64		key = DatumGetInt64(person_id);
	bool		found;
	Member	   *member = hash_search(members, &key, HASH_ENTER, &found);

	if (!found)
		member->parent = member;
	return member;
}

static int
deconstruct_ids(ArrayType *array, Datum **ids)
{
	int			count;

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a merge names two persons")));
	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, ids, NULL, &count);
	return count;
}

/*
 * link_roots(keeps bigint[], drops bigint[]) returns table (origin_person bigint, person_id bigint)
 *		Replays merges in the order given: the group of drops[i] goes up in that
 *		of keeps[i] and goes by its person from then on.  One row for every
 *		person named.
 */
Datum
registry_link_roots(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *keeps;
	Datum	   *drops;
	int			count = deconstruct_ids(PG_GETARG_ARRAYTYPE_P(0), &keeps);
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(Member), .hcxt = CurrentMemoryContext};
	HTAB	   *members;
	HASH_SEQ_STATUS sequence;
	Member	   *member;

	if (deconstruct_ids(PG_GETARG_ARRAYTYPE_P(1), &drops) != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a merge names two persons")));
	InitMaterializedSRF(fcinfo, 0);
	members = hash_create("registry link members", Max(2 * count, 16), &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < count; i++)
	{
		Member	   *keep = member_root(member_find(members, keeps[i]));
		Member	   *drop = member_root(member_find(members, drops[i]));

		drop->parent = keep;
		CHECK_FOR_INTERRUPTS();
	}
	hash_seq_init(&sequence, members);
	while ((member = hash_seq_search(&sequence)) != NULL)
	{
		Datum		values[2] = {Int64GetDatum(member->person_id), Int64GetDatum(member_root(member)->person_id)};
		bool		nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	hash_destroy(members);
	return (Datum) 0;
}
