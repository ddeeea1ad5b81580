-- Region codes: type, order, planner, history, files.
\set ON_ERROR_STOP 0
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET datestyle = ISO;
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM registry.deploy_script() WHERE room = 'region' LOOP EXECUTE r.script; END LOOP;
END $$;
RESET client_min_messages;

-- What an error says beside its message.
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	state := '00000'; message := 'accepted'; RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;

-- Input and output -----------------------------------------------------------

SELECT input, input::region_code AS output, region_level(input::region_code) AS level, region_parent(input::region_code) AS parent,
	region_last(input::region_code) AS last
FROM unnest(ARRAY['34', '3404', '340400', '340403', '340403001', '340403001001', '340403001000', '340400000000', '340000000000',
	'441900', '441900003', '441900003000', '441900003001', '460021', '469001', '429004', '659001', '830000', '999999999999']) AS input;

SELECT input, r.*
FROM unnest(ARRAY['', '3', '340', '34040', '3404000', '34040300', '3404030010', '34040300100', '3404030010010', '3404 3', ' 340403',
	'340403 ', '34040a', '３４０４０３', '34040-', '+34040', '003404', '00', '000000000000', '010000', '340002', '340000001', '340400000001',
	'340403000001', 'NULL', '淮南市']) AS input,
	pg_temp.refusal(format('SELECT %L::region_code', input)) r;
SELECT count(*) FILTER (WHERE region_code_try(input) IS NOT NULL) AS accepted, count(*) FILTER (WHERE region_code_try(input) IS NULL) AS refused
FROM unnest(ARRAY['34', '340403', '', '340', '340002', NULL, E'340403\n']) AS input;

-- Text casts take the same way.
SELECT '340403'::text::region_code, '34'::region_code::text, cast('340403001'::varchar AS region_code);
SELECT ''::text::region_code;
CREATE TEMP TABLE assigned (code region_code, written text);
INSERT INTO assigned SELECT t, '3404'::region_code FROM (VALUES ('340403'::text)) v(t);
SELECT * FROM assigned;

-- Binary: as strict as text.
SELECT region_code_send('340403'), region_code_send('999999999999');
CREATE TEMP TABLE places (code region_code);
INSERT INTO places SELECT code FROM region_seed();
INSERT INTO places VALUES (NULL), ('441900003'), ('340403001001');
SELECT current_setting('data_directory') || '/region_test.bin' AS binary_file, current_setting('data_directory') || '/region_test.csv' AS csv_file \gset
COPY places TO :'binary_file' (FORMAT binary);
CREATE TEMP TABLE returned (LIKE places);
COPY returned FROM :'binary_file' (FORMAT binary);
SELECT count(*), count(code), (SELECT count(*) FROM (TABLE places EXCEPT ALL TABLE returned) d) AS lost FROM returned;
COPY (SELECT 340002000000::int8) TO :'binary_file' (FORMAT binary);
COPY returned FROM :'binary_file' (FORMAT binary);
COPY (SELECT (-1)::int8) TO :'binary_file' (FORMAT binary);
COPY returned FROM :'binary_file' (FORMAT binary);
COPY (SELECT 3404::int4) TO :'binary_file' (FORMAT binary);
COPY returned FROM :'binary_file' (FORMAT binary);

-- Levels ---------------------------------------------------------------------

SELECT level, region_at_level('340403001001', level), region_at_level('441900003001', level), region_at_level('3404', level)
FROM generate_series(1, 5) AS level;
SELECT region_at_level('340403', 0);
SELECT region_at_level('340403', 6);
SELECT region_parent('340000') IS NULL AS province_has_none, region_lineage('340403001001'), region_lineage('441900003001'), region_lineage('34');

SELECT a, b, a::region_code @> b::region_code AS contains, b::region_code <@ a::region_code AS contained
FROM (VALUES ('34', '340403001001'), ('3404', '340403'), ('340403', '340403'), ('340403', '3404'), ('340403', '340404'), ('340403001', '340403002'),
	('4419', '441900003'), ('46', '460021'), ('340499', '340500'), ('34', '35')) v(a, b);
