/*
 * variant_core.c
 *		Classes of characters that stand for one another in names.
 *
 * Shipped classes come from variant_tables.h; a registry's own rows are laid
 * over them (name_classes_build).  No server calls.  One backend holds one set
 * of classes.
 */
#include "name_core.h"

#include "variant_tables.h"

/*
 * Representatives of the common ideographs in two tables: by variants alone,
 * and by variants and exchanged surnames (key2).  0 stands for the character
 * itself.  Twice 108 kB that hardly ever change are cheaper to look up than to
 * search.  What lies outside, rare characters and private-use points, is few
 * and stands in a sorted list.
 */
#define NEAR_FIRST 0x3400
#define NEAR_LAST 0x9FFF

typedef struct FarCharacter
{
	uint32		point;
	uint32		variant;
	uint32		key;
} FarCharacter;

static uint32 near_variant[NEAR_LAST - NEAR_FIRST + 1];
static uint32 near_key[NEAR_LAST - NEAR_FIRST + 1];
static FarCharacter far_list[NAME_FAR_MAX];
static int	far_count;

#define ALIKE_SLOTS 16384		/* a power of two */
static uint64 alike_pairs[ALIKE_SLOTS];
static int	alike_count;
static bool ready = false;

static bool
is_near(uint32 point)
{
	return point >= NEAR_FIRST && point <= NEAR_LAST;
}

static FarCharacter *
find_far(uint32 point)
{
	int			low = 0;
	int			high = far_count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (far_list[middle].point < point)
			low = middle + 1;
		else
			high = middle;
	}
	return low < far_count && far_list[low].point == point ? &far_list[low] : NULL;
}

static bool
add_far(uint32 point)
{
	int			at = far_count;

	if (is_near(point) || find_far(point) != NULL)
		return true;
	if (far_count == NAME_FAR_MAX)
		return false;
	while (at > 0 && far_list[at - 1].point > point)
	{
		far_list[at] = far_list[at - 1];
		at--;
	}
	far_list[at] = (FarCharacter) {point, 0, 0};
	far_count++;
	return true;
}

/* Where the representative of point is kept; NULL for one of no class. */
static uint32 *
place_of(uint32 point, bool exchanged)
{
	FarCharacter *far;

	if (is_near(point))
		return exchanged ? &near_key[point - NEAR_FIRST] : &near_variant[point - NEAR_FIRST];
	if (far_count == 0 || (far = find_far(point)) == NULL)
		return NULL;
	return exchanged ? &far->key : &far->variant;
}

static uint32
representative(uint32 point, bool exchanged)
{
	uint32	   *place;

	while ((place = place_of(point, exchanged)) != NULL && *place != 0)
		point = *place;
	return point;
}

static void
join(uint32 from, uint32 to, bool exchanged)
{
	from = representative(from, exchanged);
	to = representative(to, exchanged);
	if (from != to)
	{
		uint32	   *place = place_of(from, exchanged);

		/* One of the two always has a place: shipped forms are near, own ones added. */
		if (place != NULL)
			*place = to;
		else if ((place = place_of(to, exchanged)) != NULL)
			*place = from;
	}
}

static void
join_variants(uint32 from, uint32 to)
{
	join(from, to, false);
	join(from, to, true);
}

static uint64
pair_of(uint32 a, uint32 b)
{
	return a < b ? ((uint64) a << 32 | b) : ((uint64) b << 32 | a);
}

/* The slot of a pair, or the empty one where it would stand. */
static uint32
alike_slot(uint64 pair)
{
	uint32		slot = (uint32) ((pair * UINT64CONST(0x9E3779B97F4A7C15)) >> 50) & (ALIKE_SLOTS - 1);

	while (alike_pairs[slot] != 0 && alike_pairs[slot] != pair)
		slot = (slot + 1) & (ALIKE_SLOTS - 1);
	return slot;
}

static bool
add_alike(uint32 a, uint32 b)
{
	uint32		slot = alike_slot(pair_of(a, b));

	if (a == b || alike_pairs[slot] != 0)
		return true;
	/* A quarter stays free, so that searches end. */
	if (alike_count >= ALIKE_SLOTS / 4 * 3)
		return false;
	alike_pairs[slot] = pair_of(a, b);
	alike_count++;
	return true;
}

/* Taken out of the shipped classes by a row of the registry? */
static bool
is_apart(const NameClassRow *rows, int count, uint32 point)
{
	for (int i = 0; i < count; i++)
		if (rows[i].kind == NAME_CLASS_APART && rows[i].form == point)
			return true;
	return false;
}

#define CLASS_MAX 32

/* The members of a shipped class that the registry leaves in it. */
static int
shipped_members(const char *class, const NameClassRow *rows, int count, uint32 members[CLASS_MAX])
{
	int			found = name_decode(class, strlen(class), members);
	int			kept = 0;

	for (int i = 0; i < found; i++)
		if (!is_apart(rows, count, members[i]))
			members[kept++] = members[i];
	return kept;
}

