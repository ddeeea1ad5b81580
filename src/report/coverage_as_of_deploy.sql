-- Coverage at a past moment, from the cells as they stand and the persons that
-- changed since.

/*
 * registry.coverage_as_of(moment) → the rows that coverage_report showed then
 *
 * By what was recorded then (transactions that had begun); a place bears the
 * name it had at the reference date of today's report.
 */
CREATE OR REPLACE FUNCTION registry.coverage_as_of(moment timestamptz)
RETURNS TABLE (territory text, territory_name text, level integer, kind text, persons bigint, due bigint, enrolled bigint,
			   receiving bigint, elsewhere bigint, interrupted bigint, unenrolled bigint, rate numeric)
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, registry, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH undone AS MATERIALIZED (
		SELECT u.first_key, CASE WHEN NOT u.begins THEN u.texts END AS texts, u.begins
		FROM registry.log_undone('person', moment) u
		WHERE u.begins OR u.texts ?| '{territory,standing,class}' OR NOT EXISTS (SELECT FROM registry.person p WHERE p.person_id = u.first_key)
	), moved AS (
		-- as they stand: taken out
		SELECT p.territory, p.standing, -count(*) AS persons
		FROM undone u JOIN registry.person p ON p.person_id = u.first_key
		WHERE p.class NOT IN ('gone', 'unknown') GROUP BY 1, 2
		UNION ALL
		-- as they were: put in
		SELECT coalesce((u.texts ->> 'territory')::registry.region_code, p.territory), coalesce((u.texts ->> 'standing')::integer, p.standing), count(*)
		FROM undone u LEFT JOIN registry.person p ON p.person_id = u.first_key
		WHERE NOT u.begins AND coalesce(u.texts ->> 'class', p.class) NOT IN ('gone', 'unknown') GROUP BY 1, 2
	), cell AS (
		SELECT s.territory, s.kind, s.standing, sum(s.persons) AS persons
		FROM (SELECT c.territory, c.kind, c.standing, c.persons FROM registry.coverage_cell c
			  UNION ALL
			  SELECT registry.region_at_level(g.territory, l.level), k.kind, ((g.standing >> (3 * k.position)) & 7)::smallint, g.persons
			  FROM (SELECT m.territory, m.standing, sum(m.persons) AS persons FROM moved m GROUP BY 1, 2 HAVING sum(m.persons) <> 0) g
			  CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) k (position, kind)
			  CROSS JOIN LATERAL generate_series(1, registry.region_level(g.territory)) l (level)) s
		GROUP BY 1, 2, 3
		HAVING sum(s.persons) <> 0
	)
	SELECT t.territory::text, registry.region_name(t.territory, (SELECT registry.reference_date())), registry.region_level(t.territory), k.kind,
		coalesce(sum(c.persons), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing > 0), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing = 2), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing = 1), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing = 3), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing = 4), 0)::bigint,
		coalesce(sum(c.persons) FILTER (WHERE c.standing = 5), 0)::bigint,
		round(coalesce(sum(c.persons) FILTER (WHERE c.standing IN (1, 2, 3)), 0)
			/ nullif(sum(c.persons) FILTER (WHERE c.standing > 0), 0), 4)
	FROM (SELECT DISTINCT cell.territory FROM cell) t
	CROSS JOIN (VALUES ('pension'), ('medical'), ('unemployment'), ('injury'), ('maternity')) k (kind)
	LEFT JOIN cell c ON c.territory = t.territory AND c.kind = k.kind
	GROUP BY t.territory, k.kind;
END;
$function$;
COMMENT ON FUNCTION registry.coverage_as_of(timestamptz) IS 'coverage_report as it stood at a moment';
REVOKE EXECUTE ON FUNCTION registry.coverage_as_of(timestamptz) FROM PUBLIC;