SELECT '34'::region_code @> NULL AS unknown;
-- Containment is the order's range, and the lineage, for every pair of codes.
SELECT count(*) AS pairs, count(*) FILTER (WHERE contains) AS contained,
	count(*) FILTER (WHERE contains <> (b >= a AND b <= region_last(a))) AS range_differs,
	count(*) FILTER (WHERE contains <> (a = ANY (region_lineage(b)))) AS lineage_differs
FROM (SELECT a.code AS a, b.code AS b, region_contains(a.code, b.code) AS contains
	FROM (SELECT DISTINCT code FROM region_seed() WHERE code <@ '34' OR code <@ '46') a,
		(SELECT DISTINCT code FROM region_seed() WHERE code <@ '34' OR code <@ '46') b) pairs;

-- Order and hash -------------------------------------------------------------

SELECT array_agg(code ORDER BY code) FROM (VALUES ('340403001'::region_code), ('34'), ('340404'), ('340403'), ('11'), ('340403001001')) v(code);
SELECT count(*) AS wrong FROM (SELECT code, lag(code) OVER (ORDER BY code) AS before, lag(code::text) OVER (ORDER BY rpad(code::text, 12, '0') COLLATE "C") AS text_before
	FROM (SELECT DISTINCT code FROM region_seed()) c) o WHERE before::text IS DISTINCT FROM text_before OR before >= code;
SELECT min(code), max(code) FROM places;
SELECT min(code), max(code) FROM places WHERE false;
SELECT bool_and(region_code_hash(code) = hashint8(rpad(code::text, 12, '0')::int8)) AS hash,
	bool_and(region_code_hash_extended(code, 7) = hashint8extended(rpad(code::text, 12, '0')::int8, 7)) AS extended
FROM places WHERE code IS NOT NULL;
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, region_code_cmp(a, b) AS cmp
FROM (VALUES ('34'::region_code, '3404'::region_code), ('3404', '3404'), ('3404', '34')) v(a, b);

-- Planner --------------------------------------------------------------------

-- few enough rows for ANALYZE to read them all, so that plans do not depend on its sample
CREATE TABLE settled (person bigint, code region_code);
INSERT INTO settled
SELECT row_number() OVER (), (county.code::text || lpad(town::text, 3, '0') || lpad(village::text, 3, '0'))::region_code
FROM (SELECT DISTINCT code FROM region_seed() WHERE region_level(code) = 3 AND code <@ '34') county,
	generate_series(1, 10) town, generate_series(1, 12) village
ORDER BY 2;
CREATE INDEX settled_code ON settled (code);
CREATE TABLE offices (code region_code PRIMARY KEY);
INSERT INTO offices SELECT DISTINCT code FROM region_seed() WHERE region_level(code) = 3 AND code <@ '3404' ORDER BY code;
INSERT INTO offices VALUES ('3404'), ('34');
CREATE INDEX places_code ON places (code);
VACUUM ANALYZE settled, offices, places;

-- a constant, either way round, as operator and as function
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ '340403';
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE '340403' @> code;
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE region_contains('340403', code);
EXPLAIN (COSTS OFF) SELECT * FROM offices WHERE code @> '340403001001';
-- a parameter of a generic plan
SET plan_cache_mode = force_generic_plan;
PREPARE inside(region_code) AS SELECT * FROM settled WHERE code <@ $1;
PREPARE around(region_code) AS SELECT * FROM settled WHERE code @> $1;
EXPLAIN (COSTS OFF) EXECUTE inside('340403');
EXPLAIN (COSTS OFF) EXECUTE around('340403001001');
-- a join: range scan on the inner side, or the lineage on the other
SET enable_memoize = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM offices o JOIN settled s ON s.code <@ o.code;
EXPLAIN (COSTS OFF) SELECT count(*) FROM places p JOIN settled s ON p.code @> s.code WHERE s.person = 7;
EXPLAIN (COSTS OFF) SELECT * FROM offices o, LATERAL (SELECT count(*) FROM settled s WHERE s.code <@ o.code) c;
RESET enable_memoize;
-- a sub-select is evaluated once and kept
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ (SELECT max(code) FROM offices);
-- a volatile side is evaluated for each row, as written
CREATE FUNCTION pg_temp.anywhere() RETURNS region_code LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN '3404'; END $$;
CREATE FUNCTION anywhere_costly() RETURNS region_code LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN '3404'; END $$;
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ pg_temp.anywhere();
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ anywhere_costly();
-- the answers agree with the operator's own
SELECT count(*) FILTER (WHERE code <@ '340403') AS simplified, count(*) FILTER (WHERE code <@ pg_temp.anywhere()) AS home,
	count(*) FILTER (WHERE code @> '340403001001') AS around FROM settled;
