/*
 * log_core.h
 *		Numbers and digests of the change log, without the server.
 */
#ifndef REGISTRY_LOG_CORE_H
#define REGISTRY_LOG_CORE_H

#include "postgres.h"

/* Bytes of the longest number that log_put_number() writes. */
#define LOG_NUMBER_BYTES 10

/* Seven bits a byte, the lowest first; the high bit says that more follow. */
static inline int
log_put_number(uint8 *out, uint64 number)
{
	int			length = 0;

	while (number >= 0x80)
	{
		out[length++] = (uint8) (number | 0x80);
		number >>= 7;
	}
	out[length++] = (uint8) number;
	return length;
}

/* Small numbers of either sign stay short: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
static inline int
log_put_signed(uint8 *out, int64 number)
{
	return log_put_number(out, ((uint64) number << 1) ^ (uint64) (number < 0 ? -1 : 0));
}

extern bool log_get_number(const uint8 **at, const uint8 *end, uint64 *number);
extern bool log_get_signed(const uint8 **at, const uint8 *end, int64 *number);
extern void log_put_int64(uint8 *out, int64 number);
extern int	log_span(int64 first, int64 last);

#define SM3_BYTES 32

typedef struct Sm3
{
	uint32		state[8];
	uint64		bytes;
	uint8		block[64];
} Sm3;

extern void sm3_begin(Sm3 *sm3);
extern void sm3_add(Sm3 *sm3, const uint8 *data, size_t length);
extern void sm3_end(Sm3 *sm3, uint8 *digest);

#endif							/* REGISTRY_LOG_CORE_H */
