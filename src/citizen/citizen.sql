/*
 * The room of the citizen: numbers of persons (citizen_id and other
 * documents) and of employers (credit_code).
 */

CREATE TYPE citizen_id;

CREATE FUNCTION citizen_id_in(cstring) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_in(cstring) IS 'input; 22P02 names the part that failed';

CREATE FUNCTION citizen_id_out(citizen_id) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_out(citizen_id) IS 'output: 18 characters, upper case';

CREATE FUNCTION citizen_id_recv(internal) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_recv(internal) IS 'binary input, as strict as text input';

CREATE FUNCTION citizen_id_send(citizen_id) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_send(citizen_id) IS 'binary output';

CREATE TYPE citizen_id (
	INPUT = citizen_id_in,
	OUTPUT = citizen_id_out,
	RECEIVE = citizen_id_recv,
	SEND = citizen_id_send,
	LIKE = bigint
);
COMMENT ON TYPE citizen_id IS 'citizen number of GB 11643-1999 with the residence permits of the same form: 18 characters held as eight bytes';

CREATE FUNCTION citizen_id_from_text(text) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_from_text(text) IS 'the number that a text holds; 22P02 names the part that failed';

CREATE FUNCTION citizen_id_to_text(citizen_id) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_to_text(citizen_id) IS '18 characters, upper case';

CREATE FUNCTION citizen_id_from_char(character) RETURNS citizen_id
	AS 'MODULE_PATHNAME', 'citizen_id_from_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_from_char(character) IS 'the number that a column of fixed width holds; 22P02 names the part that failed';

-- Without their own casts assignments from varchar and char columns would be refused.
CREATE CAST (text AS citizen_id) WITH FUNCTION citizen_id_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS citizen_id) WITH FUNCTION citizen_id_from_text(text) AS ASSIGNMENT;
CREATE CAST (character AS citizen_id) WITH FUNCTION citizen_id_from_char(character) AS ASSIGNMENT;
CREATE CAST (citizen_id AS text) WITH FUNCTION citizen_id_to_text(citizen_id) AS ASSIGNMENT;

CREATE FUNCTION citizen_id_try(text) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_try(text) IS 'the number that a text holds, null when it is malformed';

