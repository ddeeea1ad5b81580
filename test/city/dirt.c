/*
 * dirt.c
 *		What goes wrong between the fact and the file.
 */
#include "city.h"

void
dirt_apply(Facts *facts)
{
	(void) facts;
}
