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

-- Rows that went from one person to another because their source corrected (or
-- spoiled) a number: which delivery did it, and what the row said before.
CREATE TABLE IF NOT EXISTS registry.moved_row (
	person_id bigint NOT NULL,
	fact text COLLATE "C" NOT NULL,
	row_id bigint NOT NULL,
	batch_id bigint NOT NULL,
	new_person_id bigint NOT NULL,
	old_number text NOT NULL,
	new_number text NOT NULL,
	old_batch_id bigint NOT NULL,
	old_line_no integer NOT NULL,
	moved_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (person_id, fact, row_id, batch_id)
);
COMMENT ON TABLE registry.moved_row IS 'rows that left a person (0: none was known) because a delivery gave them another number';
COMMENT ON COLUMN registry.moved_row.old_batch_id IS 'batch that had said the old number, with its line';
CREATE INDEX IF NOT EXISTS moved_row_new_person_idx ON registry.moved_row (new_person_id);

-- May one number be the other, mistyped?  At most two of the first seventeen
-- characters differ, or a broken one is a single edit away.
CREATE OR REPLACE FUNCTION registry.same_number_mistyped(one text, other text) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF length(one) = 18 AND length(other) = 18
	   AND (SELECT count(*) FROM generate_series(1, 17) i WHERE substr(one, i, 1) <> substr(other, i, 1)) <= 2 THEN
		RETURN true;
	END IF;
	RETURN EXISTS (SELECT FROM registry.citizen_id_candidates(one) c WHERE c.id::text = other)
		OR EXISTS (SELECT FROM registry.citizen_id_candidates(other) c WHERE c.id::text = one);
END;
$$;
COMMENT ON FUNCTION registry.same_number_mistyped(text, text) IS 'whether two numbers may be one number mistyped';

/*
 * What the staged rows of a kind say that differs from what their sources said
 * last, in one pass: registry_difference holds new rows (no id), different and
 * re-appearing ones, and rows a full extract no longer holds (gone_from).
 * Unchanged rows cost one probe and leave nothing; place is where the staged row
 * lies, which has no index by which it could be found again.
 */
