-- The life of a problem, what explains it, and what a change of the law would
-- do.  Four invented persons; in a database of its own.
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_life;
CREATE DATABASE registry_life TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_life
\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\pset null '∅'
CREATE EXTENSION registry;
CALL registry.deploy('340400');

CREATE SCHEMA spec;
CREATE FUNCTION spec.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION spec.number(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
   FROM (SELECT '34040219800101' || lpad(n::text, 3, '0')) AS v(d) $$;
CREATE FUNCTION spec.police(VARIADIC people integer[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| string_agg(spec.number(n) || ',赵' || chr(20250 + n) || ',,' || CASE WHEN n % 2 = 1 THEN '男' ELSE '女' END || ',汉,19800101,340402001,,,,,,正常,,,,' || E'\n', '' ORDER BY n), 'UTF8')
FROM unnest(people) n $$;
-- scheme, person, start, end, paid through, identity, employer
CREATE FUNCTION spec.enrolments(VARIADIC lines text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话\n'
	|| string_agg(spec.number(split_part(l, ' ', 2)::int) || ',赵' || chr(20250 + split_part(l, ' ', 2)::int) || ',' || split_part(l, ' ', 1) || ',N' || o || ',,,340402,1,1,'
	|| split_part(l, ' ', 3) || ',' || split_part(l, ' ', 4) || ',' || split_part(l, ' ', 5) || ',0,,,,' || split_part(l, ' ', 6) || E',\n', '' ORDER BY o), 'UTF8')
FROM unnest(lines) WITH ORDINALITY AS u(l, o) $$;

-- Persons 1 and 2 pay an employee and a resident pension at once; 3 only the
-- latter; 4 nothing.
SELECT registry.receive('police_household', '2026-06-30', spec.police(1, 2, 3, 4)) AS batch;
SELECT registry.receive('pension_employee', '2026-06-30', spec.enrolments('110 1 202401  202606 2', '110 2 202601  202606 2')) AS batch;
SELECT registry.receive('pension_resident', '2026-06-30', spec.enrolments('170 1 202001  202606 3', '170 2 202001  202602 3', '170 3 202001  202606 3')) AS batch;
CALL registry.compare();
CREATE VIEW spec.problems AS
	SELECT p.problem_id AS id, p.rule_id, p.name, p.handler, p.state, p.schemes, p.months, p.keep, p.closed_at IS NOT NULL AS closed
	FROM registry.problem_list p WHERE p.rule_id IN ('PN02', 'HK10') ORDER BY p.rule_id, p.person_id;
SELECT * FROM spec.problems;
SELECT problem_id AS first FROM registry.problem_list WHERE rule_id = 'PN02' ORDER BY person_id LIMIT 1 \gset
SELECT problem_id AS second FROM registry.problem_list WHERE rule_id = 'PN02' ORDER BY person_id OFFSET 1 LIMIT 1 \gset

--
-- sending
--
SELECT spec.refused($$SELECT registry.send_problems('nobody')$$) ~ '^22023 \| no rule is answered by handler "nobody" \| Handlers are .*P2' AS unknown_handler;
SELECT spec.refused($$SELECT registry.send_problems('P2', '{"rules": "PN02"}')$$);
SELECT spec.refused($$SELECT registry.send_problems('P2', '["PN02"]')$$);
SELECT spec.refused($$SELECT registry.send_problems('P2', '{"rule": "PN99"}')$$);
SELECT spec.refused($$SELECT registry.send_problems('P2', '{"territory": "everywhere"}')$$) ~ '^22P02' AS bad_territory;
SELECT registry.send_problems('M', '{}') AS nothing_for_them;
SELECT registry.send_problems('P2', '{"territory": "340421"}') AS elsewhere;
SELECT registry.send_problems('P2', '{"severity": ["E", "H"]}') AS severe;
SELECT registry.send_problems('P2', '{"opened_to": "2020-12-31"}') AS old;
SELECT registry.send_problems('P2', jsonb_build_object('problem', :first)) AS one;
SELECT registry.send_problems('P2', '{"rule": ["PN02"], "territory": "340402", "severity": "M", "opened_from": "2020-01-01"}') AS the_other;
SELECT registry.send_problems('P2') AS none_left;
SELECT rule_id, name, schemes, months, keep, "rows", state FROM registry.problem_sheet('P2');

--
-- answers and decisions
--
SELECT spec.refused(format($$SELECT registry.decide_problem(%s, 'accepted')$$, :first));
SELECT spec.refused(format($$SELECT registry.answer_problem(%s, ' ')$$, :first));
SELECT spec.refused($$SELECT registry.answer_problem(0, 'refund')$$);
SELECT spec.refused($$SELECT registry.explain(0)$$);
SELECT registry.answer_problem(:first, 'months to be refunded', NULL, 'both rows are right');
SELECT registry.answer_problem(:first, 'resident months to be refunded', 'P1 340402');
SELECT spec.refused(format($$SELECT registry.decide_problem(%s, 'perhaps')$$, :first));
SELECT registry.decide_problem(:first, 'rejected', 'name the months');
SELECT registry.answer_problem(:first, 'refund 202401 to 202606', 'P1 340402', 'done by voucher 7');
SELECT registry.decide_problem(:first, 'accept');
SELECT spec.refused(format($$SELECT registry.answer_problem(%s, 'again')$$, :first));
SELECT spec.refused(format($$SELECT registry.decide_problem(%s, 'rejected')$$, :first));
SELECT act, state_before, handler, decision, keep, reason, explanation IS NOT NULL AS explained FROM registry.problem_act WHERE problem_id = :first ORDER BY act_id;
SELECT * FROM spec.problems;
SELECT count(*) AS accepted_ones_left_the_sheet FROM registry.problem_sheet('P2') s WHERE s.problem_id = :first;

--
-- explanations
--
SELECT x -> 'rule' ->> 'rule_id' AS rule, x ->> 'law' AS law, x -> 'person' ->> 'name' AS name, x ->> 'state' AS state, x -> 'months' AS months,
	x -> 'keep' AS keep, x -> 'text' ->> 'zh' AS zh, x -> 'text' ->> 'en' AS en, jsonb_array_length(x -> 'acts') AS acts
FROM registry.explain(:first) x \gx
SELECT r ->> 'fact' AS fact, r ->> 'scheme' AS scheme, r ->> 'source' AS source, r ->> 'line_no' AS line, r ->> 'start_month' AS start, r ->> 'paid_through' AS through, r ->> 'cutoff' AS cutoff
FROM registry.explain(:first) x, jsonb_array_elements(x -> 'rows') r;
SELECT registry.explain(:second) - 'acts' = registry.explain(:second, true) - 'acts' AS replayed_alike;
SELECT registry.explain(:first) ->> 'months' AS then, registry.explain(:first, true) ->> 'months' AS now;
SELECT registry.explain_person(person_id) -> 'text' AS text, registry.explain_person(person_id) -> 'duty' AS duty, registry.explain_person(person_id) -> 'kinds' AS kinds
FROM registry.person_list WHERE name = '赵' || chr(20253);
SELECT jsonb_path_query_array(registry.explain_person(person_id), '$.problems[*].rule_id') AS problems, registry.explain_person(person_id) -> 'alternatives' AS alternatives
FROM registry.person_list WHERE name = '赵' || chr(20254);
SELECT spec.refused($$SELECT registry.explain_person(0)$$);

--
-- decisions survive recomputation; a fact that disappears closes, one that comes back opens again
--
CALL registry.compare(full => true);
SELECT * FROM spec.problems;
SELECT registry.receive('pension_resident', '2026-07-31', spec.enrolments('170 1 202001 202312  3', '170 2 202001  202602 3', '170 3 202001  202607 3')) AS batch \gset july_
CALL registry.compare();
SELECT * FROM spec.problems;
SELECT closed_batch_id = :july_batch AS closed_by_that_batch FROM registry.problem WHERE problem_id = :first;
SELECT registry.explain(:first) ->> 'state' AS state, registry.explain(:first) ->> 'months' AS months_then;
SELECT registry.receive('pension_resident', '2026-08-31', spec.enrolments('170 1 202001  202608 3', '170 2 202001  202602 3', '170 3 202001  202607 3')) AS batch;
CALL registry.compare();
SELECT p.*, b.reopened FROM spec.problems p JOIN registry.problem b ON b.problem_id = p.id ORDER BY p.rule_id, p.id;
SELECT id = :first AS the_same FROM spec.problems WHERE rule_id = 'PN02' AND id = :first;

--
-- what if
--
SELECT person_id, item, "before", "after" FROM registry.what_if('{"rule": {"PN02": {"active": false}}}') ORDER BY 1, 2;
SELECT person_id, item, "before", "after" FROM registry.what_if('{"due_rule": {"100": {"due": ["medical"]}}}') ORDER BY 1, 2;
SELECT count(*) AS changed_by_nothing FROM registry.what_if('{}');
SELECT active FROM registry.rule WHERE rule_id = 'PN02';
SELECT due FROM registry.due_rule WHERE rank = 100;
SELECT count(*) FILTER (WHERE failing > 0) AS failing FROM registry.verify();
SELECT spec.refused($$SELECT registry.what_if('{"person": {}}')$$);
SELECT spec.refused($$SELECT registry.what_if('{"rule": {"PN99": {"active": false}}}')$$);
SELECT spec.refused($$SELECT registry.what_if('{"rule": {"PN02": {"colour": 1}}}')$$);
SELECT spec.refused($$SELECT registry.what_if(NULL)$$);

\c :regress_database
DROP DATABASE registry_life;
