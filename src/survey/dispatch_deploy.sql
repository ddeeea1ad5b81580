-- Sending tasks out.  Nothing goes to a doorstep that a source can answer.

-- The reasons why a person on a naive list (in no home pension or no home medical
-- insurance) needs no visit, in the order in which they are asked.
CREATE TABLE IF NOT EXISTS registry.settlement_reason (
	ordinal smallint NOT NULL,
	reason text COLLATE "C" PRIMARY KEY,
	title text NOT NULL,
	source text NOT NULL
);
COMMENT ON TABLE registry.settlement_reason IS 'why somebody need not be visited, in the order in which it is asked, and which source says so';
INSERT INTO registry.settlement_reason VALUES
	(1, 'dead', '死亡', '公安、民政'), (2, 'moved_out', '户口迁出', '公安'), (3, 'cancelled', '户籍注销', '公安'), (4, 'abroad', '出国（境）定居或取得外国国籍', '公安、出入境'),
	(5, 'army', '现役', '征兵'), (6, 'prison', '服刑', '司法'), (7, 'police', '公安库无此号，待公安核实', '公安'),
	(8, 'receiving', '已领取养老待遇', '养老经办'), (9, 'elsewhere', '异地参保', '全国参保比对'), (10, 'student', '在校学生', '教育'),
	(11, 'minor', '未满16周岁', '公安'), (12, 'covered', '应参险种均已参保', '经办机构'), (13, 'employer', '单位未予参保，由征缴机构向单位核实', '征缴'),
	(14, 'answered', '已调查且无新情况', '入户调查'), (15, 'issued', '任务已下放未收回', '入户调查')
ON CONFLICT DO NOTHING;

-- Rules that ask villages or towns.
CREATE OR REPLACE VIEW registry.survey_rule AS
SELECT r.rule_id FROM registry.rule r
WHERE r.severity IN ('E', 'H', 'M') AND (registry.handler_answers(r.handler, 'V') OR registry.handler_answers(r.handler, 'T'));
COMMENT ON VIEW registry.survey_rule IS 'rules whose problems are answered by a village or town';

