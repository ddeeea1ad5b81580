-- Why a person stands as it does.

-- Which duty of the law table holds for a person, by the same facts the
-- recompute looks at; the first by rank is the one that decided.
CREATE OR REPLACE FUNCTION registry.due_rules_met(who registry.person, reference date) RETURNS SETOF registry.due_rule
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	age integer := extract(year FROM age(reference, who.birth_date));
	public_service boolean := EXISTS (
		SELECT FROM registry.enrolment e JOIN registry.scheme s ON s.scheme = e.scheme
		WHERE e.person_id = who.person_id AND e.ended_on IS NULL AND e.scheme = 'P3' AND e.identity = 1 AND e.end_month IS NULL
		  AND registry.enrolment_pays(e.enrol_status, e.pay_status, e.start_month, e.end_month, e.paid_through,
									  to_char(reference, 'YYYYMM')::integer, s.lag_months));
	employed boolean := EXISTS (
		SELECT FROM registry.enrolment e JOIN registry.scheme s ON s.scheme = e.scheme
		WHERE e.person_id = who.person_id AND e.ended_on IS NULL AND e.scheme IN ('P1', 'P3', 'M1', 'U', 'W', 'B') AND e.identity = 1 AND e.end_month IS NULL
		  AND registry.enrolment_pays(e.enrol_status, e.pay_status, e.start_month, e.end_month, e.paid_through,
									  to_char(reference, 'YYYYMM')::integer, s.lag_months));
	student boolean := EXISTS (
		SELECT FROM registry.circumstance c
		WHERE c.person_id = who.person_id AND c.ended_on IS NULL AND c.kind = 'school'
		  AND (c.start_date IS NULL OR c.start_date <= reference) AND (c.end_date IS NULL OR c.end_date >= reference));
BEGIN
	RETURN QUERY
	SELECT r.* FROM registry.due_rule r
	WHERE reference >= r.valid_from AND (r.valid_to IS NULL OR reference <= r.valid_to)
	  AND CASE r.condition
		  WHEN 'gone' THEN who.life_status BETWEEN 20 AND 34
		  WHEN 'army' THEN who.life_status = 40
		  WHEN 'prison' THEN who.life_status = 41
		  WHEN 'unregistered' THEN who.life_status = 90
		  WHEN 'receiving_employee_pension' THEN who.receiving && '{P1,P3}'
		  WHEN 'employed_public' THEN public_service
		  WHEN 'employed' THEN employed
		  WHEN 'under_16' THEN age < 16
		  WHEN 'student' THEN student AND age >= 16
		  WHEN 'household_adult' THEN who.life_status = 10
		  WHEN 'migrant' THEN who.life_status = 11
		  END
	ORDER BY r.rank;
END;
$$;
COMMENT ON FUNCTION registry.due_rules_met(registry.person, date) IS 'duties whose condition a person meets, the deciding one first';

/*
 * registry.explain_person(person_id) → jsonb
 *
 * Why a person stands as it does at the reference date: life status with the
 * rows that state it, planes with the enrolments behind them, the duty of the
 * law table that decided and those that hold after it, how each due kind is
 * satisfied or not, the class in words, and the problems that are not closed.
 * A person merged into another is explained as the one it is now.
 * Errors: 42704 unknown person.
 */
CREATE OR REPLACE FUNCTION registry.explain_person(person_id bigint) RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	who registry.person;
	reference date := registry.reference_date();
	decided registry.due_rule;
	later jsonb;
	kinds jsonb;
	class_zh text;
	class_en text;
