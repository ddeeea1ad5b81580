--
-- person_set: sets of person numbers
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

SELECT given, given::person_set AS read, person_set_size(given::person_set) AS size, person_set_min(given::person_set) AS min, person_set_max(given::person_set) AS max
FROM unnest(ARRAY['{}', ' { } ', '{1}', '{3,2,1}', '{1,2}', '{1,2,3}', '{1-2}', '{5-5}', '{1,1,1}', E'\t{ 1 ,\n2-4 , 9 }\r\n', '{0012}', '{10-20,15-25,26}',
	'{65535,65536}', '{65534-65538}', '{4294967295}', '{4294967293-4294967295}', '{1-4294967295}', '{1-4096}', '{1,4294967295}']) AS given;

SELECT given, pg_temp.attempt(format('SELECT %L::person_set', given)) AS answer
FROM unnest(ARRAY['', ' ', '1', '1,2', '{', '}', '{1', '1}', '{1}}', '{1} x', '{{1}}', '{,}', '{1,}', '{,1}', '{1,,2}', '{1 2}', '{1;2}',
	'{0}', '{-1}', '{1-}', '{-}', '{1--2}', '{1-2-3}', '{1 - 2}', '{5-1}', '{0-5}', '{1-4294967296}', '{4294967296}', '{99999999999999999999999}', '{18446744073709551617}',
	'{+1}', '{1.5}', '{1e3}', '{NULL}', '{"1"}', '{a}', '{１}', '[1]', '{1' || repeat('x', 100) || '}', '人']) AS given;

SELECT '{1-3}'::text::person_set, '{1-3}'::varchar::person_set, '{1-3}'::person_set::text;

-- Made from arrays --------------------------------------------------------------

SELECT given, pg_temp.attempt(format('SELECT person_set_make(%L)', given)) AS answer
FROM unnest(ARRAY['{}', '{1}', '{3,1,2,3}', '{{1,2},{5,6}}', '{4294967295}', '{0}', '{-1}', '{4294967296}', '{1,NULL}']) AS given;

-- Against sets of rows ------------------------------------------------------------

-- Sets of every make: lists, bit sets and runs, at the borders where one becomes
-- the other and at the borders of blocks.
SELECT setseed(0.25);
CREATE TEMP TABLE member AS
SELECT DISTINCT name, id FROM (
	SELECT 'sparse' AS name, 1 + (random() * 4294967294)::bigint AS id FROM generate_series(1, 500)
	UNION ALL SELECT 'few', 1 + (random() * 70000)::bigint FROM generate_series(1, 200)
	UNION ALL SELECT 'half', i FROM generate_series(1, 20000) i WHERE random() < 0.5
	UNION ALL SELECT 'third', i FROM generate_series(60000, 75000) i WHERE random() < 0.33
	UNION ALL SELECT 'gaps', i FROM generate_series(1, 20000) i WHERE i % 100 > 3
	UNION ALL SELECT 'evens', i * 2 FROM generate_series(1, 5000) i
	UNION ALL SELECT 'odds', i * 2 - 1 FROM generate_series(1, 5000) i
	UNION ALL SELECT '4096 apart', i * 3 FROM generate_series(1, 4096) i
	UNION ALL SELECT '4097 apart', i * 3 FROM generate_series(1, 4097) i
	UNION ALL SELECT 'run', i FROM generate_series(1, 9000) i
	UNION ALL SELECT 'borders', b * 65536 + i FROM generate_series(1, 40) b, generate_series(-2, 2) i
	UNION ALL SELECT 'last', 4294967295 - i FROM generate_series(0, 300) i
	UNION ALL SELECT 'two', 1 + i * 8000 FROM generate_series(0, 1) i) made;
CREATE INDEX ON member (name, id);
ANALYZE member;
CREATE TEMP TABLE sample AS
SELECT name, array_agg(id ORDER BY id) AS ids, person_set_agg(id ORDER BY random()) AS persons FROM member GROUP BY name
UNION ALL SELECT 'empty', '{}', '{}';

SELECT name, person_set_size(persons), cardinality(ids), pg_column_size(persons) FROM sample ORDER BY name COLLATE "C";

