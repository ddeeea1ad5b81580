-- The registration form: its boxes, the rules SV01 to SV17, submitting it one by
-- one or as a file, and the page to print.
--
-- The form is a JSON object; every box may hold a code or the word printed beside
-- it (registry.survey_word):
--	name, citizen_id; employment, employer_name, employer_code; hukou_region;
--	dwelling_region, dwelling_address; phone; pension, medical (one or several
--	boxes), unemployment, injury, maternity; reason, reason_kind (the kind the
--	reason is about, pension unless said otherwise), elsewhere, elsewhere_region,
--	elsewhere_schemes; signer, signer_name, signed_on, power (written power of an
--	agent or proof of the village), capacity (false: no full civil capacity);
--	outcome, witness, attempts [{at, channel, outcome}]; reason_from (since when),
--	death_date, death_proof; benefit_monthly; surveyor, handler, started_at,
--	finished_at; attachments [{kind, sha256, file_name}].

-- One fault or note of a form.
CREATE OR REPLACE FUNCTION registry.form_fault(field text, code text, message text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT jsonb_build_array(jsonb_build_object('field', field, 'code', code, 'message', message));
END;
COMMENT ON FUNCTION registry.form_fault(text, text, text) IS 'a fault of a form, as an array of one';

-- A text as a date, a time or a number; null when it is none.
CREATE OR REPLACE FUNCTION registry.form_date(word text) RETURNS date
	LANGUAGE plpgsql IMMUTABLE
	SET datestyle = 'ISO, YMD'
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN word ~ '^\s*\d{4}[-./年]?\d{1,2}[-./月]?\d{1,2}日?\s*$'
				THEN regexp_replace(regexp_replace(btrim(word), '日$', ''), '[./年月]', '-', 'g')::date END;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.form_date(text) IS 'a date as people write it, null when it is none';

CREATE OR REPLACE FUNCTION registry.form_time(word text) RETURNS timestamptz
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN word::timestamptz;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.form_time(text) IS 'a text as a time, null when it is none';

CREATE OR REPLACE FUNCTION registry.form_region(word text) RETURNS region_code
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN btrim(word)::registry.region_code;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.form_region(text) IS 'a text as a region code, null when it is none';

/*
 * Box of a form as a code.  Adds a fault SV17 for a word the list does not know.
 */
CREATE OR REPLACE FUNCTION registry.form_code(form jsonb, field text, list text, INOUT faults jsonb, OUT code text)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	word CONSTANT text := nullif(btrim(form ->> field), '');
BEGIN
	IF word IS NULL THEN
		RETURN;
	END IF;
	code := registry.survey_code(list, word);
	IF code IS NULL THEN
		faults := faults || registry.form_fault(field, 'SV17', format('“%s”不在可选项中，请按表上印的选项填写', left(word, 40)));
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.form_code(jsonb, text, text, jsonb) IS 'box of a form as a code; adds a fault for a word that the list does not know';

-- The insurance boxes ticked, with faults SV17.
CREATE OR REPLACE FUNCTION registry.form_schemes(form jsonb, INOUT faults jsonb, OUT schemes text[])
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	box record;
	code text;
BEGIN
	schemes := '{}';
	FOR box IN
		SELECT l.list, l.list AS field, w.word
		FROM (VALUES ('pension'), ('medical')) AS l (list),
			 LATERAL unnest(CASE jsonb_typeof(form -> l.list)
								WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(form -> l.list))
								WHEN 'string' THEN regexp_split_to_array(form ->> l.list, '[;,，；、|]') END) AS w (word)
		WHERE btrim(w.word) <> ''
		UNION ALL
		SELECT 'yes', l.field, form ->> l.field
		FROM (VALUES ('unemployment'), ('injury'), ('maternity')) AS l (field)
		WHERE nullif(btrim(form ->> l.field), '') IS NOT NULL
	LOOP
		code := registry.survey_code(box.list, box.word);
		IF code IS NULL THEN
			faults := faults || registry.form_fault(box.field, 'SV17', format('“%s”不在可选项中，请按表上印的选项填写', left(box.word, 40)));
		ELSIF box.list <> 'yes' THEN
			schemes := schemes || code;
		ELSIF code = 'true' THEN
			schemes := schemes || CASE box.field WHEN 'unemployment' THEN 'U' WHEN 'injury' THEN 'W' ELSE 'B' END;
		END IF;
	END LOOP;
	schemes := ARRAY(SELECT DISTINCT unnest(schemes) ORDER BY 1);
