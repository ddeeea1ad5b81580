-- Who looked persons up: the log, and the doors through which all look-ups go.

CREATE SEQUENCE IF NOT EXISTS registry.read_id_seq;
CREATE TABLE IF NOT EXISTS registry.read_log (
	person_id bigint NOT NULL,
	read_id bigint NOT NULL DEFAULT nextval('registry.read_id_seq'),
	territory region_code,
	reader text NOT NULL,
	login text NOT NULL,
	read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	purpose text,
	function text NOT NULL,
	refused boolean NOT NULL DEFAULT false,
	PRIMARY KEY (person_id, read_id)
);
COMMENT ON TABLE registry.read_log IS 'look-ups of single persons: who asked, when, for what; person 0 stands for a look-up that found nobody';
COMMENT ON COLUMN registry.read_log.reader IS 'role that asked; login is the role that opened the session';
COMMENT ON COLUMN registry.read_log.purpose IS 'setting registry.purpose of the asking transaction';
COMMENT ON COLUMN registry.read_log.refused IS 'the reader has no right to see this person, and got no answer';
CREATE INDEX IF NOT EXISTS read_log_reader_idx ON registry.read_log (reader, read_at);

CREATE SEQUENCE IF NOT EXISTS registry.view_read_id_seq;
CREATE TABLE IF NOT EXISTS registry.view_log (
	view_read_id bigint PRIMARY KEY DEFAULT nextval('registry.view_read_id_seq'),
	reader text NOT NULL,
	login text NOT NULL,
	read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	purpose text,
	view text NOT NULL,
	rows bigint NOT NULL
);
COMMENT ON TABLE registry.view_log IS 'rows taken from the views of persons, by query, where setting record_views is on';
CREATE INDEX IF NOT EXISTS view_log_reader_idx ON registry.view_log (reader, read_at);

-- Before more than so many persons a day a second one must agree.
CREATE TABLE IF NOT EXISTS registry.bulk_permit (
	reader text NOT NULL,
	day date NOT NULL,
	persons integer NOT NULL CHECK (persons > 0),
	reason text NOT NULL,
	permitted_by text NOT NULL,
	permitted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (reader, day)
);
COMMENT ON TABLE registry.bulk_permit IS 'readers who may look up more persons on a day (UTC) than setting bulk_block allows';

DO $do$
BEGIN
	PERFORM registry.secure_table(t, 'registry.sees_everything()', 'registry.sees_everything()')
	FROM unnest(ARRAY['read_log', 'view_log', 'bulk_permit']) AS t;
END
$do$;

/*
 * Counts the reader's look-ups of the day.  Steps (setting bulk_steps, by
 * default 50,250,500,2500,5000: the counts of 法释〔2017〕10号 and their halves)
 * warn; more than setting bulk_block, or what another person permitted, are
 * refused with RG062.  The owner of the registry is recorded, not counted.
 */
CREATE OR REPLACE FUNCTION registry.count_reads(door text, persons bigint[], rows integer DEFAULT 1) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	asking CONSTANT text := registry.reader();
	today CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
	fresh CONSTANT integer := greatest(cardinality(persons), rows);
	-- reads whose record was rolled back count in their session
	lost CONSTANT bigint := registry.keep_note(format('reader %s, login %s, function %s, persons %s, purpose %s', asking, session_user, door, persons,
													  coalesce(nullif(current_setting('registry.purpose', true), ''), 'none')), fresh);
	reads bigint;
	allowed integer;
	step integer;
BEGIN
	IF registry.reader_is_owner() THEN
		RETURN;
	END IF;
	SELECT count(*) + lost INTO reads FROM registry.read_log r WHERE r.reader = asking AND r.read_at >= today AT TIME ZONE 'UTC';
	reads := reads + coalesce((SELECT sum(v.rows) FROM registry.view_log v WHERE v.reader = asking AND v.read_at >= today AT TIME ZONE 'UTC'), 0);
	SELECT max(s::integer) INTO step
	FROM regexp_split_to_table(coalesce(registry.setting('bulk_steps'), '50,250,500,2500,5000'), '\D+') AS s
	WHERE s <> '' AND s::integer > reads - fresh AND s::integer <= reads;
	IF step IS NOT NULL THEN
		RAISE LOG 'reader "%" has read % persons today', asking, reads;
		RAISE WARNING '% persons read today: this is recorded as a bulk read', reads USING ERRCODE = 'RG062';
	END IF;
	SELECT greatest(registry.setting('bulk_block')::integer, max(b.persons)) INTO allowed
	FROM registry.bulk_permit b WHERE b.reader = asking AND b.day = today;
	IF registry.setting('bulk_block') IS NOT NULL AND reads > allowed THEN
		RAISE LOG 'reader "%" was refused after % persons today', asking, reads;
		RAISE EXCEPTION 'no more than % persons a day', allowed
			USING ERRCODE = 'RG062', HINT = 'Another person may permit more with registry.permit_bulk().';
	END IF;
