/*
 * random.c
 *		Random numbers that are the same on every machine (splitmix64).
 */
#include "city.h"

uint64_t
mix64(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

Random
random_for(uint64_t seed, uint64_t subject, uint64_t stream)
{
	Random		random = {mix64(mix64(seed + stream * UINT64_C(0x632be59bd9b4e019)) ^ (subject * UINT64_C(0xd6e8feb86659fd93)))};

	return random;
}

uint64_t
random_next(Random *random)
{
	random->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix64(random->state);
}

uint32_t
random_below(Random *random, uint32_t limit)
{
	return (uint32_t) (((random_next(random) >> 32) * (uint64_t) limit) >> 32);
}

int
random_between(Random *random, int low, int high)
{
	return high <= low ? low : low + (int) random_below(random, (uint32_t) (high - low + 1));
}

bool
chance(Random *random, double share)
{
	/* an integer comparison, so that no machine's rounding decides */
	return (random_next(random) >> 34) < (uint64_t) (share * 1073741824.0);
}

/* Feistel network over an even number of bits; results outside walk on until they fall inside. */
uint64_t
shuffled(uint64_t index, uint64_t count, uint64_t seed)
{
	int			half = 1;

	while ((UINT64_C(1) << (2 * half)) < count)
		half++;
	do
	{
		uint64_t	mask = (UINT64_C(1) << half) - 1;
		uint64_t	left = index >> half;
		uint64_t	right = index & mask;

		for (int round = 0; round < 4; round++)
		{
			uint64_t	next = left ^ (mix64(right + seed + (uint64_t) round * 7919) & mask);

			left = right;
			right = next;
		}
		index = (left << half) | right;
	} while (index >= count);
	return index;
}
