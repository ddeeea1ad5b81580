/* Type region_code: a place in the administrative division (GB/T 2260, GB/T 10114). */

CREATE TYPE region_code;

CREATE FUNCTION region_code_in(cstring) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_code_out(region_code) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_code_recv(internal) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_code_send(region_code) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION region_code_in(cstring) IS 'input of type region_code: 2, 4, 6, 9 or 12 digits';
COMMENT ON FUNCTION region_code_out(region_code) IS 'output of type region_code: 6, 9 or 12 digits';
COMMENT ON FUNCTION region_code_recv(internal) IS 'binary input of type region_code';
COMMENT ON FUNCTION region_code_send(region_code) IS 'binary output of type region_code: the twelve digits as int8';

CREATE TYPE region_code (
	INPUT = region_code_in,
	OUTPUT = region_code_out,
	RECEIVE = region_code_recv,
	SEND = region_code_send,
	LIKE = pg_catalog.int8
);
COMMENT ON TYPE region_code IS 'place in the administrative division: province, city, county, town or village';

CREATE FUNCTION region_code_from_text(text) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION region_code_from_text(text) IS 'region code of a text; error 22P02 when it is none';
CREATE FUNCTION region_code_to_text(region_code) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_code_to_text(region_code) IS 'text of a region code: 6, 9 or 12 digits';
CREATE CAST (text AS region_code) WITH FUNCTION region_code_from_text(text) AS ASSIGNMENT;
CREATE CAST (region_code AS text) WITH FUNCTION region_code_to_text(region_code) AS ASSIGNMENT;

CREATE FUNCTION region_code_try(text) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_code_try(text) IS 'region code of a text, null when it is none';

/* Order and hash */

