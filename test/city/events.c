/*
 * events.c
 *		What happens to people between the two deliveries.
 */
#include "city.h"

bool
events_apply(const Facts *before, Facts *after)
{
	(void) before;
	(void) after;
	return false;
}
