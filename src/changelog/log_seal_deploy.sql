-- The chain of seals: what was recorded cannot be changed quietly once a head
-- is kept outside.

/*
 * registry.seal() → the new head, or the last one when nothing ended since
 *
 * Covers all transactions that ended since the last seal, in the order of their
 * context_id.  Those still running are left to a later seal; nobody waits.
 * Errors: RG001 while another seal runs, 25001 outside READ COMMITTED.
 */
CREATE OR REPLACE FUNCTION registry.seal() RETURNS bytea
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	last registry.log_seal;
	next registry.log_seal;
	covered int8multirange;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'seal() must run in READ COMMITTED'
			USING ERRCODE = 'active_sql_transaction', HINT = 'An older snapshot does not see which transactions have ended.';
	END IF;
	IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.seal', 0)) THEN
		RAISE EXCEPTION 'another seal() is running'
			USING ERRCODE = 'RG001', HINT = 'Wait for it to finish; it seals what this one would.';
	END IF;
	PERFORM registry.log_partitions();
	SELECT s.* INTO last FROM registry.log_seal s ORDER BY s.seal_id DESC LIMIT 1;
	next.seal_id := coalesce(last.seal_id, 0) + 1;
	next.sealed_at := clock_timestamp();
	next.sealed_by := session_user;
	next.server := (SELECT c.system_identifier::text FROM pg_control_system() c);
	next.method := coalesce((SELECT t.value FROM registry.setting t WHERE t.name = 'log_digest'), 'sha256');
	next.previous := last.head;
	-- before the snapshot: whoever has a number up to this one got its xid before
	next.reached := (SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END FROM registry.log_context_id_seq q);
	covered := coalesce((SELECT range_agg(r) FROM registry.log_seal s, unnest(s.contexts) r
						 -- transactions may have begun and ended between the reading of the number and the snapshot
						 WHERE greatest(s.reached, upper(s.contexts) - 1) > coalesce(last.settled, 0)), '{}');

	WITH context AS MATERIALIZED (
		SELECT c.context_id, registry.log_row_digest(c.method, c) AS digest
		FROM registry.log_context c
		WHERE c.context_id > coalesce(last.settled, 0) AND NOT c.context_id <@ covered
			AND c.xid IS DISTINCT FROM pg_current_xact_id_if_assigned()
	), leaf AS (
		SELECT c.context_id, 0 AS log_id, c.digest, 0 AS rows FROM context c
		UNION ALL
		SELECT l.context_id, l.log_id, l.digest, l.rows
		FROM registry.change_log l WHERE l.context_id IN (SELECT c.context_id FROM context c)
	)
	SELECT registry.log_root(next.method, f.digest ORDER BY f.context_id, f.log_id),
		count(*) FILTER (WHERE f.log_id = 0), count(*) FILTER (WHERE f.log_id > 0), coalesce(sum(f.rows), 0),
		coalesce(range_agg(int8range(f.context_id, f.context_id + 1)) FILTER (WHERE f.log_id = 0), '{}'), pg_current_snapshot()
	INTO next.root, next.context_count, next.block_count, next.entry_count, next.contexts, next.snapshot
	FROM leaf f;
	IF next.context_count = 0 THEN
		RETURN last.head;
	END IF;
	next.settled := greatest(last.settled, (SELECT max(s.reached) FROM registry.log_seal s
		WHERE s.server <> next.server OR pg_snapshot_xmax(s.snapshot) <= pg_snapshot_xmin(next.snapshot)), 0);
	next.head := registry.log_row_digest(next.method, next);
	INSERT INTO registry.log_seal SELECT next.*;
	RETURN next.head;
END;
$function$;
COMMENT ON FUNCTION registry.seal() IS 'closes all transactions that ended since the last seal into the chain and returns its head';

/*
 * registry.log_heads(from_seal, to_seal) → lines to be kept outside: number of the
 * seal, digest method, head
 */
CREATE OR REPLACE FUNCTION registry.log_heads(from_seal bigint DEFAULT NULL, to_seal bigint DEFAULT NULL) RETURNS SETOF text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT format('%s %s %s', s.seal_id, s.method, encode(s.head, 'hex')) FROM registry.log_seal s
		WHERE s.seal_id >= coalesce(from_seal, s.seal_id) AND s.seal_id <= coalesce(to_seal, s.seal_id) ORDER BY s.seal_id;
END;
$function$;
COMMENT ON FUNCTION registry.log_heads(bigint, bigint) IS 'heads of the chain as text, to be kept outside the database';

/*
 * registry.verify_log(from_seal, to_seal, heads) → what is wrong; no row: nothing is
 *
 * heads: lines of log_heads() that were kept outside.  Without them the chain is
 * only compared with itself.
 */
