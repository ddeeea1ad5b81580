-- The log of changes: who knew what when.
--
-- change_log holds blocks: many changes of one kind to one table, packed by
-- key.  A block names the context of its transaction (log_context) and the
-- shape its table had (log_shape).  Old values stand in the blocks, new ones in
-- the next entry of the row or in the row itself.

-- A log of the first form is kept beside the new one, as it is.
DO $do$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass('registry.change_log') AND a.attname = 'person_ids') THEN
		ALTER TABLE registry.change_log RENAME TO change_log_before_blocks;
		ALTER INDEX registry.change_log_pkey RENAME TO change_log_before_blocks_pkey;
	END IF;
END
$do$;

CREATE SEQUENCE IF NOT EXISTS registry.change_log_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.log_context_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.log_shape_id_seq AS integer;

CREATE TABLE IF NOT EXISTS registry.log_table (
	relation text COLLATE "C" PRIMARY KEY,
	table_name text NOT NULL,
	keys text[] NOT NULL,
	ignored text[] NOT NULL
);
COMMENT ON TABLE registry.log_table IS 'tables whose changes are logged';
COMMENT ON COLUMN registry.log_table.relation IS 'name in the log';
COMMENT ON COLUMN registry.log_table.keys IS 'key columns; the first is a bigint by which entries are found';
COMMENT ON COLUMN registry.log_table.ignored IS 'columns whose change alone is none';

