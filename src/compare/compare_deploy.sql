-- The recompute: apply what was received, judge the persons it touched, write
-- states, problems and cells.  Everything in one transaction, so nobody ever
-- sees a person half computed and an interrupted call leaves nothing behind.

CREATE TABLE IF NOT EXISTS registry.employer_injury (
	employer text PRIMARY KEY
);
COMMENT ON TABLE registry.employer_injury IS 'employers of public servants for whom work injury insurance is paid for somebody at the reference date';

CREATE UNLOGGED TABLE IF NOT EXISTS registry.place (
	person_id bigint NOT NULL,
	territory region_code
);
COMMENT ON TABLE registry.place IS 'working table of the first compare(): territory by register of every person; empty between calls';

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
	RETURN registry.setting('home_region')::registry.region_code;
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
	RETURN coalesce(registry.setting('reference_date')::date,
					registry.setting('current_reference_date')::date,
					current_date);
END;
$$;
COMMENT ON FUNCTION registry.reference_date() IS 'date at which the registry judges: setting reference_date, else the newest cutoff of the applied batches';

-- Tables that one recompute works in; they vanish with its transaction.
CREATE OR REPLACE FUNCTION registry.create_recompute_tables() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_touched, pg_temp.registry_verdict, pg_temp.registry_finding;
	CREATE TEMP TABLE registry_touched (person_id bigint PRIMARY KEY) ON COMMIT DROP;
	CREATE TEMP TABLE registry_verdict ON COMMIT DROP AS
		SELECT p.person_id, p.territory, p.citizen_id, p.id_kind, p.id_no, p.name, p.name_key, p.sex, p.birth_date,
			   p.ethnic, p.hukou_region, p.residence_region, p.phone, p.address, p.life_status, p.life_since,
			   p.employment, p.worker_kind, p.paying, p.receiving, p.paused, p.elsewhere, p.due, p.gap, p.standing,
			   p.class, p.work_state, p.next_change,
			   false AS is_new, false AS changed, false AS rows_elsewhere,
			   p.territory AS old_territory, p.standing AS old_standing, p.class AS old_class
		FROM registry.person p
		WITH NO DATA;
	CREATE TEMP TABLE registry_finding ON COMMIT DROP AS
		SELECT p.person_id, p.territory, p.rule_id, p.finding_key, p.employer, p.schemes, p.months, p.amount, p.keep, p.evidence
		FROM registry.problem p
		WITH NO DATA;
END;
$$;
COMMENT ON FUNCTION registry.create_recompute_tables() IS 'temporary tables of one recompute';

-- May rows be appended past the executor?  Only to an empty table on which the
-- DBA put nothing that would have to see them.
CREATE OR REPLACE FUNCTION registry.may_load(relation regclass) RETURNS boolean
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN pg_relation_size(relation) = 0
		AND EXISTS (SELECT FROM pg_class c WHERE c.oid = relation AND c.relkind = 'r' AND NOT c.relrowsecurity AND NOT c.relhasrules)
		AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname NOT LIKE 'a\_change\_log\_%')
		AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = relation AND f.contype <> 'p' OR f.confrelid = relation)
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisreplident);
END;
$$;
COMMENT ON FUNCTION registry.may_load(regclass) IS 'whether a first load may append rows to a table as COPY does';

/*
 * First load of a table: rows appended at once, logged, and the indexes made
 * when all are there.  sequence numbers id_column; logged tables say so.
 */
CREATE OR REPLACE FUNCTION registry.load_table(relation regclass, query text, id_column text, sequence regclass, logged boolean) RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	indexes text[] := registry.drop_indexes(relation);
	first_id bigint := nextval(sequence);
	loaded bigint;
BEGIN
	loaded := registry.load_rows(relation, query, id_column, first_id);
	IF sequence IS NOT NULL AND loaded > 0 THEN
		PERFORM setval(sequence, first_id + loaded - 1);
	END IF;
	-- before the indexes: building them makes the table look analyzed
	PERFORM registry.analyze_grown(ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.oid = relation));
	PERFORM registry.create_indexes(indexes);
	IF logged THEN
		PERFORM registry.log_loaded_rows(relation, id_column);
	END IF;
	RETURN loaded;
END;
$$;
COMMENT ON FUNCTION registry.load_table(regclass, text, text, regclass, boolean) IS 'first load of an empty table from a query';

-- On a first load an index is cheaper built at once than row by row.
CREATE OR REPLACE FUNCTION registry.drop_indexes(relation regclass) RETURNS text[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	definitions text[] := '{}';
	part record;
BEGIN
	-- not the constraints that something else rests upon
	FOR part IN
		SELECT i.indexrelid::regclass AS name, c.conname,
			   coalesce(format('ALTER TABLE %s ADD CONSTRAINT ', relation) || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid),
						pg_get_indexdef(i.indexrelid)) AS definition
		FROM pg_index i
		LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = relation
		WHERE i.indrelid = relation AND NOT i.indisreplident
		  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = relation)
		  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = c.oid
							AND d.classid <> 'pg_class'::regclass)
	LOOP
		definitions := definitions || part.definition;
		IF part.conname IS NOT NULL THEN
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', relation, part.conname);
		ELSE
			EXECUTE format('DROP INDEX %s', part.name);
		END IF;
	END LOOP;
	RETURN definitions;
END;
$$;
COMMENT ON FUNCTION registry.drop_indexes(regclass) IS 'drops the indexes of an empty table and returns how to make them again';

