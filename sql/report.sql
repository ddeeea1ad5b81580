-- Views and look-ups over hand-made rows.
SET client_min_messages = warning;
CALL registry.deploy('340400');
RESET client_min_messages;
SET search_path = registry, public;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\pset null '∅'
-- Everything below is undone: other tests use the same registry.
BEGIN;

-- The contract: names, order and types of the columns.
SELECT c.relname AS view, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.oid IN ('person_list'::regclass, 'unenrolled_list'::regclass, 'problem_list'::regclass, 'coverage_report'::regclass,
	'scheme_report'::regclass, 'age_report'::regclass, 'progress_report'::regclass)
GROUP BY 1 ORDER BY 1 \g (format=unaligned tuples_only=on)
-- Base types only, in every view.
SELECT c.relname, a.attname, a.atttypid::regtype
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'v'
	AND a.atttypid NOT IN ('text'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'date'::regtype,
		'boolean'::regtype, 'timestamptz'::regtype, 'jsonb'::regtype);
-- Every view has a comment; those that show persons are barriers.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT relname, reloptions FROM pg_class WHERE relname IN ('person_list', 'unenrolled_list', 'problem_list', 'coverage_report') ORDER BY 1;

-- Functions the views call once per row.
SELECT k, kinds_text(k::smallint) FROM unnest(ARRAY[0, 1, 2, 3, 4, 8, 16, 31, 32, -1]) AS k;
SELECT kinds_text(NULL);
SELECT birth, day, age_at(birth::date, day::date) FROM (VALUES
	('2000-02-29', '2016-02-28'), ('2000-02-29', '2016-02-29'), ('2000-02-29', '2015-02-28'), ('2000-02-29', '2015-03-01'),
	('2000-12-31', '2000-12-31'), ('2000-12-31', '2001-12-30'), ('2001-01-01', '2000-12-31'), ('1850-06-15', '2016-12-31'),
	('infinity', '2016-01-01'), ('2000-01-01', '-infinity'), (NULL, '2016-01-01')) AS v (birth, day);
SELECT age, age_band(age) FROM unnest(ARRAY[NULL, -1, 0, 15, 16, 29, 30, 59, 60, 79, 80, 120]) AS age;

-- persons made up here are not computed from facts: no edit is followed
SET session_replication_role = replica;
-- A city of twelve.
DELETE FROM problem; DELETE FROM person; DELETE FROM enrolment; DELETE FROM circumstance; DELETE FROM coverage_cell; DELETE FROM person_alias;
INSERT INTO setting (name, value) VALUES ('reference_date', '2016-12-31') ON CONFLICT (name) DO UPDATE SET value = excluded.value;
INSERT INTO region (code, name, level, parent, valid_from)
SELECT code::region_code, name, region_level(code::region_code), region_parent(code::region_code), '2010-01-01'
FROM (VALUES ('340402001', '甲街道'), ('340402001001', '甲一村'), ('340402001002', '甲二村'), ('340421100', '乙镇'), ('340421100001', '乙一村')) AS v (code, name)
WHERE NOT EXISTS (SELECT FROM region r WHERE r.code = v.code::region_code);
UPDATE region r SET name = v.name
FROM (VALUES ('340402001', '甲街道'), ('340402001001', '甲一村'), ('340402001002', '甲二村'), ('340421100', '乙镇'), ('340421100001', '乙一村')) AS v (code, name)
WHERE r.code = v.code::region_code;
CREATE TEMP TABLE given (person_id bigint, territory text, number text, name text, sex text, birth_date date, life_status int,
	paying text, receiving text, paused text, elsewhere text, due text[], standing int[], class text, work_state int);
