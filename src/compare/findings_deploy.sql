-- Findings that do not come from the facts of one person.

-- Findings that do not come from one person's facts: rows without a person,
-- employers, and numbers that are probably typing errors.
CREATE OR REPLACE FUNCTION registry.find_other_problems() RETURNS void
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
	WHERE r.fault IN ('ID02', 'ID03', 'ID04', 'ID08');

	-- several register persons, or one of a similar name, one edit from a broken
	-- number: a proposal at each whom the row may mean
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
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY p.person_id, r.row_key, r.source, r.batch_id, r.line_no, r.number;

	-- a valid number in no register, while an equal name stands one edit away
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT v.person_id, v.territory, 'DP06', 0, '{}'::registry.coverage, jsonb_build_object('candidates', jsonb_agg(DISTINCT p.person_id))
	FROM pg_temp.registry_verdict v
	CROSS JOIN LATERAL registry.citizen_id_neighbours(v.citizen_id) n(id)
	JOIN registry.population p ON p.citizen_id = n.id AND p.ended_on IS NULL AND p.name_key = v.name_key
	WHERE v.life_status = 90 AND v.citizen_id IS NOT NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY v.person_id, v.territory;

	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
	SELECT DISTINCT ON (e.code) 0, e.territory, 'EM01', hashtextextended(e.code, 0), e.code, '{}'::registry.coverage,
		   jsonb_build_object('source', e.source, 'batch_id', e.batch_id, 'line_no', e.line_no, 'fault', e.code_fault)
	FROM registry.employer e
	WHERE e.code_fault IS NOT NULL AND e.ended_on IS NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'EM01' AND u.active)
	ORDER BY e.code, e.employer_id;
END;
$$;
COMMENT ON FUNCTION registry.find_other_problems() IS 'findings about rows without a person, employers and probable typing errors';

REVOKE EXECUTE ON FUNCTION registry.find_other_problems() FROM PUBLIC;