static void
build_shipped(const NameClassRow *rows, int count)
{
	uint32		members[CLASS_MAX];

	for (const char *at = traditional_pairs; *at;)
	{
		char		pair[12] = {0};
		size_t		size = name_character_size(at);

		size += name_character_size(at + size);
		memcpy(pair, at, size);
		at += size;
		if (shipped_members(pair, rows, count, members) == 2)
			join_variants(members[0], members[1]);
	}
	for (int i = 0; i < lengthof(variant_classes); i++)
	{
		int			found = shipped_members(variant_classes[i], rows, count, members);

		for (int j = 0; j < found - 1; j++)
			join_variants(members[j], members[found - 1]);
	}
	for (int i = 0; i < lengthof(exchanged_surnames); i++)
		if (shipped_members(exchanged_surnames[i], rows, count, members) == 2)
			join(members[0], members[1], true);
	for (int i = 0; i < lengthof(alike_classes); i++)
	{
		int			found = name_decode(alike_classes[i], strlen(alike_classes[i]), members);

		for (int j = 0; j < found; j++)
			for (int k = j + 1; k < found; k++)
				add_alike(members[j], members[k]);
	}
}

/* Afterwards one step leads to the representative. */
static void
flatten(void)
{
	for (uint32 point = NEAR_FIRST; point <= NEAR_LAST; point++)
	{
		if (near_variant[point - NEAR_FIRST] != 0)
			near_variant[point - NEAR_FIRST] = representative(point, false);
		if (near_key[point - NEAR_FIRST] != 0)
			near_key[point - NEAR_FIRST] = representative(point, true);
	}
	for (int i = 0; i < far_count; i++)
	{
		if (far_list[i].variant != 0)
			far_list[i].variant = representative(far_list[i].point, false);
		if (far_list[i].key != 0)
			far_list[i].key = representative(far_list[i].point, true);
	}
}

/*
 * Builds the classes anew: the shipped ones, less the characters that a row
 * sets apart, and the rows.  False when the rows do not fit; the shipped
 * classes are in force then.
 */
bool
name_classes_build(const NameClassRow *rows, int count)
{
	bool		fits = true;

	memset(near_variant, 0, sizeof(near_variant));
	memset(near_key, 0, sizeof(near_key));
	memset(alike_pairs, 0, sizeof(alike_pairs));
	far_count = alike_count = 0;

	build_shipped(rows, count);
	for (int i = 0; i < count && fits; i++)
	{
		if (rows[i].kind == NAME_CLASS_ALIKE)
			fits = add_alike(rows[i].form, rows[i].stands_for);
		else if (rows[i].kind != NAME_CLASS_APART)
		{
			fits = add_far(rows[i].form) && add_far(rows[i].stands_for);
			if (fits && rows[i].kind == NAME_CLASS_VARIANT)
				join(rows[i].form, rows[i].stands_for, false);
			if (fits)
				join(rows[i].form, rows[i].stands_for, true);
		}
	}
	if (!fits)
		name_classes_build(NULL, 0);
	else
		flatten();
	ready = true;
	return fits;
}

static uint32
lookup(uint32 point, bool exchanged)
{
	uint32	   *place;

	if (!ready)
		name_classes_build(NULL, 0);
	place = place_of(point, exchanged);
	return place != NULL && *place != 0 ? *place : point;
}

/* The character that stands for the class of point. */
uint32
name_variant(uint32 point)
{
	return lookup(point, false);
}

/* The same in key2, where surnames that people exchange are one: 萧 becomes 肖. */
uint32
name_exchanged(uint32 point)
{
	return lookup(point, true);
}

bool
name_alike(uint32 a, uint32 b)
{
	if (!ready)
		name_classes_build(NULL, 0);
	return alike_pairs[alike_slot(pair_of(a, b))] != 0;
}

/*
 * The other characters of the key2 class of point, and behind them those that
 * look like it; *variants counts the former.
 */
int
name_neighbours(uint32 point, uint32 *found, int room, int *variants)
{
	uint32		class = name_exchanged(point);
	int			count = 0;

	for (uint32 other = NEAR_FIRST; other <= NEAR_LAST && count < room; other++)
		if (other != point && (other == class || near_key[other - NEAR_FIRST] == class))
			found[count++] = other;
	for (int i = 0; i < far_count && count < room; i++)
		if (far_list[i].point != point && (far_list[i].point == class || far_list[i].key == class))
			found[count++] = far_list[i].point;
	*variants = count;
	for (int slot = 0; slot < ALIKE_SLOTS && count < room; slot++)
	{
		uint32		low = (uint32) (alike_pairs[slot] >> 32);
		uint32		high = (uint32) alike_pairs[slot];

		if (alike_pairs[slot] != 0 && (low == point || high == point))
			found[count++] = low == point ? high : low;
	}
	return count;
}

/* key1 to key2, in place. */
int
name_vary(uint32 *points, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (points[i] == NAME_DOT || (points[i] == ' ' && (kept == 0 || points[kept - 1] == ' ')))
			continue;
		points[kept++] = name_exchanged(points[i]);
	}
	while (kept > 0 && points[kept - 1] == ' ')
		kept--;
	return kept;
}

/*
 * The same for a name that name_is_plain(), in its bytes.  False when a
 * character stands for one that does not take three bytes; nothing can be said
 * of text then.
 */
bool
name_vary_plain(char *text, size_t length)
{
	unsigned char *at = (unsigned char *) text;

	for (size_t i = 0; i < length; i += 3)
	{
		uint32		point = (at[i] & 0x0F) << 12 | (at[i + 1] & 0x3F) << 6 | (at[i + 2] & 0x3F);
		uint32		variant = name_exchanged(point);

		if (variant == point)
			continue;
		if (variant < 0x800 || variant > 0xFFFF)
			return false;
		name_encode(&variant, 1, text + i);
	}
	return true;
}