SELECT p.code FROM places p JOIN settled s ON p.code @> s.code WHERE s.code = '340403001001' ORDER BY 1;
SELECT o.code, count(s.code) FROM offices o LEFT JOIN settled s ON s.code <@ o.code GROUP BY o.code ORDER BY o.code;
-- partial index, BRIN, hash
CREATE INDEX settled_home ON settled (person) WHERE code <@ '3404';
EXPLAIN (COSTS OFF) SELECT person FROM settled WHERE code <@ '3404' AND person BETWEEN 1 AND 100 ORDER BY person;
DROP INDEX settled_home, settled_code;
CREATE INDEX settled_brin ON settled USING brin (code) WITH (pages_per_range = 4);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ '340403';
SELECT count(*) FROM settled WHERE code <@ '340403';
EXPLAIN (COSTS OFF) SELECT count(*) FROM offices o JOIN settled s ON s.code <@ o.code;
DROP INDEX settled_brin;
CREATE INDEX settled_hash ON settled USING hash (code);
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code = '340403001001';
EXPLAIN (COSTS OFF) SELECT * FROM settled WHERE code <@ '340403';
EXPLAIN (COSTS OFF) SELECT count(*) FROM offices o JOIN settled s ON s.code <@ o.code;
SELECT count(*) FROM settled WHERE code = '340403001001';
DROP INDEX settled_hash;
RESET enable_seqscan;
CREATE INDEX settled_code ON settled (code);
-- merge and hash joins on equality
SET enable_nestloop = off;
SET enable_hashjoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM settled a JOIN settled b USING (code);
RESET enable_hashjoin;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM settled a JOIN settled b USING (code);
RESET enable_nestloop;
RESET enable_mergejoin;

-- partitions: constant and generic parameter
CREATE TABLE divided (person bigint, code region_code) PARTITION BY RANGE (code);
CREATE TABLE divided_hefei PARTITION OF divided FOR VALUES FROM ('3401') TO ('3402');
CREATE TABLE divided_wuhu PARTITION OF divided FOR VALUES FROM ('3402') TO ('3403');
CREATE TABLE divided_huainan PARTITION OF divided FOR VALUES FROM ('3404') TO ('3405');
CREATE TABLE divided_rest PARTITION OF divided DEFAULT;
INSERT INTO divided TABLE settled;
EXPLAIN (COSTS OFF) SELECT * FROM divided WHERE code <@ '340403';
PREPARE divided_inside(region_code) AS SELECT count(*) FROM divided WHERE code <@ $1;
PREPARE divided_around(region_code) AS SELECT count(*) FROM divided WHERE code @> $1;
EXPLAIN (COSTS OFF) EXECUTE divided_inside('340403');
EXPLAIN (COSTS OFF) EXECUTE divided_around('340403001001');
EXECUTE divided_inside('3404');
CREATE TABLE listed (code region_code) PARTITION BY LIST (code);
CREATE TABLE listed_huainan PARTITION OF listed FOR VALUES IN ('3404');
CREATE TABLE listed_hefei PARTITION OF listed FOR VALUES IN ('3401');
EXPLAIN (COSTS OFF) SELECT * FROM listed WHERE code <@ '3404';
EXPLAIN (COSTS OFF) SELECT * FROM listed WHERE code @> '340403';
CREATE TABLE hashed (code region_code) PARTITION BY HASH (code);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hashed SELECT DISTINCT code FROM region_seed();
SELECT (SELECT count(*) FROM hashed_0) + (SELECT count(*) FROM hashed_1) AS rows, (SELECT count(*) FROM hashed_0) BETWEEN 3000 AND 3600 AS even;
DROP TABLE divided, listed, hashed;

