/*
 * coverage_core.c
 *		Names of insurance schemes and the text of a set of them, without the
 *		server.
 */
#include "postgres.h"

#include "coverage/coverage.h"
#include "coverage/coverage_text.h"

static const char *const scheme_names[32] = {
	"P1", "P2", "P3", "P4", "P5", "M1", "M2", "M3", "M4", "M5", "M6",
	"U", "W", "B",
	"S14", "S15", "S16", "S17", "S18", "S19", "S20", "S21", "S22",
	"S23", "S24", "S25", "S26", "S27", "S28", "S29", "S30", "S31"
};

StaticAssertDecl(SCHEME_RESERVED == 14, "reserved schemes are named after their bits");

const char *
scheme_name(int bit)
{
	return scheme_names[bit];
}

int
scheme_from_name(const char *name, size_t length)
{
	for (int bit = 0; bit < 32; bit++)
		if (strlen(scheme_names[bit]) == length && memcmp(scheme_names[bit], name, length) == 0)
			return bit;
	return -1;
}

static inline const char *
skip_space(const char *at)
{
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	return at;
}

static inline bool
ends_member(char c)
{
	return c == '\0' || c == ',' || c == '{' || c == '}' || c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Reads {P1,M1,U}: any order, repeats and white space between the signs
 * allowed.  On failure *member points at the name that is no scheme, with its
 * length, or is null when the shape is wrong.
 */
bool
coverage_parse(const char *text, Coverage *coverage, const char **member, int *length)
{
	const char *at = skip_space(text);

	*coverage = 0;
	*member = NULL;
	*length = 0;
	if (*at != '{')
		return false;
	at = skip_space(at + 1);
	if (*at != '}')
	{
		for (;;)
		{
			const char *start = at;
			int			bit;

			while (!ends_member(*at))
				at++;
			if (at == start)
				return false;
			bit = scheme_from_name(start, at - start);
			if (bit < 0)
			{
				*member = start;
				*length = (int) (at - start);
				return false;
			}
			*coverage |= SCHEME_BIT(bit);
			at = skip_space(at);
			if (*at == '}')
				break;
			if (*at != ',')
				return false;
			at = skip_space(at + 1);
		}
	}
	return *skip_space(at + 1) == '\0';
}

/* Writes the names, with commas and in the order of the bits; returns the length. */
int
coverage_print_names(Coverage coverage, char *buffer)
{
	char	   *at = buffer;

	for (int bit = 0; coverage != 0; bit++, coverage >>= 1)
		if (coverage & 1)
		{
			size_t		length = strlen(scheme_names[bit]);

			if (at != buffer)
				*at++ = ',';
			memcpy(at, scheme_names[bit], length);
			at += length;
		}
	*at = '\0';
	return (int) (at - buffer);
}
