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
 * The keys rest on our own tables (name_fold_version) and on properties that
 * Unicode promises never to change; they are immutable as the word is meant.
 * Readings, and with them similarity, follow the data of the ICU library, as
 * ICU collations do: they are marked immutable so that they can be indexed,
 * and such an index is to be rebuilt when name_icu_version() changes.
 */
CREATE FUNCTION name_clean(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION name_clean(text) IS
	'name for the register: invisible characters, notes in brackets and false dots gone, rare characters in their standard code points';

CREATE FUNCTION name_key(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION name_key(text) IS 'key by which names are the same: name_clean in upper case; valid for one name_fold_version()';

CREATE FUNCTION name_variant_key(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_variant_key(text) IS
	'key by which names are the same but for variants of characters: name_key with traditional, old and exchanged forms made one and without dots; valid for one name_fold_version()';

CREATE FUNCTION name_note(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION name_note(text) IS 'what stands in brackets behind the name and name_clean leaves out; null when there is nothing (rule ID26)';

CREATE FUNCTION name_similarity(a text, b text) RETURNS real
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION name_similarity(text, text) IS
	'likeness of two names, 1 exactly when their keys are equal, below 0.5 when they are not one person''s (rules DP04, HK02); valid for one name_icu_version()';

CREATE FUNCTION name_pinyin(name text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 30;
COMMENT ON FUNCTION name_pinyin(text) IS
	'reading without tones for the search of candidates, surname by its reading as a surname, one space between syllables; valid for one name_icu_version()';

CREATE FUNCTION name_pinyin_set(name text) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40;
COMMENT ON FUNCTION name_pinyin_set(text) IS 'name_pinyin first, then the other readings of a polyphonic surname; valid for one name_icu_version()';

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
