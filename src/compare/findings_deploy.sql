-- Findings that do not come from the facts of one person.

-- Several register persons, or one of a similar name, one edit from a broken
-- number: a proposal at each whom the row may mean.  wanted: only rows of these
-- finding keys; null for all.  of_judged: only at judged persons.
DROP FUNCTION IF EXISTS registry.find_meant_persons(bigint[]);
CREATE OR REPLACE FUNCTION registry.find_meant_persons(wanted bigint[], of_judged boolean) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT p.person_id, min(p.territory), 'DP06', hashtextextended(r.row_key::text, 0), '{}'::registry.coverage,
		   jsonb_build_object('source', r.source, 'batch_id', r.batch_id, 'line_no', r.line_no, 'number', r.number)
	FROM (SELECT e.row_key, e.source, e.batch_id, e.line_no, e.number, e.name, e.name_key, e.fault
		  FROM registry.enrolment e WHERE e.person_id = 0 AND e.ended_on IS NULL
		  UNION ALL
		  SELECT c.row_key, c.source, c.batch_id, c.line_no, c.number, c.name, c.name_key, c.fault
		  FROM registry.circumstance c WHERE c.person_id = 0 AND c.ended_on IS NULL
		  UNION ALL
		  SELECT w.row_key, w.source, w.batch_id, w.line_no, w.number, w.name, w.name_key, w.fault
		  FROM registry.elsewhere w WHERE w.person_id = 0 AND w.ended_on IS NULL) r
	CROSS JOIN LATERAL registry.citizen_id_candidates(r.number) c
	JOIN registry.population p ON p.citizen_id = c.id AND p.ended_on IS NULL AND p.person_id > 0
	WHERE r.fault IN ('ID02', 'ID03', 'ID04', 'ID08')
	  AND (p.name_key = r.name_key OR registry.name_similarity(p.name, r.name) >= 0.5)
	  AND (wanted IS NULL OR hashtextextended(r.row_key::text, 0) = ANY (wanted))
	  AND (NOT of_judged OR EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.person_id = p.person_id))
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY p.person_id, r.row_key, r.source, r.batch_id, r.line_no, r.number;
END;
$$;
COMMENT ON FUNCTION registry.find_meant_persons(bigint[], boolean) IS 'findings DP06: register persons whom rows with broken numbers may mean';

INSERT INTO registry.rule (rule_id, title, title_en, severity, handler, law, scope) VALUES
	('DP13', '误并', 'persons merged although the police hold both as living', 'E', 'INF', '居民身份证法 3', 'person')
ON CONFLICT DO NOTHING;

