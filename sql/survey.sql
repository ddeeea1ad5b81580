-- The household survey: dispatch, forms, two reviews, declared changes; every
-- rule SV with a near miss; every transition, also by direct SQL.  Invented
-- persons, in a database of its own.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_survey;
CREATE DATABASE registry_survey TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database, current_user AS me \gset
\c registry_survey
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\pset null '∅'
CREATE EXTENSION registry;
CALL registry.deploy('340400');
CALL registry.deploy();

CREATE SCHEMA spec;
CREATE FUNCTION spec.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END $$;
CREATE FUNCTION spec.number(n integer, born text DEFAULT '19800101') RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
   FROM (SELECT '340402' || born || lpad(n::text, 3, '0')) AS v(d) $$;
-- person, birth, village, state
CREATE FUNCTION spec.police(VARIADIC lines text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| string_agg(spec.number(split_part(l, ' ', 1)::int, split_part(l, ' ', 2)) || ',赵' || chr(20250 + split_part(l, ' ', 1)::int) || ',,' || CASE WHEN split_part(l, ' ', 1)::int % 2 = 1 THEN '男' ELSE '女' END
	|| ',汉,' || split_part(l, ' ', 2) || ',' || split_part(l, ' ', 3) || ',东山路1号,,,' || split_part(l, ' ', 5) || ',,' || split_part(l, ' ', 4) || CASE split_part(l, ' ', 4) WHEN '正常' THEN ',,,,' ELSE ',20260101,迁往省内,,' END || E'\n', '' ORDER BY l), 'UTF8')