CREATE OR REPLACE FUNCTION registry.create_indexes(definitions text[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	definition text;
BEGIN
	FOREACH definition IN ARRAY definitions LOOP
		EXECUTE definition;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.create_indexes(text[]) IS 'makes the indexes that drop_indexes() dropped';

-- Numbers that no person has yet become persons, dense and in the order of the
-- numbers, so that neighbours in the register are neighbours on disk.
CREATE OR REPLACE FUNCTION registry.register_numbers(batches bigint[]) RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	last_id bigint;
	made bigint;
	numbers text;
BEGIN
	SELECT coalesce(max(a.person_id), 0) INTO last_id FROM registry.person_alias a;
	numbers := format(
		'SELECT %1$s + row_number() OVER (ORDER BY n.citizen_id, n.number) AS person_id,'
		' CASE WHEN n.citizen_id IS NOT NULL THEN ''citizen_id'' ELSE ''document'' END AS kind,'
		' coalesce(n.citizen_id::text, n.number) AS value, n.batch_id, n.territory'
		-- citizens of the registers, citizens that only others name, and documents
		' FROM (SELECT p.citizen_id, NULL::text AS number, min(p.batch_id) AS batch_id,'
		' min(registry.person_territory(p.residence_region, p.hukou_region, NULL, %3$L)) AS territory'
		' FROM registry.staged_population p'
		' WHERE p.batch_id = ANY (%2$L) AND p.citizen_id IS NOT NULL GROUP BY p.citizen_id'
		' UNION ALL SELECT s.citizen_id, NULL, min(s.batch_id), NULL'
		' FROM (SELECT e.citizen_id, e.batch_id FROM registry.staged_enrolment e'
		' UNION ALL SELECT c.citizen_id, c.batch_id FROM registry.staged_circumstance c'
		' UNION ALL SELECT w.citizen_id, w.batch_id FROM registry.staged_elsewhere w) s'
		' WHERE s.batch_id = ANY (%2$L) AND s.citizen_id IS NOT NULL'
		' AND NOT EXISTS (SELECT FROM registry.staged_population p WHERE p.citizen_id = s.citizen_id AND p.batch_id = ANY (%2$L))'
		' GROUP BY s.citizen_id'
		' UNION ALL SELECT NULL, d.number, min(d.batch_id), NULL'
		' FROM (SELECT p.number, p.batch_id FROM registry.staged_population p WHERE p.citizen_id IS NULL AND p.fault IS NULL'
		' UNION ALL SELECT e.number, e.batch_id FROM registry.staged_enrolment e WHERE e.citizen_id IS NULL AND e.fault IS NULL'
		' UNION ALL SELECT c.number, c.batch_id FROM registry.staged_circumstance c WHERE c.citizen_id IS NULL AND c.fault IS NULL'
		' UNION ALL SELECT w.number, w.batch_id FROM registry.staged_elsewhere w WHERE w.citizen_id IS NULL AND w.fault IS NULL) d'
		' WHERE d.batch_id = ANY (%2$L) GROUP BY d.number) n', last_id, batches, registry.home_region());
	IF registry.may_load('registry.person_alias') THEN
		made := registry.load_table('registry.person_alias', numbers, NULL, NULL, false);
	ELSE
		EXECUTE format('INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory) %s'
					   ' WHERE NOT EXISTS (SELECT FROM registry.person_alias a'
					   ' WHERE a.value = coalesce(n.citizen_id::text, n.number) AND a.kind <> ''former_name'')', numbers);
		GET DIAGNOSTICS made = ROW_COUNT;
	END IF;
	PERFORM registry.analyze_grown('{person_alias}');

	-- the forms under which a number or a name was also known
	INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory)
	SELECT DISTINCT ON (a.person_id, s.kind, s.value) a.person_id, s.kind, s.value, s.batch_id, a.territory
	FROM (SELECT p.number, 'legacy15' AS kind, left(p.number, 6) || substr(p.number, 9, 9) AS value, p.batch_id
		  FROM registry.staged_population p WHERE p.repair = 'legacy15'
		  UNION ALL
		  SELECT e.number, 'legacy15', left(e.number, 6) || substr(e.number, 9, 9), e.batch_id
		  FROM registry.staged_enrolment e WHERE e.repair = 'legacy15'
		  UNION ALL
		  SELECT c.number, 'legacy15', left(c.number, 6) || substr(c.number, 9, 9), c.batch_id
		  FROM registry.staged_circumstance c WHERE c.repair = 'legacy15'
		  UNION ALL
		  SELECT w.number, 'legacy15', left(w.number, 6) || substr(w.number, 9, 9), w.batch_id
		  FROM registry.staged_elsewhere w WHERE w.repair = 'legacy15'
		  UNION ALL
		  SELECT p.number, 'former_name', p.former_name, p.batch_id
		  FROM registry.staged_population p WHERE p.former_name IS NOT NULL AND p.fault IS NULL) s
	JOIN registry.person_alias a ON a.value = s.number AND a.kind IN ('citizen_id', 'document')
	WHERE s.batch_id = ANY (batches)
	ORDER BY a.person_id, s.kind, s.value, s.batch_id
	ON CONFLICT DO NOTHING;
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.register_numbers(bigint[]) IS 'gives every new number of the staged batches a person';

-- Territory by register, for the first compare(), which has no persons yet.
CREATE OR REPLACE FUNCTION registry.find_places() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	TRUNCATE registry.place;
	PERFORM registry.load_rows('registry.place',
		'SELECT p.person_id,'
		' coalesce(min(p.territory) FILTER (WHERE p.source <> ''police_migrant''), min(p.territory)) AS territory'
		' FROM registry.population p WHERE p.person_id > 0 AND p.ended_on IS NULL GROUP BY p.person_id');
	PERFORM registry.analyze_grown('{place}');
END;
$$;
COMMENT ON FUNCTION registry.find_places() IS 'places of the persons in the registers, for the rows that arrive';

/*
 * Applies the staged rows of one kind of fact: changed and re-appearing rows
 * are updated, new ones inserted, rows missing from a full extract ended.
 * Unchanged rows cost one probe.  Persons of all three go into registry_touched.
 */
CREATE OR REPLACE FUNCTION registry.apply_facts(fact text, id_column text, batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	columns text;
	assignments text;
	place text;
	place_join text;
	home region_code := registry.home_region();
	first_run boolean := registry.setting('current_reference_date') IS NULL;	-- everybody will be judged
	first_load boolean := registry.may_load(format('registry.%I', fact)::regclass);
	rows text;
	arrivals text;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM registry.staged_%I s WHERE s.batch_id = ANY ($1))'
				   ' OR EXISTS (SELECT FROM registry.batch b JOIN registry.source o USING (source)'
				   ' WHERE b.batch_id = ANY ($1) AND o.kind = $2)', fact)
		INTO STRICT place USING batches, fact;
	IF place = 'f' OR place = 'false' THEN
		RETURN;
	END IF;

	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
		   string_agg(format('%1$I = s.%1$I', a.attname), ', ' ORDER BY a.attnum)
	INTO columns, assignments
	FROM pg_attribute a
	JOIN pg_attribute b ON b.attrelid = format('registry.staged_%I', fact)::regclass AND b.attname = a.attname
	WHERE a.attrelid = format('registry.%I', fact)::regclass AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.attname NOT IN ('person_id', 'origin_person', 'territory', 'ended_on', 'valid_from', id_column);

	place_join := '';
	place := CASE fact
		WHEN 'population' THEN 'registry.person_territory(s.residence_region, s.hukou_region, NULL, $2)'
		WHEN 'enrolment' THEN 'coalesce(l.territory, registry.person_territory(NULL, NULL, s.agency, $2))'
		ELSE 'coalesce(l.territory, $2)' END;
	IF fact <> 'population' THEN
		-- later runs know most persons already; rows of the others follow their person once it is judged
		place_join := format('LEFT JOIN registry.%I l ON l.person_id = a.person_id', CASE WHEN first_run THEN 'place' ELSE 'person' END);
	END IF;

	-- rows that a full extract no longer holds
	EXECUTE format(
		'WITH gone AS ('
		'UPDATE registry.%1$I t SET ended_on = b.cutoff'
		' FROM registry.batch b JOIN registry.source o USING (source)'
		' WHERE b.batch_id = ANY ($1) AND o.delivery = ''full'' AND t.source = b.source AND t.ended_on IS NULL'
		' AND NOT EXISTS (SELECT FROM registry.staged_%1$I s WHERE s.row_key = t.row_key AND s.batch_id = b.batch_id)'
		' RETURNING t.person_id, b.batch_id),'
		' seen AS (INSERT INTO pg_temp.registry_touched SELECT DISTINCT g.person_id FROM gone g ON CONFLICT DO NOTHING)'
		' UPDATE registry.batch b SET ended = b.ended + c.rows'
		' FROM (SELECT g.batch_id, count(*) AS rows FROM gone g GROUP BY g.batch_id) c'
		' WHERE b.batch_id = c.batch_id', fact) USING batches;

	-- rows that differ from what the source said last, or come back
	DROP TABLE IF EXISTS pg_temp.registry_changed;
	EXECUTE format(
		'CREATE TEMP TABLE registry_changed ON COMMIT DROP AS'
		' SELECT t.row_key, t.person_id AS old_person, t.%2$I AS id, s.batch_id, coalesce(a.person_id, 0) AS person_id, %3$s AS territory'
		' FROM registry.staged_%1$I s JOIN registry.%1$I t ON t.row_key = s.row_key'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' %4$s'
		' WHERE s.batch_id = ANY ($1) AND (t.row_hash <> s.row_hash OR t.ended_on IS NOT NULL)',
		fact, id_column, place, place_join) USING batches, home;
	INSERT INTO pg_temp.registry_touched SELECT c.old_person FROM pg_temp.registry_changed c
		UNION SELECT c.person_id FROM pg_temp.registry_changed c ON CONFLICT DO NOTHING;
	EXECUTE format(
		'UPDATE registry.%1$I t SET (person_id, origin_person, territory, ended_on) = (c.person_id, c.person_id, c.territory, NULL), %2$s'
		' FROM pg_temp.registry_changed c, registry.staged_%1$I s'
		' WHERE t.row_key = c.row_key AND t.person_id = c.old_person AND s.row_key = c.row_key AND s.batch_id = c.batch_id',
		fact, assignments);
	-- a row whose number was broken until now was rejected, not applied: it is new
	UPDATE registry.batch b SET changed = b.changed + c.changed, inserted = b.inserted + c.inserted
	FROM (SELECT r.batch_id, count(*) FILTER (WHERE r.old_person > 0) AS changed, count(*) FILTER (WHERE r.old_person = 0) AS inserted
		  FROM pg_temp.registry_changed r WHERE r.person_id > 0 GROUP BY r.batch_id) c
	WHERE b.batch_id = c.batch_id;

	-- rows the source never said before, in the order of the persons
	rows := format(
		'SELECT coalesce(a.person_id, 0) AS person_id, coalesce(a.person_id, 0) AS origin_person, %2$s AS territory, s.valid_from, %3$s'
		' FROM registry.staged_%1$I s'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' %4$s'
		' WHERE s.batch_id = ANY ($1) AND %5$s'
		' ORDER BY 1',
		fact, place, (SELECT string_agg('s.' || c, ', ') FROM unnest(string_to_array(columns, ', ')) c), place_join,
		CASE WHEN first_load THEN 'true' ELSE format('NOT EXISTS (SELECT FROM registry.%I t WHERE t.row_key = s.row_key)', fact) END);
	IF first_load THEN
		PERFORM registry.load_table(format('registry.%I', fact)::regclass,
									replace(replace(rows, '$1', format('%L::bigint[]', batches)), '$2', format('%L::registry.region_code', home)),
									id_column, format('registry.%s_seq', CASE fact WHEN 'population' THEN 'population_row_id' ELSE id_column END)::regclass,
									fact = 'enrolment');
		-- a query of its own may run in parallel
		DROP TABLE IF EXISTS pg_temp.registry_arrived;
		EXECUTE format('CREATE TEMP TABLE registry_arrived ON COMMIT DROP AS'
					   ' SELECT t.batch_id, count(*) AS rows FROM registry.%I t WHERE t.person_id > 0 GROUP BY t.batch_id', fact);
		UPDATE registry.batch b SET inserted = b.inserted + a.rows FROM pg_temp.registry_arrived a WHERE b.batch_id = a.batch_id;
		IF NOT first_run THEN
			EXECUTE format('INSERT INTO pg_temp.registry_touched SELECT DISTINCT t.person_id FROM registry.%I t ON CONFLICT DO NOTHING', fact);
		END IF;
		RETURN;
	END IF;
	arrivals := format('INSERT INTO registry.%1$I (person_id, origin_person, territory, valid_from, %2$s) %3$s RETURNING person_id, batch_id',
						   fact, columns, rows);
	EXECUTE format(
		'WITH arrived AS (%s),'
		' seen AS (INSERT INTO pg_temp.registry_touched SELECT DISTINCT r.person_id FROM arrived r ON CONFLICT DO NOTHING)'
		' UPDATE registry.batch b SET inserted = b.inserted + c.rows'
		' FROM (SELECT r.batch_id, count(*) AS rows FROM arrived r WHERE r.person_id > 0 GROUP BY r.batch_id) c'
		' WHERE b.batch_id = c.batch_id', arrivals) USING batches, home;
