-- Writing what was judged: persons, their territory, problems and coverage cells,
-- all from the one stream of old and new states.

-- The verdicts of an act or an edit that are new or differ, all at once: the
-- change log says of them what the transaction said.
CREATE OR REPLACE FUNCTION registry.write_verdicts() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	renamed boolean;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.is_new OR v.changed) THEN
		RETURN;
	END IF;
	renamed := EXISTS (SELECT FROM pg_temp.registry_verdict v LEFT JOIN registry.person p USING (person_id)
					   WHERE (v.is_new OR v.changed) AND v.name_key IS DISTINCT FROM p.name_key);
	IF EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.is_new) THEN
		INSERT INTO registry.person (person_id, territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic,
									 hukou_region, residence_region, phone, address, life_status, life_since, employment, worker_kind,
									 paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, next_change, updated_at)
		SELECT v.person_id, v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic,
			   v.hukou_region, v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind,
			   v.paying, v.receiving, v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now()
		FROM pg_temp.registry_verdict v WHERE v.is_new;
	END IF;
	-- of a person who went up in another the row is gone
	UPDATE registry.person p
	SET (territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic, hukou_region, residence_region, phone, address,
		 life_status, life_since, employment, worker_kind, paying, receiving, paused, elsewhere, due, gap, standing, class,
		 work_state, next_change, updated_at)
	  = (v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic, v.hukou_region,
		 v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind, v.paying, v.receiving,
		 v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now())
	FROM pg_temp.registry_verdict v
	WHERE p.person_id = v.person_id AND v.changed;
	IF renamed THEN
		PERFORM registry.follow_names();
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.write_verdicts() IS 'writes the judged states of an act or edit that are new or differ';

CREATE OR REPLACE FUNCTION registry.write_persons() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	author bigint;
	said text := coalesce(current_setting('registry.batch_id', true), '');
	by_batch boolean := to_regclass('pg_temp.registry_author') IS NOT NULL;
BEGIN
	IF registry.may_load('registry.person') THEN
		PERFORM registry.load_table('registry.person',
			'SELECT v.person_id, v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic,'
			' v.hukou_region, v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind,'
			' v.paying, v.receiving, v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change,'
			' now() AS updated_at FROM pg_temp.registry_verdict v', NULL, NULL, true);
		PERFORM registry.follow_names();
		RETURN;
	END IF;

	IF NOT by_batch THEN
		PERFORM registry.write_verdicts();
		RETURN;
	END IF;

	-- the change log names the last batch that touched a person, none where only time
	-- passed
	CREATE TEMP TABLE IF NOT EXISTS registry_author (person_id bigint NOT NULL, batch_id bigint NOT NULL) ON COMMIT DROP;
	DROP TABLE IF EXISTS pg_temp.registry_written;
	CREATE TEMP TABLE registry_written ON COMMIT DROP AS
		SELECT v.person_id, max(a.batch_id) AS batch_id
		FROM pg_temp.registry_verdict v LEFT JOIN pg_temp.registry_author a USING (person_id)
		WHERE v.is_new OR v.changed GROUP BY v.person_id;
	DROP TABLE pg_temp.registry_author;
	ANALYZE pg_temp.registry_written;
	FOR author IN SELECT DISTINCT w.batch_id FROM pg_temp.registry_written w ORDER BY 1 LOOP
		PERFORM set_config('registry.batch_id', coalesce(author::text, ''), true);
		INSERT INTO registry.person (person_id, territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic,
									 hukou_region, residence_region, phone, address, life_status, life_since, employment, worker_kind,
									 paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, next_change, updated_at)
		SELECT v.person_id, v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic,
			   v.hukou_region, v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind,
			   v.paying, v.receiving, v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now()
		FROM pg_temp.registry_verdict v JOIN pg_temp.registry_written w USING (person_id)
		WHERE v.is_new AND w.batch_id IS NOT DISTINCT FROM author;

		UPDATE registry.person p
		SET (territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic, hukou_region, residence_region, phone, address,
			 life_status, life_since, employment, worker_kind, paying, receiving, paused, elsewhere, due, gap, standing, class,
			 work_state, next_change, updated_at)
		  = (v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic, v.hukou_region,
			 v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind, v.paying, v.receiving,
			 v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now())
		FROM pg_temp.registry_verdict v JOIN pg_temp.registry_written w USING (person_id)
		WHERE p.person_id = v.person_id AND v.changed AND w.batch_id IS NOT DISTINCT FROM author;
	END LOOP;
	PERFORM set_config('registry.batch_id', said, true);
	PERFORM registry.follow_names();
END;
$$;
COMMENT ON FUNCTION registry.write_persons() IS 'writes the judged states that are new or differ';