END;
$$;
COMMENT ON FUNCTION registry.form_schemes(jsonb, jsonb) IS 'insurance boxes of a form as schemes; adds a fault for a word that the list does not know';

-- Who signed, and whether that person could.
CREATE OR REPLACE FUNCTION registry.check_signature(form jsonb, row_in registry.survey_form, birth_date date) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	faults jsonb := '[]';
	of_age CONSTANT boolean := birth_date IS NULL OR birth_date <= coalesce(row_in.signed_on, current_date) - interval '18 years'
		-- from 16 on who lives by own work has full capacity (Civil Code, art. 18)
		OR (birth_date <= coalesce(row_in.signed_on, current_date) - interval '16 years' AND row_in.employment = '1');
	capable CONSTANT boolean := coalesce(registry.survey_code('yes', form ->> 'capacity'), 'true') = 'true';
BEGIN
	IF row_in.signer IS NULL OR row_in.signer_name IS NULL OR row_in.signed_on IS NULL THEN
		faults := faults || registry.form_fault('signer', 'SV01', '缺少签名：须由本人、监护人或代理人签名并填写签名人和日期');
	ELSIF row_in.signed_on > current_date THEN
		faults := faults || registry.form_fault('signed_on', 'date', '签名日期不能晚于今天');
	END IF;
	IF NOT (of_age AND capable) AND row_in.signer IS DISTINCT FROM 'guardian' THEN
		faults := faults || registry.form_fault('signer', 'SV02', '未成年人或无完全民事行为能力的人，须由监护人签名');
	END IF;
	IF row_in.signer = 'agent' AND nullif(btrim(form ->> 'power'), '') IS NULL THEN
		faults := faults || registry.form_fault('power', 'SV03', '代理人签名须附本人书面委托书或村（居）委会证明');
	END IF;
	RETURN faults;
END;
$$;
COMMENT ON FUNCTION registry.check_signature(jsonb, registry.survey_form, date) IS 'rules SV01, SV02, SV03';

-- Boxes that cannot be true together, or of which one is missing.
CREATE OR REPLACE FUNCTION registry.check_boxes(form jsonb, row_in registry.survey_form, ticked text[]) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	faults jsonb := '[]';
	about CONSTANT text := coalesce(nullif(btrim(form ->> 'reason_kind'), ''), 'pension');
	pensions CONSTANT integer := (SELECT count(*) FROM unnest(ticked) s WHERE s LIKE 'P%');
	medicals CONSTANT integer := (SELECT count(*) FROM unnest(ticked) s WHERE s LIKE 'M%');
