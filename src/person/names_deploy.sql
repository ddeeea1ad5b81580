-- The parts of the names that persons bear.  Millions of persons share some
-- hundred thousand given names and a few hundred surnames: readings and what a
-- search tries are kept per part, and their pairs lead to persons by
-- person.name_key.  So the search costs a full comparison next to nothing.

CREATE TABLE IF NOT EXISTS registry.name_part (
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('s', 'g')),
	part text COLLATE "C" NOT NULL,
	reading text COLLATE "C" NOT NULL,
	initials text COLLATE "C" NOT NULL,
	bearers bigint NOT NULL,
	PRIMARY KEY (kind, part, reading)
);
COMMENT ON TABLE registry.name_part IS 'surnames and given names of persons, one row per reading; one that nobody bears any more stays until refold_names()';
COMMENT ON COLUMN registry.name_part.kind IS 's surname, g given name; a dotted name or one in another script is all given name, with the empty surname';
COMMENT ON COLUMN registry.name_part.reading IS 'one of name_pinyin_set(), without spaces';
COMMENT ON COLUMN registry.name_part.bearers IS 'persons who bore it when the row was made: what is frequent is looked for first';
CREATE INDEX IF NOT EXISTS name_part_reading_idx ON registry.name_part (kind, reading);
CREATE INDEX IF NOT EXISTS name_part_initials_idx ON registry.name_part (kind, initials, bearers);
CREATE INDEX IF NOT EXISTS name_part_last_idx ON registry.name_part (kind, (right(part, 1)), bearers);
CREATE INDEX IF NOT EXISTS name_part_bearers_idx ON registry.name_part (kind, bearers);

-- The rows of name_part for the name keys of a table, in one pass.
CREATE OR REPLACE FUNCTION registry.name_part_query(relation text) RETURNS text
	LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT format($query$
		WITH parts AS (SELECT CASE WHEN s.given IS NULL THEN 's' ELSE 'g' END COLLATE "C" AS kind, coalesce(s.given, s.surname) AS part, count(*) AS bearers
					   FROM (SELECT registry.name_surname(k.name_key) COLLATE "C" AS surname, registry.name_given(k.name_key) COLLATE "C" AS given
							 FROM %s k WHERE k.name_key <> '') s
					   GROUP BY GROUPING SETS (s.surname, s.given))
		SELECT DISTINCT ON (1, 2, 3) p.kind, p.part, replace(f.pinyin, ' ', '') COLLATE "C" AS reading,
			   registry.name_initials(f.pinyin) COLLATE "C" AS initials, p.bearers
		FROM parts p,
			unnest(CASE p.kind WHEN 's' THEN registry.name_pinyin_set(p.part) ELSE registry.name_given_pinyin_set(p.part) END) f(pinyin)
		ORDER BY 1, 2, 3, 4$query$, relation);
END;
COMMENT ON FUNCTION registry.name_part_query(text) IS 'the query that gives the rows of name_part for the column name_key of a table';

-- Fills the empty table name_part from all persons.
CREATE OR REPLACE FUNCTION registry.load_name_parts() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	indexes text[] := registry.drop_indexes('registry.name_part');
BEGIN
	EXECUTE 'INSERT INTO registry.name_part (kind, part, reading, initials, bearers) ' || registry.name_part_query('registry.person');
	PERFORM registry.create_indexes(indexes);
	ANALYZE registry.name_part;
END;
$$;
COMMENT ON FUNCTION registry.load_name_parts() IS 'fills the empty table name_part from all persons';

/*
 * Adds the names that the person table bears now; called when persons were
 * written.  Those just judged are in registry_verdict, and everybody is looked
 * at when the table is empty.
 */
CREATE OR REPLACE FUNCTION registry.follow_names() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM registry.name_part) THEN
		PERFORM registry.load_name_parts();
		RETURN;
	END IF;
	EXECUTE 'INSERT INTO registry.name_part (kind, part, reading, initials, bearers) '
		|| registry.name_part_query('(SELECT v.name_key FROM pg_temp.registry_verdict v WHERE v.is_new OR v.changed)')
		|| ' ON CONFLICT DO NOTHING';
END;
$$;
COMMENT ON FUNCTION registry.follow_names() IS 'adds the names of persons just written to name_part, and warns when stored names are of other versions than those in force';

