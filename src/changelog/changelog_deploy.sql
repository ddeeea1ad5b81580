-- The log of changes: who knew what when.
--
-- Entries hold keys of inserted rows (grouped by bucket of 1024 persons),
-- the old values of the columns that an update changed, and deleted rows
-- whole.  New values stand in the next entry or in the row itself.

CREATE SEQUENCE IF NOT EXISTS registry.change_log_id_seq;

CREATE TABLE IF NOT EXISTS registry.change_log (
	person_bucket bigint NOT NULL,
	log_id bigint NOT NULL DEFAULT nextval('registry.change_log_id_seq'),
	relation text NOT NULL,
	operation text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'MOVE', 'DELETE')),
	person_ids bigint[] NOT NULL,
	row_ids bigint[],
	old jsonb,
	xid xid8 NOT NULL,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL,
	batch_id bigint,
	cause text,
	PRIMARY KEY (person_bucket, log_id)
);
COMMENT ON TABLE registry.change_log IS 'every insert, update and delete of persons and enrolments, with old values';
COMMENT ON COLUMN registry.change_log.person_bucket IS 'person_id / 1024: entries of one person are found through it';
COMMENT ON COLUMN registry.change_log.operation IS 'MOVE: the row left the first person for the second; its UPDATE entry stands with the second';
COMMENT ON COLUMN registry.change_log.row_ids IS 'enrolment_id beside each of person_ids; null for persons';
COMMENT ON COLUMN registry.change_log.old IS 'UPDATE: old values of the changed columns; MOVE, DELETE: the whole old row; texts as the types print them';
COMMENT ON COLUMN registry.change_log.changed_at IS 'start of the changing transaction, so that all its changes carry one time';
COMMENT ON COLUMN registry.change_log.batch_id IS 'batch that brought the row or the change (column batch_id of the row), else setting registry.batch_id of the changing transaction';
COMMENT ON COLUMN registry.change_log.cause IS 'setting registry.cause of the changing transaction';

-- Triggers run in the order of their names: the log comes before anybody's own.
CREATE OR REPLACE TRIGGER a_change_log_insert AFTER INSERT ON registry.person
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('', 'updated_at');
CREATE OR REPLACE TRIGGER a_change_log_update AFTER UPDATE ON registry.person
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('', 'updated_at');
CREATE OR REPLACE TRIGGER a_change_log_delete AFTER DELETE ON registry.person
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('', 'updated_at');
CREATE OR REPLACE TRIGGER a_change_log_truncate BEFORE TRUNCATE ON registry.person
	FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse();

CREATE OR REPLACE TRIGGER a_change_log_insert AFTER INSERT ON registry.enrolment
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('enrolment_id');
CREATE OR REPLACE TRIGGER a_change_log_update AFTER UPDATE ON registry.enrolment
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('enrolment_id');
CREATE OR REPLACE TRIGGER a_change_log_delete AFTER DELETE ON registry.enrolment
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_write('enrolment_id');
CREATE OR REPLACE TRIGGER a_change_log_truncate BEFORE TRUNCATE ON registry.enrolment
	FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse();

CREATE OR REPLACE TRIGGER a_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON registry.change_log
	FOR EACH STATEMENT EXECUTE FUNCTION registry.change_log_refuse();

-- A session may silence ordinary triggers (session_replication_role); these stay.
DO $do$
DECLARE
	logged record;
BEGIN
	FOR logged IN
		SELECT t.tgname, t.tgrelid::regclass AS relation
		FROM pg_catalog.pg_trigger t
		WHERE t.tgrelid IN ('registry.person'::regclass, 'registry.enrolment'::regclass, 'registry.change_log'::regclass)
			AND (t.tgname LIKE 'a\_change\_log\_%' OR t.tgname = 'a_refuse')
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', logged.relation, logged.tgname);
	END LOOP;
END
$do$;

