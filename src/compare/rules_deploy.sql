-- Rules in force, rules that the DBA writes in SQL, and findings that reach over
-- persons and employers.

-- A rule is law between its dates.  No SET: the body was parsed when it was made,
-- and so it can be inlined where all rules are asked.
CREATE OR REPLACE FUNCTION registry.rule_in_force(rule registry.rule, reference date) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT (rule).active AND (rule).answered_by = 'problem'
	   AND coalesce((rule).valid_from, '-infinity') <= reference AND coalesce((rule).valid_to, 'infinity') >= reference;
END;
COMMENT ON FUNCTION registry.rule_in_force(registry.rule, date) IS 'does a rule open problems at a reference date';

/*
 * registry.law_state(reference) → a hash of everything by which persons are
 * judged at a date: rules, pairs, duties, schemes, mergers, retirement ages.  It
 * differs when the DBA changed a row, and when a date of validity was passed;
 * compare() then judges everybody.
 */
CREATE OR REPLACE FUNCTION registry.law_state(reference date) RETURNS text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN (SELECT md5(string_agg(l.line, E'\n' ORDER BY l.line COLLATE "C"))
		FROM (SELECT 'rule ' || (to_jsonb(r) - '{title,title_en,handler,law,last_error,last_error_at,waits_for,valid_from,valid_to}'::text[])::text AS line
			  FROM registry.rule r WHERE registry.rule_in_force(r, reference)
			  UNION ALL
			  -- parameters of a rule that is off still say how others decide
			  SELECT 'parameters ' || r.rule_id || r.parameters::text FROM registry.rule r
			  UNION ALL
			  SELECT 'pair ' || (to_jsonb(c) - '{keep_law,valid_from,valid_to}'::text[])::text FROM registry.conflict_rule c
			  WHERE c.active AND c.valid_from <= reference AND coalesce(c.valid_to, 'infinity') >= reference
			  UNION ALL
			  SELECT 'due ' || (to_jsonb(d) - '{law,valid_from,valid_to}'::text[])::text FROM registry.due_rule d
			  WHERE d.valid_from <= reference AND coalesce(d.valid_to, 'infinity') >= reference
			  UNION ALL
			  SELECT 'scheme ' || (to_jsonb(s) - 'name')::text FROM registry.scheme s
			  UNION ALL
			  SELECT 'merger ' || m.scheme || ' ' || m.into_scheme FROM registry.scheme_merger m WHERE m.valid_from <= reference
			  UNION ALL
			  SELECT 'retirement ' || (to_jsonb(t) - 'law')::text FROM registry.retirement_rule t WHERE t.valid_from <= reference
			  UNION ALL
			  SELECT 'minimum ' || (to_jsonb(n) - 'law')::text FROM registry.minimum_contribution n) l);
END;
$$;
COMMENT ON FUNCTION registry.law_state(date) IS 'hash of the rules and the law by which persons are judged at a date';

