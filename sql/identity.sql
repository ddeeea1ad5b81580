-- Who is who: merge, split and not_same and what they refuse, corrected
-- numbers, permits, proposals.  In a database of its own.
\set ECHO all
\set QUIET on
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS registry_identity;
DROP ROLE IF EXISTS registry_identity_clerk;
CREATE DATABASE registry_identity TEMPLATE template0 ENCODING 'UTF8';
SELECT current_database() AS regress_database \gset
\c registry_identity
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
	RETURN format(E'%s: %s\n  detail: %s\n  hint: %s', state, message, replace(detail, session_user, 'somebody'), hint);
END $$;
-- numbers of one day, told apart by their sequence; and any 17 digits
CREATE FUNCTION spec.checked(digits text) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT digits || substr('10X98765432', 1 + (SELECT sum(substr(digits, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1) $$;
CREATE FUNCTION spec.number(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT spec.checked('34040219800101' || lpad(n::text, 3, '0')) $$;
CREATE FUNCTION spec.police(VARIADIC rows text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| string_agg(r, E'\n') || E'\n', 'UTF8') FROM unnest(rows) AS r $$;
CREATE FUNCTION spec.resident(number text, name text, state text DEFAULT '正常', phone text DEFAULT '', county text DEFAULT '340402001') RETURNS text LANGUAGE sql AS
$$ SELECT format('%s,%s,,,汉,,%s,,,,%s,,%s,%s,,,', number, name, county, phone, state, CASE WHEN state <> '正常' THEN '20240101' END) $$;
CREATE FUNCTION spec.list(VARIADIC rows text[]) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(E'证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话\n'
	|| string_agg(r, E'\n') || E'\n', 'UTF8') FROM unnest(rows) AS r $$;
CREATE FUNCTION spec.member(number text, name text, phone text DEFAULT '', agency text DEFAULT '340402') RETURNS text LANGUAGE sql AS
$$ SELECT format('%s,%s,170,R%s,,,%s,1,1,202001,,202406,0,,,,3,%s', number, name, number, agency, phone) $$;
CREATE FUNCTION spec.unclean() RETURNS SETOF text LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY SELECT v."check" || ': ' || v.failing || ' ' || coalesce(v.sample, '') FROM registry.verify() v WHERE v.failing <> 0; END $$;
CREATE FUNCTION spec.who(VARIADIC persons bigint[]) RETURNS TABLE (person bigint, number text, name text, life integer, class text, paying text, rows bigint, numbers bigint) LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY SELECT l.person_id, coalesce(l.citizen_id, p.id_no), l.name, l.life_status, l.class, l.paying,
	(SELECT count(*) FROM registry.population f WHERE f.person_id = l.person_id) + (SELECT count(*) FROM registry.enrolment f WHERE f.person_id = l.person_id),
	(SELECT count(*) FROM registry.person_alias a WHERE a.person_id = l.person_id)
	FROM registry.person_list l JOIN registry.person p USING (person_id) WHERE l.person_id = ANY (persons) ORDER BY 1; END $$;
CREATE FUNCTION spec.problems() RETURNS TABLE (rule text, person bigint, state text, decision text) LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY SELECT p.rule_id, p.person_id, p.state, p.decision FROM registry.problem p WHERE p.rule_id IN ('DP06', 'DP13', 'HK12') ORDER BY 1, 2, 3; END $$;

--
-- merging before there is anybody
--
SELECT spec.refused($$SELECT registry.merge_person(1, 2, 'x')$$);
SELECT registry.resolve_person(1);

-- 1 to 5 in the register, 4 struck off; 6 to 9 only enrolled; a passport
UPDATE registry.source SET shrink_limit = 1;
SELECT registry.receive('police_household', '2024-05-31', spec.police(spec.resident(spec.number(1), '赵一'), spec.resident(spec.number(2), '钱二'),
	spec.resident(spec.number(3), '孙三'), spec.resident(spec.number(4), '李四', '注销'), spec.resident(spec.number(5), '周五'))) AS batch;
SELECT registry.receive('pension_resident', '2024-05-31', spec.list(spec.member(spec.number(1), '赵一'), spec.member(spec.number(601), '吴六'), spec.member(spec.number(702), '郑七'),
	spec.member(spec.number(803), '王八'), spec.member(spec.number(904), '冯九'), spec.member('E12345678', '陈十'))) AS batch;
CALL registry.compare();
SELECT * FROM spec.who(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
SELECT * FROM spec.problems();

--
-- merge
--
SELECT registry.merge_person(2, 6, '  户口簿  ') AS link;
SELECT * FROM spec.who(2, 6);
SELECT registry.resolve_person(2), registry.resolve_person(6), registry.resolve_person(99), registry.find_person(spec.number(601)) AS old_number, registry.find_person(spec.number(2)) AS number;
SELECT * FROM spec.problems() WHERE person IN (2, 6);
SELECT * FROM spec.unclean();
-- groups: the dropped one may be named again; whoever is kept last is the person
SELECT registry.merge_person(6, 7, '同一人') AS link;
SELECT registry.merge_person(10, 6, '护照') AS link;
SELECT * FROM spec.who(2, 6, 7, 10);
SELECT registry.resolve_person(p) AS resolved FROM unnest('{2,6,7,10}'::bigint[]) AS p;
SELECT * FROM spec.unclean();
-- the log says why
SELECT DISTINCT cause, operation FROM registry.log_entries WHERE relation IN ('person', 'enrolment') AND cause IS NOT NULL ORDER BY 1, 2;
SELECT link_id, kind, state, person_id, name, other_id, other_name, reason, decided_by = session_user AS mine, undone_by FROM registry.link_list ORDER BY link_id;

--
-- what merge refuses
--
SELECT spec.refused($$SELECT registry.merge_person(2, 2, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(2, NULL, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(2, 99, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(0, 2, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(2, 8, '  ')$$);
SELECT spec.refused($$SELECT registry.merge_person(2, 8, NULL)$$);
SELECT spec.refused($$SELECT registry.merge_person(2, 7, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(1, 3, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(7, 3, 'x')$$);
-- a number struck off is nobody living: who lives under the other one has not gone
SELECT registry.merge_person(3, 4, '号码更正') AS link;
SELECT * FROM spec.who(3, 4);
SELECT registry.merge_person(8, 9, '同一人') AS link;

--
-- not_same
--
SELECT spec.refused($$SELECT registry.not_same(8, 9, 'x')$$);
SELECT spec.refused($$SELECT registry.not_same(8, 8, 'x')$$);
SELECT spec.refused($$SELECT registry.not_same(8, NULL, 'x')$$);
SELECT spec.refused($$SELECT registry.not_same(8, 5, '')$$);
SELECT spec.refused($$SELECT registry.not_same(8, 99, 'x')$$);
SELECT registry.not_same(9, 5, '本人否认') AS link;
SELECT spec.refused($$SELECT registry.not_same(5, 9, 'x')$$);
SELECT spec.refused($$SELECT registry.merge_person(5, 8, 'x')$$);
SELECT registry.split_person(6, '弄错') AS link;
SELECT registry.merge_person(5, 8, '证实') AS link;
SELECT * FROM spec.who(5, 8, 9);

--
-- split
--
SELECT spec.refused($$SELECT registry.split_person(99, 'x')$$);
SELECT spec.refused($$SELECT registry.split_person(NULL, 'x')$$);
SELECT spec.refused($$SELECT registry.split_person(1, '')$$);
SELECT spec.refused($$SELECT registry.split_person(6, 'x')$$);
SELECT spec.refused($$SELECT registry.split_person(7, 'x')$$);
-- a later extract under the old number: its row stands with the merged person, and goes with the number
SELECT registry.receive('medical_resident', '2024-06-30', convert_to(replace(convert_from(spec.list(spec.member(spec.number(601), '吴六')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT * FROM spec.who(2, 6, 7, 10);
SELECT registry.split_person(1, '另一人') AS link;
SELECT * FROM spec.who(2, 6, 7, 10);
SELECT * FROM spec.unclean();
SELECT registry.split_person(2, '另一人') AS link;
SELECT registry.split_person(3, '另一人') AS link;
SELECT * FROM spec.who(2, 6, 7, 10);
SELECT * FROM spec.problems() WHERE person IN (2, 6, 7, 10);
SELECT * FROM spec.unclean();
-- how far a problem had been dealt with comes back with the person
UPDATE registry.problem SET state = 'sent', decision = '待查' WHERE person_id = 6 AND rule_id = 'HK12';
SELECT registry.merge_person(2, 6, '再并') AS link \gset
SELECT * FROM spec.problems() WHERE person = 6;
SELECT registry.split_person(:link, '再分') \g /dev/null
SELECT * FROM spec.problems() WHERE person = 6;

--
-- persons of whom nothing current is known keep who they were, each for himself
--
SELECT registry.merge_person(6, 7, '并') AS link \gset
SELECT registry.receive('pension_resident', '2024-06-30', spec.list(spec.member(spec.number(1), '赵一'))) AS batch;
SELECT registry.receive('medical_resident', '2024-07-01', convert_to(replace(convert_from(spec.list(spec.member(spec.number(1), '赵一')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT * FROM spec.who(6, 7);
SELECT registry.split_person(:link, '分') \g /dev/null
SELECT * FROM spec.who(6, 7);
SELECT * FROM spec.unclean();

--
-- the police hold both after all: DP13, until somebody splits
--
SELECT registry.merge_person(1, 6, '并') AS link \gset
SELECT registry.receive('police_household', '2024-07-31', spec.police(spec.resident(spec.number(1), '赵一'), spec.resident(spec.number(2), '钱二'),
	spec.resident(spec.number(3), '孙三'), spec.resident(spec.number(5), '周五'), spec.resident(spec.number(601), '吴六'))) AS batch;
CALL registry.compare();
SELECT * FROM spec.problems() WHERE rule = 'DP13';
SELECT * FROM spec.unclean();
SELECT registry.split_person(:link, '两人') \g /dev/null
SELECT * FROM spec.problems() WHERE rule = 'DP13';
SELECT * FROM spec.who(1, 6);
SELECT * FROM spec.unclean();

--
-- corrected numbers
--
SELECT spec.refused($$SELECT registry.renumber_person('340402198001010016', '12345', 'x')$$);
SELECT spec.refused($$SELECT registry.renumber_person('340402198001010999', '340402198001010032', 'x')$$);
SELECT spec.refused(format('SELECT registry.renumber_person(%L, %L, %L)', spec.number(1), spec.number(2), 'x'));
SELECT spec.refused(format('SELECT registry.renumber_person(%L, %L, %L)', spec.number(702), spec.number(112), ''));
-- before any extract knows the new number
SELECT registry.renumber_person(spec.number(702), spec.number(112), '公安更正通知') AS link;
SELECT registry.find_person(spec.number(702)) AS old_number, registry.find_person(spec.number(112)) AS new_number;
SELECT spec.refused(format('SELECT registry.renumber_person(%L, %L, %L)', spec.number(702), spec.number(112), 'x'));
SELECT registry.receive('police_household', '2024-08-31', spec.police(spec.resident(spec.number(1), '赵一'), spec.resident(spec.number(2), '钱二'),
	spec.resident(spec.number(3), '孙三'), spec.resident(spec.number(5), '周五'), spec.resident(spec.number(601), '吴六'), spec.resident(spec.number(112), '郑七'))) AS batch;
SELECT registry.receive('pension_resident', '2024-08-31', spec.list(spec.member(spec.number(1), '赵一'), spec.member(spec.number(702), '郑七'))) AS batch;
CALL registry.compare();
SELECT * FROM spec.who(7);
SELECT origin_person, kind, value FROM registry.person_alias WHERE person_id = 7 ORDER BY 1;
SELECT max(person_id) AS last_person FROM registry.person;
SELECT * FROM spec.unclean();
-- ids are never used again
SELECT registry.receive('medical_resident', '2024-08-31', convert_to(replace(convert_from(spec.list(spec.member(spec.number(999), '新来的')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT registry.find_person(spec.number(999)) AS person;

--
-- proposals
--
UPDATE registry.setting SET value = '2024-09-30' WHERE name = 'reference_date';
SELECT registry.receive('police_household', '2024-09-30', spec.police(
	spec.resident(spec.number(1), '赵一'), spec.resident(spec.number(2), '钱二'),
	-- one digit apart; a common name; a century; born the same day in the county, and elsewhere; a mobile
	spec.resident(spec.number(201), '诸葛明'), spec.resident(spec.number(211), '王伟'), spec.resident(spec.number(311), '王伟'), spec.resident(spec.number(411), '王伟'),
	spec.resident(spec.checked('34040219050505221'), '百岁'), spec.resident(spec.checked('34040219770707111'), '同日生'), spec.resident(spec.checked('34040219880808111'), '异地生', '正常', '', '340403001'),
	spec.resident(spec.checked('34040219890909111'), '陈手机', '正常', '13900000001'),
	-- twins
	spec.resident(spec.checked('34040219990909121'), '双一'), spec.resident(spec.checked('34040219990909123'), '双一'))) AS batch;
SELECT registry.receive('pension_resident', '2024-09-30', spec.list(spec.member(spec.number(202), '诸葛明'), spec.member(spec.number(212), '王伟'),
	spec.member(spec.checked('34040220050505221'), '百岁'), spec.member(spec.checked('34040219770707555'), '同日生'), spec.member(spec.checked('34040219880808555'), '异地生'),
	spec.member('G99999999', '陈手机', '13900000001'), spec.member('00000000', '陈手机', '13900000001'), spec.member(spec.number(208), '测试'))) AS batch;
CALL registry.compare();
SELECT kind, state, rule_id, score, citizen_id, name, coalesce(other_citizen_id, '∅') AS other, reason FROM registry.link_list WHERE kind = 'proposal' ORDER BY rule_id, score DESC, citizen_id;
-- idempotent
SELECT count(*) AS proposals, max(link_id) AS last FROM registry.link WHERE kind = 'proposal' \gset
CALL registry.compare(full => true);
CALL registry.compare();
SELECT count(*) = :proposals AND max(link_id) = :last AS same FROM registry.link WHERE kind = 'proposal';
-- accepted, refused
SELECT spec.refused('SELECT registry.accept_proposal(1, ''x'')');
SELECT spec.refused('SELECT registry.refuse_proposal(NULL, ''x'')');
SELECT link_id AS rare FROM registry.link_list WHERE kind = 'proposal' AND name = '诸葛明' \gset
SELECT link_id AS common FROM registry.link_list WHERE kind = 'proposal' AND name = '王伟' AND rule_id = 'B2' \gset
SELECT spec.refused(format('SELECT registry.accept_proposal(%s, '''')', :rare));
SELECT registry.accept_proposal(:rare, '本人确认') AS made \gset
SELECT registry.refuse_proposal(:common, '重名') AS refused \gset
SELECT name, state, other_citizen_id FROM registry.link_list WHERE link_id IN (:rare, :common) ORDER BY link_id;
CALL registry.compare(full => true);
SELECT name, state FROM registry.link_list WHERE link_id IN (:rare, :common) ORDER BY link_id;
SELECT * FROM spec.unclean();
-- undone decisions leave the proposal open
SELECT registry.split_person(:made, '不是'), registry.split_person(:refused, '再查') \g /dev/null
CALL registry.compare();
SELECT name, state FROM registry.link_list WHERE link_id IN (:rare, :common) ORDER BY link_id;
-- nothing speaks for it any more
SELECT registry.receive('pension_resident', '2024-10-31', spec.list(spec.member(spec.number(202), '司马光'), spec.member(spec.number(212), '王伟'))) AS batch;
CALL registry.compare();
SELECT name, state FROM registry.link_list WHERE link_id IN (:rare, :common) ORDER BY link_id;
SELECT * FROM spec.unclean();

--
-- permits and the numbers made from them
--
SELECT registry.receive('medical_resident', '2024-10-31', convert_to(replace(convert_from(spec.list(spec.member('H1234567800', '何港生'), spec.member('HKG012345678', '何港生'),
	spec.member('H1234567801', '何港生'), spec.member('MAC087654321', '马澳生'), spec.member('M8765432100', '别人'), spec.member('11223344', '台生')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT kind, state, rule_id, name, other_id <> person_id AS two, reason FROM registry.link_list WHERE rule_id = 'DP08' ORDER BY link_id;
SELECT p.id_kind, p.id_no, p.name, p.class, (SELECT string_agg(a.value, ' ' ORDER BY a.value) FROM registry.person_alias a WHERE a.person_id = p.person_id AND a.kind = 'document') AS numbers
FROM registry.person p WHERE p.citizen_id IS NULL ORDER BY p.id_no;
SELECT registry.find_person('H1234567800') = registry.find_person('HKG012345678') AS one, registry.find_person('M8765432100') = registry.find_person('MAC087654321') AS other_name;
SELECT * FROM spec.unclean();
-- whoever splits them has the last word
SELECT link_id AS permit FROM registry.link_list WHERE rule_id = 'DP08' ORDER BY link_id DESC LIMIT 1 \gset
SELECT registry.split_person(:permit, '两人') \g /dev/null
CALL registry.compare(full => true);
SELECT state FROM registry.link_list WHERE link_id = :permit;

--
-- persons without any citizen number are persons like others; a renewed passport is proposed
--
SELECT registry.receive('police_migrant', '2024-10-31', convert_to(replace(convert_from(spec.police(
	'P7654321,JOHN  SMITH,,男,,19850203,110000,,340402001,,13800000002,,正常,,,,', '810000199408230021,何永港,,女,,,810000,,340403001,,,,正常,,,,'), 'UTF8'), '汉', ''), 'UTF8')) AS batch;
SELECT registry.receive('medical_resident', '2024-11-30', convert_to(replace(convert_from(spec.list(spec.member('P7654321', 'John Smith'), spec.member('810000199408230021', '何永港')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT p.id_kind, p.id_no, l.name, l.sex, l.birth_date, l.life_status, l.class, l.paying, l.due, l.territory
FROM registry.person_list l JOIN registry.person p USING (person_id) WHERE p.id_no IN ('P7654321', '810000199408230021') ORDER BY 1;
SELECT s.score, s.person_name, s.citizen_id, s.birth_date FROM registry.search_person('john smith', '1985-02-03') s;
SELECT registry.find_person('p7654321') = (SELECT s.person_id FROM registry.search_person('JOHN SMITH') s) AS found;
SELECT kind, persons FROM registry.coverage_report WHERE territory = '340402' AND kind IN ('pension', 'medical') ORDER BY 1;
SELECT registry.receive('police_migrant', '2024-12-31', spec.police('P7654321,JOHN SMITH,,男,,19850203,110000,,340402001,,13800000002,,正常,,,,', 'N1112223,JOHN SMITH,,男,,19850203,110000,,340402001,,13800000002,,正常,,,,')) AS batch;
CALL registry.compare();
SELECT state, rule_id, score, name, reason FROM registry.link_list WHERE kind = 'proposal' AND name = 'JOHN SMITH';
-- the number of before and the residence permit of today
SELECT registry.receive('medical_resident', '2024-12-31', convert_to(replace(convert_from(spec.list(spec.member('P7654321', 'John Smith'), spec.member('810000199408230021', '何永港'),
	spec.member('HKG087654321', '何永港'), spec.member('MAC011112222', '何永港')), 'UTF8'), ',170,', ',390,'), 'UTF8')) AS batch;
CALL registry.compare();
SELECT l.state, l.rule_id, l.score, l.citizen_id, q.id_no AS other, l.reason FROM registry.link_list l JOIN registry.person q ON q.person_id = l.other_id
WHERE l.kind = 'proposal' AND l.name = '何永港';
SELECT * FROM spec.unclean();

--
-- who may
--
CREATE ROLE registry_identity_clerk;
GRANT USAGE ON SCHEMA registry TO registry_identity_clerk;
SET ROLE registry_identity_clerk;
SELECT registry.merge_person(1, 2, 'x');
SELECT registry.split_person(1, 'x');
SELECT registry.not_same(1, 2, 'x');
SELECT registry.resolve_person(1);
SELECT registry.renumber_person('1', '2', 'x');
RESET ROLE;
GRANT EXECUTE ON FUNCTION registry.merge_person(bigint, bigint, text), registry.split_person(bigint, text) TO registry_identity_clerk;
SELECT registry.grant_territory('registry_identity_clerk', '340400', 'second_review') \g /dev/null
SET ROLE registry_identity_clerk;
-- acts need no rights on the tables, and say who called
SELECT registry.merge_person(2, 8, '同一人') AS link \gset
SELECT registry.split_person(:link, '不是') \g /dev/null
RESET ROLE;
SELECT kind, decided_by FROM registry.link ORDER BY link_id DESC LIMIT 2;
SELECT DISTINCT changed_by FROM registry.log_context WHERE cause LIKE 'merge, link ' || :link || ':%';

--
-- replay of merges
--
SELECT * FROM registry.link_roots('{1,2,5}', '{2,3,1}') ORDER BY 1;
SELECT * FROM registry.link_roots('{1,2,1}', '{2,1,2}') ORDER BY 1;
SELECT count(*) FROM registry.link_roots('{}', '{}');
SELECT spec.refused($$SELECT registry.link_roots('{1}', '{}')$$);
SELECT spec.refused($$SELECT registry.link_roots('{1}', '{NULL}')$$);
SELECT count(DISTINCT person_id) AS groups, count(*) AS persons FROM registry.link_roots(ARRAY(SELECT g FROM generate_series(1, 99999) g), ARRAY(SELECT g + 1 FROM generate_series(1, 99999) g));

\c :regress_database
DROP DATABASE registry_identity;
DROP ROLE registry_identity_clerk;
