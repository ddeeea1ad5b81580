-- Taking back what a transaction or a batch did.
--
-- Of each row the state before the oldest effect is restored, column by column.
-- What has another value now than they left stays and is reported.  The act is an
-- ordinary change: it is logged (cause revert) and can be reverted by its own
-- transaction.

-- Tables of one undo; they vanish with its transaction.
CREATE OR REPLACE FUNCTION registry.log_undo_tables() RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_effect, pg_temp.registry_undo;
	CREATE TEMP TABLE registry_effect (relation text COLLATE "C", first_key bigint, row_key text COLLATE "C", log_id bigint, ordinal integer,
									   begins boolean, ends boolean, old jsonb, effect boolean) ON COMMIT DROP;
	CREATE TEMP TABLE registry_undo (relation text COLLATE "C", first_key bigint, row_key text COLLATE "C", action text, texts jsonb) ON COMMIT DROP;
END;
$function$;
COMMENT ON FUNCTION registry.log_undo_tables() IS 'temporary tables of one undo';

/*
 * Restores what pg_temp.registry_effect says: entries to be taken back (effect)
 * and later ones of the same tables.  Returns the conflicts.
 */
CREATE OR REPLACE FUNCTION registry.log_undo()
RETURNS TABLE (relation text, first_key bigint, row_key text, item text, conflict text, wanted text)
LANGUAGE plpgsql
SET search_path = pg_catalog, registry, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	logged registry.log_table;
	key record;
	columns text;
	restored text;
BEGIN
	-- edits wait, and are not followed one by one: the caller judges whom this touches
	PERFORM registry.lock_persons();
	PERFORM registry.begin_act();
	ANALYZE pg_temp.registry_effect;
	CREATE INDEX ON pg_temp.registry_effect (relation, first_key, row_key);
	FOR logged IN SELECT t.* FROM registry.log_table t WHERE t.relation IN (SELECT e.relation FROM pg_temp.registry_effect e WHERE e.effect) ORDER BY t.relation LOOP
		key := registry.log_key_expressions(logged.keys);
		-- what each row was, what it is, and what has happened to it since
		RETURN QUERY EXECUTE format($query$
			WITH first AS (
				SELECT DISTINCT ON (e.first_key, e.row_key) e.first_key, e.row_key, e.log_id, e.begins
				FROM pg_temp.registry_effect e WHERE e.effect AND e.relation = $1
				ORDER BY e.first_key, e.row_key, e.log_id, e.ordinal
			), last AS (
				SELECT DISTINCT ON (e.first_key, e.row_key) e.first_key, e.row_key, e.ends
				FROM pg_temp.registry_effect e WHERE e.effect AND e.relation = $1
				ORDER BY e.first_key, e.row_key, e.log_id DESC, e.ordinal DESC
			), was AS (
				SELECT o.first_key, o.row_key, jsonb_object_agg(o.name, o.value) AS texts
				FROM (SELECT DISTINCT ON (e.first_key, e.row_key, c.name) e.first_key, e.row_key, c.name, c.value
					  FROM pg_temp.registry_effect e CROSS JOIN LATERAL jsonb_each(e.old) AS c (name, value)
					  WHERE e.effect AND e.relation = $1
					  ORDER BY e.first_key, e.row_key, c.name, e.log_id, e.ordinal) o
				GROUP BY 1, 2
			), left_behind AS (
				-- what the effects left, of the columns that changed since
				SELECT o.first_key, o.row_key, jsonb_object_agg(o.name, o.value) AS texts
				FROM (SELECT DISTINCT ON (e.first_key, e.row_key, c.name) e.first_key, e.row_key, c.name, c.value
					  FROM first f
					  JOIN pg_temp.registry_effect e ON NOT e.effect AND e.relation = $1 AND e.first_key = f.first_key AND e.row_key = f.row_key AND e.log_id > f.log_id
					  CROSS JOIN LATERAL jsonb_each(e.old) AS c (name, value)
					  ORDER BY e.first_key, e.row_key, c.name, e.log_id, e.ordinal) o
				GROUP BY 1, 2
			), state AS MATERIALIZED (
				SELECT f.first_key, f.row_key, f.begins, NOT a.ends AS remained, coalesce(w.texts, '{}') AS texts, t.%1$I IS NOT NULL AS there,
					ARRAY(SELECT b.name FROM jsonb_each_text(l.texts) AS b (name, value)
						  WHERE b.name <> ALL ($2) AND b.value IS DISTINCT FROM registry.row_texts(t) ->> b.name) AS names
				FROM first f
				JOIN last a USING (first_key, row_key)
				LEFT JOIN was w USING (first_key, row_key)
				LEFT JOIN left_behind l USING (first_key, row_key)
				LEFT JOIN %2$s t ON %3$s = f.first_key AND %4$s = f.row_key
			), doing AS (
				INSERT INTO pg_temp.registry_undo
				SELECT $1, s.first_key, s.row_key,
					CASE WHEN s.begins THEN 'delete' WHEN s.there THEN 'update' ELSE 'insert' END,
					CASE WHEN s.there THEN s.texts - s.names ELSE s.texts END
				FROM state s
				WHERE CASE WHEN s.begins THEN s.there AND s.remained AND s.names = '{}' ELSE s.there = s.remained END
			)
			SELECT $1, s.first_key, nullif(s.row_key, ''), NULL::text,
				CASE WHEN s.begins THEN 'row was changed since: it stays' WHEN s.there THEN 'row came back since: it stays' ELSE 'row was removed since: it stays so' END,
				CASE WHEN NOT s.begins THEN s.texts::text END
			FROM state s
			WHERE CASE WHEN s.begins THEN s.there AND s.remained AND s.names <> '{}' ELSE s.there <> s.remained END
			UNION ALL
			SELECT $1, s.first_key, nullif(s.row_key, ''), c.name, 'column was changed since: it stays', s.texts ->> c.name
			FROM state s CROSS JOIN LATERAL unnest(s.names) AS c (name)
			WHERE NOT s.begins AND s.there AND s.remained AND s.texts ? c.name$query$,
			logged.keys[1], logged.table_name, key.first_key, key.row_key)
		USING logged.relation, logged.ignored;

		SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), string_agg('p.' || quote_ident(a.attname), ', ' ORDER BY a.attnum)
		INTO columns, restored
		FROM pg_attribute a
		WHERE a.attrelid = to_regclass(logged.table_name) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
		EXECUTE format('DELETE FROM %s t USING pg_temp.registry_undo u WHERE u.relation = $1 AND u.action = ''delete'' AND %s = u.first_key AND %s = u.row_key',
					   logged.table_name, key.first_key, key.row_key) USING logged.relation;
		EXECUTE format('UPDATE %1$s t SET (%2$s) = (SELECT %3$s FROM registry.row_of_texts(t, u.texts) p)'
					   ' FROM pg_temp.registry_undo u WHERE u.relation = $1 AND u.action = ''update'' AND %4$s = u.first_key AND %5$s = u.row_key',
					   logged.table_name, columns, restored, key.first_key, key.row_key) USING logged.relation;
		EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %3$s FROM pg_temp.registry_undo u CROSS JOIN LATERAL registry.row_of_texts(NULL::%1$s, u.texts) p'
					   ' WHERE u.relation = $1 AND u.action = ''insert''', logged.table_name, columns, restored) USING logged.relation;
	END LOOP;
	PERFORM registry.end_act();