CREATE FUNCTION citizen_id_eq(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_eq(citizen_id, citizen_id) IS 'implementation of = operator';

CREATE FUNCTION citizen_id_ne(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_ne(citizen_id, citizen_id) IS 'implementation of <> operator';

CREATE FUNCTION citizen_id_lt(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_lt(citizen_id, citizen_id) IS 'implementation of < operator';

CREATE FUNCTION citizen_id_le(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_le(citizen_id, citizen_id) IS 'implementation of <= operator';

CREATE FUNCTION citizen_id_gt(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_gt(citizen_id, citizen_id) IS 'implementation of > operator';

CREATE FUNCTION citizen_id_ge(citizen_id, citizen_id) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_ge(citizen_id, citizen_id) IS 'implementation of >= operator';

CREATE FUNCTION citizen_id_cmp(citizen_id, citizen_id) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_cmp(citizen_id, citizen_id) IS 'less-equal-greater';

CREATE FUNCTION citizen_id_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_sortsupport(internal) IS 'sort support';

CREATE FUNCTION citizen_id_hash(citizen_id) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_hash(citizen_id) IS 'hash';

CREATE FUNCTION citizen_id_hash_extended(citizen_id, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION citizen_id_hash_extended(citizen_id, bigint) IS 'hash with seed';

CREATE OPERATOR = (
	FUNCTION = citizen_id_eq, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (citizen_id, citizen_id) IS 'equal';

CREATE OPERATOR <> (
	FUNCTION = citizen_id_ne, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (citizen_id, citizen_id) IS 'not equal';

CREATE OPERATOR < (
	FUNCTION = citizen_id_lt, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (citizen_id, citizen_id) IS 'less than';

CREATE OPERATOR <= (
	FUNCTION = citizen_id_le, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (citizen_id, citizen_id) IS 'less than or equal';

CREATE OPERATOR > (
	FUNCTION = citizen_id_gt, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (citizen_id, citizen_id) IS 'greater than';

CREATE OPERATOR >= (
	FUNCTION = citizen_id_ge, LEFTARG = citizen_id, RIGHTARG = citizen_id,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (citizen_id, citizen_id) IS 'greater than or equal';

CREATE OPERATOR CLASS citizen_id_ops DEFAULT FOR TYPE citizen_id USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 citizen_id_cmp(citizen_id, citizen_id),
	FUNCTION 2 citizen_id_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS citizen_id_ops DEFAULT FOR TYPE citizen_id USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 citizen_id_hash(citizen_id),
	FUNCTION 2 citizen_id_hash_extended(citizen_id, bigint);

CREATE OPERATOR CLASS citizen_id_minmax_ops DEFAULT FOR TYPE citizen_id USING brin AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 brin_minmax_opcinfo(internal),
	FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
	FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
	FUNCTION 4 brin_minmax_union(internal, internal, internal),
	STORAGE citizen_id;

CREATE FUNCTION citizen_id_larger(citizen_id, citizen_id) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_larger(citizen_id, citizen_id) IS 'the greater of two';

CREATE FUNCTION citizen_id_smaller(citizen_id, citizen_id) RETURNS citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_smaller(citizen_id, citizen_id) IS 'the smaller of two';

CREATE AGGREGATE max(citizen_id) (
	SFUNC = citizen_id_larger, STYPE = citizen_id, COMBINEFUNC = citizen_id_larger, SORTOP = >, PARALLEL = SAFE
);
COMMENT ON AGGREGATE max(citizen_id) IS 'greatest value';

CREATE AGGREGATE min(citizen_id) (
	SFUNC = citizen_id_smaller, STYPE = citizen_id, COMBINEFUNC = citizen_id_smaller, SORTOP = <, PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(citizen_id) IS 'smallest value';

CREATE FUNCTION citizen_id_birth_date(citizen_id) RETURNS date
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_birth_date(citizen_id) IS 'birth date, digits 7 to 14';

CREATE FUNCTION citizen_id_sex(citizen_id) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_sex(citizen_id) IS 'M or F, by the parity of digit 17';

CREATE FUNCTION citizen_id_region(citizen_id) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_region(citizen_id) IS 'region that issued the number, digits 1 to 6; of permanent residence the province; never the place where the person belongs today';

CREATE FUNCTION citizen_id_age(id citizen_id, "on" date) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_age(citizen_id, date) IS 'completed years on a day, negative before the birth';

CREATE FUNCTION citizen_id_kind(citizen_id) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_kind(citizen_id) IS 'citizen, residence_permit (first digits 81, 82, 83) or permanent_residence (first digit 9)';

CREATE FUNCTION citizen_id_mask(citizen_id) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION citizen_id_mask(citizen_id) IS 'first six and last four characters, stars between';

-- Stable: the history of regions may stand in a table that the DBA keeps.
CREATE FUNCTION citizen_id_grade(number text, "on" date DEFAULT current_date,
		OUT grade text, OUT reason text, OUT id citizen_id, OUT hint text)
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION citizen_id_grade(text, date) IS 'grade (ok, odd, bad) of a number as written, the first reason for it, the number when well-formed, and what can be done; never raises an error';

CREATE FUNCTION citizen_id_candidates(number text, OUT id citizen_id, OUT edit text) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 12;
COMMENT ON FUNCTION citizen_id_candidates(text) IS 'valid numbers one edit away from a text that is none: one digit, two neighbours swapped, one character missing or too much, a wrong check character';

CREATE FUNCTION citizen_id_neighbours(citizen_id) RETURNS SETOF citizen_id
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 110;
COMMENT ON FUNCTION citizen_id_neighbours(citizen_id) IS 'valid numbers whose 17 digits differ by one digit or one swap of neighbours';

CREATE FUNCTION document_read(given text, OUT kind text, OUT number text, OUT id citizen_id,
		OUT legacy15 boolean, OUT cleaned boolean, OUT fault text)
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION document_read(text) IS 'what intake makes of a document number: kind (AAC058), canonical number, citizen number, or the rule it breaks (ID01 to ID21); never raises an error';

CREATE FUNCTION document_social_number(text) RETURNS text
	AS 'MODULE_PATHNAME', 'document_social_number_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION document_social_number(text) IS 'social-security number of the holder of a document: HKG, MAC, TWN forms for travel permits, else the number itself; null for a number with a fault';

CREATE TYPE credit_code;

CREATE FUNCTION credit_code_in(cstring) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_in(cstring) IS 'input; 22P02 names the part that failed';

CREATE FUNCTION credit_code_out(credit_code) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_out(credit_code) IS 'output: 18 characters, upper case';

CREATE FUNCTION credit_code_recv(internal) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_recv(internal) IS 'binary input, as strict as text input';

CREATE FUNCTION credit_code_send(credit_code) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_send(credit_code) IS 'binary output';

CREATE TYPE credit_code (
	INPUT = credit_code_in,
	OUTPUT = credit_code_out,
	RECEIVE = credit_code_recv,
	SEND = credit_code_send,
	INTERNALLENGTH = 12,
	ALIGNMENT = char
);
COMMENT ON TYPE credit_code IS 'unified social credit code of GB 32100-2015, held as twelve bytes';

CREATE FUNCTION credit_code_from_text(text) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_from_text(text) IS 'the code that a text holds; 22P02 names the part that failed';

CREATE FUNCTION credit_code_to_text(credit_code) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_to_text(credit_code) IS '18 characters, upper case';

CREATE FUNCTION credit_code_from_char(character) RETURNS credit_code
	AS 'MODULE_PATHNAME', 'credit_code_from_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_from_char(character) IS 'the code that a column of fixed width holds; 22P02 names the part that failed';

-- Without their own casts assignments from varchar and char columns would be refused.
CREATE CAST (text AS credit_code) WITH FUNCTION credit_code_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS credit_code) WITH FUNCTION credit_code_from_text(text) AS ASSIGNMENT;
CREATE CAST (character AS credit_code) WITH FUNCTION credit_code_from_char(character) AS ASSIGNMENT;
CREATE CAST (credit_code AS text) WITH FUNCTION credit_code_to_text(credit_code) AS ASSIGNMENT;

CREATE FUNCTION credit_code_try(text) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_try(text) IS 'the code that a text holds, null when it is malformed';

CREATE FUNCTION credit_code_eq(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_eq(credit_code, credit_code) IS 'implementation of = operator';

CREATE FUNCTION credit_code_ne(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_ne(credit_code, credit_code) IS 'implementation of <> operator';

CREATE FUNCTION credit_code_lt(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_lt(credit_code, credit_code) IS 'implementation of < operator';

CREATE FUNCTION credit_code_le(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_le(credit_code, credit_code) IS 'implementation of <= operator';

CREATE FUNCTION credit_code_gt(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_gt(credit_code, credit_code) IS 'implementation of > operator';

CREATE FUNCTION credit_code_ge(credit_code, credit_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_ge(credit_code, credit_code) IS 'implementation of >= operator';

CREATE FUNCTION credit_code_cmp(credit_code, credit_code) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_cmp(credit_code, credit_code) IS 'less-equal-greater';

CREATE FUNCTION credit_code_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_sortsupport(internal) IS 'sort support';

CREATE FUNCTION credit_code_hash(credit_code) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_hash(credit_code) IS 'hash';

CREATE FUNCTION credit_code_hash_extended(credit_code, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION credit_code_hash_extended(credit_code, bigint) IS 'hash with seed';

CREATE OPERATOR = (
	FUNCTION = credit_code_eq, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (credit_code, credit_code) IS 'equal';

CREATE OPERATOR <> (
	FUNCTION = credit_code_ne, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (credit_code, credit_code) IS 'not equal';

CREATE OPERATOR < (
	FUNCTION = credit_code_lt, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (credit_code, credit_code) IS 'less than';

CREATE OPERATOR <= (
	FUNCTION = credit_code_le, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (credit_code, credit_code) IS 'less than or equal';

CREATE OPERATOR > (
	FUNCTION = credit_code_gt, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (credit_code, credit_code) IS 'greater than';

CREATE OPERATOR >= (
	FUNCTION = credit_code_ge, LEFTARG = credit_code, RIGHTARG = credit_code,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (credit_code, credit_code) IS 'greater than or equal';

CREATE OPERATOR CLASS credit_code_ops DEFAULT FOR TYPE credit_code USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 credit_code_cmp(credit_code, credit_code),
	FUNCTION 2 credit_code_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS credit_code_ops DEFAULT FOR TYPE credit_code USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 credit_code_hash(credit_code),
	FUNCTION 2 credit_code_hash_extended(credit_code, bigint);

CREATE OPERATOR CLASS credit_code_minmax_ops DEFAULT FOR TYPE credit_code USING brin AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 brin_minmax_opcinfo(internal),
	FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
	FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
	FUNCTION 4 brin_minmax_union(internal, internal, internal),
	STORAGE credit_code;

CREATE FUNCTION credit_code_larger(credit_code, credit_code) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_larger(credit_code, credit_code) IS 'the greater of two';

CREATE FUNCTION credit_code_smaller(credit_code, credit_code) RETURNS credit_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_smaller(credit_code, credit_code) IS 'the smaller of two';

CREATE AGGREGATE max(credit_code) (
	SFUNC = credit_code_larger, STYPE = credit_code, COMBINEFUNC = credit_code_larger, SORTOP = >, PARALLEL = SAFE
);
COMMENT ON AGGREGATE max(credit_code) IS 'greatest value';

CREATE AGGREGATE min(credit_code) (
	SFUNC = credit_code_smaller, STYPE = credit_code, COMBINEFUNC = credit_code_smaller, SORTOP = <, PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(credit_code) IS 'smallest value';

CREATE FUNCTION credit_code_organisation(credit_code) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_organisation(credit_code) IS 'organisation code of GB 11714, characters 9 to 17';

CREATE FUNCTION credit_code_region(credit_code) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION credit_code_region(credit_code) IS 'region of registration, characters 3 to 8; null when they are no region code';

CREATE FUNCTION credit_code_grade(code text, OUT grade text, OUT reason text, OUT hint text)
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION credit_code_grade(text) IS 'grade (ok, odd, bad) of a code as written, the first reason for it, and what can be done; never raises an error';