END;
$$;
COMMENT ON FUNCTION registry.apply_facts(text, text, bigint[]) IS 'applies the staged rows of one kind of fact';

-- Employers have no person; their codes stand for themselves.
CREATE OR REPLACE FUNCTION registry.apply_employers(batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	WITH gone AS (
		UPDATE registry.employer t SET ended_on = b.cutoff
		FROM registry.batch b JOIN registry.source o USING (source)
		WHERE b.batch_id = ANY (batches) AND o.delivery = 'full' AND t.source = b.source AND t.ended_on IS NULL
		  AND NOT EXISTS (SELECT FROM registry.staged_employer s WHERE s.row_key = t.row_key AND s.batch_id = b.batch_id)
		RETURNING b.batch_id)
	UPDATE registry.batch b SET ended = b.ended + c.rows
	FROM (SELECT g.batch_id, count(*) AS rows FROM gone g GROUP BY g.batch_id) c WHERE b.batch_id = c.batch_id;

	WITH different AS (
		UPDATE registry.employer t
		SET batch_id = s.batch_id, line_no = s.line_no, row_hash = s.row_hash, code_fault = s.code_fault, name = s.name,
			employer_kind = s.employer_kind, region = s.region, territory = s.region, address = s.address,
			legal_person = s.legal_person, staff = s.staff, state = s.state, founded_on = s.founded_on, extra = s.extra, ended_on = NULL
		FROM registry.staged_employer s
		WHERE s.batch_id = ANY (batches) AND t.row_key = s.row_key AND (t.row_hash <> s.row_hash OR t.ended_on IS NOT NULL)
		RETURNING s.batch_id)
	UPDATE registry.batch b SET changed = b.changed + c.rows
	FROM (SELECT d.batch_id, count(*) AS rows FROM different d GROUP BY d.batch_id) c WHERE b.batch_id = c.batch_id;

	WITH arrived AS (
		INSERT INTO registry.employer (territory, source, batch_id, line_no, row_key, row_hash, code, code_fault, name, employer_kind,
									   region, address, legal_person, staff, state, founded_on, extra, valid_from)
		SELECT s.region, s.source, s.batch_id, s.line_no, s.row_key, s.row_hash, s.code, s.code_fault, s.name, s.employer_kind,
			   s.region, s.address, s.legal_person, s.staff, s.state, s.founded_on, s.extra, s.valid_from
		FROM registry.staged_employer s
		WHERE s.batch_id = ANY (batches) AND NOT EXISTS (SELECT FROM registry.employer t WHERE t.row_key = s.row_key)
		RETURNING batch_id)
	UPDATE registry.batch b SET inserted = b.inserted + c.rows
	FROM (SELECT a.batch_id, count(*) AS rows FROM arrived a GROUP BY a.batch_id) c WHERE b.batch_id = c.batch_id;
END;
$$;
COMMENT ON FUNCTION registry.apply_employers(bigint[]) IS 'applies the staged rows of the employer registries';

/*
 * Rows under person 0 whose broken number is one edit away from exactly one
 * register person with an equal name are that person's.  The reject is closed
 * as repaired, the problem recorded as closed, the broken number kept as alias.
 */
CREATE OR REPLACE FUNCTION registry.repair_rows(fact text, id_column text) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_repair;
	EXECUTE format(
		'CREATE TEMP TABLE registry_repair ON COMMIT DROP AS'
		' SELECT r.%2$I AS id, r.row_key, r.batch_id, r.line_no, r.source, r.number, r.fault,'
		' min(p.person_id) AS person_id, min(p.citizen_id) AS citizen_id, min(c.edit) AS edit, min(p.territory) AS territory'
		' FROM registry.%1$I r'
		' CROSS JOIN LATERAL registry.citizen_id_candidates(r.number) c'
		' JOIN registry.population p ON p.citizen_id = c.id AND p.ended_on IS NULL AND p.person_id > 0 AND p.name_key = r.name_key'
		' WHERE r.person_id = 0 AND r.ended_on IS NULL AND r.fault IN (''ID02'', ''ID03'', ''ID04'', ''ID08'')'
		' GROUP BY r.%2$I, r.row_key, r.batch_id, r.line_no, r.source, r.number, r.fault'
		' HAVING count(DISTINCT p.person_id) = 1', fact, id_column);
	EXECUTE format(
		'UPDATE registry.%1$I r SET person_id = f.person_id, origin_person = f.person_id, citizen_id = f.citizen_id,'
		' repair = f.edit, territory = f.territory'
		' FROM pg_temp.registry_repair f WHERE r.person_id = 0 AND r.%2$I = f.id', fact, id_column);

	INSERT INTO pg_temp.registry_touched SELECT DISTINCT f.person_id FROM pg_temp.registry_repair f ON CONFLICT DO NOTHING;
	INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory)
		SELECT DISTINCT ON (f.person_id, f.number) f.person_id, 'repaired', f.number, f.batch_id, f.territory
		FROM pg_temp.registry_repair f ORDER BY f.person_id, f.number, f.batch_id
		ON CONFLICT DO NOTHING;
	-- only the check character was wrong: ID05, else the rule that was broken;
	-- a problem that stood without a person finds its person
	UPDATE registry.problem p
	SET person_id = f.person_id, territory = f.territory,
		rule_id = CASE WHEN f.edit LIKE 'check character%' AND f.fault = 'ID04' THEN 'ID05' ELSE f.fault END,
		evidence = p.evidence || jsonb_build_object('edit', f.edit),
		state = 'closed', decision = 'repaired', closed_batch_id = f.batch_id, closed_at = now()
	FROM pg_temp.registry_repair f
	WHERE p.person_id = 0 AND p.rule_id = f.fault AND p.finding_key = hashtextextended(f.row_key::text, 0)
	  AND NOT EXISTS (SELECT FROM registry.problem q WHERE q.person_id = f.person_id AND q.finding_key = p.finding_key);
	INSERT INTO registry.problem (person_id, territory, rule_id, finding_key, evidence, state, decision, batch_id, closed_batch_id, opened_at, closed_at)
		SELECT f.person_id, f.territory, CASE WHEN f.edit LIKE 'check character%' AND f.fault = 'ID04' THEN 'ID05' ELSE f.fault END,
			   hashtextextended(f.row_key::text, 0),
			   jsonb_build_object('source', f.source, 'batch_id', f.batch_id, 'line_no', f.line_no, 'number', f.number, 'edit', f.edit),
			   'closed', 'repaired', f.batch_id, f.batch_id, now(), now()
		FROM pg_temp.registry_repair f
		ON CONFLICT (person_id, rule_id, finding_key) DO NOTHING;
	-- the account: a repaired row is an applied row
	WITH repaired AS (
		UPDATE registry.reject j SET state = 'repaired'
		FROM pg_temp.registry_repair f WHERE j.row_key = f.row_key AND j.state = 'open'
		RETURNING j.batch_id)
	UPDATE registry.batch b SET rejected = b.rejected - c.rows, inserted = b.inserted + c.rows
	FROM (SELECT r.batch_id, count(*) AS rows FROM repaired r GROUP BY r.batch_id) c WHERE b.batch_id = c.batch_id;