CREATE OR REPLACE FUNCTION registry.verify_log(from_seal bigint DEFAULT NULL, to_seal bigint DEFAULT NULL, heads text DEFAULT NULL)
RETURNS TABLE (seal_id bigint, finding text, context_id bigint, log_id bigint, relation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	seal registry.log_seal;
	bare registry.log_seal;
	before registry.log_seal;
	counted record;
BEGIN
	RETURN QUERY
	SELECT h.seal_id, CASE WHEN s.seal_id IS NULL THEN 'seal is missing' ELSE 'head differs from the one kept outside' END, NULL::bigint, NULL::bigint, NULL::text
	FROM (SELECT split_part(line, ' ', 1)::bigint AS seal_id, split_part(line, ' ', 3) AS head
		  FROM regexp_split_to_table(heads, E'\\s*\\n\\s*') line WHERE line <> '') h
	LEFT JOIN registry.log_seal s ON s.seal_id = h.seal_id
	WHERE encode(s.head, 'hex') IS DISTINCT FROM h.head
		AND h.seal_id >= coalesce(from_seal, h.seal_id) AND h.seal_id <= coalesce(to_seal, h.seal_id);

	FOR seal IN SELECT s.* FROM registry.log_seal s WHERE s.seal_id >= coalesce(from_seal, s.seal_id) AND s.seal_id <= coalesce(to_seal, s.seal_id)
				ORDER BY s.seal_id LOOP
		seal_id := seal.seal_id;
		bare := seal;
		bare.head := NULL;
		IF registry.log_row_digest(seal.method, bare) <> seal.head THEN
			finding := 'seal was changed';
			RETURN NEXT;
		END IF;
		SELECT s.* INTO before FROM registry.log_seal s WHERE s.seal_id = seal.seal_id - 1;
		IF seal.seal_id > 1 AND before.seal_id IS NULL THEN
			finding := 'seal before it is missing';
			RETURN NEXT;
		ELSIF seal.previous IS DISTINCT FROM before.head THEN
			finding := 'seal does not follow the one before';
			RETURN NEXT;
		END IF;

		SELECT registry.log_root(seal.method, f.wanted ORDER BY f.context_id, f.log_id) AS root,
			count(*) FILTER (WHERE f.log_id = 0) AS contexts, count(*) FILTER (WHERE f.log_id > 0) AS blocks
		INTO counted
		FROM registry.log_leaves(seal.contexts) f;
		IF counted.contexts <> seal.context_count OR counted.blocks <> seal.block_count THEN
			finding := format('%s transactions and %s blocks were sealed, %s and %s are there',
							  seal.context_count, seal.block_count, counted.contexts, counted.blocks);
			RETURN NEXT;
		END IF;
		IF counted.root IS DISTINCT FROM seal.root THEN
			finding := 'entries were changed, removed, inserted or reordered';
			RETURN NEXT;
			RETURN QUERY SELECT seal.seal_id, 'block was changed', f.context_id, f.log_id, s.relation
				FROM registry.log_leaves(seal.contexts) f LEFT JOIN registry.log_shape s USING (shape_id)
				WHERE f.log_id > 0 AND f.wanted IS DISTINCT FROM f.digest;
		END IF;
	END LOOP;

	-- what no seal knows, though it should
	RETURN QUERY
	SELECT NULL::bigint, 'transaction was inserted after its time was sealed', c.context_id, NULL::bigint, NULL::text
	FROM registry.log_context c
	WHERE c.context_id <= (SELECT s.settled FROM registry.log_seal s ORDER BY s.seal_id DESC LIMIT 1)
		AND NOT c.context_id <@ (SELECT range_agg(r) FROM registry.log_seal s, unnest(s.contexts) r);
	RETURN QUERY
	SELECT NULL::bigint, 'block of no transaction', l.context_id, l.log_id, s.relation
	FROM registry.change_log l LEFT JOIN registry.log_shape s USING (shape_id)
	WHERE NOT EXISTS (SELECT FROM registry.log_context c WHERE c.context_id = l.context_id);
	RETURN QUERY
	SELECT NULL::bigint, CASE WHEN to_regclass(t.table_name) IS NULL THEN 'logged table is gone'
			ELSE 'triggers of the log are missing or switched off' END, NULL::bigint, NULL::bigint, t.relation
	FROM registry.log_table t
	WHERE (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = to_regclass(t.table_name) AND g.tgname LIKE 'a\_change\_log\_%'
			AND g.tgenabled = CASE WHEN g.tgname = 'a_change_log_row' THEN 'R' ELSE 'A' END)
		< CASE WHEN (SELECT c.relkind FROM pg_class c WHERE c.oid = to_regclass(t.table_name)) = 'p' THEN 4 ELSE 5 END;
END;
$function$;
COMMENT ON FUNCTION registry.verify_log(bigint, bigint, text) IS 'proves the sealed entries of the change log, against heads kept outside when given; no row means that nothing is wrong';

/*
 * registry.verify_rows(relation) → rows of the logged tables, or of one, that do
 * not follow from the log
 *
 * Walks the rows back through all blocks; each block must have seen the new
 * values that come out.  Names the block and the keys it spans.  It relies on
 * the blocks, so verify_log() proves them first.
 */
CREATE OR REPLACE FUNCTION registry.verify_rows(relation regclass DEFAULT NULL)
RETURNS TABLE (relation_name text, finding text, first_key bigint, last_key bigint, log_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	logged registry.log_table;
BEGIN
	FOR logged IN SELECT t.* FROM registry.log_table t WHERE to_regclass(t.table_name) IS NOT NULL
				  AND (verify_rows.relation IS NULL OR to_regclass(t.table_name) = verify_rows.relation) ORDER BY t.relation LOOP
		RETURN QUERY SELECT logged.relation, v.*
			FROM registry.log_verify_rows(to_regclass(logged.table_name), logged.relation,
										  array_to_string(logged.keys, ','), array_to_string(logged.ignored, ',')) v;
	END LOOP;
END;
$function$;
COMMENT ON FUNCTION registry.verify_rows(regclass) IS 'rows of the logged tables that do not follow from the log; no row means that all do';

-- Leaves of a seal: contexts and blocks, and the digests they must have.
CREATE OR REPLACE FUNCTION registry.log_leaves(contexts int8multirange)
RETURNS TABLE (context_id bigint, log_id bigint, shape_id integer, digest bytea, wanted bytea)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, registry, pg_temp
AS $function$
BEGIN
	RETURN QUERY
	WITH context AS MATERIALIZED (
		SELECT c.context_id, c.method, registry.log_row_digest(c.method, c) AS digest
		FROM unnest(contexts) r
		JOIN registry.log_context c ON c.context_id >= lower(r) AND c.context_id < upper(r)
	), shape AS MATERIALIZED (
		SELECT s.shape_id, registry.log_row_digest('sha256', s) AS digest FROM registry.log_shape s
	)
	SELECT c.context_id, 0::bigint, NULL::integer, c.digest, c.digest FROM context c
	UNION ALL
	SELECT l.context_id, l.log_id, l.shape_id, l.digest,
		-- a block whose shape is gone cannot be proved
		coalesce(registry.log_block_digest(c.method, c.digest, s.digest, l.log_id, l.operation, l.first_key, l.last_key, l.rows, l.batch_id, l.images, l.payload),
				 '\x00'::bytea)
	FROM registry.change_log l
	JOIN context c ON c.context_id = l.context_id
	LEFT JOIN shape s ON s.shape_id = l.shape_id;
END;
$function$;
COMMENT ON FUNCTION registry.log_leaves(int8multirange) IS 'contexts and blocks of transactions with the digests they carry and must have';

/*
 * registry.log_export(from_seal, to_seal) → lines for script/verify-log, which
 * proves them outside PostgreSQL
 */
CREATE OR REPLACE FUNCTION registry.log_export(from_seal bigint DEFAULT NULL, to_seal bigint DEFAULT NULL) RETURNS SETOF text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	seal registry.log_seal;
	head bytea;
BEGIN
	RETURN QUERY SELECT format('shape %s %s', s.shape_id, encode(registry.log_row_bytes(s), 'hex')) FROM registry.log_shape s ORDER BY s.shape_id;
	FOR seal IN SELECT s.* FROM registry.log_seal s WHERE s.seal_id >= coalesce(from_seal, s.seal_id) AND s.seal_id <= coalesce(to_seal, s.seal_id)
				ORDER BY s.seal_id LOOP
		RETURN QUERY
		SELECT o.line FROM (
			SELECT c.context_id, 0::bigint AS log_id, format('context %s %s %s', c.context_id, c.method, encode(registry.log_row_bytes(c), 'hex')) AS line
			FROM unnest(seal.contexts) r JOIN registry.log_context c ON c.context_id >= lower(r) AND c.context_id < upper(r)
			UNION ALL
			SELECT l.context_id, l.log_id, format('block %s %s %s %s %s %s %s %s %s %s', l.context_id, l.log_id, l.shape_id, l.operation, l.first_key, l.last_key,
				l.rows, coalesce(l.batch_id::text, '-'), encode(l.images, 'hex'), encode(l.payload, 'hex'))
			FROM unnest(seal.contexts) r JOIN registry.change_log l ON l.context_id >= lower(r) AND l.context_id < upper(r)
		) o ORDER BY o.context_id, o.log_id;
		head := seal.head;
		seal.head := NULL;
		RETURN NEXT format('seal %s %s %s %s', seal.seal_id, seal.method, encode(registry.log_row_bytes(seal), 'hex'), encode(head, 'hex'));
	END LOOP;
END;
$function$;
COMMENT ON FUNCTION registry.log_export(bigint, bigint) IS 'sealed entries as text, to be proved outside by script/verify-log';

REVOKE EXECUTE ON FUNCTION registry.seal(),
	registry.log_heads(bigint, bigint),
	registry.verify_log(bigint, bigint, text),
	registry.verify_rows(regclass),
	registry.log_leaves(int8multirange),
	registry.log_export(bigint, bigint) FROM PUBLIC;
