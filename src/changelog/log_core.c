/*
 * log_core.c
 *		Numbers of variable length, and the digest SM3 (GB/T 32905-2016).
 *
 * SM3 is here because no version of the server's own digests has it and its
 * OpenSSL need not; SHA-256 is the server's.
 */
#include "changelog/log_core.h"

/* False when the bytes end inside the number or it is longer than 64 bits. */
bool
log_get_number(const uint8 **at, const uint8 *end, uint64 *number)
{
	uint64		result = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		byte;

		if (*at >= end)
			return false;
		byte = *(*at)++;
		if (shift == 63 && byte > 1)
			return false;
		result |= (uint64) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
		{
			*number = result;
			return true;
		}
	}
	return false;
}

bool
log_get_signed(const uint8 **at, const uint8 *end, int64 *number)
{
	uint64		folded;

	if (!log_get_number(at, end, &folded))
		return false;
	*number = (int64) ((folded >> 1) ^ (~(folded & 1) + 1));
	return true;
}

/* Eight bytes, the highest first. */
void
log_put_int64(uint8 *out, int64 number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8) ((uint64) number >> (56 - 8 * i));
}

/*
 * Width of a range of keys as the index keeps it: n for at most 2^n keys.  A
 * range that holds a key begins less than 2^n below it.
 */
int
log_span(int64 first, int64 last)
{
	uint64		width = (uint64) last - (uint64) first;
	int			span = 0;

	while (span < 63 && ((uint64) 1 << span) <= width)
		span++;
	return span;
}

#define ROTATE(word, bits) (((word) << (bits)) | ((word) >> (32 - (bits))))
#define P0(x) ((x) ^ ROTATE(x, 9) ^ ROTATE(x, 17))
#define P1(x) ((x) ^ ROTATE(x, 15) ^ ROTATE(x, 23))

static void
sm3_compress(uint32 *state, const uint8 *block)
{
	uint32		w[68];
	uint32		a = state[0],
				b = state[1],
				c = state[2],
				d = state[3],
				e = state[4],
				f = state[5],
				g = state[6],
				h = state[7];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32) block[4 * i] << 24 | (uint32) block[4 * i + 1] << 16 |
			(uint32) block[4 * i + 2] << 8 | (uint32) block[4 * i + 3];
	for (int i = 16; i < 68; i++)
	{
		uint32		x = w[i - 16] ^ w[i - 9] ^ ROTATE(w[i - 3], 15);

		w[i] = P1(x) ^ ROTATE(w[i - 13], 7) ^ w[i - 6];
	}
	for (int i = 0; i < 64; i++)
	{
		uint32		constant = i < 16 ? 0x79cc4519 : 0x7a879d8a;
		int			turn = i % 32;
		uint32		turned = turn == 0 ? constant : ROTATE(constant, turn);
		uint32		a12 = ROTATE(a, 12);
		uint32		sum = a12 + e + turned;
		uint32		ss1 = ROTATE(sum, 7);
		uint32		ss2 = ss1 ^ a12;
		uint32		tt1 = (i < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c)) + d + ss2 + (w[i] ^ w[i + 4]);
		uint32		tt2 = (i < 16 ? e ^ f ^ g : (e & f) | (~e & g)) + h + ss1 + w[i];

		d = c;
		c = ROTATE(b, 9);
		b = a;
		a = tt1;
		h = g;
		g = ROTATE(f, 19);
		f = e;
		e = P0(tt2);
	}
	state[0] ^= a;
	state[1] ^= b;
	state[2] ^= c;
	state[3] ^= d;
	state[4] ^= e;
	state[5] ^= f;
	state[6] ^= g;
	state[7] ^= h;
}

void
sm3_begin(Sm3 *sm3)
{
	static const uint32 start[8] = {
		0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
		0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e
	};

	memcpy(sm3->state, start, sizeof(start));
	sm3->bytes = 0;
}

void
sm3_add(Sm3 *sm3, const uint8 *data, size_t length)
{
	size_t		used = sm3->bytes % 64;

	sm3->bytes += length;
	if (used > 0)
	{
		size_t		part = length < 64 - used ? length : 64 - used;

		memcpy(sm3->block + used, data, part);
		if (used + part < 64)
			return;
		sm3_compress(sm3->state, sm3->block);
		data += part;
		length -= part;
	}
	for (; length >= 64; data += 64, length -= 64)
		sm3_compress(sm3->state, data);
	if (length > 0)
		memcpy(sm3->block, data, length);
}

void
sm3_end(Sm3 *sm3, uint8 *digest)
{
	static const uint8 padding[64] = {0x80};
	uint8		length[8];
	uint64		bytes = sm3->bytes;

	log_put_int64(length, (int64) (bytes * 8));
	sm3_add(sm3, padding, bytes % 64 < 56 ? 56 - bytes % 64 : 120 - bytes % 64);
	sm3_add(sm3, length, 8);
	for (int i = 0; i < 32; i++)
		digest[i] = (uint8) (sm3->state[i / 4] >> (24 - 8 * (i % 4)));
}