-- each line counts failures: 0
SELECT count(*) AS size FROM sample WHERE person_set_size(persons) <> cardinality(ids);
SELECT count(*) AS unnest FROM sample WHERE ARRAY(SELECT unnest(persons)) <> ids;
SELECT count(*) AS made FROM sample WHERE person_set_make(ids) <> persons OR person_set_send(person_set_make(ids)) <> person_set_send(persons);
SELECT count(*) AS text FROM sample WHERE persons::text::person_set <> persons OR person_set_send(persons::text::person_set) <> person_set_send(persons);
SELECT count(*) AS bounds FROM sample WHERE (person_set_min(persons), person_set_max(persons)) IS DISTINCT FROM (SELECT ROW(min(i), max(i)) FROM unnest(ids) i);
SELECT count(*) AS has FROM sample, member m WHERE persons @> m.id <> (EXISTS (SELECT FROM member o WHERE o.name = sample.name AND o.id = m.id)) AND m.name IN ('few', 'borders', 'last', 'sparse', 'two');
SELECT count(*) AS has_neighbours FROM sample, generate_series(64000, 76000, 7) i WHERE (i <@ persons) <> (EXISTS (SELECT FROM member o WHERE o.name = sample.name AND o.id = i));
SELECT '{1-5}'::person_set @> 0, '{1-5}'::person_set @> -1, '{1-5}'::person_set @> 4294967297, 9223372036854775807 <@ '{1-5}'::person_set, '{}'::person_set @> 1;

CREATE TEMP TABLE pair AS
SELECT a.name AS a, b.name AS b, a.persons AS x, b.persons AS y,
	ARRAY(SELECT id FROM member WHERE name = a.name UNION SELECT id FROM member WHERE name = b.name ORDER BY 1) AS either,
	ARRAY(SELECT id FROM member WHERE name = a.name INTERSECT SELECT id FROM member WHERE name = b.name ORDER BY 1) AS common,
	ARRAY(SELECT id FROM member WHERE name = a.name EXCEPT SELECT id FROM member WHERE name = b.name ORDER BY 1) AS only_a,
	ARRAY(SELECT id FROM member WHERE name = b.name EXCEPT SELECT id FROM member WHERE name = a.name ORDER BY 1) AS only_b
