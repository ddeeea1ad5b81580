-- The acts: deploy, receive, compare, release, discard, verify; what they do
-- and what they refuse.  In a database of its own.
\set ECHO all
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_acts;
DROP ROLE IF EXISTS registry_acts_reader;
CREATE DATABASE registry_acts TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_acts
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\pset null '∅'
CREATE EXTENSION registry;

CREATE SCHEMA spec;
-- what a statement is refused with
CREATE FUNCTION spec.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	IF state = '2BP01' THEN
		detail := '(what depends)';
	END IF;
	RETURN format(E'%s: %s\n  detail: %s\n  hint: %s', state, message, detail, hint);
END $$;
CREATE FUNCTION spec.number(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
   FROM (SELECT '34040219800101' || lpad(n::text, 3, '0')) AS v(d) $$;
CREATE FUNCTION spec.name(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT substr('赵钱孙李周吴郑王冯陈', n % 10 + 1, 1) || substr('伟芳娜敏静丽强磊军洋勇艳杰', n % 13 + 1, 1) || substr('国庆春建文志永', n % 7 + 1, 1) $$;
CREATE FUNCTION spec.police(VARIADIC people integer[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| coalesce(string_agg(spec.number(n) || ',' || spec.name(n) || ',,' || CASE WHEN n % 2 = 1 THEN '男' ELSE '女' END || ',汉,19800101,340402001,,,,,,正常,,,,' || E'\n', '' ORDER BY o), ''), 'UTF8')
FROM unnest(people) WITH ORDINALITY AS u(n, o) $$;
-- P2 rows; through is 缴至年月
CREATE FUNCTION spec.pension(through text, VARIADIC people integer[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话\n'
	|| coalesce(string_agg(spec.number(n) || ',' || spec.name(n) || ',170,R' || n || ',,,340402,1,1,202001,,' || through || ',0,,,,3,' || E'\n', '' ORDER BY o), ''), 'UTF8')
FROM unnest(people) WITH ORDINALITY AS u(n, o) $$;
CREATE FUNCTION spec.list(kind text, start text, VARIADIC people integer[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	|| coalesce(string_agg(spec.number(n) || ',' || spec.name(n) || ',' || kind || ',' || start || ',,' || E'\n', '' ORDER BY o), ''), 'UTF8')
FROM unnest(people) WITH ORDINALITY AS u(n, o) $$;
CREATE FUNCTION spec.batches() RETURNS TABLE (batch bigint, source text, cutoff date, received bigint, accepted bigint, rejected bigint,
	unchanged bigint, inserted bigint, changed bigint, ended bigint, state text, held_reason text) LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY SELECT b.batch_id, b.source, b.cutoff, b.received, b.accepted, b.rejected, b.unchanged, b.inserted, b.changed, b.ended, b.state, b.held_reason
	FROM registry.batch_list b ORDER BY b.batch_id; END $$;
CREATE FUNCTION spec.failing() RETURNS bigint LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT count(*) FROM registry.verify() v WHERE v.failing <> 0); END $$;
-- everything that an act might change, in one hash; who wrote when aside
CREATE FUNCTION spec.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	part text; whole text := ''; relation regclass;
BEGIN
	FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'r'
		AND c.relname NOT IN ('region', 'region_seed') ORDER BY c.relname LOOP
		EXECUTE format('SELECT coalesce(md5(string_agg(t::text, E''\n'' ORDER BY t::text)), '''') FROM %s t', relation) INTO part;
		whole := whole || relation::text || part;
	END LOOP;
	RETURN md5(whole);
END $$;

--
-- deploy
--
SELECT spec.refused('CALL registry.deploy()');
SELECT spec.refused($$SELECT registry.receive('police_household', '2024-06-30', ''::bytea)$$) ~ '^(42883|42P01)' AS nothing_to_receive_into;
SELECT to_regclass('registry.person') IS NULL AS nothing_made;
SELECT spec.refused($$CALL registry.deploy('3404x0')$$);
CALL registry.deploy('340400');
CREATE TEMP TABLE objects AS SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'registry'::regnamespace;
SELECT name, value FROM registry.setting WHERE name NOT LIKE 'name\_%' ORDER BY name;
-- the DBA's own changes stay
UPDATE registry.source SET title = '户口' WHERE source = 'police_household';
CREATE INDEX my_index ON registry.person (name);
CALL registry.deploy('340400');
CALL registry.deploy();
SELECT title FROM registry.source WHERE source = 'police_household';
DROP INDEX registry.my_index;
SELECT relname, relkind FROM (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'registry'::regnamespace EXCEPT TABLE objects) d;
SELECT relname, relkind FROM (TABLE objects EXCEPT SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'registry'::regnamespace) d;
SELECT spec.refused($$CALL registry.deploy('310100')$$);
SELECT value FROM registry.setting WHERE name = 'home_region';
-- tables are the deployer's, not the extension's
SELECT count(*) AS members FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
WHERE d.deptype = 'e' AND c.relname IN ('person', 'enrolment', 'problem', 'batch', 'person_list');
SELECT spec.refused('DROP EXTENSION registry');

--
-- compare with nothing to do
--
CALL registry.compare();
SELECT count(*) AS persons FROM registry.person_list;
SELECT spec.failing();
CALL registry.compare(full => true);
SELECT spec.refused('CALL registry.compare(NULL)');
SELECT spec.refused('SELECT * FROM registry.verify()');

--
-- one delivery; an account that closes
--
SELECT registry.receive('police_household', '2024-06-30', spec.police(VARIADIC ARRAY(SELECT generate_series(1, 40)))) AS batch;
SELECT count(*) AS before_compare FROM registry.person_list;
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202406', VARIADIC ARRAY(SELECT generate_series(1, 30)))) AS batch;
SELECT * FROM spec.batches();
CALL registry.compare();
SELECT * FROM spec.batches();
SELECT class, paying, count(*) FROM registry.person_list GROUP BY 1, 2 ORDER BY 1, 2;
SELECT rule_id, count(*) FROM registry.problem_list GROUP BY 1 ORDER BY 1;
SELECT min(person_id), max(person_id), count(*) FROM registry.person_list;
SELECT finished_at IS NOT NULL AS finished, count(*) FROM registry.batch_list GROUP BY 1;
SELECT spec.failing();
-- again, full or not: nothing at all is written
SELECT spec.state() AS state \gset
CALL registry.compare();
SELECT spec.state() = :'state' AS same;
CALL registry.compare(full => true);
SELECT spec.state() = :'state' AS same;
-- whatever the session is set to
SET datestyle = 'SQL, DMY';
CALL registry.compare(full => true);
SET datestyle = 'ISO, YMD';
SELECT spec.state() = :'state' AS same;
SELECT spec.refused('CALL registry.compare()') AS other_sessions_go_on;
UPDATE registry.setting SET value = '2024-06-30' WHERE name = 'current_reference_date' AND value <> '2024-06-30';
SET intervalstyle = 'sql_standard';
SET standard_conforming_strings = off;
SET backslash_quote = on;
SET search_path = pg_temp;
SET default_transaction_isolation = 'repeatable read';
SET enable_hashjoin = off;
SET transform_null_equals = on;
CREATE TEMP TABLE person (person_id text);
CREATE TEMP TABLE problem (nothing text);
CALL registry.compare(full => true);
RESET ALL;
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
DROP TABLE pg_temp.person, pg_temp.problem;
SELECT spec.state() = :'state' AS same;

--
-- inside a transaction block, a function, twice in one transaction
--
BEGIN;
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202405', VARIADIC ARRAY(SELECT generate_series(1, 31)))) AS batch;
CALL registry.compare();
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
ROLLBACK;
SELECT spec.state() = :'state' AS same;
BEGIN;
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202405', VARIADIC ARRAY(SELECT generate_series(1, 31)))) > 0 AS received;
CALL registry.compare();
CALL registry.compare(full => true);
CALL registry.compare();
COMMIT;
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT source, received, unchanged, inserted, changed, ended, state FROM spec.batches() WHERE batch = (SELECT max(batch) FROM spec.batches());
DO $$ BEGIN CALL registry.compare(); END $$;
SELECT spec.refused('CALL registry.compare()');
BEGIN READ ONLY;
SELECT spec.refused('CALL registry.compare()') ~ '^25006' AS refused_read_only;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
CALL registry.compare();
COMMIT;
-- an error afterwards takes everything back
SELECT spec.state() AS state \gset
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202406', VARIADIC ARRAY(SELECT generate_series(1, 32)))) > 0 AS received;
BEGIN;
CALL registry.compare();
SELECT 1 / 0;
COMMIT;
SELECT state, count(*) FROM spec.batches() GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
CALL registry.compare();
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT spec.failing();

--
-- held, released, discarded
--
-- 30 of 32 is 6.25 % less; 31 of 32 is not
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202407', VARIADIC ARRAY(SELECT generate_series(1, 30)))) AS held \gset
SELECT state, held_reason IS NOT NULL AS reason FROM spec.batches() WHERE batch = :held;
CALL registry.compare();
CALL registry.compare(full => true);
SELECT state, unchanged, inserted, changed, ended FROM spec.batches() WHERE batch = :held;
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT spec.failing();
SELECT registry.release(:held);
SELECT state FROM spec.batches() WHERE batch = :held;
SELECT spec.refused(format('SELECT registry.release(%s)', :held)) ~ '^RG004' AS not_held_any_more;
CALL registry.compare();
SELECT state, received, unchanged, inserted, changed, ended FROM spec.batches() WHERE batch = :held;
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT count(*) AS kept_rows, count(ended_on) AS ended, max(ended_on) AS ended_on FROM registry.enrolment;
SELECT spec.refused(format('SELECT registry.discard(%s)', :held)) ~ '^RG004' AS applied_stays;
SELECT spec.failing();
-- an extract without rows, and one with other than the declared number, wait too
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202406', VARIADIC '{}')) AS empty \gset
SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202404', VARIADIC ARRAY(SELECT generate_series(1, 30))), declared_rows => 31) AS short \gset
SELECT batch, state, held_reason IS NOT NULL AS reason FROM spec.batches() WHERE batch IN (:empty, :short);
CALL registry.compare();
SELECT registry.discard(:empty);
SELECT registry.discard(:short);
CALL registry.compare();
SELECT state, count(*) FROM spec.batches() GROUP BY 1 ORDER BY 1;
SELECT paying, count(*) FROM registry.person_list GROUP BY 1 ORDER BY 1;
SELECT count(*) AS staged FROM registry.staged_enrolment;
-- a staged batch may be given up, and its content received anew
SELECT registry.receive('pension_resident', '2024-07-31', spec.pension('202407', VARIADIC ARRAY(SELECT generate_series(1, 33)))) AS given_up \gset
SELECT spec.refused($$SELECT registry.receive('pension_resident', '2024-07-31', spec.pension('202407', VARIADIC ARRAY(SELECT generate_series(1, 33))))$$) ~ '^23505' AS same_content;
SELECT registry.discard(:given_up);
CALL registry.compare();
SELECT reference_date FROM registry.reference_date();
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT registry.receive('pension_resident', '2024-07-31', spec.pension('202407', VARIADIC ARRAY(SELECT generate_series(1, 33)))) > :given_up AS received_anew;
CALL registry.compare();
SELECT reference_date FROM registry.reference_date();
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT spec.refused('SELECT registry.release(4711)') ~ '^42704' AS unknown_release, spec.refused('SELECT registry.discard(4711)') ~ '^42704' AS unknown_discard;
SELECT spec.failing();

--
-- the order of time
--
-- older than what has been applied
SELECT spec.refused($$SELECT registry.receive('pension_resident', '2024-06-30', spec.pension('202401', 1))$$) ~ '^RG003' AS older;
SELECT spec.refused($$SELECT registry.receive('pension_resident', current_date + 32, spec.pension('202401', 1))$$) ~ '^22023' AS too_far_ahead;
-- the newer is received first; each waits; the older is applied first
SELECT registry.receive('pension_resident', '2024-09-30', spec.pension('202409', VARIADIC ARRAY(SELECT generate_series(1, 34)))) AS september \gset
SELECT registry.receive('pension_resident', '2024-08-31', spec.pension('202408', VARIADIC ARRAY(SELECT generate_series(2, 33)))) AS august \gset
CALL registry.compare();
SELECT batch = :september AS september, received, unchanged, inserted, changed, ended, state FROM spec.batches() WHERE batch IN (:september, :august) ORDER BY 1;
SELECT reference_date FROM registry.reference_date();
SELECT count(*) FROM registry.person_list WHERE paying = 'P2';
SELECT count(*) AS rows, count(*) FILTER (WHERE ended_on IS NULL AND paid_through = 202409) AS current FROM registry.enrolment;
SELECT spec.failing();
-- two of one day: the later received has the last word
SELECT registry.receive('pension_resident', '2024-09-30', spec.pension('202406', VARIADIC ARRAY(SELECT generate_series(1, 34)))) > 0 AS first;
SELECT registry.receive('pension_resident', '2024-09-30', spec.pension('202410', VARIADIC ARRAY(SELECT generate_series(1, 34)))) > 0 AS second;
CALL registry.compare();
SELECT paying, paused, count(*) FROM registry.person_list GROUP BY 1, 2 ORDER BY 1, 2;
SELECT DISTINCT paid_through FROM registry.enrolment WHERE ended_on IS NULL;
SELECT spec.failing();
-- a held older batch that a newer one has overtaken stays out
SELECT registry.receive('police_household', '2024-09-30', spec.police(VARIADIC ARRAY(SELECT generate_series(1, 20)))) AS held \gset
SELECT registry.receive('police_household', '2024-10-31', spec.police(VARIADIC ARRAY(SELECT generate_series(1, 41)))) > 0 AS newer;
CALL registry.compare();
SELECT spec.refused(format('SELECT registry.release(%s)', :held)) ~ '^RG003' AS overtaken;
SELECT registry.discard(:held);
-- ended, then back
SELECT registry.receive('pension_resident', '2024-10-31', spec.pension('202410', VARIADIC ARRAY(SELECT generate_series(1, 33)))) > 0 AS without;
CALL registry.compare();
SELECT paying, life_status FROM registry.person_list WHERE citizen_id = spec.number(34);
SELECT registry.receive('pension_resident', '2024-10-31', spec.pension('202410', VARIADIC ARRAY(SELECT generate_series(1, 35)))) > 0 AS back;
CALL registry.compare();
SELECT paying, life_status FROM registry.person_list WHERE citizen_id = spec.number(34);
SELECT received, unchanged, inserted + changed AS new_or_back, ended FROM spec.batches() WHERE batch = (SELECT max(batch) FROM spec.batches());
SELECT count(*) AS rows FROM registry.enrolment WHERE citizen_id::text = spec.number(34) AND ended_on IS NULL;
SELECT spec.failing();

--
-- delta lists add, full lists replace
--
SELECT registry.receive('civil_affairs_death', '2024-09-30', spec.list('死亡', '20240901', 36, 37)) > 0 AS received;
SELECT registry.receive('school', '2024-09-30', spec.list('高等学校', '20240901', 38, 39)) > 0 AS received;
CALL registry.compare();
SELECT registry.receive('civil_affairs_death', '2024-10-31', spec.list('死亡', '20241001', 40)) > 0 AS received;
SELECT registry.receive('school', '2024-10-31', spec.list('高等学校', '20240901', 38)) AS half \gset
SELECT registry.release(:half);
CALL registry.compare();
SELECT n, l.life_status, l.class, l.due FROM generate_series(35, 40) AS n JOIN registry.person_list l ON l.citizen_id = spec.number(n) ORDER BY 1;
SELECT source, received, unchanged, inserted, changed, ended FROM spec.batches() WHERE source IN ('civil_affairs_death', 'school') ORDER BY batch;
SELECT spec.failing();

--
-- a mixed batch, counted
--
-- 1 to 35 stand with 202410: 1 changes, 2 leaves, 3 comes with a broken number,
-- 4 comes twice equal, 44 is new and in no register, one row is short
SELECT registry.receive('pension_resident', '2024-10-31', convert_to(replace(convert_from(spec.pension('202410', VARIADIC '{1,4,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,44}'), 'UTF8'),
		E'\n' || spec.number(1) || ',' || spec.name(1) || ',170,R1,,,340402,1,1,202001,,202410', E'\n' || spec.number(1) || ',' || spec.name(1) || ',170,R1,,,340402,2,2,202001,,202410')
	|| left(spec.number(3), 17) || ',' || '另一人' || E',170,R3,,,340402,1,1,202001,,202410,0,,,,3,\n' || E'340402,短行\n', 'UTF8')) AS mixed \gset
CALL registry.compare();
SELECT received, accepted, rejected, unchanged, inserted, changed, ended, state FROM spec.batches() WHERE batch = :mixed;
SELECT line_no, code, state FROM registry.reject_list WHERE batch_id = :mixed ORDER BY line_no;
SELECT n, l.paying, l.paused, l.life_status FROM unnest(ARRAY[1, 2, 3, 4, 44]) AS n JOIN registry.person_list l ON l.citizen_id = spec.number(n) ORDER BY 1;
SELECT batch, source FROM spec.batches() WHERE state = 'applied' AND received <> unchanged + inserted + changed + rejected;
SELECT spec.failing();

--
-- registers that arrive after the facts
--
SELECT registry.receive('medical_resident', '2024-10-31', convert_to(replace(replace(convert_from(spec.pension('202410', 45, 46), 'UTF8'), ',170,R', ',390,M'), spec.number(46), left(spec.number(46), 17)), 'UTF8')) > 0 AS received;
CALL registry.compare();
SELECT life_status, class, registry.find_person(spec.number(46)) AS not_yet FROM registry.person_list WHERE citizen_id = spec.number(45);
SELECT rule_id, state, citizen_id FROM registry.problem_list WHERE strpos(evidence::text, left(spec.number(46), 17)) > 0;
SELECT registry.receive('police_migrant', '2024-10-31', spec.police(45, 46)) > 0 AS received;
CALL registry.compare();
SELECT citizen_id = spec.number(46) AS repaired, life_status, class, paying FROM registry.person_list WHERE citizen_id IN (spec.number(45), spec.number(46)) ORDER BY 1;
SELECT code, state FROM registry.reject_list WHERE source = 'medical_resident';
SELECT rule_id, state, citizen_id FROM registry.problem_list WHERE strpos(evidence::text, left(spec.number(46), 17)) > 0;
SELECT spec.failing();

--
-- employers
--
SELECT registry.receive('employer_registry', '2024-10-31', convert_to(E'统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期\n91340400MA2N000018,甲公司,10,340402,,,5,存续,20200101\n91340400MA2N000019,乙公司,10,340402,,,5,存续,20200101\n', 'UTF8')) > 0 AS received;
CALL registry.compare();
SELECT rule_id, employer, person_id, state FROM registry.problem_list WHERE rule_id = 'EM01';
SELECT spec.failing();
SELECT registry.receive('employer_registry', '2024-10-31', convert_to(E'统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期\n91340400MA2N000018,甲公司,10,340402,,,5,存续,20200101\n91350100M000100Y43,乙公司,10,340402,,,5,存续,20200101\n', 'UTF8')) > 0 AS received;
CALL registry.compare();
SELECT rule_id, employer, state FROM registry.problem_list WHERE rule_id = 'EM01';
SELECT spec.failing();

--
-- verify finds what does not fit; a full run mends it
--
SELECT spec.state() AS state \gset
SET session_replication_role = replica;
UPDATE registry.person SET class = 'enrolled', gap = 0 WHERE citizen_id::text = spec.number(41);
RESET session_replication_role;
SELECT v."check" IS NOT NULL AS found FROM registry.verify() v WHERE failing <> 0 LIMIT 1;
CALL registry.compare(full => true);
SELECT spec.failing();
DELETE FROM registry.problem WHERE rule_id = 'HK10' AND state <> 'closed';
SELECT v."check" IS NOT NULL AS found FROM registry.verify() v WHERE failing <> 0 LIMIT 1;
CALL registry.compare(full => true);
SELECT spec.failing();
UPDATE registry.coverage_cell SET persons = persons + 1 WHERE ctid = (SELECT min(ctid) FROM registry.coverage_cell);
SELECT v."check" IS NOT NULL AS found FROM registry.verify() v WHERE failing <> 0 LIMIT 1;
CALL registry.compare(full => true);
SELECT spec.failing();
UPDATE registry.batch SET inserted = inserted + 1 WHERE batch_id = 1;
SELECT v."check" IS NOT NULL AS found FROM registry.verify() v WHERE failing <> 0 LIMIT 1;
UPDATE registry.batch SET inserted = inserted - 1 WHERE batch_id = 1;
-- verify itself changes nothing, and works in a transaction that is rolled back
SELECT spec.state() AS state \gset
SELECT count(*) > 0 AS checks, sum(failing) AS failing FROM registry.verify();
SELECT spec.state() = :'state' AS same;

--
-- settings
--
INSERT INTO registry.setting (name, value) VALUES ('reference_date', 'yesterday-ish');
SELECT spec.refused('CALL registry.compare()') ~ '^(22007|22023)' AS refused;
DELETE FROM registry.setting WHERE name = 'reference_date';
CALL registry.compare();
SELECT spec.state() = :'state' AS same;

--
-- not for every user
--
CREATE ROLE registry_acts_reader;
GRANT USAGE ON SCHEMA registry, spec TO registry_acts_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA spec TO registry_acts_reader;
SET ROLE registry_acts_reader;
SELECT call, spec.refused(call) ~ '^42501' AS refused FROM unnest(ARRAY['CALL registry.compare()', $$CALL registry.deploy('340400')$$,
	$$SELECT registry.receive('school', '2024-10-31', spec.list('高等学校', '20240901', 1))$$, 'SELECT registry.release(1)', 'SELECT registry.discard(1)',
	'SELECT * FROM registry.verify()', 'SELECT * FROM registry.person', 'SELECT * FROM registry.enrolment', 'UPDATE registry.setting SET value = value']) AS call;
RESET ROLE;
DROP OWNED BY registry_acts_reader;
DROP ROLE registry_acts_reader;

\c :regress_database
SET client_min_messages = warning;
DROP DATABASE registry_acts;
