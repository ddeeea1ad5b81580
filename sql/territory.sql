-- Who sees whom: grants, masks, look-ups and their log.
SET client_min_messages = warning;
CALL registry.deploy('340400');
RESET client_min_messages;
SET search_path = registry, public;
SET datestyle = 'ISO, YMD';
SET timezone = 'Asia/Shanghai';
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\pset null '∅'

-- Every table of this registry whose rows are somebody's has row security, and none is forced on its owner.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'r' AND (NOT c.relrowsecurity OR c.relforcerowsecurity)
	AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('person_id', 'name_key', 'raw', 'person_ids', 'reader'));
-- Policies name no roles, and deploying again leaves them as they are.
SELECT count(*) > 40 AS many, bool_and(p.polroles = '{0}') AS to_public FROM pg_policy p;
SELECT md5(string_agg(polrelid::regclass || polname || coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), ''), '|' ORDER BY polrelid::regclass::text, polname)) AS policies FROM pg_policy \gset
SELECT md5(string_agg(p.oid::regprocedure || p.prosrc || p.prosecdef || p.provolatile::text || coalesce(p.proacl::text, ''), '|' ORDER BY p.oid::regprocedure::text)) AS doors FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace \gset
SET client_min_messages = warning;
CALL registry.deploy();
RESET client_min_messages;
SELECT md5(string_agg(polrelid::regclass || polname || coalesce(pg_get_expr(polqual, polrelid), '') || coalesce(pg_get_expr(polwithcheck, polrelid), ''), '|' ORDER BY polrelid::regclass::text, polname)) = :'policies' AS same_policies FROM pg_policy;
SELECT md5(string_agg(p.oid::regprocedure || p.prosrc || p.prosecdef || p.provolatile::text || coalesce(p.proacl::text, ''), '|' ORDER BY p.oid::regprocedure::text)) = :'doors' AS same_doors FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace;

BEGIN;
-- Everything below is undone.
SET LOCAL client_min_messages = warning;
-- persons made up here are not computed from facts: no edit is followed
SET LOCAL session_replication_role = replica;
DELETE FROM problem; DELETE FROM person; DELETE FROM enrolment; DELETE FROM coverage_cell; DELETE FROM person_alias;
INSERT INTO setting (name, value) VALUES ('reference_date', '2016-12-31') ON CONFLICT (name) DO UPDATE SET value = excluded.value;
RESET client_min_messages;
INSERT INTO person (person_id, territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, phone, life_status, paying, receiving, paused, elsewhere,
	due, gap, standing, class, work_state, updated_at)
SELECT v.person_id, v.territory::region_code, citizen_id_try(v.number), '01', coalesce(v.number, 'T' || v.person_id), v.name, name_key(v.name), 'M', v.birth::date, v.phone, 10, '{}', '{}', '{}', '{}',
	3, 3, 45, 'unenrolled', 30, now()
FROM (VALUES
	(1, '340402001001', '11010519491231002X', '王建国', '1949-12-31', '13812341234'),
	(2, '340402001002', '34052419800101001X', '欧阳小海', '1980-01-01', '0554-2661234'),
	(3, '340402002001', NULL, '阿卜杜拉·买买提', '1954-06-30', '110'),
	(4, '340421100001', NULL, '赵敏', '1990-07-01', NULL),
	(5, '340421100001', NULL, '王建国', '2005-09-01', '13812349999'),
	(6, '110101', NULL, '卫京', '1956-12-31', '010-12345678')) AS v (person_id, territory, number, name, birth, phone);
INSERT INTO person_alias (person_id, origin_person, territory, kind, value) SELECT person_id, person_id, territory, 'citizen_id', id_no FROM person;
INSERT INTO enrolment (person_id, territory, source, batch_id, line_no, row_key, row_hash, number, name, name_key, scheme, scheme_code, enrol_status, pay_status, valid_from, ended_on)
VALUES
	(4, '340421100001', 'pension_resident', 1, 2, md5('t4')::uuid, 4, 'T4', '赵敏', '赵敏', 'P2', '170', 4, 3, '2016-01-01', '2016-06-30'),
	(1, '340402001001', 'medical_resident', 1, 2, md5('t1')::uuid, 1, 'T1', '王建国', '王建国', 'M2', '390', 1, 1, '2016-01-01', NULL),
	(0, '340421100001', 'pension_resident', 1, 3, md5('t0')::uuid, 0, 'T0', '无', '无', 'P2', '170', 1, 1, '2016-01-01', NULL);