-- Columns that the predicate of a rule may name, over whichever relation holds
-- the persons; by the reference date given.
CREATE OR REPLACE FUNCTION registry.rule_subject_query(persons text, reference text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT format($q$SELECT s.person_id, s.citizen_id::text AS citizen_id, s.name, s.sex, s.birth_date,
		extract(year FROM age(%2$s, s.birth_date))::integer AS age, s.ethnic, s.territory::text AS territory,
		s.hukou_region::text AS hukou_region, s.residence_region::text AS residence_region, s.phone, s.address,
		s.life_status::integer AS life_status, s.life_since, s.employment, s.class,
		btrim(s.paying::text, '{}') AS paying, btrim(s.receiving::text, '{}') AS receiving,
		btrim(s.paused::text, '{}') AS paused, btrim(s.elsewhere::text, '{}') AS elsewhere,
		concat_ws(',', CASE WHEN s.due & 1 <> 0 THEN 'pension' END, CASE WHEN s.due & 2 <> 0 THEN 'medical' END,
			CASE WHEN s.due & 4 <> 0 THEN 'unemployment' END, CASE WHEN s.due & 8 <> 0 THEN 'injury' END,
			CASE WHEN s.due & 16 <> 0 THEN 'maternity' END) AS due,
		concat_ws(',', CASE WHEN s.gap & 1 <> 0 THEN 'pension' END, CASE WHEN s.gap & 2 <> 0 THEN 'medical' END,
			CASE WHEN s.gap & 4 <> 0 THEN 'unemployment' END, CASE WHEN s.gap & 8 <> 0 THEN 'injury' END,
			CASE WHEN s.gap & 16 <> 0 THEN 'maternity' END) AS gap, s.work_state
		FROM %1$s s$q$, persons, reference);
END;
COMMENT ON FUNCTION registry.rule_subject_query(text, text) IS 'query of the columns that predicates of rules name; internal';

DO $$
BEGIN
	EXECUTE 'CREATE OR REPLACE VIEW registry.rule_subject AS ' || registry.rule_subject_query('registry.person', '(SELECT registry.reference_date())');
END;
$$;
COMMENT ON VIEW registry.rule_subject IS 'what the predicate of a rule may say about a person, as p; sets of schemes and kinds are lists with commas';

-- Whoever writes a predicate or a parameter, and by which statement: it is looked
-- at before it may be used.
CREATE OR REPLACE FUNCTION registry.check_rule() RETURNS trigger
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	wrong record;
BEGIN
	IF NEW.predicate IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.predicate IS DISTINCT FROM OLD.predicate) THEN
		NEW.scope := CASE WHEN registry.check_predicate(NEW.predicate, 'registry.rule_subject') THEN 'everyone' ELSE 'person' END;
	END IF;
	IF TG_OP = 'UPDATE' AND NEW.parameters IS DISTINCT FROM OLD.parameters THEN
		FOR wrong IN SELECT p.key, p.value, NEW.parameters -> p.key AS given FROM jsonb_each(OLD.parameters) p
					 WHERE jsonb_typeof(NEW.parameters -> p.key) IS DISTINCT FROM jsonb_typeof(p.value)
						OR (jsonb_typeof(p.value) = 'number' AND (NEW.parameters -> p.key)::text !~ '^[0-9]{1,4}$') LOOP
			RAISE EXCEPTION 'parameter "%" of rule % cannot be %', wrong.key, NEW.rule_id, coalesce(wrong.given::text, 'left out')
				USING ERRCODE = 'invalid_parameter_value',
					  DETAIL = format('The rule has the parameters %s.', OLD.parameters),
					  HINT = 'Ages are whole years, times whole months.';
		END LOOP;
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.check_rule() IS 'refuses predicates and parameters that cannot be those of a rule';
CREATE OR REPLACE TRIGGER check_rule BEFORE INSERT OR UPDATE ON registry.rule
	FOR EACH ROW EXECUTE FUNCTION registry.check_rule();

/*
 * registry.add_rule(rule_id, title, severity, predicate [, title_en, handler, law,
 * valid_from, valid_to, parameters])
 *
 * Adds a rule of this registry: everybody for whom the predicate is true gets a
 * problem.  The predicate is one boolean SQL expression over registry.rule_subject
 * (as p; sub-queries over registry.enrolment and others may use p.person_id).  A
 * rule that looks at age, at the clock or at other tables is judged for everybody
 * at each compare(), any other for the persons that are touched.  Begins to work
 * with the next compare().
 * Errors: 22023 for a rule id or severity that cannot be, 23505 when the id is
 * taken, 42601, 42804, 42P17, 42703 … when the predicate is refused (see
 * check_predicate).
 */