-- The facts for which a person is asked: the same facts ask once (rule SV12).
CREATE OR REPLACE FUNCTION registry.survey_fact_key(gap smallint, class text, life_status smallint, due smallint, facts bigint) RETURNS bigint
	-- without a setting of its own it is inlined, which halves the time of a dispatch
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN hashtextextended(class, (((gap::bigint << 20) | (due::bigint << 10) | life_status::bigint) << 20) # coalesce(facts, 0));
COMMENT ON FUNCTION registry.survey_fact_key(smallint, text, smallint, smallint, bigint) IS 'hash of the facts for which a person is asked';

/*
 * registry.survey_candidates(territory, filter) → everybody a naive list would
 * send to a doorstep, or of whom an open problem asks the village or town, with
 * the reason why not (null: a visit is needed)
 */
CREATE OR REPLACE FUNCTION registry.survey_candidates(place region_code, filter jsonb)
	RETURNS TABLE (person_id bigint, territory region_code, state smallint, reasons text[], problems bigint[], fact_key bigint, settled text)
	LANGUAGE plpgsql STABLE ROWS 1000000
	SET jit = off
	SET work_mem = '64MB'
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	unknown text;
	today CONSTANT date := registry.reference_date();
	kinds CONSTANT text[] := '{pension,medical,unemployment,injury,maternity}';
	asked smallint := 31;
	classes text[] := registry.filter_list(filter, 'class');
	wanted text[] := registry.filter_list(filter, 'rule');
	because text[] := registry.filter_list(filter, 'because');
	persons bigint[] := registry.filter_list(filter, 'person')::bigint[];
	born_from date := today - make_interval(years => ((filter ->> 'age_to')::integer + 1)) + interval '1 day';
	born_to date := today - make_interval(years => (filter ->> 'age_from')::integer);
BEGIN
	IF jsonb_typeof(filter) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'the filter must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example {"kind": "pension", "age_from": 60}.';
	END IF;
	SELECT k INTO unknown FROM jsonb_object_keys(filter) k WHERE k <> ALL ('{kind,class,rule,because,person,age_from,age_to}');
	IF FOUND THEN
		RAISE EXCEPTION 'unknown key "%" in the filter', unknown USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Keys are kind, class, rule, because (gap, problem), person, age_from and age_to.';
	END IF;
	SELECT u INTO unknown FROM unnest(registry.filter_list(filter, 'kind')) u WHERE u <> ALL (kinds);
	IF FOUND THEN
		RAISE EXCEPTION 'there is no insurance kind "%"', unknown USING ERRCODE = 'invalid_parameter_value', HINT = format('Kinds are %s.', array_to_string(kinds, ', '));
	END IF;
	SELECT u INTO unknown FROM unnest(because) u WHERE u NOT IN ('gap', 'problem');
	IF FOUND THEN
		RAISE EXCEPTION 'tasks are issued because of "gap" or "problem", not "%"', unknown USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF filter ? 'kind' THEN
		SELECT sum(1 << (array_position(kinds, u) - 1)) INTO asked FROM (SELECT DISTINCT unnest(registry.filter_list(filter, 'kind')) AS u) k;
	END IF;
	RETURN QUERY
	WITH asked_problem AS (
		SELECT b.person_id, array_agg(b.problem_id ORDER BY b.problem_id) FILTER (WHERE a.asked) AS problems,
			   array_agg(DISTINCT b.rule_id ORDER BY b.rule_id) FILTER (WHERE a.asked) AS rules,
			   bit_xor(hashtextextended(concat_ws('|', b.rule_id, b.finding_key, b.reopened), 0)) AS facts
		FROM registry.problem b JOIN registry.survey_rule s USING (rule_id)
		CROSS JOIN LATERAL (SELECT b.state IN ('open', 'sent', 'rejected') AND (wanted IS NULL OR b.rule_id = ANY (wanted)) AS asked) a
		WHERE b.person_id > 0 AND b.state <> 'closed' AND b.territory OPERATOR(registry.<@) place
		GROUP BY b.person_id
	), candidate AS (
		SELECT p.person_id, p.territory, p.work_state, p.life_status, p.class, p.due, p.gap, p.receiving, p.employment, p.birth_date,
			   q.problems, q.rules, p.gap & asked AS gap_asked,
			   registry.survey_fact_key(p.gap, p.class, p.life_status, p.due, q.facts) AS fact_key
		FROM registry.person p
		LEFT JOIN asked_problem q USING (person_id)
		WHERE p.territory OPERATOR(registry.<@) place
		  AND (q.problems IS NOT NULL
			   OR (wanted IS NULL
				   AND (p.gap = 0 OR p.gap & asked <> 0)
				   AND (p.gap <> 0
						OR NOT p.paying OPERATOR(registry.&&) '{P1,P2,P3,P4,P5}'::registry.coverage
						OR NOT p.paying OPERATOR(registry.&&) '{M1,M2,M3,M4,M5,M6}'::registry.coverage)))
		  AND (because IS NULL OR ('gap' = ANY (because) AND q.problems IS NULL) OR ('problem' = ANY (because) AND q.problems IS NOT NULL))
		  AND (classes IS NULL OR p.class = ANY (classes))
		  AND (persons IS NULL OR p.person_id = ANY (persons))
		  AND (born_from IS NULL OR p.birth_date >= born_from)
		  AND (born_to IS NULL OR p.birth_date <= born_to)
	)
	SELECT c.person_id, c.territory, CASE c.work_state WHEN 20 THEN 20 ELSE 30 END::smallint,
		   array_remove(ARRAY[CASE WHEN c.gap_asked & 1 <> 0 THEN 'pension' END, CASE WHEN c.gap_asked & 2 <> 0 THEN 'medical' END,
							  CASE WHEN c.gap_asked & 4 <> 0 THEN 'unemployment' END, CASE WHEN c.gap_asked & 8 <> 0 THEN 'injury' END,
							  CASE WHEN c.gap_asked & 16 <> 0 THEN 'maternity' END], NULL) || coalesce(c.rules, '{}'),
		   c.problems, c.fact_key,
		   CASE
			WHEN c.life_status IN (20, 21, 22) THEN 'dead'
			WHEN c.life_status IN (30, 31) THEN 'moved_out'
			WHEN c.life_status = 32 THEN 'cancelled'
			WHEN c.life_status IN (33, 34) THEN 'abroad'
			WHEN c.life_status = 40 THEN 'army'
			WHEN c.life_status = 41 THEN 'prison'
			WHEN c.class = 'unknown' THEN 'police'
			WHEN c.problems IS NOT NULL THEN s.settled
			WHEN c.gap_asked <> 0 THEN CASE WHEN c.due & 16 <> 0 THEN 'employer' ELSE s.settled END
			WHEN c.receiving OPERATOR(registry.&&) '{P1,P2,P3,P4,P5}'::registry.coverage THEN 'receiving'
			WHEN c.class = 'elsewhere' THEN 'elsewhere'
			WHEN c.employment = '5' THEN 'student'
			WHEN c.birth_date > today - interval '16 years' THEN 'minor'
			ELSE 'covered'
		   END
	FROM candidate c
	LEFT JOIN registry.survey_task o ON o.person_id = c.person_id AND o.state NOT IN (40, 60, 90)
	-- a recalled task answered nothing
	LEFT JOIN (SELECT DISTINCT t.person_id, t.fact_key FROM registry.survey_task t WHERE t.state IN (40, 60, 90) AND t.recalled_at IS NULL) a
		ON a.person_id = c.person_id AND a.fact_key = c.fact_key
	CROSS JOIN LATERAL (SELECT CASE WHEN o.person_id IS NOT NULL THEN 'issued' WHEN a.person_id IS NOT NULL THEN 'answered' END AS settled) s;
END;
$$;
COMMENT ON FUNCTION registry.survey_candidates(region_code, jsonb) IS 'whom a naive list would send to a doorstep, and why not (settled null: a visit is needed)';

-- One text or an array of texts in a filter, as an array; null when it is not there.
CREATE OR REPLACE FUNCTION registry.filter_list(filter jsonb, name text) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN filter ? name THEN
		ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(filter -> name) WHEN 'array' THEN filter -> name ELSE jsonb_build_array(filter -> name) END)) END;