INSERT INTO problem (problem_id, person_id, territory, rule_id, finding_key, schemes, evidence, state, opened_at) VALUES
	(9001, 1, '340402001001', 'HK10', 1, '{}', '{}', 'open', '2016-12-31'),
	(9002, 4, '340421100001', 'BN01', 2, '{P2}', '{"number": "340421199007010011", "source": "pension_resident", "months": 3, "rows": [1, 2], "names": ["赵敏"]}', 'open', '2016-12-31'),
	(9003, 0, NULL, 'EM01', 3, '{}', '{}', 'open', '2016-12-31'),
	(9004, 0, '340402', 'ID04', 4, '{}', '{"number": "3404021949"}', 'open', '2016-12-31');
INSERT INTO coverage_cell (territory, kind, standing, persons) VALUES ('340400', 'pension', 5, 5), ('340400', 'pension', 2, 40), ('340402', 'pension', 5, 3),
	('340402', 'pension', 2, 20), ('340421', 'pension', 5, 2), ('340421', 'pension', 2, 20), ('340421100', 'pension', 5, 2),
	('340403', 'pension', 2, 30), ('340404', 'pension', 2, 50), ('340403001', 'pension', 2, 4), ('340403002', 'pension', 2, 10), ('340403003', 'pension', 2, 16);
SELECT hide_small_cells();
INSERT INTO transfer VALUES (6, '340402001001', (now() AT TIME ZONE 'UTC')::date - 30), (6, '340402001002', (now() AT TIME ZONE 'UTC')::date), (5, '340402002001', (now() AT TIME ZONE 'UTC')::date - 31);
SET LOCAL session_replication_role = origin;

CREATE ROLE t_county; CREATE ROLE t_town; CREATE ROLE t_masked; CREATE ROLE t_blind; CREATE ROLE t_agency; CREATE ROLE t_report; CREATE ROLE t_audit;
CREATE ROLE t_none; CREATE ROLE t_member IN ROLE t_town; CREATE ROLE t_noinherit NOINHERIT IN ROLE t_town;
GRANT USAGE ON SCHEMA registry TO PUBLIC;
GRANT SELECT ON person_list, unenrolled_list, problem_list, coverage_report, coverage_cell, scheme_report, age_report, progress_report, reject_list TO PUBLIC;
GRANT EXECUTE ON FUNCTION find_person(text), search_person(text, date, text), history(bigint), who_read(bigint) TO PUBLIC;
GRANT SELECT ON person, person_alias, enrolment, problem, read_log, territory_grant, link, transfer, change_log TO PUBLIC;
GRANT INSERT, UPDATE, DELETE ON person TO t_town, t_audit, t_report;

SELECT grant_territory('t_county', '340402', 'second_review'), grant_territory('t_county', '340402', 'second_review', mask => 'full');
SELECT grant_territory('t_town', '340402001', 'entry'), grant_territory('t_masked', '340402', 'entry', NULL, 'masked'), grant_territory('t_masked', '340402002', 'first_review'),
	grant_territory('t_blind', '3404', 'entry', NULL, 'none'), grant_territory('t_agency', '340400', 'scheme_agency', 'P2'), grant_territory('t_report', '340400', 'report'),
	grant_territory('t_audit', '340421', 'audit');
SELECT role_name, region, duty, scheme, mask, granted_by = current_user AS by_me FROM territory_grant ORDER BY 1, 2;