FROM unnest(lines) l $$;
CREATE FUNCTION spec.circumstances(VARIADIC lines text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n' || string_agg(spec.number(split_part(l, ' ', 1)::int, split_part(l, ' ', 2)) || ',赵' || chr(20250 + split_part(l, ' ', 1)::int) || ',' || split_part(l, ' ', 3) || E',20260101,,\n', ''), 'UTF8')
FROM unnest(lines) l $$;
CREATE FUNCTION spec.person(n integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT person_id FROM registry.person WHERE name = '赵' || chr(20250 + n) $$;
CREATE FUNCTION spec.task(n integer) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT task_id FROM registry.survey_task WHERE person_id = spec.person(n) ORDER BY task_id DESC LIMIT 1 $$;

SELECT registry.load_regions(convert_to(E'code,name,parent\n340402001,甲街道,340402\n340402001001,甲一村,340402001\n340402001002,甲二村,340402001\n340402002,乙街道,340402\n340402002001,乙一村,340402002\n', 'UTF8')) AS regions;
SELECT registry.receive('police_household', '2026-06-30', spec.police(
	'1 19800101 340402001001 正常 13800000001', '2 19800101 340402001001 正常', '3 19800101 340402001002 正常', '4 19800101 340402002001 正常',
	'5 20200101 340402001001 正常', '6 19800101 340402001001 死亡', '7 19800101 340402001001 迁出', '8 19800101 340402001001 正常',
	'9 19800101 340402001001 正常', '10 19800101 340402001001 正常', '11 20100101 340402001001 正常', '12 19800101 340402001001 正常')) AS batch;
SELECT registry.receive('army', '2026-06-30', spec.circumstances('8 19800101 义务兵')) AS batch;
SELECT registry.receive('justice_prison', '2026-06-30', spec.circumstances('9 19800101 服刑')) AS batch;
SELECT registry.receive('school', '2026-06-30', spec.circumstances('11 20100101 普通高中')) AS batch;
CALL registry.compare();
SELECT n, p.class, p.life_status, p.work_state FROM generate_series(1, 12) n JOIN registry.person p ON p.person_id = spec.person(n) ORDER BY n;

-- Offices: a surveyor and a first reviewer of 甲街道, reviewers of the county, a
-- clerk of 乙街道.  Grants stand where grant_territory() writes them.
CREATE TABLE IF NOT EXISTS registry.territory_grant (role_name name, region registry.region_code, duty text, scheme text DEFAULT '', mask text DEFAULT 'full', granted_by text, PRIMARY KEY (role_name, region, duty, scheme));
DROP ROLE IF EXISTS survey_li, survey_wang, survey_chen, survey_zhou, survey_wu, survey_office;
CREATE ROLE survey_office NOLOGIN;
CREATE ROLE survey_li NOLOGIN IN ROLE survey_office;
CREATE ROLE survey_wang NOLOGIN IN ROLE survey_office;
CREATE ROLE survey_chen NOLOGIN IN ROLE survey_office;
CREATE ROLE survey_zhou NOLOGIN IN ROLE survey_office;
CREATE ROLE survey_wu NOLOGIN IN ROLE survey_office;
INSERT INTO registry.territory_grant (role_name, region, duty, granted_by) VALUES
	('survey_li', '340402001', 'entry', 'test'), ('survey_wang', '340402001', 'first_review', 'test'), ('survey_chen', '340402', 'second_review', 'test'),
	('survey_zhou', '340402002', 'entry', 'test'), ('survey_zhou', '340402002', 'first_review', 'test'),
	('survey_wu', '340402001', 'entry', 'test'), ('survey_wu', '340402001', 'first_review', 'test'), ('survey_wu', '340402001', 'second_review', 'test');
GRANT USAGE ON SCHEMA registry, spec TO survey_office;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA spec TO survey_office;
GRANT SELECT ON registry.task_list, registry.review_list, registry.dispatch_list TO survey_office;
GRANT EXECUTE ON FUNCTION registry.dispatch(text, jsonb, date), registry.submit_form(bigint, jsonb, text), registry.review_form(bigint, text, text, jsonb),
	registry.recall_tasks(bigint, text, text), registry.note_attempt(bigint, text, text, timestamptz), registry.confirm_directly(bigint, text),
	registry.settlement(text, jsonb), registry.declare_change(bigint, text, date, jsonb), registry.sample_revisit(text, numeric, bigint) TO survey_office;
-- one login stands behind all roles of this test
INSERT INTO registry.setting (name, value) VALUES ('gateway_logins', session_user);
SELECT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'registry'::regnamespace AND proname IN ('dispatch', 'submit_form', 'review_form', 'recall_tasks', 'confirm_directly', 'declare_change')
	AND has_function_privilege('public', oid, 'EXECUTE')) AS open_to_everybody;

--
-- dispatch
--
SELECT reason, source, persons FROM registry.settlement('340402');
SELECT spec.refused($$SELECT registry.dispatch('nowhere')$$) ~ '^22P02' AS no_code;
SELECT spec.refused($$SELECT registry.dispatch('340402', '[]')$$);
SELECT spec.refused($$SELECT registry.dispatch('340402', '{"kinds": "pension"}')$$);
SELECT spec.refused($$SELECT registry.dispatch('340402', '{"kind": "life"}')$$);
SELECT spec.refused($$SELECT registry.dispatch('340402', '{}', '2020-01-01')$$);
INSERT INTO registry.survey_staff (territory, surveyor) VALUES ('340402001001', '李调查');
SET ROLE survey_li;
SELECT spec.refused($$SELECT registry.dispatch('340402001')$$);
SET ROLE survey_wang;
SELECT spec.refused($$SELECT registry.dispatch('340402')$$);
SELECT registry.dispatch('340402001', '{"kind": "pension"}', '2099-12-31') AS first_dispatch \gset
SELECT registry.dispatch('340402001') AS second_dispatch \gset
SELECT dispatch_id - :first_dispatch AS dispatch, territory, filter, due_date, considered, settled, tasks, settled_share, state, issued_by FROM registry.dispatch_list ORDER BY 1;
SELECT name, town, village, reasons, state, state_name, surveyor, overdue, attempts FROM registry.task_list ORDER BY name;
SET ROLE survey_zhou;
SELECT count(*) AS of_another_town FROM registry.task_list;
SET ROLE survey_chen;
SELECT registry.dispatch('340402') AS county_dispatch \gset
SELECT count(*) AS of_the_county FROM registry.task_list;
RESET ROLE;

--
-- forms: every rule, and a near miss
--
CREATE TABLE spec.good AS SELECT '{"name": "赵伛", "employment": "灵活就业", "phone": "13800000001", "hukou_region": "340402001001", "dwelling_region": "340402001001",
	"dwelling_address": "东山路2号", "medical": ["居民"], "reason": "无意愿", "signer": "本人", "signer_name": "赵伛", "signed_on": "2026-06-01", "surveyor": "李调查"}'::jsonb AS form;