END;
COMMENT ON FUNCTION registry.filter_list(jsonb, text) IS 'one text or an array of texts in a filter, as an array; null when it is not there';

/*
 * registry.settlement(territory [, filter]) → how a naive list of the
 * unenrolled is settled, by reason and source; reason visit is what remains
 * Errors: 22P02 no region code; 42501; 22023 a filter that cannot be.
 */
CREATE OR REPLACE FUNCTION registry.settlement(territory text, filter jsonb DEFAULT '{}')
	RETURNS TABLE (reason text, title text, source text, persons bigint, share numeric)
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
BEGIN
	PERFORM registry.survey_demand('{first_review,second_review,audit}', place, 'counting what settles a list');
	RETURN QUERY
	SELECT coalesce(r.reason, 'visit'), coalesce(r.title, '待入户或补录'), coalesce(r.source, ''), c.persons,
		   round(c.persons / sum(c.persons) OVER (), 4)
	FROM (SELECT s.settled, count(*) AS persons FROM registry.survey_candidates(place, coalesce(settlement.filter, '{}')) s GROUP BY 1) c
	LEFT JOIN registry.settlement_reason r ON r.reason = c.settled
	ORDER BY r.ordinal NULLS LAST;
END;
$$;
COMMENT ON FUNCTION registry.settlement(text, jsonb) IS 'how a naive list of the unenrolled is settled without a visit, by reason and source; what remains is "visit"';

/*
 * registry.dispatch(territory [, filter [, due_date]]) → dispatch_id
 *
 * Makes survey tasks of the unenrolled persons of a place and of those whom an
 * open problem asks its villages or towns about, leaving out whom a source
 * answers, who has a task, and who answered and of whom nothing new is known
 * (rule SV12).  The counts by reason stand in registry.dispatch_list.  Each task
 * lies in the person's village and carries its surveyor (registry.survey_staff).
 *
 * filter: kind (pension …), class, rule, because (gap, problem), person — one or
 * an array — age_from, age_to.
 * Errors: 22P02 no region code; 42501 no first or second review there; 22023 a
 * filter that cannot be, a due date in the past.
 */
