/*
 * The room of coverage: sets of insurance schemes.  The table of schemes is
 * made by deploy.
 */

CREATE TYPE coverage;

CREATE FUNCTION coverage_in(cstring) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_in(cstring) IS 'input; 22P02 names an unknown scheme';

CREATE FUNCTION coverage_out(coverage) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_out(coverage) IS 'output: {P1,M1,U}';

CREATE FUNCTION coverage_recv(internal) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_recv(internal) IS 'binary input; every 32 bits are a set';

CREATE FUNCTION coverage_send(coverage) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_send(coverage) IS 'binary output';

CREATE TYPE coverage (
	INPUT = coverage_in,
	OUTPUT = coverage_out,
	RECEIVE = coverage_recv,
	SEND = coverage_send,
	LIKE = integer
);
COMMENT ON TYPE coverage IS 'set of insurance schemes: P1 to P5, M1 to M6, U, W, B, and the reserved S14 to S31';

CREATE FUNCTION coverage_from_text(text) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_from_text(text) IS 'the set that a text holds; 22P02 names an unknown scheme';

CREATE FUNCTION coverage_to_text(coverage) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_to_text(coverage) IS 'text of a set: {P1,M1,U}';

CREATE CAST (text AS coverage) WITH FUNCTION coverage_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS coverage) WITH FUNCTION coverage_from_text(text) AS ASSIGNMENT;
CREATE CAST (coverage AS text) WITH FUNCTION coverage_to_text(coverage) AS ASSIGNMENT;
-- Bit i of the integer is scheme i: the same four bytes.
CREATE CAST (coverage AS integer) WITHOUT FUNCTION;
CREATE CAST (integer AS coverage) WITHOUT FUNCTION;

CREATE FUNCTION coverage_or(coverage, coverage) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_or(coverage, coverage) IS 'implementation of | operator';

CREATE FUNCTION coverage_and(coverage, coverage) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_and(coverage, coverage) IS 'implementation of & operator';

CREATE FUNCTION coverage_minus(coverage, coverage) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_minus(coverage, coverage) IS 'implementation of - operator';

