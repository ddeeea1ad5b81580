/*
 * The work behind registry.receive(), an ordinary object made by deploy.  It
 * touches only deployed tables, with the rights of its caller, and reads a
 * server file only for members of pg_read_server_files.
 */
CREATE FUNCTION intake_receive(source text, cutoff date, path text, content bytea,
							   file_name text, sender text, declared_rows bigint,
							   declared_sha256 text, delivery text) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION intake_receive(text, date, text, bytea, text, text, bigint, text, text) IS
	'receives one extract from a server file or a value; call registry.receive() instead';

/*
 * intake_fields(record, delimiter, quotes) → fields of a record as received, quotes resolved
 * intake_record(fields) → the fields as one record of CSV, without line end
 * intake_encode(content, encoding) → bytes; a character that the encoding lacks
 *		(none in GB18030 and UTF-8) becomes a question mark
 *
 * The work behind registry.export_rejects().  Errors of intake_encode: 22023
 * unknown encoding.
 */
CREATE FUNCTION intake_fields(record text, delimiter text, quotes boolean) RETURNS text[]
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION intake_fields(text, text, boolean) IS 'fields of a record of an extract, as received';
CREATE FUNCTION intake_record(fields text[]) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION intake_record(text[]) IS 'fields as one record of CSV, quoted where needed';
CREATE FUNCTION intake_encode(content text, encoding text) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION intake_encode(text, text) IS 'text as bytes of GB18030, or of UTF-8 with a byte-order mark';
