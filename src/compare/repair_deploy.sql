-- Broken numbers whose person a register proves.

/*
 * Rows under person 0 whose broken number is one edit away from exactly one
 * register number with an equal name are that person's, whatever was merged.  The reject is closed
 * as repaired, the problem recorded as closed, the broken number kept as alias.
 */
CREATE OR REPLACE FUNCTION registry.repair_rows(fact text, id_column text) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_repair;
	EXECUTE format(
		'CREATE TEMP TABLE registry_repair ON COMMIT DROP AS'
		' SELECT r.%2$I AS id, r.row_key, r.batch_id, r.line_no, r.source, r.number, r.fault,'
		' min(p.person_id) AS person_id, min(p.origin_person) AS origin_person, min(p.citizen_id) AS citizen_id, min(c.edit) AS edit, min(p.territory) AS territory'
		' FROM registry.%1$I r'
		' CROSS JOIN LATERAL registry.citizen_id_candidates(r.number) c'
		' JOIN registry.population p ON p.citizen_id = c.id AND p.ended_on IS NULL AND p.person_id > 0 AND p.name_key = r.name_key'
		' WHERE r.person_id = 0 AND r.ended_on IS NULL AND r.fault IN (''ID02'', ''ID03'', ''ID04'', ''ID08'')'
		' GROUP BY r.%2$I, r.row_key, r.batch_id, r.line_no, r.source, r.number, r.fault'
		' HAVING count(DISTINCT p.origin_person) = 1', fact, id_column);
	EXECUTE format(
		'UPDATE registry.%1$I r SET person_id = f.person_id, origin_person = f.origin_person, citizen_id = f.citizen_id,'
		' repair = f.edit, territory = f.territory'
		' FROM pg_temp.registry_repair f WHERE r.person_id = 0 AND r.%2$I = f.id', fact, id_column);

	INSERT INTO pg_temp.registry_touched SELECT DISTINCT f.person_id FROM pg_temp.registry_repair f ON CONFLICT DO NOTHING;
	INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory, origin_person)
		SELECT DISTINCT ON (f.origin_person, f.number) f.person_id, 'repaired', f.number, f.batch_id, f.territory, f.origin_person
		FROM pg_temp.registry_repair f ORDER BY f.origin_person, f.number, f.batch_id
		ON CONFLICT DO NOTHING;
	-- only the check character was wrong: ID05, else the rule that was broken;
	-- a problem that stood without a person finds its person
	UPDATE registry.problem p
	SET person_id = f.person_id, territory = f.territory,
		rule_id = CASE WHEN f.edit LIKE 'check character%' AND f.fault = 'ID04' THEN 'ID05' ELSE f.fault END,
		evidence = p.evidence || jsonb_build_object('edit', f.edit),
		state = 'closed', decision = 'repaired', closed_batch_id = f.batch_id, closed_at = now()
	FROM pg_temp.registry_repair f
	WHERE p.person_id = 0 AND p.rule_id = f.fault AND p.finding_key = hashtextextended(f.row_key::text, 0)
	  AND NOT EXISTS (SELECT FROM registry.problem q WHERE q.person_id = f.person_id AND q.finding_key = p.finding_key);
	INSERT INTO registry.problem (person_id, territory, rule_id, finding_key, evidence, state, decision, batch_id, closed_batch_id, opened_at, closed_at)
		SELECT f.person_id, f.territory, CASE WHEN f.edit LIKE 'check character%' AND f.fault = 'ID04' THEN 'ID05' ELSE f.fault END,
			   hashtextextended(f.row_key::text, 0),
			   jsonb_build_object('source', f.source, 'batch_id', f.batch_id, 'line_no', f.line_no, 'number', f.number, 'edit', f.edit),
			   'closed', 'repaired', f.batch_id, f.batch_id, now(), now()
		FROM pg_temp.registry_repair f
		ON CONFLICT (person_id, rule_id, finding_key) DO NOTHING;
	-- the account: a repaired row is an applied row
	WITH repaired AS (
		UPDATE registry.reject j SET state = 'repaired'
		FROM pg_temp.registry_repair f WHERE j.row_key = f.row_key AND j.state = 'open'
		RETURNING j.batch_id)
	UPDATE registry.batch b SET rejected = b.rejected - c.rows, inserted = b.inserted + c.rows
	FROM (SELECT r.batch_id, count(*) AS rows FROM repaired r GROUP BY r.batch_id) c WHERE b.batch_id = c.batch_id;
END;
$$;
COMMENT ON FUNCTION registry.repair_rows(text, text) IS 'finds the persons of rows whose number is broken, where a register proves it';

REVOKE EXECUTE ON FUNCTION registry.repair_rows(text, text) FROM PUBLIC;