END;
$$;
COMMENT ON FUNCTION registry.repair_rows(text, text) IS 'finds the persons of rows whose number is broken, where a register proves it';

-- What became of the rejects when their rows were delivered again.
CREATE OR REPLACE FUNCTION registry.settle_rejects(batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	-- a broken row that was repaired before is an unchanged or changed row now
	WITH known AS (
		UPDATE registry.reject j SET state = 'repaired'
		FROM (SELECT e.row_key, e.batch_id FROM registry.enrolment e JOIN registry.reject r USING (row_key)
			  WHERE e.person_id > 0 AND e.fault IS NOT NULL AND r.batch_id = ANY (batches) AND r.state = 'open'
			  UNION
			  SELECT c.row_key, c.batch_id FROM registry.circumstance c JOIN registry.reject r USING (row_key)
			  WHERE c.person_id > 0 AND c.fault IS NOT NULL AND r.batch_id = ANY (batches) AND r.state = 'open'
			  UNION
			  SELECT w.row_key, w.batch_id FROM registry.elsewhere w JOIN registry.reject r USING (row_key)
			  WHERE w.person_id > 0 AND w.fault IS NOT NULL AND r.batch_id = ANY (batches) AND r.state = 'open') k
		WHERE j.row_key = k.row_key AND j.batch_id = ANY (batches) AND j.state = 'open'
		RETURNING j.batch_id)
	UPDATE registry.batch b SET rejected = b.rejected - c.rows
	FROM (SELECT k.batch_id, count(*) AS rows FROM known k GROUP BY k.batch_id) c WHERE b.batch_id = c.batch_id;

	-- a newer full extract answers for everything an older one left open
	UPDATE registry.reject j
	SET state = CASE WHEN EXISTS (SELECT FROM registry.enrolment e WHERE e.row_key = j.row_key AND e.person_id > 0 AND e.ended_on IS NULL)
					   OR EXISTS (SELECT FROM registry.population p WHERE p.row_key = j.row_key AND p.person_id > 0 AND p.ended_on IS NULL)
					   OR EXISTS (SELECT FROM registry.circumstance c WHERE c.row_key = j.row_key AND c.person_id > 0 AND c.ended_on IS NULL)
				THEN 'corrected' ELSE 'discarded' END
	FROM registry.batch b JOIN registry.source o USING (source)
	WHERE b.batch_id = ANY (batches) AND o.delivery = 'full'
	  AND j.source = b.source AND j.batch_id < b.batch_id AND j.state = 'open';

	UPDATE registry.batch b
	SET unchanged = b.received - b.rejected - b.inserted - b.changed
	WHERE b.batch_id = ANY (batches);
END;
$$;
COMMENT ON FUNCTION registry.settle_rejects(bigint[]) IS 'closes rejects whose rows were repaired, corrected or replaced, and closes the account of the batches';

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

-- Findings that do not come from one person's facts: rows without a person,
-- employers, and numbers that are probably typing errors.
CREATE OR REPLACE FUNCTION registry.find_other_problems() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT 0, r.territory, r.fault, hashtextextended(r.row_key::text, 0), registry.coverage_make(array_remove(ARRAY[r.scheme], NULL)),
		   jsonb_build_object('source', r.source, 'batch_id', r.batch_id, 'line_no', r.line_no, 'number', r.number)
	FROM (SELECT p.territory, p.fault, p.row_key, NULL::text AS scheme, p.source, p.batch_id, p.line_no, p.number
		  FROM registry.population p WHERE p.person_id = 0 AND p.ended_on IS NULL
		  UNION ALL
		  SELECT e.territory, e.fault, e.row_key, e.scheme, e.source, e.batch_id, e.line_no, e.number
		  FROM registry.enrolment e WHERE e.person_id = 0 AND e.ended_on IS NULL
		  UNION ALL
		  SELECT c.territory, c.fault, c.row_key, NULL, c.source, c.batch_id, c.line_no, c.number
		  FROM registry.circumstance c WHERE c.person_id = 0 AND c.ended_on IS NULL
		  UNION ALL
		  SELECT w.territory, w.fault, w.row_key, w.scheme, w.source, w.batch_id, w.line_no, w.number
		  FROM registry.elsewhere w WHERE w.person_id = 0 AND w.ended_on IS NULL) r
	JOIN registry.rule u ON u.rule_id = r.fault AND u.active
	WHERE r.fault IN ('ID02', 'ID03', 'ID04', 'ID08');

	-- several register persons, or one of a similar name, one edit from a broken
	-- number: a proposal at each whom the row may mean
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT p.person_id, min(p.territory), 'DP06', hashtextextended(r.row_key::text, 0), '{}'::registry.coverage,
		   jsonb_build_object('source', r.source, 'batch_id', r.batch_id, 'line_no', r.line_no, 'number', r.number)
	FROM (SELECT e.row_key, e.source, e.batch_id, e.line_no, e.number, e.name, e.name_key, e.fault
		  FROM registry.enrolment e WHERE e.person_id = 0 AND e.ended_on IS NULL
		  UNION ALL
		  SELECT c.row_key, c.source, c.batch_id, c.line_no, c.number, c.name, c.name_key, c.fault
		  FROM registry.circumstance c WHERE c.person_id = 0 AND c.ended_on IS NULL
		  UNION ALL
		  SELECT w.row_key, w.source, w.batch_id, w.line_no, w.number, w.name, w.name_key, w.fault
		  FROM registry.elsewhere w WHERE w.person_id = 0 AND w.ended_on IS NULL) r
	CROSS JOIN LATERAL registry.citizen_id_candidates(r.number) c
	JOIN registry.population p ON p.citizen_id = c.id AND p.ended_on IS NULL AND p.person_id > 0
	WHERE r.fault IN ('ID02', 'ID03', 'ID04', 'ID08')
	  AND (p.name_key = r.name_key OR registry.name_similarity(p.name, r.name) >= 0.5)
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY p.person_id, r.row_key, r.source, r.batch_id, r.line_no, r.number;

	-- a valid number in no register, while an equal name stands one edit away
	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, schemes, evidence)
	SELECT v.person_id, v.territory, 'DP06', 0, '{}'::registry.coverage, jsonb_build_object('candidates', jsonb_agg(DISTINCT p.person_id))
	FROM pg_temp.registry_verdict v
	CROSS JOIN LATERAL registry.citizen_id_neighbours(v.citizen_id) n(id)
	JOIN registry.population p ON p.citizen_id = n.id AND p.ended_on IS NULL AND p.name_key = v.name_key
	WHERE v.life_status = 90 AND v.citizen_id IS NOT NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'DP06' AND u.active)
	GROUP BY v.person_id, v.territory;

	INSERT INTO pg_temp.registry_finding (person_id, territory, rule_id, finding_key, employer, schemes, evidence)
	SELECT DISTINCT ON (e.code) 0, e.territory, 'EM01', hashtextextended(e.code, 0), e.code, '{}'::registry.coverage,
		   jsonb_build_object('source', e.source, 'batch_id', e.batch_id, 'line_no', e.line_no, 'fault', e.code_fault)
	FROM registry.employer e
	WHERE e.code_fault IS NOT NULL AND e.ended_on IS NULL
	  AND EXISTS (SELECT FROM registry.rule u WHERE u.rule_id = 'EM01' AND u.active)
	ORDER BY e.code, e.employer_id;