END
$$;
COMMENT ON FUNCTION registry.count_reads(text, bigint[], integer) IS 'warns of bulk reads and refuses them beyond the limit';

-- Called when a reader has taken rows from a view of persons.
CREATE OR REPLACE FUNCTION registry.note_view(view text, rows bigint) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	INSERT INTO registry.view_log (reader, login, purpose, view, rows)
	VALUES (registry.reader(), session_user, nullif(current_setting('registry.purpose', true), ''), note_view.view, note_view.rows);
	PERFORM registry.count_reads(note_view.view, '{}', least(note_view.rows, 1000000)::integer);
END
$$;
COMMENT ON FUNCTION registry.note_view(text, bigint) IS 'records how many rows the reader took from a view of persons';

-- A record is made or no answer given.
CREATE OR REPLACE FUNCTION registry.require_record() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF current_setting('transaction_read_only') = 'on' THEN
		RAISE EXCEPTION 'a look-up is recorded, and a read-only transaction records nothing'
			USING ERRCODE = 'read_only_sql_transaction',
				HINT = 'Look persons up on the primary server in a transaction that may write; the views can be read anywhere.';
	END IF;
	IF registry.setting('purpose_required') = 'on' AND coalesce(current_setting('registry.purpose', true), '') = '' THEN
		RAISE EXCEPTION 'a look-up needs a purpose'
			USING ERRCODE = 'RG061', HINT = 'SET LOCAL registry.purpose = ''case number''.';
	END IF;
END
$$;
COMMENT ON FUNCTION registry.require_record() IS 'refuses a look-up that cannot be recorded as the settings ask';

