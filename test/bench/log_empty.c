/*
 * log_empty.c
 *		A trigger that does nothing: what transition tables cost by themselves.
 */
#include "postgres.h"
#include "fmgr.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(log_empty);

Datum
log_empty(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(NULL);
}