END;
$$;
COMMENT ON FUNCTION registry.find_other_problems() IS 'findings about rows without a person, employers and probable typing errors';

CREATE OR REPLACE FUNCTION registry.write_persons() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF registry.may_load('registry.person') THEN
		PERFORM registry.load_table('registry.person',
			'SELECT v.person_id, v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic,'
			' v.hukou_region, v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind,'
			' v.paying, v.receiving, v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change,'
			' now() AS updated_at FROM pg_temp.registry_verdict v', NULL, NULL, true);
		RETURN;
	END IF;

	INSERT INTO registry.person (person_id, territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic,
								 hukou_region, residence_region, phone, address, life_status, life_since, employment, worker_kind,
								 paying, receiving, paused, elsewhere, due, gap, standing, class, work_state, next_change, updated_at)
	SELECT v.person_id, v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic,
		   v.hukou_region, v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind,
		   v.paying, v.receiving, v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now()
	FROM pg_temp.registry_verdict v
	WHERE v.is_new;

	UPDATE registry.person p
	SET (territory, citizen_id, id_kind, id_no, name, name_key, sex, birth_date, ethnic, hukou_region, residence_region, phone, address,
		 life_status, life_since, employment, worker_kind, paying, receiving, paused, elsewhere, due, gap, standing, class,
		 work_state, next_change, updated_at)
	  = (v.territory, v.citizen_id, v.id_kind, v.id_no, v.name, v.name_key, v.sex, v.birth_date, v.ethnic, v.hukou_region,
		 v.residence_region, v.phone, v.address, v.life_status, v.life_since, v.employment, v.worker_kind, v.paying, v.receiving,
		 v.paused, v.elsewhere, v.due, v.gap, v.standing, v.class, v.work_state, v.next_change, now())
	FROM pg_temp.registry_verdict v
	WHERE p.person_id = v.person_id AND v.changed;