-- A first load appends rows past the triggers (load_rows); this writes what the
-- insert trigger would have written for all rows of the table.
CREATE OR REPLACE FUNCTION registry.log_loaded_rows(relation regclass, id_column text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	EXECUTE format(
		'INSERT INTO registry.change_log (relation, operation, person_bucket, person_ids, row_ids, xid, changed_at, changed_by, batch_id, cause)'
		' SELECT $1, ''INSERT'', t.person_id >> 10, array_agg(t.person_id), %s, pg_current_xact_id(), now(), $2, %s, $3'
		' FROM %s t GROUP BY t.person_id >> 10, %2$s',
		CASE WHEN id_column IS NULL THEN 'NULL::bigint[]' ELSE format('array_agg(t.%I)', id_column) END,
		CASE WHEN id_column IS NULL THEN '$4' ELSE 't.batch_id' END, relation)
	USING (SELECT c.relname::text FROM pg_class c WHERE c.oid = relation),
		CASE WHEN current_setting('role') = 'none' THEN session_user::text ELSE current_setting('role') END,
		nullif(current_setting('registry.cause', true), ''),
		nullif(current_setting('registry.batch_id', true), '')::bigint;
END;
$function$;
COMMENT ON FUNCTION registry.log_loaded_rows(regclass, text) IS 'logs all rows of a table that was empty before this transaction as inserted';
REVOKE EXECUTE ON FUNCTION registry.log_loaded_rows(regclass, text) FROM PUBLIC;

-- registry.history(person_id): what changed, newest first.
--   item       column; for an enrolment its enrolment_id and the column
--              ("123.paid_through"), or the enrolment_id alone where the row came
--   new_value  value after the change, from the next change of the same item or
--              from the row as it stands; null where the row is gone
-- A row that was moved to another person is one entry of person_id here; its
-- earlier changes stay with the person it belonged to then.
CREATE OR REPLACE FUNCTION registry.history(person_id bigint)
RETURNS TABLE (changed_at timestamptz, changed_by text, cause text, batch_id bigint,
			   relation text, operation text, item text, old_value text, new_value text)
LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
	WITH entry AS (
		SELECT l.log_id, l.relation, l.operation, l.changed_at, l.changed_by, l.cause, l.batch_id,
			l.old, l.person_ids, k.row_id
		FROM registry.change_log l
		CROSS JOIN LATERAL (
			SELECT u.row_id
			FROM unnest(l.person_ids, l.row_ids) WITH ORDINALITY AS u (person_id, row_id, position)
			WHERE u.person_id = history.person_id AND (l.operation <> 'MOVE' OR u.position = 1)
		) AS k
		WHERE l.person_bucket = history.person_id >> 10 AND history.person_id = ANY (l.person_ids)
	), present AS (
		SELECT 'person' AS relation, NULL::bigint AS row_id, registry.row_texts(p) AS texts
		FROM registry.person p
		WHERE p.person_id = history.person_id
		UNION ALL
		SELECT 'enrolment', e.enrolment_id, registry.row_texts(e)
		FROM registry.enrolment e
		WHERE e.person_id = history.person_id
			AND EXISTS (SELECT FROM entry WHERE entry.relation = 'enrolment' AND entry.operation = 'UPDATE')
	), change AS (
		SELECT entry.log_id, entry.relation, entry.operation, entry.changed_at, entry.changed_by, entry.cause,
			entry.batch_id, entry.row_id, entry.person_ids, c.column_name, c.old_value,
			lead(c.old_value) OVER following AS next_value,
			lead(entry.log_id) OVER following AS next_log_id
		FROM entry
		CROSS JOIN LATERAL jsonb_each_text(entry.old) AS c (column_name, old_value)
		WINDOW following AS (PARTITION BY entry.relation, entry.row_id, c.column_name ORDER BY entry.log_id)
	), line AS (
		SELECT change.log_id, change.changed_at, change.changed_by, change.cause, change.batch_id,
			change.relation, change.operation,
			concat_ws('.', change.row_id, change.column_name) AS item,
			change.old_value,
			CASE
				WHEN change.operation = 'DELETE' THEN NULL
				WHEN change.operation = 'MOVE' THEN change.person_ids[2]::text
				WHEN change.next_log_id IS NOT NULL THEN change.next_value
				ELSE present.texts ->> change.column_name
			END AS new_value
		FROM change
		LEFT JOIN present ON present.relation = change.relation AND present.row_id IS NOT DISTINCT FROM change.row_id
		WHERE (change.operation <> 'MOVE' OR change.column_name = 'person_id')
			AND (change.operation <> 'DELETE' OR change.old_value IS NOT NULL)
		UNION ALL
		SELECT entry.log_id, entry.changed_at, entry.changed_by, entry.cause, entry.batch_id,
			entry.relation, entry.operation, entry.row_id::text, NULL, NULL
		FROM entry
		WHERE entry.operation = 'INSERT'
	)
	SELECT line.changed_at, line.changed_by, line.cause, line.batch_id,
		line.relation, line.operation, line.item, line.old_value, line.new_value
	FROM line
	ORDER BY line.log_id DESC, line.item
$function$;
COMMENT ON FUNCTION registry.history(bigint) IS 'changes of a person and of the person''s enrolments, newest first; item is the column, for an enrolment its number and the column';
REVOKE ALL ON FUNCTION registry.history(bigint) FROM PUBLIC;
