-- Why: the rule, the law, the rows, the months, and what was considered instead,
-- in Chinese and in English, for a problem and for the class of a person.

-- A month as people read it.
CREATE OR REPLACE FUNCTION registry.month_words(month integer, language text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE language
		   WHEN 'zh' THEN format('%s年%s月', month / 100, month % 100)
		   ELSE format('%s-%s', month / 100, lpad((month % 100)::text, 2, '0')) END;
END;
COMMENT ON FUNCTION registry.month_words(integer, text) IS 'a month yyyymm in words, zh or en';

-- A row as its source stated it: keys of our own are left out, where it came from is added.
CREATE OR REPLACE FUNCTION registry.row_as_stated(fact text, stated jsonb) RETURNS jsonb
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_object('fact', fact)
		|| jsonb_strip_nulls(stated - '{row_key,row_hash,territory,id_kind,name_key}'::text[])
		|| coalesce((SELECT jsonb_strip_nulls(jsonb_build_object('file_name', b.file_name, 'cutoff', b.cutoff, 'source_title', s.title))
					 FROM registry.batch b JOIN registry.source s USING (source) WHERE b.batch_id = (stated ->> 'batch_id')::bigint), '{}');
END;
COMMENT ON FUNCTION registry.row_as_stated(text, jsonb) IS 'a row of a source with its file, for explanations';

-- The rows a problem rests on.
CREATE OR REPLACE FUNCTION registry.problem_rows(problem registry.problem) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	person bigint := problem.person_id;
	evidence jsonb := problem.evidence;
	-- findings about who the person is rest on the registers and lists
	about_person boolean := substr(problem.rule_id, 1, 2) IN ('ID', 'DP', 'HK', 'BN', 'CL', 'UW');
	found jsonb;
BEGIN
	SELECT coalesce(jsonb_agg(r.stated ORDER BY r.fact, r.number), '[]')
	INTO found
	FROM (
		SELECT 'enrolment' AS fact, e.enrolment_id AS number, registry.row_as_stated('enrolment', to_jsonb(e)) AS stated
		FROM registry.enrolment e
		WHERE e.person_id = person
		  AND (e.enrolment_id IN (SELECT x::bigint FROM jsonb_array_elements_text(evidence -> 'enrolments') x)
			   OR (e.batch_id = (evidence ->> 'batch_id')::bigint AND e.line_no = (evidence ->> 'line_no')::integer))
		UNION ALL
		SELECT 'population', p.row_id, registry.row_as_stated('population', to_jsonb(p))
		FROM registry.population p
		WHERE p.person_id = person
		  AND ((about_person AND person > 0 AND p.ended_on IS NULL)
			   OR (p.batch_id = (evidence ->> 'batch_id')::bigint AND p.line_no = (evidence ->> 'line_no')::integer))
		UNION ALL
		SELECT 'circumstance', c.circumstance_id, registry.row_as_stated('circumstance', to_jsonb(c))
		FROM registry.circumstance c
		WHERE c.person_id = person
		  AND ((about_person AND person > 0 AND c.ended_on IS NULL)
			   OR (c.batch_id = (evidence ->> 'batch_id')::bigint AND c.line_no = (evidence ->> 'line_no')::integer))
		UNION ALL
		SELECT 'elsewhere', w.elsewhere_id, registry.row_as_stated('elsewhere', to_jsonb(w))
		FROM registry.elsewhere w
		WHERE w.person_id = person AND w.batch_id = (evidence ->> 'batch_id')::bigint AND w.line_no = (evidence ->> 'line_no')::integer
		UNION ALL
		SELECT 'employer', f.employer_id, registry.row_as_stated('employer', to_jsonb(f))
		FROM registry.employer f
		WHERE problem.employer IS NOT NULL AND f.code = problem.employer AND f.ended_on IS NULL) r;
	RETURN found;
END;
$$;
COMMENT ON FUNCTION registry.problem_rows(registry.problem) IS 'the rows of the sources that a problem rests on';

-- What else the pair of schemes could have meant, and which row else could stay.
CREATE OR REPLACE FUNCTION registry.problem_alternatives(problem registry.problem, stated jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	chosen_keep text := coalesce(problem.decided_keep, problem.keep);
	rules jsonb;
	keeps jsonb;
BEGIN
	SELECT coalesce(jsonb_agg(jsonb_build_object('rule_id', o.rule_id, 'title', r.title, 'title_en', r.title_en, 'condition', o.condition,
			'why_not', CASE WHEN NOT r.active OR NOT o.active THEN 'the rule is switched off'
							WHEN o.precedence < c.precedence THEN format('its condition (%s) does not hold', o.condition)
							ELSE format('%s goes before it and its condition (%s) holds', c.rule_id, c.condition) END)
		ORDER BY o.precedence, o.rule_id), '[]')
	INTO rules
	FROM registry.conflict_rule c
	JOIN registry.conflict_rule o
		ON o.first_scheme = c.first_scheme AND o.first_use = c.first_use AND o.second_scheme = c.second_scheme AND o.second_use = c.second_use
		AND o.rule_id <> c.rule_id
	JOIN registry.rule r ON r.rule_id = o.rule_id
	WHERE c.rule_id = problem.rule_id
	  AND problem.schemes = registry.coverage_make(ARRAY(SELECT DISTINCT s FROM unnest(ARRAY[c.first_scheme, c.second_scheme]) s));

	SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('keep', k.keep, 'why_not', 'another row stays by the rule')), '[]')
	INTO keeps
	FROM (SELECT concat_ws(' ', s ->> 'scheme', left(s ->> 'agency', 6)) AS keep
		  FROM jsonb_array_elements(stated) s WHERE s ->> 'fact' = 'enrolment') k
	WHERE chosen_keep IS NOT NULL AND k.keep <> chosen_keep;
	RETURN rules || keeps;
