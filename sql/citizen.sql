--
-- citizen_id, its grades and candidates, and the reading of documents
--
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';

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

-- The same judgement written down a second time, slowly, from the standard.
CREATE FUNCTION pg_temp.check_character(body text) RETURNS text LANGUAGE sql AS $$
	SELECT substr('10X98765432', 1 + sum(substr(body, i::int, 1)::int * w)::int % 11, 1)
	FROM unnest('{7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2}'::int[]) WITH ORDINALITY AS t(w, i)
$$;

-- Numbers of made-up people, the same in every run.
CREATE TEMP TABLE people AS
SELECT n, body || pg_temp.check_character(body) AS number
FROM (SELECT n, (ARRAY['110105', '340403', '342422', '654321', '820000', '911398'])[1 + n % 6]
			|| to_char(date '1900-01-01' + (hashint4(n) & 65535) % 45000, 'YYYYMMDD')
			|| lpad(((hashint4(-n) & 65535) % 1000)::text, 3, '0') AS body
	FROM generate_series(1, 3000) AS n) AS bodies;

-- Input and output -----------------------------------------------------

SELECT given, given::citizen_id AS read
FROM (VALUES
	('11010519491231002X'),
	('11010519491231002x'),
	('１１０１０５１９４９１２３１００２Ｘ'),
	('１１０１０５１９４９１２３１００２ｘ'),
	('110105１９４９１２３１002X'),
	(E' \t11010519491231002X\r\n\x0B\f'),
	(U&'\00A0\300011010519491231002X\3000\00A0'),
	('440524188001010014'),
	('34052419800101001X'),
	('340403190001010016'),
	('342422190001010025'),
	('341521200002290019'),
	('340422201602290025'),
	('110105491231002'),
	('130503670401001'),
	('340403000101001'),
	('340403991231996'),
	(' １３０５０３６７０４０１００１ '),
	('810000199408230021'),
	('830000199201300022'),
	('82000019000101001X'),
	('911398199012310013')) AS v(given);

