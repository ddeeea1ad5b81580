/*
 * Names: forms for the register, for matching and for masked readers.
 *
 * Sources: the name dot is U+00B7 by 民委发〔2016〕33号; the private-use points are
 * those at which the editions of GB 18030 (2000, 2005, 2022) and GBK differ;
 * the standard characters of their own, which only the variant key joins, are
 * of 通用规范汉字表 (2013).  No function here refuses a name: whatever the text
 * is, there is an answer, and null gives null.  The only error is that of an
 * ICU library that cannot be used, SQLSTATE 38000.
 *
 * name_clean and name_key rest on our own tables (name_fold_version) and on
 * properties that Unicode promises never to change; they are immutable as the
 * word is meant.  name_variant_key and name_similarity read the classes of
 * characters of this registry (table name_variant) and are stable: store or
 * index name_key, and compute these.  Readings follow the data of the ICU
 * library, as ICU collations do: they are marked immutable so that they can be
 * indexed, and what is stored of them is made anew by registry.refold_names()
 * when name_icu_version() changes.
 */
CREATE FUNCTION name_clean(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION name_clean(text) IS
	'name for the register: invisible characters, notes in brackets and false dots gone, rare characters in their standard code points';

CREATE FUNCTION name_key(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION name_key(text) IS 'key by which names are the same: name_clean in upper case; valid for one name_fold_version()';

CREATE FUNCTION name_variant_key(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_variant_key(text) IS
	'key by which names are the same but for variants of characters: name_key with traditional, old and exchanged forms made one and without dots; follows table name_variant';

CREATE FUNCTION name_note(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_note(text) IS 'what stands in brackets behind the name and name_clean leaves out; null when there is nothing (rule ID26)';

CREATE FUNCTION name_similarity(a text, b text) RETURNS real
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION name_similarity(text, text) IS
	'likeness of two names, 1 exactly when their keys are equal, below 0.5 when they are not one person''s (rules DP04, HK02); follows table name_variant and name_icu_version()';

CREATE FUNCTION name_pinyin(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 30;
COMMENT ON FUNCTION name_pinyin(text) IS
	'reading without tones for the search of candidates, surname by its reading as a surname, one space between syllables; valid for one name_icu_version()';

CREATE FUNCTION name_pinyin_set(name text) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
COMMENT ON FUNCTION name_pinyin_set(text) IS
	'name_pinyin first, then the other readings of a polyphonic surname and of polyphonic characters of the given name, at most 16; valid for one name_icu_version()';

CREATE FUNCTION name_given_pinyin_set(given text) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION name_given_pinyin_set(text) IS 'name_pinyin_set of a name without its surname; valid for one name_icu_version()';

CREATE FUNCTION name_surname(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_surname(text) IS 'surname at the beginning of the name key; empty for dotted names and those in other scripts';

CREATE FUNCTION name_given(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_given(text) IS 'name key behind name_surname';

CREATE FUNCTION name_initials(pinyin text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION name_initials(text) IS 'first character of each word: zjg of zhang jian guo';

CREATE FUNCTION name_neighbour_set(name text) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION name_neighbour_set(text) IS
	'name_key first, then the keys that are the same but for variants of characters or for one look-alike, at most 256; follows table name_variant';

CREATE FUNCTION name_variant_changed() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION name_variant_changed() IS 'trigger of registry.name_variant: every session reads the table anew';

CREATE FUNCTION name_mask(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION name_mask(text) IS 'name with stars for readers without a right to it; the stars do not count the letters of long names';

CREATE FUNCTION name_invalid(name text) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION name_invalid(text) IS 'is this no name: empty, one character, digits, punctuation, a placeholder (rule ID22)';

CREATE FUNCTION name_faults(name text) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION name_faults(text) IS 'rules ID22 to ID26 that a name as received breaks: invalid, damaged, Latin letters in a Chinese name, false dot, note';

CREATE FUNCTION name_icu_version() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION name_icu_version() IS 'versions of the ICU library and of its Unicode data; readings and similarities belong to one';

CREATE FUNCTION name_fold_version() RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION name_fold_version() IS 'version of the fold tables of this library; stored name keys belong to one';