GRANT SELECT ON spec.good TO survey_office;
-- faults of the good form of a person with some boxes changed
CREATE FUNCTION spec.faults(n integer, change jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((SELECT string_agg(f ->> 'field' || ' ' || (f ->> 'code'), ', ' ORDER BY f ->> 'field', f ->> 'code') FROM jsonb_array_elements(r.faults) f), 'none')
		|| coalesce(' / notes ' || (SELECT string_agg(f ->> 'code', ' ') FROM jsonb_array_elements((r.parsed).notes) f), '')
	FROM spec.good g, registry.survey_task t, registry.read_form(jsonb_strip_nulls(g.form || jsonb_build_object('name', '赵' || chr(20250 + n)) || change), t) r
	WHERE t.task_id = spec.task(n)
$$;
SELECT c.rule, c.change, spec.faults(c.n, c.change::jsonb) AS faults FROM (VALUES
	(1, '-', '{}'),
	(1, 'SV01', '{"signer": null}'), (1, 'SV01', '{"signer_name": " "}'), (1, 'SV01', '{"signed_on": null}'), (1, 'date', '{"signed_on": "2026-02-30"}'), (1, 'near', '{"signed_on": "2026年6月1日"}'),
	(5, 'SV02', '{"employment": "学龄前", "reason": "07"}'), (5, 'near', '{"employment": "学龄前", "reason": "07", "signer": "监护人"}'),
	(1, 'SV02', '{"capacity": "否"}'), (1, 'near', '{"capacity": "是"}'),
	(11, 'SV02', '{"employment": "5"}'), (11, 'near', '{"employment": "5", "signer": "guardian"}'), (11, 'near', '{"employment": "1", "employer_name": "淮南甲厂"}'),
	(1, 'SV03', '{"signer": "代理人"}'), (1, 'near', '{"signer": "代理人", "power": "本人委托书"}'),
	(1, 'SV06', '{"pension": ["城乡居民"]}'), (1, 'near', '{"pension": ["城乡居民"], "reason_kind": "medical", "medical": null}'), (1, 'near', '{"pension": ["城乡居民"], "reason": null}'),
	(1, 'SV06', '{"employment": "1"}'), (1, 'near SV07', '{"employment": "1", "employer_name": "淮南甲厂"}'),
	(1, 'SV06', '{"pension": "P1、P2", "reason": null}'), (1, 'SV06', '{"medical": ["M1", "M2"]}'),
	(1, 'SV06', '{"elsewhere": "省内异地", "elsewhere_region": "340402", "reason": null}'), (1, 'SV06', '{"elsewhere": "省内异地", "elsewhere_region": "320100", "reason": null}'), (1, 'near', '{"elsewhere": "省外异地", "elsewhere_region": "320100", "reason": null}'),
	(1, 'missing', '{"elsewhere": "省外异地", "reason": null}'), (1, 'missing', '{"medical": null, "reason": null, "phone": null, "employment": null}'), (1, 'phone', '{"phone": "1234"}'), (1, 'near', '{"phone": "0554-6661234"}'), (1, 'near', '{"phone": "１３８００００００２２"}'),
	(1, 'SV08', '{"reason": "死亡"}'), (1, 'SV08', '{"reason": "死亡", "death_date": "2099-01-01", "death_proof": "火化证"}'), (1, 'near', '{"reason": "死亡", "death_date": "20260601", "death_proof": "火化证"}'),
	(1, 'SV09', '{"outcome": "无法联系", "attempts": [{"at": "2026-06-01 09:10+08", "channel": "上门"}, {"at": "2026-06-01 09:40+08", "channel": "上门"}, {"at": "2026-06-02 10:00+08", "channel": "电话"}]}'),
	(1, 'near', '{"outcome": "无法联系", "attempts": [{"at": "2026-06-01 09:10+08", "channel": "上门"}, {"at": "2026-06-01 09:40+08", "channel": "电话"}, {"at": "2026-06-02 10:00+08", "channel": "电话"}]}'),
	(1, 'SV10', '{"outcome": "查无此人"}'), (1, 'SV10', '{"outcome": "查无此人", "witness": "李调查"}'), (1, 'near', '{"outcome": "查无此人", "witness": "张邻居"}'),
	(1, 'SV14', '{"benefit_monthly": "120.5"}'), (1, 'near', '{"benefit_monthly": "0"}'),
	(1, 'SV15', '{"dwelling_region": "340402002001"}'), (1, 'near', '{"dwelling_region": "340402001002"}'), (1, 'code', '{"dwelling_region": "34040"}'),
	(1, 'SV16', '{"name": "钱某"}'), (1, 'near', '{"name": " 赵 伛 "}'), (1, 'SV16', '{"citizen_id": "11010519491231002X"}'), (1, 'near', jsonb_build_object('citizen_id', spec.number(1))::text),
	(1, 'SV17', '{"employment": "不知道"}'), (1, 'SV17', '{"medical": "某险"}'), (1, 'SV17', '{"unemployment": "也许"}'), (1, 'near', '{"medical": "城镇居民（含城乡统筹）", "unemployment": "√", "employment": " 灵 活 就 业 "}')
) AS c (n, rule, change);
SELECT f ->> 'message' AS message FROM spec.good g, registry.survey_task t, registry.read_form('{"outcome": "无法联系", "signed_on": "昨天"}', t) r, jsonb_array_elements(r.faults) f WHERE t.task_id = spec.task(1);

--
-- a form's way
--
SELECT spec.task(1) AS t1, spec.task(2) AS t2, spec.task(3) AS t3, spec.task(10) AS t10, spec.task(12) AS t12, spec.person(1) AS p1, spec.person(2) AS p2, spec.person(3) AS p3, spec.person(4) AS p4, spec.person(10) AS p10, spec.person(12) AS p12 \gset
SET ROLE survey_zhou;
SELECT spec.refused(format($$SELECT registry.submit_form(%s, '{}')$$, :t1));
SET ROLE survey_li;
SELECT spec.refused($$SELECT registry.submit_form(0, '{}')$$);
SELECT spec.refused(format($$SELECT registry.submit_form(%s, '[]')$$, :t1));
SELECT registry.note_attempt(:t1, '电话', '无人接听') AS attempts;
SELECT spec.refused(format($$SELECT registry.note_attempt(%s, '飞鸽', '')$$, :t1));
SELECT x ->> 'ok' AS ok, jsonb_array_length(x -> 'faults') AS faults, x ->> 'form_id' AS form FROM registry.submit_form(:t1, (SELECT form - 'signer' FROM spec.good), 'key-1') x \gset draft_
SELECT :'draft_ok' AS ok, :'draft_faults' AS faults;
SELECT (registry.submit_form(:t1, (SELECT form - 'signer' FROM spec.good), 'key-1') ->> 'form_id') = :'draft_form' AS same_answer;
SELECT spec.refused(format($$SELECT registry.submit_form(%s, (SELECT form FROM spec.good), 'key-1')$$, :t1));
SELECT x ->> 'ok' AS ok, x ->> 'form_id' = :'draft_form' AS same_form, x -> 'faults' AS faults FROM registry.submit_form(:t1, (SELECT form FROM spec.good), 'key-2') x;
SELECT spec.refused(format($$SELECT registry.submit_form(%s, (SELECT form FROM spec.good), 'key-3')$$, :t1));
SELECT name, state_name, attempts FROM registry.task_list WHERE task_id = :t1;
-- who may review
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :draft_form));
SET ROLE survey_zhou;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :draft_form));
SET ROLE survey_chen;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :draft_form));
SET ROLE survey_wang;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'maybe')$$, :draft_form));
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'return')$$, :draft_form));
SELECT spec.refused($$SELECT registry.review_form(0, 'accept')$$);
SELECT registry.review_form(:draft_form, 'return', NULL, '[{"field": "phone", "message": "停机"}]') AS returned;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :draft_form));
SET ROLE survey_li;
SELECT kind, name, state_name, round, returned_items, reviewed_by FROM registry.review_list;
SELECT x ->> 'ok' AS ok FROM registry.submit_form(:t1, (SELECT form || '{"phone": "13900000009"}' FROM spec.good), 'key-4') x;
SET ROLE survey_wang;
SELECT registry.review_form(:draft_form, 'accept') AS first_review;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :draft_form));
SET ROLE survey_chen;
SELECT registry.review_form(:draft_form, 'return', '地址不详') AS returned;
SET ROLE survey_li;
SELECT x ->> 'ok' AS ok FROM registry.submit_form(:t1, (SELECT form || '{"phone": "13900000009", "dwelling_address": "东山路3号"}' FROM spec.good)) x;
SET ROLE survey_wang;
SELECT registry.review_form(:draft_form, 'accepted') AS first_review;
SET ROLE survey_chen;
SELECT registry.review_form(:draft_form, 'accepted', '齐全') AS second_review;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accepted')$$, :draft_form));
RESET ROLE;
SELECT phone, address, class, work_state FROM registry.person WHERE person_id = :p1;
SELECT round, stage, decision, reason, reviewer FROM registry.review WHERE form_id = :draft_form ORDER BY review_id;
SELECT state, applied - 'problems' AS applied FROM registry.survey_form WHERE form_id = :draft_form;
SELECT rule_id, state FROM registry.problem WHERE person_id = :p1 ORDER BY 1;
SELECT 'registered lasts' AS what, p.work_state FROM registry.judge_again(ARRAY[:p1], 'test') j, registry.person p WHERE p.person_id = :p1;
CALL registry.compare(full => true);
SELECT p.work_state FROM registry.person p WHERE p.person_id = :p1;
-- no second task without a new fact
SET ROLE survey_chen;
SELECT registry.dispatch('340402') AS again \gset
SELECT tasks, settled FROM registry.dispatch_list WHERE dispatch_id = :again;
RESET ROLE;

