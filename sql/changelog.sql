-- The change log: what the triggers write, and history().
SET client_min_messages = warning;
CALL registry.deploy('340400');
RESET client_min_messages;
SET search_path = registry, public;
\set ON_ERROR_ROLLBACK on
\pset null '∅'
-- Everything below is undone: other tests use the same registry.
BEGIN;
CREATE TEMP TABLE mark AS SELECT nextval('registry.change_log_id_seq') AS log_id;
CREATE TEMP VIEW entry AS
	SELECT l.log_id - m.log_id AS n, relation, operation, person_bucket AS bucket,
		cardinality(person_ids) AS persons, cardinality(row_ids) AS rows, person_ids[1:2], row_ids[1:2], old, batch_id, cause
	FROM registry.change_log l, mark m WHERE l.log_id > m.log_id;
CREATE FUNCTION pg_temp.add_persons(first bigint, last bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO registry.person (person_id, territory, id_kind, id_no, name, name_key, birth_date, life_status,
		paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
	SELECT i, '340402001001', '01', 'T' || i, '王' || i, '王' || i, '1980-02-29', 10,
		0::coverage, 0::coverage, 0::coverage, 0::coverage, 3, 3, 45, 'unenrolled', 20, now()
	FROM generate_series(first, last) i
$$;

-- A bulk insert leaves one entry per 1024 persons, keys only.
SELECT set_config('registry.batch_id', '77', true), set_config('registry.cause', 'enrol', true);
SELECT pg_temp.add_persons(5000000, 5003000);
SELECT n, relation, operation, bucket, persons, rows, person_ids, old, batch_id, cause FROM entry ORDER BY n;
SELECT count(*) AS logged, count(DISTINCT id) AS persons, min(id), max(id)
FROM registry.change_log, unnest(person_ids) id, mark WHERE change_log.log_id > mark.log_id;
SELECT xid = pg_current_xact_id() AS this_transaction, changed_at = now() AS now, changed_by = current_user AS me
FROM registry.change_log l, mark WHERE l.log_id > mark.log_id LIMIT 1;

-- An update keeps the old values of the columns that changed, as text, and nothing else.
SELECT set_config('registry.batch_id', '', true), set_config('registry.cause', '', true);
SELECT max(log_id) FROM registry.change_log \gset
UPDATE mark SET log_id = :max;
UPDATE registry.person SET class = 'enrolled', birth_date = '1981-01-01', phone = '13800000000', updated_at = now() + interval '1 hour'
WHERE person_id = 5000001;
SELECT operation, bucket, person_ids, rows, old, batch_id, cause FROM entry ORDER BY n;
-- Rows that stay the same leave nothing, and neither does the time stamp alone.
UPDATE registry.person SET class = class, updated_at = now() + interval '2 hours' WHERE person_id BETWEEN 5000001 AND 5000100;
UPDATE registry.person SET class = 'gone' WHERE person_id < 0;
SELECT count(*) FROM entry;
-- More rows than the trigger holds at a time.
UPDATE registry.person SET work_state = 30 WHERE person_id BETWEEN 5000000 AND 5002999 AND person_id % 2 = 0;
SELECT operation, count(*), count(DISTINCT person_ids) AS persons, min(old::text), max(old::text) FROM entry GROUP BY 1;
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
SELECT operation, person_ids, old FROM entry ORDER BY n;

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
SELECT operation, person_ids, old FROM entry WHERE person_ids = '{5000004}' ORDER BY n;
TRUNCATE registry.person;
TRUNCATE registry.enrolment;
UPDATE registry.change_log SET cause = 'nothing';
DELETE FROM registry.change_log;
TRUNCATE registry.change_log;
SELECT set_config('registry.batch_id', 'seven', true);
UPDATE registry.person SET class = 'exempt' WHERE person_id = 5000005;
SELECT set_config('registry.batch_id', '', true);

-- Who may change a person need not be able to write the log; the role acting is named.
CREATE ROLE registry_clerk;
GRANT USAGE ON SCHEMA registry TO registry_clerk;
GRANT SELECT, UPDATE ON registry.person TO registry_clerk;
SET LOCAL ROLE registry_clerk;
UPDATE registry.person SET class = 'exempt' WHERE person_id = 5000006;
SELECT count(*) FROM registry.change_log;
SELECT count(*) FROM registry.history(5000006);
RESET ROLE;
SELECT changed_by, operation, item, old_value, new_value FROM history(5000006) LIMIT 1;

-- The trigger functions say what they are for.
CREATE TEMP TABLE bystander (id bigint);
CREATE TRIGGER a AFTER INSERT ON bystander REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write();
INSERT INTO bystander VALUES (1);
CREATE TEMP TABLE by_row (person_id bigint);
CREATE TRIGGER a AFTER INSERT ON by_row FOR EACH ROW EXECUTE FUNCTION registry.change_log_write();
INSERT INTO by_row VALUES (1);
CREATE TEMP TABLE no_table (person_id bigint);
CREATE TRIGGER a AFTER INSERT ON no_table FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write();
INSERT INTO no_table VALUES (1);
SELECT row_texts(r) FROM (VALUES (1, NULL::text, true, '2016-02-29'::date, '2016-02-29 23:30+08'::timestamptz, 1.50)) r;
ROLLBACK;