INSERT INTO given VALUES
	(1, '340402001001', '11010519491231002X', '王建国', 'M', '1949-12-31', 10, '', 'P1', 'M1', '', '{pension,medical}', '{1,2,0,0,0}', 'enrolled', 10),
	(2, '340402001001', '34052419800101001X', '李娜', 'F', '1980-01-01', 10, 'P1,M1,U,W,B', '', '', '', '{pension,medical,unemployment,injury,maternity}', '{2,2,2,2,2}', 'enrolled', 10),
	(3, '340402001001', NULL, '王建國', 'M', '1954-06-30', 10, 'M2', '', '', '', '{pension,medical}', '{5,2,0,0,0}', 'partial', 30),
	(4, '340402001002', NULL, '赵敏', 'F', '1990-07-01', 12, '', '', 'P2', '', '{pension,medical}', '{4,5,0,0,0}', 'interrupted', 20),
	(5, '340402001002', NULL, '孙小', 'M', '2005-09-01', 10, '', '', '', 'M2', '{medical}', '{0,3,0,0,0}', 'elsewhere', 10),
	(6, '340421100001', NULL, '周丽', 'F', '2000-03-01', 10, '', '', '', '', '{medical}', '{0,5,0,0,0}', 'unenrolled', 32),
	(7, '340421100001', NULL, '吴强', 'M', '1975-11-11', 10, 'P1,M1,W', '', '', '', '{pension,medical,unemployment,injury,maternity}', '{2,2,5,2,5}', 'partial', 40),
	(8, '340421100001', NULL, '郑老', 'M', '1930-01-01', 20, 'P2', '', '', '', '{}', '{0,0,0,0,0}', 'gone', 90),
	(9, '340400', NULL, '冯某', 'F', '1988-08-08', 90, 'M2', '', '', '', '{}', '{0,0,0,0,0}', 'unknown', 30),
	(10, '340421100', NULL, '陈军', NULL, NULL, 40, '', '', '', '', '{}', '{0,0,0,0,0}', 'exempt', 10),
	(11, '340402001001', NULL, '褚来', 'M', '1985-02-28', 11, '', '', '', '', '{medical}', '{0,5,0,0,0}', 'unenrolled', 30),
	(12, '110101', NULL, '卫京', 'F', '1956-12-31', 11, 'M1', '', '', '', '{medical}', '{0,2,0,0,0}', 'enrolled', 40);