-- estimates: within a factor of the truth
CREATE FUNCTION pg_temp.estimate(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
CREATE FUNCTION pg_temp.factor(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE real_rows float8; estimated float8 := pg_temp.estimate(query);
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) q', query) INTO real_rows;
	RETURN greatest(estimated, 1) / greatest(real_rows, 1);
END $$;
SELECT query, pg_temp.factor(query) BETWEEN 1 / within AND within AS honest
FROM (VALUES
	('SELECT FROM settled WHERE code <@ ''34''', 1.01),
	('SELECT FROM settled WHERE code <@ ''3404''', 2),
	('SELECT FROM settled WHERE code <@ ''340403''', 3),
	('SELECT FROM settled WHERE code <@ ''340403005''', 3),
	('SELECT FROM settled WHERE code <@ ''340403001001''', 3),
	('SELECT FROM settled WHERE region_contained(code, ''340403'')', 3),
	('SELECT FROM settled WHERE code <@ ''11''', 3),
	('SELECT FROM settled WHERE code @> ''340403001001''', 6),
	('SELECT FROM settled WHERE code <@ (SELECT max(code) FROM offices)', 20),
	('SELECT FROM offices o, settled s WHERE s.code <@ o.code', 1.5),
	('SELECT FROM offices o, settled s WHERE o.code @> s.code', 1.5),
	('SELECT FROM offices o, settled s WHERE region_contained(s.code, o.code)', 1.5),
	('SELECT FROM offices o WHERE EXISTS (SELECT FROM settled s WHERE s.code <@ o.code)', 1.5),
	('SELECT FROM offices o WHERE NOT EXISTS (SELECT FROM settled s WHERE s.code <@ o.code)', 2),
	('SELECT FROM settled s WHERE s.code <@ s.code', 300)
) v(query, within);
-- without statistics, and from a set that has none
CREATE TEMP TABLE unseen (code region_code);
INSERT INTO unseen SELECT code FROM settled LIMIT 1000;
SELECT pg_temp.estimate('SELECT FROM unseen WHERE code <@ ''3404''') BETWEEN 1 AND 100 AS unknown,
	pg_temp.estimate('SELECT FROM unseen u, settled s WHERE s.code <@ u.code') > 0 AS unknown_join,
	pg_temp.estimate('SELECT FROM settled WHERE code <@ NULL') <= 1 AS nothing;
-- many common values
INSERT INTO settled SELECT 0, '340403001001' FROM generate_series(1, 3000);
ANALYZE settled;
SELECT pg_temp.factor('SELECT FROM settled WHERE code <@ ''340403001''') BETWEEN 0.8 AND 1.2 AS common,
	pg_temp.factor('SELECT FROM offices o, settled s WHERE s.code <@ o.code') BETWEEN 0.5 AND 2 AS common_join;
DROP TABLE settled, offices;
DROP FUNCTION anywhere_costly();
RESET plan_cache_mode;

-- Catalog --------------------------------------------------------------------

SELECT am.amname, opcname, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_am am ON am.oid = c.opcmethod WHERE c.opcintype = 'region_code'::regtype ORDER BY 1, 2;
SELECT oprname, oprcom <> 0 AS commutator, oprnegate <> 0 AS negator, oprrest::text AS restriction, oprjoin::text AS join_estimate, oprcanhash, oprcanmerge
FROM pg_operator WHERE oprleft = 'region_code'::regtype AND oprright = 'region_code'::regtype ORDER BY 1;
SELECT a.oprname, b.oprname AS commutator FROM pg_operator a JOIN pg_operator b ON b.oid = a.oprcom
WHERE a.oprleft = 'region_code'::regtype AND b.oprcom <> a.oid;
-- functions of this room that say nothing about themselves or are not parallel safe
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace = 'registry'::regnamespace AND p.proname ~ '^region_' AND p.proname !~ '^region_(changed|mark_local)$'
	AND (obj_description(p.oid, 'pg_proc') IS NULL OR p.proparallel <> 's' OR NOT p.proisstrict);

-- History --------------------------------------------------------------------

SELECT code, "on", region_name(code::region_code, "on") AS name, region_alive(code::region_code, "on") AS alive
FROM (VALUES
	('340400', date '1981-01-01'), ('340403', '1981-01-01'), ('340403', '2024-01-01'), ('340403', '1980-12-31'),
	('341521', '2010-01-01'), ('341521', '2015-12-31'), ('341521', '2016-01-01'), ('341521', '1998-12-31'),
	('340422', '2015-12-01'), ('340422', '2014-12-31'), ('342422', '1990-05-05'), ('342422', '2000-01-01'),
	('330303', '1981-06-01'), ('330303', '1990-01-01'), ('340102', '1999-01-01'), ('340102', '2002-06-01'), ('340102', '2020-01-01'),
	('132201', '1982-01-01'), ('132201', '1984-06-01'), ('132201', '1990-01-01'), ('132201', '1994-01-01'),
	('320704', '1982-01-01'), ('320704', '1990-01-01'), ('320704', '2010-01-01'),
	('110103', '2009-01-01'), ('110103', '2011-01-01'), ('510200', '1990-01-01'), ('500000', '1998-01-01'), ('512900', '1993-01-01'),
	('810000', '1996-12-31'), ('810000', '1997-07-01'), ('820000', '2000-01-01'), ('710000', '2000-01-01'), ('830000', '2020-01-01'),
	('460021', '1995-01-01'), ('340524', '1980-01-01'), ('340403001', '2020-01-01')
) v(code, "on");
SELECT region_name('340403'), region_alive('340403'), region_alive('341521'), region_alive('990000'), region_name(NULL) IS NULL AS strict;

SELECT code, region_successors(code::region_code) AS successors, region_full_name(code::region_code) AS full_name
FROM unnest(ARRAY['342422', '341521', '340422', '340403', '340400', '34', '341121', '341127', '342600', '341400', '341422', '340221', '340822',
	'110103', '110101', '310108', '371202', '371203', '429001', '429004', '510200', '512900', '132201', '330303', '340102', '441900', '460021',
	'500101', '659001', '810101', '340524', '341521100', '341521100200']) AS code;
-- Every ended county has a living successor; the list is the living part of the closure.
SELECT count(*) AS ended, count(*) FILTER (WHERE cardinality(region_successors(code)) = 0) AS without,
	count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(region_successors(code)) s WHERE NOT region_alive(s))) AS dead_successor
