--
-- coverage: sets of insurance schemes
--
SET client_min_messages = warning;

-- What a statement answers: its value, or the error with its detail.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	message text;
	detail text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || message || ' | ' || detail;
END $$;

-- Input and output ------------------------------------------------------------

SELECT given, given::coverage AS read, coverage_text(given::coverage) AS names, coverage_size(given::coverage) AS size, given::coverage::int AS bits
FROM unnest(ARRAY['{}', ' { } ', '{P1}', '{P1,M1,U}', '{U,M1,P1}', '{ P1 , M1 , U }', E'\t{P1,\nM1}\r\n', '{P1,P1,P1}',
	'{P1,P2,P3,P4,P5,M1,M2,M3,M4,M5,M6,U,W,B}', '{S14,S31}',
	'{P1,P2,P3,P4,P5,M1,M2,M3,M4,M5,M6,U,W,B,S14,S15,S16,S17,S18,S19,S20,S21,S22,S23,S24,S25,S26,S27,S28,S29,S30,S31}']) AS given;

SELECT given, pg_temp.attempt(format('SELECT %L::coverage', given)) AS answer
FROM unnest(ARRAY['', ' ', 'P1', 'P1,M1', '{', '}', '{P1', 'P1}', '{P1}}', '{P1} x', '{{P1}}', '{,}', '{P1,}', '{,P1}', '{P1,,M1}', '{P1 M1}', '{P1;M1}',
	'{P6}', '{P0}', '{p1}', '{M}', '{S13}', '{S32}', '{S014}', '{NULL}', '{"P1"}', '{城镇职工}', '{' || repeat('P', 100) || '}', '[P1]', '1']) AS given;

SELECT pg_temp.attempt('SELECT ''{P1,Q}''::text::coverage');
SELECT '{P1}'::varchar::coverage, '{P1,M1}'::coverage::text, '{P1,M1}'::coverage::varchar, 33::coverage, '{S31}'::coverage::int, (-1)::coverage::int;
CREATE TEMP TABLE staged (plane coverage);
INSERT INTO staged VALUES ('{P1}'::text), ('{U}'::varchar);
INSERT INTO staged VALUES (3);
SELECT * FROM staged;
-- Every 32 bits are a set and come back.
SELECT count(*) FILTER (WHERE bits::coverage::text::coverage::int <> bits) AS differ
FROM (SELECT hashint4(n) AS bits FROM generate_series(1, 5000) AS n) AS b;

-- Operators, against arrays of names ---------------------------------------------

CREATE TEMP TABLE pairs AS
SELECT a, b, string_to_array(coverage_text(a), ',') AS aa, string_to_array(coverage_text(b), ',') AS bb
FROM (SELECT (hashint4(n) & hashint4(n + 7))::coverage AS a, (hashint4(n + 1) & hashint4(n * 3) & CASE WHEN n % 3 = 0 THEN hashint4(n) & hashint4(n + 7) ELSE -1 END)::coverage AS b
	FROM generate_series(1, 2000) AS n) AS p;
SELECT count(*) AS pairs, count(*) FILTER (WHERE a @> b) AS containing,
	count(*) FILTER (WHERE (a @> b) <> (aa @> bb)) AS contains,
	count(*) FILTER (WHERE (b <@ a) <> (aa @> bb)) AS contained,
	count(*) FILTER (WHERE (a && b) <> (aa && bb)) AS overlaps,
	count(*) FILTER (WHERE (a = b) <> (aa = bb)) AS eq,
	count(*) FILTER (WHERE (a <> b) <> (aa <> bb)) AS ne,
	count(*) FILTER (WHERE (a | b) <> coverage_make(aa || bb)) AS u,
	count(*) FILTER (WHERE (a & b) <> coverage_make(ARRAY(SELECT unnest(aa) INTERSECT SELECT unnest(bb)))) AS i,
	count(*) FILTER (WHERE (a - b) <> coverage_make(ARRAY(SELECT unnest(aa) EXCEPT SELECT unnest(bb)))) AS d,
	count(*) FILTER (WHERE coverage_size(a) <> cardinality(aa)) AS size,
	count(*) FILTER (WHERE coverage_make(aa) <> a) AS make,
	count(*) FILTER (WHERE (a < b) <> ((a::int::bit(32)::bigint) < (b::int::bit(32)::bigint))) AS lt,
	count(*) FILTER (WHERE (a <= b) = (a > b) OR (a >= b) = (a < b)) AS complement
FROM pairs;
SELECT '{}' < '{P1}'::coverage AS empty_first, '{S31}' > '{S30}'::coverage AS unsigned, '{}'::coverage @> '{}' AS holds_itself, '{}'::coverage && '{}' AS shares_nothing;
SELECT NULL::coverage | '{P1}' AS unknown;

