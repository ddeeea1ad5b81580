/*
 * Sets of person numbers.  What sources stated whom is kept in such sets, see
 * compare/membership_deploy.sql.
 */

CREATE TYPE person_set;

CREATE FUNCTION person_set_in(cstring) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_in(cstring) IS 'input; 22P02 for a wrong shape, 22003 for a number that is no person number';

CREATE FUNCTION person_set_out(person_set) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION person_set_out(person_set) IS 'output: {1,5-9,12}';

CREATE FUNCTION person_set_recv(internal) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_recv(internal) IS 'binary input: the portable form of roaring bitmaps; 22P03 for anything else';

CREATE FUNCTION person_set_send(person_set) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_send(person_set) IS 'binary output: the portable form of roaring bitmaps';

CREATE TYPE person_set (
	INPUT = person_set_in,
	OUTPUT = person_set_out,
	RECEIVE = person_set_recv,
	SEND = person_set_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	-- packed already, and reading a part of it in place wants it plain
	STORAGE = external
);
COMMENT ON TYPE person_set IS 'set of person numbers from 1 to 4294967295, compressed; written {1,5-9,12}';

CREATE FUNCTION person_set_from_text(text) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_from_text(text) IS 'the set that a text holds; errors as of the input';

CREATE FUNCTION person_set_to_text(person_set) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION person_set_to_text(person_set) IS 'text of a set: {1,5-9,12}';

CREATE CAST (text AS person_set) WITH FUNCTION person_set_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS person_set) WITH FUNCTION person_set_from_text(text) AS ASSIGNMENT;
CREATE CAST (person_set AS text) WITH FUNCTION person_set_to_text(person_set) AS ASSIGNMENT;

-- Half a megabyte each where a city is large, hence the costs.

CREATE FUNCTION person_set_or(person_set, person_set) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION person_set_or(person_set, person_set) IS 'implementation of | operator';

CREATE FUNCTION person_set_and(person_set, person_set) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION person_set_and(person_set, person_set) IS 'implementation of & operator';

CREATE FUNCTION person_set_minus(person_set, person_set) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION person_set_minus(person_set, person_set) IS 'implementation of - operator';

CREATE FUNCTION person_set_xor(person_set, person_set) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION person_set_xor(person_set, person_set) IS 'implementation of # operator';