--
-- no path passes the rules: direct SQL by roles with every right on the tables
--
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON registry.survey_task, registry.survey_form, registry.review TO survey_office;
DO $do$
DECLARE
	t text;
BEGIN	-- where rows are secured by place too, rights on rows are not what is tested here
	FOREACH t IN ARRAY '{survey_task,survey_form,review}'::text[] LOOP EXECUTE format('ALTER TABLE registry.%I DISABLE ROW LEVEL SECURITY', t); END LOOP;
END $do$;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA registry TO survey_office;
SET ROLE survey_wu;
SELECT x ->> 'form_id' AS form2 FROM registry.submit_form(:t2, (SELECT form || '{"name": "赵伜", "signer_name": "赵伜", "started_at": "2026-06-01 09:00", "finished_at": "2026-06-01 09:00:30"}' FROM spec.good)) x \gset
-- one role with all duties: entry and review, first and second
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :form2));
SELECT spec.refused(format($$INSERT INTO registry.review (person_id, territory, form_id, round, stage, decision, reviewer, reviewer_login) VALUES (%s, '340402', %s, 1, 1, 'accepted', 'survey_wang', 'x')$$, :p2, :form2));
SELECT spec.refused(format($$INSERT INTO registry.review (person_id, territory, form_id, round, stage, decision, reviewer, reviewer_login) VALUES (%s, '340402', %s, 1, 2, 'accepted', 'survey_chen', 'x')$$, :p2, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET state = 34 WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET state = 40 WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET state = 90 WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET phone = '13900000000' WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET submitted_by = 'survey_li' WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_form SET applied = '{}' WHERE form_id = %s$$, :form2));
SELECT spec.refused(format($$UPDATE registry.survey_task SET state = 34 WHERE task_id = %s$$, :t2));
SELECT spec.refused(format($$UPDATE registry.survey_task SET territory = '340402002' WHERE task_id = %s$$, :t2));
SELECT spec.refused(format($$UPDATE registry.survey_task SET form_id = %s WHERE task_id = %s$$, :draft_form, :t2));
SELECT spec.refused(format($$UPDATE registry.survey_task SET state = 90 WHERE task_id = %s$$, :t2));
SELECT spec.refused($$DELETE FROM registry.survey_task$$), spec.refused($$DELETE FROM registry.survey_form$$), spec.refused($$DELETE FROM registry.review$$), spec.refused($$UPDATE registry.review SET decision = 'returned', reason = 'x'$$);
SELECT spec.refused($$TRUNCATE registry.survey_task$$), spec.refused($$TRUNCATE registry.survey_form$$), spec.refused($$TRUNCATE registry.review$$);
SELECT spec.refused(format($$INSERT INTO registry.survey_task (person_id, territory, dispatch_id, reasons, fact_key, state) VALUES (%s, '340402001', 1, '{}', 0, 40)$$, :p4));
SELECT spec.refused(format($$INSERT INTO registry.survey_task (person_id, territory, dispatch_id, reasons, fact_key, state) VALUES (%s, '340402002', 1, '{}', 0, 30)$$, spec.person(8)));
SELECT spec.refused(format($$INSERT INTO registry.survey_form (person_id, territory, kind, state, round, form, submitted_by, submitted_login) VALUES (%s, '340402002', 'death', 32, 1, '{}', 'a', 'b')$$, :p4));
SELECT spec.refused(format($$INSERT INTO registry.survey_form (person_id, territory, kind, state, round, form, submitted_by, submitted_login) VALUES (%s, '340402001', 'death', 40, 1, '{}', 'a', 'b')$$, :p2));
SET ROLE survey_wang;
SELECT registry.review_form(:form2, 'accept') AS first_review;
SELECT spec.refused(format($$INSERT INTO registry.review (person_id, territory, form_id, round, stage, decision, reviewer, reviewer_login) VALUES (%s, '340402', %s, 1, 2, 'accepted', 'survey_chen', 'x')$$, :p2, :form2));
SET ROLE survey_zhou;
SELECT spec.refused(format($$UPDATE registry.survey_task SET surveyor = 'x' WHERE task_id = %s$$, :t2));
-- the person who handed it in, as second reviewer
SET ROLE survey_wu;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :form2));
-- whoever had the first review, with a grant for the second
RESET ROLE;
INSERT INTO registry.territory_grant (role_name, region, duty, granted_by) VALUES ('survey_wang', '340402', 'second_review', 'test');
SET ROLE survey_wang;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :form2));
RESET ROLE;
DELETE FROM registry.territory_grant WHERE role_name = 'survey_wang' AND duty = 'second_review';
-- one login behind two roles is one person, unless many share it
DELETE FROM registry.setting WHERE name = 'gateway_logins';
SET ROLE survey_chen;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :form2));
RESET ROLE;
INSERT INTO registry.setting (name, value) VALUES ('gateway_logins', 'postgrest,' || session_user);

