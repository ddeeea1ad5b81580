-- How the survey goes, and how it is judged.

-- Tasks per place of every level.
CREATE OR REPLACE VIEW registry.survey_report WITH (security_barrier) AS
WITH leaf AS (
	SELECT t.territory, t.state, t.recalled_at IS NOT NULL AS recalled,
		t.due_date < current_date AND t.state NOT IN (40, 60, 90) AS overdue, count(*) AS tasks
	FROM registry.survey_task t
	WHERE (SELECT registry.survey_owner())
	   OR EXISTS (SELECT FROM registry.survey_places('{entry,first_review,second_review,audit,report}') AS s (place) WHERE t.territory OPERATOR(registry.<@) s.place)
	GROUP BY 1, 2, 3, 4
), place AS (
	SELECT registry.region_at_level(l.territory, above.level) AS territory, above.level, l.state, l.recalled, l.overdue, sum(l.tasks) AS tasks
	FROM leaf l CROSS JOIN LATERAL generate_series(1, registry.region_level(l.territory)) AS above (level)
	GROUP BY 1, 2, 3, 4, 5
)
SELECT p.territory::text AS territory, registry.region_name(p.territory, (SELECT registry.reference_date())) AS territory_name, p.level,
	coalesce(sum(p.tasks) FILTER (WHERE NOT p.recalled), 0)::bigint AS issued,
	coalesce(sum(p.tasks) FILTER (WHERE p.state IN (20, 30)), 0)::bigint AS waiting,
	coalesce(sum(p.tasks) FILTER (WHERE p.state = 31), 0)::bigint AS begun,
	coalesce(sum(p.tasks) FILTER (WHERE p.state = 32), 0)::bigint AS first_review,
	coalesce(sum(p.tasks) FILTER (WHERE p.state = 34), 0)::bigint AS second_review,
	coalesce(sum(p.tasks) FILTER (WHERE p.state IN (33, 35)), 0)::bigint AS returned,
	coalesce(sum(p.tasks) FILTER (WHERE p.state = 40), 0)::bigint AS registered,
	coalesce(sum(p.tasks) FILTER (WHERE p.state IN (60, 90) AND NOT p.recalled), 0)::bigint AS closed_otherwise,
	coalesce(sum(p.tasks) FILTER (WHERE p.recalled), 0)::bigint AS recalled,
	coalesce(sum(p.tasks) FILTER (WHERE p.overdue), 0)::bigint AS overdue,
	round(coalesce(sum(p.tasks) FILTER (WHERE p.state IN (40, 60, 90) AND NOT p.recalled), 0) / nullif(sum(p.tasks) FILTER (WHERE NOT p.recalled), 0), 4) AS done_rate
FROM place p
GROUP BY p.territory, p.level;
COMMENT ON VIEW registry.survey_report IS 'survey tasks by state per place of every level; overdue by rule SV18; done_rate leaves recalled tasks out';

