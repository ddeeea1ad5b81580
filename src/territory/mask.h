/*
 * mask.h
 *		Masks of what names a person, by the usage of government offices.
 *
 * Each writes into a buffer that holds at least MASK_ROOM bytes more than the
 * text, and returns the length.  Text is UTF-8.
 */
#ifndef REGISTRY_MASK_H
#define REGISTRY_MASK_H

#include "postgres.h"

#define MASK_ROOM 32

extern int	mask_phone(const char *text, int length, char *masked);
extern int	mask_address(const char *text, int length, char *masked);
extern int	mask_document(const char *text, int length, char *masked);

#endif							/* REGISTRY_MASK_H */
