-- What a change of the law would do, on the live city, with nothing kept.

-- Writes the change into the law tables; what_if() takes it back.
CREATE OR REPLACE FUNCTION registry.change_law(change jsonb) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	part record;
	entry record;
	key_column text;
	columns text;
	unknown text;
	touched bigint;
BEGIN
	FOR part IN SELECT k.key AS name, k.value FROM jsonb_each(change) k LOOP
		IF part.name = 'reference_date' THEN
			INSERT INTO registry.setting (name, value) VALUES ('reference_date', (part.value #>> '{}')::date::text)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value;
			CONTINUE;
		END IF;
		key_column := CASE part.name WHEN 'rule' THEN 'rule_id' WHEN 'scheme' THEN 'scheme' WHEN 'due_rule' THEN 'rank' WHEN 'conflict_rule' THEN 'rule_id' END;
		IF key_column IS NULL THEN
			RAISE EXCEPTION 'a change cannot be made to "%"', part.name USING ERRCODE = 'invalid_parameter_value',
				HINT = 'What may change is rule, conflict_rule, due_rule, scheme and reference_date.';
		END IF;
		FOR entry IN SELECT e.key, e.value FROM jsonb_each(part.value) e LOOP
			SELECT k INTO unknown FROM jsonb_object_keys(entry.value) k
			WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = format('registry.%I', part.name)::regclass AND a.attname = k AND a.attnum > 0 AND NOT a.attisdropped);
			IF FOUND THEN
				RAISE EXCEPTION 'table "%" has no column "%"', part.name, unknown USING ERRCODE = 'undefined_column';
			END IF;
			SELECT string_agg(quote_ident(k), ', ') INTO columns FROM jsonb_object_keys(entry.value) k;
			CONTINUE WHEN columns IS NULL;
			EXECUTE format('UPDATE registry.%1$I t SET (%2$s) = (SELECT %3$s FROM jsonb_populate_record(t, $1) n) WHERE t.%4$I::text = $2',
						   part.name, columns, (SELECT string_agg('n.' || c, ', ') FROM unnest(string_to_array(columns, ', ')) c), key_column)
				USING entry.value, entry.key;
			GET DIAGNOSTICS touched = ROW_COUNT;
			IF touched = 0 THEN
				RAISE EXCEPTION 'no row of "%" has % "%"', part.name, key_column, entry.key USING ERRCODE = 'undefined_object';
			END IF;
		END LOOP;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.change_law(jsonb) IS 'writes a change into the law tables, for what_if()';

/*
 * registry.what_if(change) → one row per person and item that would differ
 *
 * change: {"rule": {"PN02": {"active": false}}, "scheme": {"P1": {"lag_months": 4}},
 * "due_rule": {"90": {"due": ["medical", "pension"]}}, "conflict_rule": {…},
 * "reference_date": "2027-01-31"}: new values of columns by the table's key.
 * item is "class" with the class before and after, or the id of a rule with
 * before "open" (the problem would go) or after "open" (it would come).
 * person_id 0 stands for rows and employers without a person.
 * Judges everybody by the changed law inside a subtransaction and takes the
 * change back.  Errors: 22023, 42703, 42704 for a change that cannot be made;
 * RG001 while compare() runs.
 */
CREATE OR REPLACE FUNCTION registry.what_if(change jsonb)
	RETURNS TABLE (person_id bigint, territory text, item text, "before" text, "after" text)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	differing jsonb[];
	reference date;
BEGIN
	IF change IS NULL OR jsonb_typeof(change) <> 'object' THEN
		RAISE EXCEPTION 'the change must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example {"rule": {"PN02": {"active": false}}}.';
	END IF;
	IF NOT pg_try_advisory_xact_lock_shared(hashtextextended('registry.compare', 0)) THEN
		RAISE EXCEPTION 'compare() is running' USING ERRCODE = 'RG001', HINT = 'Wait for it to finish.';
	END IF;
	BEGIN
		PERFORM registry.change_law(change);
		PERFORM registry.create_recompute_tables();
		reference := registry.reference_date();
		PERFORM registry.judge_persons(true, reference, registry.home_region(), 'pg_temp.registry_verdict', 'pg_temp.registry_finding');
		PERFORM registry.find_other_problems();
		differing := ARRAY(
			SELECT jsonb_build_array(v.person_id, v.territory::text, 'class', v.old_class, v.class)
			FROM pg_temp.registry_verdict v WHERE v.class IS DISTINCT FROM v.old_class
			UNION ALL
			SELECT jsonb_build_array(coalesce(f.person_id, p.person_id), coalesce(f.territory, p.territory)::text, coalesce(f.rule_id, p.rule_id),
									 CASE WHEN f.person_id IS NULL THEN 'open' END, CASE WHEN p.person_id IS NULL THEN 'open' END)
			FROM pg_temp.registry_finding f
			FULL JOIN (SELECT * FROM registry.problem q WHERE q.state <> 'closed') p
				ON p.person_id = f.person_id AND p.rule_id = f.rule_id AND p.finding_key = f.finding_key
			WHERE p.person_id IS NULL OR f.person_id IS NULL);
		-- variables outlive the subtransaction, its writes do not
		RAISE EXCEPTION USING ERRCODE = 'RG032', MESSAGE = 'taken back';
	EXCEPTION WHEN SQLSTATE 'RG032' THEN
		NULL;
	END;
	RETURN QUERY SELECT (d ->> 0)::bigint, d ->> 1, d ->> 2, d ->> 3, d ->> 4 FROM unnest(differing) d;
END;
$$;
COMMENT ON FUNCTION registry.what_if(jsonb) IS 'who would change class or get or lose a problem by a change of the law; nothing is kept';

REVOKE EXECUTE ON FUNCTION registry.change_law(jsonb), registry.what_if(jsonb) FROM PUBLIC;
