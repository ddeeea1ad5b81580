/*
 * fuzz.h
 *		What the fuzz targets share.  A target feeds the parts of the extension
 *		that do not need the server with bytes, and stops at the first answer
 *		that cannot be true; the sanitizers stop at the first wrong access.
 */
#ifndef REGISTRY_FUZZ_H
#define REGISTRY_FUZZ_H

#include "postgres.h"

#define MUST(condition) \
	do { if (!(condition)) __builtin_trap(); } while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A copy without a byte more than it holds, so that a step outside is seen.
 * (malloc: this is no part of the server.)
 */
static inline char *
exact_copy(const void *data, size_t size)
{
	char	   *copy = malloc(size > 0 ? size : 1);

	MUST(copy != NULL);
	memcpy(copy, data, size);
	return copy;
}

/* Is this well-formed UTF-8 (surrogates are not)? */
static inline bool
is_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + length;

	while (p < end)
	{
		int			width = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;

		if (width == 0 || end - p < width)
			return false;
		for (int i = 1; i < width; i++)
			if ((p[i] & 0xc0) != 0x80)
				return false;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
			(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
			return false;
		p += width;
	}
	return true;
}

#endif							/* REGISTRY_FUZZ_H */