CREATE OR REPLACE FUNCTION registry.add_rule(rule_id text, title text, severity text, predicate text, title_en text DEFAULT NULL,
	handler text DEFAULT 'C', law text DEFAULT '本地规则', valid_from date DEFAULT NULL, valid_to date DEFAULT NULL)
	RETURNS text
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF rule_id IS NULL OR rule_id !~ '^[A-Z][A-Z0-9_]{1,14}$' OR rule_id ~ '^(ID|DP|HK|CL|PN|MD|UW|BN|EM|SV|DY)[0-9]{2}$' THEN
		RAISE EXCEPTION 'rule id "%" cannot be that of a local rule', rule_id
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Two to fifteen capital letters, digits and _, beginning with a letter; ids such as PN01 belong to the rule table. For example L01.';
	END IF;
	IF severity IS NULL OR severity NOT IN ('E', 'H', 'M', 'L', 'I') THEN
		RAISE EXCEPTION 'severity "%" does not exist', severity
			USING ERRCODE = 'invalid_parameter_value', HINT = 'E blocks, H money at risk, M must be answered, L correct when met, I information.';
	END IF;
	IF title IS NULL OR predicate IS NULL THEN
		RAISE EXCEPTION 'a rule needs a title and a predicate' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	-- the trigger looks at the predicate and finds its scope
	INSERT INTO registry.rule (rule_id, title, title_en, severity, handler, law, predicate, local, valid_from, valid_to)
	VALUES (add_rule.rule_id, title, coalesce(title_en, title), severity, handler, law, predicate, true, valid_from, valid_to);
	RETURN add_rule.rule_id;
END;
$$;
COMMENT ON FUNCTION registry.add_rule(text, text, text, text, text, text, text, date, date) IS 'adds a rule whose condition is an SQL predicate over registry.rule_subject';

/*
 * registry.set_rule(rule_id [, active] [, parameters] [, severity] [, valid_from, valid_to])
 *
 * Switches a rule on or off and changes its parameters, severity or dates; what
 * is null stays.  parameters holds only those to change.  Everybody is judged by
 * the change at the next compare().  Returns the rule as it is now.
 * Errors: P0002 when there is no such rule, 22023 for a parameter that the rule
 * does not have or whose value has another type or cannot be, 23514 when a rule
 * that waits for data is switched on.
 */
CREATE OR REPLACE FUNCTION registry.set_rule(rule_id text, active boolean DEFAULT NULL, parameters jsonb DEFAULT NULL,
	severity text DEFAULT NULL, valid_from date DEFAULT NULL, valid_to date DEFAULT NULL)
	RETURNS registry.rule
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	rule registry.rule;
	wrong record;
BEGIN
	SELECT * INTO rule FROM registry.rule r WHERE r.rule_id = set_rule.rule_id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no rule "%"', set_rule.rule_id USING ERRCODE = 'no_data_found', HINT = 'See registry.rule.';
	END IF;
	IF rule.waits_for IS NOT NULL AND set_rule.active THEN
		RAISE EXCEPTION 'rule % cannot be switched on', rule.rule_id
			USING ERRCODE = 'check_violation', DETAIL = format('It waits for data: %s.', rule.waits_for);
	END IF;
	-- the trigger looks at the values
	FOR wrong IN SELECT p.key FROM jsonb_object_keys(set_rule.parameters) p(key) WHERE NOT rule.parameters ? p.key LOOP
		RAISE EXCEPTION 'rule % has no parameter "%"', rule.rule_id, wrong.key
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The rule has the parameters %s.', rule.parameters);
	END LOOP;
	UPDATE registry.rule r
	SET active = coalesce(set_rule.active, r.active), parameters = r.parameters || coalesce(set_rule.parameters, '{}'),
		severity = coalesce(set_rule.severity, r.severity), valid_from = coalesce(set_rule.valid_from, r.valid_from),
		valid_to = coalesce(set_rule.valid_to, r.valid_to)
	WHERE r.rule_id = set_rule.rule_id
	RETURNING * INTO rule;
	RETURN rule;