-- Every transition of a task and of a form by direct SQL: allowed are only those
-- that need no review and no recall.
SET ROLE survey_wu;
CREATE TEMP TABLE tried AS
SELECT f AS from_state, t AS to_state, NULL::text AS answer FROM unnest('{20,30,31,32,33,34,35,40,60,90}'::int[]) f, unnest('{20,30,31,32,33,34,35,40,60,90}'::int[]) t WHERE f <> t;
RESET ROLE;
DO $do$
DECLARE
	r record;
	person bigint := spec.person(12);
BEGIN
	FOR r IN SELECT * FROM pg_temp.tried LOOP
		BEGIN
			SET LOCAL session_replication_role = replica;
			ALTER TABLE registry.survey_task DISABLE TRIGGER a_guard;
			UPDATE registry.survey_task SET state = r.from_state WHERE person_id = person;
			ALTER TABLE registry.survey_task ENABLE ALWAYS TRIGGER a_guard;
			SET LOCAL session_replication_role = origin;
			SET LOCAL ROLE survey_wu;
			UPDATE registry.survey_task SET state = r.to_state WHERE person_id = person;
			RESET ROLE;
			RAISE EXCEPTION 'done' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN OTHERS THEN
			UPDATE pg_temp.tried SET answer = CASE SQLSTATE WHEN 'ZZ000' THEN 'allowed' ELSE SQLSTATE END WHERE from_state = r.from_state AND to_state = r.to_state;
		END;
	END LOOP;