CREATE TABLE IF NOT EXISTS registry.log_shape (
	shape_id integer PRIMARY KEY DEFAULT nextval('registry.log_shape_id_seq'),
	relation text COLLATE "C" NOT NULL,
	numbers smallint[] NOT NULL,
	names text[] NOT NULL,
	types text[] NOT NULL,
	lengths smallint[] NOT NULL,
	by_value boolean[] NOT NULL,
	ignored boolean[] NOT NULL,
	keys smallint[] NOT NULL,
	since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registry.log_shape IS 'columns of a logged table as they were when blocks were written';
CREATE INDEX IF NOT EXISTS log_shape_relation_idx ON registry.log_shape (relation);

CREATE TABLE IF NOT EXISTS registry.log_context (
	context_id bigint PRIMARY KEY,
	transaction_id bigint NOT NULL,
	xid xid8 NOT NULL,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL,
	session_role text NOT NULL,
	application text,
	client text,
	batch_id bigint,
	cause text,
	reason text,
	purpose text,
	business_date date,
	method text COLLATE "C" NOT NULL
);
COMMENT ON TABLE registry.log_context IS 'one row per transaction that changed something: who, when, why';
COMMENT ON COLUMN registry.log_context.transaction_id IS 'context_id of the transaction''s first row; it has several when its settings or its role changed on the way';
COMMENT ON COLUMN registry.log_context.changed_at IS 'start of the changing transaction, so that all its changes carry one time';
COMMENT ON COLUMN registry.log_context.changed_by IS 'role in which the session acted';
COMMENT ON COLUMN registry.log_context.cause IS 'setting registry.cause; null: none was given';
COMMENT ON COLUMN registry.log_context.batch_id IS 'setting registry.batch_id of the transaction';
COMMENT ON COLUMN registry.log_context.method IS 'digest of its blocks: sha256, or sm3 by setting log_digest of table setting';
CREATE INDEX IF NOT EXISTS log_context_transaction_idx ON registry.log_context (transaction_id) WHERE transaction_id <> context_id;
CREATE INDEX IF NOT EXISTS log_context_changed_at_idx ON registry.log_context USING brin (changed_at);

CREATE TABLE IF NOT EXISTS registry.change_log (
	changed_at timestamptz NOT NULL,
	log_id bigint NOT NULL,
	context_id bigint NOT NULL,
	first_key bigint NOT NULL,
	last_key bigint NOT NULL,
	batch_id bigint,
	shape_id integer NOT NULL,
	rows integer NOT NULL,
	span smallint NOT NULL,
	operation "char" NOT NULL,
	digest bytea NOT NULL,
	images bytea NOT NULL,
	payload bytea NOT NULL
) PARTITION BY RANGE (changed_at);
ALTER TABLE registry.change_log ALTER payload SET STORAGE EXTERNAL, ALTER digest SET STORAGE PLAIN, ALTER images SET STORAGE PLAIN;
COMMENT ON TABLE registry.change_log IS 'blocks of changes; registry.log_entries shows them one by one';
COMMENT ON COLUMN registry.change_log.log_id IS 'order of the changes of each row';
COMMENT ON COLUMN registry.change_log.operation IS 'I insert, U update, D delete; M: rows that left their key for another, the update stands with the new one';
COMMENT ON COLUMN registry.change_log.first_key IS 'smallest key in the block: person_id, or the first key column of a table that has none';
COMMENT ON COLUMN registry.change_log.span IS 'the keys lie within 2^span; 100 more for keys that are no person_id';
COMMENT ON COLUMN registry.change_log.batch_id IS 'batch that brought the rows (their column batch_id); null: see the context';
COMMENT ON COLUMN registry.change_log.digest IS 'over context, shape, the numbers of the block, images and payload';
COMMENT ON COLUMN registry.change_log.images IS 'digest of the new values';
COMMENT ON COLUMN registry.change_log.payload IS 'keys and old values; log_decode() reads it';
CREATE INDEX IF NOT EXISTS change_log_key_idx ON registry.change_log (span, first_key);
CREATE INDEX IF NOT EXISTS change_log_context_idx ON registry.change_log (context_id, log_id);
CREATE INDEX IF NOT EXISTS change_log_batch_idx ON registry.change_log (batch_id) WHERE batch_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS registry.change_log_other PARTITION OF registry.change_log DEFAULT;
COMMENT ON TABLE registry.change_log_other IS 'blocks of months without a partition of their own';

CREATE TABLE IF NOT EXISTS registry.log_seal (
	seal_id bigint PRIMARY KEY,
	sealed_at timestamptz NOT NULL,
	sealed_by text NOT NULL,
	contexts int8multirange NOT NULL,
	context_count bigint NOT NULL,
	block_count bigint NOT NULL,
	entry_count bigint NOT NULL,
	settled bigint NOT NULL,
	reached bigint NOT NULL,
	snapshot pg_snapshot NOT NULL,
	server text NOT NULL,
	method text COLLATE "C" NOT NULL,
	root bytea,
	previous bytea,
	head bytea NOT NULL
);
COMMENT ON TABLE registry.log_seal IS 'the chain: each seal covers the transactions that ended since the last';
COMMENT ON COLUMN registry.log_seal.contexts IS 'context_id of the transactions it covers';
COMMENT ON COLUMN registry.log_seal.settled IS 'nothing up to this context_id can still arrive';
COMMENT ON COLUMN registry.log_seal.root IS 'root over contexts and blocks in the order of context_id and log_id; null when there are none';
COMMENT ON COLUMN registry.log_seal.head IS 'digest of this row and, by previous, of all before: to be kept outside';

/*
 * registry.log_partitions(months) → number made
 *
 * Makes the monthly partitions of change_log from this month on.  Blocks of a
 * month that had none are moved from change_log_other.
 */
CREATE OR REPLACE FUNCTION registry.log_partitions(months integer DEFAULT 12) RETURNS integer
	LANGUAGE plpgsql
	SET timezone = 'UTC'
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	month date;
	name text;
	made integer := 0;
BEGIN
	FOR month IN SELECT m::date FROM generate_series(date_trunc('month', now()), now() + make_interval(months => months - 1), '1 month') m LOOP
		name := 'change_log_' || to_char(month, '"y"YYYY"m"MM');
		CONTINUE WHEN to_regclass('registry.' || name) IS NOT NULL;
		EXECUTE format('CREATE TABLE registry.%I (LIKE registry.change_log INCLUDING ALL)', name);
		EXECUTE format('ALTER TABLE registry.%I SET (toast_tuple_target = 8160)', name);
		-- the default partition must not hold what the new one is for
		IF EXISTS (SELECT FROM registry.change_log_other o WHERE o.changed_at >= month AND o.changed_at < month + interval '1 month') THEN
			ALTER TABLE registry.change_log_other DISABLE TRIGGER USER;
			EXECUTE format('WITH moved AS (DELETE FROM registry.change_log_other WHERE changed_at >= %L AND changed_at < %L RETURNING *)'
						   ' INSERT INTO registry.%I SELECT * FROM moved', month::timestamptz, (month + interval '1 month')::timestamptz, name);
			ALTER TABLE registry.change_log_other ENABLE ALWAYS TRIGGER a_refuse;
		END IF;
		EXECUTE format('ALTER TABLE registry.change_log ATTACH PARTITION registry.%I FOR VALUES FROM (%L) TO (%L)', name,
					   month::timestamptz, (month + interval '1 month')::timestamptz);
		EXECUTE format('CREATE TRIGGER a_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON registry.%I'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse()', name);
		EXECUTE format('ALTER TABLE registry.%I ENABLE ALWAYS TRIGGER a_refuse', name);
		made := made + 1;
	END LOOP;
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.log_partitions(integer) IS 'makes the monthly partitions of the change log';
REVOKE EXECUTE ON FUNCTION registry.log_partitions(integer) FROM PUBLIC;

-- Nobody edits the log by mistake, whatever a session sets.
DO $do$
DECLARE
	kept text;
BEGIN
	FOREACH kept IN ARRAY ARRAY['change_log', 'change_log_other', 'log_context', 'log_shape', 'log_seal'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER a_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON registry.%I'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse()', kept);
		EXECUTE format('ALTER TABLE %s registry.%I ENABLE ALWAYS TRIGGER a_refuse', CASE WHEN kept = 'change_log' THEN 'ONLY' END, kept);
	END LOOP;
	ALTER TABLE registry.change_log_other SET (toast_tuple_target = 8160);
	PERFORM registry.log_partitions();
END
$do$;

/*
 * registry.log_loaded_rows(relation, id_column)
 *
 * A first load appends rows past the triggers (load_rows); this writes what the
 * insert trigger would have written for all rows of the table.
 * Error: 22023 for a table that is not logged.
 */
CREATE OR REPLACE FUNCTION registry.log_loaded_rows(relation regclass, id_column text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	logged registry.log_table;
BEGIN
	SELECT t.* INTO logged FROM registry.log_table t WHERE to_regclass(t.table_name) = log_loaded_rows.relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" is not logged', relation
			USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.log_attach() makes it so.';
	END IF;
	PERFORM registry.change_log_loaded(relation, logged.relation, array_to_string(logged.keys, ','), array_to_string(logged.ignored, ','));
END;
$function$;
COMMENT ON FUNCTION registry.log_loaded_rows(regclass, text) IS 'logs all rows of a table that was empty before this transaction as inserted; id_column is no longer used';
REVOKE EXECUTE ON FUNCTION registry.log_loaded_rows(regclass, text) FROM PUBLIC;

/*
 * registry.log_attach(relation, name, keys, ignored)
 *
 * Logs a table and each of its partitions: triggers after every statement, and
 * row triggers for what a subscription applies.  Rows it already holds are
 * logged as inserted now, so that the log knows all there is.
 *	keys: columns that tell its rows apart, the first a bigint, person_id where
 *		the table has one
 *	ignored: columns whose change alone is none
 * Calling it again makes the triggers of new partitions.  Errors: 42703, 39P01.
 */
CREATE OR REPLACE FUNCTION registry.log_attach(relation regclass, name text, keys text[], ignored text[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	part regclass;
	made text;
	arguments text := format('%L, %L, %L', name, array_to_string(keys, ','), array_to_string(ignored, ','));
	fresh boolean := NOT EXISTS (SELECT FROM registry.log_table t WHERE t.relation = name);
	filled boolean;
BEGIN
	INSERT INTO registry.log_table AS t (relation, table_name, keys, ignored)
	VALUES (name, (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = log_attach.relation),
			keys, ignored)
	ON CONFLICT ON CONSTRAINT log_table_pkey DO UPDATE SET table_name = excluded.table_name, keys = excluded.keys, ignored = excluded.ignored
	WHERE (t.table_name, t.keys, t.ignored) IS DISTINCT FROM (excluded.table_name, excluded.keys, excluded.ignored);

	FOR part IN SELECT log_attach.relation UNION SELECT p.relid FROM pg_partition_tree(log_attach.relation) p LOOP
		-- triggers run in the order of their names: the log comes before anybody's own
		EXECUTE format('CREATE OR REPLACE TRIGGER a_change_log_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write(%s)', part, arguments);
		EXECUTE format('CREATE OR REPLACE TRIGGER a_change_log_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write(%s)', part, arguments);
		EXECUTE format('CREATE OR REPLACE TRIGGER a_change_log_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write(%s)', part, arguments);
		EXECUTE format('CREATE OR REPLACE TRIGGER a_change_log_truncate BEFORE TRUNCATE ON %s'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse()', part);
		IF (SELECT c.relkind = 'r' FROM pg_class c WHERE c.oid = part) THEN
			EXECUTE format('CREATE OR REPLACE TRIGGER a_change_log_row AFTER INSERT OR UPDATE OR DELETE ON %s'
						   ' FOR EACH ROW EXECUTE FUNCTION registry.change_log_row(%s)', part, arguments);
			EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER a_change_log_row', part);
		END IF;
		-- a session may silence ordinary triggers (session_replication_role); these stay
		FOREACH made IN ARRAY ARRAY['a_change_log_insert', 'a_change_log_update', 'a_change_log_delete', 'a_change_log_truncate'] LOOP
			EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', part, made);
		END LOOP;
	END LOOP;
	EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation) INTO filled;
	IF fresh AND filled THEN
		PERFORM set_config('registry.cause', 'log_begins', true);
		FOR part IN SELECT p.relid FROM pg_partition_tree(log_attach.relation) p WHERE p.isleaf UNION SELECT log_attach.relation
					WHERE NOT EXISTS (SELECT FROM pg_partition_tree(log_attach.relation) p) LOOP
			PERFORM registry.change_log_loaded(part, name, array_to_string(keys, ','), array_to_string(ignored, ','));
		END LOOP;
		PERFORM set_config('registry.cause', '', true);
	END IF;
	PERFORM registry.log_write_present();
END;
$function$;
COMMENT ON FUNCTION registry.log_attach(regclass, text, text[], text[]) IS 'logs the changes of a table and of its partitions';

-- Rows of one key as they stand, in all logged tables of persons: written out
-- table by table, so that its plans are kept.
CREATE OR REPLACE FUNCTION registry.log_write_present() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	body text;
BEGIN
	SELECT string_agg(format('	RETURN QUERY SELECT %L::text, %s, registry.row_texts(t) FROM %s t WHERE t.person_id = $1;', t.relation,
							 coalesce((SELECT string_agg(format('(registry.row_texts(t) ->> %L)', k.name), ' || '' '' || ' ORDER BY k.position)
									   FROM unnest(t.keys) WITH ORDINALITY AS k (name, position) WHERE k.position > 1), 'NULL::text'),
							 t.table_name), E'\n' ORDER BY t.relation)
	INTO body
	FROM registry.log_table t
	WHERE t.keys[1] = 'person_id';
	EXECUTE 'CREATE OR REPLACE FUNCTION registry.log_present(person_id bigint) RETURNS TABLE (relation text, row_key text, texts jsonb)'
			' LANGUAGE plpgsql STABLE SET search_path = pg_catalog, registry, pg_temp AS '
			|| quote_literal(E'\nBEGIN\n' || body || E'\nEND;\n');
	REVOKE EXECUTE ON FUNCTION registry.log_present(bigint) FROM PUBLIC;
	COMMENT ON FUNCTION registry.log_present(bigint) IS 'rows of a person as they stand in the logged tables; written by log_attach()';
END;
$function$;
COMMENT ON FUNCTION registry.log_write_present() IS 'writes log_present() anew for the tables that are logged';
REVOKE EXECUTE ON FUNCTION registry.log_attach(regclass, text, text[], text[]),
	registry.log_write_present() FROM PUBLIC;

SELECT registry.log_attach('registry.person', 'person', '{person_id}', '{updated_at}');
SELECT registry.log_attach('registry.person_alias', 'person_alias', '{person_id,kind,value}');
SELECT registry.log_attach('registry.population', 'population', '{person_id,row_id}');
SELECT registry.log_attach('registry.enrolment', 'enrolment', '{person_id,enrolment_id}');
SELECT registry.log_attach('registry.circumstance', 'circumstance', '{person_id,circumstance_id}');
SELECT registry.log_attach('registry.elsewhere', 'elsewhere', '{person_id,elsewhere_id}');
SELECT registry.log_attach('registry.employer', 'employer', '{employer_id}');
SELECT registry.log_attach('registry.link', 'link', '{person_id,link_id}');
