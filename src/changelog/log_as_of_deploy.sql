-- Rows as they were recorded at a past moment.
--
-- A moment counts a transaction from its start.  Entries that came later are
-- taken back from the rows as they stand: for each column the oldest entry
-- after the moment knows the value, else the row itself does.  A transaction
-- that began before the moment and wrote a row after a later one did is taken
-- back with it, so a row is always shown in a state it has had.

/*
 * registry.rows_as_of(person_id, moment) → every row of the person in the logged tables
 */
CREATE OR REPLACE FUNCTION registry.rows_as_of(person_id bigint, moment timestamptz)
RETURNS TABLE (relation text, row_key text, texts jsonb)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	RETURN QUERY
	WITH entry AS MATERIALIZED (
		SELECT l.log_id, l.relation, coalesce(l.row_key, '') AS row_key, l.operation = 'I' OR l.came AS begins, l.old,
			min(l.log_id) FILTER (WHERE l.changed_at > moment) OVER (PARTITION BY l.relation, l.row_key) AS cut
		FROM registry.log_of_key(rows_as_of.person_id) AS l
	), undone AS (
		SELECT * FROM entry WHERE entry.log_id >= entry.cut
	), first AS (
		SELECT DISTINCT ON (u.relation, u.row_key) u.relation, u.row_key, u.begins
		FROM undone u ORDER BY u.relation, u.row_key, u.log_id
	), known AS (
		SELECT o.relation, o.row_key, jsonb_object_agg(o.name, o.value) AS texts
		FROM (SELECT DISTINCT ON (u.relation, u.row_key, c.name) u.relation, u.row_key, c.name, c.value
			  FROM undone u CROSS JOIN LATERAL jsonb_each(u.old) AS c (name, value)
			  ORDER BY u.relation, u.row_key, c.name, u.log_id) o
		GROUP BY o.relation, o.row_key
	)
	SELECT coalesce(p.relation, f.relation), nullif(coalesce(p.row_key, f.row_key), ''), coalesce(p.texts, '{}') || coalesce(k.texts, '{}')
	FROM (SELECT a.relation, coalesce(a.row_key, '') AS row_key, a.texts FROM registry.log_present(rows_as_of.person_id) AS a) AS p
	FULL JOIN first f ON f.relation = p.relation AND f.row_key = p.row_key
	LEFT JOIN known k ON k.relation = f.relation AND k.row_key = f.row_key
	WHERE f.relation IS NULL OR NOT f.begins
	ORDER BY 1, 2;
END;
$function$;
COMMENT ON FUNCTION registry.rows_as_of(bigint, timestamptz) IS 'every row of a person as it was recorded at a moment, as texts';

/*
 * registry.person_as_of(person, moment) → the person as recorded then, no row
 * when there was none
 */
CREATE OR REPLACE FUNCTION registry.person_as_of(person bigint, moment timestamptz)
RETURNS TABLE (person_id bigint, citizen_id text, id_kind text, id_no text, name text, sex text, birth_date date, ethnic text,
			   hukou_region text, residence_region text, territory text, phone text, address text, life_status integer, life_since date,
			   employment text, worker_kind text, class text, paying text, receiving text, paused text, elsewhere text,
			   due text, gap text, standing integer, work_state integer)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	RETURN QUERY
	SELECT t.person_id, t.citizen_id::text, t.id_kind, t.id_no, t.name, t.sex, t.birth_date, t.ethnic,
		t.hukou_region::text, t.residence_region::text, t.territory::text, t.phone, t.address, t.life_status::integer, t.life_since,
		t.employment, t.worker_kind, t.class, btrim(t.paying::text, '{}'), btrim(t.receiving::text, '{}'), btrim(t.paused::text, '{}'),
		btrim(t.elsewhere::text, '{}'), registry.kinds_text(t.due), registry.kinds_text(t.gap), t.standing, t.work_state
	FROM registry.rows_as_of(person, moment) AS r
	CROSS JOIN LATERAL registry.row_of_texts(NULL::registry.person, r.texts) AS t
	WHERE r.relation = 'person';