/*
 * registry.refold_names() → one row per table: rows, and how many changed
 *
 * Computes all stored names, name keys and readings anew from what was
 * received: after another ICU library, new fold tables or a change of
 * name_variant.  Persons whom that may touch are judged by the next compare().
 * Errors: RG001 while a compare() runs.
 */
CREATE OR REPLACE FUNCTION registry.refold_names() RETURNS TABLE ("table" text, names bigint, changed bigint)
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	fact text;
	other_classes CONSTANT boolean := EXISTS (SELECT FROM registry.name_versions() v
		LEFT JOIN registry.setting s ON s.name = v.name WHERE s.value IS DISTINCT FROM v.running);
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.compare', 0)) THEN
		RAISE EXCEPTION 'a compare() is running'
			USING ERRCODE = 'RG001', HINT = 'Wait for it to finish, then call refold_names() again.';
	END IF;
	-- edits go on before or after
	PERFORM pg_advisory_xact_lock(hashtextextended('registry.persons', 0));
	PERFORM registry.begin_act();
	PERFORM set_config('registry.cause', 'refold_names', true);
	DROP TABLE IF EXISTS pg_temp.registry_refolded;
	CREATE TEMP TABLE registry_refolded (person_id bigint) ON COMMIT DROP;

	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere'] LOOP
		"table" := fact;
		EXECUTE format('SELECT count(*) FROM registry.%I', fact) INTO names;
		-- extra holds the name as received where folding changed it
		EXECUTE format('WITH fresh AS ('
			' UPDATE registry.%1$I f SET name = registry.name_clean(coalesce(f.extra ->> ''姓名'', f.name)),'
			'		 name_key = registry.name_key(coalesce(f.extra ->> ''姓名'', f.name))'
			' WHERE f.name_key <> registry.name_key(coalesce(f.extra ->> ''姓名'', f.name))'
			'	 OR f.name <> registry.name_clean(coalesce(f.extra ->> ''姓名'', f.name))'
			' RETURNING f.person_id'
			'), kept AS (INSERT INTO pg_temp.registry_refolded SELECT person_id FROM fresh)'
			' SELECT count(*) FROM fresh', fact) INTO changed;
		RETURN NEXT;
		-- Only where names of one person differ can a class or a likeness say something else.
		IF other_classes THEN
			EXECUTE format('INSERT INTO pg_temp.registry_refolded SELECT DISTINCT f.person_id'
				' FROM registry.%I f JOIN registry.person p USING (person_id) WHERE f.name_key <> p.name_key AND f.ended_on IS NULL', fact);
		END IF;
	END LOOP;

	"table" := 'person';
	SELECT count(*) INTO names FROM registry.person;
	UPDATE registry.person p SET name_key = registry.name_key(p.name) WHERE p.name_key <> registry.name_key(p.name);
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN NEXT;
	-- a date that has come: the next compare() judges them
	UPDATE registry.person p SET next_change = '-infinity'
	FROM (SELECT DISTINCT r.person_id FROM pg_temp.registry_refolded r) t
	WHERE p.person_id = t.person_id;

	"table" := 'name_part';
	CREATE TEMP TABLE registry_name_part ON COMMIT DROP AS SELECT n.kind, n.part, n.reading FROM registry.name_part n;
	TRUNCATE registry.name_part;
	PERFORM registry.load_name_parts();
	SELECT count(*), count(*) FILTER (WHERE o.part IS NULL) INTO names, changed
	FROM registry.name_part n LEFT JOIN pg_temp.registry_name_part o USING (kind, part, reading);
	DROP TABLE pg_temp.registry_name_part;
	RETURN NEXT;

	INSERT INTO registry.setting (name, value, note)
	SELECT v.name, v.running, 'of the stored name keys; kept by refold_names()' FROM registry.name_versions() v
	ON CONFLICT (name) DO UPDATE SET value = excluded.value;
	PERFORM registry.end_act();
END;
$$;
COMMENT ON FUNCTION registry.refold_names() IS 'computes stored names, keys and readings anew after a change of ICU, fold tables or name_variant; then call compare()';

REVOKE EXECUTE ON FUNCTION registry.follow_names(), registry.refold_names(), registry.load_name_parts(), registry.name_part_query(text) FROM PUBLIC;