END;
$$;
COMMENT ON FUNCTION registry.write_persons() IS 'writes the judged states that are new or differ';

-- Every row of a person carries the person's territory.
CREATE OR REPLACE FUNCTION registry.follow_territory() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	fact text;
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_moved;
	CREATE TEMP TABLE registry_moved ON COMMIT DROP AS
		SELECT v.person_id, v.territory FROM pg_temp.registry_verdict v WHERE v.rows_elsewhere;
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere'] LOOP
		EXECUTE format('UPDATE registry.%I f SET territory = m.territory FROM pg_temp.registry_moved m'
					   ' WHERE f.person_id = m.person_id AND f.territory IS DISTINCT FROM m.territory', fact);
	END LOOP;
	UPDATE registry.person_alias a SET territory = v.territory FROM pg_temp.registry_verdict v
	WHERE a.person_id = v.person_id AND (v.is_new OR v.rows_elsewhere OR v.territory IS DISTINCT FROM v.old_territory)
	  AND a.territory IS DISTINCT FROM v.territory;
	UPDATE registry.problem p SET territory = m.territory FROM pg_temp.registry_moved m
	WHERE p.person_id = m.person_id AND p.territory IS DISTINCT FROM m.territory;
END;
$$;
COMMENT ON FUNCTION registry.follow_territory() IS 'gives the rows of persons who moved their new territory';

/*
 * Opens, refreshes and closes problems so that those of the judged persons are
 * exactly the findings.  The same finding stays the same problem; decisions on
 * it survive.
 */