END;
$function$;
COMMENT ON FUNCTION registry.person_as_of(bigint, timestamptz) IS 'a person as recorded at a moment, in base types';

/*
 * registry.log_undone(relation, moment) → rows of a table that changed after the moment
 *
 * begins: the row was not there at the moment; texts: what is known of it then
 * from later entries, the rest is as it stands.
 */
CREATE OR REPLACE FUNCTION registry.log_undone(relation text, moment timestamptz)
RETURNS TABLE (first_key bigint, row_key text, begins boolean, texts jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	from_id bigint;
BEGIN
	SELECT min(l.log_id) INTO from_id
	FROM registry.change_log l JOIN registry.log_shape s USING (shape_id)
	WHERE s.relation = log_undone.relation AND l.changed_at > moment;
	RETURN QUERY
	WITH entry AS (
		SELECT l.log_id, e.entry_key, coalesce(e.row_key, '') AS row_key, l.operation = 'I' OR e.came AS begins, e.old,
			min(l.log_id) FILTER (WHERE l.changed_at > moment) OVER (PARTITION BY e.entry_key, e.row_key) AS cut
		FROM registry.change_log l
		JOIN registry.log_shape s USING (shape_id)
		CROSS JOIN LATERAL registry.log_decode(l.shape_id, l.operation, l.payload) AS e
		WHERE s.relation = log_undone.relation AND l.log_id >= from_id
			-- the months to be read; no transaction runs for a week
			AND l.changed_at > moment - interval '7 days'
	), undone AS MATERIALIZED (
		SELECT * FROM entry WHERE entry.log_id >= entry.cut
	), known AS (
		SELECT o.entry_key, o.row_key, jsonb_object_agg(o.name, o.value) AS texts
		FROM (SELECT DISTINCT ON (u.entry_key, u.row_key, c.name) u.entry_key, u.row_key, c.name, c.value
			  FROM undone u CROSS JOIN LATERAL jsonb_each(u.old) AS c (name, value)
			  ORDER BY u.entry_key, u.row_key, c.name, u.log_id) o
		GROUP BY o.entry_key, o.row_key
	)
	SELECT f.entry_key, f.row_key, f.begins, CASE WHEN NOT f.begins THEN k.texts END
	FROM (SELECT DISTINCT ON (u.entry_key, u.row_key) u.entry_key, u.row_key, u.begins
		  FROM undone u ORDER BY u.entry_key, u.row_key, u.log_id) f
	LEFT JOIN known k USING (entry_key, row_key);
END;
$function$;
COMMENT ON FUNCTION registry.log_undone(text, timestamptz) IS 'rows of a logged table that changed after a moment, and what they were';

-- Keys of a row of a logged table, as log_undone() names them.
CREATE OR REPLACE FUNCTION registry.log_key_expressions(keys text[], OUT first_key text, OUT row_key text)
	LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT format('t.%I', keys[1]),
		coalesce((SELECT string_agg(format('t.%I::text', k.name), ' || '' '' || ' ORDER BY k.position)
				  FROM unnest(keys) WITH ORDINALITY AS k (name, position) WHERE k.position > 1), '''''::text');
END;
COMMENT ON FUNCTION registry.log_key_expressions(text[]) IS 'SQL expressions for the keys of a row t of a logged table';

/*
 * registry.table_as_of(relation, moment) → its rows as recorded then, as texts
 * Error: 22023 for a table that is not logged.
 */
CREATE OR REPLACE FUNCTION registry.table_as_of(relation regclass, moment timestamptz) RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE STRICT
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	logged registry.log_table;
	key record;
BEGIN
	SELECT t.* INTO logged FROM registry.log_table t WHERE to_regclass(t.table_name) = table_as_of.relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" is not logged', relation
			USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.log_table names the tables that are.';
	END IF;
	key := registry.log_key_expressions(logged.keys);
	RETURN QUERY EXECUTE format(
		'WITH undone AS MATERIALIZED (SELECT * FROM registry.log_undone($1, $2))'
		' SELECT coalesce(registry.row_texts(t), ''{}'') || coalesce(u.texts, ''{}'')'
		' FROM %1$s t FULL JOIN undone u ON u.first_key = %2$s AND u.row_key = %3$s'
		' WHERE u.first_key IS NULL OR NOT u.begins', relation, key.first_key, key.row_key)
	USING logged.relation, moment;
END;
$function$;
COMMENT ON FUNCTION registry.table_as_of(regclass, timestamptz) IS 'rows of a logged table as recorded at a moment, as texts';

/*
 * registry.table_rows_as_of(NULL::table, moment) → its rows as recorded then
 * Error: 22023 for a table that is not logged.
 */
CREATE OR REPLACE FUNCTION registry.table_rows_as_of(row_type anyelement, moment timestamptz) RETURNS SETOF anyelement
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	source regclass := (SELECT t.typrelid::regclass FROM pg_type t WHERE t.oid = pg_typeof(row_type));
	logged registry.log_table;
	key record;
BEGIN
	SELECT t.* INTO logged FROM registry.log_table t WHERE to_regclass(t.table_name) = source;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'type "%" is not the row of a logged table', pg_typeof(row_type)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.log_table names the tables that are logged.';
	END IF;
	key := registry.log_key_expressions(logged.keys);
	RETURN QUERY EXECUTE format(
		'WITH undone AS MATERIALIZED (SELECT * FROM registry.log_undone($1, $2))'
		' SELECT t.* FROM %1$s t WHERE NOT EXISTS (SELECT FROM undone u WHERE u.first_key = %2$s AND u.row_key = %3$s)'
		' UNION ALL'
		' SELECT p.* FROM undone u LEFT JOIN %1$s t ON u.first_key = %2$s AND u.row_key = %3$s'
		' CROSS JOIN LATERAL registry.row_of_texts(t, u.texts) p WHERE NOT u.begins', source, key.first_key, key.row_key)
	USING logged.relation, moment;
END;
$function$;
COMMENT ON FUNCTION registry.table_rows_as_of(anyelement, timestamptz) IS 'rows of a logged table, named by a null of its type, as recorded at a moment';

/*
 * registry.changes_between(since, until, territory) → changes of persons who
 * belong to the territory today, newest first: of transactions that began after
 * since and not after until
 */
CREATE OR REPLACE FUNCTION registry.changes_between(since timestamptz, until timestamptz, territory text DEFAULT NULL)
RETURNS TABLE (person_id bigint, changed_at timestamptz, changed_by text, cause text, batch_id bigint,
			   relation text, operation text, item text, old_value text, new_value text,
			   reason text, business_date date, transaction_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	place registry.region_code := territory::registry.region_code;
BEGIN
	RETURN QUERY
	WITH touched AS MATERIALIZED (
		SELECT DISTINCT e.entry_key
		FROM registry.change_log l
		CROSS JOIN LATERAL registry.log_decode(l.shape_id, l.operation, l.payload) AS e
		WHERE l.changed_at > since AND l.changed_at <= until AND l.span < 100 AND e.entry_key > 0
	)
	SELECT t.entry_key, h.*
	FROM touched t
	LEFT JOIN registry.person p ON p.person_id = t.entry_key
	CROSS JOIN LATERAL registry.history(t.entry_key) AS h
	WHERE (place IS NULL OR p.territory OPERATOR(registry.<@) place)
		AND h.changed_at > since AND h.changed_at <= until
	ORDER BY h.changed_at DESC, t.entry_key, h.item;
END;
$function$;
COMMENT ON FUNCTION registry.changes_between(timestamptz, timestamptz, text) IS 'changes of the persons of a territory in a stretch of time, newest first';

REVOKE EXECUTE ON FUNCTION registry.rows_as_of(bigint, timestamptz),
	registry.person_as_of(bigint, timestamptz),
	registry.log_undone(text, timestamptz),
	registry.table_as_of(regclass, timestamptz),
	registry.table_rows_as_of(anyelement, timestamptz),
	registry.changes_between(timestamptz, timestamptz, text) FROM PUBLIC;