-- Work of each surveyor per day, with what is to be looked at again (rule SV11):
-- more than 95 % of at least ten forms as they were printed, or below a minute a form.
CREATE OR REPLACE VIEW registry.surveyor_report WITH (security_barrier) AS
SELECT coalesce(f.surveyor, f.submitted_by) AS surveyor, registry.region_at_level(f.territory, least(registry.region_level(f.territory), 4))::text AS town,
	(f.submitted_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
	count(*) AS forms,
	count(*) FILTER (WHERE f.unchanged) AS unchanged,
	round(avg(f.seconds)) AS seconds,
	coalesce(sum(r.returns), 0)::bigint AS returns,
	count(*) >= 10 AND count(*) FILTER (WHERE f.unchanged) > 0.95 * count(*) AS too_much_unchanged,
	coalesce(avg(f.seconds) < 60, false) AS too_fast
FROM registry.survey_form f
LEFT JOIN LATERAL (SELECT count(*) AS returns FROM registry.review v WHERE v.person_id = f.person_id AND v.form_id = f.form_id AND v.decision = 'returned') r ON true
WHERE f.kind = 'survey' AND f.round > 0
  AND ((SELECT registry.survey_owner())
	   OR EXISTS (SELECT FROM registry.survey_places('{first_review,second_review,audit}') AS s (place) WHERE f.territory OPERATOR(registry.<@) s.place))
GROUP BY 1, 2, 3;
COMMENT ON VIEW registry.surveyor_report IS 'forms, returns and signs of carelessness (rule SV11) per surveyor, town and day';

-- Employers that only forms know (rule SV07), for the collection centre.
CREATE OR REPLACE VIEW registry.employer_lead WITH (security_barrier) AS
SELECT f.employer_name, f.employer_code, count(*) AS persons, min(f.territory::text) AS territory, min(f.submitted_at) AS first_seen
FROM registry.survey_form f
WHERE f.notes @> '[{"code": "SV07"}]' AND f.round > 0
  AND ((SELECT registry.survey_owner())
	   OR EXISTS (SELECT FROM registry.survey_places('{second_review,audit}') AS s (place) WHERE f.territory OPERATOR(registry.<@) s.place))
GROUP BY 1, 2;
COMMENT ON VIEW registry.employer_lead IS 'employers named on forms that no register of employers knows';

-- Points of the acceptance of a county; a DBA may weigh them otherwise.
CREATE TABLE IF NOT EXISTS registry.acceptance_item (
	item text COLLATE "C" PRIMARY KEY,
	title text NOT NULL,
	points numeric NOT NULL CHECK (points >= 0),
	full_at numeric NOT NULL,
	none_at numeric NOT NULL,
	CHECK (full_at <> none_at)
);
COMMENT ON TABLE registry.acceptance_item IS 'score sheet for the acceptance of counties: points of an item in full at full_at, none at none_at, between them in proportion';
INSERT INTO registry.acceptance_item VALUES
	('registered', '登记率', 30, 0.98, 0.60), ('pension', '养老参保率', 20, 0.90, 0.60), ('problems', '问题数据处理率', 15, 0.98, 0.50),
	('done', '入户任务完成率', 15, 1.00, 0.60), ('in_time', '按期完成率', 10, 1.00, 0.80), ('not_returned', '一次通过率', 10, 0.95, 0.50)
ON CONFLICT DO NOTHING;

/*
 * registry.acceptance_sheet(territory) → items, measure, points reached
 * A measure that does not exist (nothing due) gives no points and counts none.
 * Errors: 42501 no second review or audit there.
 */
CREATE OR REPLACE FUNCTION registry.acceptance_sheet(territory text)
	RETURNS TABLE (item text, title text, measure numeric, points numeric, reached numeric)
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
BEGIN
	PERFORM registry.survey_demand('{second_review,audit}', place, 'the score sheet');
	RETURN QUERY
	WITH measured (item, measure) AS (
		SELECT m.item, m.measure
		FROM registry.progress_report p,
			 LATERAL (VALUES ('registered', p.registered_rate), ('pension', p.pension_rate),
							 ('problems', round(p.closed_problems::numeric / nullif(p.open_problems + p.closed_problems, 0), 4))) AS m (item, measure)
		WHERE p.territory = place::text
		UNION ALL
		SELECT m.item, m.measure
		FROM (SELECT count(*)::numeric AS issued, count(*) FILTER (WHERE t.state IN (40, 60, 90)) AS done,
					 count(*) FILTER (WHERE t.due_date < current_date AND t.state NOT IN (40, 60, 90) OR t.closed_at::date > t.due_date) AS late
			  FROM registry.survey_task t WHERE t.recalled_at IS NULL AND t.territory OPERATOR(registry.<@) place) s,
			 LATERAL (VALUES ('done', round(s.done / nullif(s.issued, 0), 4)), ('in_time', round(1 - s.late / nullif(s.issued, 0), 4))) AS m (item, measure)
		UNION ALL
		SELECT 'not_returned', round(count(*) FILTER (WHERE NOT EXISTS (SELECT FROM registry.review v WHERE v.person_id = f.person_id AND v.form_id = f.form_id AND v.decision = 'returned'))
									 / nullif(count(*), 0)::numeric, 4)
		FROM registry.survey_form f WHERE f.state IN (40, 60, 90) AND f.applied IS NOT NULL AND f.territory OPERATOR(registry.<@) place
	)
	SELECT i.item, i.title, m.measure, CASE WHEN m.measure IS NOT NULL THEN i.points ELSE 0 END,
		   round(i.points * least(1, greatest(0, (m.measure - i.none_at) / (i.full_at - i.none_at))), 1)
	FROM registry.acceptance_item i LEFT JOIN measured m USING (item)
	ORDER BY i.points DESC, i.item;
END;
$$;
COMMENT ON FUNCTION registry.acceptance_sheet(text) IS 'score sheet for the acceptance of a place';

/*
 * registry.file_proof(form_id, kind, sha256, place, keeper [, file_name]) → proof_id
 * Enters paper or a file into the archive register, or says where one of this
 * form that is there already lies now.  sha256 as sha256sum prints it.
 * Errors: 42704 no such form; 42501; 22023 no hash.
 */
CREATE OR REPLACE FUNCTION registry.file_proof(form_id bigint, kind text, sha256 text, place text, keeper text, file_name text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	form registry.survey_form;
	filed bigint;
BEGIN
	IF coalesce($3, '') !~ '^[0-9A-Fa-f]{64}$' OR coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'a proof needs a kind and its SHA-256 in 64 hexadecimal digits' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT f.* INTO form FROM registry.survey_form f WHERE f.form_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'form % does not exist', $1 USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM registry.survey_demand('{entry,first_review,second_review}', form.territory, 'filing proofs');
	INSERT INTO registry.survey_proof AS p (person_id, territory, form_id, kind, sha256, file_name, place, keeper, filed_by)
	VALUES (form.person_id, form.territory, $1, btrim($2), decode($3, 'hex'), $6, $4, $5, registry.actor())
	ON CONFLICT ON CONSTRAINT survey_proof_person_id_form_id_sha256_key
		DO UPDATE SET place = excluded.place, keeper = excluded.keeper, filed_by = excluded.filed_by, filed_at = now()
	RETURNING p.proof_id INTO filed;
	RETURN filed;
END;
$$;
COMMENT ON FUNCTION registry.file_proof(bigint, text, text, text, text, text) IS 'enters a proof into the archive register';
REVOKE EXECUTE ON FUNCTION registry.acceptance_sheet(text), registry.file_proof(bigint, text, text, text, text, text) FROM PUBLIC;
