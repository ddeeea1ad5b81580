-- Random small deliveries against a model that knows which row is whose.
-- :seed, :deliveries.  Prints one TAP line per property.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SELECT setseed(:seed / 1000.0);
UPDATE registry.source SET shrink_limit = 1, change_limit = NULL;

-- a number by its first seventeen characters, with the right check character or a wrong one
CREATE FUNCTION pg_temp.number(digits text, broken boolean) RETURNS text LANGUAGE sql AS $$
	SELECT digits || substr('10X98765432', ((SELECT sum(substr(digits, i::integer, 1)::integer * w) FROM unnest('{7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2}'::integer[]) WITH ORDINALITY AS v (w, i))
		+ CASE WHEN broken THEN 5 ELSE 0 END)::integer % 11 + 1, 1)
$$;

-- whoever the sources speak of; what a row says today
CREATE TEMP TABLE entity AS
SELECT id, CASE WHEN id % 3 = 0 THEN 'national_enrolment' ELSE 'pension_resident' END AS source,
	   id % 3 = 1 AS numbered, '340402' || to_char(date '1960-01-01' + 37 * id, 'YYYYMMDD') || '00' || 1 + id % 9 AS digits,
	   false AS broken, 1 AS pay, '' AS fault, true AS present
FROM generate_series(1, 36) id;

-- what the registry is expected to hold: rows by key
CREATE TEMP TABLE known (source text, key text, entity integer, number text, content text, good boolean, current boolean, PRIMARY KEY (source, key));
-- one delivery as it goes into the file
CREATE TEMP TABLE line (n integer, entity integer, number text, broken boolean, fault text, key text, content text, record text);
CREATE TEMP TABLE expected (batch_id bigint, received bigint, rejected bigint, unchanged bigint, inserted bigint, changed bigint, ended bigint, state text);
CREATE TEMP TABLE failure (what text, sample text);