CREATE OR REPLACE FUNCTION registry.write_problems(everyone boolean, batch bigint) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.problem AS p (person_id, territory, rule_id, finding_key, employer, schemes, months, amount, keep,
									   evidence, state, batch_id, opened_at)
	SELECT f.person_id, f.territory, f.rule_id, f.finding_key, f.employer, f.schemes, f.months, f.amount, f.keep, f.evidence,
		   'open', batch, now()
	FROM pg_temp.registry_finding f
	ON CONFLICT (person_id, rule_id, finding_key) DO UPDATE
	SET territory = excluded.territory, schemes = excluded.schemes, months = excluded.months, amount = excluded.amount,
		keep = excluded.keep, evidence = excluded.evidence,
		state = CASE WHEN p.state = 'closed' THEN 'open' ELSE p.state END,
		decision = CASE WHEN p.state = 'closed' THEN NULL ELSE p.decision END,
		closed_at = NULL, closed_batch_id = NULL
	WHERE (p.territory, p.schemes, p.months, p.amount, p.keep, p.evidence)
		  IS DISTINCT FROM (excluded.territory, excluded.schemes, excluded.months, excluded.amount, excluded.keep, excluded.evidence)
	   OR p.state = 'closed';

	UPDATE registry.problem p
	SET state = 'closed', closed_at = now(), closed_batch_id = batch
	WHERE p.state <> 'closed'
	  AND (everyone OR p.person_id = 0 OR p.rule_id = 'DP06' OR EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.person_id = p.person_id))
	  AND NOT EXISTS (SELECT FROM pg_temp.registry_finding f
					  WHERE f.person_id = p.person_id AND f.rule_id = p.rule_id AND f.finding_key = p.finding_key);
END;
$$;
COMMENT ON FUNCTION registry.write_problems(boolean, bigint) IS 'makes the problems of the judged persons equal to the findings';

-- Persons per place of every level, insurance kind and standing, as they are now.
CREATE OR REPLACE FUNCTION registry.count_cells()
	RETURNS TABLE (territory region_code, kind text, standing smallint, persons bigint)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT registry.region_at_level(g.territory, l.level), k.kind, ((g.standing >> (3 * k.position)) & 7)::smallint, sum(g.persons)::bigint
	FROM (SELECT p.territory, p.standing, count(*) AS persons
		  FROM registry.person p WHERE p.class NOT IN ('gone', 'unknown') GROUP BY 1, 2) g
	CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) k(position, kind)
	CROSS JOIN LATERAL generate_series(1, registry.region_level(g.territory)) l(level)
	GROUP BY 1, 2, 3;
END;
$$;
COMMENT ON FUNCTION registry.count_cells() IS 'coverage cells counted afresh from the persons';

CREATE OR REPLACE FUNCTION registry.write_cells(everyone boolean) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF everyone THEN
		DELETE FROM registry.coverage_cell;
		INSERT INTO registry.coverage_cell SELECT * FROM registry.count_cells();
		RETURN;
	END IF;
	INSERT INTO registry.coverage_cell AS c (territory, kind, standing, persons)
	SELECT registry.region_at_level(g.territory, l.level), k.kind, ((g.standing >> (3 * k.position)) & 7)::smallint, sum(g.persons)
	FROM (SELECT d.territory, d.standing, sum(d.persons) AS persons
		  FROM (SELECT v.territory, v.standing, 1 AS persons FROM pg_temp.registry_verdict v
				WHERE (v.is_new OR v.changed) AND v.class NOT IN ('gone', 'unknown')
				UNION ALL
				SELECT v.old_territory, v.old_standing, -1 FROM pg_temp.registry_verdict v
				WHERE v.changed AND v.old_class NOT IN ('gone', 'unknown')) d
		  GROUP BY 1, 2 HAVING sum(d.persons) <> 0) g
	CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) k(position, kind)
	CROSS JOIN LATERAL generate_series(1, registry.region_level(g.territory)) l(level)
	GROUP BY 1, 2, 3
	HAVING sum(g.persons) <> 0
	ON CONFLICT (territory, kind, standing) DO UPDATE SET persons = c.persons + excluded.persons;
	DELETE FROM registry.coverage_cell c WHERE c.persons = 0;
END;
$$;
COMMENT ON FUNCTION registry.write_cells(boolean) IS 'brings the coverage cells up to date from the stream of old and new states';

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

