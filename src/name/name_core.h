/*
 * name_core.h
 *		The part of name folding that needs neither the server nor ICU.
 *
 * Works on arrays of code points that the caller supplies; every step writes
 * in place and never makes an array longer, so an array of one element per
 * byte of the name is enough for all of them.
 */
#ifndef REGISTRY_NAME_CORE_H
#define REGISTRY_NAME_CORE_H

#include "postgres.h"

/* What stands for half or broken bytes. */
#define NAME_DAMAGED 0xFFFD
#define NAME_DOT 0x00B7

/* Findings about a name as received; the rules of the same number. */
#define NAME_FAULT_INVALID (1 << 0)		/* ID22 */
#define NAME_FAULT_DAMAGED (1 << 1)		/* ID23 */
#define NAME_FAULT_LATIN (1 << 2)	/* ID24 */
#define NAME_FAULT_DOT (1 << 3) /* ID25 */
#define NAME_FAULT_NOTE (1 << 4)	/* ID26 */

/* A name on its way through the steps. */
typedef struct NamePoints
{
	uint32	   *points;
	int			count;
} NamePoints;

/* What a registry lays over the shipped classes of characters. */
typedef enum NameClassKind
{
	NAME_CLASS_VARIANT,			/* the same character in key2, nearly so in likeness */
	NAME_CLASS_EXCHANGED,		/* the same in key2, less so in likeness */
	NAME_CLASS_ALIKE,			/* near in likeness only */
	NAME_CLASS_APART			/* in no shipped class of key2 */
} NameClassKind;

typedef struct NameClassRow
{
	NameClassKind kind;
	uint32		form;
	uint32		stands_for;		/* 0 for NAME_CLASS_APART */
} NameClassRow;

/* Characters outside U+3400 .. U+9FFF that rows may name. */
#define NAME_FAR_MAX 4096

extern int	name_tables_version(void);

extern size_t name_character_size(const char *text);
extern int	name_decode(const char *text, size_t length, uint32 *points);
extern size_t name_encode(const uint32 *points, int count, char *text);

extern bool name_is_plain(const char *text, size_t length);
extern bool point_is_han(uint32 point);
extern bool point_is_private(uint32 point);
extern bool point_is_damage(uint32 point);
extern bool point_is_latin(uint32 point);
extern bool point_is_letter(uint32 point);
extern bool point_needs_unicode(uint32 point);
extern bool points_have_han(const uint32 *points, int count);

extern int	name_strip(uint32 *points, int count);
extern int	name_split_note(const uint32 *points, int count, int *note);
extern int	name_unbracket(uint32 *points, int count);
extern int	name_regulate(uint32 *points, int count);
extern void name_upper_ascii(uint32 *points, int count);

extern bool name_classes_build(const NameClassRow *rows, int count);
extern uint32 name_variant(uint32 point);
extern uint32 name_exchanged(uint32 point);
extern int	name_vary(uint32 *points, int count);
extern bool name_vary_plain(char *text, size_t length);
extern bool name_alike(uint32 a, uint32 b);
extern int	name_neighbours(uint32 point, uint32 *found, int room, int *variants);

extern int	name_mask_points(const uint32 *points, int count, uint32 *masked, int room);
extern bool name_points_invalid(const uint32 *points, int count);
extern bool name_plain_invalid(const char *name, size_t length);
extern int	name_points_faults(const uint32 *raw, int raw_count, const uint32 *clean, int clean_count, bool note);

/* Alternatives are parted by a slash, the usual one first; NULL when there is nothing to say. */
extern const char *name_surname_readings(const uint32 *points, int count, int *used);
extern const char *name_given_readings(uint32 point);
extern int	name_surname_length(const uint32 *points, int count);

/*
 * One element of a name under comparison: a character, a letter, or a run of
 * letters that stands for a character in a Chinese name.
 */
typedef enum NameTokenKind
{
	NAME_TOKEN_CHARACTER,
	NAME_TOKEN_PINYIN,
	NAME_TOKEN_DAMAGE
} NameTokenKind;

#define NAME_TOKENS_MAX 128

/* Readings are packed, five bits a letter, see name_pack_reading(). */
typedef struct NameToken
{
	NameTokenKind kind;
	uint32		point;
	uint32		variant;
	uint32		reading;		/* without tone, 0 unknown */
	uint32		other_reading;	/* of a polyphone, or 0 */
	int			tone;			/* 1-4 of reading, 0 none or unknown */
	int			part;			/* of a dotted name, from 0 */
} NameToken;

extern uint32 name_pack_reading(const char *letters, size_t length);
extern int	name_tokens(const uint32 *points, int count, NameToken tokens[NAME_TOKENS_MAX]);
extern float name_tokens_similarity(const NameToken *a, int a_count, const NameToken *b, int b_count);

#endif							/* REGISTRY_NAME_CORE_H */