CREATE FUNCTION coverage_contains(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_contains(coverage, coverage) IS 'implementation of @> operator';

CREATE FUNCTION coverage_contained(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_contained(coverage, coverage) IS 'implementation of <@ operator';

CREATE FUNCTION coverage_overlaps(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_overlaps(coverage, coverage) IS 'implementation of && operator';

CREATE FUNCTION coverage_eq(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_eq(coverage, coverage) IS 'implementation of = operator';

CREATE FUNCTION coverage_ne(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_ne(coverage, coverage) IS 'implementation of <> operator';

CREATE FUNCTION coverage_lt(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_lt(coverage, coverage) IS 'implementation of < operator';

CREATE FUNCTION coverage_le(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_le(coverage, coverage) IS 'implementation of <= operator';

CREATE FUNCTION coverage_gt(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_gt(coverage, coverage) IS 'implementation of > operator';

CREATE FUNCTION coverage_ge(coverage, coverage) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_ge(coverage, coverage) IS 'implementation of >= operator';

CREATE FUNCTION coverage_cmp(coverage, coverage) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_cmp(coverage, coverage) IS 'less-equal-greater';

CREATE FUNCTION coverage_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_sortsupport(internal) IS 'sort support';

CREATE FUNCTION coverage_hash(coverage) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_hash(coverage) IS 'hash';

CREATE FUNCTION coverage_hash_extended(coverage, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION coverage_hash_extended(coverage, bigint) IS 'hash with seed';

CREATE OPERATOR | (FUNCTION = coverage_or, LEFTARG = coverage, RIGHTARG = coverage, COMMUTATOR = |);
COMMENT ON OPERATOR | (coverage, coverage) IS 'union';

CREATE OPERATOR & (FUNCTION = coverage_and, LEFTARG = coverage, RIGHTARG = coverage, COMMUTATOR = &);
COMMENT ON OPERATOR & (coverage, coverage) IS 'intersection';

CREATE OPERATOR - (FUNCTION = coverage_minus, LEFTARG = coverage, RIGHTARG = coverage);
COMMENT ON OPERATOR - (coverage, coverage) IS 'difference';

-- Planes have few distinct values and the operators are cheap, so the estimators
-- may try them on the statistics of the column.
CREATE OPERATOR @> (
	FUNCTION = coverage_contains, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = <@,
	RESTRICT = matchingsel, JOIN = matchingjoinsel
);
COMMENT ON OPERATOR @> (coverage, coverage) IS 'contains';

CREATE OPERATOR <@ (
	FUNCTION = coverage_contained, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = @>,
	RESTRICT = matchingsel, JOIN = matchingjoinsel
);
COMMENT ON OPERATOR <@ (coverage, coverage) IS 'is contained in';

CREATE OPERATOR && (
	FUNCTION = coverage_overlaps, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = &&,
	RESTRICT = matchingsel, JOIN = matchingjoinsel
);
COMMENT ON OPERATOR && (coverage, coverage) IS 'have a scheme in common';

CREATE OPERATOR = (
	FUNCTION = coverage_eq, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (coverage, coverage) IS 'equal';

CREATE OPERATOR <> (
	FUNCTION = coverage_ne, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (coverage, coverage) IS 'not equal';

CREATE OPERATOR < (
	FUNCTION = coverage_lt, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (coverage, coverage) IS 'less than';

CREATE OPERATOR <= (
	FUNCTION = coverage_le, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (coverage, coverage) IS 'less than or equal';

CREATE OPERATOR > (
	FUNCTION = coverage_gt, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (coverage, coverage) IS 'greater than';

CREATE OPERATOR >= (
	FUNCTION = coverage_ge, LEFTARG = coverage, RIGHTARG = coverage,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (coverage, coverage) IS 'greater than or equal';

-- An order without meaning, for DISTINCT, merge joins and stable reports.
CREATE OPERATOR CLASS coverage_ops DEFAULT FOR TYPE coverage USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 coverage_cmp(coverage, coverage),
	FUNCTION 2 coverage_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS coverage_ops DEFAULT FOR TYPE coverage USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 coverage_hash(coverage),
	FUNCTION 2 coverage_hash_extended(coverage, bigint);

CREATE FUNCTION coverage_size(coverage) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_size(coverage) IS 'number of schemes in the set';

CREATE FUNCTION coverage_kinds(coverage) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_kinds(coverage) IS 'kinds of insurance in the set: pension, medical, unemployment, injury, maternity; reserved schemes have none';

CREATE FUNCTION coverage_has(coverage, scheme text) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_has(coverage, text) IS 'is the scheme in the set? 22P02 for an unknown one';

CREATE FUNCTION coverage_make(schemes text[]) RETURNS coverage
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_make(text[]) IS 'set of the named schemes; 22P02 for an unknown one, 22004 for a null';

CREATE FUNCTION coverage_text(coverage) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_text(coverage) IS 'names of the schemes with commas, the empty string for the empty set';

CREATE AGGREGATE coverage_union(coverage) (
	SFUNC = coverage_or, STYPE = coverage, COMBINEFUNC = coverage_or, INITCOND = '{}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE coverage_union(coverage) IS 'schemes in any of the sets, empty for no sets';

CREATE AGGREGATE coverage_intersection(coverage) (
	SFUNC = coverage_and, STYPE = coverage, COMBINEFUNC = coverage_and, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coverage_intersection(coverage) IS 'schemes in all of the sets, null for no sets';

CREATE FUNCTION coverage_census_accum(bigint[], coverage) RETURNS bigint[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_census_accum(bigint[], coverage) IS 'counts the schemes of one more set';

CREATE FUNCTION coverage_census_combine(bigint[], bigint[]) RETURNS bigint[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_census_combine(bigint[], bigint[]) IS 'adds two censuses';

CREATE FUNCTION coverage_census_final(bigint[]) RETURNS bigint[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coverage_census_final(bigint[]) IS 'the census so far';

CREATE AGGREGATE coverage_census(coverage) (
	SFUNC = coverage_census_accum, STYPE = bigint[], SSPACE = 280,
	FINALFUNC = coverage_census_final, COMBINEFUNC = coverage_census_combine,
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE coverage_census(coverage) IS 'number of sets with each scheme: 32 counts, element i + 1 for bit i';
