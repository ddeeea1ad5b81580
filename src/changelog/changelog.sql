-- Trigger functions of the change log.

CREATE FUNCTION change_log_write() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION change_log_write() IS 'after-statement trigger with transition tables that records changes in change_log; arguments: row key column or empty, then columns whose change alone is none';

CREATE FUNCTION change_log_refuse() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION change_log_refuse() IS 'trigger that refuses TRUNCATE of a logged table and any change of the log';

CREATE FUNCTION row_texts(row_value record) RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION row_texts(record) IS 'a row as the change log keeps it: column name to the text of the value, dates and times in ISO form';
