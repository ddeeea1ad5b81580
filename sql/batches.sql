-- Batches: what is noted, held and refused; corrected numbers; rejects out and in again.
\set ECHO all
SET client_min_messages = warning;
SET search_path = registry, public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CALL registry.deploy('340400');

CREATE FUNCTION pg_temp.pension(variadic rows text[]) RETURNS bytea LANGUAGE sql AS
$$ SELECT convert_to(E'证件号码,姓名,险种,个人编号,经办区划,参保状态,缴费状态,开始年月,终止年月,备注\n' || array_to_string(rows, E'\n') || E'\n', 'UTF8') $$;
CREATE FUNCTION pg_temp.deaths(variadic rows text[]) RETURNS bytea LANGUAGE sql AS
$$ SELECT convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n' || array_to_string(rows, E'\n') || E'\n', 'UTF8') $$;
CREATE FUNCTION pg_temp.last() RETURNS bigint LANGUAGE sql AS $$ SELECT max(batch_id) FROM registry.batch $$;
CREATE VIEW pg_temp.account AS
	SELECT source, received AS n, rejected AS bad, unchanged AS same, inserted AS new, changed, ended, state FROM batch_list WHERE batch_id = pg_temp.last();
CREATE VIEW pg_temp.rejects AS
	SELECT b.cutoff, r.line_no AS line, r.field, r.code, r.state FROM registry.reject r JOIN registry.batch b USING (batch_id) ORDER BY r.batch_id, r.line_no;
CREATE PROCEDURE pg_temp.compare() LANGUAGE plpgsql AS $$
DECLARE
	wrong text;
BEGIN
	CALL registry.compare();
	SELECT string_agg("check" || ': ' || sample, '; ') INTO wrong FROM registry.verify() WHERE failing > 0;
	IF wrong IS NOT NULL THEN
		RAISE WARNING 'verify: %', wrong;
	END IF;
END $$;

