-- Reading the log: entries, the history of a person, and rows as they were.

/*
 * registry.log_of_key(key, persons) → entries of one key, oldest first
 *
 * A block that holds the key begins at most 2^span below it, so each width of
 * blocks is one short range of the index.
 */
CREATE OR REPLACE FUNCTION registry.log_of_key(key bigint, persons boolean DEFAULT true)
RETURNS TABLE (log_id bigint, context_id bigint, relation text, operation "char", batch_id bigint,
			   row_key text, moved_to bigint, came boolean, old jsonb, changed_at timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	base integer := CASE WHEN persons THEN 0 ELSE 100 END;
BEGIN
	RETURN QUERY
	SELECT l.log_id, l.context_id, s.relation, l.operation, l.batch_id, e.row_key, e.moved_to, e.came, e.old, l.changed_at
	FROM generate_series(0, 40) AS w (width)
	CROSS JOIN LATERAL (
		SELECT c.*
		FROM registry.change_log c
		WHERE c.span = w.width + base AND c.first_key BETWEEN key - (1::bigint << w.width) + 1 AND key AND c.last_key >= key
	) AS l
	JOIN registry.log_shape s ON s.shape_id = l.shape_id
	CROSS JOIN LATERAL registry.log_decode(l.shape_id, l.operation, l.payload, key) AS e
	ORDER BY l.log_id, e."position";
END;
$function$;
COMMENT ON FUNCTION registry.log_of_key(bigint, boolean) IS 'entries of the change log of one person, or of one key of a table without persons';

CREATE OR REPLACE VIEW registry.log_entries AS
SELECT
	l.log_id,
	e."position",
	c.transaction_id,
	c.changed_at,
	c.changed_by,
	c.session_role,
	c.application,
	c.client,
	coalesce(l.batch_id, c.batch_id) AS batch_id,
	c.cause,
	c.reason,
	c.purpose,
	c.business_date,
	s.relation,
	CASE l.operation WHEN 'I' THEN 'INSERT' WHEN 'U' THEN 'UPDATE' WHEN 'D' THEN 'DELETE' ELSE 'MOVE' END AS operation,
	CASE WHEN l.span < 100 THEN e.entry_key END AS person_id,
	concat_ws(' ', CASE WHEN l.span >= 100 THEN e.entry_key END, e.row_key) AS row_key,
	e.old
FROM registry.change_log l
JOIN registry.log_context c USING (context_id)
JOIN registry.log_shape s USING (shape_id)
CROSS JOIN LATERAL registry.log_decode(l.shape_id, l.operation, l.payload) AS e;
COMMENT ON VIEW registry.log_entries IS 'the change log entry by entry; old holds the old values of what changed, as texts';

/*
 * registry.history(person_id): what changed, newest first.
 *	item		column; of a row that is not the person itself its key and the
 *				column ("123.paid_through"), or the key alone where the row came
 *	new_value	value after the change, from the next change of the same item or
 *				from the row as it stands; null where the row is gone
 * A row that was moved to another person is one entry of person_id here; its
 * earlier changes stay with the person it belonged to then.
 */
DROP FUNCTION IF EXISTS registry.history(bigint);
CREATE FUNCTION registry.history(person_id bigint)
RETURNS TABLE (changed_at timestamptz, changed_by text, cause text, batch_id bigint,
			   relation text, operation text, item text, old_value text, new_value text,
			   reason text, business_date date, transaction_id bigint)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	RETURN QUERY
	WITH entry AS MATERIALIZED (
		SELECT l.* FROM registry.log_of_key(history.person_id) AS l
	), present AS MATERIALIZED (
		SELECT p.* FROM registry.log_present(history.person_id) AS p
		WHERE EXISTS (SELECT FROM entry WHERE entry.operation = 'U')
	), change AS (
		SELECT entry.log_id, entry.context_id, entry.relation, entry.operation, entry.batch_id, entry.row_key, entry.moved_to,
			c.column_name, c.old_value,
			lead(c.old_value) OVER following AS next_value,
			lead(entry.log_id) OVER following AS next_log_id
		FROM entry
		CROSS JOIN LATERAL jsonb_each_text(entry.old) AS c (column_name, old_value)
		WINDOW following AS (PARTITION BY entry.relation, entry.row_key, c.column_name ORDER BY entry.log_id)
	), line AS (
		SELECT change.log_id, change.context_id, change.batch_id, change.relation,
			CASE change.operation WHEN 'U' THEN 'UPDATE' WHEN 'D' THEN 'DELETE' ELSE 'MOVE' END AS operation,
			concat_ws('.', change.row_key, change.column_name) AS item,
			change.old_value,
			CASE
				WHEN change.operation = 'D' THEN NULL
				WHEN change.operation = 'M' THEN change.moved_to::text
				WHEN change.next_log_id IS NOT NULL THEN change.next_value
				ELSE present.texts ->> change.column_name
			END AS new_value
		FROM change
		LEFT JOIN present ON present.relation = change.relation AND present.row_key IS NOT DISTINCT FROM change.row_key
		WHERE (change.operation <> 'M' OR change.column_name = 'person_id')
			AND (change.operation <> 'D' OR change.old_value IS NOT NULL)
		UNION ALL
		SELECT entry.log_id, entry.context_id, entry.batch_id, entry.relation, 'INSERT', entry.row_key, NULL, NULL
		FROM entry
		WHERE entry.operation = 'I'
	)
	SELECT c.changed_at, c.changed_by, c.cause, coalesce(line.batch_id, c.batch_id),
		line.relation, line.operation, line.item, line.old_value, line.new_value,
		c.reason, c.business_date, c.transaction_id
	FROM line
	JOIN registry.log_context c ON c.context_id = line.context_id
	ORDER BY line.log_id DESC, line.item;
END;
$function$;
COMMENT ON FUNCTION registry.history(bigint) IS 'changes of a person and of the person''s rows, newest first; item is the column, of another row its key and the column';
REVOKE ALL ON FUNCTION registry.history(bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION registry.log_of_key(bigint, boolean) FROM PUBLIC;