BEGIN
	IF about NOT IN ('pension', 'medical') THEN
		faults := faults || registry.form_fault('reason_kind', 'SV17', '未参保原因所指险种只能是养老（pension）或医疗（medical）');
	END IF;
	IF row_in.reason_code IS NOT NULL AND (CASE about WHEN 'medical' THEN medicals ELSE pensions END) > 0 THEN
		faults := faults || registry.form_fault('reason', 'SV06', '已勾选参保，又填写了该险种的未参保原因，两者只能填一项');
	END IF;
	IF row_in.employment = '1' AND row_in.employer_name IS NULL THEN
		faults := faults || registry.form_fault('employer_name', 'SV06', '已单位就业的，须填写单位全称');
	END IF;
	IF pensions > 1 THEN
		faults := faults || registry.form_fault('pension', 'SV06', '养老保险只能勾选一项');
	END IF;
	IF medicals > 1 THEN
		faults := faults || registry.form_fault('medical', 'SV06', '医疗保险只能勾选一项');
	END IF;
	IF row_in.elsewhere IS NOT NULL AND row_in.elsewhere_region IS NULL THEN
		faults := faults || registry.form_fault('elsewhere_region', 'missing', '异地参保的，须填写参保地区划代码');
	ELSIF row_in.elsewhere_region OPERATOR(registry.<@) registry.home_region() THEN
		faults := faults || registry.form_fault('elsewhere_region', 'SV06', '异地参保的参保地不能在本市');
	ELSIF row_in.elsewhere IS NOT NULL
		  AND (row_in.elsewhere = 'in_province') <> (row_in.elsewhere_region OPERATOR(registry.<@) registry.region_at_level(registry.home_region(), 1)) THEN
		faults := faults || registry.form_fault('elsewhere', 'SV06', '省内、省外与参保地区划代码不符');
	END IF;
	IF row_in.outcome = 'registered' AND ticked = '{}' AND row_in.reason_code IS NULL AND row_in.elsewhere IS NULL THEN
		faults := faults || registry.form_fault('reason', 'missing', '未勾选任何险种的，须填写未参保原因或异地参保');
	END IF;
	IF row_in.outcome = 'registered' AND row_in.employment IS NULL AND coalesce(row_in.reason_code, '') <> '12' THEN
		faults := faults || registry.form_fault('employment', 'missing', '请勾选就业状况');
	END IF;
	IF row_in.outcome = 'registered' AND coalesce(row_in.reason_code, '') <> '12' THEN
		IF row_in.phone IS NULL THEN
			faults := faults || registry.form_fault('phone', 'missing', '请填写联系电话');
		ELSIF row_in.phone !~ '^(1[3-9]\d{9}|(0\d{2,3}-?)?[2-9]\d{6,7})$' THEN
			faults := faults || registry.form_fault('phone', 'phone', '联系电话不是手机号码或固定电话号码');
		END IF;
	END IF;
	RETURN faults;
END;
$$;
COMMENT ON FUNCTION registry.check_boxes(jsonb, registry.survey_form, text[]) IS 'rule SV06, and what may not be missing';