CREATE FUNCTION region_code_eq(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_ne(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_lt(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_le(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_gt(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_ge(region_code, region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_code_eq(region_code, region_code) IS 'implementation of = operator';
COMMENT ON FUNCTION region_code_ne(region_code, region_code) IS 'implementation of <> operator';
COMMENT ON FUNCTION region_code_lt(region_code, region_code) IS 'implementation of < operator';
COMMENT ON FUNCTION region_code_le(region_code, region_code) IS 'implementation of <= operator';
COMMENT ON FUNCTION region_code_gt(region_code, region_code) IS 'implementation of > operator';
COMMENT ON FUNCTION region_code_ge(region_code, region_code) IS 'implementation of >= operator';

CREATE OPERATOR = (
	FUNCTION = region_code_eq, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
	FUNCTION = region_code_ne, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
	FUNCTION = region_code_lt, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
	FUNCTION = region_code_le, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
	FUNCTION = region_code_gt, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
	FUNCTION = region_code_ge, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR = (region_code, region_code) IS 'equal';
COMMENT ON OPERATOR <> (region_code, region_code) IS 'not equal';
COMMENT ON OPERATOR < (region_code, region_code) IS 'before, in the order of the codes';
COMMENT ON OPERATOR <= (region_code, region_code) IS 'before or equal, in the order of the codes';
COMMENT ON OPERATOR > (region_code, region_code) IS 'after, in the order of the codes';
COMMENT ON OPERATOR >= (region_code, region_code) IS 'after or equal, in the order of the codes';

CREATE FUNCTION region_code_cmp(region_code, region_code) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_code_hash(region_code) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_hash_extended(region_code, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_code_cmp(region_code, region_code) IS 'less-equal-greater of two region codes';
COMMENT ON FUNCTION region_code_sortsupport(internal) IS 'sort support of type region_code';
COMMENT ON FUNCTION region_code_hash(region_code) IS 'hash';
COMMENT ON FUNCTION region_code_hash_extended(region_code, bigint) IS 'hash with seed';

CREATE OPERATOR CLASS region_code_ops DEFAULT FOR TYPE region_code USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 region_code_cmp(region_code, region_code),
	FUNCTION 2 region_code_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS region_code_ops DEFAULT FOR TYPE region_code USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 region_code_hash(region_code),
	FUNCTION 2 region_code_hash_extended(region_code, bigint);

CREATE OPERATOR CLASS region_code_minmax_ops DEFAULT FOR TYPE region_code USING brin AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 brin_minmax_opcinfo(internal),
	FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
	FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
	FUNCTION 4 brin_minmax_union(internal, internal, internal);

CREATE FUNCTION region_code_smaller(region_code, region_code) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
CREATE FUNCTION region_code_larger(region_code, region_code) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_code_smaller(region_code, region_code) IS 'the smaller of two region codes';
COMMENT ON FUNCTION region_code_larger(region_code, region_code) IS 'the larger of two region codes';
CREATE AGGREGATE min(region_code) (
	SFUNC = region_code_smaller, STYPE = region_code, COMBINEFUNC = region_code_smaller, SORTOP = <, PARALLEL = SAFE
);
CREATE AGGREGATE max(region_code) (
	SFUNC = region_code_larger, STYPE = region_code, COMBINEFUNC = region_code_larger, SORTOP = >, PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(region_code) IS 'first region code';
COMMENT ON AGGREGATE max(region_code) IS 'last region code';

/* Levels */

CREATE FUNCTION region_level(code region_code) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_level(region_code) IS 'level of a place: 1 province, 2 city, 3 county, 4 town, 5 village';
CREATE FUNCTION region_parent(code region_code) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_parent(region_code) IS 'next place above, null for a province';
CREATE FUNCTION region_at_level(code region_code, level integer) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION region_at_level(region_code, integer) IS 'place of that level in which the code lies; a code of a higher level itself';
CREATE FUNCTION region_last(code region_code) RETURNS region_code
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_last(region_code) IS 'upper bound of the codes inside a place: x <@ c is x >= c AND x <= region_last(c)';
CREATE FUNCTION region_lineage(code region_code) RETURNS region_code[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION region_lineage(region_code) IS 'a place and every place around it, province first: outer @> x is outer = ANY (region_lineage(x))';

/* Containment */

CREATE FUNCTION region_contains_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_contained_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_contains_restriction(internal, oid, internal, integer) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_contained_restriction(internal, oid, internal, integer) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_contains_join(internal, oid, internal, smallint, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION region_contained_join(internal, oid, internal, smallint, internal) RETURNS float8
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION region_contains_support(internal) IS 'planner support of region_contains';
COMMENT ON FUNCTION region_contained_support(internal) IS 'planner support of region_contained';
COMMENT ON FUNCTION region_contains_restriction(internal, oid, internal, integer) IS 'restriction selectivity of @>';
COMMENT ON FUNCTION region_contained_restriction(internal, oid, internal, integer) IS 'restriction selectivity of <@';
COMMENT ON FUNCTION region_contains_join(internal, oid, internal, smallint, internal) IS 'join selectivity of @>';
COMMENT ON FUNCTION region_contained_join(internal, oid, internal, smallint, internal) IS 'join selectivity of <@';

CREATE FUNCTION region_contains("outer" region_code, "inner" region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF SUPPORT region_contains_support;
CREATE FUNCTION region_contained("inner" region_code, "outer" region_code) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF SUPPORT region_contained_support;
COMMENT ON FUNCTION region_contains(region_code, region_code) IS 'implementation of @> operator';
COMMENT ON FUNCTION region_contained(region_code, region_code) IS 'implementation of <@ operator';
CREATE OPERATOR @> (
	FUNCTION = region_contains, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = <@, RESTRICT = region_contains_restriction, JOIN = region_contains_join
);
CREATE OPERATOR <@ (
	FUNCTION = region_contained, LEFTARG = region_code, RIGHTARG = region_code,
	COMMUTATOR = @>, RESTRICT = region_contained_restriction, JOIN = region_contained_join
);
COMMENT ON OPERATOR @> (region_code, region_code) IS 'the place contains the other or is the same';
COMMENT ON OPERATOR <@ (region_code, region_code) IS 'the place lies in the other or is the same';

/* History */

CREATE FUNCTION region_seed(OUT code region_code, OUT name text, OUT from_year integer, OUT to_year integer,
							OUT successors region_code[]) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 6800 COST 1000;
COMMENT ON FUNCTION region_seed() IS 'history of provinces, cities and counties that ships with the extension; to_year is the year in which the code ended, null while in use';

CREATE FUNCTION region_name(code region_code, "on" date DEFAULT CURRENT_DATE) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION region_name(region_code, date) IS 'name of a code in force on a day, null when it was not in force';
CREATE FUNCTION region_label(code region_code, "on" date DEFAULT CURRENT_DATE) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION region_label(region_code, date) IS 'name of a code on a day, or the last name it had; null for an unknown code';
CREATE FUNCTION region_alive(code region_code, "on" date DEFAULT CURRENT_DATE) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION region_alive(region_code, date) IS 'whether a code was in force on a day';
CREATE FUNCTION region_successors(code region_code) RETURNS region_code[]
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION region_successors(region_code) IS 'codes in force today into which an ended code went; empty for a code in force, null for an unknown one';
CREATE FUNCTION region_full_name(code region_code) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION region_full_name(region_code) IS 'names from the province down to the place, for an ended code those of its last years';
CREATE FUNCTION region_is_home(code region_code, home region_code) RETURNS boolean
	AS 'MODULE_PATHNAME', 'region_is_home_sql' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 3;
COMMENT ON FUNCTION region_is_home(region_code, region_code) IS 'whether the place lies in home today, by its code or by a successor of its code';

CREATE FUNCTION region_changed() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION region_changed() IS 'trigger of registry.region: every session reads the table anew';
CREATE FUNCTION region_mark_local() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION region_mark_local() IS 'trigger of registry.region: an updated row is no longer replaced by deploy';

CREATE TYPE region_file_row AS (
	line_no integer,
	code region_code,
	name text,
	parent region_code,
	valid_from date,
	valid_to date,
	successors region_code[]
);
COMMENT ON TYPE region_file_row IS 'one row of a file of regions';
CREATE FUNCTION region_file(content bytea) RETURNS SETOF region_file_row
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 2000 COST 1000;
COMMENT ON FUNCTION region_file(bytea) IS 'rows of a CSV file of regions in UTF-8 or GB18030; error 22P04 naming line and column';
CREATE FUNCTION region_file_content(path text) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION region_file_content(text) IS 'content of a file of the server; needs the role pg_read_server_files';
