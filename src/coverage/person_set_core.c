/*
 * person_set_core.c
 *		Sets of person numbers in their stored form: checking, walking, counting
 *		and parsing, without the server and without memory of their own.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "coverage/person_set.h"

#ifdef WORDS_BIGENDIAN
#error "the portable form of roaring bitmaps is little-endian, and so is the library that writes it"
#endif

#define COOKIE_WITHOUT_RUNS 12346
#define COOKIE_WITH_RUNS 12347
#define OFFSETS_FROM 4			/* containers from which a set with runs has offsets */
#define CONTAINERS_MAX 65536
#define ARRAY_MAX 4096
#define BITSET_BYTES 8192
#define BITSET_WORDS (BITSET_BYTES / 8)

static inline uint32
read16(const unsigned char *bytes)
{
	uint16		value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline uint32
read32(const unsigned char *bytes)
{
	uint32		value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline uint64
read64(const unsigned char *bytes)
{
	uint64		value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline bool
has_bit(const unsigned char *bits, uint32 value)
{
	return (bits[value >> 3] >> (value & 7)) & 1;
}

/* ---------------------------------------------------------------- the frame */

/* Places of the parts; false when the frame does not fit into the bytes. */
static bool
open_view(const unsigned char *bytes, size_t length, PersonSetView *view, const unsigned char **offsets)
{
	size_t		position;
	uint32		cookie;

	if (length < 8)
		return false;
	cookie = read32(bytes);
	view->bytes = bytes;
	view->length = length;
	view->run_flags = NULL;
	*offsets = NULL;
	if (cookie == COOKIE_WITHOUT_RUNS)
	{
		view->container_count = read32(bytes + 4);
		position = 8;
	}
	else if ((cookie & 0xFFFF) == COOKIE_WITH_RUNS)
	{
		view->container_count = (cookie >> 16) + 1;
		view->run_flags = bytes + 4;
		position = 4 + (view->container_count + 7) / 8;
	}
	else
		return false;
	if (view->container_count > CONTAINERS_MAX)
		return false;
	view->heads = bytes + position;
	position += 4 * (size_t) view->container_count;
	if (view->run_flags == NULL || view->container_count >= OFFSETS_FROM)
	{
		*offsets = bytes + position;
		position += 4 * (size_t) view->container_count;
	}
	view->containers = bytes + position;
	return position <= length;
}

PersonSetView
person_set_view(const unsigned char *bytes, size_t length)
{
	PersonSetView view;
	const unsigned char *offsets;

	if (!open_view(bytes, length, &view, &offsets))
		memset(&view, 0, sizeof(view));
	return view;
}

PersonSetCursor
person_set_cursor(PersonSetView view)
{
	PersonSetCursor cursor = {view, 0, view.containers};

	return cursor;
}

/* What the head of a container says; the data are not touched. */
static void
read_head(const PersonSetView *view, uint32 index, PersonSetContainer *container)
{
	container->key = read16(view->heads + 4 * (size_t) index);
	container->cardinality = read16(view->heads + 4 * (size_t) index + 2) + 1;
	if (view->run_flags && has_bit(view->run_flags, index))
		container->kind = CONTAINER_RUN;
	else
		container->kind = container->cardinality <= ARRAY_MAX ? CONTAINER_ARRAY : CONTAINER_BITSET;
	container->run_count = 0;
}

bool
person_set_next_container(PersonSetCursor *cursor, PersonSetContainer *container)
{
	if (cursor->index >= cursor->view.container_count)
		return false;
	read_head(&cursor->view, cursor->index++, container);
	container->data = cursor->next;
	switch (container->kind)
	{
		case CONTAINER_ARRAY:
			cursor->next += 2 * (size_t) container->cardinality;
			break;
		case CONTAINER_BITSET:
			cursor->next += BITSET_BYTES;
			break;
		case CONTAINER_RUN:
			container->run_count = read16(cursor->next);
			container->data += 2;
			cursor->next += 2 + 4 * (size_t) container->run_count;
			break;
	}
	return true;
}

/* ---------------------------------------------------------------- bytes from outside */

static const char *
array_fault(const PersonSetContainer *container)
{
	for (uint32 i = 1; i < container->cardinality; i++)
		if (read16(container->data + 2 * i) <= read16(container->data + 2 * i - 2))
			return "The numbers of a list do not ascend.";
	return NULL;
}

static const char *
bitset_fault(const PersonSetContainer *container)
{
	uint32		count = 0;

	for (uint32 i = 0; i < BITSET_WORDS; i++)
		count += pg_popcount64(read64(container->data + 8 * i));
	return count == container->cardinality ? NULL : "A bit set has other bits than its size says.";
}

static const char *
run_fault(const PersonSetContainer *container)
{
	uint32		count = 0;
	uint32		free_from = 0;

	for (uint32 i = 0; i < container->run_count; i++)
	{
		uint32		start = read16(container->data + 4 * i);
		uint32		more = read16(container->data + 4 * i + 2);

		if (start < free_from || start + more > 0xFFFF)
			return "The runs of a list touch, do not ascend or leave their block.";
		count += more + 1;
		/* runs that touch would be one run */
		free_from = start + more + 2;
	}
	return count == container->cardinality ? NULL : "Runs hold other numbers than their size says.";
}

const char *
person_set_fault(const unsigned char *bytes, size_t length)
{
	PersonSetView view;
	PersonSetContainer container;
	const unsigned char *offsets;
	const unsigned char *next;
	const unsigned char *end = bytes + length;
	const char *fault = NULL;

	if (!open_view(bytes, length, &view, &offsets))
		return "The header is not that of a set, or too short.";
	/* one set, one form: nothing may hide in the bits behind the last flag */
	if (view.run_flags && view.container_count % 8 != 0 &&
		view.run_flags[view.container_count / 8] >> (view.container_count % 8) != 0)
		return "A flag is set for a block that does not exist.";
	next = view.containers;
	for (uint32 i = 0; i < view.container_count && fault == NULL; i++)
	{
		size_t		size;

		read_head(&view, i, &container);
		if (i > 0 && container.key <= read16(view.heads + 4 * (size_t) i - 4))
			return "The blocks do not ascend.";
		if (offsets && read32(offsets + 4 * (size_t) i) != (size_t) (next - bytes))
			return "A block is not where the header says.";
		container.data = next;
		if (container.kind == CONTAINER_RUN)
		{
			if (end - next < 2)
				return "The data end in the midst of a block.";
			container.run_count = read16(next);
			container.data += 2;
			size = 2 + 4 * (size_t) container.run_count;
		}
		else
			size = container.kind == CONTAINER_ARRAY ? 2 * (size_t) container.cardinality : BITSET_BYTES;
		if ((size_t) (end - next) < size)
			return "The data end in the midst of a block.";
		next += size;
		fault = container.kind == CONTAINER_ARRAY ? array_fault(&container) :
			container.kind == CONTAINER_BITSET ? bitset_fault(&container) : run_fault(&container);
	}
	if (fault)
		return fault;
	if (next != end)
		return "Something follows behind the last block.";
	if (person_set_holds(view, 0))
		return "Person numbers begin with 1.";
	return NULL;
}

/* ---------------------------------------------------------------- looking */

/* From the heads alone. */
uint64
person_set_cardinality(PersonSetView view)
{
	uint64		count = 0;

	for (uint32 i = 0; i < view.container_count; i++)
		count += read16(view.heads + 4 * (size_t) i + 2) + 1;
	return count;
}

/* Index of the first of count ascending values (stride bytes apart) that is not below value. */
static uint32
lower_bound(const unsigned char *values, uint32 count, uint32 stride, uint32 value)
{
	uint32		low = 0;

	while (low < count)
	{
		uint32		middle = (low + count) / 2;

		if (read16(values + (size_t) stride * middle) < value)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

static bool
container_holds(const PersonSetContainer *container, uint32 value)
{
	uint32		index;

	switch (container->kind)
	{
		case CONTAINER_ARRAY:
			index = lower_bound(container->data, container->cardinality, 2, value);
			return index < container->cardinality && read16(container->data + 2 * index) == value;
		case CONTAINER_BITSET:
			return has_bit(container->data, value);
		case CONTAINER_RUN:
			index = lower_bound(container->data, container->run_count, 4, value + 1);
			return index > 0 &&
				value - read16(container->data + 4 * index - 4) <= read16(container->data + 4 * index - 2);
	}
	return false;
}

bool
person_set_holds(PersonSetView view, uint32 person)
{
	uint32		index = lower_bound(view.heads, view.container_count, 4, person >> 16);
	PersonSetContainer container;
	const unsigned char *offsets;
	PersonSetCursor cursor;

	if (index >= view.container_count || read16(view.heads + 4 * (size_t) index) != person >> 16)
		return false;
	/* offsets, where there are any, lead to the container at once */
	offsets = view.heads + 4 * (size_t) view.container_count;
	cursor = person_set_cursor(view);
	if (offsets != view.containers)
	{
		cursor.index = index;
		cursor.next = view.bytes + read32(offsets + 4 * (size_t) index);
	}
	do
		person_set_next_container(&cursor, &container);
	while (cursor.index <= index);
	return container_holds(&container, person & 0xFFFF);
}

/* ---------------------------------------------------------------- walking */

PersonSetIterator
person_set_iterate(PersonSetView view)
{
	PersonSetIterator iterator;

	memset(&iterator, 0, sizeof(iterator));
	iterator.cursor = person_set_cursor(view);
	return iterator;
}

/* The next value of the open container; false at its end. */
static bool
next_value(PersonSetIterator *iterator, uint32 *value)
{
	const PersonSetContainer *container = &iterator->container;

	switch (container->kind)
	{
		case CONTAINER_ARRAY:
			if (iterator->position >= container->cardinality)
				return false;
			*value = read16(container->data + 2 * iterator->position++);
			return true;
		case CONTAINER_BITSET:
			/* position counts the words that were taken */
			while (iterator->word == 0)
			{
				if (iterator->position >= BITSET_WORDS)
					return false;
				iterator->word = read64(container->data + 8 * iterator->position++);
			}
			*value = (iterator->position - 1) * 64 + pg_rightmost_one_pos64(iterator->word);
			iterator->word &= iterator->word - 1;
			return true;
		case CONTAINER_RUN:
			if (iterator->position >= container->run_count)
				return false;
			*value = read16(container->data + 4 * iterator->position) + iterator->in_run;
			if (iterator->in_run++ == read16(container->data + 4 * iterator->position + 2))
			{
				iterator->position++;
				iterator->in_run = 0;
			}
			return true;
	}
	return false;
}

bool
person_set_next(PersonSetIterator *iterator, uint32 *person)
{
	uint32		value;

	while (!iterator->open || !next_value(iterator, &value))
	{
		if (!person_set_next_container(&iterator->cursor, &iterator->container))
		{
			iterator->open = false;
			return false;
		}
		iterator->open = true;
		iterator->position = 0;
		iterator->in_run = 0;
		iterator->word = 0;
	}
	*person = iterator->container.key << 16 | value;
	return true;
}

/* Takes the bits that follow the one last given without a gap; returns their number. */
static uint32
take_bits(PersonSetIterator *iterator, uint32 value)
{
	uint32		taken = 0;
	uint32		bit = (value & 63) + 1;

	for (;;)
	{
		uint64		missing = bit < 64 ? ~iterator->word >> bit : 0;
		uint32		ones = missing ? pg_rightmost_one_pos64(missing) : 64 - bit;

		/* beyond the word the shift brings zeros, which are no gap */
		ones = Min(ones, 64 - bit);
		taken += ones;
		if (bit + ones < 64)
		{
			iterator->word &= ~UINT64CONST(0) << (bit + ones);
			return taken;
		}
		iterator->word = 0;
		if (iterator->position >= BITSET_WORDS)
			return taken;
		iterator->word = read64(iterator->container.data + 8 * iterator->position++);
		bit = 0;
	}
}

/* The next numbers without a gap, as far as one container holds them. */
bool
person_set_next_range(PersonSetIterator *iterator, uint32 *first, uint32 *last)
{
	const PersonSetContainer *container = &iterator->container;

	if (!person_set_next(iterator, first))
		return false;
	*last = *first;
	switch (container->kind)
	{
		case CONTAINER_ARRAY:
			while (iterator->position < container->cardinality &&
				   read16(container->data + 2 * iterator->position) == (*last & 0xFFFF) + 1)
			{
				iterator->position++;
				++*last;
			}
			break;
		case CONTAINER_BITSET:
			*last += take_bits(iterator, *first & 0xFFFF);
			break;
		case CONTAINER_RUN:
			/* 0 when the run was this one number, and position is at the next */
			if (iterator->in_run > 0)
			{
				*last = container->key << 16 |
					(read16(container->data + 4 * iterator->position) + read16(container->data + 4 * iterator->position + 2));
				iterator->position++;
				iterator->in_run = 0;
			}
			break;
	}
	return true;
}

/* Of a set that is not empty. */
uint32
person_set_smallest(PersonSetView view)
{
	PersonSetIterator iterator = person_set_iterate(view);
	uint32		person = 0;

	person_set_next(&iterator, &person);
	return person;
}

uint32
person_set_largest(PersonSetView view)
{
	PersonSetCursor cursor = person_set_cursor(view);
	PersonSetContainer container;
	uint32		value = 0;

	while (person_set_next_container(&cursor, &container))
		;
	switch (container.kind)
	{
		case CONTAINER_ARRAY:
			value = read16(container.data + 2 * container.cardinality - 2);
			break;
		case CONTAINER_BITSET:
			for (value = 0xFFFF; !has_bit(container.data, value); value--)
				;
			break;
		case CONTAINER_RUN:
			value = read16(container.data + 4 * container.run_count - 4) +
				read16(container.data + 4 * container.run_count - 2);
			break;
	}
	return container.key << 16 | value;
}

/* ---------------------------------------------------------------- the one form of a set */

/* Walks over the values of one container. */
static PersonSetIterator
iterate_container(const PersonSetContainer *container)
{
	PersonSetIterator iterator;

	memset(&iterator, 0, sizeof(iterator));
	iterator.container = *container;
	iterator.open = true;
	return iterator;
}

static uint32
count_runs(const PersonSetContainer *container)
{
	uint32		runs = 0;
	uint64		carry = 0;
	uint32		free_from = 0;

	switch (container->kind)
	{
		case CONTAINER_ARRAY:
			for (uint32 i = 0; i < container->cardinality; i++)
				runs += i == 0 || read16(container->data + 2 * i) != read16(container->data + 2 * i - 2) + 1;
			break;
		case CONTAINER_BITSET:
			for (uint32 i = 0; i < BITSET_WORDS; i++)
			{
				uint64		word = read64(container->data + 8 * i);

				/* bits whose lower neighbour is not set */
				runs += pg_popcount64(word & ~(word << 1 | carry));
				carry = word >> 63;
			}
			break;
		case CONTAINER_RUN:
			for (uint32 i = 0; i < container->run_count; i++)
			{
				uint32		start = read16(container->data + 4 * i);

				runs += i == 0 || start != free_from;
				free_from = start + read16(container->data + 4 * i + 2) + 1;
			}
			break;
	}
	return runs;
}

/* The smallest of the forms; runs only where they are shorter. */
static ContainerKind
best_kind(const PersonSetContainer *container, uint32 runs, size_t *size)
{
	ContainerKind kind = container->cardinality <= ARRAY_MAX ? CONTAINER_ARRAY : CONTAINER_BITSET;

	*size = kind == CONTAINER_ARRAY ? 2 * (size_t) container->cardinality : BITSET_BYTES;
	if (2 + 4 * (size_t) runs < *size)
	{
		kind = CONTAINER_RUN;
		*size = 2 + 4 * (size_t) runs;
	}
	return kind;
}

static size_t
header_size(uint32 containers, bool with_runs)
{
	if (!with_runs)
		return 8 + 8 * (size_t) containers;
	return 4 + (containers + 7) / 8 + (containers >= OFFSETS_FROM ? 8 : 4) * (size_t) containers;
}

/* Bytes of the canonical form; run_counts takes a number for each container. */
size_t
person_set_canonical_size(PersonSetView view, uint32 *run_counts, bool *is_canonical)
{
	PersonSetCursor cursor = person_set_cursor(view);
	PersonSetContainer container;
	bool		with_runs = false;
	size_t		total = 0,
				size;

	*is_canonical = true;
	for (uint32 i = 0; person_set_next_container(&cursor, &container); i++)
	{
		ContainerKind kind;

		run_counts[i] = count_runs(&container);
		kind = best_kind(&container, run_counts[i], &size);
		with_runs |= kind == CONTAINER_RUN;
		*is_canonical &= kind == container.kind && (kind != CONTAINER_RUN || run_counts[i] == container.run_count);
		total += size;
	}
	*is_canonical &= with_runs == (view.run_flags != NULL);
	return header_size(view.container_count, with_runs) + total;
}

static inline void
write16(unsigned char *bytes, uint32 value)
{
	uint16		half = (uint16) value;

	memcpy(bytes, &half, sizeof(half));
}

static inline void
write32(unsigned char *bytes, uint32 value)
{
	memcpy(bytes, &value, sizeof(value));
}

static void
write_values(const PersonSetContainer *container, ContainerKind kind, unsigned char *out)
{
	PersonSetIterator iterator = iterate_container(container);
	uint32		value;

	if (kind == CONTAINER_BITSET)
		memset(out, 0, BITSET_BYTES);
	while (next_value(&iterator, &value))
	{
		if (kind == CONTAINER_BITSET)
			out[value >> 3] |= 1 << (value & 7);
		else
		{
			write16(out, value);
			out += 2;
		}
	}
}

static void
write_runs(const PersonSetContainer *container, uint32 runs, unsigned char *out)
{
	PersonSetIterator iterator = iterate_container(container);
	unsigned char *run = out + 2 - 4;
	uint32		next = PG_UINT32_MAX;
	uint32		value;

	write16(out, runs);
	while (next_value(&iterator, &value))
	{
		if (value != next)
		{
			run += 4;
			write16(run, value);
			write16(run + 2, 0);
		}
		else
			write16(run + 2, read16(run + 2) + 1);
		next = value + 1;
	}
}

/* Writes the form whose size person_set_canonical_size() gave. */
void
person_set_write_canonical(PersonSetView view, const uint32 *run_counts, unsigned char *out)
{
	PersonSetCursor cursor = person_set_cursor(view);
	PersonSetContainer container;
	bool		with_runs = false;
	unsigned char *heads;
	unsigned char *next;
	size_t		size;

	while (person_set_next_container(&cursor, &container))
		with_runs |= best_kind(&container, run_counts[cursor.index - 1], &size) == CONTAINER_RUN;
	next = out + header_size(view.container_count, with_runs);
	if (with_runs)
	{
		write32(out, COOKIE_WITH_RUNS | (view.container_count - 1) << 16);
		memset(out + 4, 0, (view.container_count + 7) / 8);
		heads = out + 4 + (view.container_count + 7) / 8;
	}
	else
	{
		write32(out, COOKIE_WITHOUT_RUNS);
		write32(out + 4, view.container_count);
		heads = out + 8;
	}
	cursor = person_set_cursor(view);
	for (uint32 i = 0; person_set_next_container(&cursor, &container); i++)
	{
		ContainerKind kind = best_kind(&container, run_counts[i], &size);

		write16(heads + 4 * (size_t) i, container.key);
		write16(heads + 4 * (size_t) i + 2, container.cardinality - 1);
		if (!with_runs || view.container_count >= OFFSETS_FROM)
			write32(heads + 4 * ((size_t) view.container_count + i), (uint32) (next - out));
		if (kind == CONTAINER_RUN)
		{
			out[4 + i / 8] |= 1 << (i % 8);
			write_runs(&container, run_counts[i], next);
		}
		else if (kind == container.kind)
			memcpy(next, container.data, size);
		else
			write_values(&container, kind, next);
		next += size;
	}
}

/* ---------------------------------------------------------------- counting what two sets share */

static uint32
common_of_arrays(const PersonSetContainer *a, const PersonSetContainer *b)
{
	uint32		i = 0,
				j = 0,
				count = 0;

	while (i < a->cardinality && j < b->cardinality)
	{
		uint32		x = read16(a->data + 2 * i),
					y = read16(b->data + 2 * j);

		/* without branches: which side is behind cannot be foretold */
		count += x == y;
		i += x <= y;
		j += y <= x;
	}
	return count;
}

static uint32
common_of_array(const PersonSetContainer *array, const PersonSetContainer *other)
{
	uint32		count = 0;

	for (uint32 i = 0; i < array->cardinality; i++)
		count += container_holds(other, read16(array->data + 2 * i));
	return count;
}

static uint32
common_of_bitsets(const PersonSetContainer *a, const PersonSetContainer *b)
{
	uint32		count = 0;

	for (uint32 i = 0; i < BITSET_WORDS; i++)
		count += pg_popcount64(read64(a->data + 8 * i) & read64(b->data + 8 * i));
	return count;
}

/* Bits of the bitset from start to last. */
static uint32
bits_between(const unsigned char *bits, uint32 start, uint32 last)
{
	uint64		first_mask = ~UINT64CONST(0) << (start & 63);
	uint64		last_mask = ~UINT64CONST(0) >> (63 - (last & 63));
	uint32		count;

	if (start >> 6 == last >> 6)
		return pg_popcount64(read64(bits + (start >> 6) * 8) & first_mask & last_mask);
	count = pg_popcount64(read64(bits + (start >> 6) * 8) & first_mask) +
		pg_popcount64(read64(bits + (last >> 6) * 8) & last_mask);
	for (uint32 word = (start >> 6) + 1; word < last >> 6; word++)
		count += pg_popcount64(read64(bits + word * 8));
	return count;
}

static uint32
common_of_bitset_and_runs(const PersonSetContainer *bitset, const PersonSetContainer *runs)
{
	uint32		count = 0;

	for (uint32 i = 0; i < runs->run_count; i++)
	{
		uint32		start = read16(runs->data + 4 * i);

		count += bits_between(bitset->data, start, start + read16(runs->data + 4 * i + 2));
	}
	return count;
}

static uint32
common_of_runs(const PersonSetContainer *a, const PersonSetContainer *b)
{
	uint32		i = 0,
				j = 0,
				count = 0;

	while (i < a->run_count && j < b->run_count)
	{
		uint32		a_start = read16(a->data + 4 * i),
					a_last = a_start + read16(a->data + 4 * i + 2),
					b_start = read16(b->data + 4 * j),
					b_last = b_start + read16(b->data + 4 * j + 2);
		uint32		start = Max(a_start, b_start),
					last = Min(a_last, b_last);

		if (start <= last)
			count += last - start + 1;
		i += a_last <= b_last;
		j += b_last <= a_last;
	}
	return count;
}

static uint32
common_of_containers(const PersonSetContainer *a, const PersonSetContainer *b)
{
	if (a->kind == CONTAINER_ARRAY && b->kind == CONTAINER_ARRAY)
		return common_of_arrays(a, b);
	if (a->kind == CONTAINER_ARRAY)
		return common_of_array(a, b);
	if (b->kind == CONTAINER_ARRAY)
		return common_of_array(b, a);
	if (a->kind == CONTAINER_BITSET)
		return b->kind == CONTAINER_BITSET ? common_of_bitsets(a, b) : common_of_bitset_and_runs(a, b);
	return b->kind == CONTAINER_BITSET ? common_of_bitset_and_runs(b, a) : common_of_runs(a, b);
}

/* Number of persons in both sets; with any, not counted further than to know that there is one. */
uint64
person_set_common_count(PersonSetView a, PersonSetView b, bool any)
{
	PersonSetCursor a_cursor = person_set_cursor(a),
				b_cursor = person_set_cursor(b);
	PersonSetContainer x,
				y;
	bool		more = person_set_next_container(&a_cursor, &x) && person_set_next_container(&b_cursor, &y);
	uint64		count = 0;

	while (more)
	{
		if (x.key == y.key)
		{
			count += common_of_containers(&x, &y);
			if (any && count > 0)
				break;
			more = person_set_next_container(&a_cursor, &x) && person_set_next_container(&b_cursor, &y);
		}
		else if (x.key < y.key)
			more = person_set_next_container(&a_cursor, &x);
		else
			more = person_set_next_container(&b_cursor, &y);
	}
	return count;
}

/* ---------------------------------------------------------------- text */

static const char *
skip_blanks(const char *text)
{
	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	return text;
}

bool
person_set_parse_begin(const char **text, bool *empty)
{
	const char *here = skip_blanks(*text);

	if (*here != '{')
		return false;
	here = skip_blanks(here + 1);
	*empty = *here == '}';
	*text = *empty ? here + 1 : here;
	return true;
}

static PersonSetParse
parse_number(const char **text, uint32 *number)
{
	const char *here = *text;
	uint64		value = 0;

	if (*here < '0' || *here > '9')
		return PERSON_SET_SYNTAX;
	for (; *here >= '0' && *here <= '9'; here++)
		if (value <= PERSON_SET_LARGEST)
			value = value * 10 + (*here - '0');
	*text = here;
	if (value == 0 || value > PERSON_SET_LARGEST)
		return PERSON_SET_RANGE;
	*number = (uint32) value;
	return PERSON_SET_ITEM;
}

PersonSetParse
person_set_parse_next(const char **text, uint32 *first, uint32 *last, bool *more)
{
	const char *here = *text;
	PersonSetParse outcome = parse_number(&here, first);

	if (outcome != PERSON_SET_ITEM)
		return outcome;
	*last = *first;
	if (*here == '-')
	{
		here++;
		outcome = parse_number(&here, last);
		if (outcome != PERSON_SET_ITEM)
			return outcome;
		if (*last < *first)
			return PERSON_SET_BACKWARDS;
	}
	here = skip_blanks(here);
	*more = *here == ',';
	if (*here != ',' && *here != '}')
		return PERSON_SET_SYNTAX;
	*text = *more ? skip_blanks(here + 1) : here + 1;
	return PERSON_SET_ITEM;
}

/* Nothing but blanks may follow. */
bool
person_set_parse_end(const char *text)
{
	return *skip_blanks(text) == '\0';
}
