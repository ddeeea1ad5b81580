/*
 * character.h
 *		Reading of UTF-8 character by character, without the server.
 *
 * The readers of numbers see what clients and extracts deliver, so nothing
 * here trusts its input: a byte that starts no well-formed character is a
 * character of its own, and not a digit.
 */
#ifndef REGISTRY_CITIZEN_CHARACTER_H
#define REGISTRY_CITIZEN_CHARACTER_H

#include "postgres.h"

#define CHARACTER_BROKEN 0xFFFD

static inline bool
character_continues(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Reads one character at *at, which is before end, and steps over it. */
static inline uint32
character_next(const unsigned char **at, const unsigned char *end)
{
	const unsigned char *p = *at;
	uint32		lead = p[0];

	if (lead < 0x80)
	{
		*at = p + 1;
		return lead;
	}
	if (lead >= 0xC2 && lead < 0xE0 && end - p >= 2 && character_continues(p[1]))
	{
		*at = p + 2;
		return (lead & 0x1F) << 6 | (p[1] & 0x3F);
	}
	if (lead >= 0xE0 && lead < 0xF0 && end - p >= 3 &&
		character_continues(p[1]) && character_continues(p[2]))
	{
		*at = p + 3;
		return (lead & 0x0F) << 12 | (uint32) (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
	}
	if (lead >= 0xF0 && lead < 0xF5 && end - p >= 4 && character_continues(p[1]) &&
		character_continues(p[2]) && character_continues(p[3]))
	{
		*at = p + 4;
		return (lead & 0x07) << 18 | (uint32) (p[1] & 0x3F) << 12 |
			(uint32) (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
	}
	*at = p + 1;
	return CHARACTER_BROKEN;
}

/* The ASCII form of a full-width character, anything else unchanged. */
static inline uint32
character_narrow(uint32 character)
{
	if (character >= 0xFF01 && character <= 0xFF5E)
		return character - 0xFF01 + 0x21;
	return character;
}

/* White space that a number may carry around it. */
static inline bool
character_is_space(uint32 character)
{
	return character == ' ' || (character >= '\t' && character <= '\r') ||
		character == 0x00A0 || character == 0x3000;
}

/*
 * Takes the outer white space off text and writes the first capacity
 * characters, narrowed, to buffer; what is not ASCII becomes a zero byte,
 * which no number holds.  Returns the number of characters, which may exceed
 * the capacity.
 */
static inline size_t
character_fold(const char *text, size_t length, char *buffer, size_t capacity)
{
	const unsigned char *at = (const unsigned char *) text;
	const unsigned char *end = at + length;
	size_t		count = 0;
	size_t		last = 0;		/* count behind the last non-space */

	while (at < end)
	{
		uint32		character = character_next(&at, end);

		if (character_is_space(character))
		{
			if (count == 0)
				continue;
		}
		else
			last = count + 1;
		character = character_narrow(character);
		if (count < capacity)
			buffer[count] = character < 0x80 ? (char) character : '\0';
		count++;
	}
	return last;
}

#endif							/* REGISTRY_CITIZEN_CHARACTER_H */
