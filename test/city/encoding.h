/*
 * encoding.h
 *		From UTF-8 to the encoding of a delivered file.
 */
#ifndef ENCODING_H
#define ENCODING_H

#include <stddef.h>

/* A byte in the text that becomes one that no encoding allows. */
#define BROKEN_BYTE '\x01'

extern void encoding_prepare(void);

/* Writes length bytes of UTF-8 as GB18030 or as they are; returns the bytes written, at most 4 per byte read. */
extern size_t encode(char *out, const char *text, size_t length, int gb18030);

#endif							/* ENCODING_H */