-- Functions ---------------------------------------------------------------------------

SELECT bit, (1 << bit)::coverage AS scheme, coverage_kinds((1 << bit)::coverage) AS kinds FROM generate_series(0, 31) AS bit;
SELECT coverage_kinds('{B,W,U,M1,P1,P2}'), coverage_kinds('{}'), coverage_kinds('{S14}');
SELECT coverage_has('{P1,M1}', 'M1'), coverage_has('{P1,M1}', 'U'), coverage_has('{S31}', 'S31');
SELECT pg_temp.attempt($$SELECT coverage_has('{P1}', 'P9')$$), pg_temp.attempt($$SELECT coverage_has('{P1}', '')$$);
SELECT coverage_make('{U,P1,P1}'), coverage_make('{}'), coverage_make('{{P1,P2},{M1,M2}}');
SELECT pg_temp.attempt($$SELECT coverage_make('{P1,X}')$$), pg_temp.attempt($$SELECT coverage_make(ARRAY['P1', NULL])$$);
SELECT coverage_text('{}') = '' AS empty_text;

-- Aggregates ------------------------------------------------------------------------------

CREATE TABLE coverage_plane AS SELECT n, n % 7 AS territory, (hashint4(n) & 16383)::coverage AS plane FROM generate_series(1, 20000) AS n;
INSERT INTO coverage_plane VALUES (0, 0, NULL);
ANALYZE coverage_plane;

SELECT coverage_union(c), coverage_intersection(c), coverage_census(c)
FROM (VALUES ('{P1,M1}'::coverage), ('{P1,S31}'), (NULL), ('{P1,M1,U}')) AS v(c);
SELECT coverage_union(c), coverage_intersection(c), coverage_census(c) FROM (VALUES (NULL::coverage)) AS v(c);
SELECT coverage_union(plane), coverage_intersection(plane), coverage_census(plane) FROM coverage_plane WHERE false;

CREATE TEMP TABLE counted AS
SELECT territory, array_agg(persons ORDER BY bit) AS census
FROM (SELECT territory, bit, count(*) FILTER (WHERE plane && (1 << bit)::coverage) AS persons
	FROM coverage_plane, generate_series(0, 31) AS bit GROUP BY territory, bit) AS c GROUP BY territory;
-- Grouped by hash and by sort, and all at once.
SELECT count(*) FILTER (WHERE coverage_census <> census) AS differ, count(*) AS territories
FROM (SELECT territory, coverage_census(plane) FROM coverage_plane GROUP BY territory) AS g JOIN counted USING (territory);
SET enable_hashagg = off;
SELECT count(*) FILTER (WHERE coverage_census <> census) AS differ, count(*) AS territories
FROM (SELECT territory, coverage_census(plane) FROM coverage_plane GROUP BY territory) AS g JOIN counted USING (territory);
RESET enable_hashagg;
SELECT (SELECT array_agg(total ORDER BY bit) FROM (SELECT bit, sum(census[bit])::bigint AS total FROM counted, generate_series(1, 32) AS bit GROUP BY bit) AS t)
	= (SELECT coverage_census(plane) FROM coverage_plane) AS total;
SELECT coverage_census(plane) FILTER (WHERE n <= 2) = coverage_census(DISTINCT plane) FILTER (WHERE n <= 2) AS distinct_and_filter FROM coverage_plane;
-- A window shows each row its own census and goes on counting.
SELECT n, plane, (coverage_census(plane) OVER (ORDER BY n))[1:14] AS running, coverage_union(plane) OVER (ORDER BY n) AS any_of, coverage_intersection(plane) OVER (ORDER BY n) AS all_of
FROM coverage_plane WHERE n BETWEEN 1 AND 4 ORDER BY n;
SELECT array_agg(running ORDER BY n) AS kept FROM (SELECT n, (coverage_census(plane) OVER (ORDER BY n))[1:3] AS running FROM coverage_plane WHERE n BETWEEN 1 AND 4) AS w;
SELECT n, coverage_union(plane) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two_rows FROM coverage_plane WHERE n BETWEEN 1 AND 3 ORDER BY n;