-- Death, those not met, and what was tried.
CREATE OR REPLACE FUNCTION registry.check_outcome(form jsonb, row_in registry.survey_form, known jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	faults jsonb := '[]';
	died CONSTANT date := registry.form_date(form ->> 'death_date');
	tried integer;
BEGIN
	IF row_in.reason_code = '12' THEN
		IF died IS NULL OR died > current_date THEN
			faults := faults || registry.form_fault('death_date', 'SV08', '填报死亡的，须填写死亡日期，且不晚于今天');
		END IF;
		IF nullif(btrim(form ->> 'death_proof'), '') IS NULL THEN
			faults := faults || registry.form_fault('death_proof', 'SV08', '填报死亡的，须附死亡证明（火化证、死亡医学证明或村居证明）');
		END IF;
	END IF;
	IF row_in.outcome = 'not_contacted' OR row_in.reason_code = '16' THEN
		-- the same hour by the same way is one attempt
		SELECT count(DISTINCT (date_trunc('hour', registry.form_time(a ->> 'at')), registry.survey_code('channel', a ->> 'channel'))) INTO tried
		FROM jsonb_array_elements(known || CASE jsonb_typeof(form -> 'attempts') WHEN 'array' THEN form -> 'attempts' ELSE '[]' END) a
		WHERE registry.form_time(a ->> 'at') <= now() AND registry.survey_code('channel', a ->> 'channel') IS NOT NULL;
		IF tried < 3 THEN
			faults := faults || registry.form_fault('attempts', 'SV09', format('无法联系的，须有三次不同时间或不同方式的联系记录，现有%s次', tried));
		END IF;
	END IF;
	IF row_in.outcome = 'no_such_person'
	   AND (nullif(btrim(form ->> 'witness'), '') IS NULL OR btrim(form ->> 'witness') = row_in.surveyor) THEN
		faults := faults || registry.form_fault('witness', 'SV10', '查无此人的，须有调查员以外的第二名证明人');
	END IF;
	RETURN faults;
END;
$$;
COMMENT ON FUNCTION registry.check_outcome(jsonb, registry.survey_form, jsonb) IS 'rules SV08, SV09, SV10';

-- What the form says of whom and where, against what was sent out.
CREATE OR REPLACE FUNCTION registry.check_dispatched(row_in registry.survey_form, place region_code, person registry.person) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	faults jsonb := '[]';
	town CONSTANT registry.region_code := registry.region_at_level(place, least(registry.region_level(place), 4));
BEGIN
	IF row_in.name IS NULL THEN
		faults := faults || registry.form_fault('name', 'missing', '请填写姓名');
	ELSIF person.name IS NOT NULL AND registry.name_key(row_in.name) IS DISTINCT FROM person.name_key
		  AND registry.name_variant_key(row_in.name) IS DISTINCT FROM registry.name_variant_key(person.name) THEN
		faults := faults || registry.form_fault('name', 'SV16', '姓名与下发的姓名不一致；姓名确有变更的，请按“姓名更正”办理');
	END IF;
	IF row_in.citizen_id IS NOT NULL AND person.citizen_id IS NOT NULL
	   AND registry.citizen_id_try(row_in.citizen_id)::text IS DISTINCT FROM person.citizen_id::text THEN
		faults := faults || registry.form_fault('citizen_id', 'SV16', '公民身份号码与下发的不一致；号码确有错误的，请按“号码更正”办理');
	END IF;
	IF registry.region_level(row_in.dwelling_region) >= 5 AND NOT row_in.dwelling_region OPERATOR(registry.<@) town THEN
		faults := faults || registry.form_fault('dwelling_region', 'SV15', '常住地12位代码不属于任务所在的乡镇（街道）；已迁居的，请按“迁出”办理');
	END IF;
	RETURN faults;
END;
$$;
COMMENT ON FUNCTION registry.check_dispatched(registry.survey_form, region_code, registry.person) IS 'rules SV15, SV16';

-- Notes that do not return a form: SV07 a lead to an employer nobody knew, SV14
-- an amount to be looked at.
CREATE OR REPLACE FUNCTION registry.note_form(form jsonb, row_in registry.survey_form) RETURNS jsonb
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	notes jsonb := '[]';
	answered CONSTANT numeric := CASE WHEN form ->> 'benefit_monthly' ~ '^\s*\d{1,9}(\.\d+)?\s*$' THEN (form ->> 'benefit_monthly')::numeric END;
	booked numeric;
BEGIN
	IF row_in.employment = '1' AND row_in.employer_name IS NOT NULL
	   AND NOT EXISTS (SELECT FROM registry.employer e
					   WHERE e.ended_on IS NULL AND (e.code = row_in.employer_code OR e.name = row_in.employer_name)) THEN
		notes := notes || registry.form_fault('employer_name', 'SV07', '单位不在单位库中，已作为新单位线索转征缴机构');
	END IF;
	IF answered IS NOT NULL THEN
		SELECT coalesce(sum(e.benefit_monthly), 0) INTO booked FROM registry.enrolment e
		WHERE e.person_id = row_in.person_id AND e.ended_on IS NULL AND e.benefit_state = 1;
		IF booked <> answered THEN
			notes := notes || registry.form_fault('benefit_monthly', 'SV14', format('自述月待遇%s元与台账%s元不符，待核查', answered, booked));
		END IF;
	END IF;
	RETURN notes;
END;
$$;
COMMENT ON FUNCTION registry.note_form(jsonb, registry.survey_form) IS 'rules SV07, SV14: what is noted without returning the form';

/*
 * Reads a form into the columns of survey_form and finds every fault at once.
 */
CREATE OR REPLACE FUNCTION registry.read_form(form jsonb, task registry.survey_task, OUT faults jsonb, OUT parsed registry.survey_form)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	person registry.person;
	ticked text[];
	field text;
BEGIN
	faults := '[]';
	SELECT p.* INTO person FROM registry.person p WHERE p.person_id = task.person_id;
	parsed.person_id := task.person_id;
	parsed.territory := task.territory;
	parsed.kind := 'survey';
	parsed.task_id := task.task_id;
	parsed.form := form;
	SELECT c.faults, c.code INTO faults, parsed.outcome FROM registry.form_code(form, 'outcome', 'outcome', faults) c;
	parsed.outcome := coalesce(parsed.outcome, 'registered');
	SELECT c.faults, c.code INTO faults, parsed.employment FROM registry.form_code(form, 'employment', 'employment', faults) c;
	SELECT c.faults, c.code INTO faults, parsed.reason_code FROM registry.form_code(form, 'reason', 'reason', faults) c;
	SELECT c.faults, c.code INTO faults, parsed.elsewhere FROM registry.form_code(form, 'elsewhere', 'elsewhere', faults) c;
	SELECT c.faults, c.code INTO faults, parsed.signer FROM registry.form_code(form, 'signer', 'signer', faults) c;
	SELECT s.faults, s.schemes INTO faults, ticked FROM registry.form_schemes(form, faults) s;
	parsed.schemes := ('{' || array_to_string(ticked, ',') || '}')::registry.coverage;
	parsed.name := nullif(registry.name_clean(form ->> 'name'), '');
	parsed.citizen_id := nullif(btrim(form ->> 'citizen_id'), '');
	parsed.employer_name := nullif(btrim(form ->> 'employer_name'), '');
	parsed.employer_code := nullif(upper(btrim(form ->> 'employer_code')), '');
	parsed.dwelling_address := nullif(btrim(form ->> 'dwelling_address'), '');
	parsed.phone := nullif(regexp_replace(normalize(coalesce(form ->> 'phone', ''), NFKC), '[[:space:]]', '', 'g'), '');
	parsed.signer_name := nullif(btrim(form ->> 'signer_name'), '');
	parsed.surveyor := coalesce(nullif(btrim(form ->> 'surveyor'), ''), task.surveyor);
	FOREACH field IN ARRAY '{signed_on,death_date,reason_from}'::text[] LOOP
		IF nullif(btrim(form ->> field), '') IS NOT NULL AND registry.form_date(form ->> field) IS NULL THEN
			faults := faults || registry.form_fault(field, 'date', format('“%s”不是日期，请按年-月-日填写', left(form ->> field, 20)));
		END IF;
	END LOOP;
	FOREACH field IN ARRAY '{hukou_region,dwelling_region,elsewhere_region}'::text[] LOOP
		IF nullif(btrim(form ->> field), '') IS NOT NULL AND registry.form_region(form ->> field) IS NULL THEN
			faults := faults || registry.form_fault(field, 'code', format('“%s”不是行政区划代码', left(form ->> field, 20)));
		END IF;
	END LOOP;
	parsed.signed_on := registry.form_date(form ->> 'signed_on');
	parsed.hukou_region := registry.form_region(form ->> 'hukou_region');
	parsed.dwelling_region := registry.form_region(form ->> 'dwelling_region');
	parsed.elsewhere_region := registry.form_region(form ->> 'elsewhere_region');
	IF jsonb_typeof(form -> 'attempts') NOT IN ('array', 'null') THEN
		faults := faults || registry.form_fault('attempts', 'code', '联系记录须逐次填写');
	END IF;
	IF parsed.outcome = 'registered' THEN
		faults := faults || registry.check_signature(form, parsed, person.birth_date);
	END IF;
	faults := faults || registry.check_boxes(form, parsed, ticked) || registry.check_outcome(form, parsed, task.attempts)
		|| registry.check_dispatched(parsed, task.territory, person);
	parsed.notes := registry.note_form(form, parsed);
	parsed.unchanged := parsed.name IS NOT DISTINCT FROM person.name AND parsed.phone IS NOT DISTINCT FROM person.phone
		AND coalesce(parsed.dwelling_address, person.address) IS NOT DISTINCT FROM person.address
		AND coalesce(parsed.dwelling_region, person.residence_region) IS NOT DISTINCT FROM person.residence_region
		AND coalesce(parsed.hukou_region, person.hukou_region) IS NOT DISTINCT FROM person.hukou_region;
	parsed.seconds := (SELECT least(greatest(s.seconds, 0), 1000000000) FROM (SELECT extract(epoch FROM registry.form_time(form ->> 'finished_at') - registry.form_time(form ->> 'started_at'))) AS s (seconds)
					   WHERE s.seconds IS NOT NULL)::integer;
END;
$$;
COMMENT ON FUNCTION registry.read_form(jsonb, registry.survey_task) IS 'reads a registration form and finds every fault at once';

-- Locks a task; another act on it waits.
CREATE OR REPLACE FUNCTION registry.take_task(task_id bigint) RETURNS registry.survey_task
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	task registry.survey_task;
BEGIN
	SELECT t.* INTO task FROM registry.survey_task t WHERE t.task_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'survey task % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.task_list shows the tasks.';
	END IF;
	RETURN task;
END;
$$;
COMMENT ON FUNCTION registry.take_task(bigint) IS 'locks a survey task for an act';

-- Writes a form that was read as the current one of its task.
CREATE OR REPLACE FUNCTION registry.keep_form(parsed registry.survey_form, form_id bigint, new_state smallint) RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	kept bigint := form_id;
BEGIN
	IF kept IS NULL THEN
		kept := nextval('registry.survey_form_id_seq');
		INSERT INTO registry.survey_form (person_id, form_id, territory, kind, task_id, state, round, form, effective_on, outcome, name, citizen_id,
			employment, employer_code, employer_name, hukou_region, dwelling_region, dwelling_address, phone, schemes, reason_code, elsewhere,
			elsewhere_region, signer, signer_name, signed_on, surveyor, unchanged, seconds, notes, submitted_by, submitted_login)
		VALUES (parsed.person_id, kept, parsed.territory, parsed.kind, parsed.task_id, new_state, CASE new_state WHEN 32 THEN 1 ELSE 0 END, parsed.form,
			parsed.effective_on, parsed.outcome, parsed.name, parsed.citizen_id, parsed.employment, parsed.employer_code, parsed.employer_name,
			parsed.hukou_region, parsed.dwelling_region, parsed.dwelling_address, parsed.phone, parsed.schemes, parsed.reason_code, parsed.elsewhere,
			parsed.elsewhere_region, parsed.signer, parsed.signer_name, parsed.signed_on, parsed.surveyor, parsed.unchanged, parsed.seconds,
			coalesce(parsed.notes, '[]'), '', '');
	ELSE
		UPDATE registry.survey_form f SET (state, form, effective_on, outcome, name, citizen_id, employment, employer_code, employer_name, hukou_region,
			dwelling_region, dwelling_address, phone, schemes, reason_code, elsewhere, elsewhere_region, signer, signer_name, signed_on, surveyor,
			unchanged, seconds, notes)
		  = (new_state, parsed.form, parsed.effective_on, parsed.outcome, parsed.name, parsed.citizen_id, parsed.employment, parsed.employer_code,
			parsed.employer_name, parsed.hukou_region, parsed.dwelling_region, parsed.dwelling_address, parsed.phone, parsed.schemes,
			parsed.reason_code, parsed.elsewhere, parsed.elsewhere_region, parsed.signer, parsed.signer_name, parsed.signed_on, parsed.surveyor,
			parsed.unchanged, parsed.seconds, coalesce(parsed.notes, '[]'))
		WHERE f.person_id = parsed.person_id AND f.form_id = kept;
	END IF;
	RETURN kept;
END;
$$;
COMMENT ON FUNCTION registry.keep_form(registry.survey_form, bigint, smallint) IS 'writes a form as the current one';

/*
 * registry.submit_form(task_id, form [, client_key]) → {"ok", "form_id",
 * "faults": [{"field", "code", "message"}], "notes": […]}
 *
 * Hands a filled form in for its first review.  Every fault is answered at once
 * and in words for a clerk; a form with faults is kept as a draft (an earlier one
 * that was returned stays as it is).  client_key: a client that does not know
 * whether its call arrived calls again with the key and gets the same answer.
 * A form for a task that was recalled meanwhile is kept and answered (SV13).
 * Errors: 42704 no such task; 42501 no entry there; 22023 the form is no object,
 * or the key came with another form; RG041 the task does not wait for a form.
 */
CREATE OR REPLACE FUNCTION registry.submit_form(task_id bigint, form jsonb, client_key text DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	task registry.survey_task;
	earlier registry.survey_submission;
	reading record;
	kept bigint;
	answer jsonb;
BEGIN
	IF jsonb_typeof(form) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'the form must be a JSON object' USING ERRCODE = 'invalid_parameter_value', HINT = 'The README lists its boxes.';
	END IF;
	PERFORM registry.share_persons();
	task := registry.take_task($1);
	PERFORM registry.survey_demand('{entry}', task.territory, 'handing in forms');
	SELECT s.* INTO earlier FROM registry.survey_submission s
	WHERE s.person_id = task.person_id AND s.task_id = task.task_id AND s.client_key = $3;
	IF FOUND THEN
		IF earlier.form <> form THEN
			RAISE EXCEPTION 'client key "%" came with another form', $3 USING ERRCODE = 'invalid_parameter_value', HINT = 'A corrected form needs a key of its own.';
		END IF;
		RETURN earlier.answer;
	END IF;
	IF task.recalled_at IS NOT NULL THEN
		answer := jsonb_build_object('ok', false, 'form_id', task.form_id, 'notes', '[]'::jsonb,
									 'faults', registry.form_fault('task', 'SV13', '任务已收回，填写的内容已留存，无需再办'));
		INSERT INTO registry.survey_submission (person_id, territory, task_id, form_id, client_key, form, answer, submitted_by)
			VALUES (task.person_id, task.territory, task.task_id, task.form_id, $3, form, answer, registry.actor());
		RETURN answer;
	END IF;
	IF task.state NOT IN (20, 30, 31, 33, 35) THEN
		RAISE EXCEPTION 'survey task % does not wait for a form', $1
			USING ERRCODE = 'RG041', DETAIL = format('Its state is %s.', task.state), HINT = 'A form in review can be returned by its reviewer.';
	END IF;
	SELECT r.faults, r.parsed INTO reading FROM registry.read_form(form, task) r;
	kept := task.form_id;
	IF reading.faults = '[]' THEN
		kept := registry.keep_form(reading.parsed, kept, 32::smallint);
		PERFORM registry.file_proofs(reading.parsed, kept);
	ELSIF task.state IN (20, 30, 31) THEN
		kept := registry.keep_form(reading.parsed, kept, 31::smallint);
	END IF;
	answer := jsonb_build_object('ok', reading.faults = '[]', 'form_id', kept, 'faults', reading.faults, 'notes', (reading.parsed).notes);
	INSERT INTO registry.survey_submission (person_id, territory, task_id, form_id, client_key, form, answer, submitted_by)
		VALUES (task.person_id, task.territory, task.task_id, kept, $3, form, answer, registry.actor());
	IF reading.faults = '[]' OR task.state IN (20, 30, 31) THEN
		UPDATE registry.survey_task t SET state = CASE WHEN reading.faults = '[]' THEN 32 ELSE 31 END, form_id = kept
		WHERE t.person_id = task.person_id AND t.task_id = task.task_id;
		PERFORM registry.set_handling(task.person_id, CASE WHEN reading.faults = '[]' THEN 32 ELSE 31 END, kept, NULL);
	END IF;
	RETURN answer;
END;
$$;
COMMENT ON FUNCTION registry.submit_form(bigint, jsonb, text) IS 'hands in a registration form; answers every fault at once, by field';

/*
 * registry.note_attempt(task_id, channel, outcome [, at]) → number of attempts
 * Errors: 42704; 42501; RG041 a task that is decided; 22023 unknown channel.
 */
CREATE OR REPLACE FUNCTION registry.note_attempt(task_id bigint, channel text, outcome text, at timestamptz DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	task registry.survey_task;
	way CONSTANT text := registry.survey_code('channel', channel);
BEGIN
	IF way IS NULL THEN
		RAISE EXCEPTION 'there is no channel "%"', channel USING ERRCODE = 'invalid_parameter_value', HINT = 'Channels are 上门, 电话, 视频 and 网办.';
	END IF;
	PERFORM registry.share_persons();
	task := registry.take_task($1);
	PERFORM registry.survey_demand('{entry}', task.territory, 'noting attempts');
	IF task.state IN (40, 60, 90) OR coalesce(at, now()) > now() THEN
		RAISE EXCEPTION 'no attempt can be noted for task %', $1 USING ERRCODE = 'RG041', DETAIL = format('Its state is %s.', task.state);
	END IF;
	UPDATE registry.survey_task t
	SET attempts = t.attempts || jsonb_build_object('at', coalesce($4, clock_timestamp()), 'channel', way, 'outcome', $3, 'by', registry.actor()),
		state = CASE WHEN t.state IN (20, 30) THEN 31 ELSE t.state END
	WHERE t.person_id = task.person_id AND t.task_id = task.task_id;
	IF task.state IN (20, 30) THEN
		PERFORM registry.set_handling(task.person_id, 31, NULL, NULL);
	END IF;
	RETURN jsonb_array_length(task.attempts) + 1;
END;
$$;
COMMENT ON FUNCTION registry.note_attempt(bigint, text, text, timestamptz) IS 'notes a visit or call for a survey task; returns how many there are';

-- Attachments of a form into the archive register.
CREATE OR REPLACE FUNCTION registry.file_proofs(parsed registry.survey_form, form_id bigint) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.survey_proof (person_id, territory, form_id, kind, sha256, file_name, filed_by)
	SELECT DISTINCT ON (a ->> 'sha256') parsed.person_id, parsed.territory, $2, coalesce(a ->> 'kind', '附件'), decode(a ->> 'sha256', 'hex'), a ->> 'file_name', registry.actor()
	FROM jsonb_array_elements(CASE jsonb_typeof(parsed.form -> 'attachments') WHEN 'array' THEN parsed.form -> 'attachments' ELSE '[]' END) a
	WHERE a ->> 'sha256' ~ '^[0-9A-Fa-f]{64}$'
	ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.file_proofs(registry.survey_form, bigint) IS 'enters the attachments of a form into the archive register';

REVOKE EXECUTE ON FUNCTION registry.take_task(bigint), registry.keep_form(registry.survey_form, bigint, smallint),
	registry.read_form(jsonb, registry.survey_task), registry.submit_form(bigint, jsonb, text),
	registry.note_attempt(bigint, text, text, timestamptz), registry.file_proofs(registry.survey_form, bigint),
	registry.note_form(jsonb, registry.survey_form) FROM PUBLIC;