-- Every row of a person carries the person's territory.
CREATE OR REPLACE FUNCTION registry.follow_territory() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	first_run boolean := registry.setting('current_reference_date') IS NULL;
	fact text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.rows_elsewhere OR v.is_new OR v.territory IS DISTINCT FROM v.old_territory) THEN
		RETURN;
	END IF;
	DROP TABLE IF EXISTS pg_temp.registry_moved;
	CREATE TEMP TABLE registry_moved ON COMMIT DROP AS
		SELECT v.person_id, v.territory FROM pg_temp.registry_verdict v WHERE v.rows_elsewhere;
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'person_item'] LOOP
		EXECUTE format('UPDATE registry.%I f SET territory = m.territory FROM pg_temp.registry_moved m'
					   ' WHERE f.person_id = m.person_id AND f.territory IS DISTINCT FROM m.territory', fact);
	END LOOP;
	UPDATE registry.person_alias a SET territory = v.territory FROM pg_temp.registry_verdict v
	WHERE a.person_id = v.person_id
	  -- in the first run only those whom no register has placed: the others' numbers were placed with them
	  AND (v.rows_elsewhere OR CASE WHEN v.is_new THEN NOT first_run OR v.hukou_region IS NULL ELSE v.territory IS DISTINCT FROM v.old_territory END)
	  AND a.territory IS DISTINCT FROM v.territory;
	UPDATE registry.problem p SET territory = m.territory FROM pg_temp.registry_moved m
	WHERE p.person_id = m.person_id AND p.territory IS DISTINCT FROM m.territory;
	PERFORM registry.note_transfers();
END;
$$;
COMMENT ON FUNCTION registry.follow_territory() IS 'gives the rows of persons who moved their new territory';

/*
 * Opens, refreshes and closes problems so that those of the judged persons are
 * exactly the findings.  The same finding stays the same problem; decisions on
 * it survive.  listed: the findings hold also those that no person's facts
 * brought; employers, row_keys: those of these employers and rows.
 */
DROP FUNCTION IF EXISTS registry.write_problems(boolean, bigint);
DROP FUNCTION IF EXISTS registry.write_problems(boolean, bigint, boolean);
CREATE OR REPLACE FUNCTION registry.write_problems(everyone boolean, batch bigint, listed boolean,
												   employers text[] DEFAULT NULL, row_keys bigint[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.problem AS p (person_id, territory, rule_id, finding_key, employer, schemes, months, amount, keep,
									   evidence, state, batch_id, opened_at)
	SELECT f.person_id, f.territory, f.rule_id, f.finding_key, f.employer, f.schemes, f.months, f.amount, f.keep, f.evidence,
		   'open', batch, now()
	FROM pg_temp.registry_finding f
	ON CONFLICT (person_id, rule_id, finding_key) DO UPDATE
	SET territory = excluded.territory, schemes = excluded.schemes, months = excluded.months, amount = excluded.amount,
		keep = excluded.keep, evidence = excluded.evidence,
		state = CASE WHEN p.state = 'closed' THEN 'open' ELSE p.state END,
		decision = CASE WHEN p.state = 'closed' THEN NULL ELSE p.decision END,
		decided_keep = CASE WHEN p.state = 'closed' THEN NULL ELSE p.decided_keep END,
		sent_to = CASE WHEN p.state = 'closed' THEN NULL ELSE p.sent_to END,
		-- what acts on identity close and open again did not come back in a delivery
		reopened = p.reopened + (p.state = 'closed' AND batch IS NOT NULL)::integer,
		closed_at = NULL, closed_batch_id = NULL
	WHERE (p.territory, p.schemes, p.months, p.amount, p.keep, p.evidence)
		  IS DISTINCT FROM (excluded.territory, excluded.schemes, excluded.months, excluded.amount, excluded.keep, excluded.evidence)
	   OR p.state = 'closed';

	IF NOT everyone AND NOT listed THEN
		UPDATE registry.problem p
		SET state = 'closed', closed_at = now(), closed_batch_id = batch
		FROM pg_temp.registry_verdict v
		WHERE p.person_id = v.person_id AND p.state <> 'closed'
		  AND NOT EXISTS (SELECT FROM pg_temp.registry_finding f
						  WHERE f.person_id = p.person_id AND f.rule_id = p.rule_id AND f.finding_key = p.finding_key);
		IF employers IS NOT NULL OR row_keys <> '{}' THEN
			UPDATE registry.problem p
			SET state = 'closed', closed_at = now(), closed_batch_id = batch
			WHERE p.state <> 'closed'
			  AND (p.person_id = 0 AND (p.employer = ANY (employers) AND p.rule_id IN ('EM06', 'EM12', 'DY10')
										OR p.finding_key = ANY (row_keys) AND p.rule_id IN ('ID02', 'ID03', 'ID04', 'ID08'))
				   OR p.rule_id = 'DP06' AND p.finding_key = ANY (row_keys))
			  AND NOT EXISTS (SELECT FROM pg_temp.registry_finding f
							  WHERE f.person_id = p.person_id AND f.rule_id = p.rule_id AND f.finding_key = p.finding_key);
		END IF;
		RETURN;
	END IF;

	UPDATE registry.problem p
	SET state = 'closed', closed_at = now(), closed_batch_id = batch
	WHERE p.state <> 'closed'
	  AND (everyone
		   OR listed AND (p.person_id = 0 OR p.rule_id = 'DP06' OR p.rule_id IN (SELECT u.rule_id FROM registry.rule u WHERE u.scope = 'everyone'))
		   OR EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.person_id = p.person_id))
	  AND NOT EXISTS (SELECT FROM pg_temp.registry_finding f
					  WHERE f.person_id = p.person_id AND f.rule_id = p.rule_id AND f.finding_key = p.finding_key);
END;
$$;
COMMENT ON FUNCTION registry.write_problems(boolean, bigint, boolean, text[], bigint[]) IS 'makes the problems of the judged persons equal to the findings';

-- Persons per place of every level, insurance kind and standing, as they are now.
CREATE OR REPLACE FUNCTION registry.count_cells()
	RETURNS TABLE (territory region_code, kind text, standing smallint, persons bigint)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT registry.region_at_level(g.territory, l.level), k.kind, ((g.standing >> (3 * k.position)) & 7)::smallint, sum(g.persons)::bigint
	FROM (SELECT p.territory, p.standing, count(*) AS persons
		  FROM registry.person p WHERE p.class NOT IN ('gone', 'unknown') GROUP BY 1, 2) g
	CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) k(position, kind)
	CROSS JOIN LATERAL generate_series(1, registry.region_level(g.territory)) l(level)
	GROUP BY 1, 2, 3;
