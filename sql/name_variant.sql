-- The registry's own classes of characters, versions of stored names, refolding,
-- and the search by what people are called.  All people are made up.
SET client_min_messages = warning;
CALL registry.deploy('340400');
RESET client_min_messages;
SET search_path = registry, public;
\set VERBOSITY terse
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on

-- Follows at once, and back again
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same;
BEGIN;
INSERT INTO name_variant (kind, form, stands_for, note) VALUES ('variant', '喵', '苗', 'typed so in 2017');
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same, name_key('王喵') = name_key('王苗') AS key1, round(name_similarity('王喵', '王苗')::numeric, 2) AS likeness;
SAVEPOINT before;
DELETE FROM name_variant;
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same;
ROLLBACK TO before;
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same;
UPDATE name_variant SET stands_for = '淼';
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same, name_variant_key('王喵') = name_variant_key('王淼') AS other;
ROLLBACK;
SELECT name_variant_key('王喵') = name_variant_key('王苗') AS same, name_variant_key('王喵') = name_variant_key('王淼') AS other;

-- Every kind; characters of other planes; classes join
BEGIN;
SELECT name_similarity('王喵', '王苗') AS without \gset
SELECT name_similarity('张焱焱', '张蛤焱') AS without_alike \gset
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', chr(x'2CC56'::int), '頠'), ('variant', '颖', chr(x'20087'::int)), ('exchanged', '喵', '苗'), ('alike', '焱', '蛤'),
	('variant', chr(x'E000'::int), '劉'), ('apart', '昇', NULL), ('apart', '张', NULL);
SELECT name_variant_key('王' || chr(x'2CC56'::int)) = name_variant_key('王頠') AS other_plane,
	name_variant_key('王颖') = name_variant_key('王' || chr(x'20087'::int)) AS to_other_plane,
	name_variant_key(chr(x'E000'::int) || '伟') = name_variant_key('刘伟') AS glyph_of_our_own,
	name_variant_key('王喵') = name_variant_key('王苗') AS exchanged,
	name_variant_key('张昇') = name_variant_key('张升') AS apart, name_variant_key('张陞') = name_variant_key('张升') AS still,
	name_variant_key('張伟') = name_variant_key('张伟') AS representative_apart;
SELECT name_similarity('王喵', '王苗') > :without AS exchanged, name_similarity('张焱焱', '张蛤焱') > :without_alike AS alike;
SELECT name_key('王喵') = ANY (name_neighbour_set('王苗')) AS neighbour, '刘' = ANY (name_neighbour_set(chr(x'E000'::int))) AS glyph;
-- in a worker as well
SET LOCAL force_parallel_mode = on;
SELECT name_variant_key('王喵' || left(version(), 0)) = name_variant_key('王苗' || left(version(), 0)) AS in_worker;
ROLLBACK;
-- an older snapshot sees what the others see by now, as with a catalog; nothing is left behind
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT name_variant_key('王喵') = '王喵' AS own;
COMMIT;

-- What the table refuses
BEGIN;
INSERT INTO name_variant (kind, form, stands_for) VALUES ('similar', '喵', '苗');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '喵喵', '苗');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '', '苗');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', ' ', '苗');
INSERT INTO name_variant (kind, form) VALUES ('variant', '喵');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '喵', '喵');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('apart', '昇', '升');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '喵', '苗'), ('alike', '喵', '苗');
-- more than there is room for
INSERT INTO name_variant (kind, form, stands_for) SELECT 'variant', chr(x'20000'::int + i), '苗' FROM generate_series(1, 5000) i;
SELECT name_variant_key('王伟');
DELETE FROM name_variant;
INSERT INTO name_variant (kind, form, stands_for) SELECT 'alike', chr(x'4E00'::int + i), chr(x'5E00'::int + j) FROM generate_series(1, 120) i, generate_series(1, 120) j;
SELECT name_variant_key('王伟');
DELETE FROM name_variant;
SELECT name_variant_key('張伟');
-- a table that is not ours any more; none at all
ALTER TABLE name_variant DROP COLUMN stands_for CASCADE;
SELECT name_variant_key('張伟');
DROP TABLE name_variant CASCADE;
SELECT name_variant_key('張伟');
ROLLBACK;
SELECT name_variant_key('張伟');
SELECT name_variant_changed();
-- readers need no right to it, and change nothing
CREATE ROLE registry_clerk;
GRANT USAGE ON SCHEMA registry TO registry_clerk;
SET ROLE registry_clerk;
SELECT name_variant_key('張伟');
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '喵', '苗');
SELECT * FROM refold_names();
SELECT follow_names();
SELECT * FROM search_person('张伟');
SELECT * FROM name_candidates('张伟');
RESET ROLE;
DROP OWNED BY registry_clerk;
DROP ROLE registry_clerk;