END;
$$;
COMMENT ON FUNCTION registry.problem_alternatives(registry.problem, jsonb) IS 'rules and rows that were considered and not chosen';

/*
 * registry.explain(problem_id [, afresh]) → jsonb
 *
 * Why this is a problem: rule (with the version of its row in the catalogue),
 * law, person, the rows of the sources with file and line, months, amount, the
 * row that stays and its law, what was considered instead, the acts so far, and
 * the same in words (text.zh, text.en).  For a problem whose answer was decided
 * it is what was said then, with the acts up to now; afresh => true asks the rows
 * of today again.
 * Errors: 42704 unknown problem.
 */
CREATE OR REPLACE FUNCTION registry.explain(problem_id bigint, afresh boolean DEFAULT false) RETURNS jsonb
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	found registry.problem;
	by_rule registry.rule;
	who registry.person;
	stated jsonb;
	acts jsonb;
	said jsonb;
	keep_by record;
	months_zh text;
	months_en text;
BEGIN
	SELECT p.* INTO found FROM registry.problem p WHERE p.problem_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'problem % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.problem_list shows the problems.';
	END IF;
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(a) - '{problem_id,act_id,explanation}'::text[]) ORDER BY a.act_id), '[]')
	INTO acts FROM registry.problem_act a WHERE a.problem_id = $1;
	IF NOT afresh THEN
		SELECT a.explanation INTO said FROM registry.problem_act a
		WHERE a.problem_id = $1 AND a.explanation IS NOT NULL AND found.state IN ('accepted', 'closed')
		ORDER BY a.act_id DESC LIMIT 1;
		IF said IS NOT NULL THEN
			RETURN said || jsonb_build_object('state', found.state, 'acts', acts);
		END IF;
	END IF;

	SELECT r.* INTO by_rule FROM registry.rule r WHERE r.rule_id = found.rule_id;
	SELECT p.* INTO who FROM registry.person p WHERE p.person_id = found.person_id AND found.person_id > 0;
	SELECT c.keep, c.keep_law INTO keep_by FROM registry.conflict_rule c
	WHERE c.rule_id = found.rule_id
	  AND found.schemes = registry.coverage_make(ARRAY(SELECT DISTINCT s FROM unnest(ARRAY[c.first_scheme, c.second_scheme]) s))
	ORDER BY c.precedence LIMIT 1;
	stated := registry.problem_rows(found);
	IF found.evidence ? 'first' THEN
		months_zh := format('，%s至%s', registry.month_words((found.evidence ->> 'first')::integer, 'zh'), registry.month_words((found.evidence ->> 'last')::integer, 'zh'));
		months_en := format(', %s to %s', registry.month_words((found.evidence ->> 'first')::integer, 'en'), registry.month_words((found.evidence ->> 'last')::integer, 'en'));
	END IF;

	RETURN jsonb_strip_nulls(jsonb_build_object(
		'problem_id', found.problem_id,
		'rule', jsonb_build_object('rule_id', found.rule_id, 'title', by_rule.title, 'title_en', by_rule.title_en, 'severity', by_rule.severity,
			'handler', by_rule.handler, 'parameters', by_rule.parameters,
			'version', substr(md5((to_jsonb(by_rule) - '{last_error,last_error_at}'::text[])::text), 1, 12)),
		'law', by_rule.law,
		'person', CASE WHEN who.person_id IS NOT NULL THEN jsonb_build_object('person_id', who.person_id, 'citizen_id', who.citizen_id::text,
			'name', who.name, 'life_status', who.life_status, 'class', who.class, 'territory', who.territory::text) END,
		'employer', found.employer,
		'state', found.state,
		'opened', jsonb_build_object('batch_id', found.batch_id, 'at', found.opened_at),
		'closed', CASE WHEN found.state = 'closed' THEN jsonb_build_object('batch_id', found.closed_batch_id, 'at', found.closed_at, 'why', coalesce(found.decision, 'the facts no longer show it')) END,
		'schemes', nullif(btrim(found.schemes::text, '{}'), ''),
		'months', found.months,
		'first_month', found.evidence -> 'first',
		'last_month', found.evidence -> 'last',
		'amount', found.amount,
		'keep', CASE WHEN found.keep IS NOT NULL OR found.decided_keep IS NOT NULL THEN
			jsonb_build_object('row', coalesce(found.decided_keep, found.keep), 'by', CASE WHEN found.decided_keep IS NULL THEN keep_by.keep ELSE 'answer' END,
							   'law', coalesce(keep_by.keep_law, by_rule.law)) END,
		'evidence', found.evidence,
		'rows', stated,
		'alternatives', registry.problem_alternatives(found, stated),
		'acts', acts,
		'text', jsonb_build_object(
			'zh', concat(coalesce(who.name || '：', found.employer || '：'), found.rule_id, ' ', by_rule.title, months_zh,
						 '，共' || found.months || '个月', '，涉及金额' || found.amount || '元', '。依据：', by_rule.law, '。',
						 '应保留：' || coalesce(found.decided_keep, found.keep) || coalesce('（' || keep_by.keep_law || '）', '') || '。'),
			'en', concat(coalesce(who.name || ': ', found.employer || ': '), found.rule_id, ' ', by_rule.title_en, months_en,
						 ', ' || found.months || ' months', ', ' || found.amount || ' yuan', '. Law: ', by_rule.law, '.',
						 ' Stays: ' || coalesce(found.decided_keep, found.keep) || coalesce(' (' || keep_by.keep_law || ')', '') || '.'))));
