-- The change log: what the triggers write, and history().
SET client_min_messages = warning;
CALL registry.deploy('340400');
RESET client_min_messages;
SET search_path = registry, public;
\set ON_ERROR_ROLLBACK on
\pset null '∅'
-- Everything below is undone: other tests use the same registry.
BEGIN;
-- persons made up here are not computed from facts: no edit is followed
SELECT registry.begin_act();
CREATE TEMP TABLE mark AS SELECT nextval('registry.change_log_id_seq') AS log_id;
CREATE TEMP VIEW block AS
	SELECT l.log_id - m.log_id AS n, s.relation, l.operation, l.first_key, l.last_key, l.rows, l.span,
		coalesce(l.batch_id, c.batch_id) AS batch_id, c.cause, l.context_id
	FROM registry.change_log l JOIN registry.log_shape s USING (shape_id) JOIN registry.log_context c USING (context_id), mark m
	WHERE l.log_id > m.log_id;
CREATE TEMP VIEW entry AS
	SELECT e.log_id - m.log_id AS n, "position" AS p, relation, operation, person_id, row_key, old, batch_id, cause
	FROM registry.log_entries e, mark m WHERE e.log_id > m.log_id;
CREATE FUNCTION pg_temp.add_persons(first bigint, last bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO registry.person (person_id, territory, id_kind, id_no, name, name_key, birth_date, life_status,
		paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
	SELECT i, '340402001001', '01', 'T' || i, '王' || i, '王' || i, '1980-02-29', 10,
		0::coverage, 0::coverage, 0::coverage, 0::coverage, 3, 3, 45, 'unenrolled', 20, now()
	FROM generate_series(first, last) i
$$;

-- A bulk insert leaves a few blocks of keys.
SELECT set_config('registry.batch_id', '77', true), set_config('registry.cause', 'enrol', true);
SELECT pg_temp.add_persons(5000000, 5010000);
SELECT n, relation, operation, first_key, last_key, rows, span, batch_id, cause FROM block ORDER BY n;
SELECT count(*) AS logged, count(DISTINCT person_id) AS persons, min(person_id), max(person_id), count(old) FROM entry;
SELECT max(pg_column_size(l.payload)) < 8160 AS within_a_page FROM registry.change_log l, mark m WHERE l.log_id > m.log_id;
SELECT count(*) AS contexts, bool_and(c.xid = pg_current_xact_id() AND c.changed_at = now() AND c.changed_by = current_user) AS of_this
FROM registry.log_context c WHERE c.context_id IN (SELECT context_id FROM block);

-- An update keeps the old values of the columns that changed, as text, and nothing else.
SELECT set_config('registry.batch_id', '', true), set_config('registry.cause', '', true);
SELECT max(log_id) FROM registry.change_log \gset
UPDATE mark SET log_id = :max;
UPDATE registry.person SET class = 'enrolled', birth_date = '1981-01-01', phone = '13800000000', updated_at = now() + interval '1 hour'
WHERE person_id = 5000001;
SELECT operation, person_id, row_key, old, batch_id, cause FROM entry ORDER BY n, p;
-- Rows that stay the same leave nothing, and neither does the time stamp alone.
UPDATE registry.person SET class = class, updated_at = now() + interval '2 hours' WHERE person_id BETWEEN 5000001 AND 5000100;
UPDATE registry.person SET class = 'gone' WHERE person_id < 0;
SELECT count(*) FROM entry;
-- More rows than the trigger holds at a time.
UPDATE registry.person SET work_state = 30 WHERE person_id BETWEEN 5000000 AND 5002999 AND person_id % 2 = 0;
SELECT operation, count(*), count(DISTINCT person_id) AS persons, min(old::text), max(old::text) FROM entry GROUP BY 1;
SELECT operation, sum(rows) FROM block GROUP BY 1;
-- A session in another date style writes the same text.
SET LOCAL datestyle = 'German';
SET LOCAL timezone = 'America/New_York';
UPDATE registry.person SET birth_date = '1.1.1979', life_since = '31.12.2015', name = NULL WHERE person_id = 5000001;
RESET datestyle;
RESET timezone;
UPDATE registry.person SET name = '王小明' WHERE person_id = 5000001;
SELECT relation, operation, item, old_value, new_value, batch_id, cause FROM history(5000001);

-- Enrolments: the row is named in the item.
SELECT set_config('registry.cause', 'correction', true);
INSERT INTO registry.enrolment (person_id, enrolment_id, source, batch_id, line_no, row_key, row_hash, number, name, name_key,
	scheme, scheme_code, enrol_status, pay_status, start_month, paid_through, benefit_monthly, valid_from)
SELECT 5000002, 900 + i, 'pension_employee', 1, i, md5('changelog' || i)::uuid, i, 'T2', '王', '王', 'P1', '110', 1, 1, 201501, 201606, 10.5, '2016-01-01'
FROM generate_series(1, 3) i;
UPDATE registry.enrolment SET paid_through = paid_through + enrolment_id % 2, benefit_monthly = 10.50 WHERE person_id = 5000002;
UPDATE registry.enrolment SET paid_through = 201612, ended_on = '2017-01-01' WHERE enrolment_id = 901;
DELETE FROM registry.enrolment WHERE enrolment_id = 902;
SELECT relation, operation, item, old_value, new_value, cause FROM history(5000002);
-- A batch that says something new about a row leaves its number; a change by hand has none.
UPDATE registry.enrolment SET paid_through = 201607, batch_id = 8 WHERE enrolment_id = 903;
UPDATE registry.enrolment SET paid_through = 201608, batch_id = 9 WHERE enrolment_id = 903;
UPDATE registry.enrolment SET paid_through = 201609 WHERE enrolment_id = 903;
SELECT batch_id, operation, item, old_value, new_value FROM history(5000002) WHERE item LIKE '903%';
-- A row that finds its person leaves the other one.
UPDATE registry.enrolment SET person_id = 5000003, scheme_code = '120' WHERE enrolment_id = 903;
UPDATE registry.enrolment SET scheme_code = '110' WHERE enrolment_id = 903;
SELECT relation, operation, item, old_value, new_value FROM history(5000002) LIMIT 2;
SELECT relation, operation, item, old_value, new_value FROM history(5000003);

-- A deleted person is kept whole, and what was known before still reads right.
DELETE FROM registry.person WHERE person_id = 5000001;
SELECT operation, item, old_value, new_value FROM history(5000001) WHERE item IN ('class', 'name', 'birth_date') OR operation = 'INSERT';
SELECT count(*) AS columns_kept, bool_and(new_value IS NULL) AS gone FROM history(5000001) WHERE operation = 'DELETE';
SELECT count(*) AS unknown_person FROM history(-1);
SELECT count(*) AS null_person FROM history(NULL);

-- ON CONFLICT fires both.
SELECT max(log_id) FROM registry.change_log \gset
UPDATE mark SET log_id = :max;
INSERT INTO registry.person SELECT (p).* FROM (SELECT p FROM registry.person p WHERE person_id = 5000004) s
ON CONFLICT (person_id) DO UPDATE SET class = 'exempt';
SELECT operation, person_id, old FROM entry ORDER BY n, p;

-- A column that the DBA adds is logged, one that is dropped does no harm.
ALTER TABLE registry.person ADD COLUMN remark text;
UPDATE registry.person SET remark = 'asks for a call' WHERE person_id = 5000007;
UPDATE registry.person SET remark = 'called' WHERE person_id = 5000007;
ALTER TABLE registry.person DROP COLUMN remark;
UPDATE registry.person SET class = 'enrolled' WHERE person_id = 5000007;
SELECT operation, item, old_value, new_value FROM history(5000007);

-- Nobody silences the log by a session setting, empties a logged table or edits an entry.
SET LOCAL session_replication_role = replica;
UPDATE registry.person SET class = 'gone' WHERE person_id = 5000004;
RESET session_replication_role;
SELECT operation, person_id, old FROM entry WHERE person_id = 5000004 ORDER BY n;
TRUNCATE registry.person;
TRUNCATE registry.enrolment;
UPDATE registry.change_log SET payload = '';
DELETE FROM registry.change_log;
TRUNCATE registry.change_log;
DELETE FROM registry.change_log_other;
UPDATE registry.log_context SET cause = 'nothing';
DELETE FROM registry.log_shape;
TRUNCATE registry.log_seal;
-- Settings are read when they are set; a mistyped one is refused, not ignored.
SELECT set_config('registry.batch_id', 'seven', true);
SET LOCAL registry.business_date = '2017-02-29';
SET LOCAL registry.couse = 'correction';
SELECT set_config('registry.batch_id', '', true);

-- Who may change a person need not be able to write the log; the role acting is named.
CREATE ROLE registry_clerk;
GRANT USAGE ON SCHEMA registry TO registry_clerk;
GRANT SELECT, UPDATE ON registry.person TO registry_clerk;
SELECT grant_territory('registry_clerk', p.territory::text, 'entry') FROM person p WHERE p.person_id = 5000006;
SET LOCAL ROLE registry_clerk;
UPDATE registry.person SET class = 'exempt' WHERE person_id = 5000006;
SELECT count(*) FROM registry.change_log;
SELECT count(*) FROM registry.log_entries;
SELECT count(*) FROM registry.history(5000006);
RESET ROLE;
SELECT changed_by, operation, item, old_value, new_value FROM history(5000006) LIMIT 1;

-- The context says who, why, and on which day it took effect.
SET LOCAL registry.cause = 'correction';
SET LOCAL registry.reason = 'asked at the counter';
SET LOCAL registry.business_date = '2016-02-29';
UPDATE registry.person SET class = 'enrolled' WHERE person_id = 5000008;
SELECT cause, reason, business_date, transaction_id = (SELECT min(transaction_id) FROM registry.log_context WHERE xid = pg_current_xact_id()) AS one_transaction
FROM history(5000008) LIMIT 1;
-- A context that its subtransaction took with it is written again.
SET LOCAL registry.reason = 'second thought';
SAVEPOINT s;
UPDATE registry.person SET class = 'gone' WHERE person_id = 5000008;
ROLLBACK TO s;
UPDATE registry.person SET class = 'partial' WHERE person_id = 5000008;
SELECT reason, old_value, new_value FROM history(5000008) WHERE operation = 'UPDATE';
SET LOCAL registry.cause = '';
SET LOCAL registry.reason = '';
SET LOCAL registry.business_date = '';

-- Every other way to write rows: COPY, MERGE, tables in parts, foreign keys.
SELECT max(log_id) FROM registry.change_log \gset
UPDATE mark SET log_id = :max;
CREATE TABLE registry.part_test (person_id bigint NOT NULL, kind text, value numeric, PRIMARY KEY (person_id)) PARTITION BY RANGE (person_id);
CREATE TABLE registry.part_test_1 PARTITION OF registry.part_test FOR VALUES FROM (0) TO (100);
CREATE TABLE registry.part_test_2 (value numeric, gone int, person_id bigint NOT NULL, kind text);
ALTER TABLE registry.part_test_2 DROP COLUMN gone;
ALTER TABLE registry.part_test ATTACH PARTITION registry.part_test_2 FOR VALUES FROM (100) TO (200);
SELECT registry.log_attach('registry.part_test', 'part_test', '{person_id}');
COPY registry.part_test FROM stdin;
1	a	1.50
101	b	\N
2	c	2.5
\.
INSERT INTO registry.part_test_2 (person_id, kind, value) VALUES (102, 'd', 4);
UPDATE registry.part_test_2 SET value = 5 WHERE person_id = 101;
UPDATE registry.part_test SET person_id = 103, kind = 'moved' WHERE person_id = 2;
MERGE INTO registry.part_test t USING (VALUES (1, 'm'), (104, 'n')) s (id, kind) ON t.person_id = s.id
	WHEN MATCHED THEN UPDATE SET kind = s.kind
	WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.kind, 0);
CREATE TABLE registry.part_child (person_id bigint PRIMARY KEY REFERENCES registry.part_test ON DELETE CASCADE ON UPDATE CASCADE, note text);
SELECT registry.log_attach('registry.part_child', 'part_child', '{person_id}');
INSERT INTO registry.part_child SELECT person_id, 'x' FROM registry.part_test;
UPDATE registry.part_test SET person_id = 105 WHERE person_id = 101;
DELETE FROM registry.part_test WHERE person_id > 102;
SELECT n, p, relation, operation, person_id, old FROM entry ORDER BY n, p;
TRUNCATE registry.part_test_2 CASCADE;
-- A column that changes its type leaves the old values readable.
ALTER TABLE registry.part_child ADD COLUMN counted integer DEFAULT 5;
UPDATE registry.part_child SET counted = 6 WHERE person_id = 1;
ALTER TABLE registry.part_child ALTER COLUMN counted TYPE text USING 'n' || counted;
UPDATE registry.part_child SET counted = 'seven' WHERE person_id = 1;
SELECT relation, item, old_value, new_value FROM history(1) WHERE item = 'counted';
DROP TABLE registry.part_child, registry.part_test;
DELETE FROM registry.log_table WHERE relation LIKE 'part%';
SELECT registry.log_write_present();

-- SM3 by its standard's examples, SHA-256 by FIPS 180-4's.
SELECT registry.log_digest('sm3', 'abc'), registry.log_digest('sm3', convert_to(repeat('abcd', 16), 'UTF8'));
SELECT registry.log_digest('sha256', 'abc');
SELECT registry.log_digest('md5', 'abc');
-- The root of one leaf is its digest behind a zero byte; of three, the tree of two and one.
SELECT registry.log_root('sha256', 'a') = registry.log_digest('sha256', '\x0061') AS one FROM (VALUES (1)) v;
WITH leaf (n, l) AS (SELECT n, registry.log_digest('sha256', '\x00'::bytea || decode(to_hex(96 + n), 'hex')) FROM generate_series(1, 3) n)
SELECT (SELECT registry.log_root('sha256', decode(to_hex(96 + n), 'hex') ORDER BY n) FROM leaf)
	= registry.log_digest('sha256', '\x01'::bytea || registry.log_digest('sha256', '\x01'::bytea || (SELECT l FROM leaf WHERE n = 1) || (SELECT l FROM leaf WHERE n = 2)) || (SELECT l FROM leaf WHERE n = 3)) AS three;
-- Bytes that are no block are no crash.
SELECT registry.log_decode(1, 'U', '\x0201');
SELECT registry.log_decode(1, 'D', '\xffffffffffffffffffffff');
SELECT registry.log_decode(-1, 'I', '\x02');

-- The trigger functions say what they are for.
CREATE TEMP TABLE bystander (id integer);
CREATE TRIGGER a AFTER INSERT ON bystander REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write();
INSERT INTO bystander VALUES (1);
CREATE OR REPLACE TRIGGER a AFTER INSERT ON bystander REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('bystander', 'person_id');
INSERT INTO bystander VALUES (1);
CREATE OR REPLACE TRIGGER a AFTER INSERT ON bystander REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('bystander', 'id');
INSERT INTO bystander VALUES (1);
CREATE OR REPLACE TRIGGER a AFTER INSERT ON bystander REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('bystander', '');
INSERT INTO bystander VALUES (1);
SELECT registry.log_loaded_rows('bystander');
CREATE TEMP TABLE by_row (person_id bigint);
CREATE TRIGGER a AFTER INSERT ON by_row FOR EACH ROW EXECUTE FUNCTION registry.change_log_write();
INSERT INTO by_row VALUES (1);
CREATE TEMP TABLE no_table (person_id bigint);
CREATE TRIGGER a AFTER INSERT ON no_table FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write();
INSERT INTO no_table VALUES (1);
SELECT row_of_texts(NULL::registry.setting, '{"name": "n", "note": null}'), row_of_texts(s, '{"value": "v"}'), row_of_texts(s, row_texts(s)) = s AS same FROM registry.setting s WHERE name = 'home_region';
SELECT r.evidence -> 'a' AS parsed, r.schemes, r.person_id FROM row_of_texts(NULL::registry.problem, '{"evidence": "{\"a\": [1, \"x\"]}", "schemes": "{P1,U}"}') r;
SELECT row_of_texts(NULL::registry.setting, '{"name": 5}');
SELECT row_of_texts(NULL::registry.person, '{"birth_date": "2017-02-29"}');
SELECT row_of_texts(5, '{}');
SELECT row_texts(r) FROM (VALUES (1, NULL::text, true, '2016-02-29'::date, '2016-02-29 23:30+08'::timestamptz, 1.50)) r;
ROLLBACK;