CREATE OR REPLACE FUNCTION registry.find_differences(fact text, id_column text, batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	sources text[];
	fully text[];
BEGIN
	SELECT array_agg(b.source), array_agg(b.source) FILTER (WHERE b.delivery = 'full') INTO sources, fully
	FROM registry.batch b JOIN registry.source o USING (source)
	WHERE b.batch_id = ANY (batches) AND o.kind = fact;
	DROP TABLE IF EXISTS pg_temp.registry_difference;
	-- a delta asks for its own rows only; a full extract for all of its source
	EXECUTE format(
		'CREATE TEMP TABLE registry_difference ON COMMIT DROP AS'
		' SELECT s.place, s.row_key, s.batch_id, t.row_key AS old_key, t.%2$I AS id, t.person_id AS old_person,'
		' CASE WHEN s.row_key IS NULL THEN t.source END AS gone_from'
		' FROM (SELECT s.ctid AS place, s.row_key, s.batch_id, s.row_hash FROM registry.staged_%1$s s WHERE s.batch_id = ANY ($1)) s'
		' %3$s JOIN (SELECT t.row_key, t.%2$I, t.person_id, t.row_hash, t.ended_on, t.source FROM registry.%1$I t WHERE t.source = ANY ($2)) t'
		' ON t.row_key = s.row_key'
		' WHERE t.row_key IS NULL'
		' OR (s.row_key IS NOT NULL AND (t.row_hash <> s.row_hash OR t.ended_on IS NOT NULL))'
		' OR (s.row_key IS NULL AND t.ended_on IS NULL AND t.source = ANY ($3))',
		fact, id_column, CASE WHEN fully IS NULL THEN 'LEFT' ELSE 'FULL' END) USING batches, sources, coalesce(fully, '{}');
	ANALYZE pg_temp.registry_difference;
END;
$$;
COMMENT ON FUNCTION registry.find_differences(text, text, bigint[]) IS 'what staged rows say that differs from what their sources said last';

/*
 * A row whose number its source corrected has another key where the number is
 * part of it.  It is still that row: a new row that says in everything else
 * what one row said that its source no longer holds and whose number is nobody's
 * in the registers (of a delta, which does not say what it gave up: one whose
 * number was too broken to name anybody, or when the new number is that of a
 * register person of this name), when one number may be the other mistyped and
 * there is no second such pair; or the row that a corrected reject answers.
 * The new row is then a change of the old one.
 */
CREATE OR REPLACE FUNCTION registry.pair_corrected_numbers(fact text, id_column text, batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	content text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.registry_difference d WHERE d.id IS NULL) THEN
		RETURN;
	END IF;
	-- what a row says apart from the number, and apart from where it was said
	SELECT string_agg('%1$s.' || quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO content
	FROM pg_attribute a
	WHERE a.attrelid = format('registry.%I', fact)::regclass AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.attname NOT IN ('person_id', 'origin_person', 'territory', 'ended_on', 'valid_from', id_column, 'batch_id', 'line_no',
							'row_key', 'row_hash', 'id_kind', 'number', 'citizen_id', 'fault', 'repair', 'name', 'extra');

	DROP TABLE IF EXISTS pg_temp.registry_new, pg_temp.registry_left, pg_temp.registry_pair;
	EXECUTE format(
		'CREATE TEMP TABLE registry_new ON COMMIT DROP AS'
		' SELECT d.row_key, d.batch_id, b.delivery, s.line_no, s.source, s.number, s.name_key, hashtextextended(ROW(%2$s)::text, 0) AS content'
		' FROM pg_temp.registry_difference d'
		' JOIN registry.staged_%1$s s ON s.ctid = d.place'
		' JOIN registry.batch b ON b.batch_id = d.batch_id'
		' WHERE d.id IS NULL', fact, format(content, 's'));
	ANALYZE pg_temp.registry_new;
	EXECUTE format(
		'CREATE TEMP TABLE registry_left ON COMMIT DROP AS'
		' SELECT t.row_key, t.%2$I AS id, t.person_id, t.source, t.number, t.name_key, hashtextextended(ROW(%3$s)::text, 0) AS content'
		' FROM registry.%1$I t JOIN pg_temp.registry_difference d ON t.person_id = d.old_person AND t.%2$I = d.id'
		' WHERE d.gone_from IS NOT NULL %4$s', fact, id_column, format(content, 't'),
		-- a number that stands in a register is somebody's, whoever that is merged with, and was not mistyped
		CASE WHEN fact <> 'population' THEN
			'AND NOT EXISTS (SELECT FROM registry.population p WHERE p.person_id = t.person_id AND p.origin_person = t.origin_person'
			' AND p.person_id > 0 AND p.ended_on IS NULL)' ELSE '' END);
	-- a delta does not say that it gave a row up
	IF EXISTS (SELECT FROM pg_temp.registry_new n WHERE n.delivery = 'delta') THEN
		EXECUTE format(
			'INSERT INTO pg_temp.registry_left'
			' SELECT t.row_key, t.%2$I, t.person_id, t.source, t.number, t.name_key, hashtextextended(ROW(%3$s)::text, 0)'
			' FROM registry.%1$I t'
			' WHERE t.ended_on IS NULL'
			' AND NOT EXISTS (SELECT FROM registry.population p WHERE p.person_id = t.person_id AND p.origin_person = t.origin_person'
			' AND p.person_id > 0 AND p.ended_on IS NULL)'
			' AND EXISTS (SELECT FROM pg_temp.registry_new n WHERE n.delivery = ''delta'' AND n.source = t.source AND n.name_key = t.name_key)'
			' AND NOT EXISTS (SELECT FROM registry.staged_%1$s s WHERE s.row_key = t.row_key AND s.batch_id = ANY ($1))',
			fact, id_column, format(content, 't')) USING batches;
	END IF;
	ANALYZE pg_temp.registry_left;

	EXECUTE format(
		'CREATE TEMP TABLE registry_pair ON COMMIT DROP AS'
		' SELECT DISTINCT ON (t.row_key) n.row_key, t.row_key AS old_key, t.%2$I AS id, t.person_id'
		' FROM pg_temp.registry_new n'
		' JOIN registry.staged_answer w ON w.batch_id = n.batch_id AND w.line_no = n.line_no'
		' JOIN registry.reject j ON j.batch_id = w.to_batch_id AND j.line_no = w.to_line_no AND j.source = n.source AND j.state = ''open'''
		' JOIN registry.%1$I t ON t.row_key = j.row_key'
		' WHERE t.ended_on IS NULL AND t.person_id = 0'
		' AND NOT EXISTS (SELECT FROM registry.staged_%1$s s WHERE s.row_key = t.row_key AND s.batch_id = ANY ($1))'
		' ORDER BY t.row_key, n.row_key', fact, id_column) USING batches;
	INSERT INTO pg_temp.registry_pair
	SELECT k.row_key, k.old_key, k.id, k.person_id
	FROM (SELECT n.row_key, l.row_key AS old_key, l.id, l.person_id,
				 count(*) OVER (PARTITION BY n.row_key) AS of_new, count(*) OVER (PARTITION BY l.row_key) AS of_old
		  FROM pg_temp.registry_new n
		  JOIN pg_temp.registry_left l ON l.source = n.source AND l.name_key = n.name_key AND l.content = n.content
		  WHERE n.name_key <> '' AND registry.same_number_mistyped(l.number, n.number)
			AND (n.delivery = 'full' OR l.person_id = 0
				 OR EXISTS (SELECT FROM registry.population p JOIN registry.person_alias a ON a.person_id = p.person_id AND a.origin_person = p.origin_person
												WHERE a.value = n.number AND a.kind IN ('citizen_id', 'document')
												  AND p.ended_on IS NULL AND p.name_key = n.name_key))) k
	WHERE k.of_new = 1 AND k.of_old = 1
	  AND NOT EXISTS (SELECT FROM pg_temp.registry_pair p WHERE p.old_key = k.old_key OR p.row_key = k.row_key);

	DELETE FROM pg_temp.registry_difference d USING pg_temp.registry_pair p
	WHERE d.gone_from IS NOT NULL AND d.id = p.id AND d.old_person = p.person_id;
	UPDATE pg_temp.registry_difference d SET old_key = p.old_key, id = p.id, old_person = p.person_id
	FROM pg_temp.registry_pair p WHERE d.row_key = p.row_key;
	-- the reject of the row as it was
	UPDATE registry.reject j SET state = 'corrected'
	FROM pg_temp.registry_pair p JOIN pg_temp.registry_new n USING (row_key)
	WHERE j.row_key = p.old_key AND j.source = n.source AND j.batch_id < n.batch_id AND j.state = 'open'
	  AND NOT EXISTS (SELECT FROM registry.reject r WHERE r.batch_id = n.batch_id AND r.row_key = n.row_key);
END;
$$;
COMMENT ON FUNCTION registry.pair_corrected_numbers(text, text, bigint[]) IS 'finds the rows whose sources corrected only their number';

/*
 * Applies the staged rows of one kind of fact: changed and re-appearing rows
 * are updated, new ones inserted, rows missing from a full extract ended.
 * Persons of all three go into registry_touched.
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
	extract registry.batch;
BEGIN
	IF NOT EXISTS (SELECT FROM registry.batch b JOIN registry.source o USING (source)
				   WHERE b.batch_id = ANY (batches) AND o.kind = fact) THEN
		RETURN;
	END IF;

	SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
		   string_agg(format('%1$I = s.%1$I', a.attname), ', ' ORDER BY a.attnum)
	INTO columns, assignments
	FROM pg_attribute a
	JOIN pg_attribute b ON b.attrelid = format('registry.staged_%s', fact)::regclass AND b.attname = a.attname
	WHERE a.attrelid = format('registry.%I', fact)::regclass AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.attname NOT IN ('person_id', 'origin_person', 'territory', 'ended_on', 'valid_from', id_column);

	-- rows of persons whom no register places follow them once they are judged
	place := CASE fact
		WHEN 'population' THEN 'registry.person_territory(s.residence_region, s.hukou_region, NULL, $2)'
		WHEN 'enrolment' THEN 'coalesce(a.territory, registry.person_territory(NULL, NULL, s.agency, $2))'
		ELSE 'coalesce(a.territory, $2)' END;
	IF registry.may_load(format('registry.%I', fact)::regclass) THEN
		PERFORM registry.load_facts(fact, id_column, batches, columns, place, home);
		RETURN;
	END IF;

	-- which batch touched a person last, for the change log
	CREATE TEMP TABLE IF NOT EXISTS registry_author (person_id bigint NOT NULL, batch_id bigint NOT NULL) ON COMMIT DROP;
	PERFORM registry.find_differences(fact, id_column, batches);
	PERFORM registry.pair_corrected_numbers(fact, id_column, batches);

	-- rows that a full extract no longer holds; the change log learns which it was
	FOR extract IN SELECT b.* FROM registry.batch b WHERE b.batch_id = ANY (batches)
				   AND EXISTS (SELECT FROM pg_temp.registry_difference d WHERE d.gone_from = b.source) LOOP
		PERFORM set_config('registry.batch_id', extract.batch_id::text, true);
		EXECUTE format('UPDATE registry.%1$I t SET ended_on = $1 FROM pg_temp.registry_difference d'
					   ' WHERE d.gone_from = $2 AND t.person_id = d.old_person AND t.%2$I = d.id', fact, id_column)
			USING extract.cutoff, extract.source;
	END LOOP;

	-- rows that differ from what the source said last, or come back
	DROP TABLE IF EXISTS pg_temp.registry_changed;
	EXECUTE format(
		'CREATE TEMP TABLE registry_changed ON COMMIT DROP AS'
		' SELECT d.place, d.row_key, d.batch_id, d.id, d.old_person, coalesce(a.person_id, 0) AS person_id,'
		' coalesce(a.origin_person, 0) AS origin_person, %2$s AS territory, s.number'
		' FROM pg_temp.registry_difference d'
		' JOIN registry.staged_%1$s s ON s.ctid = d.place'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' WHERE d.id IS NOT NULL AND d.gone_from IS NULL', fact, replace(place, '$2', '$1')) USING home;
	ANALYZE pg_temp.registry_changed;
	IF fact = 'population' THEN
		-- a name that the register itself changed was one that led to the person
		INSERT INTO registry.person_alias (person_id, origin_person, kind, value, batch_id, territory)
			SELECT DISTINCT ON (c.person_id, c.origin_person, t.name) c.person_id, c.origin_person, 'former_name', t.name, c.batch_id, c.territory
			FROM pg_temp.registry_changed c
			JOIN registry.population t ON t.person_id = c.old_person AND t.row_id = c.id
			JOIN registry.staged_population s ON s.ctid = c.place
			WHERE c.person_id > 0 AND t.number = s.number AND t.name_key <> s.name_key
			ORDER BY c.person_id, c.origin_person, t.name, c.batch_id
			ON CONFLICT DO NOTHING;
	END IF;
	EXECUTE format(
		'INSERT INTO registry.moved_row (person_id, fact, row_id, batch_id, new_person_id, old_number, new_number, old_batch_id, old_line_no)'
		' SELECT c.old_person, %1$L, c.id, c.batch_id, c.person_id, t.number, c.number, t.batch_id, t.line_no'
		' FROM pg_temp.registry_changed c JOIN registry.%1$I t ON t.person_id = c.old_person AND t.%2$I = c.id'
		' WHERE t.number <> c.number ON CONFLICT DO NOTHING', fact, id_column);
	EXECUTE format(
		'UPDATE registry.%1$I t SET (person_id, origin_person, territory, ended_on) = (c.person_id, c.origin_person, c.territory, NULL), %3$s'
		' FROM pg_temp.registry_changed c, registry.staged_%1$s s'
		' WHERE t.person_id = c.old_person AND t.%2$I = c.id AND s.ctid = c.place',
		fact, id_column, assignments);

	-- rows the source never said before, in an order in which no row's id depends on a merge
	EXECUTE format(
		'WITH arrived AS (INSERT INTO registry.%1$I (person_id, origin_person, territory, valid_from, %2$s)'
		' SELECT coalesce(a.person_id, 0) AS person_id, coalesce(a.origin_person, 0), %3$s, s.valid_from, %4$s'
		' FROM pg_temp.registry_difference d'
		' JOIN registry.staged_%1$s s ON s.ctid = d.place'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' WHERE d.id IS NULL'
		' ORDER BY 2, s.batch_id, s.line_no'
		' RETURNING person_id, batch_id),'
		' seen AS (INSERT INTO pg_temp.registry_author (person_id, batch_id) SELECT DISTINCT r.person_id, r.batch_id FROM arrived r)'
		' UPDATE registry.batch b SET inserted = b.inserted + c.rows'
		' FROM (SELECT r.batch_id, count(*) AS rows FROM arrived r WHERE r.person_id > 0 GROUP BY r.batch_id) c'
		' WHERE b.batch_id = c.batch_id', fact, columns, replace(place, '$2', '$1'),
		(SELECT string_agg('s.' || c, ', ') FROM unnest(string_to_array(columns, ', ')) c)) USING home;

	INSERT INTO pg_temp.registry_author (person_id, batch_id)
		SELECT d.old_person, coalesce(d.batch_id, b.batch_id)
		FROM pg_temp.registry_difference d LEFT JOIN registry.batch b ON b.source = d.gone_from AND b.batch_id = ANY (batches)
		WHERE d.old_person IS NOT NULL
		UNION SELECT c.person_id, c.batch_id FROM pg_temp.registry_changed c;
	INSERT INTO pg_temp.registry_touched (person_id) SELECT DISTINCT a.person_id FROM pg_temp.registry_author a ON CONFLICT DO NOTHING;
	-- a row whose number was broken until now was rejected, not applied: it is new, and cannot end
	UPDATE registry.batch b SET changed = b.changed + c.changed, inserted = b.inserted + c.inserted, ended = b.ended + c.ended
	FROM (SELECT n.batch_id, sum(n.changed) AS changed, sum(n.inserted) AS inserted, sum(n.ended) AS ended
		  FROM (SELECT r.batch_id, (r.old_person > 0)::integer AS changed, (r.old_person = 0)::integer AS inserted, 0 AS ended
				FROM pg_temp.registry_changed r WHERE r.person_id > 0
				UNION ALL
				SELECT g.batch_id, 0, 0, 1
				FROM pg_temp.registry_difference d JOIN registry.batch g ON g.source = d.gone_from AND g.batch_id = ANY (batches)
				WHERE d.old_person > 0) n
		  GROUP BY n.batch_id) c
	WHERE b.batch_id = c.batch_id;
END;
$$;
COMMENT ON FUNCTION registry.apply_facts(text, text, bigint[]) IS 'applies the staged rows of one kind of fact';

-- The same for an empty table: every staged row is new.  Rows of the registers
-- are loaded in the order of the persons, by which they are read again, the
-- enrolments as they came: sorting them all, wide as they are, costs more than
-- whoever reads them gains.
CREATE OR REPLACE FUNCTION registry.load_facts(fact text, id_column text, batches bigint[], columns text, place text,
											   home registry.region_code) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	rows text := format(
		'SELECT coalesce(a.person_id, 0) AS person_id, coalesce(a.origin_person, 0) AS origin_person, %2$s AS territory, s.valid_from, %3$s'
		' FROM registry.staged_%1$s s'
		' LEFT JOIN registry.person_alias a ON a.value = s.number AND s.fault IS NULL AND a.kind IN (''citizen_id'', ''document'')'
		' WHERE s.batch_id = ANY ($1) %4$s',
		fact, place, (SELECT string_agg('s.' || c, ', ') FROM unnest(string_to_array(columns, ', ')) c),
		CASE WHEN fact <> 'enrolment' THEN 'ORDER BY 2' ELSE '' END);
	first_run boolean := registry.setting('current_reference_date') IS NULL;	-- everybody will be judged
BEGIN
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
		EXECUTE format('INSERT INTO pg_temp.registry_touched (person_id) SELECT DISTINCT t.person_id FROM registry.%I t ON CONFLICT DO NOTHING', fact);
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.load_facts(text, text, bigint[], text, text, registry.region_code) IS 'first load of the rows of one kind of fact';

/*
 * Of two extracts of one source that wait for the same compare(), receive()
 * compared the later one with what was applied before both.  Once the first is
 * applied the second is held where it is as much smaller (rule DY14), unless
 * somebody released it.  Returns the batches that go on.
 */
CREATE OR REPLACE FUNCTION registry.hold_shrunken(batches bigint[], applied bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	UPDATE registry.batch b
	SET state = 'held',
		held_reason = format('full extract has %s rows, %s %% fewer than the %s of batch %s before it; %s %% are allowed (rule DY14)',
							 b.received, round(100.0 * (l.received - b.received) / l.received, 1), l.received, l.batch_id, trim_scale(100 * s.shrink_limit))
	FROM registry.source s, registry.batch l
	WHERE b.batch_id = ANY (batches) AND b.delivery = 'full' AND b.decided_at IS NULL AND s.source = b.source
	  AND l.batch_id = (SELECT e.batch_id FROM registry.batch e
						WHERE e.batch_id = ANY (applied) AND e.source = b.source AND e.delivery = 'full'
						ORDER BY e.cutoff DESC, e.batch_id DESC LIMIT 1)
	  AND b.received < l.received * (1 - s.shrink_limit);
	RETURN ARRAY(SELECT b.batch_id FROM registry.batch b WHERE b.batch_id = ANY (batches) AND b.state = 'staged' ORDER BY b.source);
END;
$$;
COMMENT ON FUNCTION registry.hold_shrunken(bigint[], bigint[]) IS 'holds extracts that are much smaller than one of their source applied just now';

-- Employers have no person; their codes stand for themselves.
CREATE OR REPLACE FUNCTION registry.apply_employers(batches bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	WITH gone AS (
		UPDATE registry.employer t SET ended_on = b.cutoff
		FROM registry.batch b
		WHERE b.batch_id = ANY (batches) AND b.delivery = 'full' AND t.source = b.source AND t.ended_on IS NULL
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

	-- a file of corrections answers line by line; what is still wrong in it is a reject of its own
	UPDATE registry.reject j
	SET state = CASE WHEN EXISTS (SELECT FROM registry.reject n WHERE n.batch_id = w.batch_id AND n.line_no = w.line_no AND n.state = 'open')
				THEN 'discarded' ELSE 'corrected' END
	FROM registry.staged_answer w JOIN registry.batch b USING (batch_id)
	WHERE w.batch_id = ANY (batches) AND j.batch_id = w.to_batch_id AND j.line_no = w.to_line_no
	  AND j.source = b.source AND j.batch_id < w.batch_id AND j.state = 'open';

	-- the row came again, and could be applied
	IF EXISTS (SELECT FROM registry.reject j JOIN registry.batch b ON b.source = j.source
			   WHERE b.batch_id = ANY (batches) AND j.state = 'open' AND j.batch_id < b.batch_id) THEN
		UPDATE registry.reject j SET state = 'corrected'
		FROM registry.batch b, (
			SELECT s.batch_id, s.row_key FROM registry.staged_enrolment s WHERE s.batch_id = ANY (batches) AND s.fault IS NULL
			UNION ALL
			SELECT s.batch_id, s.row_key FROM registry.staged_population s WHERE s.batch_id = ANY (batches) AND s.fault IS NULL
			UNION ALL
			SELECT s.batch_id, s.row_key FROM registry.staged_circumstance s WHERE s.batch_id = ANY (batches) AND s.fault IS NULL
			UNION ALL
			SELECT s.batch_id, s.row_key FROM registry.staged_elsewhere s WHERE s.batch_id = ANY (batches) AND s.fault IS NULL
			UNION ALL
			SELECT s.batch_id, s.row_key FROM registry.staged_employer s WHERE s.batch_id = ANY (batches)) k
		WHERE b.batch_id = k.batch_id AND j.source = b.source AND j.batch_id < b.batch_id AND j.state = 'open'
		  AND coalesce(j.correction_key, j.row_key) = k.row_key;
	END IF;

	-- a newer full extract answers for everything an older one left open
	UPDATE registry.reject j SET state = 'discarded'
	FROM registry.batch b
	WHERE b.batch_id = ANY (batches) AND b.delivery = 'full'
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
				EXECUTE format('LOCK TABLE registry.staged_%s IN ACCESS EXCLUSIVE MODE NOWAIT', fact);
				IF NOT EXISTS (SELECT FROM registry.batch b WHERE b.state IN ('staged', 'held') AND b.batch_id <> ALL (batches)) THEN
					EXECUTE format('TRUNCATE registry.staged_%s', fact);
					CONTINUE;
				END IF;
			END IF;
		EXCEPTION WHEN lock_not_available THEN
			NULL;
		END;
		EXECUTE format('DELETE FROM registry.staged_%s s WHERE s.batch_id = ANY ($1)', fact) USING batches;
	END LOOP;
	DELETE FROM registry.staged_answer a WHERE a.batch_id = ANY (batches);
END;
$$;
COMMENT ON FUNCTION registry.clear_staged(bigint[]) IS 'removes the staged rows of applied or discarded batches';

REVOKE EXECUTE ON FUNCTION registry.register_numbers(bigint[]),
	registry.same_number_mistyped(text, text),
	registry.find_differences(text, text, bigint[]),
	registry.pair_corrected_numbers(text, text, bigint[]),
	registry.apply_facts(text, text, bigint[]),
	registry.load_facts(text, text, bigint[], text, text, registry.region_code),
	registry.apply_employers(bigint[]),
	registry.settle_rejects(bigint[]),
	registry.hold_shrunken(bigint[], bigint[]),
	registry.clear_staged(bigint[]) FROM PUBLIC;