-- What is refused, and how.
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN EXECUTE statement; RETURN 'done';
EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT; RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(hint, '')); END $$;
SELECT s, pg_temp.refusal('SELECT registry.' || s) FROM unnest(ARRAY[
	$$grant_territory('t_nobody', '340400', 'entry')$$, $$grant_territory('public', '340400', 'entry')$$, $$grant_territory(NULL, '340400', 'entry')$$,
	$$grant_territory('t_town', NULL, 'entry')$$, $$grant_territory('t_town', '', 'entry')$$, $$grant_territory('t_town', '3404x', 'entry')$$,
	$$grant_territory('t_town', '340400', 'king')$$, $$grant_territory('t_town', '340400', NULL)$$, $$grant_territory('t_town', '340400', 'entry', 'P1')$$,
	$$grant_territory('t_town', '340400', 'scheme_agency')$$, $$grant_territory('t_town', '340400', 'scheme_agency', 'P9')$$,
	$$grant_territory('t_town', '340400', 'entry', NULL, 'half')$$, $$revoke_territory(NULL)$$, $$revoke_territory('t_town', 'x')$$,
	$$permit_bulk('t_nobody', 10, 'audit')$$, $$permit_bulk(current_user, 10, 'audit')$$, $$permit_bulk('t_town', 0, 'audit')$$, $$permit_bulk('t_town', 10, ' ')$$,
	$$may_load(NULL)$$]) AS s;
SELECT s, pg_temp.refusal(format('SELECT x FROM registry.look_up(%s) AS t(x bigint)', s)) FROM unnest(ARRAY['NULL::regprocedure, 1', $$'registry.find_person(text)', 1$$,
	$$'registry.find_person(text)', 'x'::text, 'y'::text$$, $$'pg_catalog.length(text)', 'x'::text$$, $$'registry.name_key(text)', 'x'::text$$,
	$$'registry.may_load(regclass)', 'pg_class'::regclass$$, $$'registry.who_read(bigint)', 1::bigint$$, $$0::regprocedure, 1$$]) AS s;

