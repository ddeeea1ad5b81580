-- Random edits for test/t/edits.sh: operations, and the proof after each hundred.
-- Variables: seed, operations, every.
SET client_min_messages = error;
SELECT setseed(:seed / 1000.0) \g /dev/null
CREATE TABLE IF NOT EXISTS operation (seq integer, what text, done boolean, error text);
CREATE TABLE IF NOT EXISTS failure (seq integer, what text, sample text);
TRUNCATE operation, failure;

CREATE OR REPLACE FUNCTION pg_temp.person() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT p.person_id FROM registry.person p
   WHERE p.person_id >= (SELECT 1 + floor(random() * max(q.person_id))::bigint FROM registry.person q) ORDER BY 1 LIMIT 1 $$;

-- A current row of a fact, mostly of somebody, now and then of nobody.
CREATE OR REPLACE FUNCTION pg_temp.some_row(fact text, condition text DEFAULT 'true') RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	found uuid;
BEGIN
	EXECUTE format('SELECT f.row_key FROM registry.%I f WHERE f.ended_on IS NULL AND (%s) AND f.person_id >= $1 ORDER BY f.person_id, random() LIMIT 1', fact, condition)
		INTO found USING CASE WHEN random() < 0.1 THEN 0 ELSE coalesce(pg_temp.person(), 0) END;
	RETURN found;
END $$;