FROM sample a JOIN sample b ON a.name <= b.name;
SELECT count(*) AS pairs, count(DISTINCT cardinality(common)) > 20 AS various FROM pair;
SELECT a, b FROM pair WHERE ARRAY(SELECT unnest(x | y)) <> either ORDER BY 1, 2;
SELECT a, b FROM pair WHERE ARRAY(SELECT unnest(x & y)) <> common ORDER BY 1, 2;
SELECT a, b FROM pair WHERE ARRAY(SELECT unnest(x - y)) <> only_a OR ARRAY(SELECT unnest(y - x)) <> only_b ORDER BY 1, 2;
SELECT a, b FROM pair WHERE ARRAY(SELECT unnest(x # y)) <> ARRAY(SELECT unnest(only_a || only_b) ORDER BY 1) ORDER BY 1, 2;
SELECT a, b FROM pair WHERE person_set_common(x, y) <> cardinality(common) ORDER BY 1, 2;
SELECT a, b FROM pair WHERE (x && y) <> (cardinality(common) > 0) ORDER BY 1, 2;
SELECT a, b FROM pair WHERE (x @> y) <> (cardinality(only_b) = 0) OR (x <@ y) <> (cardinality(only_a) = 0) OR (y @> x) <> (x <@ y) ORDER BY 1, 2;
SELECT a, b FROM pair WHERE (x = y) <> (cardinality(only_a || only_b) = 0) OR (x <> y) = (x = y) ORDER BY 1, 2;
-- one set, one form, however it came about
SELECT a, b FROM pair WHERE person_set_send(x | y) <> person_set_send(person_set_make(either)) OR (y | x) <> (x | y) OR (y & x) <> (x & y) OR (y # x) <> (x # y) OR person_set_send(x & y) <> person_set_send(person_set_make(common))
	OR person_set_send(x - y) <> person_set_send(person_set_make(only_a)) OR person_set_send((x # y) # y) <> person_set_send(x) ORDER BY 1, 2;
SELECT count(*) AS overlap FROM (SELECT array_agg(name ORDER BY name) AS names, array_agg(persons ORDER BY name) AS sets FROM sample) s, person_set_overlap(sets) o
JOIN pair p ON true WHERE p.a = names[o.a] AND p.b = names[o.b] AND (o.only_a, o.only_b, o.common) = (cardinality(p.only_a), cardinality(p.only_b), cardinality(p.common));
SELECT * FROM person_set_overlap('{}');
SELECT * FROM person_set_overlap(ARRAY['{1-5}', '{}', '{4-9}']::person_set[]);
SELECT pg_temp.attempt('SELECT count(*) FROM person_set_overlap(ARRAY[''{1}'', NULL]::person_set[])');

-- Order and hash -------------------------------------------------------------------

SELECT count(*) AS order_is_total FROM pair WHERE ((x < y)::int + (x = y)::int + (x > y)::int <> 1) OR (x <= y) = (x > y) OR (x >= y) = (x < y);
SELECT count(DISTINCT persons), count(*) FROM (SELECT persons FROM sample UNION ALL SELECT person_set_make(ids) FROM sample) s;
SET enable_sort = off;
SELECT count(*) FROM (SELECT persons FROM sample UNION ALL SELECT person_set_make(ids) FROM sample) s GROUP BY persons HAVING count(*) <> 2;
RESET enable_sort;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT persons FROM sample UNION ALL SELECT person_set_make(ids) FROM sample) s GROUP BY persons HAVING count(*) <> 2;
SET enable_hashjoin = off;
SELECT count(*) FROM sample a JOIN sample b USING (persons);
RESET enable_hashjoin;
RESET enable_hashagg;

-- Aggregates -----------------------------------------------------------------------

SELECT person_set_agg(i) FROM generate_series(1, 0) i;
SELECT person_set_agg(i) FROM unnest(ARRAY[5, NULL, 7, 5, 6]::bigint[]) i;
SELECT pg_temp.attempt('SELECT person_set_agg(i) FROM (VALUES (1::bigint), (0)) v(i)'), pg_temp.attempt('SELECT person_set_agg(4294967296)');
SELECT person_set_union(s) FROM (VALUES ('{1-3}'::person_set), (NULL), ('{}'), ('{3-6}')) v(s);
SELECT person_set_union(s) FROM (VALUES (NULL::person_set)) v(s);
SELECT i % 3 AS remainder, person_set_agg(i) FROM generate_series(1, 20) i GROUP BY 1 ORDER BY 1;
SELECT count(*) AS union_of_all FROM (SELECT person_set_union(persons) AS u FROM sample) s WHERE u <> (SELECT person_set_agg(id) FROM member);
-- growing, moving and partitioned windows
SELECT i, person_set_agg(i) OVER (ORDER BY i) AS growing, person_set_agg(i) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS moving,
	person_set_agg(i) OVER (PARTITION BY i % 2 ORDER BY i) AS partitioned FROM generate_series(1, 6) i ORDER BY i;
SELECT count(*) AS wrong FROM (SELECT i, person_set_agg(i) OVER (ORDER BY i) AS s FROM generate_series(1, 1000) i) w WHERE s <> person_set_make(ARRAY(SELECT generate_series(1, w.i)));

-- in parallel: states travel between processes
CREATE TABLE many AS SELECT i::bigint AS id, i % 7 AS part FROM generate_series(1, 60000) i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT person_set_agg(id) FROM many;
SELECT person_set_agg(id) = '{1-60000}' AS all_there FROM many;
SELECT part, person_set_size(person_set_agg(id)) FROM many GROUP BY part ORDER BY part;
SELECT person_set_union(person_set_make(ARRAY[id])) = '{1-60000}' AS all_there FROM many;
SELECT person_set_agg(id) FROM many WHERE id < 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- What the planner knows --------------------------------------------------------------

CREATE FUNCTION pg_temp.estimate(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SELECT pg_temp.estimate('SELECT * FROM unnest(''{1-3000,9000}''::person_set)') AS constant,
	pg_temp.estimate('SELECT * FROM unnest(''{}''::person_set)') AS empty,
	pg_temp.estimate('SELECT * FROM unnest(person_set_make(ARRAY[1,2,3]) | ''{7-10}'')') AS computed,
	pg_temp.estimate('SELECT unnest(persons) FROM sample LIMIT 100000000') > 100000 AS unknown;
SELECT pg_temp.estimate('SELECT * FROM many WHERE id <@ ''{1-3000}''::person_set') BETWEEN 2900 AND 3100 AS restriction,
	pg_temp.estimate('SELECT * FROM many WHERE ''{1-3000}''::person_set @> id') BETWEEN 2900 AND 3100 AS commuted,
	pg_temp.estimate('SELECT * FROM many WHERE id <@ ''{}''::person_set') AS none,
	pg_temp.estimate('SELECT * FROM many WHERE id <@ ''{1-4294967295}''::person_set') AS everybody,
	pg_temp.estimate('SELECT * FROM many WHERE id <@ NULL::person_set') AS nothing;
PREPARE asked(person_set) AS SELECT count(*) FROM many WHERE id <@ $1;
EXECUTE asked('{5-9}');

-- a set in a side table is fetched once for all rows
CREATE TABLE kept (persons person_set);
INSERT INTO kept SELECT person_set_agg(id) FROM many WHERE id % 3 <> 0 OR id % 5 = 0;
SELECT pg_column_size(persons) > 3000 AS out_of_line FROM kept;
SELECT count(*) FROM many WHERE id <@ (SELECT persons FROM kept);
INSERT INTO kept SELECT person_set_agg(id * 2) FROM many WHERE id % 3 <> 0 OR id % 5 = 0;
SELECT count(*), count(*) FILTER (WHERE id <@ persons), sum((id <@ persons)::int * id) FROM many, kept;

-- Binary form ---------------------------------------------------------------------------

CREATE TABLE received (persons person_set);
-- what becomes of bytes that somebody sends
CREATE FUNCTION pg_temp.receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
BEGIN
	DELETE FROM received;
	EXECUTE format('COPY (SELECT %L::bytea) TO PROGRAM ''cat > registry_person_set.bin'' (FORMAT binary)', bytes);
	COPY received FROM PROGRAM 'cat registry_person_set.bin' (FORMAT binary);
	RETURN (SELECT left(persons::text, 60) FROM received);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || message || ' | ' || detail;
END $$;

SELECT person_set_send('{}'), person_set_send('{1,2,5}'), person_set_send('{1-10}'), person_set_send('{1,65536,131072}');
SELECT name FROM sample WHERE pg_temp.receive(person_set_send(persons)) <> left(persons::text, 60) ORDER BY 1;
CREATE FUNCTION pg_temp.kept() RETURNS bytea LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN (SELECT person_set_send(persons) FROM received); END $$;
-- valid and not canonical: runs where a list is as small, a list where a run is smaller
SELECT pg_temp.receive('\x3b300000010000010001000100010001'::bytea);
SELECT b, pg_temp.receive(decode(translate(b, ' ', ''), 'hex')) AS answer, pg_temp.kept()
FROM (VALUES ('3b300000 01 00000100 0100 01000100'), ('3a300000 01000000 00000300 10000000 0100020003000400')) v(b);

SELECT what, pg_temp.receive(decode(translate(b, ' ', ''), 'hex')) AS answer FROM (VALUES
	(1, 'nothing', ''),
	(2, 'four bytes', '3a300000'),
	(3, 'other cookie', '39300000 00000000'),
	(4, 'more blocks than can be', '3a300000 01000100'),
	(5, 'negative number of blocks', '3a300000 ffffffff'),
	(6, 'head missing', '3a300000 01000000'),
	(7, 'offset missing', '3a300000 01000000 00000000'),
	(8, 'data missing', '3a300000 01000000 00000000 10000000'),
	(9, 'data cut', '3a300000 01000000 00000100 10000000 0100'),
	(10, 'wrong offset', '3a300000 01000000 00000000 11000000 0100'),
	(11, 'offset far away', '3a300000 01000000 00000000 ffffff7f 0100'),
	(12, 'something behind', '3a300000 01000000 00000000 10000000 0100 00'),
	(13, 'list repeats', '3a300000 01000000 00000100 10000000 0100 0100'),
	(14, 'list descends', '3a300000 01000000 00000100 10000000 0200 0100'),
	(15, 'person 0', '3a300000 01000000 00000000 10000000 0000'),
	(16, 'blocks repeat', '3a300000 02000000 00000000 00000000 18000000 1a000000 0100 0200'),
	(17, 'blocks descend', '3a300000 02000000 01000000 00000000 18000000 1a000000 0100 0200'),
	(18, 'runs: no count', '3b300000 01 00000000'),
	(19, 'runs: none', '3b300000 01 00000000 0000'),
	(20, 'runs: cut', '3b300000 01 00000100 0100 0100'),
	(21, 'runs: many and cut', '3b300000 01 00000100 ffff 01000100'),
	(22, 'runs: other size', '3b300000 01 00000500 0100 01000100'),
	(23, 'runs: touch', '3b300000 01 00000300 0200 01000100 03000100'),
	(24, 'runs: overlap', '3b300000 01 00000300 0200 01000100 02000100'),
	(25, 'runs: descend', '3b300000 01 00000300 0200 05000100 01000100'),
	(26, 'runs: leave the block', '3b300000 01 00000200 0100 feff0200'),
	(27, 'runs: with 0', '3b300000 01 00000200 0100 00000200'),
	(28, 'runs: all blocks said, one there', '3b30ffff 01 00000100 0100 01000100'),
	(28, 'runs: flag of no block', '3b300000 03 00000100 0100 01000100'),
	(29, 'bits: too few', '3a300000 01000000 00000010 10000000' || repeat('ff', 8191)),
	(30, 'bits: other size', '3a300000 01000000 00000010 10000000' || 'fe' || repeat('ff', 8191)),
	(31, 'bits: as many as said', '3a300000 01000000 0000feff 10000000' || 'fe' || repeat('ff', 8191)),
	(32, 'bits: with 0', '3a300000 01000000 0000ffff 10000000' || repeat('ff', 8192))) v(n, what, b) ORDER BY n;

-- Bytes changed and cut at random: refused, or a set like any other.
CREATE FUNCTION pg_temp.broken(tries integer) RETURNS TABLE (outcome text, possible boolean) LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea;
	answer text;
BEGIN
	PERFORM setseed(0.75);
	FOR i IN 1 .. tries LOOP
		bytes := person_set_send(('{' || (ARRAY['1,5,9', '1-10,20-30', '5,70000,140000-140009', '1-9,65536-65540,200000,300000,400000'])[1 + i % 4] || '}')::person_set);
		FOR k IN 0 .. (random() * 2)::int LOOP
			bytes := set_byte(bytes, (random() * (length(bytes) - 1))::int, (random() * 255)::int);
		END LOOP;
		IF random() < 0.2 THEN
			bytes := substr(bytes, 1, (random() * length(bytes))::int);
		END IF;
		answer := pg_temp.receive(bytes);
		outcome := CASE WHEN answer LIKE '{%' THEN 'a set' ELSE left(answer, 43) END;
		possible := answer NOT LIKE '{%' OR (SELECT persons = person_set_make(ARRAY(SELECT unnest(persons))) AND NOT persons @> 0 FROM received);
		RETURN NEXT;
	END LOOP;
END $$;
SELECT outcome, bool_and(possible) FROM pg_temp.broken(120) GROUP BY 1 ORDER BY 1;
COPY (SELECT 1) TO PROGRAM 'rm -f registry_person_set.bin';

-- Memory ----------------------------------------------------------------------------------

-- Whatever libroaring takes is given back, at the end of the operation and when
-- an error ends it.  Kilobytes of the process; a leak of 16 bytes in each of a million operations
-- would be 8 MB between the two looks.
CREATE FUNCTION pg_temp.process_memory() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmData:\s+(\d+)'))[1]::bigint);
END $$;
CREATE FUNCTION pg_temp.growth(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
	grown bigint;
BEGIN
	EXECUTE statement;
	EXECUTE statement;
	before := pg_temp.process_memory();
	EXECUTE statement;
	EXECUTE statement;
	grown := pg_temp.process_memory() - before;
	RETURN CASE WHEN grown < 1024 THEN 'none' ELSE grown || ' kB' END;
END $$;
SELECT pg_temp.growth($$SELECT sum(person_set_size((s | '{7,70000}') & (s # '{1-5}') - '{3}')) FROM generate_series(1, 40000) i, LATERAL (SELECT person_set_make(ARRAY[i, i + 1])) m(s)$$) AS operations;
SELECT pg_temp.growth($$SELECT count(*) FROM (SELECT person_set_agg(i), person_set_union(person_set_make(ARRAY[i])) FROM generate_series(1::bigint, 30000) i GROUP BY i / 3) g$$) AS aggregates;
SELECT pg_temp.growth($$SELECT count(*) FROM (SELECT person_set_agg(i) OVER (PARTITION BY i / 5 ORDER BY i) FROM generate_series(1::bigint, 15000) i) g$$) AS windows;
CREATE FUNCTION pg_temp.fail(statement text, times integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	failed integer := 0;
BEGIN
	FOR i IN 1 .. times LOOP
		BEGIN
			EXECUTE statement;
		EXCEPTION WHEN data_exception THEN
			failed := failed + 1;
		END;
	END LOOP;
	RETURN failed;
END $$;
SELECT pg_temp.fail('SELECT person_set_agg(CASE WHEN n = 2000 THEN 0 ELSE n END) FROM generate_series(900::bigint, 2000) n', 5) AS failed;
SELECT pg_temp.growth($$SELECT pg_temp.fail('SELECT person_set_agg(CASE WHEN n = 2000 THEN 0 ELSE n END) FROM generate_series(900::bigint, 2000) n', 1200)$$) AS errors_in_aggregates;
SELECT pg_temp.growth($$SELECT pg_temp.fail('SELECT ''{1-4000000,7-1}''::person_set', 5000)$$) AS errors_in_input;

DROP TABLE many, kept, received;