-- Records whom a look-up found; gives those whom the reader sees.
CREATE OR REPLACE FUNCTION registry.note_found(door text, persons bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	seen bigint[];
BEGIN
	PERFORM registry.require_record();
	WITH noted AS (
		INSERT INTO registry.read_log AS r (person_id, territory, reader, login, purpose, function, refused)
		SELECT p.person_id, p.territory, registry.reader(), session_user, nullif(current_setting('registry.purpose', true), ''), door,
			NOT registry.reader_sees(p.territory, p.person_id) OR registry.reader_mask(p.territory) = 2
		FROM registry.person p
		WHERE p.person_id = ANY (persons)
		RETURNING r.person_id, r.refused
	)
	SELECT array_agg(n.person_id) FILTER (WHERE NOT n.refused) INTO seen FROM noted n;
	IF NOT EXISTS (SELECT FROM registry.person p WHERE p.person_id = ANY (persons)) THEN
		INSERT INTO registry.read_log (person_id, reader, login, purpose, function)
		VALUES (0, registry.reader(), session_user, nullif(current_setting('registry.purpose', true), ''), door);
	END IF;
	PERFORM registry.count_reads(door, persons);
	RETURN coalesce(seen, '{}');
END
$$;
COMMENT ON FUNCTION registry.note_found(text, bigint[]) IS 'records whom a look-up found and returns those the reader sees; called by look_up()';

/*
 * Whether the reader may see everything of the persons that keys mean; the
 * question is recorded.  Who is not there and who is not seen get the same
 * answer: a look-up finds nothing, an act is refused (42501).
 */
CREATE OR REPLACE FUNCTION registry.may_look_up(door text, key_names text[], keys bigint[], act boolean) RETURNS boolean
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	meant bigint[];
	refused boolean;
	masked boolean;
BEGIN
	PERFORM registry.require_record();
	WITH key AS (
		SELECT k.name, k.key FROM unnest(key_names, keys) AS k (name, key)
	), wanted AS (
		SELECT b.person_id, b.territory FROM key k JOIN registry.problem b ON b.problem_id = k.key WHERE k.name = 'problem_id'
		UNION
		SELECT u.person_id, NULL FROM key k JOIN registry.link l ON l.link_id = k.key CROSS JOIN unnest(ARRAY[l.person_id, l.other_id]) AS u (person_id) WHERE k.name = 'link_id'
		UNION
		SELECT k.key, NULL FROM key k WHERE k.name NOT IN ('problem_id', 'link_id')
	), placed AS (
		SELECT w.person_id, coalesce(p.territory, w.territory) AS territory
		FROM wanted w
		LEFT JOIN registry.person p ON p.person_id = registry.resolve_person(w.person_id)
		UNION ALL
		SELECT 0, NULL WHERE NOT EXISTS (SELECT FROM wanted)
	), judged AS (
		SELECT g.*, NOT registry.reader_sees(g.territory, registry.resolve_person(g.person_id)) AS unseen, registry.reader_mask(g.territory) > 0 AS masked
		FROM placed g
	), noted AS (
		INSERT INTO registry.read_log AS r (person_id, territory, reader, login, purpose, function, refused)
		SELECT j.person_id, j.territory, registry.reader(), session_user, nullif(current_setting('registry.purpose', true), ''), door, j.unseen OR j.masked
		FROM judged j
	)
	SELECT array_agg(j.person_id), bool_or(j.unseen), bool_or(j.masked) INTO meant, refused, masked FROM judged j;
	PERFORM registry.count_reads(door, meant);
	IF registry.reader_is_owner() OR NOT (refused OR masked) THEN
		RETURN true;
	END IF;
	IF act THEN
		RAISE EXCEPTION 'registry.%() concerns a person that you do not see, or not whole', door
			USING ERRCODE = 'insufficient_privilege', HINT = 'It takes a grant, with mask full, for the place of each person.';
	ELSIF NOT refused THEN
		RAISE WARNING 'persons of this place are shown to you under masks' USING ERRCODE = 'insufficient_privilege',
			HINT = format('registry.%I() shows everything; it takes a grant with mask full.', door);
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION registry.may_look_up(text, text[], bigint[], boolean) IS 'whether the reader may see everything of persons, recorded; called by look_up()';

/*
 * Makes a look-up's door.  A SECURITY DEFINER function answers for its owner
 * and cannot know who called it, so its text goes to a function of the same
 * name with "_as_owner" behind it, which nobody else may call, and under its
 * own name and rights stands a function of the caller's rights that asks
 * look_up().  A function that is a door already stays.
 *
 * What has an argument person_id, person, problem_id, link_id, keep, drop, a or b
 * is for readers who see each of the persons meant whole.  Of the answers of
 * others, unless they change something, those rows are given whose column
 * person_id, or whose only number, is a person the reader sees.
 */
CREATE OR REPLACE FUNCTION registry.make_door(signature text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	door CONSTANT regprocedure := to_regprocedure(signature);
	form pg_catalog.pg_proc;
	inner_name text;
	types text;
	result text;
	call text;
	body text;
BEGIN
	SELECT p.* INTO form FROM pg_proc p WHERE p.oid = door;
	IF form.oid IS NULL OR NOT form.prosecdef THEN
		RETURN;
	END IF;
	inner_name := form.proname || '_as_owner';
	types := oidvectortypes(form.proargtypes);
	result := pg_get_function_result(door);
	body := replace(pg_get_functiondef(door), format('FUNCTION registry.%I(', form.proname), format('FUNCTION registry.%I(', inner_name));
	-- parameters are named after the function
	EXECUTE regexp_replace(body, '\m' || form.proname || '\.', inner_name || '.', 'g');
	EXECUTE format('REVOKE ALL ON FUNCTION registry.%I(%s) FROM PUBLIC', inner_name, types);
	EXECUTE format('COMMENT ON FUNCTION registry.%I(%s) IS %L', inner_name, types, format('other side of registry.%s(), for its owner only', form.proname));
	call := format('SELECT * FROM registry.look_up(%L%s) AS t(%s)', door::oid::regprocedure::text,
				   (SELECT coalesce(string_agg(', $' || n, '' ORDER BY n), '') FROM generate_series(1, form.pronargs) AS n),
				   CASE WHEN form.proretset THEN substring(result FROM '^TABLE\((.*)\)$') ELSE 'answer ' || result END);
	EXECUTE format('CREATE OR REPLACE FUNCTION registry.%I(%s) RETURNS %s LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE %s SECURITY INVOKER'
				   ' SET search_path = pg_catalog, registry, pg_temp AS %L',
				   form.proname, pg_get_function_arguments(door), result, CASE WHEN form.proisstrict THEN 'STRICT' ELSE '' END,
				   CASE WHEN form.proretset THEN format(E'#variable_conflict use_column\nBEGIN\n\tRETURN QUERY %s;\nEND', call)
				   ELSE format(E'BEGIN\n\tRETURN (%s);\nEND', call) END);
END
$$;
COMMENT ON FUNCTION registry.make_door(text) IS 'makes a definer function a look-up that answers for, and records, whoever calls it';

/*
 * registry.who_read(person_id): who looked the person up, newest first; the
 * answer to the citizen's own question (个人信息保护法 45).
 */
CREATE OR REPLACE FUNCTION registry.who_read(person_id bigint)
	RETURNS TABLE (read_at timestamptz, reader text, login text, function text, purpose text, refused boolean)
	LANGUAGE sql STABLE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
	SELECT r.read_at, r.reader, r.login, r.function, r.purpose, r.refused
	FROM registry.read_log r
	WHERE r.person_id = who_read.person_id
	ORDER BY r.read_at DESC, r.read_id DESC
$$;
COMMENT ON FUNCTION registry.who_read(bigint) IS 'who looked a person up, when and for what, newest first';
REVOKE ALL ON FUNCTION registry.who_read(bigint) FROM PUBLIC;

/*
 * registry.permit_bulk(reader, persons, reason) lets another role look up so
 * many persons today (UTC), beyond setting bulk_block.
 * Errors: 42501 for oneself; 22023 without a number or a reason; 42704 no such role.
 */
CREATE OR REPLACE FUNCTION registry.permit_bulk(reader text, persons integer, reason text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = permit_bulk.reader) THEN
		RAISE EXCEPTION 'role "%" does not exist', permit_bulk.reader USING ERRCODE = 'undefined_object';
	END IF;
	IF permit_bulk.reader IN (registry.reader(), session_user) THEN
		RAISE EXCEPTION 'nobody permits a bulk read of their own'
			USING ERRCODE = 'insufficient_privilege', HINT = 'It takes a second person.';
	END IF;
	IF coalesce(permit_bulk.persons, 0) <= 0 OR coalesce(btrim(permit_bulk.reason), '') = '' THEN
		RAISE EXCEPTION 'a permit needs a number of persons and a reason' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	INSERT INTO registry.bulk_permit AS b (reader, day, persons, reason, permitted_by)
	VALUES (permit_bulk.reader, (now() AT TIME ZONE 'UTC')::date, permit_bulk.persons, permit_bulk.reason, registry.reader())
	ON CONFLICT ON CONSTRAINT bulk_permit_pkey
		DO UPDATE SET persons = excluded.persons, reason = excluded.reason, permitted_by = excluded.permitted_by, permitted_at = now();
	RETURN true;
END
$$;
COMMENT ON FUNCTION registry.permit_bulk(text, integer, text) IS 'lets another role look up more persons today than setting bulk_block allows';
REVOKE ALL ON FUNCTION registry.permit_bulk(text, integer, text) FROM PUBLIC;

REVOKE EXECUTE ON FUNCTION registry.count_reads(text, bigint[], integer), registry.note_view(text, bigint), registry.require_record(), registry.note_found(text, bigint[]),
	registry.may_look_up(text, text[], bigint[], boolean), registry.make_door(text) FROM PUBLIC;

SELECT registry.make_door(f) FROM unnest(ARRAY[
	'registry.grant_territory(text,text,text,text,text)', 'registry.revoke_territory(text,text,text,text)',
	'registry.permit_bulk(text,integer,text)', 'registry.who_read(bigint)', 'registry.history(bigint)']) AS f;