-- Every text is malformed in one way; the answer names it.
SELECT given, pg_temp.attempt(format('SELECT %L::citizen_id', given)) AS answer
FROM (VALUES
	(''),
	(' '),
	('1'),
	('1101051949123100'),
	('1101051949123102X'),
	('11010519491231002XX'),
	('110105 19491231 002X'),
	('110105-19491231-002X'),
	('''11010519491231002X'),
	('340403190001010016.0'),
	('3.40404E+17'),
	(U&'11010519491231002X\200B'),
	(U&'\FEFF11010519491231002X'),
	('1101O5194912310O2X'),
	('l10105194912310021'),
	('1101051949123100XX'),
	('11010519491231002*'),
	(U&'11010519491231002\0425'),
	(U&'11010519491231002\03A7'),
	(U&'11010519491231002\2169'),
	(U&'\0661\06610105194912310021'),
	(U&'\+01D7CF\+01D7CF010519491231002X'),
	('11010549123100X'),
	('-10105194912310021'),
	('1101051949123100 X'),
	('000000000000000000'),
	('100105194912310028'),
	('550105194912310020'),
	('990105194912310020'),
	('900105194912310020'),
	('840105194912310020'),
	('916698199012310013'),
	('930105491231002'),
	('380105491231002'),
	('110105194900310020'),
	('110105194913310020'),
	('110105194902300020'),
	('110105194904310020'),
	('110105194912320020'),
	('110105194912000020'),
	('110105000012310020'),
	('340403190002290013'),
	('340403210002290013'),
	('110105490230002'),
	('110105000229996'),
	('110105194912310021'),
	('110105194912310020'),
	('340403190001010000'),
	('340403190001010048'),
	(repeat('1', 100)),
	(repeat('证', 40))) AS v(given);

-- A real day of any year is a birth date for the type.
SELECT number, citizen_id_birth_date(number::citizen_id)
FROM (SELECT body || pg_temp.check_character(body) AS number
	FROM unnest('{11010500010101001,11010515821015001,11010520000229001,11010524000229001,11010529991231001,11010599991231001}'::text[]) AS body) AS v;

-- Output, casts and both directions of the text form.
SELECT count(*) AS people,
	count(*) FILTER (WHERE number::citizen_id::text <> number) AS differ_by_cast,
	count(*) FILTER (WHERE format('%s', number::citizen_id) <> number) AS differ_by_output
FROM people;
SELECT '11010519491231002X'::varchar::citizen_id, '11010519491231002X'::char(20)::citizen_id, citizen_id '11010519491231002X'::varchar(6);
SELECT citizen_id_try('11010519491231002X'), citizen_id_try('110105194912310021') IS NULL AS malformed, citizen_id_try(NULL) IS NULL AS unknown;
SELECT pg_temp.attempt('SELECT NULL::text::citizen_id') IS NULL AS null_stays_null;

CREATE TEMP TABLE staged (number citizen_id);
INSERT INTO staged SELECT number FROM people;
INSERT INTO staged SELECT number::varchar FROM people LIMIT 1;
INSERT INTO staged SELECT number::character(20) FROM people LIMIT 1;
INSERT INTO staged SELECT '110105194912310021'::text;
SELECT count(*) FROM staged;

-- No single mistake and no swap of neighbours passes the type.
SELECT count(*) AS mistakes, count(citizen_id_try(wrong)) AS accepted
FROM people, generate_series(1, 18) AS place, generate_series(0, 9) AS digit,
	LATERAL (SELECT overlay(number PLACING digit::text FROM place) AS wrong) AS w
WHERE n <= 500 AND wrong <> number;
SELECT count(*) AS swaps, count(citizen_id_try(wrong)) AS accepted
FROM people, generate_series(1, 17) AS place,
	LATERAL (SELECT overlay(number PLACING reverse(substr(number, place, 2)) FROM place) AS wrong) AS w
WHERE n <= 500 AND wrong <> number;

-- Order, hash, indexes ---------------------------------------------------

SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.number::citizen_id < b.number::citizen_id) <> (a.number COLLATE "C" < b.number COLLATE "C")) AS lt,
	count(*) FILTER (WHERE (a.number::citizen_id <= b.number::citizen_id) <> (a.number COLLATE "C" <= b.number COLLATE "C")) AS le,
	count(*) FILTER (WHERE (a.number::citizen_id = b.number::citizen_id) <> (a.number = b.number)) AS eq,
	count(*) FILTER (WHERE (a.number::citizen_id <> b.number::citizen_id) <> (a.number <> b.number)) AS ne,
	count(*) FILTER (WHERE (a.number::citizen_id >= b.number::citizen_id) <> (a.number COLLATE "C" >= b.number COLLATE "C")) AS ge,
	count(*) FILTER (WHERE (a.number::citizen_id > b.number::citizen_id) <> (a.number COLLATE "C" > b.number COLLATE "C")) AS gt,
	count(*) FILTER (WHERE sign(citizen_id_cmp(a.number::citizen_id, b.number::citizen_id)) <> (a.number COLLATE "C" > b.number COLLATE "C")::int - (a.number COLLATE "C" < b.number COLLATE "C")::int) AS cmp
FROM people AS a, people AS b WHERE a.n <= 200 AND b.n <= 200;

CREATE TABLE citizen_person AS SELECT n, number::citizen_id AS id FROM people;
INSERT INTO citizen_person VALUES (0, NULL);
CREATE INDEX citizen_person_btree ON citizen_person (id);
CREATE INDEX citizen_person_hash ON citizen_person USING hash (id);
CREATE INDEX citizen_person_brin ON citizen_person USING brin (id) WITH (pages_per_range = 1);
VACUUM ANALYZE citizen_person;
SELECT array_agg(id ORDER BY id) = (SELECT array_agg(number::citizen_id ORDER BY number COLLATE "C") FROM people) AS sorted FROM citizen_person WHERE id IS NOT NULL;
SELECT count(DISTINCT id) = (SELECT count(DISTINCT number) FROM people) AS distinct_equal FROM citizen_person;

SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM citizen_person WHERE id < '110106000101001';
EXPLAIN (COSTS OFF) SELECT min(id), max(id) FROM citizen_person;
SELECT (SELECT min(id) FROM citizen_person)::text = (SELECT min(number COLLATE "C") FROM people) AS min,
	(SELECT max(id) FROM citizen_person)::text = (SELECT max(number COLLATE "C") FROM people) AS max;
EXPLAIN (COSTS OFF) SELECT id FROM citizen_person ORDER BY id LIMIT 3;
RESET enable_bitmapscan;
BEGIN;
DROP INDEX citizen_person_btree;
EXPLAIN (COSTS OFF) SELECT n FROM citizen_person WHERE id = '911398199012310013';
DROP INDEX citizen_person_hash;
EXPLAIN (COSTS OFF) SELECT n FROM citizen_person WHERE id >= '911398199012310013';
SELECT count(*) = (SELECT count(*) FROM people WHERE number COLLATE "C" >= '911398199012310013') AS brin_finds_all FROM citizen_person WHERE id >= '911398199012310013';
ROLLBACK;
-- An index of repeated values is deduplicated.
CREATE TABLE citizen_repeated AS SELECT id FROM citizen_person, generate_series(1, 2000) WHERE n BETWEEN 1 AND 10;
CREATE INDEX citizen_repeated_on ON citizen_repeated (id);
CREATE INDEX citizen_repeated_off ON citizen_repeated (id) WITH (deduplicate_items = off);
SELECT pg_relation_size('citizen_repeated_on') * 2 < pg_relation_size('citizen_repeated_off') AS deduplicated;
RESET enable_seqscan;

SET enable_mergejoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM citizen_person AS a JOIN citizen_person AS b USING (id);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM citizen_person AS a JOIN citizen_person AS b USING (id);
RESET enable_mergejoin;
RESET enable_hashjoin;
RESET enable_nestloop;

-- Hash partitions use the extended hash.
CREATE TABLE citizen_part (id citizen_id) PARTITION BY HASH (id);
CREATE TABLE citizen_part_0 PARTITION OF citizen_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE citizen_part_1 PARTITION OF citizen_part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO citizen_part SELECT id FROM citizen_person WHERE id IS NOT NULL;
SELECT abs((SELECT count(*) FROM citizen_part_0) - 1500) < 200 AS balanced;

-- min and max: grouped, windowed, empty, parallel.
SELECT n % 3 AS rest, min(id) = (array_agg(id ORDER BY id))[1] AS min, max(id) = (array_agg(id ORDER BY id DESC))[1] AS max
FROM citizen_person WHERE id IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT n, max(id) OVER (ORDER BY n) AS max, min(id) OVER (ORDER BY n) AS min FROM citizen_person WHERE n BETWEEN 1 AND 4 ORDER BY n;
SELECT min(id), max(id) FROM citizen_person WHERE false;
BEGIN;
DROP INDEX citizen_person_btree;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
ALTER TABLE citizen_person SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT min(id), max(id) FROM citizen_person;
SELECT min(id)::text = (SELECT min(number COLLATE "C") FROM people) AS min FROM citizen_person;
ROLLBACK;

-- Binary form ---------------------------------------------------------------

SELECT citizen_id_send('11010519491231002X') = int8send(11010519491231002) AS seventeen_digits;
\getenv directory PG_ABS_BUILDDIR
\cd :directory
\copy (SELECT id FROM citizen_person ORDER BY n) TO 'citizen.bin' (FORMAT binary)
CREATE TEMP TABLE received (at serial, id citizen_id);
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE r.id IS DISTINCT FROM p.id) AS differ
FROM (SELECT id, row_number() OVER (ORDER BY at) AS at FROM received) AS r
JOIN (SELECT id, row_number() OVER (ORDER BY n) AS at FROM citizen_person) AS p USING (at);
\copy (SELECT 11010519490230002) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT 55010519491231002) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT 1101051949123100::bigint) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT 110105194912310021) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT (-11010519491231002)::bigint) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT 1) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\copy (SELECT '11010519491231002X'::text) TO 'citizen.bin' (FORMAT binary)
\copy received (id) FROM 'citizen.bin' (FORMAT binary)
\! rm citizen.bin

-- What a number tells --------------------------------------------------------

SELECT id, citizen_id_birth_date(id) AS birth, citizen_id_sex(id) AS sex, citizen_id_region(id) AS region,
	citizen_id_kind(id) AS kind, citizen_id_mask(id) AS mask, citizen_id_age(id, '2024-06-30') AS age
FROM unnest('{11010519491231002X,440524188001010014,340403190001010016,341521200002290019,340422201602290025,
	810000199408230021,830000199201300022,82000019000101001X,911398199012310013}'::citizen_id[]) AS id;
SELECT "on", citizen_id_age('341521200002290019', "on") AS leapling, citizen_id_age('11010519491231002X', "on") AS last_day_of_year
FROM unnest('{1949-12-30,1949-12-31,2000-02-28,2000-02-29,2001-02-28,2001-03-01,2004-02-28,2004-02-29,2023-12-30,2023-12-31}'::date[]) AS "on";
SELECT pg_temp.attempt($$SELECT citizen_id_age('11010519491231002X', 'infinity')$$);
SELECT pg_temp.attempt($$SELECT citizen_id_age('11010519491231002X', '-infinity')$$);

-- Grades ------------------------------------------------------------------------

SELECT given, grade, reason, id, hint
FROM (VALUES
	('11010519491231002X'),
	('110105199001010010'),
	('１１０１０５１９９００１０１００１０'),
	(''),
	('1101051949123102X'),
	('110105 19491231 002X'),
	('''11010519491231002X'),
	('1101O519491231002X'),
	('A10105194912310021'),
	('550105194912310020'),
	('340403190002290013'),
	('110105194912310021'),
	('340403190001010000'),
	('340403190001010048'),
	('110105194912310032'),
	('3.40404E+17'),
	('3.40404190001010E+17'),
	('3.40403E+14'),
	('３．４０４０４Ｅ＋１７'),
	('11010520300101001X'),
	('34052419800101001X'),
	('810101199408230023'),
	('341521201701010017'),
	('342422200505010017'),
	('340403991231996'),
	('440524188001010014'),
	('34040119800101001X'),
	('110105491231002'),
	('500101197001010019'),
	('341521200002290019'),
	('342422197001010019'),
	('340422201602290025'),
	('810000199408230021'),
	('830000199201300022'),
	('82000019000101001X'),
	('911398199012310013')) AS v(given), citizen_id_grade(given, '2024-06-30');

-- The day of judgement decides what is future, too old, and ended since.
SELECT "on", given, grade, reason
FROM (VALUES
	('2000-02-28'::date, '341521200002290019'),
	('2000-02-29', '341521200002290019'),
	('2014-12-31', '341521200002290019'),
	('2016-01-01', '341521200002290019'),
	('infinity', '341521200002290019'),
	('-infinity', '341521200002290019'),
	('2069-12-30', '11010519491231002X'),
	('2070-12-30', '11010519491231002X'),
	('2070-12-31', '11010519491231002X')) AS v("on", given), citizen_id_grade(given, "on");
SELECT reason FROM citizen_id_grade('11010519491231002X');
SELECT citizen_id_grade(NULL) IS NULL AS null_stays_null;
-- Whatever a text holds, the grade is given and not an error.
SELECT count(*) FROM generate_series(1, 5000) AS n,
	citizen_id_grade(translate(encode(sha256(n::text::bytea), 'base64'), E'\n', '') || chr(19968 + n)) WHERE grade = 'bad';
-- A grade of bad for malformed text, an id for the rest, like the type itself.
SELECT count(*) FILTER (WHERE g.id IS DISTINCT FROM number::citizen_id) AS differ FROM people, citizen_id_grade(number, '2024-06-30') AS g;

-- Every county code since 1981, born before, in and after its years: the answer follows from the seed.
CREATE TEMP TABLE county AS
SELECT left(code::text, 6) AS code, from_year, coalesce(to_year, 9999) AS to_year FROM region_seed() WHERE region_level(code) = 3;
CREATE TEMP TABLE born AS
SELECT DISTINCT code, year, pg_temp.check_character(code || year || '0615001') AS "check"
FROM county, LATERAL (VALUES (from_year - 40), (from_year - 1), (from_year), (to_year - 1), (to_year), (to_year + 1), (2023)) AS y(year)
WHERE year BETWEEN 1925 AND 2023;
WITH expected AS (
	SELECT born.*, CASE
			WHEN bool_or(year BETWEEN from_year AND to_year) THEN CASE WHEN bool_or(to_year > 2024) THEN 'ok' ELSE 'region_abolished' END
			WHEN bool_or(from_year > year) THEN 'region_after_birth'
			ELSE 'region_dead_before_birth' END AS reason
	FROM born JOIN county USING (code) GROUP BY code, year, "check")
SELECT g.grade, g.reason, count(*) > 500 AS many, count(*) FILTER (WHERE g.reason <> expected.reason) AS differ
FROM expected, citizen_id_grade(code || year || '0615001' || "check", '2024-06-30') AS g GROUP BY g.grade, g.reason ORDER BY g.grade, g.reason;
-- Of all codes of Anhui those in no list are refused, but for the suffixes that real cards carry.
SELECT suffix IN (1, 2, 11, 20) AS used_suffix, grade, reason, count(*) > 300 AS many
FROM (SELECT '34' || lpad(n::text, 4, '0') AS code, n % 100 AS suffix FROM generate_series(0, 9999) AS n) AS c,
	citizen_id_grade(code || '19900615001' || pg_temp.check_character(code || '19900615001'), '2024-06-30')
WHERE NOT EXISTS (SELECT FROM region_seed() AS r WHERE left(r.code::text, 6) = c.code)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- Candidates and neighbours -----------------------------------------------------

SELECT given, id, edit
FROM unnest('{110105194912310021,1101051949123102X,11010519491231002XX,101105194912310021,11010519491231?02X,
	340403991231996,110105491332002,11010549123102,1101054912310024,11010519491231002X,3.40404E+17,340403190001010016A}'::text[]) AS given,
	citizen_id_candidates(given);
-- A letter typed for a digit is one edit: nothing else may differ.
SELECT given, id, edit FROM unnest(ARRAY['340422194406064O01', '3404031O4407297158', '34042219440606400l', '34O422l94406064001']) AS given
	LEFT JOIN citizen_id_candidates(given) ON true;
-- The true number is always among the candidates, each once and valid.
SELECT kind, count(*) AS broken, count(*) FILTER (WHERE number::citizen_id = ANY (candidates)) AS found,
	max(cardinality(candidates)) <= 40 AS few, bool_and(is_distinct) AS each_once
FROM (SELECT kind, number, (SELECT array_agg(id) FROM citizen_id_candidates(broken)) AS candidates,
		(SELECT count(*) = count(DISTINCT id) FROM citizen_id_candidates(broken)) AS is_distinct
	FROM people, LATERAL (VALUES
		('digit', overlay(number PLACING ((substr(number, 1 + n % 17, 1)::int + 1 + n % 9) % 10)::text FROM 1 + n % 17)),
		('swap', overlay(number PLACING reverse(substr(number, 1 + n % 16, 2)) FROM 1 + n % 16)),
		('missing', overlay(number PLACING '' FROM 1 + n % 18 FOR 1)),
		('too much', overlay(number PLACING substr(number, 1 + n % 17, 1) || (n % 10)::text FROM 1 + n % 17)),
		('check', left(number, 17) || substr('0123456789X', 1 + (strpos('0123456789X', right(number, 1)) + n % 10) % 11, 1))) AS b(kind, broken)
	WHERE n <= 600 AND broken <> number AND citizen_id_try(broken) IS NULL) AS c
GROUP BY kind ORDER BY kind;

SELECT id FROM citizen_id_neighbours('341521200002290019') AS id ORDER BY id LIMIT 5;
SELECT bool_and(given::citizen_id IN (SELECT citizen_id_neighbours(neighbour))) AS mutual,
	count(*) = count(DISTINCT neighbour) AS each_once, count(*) FILTER (WHERE neighbour = given::citizen_id) AS itself,
	count(*) FILTER (WHERE citizen_id_try(neighbour::text) IS NULL) AS invalid
FROM (VALUES ('11010519491231002X')) AS v(given), citizen_id_neighbours(given::citizen_id) AS neighbour;

-- Documents ----------------------------------------------------------------------

SELECT given, d.*
FROM unnest(ARRAY['11010519491231002X', '11010519491231002x', '１１０１０５１９４９１２３１００２Ｘ', ' 110105 19491231 002X', '''340403190001010016',
	'="340403190001010016"', '340403190001010016.0', '340403190001010016.00', '34O4O3l9000IO10016', '34040319-000101-0016', U&'\FEFF340403190001010016\200B', E'340403190001010016\t',
	'11010519491231002×', '11010519491231002*', U&'11010519491231002\0425', '110105491231002', '340403991231996', '34040319000101001644',
	'810000199408230021', '911398199012310013',
	'', ' ', '-', '''', '无', 'NULL', '123',
	'34040319000101001', '3404031900010100166', '340403190001010', '340403190001010016441', '1101054912310023', '13812345678', '340403********0016', '340403??????????16',
	'34040319000101001Y', 'A40403190001010016', '340403190001口10016', '35□403190001010016', '11010549123100A',
	'340403190002290013', '340403190002290014', '110105491331002', '110105194912310021', '550105194912310020', '550105194912310013', '550105491231002',
	'340403190001010000', '340403190001010048', '3.40404E+17', '3.40403e14',
	'KAZ110090123105', 'DEU110000010116', 'KAZ110090123104', 'kaz 110090123105', 'USA012345678901',
	'H1234567800', 'H12345678', 'M8765432100', 'HKG012345678', 'MAC087654321', 'TWN011223344', '11223344', '0012345678B', '0012345678(B)',
	'G12345678', 'E1234567', 'EA1234567', 'C01X00T47', '123456789', 'P123456789', '340403190001010016A', '军字第0412345号', 'USA0123456789012', repeat('证1', 30)]) AS given,
	document_read(given) AS d;
SELECT given, document_social_number(given)
FROM unnest(ARRAY['H1234567800', 'H12345678', 'M8765432100', 'm8765432100', '11223344', 'HKG012345678', '340403000101001', 'KAZ110090123105', '340403190002290013', '']) AS given;
SELECT count(*) FILTER (WHERE d.id IS DISTINCT FROM people.number::citizen_id OR d.number <> people.number OR d.cleaned OR d.legacy15 OR d.fault IS NOT NULL) AS differ
FROM people, document_read(people.number) AS d;
-- What the type reads a document reads, with the same value.
SELECT count(*) AS texts, count(*) FILTER (WHERE d.id IS DISTINCT FROM citizen_id_try(given)) AS differ
FROM people, LATERAL (VALUES (E'\t' || number), (lower(number)), (left(number, 6) || substr(number, 9, 9)), (translate(number, '0123456789X', '０１２３４５６７８９Ｘ'))) AS v(given),
	document_read(given) AS d WHERE citizen_id_try(given) IS NOT NULL;

DROP TABLE citizen_person, citizen_repeated, citizen_part;