INSERT INTO person (person_id, territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, hukou_region, residence_region, phone,
	life_status, paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
SELECT g.person_id, g.territory::region_code, g.number::citizen_id, '01', coalesce(g.number, 'T' || g.person_id), g.name, name_key(g.name), g.sex, g.birth_date,
	g.territory::region_code, NULL, '1380000000' || g.person_id % 10, g.life_status,
	('{' || g.paying || '}')::coverage, ('{' || g.receiving || '}')::coverage, ('{' || g.paused || '}')::coverage, ('{' || g.elsewhere || '}')::coverage,
	(SELECT coalesce(sum(1 << i), 0) FROM unnest(ARRAY['pension', 'medical', 'unemployment', 'injury', 'maternity']) WITH ORDINALITY AS k (kind, n), LATERAL (SELECT n::int - 1) AS x (i) WHERE k.kind = ANY (g.due)),
	(SELECT coalesce(sum(1 << (n::int - 1)) FILTER (WHERE s IN (4, 5)), 0) FROM unnest(g.standing) WITH ORDINALITY AS u (s, n)),
	(SELECT sum(s << (3 * (n::int - 1))) FROM unnest(g.standing) WITH ORDINALITY AS u (s, n)),
	g.class, g.work_state, now()
FROM given g;
INSERT INTO coverage_cell (territory, kind, standing, persons)
SELECT region_at_level(p.territory, l), k.kind, (p.standing >> (3 * k.bit)) & 7, count(*)
FROM person p, generate_series(1, region_level(p.territory)) AS l,
	(VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) AS k (bit, kind)
WHERE p.class NOT IN ('gone', 'unknown')
GROUP BY 1, 2, 3;
INSERT INTO enrolment (person_id, source, batch_id, line_no, row_key, row_hash, number, name, name_key, scheme, scheme_code, enrol_status, pay_status,
	start_month, end_month, paid_through, valid_from, ended_on)
VALUES
	(4, 'pension_resident', 1, 2, md5('r4')::uuid, 4, 'T4', '赵敏', '赵敏', 'P2', '170', 2, 2, 201201, NULL, 201506, '2016-01-01', NULL),
	(6, 'medical_rural', 1, 2, md5('r6')::uuid, 6, 'T6', '周丽', '周丽', 'M3', '380', 4, 3, 201001, 201212, 201212, '2016-01-01', '2016-06-30');
INSERT INTO circumstance (person_id, source, batch_id, line_no, row_key, row_hash, number, name, name_key, kind, kind_text, start_date, end_date, valid_from)
VALUES
	(4, 'low_income', 1, 2, md5('c4')::uuid, 4, 'T4', '赵敏', '赵敏', 'low_income', '低保', '2014-01-01', NULL, '2016-01-01'),
	(6, 'low_income', 1, 3, md5('c6')::uuid, 6, 'T6', '周丽', '周丽', 'low_income', '低保', '2014-01-01', '2015-12-31', '2016-01-01');

SELECT person_id, citizen_id, name, sex, birth_date, age, territory, territory_name, life_status, life_status_name, class FROM person_list ORDER BY 1;
SELECT person_id, paying, receiving, paused, elsewhere, due, gap, work_state, work_state_name, phone, hukou_region, residence_region FROM person_list ORDER BY 1;
-- The DBA's wording shows; a code without a name has none.
UPDATE code_name SET name = '可直接确认' WHERE list = 'work_state' AND code = 10;
UPDATE person SET work_state = 77 WHERE person_id = 2;
SELECT person_id, work_state, work_state_name FROM person_list WHERE person_id <= 2 ORDER BY 1;
UPDATE person SET work_state = 10 WHERE person_id = 2;
-- Another reference date, another age.
UPDATE setting SET value = '2016-12-30' WHERE name = 'reference_date';
SELECT person_id, age FROM person_list WHERE person_id IN (1, 12) ORDER BY 1;
UPDATE setting SET value = '2016-12-31' WHERE name = 'reference_date';

SELECT * FROM unenrolled_list ORDER BY priority, person_id, kind;
-- One row per person and missing kind, and nobody else.
SELECT count(*) AS wrong FROM (
	SELECT person_id, string_agg(kind, ',' ORDER BY array_position(ARRAY['pension', 'medical', 'unemployment', 'injury', 'maternity'], kind)) AS kinds
	FROM unenrolled_list GROUP BY 1) u
FULL JOIN (SELECT person_id, gap FROM person_list WHERE gap <> '') p USING (person_id)
WHERE u.kinds IS DISTINCT FROM p.gap;
-- Whatever they lack, the gone, the unknown and the exempt are not listed.
UPDATE person SET gap = 3 WHERE person_id IN (8, 9, 10);
SELECT count(*) FROM unenrolled_list WHERE person_id IN (8, 9, 10);
UPDATE person SET gap = 0 WHERE person_id IN (8, 9, 10);
-- Paid ahead of the reference date: since when is not known.
UPDATE enrolment SET paid_through = 201703 WHERE person_id = 4;
SELECT kind, reason, since FROM unenrolled_list WHERE person_id = 4 ORDER BY 1;

-- An employer's duty has no birthday.
UPDATE person SET gap = gap | 1, standing = (standing & ~7) | 5 WHERE person_id = 7;
SELECT kind, reason, priority, since FROM unenrolled_list WHERE person_id = 7 ORDER BY 1;
UPDATE person SET gap = gap & ~1, standing = (standing & ~7) | 2 WHERE person_id = 7;

INSERT INTO problem (problem_id, person_id, territory, rule_id, finding_key, employer, schemes, months, amount, keep, evidence, state, batch_id, opened_at, closed_at) VALUES
	(1001, 7, '340421100001', 'PN01', 1, NULL, '{P1,P2}', 12, NULL, 'P1', '{"rows": [1, 2]}', 'open', 3, '2016-12-31', NULL),
	(1002, 8, '340421100001', 'BN01', 2, NULL, '{P2}', 3, 330.00, NULL, '{}', 'closed', 3, '2016-11-30', '2016-12-31'),
	(1003, 0, NULL, 'ID04', 3, NULL, '{}', NULL, NULL, NULL, '{"line_no": 17}', 'open', 3, '2016-12-31', NULL),
	(1004, 0, '340402', 'EM01', 4, '91340400MA2MXXXX0X', '{}', NULL, NULL, NULL, '{}', 'sent', 3, '2016-12-31', NULL),
	(1005, 4, '340402001002', 'ZZ99', 5, NULL, '{M2}', NULL, NULL, NULL, '{}', 'open', 3, '2016-12-31', NULL);
SELECT problem_id, rule_id, title IS NOT NULL AS titled, severity IS NOT NULL AS graded, handler IS NOT NULL AS handled, person_id, citizen_id, name, employer,
	territory, territory_name, state, schemes, months, amount, keep, evidence, batch_id, opened_at, closed_at
FROM problem_list ORDER BY 1;

SELECT * FROM coverage_report WHERE territory IN ('340400', '340421100001', '110101')
ORDER BY territory, array_position(ARRAY['pension', 'medical', 'unemployment', 'injury', 'maternity'], kind);
SELECT territory, territory_name, level, persons, due, enrolled, receiving, elsewhere, interrupted, unenrolled, rate
FROM coverage_report WHERE kind = 'pension' ORDER BY territory;
-- Five kinds for every territory; each due person in one column; the parts are the whole; every kind counts the same persons.
SELECT count(*) AS territories, bool_and(kinds = 5) AS all_kinds, bool_and(same) AS same_persons, bool_and(parts) AS parts
FROM (SELECT territory, count(*) AS kinds, min(persons) = max(persons) AS same, bool_and(due = enrolled + receiving + elsewhere + interrupted + unenrolled) AS parts
	FROM coverage_report GROUP BY 1) t;
SELECT count(*) AS wrong
FROM coverage_report parent
JOIN (SELECT region_parent(territory::region_code)::text AS territory, kind, sum(persons) AS persons, sum(due) AS due, sum(unenrolled) AS unenrolled
	FROM coverage_report GROUP BY 1, 2) below USING (territory, kind)
WHERE below.persons > parent.persons OR below.due > parent.due OR below.unenrolled > parent.unenrolled;
SELECT count(*) FROM coverage_report WHERE territory = '340403';
-- A condition on the territory reaches the index.
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
ANALYZE coverage_cell;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexonlyscan = off;
SELECT count(*) > 0 AS uses_index
FROM pg_temp.plan($$SELECT * FROM registry.coverage_report WHERE territory = '340402'$$) AS line WHERE line LIKE '%coverage_cell_text_idx%';
SET LOCAL enable_seqscan = on;

SELECT * FROM scheme_report WHERE territory = '340400' AND (paying > 0 OR receiving > 0 OR paused > 0) ORDER BY scheme;
SELECT territory, count(*) AS schemes, sum(paying) AS paying, sum(receiving) AS receiving, sum(paused) AS paused FROM scheme_report GROUP BY 1 ORDER BY 1;

SELECT territory, level, kind, age_band, sex, due, enrolled, rate FROM age_report WHERE territory = '340400' AND kind IN ('pension', 'medical') ORDER BY kind, age_band, sex;
-- The same people as in coverage_report.
SELECT count(*) AS compared, count(*) FILTER (WHERE (a.due, a.enrolled) IS DISTINCT FROM (c.due, c.enrolled)) AS wrong
FROM (SELECT territory, kind, sum(due) AS due, sum(enrolled) AS enrolled FROM age_report GROUP BY 1, 2) a
FULL JOIN (SELECT territory, kind, due, enrolled + receiving + elsewhere AS enrolled FROM coverage_report) c USING (territory, kind);

SELECT * FROM progress_report ORDER BY territory;
SELECT count(*) AS wrong FROM progress_report WHERE registered > target OR surveyed + confirmed_directly > target OR in_review > surveyed;
SELECT p.territory, p.pension_rate, c.rate FROM progress_report p JOIN coverage_report c USING (territory) WHERE c.kind = 'pension' AND p.pension_rate IS DISTINCT FROM c.rate;
-- A city without counties is counted once.
UPDATE person SET territory = '441900003' WHERE person_id = 3;
SELECT territory, level, target FROM progress_report WHERE territory LIKE '44%' ORDER BY 1;
UPDATE person SET territory = '340402001001' WHERE person_id = 3;

-- Nothing known at all: no rows, no errors.
SAVEPOINT nobody;
DELETE FROM problem; DELETE FROM person; DELETE FROM coverage_cell;
SELECT (SELECT count(*) FROM person_list) AS persons, (SELECT count(*) FROM unenrolled_list) AS unenrolled, (SELECT count(*) FROM problem_list) AS problems,
	(SELECT count(*) FROM coverage_report) AS coverage, (SELECT count(*) FROM scheme_report) AS schemes, (SELECT count(*) FROM age_report) AS ages,
	(SELECT count(*) FROM progress_report) AS progress;
ROLLBACK TO nobody;

-- find_person: any form of a number.
INSERT INTO person_alias (person_id, kind, value, origin_person) VALUES
	(2, 'repaired', '340524198001010010', 2), (3, 'document', 'E12345678', 3), (4, 'former_name', '赵旧名', 4), (5, 'repaired', '34040220050901', 5);
SELECT given, find_person(given) FROM unnest(ARRAY['11010519491231002X', '11010519491231002x', ' 110105 19491231 002X ', '１１０１０５１９４９１２３１００２Ｘ',
	'110105491231002', '340524198001010010', 'e12345678', '34040220050901', '赵旧名', '110105199001011231', '123', '', 'x', NULL]) AS given;

-- search_person: equal names anywhere, similar ones where birth or place narrows the search.
SELECT person_id, score, citizen_id, person_name, sex, birth_date, territory, territory_name FROM search_person('王建国');
SELECT person_id, score, person_name FROM search_person('王建国', '1954-06-30');
SELECT person_id, score, person_name FROM search_person('王建国', NULL, '340402001');
SELECT person_id, score, person_name FROM search_person('王建国', '1949-12-31', '340421');
SELECT person_id, score, person_name FROM search_person(name => '李娜', region => '340402001001', birth => '1980-01-01');
SELECT count(*) FROM search_person('无此人');
SELECT count(*) FROM search_person('');
SELECT count(*) FROM search_person(NULL);
SELECT count(*) FROM search_person('李娜', NULL, '3404x');

-- Nobody else sees anything until granted; then a look-up works without rights on the tables.
CREATE ROLE registry_reader;
GRANT USAGE ON SCHEMA registry TO registry_reader;
CREATE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN IF $1 IN ('王建国', '郑老') THEN RAISE NOTICE 'sees %', $1; END IF; RETURN true; END $$;
SET LOCAL ROLE registry_reader;
SELECT count(*) FROM person_list;
SELECT count(*) FROM coverage_report;
SELECT find_person('11010519491231002X');
SELECT count(*) FROM search_person('王建国');
RESET ROLE;
GRANT SELECT ON unenrolled_list, scheme_report TO registry_reader;
GRANT EXECUTE ON FUNCTION find_person(text), search_person(text, date, text) TO registry_reader;
-- A right on a view is none on its rows: they go by territory.
SET LOCAL ROLE registry_reader;
SELECT (SELECT count(*) FROM unenrolled_list) AS unenrolled, (SELECT count(*) FROM scheme_report) AS schemes, find_person('11010519491231002X');
RESET ROLE;
SELECT grant_territory('registry_reader', '340400', 'entry');
SET LOCAL ROLE registry_reader;
SELECT territory_name, paying FROM scheme_report WHERE territory = '340400' AND scheme = 'P1';
SELECT find_person('11010519491231002X');
SELECT count(*) FROM search_person('王建国');
SELECT count(*) FROM person;
-- A condition of the reader's own sees only the rows of the view.
SELECT DISTINCT name, age, territory_name FROM unenrolled_list WHERE public.leak(name) ORDER BY 1;
-- Counts are read with the reader's own rights.
RESET ROLE;
GRANT SELECT ON coverage_report TO registry_reader;
SET LOCAL ROLE registry_reader;
SELECT territory_name FROM coverage_report WHERE territory = '340400' AND kind = 'pension';
RESET ROLE;
GRANT SELECT ON coverage_cell TO registry_reader;
SET LOCAL ROLE registry_reader;
SELECT territory_name, due, rate FROM coverage_report WHERE territory = '340400' AND kind = 'pension';
RESET ROLE;
ROLLBACK;