-- Who sees whom.
CREATE FUNCTION pg_temp.seen(as_role text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', as_role);
	BEGIN EXECUTE 'SELECT string_agg(x::text, '','' ORDER BY x) FROM (' || query || ') q(x)' INTO answer;
	EXCEPTION WHEN OTHERS THEN answer := SQLSTATE || ' ' || SQLERRM; END;
	RESET ROLE;
	RETURN answer;
END $$;
SELECT r AS role, pg_temp.seen(r, 'SELECT person_id FROM person_list') AS person_list, pg_temp.seen(r, 'SELECT DISTINCT person_id FROM unenrolled_list') AS unenrolled,
	pg_temp.seen(r, 'SELECT problem_id FROM problem_list') AS problems, pg_temp.seen(r, 'SELECT person_id FROM person') AS person, pg_temp.seen(r, 'SELECT person_id FROM person_alias') AS alias,
	pg_temp.seen(r, 'SELECT person_id FROM enrolment') AS enrolment, pg_temp.seen(r, 'SELECT problem_id FROM problem') AS problem,
	pg_temp.seen(r, 'SELECT count(*) > 0 FROM change_log') AS log, pg_temp.seen(r, 'SELECT count(*) FROM territory_grant') AS grants, pg_temp.seen(r, 'SELECT count(*) FROM reject_list') AS rejects
FROM unnest(ARRAY[current_user::text, 't_county', 't_town', 't_member', 't_noinherit', 't_masked', 't_blind', 't_agency', 't_report', 't_audit', 't_none']) AS r;
-- A role that inherits nothing sees once it is the other.
SET LOCAL ROLE t_noinherit;
SELECT count(*) FROM person_list;
SET LOCAL ROLE t_town;
SELECT count(*) FROM person_list;
RESET ROLE;
-- No setting opens anything.
SET LOCAL ROLE t_none;
SET LOCAL registry.territory = '340400'; SET LOCAL row_security = on;
SELECT count(*) FROM person_list;
SET LOCAL row_security = off;
SELECT count(*) FROM person;
RESET ROLE;
SET LOCAL row_security = on;

-- Masks.
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', person_id, citizen_id, name, birth_date, phone) FROM person_list$$) AS persons FROM unnest(ARRAY['t_county', 't_masked', 't_blind', 't_agency']) AS r;
SELECT pg_temp.seen('t_masked', $$SELECT concat_ws(' ', person_id, kind, citizen_id, name, since) FROM unenrolled_list$$);
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', problem_id, person_id, name, evidence) FROM problem_list$$) FROM unnest(ARRAY['t_masked', 't_blind', 't_agency']) AS r;
-- A condition on a masked column is one on what is shown.
SELECT pg_temp.seen('t_masked', $$SELECT person_id FROM person_list WHERE name = '王建国' OR citizen_id = '11010519491231002X' OR birth_date = '1949-12-31' OR phone = '13812341234'$$);
SELECT m, phone_mask(m), address_mask(m), document_mask(m) FROM unnest(ARRAY['13812341234', '0554-2661234', '12', '', '安徽省淮南市田家庵区新淮街道向阳社区3栋2单元501室', '凤台县城关镇', '大通区上窑镇马岗村18号',
	'11010519491231002X', '110105491231002', 'HKG012345678', 'E12345678', 'A1', '张三', '北京路5号']) AS m;
SELECT phone_mask(NULL), address_mask(NULL), document_mask(NULL);

-- Counts: by place; small ones are hidden from who has no other duty.
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', territory, due, enrolled, unenrolled, rate) FROM coverage_report WHERE kind = 'pension'$$) AS coverage FROM unnest(ARRAY[current_user::text, 't_county', 't_town', 't_report', 't_none']) AS r;
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', territory, target, coalesce(registered::text, '-'), coalesce(open_problems::text, '-'), rank) FROM progress_report$$) AS progress FROM unnest(ARRAY['t_county', 't_report', 't_none']) AS r;
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', territory, kind, age_band, coalesce(due::text, '-'), coalesce(enrolled::text, '-')) FROM age_report WHERE kind = 'pension'$$) AS ages FROM unnest(ARRAY['t_county', 't_report', 't_none']) AS r;
UPDATE setting SET value = '3' WHERE name = 'small_cell';
INSERT INTO setting (name, value) VALUES ('small_cell', '3') ON CONFLICT DO NOTHING;
SELECT hide_small_cells(), hide_small_cells();
SELECT pg_temp.seen('t_report', $$SELECT concat_ws(' ', territory, due, unenrolled) FROM coverage_report WHERE kind = 'pension'$$);
-- A setting that is none counts as not set.
UPDATE setting SET value = 'none' WHERE name = 'small_cell';
SELECT hide_small_cells();
SELECT pg_temp.seen('t_report', $$SELECT concat_ws(' ', territory, due, unenrolled) FROM coverage_report WHERE kind = 'pension'$$);
SELECT shown(NULL), shown(0), shown(1), shown_part(1, 2);

-- Changing: entry and review in their places, nobody anywhere else, and nobody moves a person out of reach.
CREATE FUNCTION pg_temp.changed(as_role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text; touched integer;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', as_role);
	BEGIN EXECUTE statement; GET DIAGNOSTICS touched = ROW_COUNT; answer := touched; RAISE EXCEPTION 'undo' USING ERRCODE = 'RG999';
	EXCEPTION WHEN SQLSTATE 'RG999' THEN NULL; WHEN OTHERS THEN answer := SQLSTATE || ' ' || SQLERRM; END;
	RESET ROLE;
	RETURN answer;
END $$;
SELECT r AS role, pg_temp.changed(r, 'UPDATE registry.person SET phone = NULL') AS "update", pg_temp.changed(r, 'DELETE FROM registry.person WHERE person_id > 3') AS "delete",
	pg_temp.changed(r, $$UPDATE registry.person SET territory = '340421100001' WHERE person_id = 1$$) AS move,
	pg_temp.changed(r, $$INSERT INTO registry.person SELECT (p).* FROM (SELECT jsonb_populate_record(p, '{"person_id": 77, "territory": "340421100001"}') AS p FROM registry.person p LIMIT 1) x$$) AS "insert"
FROM unnest(ARRAY['t_town', 't_audit', 't_report', 't_county']) AS r;

-- Look-ups answer for whoever asks.
SELECT r AS role, pg_temp.seen(r, $$SELECT registry.find_person('11010519491231002X')$$) AS find_1, pg_temp.seen(r, $$SELECT registry.find_person('34052419800101001X')$$) AS find_2, pg_temp.seen(r, $$SELECT registry.find_person('no number')$$) AS find_none,
	pg_temp.seen(r, $$SELECT concat_ws(' ', person_id, citizen_id, person_name, birth_date) FROM registry.search_person('王建国')$$) AS search,
	pg_temp.seen(r, 'SELECT count(*) > 0 FROM registry.history(1)') AS history_1, pg_temp.seen(r, 'SELECT count(*) > 0 FROM registry.who_read(1)') AS who_read_1
FROM unnest(ARRAY['t_county', 't_town', 't_member', 't_masked', 't_blind', 't_agency', 't_report', 't_audit', 't_none']) AS r;
-- Nobody but the owner calls the other side, or a door not granted.
SELECT r AS role, pg_temp.seen(r, $$SELECT registry.find_person_as_owner('11010519491231002X')$$) AS inner_side, pg_temp.seen(r, $$SELECT registry.grant_territory('t_none', '34', 'entry')$$) AS grants,
	pg_temp.seen(r, $$SELECT x FROM registry.look_up('registry.grant_territory(text,text,text,text,text)', 't_none'::text, '34'::text, 'entry'::text, NULL::text, 'full'::text) AS t(x boolean)$$) AS look_up,
	pg_temp.seen(r, $$SELECT registry.note_found('x', '{1}')$$) AS note
FROM unnest(ARRAY['t_county', 't_none']) AS r;
-- Acts on persons are for who sees each of them whole; of others, whether they are there is not said.
GRANT EXECUTE ON FUNCTION not_same(bigint, bigint, text), merge_person(bigint, bigint, text), split_person(bigint, text), explain_person(bigint), explain(bigint, boolean), problem_sheet(text) TO PUBLIC;
SELECT r AS role, pg_temp.changed(r, $$SELECT registry.not_same(1, 2, 'brothers')$$) AS both_seen, pg_temp.changed(r, $$SELECT registry.not_same(1, 4, 'brothers')$$) AS one_seen,
	pg_temp.changed(r, $$SELECT registry.not_same(1, 400, 'brothers')$$) AS one_missing, pg_temp.changed(r, $$SELECT registry.split_person(999999, 'wrong')$$) AS no_link
FROM unnest(ARRAY['t_town', 't_masked', 't_none']) AS r;
SELECT r AS role, pg_temp.seen(r, $$SELECT registry.explain_person(1) IS NOT NULL$$) AS person_1, pg_temp.seen(r, $$SELECT registry.explain_person(4) IS NOT NULL$$) AS person_4,
	pg_temp.seen(r, $$SELECT registry.explain_person(400) IS NOT NULL$$) AS person_400, pg_temp.seen(r, $$SELECT registry.explain(9001) IS NOT NULL$$) AS problem_9001, pg_temp.seen(r, $$SELECT registry.explain(9002) IS NOT NULL$$) AS problem_9002
FROM unnest(ARRAY['t_town', 't_agency', 't_none']) AS r;
UPDATE problem SET sent_to = 'P2', state = 'sent' WHERE problem_id IN (9001, 9002);
SELECT r AS role, pg_temp.seen(r, $$SELECT concat_ws(' ', problem_id, citizen_id, name) FROM registry.problem_sheet('P2')$$) AS sheet FROM unnest(ARRAY['t_town', 't_masked', 't_agency', 't_none']) AS r;

-- A function of somebody else between the reader and the look-up answers for that somebody.
CREATE ROLE t_thief;
GRANT CREATE ON SCHEMA public TO t_thief;
SET LOCAL ROLE t_thief;
CREATE FUNCTION public.t_steal(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT registry.find_person($1)';
CREATE FUNCTION public.t_steal_list() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM registry.person_list';
CREATE FUNCTION public.t_lend(text) RETURNS bigint LANGUAGE sql AS 'SELECT registry.find_person($1)';
RESET ROLE;
SELECT public.t_steal('11010519491231002X'), public.t_steal_list(), public.t_lend('11010519491231002X');
SELECT pg_temp.seen('t_county', $$SELECT public.t_steal('11010519491231002X')$$) AS stolen, pg_temp.seen('t_county', $$SELECT public.t_lend('11010519491231002X')$$) AS lent;
-- An expression of the thief's index, run by the owner's ANALYZE, is the thief's.
SET LOCAL ROLE t_thief;
CREATE FUNCTION public.t_index(text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM registry.person_list); END $$;
CREATE TABLE public.t_trap (number text);
CREATE INDEX ON public.t_trap (public.t_index(number));
RESET ROLE;
GRANT INSERT ON public.t_trap TO t_county;
INSERT INTO public.t_trap VALUES ('x');
ANALYZE public.t_trap;
SELECT pg_temp.seen('t_thief', $$SELECT most_common_vals::text FROM pg_stats WHERE tablename = 't_trap_t_index_idx' UNION SELECT 'none' $$) AS trapped;
-- Rights end with the next statement, also inside one transaction.
SELECT revoke_territory('t_county', '340402', 'entry'), revoke_territory('t_county');
SELECT pg_temp.seen('t_county', 'SELECT person_id FROM person_list') AS county, pg_temp.seen('t_county', $$SELECT registry.find_person('11010519491231002X')$$) AS found;
DO $$ BEGIN
	PERFORM registry.grant_territory('t_county', '340402001001', 'entry');
	SET LOCAL ROLE t_county;
	IF (SELECT count(*) FROM registry.person_list) <> 1 + 1 THEN RAISE EXCEPTION 'the grant is not seen'; END IF;
	RESET ROLE;
	PERFORM registry.revoke_territory('t_county');
	SET LOCAL ROLE t_county;
	IF (SELECT count(*) FROM registry.person_list) <> 0 THEN RAISE EXCEPTION 'the grant is seen still'; END IF;
	RESET ROLE;
END $$;
-- A role renamed takes nothing with it; one that is gone harms nobody.
SAVEPOINT renamed;
ALTER ROLE t_town RENAME TO t_city;
SELECT pg_temp.seen('t_city', 'SELECT person_id FROM person_list');
ROLLBACK TO renamed;

-- The log of reading.
DELETE FROM read_log;
SET LOCAL registry.purpose = 'case 17';
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X') UNION ALL SELECT registry.find_person('nobody') UNION ALL SELECT person_id FROM registry.search_person('欧阳小海')$$);
SET LOCAL registry.purpose = '';
SELECT pg_temp.seen('t_audit', $$SELECT registry.find_person('11010519491231002X')$$), pg_temp.seen('t_audit', $$SELECT count(*) > 0 FROM registry.history(1)$$), pg_temp.seen('t_town', $$SELECT count(*) > 0 FROM registry.history(1)$$);
SELECT person_id, territory, reader, login = session_user AS login, purpose, function, refused FROM read_log ORDER BY read_id;
SELECT reader, function, purpose, refused FROM who_read(1);
SELECT reader, count(*) AS reads, count(DISTINCT person_id) AS persons FROM read_log GROUP BY 1 ORDER BY 1;
-- What may be asked for before an answer is given.
INSERT INTO setting (name, value) VALUES ('purpose_required', 'on');
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X')$$);
SET LOCAL registry.purpose = 'case 18';
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X')$$);
DELETE FROM setting WHERE name = 'purpose_required';
-- Bulk reads: steps warn, the limit holds, a second person lifts it.
INSERT INTO setting (name, value) VALUES ('bulk_steps', '8, 12'), ('bulk_block', '13');
SELECT pg_temp.seen('t_town', $$SELECT count(registry.find_person('11010519491231002X')) FROM generate_series(1, 100)$$);
SELECT pg_temp.seen('t_town', $$SELECT count(registry.find_person('1101051949123100' || i)) FROM generate_series(10, 16) AS i$$);
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X')$$);
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X')$$) FROM generate_series(1, 2);
SELECT permit_bulk('t_town', 20, 'yearly audit');
SELECT pg_temp.seen('t_town', $$SELECT registry.find_person('11010519491231002X')$$);
SELECT reader, persons, reason, permitted_by = current_user AS by_me FROM bulk_permit;
-- What is rolled back counts nevertheless, in its session.
DELETE FROM read_log;
SAVEPOINT taken_back;
SELECT pg_temp.seen('t_town', $$SELECT count(registry.find_person('1101051949123100' || i)) FROM generate_series(10, 25) AS i$$);
ROLLBACK TO taken_back;
SELECT count(*) FROM read_log;
SELECT pg_temp.seen('t_town', $$SELECT count(registry.find_person('1101051949123100' || i)) FROM generate_series(10, 25) AS i$$);
-- The owner is recorded, not stopped; the same question of one statement is one look-up, another answer after a change.
DELETE FROM read_log;
SELECT count(find_person('11010519491231002X')) FROM generate_series(1, 20);
SELECT count(*) FROM person_list WHERE person_id = find_person('11010519491231002X');
DO $$ BEGIN
	IF registry.find_person('E7') IS NOT NULL THEN RAISE EXCEPTION 'known before'; END IF;
	INSERT INTO registry.person_alias (person_id, origin_person, kind, value) VALUES (3, 3, 'document', 'E7');
	IF registry.find_person('E7') IS DISTINCT FROM 3 THEN RAISE EXCEPTION 'not known afterwards'; END IF;
END $$;
SELECT function, person_id, count(*) FROM read_log GROUP BY 1, 2 ORDER BY 1, 2;
ROLLBACK;

-- What is taken from views is recorded where that is switched on, and counted.
BEGIN;
SET LOCAL client_min_messages = warning;
DELETE FROM problem; DELETE FROM person; DELETE FROM enrolment;
RESET client_min_messages;
CREATE ROLE t_view;
CREATE ROLE t_lender;
GRANT USAGE ON SCHEMA registry TO t_view, t_lender;
GRANT SELECT ON person_list, coverage_report TO t_view, t_lender;
GRANT CREATE ON SCHEMA public TO t_lender;
SELECT grant_territory(r, '340402', 'entry') FROM unnest(ARRAY['t_view', 't_lender']) AS r;
INSERT INTO person (person_id, territory, id_kind, id_no, name, life_status, paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, updated_at)
SELECT i, CASE WHEN i <= 60 THEN '340402001001' ELSE '340403001001' END::region_code, '01', 'V' || i, '某' || i, 10, '{}', '{}', '{}', '{}', 0, 0, 0, 'x', 30, now() FROM generate_series(1, 100) AS i;
SET LOCAL ROLE t_view;
SELECT count(*) FROM person_list;
RESET ROLE;
SELECT count(*) FROM view_log;
INSERT INTO setting (name, value) VALUES ('record_views', 'on');
SET LOCAL registry.purpose = 'case 19';
SET LOCAL ROLE t_lender;
CREATE FUNCTION public.t_peek(bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT name FROM registry.person_list WHERE person_id = $1';
SET LOCAL ROLE t_view;
SELECT count(*) FROM person_list;
SELECT person_id, name FROM person_list WHERE person_id IN (7, 70) ORDER BY 1;
SELECT person_id FROM person_list WHERE person_id = 70;
SELECT public.t_peek(7);
PREPARE t_some AS SELECT name FROM person_list ORDER BY person_id LIMIT $1;
EXECUTE t_some(2);
DECLARE few CURSOR FOR SELECT person_id FROM person_list ORDER BY 1;
FETCH 3 FROM few;
FETCH 2 FROM few;
CREATE TEMP TABLE taken AS SELECT * FROM person_list;
RESET ROLE;
SELECT count(*) FROM person_list;
SELECT reader, view, rows, purpose FROM view_log ORDER BY view_read_id;
INSERT INTO setting (name, value) VALUES ('bulk_block', '75');
SET LOCAL ROLE t_view;
SELECT count(name) FROM (SELECT name FROM person_list LIMIT 9) t;
SELECT name FROM person_list ORDER BY person_id LIMIT 9;
ROLLBACK;

-- Where nothing can be written the session counts.
CREATE ROLE t_view;
GRANT USAGE ON SCHEMA registry TO t_view;
GRANT SELECT ON person_list TO t_view;
SELECT grant_territory('t_view', '340400', 'entry');
INSERT INTO setting (name, value) VALUES ('record_views', 'on'), ('bulk_block', '0');
\c
SET search_path = registry, public;
\set SHOW_CONTEXT never
SET default_transaction_read_only = on;
SET ROLE t_view;
SELECT count(*) >= 0 AS one_row FROM person_list;
RESET ROLE;
SET default_transaction_read_only = off;
DELETE FROM setting WHERE name IN ('record_views', 'bulk_block');
SELECT revoke_territory('t_view');
DROP OWNED BY t_view;
DROP ROLE t_view;

-- A read-only transaction records nothing, so it looks nobody up; views it can read.
BEGIN READ ONLY;
SELECT find_person('11010519491231002X');
SELECT count(*) >= 0 AS views_can_be_read FROM person_list;
ROLLBACK;

-- Bounds make the index usable.
BEGIN;
CREATE ROLE t_plan;
GRANT USAGE ON SCHEMA registry TO t_plan;
GRANT SELECT ON person, person_list TO t_plan;
SELECT grant_territory('t_plan', '340402001001', 'entry');
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL ROLE t_plan;
EXPLAIN (COSTS off) SELECT count(*) FROM person;
RESET ROLE;
ROLLBACK;