CREATE FUNCTION pg_temp.header(source text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE source WHEN 'pension_resident' THEN '证件号码,姓名,险种,个人编号,经办区划,参保状态,缴费状态,开始年月,终止年月'
					   ELSE '证件号码,姓名,险种,参保地,参保状态,缴费状态,开始年月,终止年月,数据期别' END
$$;

CREATE PROCEDURE pg_temp.change_world(which text) LANGUAGE sql AS $$
	UPDATE entity SET present = present <> (random() < 0.08), pay = CASE WHEN random() < 0.08 THEN 3 - pay ELSE pay END,
		broken = broken <> (random() < 0.06),
		-- a corrected number: one digit
		digits = CASE WHEN random() < 0.08 THEN left(digits, 16) || (right(digits, 1)::integer + 1 + floor(random() * 8)::integer) % 10 ELSE digits END,
		fault = CASE WHEN random() < 0.85 THEN fault ELSE (ARRAY['', '', '', '', 'month', 'fields', 'scheme'])[1 + floor(random() * 7)::integer] END
	WHERE source = which;
$$;

CREATE PROCEDURE pg_temp.write_lines(which text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE line;
	INSERT INTO line
	SELECT row_number() OVER (ORDER BY random()), e.id, pg_temp.number(e.digits, e.broken), e.broken, e.fault,
		   CASE WHEN e.numbered THEN 'no' || e.id ELSE pg_temp.number(e.digits, e.broken) END,
		   concat_ws('/', e.id, abs(e.pay - r.other))
	FROM entity e
	-- now and then a row stands twice, the same or otherwise
	CROSS JOIN LATERAL (SELECT 0 AS other UNION ALL SELECT 3 * (random() < 0.5)::integer WHERE random() < 0.1 AND e.id > 0) r
	WHERE e.source = which AND (e.present OR random() < 0);
	UPDATE line l SET record = CASE which
		WHEN 'pension_resident' THEN format('%s,人%s,%s,%s,340402,1,%s,20%s01,%s', l.number, translate(l.entity::text, '0123456789', '零一二三四五六七八九'),
			CASE l.fault WHEN 'scheme' THEN '999' ELSE '170' END, CASE WHEN l.key LIKE 'no%' THEN l.key END, split_part(l.content, '/', 2), l.entity % 20 + 10, CASE l.fault WHEN 'month' THEN '202413' END)
		ELSE format('%s,人%s,%s,320102,1,%s,20%s01,%s,x', l.number, translate(l.entity::text, '0123456789', '零一二三四五六七八九'),
			CASE l.fault WHEN 'scheme' THEN '999' ELSE '170' END, split_part(l.content, '/', 2), l.entity % 20 + 10, CASE l.fault WHEN 'month' THEN '202413' END) END
		|| CASE l.fault WHEN 'fields' THEN ',x' ELSE '' END;
END
$$;

-- What must come of the lines, by the model.
CREATE PROCEDURE pg_temp.apply_model(which text, batch bigint, is_full boolean) LANGUAGE plpgsql AS $$
DECLARE
	row record;
	old known;
	pairs integer;
	got expected := ROW(batch, 0, 0, 0, 0, 0, 0, 'applied');
BEGIN
	SELECT count(*), count(*) FILTER (WHERE l.fault <> '') INTO got.received, got.rejected FROM line l;
	CREATE TEMP TABLE winner ON COMMIT DROP AS
		SELECT DISTINCT ON (l.key) l.* FROM line l WHERE l.fault = '' ORDER BY l.key, l.broken, l.n DESC;
	-- repeats in the file
	FOR row IN SELECT l.broken, l.content = w.content AND l.number = w.number AS same FROM line l JOIN winner w ON w.key = l.key WHERE l.fault = '' AND l.n <> w.n LOOP
		IF row.same AND NOT row.broken THEN got.unchanged := got.unchanged + 1; ELSE got.rejected := got.rejected + 1; END IF;
	END LOOP;
	FOR row IN SELECT * FROM winner LOOP
		SELECT k.* INTO old FROM known k WHERE k.source = which AND k.key = row.key;
		IF NOT FOUND THEN
			-- the same row with another number, when it is the only one that it can be
			SELECT count(*) INTO pairs FROM known k
			WHERE k.source = which AND k.current AND k.entity = row.entity AND k.content = row.content AND k.key NOT IN (SELECT w.key FROM winner w)
				-- a delta does not say what it gave up, and no register knows anybody here
				AND (is_full OR NOT k.good);
			IF pairs = 1 THEN
				SELECT k.* INTO old FROM known k
				WHERE k.source = which AND k.current AND k.entity = row.entity AND k.content = row.content AND k.key NOT IN (SELECT w.key FROM winner w)
				-- a delta does not say what it gave up, and no register knows anybody here
				AND (is_full OR NOT k.good);
			END IF;
		END IF;
		IF row.broken THEN
			got.rejected := got.rejected + 1;
		ELSIF old.key IS NULL OR NOT old.good THEN
			got.inserted := got.inserted + 1;
		ELSIF old.key = row.key AND old.current AND old.content = row.content AND old.number = row.number THEN
			got.unchanged := got.unchanged + 1;
		ELSE
			got.changed := got.changed + 1;
		END IF;
		DELETE FROM known k WHERE k.source = which AND k.key = old.key;
		INSERT INTO known VALUES (which, row.key, row.entity, row.number, row.content, NOT row.broken, true);
	END LOOP;
	IF is_full THEN
		SELECT count(*) FILTER (WHERE k.good) INTO got.ended FROM known k WHERE k.source = which AND k.current AND k.key NOT IN (SELECT w.key FROM winner w);
		UPDATE known k SET current = false WHERE k.source = which AND k.current AND k.key NOT IN (SELECT w.key FROM winner w);
	END IF;
	DROP TABLE winner;
	INSERT INTO expected SELECT got.*;
END
$$;

CREATE FUNCTION pg_temp.file(which text) RETURNS bytea LANGUAGE sql AS $$
	SELECT convert_to(pg_temp.header(which) || E'\n' || coalesce(string_agg(record || E'\n', '' ORDER BY n), '') || repeat(E'\n', (SELECT count(*)::integer FROM registry.batch)), 'UTF8') FROM line
$$;

CREATE PROCEDURE pg_temp.check_state() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO failure SELECT 'the account of every batch is the model''s', format('batch %s %s: found %s/%s/%s/%s/%s/%s %s, expected %s/%s/%s/%s/%s/%s %s (received/rejected/unchanged/inserted/changed/ended)',
			e.batch_id, b.source, b.received, b.rejected, b.unchanged, b.inserted, b.changed, b.ended, b.state, e.received, e.rejected, e.unchanged, e.inserted, e.changed, e.ended, e.state)
		FROM expected e JOIN registry.batch b USING (batch_id)
		WHERE (b.state, CASE WHEN b.state = 'applied' THEN ARRAY[b.received, b.rejected, b.unchanged, b.inserted, b.changed, b.ended] END)
			  IS DISTINCT FROM (e.state, CASE WHEN e.state = 'applied' THEN ARRAY[e.received, e.rejected, e.unchanged, e.inserted, e.changed, e.ended] END);
	INSERT INTO failure SELECT 'rows are the model''s: no ghost, none lost', format('%s', f)
		FROM (SELECT r.source, r.number, r.pay FROM (
				SELECT e.source, e.number, e.pay_status::text AS pay FROM registry.enrolment e WHERE e.ended_on IS NULL
				UNION ALL SELECT w.source, w.number, w.pay_status::text FROM registry.elsewhere w WHERE w.ended_on IS NULL) r
			  EXCEPT ALL SELECT k.source, k.number, split_part(k.content, '/', 2) FROM known k WHERE k.current) f;
	INSERT INTO failure SELECT 'rows are the model''s: no ghost, none lost', format('missing %s', f)
		FROM (SELECT k.source, k.number, split_part(k.content, '/', 2) FROM known k WHERE k.current
			  EXCEPT ALL SELECT r.source, r.number, r.pay FROM (
				SELECT e.source, e.number, e.pay_status::text AS pay FROM registry.enrolment e WHERE e.ended_on IS NULL
				UNION ALL SELECT w.source, w.number, w.pay_status::text FROM registry.elsewhere w WHERE w.ended_on IS NULL) r) f;
	INSERT INTO failure SELECT 'every row stands under the person of its number', format('%s %s', e.source, e.number)
		FROM (SELECT source, number, person_id, fault FROM registry.enrolment UNION ALL SELECT source, number, person_id, fault FROM registry.elsewhere) e
		WHERE e.person_id <> CASE WHEN e.fault IS NULL THEN registry.find_person(e.number) ELSE 0 END;
	INSERT INTO failure SELECT 'verify(): ' || v."check", v.sample FROM registry.verify() v WHERE v.failing > 0;
	INSERT INTO failure SELECT 'no reject of a full source outlives its next extract', format('batch %s line %s', r.batch_id, r.line_no)
		FROM registry.reject r JOIN registry.batch b USING (batch_id)
		WHERE r.source = 'pension_resident' AND r.state = 'open' AND b.state = 'applied'
		  AND EXISTS (SELECT FROM registry.batch n WHERE n.source = r.source AND n.state = 'applied' AND n.batch_id > r.batch_id);
	INSERT INTO failure SELECT 'a reject whose row came again is closed', format('batch %s line %s', r.batch_id, r.line_no)
		FROM registry.reject r JOIN registry.elsewhere w ON w.row_key = r.correction_key
		WHERE r.state = 'open' AND w.batch_id > r.batch_id AND w.person_id > 0;
	INSERT INTO failure SELECT 'no staged row is left behind', 'yes'
		WHERE EXISTS (SELECT FROM registry.staged_enrolment) OR EXISTS (SELECT FROM registry.staged_elsewhere) OR EXISTS (SELECT FROM registry.staged_answer);
END
$$;

CREATE PROCEDURE pg_temp.run(deliveries integer) LANGUAGE plpgsql AS $$
DECLARE
	which text;
	batch bigint;
	choice float;
	held boolean;
BEGIN
	FOR step IN 1 .. deliveries LOOP
		FOREACH which IN ARRAY ARRAY['pension_resident', 'national_enrolment'] LOOP
			CALL pg_temp.change_world(which);
			CALL pg_temp.write_lines(which);
			choice := random();
			-- a wrong declaration holds it
			held := choice < 0.3;
			batch := registry.receive(which, date '2024-01-01' + step, pg_temp.file(which), 'f', 's', CASE WHEN held THEN -1 END);
			IF choice < 0.15 THEN
				PERFORM registry.discard(batch);
				INSERT INTO expected VALUES (batch, 0, 0, 0, 0, 0, 0, 'discarded');
				CONTINUE;
			ELSIF held THEN
				PERFORM registry.release(batch);
			END IF;
			CALL pg_temp.apply_model(which, batch, which = 'pension_resident');
		END LOOP;
		IF random() < 0.5 OR step = deliveries THEN
			CALL registry.compare(random() < 0.1);
			CALL pg_temp.check_state();
		END IF;
	END LOOP;
END
$$;
CALL pg_temp.run(:deliveries);
SELECT CASE WHEN f.what IS NULL THEN 'ok - ' ELSE 'not ok - ' END || 'seed ' || :seed || ': ' || p.what || coalesce(E'\n#   ' || f.sample, '')
FROM unnest(ARRAY['the account of every batch is the model''s', 'rows are the model''s: no ghost, none lost', 'every row stands under the person of its number',
	'no reject of a full source outlives its next extract', 'a reject whose row came again is closed', 'no staged row is left behind']) AS p (what)
LEFT JOIN (SELECT what, min(sample) AS sample FROM failure GROUP BY what) f USING (what);
SELECT 'not ok - seed ' || :seed || ': ' || what || E'\n#   ' || min(sample) FROM failure WHERE what LIKE 'verify%' GROUP BY what;
SELECT 'ok - seed ' || :seed || ': ' || count(*) || ' batches, ' || sum(changed) || ' rows changed, ' || sum(rejected) || ' rejected; moved between persons: ' || (SELECT count(*) FROM registry.moved_row WHERE person_id > 0 AND new_person_id > 0)
FROM registry.batch HAVING (SELECT count(*) FROM registry.moved_row WHERE person_id > 0 AND new_person_id > 0) > 0;