FROM (SELECT code FROM region_seed() GROUP BY code HAVING region_level(code) = 3 AND NOT region_alive(code)) c;
SELECT code, region_is_home(code::region_code, '340400')
FROM unnest(ARRAY['340403', '340400', '340403001001', '341521', '342422', '341521100200', '340422', '340499', '341500', '340823', '340722', '34', '110101']) AS code;
-- The official lists' own words for a code that is no place do not stand in full names.
SELECT count(*) AS placeholders_named FROM region_seed() WHERE region_level(code) = 3 AND region_full_name(code) ~ '省直辖|市辖区';
SELECT region_is_home('340823', '3408') AS moved_away, region_is_home('340823', '3407') AS moved_here;

-- Seed and table agree; without a table the seed answers.
SELECT count(*) AS rows, count(DISTINCT code) AS codes, count(*) FILTER (WHERE to_year IS NULL) AS in_use, min(from_year), max(from_year) FROM region_seed();
BEGIN;
CREATE TEMP TABLE told AS SELECT code, valid_from, region_name(code, valid_from), region_full_name(code), region_successors(code) FROM region WHERE origin = 'shipped';
DROP TABLE registry.region CASCADE;
SELECT count(*) AS rows, count(*) FILTER (WHERE (t.region_name, t.region_full_name, t.region_successors)
	IS DISTINCT FROM (region_name(code, valid_from), region_full_name(code), region_successors(code))) AS differ FROM told t;
CREATE TABLE registry.region (code text);
SELECT region_name('340403') AS strange_table_is_not_asked;
ROLLBACK;

