-- Two reviews, and what follows from the second.

-- Items that offices correct are statements of their own; number and name are
-- facts of the registers, to which a form leads as an alias.
CREATE OR REPLACE FUNCTION registry.apply_item(person bigint, item text, value text, since date, reason text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF value IS NOT NULL AND item IN ('phone', 'address', 'ethnic', 'residence_region', 'employment', 'worker_kind') THEN
		PERFORM registry.set_person_item(person, item, value, 'survey_form', since, reason);
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.apply_item(bigint, text, text, date, text) IS 'gives a person an item that a form established';

-- A fact about a person that no extract brought: batch 0.  The same form says it once.
CREATE OR REPLACE FUNCTION registry.state_circumstance(person bigint, origin text, form bigint, kind text, kind_text text, start_date date, note text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.circumstance (person_id, territory, source, batch_id, line_no, row_key, row_hash, origin_person, id_kind, number, citizen_id,
									   name, name_key, kind, kind_text, start_date, note, valid_from)
	SELECT p.person_id, p.territory, origin, 0, 0, md5(concat_ws('|', origin, form, kind))::uuid, hashtextextended(concat_ws('|', kind, start_date), 0),
		   p.person_id, p.id_kind, p.id_no, p.citizen_id, coalesce(p.name, ''), coalesce(p.name_key, ''), $4, $5, $6, $7, coalesce($6, current_date)
	FROM registry.person p WHERE p.person_id = person
	ON CONFLICT (row_key) DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.state_circumstance(bigint, text, bigint, text, text, date, text) IS 'writes a circumstance that a form or declared change established';

CREATE OR REPLACE FUNCTION registry.state_elsewhere(person bigint, origin text, form bigint, scheme text, region region_code, start_month integer) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.elsewhere (person_id, territory, source, batch_id, line_no, row_key, row_hash, origin_person, id_kind, number, citizen_id,
									name, name_key, scheme, scheme_code, region, enrol_status, pay_status, start_month, valid_from)
	SELECT p.person_id, p.territory, origin, 0, 0, md5(concat_ws('|', origin, form, scheme))::uuid, hashtextextended(concat_ws('|', scheme, region::text), 0),
		   p.person_id, p.id_kind, p.id_no, p.citizen_id, coalesce(p.name, ''), coalesce(p.name_key, ''), $4, $4, $5, 1, 1, $6, current_date
	FROM registry.person p WHERE p.person_id = person
	ON CONFLICT (row_key) DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.state_elsewhere(bigint, text, bigint, text, region_code, integer) IS 'writes an enrolment in another region that a form or declared change established';

/*
 * Applies a registration form after its second review: items, exemptions and
 * enrolments elsewhere as facts, answers to the problems of the task; then the
 * person is judged like after any other fact.
 */
CREATE OR REPLACE FUNCTION registry.apply_survey(done registry.survey_form) RETURNS jsonb
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	said CONSTANT text := format('入户调查登记表%s号', done.form_id);
	since CONSTANT date := registry.form_date(done.form ->> 'reason_from');
	fact text := CASE done.reason_code WHEN '03' THEN 'army' WHEN '04' THEN 'abroad' WHEN '05' THEN 'prison' WHEN '06' THEN 'school' WHEN '12' THEN 'death' END;
	word text;
	scheme text;
	asked bigint;
	answered bigint[] := '{}';
	schemes text[];
BEGIN
	IF fact IS NOT NULL THEN
		word := CASE fact WHEN 'army' THEN '现役' WHEN 'abroad' THEN '出国务工' WHEN 'prison' THEN '服刑' WHEN 'school' THEN '在校学生' ELSE '死亡' END;
		PERFORM registry.state_circumstance(done.person_id, 'survey_form', done.form_id, fact, word,
			CASE fact WHEN 'death' THEN registry.form_date(done.form ->> 'death_date') ELSE since END, said);
	END IF;
	IF done.elsewhere IS NOT NULL THEN
		SELECT s.schemes INTO schemes FROM registry.form_schemes(jsonb_build_object('pension', done.form -> 'elsewhere_pension', 'medical', done.form -> 'elsewhere_medical'), '[]') s;
		FOREACH scheme IN ARRAY CASE WHEN schemes = '{}' THEN ARRAY[CASE done.employment WHEN '1' THEN 'P1' ELSE 'P2' END] ELSE schemes END LOOP
			PERFORM registry.state_elsewhere(done.person_id, 'survey_form', done.form_id, scheme, done.elsewhere_region, NULL);
		END LOOP;
	END IF;
	FOR asked IN
		SELECT b.problem_id FROM registry.survey_task t JOIN registry.problem b ON b.problem_id = ANY (t.problems)
		WHERE t.person_id = done.person_id AND t.task_id = done.task_id AND b.state IN ('open', 'sent', 'answered', 'rejected')
		ORDER BY b.problem_id
	LOOP
		PERFORM registry.answer_problem(asked, said, NULL, done.form ->> 'remark');
		PERFORM registry.decide_problem(asked, 'accepted', said);
		answered := answered || asked;
	END LOOP;
	RETURN jsonb_build_object('circumstance', fact, 'elsewhere', CASE WHEN done.elsewhere IS NOT NULL THEN done.elsewhere_region::text END, 'problems', to_jsonb(answered));
END;
$$;
COMMENT ON FUNCTION registry.apply_survey(registry.survey_form) IS 'applies a registration form after its second review';

/*
 * registry.review_form(form_id, decision [, reason [, items]]) → state of the
 * form: 33, 35 returned, 34 accepted by the first review, after the second 40
 * (registered), 60 (waits: not met) or 90 (not registered)
 *
 * decision: accept or return.  reason: why; items: why, box by box,
 * [{"field": "phone", "message": "…"}].  A return needs one of them.  Which
 * review it is follows from the form's state.  The second, accepting, applies
 * the form.
 * Errors: 42704 no such form; 22023 another decision, or a return without
 * reason; RG041 the form does not wait for a review; 42501 no review in its
 * place (SV05); RG042 one person twice (SV04).
 */
CREATE OR REPLACE FUNCTION registry.review_form(form_id bigint, decision text, reason text DEFAULT NULL, items jsonb DEFAULT '[]') RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	outcome CONSTANT text := CASE $2 WHEN 'accept' THEN 'accepted' WHEN 'return' THEN 'returned' ELSE $2 END;
	form registry.survey_form;
	seen CONSTANT smallint := (SELECT f.state FROM registry.survey_form f WHERE f.form_id = $1);
	next_state smallint;
BEGIN
	IF outcome IS NULL OR outcome NOT IN ('accepted', 'returned') THEN
		RAISE EXCEPTION 'a form is accepted or returned, not "%"', $2 USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF jsonb_typeof(coalesce($4, '[]')) <> 'array' OR (outcome = 'returned' AND coalesce(btrim($3), '') = '' AND coalesce($4, '[]') = '[]') THEN
		RAISE EXCEPTION 'form % is returned without a reason', $1 USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Say why, or box by box: [{"field": "phone", "message": "…"}].';
	END IF;
	-- an accepted second review judges the person: alone, and before the form is locked
	IF outcome = 'accepted' AND seen = 34 THEN
		PERFORM registry.lock_persons();
	ELSE
		PERFORM registry.share_persons();
	END IF;
	SELECT f.* INTO form FROM registry.survey_form f WHERE f.form_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'form % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.review_list shows the forms that wait.';
	END IF;
	-- who decided on the first review must not find it counted as the second
	IF form.state NOT IN (32, 34) OR form.state <> seen THEN
		RAISE EXCEPTION 'form % does not wait for this review', $1
			USING ERRCODE = 'RG041', DETAIL = format('Its state is %s.', form.state), HINT = 'registry.review_list shows the forms that wait.';
	END IF;
	INSERT INTO registry.review (person_id, territory, form_id, round, stage, decision, reason, items, reviewer, reviewer_login)
	VALUES (form.person_id, form.territory, $1, form.round, CASE form.state WHEN 32 THEN 1 ELSE 2 END, outcome, nullif(btrim($3), ''), coalesce($4, '[]'), '', '');
	next_state := CASE
		WHEN outcome = 'returned' THEN form.state + 1
		WHEN form.state = 32 THEN 34
		WHEN form.outcome = 'not_contacted' THEN 60
		WHEN form.outcome IN ('no_such_person', 'refused') THEN 90
		ELSE 40 END;
	UPDATE registry.survey_form f SET state = next_state WHERE f.person_id = form.person_id AND f.form_id = $1;
	IF form.kind = 'survey' THEN
		UPDATE registry.survey_task t SET state = next_state, closed_at = CASE WHEN next_state IN (40, 60, 90) THEN now() END
		WHERE t.person_id = form.person_id AND t.task_id = form.task_id;
		PERFORM registry.set_handling(form.person_id, next_state, $1, form.outcome);
	END IF;
	IF next_state IN (40, 60, 90) THEN
		PERFORM registry.apply_form(form);
	END IF;
	RETURN next_state;
END;
$$;
COMMENT ON FUNCTION registry.review_form(bigint, text, text, jsonb) IS 'first review (town) or second (county) of a form: accept or return; the second applies it';

CREATE OR REPLACE FUNCTION registry.apply_form(done registry.survey_form) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	effect jsonb;
	persons bigint[];
BEGIN
	IF done.kind = 'survey' THEN
		effect := registry.apply_survey(done);
	ELSE
		effect := registry.apply_declaration(done);
	END IF;
	persons := ARRAY[done.person_id, (effect ->> 'person_id')::bigint];
	PERFORM registry.judge_again(array_remove(persons, NULL), CASE done.kind WHEN 'survey' THEN 'survey result' ELSE 'declared ' || done.kind END);
	IF done.kind = 'survey' THEN
		PERFORM registry.apply_item(done.person_id, i.item, i.value, done.signed_on, format('入户调查登记表%s号', done.form_id))
		FROM (VALUES ('phone', done.phone), ('address', done.dwelling_address), ('residence_region', done.dwelling_region::text)) AS i (item, value);
		-- the facts as they are with the answer ask nobody again (rule SV12)
		UPDATE registry.survey_task t
		SET fact_key = registry.survey_fact_key(p.gap, p.class, p.life_status, p.due,
			(SELECT bit_xor(hashtextextended(concat_ws('|', b.rule_id, b.finding_key, b.reopened), 0)) FROM registry.problem b JOIN registry.survey_rule s USING (rule_id)
			 WHERE b.person_id = p.person_id AND b.state <> 'closed'))
		FROM registry.person p
		WHERE p.person_id = done.person_id AND t.person_id = done.person_id AND t.task_id = done.task_id;
	END IF;
	UPDATE registry.survey_form f SET applied = effect WHERE f.person_id = done.person_id AND f.form_id = done.form_id;
END;
$$;
COMMENT ON FUNCTION registry.apply_form(registry.survey_form) IS 'applies a form after its second review and judges the person';

/*
 * registry.confirm_directly(person_id, reason) → new work state
 * registry.confirm_directly(territory, reason) → number of persons
 *
 * Confirms without a visit, with the reason kept.  Of a place: everybody whom
 * the facts confirm (work state 10).  A single person may also be one to be
 * filled in or visited; not somebody gone, unknown, or with money at risk.
 * Errors: 42704 no such person; 22023 no reason; 42501 no second review there;
 * RG041 a person who cannot be confirmed, or whose task is out.
 */
CREATE OR REPLACE FUNCTION registry.confirm_directly(person_id bigint, reason text) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	person registry.person;
BEGIN
	IF coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'a confirmation without a visit needs a reason' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM registry.share_persons();
	SELECT p.* INTO person FROM registry.person p WHERE p.person_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'person % does not exist', $1 USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM registry.survey_demand('{second_review}', person.territory, 'confirming without a visit');
	IF person.class IN ('gone', 'unknown') OR person.work_state NOT IN (10, 20, 30) OR person.citizen_id IS NULL OR person.name IS NULL
	   OR EXISTS (SELECT FROM registry.survey_task t WHERE t.person_id = $1 AND t.state NOT IN (40, 60, 90)) THEN
		RAISE EXCEPTION 'person % cannot be confirmed without a visit', $1
			USING ERRCODE = 'RG041', DETAIL = format('Class "%s", work state %s.', person.class, person.work_state),
				  HINT = 'Possible for persons with number and name in work state 10, 20 or 30 whose task is not out.';
	END IF;
	PERFORM registry.set_handling($1, 10, NULL, btrim($2));
	RETURN 10;
END;
$$;
COMMENT ON FUNCTION registry.confirm_directly(bigint, text) IS 'confirms a person without a visit, with the reason';

CREATE OR REPLACE FUNCTION registry.confirm_directly(territory text, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
	confirmed bigint;
BEGIN
	IF coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'a confirmation without a visit needs a reason' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM registry.survey_demand('{second_review}', place, 'confirming without a visit');
	PERFORM registry.share_persons();
	INSERT INTO registry.handling (person_id, territory, work_state, reason, decided_by)
	SELECT p.person_id, p.territory, 10, btrim($2), registry.actor()
	FROM registry.person p
	WHERE p.territory OPERATOR(registry.<@) place AND p.work_state = 10 AND p.citizen_id IS NOT NULL AND p.name IS NOT NULL
	  AND NOT EXISTS (SELECT FROM registry.survey_task t WHERE t.person_id = p.person_id AND t.state NOT IN (40, 60, 90))
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS confirmed = ROW_COUNT;
	RETURN confirmed;
END;
$$;
COMMENT ON FUNCTION registry.confirm_directly(text, text) IS 'confirms everybody of a place whom the facts confirm, with the reason';

/*
 * registry.sample_revisit(territory, share, seed) → forms drawn for a second
 * visit: the same forms, share and seed give the same sample
 * Errors: 22023 a share not between 0 and 1; 42501.
 */
CREATE OR REPLACE FUNCTION registry.sample_revisit(territory text, share numeric, seed bigint DEFAULT 0)
	RETURNS TABLE (form_id bigint, task_id bigint, person_id bigint, name text, village text, surveyor text, state integer)
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := territory::registry.region_code;
BEGIN
	IF share IS NULL OR share < 0 OR share > 1 THEN
		RAISE EXCEPTION 'a share lies between 0 and 1, not %', share USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM registry.survey_demand('{first_review,second_review}', place, 'drawing a sample');
	RETURN QUERY
	SELECT s.form_id, s.task_id, s.person_id, s.name, s.territory::text, s.surveyor, s.state::integer
	FROM (SELECT f.*, row_number() OVER (ORDER BY hashint8extended(f.form_id, seed), f.form_id) AS place_in_draw, count(*) OVER () AS forms
		  FROM registry.survey_form f
		  WHERE f.kind = 'survey' AND f.round > 0 AND f.territory OPERATOR(registry.<@) place) s
	WHERE s.place_in_draw <= ceil(s.forms * share)
	ORDER BY s.place_in_draw;
END;
$$;
COMMENT ON FUNCTION registry.sample_revisit(text, numeric, bigint) IS 'forms drawn for a second visit; the same seed draws the same';

CREATE OR REPLACE VIEW registry.review_list WITH (security_barrier) AS
SELECT f.form_id, f.kind, f.task_id, f.person_id, p.citizen_id::text AS citizen_id, coalesce(p.name, f.name) AS name, f.territory::text AS territory,
	registry.region_name(f.territory, (SELECT registry.reference_date())) AS territory_name,
	f.state::integer AS state, CASE f.state WHEN 32 THEN '待初审' WHEN 33 THEN '初审退回' WHEN 34 THEN '待复审' WHEN 35 THEN '复审退回' END AS state_name,
	f.round, f.form, f.effective_on, f.notes, f.surveyor, f.submitted_by, f.submitted_at,
	r.reason AS returned_because, r.items AS returned_items, r.reviewer AS reviewed_by, r.reviewed_at
FROM registry.survey_form f
LEFT JOIN registry.person p ON p.person_id = f.person_id
LEFT JOIN LATERAL (SELECT v.* FROM registry.review v WHERE v.person_id = f.person_id AND v.form_id = f.form_id ORDER BY v.review_id DESC LIMIT 1) r ON true
WHERE f.state IN (32, 33, 34, 35)
  AND ((SELECT registry.survey_owner())
	   OR EXISTS (SELECT FROM registry.survey_places('{entry,first_review,second_review,audit}') AS s (place) WHERE f.territory OPERATOR(registry.<@) s.place));
COMMENT ON VIEW registry.review_list IS 'forms that wait for a review or were returned, with the reasons; of the reader''s places';

REVOKE EXECUTE ON FUNCTION registry.apply_item(bigint, text, text, date, text),
	registry.state_circumstance(bigint, text, bigint, text, text, date, text),
	registry.state_elsewhere(bigint, text, bigint, text, region_code, integer),
	registry.apply_survey(registry.survey_form), registry.apply_form(registry.survey_form),
	registry.review_form(bigint, text, text, jsonb), registry.confirm_directly(bigint, text), registry.confirm_directly(text, text),
	registry.sample_revisit(text, numeric, bigint) FROM PUBLIC;
