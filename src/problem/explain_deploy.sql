-- Why a problem is one: the rule, the law, the rows, the months, and what was
-- considered instead, in Chinese and in English.

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
	WHERE chosen_keep IS NOT NULL AND k.keep <> chosen_keep AND NOT starts_with(k.keep, chosen_keep || ' ');
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
	it registry.problem;
	by_rule registry.rule;
	who registry.person;
	stated jsonb;
	acts jsonb;
	said jsonb;
	keep_by record;
	months_zh text;
	months_en text;
BEGIN
	SELECT p.* INTO it FROM registry.problem p WHERE p.problem_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'problem % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.problem_list shows the problems.';
	END IF;
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(a) - '{problem_id,act_id,explanation}'::text[]) ORDER BY a.act_id), '[]')
	INTO acts FROM registry.problem_act a WHERE a.problem_id = $1;
	IF NOT afresh THEN
		SELECT a.explanation INTO said FROM registry.problem_act a
		WHERE a.problem_id = $1 AND a.explanation IS NOT NULL AND it.state IN ('accepted', 'closed')
		ORDER BY a.act_id DESC LIMIT 1;
		IF said IS NOT NULL THEN
			RETURN said || jsonb_build_object('state', it.state, 'acts', acts);
		END IF;
	END IF;

	SELECT r.* INTO by_rule FROM registry.rule r WHERE r.rule_id = it.rule_id;
	SELECT p.* INTO who FROM registry.person p WHERE p.person_id = it.person_id AND it.person_id > 0;
	SELECT c.keep, c.keep_law INTO keep_by FROM registry.conflict_rule c
	WHERE c.rule_id = it.rule_id
	  AND it.schemes = registry.coverage_make(ARRAY(SELECT DISTINCT s FROM unnest(ARRAY[c.first_scheme, c.second_scheme]) s))
	ORDER BY c.precedence LIMIT 1;
	stated := registry.problem_rows(it);
	IF it.evidence ? 'first' THEN
		months_zh := format('，%s至%s', registry.month_words((it.evidence ->> 'first')::integer, 'zh'), registry.month_words((it.evidence ->> 'last')::integer, 'zh'));
		months_en := format(', %s to %s', registry.month_words((it.evidence ->> 'first')::integer, 'en'), registry.month_words((it.evidence ->> 'last')::integer, 'en'));
	END IF;

	RETURN jsonb_strip_nulls(jsonb_build_object(
		'problem_id', it.problem_id,
		'rule', jsonb_build_object('rule_id', it.rule_id, 'title', by_rule.title, 'title_en', by_rule.title_en, 'severity', by_rule.severity,
			'handler', by_rule.handler, 'parameters', by_rule.parameters,
			'version', substr(md5((to_jsonb(by_rule) - '{last_error,last_error_at}'::text[])::text), 1, 12)),
		'law', by_rule.law,
		'person', CASE WHEN who.person_id IS NOT NULL THEN jsonb_build_object('person_id', who.person_id, 'citizen_id', who.citizen_id::text,
			'name', who.name, 'life_status', who.life_status, 'class', who.class, 'territory', who.territory::text) END,
		'employer', it.employer,
		'state', it.state,
		'opened', jsonb_build_object('batch_id', it.batch_id, 'at', it.opened_at),
		'closed', CASE WHEN it.state = 'closed' THEN jsonb_build_object('batch_id', it.closed_batch_id, 'at', it.closed_at, 'why', coalesce(it.decision, 'the facts no longer show it')) END,
		'schemes', nullif(btrim(it.schemes::text, '{}'), ''),
		'months', it.months,
		'first_month', it.evidence -> 'first',
		'last_month', it.evidence -> 'last',
		'amount', it.amount,
		'keep', CASE WHEN it.keep IS NOT NULL OR it.decided_keep IS NOT NULL THEN
			jsonb_build_object('row', coalesce(it.decided_keep, it.keep), 'by', CASE WHEN it.decided_keep IS NULL THEN keep_by.keep ELSE 'answer' END,
							   'law', coalesce(keep_by.keep_law, by_rule.law)) END,
		'evidence', it.evidence,
		'rows', stated,
		'alternatives', registry.problem_alternatives(it, stated),
		'acts', acts,
		'text', jsonb_build_object(
			'zh', concat(coalesce(who.name || '：', it.employer || '：'), it.rule_id, ' ', by_rule.title, months_zh,
						 '，共' || it.months || '个月', '，涉及金额' || it.amount || '元', '。依据：', by_rule.law, '。',
						 '应保留：' || coalesce(it.decided_keep, it.keep) || coalesce('（' || keep_by.keep_law || '）', '') || '。'),
			'en', concat(coalesce(who.name || ': ', it.employer || ': '), it.rule_id, ' ', by_rule.title_en, months_en,
						 ', ' || it.months || ' months', ', ' || it.amount || ' yuan', '. Law: ', by_rule.law, '.',
						 ' Stays: ' || coalesce(it.decided_keep, it.keep) || coalesce(' (' || keep_by.keep_law || ')', '') || '.'))));
END;
$$;
COMMENT ON FUNCTION registry.explain(bigint, boolean) IS 'why this is a problem: rule, law, rows, months, alternatives';

REVOKE EXECUTE ON FUNCTION registry.row_as_stated(text, jsonb), registry.problem_rows(registry.problem), registry.problem_alternatives(registry.problem, jsonb),
	registry.explain(bigint, boolean) FROM PUBLIC;