END;
$$;
COMMENT ON FUNCTION registry.explain(bigint, boolean) IS 'why this is a problem: rule, law, rows, months, alternatives';

-- Which duty of the law table holds for a person, by the same facts the
-- recompute looks at; the first by rank is the one that decided.
CREATE OR REPLACE FUNCTION registry.due_rules_met(who registry.person, reference date) RETURNS SETOF registry.due_rule
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	age integer := extract(year FROM age(reference, who.birth_date));
	-- whole text of the enumeration: one row per condition of due_rule
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
			'zh', format('%s：%s。应参保：%s（依据 %s）。', who.name, class_zh, coalesce(nullif(array_to_string(decided.due, '、'), ''), '无'), decided.law),
			'en', format('%s: %s. Due: %s (law: %s).', who.name, class_en, coalesce(nullif(array_to_string(decided.due, ', '), ''), 'nothing'), decided.law))));
END;
$$;
COMMENT ON FUNCTION registry.explain_person(bigint) IS 'why a person stands as it does: life status, planes, duty, class, rows and alternatives';

REVOKE EXECUTE ON FUNCTION registry.row_as_stated(text, jsonb), registry.problem_rows(registry.problem), registry.problem_alternatives(registry.problem, jsonb),
	registry.explain(bigint, boolean), registry.due_rules_met(registry.person, date), registry.explain_person(bigint) FROM PUBLIC;