BEGIN
	SELECT p.* INTO who FROM registry.person p WHERE p.person_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'person % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.find_person() finds persons by number.';
	END IF;
	SELECT r.* INTO decided FROM registry.due_rules_met(who, reference) r ORDER BY r.rank LIMIT 1;
	SELECT coalesce(jsonb_agg(jsonb_build_object('condition', r.condition, 'due', r.due, 'why_not', format('"%s" comes first', decided.condition)) ORDER BY r.rank), '[]')
	INTO later FROM registry.due_rules_met(who, reference) r WHERE r.rank > decided.rank;
	SELECT jsonb_object_agg(k.kind, jsonb_build_object('due', s.standing > 0,
		'standing', (ARRAY['not due', 'receiving', 'enrolled', 'elsewhere', 'interrupted', 'unenrolled'])[s.standing + 1]))
	INTO kinds
	FROM unnest('{pension,medical,unemployment,injury,maternity}'::text[]) WITH ORDINALITY k (kind, position)
	CROSS JOIN LATERAL (SELECT (who.standing >> (3 * (k.position::integer - 1))) & 7 AS standing) s;
	class_zh := CASE who.class WHEN 'enrolled' THEN '应参保险种均已参保' WHEN 'elsewhere' THEN '应参保险种均已参保，其中有异地参保'
		WHEN 'partial' THEN '部分应参保险种未参保' WHEN 'unenrolled' THEN '应参保险种均未参保' WHEN 'interrupted' THEN '有应参保险种中断'
		WHEN 'not_due' THEN '无应参保险种' WHEN 'exempt' THEN '暂不需参保（参军、服刑）' WHEN 'gone' THEN '不在参保范围（死亡、迁出、注销）'
		ELSE '身份待核实' END;
	class_en := CASE who.class WHEN 'enrolled' THEN 'every due kind is satisfied' WHEN 'elsewhere' THEN 'every due kind is satisfied, some only in another region'
		WHEN 'partial' THEN 'some due kinds are satisfied, some are not' WHEN 'unenrolled' THEN 'no due kind is satisfied'
		WHEN 'interrupted' THEN 'a due kind that is not satisfied is paused' WHEN 'not_due' THEN 'nothing is due'
		WHEN 'exempt' THEN 'exempt while in the army or in prison' WHEN 'gone' THEN 'gone: dead, moved out or cancelled' ELSE 'the number stands in no register' END;
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'person', jsonb_build_object('person_id', who.person_id, 'citizen_id', who.citizen_id::text, 'name', who.name, 'sex', who.sex,
			'birth_date', who.birth_date, 'age', extract(year FROM age(reference, who.birth_date)), 'territory', who.territory::text),
		'reference_date', reference,
		'life_status', jsonb_build_object('code', who.life_status, 'since', who.life_since),
		'planes', jsonb_build_object('paying', btrim(who.paying::text, '{}'), 'receiving', btrim(who.receiving::text, '{}'),
			'paused', btrim(who.paused::text, '{}'), 'elsewhere', btrim(who.elsewhere::text, '{}')),
		'duty', jsonb_build_object('condition', decided.condition, 'due', decided.due, 'law', decided.law, 'valid_from', decided.valid_from),
		'kinds', kinds,
		'class', who.class,
		'alternatives', later,
		'rows', (SELECT coalesce(jsonb_agg(r.stated ORDER BY r.fact, r.number), '[]') FROM (
			SELECT 'population' AS fact, p.row_id AS number, registry.row_as_stated('population', to_jsonb(p)) AS stated
			FROM registry.population p WHERE p.person_id = $1 AND p.ended_on IS NULL
			UNION ALL SELECT 'circumstance', c.circumstance_id, registry.row_as_stated('circumstance', to_jsonb(c))
			FROM registry.circumstance c WHERE c.person_id = $1 AND c.ended_on IS NULL
			UNION ALL SELECT 'elsewhere', w.elsewhere_id, registry.row_as_stated('elsewhere', to_jsonb(w))
			FROM registry.elsewhere w WHERE w.person_id = $1 AND w.ended_on IS NULL
			UNION ALL SELECT 'enrolment', e.enrolment_id, registry.row_as_stated('enrolment', to_jsonb(e))
			FROM registry.enrolment e WHERE e.person_id = $1 AND e.ended_on IS NULL) r),
		'problems', (SELECT coalesce(jsonb_agg(jsonb_build_object('problem_id', b.problem_id, 'rule_id', b.rule_id, 'title', r.title, 'state', b.state)
						ORDER BY b.problem_id), '[]')
					 FROM registry.problem b JOIN registry.rule r USING (rule_id) WHERE b.person_id = $1 AND b.state <> 'closed'),
		'text', jsonb_build_object(
			'zh', format('%s：%s。应参保：%s（依据 %s）。', who.name, class_zh, 
						 coalesce((SELECT string_agg((ARRAY['养老', '医疗', '失业', '工伤', '生育'])[k.position], '、' ORDER BY k.position)
								   FROM unnest('{pension,medical,unemployment,injury,maternity}'::text[]) WITH ORDINALITY k (kind, position)
								   WHERE split_part(k.kind, '/', 1) = ANY (SELECT split_part(d, '/', 1) FROM unnest(decided.due) d)), '无'), decided.law),
			'en', format('%s: %s. Due: %s (law: %s).', who.name, class_en, coalesce(nullif(array_to_string(decided.due, ', '), ''), 'nothing'), decided.law))));
END;
$$;
COMMENT ON FUNCTION registry.explain_person(bigint) IS 'why a person stands as it does: life status, planes, duty, class, rows and alternatives';

REVOKE EXECUTE ON FUNCTION registry.due_rules_met(registry.person, date), registry.explain_person(bigint) FROM PUBLIC;
