-- Code of the change log: triggers, and what reads and proves blocks.

CREATE FUNCTION change_log_write() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION change_log_write() IS 'after-statement trigger with transition tables that records changes in change_log; arguments: name of the table in the log, its key columns, columns whose change alone is none';

CREATE FUNCTION change_log_row() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION change_log_row() IS 'after-row trigger that records what a subscription applies; arguments as of change_log_write()';

CREATE FUNCTION change_log_refuse() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION change_log_refuse() IS 'trigger that refuses TRUNCATE of a logged table and any change of the log';

CREATE FUNCTION change_log_loaded(relation regclass, name text, keys text, ignored text) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION change_log_loaded(regclass, text, text, text) IS 'logs all rows of a table as inserted and returns their number; for the table''s owner';
REVOKE EXECUTE ON FUNCTION change_log_loaded(regclass, text, text, text) FROM PUBLIC;

CREATE FUNCTION row_texts(row_value record) RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION row_texts(record) IS 'a row as the change log shows it: column name to the text of the value, dates and times in ISO form';

CREATE FUNCTION row_of_texts(base anyelement, texts jsonb) RETURNS anyelement
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION row_of_texts(anyelement, jsonb) IS 'a row of a table with the columns replaced that the texts name, as row_texts() writes them';

-- Reads registry.log_shape through SPI.
CREATE FUNCTION log_decode(shape_id integer, operation "char", payload bytea, first_key bigint DEFAULT NULL)
	RETURNS TABLE ("position" integer, entry_key bigint, row_key text, moved_to bigint, came boolean, old jsonb)
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100 ROWS 100;
COMMENT ON FUNCTION log_decode(integer, "char", bytea, bigint) IS 'entries of a block of the change log, or those of one key';

CREATE FUNCTION log_verify_rows(relation regclass, name text, keys text, ignored text)
	RETURNS TABLE (finding text, first_key bigint, last_key bigint, log_id bigint)
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION log_verify_rows(regclass, text, text, text) IS 'rows of a logged table that do not follow from its log';

CREATE FUNCTION log_digest(method text, data bytea) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION log_digest(text, bytea) IS 'digest of bytes by sha256 or sm3 (GB/T 32905)';

CREATE FUNCTION log_row_bytes(row_value record) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION log_row_bytes(record) IS 'a row as digests see it: names and texts of the columns that are not null, each behind its length';

CREATE FUNCTION log_row_digest(method text, row_value record) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION log_row_digest(text, record) IS 'digest of a context, shape or seal of the change log';

CREATE FUNCTION log_block_digest(method text, context bytea, shape bytea, log_id bigint, operation "char", first_key bigint, last_key bigint,
								 rows integer, batch_id bigint, images bytea, payload bytea) RETURNS bytea
	AS 'MODULE_PATHNAME', 'log_digest_of_block' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION log_block_digest(text, bytea, bytea, bigint, "char", bigint, bigint, integer, bigint, bytea, bytea) IS 'what the digest of a block of the change log must be';

CREATE FUNCTION log_root_step(state internal, method text, leaf bytea) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION log_root_step(internal, text, bytea) IS 'transition of log_root';
CREATE FUNCTION log_root_end(state internal) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION log_root_end(internal) IS 'end of log_root';
CREATE AGGREGATE log_root(method text, leaf bytea) (
	SFUNC = log_root_step,
	STYPE = internal,
	FINALFUNC = log_root_end,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE log_root(text, bytea) IS 'root of the tree over digests in their order';
