--
-- credit_code: unified social credit codes of employers
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

-- The check character written down a second time, from the standard's table of weights.
CREATE FUNCTION pg_temp.check_character(body text) RETURNS text LANGUAGE sql AS $$
	SELECT substr(alphabet, 1 + (31 - sum((strpos(alphabet, substr(body, i::int, 1)) - 1) * w)::int % 31) % 31, 1)
	FROM (SELECT '0123456789ABCDEFGHJKLMNPQRTUWXY') AS a(alphabet),
		unnest('{1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28}'::int[]) WITH ORDINALITY AS t(w, i)
	GROUP BY alphabet
$$;
CREATE TEMP TABLE firms AS
SELECT n, body || pg_temp.check_character(body) AS code
FROM (SELECT n, (ARRAY['91340400', '92340403', '12340400', '93110105', 'N2340421'])[1 + n % 5]
			|| (SELECT string_agg(substr('0123456789ABCDEFGHJKLMNPQRTUWXY', 1 + (hashint4(n * 9 + i) & 65535) % 31, 1), '' ORDER BY i) FROM generate_series(1, 9) AS i) AS body
	FROM generate_series(1, 2000) AS n) AS bodies;

-- Input and output -------------------------------------------------------

SELECT given, given::credit_code AS read
FROM unnest(ARRAY['91350100M000100Y43', '91110000600037341L', '91340400MA2N000018', '92340403MA2N11114F', '12340400485300000N',
	'91350100m000100y43', '９１３５０１００Ｍ０００１００Ｙ４３', E' \t91350100M000100Y43\n', U&'\300091350100M000100Y43\00A0']) AS given;

SELECT given, pg_temp.attempt(format('SELECT %L::credit_code', given)) AS answer
FROM unnest(ARRAY['', '9135', '91350100M000100Y4', '91350100M000100Y433', '91350100-M000100Y-43', '91350100 M000100Y43',
	'91350100M000100Y4I', '9135O100M000100Y43', '91350100M000100S43', '91350100M000100V43', '91350100M000100Z43', '91350100M00010?Y43', U&'91350100\041C000100Y43',
	'91350100M000100Y44', '91350100M000100Y34', '81350100M000100Y43', '91350211M00013FA1N', repeat('9', 200)]) AS given;

SELECT count(*) AS firms,
	count(*) FILTER (WHERE code::credit_code::text <> code) AS differ_by_cast,
	count(*) FILTER (WHERE format('%s', code::credit_code) <> code) AS differ_by_output
FROM firms;
SELECT credit_code_try('91350100M000100Y43'), credit_code_try('91350100M000100Y44') IS NULL AS malformed, credit_code_try(NULL) IS NULL AS unknown;
-- A number may be both: never guess the kind from the text alone.
SELECT '362322198709086409'::credit_code, '362322198709086409'::citizen_id;
CREATE TEMP TABLE staged (code credit_code);
INSERT INTO staged SELECT code FROM firms;
INSERT INTO staged SELECT code::varchar FROM firms LIMIT 1;
INSERT INTO staged SELECT code::character(20) FROM firms LIMIT 1;
INSERT INTO staged SELECT '91350100M000100Y44'::text;
SELECT count(*) FROM staged;

-- No single mistake passes the type.
SELECT count(*) AS mistakes, count(credit_code_try(wrong)) AS accepted
FROM firms, generate_series(1, 18) AS place, regexp_split_to_table('0123456789ABCDEFGHJKLMNPQRTUWXY', '') AS character,
	LATERAL (SELECT overlay(code PLACING character FROM place) AS wrong) AS w
WHERE n <= 100 AND wrong <> code;

-- Order, hash, indexes ------------------------------------------------------

SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.code::credit_code < b.code::credit_code) <> (a.code COLLATE "C" < b.code COLLATE "C")) AS lt,
	count(*) FILTER (WHERE (a.code::credit_code <= b.code::credit_code) <> (a.code COLLATE "C" <= b.code COLLATE "C")) AS le,
	count(*) FILTER (WHERE (a.code::credit_code = b.code::credit_code) <> (a.code = b.code)) AS eq,
	count(*) FILTER (WHERE (a.code::credit_code <> b.code::credit_code) <> (a.code <> b.code)) AS ne,
	count(*) FILTER (WHERE (a.code::credit_code >= b.code::credit_code) <> (a.code COLLATE "C" >= b.code COLLATE "C")) AS ge,
	count(*) FILTER (WHERE (a.code::credit_code > b.code::credit_code) <> (a.code COLLATE "C" > b.code COLLATE "C")) AS gt
FROM firms AS a, firms AS b WHERE a.n <= 200 AND b.n <= 200;

CREATE TABLE credit_firm AS SELECT n, code::credit_code AS code FROM firms;
INSERT INTO credit_firm VALUES (0, NULL);
CREATE INDEX credit_firm_btree ON credit_firm (code);
CREATE INDEX credit_firm_hash ON credit_firm USING hash (code);
CREATE INDEX credit_firm_brin ON credit_firm USING brin (code) WITH (pages_per_range = 1);
VACUUM ANALYZE credit_firm;
SELECT array_agg(code ORDER BY code) = (SELECT array_agg(code::credit_code ORDER BY code COLLATE "C") FROM firms) AS sorted FROM credit_firm WHERE code IS NOT NULL;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM credit_firm WHERE code < '12340400485300000N';
EXPLAIN (COSTS OFF) SELECT min(code), max(code) FROM credit_firm;
SELECT (SELECT min(code) FROM credit_firm)::text = (SELECT min(code COLLATE "C") FROM firms) AS min,
	(SELECT max(code) FROM credit_firm)::text = (SELECT max(code COLLATE "C") FROM firms) AS max;