END;
$$;
COMMENT ON FUNCTION registry.set_rule(text, boolean, jsonb, text, date, date) IS 'switches a rule, changes its parameters, severity or dates; what is null stays';

/*
 * registry.drop_rule(rule_id)
 *
 * Takes a local rule out of the catalogue; its problems close at the next
 * compare().  Errors: P0002 when there is no such local rule (shipped rules are
 * switched off by registry.set_rule).
 */
CREATE OR REPLACE FUNCTION registry.drop_rule(rule_id text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	UPDATE registry.rule r SET active = false, predicate = NULL WHERE r.rule_id = drop_rule.rule_id AND r.local;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no local rule "%"', drop_rule.rule_id
			USING ERRCODE = 'no_data_found', HINT = 'Shipped rules are switched off: SELECT registry.set_rule(…, active => false).';
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.drop_rule(text) IS 'takes a local rule out of force; its row stays, because problems name it';

/*
 * Findings of the rules that are predicates.  The persons judged are in
 * pg_temp.registry_verdict; a rule that reaches further is asked about everybody
 * else too, as they are stored.  A predicate that fails is noted in its rule and
 * warned of; its problems stay as they were, and the run goes on.
 */
CREATE OR REPLACE FUNCTION registry.find_predicate_problems(reference date, listed boolean) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	rule record;
	judged text;
	others text;
BEGIN
	IF NOT EXISTS (SELECT FROM registry.rule r WHERE r.predicate IS NOT NULL AND r.active) THEN
		RETURN;
	END IF;
	judged := registry.rule_subject_query('pg_temp.registry_verdict', format('%L::timestamp', reference));
	others := registry.rule_subject_query('registry.person', format('%L::timestamp', reference))
		|| ' WHERE NOT EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.person_id = s.person_id)';
	FOR rule IN SELECT r.rule_id, r.predicate, r.scope, r.last_error FROM registry.rule r
				WHERE r.predicate IS NOT NULL AND registry.rule_in_force(r, reference) ORDER BY r.rule_id LOOP
		BEGIN
			-- on lines of its own: a comment at its end must not swallow the parenthesis
			EXECUTE format(E'INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)\n'
						   'SELECT p.person_id, p.territory::registry.region_code, %L, 0, ''{}''::registry.coverage, ''{}''::jsonb\n'
						   'FROM (%s) p WHERE (\n%s\n)',
						   rule.rule_id, judged || CASE WHEN listed AND rule.scope = 'everyone' THEN ' UNION ALL ' || others ELSE '' END, rule.predicate);
			IF rule.last_error IS NOT NULL THEN
				UPDATE registry.rule r SET last_error = NULL, last_error_at = NULL WHERE r.rule_id = rule.rule_id;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			UPDATE registry.rule r SET last_error = SQLERRM, last_error_at = now() WHERE r.rule_id = rule.rule_id;
			INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
				SELECT p.person_id, p.territory, p.rule_id, p.finding_key, p.schemes, p.evidence
				FROM registry.problem p WHERE p.rule_id = rule.rule_id AND p.state <> 'closed';
			RAISE WARNING 'rule % could not be checked: %', rule.rule_id, SQLERRM
				USING HINT = 'Its problems stay as they were; correct the predicate or switch the rule off.';
		END;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.find_predicate_problems(date, boolean) IS 'findings of the rules whose condition is a predicate; a failing one is noted and passed over';

-- Employers that their registry calls cancelled: a fact that reaches over persons.
CREATE TABLE IF NOT EXISTS registry.employer_closed (
	employer text COLLATE "C" PRIMARY KEY
);
COMMENT ON TABLE registry.employer_closed IS 'employers whose registration is cancelled or revoked, by every row of their code';

CREATE OR REPLACE FUNCTION registry.refresh_employer_closed() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_closed;
	CREATE TEMP TABLE registry_closed ON COMMIT DROP AS
		SELECT e.code AS employer FROM registry.employer e WHERE e.ended_on IS NULL
		GROUP BY e.code HAVING bool_and(coalesce(e.state ~ '注销|吊销', false));
	-- a first load touches everybody anyway
	IF EXISTS (SELECT FROM registry.employer_closed) OR registry.setting('current_reference_date') IS NOT NULL THEN
		INSERT INTO pg_temp.registry_touched
			SELECT DISTINCT e.person_id
			FROM registry.enrolment e
			JOIN (SELECT c.employer FROM registry.employer_closed c EXCEPT SELECT n.employer FROM pg_temp.registry_closed n
				  UNION ALL
				  (SELECT n.employer FROM pg_temp.registry_closed n EXCEPT SELECT c.employer FROM registry.employer_closed c)) d
			USING (employer)
			WHERE e.scheme = 'M1' AND e.ended_on IS NULL AND e.person_id > 0
			ON CONFLICT DO NOTHING;
	END IF;
	DELETE FROM registry.employer_closed c WHERE NOT EXISTS (SELECT FROM pg_temp.registry_closed n WHERE n.employer = c.employer);
	INSERT INTO registry.employer_closed SELECT n.employer FROM pg_temp.registry_closed n ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.refresh_employer_closed() IS 'employers that are cancelled or revoked, and whom a change of that touches';

/*
 * Findings about employers as a whole.  Each is counted anew at every compare();
 * what scans all enrolments is done only when its rule is on.
 */
DROP FUNCTION IF EXISTS registry.find_employer_problems(date);
CREATE OR REPLACE FUNCTION registry.find_employer_problems(reference date, employers text[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	on_rules text[] := ARRAY(SELECT r.rule_id FROM registry.rule r
							 WHERE r.rule_id IN ('EM02', 'EM06', 'EM12', 'EM14', 'DY10') AND registry.rule_in_force(r, reference));
	reference_month integer := to_char(reference, 'YYYYMM');
	last_month integer := to_char(reference - interval '1 month', 'YYYYMM');
	least_staff integer;
	share integer;
BEGIN
	-- closed, and somebody is still normal there
	IF 'EM06' = ANY (on_rules) AND EXISTS (SELECT FROM registry.employer_closed) THEN
		INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
		SELECT 0, (SELECT min(m.territory) FROM registry.employer m WHERE m.code = n.employer AND m.ended_on IS NULL),
			   'EM06', hashtextextended(n.employer, 0), n.employer, n.schemes, jsonb_build_object('persons', n.persons)
		FROM (SELECT e.employer, count(DISTINCT e.person_id) AS persons, registry.coverage_union(registry.coverage_make(ARRAY[e.scheme])) AS schemes
			  FROM registry.enrolment e
			  JOIN registry.employer_closed c USING (employer)
			  JOIN registry.scheme s ON s.scheme = e.scheme
			  WHERE e.ended_on IS NULL AND e.person_id > 0 AND (employers IS NULL OR e.employer = ANY (employers))
				AND registry.enrolment_pays(e.enrol_status, e.pay_status, e.start_month, e.end_month, e.paid_through, reference_month, s.lag_months)
			  GROUP BY e.employer) n;
	END IF;
	IF on_rules && '{EM02,EM14}' AND employers IS NULL THEN
		INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
		SELECT DISTINCT ON (g.rule_id, g.code) 0, g.territory, g.rule_id, hashtextextended(g.code, 0), g.code, '{}'::registry.coverage,
			   jsonb_build_object('source', g.source, 'batch_id', g.batch_id, 'line_no', g.line_no)
		FROM (SELECT e.*, CASE c.reason WHEN 'organisation_check' THEN 'EM02' WHEN 'region_never_issued' THEN 'EM14' END AS rule_id
			  FROM registry.employer e CROSS JOIN LATERAL registry.credit_code_grade(e.code) c
			  WHERE e.code_fault IS NULL AND e.ended_on IS NULL) g
		WHERE g.rule_id = ANY (on_rules)
		ORDER BY g.rule_id, g.code, g.employer_id;
	END IF;
	IF 'DY10' = ANY (on_rules) THEN
		SELECT (r.parameters ->> 'least_staff')::integer, (r.parameters ->> 'percent')::integer INTO least_staff, share
		FROM registry.rule r WHERE r.rule_id = 'DY10';
		INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
		SELECT 0, (SELECT min(m.territory) FROM registry.employer m WHERE m.code = n.employer AND m.ended_on IS NULL),
			   'DY10', hashtextextended(n.employer, 0), n.employer, '{}'::registry.coverage,
			   jsonb_build_object('paused', n.paused, 'persons', n.persons)
		FROM (SELECT e.employer, count(DISTINCT e.person_id) AS persons,
					 count(DISTINCT e.person_id) FILTER (WHERE (e.enrol_status = 2 OR e.pay_status = 2)
						AND e.paid_through BETWEEN to_char(reference - interval '2 months', 'YYYYMM')::integer AND last_month) AS paused
			  FROM registry.enrolment e
			  WHERE e.employer IS NOT NULL AND e.ended_on IS NULL AND e.person_id > 0 AND e.enrol_status <> 4 AND e.identity = 1
				AND (employers IS NULL OR e.employer = ANY (employers))
			  GROUP BY e.employer) n
		WHERE n.persons >= least_staff AND n.paused * 100 > n.persons * share;
	END IF;
	IF 'EM12' = ANY (on_rules) THEN
		SELECT (r.parameters ->> 'least_staff')::integer INTO least_staff FROM registry.rule r WHERE r.rule_id = 'EM12';
		INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
		SELECT 0, (SELECT min(m.territory) FROM registry.employer m WHERE m.code = n.employer AND m.ended_on IS NULL),
			   'EM12', hashtextextended(n.employer, 0), n.employer, '{}'::registry.coverage, jsonb_build_object('persons', n.persons)
		FROM (SELECT e.employer, count(*) AS persons
			  FROM (SELECT DISTINCT f.employer, f.person_id
					FROM registry.enrolment f JOIN registry.scheme s ON s.scheme = f.scheme
					WHERE f.employer IS NOT NULL AND f.ended_on IS NULL AND f.person_id > 0 AND f.identity = 1
					  AND (employers IS NULL OR f.employer = ANY (employers))
					  AND registry.enrolment_pays(f.enrol_status, f.pay_status, f.start_month, f.end_month, f.paid_through, reference_month, s.lag_months)) e
			  -- persons judged now are newer than the stored ones
			  LEFT JOIN pg_temp.registry_verdict v ON v.person_id = e.person_id
			  LEFT JOIN registry.person p ON p.person_id = e.person_id
			  CROSS JOIN LATERAL (SELECT coalesce(v.sex, p.sex) AS sex, coalesce(v.birth_date, p.birth_date) AS birth) b
			  GROUP BY e.employer
			  HAVING count(*) >= least_staff
				 AND bool_and(b.birth IS NOT NULL AND b.sex IN ('M', 'F')
							  AND (extract(year FROM age(reference, b.birth)) < 16
								   OR reference_month > (registry.retirement_bounds(CASE WHEN b.sex IN ('M', 'F') THEN b.sex ELSE 'M' END, NULL, b.birth, reference)).latest))) n;
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.find_employer_problems(date, text[]) IS 'findings of the rules about employers as a whole; of the employers given';

REVOKE EXECUTE ON FUNCTION registry.law_state(date), registry.rule_subject_query(text, text),
	registry.add_rule(text, text, text, text, text, text, text, date, date),
	registry.set_rule(text, boolean, jsonb, text, date, date), registry.drop_rule(text),
	registry.find_predicate_problems(date, boolean), registry.refresh_employer_closed(), registry.find_employer_problems(date, text[]) FROM PUBLIC;
REVOKE ALL ON registry.rule_subject FROM PUBLIC;