--
-- What the sender declares
--
SELECT sha256(pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202001,,')) AS hash \gset
SELECT receive('pension_resident', '2024-01-31', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202001,,'),
	'一月.csv', '市社保中心', 1, upper(substr(:'hash', 3))) IS NOT NULL AS received;
SELECT file_name, sender, declared_rows, delivery, received_by = session_user AS by_me, state FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT receive('pension_resident', '2024-01-31', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202002,,'), declared_sha256 => substr(:'hash', 3));
\echo :LAST_ERROR_SQLSTATE
SELECT receive('pension_resident', '2024-01-31', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202002,,'), delivery => 'half');
\echo :LAST_ERROR_SQLSTATE

-- the same again: who had it when
DO $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM receive('pension_resident', '2024-02-29', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202001,,'));
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE WARNING '% | % | %', SQLERRM,
		regexp_replace(regexp_replace(regexp_replace(detail, 'Batch \d+', 'Batch N'), '"' || session_user || '"', '"me"'), 'at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d', 'at TIME'),
		regexp_replace(hint, '\d+', 'N');
END $$;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;

-- a full source may send an increment: nothing ends; the next full extract is measured by the last full one
SELECT receive('pension_resident', '2024-02-10', pg_temp.pension('440524188001010014,李四,170,2,340402,1,1,202001,,'), delivery => 'delta') IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT receive('pension_resident', '2024-02-29', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202001,,x')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
-- A, B, A again: the same bytes are the same file, whatever lies between; an empty line makes them another
SELECT receive('pension_resident', '2024-03-31', pg_temp.pension('11010519491231002X,张三,170,1,340402,1,1,202001,,', '')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;

--
-- Rule DY13: unusually many or few changes, after six deliveries that tell what is usual
--
CREATE PROCEDURE pg_temp.month(cutoff date, changing integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM registry.receive('low_income', $1, convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n' || string_agg(
		format(E'H%s,人,低保,20200101,,%s\n', 1000000000 + n, CASE WHEN n <= changing THEN $1::text END), ''), 'UTF8')) FROM generate_series(1, 100) n;
END $$;
CALL pg_temp.month('2024-01-31', 0);
CALL pg_temp.compare();
DO $$
BEGIN
	FOR i IN 1 .. 5 LOOP
		CALL pg_temp.month((date '2024-01-31' + make_interval(months => i))::date, 5 + i % 2);
		CALL registry.compare();
	END LOOP;
END $$;
-- five do not tell
CALL pg_temp.month('2024-07-31', 90);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
SELECT discard(pg_temp.last());
CALL pg_temp.month('2024-07-31', 6);
CALL registry.compare();
-- six do; the last one's changed rows change back
CALL pg_temp.month('2024-08-31', 90);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
CALL registry.compare();
SELECT state FROM batch_list WHERE batch_id = pg_temp.last();
SELECT decided_by = session_user AS decided FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT discard(pg_temp.last());
SELECT decided_by = session_user AS decided, decided_at IS NOT NULL AS dated FROM registry.batch WHERE batch_id = pg_temp.last();
-- less than twenty rows more than usual
CALL pg_temp.month('2024-08-31', 25);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
SELECT discard(pg_temp.last());
-- three months at once: measured per month
CALL pg_temp.month('2024-10-31', 70);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
SELECT discard(pg_temp.last());
-- against the extract that waits, not against what was applied before it
CALL pg_temp.month('2024-08-31', 6);
CALL pg_temp.month('2024-09-30', 7);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
SELECT discard(pg_temp.last());
-- the source may say that it never is
UPDATE source SET change_limit = NULL WHERE source = 'low_income';
CALL pg_temp.month('2024-09-30', 95);
SELECT state, held_reason FROM batch_list WHERE batch_id = pg_temp.last();
SELECT release(pg_temp.last());
\echo :LAST_ERROR_SQLSTATE
CALL pg_temp.compare();
UPDATE source SET change_limit = 3 WHERE source = 'low_income';

--
-- A corrected number: the row stays the row, its person changes
--
CREATE VIEW pg_temp.pensions AS
	SELECT e.number, e.ended_on, p.paying, p.citizen_id::text AS person
	FROM registry.enrolment e LEFT JOIN person p USING (person_id) WHERE e.source = 'pension_resident' ORDER BY e.enrolment_id;
-- by personal number, and without
SELECT receive('pension_resident', '2024-10-31', pg_temp.pension(
	'11010519491231002X,张三,170,1,340402,1,1,202001,,',
	'340402199001010010,王五,170,5,340402,1,1,202001,,',
	'340402199001010029,赵六,170,,340402,1,1,202001,,',
	'340402199001010037,孙七,170,,340402,1,1,202001,,',
	'340402199001010045,周八,170,,340402,1,1,202001,,',
	'340402199001010054,吴九,170,,340402,1,1,202001,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT code, state, row_key = correction_key AS corrected_by_key FROM registry.reject WHERE batch_id = pg_temp.last();
SELECT * FROM pg_temp.pensions;
-- 王五, 赵六: one digit; 孙七: another man; 周八: number and month, which nobody can tell from another row; 吴九: the check character
SELECT receive('pension_resident', '2024-11-30', pg_temp.pension(
	'11010519491231002X,张三,170,1,340402,1,1,202001,,',
	'340402199001010061,王五,170,5,340402,1,1,202001,,',
	'340402199001010088,赵六,170,,340402,1,1,202001,,',
	'440524188001010014,孙七,170,,340402,1,1,202001,,',
	'340402199001010096,周八,170,,340402,1,1,202002,,',
	'340402199001010053,吴九,170,,340402,1,1,202001,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT * FROM pg_temp.pensions;
SELECT old_number, new_number, fact, o.citizen_id::text AS from_person, n.citizen_id::text AS to_person, old_line_no
FROM moved_row m LEFT JOIN person o ON o.person_id = m.person_id LEFT JOIN person n ON n.person_id = m.new_person_id ORDER BY old_number;
SELECT * FROM pg_temp.rejects WHERE cutoff >= '2024-10-31';
-- and the history of the one it left tells where it went
SELECT operation, old_value::bigint = find_person('340402199001010010') AS from_here, new_value::bigint = find_person('340402199001010061') AS to_there
FROM history(find_person('340402199001010010')) WHERE operation = 'MOVE';

-- the log of a person names the batch that touched it, that of an ended row the one that ended it
SELECT DISTINCT relation::text ~ 'person$' AS of_person, operation, batch_id = (SELECT batch_id FROM registry.batch WHERE cutoff = '2024-11-30') AS by_that_batch
FROM history(find_person('340402199001010045')) WHERE batch_id <> (SELECT batch_id FROM registry.batch WHERE cutoff = '2024-10-31' AND source = 'pension_resident') ORDER BY 1, 2;

-- a delta says it too, where the register knows the other number by this name: the dead man is the other one
SELECT receive('police_household', '2024-11-30', convert_to(E'公民身份号码,姓名,户籍地,管理状态\n340402199001010088,王五,340402001,正常\n', 'UTF8')) IS NOT NULL AS received;
SELECT receive('civil_affairs_death', '2024-11-30', pg_temp.deaths('340402199001010061,王五,死亡,20241101,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT life_status FROM person_list WHERE citizen_id = '340402199001010061';
SELECT receive('civil_affairs_death', '2024-12-01', pg_temp.deaths('340402199001010088,王五,死亡,20241101,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT citizen_id, life_status FROM person_list WHERE citizen_id IN ('340402199001010061', '340402199001010088') ORDER BY 1;
-- two that it may mean: none is taken
SELECT receive('civil_affairs_death', '2024-12-02', pg_temp.deaths('340402199001010045,王五,死亡,20241102,,', '340402199001010037,王五,死亡,20241102,,')) IS NOT NULL AS received;
SELECT receive('civil_affairs_death', '2024-12-03', pg_temp.deaths('340402199001010029,王五,死亡,20241102,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;

--
-- Rejects go out and come back
--
SELECT receive('pension_resident', '2025-01-31', convert_to(E'证件号码,姓名,险种,个人编号,经办区划,参保状态,缴费状态,开始年月,终止年月,备注\n'
	'11010519491231002X,张三,170,1,340402,1,1,202001,,\n'
	'340402199001010061,王五,170,5,340402,1,1,202001,202413,"a ""b"", c"\n'
	'340402199001010089,赵六,170,,340402,1,1,202001,,\n'
	'440524188001010014,孙七,999,,340402,1,1,202001,,\n'
	'340402199001010096,周八,170,,340402,1,1,202002\n'
	'340402199001010053,吴', 'GB18030') || '\xff' || convert_to(E',170,,340402,1,1,202001,,\n合计,6\n', 'GB18030'), delivery => 'full') IS NOT NULL AS received;
SELECT state, encoding, received, accepted, rejected FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT release(pg_temp.last());
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT batch_id AS sent FROM registry.batch WHERE batch_id = pg_temp.last() \gset
SELECT replace(convert_from(export_rejects(:sent, 'UTF-8'), 'UTF8'), ',' || :sent || ',', ',N,') AS export;
SELECT encode(substr(export_rejects(:sent, 'UTF-8'), 1, 3), 'hex') AS mark,
	substr(export_rejects(:sent), 1, 8) = convert_to('证件号码', 'GB18030') AS as_received,
	position(convert_to('吴', 'GB18030') || '\x8431a437'::bytea IN export_rejects(:sent, 'GB18030')) > 0 AS broken_byte_marked;
SELECT raw_bytes IS NOT NULL AS kept FROM registry.reject WHERE batch_id = :sent AND code = 'encoding';
-- corrected by hand, 孙七 wrongly again
SELECT receive('pension_resident', '2025-01-31', convert_to(replace(replace(replace(replace(convert_from(export_rejects(:sent, 'UTF-8'), 'UTF8'),
	'202413', '202412'), '340402199001010089', '340402199001010088'), ',999,', ',998,'), U&'\5434\FFFD', '吴九'), 'UTF8'), sender => '市社保中心') IS NOT NULL AS received;
SELECT delivery, state, received, accepted, rejected FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT extra FROM staged_enrolment WHERE batch_id = pg_temp.last() AND extra IS NOT NULL;
SELECT count(*) AS answers FROM staged_answer;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT * FROM pg_temp.rejects WHERE cutoff = '2025-01-31';
SELECT * FROM pg_temp.pensions WHERE ended_on IS NULL;
SELECT (SELECT count(*) FROM staged_answer) AS answers, (SELECT count(*) FROM staged_enrolment) AS rows;
-- the second round, in GB18030; nothing is left to export of the first
SELECT convert_from(export_rejects(:sent, 'UTF-8'), 'UTF8') AS nothing_left;
SELECT receive('pension_resident', '2025-02-01', decode(replace(encode(export_rejects(pg_temp.last(), 'GB18030'), 'hex'), encode(',998,', 'hex'), encode(',170,', 'hex')), 'hex')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT * FROM pg_temp.rejects WHERE cutoff >= '2025-01-31' AND code = 'code';
SELECT number, extra FROM enrolment WHERE source = 'pension_resident' AND ended_on IS NULL AND name = '孙七';

-- a file of corrections is never a full extract; what answers nobody is a row like any other
SELECT receive('pension_resident', '2025-02-01', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,批次,行号,字段,代码,原因\n', 'UTF8'), delivery => 'full');
\echo :LAST_ERROR_SQLSTATE
SELECT receive('pension_resident', '2025-02-01', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,批次,行号,字段,代码,原因\n'
	'340402199001010109,郑十,170,340402,1,1,202001,99999999999999999999,7,,,\n340402199001010117,冯一,170,340402,1,1,202001,-1,x,,,\n', 'UTF8')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
-- by key alone, in the next full extract
SELECT receive('pension_resident', '2025-02-28', pg_temp.pension(
	'11010519491231002X,张三,170,1,340402,1,1,202001,,', '340402199001010061,王五,170,5,340402,1,1,202001,202412,"a ""b"", c"',
	'340402199001010088,赵六,170,,340402,1,1,202001,202413,', '440524188001010014,孙七,170,,340402,1,1,202001,,', '340402199001010053,吴九,170,,340402,1,1,202001,,')) IS NOT NULL AS received;
SELECT release(pg_temp.last()) FROM registry.batch WHERE batch_id = pg_temp.last() AND state = 'held';
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT receive('pension_resident', '2025-03-31', pg_temp.pension(
	'11010519491231002X,张三,170,1,340402,1,1,202001,,', '340402199001010061,王五,170,5,340402,1,1,202001,202412,"a ""b"", c"',
	'340402199001010088,赵六,170,,340402,1,1,202001,202412,', '440524188001010014,孙七,170,,340402,1,1,202001,,', '340402199001010053,吴九,170,,340402,1,1,202001,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT * FROM pg_temp.rejects WHERE cutoff >= '2025-02-01';
SELECT export_rejects(-1);
\echo :LAST_ERROR_SQLSTATE
SELECT export_rejects(:sent, 'EBCDIC');
\echo :LAST_ERROR_SQLSTATE

SELECT intake_fields('a|"b,c"|', '|', false) AS bar, intake_fields('a,"b ""c"""', ',', true) AS comma, intake_fields('', ',', true) AS nothing,
	intake_fields('a,b', '', true) AS whole, array_length(intake_fields(repeat(',', 99), ',', true), 1) AS many, intake_record(ARRAY['a', NULL, 'b,"c', ' d', E'e\nf', '']) AS record;

-- a good row is not pushed out by a broken repeat behind it
SELECT receive('pension_employee', '2025-03-31', pg_temp.pension('11010519491231002X,张三,110,1,340402,1,1,202001,,', '110105194912310021,张三,110,1,340402,1,1,202001,,')) IS NOT NULL AS received;
CALL pg_temp.compare();
SELECT * FROM pg_temp.account;
SELECT number, person_id > 0 AS applied FROM enrolment WHERE source = 'pension_employee';

-- quality: per column, rejected rows too, each by itself
SELECT item, filled, valid, share FROM quality_report WHERE batch_id = :sent;

-- progress is visible while it runs, and gone after
SELECT count(*) AS receiving FROM receive_progress;

-- leave the database as the next test expects it
TRUNCATE registry.batch_item, registry.batch, reject, staged_answer, moved_row;
DELETE FROM setting WHERE name = 'current_reference_date';
SET registry.cause = 'test';
SET session_replication_role = replica;
DELETE FROM enrolment;
DELETE FROM circumstance;
DELETE FROM person;
DELETE FROM person_alias;
DELETE FROM problem;
DELETE FROM coverage_cell;
