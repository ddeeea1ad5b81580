-- First loads: rows appended at once to an empty table, its indexes made when all are there.

-- May rows be appended past the executor?  Only to an empty table on which the
-- DBA put nothing that would have to see them.
CREATE OR REPLACE FUNCTION registry.may_load(relation regclass) RETURNS boolean
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN pg_relation_size(relation) = 0
		AND EXISTS (SELECT FROM pg_class c WHERE c.oid = relation AND c.relkind = 'r' AND NOT row_security_active(c.oid) AND NOT c.relhasrules)
		AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname NOT LIKE 'a\_change\_log\_%'
						-- follow edits by hand, which a load is not
						AND t.tgname NOT IN ('edit_begin', 'edit_fill', 'edit_refuse', 'edit_correct', 'edit_insert', 'edit_update', 'edit_delete'))
		AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = relation AND f.contype <> 'p' OR f.confrelid = relation)
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = relation AND i.indisreplident);
END;
$$;
COMMENT ON FUNCTION registry.may_load(regclass) IS 'whether a first load may append rows to a table as COPY does';

/*
 * First load of a table: rows appended at once, logged, and the indexes made
 * when all are there.  sequence numbers id_column; logged tables say so.
 */
CREATE OR REPLACE FUNCTION registry.load_table(relation regclass, query text, id_column text, sequence regclass, logged boolean) RETURNS bigint
	LANGUAGE plpgsql
	-- writing is the work of one process: whatever part of the query others do is won
	SET parallel_tuple_cost = 0.001
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	indexes text[] := registry.drop_indexes(relation);
	first_id bigint := nextval(sequence);
	loaded bigint;
BEGIN
	loaded := registry.load_rows(relation, query, id_column, first_id);
	IF sequence IS NOT NULL AND loaded > 0 THEN
		PERFORM setval(sequence, first_id + loaded - 1);
	END IF;
	-- before the indexes: building them makes the table look analyzed
	PERFORM registry.analyze_grown(ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.oid = relation));
	PERFORM registry.create_indexes(indexes);
	IF logged OR EXISTS (SELECT FROM registry.log_table t WHERE to_regclass(t.table_name) = load_table.relation) THEN
		PERFORM registry.log_loaded_rows(relation, id_column);
	END IF;
	RETURN loaded;
END;
$$;
COMMENT ON FUNCTION registry.load_table(regclass, text, text, regclass, boolean) IS 'first load of an empty table from a query';

-- On a first load an index is cheaper built at once than row by row.
CREATE OR REPLACE FUNCTION registry.drop_indexes(relation regclass) RETURNS text[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	definitions text[] := '{}';
	part record;
BEGIN
	-- not the constraints that something else rests upon
	FOR part IN
		SELECT i.indexrelid::regclass AS name, c.conname,
			   coalesce(format('ALTER TABLE %s ADD CONSTRAINT ', relation) || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid),
						pg_get_indexdef(i.indexrelid)) AS definition
		FROM pg_index i
		LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = relation
		WHERE i.indrelid = relation AND NOT i.indisreplident
		  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = relation)
		  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = c.oid
							AND d.classid <> 'pg_class'::regclass)
	LOOP
		definitions := definitions || part.definition;
		IF part.conname IS NOT NULL THEN
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', relation, part.conname);
		ELSE
			EXECUTE format('DROP INDEX %s', part.name);
		END IF;
	END LOOP;
	RETURN definitions;
END;
$$;
COMMENT ON FUNCTION registry.drop_indexes(regclass) IS 'drops the indexes of an empty table and returns how to make them again';

CREATE OR REPLACE FUNCTION registry.create_indexes(definitions text[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	definition text;
BEGIN
	FOREACH definition IN ARRAY definitions LOOP
		EXECUTE definition;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.create_indexes(text[]) IS 'makes the indexes that drop_indexes() dropped';

REVOKE EXECUTE ON FUNCTION registry.drop_indexes(regclass),
	registry.create_indexes(text[]),
	registry.may_load(regclass),
	registry.load_table(regclass, text, text, regclass, boolean) FROM PUBLIC;