RESET enable_bitmapscan;
BEGIN;
DROP INDEX credit_firm_btree;
EXPLAIN (COSTS OFF) SELECT n FROM credit_firm WHERE code = '91350100M000100Y43';
SELECT count(*) FROM credit_firm AS f JOIN firms USING (n) WHERE f.code = firms.code::credit_code;
DROP INDEX credit_firm_hash;
EXPLAIN (COSTS OFF) SELECT n FROM credit_firm WHERE code > '91350100M000100Y43';
SELECT count(*) = (SELECT count(*) FROM firms WHERE code COLLATE "C" > '91350100M000100Y43') AS brin_finds_all FROM credit_firm WHERE code > '91350100M000100Y43';
ROLLBACK;
RESET enable_seqscan;
CREATE TABLE credit_part (code credit_code) PARTITION BY HASH (code);
CREATE TABLE credit_part_0 PARTITION OF credit_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE credit_part_1 PARTITION OF credit_part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO credit_part SELECT code FROM credit_firm WHERE code IS NOT NULL;
SELECT abs((SELECT count(*) FROM credit_part_0) - 1000) < 150 AS balanced;
SELECT n % 3 AS rest, min(code) = (array_agg(code ORDER BY code))[1] AS min, max(code) = (array_agg(code ORDER BY code DESC))[1] AS max
FROM credit_firm WHERE code IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE running::text <> expected) AS differ
FROM (SELECT max(f.code) OVER w AS running, max(firms.code COLLATE "C") OVER w AS expected
	FROM credit_firm AS f JOIN firms USING (n) WINDOW w AS (ORDER BY n)) AS r;
SELECT min(code), max(code) FROM credit_firm WHERE false;
BEGIN;
DROP INDEX credit_firm_btree;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ALTER TABLE credit_firm SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT max(code) FROM credit_firm;
SELECT max(code)::text = (SELECT max(code COLLATE "C") FROM firms) AS max FROM credit_firm;
ROLLBACK;

-- Binary form ------------------------------------------------------------------

SELECT credit_code_send('91350100M000100Y43') = convert_to('91350100M000100Y43', 'UTF8') AS eighteen_characters;
\getenv directory PG_ABS_BUILDDIR
\cd :directory
\copy (SELECT code FROM credit_firm ORDER BY n) TO 'credit_code.bin' (FORMAT binary)
CREATE TEMP TABLE received (at serial, code credit_code);
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE r.code IS DISTINCT FROM f.code) AS differ
FROM (SELECT code, row_number() OVER (ORDER BY at) AS at FROM received) AS r
JOIN (SELECT code, row_number() OVER (ORDER BY n) AS at FROM credit_firm) AS f USING (at);
\copy (SELECT '91350100M000100Y4'::text) TO 'credit_code.bin' (FORMAT binary)
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
\copy (SELECT ' 91350100M000100Y43'::text) TO 'credit_code.bin' (FORMAT binary)
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
\copy (SELECT '91350100M000100I43'::text) TO 'credit_code.bin' (FORMAT binary)
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
\copy (SELECT '91350100M000100Y44'::text) TO 'credit_code.bin' (FORMAT binary)
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
\copy (SELECT ''::text) TO 'credit_code.bin' (FORMAT binary)
\copy received (code) FROM 'credit_code.bin' (FORMAT binary)
\! rm credit_code.bin

-- What a code tells, and its grade ------------------------------------------------

SELECT code, credit_code_organisation(code) AS organisation, credit_code_region(code) AS region
FROM unnest(ARRAY['91350100M000100Y43', '91110000600037341L', '91340400MA2N000018', '92340403MA2N11114F', '12340400485300000N']::credit_code[]) AS code;
SELECT code, credit_code_region(code::credit_code) IS NULL AS no_region
FROM (SELECT body || pg_temp.check_character(body) AS code FROM unnest(ARRAY['9134A400MA2N00001']) AS body) AS v;

-- Made-up codes: an organisation code whose check is wrong, regions that are none or special.
SELECT body || pg_temp.check_character(body) AS given, g.*
FROM unnest(ARRAY['91340400MA2N00001', '91340400MA2N00002', '91349900MA2N00001', '9134A400MA2N00001', '91100000MA2N00001', '91990100MA2N00001']) AS body,
	credit_code_grade(body || pg_temp.check_character(body)) AS g;
SELECT given, g.*
FROM unnest(ARRAY['91350100M000100Y43', '91110000600037341L', '91340400MA2N000018', '92340403MA2N11114F', '12340400485300000N',
	'９１３５０１００ｍ０００１００ｙ４３', '', '91350100M000100Y4', '91350100M000100Y4I', '91350100M000100Y44', '91350211M00013FA1N', NULL]) AS given, credit_code_grade(given) AS g;
SELECT count(*) FILTER (WHERE (g.grade = 'bad') <> (credit_code_try(given) IS NULL)) AS differ
FROM firms, LATERAL (VALUES (code), (reverse(code)), (translate(code, '0', 'O'))) AS v(given), credit_code_grade(given) AS g;

DROP TABLE credit_firm, credit_part;