END $do$;
SELECT from_state, string_agg(to_state::text, ' ' ORDER BY to_state) FILTER (WHERE answer = 'allowed') AS allowed,
	string_agg(to_state::text, ' ' ORDER BY to_state) FILTER (WHERE answer = 'RG042') AS by_review_only,
	string_agg(to_state::text, ' ' ORDER BY to_state) FILTER (WHERE answer = 'RG041') AS refused FROM tried GROUP BY 1 ORDER BY 1;
SET ROLE survey_chen;
SELECT registry.review_form(:form2, 'accept') AS second_review;

--
-- recall, not met, confirmed directly, sample
--
SET ROLE survey_li;
SELECT x ->> 'form_id' AS form3 FROM registry.submit_form(:t3, (SELECT form || '{"name": "赵伝", "signer_name": "赵伝"}' FROM spec.good)) x \gset
SELECT x ->> 'form_id' AS form10 FROM registry.submit_form(:t10, '{"name": "赵伤", "outcome": "无法联系", "attempts": [{"at": "2026-06-01 09:10+08", "channel": "上门"}, {"at": "2026-06-01 19:40+08", "channel": "电话"}, {"at": "2026-06-02 10:00+08", "channel": "电话"}]}') x \gset
SELECT spec.refused(format($$SELECT registry.recall_tasks(%s)$$, :first_dispatch));
SET ROLE survey_wang;
SELECT registry.review_form(:form10, 'accept') AS first_review;
SET ROLE survey_chen;
SELECT registry.review_form(:form10, 'accept') AS second_review;
SELECT spec.refused($$SELECT registry.recall_tasks(0)$$);
SELECT registry.recall_tasks(:first_dispatch, '340402001002') AS recalled;
SELECT name, state_name FROM registry.task_list WHERE state_name = '已收回';
RESET ROLE;
SELECT state, recalled_at IS NOT NULL AS recalled FROM registry.survey_task WHERE task_id = :t3;
SELECT f.state, p.work_state FROM registry.survey_form f JOIN registry.person p USING (person_id) WHERE f.form_id = :form3;
SET ROLE survey_li;
SELECT x ->> 'ok' AS ok, x -> 'faults' -> 0 ->> 'code' AS code FROM registry.submit_form(:t3, (SELECT form FROM spec.good), 'late') x;
SET ROLE survey_wang;
SELECT spec.refused(format($$SELECT registry.review_form(%s, 'accept')$$, :form3));
SELECT spec.refused(format($$SELECT registry.confirm_directly(%s, 'known')$$, :p3));
SET ROLE survey_chen;
SELECT spec.refused(format($$SELECT registry.confirm_directly(%s, ' ')$$, :p3));
SELECT spec.refused($$SELECT registry.confirm_directly(0, 'known')$$);
SELECT registry.confirm_directly(:p3, '村委会书面证明') AS confirmed;
SELECT spec.refused(format($$SELECT registry.confirm_directly(%s, 'task out')$$, :p12));
SELECT spec.refused($$SELECT * FROM registry.sample_revisit('340402', 2)$$);
SELECT count(*) AS drawn, array_agg(form_id ORDER BY form_id) = (SELECT array_agg(form_id ORDER BY form_id) FROM registry.sample_revisit('340402', 0.5, 7)) AS repeatable FROM registry.sample_revisit('340402', 0.5, 7);
RESET ROLE;
SELECT n, p.work_state, h.work_state AS handling, h.reason, h.decided_by FROM generate_series(1, 12) n JOIN registry.person p ON p.person_id = spec.person(n) LEFT JOIN registry.handling h USING (person_id) ORDER BY n;