CREATE OR REPLACE FUNCTION registry.dispatch(territory text, filter jsonb DEFAULT '{}', due_date date DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET jit = off
	SET work_mem = '64MB'
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
	made bigint;
	counts record;
BEGIN
	IF place IS NULL THEN
		RAISE EXCEPTION 'tasks for which place?' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name a region code.';
	END IF;
	PERFORM registry.survey_demand('{first_review,second_review}', place, 'issuing survey tasks');
	IF due_date < current_date THEN
		RAISE EXCEPTION 'the due date % has passed', due_date USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM registry.share_persons();
	-- one after the other, so that nobody gets two tasks
	PERFORM pg_advisory_xact_lock(hashtextextended('registry.dispatch', 0));
	INSERT INTO registry.survey_dispatch (territory, filter, due_date, issued_by)
		VALUES (place, coalesce($2, '{}'), $3, registry.actor())
		RETURNING survey_dispatch.dispatch_id INTO made;
	WITH candidate AS MATERIALIZED (
		SELECT * FROM registry.survey_candidates(place, coalesce($2, '{}'))
	), staff AS MATERIALIZED (
		SELECT DISTINCT ON (s.territory) s.territory, s.surveyor FROM registry.survey_staff s
		WHERE s.valid_from <= current_date AND coalesce(s.valid_to, 'infinity') >= current_date
		ORDER BY s.territory, s.valid_from DESC, s.surveyor
	), issued AS (
		INSERT INTO registry.survey_task (person_id, territory, dispatch_id, reasons, problems, fact_key, surveyor, state, due_date)
		SELECT c.person_id, c.territory, made, c.reasons, c.problems, c.fact_key, s.surveyor, c.state, $3
		FROM candidate c LEFT JOIN staff s ON s.territory OPERATOR(registry.=) c.territory
		WHERE c.settled IS NULL
		ORDER BY c.person_id
		RETURNING 1
	)
	SELECT (SELECT count(*) FROM candidate) AS considered, (SELECT count(*) FROM issued) AS tasks,
		   (SELECT coalesce(jsonb_object_agg(g.settled, g.n), '{}') FROM (SELECT c.settled, count(*) AS n FROM candidate c WHERE c.settled IS NOT NULL GROUP BY 1) g) AS settled
	INTO counts;
	UPDATE registry.survey_dispatch d SET considered = counts.considered, tasks = counts.tasks, settled = counts.settled
	WHERE d.dispatch_id = made;
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.dispatch(text, jsonb, date) IS 'issues survey tasks in a place; returns the dispatch, whose counts stand in registry.dispatch_list';

/*
 * registry.recall_tasks(dispatch_id [, territory [, reason]]) → number of tasks
 *
 * Takes back the tasks of a dispatch that are not decided yet, in a place or
 * everywhere; drafts and forms in review stay to be read (rule SV13).
 * Errors: 42704 no such dispatch; 42501.
 */
CREATE OR REPLACE FUNCTION registry.recall_tasks(dispatch_id bigint, territory text DEFAULT NULL, reason text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	sent registry.survey_dispatch;
	place registry.region_code := territory::registry.region_code;
	persons bigint[];
	handled bigint[];
	recalled bigint;
BEGIN
	PERFORM registry.lock_persons();
	SELECT d.* INTO sent FROM registry.survey_dispatch d WHERE d.dispatch_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'dispatch % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.dispatch_list shows them.';
	END IF;
	place := coalesce(place, sent.territory);
	PERFORM registry.survey_demand('{first_review,second_review}', place, 'recalling survey tasks');
	WITH back AS (
		UPDATE registry.survey_task t SET state = 90, recalled_at = now(), closed_at = now()
		WHERE t.dispatch_id = $1 AND t.state NOT IN (40, 60, 90) AND t.territory OPERATOR(registry.<@) place
		RETURNING t.person_id, t.task_id)
	SELECT array_agg(b.person_id), count(*) INTO persons, recalled FROM back b;
	UPDATE registry.survey_form f SET state = 90
	FROM registry.survey_task t
	WHERE t.dispatch_id = $1 AND t.recalled_at = now() AND f.person_id = t.person_id AND f.task_id = t.task_id AND f.state NOT IN (40, 60, 90);
	-- of whom the survey said something the facts alone speak again
	WITH gone AS (
		DELETE FROM registry.handling h WHERE h.person_id = ANY (persons) AND h.work_state IN (31, 32, 33, 34, 35) RETURNING h.person_id)
	SELECT array_agg(g.person_id) INTO handled FROM gone g;
	IF handled IS NOT NULL THEN
		PERFORM registry.judge_again(handled, 'survey recalled');
	END IF;
	IF place OPERATOR(registry.=) sent.territory THEN
		UPDATE registry.survey_dispatch d SET state = 'recalled', recalled_by = registry.actor(), recalled_at = now() WHERE d.dispatch_id = $1;
	END IF;
	RETURN recalled;
END;
$$;
COMMENT ON FUNCTION registry.recall_tasks(bigint, text, text) IS 'takes back undecided tasks of a dispatch; returns how many';

-- Judges persons afresh inside an act; the caller holds registry.lock_persons().
CREATE OR REPLACE FUNCTION registry.judge_again(persons bigint[], cause text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	old_cause CONSTANT text := current_setting('registry.cause', true);
BEGIN
	PERFORM set_config('registry.cause', cause, true);
	PERFORM registry.create_recompute_tables();
	INSERT INTO pg_temp.registry_touched (person_id) SELECT DISTINCT u FROM unnest(persons) u WHERE u > 0 ON CONFLICT DO NOTHING;
	PERFORM registry.recompute(false, registry.reference_date(), NULL);
	PERFORM set_config('registry.cause', coalesce(old_cause, ''), true);
END;
$$;
COMMENT ON FUNCTION registry.judge_again(bigint[], text) IS 'judges persons afresh inside an act';

-- Codes of people's work, for the views.
CREATE OR REPLACE VIEW registry.task_list WITH (security_barrier) AS
SELECT
	t.task_id, t.person_id, p.citizen_id::text AS citizen_id, p.name, p.sex, p.birth_date, p.phone, p.address,
	t.territory::text AS territory,
	registry.region_name(t.territory, (SELECT registry.reference_date())) AS territory_name,
	CASE WHEN registry.region_level(t.territory) >= 4 THEN registry.region_at_level(t.territory, 4)::text END AS town,
	CASE WHEN registry.region_level(t.territory) >= 5 THEN t.territory::text END AS village,
	array_to_string(t.reasons, ',') AS reasons,
	t.state::integer AS state,
	CASE t.state WHEN 20 THEN '待补录' WHEN 30 THEN '待入户' WHEN 31 THEN '入户中' WHEN 32 THEN '待初审' WHEN 33 THEN '初审退回' WHEN 34 THEN '待复审'
		WHEN 35 THEN '复审退回' WHEN 40 THEN '已登记' WHEN 60 THEN '挂起' ELSE CASE WHEN t.recalled_at IS NULL THEN '不予登记' ELSE '已收回' END END AS state_name,
	t.surveyor, t.issued_at, t.due_date,
	t.due_date < current_date AND t.state NOT IN (40, 60, 90) AS overdue,
	jsonb_array_length(t.attempts) AS attempts,
	t.dispatch_id, t.form_id, t.closed_at
FROM registry.survey_task t
LEFT JOIN registry.person p ON p.person_id = t.person_id
WHERE (SELECT registry.survey_owner())
   OR EXISTS (SELECT FROM registry.survey_places('{entry,first_review,second_review,audit}') AS s (place) WHERE t.territory OPERATOR(registry.<@) s.place);
COMMENT ON VIEW registry.task_list IS 'survey tasks of the reader''s places; overdue: rule SV18';

CREATE OR REPLACE VIEW registry.dispatch_list WITH (security_barrier) AS
SELECT d.dispatch_id, d.territory::text AS territory, d.filter, d.due_date, d.considered, d.settled, d.tasks,
	round((d.considered - d.tasks) / nullif(d.considered, 0)::numeric, 4) AS settled_share,
	d.state, d.issued_by, d.issued_at, d.recalled_by, d.recalled_at
FROM registry.survey_dispatch d
WHERE (SELECT registry.survey_owner())
   OR EXISTS (SELECT FROM registry.survey_places('{entry,first_review,second_review,audit}') AS s (place) WHERE d.territory OPERATOR(registry.<@) s.place);
COMMENT ON VIEW registry.dispatch_list IS 'dispatches of the reader''s places: filter, persons considered, those settled without a visit by reason, tasks';

REVOKE EXECUTE ON FUNCTION registry.survey_candidates(region_code, jsonb), registry.settlement(text, jsonb), registry.dispatch(text, jsonb, date),
	registry.recall_tasks(bigint, text, text), registry.judge_again(bigint[], text) FROM PUBLIC;
