/*
 * coverage_text.h
 *		Text of a set of schemes; inside the coverage room.
 */
#ifndef REGISTRY_COVERAGE_TEXT_H
#define REGISTRY_COVERAGE_TEXT_H

#include "coverage/coverage.h"

/* Room for all 32 names, their commas, two braces and the terminating zero. */
#define COVERAGE_TEXT_MAX (32 * sizeof("S31,") + 3)

extern bool coverage_parse(const char *text, Coverage *coverage,
						   const char **member, int *length);
extern int	coverage_print_names(Coverage coverage, char *buffer);

#endif							/* REGISTRY_COVERAGE_TEXT_H */