-- Versions
SELECT name, value = running AS stored FROM setting JOIN name_versions() USING (name) ORDER BY name;
SELECT names_current();
BEGIN;
UPDATE setting SET value = '0.0/0.0' WHERE name = 'name_icu_version';
SELECT names_current();
INSERT INTO name_variant (kind, form, stands_for) VALUES ('variant', '喵', '苗');
SELECT names_current();
-- deploying again does not hide it
SET LOCAL client_min_messages = error;
CALL deploy();
SELECT names_current();
RESET client_min_messages;
-- refolding: the names of the tables as they should be
-- persons made up here are not computed from facts: no edit is followed
SET session_replication_role = replica;
DELETE FROM problem; DELETE FROM person; DELETE FROM population; DELETE FROM enrolment; DELETE FROM circumstance; DELETE FROM elsewhere; DELETE FROM person_alias;
DELETE FROM name_part;
CREATE TEMP TABLE given (id bigint, name text, birth date, place text);
INSERT INTO given VALUES (1, '张伟', '1980-01-01', '340402'), (2, '張偉', '1981-01-01', '340421'), (3, '章玮', '1980-01-01', '340421'), (4, '王建国', '1954-06-30', '340402'),
	(5, '王建軍', '1954-06-30', '340421'), (6, '王国', '1990-01-01', '340402'), (7, '李建国', '1960-02-03', '340402'), (8, '阿卜杜拉·买买提', '1970-05-05', '340402'),
	(9, '阿不都拉·买买提', '1971-05-05', '340421'), (10, 'John Smith', '1985-03-04', '340402'), (11, '尉迟恭', '1966-01-01', '340402'), (12, '单田芳', '1934-01-01', '340402'),
	(13, '李䶮', '1999-09-09', '340402'), (14, '李' || chr(x'E863'::int), '1999-09-10', '340402'), (15, '王喵', '1999-01-01', '340402'), (16, '吕乐', '2001-01-01', '340402'), (17, '刘建', '2001-01-01', '340402');