END;
$function$;
COMMENT ON FUNCTION registry.log_undo() IS 'restores the rows of pg_temp.registry_effect and returns what could not be';

-- Entries of tables from a number on; effects are marked by the caller.
CREATE OR REPLACE FUNCTION registry.log_collect(relations text[], from_id bigint, contexts bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	INSERT INTO pg_temp.registry_effect
	SELECT s.relation, e.entry_key, coalesce(e.row_key, ''), l.log_id, e."position",
		l.operation = 'I' OR e.came, l.operation IN ('D', 'M'), e.old, l.context_id = ANY (contexts)
	FROM registry.change_log l
	JOIN registry.log_shape s USING (shape_id)
	CROSS JOIN LATERAL registry.log_decode(l.shape_id, l.operation, l.payload) AS e
	WHERE s.relation = ANY (relations) AND l.log_id >= from_id
		-- the months to be read
		AND l.changed_at >= (SELECT min(c.changed_at) - interval '7 days' FROM registry.log_context c WHERE c.context_id = ANY (contexts));
END;
$function$;
COMMENT ON FUNCTION registry.log_collect(text[], bigint, bigint[]) IS 'reads the entries of some tables from a number on into pg_temp.registry_effect';

-- Who must be judged anew after an undo.
CREATE OR REPLACE FUNCTION registry.log_undo_touched() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	persons bigint[] := ARRAY(SELECT DISTINCT u.first_key FROM pg_temp.registry_undo u JOIN registry.log_table t USING (relation)
							  WHERE t.keys[1] = 'person_id' AND u.first_key > 0 AND u.relation NOT IN ('person', 'problem'));
BEGIN
	IF persons = '{}' THEN
		RETURN;
	END IF;
	IF to_regprocedure('registry.recompute(boolean,date,bigint,timestamptz,text[],bigint[])') IS NOT NULL THEN
		PERFORM registry.begin_act();
		PERFORM registry.create_recompute_tables();
		INSERT INTO pg_temp.registry_touched SELECT unnest(persons);
		PERFORM registry.refresh_employer_injury(registry.reference_date());
		EXECUTE 'SELECT registry.recompute(false, $1, NULL)' USING registry.reference_date();
		-- persons came back past the counts
		PERFORM registry.write_cells(true);
		PERFORM registry.end_act();
	ELSE
		RAISE NOTICE '% persons are to be judged anew', cardinality(persons)
			USING HINT = 'CALL registry.compare(full => true);';
	END IF;
END;
$function$;
COMMENT ON FUNCTION registry.log_undo_touched() IS 'judges the persons whose facts an undo restored, or says that somebody must';

/*
 * registry.revert_transaction(transaction_id, reason) → conflicts; no row: all was taken back
 *
 * transaction_id as log_entries and history() show it.
 * Error: P0002 for a transaction that the log does not know.
 */
CREATE OR REPLACE FUNCTION registry.revert_transaction(transaction_id bigint, reason text DEFAULT NULL)
RETURNS TABLE (relation text, first_key bigint, row_key text, item text, conflict text, wanted text)
LANGUAGE plpgsql
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	contexts bigint[] := ARRAY(SELECT c.context_id FROM registry.log_context c
							   WHERE c.context_id = $1 OR c.transaction_id = $1 AND c.transaction_id <> c.context_id);
	relations text[];
	from_id bigint;
	old_cause text := coalesce(current_setting('registry.cause', true), '');
	old_reason text := coalesce(current_setting('registry.reason', true), '');
BEGIN
	SELECT array_agg(DISTINCT s.relation), min(l.log_id) INTO relations, from_id
	FROM registry.change_log l JOIN registry.log_shape s USING (shape_id) WHERE l.context_id = ANY (contexts);
	IF relations IS NULL THEN
		RAISE EXCEPTION 'the change log knows no transaction %', $1
			USING ERRCODE = 'no_data_found', HINT = 'registry.history() and registry.log_entries show transaction_id.';
	END IF;
	PERFORM set_config('registry.cause', 'revert', true), set_config('registry.reason', coalesce($2, format('transaction %s', $1)), true);
	PERFORM registry.log_undo_tables();
	PERFORM registry.log_collect(relations, from_id, contexts);
	RETURN QUERY SELECT * FROM registry.log_undo();
	PERFORM registry.log_undo_touched();
	PERFORM set_config('registry.cause', old_cause, true), set_config('registry.reason', old_reason, true);
END;
$function$;
COMMENT ON FUNCTION registry.revert_transaction(bigint, text) IS 'takes back what a transaction changed, keeps what was changed since, and returns the conflicts';

/*
 * registry.revert_batch(batch_id, reason) → conflicts; no row: all was taken back
 *
 * Takes back what an applied batch said: rows it brought, rows it changed, rows
 * it ended.  Persons and problems follow by the recompute; numbers it made known
 * (person_alias) stay known.  The batch becomes discarded, so that its file may
 * be received again.  Errors: RG004 for a batch that is not applied, RG001 while
 * compare() runs.
 */
CREATE OR REPLACE FUNCTION registry.revert_batch(batch_id bigint, reason text DEFAULT NULL)
RETURNS TABLE (relation text, first_key bigint, row_key text, item text, conflict text, wanted text)
LANGUAGE plpgsql
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	facts text[] := '{population,enrolment,circumstance,elsewhere,employer}';
	reverted record;
	contexts bigint[];
	from_id bigint;
	old_cause text := coalesce(current_setting('registry.cause', true), '');
	old_reason text := coalesce(current_setting('registry.reason', true), '');
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.compare', 0)) THEN
		RAISE EXCEPTION 'compare() is running' USING ERRCODE = 'RG001', HINT = 'Wait for it to finish.';
	END IF;
	SELECT b.state, b.source, b.cutoff, b.finished_at INTO reverted FROM registry.batch b WHERE b.batch_id = $1 FOR UPDATE;
	IF reverted.state IS DISTINCT FROM 'applied' THEN
		RAISE EXCEPTION 'batch % is not applied', $1
			USING ERRCODE = 'RG004', DETAIL = coalesce(format('Its state is "%s".', reverted.state), 'There is no such batch.'),
				  HINT = 'A staged or held batch is discarded by registry.discard().';
	END IF;
	-- the transactions that applied it
	SELECT array_agg(DISTINCT c.context_id) INTO contexts
	FROM registry.log_context c
	WHERE c.transaction_id IN (SELECT o.transaction_id FROM registry.change_log l JOIN registry.log_shape s USING (shape_id)
							   JOIN registry.log_context o USING (context_id)
							   WHERE l.batch_id = $1 AND s.relation = ANY (facts))
		-- a batch that only ended rows left its number nowhere: compare() that finished it began last before
		OR c.transaction_id = (SELECT o.transaction_id FROM registry.log_context o
							   WHERE o.batch_id IS NOT NULL AND o.changed_at <= reverted.finished_at ORDER BY o.changed_at DESC LIMIT 1);
	SELECT min(l.log_id) INTO from_id FROM registry.change_log l WHERE l.context_id = ANY (contexts);
	IF from_id IS NOT NULL THEN
		PERFORM set_config('registry.cause', 'revert', true), set_config('registry.reason', coalesce($2, format('batch %s', $1)), true),
			set_config('registry.batch_id', '', true);
		PERFORM registry.log_undo_tables();
		PERFORM registry.log_collect(facts, from_id, contexts);
		PERFORM registry.log_mark_batch($1, reverted.source, reverted.cutoff);
		RETURN QUERY SELECT * FROM registry.log_undo();
		PERFORM registry.log_undo_touched();
		PERFORM set_config('registry.cause', old_cause, true), set_config('registry.reason', old_reason, true);
	END IF;
	UPDATE registry.reject r SET state = 'discarded' WHERE r.batch_id = $1 AND r.state = 'open';
	UPDATE registry.batch b SET state = 'discarded', held_reason = 'reverted', finished_at = clock_timestamp() WHERE b.batch_id = $1;
END;
$function$;
COMMENT ON FUNCTION registry.revert_batch(bigint, text) IS 'takes back what an applied batch brought, changed and ended, keeps what was changed since, and returns the conflicts';

-- Which of the collected entries are effects of one batch: those of rows it
-- brought or changed, and what the same transaction did to such a row after
-- (repair, territory); and rows that its absence ended.
CREATE OR REPLACE FUNCTION registry.log_mark_batch(batch bigint, batch_source text, batch_cutoff date) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	fact text;
	column_of_id text;
BEGIN
	CREATE TEMP TABLE registry_mine ON COMMIT DROP AS
		SELECT e.relation, CASE WHEN e.row_key = '' THEN e.first_key::text ELSE e.row_key END AS id, min(e.log_id) AS log_id
		FROM pg_temp.registry_effect e JOIN registry.change_log l USING (log_id)
		WHERE e.effect AND l.batch_id = batch
		GROUP BY 1, 2;
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'employer'] LOOP
		SELECT t.keys[cardinality(t.keys)] INTO column_of_id FROM registry.log_table t WHERE t.relation = fact;
		EXECUTE format('INSERT INTO pg_temp.registry_mine'
					   ' SELECT e.relation, t.%2$I::text, e.log_id FROM pg_temp.registry_effect e JOIN registry.%1$I t'
					   ' ON t.%2$I = CASE WHEN e.row_key = '''' THEN e.first_key ELSE e.row_key::bigint END'
					   ' JOIN registry.change_log l ON l.log_id = e.log_id'
					   ' WHERE e.effect AND e.relation = $1 AND NOT e.begins AND e.old ? ''ended_on'' AND e.old ->> ''ended_on'' IS NULL'
					   ' AND l.batch_id IS NULL AND t.source = $2 AND t.ended_on = $3', fact, column_of_id)
		USING fact, batch_source, batch_cutoff;
	END LOOP;
	UPDATE pg_temp.registry_effect e SET effect = false
	WHERE e.effect AND NOT EXISTS (
		SELECT FROM pg_temp.registry_mine m JOIN registry.change_log l ON l.log_id = e.log_id
		WHERE m.relation = e.relation AND m.id = CASE WHEN e.row_key = '' THEN e.first_key::text ELSE e.row_key END
			AND e.log_id >= m.log_id AND (l.batch_id IS NULL OR l.batch_id = batch));
	DROP TABLE pg_temp.registry_mine;
END;
$function$;
COMMENT ON FUNCTION registry.log_mark_batch(bigint, text, date) IS 'leaves marked only the effects of one batch';

REVOKE EXECUTE ON FUNCTION registry.log_undo_tables(),
	registry.log_undo(),
	registry.log_collect(text[], bigint, bigint[]),
	registry.log_undo_touched(),
	registry.revert_transaction(bigint, text),
	registry.revert_batch(bigint, text),
	registry.log_mark_batch(bigint, text, date) FROM PUBLIC;