-- The registry's own changes count at once, and go with their transaction.
BEGIN;
SELECT add_region('340480', '毛集实验区', '2020-01-01');
SELECT region_name('340480'), region_full_name('340480'), region_alive('340480', '2019-12-31');
SAVEPOINT before;
SELECT end_region('340480', '2024-06-30', '{340421,340422}');
SELECT region_name('340480', '2024-06-30'), region_name('340480', '2024-07-01'), region_successors('340480'), region_is_home('340480', '3404');
ROLLBACK TO before;
SELECT region_name('340480', '2024-07-01'), region_successors('340480');
SELECT add_region('340403', '新田家庵区', '2026-01-01');
SELECT region_name('340403', '2025-12-31'), region_name('340403', '2026-01-01'), (SELECT array_agg(origin ORDER BY valid_from) FROM region WHERE code = '340403');
-- successors in a circle end
SELECT end_region('340402', '2020-12-31', '{340404}');
SELECT end_region('340404', '2020-12-31', '{340402}');
SELECT region_successors('340402'), region_is_home('340402', '3404'), region_full_name('340402');
-- another coding system means other places
INSERT INTO region (code, name, level, parent, valid_from, system) VALUES ('340405', '别的地方', 3, '3404', '2000-01-01', '险种系统');
SELECT region_name('340405');
TRUNCATE region;
SELECT region_name('340405') IS NULL AS emptied;
ROLLBACK;
SELECT region_name('340480') IS NULL AS gone, region_name('340403'), region_successors('340402');

SELECT r.* FROM unnest(ARRAY[
	'SELECT add_region(NULL, ''x'')', 'SELECT add_region(''340480'', '' '')', 'SELECT add_region(''347901'', ''x'')',
	'SELECT add_region(''340480'', ''x'', ''2020-01-01'', ''3405'')', 'SELECT add_region(''340400'', ''x'', ''1981-01-01'')',
	'SELECT end_region(NULL, ''2020-01-01'')', 'SELECT end_region(''341521'', ''2020-01-01'')', 'SELECT end_region(''340499'', ''2020-01-01'')',
	'SELECT end_region(''340403'', ''1970-01-01'')', 'SELECT end_region(''340403'', ''2020-01-01'', ''{340403}'')',
	'SELECT end_region(''340403'', ''2020-01-01'', ''{340499}'')', 'SELECT end_region(''340403'', ''2020-01-01'', ''{NULL}'')',
	'INSERT INTO registry.region (code, name, level, valid_from) VALUES (''340480'', ''x'', 2, ''2020-01-01'')',
	'INSERT INTO registry.region (code, name, level, parent, valid_from) VALUES (''340480'', ''x'', 3, ''3405'', ''2020-01-01'')',
	'INSERT INTO registry.region (code, name, level, valid_from, valid_to) VALUES (''340480'', ''x'', 3, ''2020-01-01'', ''2019-01-01'')'
]) AS statement, pg_temp.refusal(statement) r;

-- Deploy again: the registry's own rows stay, shipped rows come back as shipped.
BEGIN;
UPDATE region SET name = '田家庵' WHERE code = '340403';
SELECT add_region('340480', '毛集实验区', '2020-01-01');
SELECT end_region('340404', '2020-12-31');
DELETE FROM region WHERE code = '340405';
ALTER TABLE region DISABLE TRIGGER region_mark_local;
UPDATE region SET name = 'of an older version' WHERE code = '340406';
ALTER TABLE region ENABLE TRIGGER region_mark_local;
INSERT INTO region (code, name, level, parent, valid_from, origin) VALUES ('340479', 'of an older version', 3, '3404', '2020-01-01', 'shipped');
SET LOCAL client_min_messages = warning;
DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT * FROM registry.deploy_script() WHERE room = 'region' LOOP EXECUTE r.script; END LOOP;
END $$;
SELECT code, name, valid_from, valid_to, origin FROM region WHERE code <@ '3404' AND level <= 3 ORDER BY code, valid_from;
ROLLBACK;
SELECT count(*) - (SELECT count(*) FROM region_seed()) AS difference FROM region WHERE origin = 'shipped';

-- Files ----------------------------------------------------------------------

