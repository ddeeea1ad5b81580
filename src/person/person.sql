CREATE FUNCTION load_rows(target regclass, query text, id_column text DEFAULT NULL, first_id bigint DEFAULT 1) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_load_rows'
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION load_rows(regclass, text, text, bigint) IS
	'appends the rows of a query to an empty table without indexes, as COPY would; fires no triggers; internal to compare()';
