-- Asked by test/t/leak.sh with variables roles, queries, seed.  Prints TAP.
SELECT setseed((:seed % 1000) / 1000.0) \g /dev/null
CREATE SCHEMA leak;			-- the owner's: what is asked and how it is judged
CREATE SCHEMA copy;			-- what one role may see
SET search_path = pg_catalog;

-- People who moved, inside and outside the window of 30 days.
INSERT INTO registry.transfer (person_id, territory, moved_on)
SELECT p.person_id, o.territory, (now() AT TIME ZONE 'UTC')::date - (random() * 60)::integer
FROM (SELECT person_id, row_number() OVER (ORDER BY random()) AS n FROM registry.person) p
JOIN (SELECT territory, row_number() OVER (ORDER BY random()) AS n FROM registry.person) o USING (n)
WHERE n <= 200;

-- What the owner sees, as text for comparing places without a function of the rights.
CREATE FUNCTION leak.digits(place text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT rpad(place, 12, '0') $$;
CREATE TABLE leak.person_list AS SELECT l.*, leak.digits(l.territory) AS place FROM registry.person_list l;
CREATE TABLE leak.unenrolled_list AS SELECT l.*, p.birth_date AS born FROM registry.unenrolled_list l JOIN registry.person p USING (person_id);
CREATE TABLE leak.problem_list AS SELECT l.*, leak.digits(l.territory) AS place FROM registry.problem_list l;
CREATE TABLE leak.coverage_report AS SELECT c.*, leak.digits(c.territory) AS place,
	EXISTS (SELECT FROM registry.coverage_cell h WHERE h.territory::text = c.territory AND h.kind = c.kind AND h.hidden) AS hidden FROM registry.coverage_report c;
CREATE TABLE leak.scheme_report AS SELECT c.*, leak.digits(c.territory) AS place FROM registry.scheme_report c;
CREATE TABLE leak.age_report AS SELECT c.*, leak.digits(c.territory) AS place FROM registry.age_report c;
CREATE TABLE leak.progress_report AS SELECT c.*, leak.digits(c.territory) AS place FROM registry.progress_report c;
CREATE TABLE leak.scheme_of AS SELECT DISTINCT person_id, scheme FROM registry.enrolment WHERE scheme IS NOT NULL AND person_id > 0;
CREATE TABLE leak.moved AS SELECT t.person_id, leak.digits(t.territory::text) AS place FROM registry.transfer t WHERE t.moved_on >= (now() AT TIME ZONE 'UTC')::date - 30;
CREATE TABLE leak.number_of AS SELECT person_id, value AS number FROM registry.person_alias WHERE kind = 'citizen_id';
CREATE TABLE leak.wanted (relation text, cname text, ctype text, constants text[]);
CREATE TABLE leak.grants (prefix text, duty text, scheme text, mask text);
CREATE TABLE leak.granted (role text, prefix text, duty text, scheme text, mask text);
CREATE TABLE leak.difference (role text, query text, seen text, expected text);
CREATE TABLE leak.tally (kind text, asked bigint, answered bigint);

-- Constants to ask for: those that are there, whoever may see them.
DO $do$
DECLARE r text; c record; values text[];
BEGIN
	FOREACH r IN ARRAY ARRAY['person_list', 'unenrolled_list', 'problem_list', 'coverage_report', 'scheme_report', 'age_report', 'progress_report'] LOOP
		FOR c IN SELECT a.attname, a.atttypid::regtype::text AS typ FROM pg_attribute a WHERE a.attrelid = ('registry.' || r)::regclass AND a.attnum > 0 LOOP
			EXECUTE format('SELECT array_agg(v) FROM (SELECT %I::text AS v FROM leak.%I WHERE %1$I IS NOT NULL ORDER BY random() LIMIT 60) s', c.attname, r) INTO values;
			INSERT INTO leak.wanted VALUES (r, c.attname, c.typ, coalesce(values, '{""}'));
		END LOOP;
	END LOOP;
END $do$;

CREATE FUNCTION leak.pick(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::integer] $$;
CREATE FUNCTION leak.some_column(r text, types text[] DEFAULT NULL) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT cname FROM leak.wanted WHERE relation = r AND ctype <> 'jsonb' AND (types IS NULL OR ctype = ANY (types)) ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION leak.condition(r text, alias text DEFAULT 't') RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE w leak.wanted; value text;
BEGIN
	SELECT * INTO w FROM leak.wanted WHERE relation = r AND ctype <> 'jsonb' ORDER BY random() LIMIT 1;
	value := quote_literal(leak.pick(w.constants));
	IF w.ctype <> 'text' AND value = quote_literal('') THEN RETURN alias || '.' || w.cname || ' IS NULL'; END IF;
	RETURN CASE
		WHEN random() < 0.1 THEN format('%s.%I IS %sNULL', alias, w.cname, leak.pick('{"NOT ",""}'))
		WHEN w.ctype = 'text' AND random() < 0.4 THEN format('%s.%I LIKE %s', alias, w.cname, quote_literal(left(leak.pick(w.constants), 1 + floor(random() * 8)::integer) || '%'))
		WHEN random() < 0.2 THEN format('%s.%I = ANY (%L::%s[])', alias, w.cname, w.constants[1:10], w.ctype)
		ELSE format('%s.%I %s %s::%s', alias, w.cname, leak.pick('{=,<,>,<>,<=,>=}'), value, w.ctype) END;
END $$;
CREATE FUNCTION leak.question() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r CONSTANT text := leak.pick('{person_list,person_list,person_list,unenrolled_list,unenrolled_list,problem_list,problem_list,coverage_report,coverage_report,scheme_report,age_report,progress_report}');
	c CONSTANT text := quote_ident(leak.some_column(r));
	d CONSTANT text := quote_ident(leak.some_column(r));
	cond text := leak.condition(r);
BEGIN
	IF random() < 0.5 THEN cond := cond || leak.pick('{" AND "," OR "," AND NOT "}') || leak.condition(r); END IF;
	RETURN CASE floor(random() * 12)::integer
		WHEN 0 THEN format('SELECT count(*) FROM %I t WHERE %s', r, cond)
		WHEN 1 THEN format('SELECT DISTINCT t.%s FROM %I t WHERE %s ORDER BY 1 LIMIT 20', c, r, cond)
		WHEN 2 THEN format('SELECT min(t.%s::text), max(t.%1$s::text), count(DISTINCT t.%s) FROM %I t', c, d, r)
		WHEN 3 THEN format('SELECT t.%s, count(*) FROM %I t GROUP BY 1 HAVING count(*) > 1', c, r)
		WHEN 4 THEN format('SELECT t.* FROM %I t WHERE %s', r, cond)
		WHEN 5 THEN format('SELECT t.%s, t.%s FROM %I t ORDER BY 1 DESC NULLS LAST, 2 LIMIT 5 OFFSET %s', c, d, r, floor(random() * 20)::integer)
		WHEN 6 THEN format('SELECT EXISTS (SELECT FROM %1$I t WHERE %2$s), NOT EXISTS (SELECT FROM %1$I t WHERE t.%3$s IS NULL)', r, cond, c)
		WHEN 7 THEN format('SELECT p.person_id, p.name, u.kind, u.since FROM person_list p JOIN unenrolled_list u USING (person_id) WHERE %s', leak.condition('person_list', 'p'))
		WHEN 8 THEN format('SELECT p.class, b.rule_id, count(*), sum(b.amount) FROM person_list p RIGHT JOIN problem_list b ON b.person_id = p.person_id WHERE %s GROUP BY 1, 2', leak.condition('problem_list', 'b'))
		WHEN 9 THEN format('SELECT 1 / (t.person_id - %s) >= 0 FROM person_list t', leak.pick((SELECT constants FROM leak.wanted WHERE relation = 'person_list' AND cname = 'person_id')))
		WHEN 10 THEN format('SELECT sum(t.%s::numeric) FROM %I t', c, r)
		ELSE format('SELECT s.territory, s.n, rank() OVER (ORDER BY s.n DESC, s.territory) FROM (SELECT territory, count(%s) AS n FROM %I t WHERE %s GROUP BY 1) s', c, r, cond) END;
END $$;

-- An answer as one text; of an error its class (which row it names first is the plan's).
CREATE FUNCTION leak.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(q::text, ''|'' ORDER BY q::text COLLATE "C")), '''') FROM (%s) q', query) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
-- A text quoted by an error must be one that the copies hold.
CREATE FUNCTION leak.quoted(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN EXECUTE query; RETURN NULL;
EXCEPTION WHEN OTHERS THEN RETURN substring(SQLERRM FROM 'syntax for type [a-z]+: "(.*)"');
END $$;

-- The copies of one role.
CREATE FUNCTION leak.sees(place text) RETURNS boolean LANGUAGE sql STABLE AS
	$$ SELECT EXISTS (SELECT FROM leak.grants g WHERE g.duty NOT IN ('report', 'scheme_agency') AND place LIKE g.prefix || '%') $$;
CREATE FUNCTION leak.counts(place text) RETURNS boolean LANGUAGE sql STABLE AS
	$$ SELECT EXISTS (SELECT FROM leak.grants g WHERE place LIKE g.prefix || '%') $$;
CREATE FUNCTION leak.mask(place text) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(
		(SELECT g.mask FROM leak.grants g WHERE g.duty NOT IN ('report', 'scheme_agency') AND place LIKE g.prefix || '%' ORDER BY array_position('{full,masked,none}', g.mask) LIMIT 1),
		(SELECT g.mask FROM leak.grants g WHERE g.duty = 'scheme_agency' ORDER BY array_position('{full,masked,none}', g.mask) LIMIT 1),
		(SELECT g.mask FROM leak.grants g WHERE g.duty NOT IN ('report', 'scheme_agency') ORDER BY array_position('{full,masked,none}', g.mask) DESC LIMIT 1), 'none') $$;
CREATE FUNCTION leak.year_of(day date) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT (to_char(day, 'YYYY') || '-01-01')::date $$;
CREATE FUNCTION leak.small(n numeric, few boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT few AND n BETWEEN 1 AND 4 $$;
CREATE FUNCTION leak.part(n bigint, whole bigint, few boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN NOT (leak.small(n, few) OR leak.small(whole - n, few) OR leak.small(whole, few)) THEN n END $$;
CREATE PROCEDURE leak.make_copies() LANGUAGE plpgsql AS $$
DECLARE
	few CONSTANT boolean := NOT EXISTS (SELECT FROM leak.grants WHERE duty <> 'report');
	own CONSTANT text[] := ARRAY(SELECT scheme FROM leak.grants WHERE duty = 'scheme_agency');
BEGIN
	DROP SCHEMA copy CASCADE;
	CREATE SCHEMA copy;
	CREATE TEMP TABLE seen ON COMMIT DROP AS
		SELECT p.person_id, leak.mask(p.place) AS mask FROM leak.person_list p
		WHERE leak.sees(p.place) OR EXISTS (SELECT FROM leak.scheme_of s WHERE s.person_id = p.person_id AND s.scheme = ANY (own))
			OR EXISTS (SELECT FROM leak.moved m WHERE m.person_id = p.person_id AND leak.sees(m.place));
	CREATE TABLE copy.person_list AS SELECT person_id,
			CASE s.mask WHEN 'full' THEN citizen_id WHEN 'masked' THEN left(citizen_id, 6) || '********' || right(citizen_id, 4) END AS citizen_id,
			CASE s.mask WHEN 'full' THEN name WHEN 'masked' THEN registry.name_mask(name) END AS name, sex,
			CASE s.mask WHEN 'full' THEN birth_date WHEN 'masked' THEN leak.year_of(birth_date) END AS birth_date,
			age, territory, territory_name, hukou_region, residence_region, life_status, life_status_name, class, paying, receiving, paused, elsewhere, due, gap, work_state, work_state_name,
			CASE s.mask WHEN 'full' THEN phone WHEN 'masked' THEN
				CASE WHEN phone ~ '^1\d{10}$' THEN left(phone, 3) || '****' || right(phone, 4) WHEN phone ~ '^[ -~]{7,}$' THEN left(phone, -4) || '****' WHEN phone IS NOT NULL THEN '******' END END AS phone
		FROM leak.person_list JOIN seen s USING (person_id);
	CREATE TABLE copy.unenrolled_list AS SELECT person_id,
			CASE s.mask WHEN 'full' THEN citizen_id WHEN 'masked' THEN left(citizen_id, 6) || '********' || right(citizen_id, 4) END AS citizen_id,
			CASE s.mask WHEN 'full' THEN name WHEN 'masked' THEN registry.name_mask(name) END AS name,
			territory, territory_name, age, kind, reason, priority,
			CASE WHEN s.mask <> 'full' AND since = (born + interval '16 years')::date AND kind = 'pension' AND reason = 'never' THEN leak.year_of(since) ELSE since END AS since
		FROM leak.unenrolled_list JOIN seen s USING (person_id);
	CREATE TABLE copy.problem_list AS SELECT problem_id, rule_id, title, severity, person_id,
			CASE m.mask WHEN 'full' THEN citizen_id WHEN 'masked' THEN left(citizen_id, 6) || '********' || right(citizen_id, 4) END AS citizen_id,
			CASE m.mask WHEN 'full' THEN name WHEN 'masked' THEN registry.name_mask(name) END AS name,
			employer, territory, territory_name, handler, state, l.schemes, months, amount, keep,
			CASE m.mask WHEN 'full' THEN evidence ELSE registry.evidence_mask(evidence) END AS evidence, batch_id, opened_at, closed_at
		FROM leak.problem_list l CROSS JOIN LATERAL (SELECT leak.mask(l.place) AS mask) m
		WHERE leak.sees(l.place) OR string_to_array(l.schemes, ',') && own;
	CREATE TABLE copy.coverage_report AS SELECT territory, territory_name, level, kind,
			CASE WHEN NOT (few AND hidden) THEN persons END AS persons, CASE WHEN NOT (few AND hidden) THEN due END AS due, CASE WHEN NOT (few AND hidden) THEN enrolled END AS enrolled,
			CASE WHEN NOT (few AND hidden) THEN receiving END AS receiving, CASE WHEN NOT (few AND hidden) THEN elsewhere END AS elsewhere,
			CASE WHEN NOT (few AND hidden) THEN interrupted END AS interrupted, CASE WHEN NOT (few AND hidden) THEN unenrolled END AS unenrolled, CASE WHEN NOT (few AND hidden) THEN rate END AS rate
		FROM leak.coverage_report c
		WHERE leak.counts(place) AND (NOT few OR EXISTS (SELECT FROM leak.coverage_report k WHERE k.territory = c.territory AND NOT k.hidden));
	CREATE TABLE copy.scheme_report AS SELECT territory, territory_name, level, scheme, scheme_name,
			CASE WHEN NOT leak.small(paying, few) THEN paying END AS paying, CASE WHEN NOT leak.small(receiving, few) THEN receiving END AS receiving, CASE WHEN NOT leak.small(paused, few) THEN paused END AS paused
		FROM leak.scheme_report WHERE leak.counts(place);
	CREATE TABLE copy.age_report AS SELECT territory, level, kind, age_band, sex, CASE WHEN NOT leak.small(due, few) THEN due END AS due,
			leak.part(enrolled, due, few) AS enrolled, CASE WHEN leak.part(enrolled, due, few) IS NOT NULL THEN rate END AS rate
		FROM leak.age_report WHERE leak.counts(place);
	CREATE TABLE copy.progress_report AS SELECT territory, territory_name, level, CASE WHEN NOT leak.small(target, few) THEN target END AS target,
			leak.part(registered, target, few) AS registered, leak.part(confirmed_directly, target, few) AS confirmed_directly, leak.part(surveyed, target, few) AS surveyed,
			leak.part(in_review, target, few) AS in_review, CASE WHEN NOT leak.small(open_problems, few) THEN open_problems END AS open_problems,
			CASE WHEN NOT leak.small(closed_problems, few) THEN closed_problems END AS closed_problems,
			CASE WHEN leak.part(registered, target, few) IS NOT NULL THEN registered_rate END AS registered_rate,
			CASE WHEN NOT leak.small(target, few) AND NOT EXISTS (SELECT FROM leak.coverage_report h WHERE few AND h.territory = p.territory AND h.kind = 'pension' AND h.hidden) THEN pension_rate END AS pension_rate, rank
		FROM leak.progress_report p WHERE leak.counts(place);
END $$;

-- Grants of one role: usually one, of any level.
CREATE PROCEDURE leak.make_grants(role text) LANGUAGE plpgsql AS $$
DECLARE
	place text; digits integer; new_duty text; new_scheme text; new_mask text;
BEGIN
	DELETE FROM leak.grants;
	FOR i IN 1 .. leak.pick('{0,1,1,1,1,2,3,5}')::integer LOOP
		place := (SELECT p.place FROM leak.person_list p WHERE p.place LIKE '3404%' AND p.place NOT LIKE '%000' ORDER BY random() LIMIT 1);
		digits := leak.pick('{4,6,6,9,9,12}')::integer;
		new_duty := leak.pick('{entry,entry,first_review,second_review,audit,report,scheme_agency}');
		new_scheme := CASE WHEN new_duty = 'scheme_agency' THEN leak.pick('{P1,P2,M1,M2,U}') END;
		new_mask := leak.pick('{full,full,masked,none}');
		DELETE FROM leak.grants g WHERE g.prefix = left(place, digits) AND g.duty = new_duty AND g.scheme IS NOT DISTINCT FROM new_scheme;
		INSERT INTO leak.grants VALUES (left(place, digits), new_duty, new_scheme, new_mask);
		PERFORM registry.grant_territory(role, CASE digits WHEN 4 THEN left(place, 4) || '00' ELSE left(place, digits) END, new_duty, new_scheme, new_mask);
	END LOOP;
END $$;

-- Look-ups: any number finds whom the role sees, and nobody else.
CREATE PROCEDURE leak.ask_look_ups(role text, times integer) LANGUAGE plpgsql AS $$
DECLARE w record; found bigint; entries bigint; names bigint[]; expected bigint[];
BEGIN
	FOR w IN SELECT n.number, n.person_id, p.name, s.mask FROM leak.number_of n JOIN leak.person_list p USING (person_id) LEFT JOIN seen s USING (person_id) ORDER BY random() LIMIT times LOOP
		expected := ARRAY(SELECT s.person_id FROM seen s JOIN leak.person_list l USING (person_id) WHERE s.mask <> 'none' AND registry.name_key(l.name) = registry.name_key(w.name) ORDER BY 1);
		EXECUTE format('SET LOCAL ROLE %I', role);
		found := registry.find_person(w.number);
		entries := (SELECT count(*) FROM registry.history(w.person_id));
		names := ARRAY(SELECT s.person_id FROM registry.search_person(w.name) s WHERE s.score = 1 ORDER BY 1);
		RESET ROLE;
		INSERT INTO leak.difference SELECT role, 'find_person ' || w.person_id, found::text, w.mask WHERE (found IS NOT NULL) <> (w.mask IS NOT NULL AND w.mask <> 'none');
		INSERT INTO leak.difference SELECT role, 'history ' || w.person_id, entries::text, w.mask WHERE (entries > 0) <> (w.mask IS NOT DISTINCT FROM 'full');
		INSERT INTO leak.difference SELECT role, 'search_person ' || w.name, names::text, expected::text WHERE names <> expected;
		INSERT INTO leak.tally VALUES ('look-up', 3, (found IS NOT NULL)::integer + (entries > 0)::integer + (names <> '{}')::integer);
	END LOOP;
END $$;

CREATE PROCEDURE leak.try_role(role text, queries integer) LANGUAGE plpgsql AS $$
DECLARE query text; seen_answer text; expected text; quote text; wrong boolean;
BEGIN
	CALL leak.make_grants(role);
	CALL leak.make_copies();
	INSERT INTO leak.granted SELECT try_role.role, g.* FROM leak.grants g;
	FOR i IN 1 .. queries LOOP
		query := leak.question();
		EXECUTE format('SET LOCAL ROLE %I', role);
		SET LOCAL search_path = registry, pg_catalog;
		seen_answer := leak.answer(query);
		quote := CASE WHEN seen_answer LIKE '22P02%' THEN leak.quoted(query) END;
		RESET ROLE;
		SET LOCAL search_path = copy, pg_catalog;
		expected := leak.answer(query);
		SET LOCAL search_path = pg_catalog;
		INSERT INTO leak.difference SELECT role, query, seen_answer, expected WHERE seen_answer IS DISTINCT FROM expected;
		INSERT INTO leak.tally VALUES (CASE WHEN length(expected) = 5 THEN 'error ' || expected ELSE 'query' END, 1, (expected NOT LIKE '0 %')::integer);
		IF quote IS NOT NULL THEN
			EXECUTE format('SELECT NOT EXISTS (SELECT FROM copy.%I t WHERE t::text LIKE ''%%'' || replace(%L, ''\'', ''\\'') || ''%%'')',
						   substring(query FROM 'FROM ([a-z_]+) t'), quote) INTO wrong;
			INSERT INTO leak.difference SELECT role, query, quote, 'a text of its own' WHERE wrong;
		END IF;
	END LOOP;
	CALL leak.ask_look_ups(role, greatest(queries / 10, 1));
END $$;
GRANT USAGE ON SCHEMA registry, leak TO PUBLIC;
GRANT EXECUTE ON FUNCTION leak.answer(text), leak.quoted(text) TO PUBLIC;
GRANT SELECT ON registry.person_list, registry.unenrolled_list, registry.problem_list, registry.coverage_report, registry.coverage_cell, registry.scheme_report,
	registry.age_report, registry.progress_report TO PUBLIC;
GRANT EXECUTE ON FUNCTION registry.find_person(text), registry.search_person(text, date, text), registry.history(bigint) TO PUBLIC;

SELECT format('CREATE ROLE registry_leak_%s', i) FROM generate_series(1, :roles) AS i \gexec
SELECT format('CALL leak.try_role(%L, %s)', 'registry_leak_' || i, :queries) FROM generate_series(1, :roles) AS i \gexec

SELECT format('# %s: %s asked, %s with an answer', kind, sum(asked), sum(answered)) FROM leak.tally GROUP BY kind ORDER BY kind;
SELECT '# ' || format('%s has %s', role, string_agg(DISTINCT concat_ws(' ', g.prefix, g.duty, g.scheme, g.mask), ', ')) FROM leak.difference d JOIN leak.granted g USING (role) GROUP BY role;
SELECT '# ' || format('%s: %s -- seen %s, expected %s', role, query, seen, expected) FROM leak.difference LIMIT 20;
SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'not ok' END || format(' - %s roles see what their copies hold: %s differences', :roles, count(*)) FROM leak.difference;
SELECT CASE WHEN sum(answered) > sum(asked) / 4 THEN 'ok' ELSE 'not ok' END || ' - the questions have answers' FROM leak.tally;
SELECT CASE WHEN count(*) > 0 THEN 'ok' ELSE 'not ok' END || ' - some of them raise errors' FROM leak.tally WHERE kind LIKE 'error %';