CREATE TEMP TABLE serial AS SELECT coverage_union(plane) AS u, coverage_intersection(plane) AS i, coverage_census(plane) AS c FROM coverage_plane WHERE n % 5 = 0;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ALTER TABLE coverage_plane SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT coverage_union(plane), coverage_intersection(plane), coverage_census(plane) FROM coverage_plane WHERE n % 5 = 0;
SELECT u = coverage_union(plane) AS u, i = coverage_intersection(plane) AS i, c = coverage_census(plane) AS c
FROM coverage_plane, serial WHERE n % 5 = 0 GROUP BY u, i, c;
SELECT coverage_census(plane) = (SELECT c FROM serial) AS c FROM coverage_plane WHERE n % 5 = 0;
EXPLAIN (COSTS OFF) SELECT territory, coverage_census(plane) FROM coverage_plane GROUP BY territory;
SELECT count(*) FILTER (WHERE coverage_census <> census) AS differ
FROM (SELECT territory, coverage_census(plane) FROM coverage_plane GROUP BY territory) AS g JOIN counted USING (territory);
ROLLBACK;

-- The steps of the census can be called by hand: they check and never change their argument.
SELECT pg_temp.attempt($$SELECT coverage_census_accum('{1,2}', '{P1}')$$), pg_temp.attempt($$SELECT coverage_census_final('{}')$$),
	pg_temp.attempt($$SELECT coverage_census_combine(array_fill(1::bigint, '{32}'), array_fill(NULL::bigint, '{32}'))$$);
SELECT before, coverage_census_accum(before, '{P1}') IS NOT NULL AS counted, before AS after FROM (SELECT array_fill(0::bigint, '{32}')::text::bigint[] AS before OFFSET 0) AS b;

-- Order, hash, indexes ------------------------------------------------------------------------

SELECT array_agg(plane ORDER BY plane) = array_agg(plane ORDER BY plane::int) AS sorted FROM coverage_plane WHERE plane IS NOT NULL;
CREATE INDEX coverage_plane_btree ON coverage_plane (plane);
CREATE INDEX coverage_plane_hash ON coverage_plane USING hash (plane);
VACUUM ANALYZE coverage_plane;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM coverage_plane WHERE plane < '{P2}';
EXPLAIN (COSTS OFF) SELECT DISTINCT plane FROM coverage_plane;
DROP INDEX coverage_plane_btree;
EXPLAIN (COSTS OFF) SELECT n FROM coverage_plane WHERE plane = '{P1,M1}';
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT count(DISTINCT plane) = count(DISTINCT plane::int) AS distinct_equal, count(DISTINCT coverage_hash(plane)) > 1 AS hashed, count(DISTINCT coverage_hash_extended(plane, 1)) > 1 AS hashed_extended FROM coverage_plane;

-- Estimates come from the column's statistics: within a tenth of the table, for any operator.
CREATE FUNCTION pg_temp.estimate(condition text) RETURNS TABLE (estimated numeric, counted bigint) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM coverage_plane WHERE ' || condition INTO plan;
	estimated := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric;
	EXECUTE 'SELECT count(*) FROM coverage_plane WHERE ' || condition INTO counted;
	RETURN NEXT;
END $$;
UPDATE coverage_plane SET plane = (ARRAY['{P1,M1,U,W,B}', '{P2,M2}', '{P2,M2}', '{M2}', '{}', '{P1,M1}'])[1 + n % 6]::coverage;
ANALYZE coverage_plane;
SELECT condition, abs(estimated - counted) <= 2000 AS near, counted
FROM unnest(ARRAY[$$plane @> '{P1}'$$, $$plane @> '{M2}'$$, $$plane <@ '{P2,M2}'$$, $$plane && '{U,P2}'$$, $$plane = '{}'$$, $$plane @> '{S31}'$$]) AS condition, pg_temp.estimate(condition);

-- Binary form --------------------------------------------------------------------------------------

SELECT coverage_send('{P1,S31}') = '\x80000001' AS four_bytes;
\getenv directory PG_ABS_BUILDDIR
\cd :directory
\copy (SELECT plane FROM coverage_plane ORDER BY n) TO 'coverage.bin' (FORMAT binary)
CREATE TEMP TABLE received (at serial, plane coverage);
\copy received (plane) FROM 'coverage.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE r.plane IS DISTINCT FROM p.plane) AS differ
FROM (SELECT plane, row_number() OVER (ORDER BY at) AS at FROM received) AS r
JOIN (SELECT plane, row_number() OVER (ORDER BY n) AS at FROM coverage_plane) AS p USING (at);
\copy (SELECT 1::bigint) TO 'coverage.bin' (FORMAT binary)
\copy received (plane) FROM 'coverage.bin' (FORMAT binary)
\copy (SELECT 1::smallint) TO 'coverage.bin' (FORMAT binary)
\copy received (plane) FROM 'coverage.bin' (FORMAT binary)
\! rm coverage.bin

DROP TABLE coverage_plane;
