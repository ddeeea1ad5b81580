CREATE FUNCTION load_rows(target regclass, query text, id_column text DEFAULT NULL, first_id bigint DEFAULT 1) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_load_rows'
	LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION load_rows(regclass, text, text, bigint) IS
	'appends the rows of a query to an empty table without indexes, as COPY would; fires no triggers; internal to compare()';

/*
 * link_roots(keeps, drops) → the person that everybody named goes by, once the
 * merges are replayed in the order given
 * Errors: 22004 a null among the persons; 2202E arrays of different length
 */
CREATE FUNCTION link_roots(keeps bigint[], drops bigint[], OUT origin_person bigint, OUT person_id bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'registry_link_roots'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100;
COMMENT ON FUNCTION link_roots(bigint[], bigint[]) IS 'persons joined by merges, replayed in the order given, and the person that each of them goes by';