CREATE OR REPLACE FUNCTION pg_temp.perform(what text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	fact text := (ARRAY['population', 'enrolment', 'enrolment', 'enrolment', 'circumstance', 'elsewhere'])[1 + floor(random() * 6)::int];
	key uuid;
	month integer := 202001 + 100 * floor(random() * 6)::int + floor(random() * 12)::int;
	scheme text := (ARRAY['P1', 'P2', 'P3', 'M1', 'M2', 'U', 'W', 'B'])[1 + floor(random() * 8)::int];
BEGIN
	CASE what
		WHEN 'insert enrolment' THEN
			INSERT INTO registry.enrolment (person_id, scheme, start_month, paid_through, identity, employer, agency)
			SELECT pg_temp.person(), scheme, month, CASE WHEN random() < 0.8 THEN (SELECT max(e.paid_through) FROM registry.enrolment e) ELSE month END, 1,
				   CASE WHEN random() < 0.7 THEN (SELECT e.employer FROM registry.enrolment e WHERE e.employer IS NOT NULL ORDER BY random() LIMIT 1) END,
				   (ARRAY['340402', '340403', '340421'])[1 + floor(random() * 3)::int]::registry.region_code;
		WHEN 'insert for a number' THEN
			INSERT INTO registry.enrolment (number, name, scheme, start_month)
			SELECT n.id::text, '新人', 'P2', month
			FROM (SELECT p.citizen_id FROM registry.person p WHERE p.citizen_id IS NOT NULL AND p.person_id >= pg_temp.person() LIMIT 1) p
			CROSS JOIN LATERAL registry.citizen_id_neighbours(p.citizen_id) n (id) ORDER BY random() LIMIT 1;
		WHEN 'insert circumstance' THEN
			INSERT INTO registry.circumstance (person_id, kind, start_date, end_date)
			SELECT pg_temp.person(), (ARRAY['prison', 'army', 'school', 'low_income', 'disabled', 'settled_abroad'])[1 + floor(random() * 6)::int],
				   make_date(month / 100, month % 100, 1), CASE WHEN random() < 0.5 THEN make_date(month / 100, month % 100, 1) + 900 END;
		WHEN 'insert elsewhere' THEN
			INSERT INTO registry.elsewhere (person_id, scheme, region, start_month) SELECT pg_temp.person(), scheme, '110101', month;
		WHEN 'die' THEN
			IF random() < 0.5 THEN
				INSERT INTO registry.circumstance (person_id, kind, start_date) SELECT pg_temp.person(), 'death', make_date(month / 100, month % 100, 1);
			ELSE
				UPDATE registry.population SET status = 20, status_date = make_date(month / 100, month % 100, 1) WHERE row_key = pg_temp.some_row('population');
			END IF;
		WHEN 'correct enrolment' THEN
			key := pg_temp.some_row('enrolment');
			UPDATE registry.enrolment SET pay_status = 1 + floor(random() * 2)::int, enrol_status = (ARRAY[1, 1, 2, 4])[1 + floor(random() * 4)::int],
				paid_through = CASE WHEN random() < 0.5 THEN month ELSE paid_through END WHERE row_key = key;
		WHEN 'employer-wide' THEN
			UPDATE registry.enrolment SET pay_status = 3 - pay_status
			WHERE pay_status IN (1, 2) AND enrolment.scheme = 'W' AND ended_on IS NULL
			  AND employer = (SELECT e.employer FROM registry.enrolment e WHERE e.scheme IN ('P3', 'W') AND e.employer IS NOT NULL ORDER BY e.scheme = 'P3' AND random() < 0.7 DESC, random() LIMIT 1);
		WHEN 'correct register' THEN
			UPDATE registry.population SET status = (ARRAY[10, 10, 30, 32, 40])[1 + floor(random() * 5)::int],
				hukou_region = (ARRAY['340402001', '340403001', '340421100', '320102'])[1 + floor(random() * 4)::int]::registry.region_code
			WHERE row_key = pg_temp.some_row('population');
		WHEN 'correct name' THEN
			key := pg_temp.some_row(fact);
			EXECUTE format('UPDATE registry.%I SET name = $1 WHERE row_key = $2', fact) USING (ARRAY['王伟', '李 娜', '张a', '赵敏'])[1 + floor(random() * 4)::int], key;
		WHEN 'correct number' THEN
			key := pg_temp.some_row(fact, CASE WHEN random() < 0.5 THEN 'f.person_id = 0' ELSE 'true' END);
			EXECUTE format('UPDATE registry.%I SET number = (SELECT p.id_no FROM registry.person p WHERE p.person_id = $1) WHERE row_key = $2', fact) USING pg_temp.person(), key;
		WHEN 'move' THEN
			key := pg_temp.some_row(fact);
			EXECUTE format('UPDATE registry.%I SET person_id = $1 WHERE row_key = $2', fact) USING pg_temp.person(), key;
		WHEN 'end' THEN
			key := pg_temp.some_row(fact);
			EXECUTE format('UPDATE registry.%I SET ended_on = registry.reference_date() WHERE row_key = $1', fact) USING key;
		WHEN 'delete' THEN
			key := pg_temp.some_row(fact);
			EXECUTE format('DELETE FROM registry.%I WHERE row_key = $1', fact) USING key;
		WHEN 'many at once' THEN
			UPDATE registry.enrolment SET pay_status = 1 + (pay_status = 1)::int WHERE person_id BETWEEN pg_temp.person() AND pg_temp.person() + 150;
		WHEN 'item' THEN
			UPDATE registry.person SET phone = month::text, residence_region = CASE WHEN random() < 0.5 THEN '340402002' ELSE residence_region END,
				employment = CASE WHEN random() < 0.3 THEN '8' ELSE employment END
			WHERE person_id = pg_temp.person();
		WHEN 'forget item' THEN
			DELETE FROM registry.person_item WHERE person_id = (SELECT i.person_id FROM registry.person_item i ORDER BY random() LIMIT 1);
		WHEN 'merge' THEN
			PERFORM registry.merge_person((SELECT p.person_id FROM registry.person p WHERE p.person_id >= pg_temp.person() LIMIT 1),
				(SELECT p.person_id FROM registry.person p WHERE p.life_status = 90 OR random() < 0.0002 ORDER BY random() LIMIT 1), 'operation');
		WHEN 'split' THEN
			PERFORM registry.split_person((SELECT l.link_id FROM registry.link l WHERE l.kind = 'merge' AND l.undone_by IS NULL ORDER BY random() LIMIT 1), 'operation');
		WHEN 'taken back' THEN
			BEGIN
				DELETE FROM registry.enrolment WHERE person_id = pg_temp.person();
				RAISE EXCEPTION USING ERRCODE = 'RG999';
			EXCEPTION WHEN SQLSTATE 'RG999' THEN
				NULL;
			END;
		WHEN 'months pass' THEN
			INSERT INTO registry.setting (name, value) VALUES ('reference_date', (registry.reference_date() + 40)::text)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value;
			CALL registry.compare();
	END CASE;
END $$;

-- The state, as a fresh compare(full => true) must leave it.
CREATE OR REPLACE FUNCTION pg_temp.state() RETURNS TABLE (line text) LANGUAGE sql VOLATILE AS $$
	SELECT 'person ' || (to_jsonb(p) - 'updated_at')::text FROM registry.person p
	UNION ALL SELECT concat_ws('|', 'problem', p.person_id, p.rule_id, p.finding_key, p.territory, p.employer, p.schemes, p.months, p.amount, p.keep)
	FROM registry.problem p WHERE p.state <> 'closed'
	UNION ALL SELECT 'cell ' || (to_jsonb(c) - 'hidden')::text FROM registry.coverage_cell c
	UNION ALL SELECT 'employer ' || i.employer FROM registry.employer_injury i $$;

CREATE OR REPLACE PROCEDURE pg_temp.prove(seq integer) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO failure SELECT seq, 'verify(): ' || v."check", v.failing || ': ' || v.sample FROM registry.verify() v WHERE v.failing > 0;
	CREATE TEMP TABLE was ON COMMIT DROP AS SELECT s.line FROM pg_temp.state() s;
	CALL registry.compare(full => true);
	INSERT INTO failure SELECT seq, 'a full compare() changes nothing', d.line
		FROM ((SELECT '- ' || w.line AS line FROM (SELECT w.line FROM was w EXCEPT SELECT s.line FROM pg_temp.state() s) w)
			  UNION ALL (SELECT '+ ' || n.line FROM (SELECT s.line FROM pg_temp.state() s EXCEPT SELECT w.line FROM was w) n)) d
		LIMIT 10;
END $$;

CREATE OR REPLACE PROCEDURE pg_temp.run(first integer, operations integer) LANGUAGE plpgsql AS $$
DECLARE
	what text;
	wrong text;
BEGIN
	FOR i IN first .. first + operations - 1 LOOP
		what := (ARRAY['insert enrolment', 'insert enrolment', 'insert for a number', 'insert circumstance', 'insert elsewhere', 'die',
			'correct enrolment', 'correct enrolment', 'correct enrolment', 'employer-wide', 'employer-wide', 'correct register', 'correct name',
			'correct number', 'move', 'end', 'delete', 'many at once', 'item', 'forget item', 'merge', 'split', 'taken back', 'months pass'])
			[1 + floor(random() * 23)::int];
		IF i % 50 = 25 THEN
			what := 'months pass';
		END IF;
		wrong := NULL;
		BEGIN
			PERFORM pg_temp.perform(what);
		EXCEPTION WHEN SQLSTATE '22023' OR SQLSTATE '22004' OR SQLSTATE 'RG021' OR SQLSTATE 'RG022' OR SQLSTATE 'RG023' OR SQLSTATE 'RG024' THEN
			wrong := SQLSTATE;
		END;
		INSERT INTO operation VALUES (i, what, wrong IS NULL, wrong);
	END LOOP;
END $$;
