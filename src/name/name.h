/*
 * name.h
 *		Folding of personal names for matching (GB18030 private-use points,
 *		compatibility characters, widths, dots), their similarity and masks.
 *
 * All text is UTF-8.  Results are palloc'd and zero-terminated.
 */
#ifndef REGISTRY_NAME_H
#define REGISTRY_NAME_H

#include "postgres.h"

/* The form to store and show: trimmed, dots and widths regular, rare characters in standard code points. */
extern char *name_clean_text(const char *name, size_t length);

/* key1: equality means "same name". */
extern char *name_key_text(const char *name, size_t length);

/* key2: equality means "same name by a variant of a character". */
extern char *name_variant_key_text(const char *name, size_t length);

/* 0 (unrelated) to 1 (equal keys). */
extern float name_similarity_texts(const char *a, size_t a_length, const char *b, size_t b_length);

/* Rule ID22: empty, one character, digits, a placeholder, only punctuation. */
extern bool name_is_invalid(const char *name, size_t length);

/* Rules ID22 to ID26 that the name as received breaks, NAME_FAULT bits of name_core.h. */
extern int	name_faults_of(const char *name, size_t length);

#endif							/* REGISTRY_NAME_H */