BEGIN;
\getenv source PG_ABS_SRCDIR
\set file :source '/data/huainan_regions.csv'
\lo_import :file
SELECT load_regions(lo_get(:LASTOID));
SELECT level, count(*), min(valid_from), max(valid_from) FROM region WHERE code <@ '3404' GROUP BY level ORDER BY level;
SELECT region_full_name('340403001001'), region_full_name('340422100'), region_is_home('340403001001', '340400');
SELECT count(*) AS without_parent FROM region r WHERE code <@ '3404' AND level > 2 AND NOT EXISTS (SELECT FROM region p WHERE p.code = r.parent);
-- again: an upsert
SELECT load_regions(lo_get(:LASTOID));
SELECT count(*) FROM region WHERE code <@ '3404' AND level > 3;
SELECT lo_unlink(:LASTOID);
ROLLBACK;

BEGIN;
-- header order, quotes, blank lines, mixed line ends, byte-order mark, GB18030, unused columns
SELECT load_regions(convert_to(E'\uFEFFparent, CODE ,note,name\r\n340403,340403901,x,"甲""街"",道"\r\n\r\n340403,340403902,,"乙\n镇"\n340403,"340403903", ,  丙镇  ', 'UTF8'));
SELECT code, name, level, parent, valid_from, system, origin FROM region WHERE code <@ '340403' AND level = 4 ORDER BY code;
SELECT load_regions(convert_to(E'code,name,parent\n340403904,㐂䶮街道,340403\n', 'GB18030'));
SELECT region_name('340403904');
-- a code and its parent in one file, in any order; a period that begins ends the one before
SELECT load_regions(convert_to(E'code,name,parent,valid_from,valid_to,successors\n340403905001,丁村,,20100101,,\n340403905,丁镇,340403,2010-01-01,,\n', 'UTF8'));
SELECT load_regions(convert_to(E'code,name,parent,valid_from,valid_to,successors\n340403905,丁街道,340403,2015-06-01,,\n340403901,甲街道,,,2019-12-31,"340403902;340403905"\n', 'UTF8'));
SELECT code, name, valid_from, valid_to, successors FROM region WHERE code IN ('340403905', '340403901') ORDER BY code, valid_from;
SELECT region_name('340403905', '2015-05-31'), region_name('340403905', '2015-06-01'), region_successors('340403901');
SELECT load_regions('code,name,parent'::bytea) AS header_only;
ROLLBACK;

-- what is refused, with its line
SELECT left(replace(replace(content, E'\n', '|'), E'\r', '|'), 60) AS content, r.state, r.message, r.detail, r.hint
FROM unnest(ARRAY[
	'', E'\n\n', 'code,name', 'code,name,parent,code', '代码,名称,上级',
	E'code,name,parent\n340403901,甲,340403\n34040390,乙,340403\n', E'code,name,parent\n,甲,340403\n', E'code,name,parent\n340403901,,340403\n',
	E'code,name,parent\n340403901,甲\n', E'code,name,parent\n340403901,甲,340403,\n', E'code,name,parent\n340403901,"甲,340403\n340403902,乙,340403\n',
	E'code,name,parent\n340403901,"甲"x,340403\n', E'code,name,parent\n340403901,甲,340404\n', E'code,name,parent\n340403901,甲,340403901\n',
	E'code,name,parent\n340499901,甲,340499\n', E'code,name,parent\n340403901001,甲,\n', E'code,name,parent\n340403901,甲,340403\n340403901,乙,340403\n',
	E'code,name,parent,valid_from\n340403901,甲,340403,2020-13-01\n', E'code,name,parent,valid_from\n340403901,甲,340403,2021-02-29\n',
	E'code,name,parent,valid_from\n340403901,甲,340403,1月1日\n', E'code,name,parent,valid_from,valid_to\n340403901,甲,340403,20200101,20190101\n',
	E'code,name,parent,valid_to\n340403,甲,3404,1970-01-01\n', E'code,name,parent,successors\n340403901,甲,340403,340403902 x\n', E'code,name,parent,successors\n340403901,甲,340403,340403901\n',
	'code,name,parent' || repeat(',x', 70)
]) AS content, pg_temp.refusal(format('SELECT registry.load_regions(convert_to(%L, ''UTF8''))', content)) r;
SELECT r.state, r.message, r.detail FROM unnest(ARRAY[
	'\x636f64652c6e616d652c706172656e740a3334303430333930312cff2c3334303430330a', '\x636f64652c6e616d652c706172656e740a3334303430333930312c002c3334303430330a',
	'\x636f64652c6e616d652c706172656e740a3334303430333930312cfe39fe392c3334303430330a'
]) AS content, pg_temp.refusal(format('SELECT registry.load_regions(%L::bytea)', content)) r;
SELECT count(*) AS nothing_loaded FROM region WHERE code IN ('340403901', '340403902');