--
-- the page, files, archive, progress
--
GRANT EXECUTE ON FUNCTION registry.form_page(bigint), registry.export_tasks(text, text), registry.import_forms(bytea), registry.acceptance_sheet(text),
	registry.file_proof(bigint, text, text, text, text, text) TO survey_office;
GRANT SELECT ON registry.survey_report, registry.surveyor_report, registry.employer_lead TO survey_office;
UPDATE registry.person SET address = '<b>"一&二"</b>' WHERE person_id = :p12;
SET ROLE survey_li;
SELECT page ~ '赵伦' AS name, page ~ '&lt;b&gt;&quot;一&amp;二&quot;&lt;/b&gt;' AS escaped, page ~ '<b>' AS injected, page ~ '监护人签名' AS notes FROM registry.form_page(:t12) AS page;
SELECT spec.refused($$SELECT registry.form_page(0)$$);
SELECT split_part(convert_from(registry.export_tasks('340402001'), 'GB18030'), E'\r\n', 1) AS header, array_length(string_to_array(convert_from(registry.export_tasks('340402001'), 'GB18030'), E'\r\n'), 1) - 2 AS tasks;
SELECT line_no, task_id = :t12 AS t12, ok, form_id IS NOT NULL AS form, faults FROM registry.import_forms(convert_to(E'任务号,姓名,就业状况,联系电话,医疗保险,未参保原因,签名,签名人,签名日期,备注\r\n'
	|| :t12 || E',赵伦,灵活就业,13700000012,居民,不了解,本人,赵伦,2026-06-01,"两\n行"\r\n0,赵,,,,,,,,\r\nabc,赵,,,,,,,,\r\n' || :t1 || E',赵伛,,,,,,,,\r\n\r\n' || spec.task(4) || E',赵,,,,,,,,\r\n"坏', 'GB18030'));
SELECT spec.refused($$SELECT registry.import_forms('\xff00')$$), spec.refused($$SELECT registry.import_forms(convert_to('姓名', 'UTF8'))$$);
SELECT spec.refused(format($$SELECT registry.file_proof(%s, '户口簿', 'abc', '档案室', '王')$$, :form2));
SELECT spec.refused($$SELECT registry.file_proof(0, '户口簿', repeat('ab', 32), '档案室', '王')$$);
SELECT registry.file_proof(:form2, '登记表', repeat('ab', 32), '甲街道档案室', '王') = registry.file_proof(:form2, '登记表', repeat('ab', 32), '县档案馆', '陈') AS one_proof;
SET ROLE survey_chen;
SELECT territory, level, issued, waiting, begun, first_review, second_review, returned, registered, closed_otherwise, recalled, overdue, done_rate FROM registry.survey_report ORDER BY 1;
SELECT surveyor, town, forms, unchanged, seconds, returns, too_much_unchanged, too_fast FROM registry.surveyor_report ORDER BY 1, 2;
SELECT item, measure, points, reached FROM registry.acceptance_sheet('340402');
RESET ROLE;
SELECT place, keeper, encode(sha256, 'hex') = repeat('ab', 32) AS hash FROM registry.survey_proof;
SELECT territory, target, registered, confirmed_directly, surveyed, in_review FROM registry.progress_report WHERE territory = '340402';

