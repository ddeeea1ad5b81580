-- Changes that people declare: birth, death, moves, corrections, enrolments.

/*
 * registry.declare_change(person_id, kind, date, facts) → form_id
 *
 * Declares a change that takes effect on a date; it goes through both reviews of
 * a form (registry.review_form) and is applied by the second.  Proof is needed:
 * facts.proof names it.  facts by kind:
 *	birth		person_id null; name, sex (M, F), hukou_region, citizen_id if there is one
 *	death		—
 *	move_in		hukou_region, address
 *	move_out	in_province (true, false), to
 *	name		name
 *	number		citizen_id
 *	enrolment	scheme, region (of another city)
 * Errors: 42704 no such person; 22023 unknown kind, a fact missing or wrong, no
 * proof; 42501 no entry there; 22008 a date more than 31 days ahead.
 */
CREATE OR REPLACE FUNCTION registry.declare_change(person_id bigint, kind text, date date, facts jsonb DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	person registry.person;
	declared registry.survey_form;
	lacking text;
BEGIN
	IF coalesce($2, '') NOT IN ('birth', 'death', 'move_in', 'move_out', 'name', 'number', 'enrolment') THEN
		RAISE EXCEPTION 'there is no declared change "%"', $2 USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Kinds are birth, death, move_in, move_out, name, number and enrolment.';
	END IF;
	IF jsonb_typeof($4) IS DISTINCT FROM 'object' OR $3 IS NULL THEN
		RAISE EXCEPTION 'a declared change needs a date and its facts as a JSON object' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF $3 > current_date + 31 THEN
		RAISE EXCEPTION 'the date % lies too far ahead', $3 USING ERRCODE = 'datetime_field_overflow';
	END IF;
	SELECT k INTO lacking FROM unnest(string_to_array(CASE $2
		WHEN 'birth' THEN 'proof,name,sex,hukou_region' WHEN 'move_in' THEN 'proof,hukou_region' WHEN 'move_out' THEN 'proof,in_province'
		WHEN 'name' THEN 'proof,name' WHEN 'number' THEN 'proof,citizen_id' WHEN 'enrolment' THEN 'proof,scheme,region' ELSE 'proof' END, ',')) k
	WHERE coalesce(btrim($4 ->> k), '') = '' LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'declared change "%" lacks "%"', $2, lacking USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF $2 = 'birth' THEN
		declared.person_id := 0;
		declared.territory := ($4 ->> 'hukou_region')::registry.region_code;
		IF NOT declared.territory OPERATOR(registry.<@) registry.home_region() THEN
			RAISE EXCEPTION 'region % is not of this registry', $4 ->> 'hukou_region' USING ERRCODE = 'invalid_parameter_value';
		END IF;
	ELSE
		SELECT p.* INTO person FROM registry.person p WHERE p.person_id = $1;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'person % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.find_person() finds persons by number.';
		END IF;
		declared.person_id := $1;
		declared.territory := person.territory;
	END IF;
	PERFORM registry.survey_demand('{entry}', declared.territory, 'declaring changes');
	IF $4 ? 'citizen_id' AND registry.citizen_id_try($4 ->> 'citizen_id') IS NULL THEN
		RAISE EXCEPTION '"%" is no citizen number', $4 ->> 'citizen_id' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF $4 ? 'citizen_id' AND EXISTS (SELECT FROM registry.person_alias a WHERE a.value = registry.citizen_id_try($4 ->> 'citizen_id')::text) THEN
		RAISE EXCEPTION 'number % has a person already', registry.citizen_id_mask(registry.citizen_id_try($4 ->> 'citizen_id'))
			USING ERRCODE = 'invalid_parameter_value', HINT = 'If both are one person, registry.merge_person() joins them.';
	END IF;
	IF $2 = 'enrolment' THEN
		IF NOT EXISTS (SELECT FROM registry.scheme s WHERE s.scheme = $4 ->> 'scheme') THEN
			RAISE EXCEPTION 'there is no scheme "%"', $4 ->> 'scheme' USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.scheme lists them.';
		END IF;
		IF ($4 ->> 'region')::registry.region_code OPERATOR(registry.<@) registry.home_region() THEN
			RAISE EXCEPTION 'enrolments of this city come from its agencies' USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Only an enrolment in another region can be declared.';
		END IF;
	END IF;
	PERFORM registry.share_persons();
	declared.kind := $2;
	declared.form := $4;
	declared.effective_on := $3;
	declared.name := coalesce($4 ->> 'name', person.name);
	declared.hukou_region := ($4 ->> 'hukou_region')::registry.region_code;
	RETURN registry.keep_form(declared, NULL, 32::smallint);
END;
$$;
COMMENT ON FUNCTION registry.declare_change(bigint, text, date, jsonb) IS 'declares a change of a person; both reviews follow';

-- A register row that a declaration brought: the police's own, once it comes, is newer.
CREATE OR REPLACE FUNCTION registry.state_population(person bigint, done registry.survey_form, number text, status smallint) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.population (person_id, territory, source, batch_id, line_no, row_key, row_hash, origin_person, id_kind, number, citizen_id,
									 name, name_key, sex, birth_date, hukou_region, hukou_address, status, status_date, valid_from)
	SELECT person, done.territory, 'declaration', 0, 0, md5(concat_ws('|', 'declaration', done.form_id))::uuid, done.form_id, person,
		   coalesce(p.id_kind, '01'), number, registry.citizen_id_try(number), coalesce(done.name, p.name, ''), registry.name_key(coalesce(done.name, p.name, '')),
		   coalesce(done.form ->> 'sex', p.sex), CASE done.kind WHEN 'birth' THEN done.effective_on ELSE p.birth_date END,
		   coalesce(done.hukou_region, p.hukou_region), done.form ->> 'address', status,
		   CASE WHEN done.kind <> 'birth' THEN done.effective_on END, done.effective_on
	FROM (SELECT) AS one LEFT JOIN registry.person p ON p.person_id = person
	ON CONFLICT (row_key) DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.state_population(bigint, registry.survey_form, text, smallint) IS 'writes a register row that a declared change established';

CREATE OR REPLACE FUNCTION registry.apply_declaration(done registry.survey_form) RETURNS jsonb
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	number text := registry.citizen_id_try(done.form ->> 'citizen_id')::text;
	born bigint;
	old_name text;
BEGIN
	CASE done.kind
	WHEN 'birth' THEN
		SELECT greatest((SELECT max(a.person_id) FROM registry.person_alias a), (SELECT max(p.person_id) FROM registry.person p),
						(SELECT max(greatest(l.person_id, l.other_id)) FROM registry.link l), 0) + 1 INTO born;
		-- a newborn without a number stands under that of the form
		number := coalesce(number, '出生登记' || done.form_id);
		INSERT INTO registry.person_alias (person_id, kind, value, territory, origin_person)
			VALUES (born, CASE WHEN done.form ? 'citizen_id' THEN 'citizen_id' ELSE 'document' END, number, done.territory, born);
		PERFORM registry.state_population(born, done, number, 10::smallint);
		RETURN jsonb_build_object('person_id', born);
	WHEN 'death' THEN
		PERFORM registry.state_circumstance(done.person_id, 'declaration', done.form_id, 'death', '死亡', done.effective_on, done.form ->> 'proof');
	WHEN 'move_in' THEN
		PERFORM registry.state_population(done.person_id, done, p.id_no, 10::smallint) FROM registry.person p WHERE p.person_id = done.person_id;
	WHEN 'move_out' THEN
		PERFORM registry.state_population(done.person_id, done, p.id_no,
			CASE registry.survey_code('yes', done.form ->> 'in_province') WHEN 'true' THEN 30 ELSE 31 END::smallint)
		FROM registry.person p WHERE p.person_id = done.person_id;
	WHEN 'name' THEN
		SELECT p.name INTO old_name FROM registry.person p WHERE p.person_id = done.person_id;
		INSERT INTO registry.person_alias (person_id, kind, value, territory, origin_person)
			SELECT done.person_id, 'former_name', old_name, done.territory, done.person_id WHERE old_name IS NOT NULL
			ON CONFLICT DO NOTHING;
		PERFORM registry.apply_item(done.person_id, 'name', done.name, done.effective_on, done.form ->> 'proof');
	WHEN 'number' THEN
		INSERT INTO registry.person_alias (person_id, kind, value, territory, origin_person)
			VALUES (done.person_id, 'citizen_id', number, done.territory, done.person_id) ON CONFLICT DO NOTHING;
		PERFORM registry.apply_item(done.person_id, 'citizen_id', number, done.effective_on, done.form ->> 'proof');
	WHEN 'enrolment' THEN
		PERFORM registry.state_elsewhere(done.person_id, 'declaration', done.form_id, done.form ->> 'scheme', (done.form ->> 'region')::registry.region_code,
			to_char(done.effective_on, 'YYYYMM')::integer);
	END CASE;
	RETURN jsonb_build_object('person_id', done.person_id);
END;
$$;
COMMENT ON FUNCTION registry.apply_declaration(registry.survey_form) IS 'applies a declared change after its second review, as facts';

REVOKE EXECUTE ON FUNCTION registry.declare_change(bigint, text, date, jsonb), registry.state_population(bigint, registry.survey_form, text, smallint),
	registry.apply_declaration(registry.survey_form) FROM PUBLIC;