INSERT INTO person (person_id, territory, id_kind, id_no, name, name_key, birth_date, life_status, paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
SELECT id, place::region_code, 'other', id::text, name_clean(name), name_key(name), birth, 10, '{}', '{}', '{}', '{}', 0, 0, 0, 'not_due', 10, now() FROM given;
INSERT INTO population (person_id, source, batch_id, line_no, row_key, row_hash, number, name, name_key, status, valid_from, extra)
SELECT id, 'police_household', 1, id, md5('p' || id)::uuid, 0, id::text, name_clean(name), name_key(name), 10, '2026-01-01',
	CASE WHEN name_clean(name) <> name THEN jsonb_build_object('姓名', name) END FROM given;
INSERT INTO enrolment (person_id, source, batch_id, line_no, row_key, row_hash, number, name, name_key, scheme_code, enrol_status, pay_status, valid_from)
SELECT id, 'medical_resident', 1, id, md5('e' || id)::uuid, 0, id::text, CASE id WHEN 15 THEN '王苗' ELSE name_clean(name) END, CASE id WHEN 15 THEN '王苗' ELSE name_key(name) END, '390', 1, 1, '2026-01-01' FROM given;
-- as an older fold left them
UPDATE population SET name_key = '张伟', name = '张伟' WHERE person_id = 14;
UPDATE person SET name_key = '?' WHERE person_id = 7;
SELECT * FROM refold_names();
SELECT names_current();
-- person 14 by its fold, 15 by the new class; what was received stays
SELECT person_id, name_key FROM person WHERE next_change = '-infinity' ORDER BY 1;
SELECT name, name_key, extra ->> '姓名' = '李' || chr(x'E863'::int) AS as_received FROM population WHERE person_id = 14;
SELECT name_key FROM person WHERE person_id = 7;
-- nothing more to do
SELECT * FROM refold_names();
SELECT kind, part, reading, initials, bearers FROM name_part WHERE part IN ('尉迟', '单', '李', '乐', '', 'JOHN SMITH') ORDER BY 1, 2, 3;

-- Search: the best of each
SELECT left(t.term, 20) AS term, t.birth, t.region, s.found
FROM (VALUES ('张伟', NULL, NULL), ('張偉', NULL, NULL), ('章伟', NULL, NULL), ('王建国', NULL, NULL), ('王?国', NULL, NULL), ('王建', NULL, NULL), ('王', NULL, NULL), ('建国', NULL, NULL),
	('张建国', NULL, NULL), ('阿不都拉买买提', NULL, NULL), ('阿卜杜拉', NULL, NULL), ('zhangwei', NULL, NULL), ('Zhang Wei', NULL, NULL), ('Wei ZHANG', NULL, NULL), ('wang jianguo', NULL, NULL),
	('wangj', NULL, NULL), ('wjg', NULL, NULL), ('zw', NULL, NULL), ('yuchigong', NULL, NULL), ('ycg', NULL, NULL), ('shan tianfang', NULL, NULL), ('dantianfang', NULL, NULL), ('lvle', NULL, NULL),
	('lü yue', NULL, NULL), ('lyu le', NULL, NULL), ('john smith', NULL, NULL), ('smith john', NULL, NULL), ('abudulamaimaiti', NULL, NULL), ('李' || chr(x'E863'::int), NULL, NULL), ('李yan', NULL, NULL), ('王苗', NULL, NULL),
	('joh', NULL, NULL), ('没人叫', NULL, NULL), ('xyz', NULL, NULL), ('123', NULL, NULL), ('%', NULL, NULL), ('.*', NULL, NULL), (repeat('王', 200), NULL, NULL),
	('张伟', '1980-01-01', NULL), ('张薇', '1980-01-01', '340421'), ('zw', '1980-01-01', NULL), ('zhang', '1980-01-01', NULL), ('张伟', NULL, '340421'), ('张三', '1954-06-30', NULL)) AS t(term, birth, region)
CROSS JOIN LATERAL (SELECT string_agg(person_name || ' ' || score::numeric(4,2), ', ' ORDER BY score DESC, person_id) AS found
	FROM (SELECT * FROM search_person(t.term, t.birth::date, t.region) LIMIT 4) f) s \g (format=unaligned)
-- ties by number, fifty at most, each once
INSERT INTO person (person_id, territory, id_kind, id_no, name, name_key, birth_date, life_status, paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
SELECT 100 + i, '340402'::region_code, 'other', i::text, '赵敏', '赵敏', '1990-01-01', 10, '{}', '{}', '{}', '{}', 0, 0, 0, 'not_due', 10, now() FROM generate_series(1, 80) i;
SELECT count(*), count(DISTINCT person_id), min(score) FROM search_person('赵敏');
SELECT count(*), count(DISTINCT person_id), min(score), min(person_id), max(person_id) FROM search_person('赵敏', '1990-01-01', '340402');
-- Errors
SELECT * FROM search_person('');
SELECT * FROM search_person(' 　');
SELECT * FROM search_person(NULL);
SELECT * FROM search_person('张伟', NULL, 'x');
ROLLBACK;
SELECT names_current();
