/*
 * check_predicate(predicate, subject) → can the answer about a row change while
 * the row does not (with time, or with other rows)?  Parses and analyses the
 * predicate over the columns of the relation subject; evaluates nothing.
 * Errors: 42601 when it is not one expression, 42804 when it is not boolean,
 * 42P17 when it calls a volatile function, and what the parser says of unknown
 * columns and functions (42703, 42883 …).
 */
CREATE FUNCTION check_predicate(predicate text, subject regclass) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_check_predicate'
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION check_predicate(text, regclass) IS 'refuses what is not one boolean expression without side effects; true when its answer about a row can change while the row does not';