--
-- declared changes
--
SET ROLE survey_li;
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'wedding', '2026-06-01')$$, :p12));
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'death', '2026-06-01')$$, :p12));
SELECT spec.refused($$SELECT registry.declare_change(0, 'death', '2026-06-01', '{"proof": "火化证"}')$$);
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'death', '2099-07-01', '{"proof": "火化证"}')$$, :p12));
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'death', '2026-06-01', '{"proof": "火化证"}')$$, :p4));
SELECT spec.refused($$SELECT registry.declare_change(NULL, 'birth', '2026-06-01', '{"proof": "出生证", "name": "赵新", "sex": "F", "hukou_region": "110101"}')$$);
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'enrolment', '2026-06-01', '{"proof": "缴费证明", "scheme": "P1", "region": "340402"}')$$, :p12));
SELECT spec.refused(format($$SELECT registry.declare_change(%s, 'number', '2026-06-01', %L)$$, :p12, jsonb_build_object('proof', '户口簿', 'citizen_id', spec.number(1))));
SELECT registry.declare_change(:p1, 'death', '2026-06-10', '{"proof": "火化证"}') AS f_death, registry.declare_change(:p2, 'enrolment', '2026-01-01', '{"proof": "缴费证明", "scheme": "P1", "region": "320100"}') AS f_enrol,
	registry.declare_change(NULL, 'birth', '2026-06-01', '{"proof": "出生证", "name": "赵新", "sex": "F", "hukou_region": "340402001001"}') AS f_birth,
	registry.declare_change(:p3, 'move_out', '2026-06-15', '{"proof": "迁移证", "in_province": "否", "to": "320100"}') AS f_out,
	registry.declare_change(:p12, 'number', '2026-06-15', jsonb_build_object('proof', '户口簿', 'citizen_id', spec.number(120))) AS f_number \gset
SET ROLE survey_wang;
SELECT kind, name, state, effective_on, submitted_by FROM registry.review_list WHERE kind <> 'survey' ORDER BY kind;
SELECT registry.review_form(f, 'accept') FROM unnest(ARRAY[:f_death, :f_enrol, :f_birth, :f_out, :f_number]) f;
SET ROLE survey_chen;
SELECT registry.review_form(f, 'accept') FROM unnest(ARRAY[:f_death, :f_enrol, :f_birth, :f_out, :f_number]) f;
RESET ROLE;
SELECT name, class, life_status, life_since, work_state, elsewhere, sex, birth_date FROM registry.person WHERE person_id IN (:p1, :p2, :p3) OR name = '赵新' ORDER BY name;
SELECT person_id = :p12 AS found FROM registry.person_alias WHERE value = spec.number(120);
SELECT "check", failing FROM registry.verify() WHERE failing > 0;
CALL registry.compare(full => true);
SELECT name, class, life_status, life_since, work_state, elsewhere, sex, birth_date FROM registry.person WHERE person_id IN (:p1, :p2, :p3) OR name = '赵新' ORDER BY name;

--
-- a day in a town office, by the script that is shipped
--
SELECT registry.receive('police_household', '2026-07-31', spec.police('1 19800101 340402001001 正常', '2 19800101 340402001001 正常', '3 19800101 340402001002 正常', '4 19800101 340402002001 正常',
	'5 20200101 340402001001 正常', '6 19800101 340402001001 死亡', '7 19800101 340402001001 迁出', '8 19800101 340402001001 正常', '9 19800101 340402001001 正常', '10 19800101 340402001001 正常', '11 20100101 340402001001 正常',
	'12 19800101 340402001001 正常', '13 19800101 340402001001 正常', '14 19800101 340402001002 正常'), delivery => 'delta') AS batch;
CALL registry.compare();
\set town 340402001
\set surveyor survey_li
\set reviewer survey_wang
\set county survey_chen
\getenv abs_srcdir PG_ABS_SRCDIR
\set day :abs_srcdir '/script/town-office.sql'
\i :day

\c :regress_database
DROP DATABASE registry_survey;
SET client_min_messages = warning;
DROP ROLE survey_li, survey_wang, survey_chen, survey_zhou, survey_wu, survey_office;