-- from the server's files
COPY (VALUES ('code', 'name', 'parent'), ('340403901', '甲街道', '340403')) TO :'csv_file' (FORMAT csv, ENCODING 'GB18030');
BEGIN;
SELECT load_regions(:'csv_file');
SELECT region_name('340403901');
ROLLBACK;
SELECT state, regexp_replace(message, '".*"', '"…"') AS message FROM pg_temp.refusal('SELECT registry.load_regions(''/nowhere/regions.csv'')');
SELECT state, regexp_replace(message, '".*"', '"…"') AS message FROM pg_temp.refusal(format('SELECT registry.load_regions(%L)', current_setting('data_directory')));
CREATE ROLE regress_region_reader;
GRANT USAGE ON SCHEMA registry TO regress_region_reader;
SET ROLE regress_region_reader;
SELECT region_name('340403'), (SELECT count(*) > 6000 FROM region) AS readable;
SELECT region_file_content(:'csv_file');
SELECT load_regions('code,name,parent'::bytea);
SELECT add_region('340480', 'x');
SELECT end_region('340403', '2020-01-01');
INSERT INTO region (code, name, level, valid_from) VALUES ('340480', 'x', 3, '2020-01-01');
RESET ROLE;
GRANT pg_read_server_files TO regress_region_reader;
SET ROLE regress_region_reader;
SELECT length(region_file_content(:'csv_file'));
RESET ROLE;
REVOKE USAGE ON SCHEMA registry FROM regress_region_reader;
DROP ROLE regress_region_reader;
-- the file is emptied, the server's folder cannot be cleaned from here
COPY (SELECT WHERE false) TO :'csv_file';
COPY (SELECT WHERE false) TO :'binary_file';

-- the trigger function guards its use
CREATE TABLE misused (code region_code);
CREATE TRIGGER misused AFTER INSERT ON misused FOR EACH ROW EXECUTE FUNCTION region_mark_local();
INSERT INTO misused VALUES ('3404');
DROP TRIGGER misused ON misused;
CREATE TRIGGER misused BEFORE UPDATE ON misused FOR EACH ROW EXECUTE FUNCTION region_mark_local();
INSERT INTO misused VALUES ('3404');
UPDATE misused SET code = '3405';
DROP TABLE misused;

-- a place at home that ended is its one successor; of a divided one nobody knows the part
BEGIN;
SELECT count(add_region(c::region_code, n, '2000-01-01')) FROM (VALUES ('340403901', '甲街道'), ('340403902', '乙街道'), ('340403903', '丙街道'), ('340403904', '丁街道')) v (c, n);
SELECT count(end_region(c::region_code, '2020-06-30', s::region_code[])) FROM (VALUES ('340403901', '{340403902}'), ('340403903', '{340403902,340403904}')) v (c, s);
SELECT c, person_territory(NULL, c::region_code, NULL, '340400') AS belongs, region_name(c::region_code) AS name, region_label(c::region_code) AS label,
	region_label(c::region_code, '2010-01-01') AS then
FROM unnest('{340403901,340403901001,340403902,340403903,340403999,342422}'::text[]) c;
ROLLBACK;

-- parallel workers answer alike
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE widely AS SELECT code FROM region;
ANALYZE widely;
EXPLAIN (COSTS OFF) SELECT count(region_name(code)), max(code), min(code) FROM widely WHERE region_is_home(code, '3404');
SELECT count(region_name(code)), max(code), min(code) FROM widely WHERE region_is_home(code, '3404');
DROP TABLE widely;