-- Findings that do not come from one person's facts: rows without a person,
-- employers, and numbers that are probably typing errors.
-- listed: look through all rows without a person and all employers; else only
-- at what concerns the judged persons.
-- row_keys: of an edit, finding keys of the rows without a person to look at.
DROP FUNCTION IF EXISTS registry.find_other_problems();
DROP FUNCTION IF EXISTS registry.find_other_problems(boolean);
CREATE OR REPLACE FUNCTION registry.find_other_problems(listed boolean DEFAULT true, row_keys bigint[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	wanted bigint[];
BEGIN
	-- what an edit mostly is about: nobody of the following
	IF NOT listed AND coalesce(row_keys, '{}') = '{}'
	   AND NOT EXISTS (SELECT FROM pg_temp.registry_verdict v
					   WHERE v.life_status = 90 OR EXISTS (SELECT FROM registry.person_merged m WHERE m.person_id = v.person_id)
						  OR EXISTS (SELECT FROM registry.problem q WHERE q.person_id = v.person_id AND q.rule_id = 'DP06')) THEN
		RETURN;
	END IF;
	-- a valid number in no register, while an equal name stands one edit away
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT v.person_id, v.territory, 'DP06', 0, '{}'::registry.coverage, jsonb_build_object('candidates', jsonb_agg(DISTINCT p.origin_person))
	FROM pg_temp.registry_verdict v
	CROSS JOIN LATERAL registry.citizen_id_neighbours(v.citizen_id) n(id)
	JOIN registry.population p ON p.citizen_id = n.id AND p.ended_on IS NULL AND p.name_key = v.name_key
	WHERE v.life_status = 90 AND v.citizen_id IS NOT NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY v.person_id, v.territory;

	-- two numbers of living persons under one roof: the merge was wrong, or a register is
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT v.person_id, v.territory, 'DP13', 0, '{}'::registry.coverage,
		   jsonb_build_object('persons', jsonb_agg(DISTINCT p.origin_person))
	FROM (SELECT DISTINCT m.person_id FROM registry.person_merged m) g
	JOIN pg_temp.registry_verdict v USING (person_id)
	JOIN registry.population p ON p.person_id = v.person_id AND p.ended_on IS NULL AND p.status IN (10, 40, 41)
	WHERE EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP13' AND u.active)
	GROUP BY v.person_id, v.territory
	HAVING count(DISTINCT p.citizen_id) > 1;

	IF NOT listed THEN
		wanted := ARRAY(SELECT DISTINCT q.finding_key
						FROM pg_temp.registry_verdict v
						JOIN registry.problem q ON q.person_id = v.person_id AND q.rule_id = 'DP06' AND q.finding_key <> 0 AND q.state <> 'closed');
		wanted := ARRAY(SELECT DISTINCT w FROM unnest(wanted) w WHERE w <> ALL (coalesce(row_keys, '{}')));
		IF wanted <> '{}' THEN
			PERFORM registry.find_meant_persons(wanted, true);
		END IF;
		IF coalesce(row_keys, '{}') = '{}' THEN
			RETURN;
		END IF;
		PERFORM registry.find_meant_persons(row_keys, false);
		PERFORM registry.find_row_problems(row_keys);
		RETURN;
	END IF;

	PERFORM registry.find_meant_persons(NULL, false);
	PERFORM registry.find_row_problems(NULL);
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
	SELECT DISTINCT ON (e.code) 0, e.territory, 'EM01', hashtextextended(e.code, 0), e.code, '{}'::registry.coverage,
		   jsonb_build_object('source', e.source, 'batch_id', e.batch_id, 'line_no', e.line_no, 'fault', e.code_fault)
	FROM registry.employer e
	WHERE e.code_fault IS NOT NULL AND e.ended_on IS NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'EM01' AND u.active)
	ORDER BY e.code, e.employer_id;
END;
$$;
COMMENT ON FUNCTION registry.find_other_problems(boolean, bigint[]) IS 'findings about rows without a person, employers and probable typing errors';

-- Rows without a person, by the rule that their number breaks.  wanted: only
-- those of these finding keys; null for all.
CREATE OR REPLACE FUNCTION registry.find_row_problems(wanted bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT 0, r.territory, r.fault, hashtextextended(r.row_key::text, 0), registry.coverage_make(array_remove(ARRAY[r.scheme], NULL)),
		   jsonb_build_object('source', r.source, 'batch_id', r.batch_id, 'line_no', r.line_no, 'number', r.number)
	FROM (SELECT p.territory, p.fault, p.row_key, NULL::text AS scheme, p.source, p.batch_id, p.line_no, p.number
		  FROM registry.population p WHERE p.person_id = 0 AND p.ended_on IS NULL
		  UNION ALL
		  SELECT e.territory, e.fault, e.row_key, e.scheme, e.source, e.batch_id, e.line_no, e.number
		  FROM registry.enrolment e WHERE e.person_id = 0 AND e.ended_on IS NULL
		  UNION ALL
		  SELECT c.territory, c.fault, c.row_key, NULL, c.source, c.batch_id, c.line_no, c.number
		  FROM registry.circumstance c WHERE c.person_id = 0 AND c.ended_on IS NULL
		  UNION ALL
		  SELECT w.territory, w.fault, w.row_key, w.scheme, w.source, w.batch_id, w.line_no, w.number
		  FROM registry.elsewhere w WHERE w.person_id = 0 AND w.ended_on IS NULL) r
	JOIN registry.rule u ON u.rule_id = r.fault AND u.active
	WHERE r.fault IN ('ID02', 'ID03', 'ID04', 'ID08')
	  AND (wanted IS NULL OR hashtextextended(r.row_key::text, 0) = ANY (wanted));
END;
$$;
COMMENT ON FUNCTION registry.find_row_problems(bigint[]) IS 'findings about rows whose number is broken';

REVOKE EXECUTE ON FUNCTION registry.find_other_problems(boolean, bigint[]),
	registry.find_meant_persons(bigint[], boolean),
	registry.find_row_problems(bigint[]) FROM PUBLIC;