END;
$$;
COMMENT ON FUNCTION registry.count_cells() IS 'coverage cells counted afresh from the persons';

CREATE OR REPLACE FUNCTION registry.write_cells(everyone boolean) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	cell record;
BEGIN
	IF everyone THEN
		DELETE FROM registry.coverage_cell;
		INSERT INTO registry.coverage_cell SELECT * FROM registry.count_cells();
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_temp.registry_verdict v
				   WHERE v.is_new OR v.changed AND (v.territory, v.standing, v.class IN ('gone', 'unknown'))
											IS DISTINCT FROM (v.old_territory, v.old_standing, v.old_class IN ('gone', 'unknown'))) THEN
		RETURN;
	END IF;
	-- in one order, so that two edits at once cannot wait for each other
	FOR cell IN
		INSERT INTO registry.coverage_cell AS c (territory, kind, standing, persons)
		SELECT registry.region_at_level(g.territory, l.level), k.kind, ((g.standing >> (3 * k.position)) & 7)::smallint, sum(g.persons)
		FROM (SELECT d.territory, d.standing, sum(d.persons) AS persons
			  FROM (SELECT v.territory, v.standing, 1 AS persons FROM pg_temp.registry_verdict v
					WHERE (v.is_new OR v.changed) AND v.class NOT IN ('gone', 'unknown')
					UNION ALL
					SELECT v.old_territory, v.old_standing, -1 FROM pg_temp.registry_verdict v
					WHERE v.changed AND v.old_class NOT IN ('gone', 'unknown')) d
			  GROUP BY 1, 2 HAVING sum(d.persons) <> 0) g
		CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) k(position, kind)
		CROSS JOIN LATERAL generate_series(1, registry.region_level(g.territory)) l(level)
		GROUP BY 1, 2, 3
		HAVING sum(g.persons) <> 0
		ORDER BY 1, 2, 3
		ON CONFLICT (territory, kind, standing) DO UPDATE SET persons = c.persons + excluded.persons
		RETURNING c.territory, c.kind, c.standing, c.persons
	LOOP
		IF cell.persons = 0 THEN
			DELETE FROM registry.coverage_cell c
			WHERE c.territory = cell.territory AND c.kind = cell.kind AND c.standing = cell.standing AND c.persons = 0;
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.write_cells(boolean) IS 'brings the coverage cells up to date from the stream of old and new states';

REVOKE EXECUTE ON FUNCTION registry.write_persons(),
	registry.follow_territory(),
	registry.write_verdicts(),
	registry.write_problems(boolean, bigint, boolean, text[], bigint[]),
	registry.write_cells(boolean) FROM PUBLIC;
