-- Whom sources state: sets per batch, and what is asked of them.  In a database
-- of its own.
\set ECHO all
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_membership;
CREATE DATABASE registry_membership TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_membership
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
\pset null '∅'
CREATE EXTENSION registry;
CALL registry.deploy('340400');
SET search_path = public, registry;
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format(E'%s: %s\n  detail: %s\n  hint: %s', state, message, detail, hint);
END $$;
CREATE FUNCTION number(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
   FROM (SELECT '34040219800101' || lpad(n::text, 3, '0')) AS v(d) $$;
-- rows: the number of the person, name, sex, phone
CREATE FUNCTION police(VARIADIC rows text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| coalesce(string_agg(number(r[1]::int) || ',' || r[2] || ',,' || r[3] || ',汉,19800101,' || r[5] || ',,,,' || r[4] || E',,正常,,,,\n', '' ORDER BY o), ''), 'UTF8')
FROM (SELECT string_to_array(v, ' ') AS r, o FROM unnest(rows) WITH ORDINALITY AS u(v, o)) s $$;
-- rows: the number of the person, name, paid through, phone, personal number
CREATE FUNCTION pension(VARIADIC rows text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话\n'
	|| coalesce(string_agg(number(r[1]::int) || ',' || r[2] || ',170,R' || r[1] || r[5] || ',,,340402,1,1,202001,,' || r[3] || ',0,,,,3,' || r[4] || E'\n', '' ORDER BY o), ''), 'UTF8')
FROM (SELECT string_to_array(v, ' ') AS r, o FROM unnest(rows) WITH ORDINALITY AS u(v, o)) s $$;
CREATE FUNCTION list(kind text, VARIADIC people integer[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	|| coalesce(string_agg(number(n) || ',张三,' || kind || E',20240101,,\n', '' ORDER BY o), ''), 'UTF8')
FROM unnest(people) WITH ORDINALITY AS u(n, o) $$;
UPDATE source SET shrink_limit = 1;

-- The numbers of persons here are those given in the order of their documents: 1 to 6.
SELECT receive('police_household', '2024-06-30', police('1 张三 男 1381 340402001', '2 李四 女 1382 340402001', '3 王五 男 - 340403001', '4 赵六 女 1384 340403001', '5 钱七 男 1385 340402001', '6 孙八 女 1386 340403001'));
SELECT receive('pension_resident', '2024-06-30', pension('1 张三 202405 1381 A', '2 李四四 202405 9999 A', '3 王五 202405 1383 A', '4 赵六 202405 1384 A', '4 赵六 202405 1384 B'));
SELECT receive('employer_registry', '2024-06-30', convert_to(E'统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期\n', 'UTF8'));
SELECT receive('civil_affairs_death', '2024-06-30', list('死亡', 6));
SELECT release(3);
SELECT refused('SELECT * FROM compare_batches(2, 2)');
CALL compare();
SELECT batch_id, source, members, changed FROM membership ORDER BY batch_id;

-- the next month: 1 unchanged, 2 changed, 3 gone, 4 keeps one row of two, 5 comes; a delta adds to what was stated
SELECT receive('pension_resident', '2024-07-31', pension('1 张三 202405 1381 A', '2 李四四 202407 9999 A', '4 赵六 202405 1384 A', '5 钱七 202407 1385 A'));
SELECT receive('civil_affairs_death', '2024-07-31', list('死亡', 5));
CALL compare();
SELECT batch_id, source, members, changed FROM membership WHERE cutoff = '2024-07-31' ORDER BY batch_id;
SELECT * FROM compare_batches(2, 5) ORDER BY 1;
SELECT * FROM compare_batches(5, 2) ORDER BY 1;
SELECT * FROM compare_batches(5, 5);
SELECT * FROM compare_batches(4, 6) ORDER BY 1;

-- two extracts in one call; the second corrects the first under the same cutoff
SELECT receive('pension_resident', '2024-08-31', pension('1 张三 202408 1381 A', '5 钱七 202407 1385 A'));
SELECT receive('pension_resident', '2024-08-31', pension('1 张三 202408 1381 A', '2 李四四 202407 9999 A', '5 钱七 202407 1385 A'));
CALL compare();
SELECT batch_id, members, changed FROM membership WHERE cutoff = '2024-08-31' ORDER BY batch_id;
-- over several batches: 1 changed in one between, 2 went and came back
SELECT * FROM compare_batches(2, 8) ORDER BY 1;
SELECT * FROM compare_batches(5, 8) ORDER BY 1;

-- an extract that says nothing new, and one that ends everything
SELECT receive('pension_resident', '2024-09-30', pension('5 钱七 202407 1385 A', '1 张三 202408 1381 A', '2 李四四 202407 9999 A'));
CALL compare();
SELECT members, changed FROM membership WHERE batch_id = 9;
SELECT receive('pension_resident', '2024-10-31', pension(VARIADIC '{}'));
SELECT release(10);
CALL compare();
SELECT members, changed FROM membership WHERE batch_id = 10;
SELECT * FROM compare_batches(9, 10) ORDER BY 1;

-- a broken number finds its person by a later register: a member from the next batch of the source on
SELECT receive('pension_resident', '2024-11-15', pension('1 张三 202408 1381 A', '2 李四四 202407 9999 A', '7 周九 202407 1387 A'));
UPDATE staged_enrolment SET number = overlay(number PLACING 'Z' FROM 12), citizen_id = NULL, fault = 'ID03' WHERE number = number(7);
CALL compare();
SELECT members, changed FROM membership WHERE batch_id = 11;
SELECT receive('police_household', '2024-11-20', police('1 张三 男 1381 340402001', '2 李四 女 1382 340402001', '3 王五 男 - 340403001', '4 赵六 女 1384 340403001', '5 钱七 男 1385 340402001', '6 孙八 女 1386 340403001', '7 周九 男 1387 340403001'));
CALL compare();
SELECT members('pension_resident'), (SELECT person_set_agg(person_id) FROM enrolment WHERE source = 'pension_resident' AND ended_on IS NULL AND person_id > 0) AS by_rows;
SELECT receive('pension_resident', '2024-11-30', pension('1 张三 202408 1381 A', '2 李四四 202407 9999 B', '7 周九 202407 1387 A'));
UPDATE staged_enrolment SET number = overlay(number PLACING 'Z' FROM 12), citizen_id = NULL, fault = 'ID03' WHERE number = number(7);
CALL compare();
SELECT members('pension_resident') = (SELECT person_set_agg(person_id) FROM enrolment WHERE source = 'pension_resident' AND ended_on IS NULL AND person_id > 0) AS equal_to_rows;

-- by day
SELECT day, members('pension_resident', day) FROM unnest('{2024-06-29,2024-06-30,2024-07-30,2024-07-31,2024-08-31,2024-10-30,2024-10-31,9999-12-31}'::date[]) AS day;
SELECT members('school'), members('civil_affairs_death'), members("source" => 'civil_affairs_death', "on" => '2024-06-30');

-- two sources
SELECT * FROM compare_source_counts('police_household', 'pension_resident');
SELECT * FROM compare_source_counts('police_household', 'school');
SELECT * FROM source_overlap();
SELECT * FROM compare_sources('police_household', 'pension_resident', answers => '{same,differs,unknown}') ORDER BY 1, 3;
SELECT * FROM compare_sources('police_household', 'pension_resident') WHERE found = 'both' ORDER BY 1, 3;
SELECT * FROM compare_sources('police_household', 'pension_resident', '340403') ORDER BY 1, 3;
SELECT * FROM compare_sources('civil_affairs_death', 'pension_resident', '340403', '{}') ORDER BY 1, 3;
SELECT count(*) FROM compare_sources('school', 'pension_resident');

-- merged persons count as the one they were merged into, in old sets too
BEGIN;
INSERT INTO link (kind, person_id, other_id) VALUES ('merge', 1, 3);
INSERT INTO person_merged (origin_person, person_id) VALUES (3, 1);
SELECT members('pension_resident', '2024-06-30'), current_persons('{}'), current_persons('{3}'), current_persons('{2,4}');
SELECT * FROM compare_batches(2, 5) ORDER BY 1;
ROLLBACK;

-- refusals
SELECT receive('school', '2024-11-30', list('高等学校', 1));
SELECT call, refused(call) FROM unnest(ARRAY['SELECT members(''nobody'')', 'SELECT members(NULL)', 'SELECT members(''employer_registry'')',
	'SELECT * FROM compare_batches(2, 999)', 'SELECT * FROM compare_batches(NULL, 2)', 'SELECT * FROM compare_batches(1, 2)', 'SELECT * FROM compare_batches(14, 14)', 'SELECT * FROM compare_batches(3, 3)',
	'SELECT * FROM compare_source_counts(''police_household'', ''nobody'')', 'SELECT * FROM compare_sources(''nobody'', ''school'')',
	'SELECT * FROM compare_sources(''school'', ''police_household'', ''34x'')', 'SELECT * FROM compare_sources(''school'', ''police_household'', NULL, ''{perhaps}'')',
	'SELECT * FROM compare_sources(''school'', ''police_household'', NULL, NULL)']) AS call;
-- not for everybody
CREATE ROLE registry_membership_reader;
GRANT USAGE ON SCHEMA registry TO registry_membership_reader;
SET ROLE registry_membership_reader;
SELECT call, public.refused(call) ~ '^42501' AS refused FROM unnest(ARRAY['SELECT registry.members(''school'')', 'SELECT * FROM registry.compare_batches(2, 5)',
	'SELECT * FROM registry.source_overlap()', 'SELECT * FROM registry.compare_sources(''school'', ''army'')', 'SELECT * FROM registry.compare_source_counts(''school'', ''army'')',
	'SELECT registry.write_membership(''{1}'', true)', 'SELECT * FROM registry.membership']) AS call;
RESET ROLE;
DROP OWNED BY registry_membership_reader;
DROP ROLE registry_membership_reader;
-- deploy again leaves the sets
CALL registry.deploy();
SELECT count(*) FROM membership;

\c :regress_database
SET client_min_messages = warning;
DROP DATABASE registry_membership;
