-- The recompute: apply what was received, judge the persons it touched, write
-- states, problems and cells.  Everything in one transaction, so nobody ever
-- sees a person half computed and an interrupted call leaves nothing behind.

CREATE TABLE IF NOT EXISTS registry.employer_injury (
	employer text PRIMARY KEY
);
COMMENT ON TABLE registry.employer_injury IS 'employers of public servants for whom work injury insurance is paid for somebody at the reference date';

CREATE OR REPLACE FUNCTION registry.setting(name text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT s.value FROM registry.setting s WHERE s.name = setting.name;
END;
COMMENT ON FUNCTION registry.setting(text) IS 'value of a setting of this registry, null when it is not set';

CREATE OR REPLACE FUNCTION registry.home_region() RETURNS region_code
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN (SELECT s.value::registry.region_code FROM registry.setting s WHERE s.name = 'home_region');
END;
$$;
COMMENT ON FUNCTION registry.home_region() IS 'region this registry is responsible for';

-- The DBA's own reference date goes before the newest cutoff.  Views call it with
-- the rights of their readers, who need not be able to read the settings; the
-- date itself is no secret.
CREATE OR REPLACE FUNCTION registry.reference_date() RETURNS date
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN coalesce((SELECT s.value::date FROM registry.setting s WHERE s.name = 'reference_date'),
					(SELECT s.value::date FROM registry.setting s WHERE s.name = 'current_reference_date'),
					current_date);
END;
$$;
COMMENT ON FUNCTION registry.reference_date() IS 'date at which the registry judges: setting reference_date, else the newest cutoff of the applied batches';

-- Tables that one recompute works in; they vanish with its transaction.  Those of
-- edits are lasting: they are used again by the next edit of the session, as long
-- as they are small.  Only the owner's own: a trigger on somebody else's would
-- run with the owner's rights.
DROP FUNCTION IF EXISTS registry.create_recompute_tables();
CREATE OR REPLACE FUNCTION registry.create_recompute_tables(lasting boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	kept text;
BEGIN
	IF lasting AND registry.has_recompute_tables() THEN
		DELETE FROM pg_temp.registry_touched;
		DELETE FROM pg_temp.registry_verdict;
		DELETE FROM pg_temp.registry_finding;
		RETURN;
	END IF;
	DROP TABLE IF EXISTS pg_temp.registry_touched, pg_temp.registry_verdict, pg_temp.registry_finding;
	kept := CASE WHEN lasting THEN 'PRESERVE ROWS' ELSE 'DROP' END;
	EXECUTE format($q$CREATE TEMP TABLE registry_touched (person_id bigint PRIMARY KEY, last_seen date) ON COMMIT %1$s$q$, kept);
	EXECUTE format($q$CREATE TEMP TABLE registry_verdict ON COMMIT %1$s AS
		SELECT p.person_id, p.territory, p.citizen_id, p.id_kind, p.id_no, p.name, p.name_key, p.sex, p.birth_date,
			   p.ethnic, p.hukou_region, p.residence_region, p.phone, p.address, p.life_status, p.life_since,
			   p.employment, p.worker_kind, p.paying, p.receiving, p.paused, p.elsewhere, p.due, p.gap, p.standing,
			   p.class, p.work_state, p.next_change,
			   false AS is_new, false AS changed, false AS rows_elsewhere,
			   p.territory AS old_territory, p.standing AS old_standing, p.class AS old_class
		FROM registry.person p
		WITH NO DATA$q$, kept);
	EXECUTE format($q$CREATE TEMP TABLE registry_finding ON COMMIT %1$s AS
		SELECT p.person_id, p.territory, p.rule_id, p.finding_key, p.employer, p.schemes, p.months, p.amount, p.keep, p.evidence
		FROM registry.problem p
		WITH NO DATA$q$, kept);
	IF lasting THEN
		-- the planner shall take them for the small tables they are
		ANALYZE pg_temp.registry_touched, pg_temp.registry_verdict, pg_temp.registry_finding;
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.create_recompute_tables(boolean) IS 'temporary tables of one recompute';

-- Employers for which work injury insurance is paid: a fact that reaches over
-- persons, so the public servants of an employer whose answer changed are touched.
CREATE OR REPLACE FUNCTION registry.refresh_employer_injury(reference date) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	reference_month integer := to_char(reference, 'YYYYMM');
	lag integer := (SELECT s.lag_months FROM registry.scheme s WHERE s.scheme = 'W');
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_injury;
	CREATE TEMP TABLE registry_injury ON COMMIT DROP AS
		SELECT e.employer
		FROM registry.enrolment e
		WHERE e.scheme IN ('W', 'P3') AND e.employer IS NOT NULL AND e.ended_on IS NULL AND e.person_id > 0
		GROUP BY e.employer
		HAVING bool_or(e.scheme = 'P3')
		   AND bool_or(e.scheme = 'W' AND registry.enrolment_pays(e.enrol_status, e.pay_status, e.start_month, e.end_month,
																  e.paid_through, reference_month, lag));
	IF EXISTS (SELECT FROM registry.setting s WHERE s.name = 'current_reference_date') THEN
		INSERT INTO pg_temp.registry_touched
			SELECT DISTINCT e.person_id
			FROM registry.enrolment e
			JOIN (SELECT i.employer FROM registry.employer_injury i EXCEPT SELECT n.employer FROM pg_temp.registry_injury n
				  UNION ALL
				  (SELECT n.employer FROM pg_temp.registry_injury n EXCEPT SELECT i.employer FROM registry.employer_injury i)) d
			  USING (employer)
			WHERE e.scheme = 'P3' AND e.ended_on IS NULL
			ON CONFLICT DO NOTHING;
	END IF;
	DELETE FROM registry.employer_injury i WHERE NOT EXISTS (SELECT FROM pg_temp.registry_injury n WHERE n.employer = i.employer);
	INSERT INTO registry.employer_injury SELECT n.employer FROM pg_temp.registry_injury n ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION registry.refresh_employer_injury(date) IS 'employers for which work injury insurance is paid, and whom that touches';

-- The newest cutoff that is or becomes applied.
CREATE OR REPLACE FUNCTION registry.next_reference_date(batches bigint[]) RETURNS date
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN coalesce(registry.setting('reference_date')::date,
					(SELECT max(b.cutoff) FROM registry.batch b WHERE b.state = 'applied' OR b.batch_id = ANY (batches)),
					current_date);
END;
$$;
COMMENT ON FUNCTION registry.next_reference_date(bigint[]) IS 'reference date once the staged batches are applied';

-- Persons whom the passing of time, other persons or new law touch.
CREATE OR REPLACE FUNCTION registry.touch_others(old_reference date, reference date) RETURNS boolean
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF old_reference IS NULL OR reference < old_reference
	   OR EXISTS (SELECT FROM registry.due_rule r
				  WHERE (r.valid_from > old_reference AND r.valid_from <= reference)
					 OR (r.valid_to >= old_reference AND r.valid_to < reference)) THEN
		RETURN true;
	END IF;
	INSERT INTO pg_temp.registry_touched
		SELECT p.person_id FROM registry.person p
		WHERE p.next_change <= reference OR p.life_status = 90
		ON CONFLICT DO NOTHING;
	DELETE FROM pg_temp.registry_touched t WHERE t.person_id = 0;
	RETURN (SELECT count(*) FROM pg_temp.registry_touched) > (SELECT count(*) / 2 FROM registry.person);
END;
$$;
COMMENT ON FUNCTION registry.touch_others(date, date) IS 'adds persons that time or other persons'' facts touch; true when everybody is to be judged';

-- The planner must know what arrived: with the statistics of an empty table it
-- would join millions of rows one by one.
-- Only the columns by which the recompute joins: the rest is for autovacuum.
CREATE OR REPLACE FUNCTION registry.analyze_grown(tables text[]) RETURNS void
	LANGUAGE plpgsql
	SET default_statistics_target = 10
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	grown record;
BEGIN
	FOR grown IN
		SELECT c.relname, string_agg(quote_ident(a.attname), ', ') AS columns
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'registry'::regnamespace AND c.relname = ANY (tables)
		  AND pg_relation_size(c.oid) > 0
		  AND (pg_relation_size(c.oid) > 1.2 * 8192 * c.relpages
			   -- pages are counted by index builds too, and survive a rollback; statistics do not
			   OR NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'registry' AND s.tablename = c.relname)
			   OR c.relname LIKE 'staged\_%')
		  AND a.attname IN ('person_id', 'batch_id', 'row_key', 'number', 'value', 'kind', 'citizen_id', 'name_key',
							'source', 'ended_on', 'scheme', 'employer', 'territory', 'rule_id', 'class', 'fault')
		GROUP BY c.oid, c.relname
	LOOP
		EXECUTE format('ANALYZE registry.%I (%s)', grown.relname, grown.columns);
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.analyze_grown(text[]) IS 'analyzes tables that grew by a fifth since they were analyzed';

-- Steps of compare() as they are told, in patterns of LIKE; others see their
-- numbers in the locks of the running transaction, so the last must stay the last.
CREATE OR REPLACE FUNCTION registry.compare_steps() RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT ARRAY['begun', 'applying % batches', 'new numbers registered', 'registers applied', 'enrolments applied',
				 'lists applied, broken numbers repaired', 'judging % persons at %', 'judged % persons', '% findings',
				 'persons written', 'problems written', 'coverage counted', '% proposals', 'done'];
END;
COMMENT ON FUNCTION registry.compare_steps() IS 'steps of compare(), for registry.progress';

-- Progress of a long act, for whoever watches it: a notice to the caller, and a
-- lock that nobody else wants, whose key says step and second to everybody.
CREATE OR REPLACE FUNCTION registry.report_step(started timestamptz, step text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	seconds CONSTANT numeric := extract(epoch FROM clock_timestamp() - started);
	number integer := (SELECT min(s.number) FROM unnest(registry.compare_steps()) WITH ORDINALITY AS s (pattern, number) WHERE step LIKE s.pattern);
BEGIN
	IF number IS NOT NULL THEN
		PERFORM pg_advisory_xact_lock_shared(1919250544, least(floor(seconds)::integer, 16777215) * 64 + number);	-- "regp"
	END IF;
	IF step = 'begun' THEN
		PERFORM pg_advisory_xact_lock_shared(1919250547, (extract(epoch FROM started) - 1577836800)::integer);	-- "regs", seconds since 2020
		RETURN;
	END IF;
	RAISE NOTICE '% s  %', to_char(seconds, 'FM99990.00'), step;
END;
$$;
COMMENT ON FUNCTION registry.report_step(timestamptz, text) IS 'tells the caller and registry.progress how far a long act has come';

-- A running compare(), seen from other sessions before it commits.
CREATE OR REPLACE VIEW registry.progress AS
SELECT s.pid, s.step, s.started, s.started + make_interval(secs => s.second) AS step_since,
	   extract(epoch FROM clock_timestamp() - s.started)::integer AS seconds
FROM (SELECT DISTINCT ON (k.pid) k.pid, replace(k.steps[k.key % 64], '%', '…') AS step, k.key / 64 AS second,
			 to_timestamp(1577836800 + b.objid::bigint) AS started
	  FROM (SELECT l.pid, l.objid::bigint AS key, registry.compare_steps() AS steps
			FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
			WHERE l.locktype = 'advisory' AND l.classid = 1919250544 AND l.objsubid = 2 AND d.datname = current_database()) k
	  JOIN pg_catalog.pg_locks b ON b.pid = k.pid AND b.locktype = 'advisory' AND b.classid = 1919250547 AND b.objsubid = 2
	  ORDER BY k.pid, k.key DESC) s;
COMMENT ON VIEW registry.progress IS 'the compare() that runs at this moment: the last step it told, since when, and how many seconds it runs';

/*
 * Judges everybody, or the persons of pg_temp.registry_touched, and writes what
 * follows: states, territory of the rows, problems, coverage cells.  The one
 * way in which a person's state comes about, for compare() and for acts on
 * single persons alike; the caller has made the tables (create_recompute_tables).
 *
 * batch: batch that brought the changes, null for an act
 * started: of a compare(), which also looks through the rows that are nobody's
 *		and tells its steps; null for an act, whose findings are all of the
 *		persons it touched
 * employers, row_keys: of an edit, employers and rows without a person (their
 *		finding keys) whose findings may have changed
 */
DROP FUNCTION IF EXISTS registry.recompute(boolean, date, bigint, timestamptz);
CREATE OR REPLACE FUNCTION registry.recompute(everyone boolean, reference date, batch bigint, started timestamptz DEFAULT NULL,
											  employers text[] DEFAULT NULL, row_keys bigint[] DEFAULT NULL)
	RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	listed CONSTANT boolean := started IS NOT NULL;
	judged bigint;
BEGIN
	judged := registry.judge_persons(everyone, reference, registry.home_region(),
									 'pg_temp.registry_verdict', 'pg_temp.registry_finding');
	IF listed THEN
		PERFORM registry.report_step(started, format('judged %s persons', judged));
		ANALYZE pg_temp.registry_verdict (person_id);
	END IF;
	PERFORM registry.find_other_problems(listed, row_keys);
	PERFORM registry.find_predicate_problems(reference, listed);
	IF listed THEN
		PERFORM registry.find_employer_problems(reference);
		ANALYZE pg_temp.registry_finding;
		PERFORM registry.report_step(started, format('%s findings', (SELECT count(*) FROM pg_temp.registry_finding)));
	ELSIF employers IS NOT NULL THEN
		PERFORM registry.find_employer_problems(reference, employers);
	END IF;
	IF NOT listed THEN
		PERFORM registry.write_verdicts();
	ELSE
		PERFORM registry.write_persons();
		PERFORM registry.report_step(started, 'persons written');
	END IF;
	PERFORM registry.follow_territory();
	PERFORM registry.write_problems(everyone, batch, listed, employers, row_keys);
	IF listed THEN
		PERFORM registry.report_step(started, 'problems written');
	END IF;
	PERFORM registry.write_cells(everyone);
	IF listed THEN
		PERFORM registry.hide_small_cells();
		PERFORM registry.report_step(started, 'coverage counted');
	END IF;
	RETURN judged;
END;
$$;
COMMENT ON FUNCTION registry.recompute(boolean, date, bigint, timestamptz, text[], bigint[]) IS
	'judges everybody or the touched persons and writes states, problems and cells; internal to compare() and to acts on persons';

-- Acts on persons and compare() go one after the other: each holds this to the
-- end of its transaction.
CREATE OR REPLACE FUNCTION registry.lock_persons() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('registry.persons', 0));
END;
$$;
COMMENT ON FUNCTION registry.lock_persons() IS 'waits for compare() and other acts on persons to end';

/*
 * CALL registry.compare([full => true])
 *
 * Brings the registry up to date: applies all staged batches in the order of
 * their cutoffs, judges the persons they touch (with full: everybody), opens
 * and closes problems, and moves the coverage cells.  One transaction: it can
 * be interrupted and called again.  A second call at the same time is refused
 * (SQLSTATE RG001).
 */
CREATE OR REPLACE PROCEDURE registry.compare("full" boolean DEFAULT false)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	old_reference date;
	reference date;
	batches bigint[];
	applied bigint[] := '{}';
	everyone boolean;
	law text;
	started timestamptz := clock_timestamp();
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.compare', 0)) THEN
		RAISE EXCEPTION 'another compare() is running'
			USING ERRCODE = 'RG001', HINT = 'Wait for it to finish, then call compare() again.';
	END IF;
	PERFORM registry.lock_persons();
	PERFORM registry.begin_act();
	PERFORM registry.report_step(started, 'begun');
	PERFORM registry.names_current();	-- warns when keys were made by another library
	PERFORM registry.create_recompute_tables();

	LOOP
		-- held, so that nobody discards a batch while it is applied
		PERFORM FROM registry.batch b WHERE b.state = 'staged' ORDER BY b.batch_id FOR UPDATE;
		batches := ARRAY(SELECT DISTINCT ON (b.source) b.batch_id FROM registry.batch b
						 WHERE b.state = 'staged' AND b.batch_id <> ALL (applied)
						 ORDER BY b.source, b.cutoff, b.batch_id);
		EXIT WHEN batches = '{}';
		batches := registry.hold_shrunken(batches, applied);
		CONTINUE WHEN batches = '{}';
		PERFORM set_config('registry.batch_id', batches[1]::text, true);
		PERFORM registry.report_step(started, format('applying %s batches', cardinality(batches)));
		PERFORM registry.analyze_grown('{staged_population,staged_enrolment,staged_circumstance,staged_elsewhere,staged_employer,batch,source}');
		PERFORM registry.register_numbers(batches);
		PERFORM registry.report_step(started, 'new numbers registered');
		PERFORM registry.apply_employers(batches);
		PERFORM registry.apply_facts('population', 'row_id', batches);
		PERFORM registry.report_step(started, 'registers applied');
		PERFORM registry.apply_facts('enrolment', 'enrolment_id', batches);
		PERFORM registry.report_step(started, 'enrolments applied');
		PERFORM registry.apply_facts('circumstance', 'circumstance_id', batches);
		PERFORM registry.apply_facts('elsewhere', 'elsewhere_id', batches);
		PERFORM registry.analyze_grown('{population,enrolment,circumstance,elsewhere,person_alias,employer,reject}');
		PERFORM registry.repair_rows('enrolment', 'enrolment_id');
		PERFORM registry.repair_rows('circumstance', 'circumstance_id');
		PERFORM registry.repair_rows('elsewhere', 'elsewhere_id');
		PERFORM registry.settle_rejects(batches);
		PERFORM registry.write_membership(batches, "full");
		PERFORM registry.report_step(started, 'lists applied, broken numbers repaired');
		applied := applied || batches;
	END LOOP;
	old_reference := registry.setting('current_reference_date')::date;
	reference := registry.next_reference_date(applied);
	PERFORM registry.refresh_employer_injury(reference);
	PERFORM registry.refresh_employer_closed();
	law := registry.law_state(reference);
	everyone := registry.touch_others(old_reference, reference) OR "full" OR law IS DISTINCT FROM registry.setting('law_state');
	ANALYZE pg_temp.registry_touched;
	PERFORM registry.report_step(started, format('judging %s persons at %s',
		CASE WHEN everyone THEN 'all' ELSE (SELECT count(*)::text FROM pg_temp.registry_touched) END, reference));
	PERFORM registry.recompute(everyone, reference, (SELECT max(a) FROM unnest(applied) a), started);
	PERFORM registry.analyze_grown('{person,problem}');
	PERFORM registry.report_step(started, format('%s proposals', registry.propose_links()));

	UPDATE registry.batch b SET state = 'applied', finished_at = clock_timestamp() WHERE b.batch_id = ANY (applied);
	PERFORM registry.clear_staged(applied);
	INSERT INTO registry.setting (name, value, note) VALUES ('current_reference_date', to_char(reference, 'YYYY-MM-DD'), 'kept by compare()'),
		('law_state', law, 'rules and law of the last compare()')
		ON CONFLICT (name) DO UPDATE SET value = excluded.value;
	-- last, because it judges again whom it joins
	PERFORM registry.link_documents();
	PERFORM registry.end_act();
	PERFORM registry.report_step(started, 'done');
END;
$$;
COMMENT ON PROCEDURE registry.compare(boolean) IS 'applies staged batches and recomputes the persons they touch; full => true recomputes everybody';

REVOKE EXECUTE ON FUNCTION registry.create_recompute_tables(boolean),
	registry.refresh_employer_injury(date),
	registry.touch_others(date, date),
	registry.recompute(boolean, date, bigint, timestamptz, text[], bigint[]),
	registry.lock_persons(),
	registry.analyze_grown(text[]) FROM PUBLIC;

REVOKE EXECUTE ON PROCEDURE registry.compare(boolean) FROM PUBLIC;
