-- Applying staged batches: new numbers become persons, changed and new rows are
-- written, rows missing from a full extract ended, and every account closed.

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
	-- ids are never used again: those of merged persons stand only in the links
	SELECT greatest((SELECT max(a.person_id) FROM registry.person_alias a),
					(SELECT max(greatest(l.person_id, l.other_id)) FROM registry.link l), 0) INTO last_id;
	numbers := format(
		'SELECT %1$s + row_number() OVER (ORDER BY n.citizen_id, n.number) AS person_id,'
		' CASE WHEN n.citizen_id IS NOT NULL THEN ''citizen_id'' ELSE ''document'' END AS kind,'
		' coalesce(n.citizen_id::text, n.number) AS value, n.batch_id, n.territory,'
		' %1$s + row_number() OVER (ORDER BY n.citizen_id, n.number) AS origin_person'
		-- citizens of the registers, citizens that only others name, and documents
		' FROM (SELECT p.citizen_id, NULL::text AS number, min(p.batch_id) AS batch_id,'
		-- the household register's place goes before the migrant register's
		' coalesce(min(registry.person_territory(p.residence_region, p.hukou_region, NULL, %3$L)) FILTER (WHERE p.source <> ''police_migrant''),'
		' min(registry.person_territory(p.residence_region, p.hukou_region, NULL, %3$L))) AS territory'
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
		EXECUTE format('INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory, origin_person) %s'
					   ' WHERE NOT EXISTS (SELECT FROM registry.person_alias a'
					   ' WHERE a.value = coalesce(n.citizen_id::text, n.number) AND a.kind <> ''former_name'')', numbers);
		GET DIAGNOSTICS made = ROW_COUNT;
	END IF;
	PERFORM registry.analyze_grown('{person_alias}');

	-- the forms under which a number or a name was also known
	INSERT INTO registry.person_alias (person_id, kind, value, batch_id, territory, origin_person)
	SELECT DISTINCT ON (a.origin_person, s.kind, s.value) a.person_id, s.kind, s.value, s.batch_id, a.territory, a.origin_person
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
	ORDER BY a.origin_person, s.kind, s.value, s.batch_id
	ON CONFLICT DO NOTHING;
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.register_numbers(bigint[]) IS 'gives every new number of the staged batches a person';

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

	-- rows of persons whom no register places follow them once they are judged
	place := CASE fact
		WHEN 'population' THEN 'registry.person_territory(s.residence_region, s.hukou_region, NULL, $2)'
		WHEN 'enrolment' THEN 'coalesce(a.territory, registry.person_territory(NULL, NULL, s.agency, $2))'
		ELSE 'coalesce(a.territory, $2)' END;

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
		' SELECT t.row_key, t.person_id AS old_person, t.%2$I AS id, s.batch_id, coalesce(a.person_id, 0) AS person_id,'
		' coalesce(a.origin_person, 0) AS origin_person, %3$s AS territory'
		' FROM registry.staged_%1$I s JOIN registry.%1$I t ON t.row_key = s.row_key'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' WHERE s.batch_id = ANY ($1) AND (t.row_hash <> s.row_hash OR t.ended_on IS NOT NULL)',
		fact, id_column, place) USING batches, home;
	INSERT INTO pg_temp.registry_touched SELECT c.old_person FROM pg_temp.registry_changed c
		UNION SELECT c.person_id FROM pg_temp.registry_changed c ON CONFLICT DO NOTHING;
	EXECUTE format(
		'UPDATE registry.%1$I t SET (person_id, origin_person, territory, ended_on) = (c.person_id, c.origin_person, c.territory, NULL), %2$s'
		' FROM pg_temp.registry_changed c, registry.staged_%1$I s'
		' WHERE t.row_key = c.row_key AND t.person_id = c.old_person AND s.row_key = c.row_key AND s.batch_id = c.batch_id',
		fact, assignments);
	-- a row whose number was broken until now was rejected, not applied: it is new
	UPDATE registry.batch b SET changed = b.changed + c.changed, inserted = b.inserted + c.inserted
	FROM (SELECT r.batch_id, count(*) FILTER (WHERE r.old_person > 0) AS changed, count(*) FILTER (WHERE r.old_person = 0) AS inserted
		  FROM pg_temp.registry_changed r WHERE r.person_id > 0 GROUP BY r.batch_id) c
	WHERE b.batch_id = c.batch_id;

	-- rows the source never said before; those of the registers in the order of the
	-- persons, by which they are read again, the enrolments of a first load as they
	-- came: sorting them all, wide as they are, costs more than whoever reads them
	-- gains.  Later ones in an order in which no row's id depends on a merge.
	rows := format(
		'SELECT coalesce(a.person_id, 0) AS person_id, coalesce(a.origin_person, 0) AS origin_person, %2$s AS territory, s.valid_from, %3$s'
		' FROM registry.staged_%1$I s'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' WHERE s.batch_id = ANY ($1) AND %4$s %5$s',
		fact, place, (SELECT string_agg('s.' || c, ', ') FROM unnest(string_to_array(columns, ', ')) c),
		CASE WHEN first_load THEN 'true' ELSE format('NOT EXISTS (SELECT FROM registry.%I t WHERE t.row_key = s.row_key)', fact) END,
		CASE WHEN NOT first_load THEN 'ORDER BY 2, s.batch_id, s.line_no' WHEN fact <> 'enrolment' THEN 'ORDER BY 2' ELSE '' END);
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

REVOKE EXECUTE ON FUNCTION registry.register_numbers(bigint[]),
	registry.apply_facts(text, text, bigint[]),
	registry.apply_employers(bigint[]),
	registry.settle_rejects(bigint[]),
	registry.clear_staged(bigint[]) FROM PUBLIC;