-- Progress of a long act, for whoever watches it.
CREATE OR REPLACE FUNCTION registry.report_step(started timestamptz, step text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RAISE NOTICE '% s  %', to_char(extract(epoch FROM clock_timestamp() - started), 'FM99990.00'), step;
END;
$$;
COMMENT ON FUNCTION registry.report_step(timestamptz, text) IS 'tells the caller how far a long act has come';

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
	judged bigint;
	started timestamptz := clock_timestamp();
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.compare', 0)) THEN
		RAISE EXCEPTION 'another compare() is running'
			USING ERRCODE = 'RG001', HINT = 'Wait for it to finish, then call compare() again.';
	END IF;
	PERFORM registry.create_recompute_tables();

	LOOP
		-- held, so that nobody discards a batch while it is applied
		PERFORM FROM registry.batch b WHERE b.state = 'staged' ORDER BY b.batch_id FOR UPDATE;
		batches := ARRAY(SELECT DISTINCT ON (b.source) b.batch_id FROM registry.batch b
						 WHERE b.state = 'staged' AND b.batch_id <> ALL (applied)
						 ORDER BY b.source, b.cutoff, b.batch_id);
		EXIT WHEN batches = '{}';
		PERFORM set_config('registry.batch_id', batches[1]::text, true);
		PERFORM registry.report_step(started, format('applying %s batches', cardinality(batches)));
		PERFORM registry.analyze_grown('{staged_population,staged_enrolment,staged_circumstance,staged_elsewhere,staged_employer,batch,source}');
		PERFORM registry.register_numbers(batches);
		PERFORM registry.report_step(started, 'new numbers registered');
		PERFORM registry.apply_employers(batches);
		PERFORM registry.apply_facts('population', 'row_id', batches);
		IF registry.setting('current_reference_date') IS NULL THEN
			PERFORM registry.find_places();
		END IF;
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
		PERFORM registry.report_step(started, 'lists applied, broken numbers repaired');
		applied := applied || batches;
	END LOOP;
	old_reference := registry.setting('current_reference_date')::date;
	reference := registry.next_reference_date(applied);
	PERFORM registry.refresh_employer_injury(reference);
	everyone := registry.touch_others(old_reference, reference) OR "full";
	ANALYZE pg_temp.registry_touched;
	PERFORM registry.report_step(started, format('judging %s persons at %s',
		CASE WHEN everyone THEN 'all' ELSE (SELECT count(*)::text FROM pg_temp.registry_touched) END, reference));
	judged := registry.judge_persons(everyone, reference, registry.home_region(),
									 'pg_temp.registry_verdict', 'pg_temp.registry_finding');
	PERFORM registry.report_step(started, format('judged %s persons', judged));
	ANALYZE pg_temp.registry_verdict (person_id);
	PERFORM registry.find_other_problems();
	ANALYZE pg_temp.registry_finding;
	PERFORM registry.report_step(started, format('%s findings', (SELECT count(*) FROM pg_temp.registry_finding)));

	PERFORM registry.write_persons();
	PERFORM registry.report_step(started, 'persons written');
	PERFORM registry.follow_territory();
	PERFORM registry.write_problems(everyone, (SELECT max(a) FROM unnest(applied) a));
	PERFORM registry.report_step(started, 'problems written');
	PERFORM registry.write_cells(everyone);
	PERFORM registry.analyze_grown('{person,problem}');
	PERFORM registry.report_step(started, 'coverage counted');

	UPDATE registry.batch b SET state = 'applied', finished_at = clock_timestamp() WHERE b.batch_id = ANY (applied);
	PERFORM registry.clear_staged(applied);
	TRUNCATE registry.place;
	PERFORM registry.report_step(started, 'done');
	INSERT INTO registry.setting (name, value, note) VALUES ('current_reference_date', to_char(reference, 'YYYY-MM-DD'), 'kept by compare()')
		ON CONFLICT (name) DO UPDATE SET value = excluded.value;
END;
$$;
COMMENT ON PROCEDURE registry.compare(boolean) IS 'applies staged batches and recomputes the persons they touch; full => true recomputes everybody';

CREATE OR REPLACE FUNCTION registry.clear_staged(batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'employer'] LOOP
		-- emptied at once when nobody receives and nothing else waits; safe only
		-- where a snapshot sees what was committed before the lock
		BEGIN
			IF current_setting('transaction_isolation') = 'read committed' THEN
				EXECUTE format('LOCK TABLE registry.staged_%I IN ACCESS EXCLUSIVE MODE NOWAIT', fact);
				IF NOT EXISTS (SELECT FROM registry.batch b WHERE b.state IN ('staged', 'held') AND b.batch_id <> ALL (batches)) THEN
					EXECUTE format('TRUNCATE registry.staged_%I', fact);
					CONTINUE;
				END IF;
			END IF;
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
		EXECUTE format('DELETE FROM registry.staged_%I s WHERE s.batch_id = ANY ($1)', fact) USING batches;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.clear_staged(bigint[]) IS 'removes the staged rows of applied or discarded batches';

/*
 * registry.verify() → one row per check with the number of failures and a sample
 *
 * Recomputes everybody and compares: the stored state must equal it, cells must
 * equal a recount, and every received row must be accounted for.
 */
CREATE OR REPLACE FUNCTION registry.verify() RETURNS TABLE ("check" text, failing bigint, sample text)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	PERFORM registry.create_recompute_tables();
	PERFORM registry.judge_persons(true, registry.reference_date(), registry.home_region(),
								   'pg_temp.registry_verdict', 'pg_temp.registry_finding');
	PERFORM registry.find_other_problems();

	RETURN QUERY SELECT 'persons equal a full recompute', count(*), min('person ' || v.person_id)
	FROM pg_temp.registry_verdict v WHERE v.is_new OR v.changed;

	RETURN QUERY SELECT 'problems equal a full recompute', count(*),
		min(format('person %s rule %s', coalesce(f.person_id, p.person_id), coalesce(f.rule_id, p.rule_id)))
	FROM pg_temp.registry_finding f
	FULL JOIN (SELECT * FROM registry.problem q WHERE q.state <> 'closed') p
		ON p.person_id = f.person_id AND p.rule_id = f.rule_id AND p.finding_key = f.finding_key
	WHERE p.person_id IS NULL OR f.person_id IS NULL
	   OR (p.months, p.amount, p.schemes, p.keep) IS DISTINCT FROM (f.months, f.amount, f.schemes, f.keep);

	RETURN QUERY SELECT 'cells equal a recount', count(*), min(format('%s %s %s', coalesce(c.territory, n.territory), coalesce(c.kind, n.kind), coalesce(c.standing, n.standing)))
	FROM registry.coverage_cell c
	FULL JOIN registry.count_cells() n ON n.territory = c.territory AND n.kind = c.kind AND n.standing = c.standing
	WHERE c.persons IS DISTINCT FROM n.persons;

	RETURN QUERY SELECT 'every received row is accounted for', count(*), min('batch ' || b.batch_id)
	FROM registry.batch b
	WHERE b.state = 'applied'
	  AND (b.received <> b.unchanged + b.inserted + b.changed + b.rejected OR b.unchanged < 0
		   OR b.rejected <> (SELECT count(*) FROM registry.reject j WHERE j.batch_id = b.batch_id AND j.state <> 'repaired'));

	RETURN QUERY SELECT 'every row of a person carries the person''s territory', count(*), min('person ' || v.person_id)
	FROM pg_temp.registry_verdict v
	WHERE v.rows_elsewhere
	   OR EXISTS (SELECT FROM registry.person_alias a WHERE a.person_id = v.person_id AND a.territory IS DISTINCT FROM v.territory);
END;
$$;
COMMENT ON FUNCTION registry.verify() IS 'proves that the stored state equals a full recompute, counters a recount, and that every received row is accounted for';

REVOKE EXECUTE ON FUNCTION registry.create_recompute_tables(), registry.register_numbers(bigint[]), registry.find_places(),
	registry.apply_facts(text, text, bigint[]), registry.drop_indexes(regclass), registry.create_indexes(text[]), registry.may_load(regclass),
	registry.load_table(regclass, text, text, regclass, boolean), registry.apply_employers(bigint[]), registry.repair_rows(text, text),
	registry.settle_rejects(bigint[]), registry.refresh_employer_injury(date), registry.find_other_problems(),
	registry.write_persons(), registry.follow_territory(), registry.write_problems(boolean, bigint), registry.write_cells(boolean),
	registry.clear_staged(bigint[]), registry.touch_others(date, date), registry.analyze_grown(text[]), registry.verify() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE registry.compare(boolean) FROM PUBLIC;