CREATE FUNCTION person_set_contains(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION person_set_contains(person_set, person_set) IS 'implementation of @> operator';

CREATE FUNCTION person_set_contained(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION person_set_contained(person_set, person_set) IS 'implementation of <@ operator';

CREATE FUNCTION person_set_overlaps(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION person_set_overlaps(person_set, person_set) IS 'implementation of && operator';

CREATE FUNCTION person_set_has(person_set, bigint) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION person_set_has(person_set, bigint) IS 'implementation of @> operator for one person';

CREATE FUNCTION person_set_has_commuted(bigint, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION person_set_has_commuted(bigint, person_set) IS 'implementation of <@ operator for one person';

CREATE FUNCTION person_set_eq(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_eq(person_set, person_set) IS 'implementation of = operator';

CREATE FUNCTION person_set_ne(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_ne(person_set, person_set) IS 'implementation of <> operator';

CREATE FUNCTION person_set_lt(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_lt(person_set, person_set) IS 'implementation of < operator';

CREATE FUNCTION person_set_le(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_le(person_set, person_set) IS 'implementation of <= operator';

CREATE FUNCTION person_set_gt(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_gt(person_set, person_set) IS 'implementation of > operator';

CREATE FUNCTION person_set_ge(person_set, person_set) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_ge(person_set, person_set) IS 'implementation of >= operator';

CREATE FUNCTION person_set_cmp(person_set, person_set) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_cmp(person_set, person_set) IS 'less-equal-greater';

CREATE FUNCTION person_set_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_sortsupport(internal) IS 'sort support';

CREATE FUNCTION person_set_hash(person_set) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_hash(person_set) IS 'hash';

CREATE FUNCTION person_set_hash_extended(person_set, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF COST 20;
COMMENT ON FUNCTION person_set_hash_extended(person_set, bigint) IS 'hash with seed';

CREATE FUNCTION person_set_has_restriction(internal, oid, internal, integer) RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_has_restriction(internal, oid, internal, integer) IS 'share of rows whose person is in a set';

CREATE OPERATOR | (FUNCTION = person_set_or, LEFTARG = person_set, RIGHTARG = person_set, COMMUTATOR = |);
COMMENT ON OPERATOR | (person_set, person_set) IS 'union';

CREATE OPERATOR & (FUNCTION = person_set_and, LEFTARG = person_set, RIGHTARG = person_set, COMMUTATOR = &);
COMMENT ON OPERATOR & (person_set, person_set) IS 'intersection';

CREATE OPERATOR - (FUNCTION = person_set_minus, LEFTARG = person_set, RIGHTARG = person_set);
COMMENT ON OPERATOR - (person_set, person_set) IS 'difference';

CREATE OPERATOR # (FUNCTION = person_set_xor, LEFTARG = person_set, RIGHTARG = person_set, COMMUTATOR = #);
COMMENT ON OPERATOR # (person_set, person_set) IS 'in one of the two only';

CREATE OPERATOR @> (
	FUNCTION = person_set_contains, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = <@,
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR @> (person_set, person_set) IS 'contains';

CREATE OPERATOR <@ (
	FUNCTION = person_set_contained, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = @>,
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR <@ (person_set, person_set) IS 'is contained in';

CREATE OPERATOR && (
	FUNCTION = person_set_overlaps, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = &&,
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR && (person_set, person_set) IS 'have a person in common';

CREATE OPERATOR @> (
	FUNCTION = person_set_has, LEFTARG = person_set, RIGHTARG = bigint,
	COMMUTATOR = <@,
	RESTRICT = person_set_has_restriction, JOIN = contjoinsel
);
COMMENT ON OPERATOR @> (person_set, bigint) IS 'holds the person';

CREATE OPERATOR <@ (
	FUNCTION = person_set_has_commuted, LEFTARG = bigint, RIGHTARG = person_set,
	COMMUTATOR = @>,
	RESTRICT = person_set_has_restriction, JOIN = contjoinsel
);
COMMENT ON OPERATOR <@ (bigint, person_set) IS 'is in the set';

CREATE OPERATOR = (
	FUNCTION = person_set_eq, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (person_set, person_set) IS 'equal';

CREATE OPERATOR <> (
	FUNCTION = person_set_ne, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (person_set, person_set) IS 'not equal';

CREATE OPERATOR < (
	FUNCTION = person_set_lt, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (person_set, person_set) IS 'less than';

CREATE OPERATOR <= (
	FUNCTION = person_set_le, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (person_set, person_set) IS 'less than or equal';

CREATE OPERATOR > (
	FUNCTION = person_set_gt, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (person_set, person_set) IS 'greater than';

CREATE OPERATOR >= (
	FUNCTION = person_set_ge, LEFTARG = person_set, RIGHTARG = person_set,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (person_set, person_set) IS 'greater than or equal';

-- An order without meaning, that of the bytes, for DISTINCT and merge joins.
CREATE OPERATOR CLASS person_set_ops DEFAULT FOR TYPE person_set USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 person_set_cmp(person_set, person_set),
	FUNCTION 2 person_set_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS person_set_ops DEFAULT FOR TYPE person_set USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 person_set_hash(person_set),
	FUNCTION 2 person_set_hash_extended(person_set, bigint);

CREATE FUNCTION person_set_size(person_set) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION person_set_size(person_set) IS 'number of persons in the set';

CREATE FUNCTION person_set_common(person_set, person_set) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION person_set_common(person_set, person_set) IS 'number of persons in both sets, counted without making their intersection';

CREATE FUNCTION person_set_min(person_set) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION person_set_min(person_set) IS 'smallest number in the set, null for the empty set';

CREATE FUNCTION person_set_max(person_set) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION person_set_max(person_set) IS 'largest number in the set, null for the empty set';

CREATE FUNCTION person_set_make(persons bigint[]) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION person_set_make(bigint[]) IS 'set of the persons of an array, in any order; 22004 for a null, 22003 for a number out of range';

CREATE FUNCTION person_set_unnest_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_unnest_support(internal) IS 'planner support of unnest(person_set)';

CREATE FUNCTION unnest(person_set) RETURNS SETOF bigint
	AS 'MODULE_PATHNAME', 'person_set_unnest' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100000 SUPPORT person_set_unnest_support;
COMMENT ON FUNCTION unnest(person_set) IS 'the persons of a set, ascending';

CREATE FUNCTION person_set_overlap(sets person_set[], OUT a integer, OUT b integer, OUT only_a bigint, OUT only_b bigint, OUT common bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 200;
COMMENT ON FUNCTION person_set_overlap(person_set[]) IS 'for every two elements of the array: how many persons are only in the first, only in the second, in both; 22004 for a null';

CREATE FUNCTION person_set_agg_accum(internal, bigint) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION person_set_agg_accum(internal, bigint) IS 'takes one more person';

CREATE FUNCTION person_set_union_accum(internal, person_set) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION person_set_union_accum(internal, person_set) IS 'takes the persons of one more set';

CREATE FUNCTION person_set_agg_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION person_set_agg_combine(internal, internal) IS 'unites two states';

CREATE FUNCTION person_set_agg_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_agg_serialize(internal) IS 'state for another process';

CREATE FUNCTION person_set_agg_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION person_set_agg_deserialize(bytea, internal) IS 'state from another process';

CREATE FUNCTION person_set_agg_final(internal) RETURNS person_set
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION person_set_agg_final(internal) IS 'the set so far';

CREATE AGGREGATE person_set_agg(bigint) (
	SFUNC = person_set_agg_accum, STYPE = internal, SSPACE = 65536,
	FINALFUNC = person_set_agg_final, COMBINEFUNC = person_set_agg_combine,
	SERIALFUNC = person_set_agg_serialize, DESERIALFUNC = person_set_agg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE person_set_agg(bigint) IS 'set of the persons, nulls left out, empty for no rows; 22003 for a number out of range';

CREATE AGGREGATE person_set_union(person_set) (
	SFUNC = person_set_union_accum, STYPE = internal, SSPACE = 65536,
	FINALFUNC = person_set_agg_final, COMBINEFUNC = person_set_agg_combine,
	SERIALFUNC = person_set_agg_serialize, DESERIALFUNC = person_set_agg_deserialize,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE person_set_union(person_set) IS 'persons in any of the sets, empty for no sets';
