-- Random histories for test/t/merge.sh: people, acts, and the state they leave.
SET client_min_messages = warning;
CREATE SCHEMA spec;

-- one act of a history; a and b are persons, of split and undo the act undone
CREATE TABLE spec.history (
	seq integer PRIMARY KEY,
	act text NOT NULL,
	a integer,
	b integer,
	payload text,
	source text,
	cutoff date,
	done boolean,				-- it was not refused
	refused text,				-- SQLSTATE
	passing boolean NOT NULL DEFAULT false,	-- undone later, or such an undoing: the other history never had it
	link bigint
);

CREATE FUNCTION spec.number(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
   FROM (SELECT CASE WHEN n % 7 = 0 THEN '340421' ELSE '340402' END || (1950 + n % 60) || '0101' || lpad(n::text, 3, '0')) AS v(d) $$;
-- 81 to 90 hold passports; 91 to 99 and their hundreds have one digit wrong
CREATE FUNCTION spec.document(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN n BETWEEN 81 AND 90 THEN 'E1234' || lpad(n::text, 4, '0')
			   WHEN n > 90 THEN overlay(spec.number(n - 90) PLACING ((substr(spec.number(n - 90), 10, 1)::int + 1) % 10)::text FROM 10)
			   ELSE spec.number(n) END $$;
CREATE FUNCTION spec.name(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN n > 90 THEN spec.name(n - 90)
		  ELSE substr('赵钱孙李周吴郑王冯陈', n % 10 + 1, 1) || substr('伟芳娜敏静', n % 5 + 1, 1) || substr('国庆春', n % 3 + 1, 1) END $$;
CREATE FUNCTION spec.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

-- extracts about random people
CREATE FUNCTION spec.extract(source text, share float8) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	header text;
	lines text;
BEGIN
	IF source LIKE 'police%' THEN
		header := '公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系';
		SELECT string_agg(format('%s,%s,%s,%s,汉,%s0101,%s,,%s,,138%s,,%s,%s,%s,H%s,', spec.number(n), spec.name(n), CASE WHEN n % 9 = 0 THEN '曾用' END,
								 CASE WHEN n % 2 = 1 THEN '男' ELSE '女' END, 1950 + n % 60, spec.pick('340402001', '340403001'), spec.pick('340402001', '340403002', ''),
								 lpad((floor(random() * 100000000))::text, 8, '0'), s.state, CASE WHEN s.state <> '正常' THEN '20240115' END,
								 CASE WHEN s.state = '迁出' THEN '迁往省外' END, n % 20), E'\n' ORDER BY n)
		INTO lines
		FROM (SELECT n, CASE WHEN n <= 25 THEN '正常' ELSE spec.pick('注销', '迁出', '死亡') END AS state
			  FROM generate_series(1, 40) n WHERE random() < share) s;
	ELSIF source IN ('low_income', 'civil_affairs_death', 'army', 'justice_prison') THEN
		header := '证件号码,姓名,类别,开始日期,结束日期,备注';
		SELECT string_agg(format('%s,%s,%s,202%s0301,,', spec.document(n), spec.name(n),
								 CASE source WHEN 'low_income' THEN '低保' WHEN 'army' THEN '现役' WHEN 'justice_prison' THEN '服刑' ELSE '死亡' END,
								 floor(random() * 4)), E'\n' ORDER BY n)
		INTO lines FROM generate_series(1, 110) n WHERE random() < share;
	ELSE
		header := '证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话';
		SELECT string_agg(format('%s,%s,%s,R%s,,,%s,%s,%s,20%s0%s,,202%s0%s,%s,3,138%s', spec.document(n), CASE WHEN random() < 0.1 THEN spec.name(n + 1) ELSE spec.name(n) END,
								 s.scheme, n, spec.pick('340402', '340403', '340421'), spec.pick('1', '1', '1', '2'), spec.pick('1', '1', '2'),
								 10 + floor(random() * 10)::int, 1 + floor(random() * 9)::int, floor(random() * 5), 1 + floor(random() * 6)::int,
								 spec.pick('0,,,', '1,202201,,150', '1,202306,,99'), lpad(n::text, 8, '0')), E'\n' ORDER BY n)
		INTO lines
		FROM generate_series(1, 110) n
		CROSS JOIN (SELECT CASE source WHEN 'pension_resident' THEN '170' WHEN 'pension_employee' THEN '110' WHEN 'medical_employee' THEN '310' ELSE '390' END AS scheme) s
		WHERE random() < share;
	END IF;
	RETURN header || E'\n' || coalesce(lines || E'\n', '');
END $$;

-- one act, as it is written in the history; true when it was not refused
CREATE FUNCTION spec.perform(act spec.history, OUT done boolean, OUT refused text, OUT link bigint) LANGUAGE plpgsql AS $$
DECLARE
	touched bigint;
BEGIN
	done := true;
	CASE act.act
		WHEN 'merge' THEN link := registry.merge_person(act.a, act.b, 'act ' || act.seq);
		WHEN 'not_same' THEN link := registry.not_same(act.a, act.b, 'act ' || act.seq);
		WHEN 'split', 'undo' THEN
			link := registry.split_person((SELECT h.link FROM spec.history h WHERE h.seq = act.a), 'act ' || act.seq);
		WHEN 'edit' THEN
			-- what a single correction does: the row, then the person through the recompute
			UPDATE registry.enrolment e SET (pay_status, paid_through) = (act.a, act.b)
			WHERE e.row_key = act.payload::uuid AND e.ended_on IS NULL RETURNING e.person_id INTO touched;
			IF touched > 0 THEN
				PERFORM registry.create_recompute_tables();
				INSERT INTO pg_temp.registry_touched VALUES (touched);
				PERFORM registry.recompute(false, registry.reference_date(), NULL);
			END IF;
		WHEN 'batch' THEN
			PERFORM registry.receive(act.source, act.cutoff, convert_to(act.payload, 'UTF8'));
			CALL registry.compare();
	END CASE;
EXCEPTION WHEN OTHERS THEN
	done := false;
	refused := SQLSTATE;
	IF SQLSTATE !~ '^RG' AND NOT (SQLSTATE = '22023' AND act.act IN ('merge', 'not_same')) AND NOT (SQLSTATE = '22004' AND act.act IN ('split', 'undo')) THEN
		RAISE;
	END IF;
END $$;

-- invents the acts of one round and performs them; merges that pass are undone at its end at the latest
CREATE PROCEDURE spec.invent(first integer, acts integer) LANGUAGE plpgsql AS $$
DECLARE
	made spec.history;
	die float8;
	persons integer;
	cutoff date;
BEGIN
	FOR i IN 0 .. acts - 1 LOOP
		SELECT max(n.origin_person) INTO persons FROM registry.person_alias n;
		made := NULL;
		made.seq := first + i;
		made.passing := false;
		die := random();
		IF die < 0.45 OR i < 3 THEN
			made.act := 'merge';
			made.a := 1 + floor(random() * persons)::int;
			made.b := 1 + floor(random() * persons)::int;
			made.passing := random() < 0.3;
		ELSIF die < 0.68 THEN
			made.act := 'split';
			-- one in force, or now and then one that was undone
			SELECT h.seq INTO made.a FROM spec.history h JOIN registry.link l ON l.link_id = h.link
			WHERE h.act IN ('merge', 'not_same') AND h.done AND (l.undone_by IS NULL OR random() < 0.02) ORDER BY random() LIMIT 1;
			made.passing := coalesce((SELECT h.passing FROM spec.history h WHERE h.seq = made.a), false);
		ELSIF die < 0.72 THEN
			made.act := 'not_same';
			made.a := 1 + floor(random() * persons)::int;
			made.b := 1 + floor(random() * persons)::int;
		ELSIF die < 0.975 THEN
			made.act := 'edit';
			SELECT e.row_key, 1 + floor(random() * 2)::int, 202401 + floor(random() * 6)::int INTO made.payload, made.a, made.b
			FROM registry.enrolment e WHERE e.ended_on IS NULL AND e.person_id > 0 ORDER BY random() LIMIT 1;
		ELSE
			made.act := 'batch';
			made.source := spec.pick('police_household', 'pension_resident', 'pension_employee', 'medical_resident', 'medical_employee', 'low_income',
									 'civil_affairs_death', 'army');
			SELECT max(b.cutoff) + floor(random() * 3)::int INTO made.cutoff FROM registry.batch b;
			-- the empty lines make it another file, should it say the same again
			made.payload := spec.extract(made.source, CASE made.source WHEN 'civil_affairs_death' THEN 0.01 WHEN 'army' THEN 0.02 ELSE 0.7 END) || repeat(E'\n', made.seq);
		END IF;
		SELECT p.done, p.refused, p.link INTO made.done, made.refused, made.link FROM spec.perform(made) AS p;
		INSERT INTO spec.history SELECT made.*;
		IF i % 20 = 19 THEN
			COMMIT;
		END IF;
	END LOOP;
END $$;

-- undoes the passing merges that stand, in any order
CREATE PROCEDURE spec.undo_passing(first integer) LANGUAGE plpgsql AS $$
DECLARE
	made spec.history;
	passed integer;
BEGIN
	FOR passed IN
		SELECT h.seq FROM spec.history h JOIN registry.link l ON l.link_id = h.link
		WHERE h.act = 'merge' AND h.passing AND h.done AND l.undone_by IS NULL ORDER BY random()
	LOOP
		made := NULL;
		made.seq := first;
		first := first + 1;
		made.act := 'undo';
		made.a := passed;
		made.passing := true;
		SELECT p.done, p.refused, p.link INTO made.done, made.refused, made.link FROM spec.perform(made) AS p;
		INSERT INTO spec.history SELECT made.*;
	END LOOP;
END $$;

-- performs what the history holds and this registry has not done, without what passed
CREATE PROCEDURE spec.replay() LANGUAGE plpgsql AS $$
DECLARE
	act spec.history;
	outcome record;
BEGIN
	FOR act IN SELECT * FROM spec.history h WHERE h.done AND NOT h.passing AND h.link IS NULL AND h.refused IS NULL ORDER BY h.seq LOOP
		SELECT * INTO outcome FROM spec.perform(act);
		IF NOT outcome.done THEN
			RAISE EXCEPTION 'act % (% % %) was refused with % where the merges that passed had never been', act.seq, act.act, act.a, act.b, outcome.refused;
		END IF;
		UPDATE spec.history h SET link = coalesce(outcome.link, 0) WHERE h.seq = act.seq;
	END LOOP;
END $$;

-- everything that is known, without the time and the links
CREATE FUNCTION spec.state() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	fact text;
BEGIN
	RETURN QUERY SELECT 'person ' || (to_jsonb(p) - 'updated_at')::text FROM registry.person p ORDER BY p.person_id;
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere'] LOOP
		-- where an ended row of somebody who moved stood is nobody's business
		RETURN QUERY EXECUTE format('SELECT %1$L || '' '' || (to_jsonb(f) - CASE WHEN f.ended_on IS NULL THEN ''-'' ELSE ''territory'' END)::text'
									' FROM registry.%1$I f ORDER BY f.row_key', fact);
	END LOOP;
	RETURN QUERY SELECT 'alias ' || to_jsonb(a)::text FROM registry.person_alias a ORDER BY a.origin_person, a.kind, a.value;
	RETURN QUERY SELECT 'merged ' || m::text FROM registry.person_merged m ORDER BY m.origin_person;
	RETURN QUERY SELECT 'problem ' || (to_jsonb(p) - ARRAY['problem_id', 'opened_at', 'closed_at', 'batch_id', 'closed_batch_id', 'reopened'])::text
		FROM registry.problem p WHERE p.state <> 'closed' ORDER BY p.person_id, p.rule_id, p.finding_key;
	RETURN QUERY SELECT concat_ws(' ', 'cell', c.territory, c.kind, c.standing, c.persons) FROM registry.coverage_cell c ORDER BY c.territory, c.kind, c.standing;
	RETURN QUERY SELECT 'batch ' || (to_jsonb(b) - ARRAY['started_at', 'finished_at'])::text FROM registry.batch b ORDER BY b.batch_id;
	RETURN QUERY SELECT 'reject ' || to_jsonb(r)::text FROM registry.reject r ORDER BY r.batch_id, r.reject_id;
END $$;

UPDATE registry.source SET shrink_limit = 1;
SELECT setseed(0.5) \g /dev/null
SELECT registry.receive('police_household', '2024-01-31', convert_to(spec.extract('police_household', 1), 'UTF8')),
	   registry.receive('pension_resident', '2024-01-31', convert_to(spec.extract('pension_resident', 0.9), 'UTF8')),
	   registry.receive('medical_employee', '2024-01-31', convert_to(spec.extract('medical_employee', 0.5), 'UTF8')),
	   registry.receive('low_income', '2024-01-31', convert_to(spec.extract('low_income', 0.2), 'UTF8')) \g /dev/null
CALL registry.compare();
