/*
 * mask.c
 *		The masks as SQL calls them.
 */
#include "postgres.h"

#include "compat.h"
#include "territory/mask.h"

REGISTRY_FUNCTION(registry_phone_mask);
REGISTRY_FUNCTION(registry_address_mask);
REGISTRY_FUNCTION(registry_document_mask);

static Datum
masked_text(FunctionCallInfo fcinfo, int (*mask) (const char *, int, char *))
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	int			length = VARSIZE_ANY_EXHDR(given);
	text	   *masked = palloc(VARHDRSZ + length + MASK_ROOM);

	SET_VARSIZE(masked, VARHDRSZ + mask(VARDATA_ANY(given), length, VARDATA(masked)));
	PG_RETURN_TEXT_P(masked);
}

Datum
registry_phone_mask(PG_FUNCTION_ARGS)
{
	return masked_text(fcinfo, mask_phone);
}

Datum
registry_address_mask(PG_FUNCTION_ARGS)
{
	return masked_text(fcinfo, mask_address);
}

Datum
registry_document_mask(PG_FUNCTION_ARGS)
{
	return masked_text(fcinfo, mask_document);
}
