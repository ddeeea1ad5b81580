/*
 * The work behind registry.receive(), an ordinary object made by deploy.  It
 * touches only deployed tables, with the rights of its caller, and reads a
 * server file only for members of pg_read_server_files.
 */
CREATE FUNCTION intake_receive(source text, cutoff date, path text, content bytea,
							   file_name text, sender text, declared_rows bigint) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION intake_receive(text, date, text, bytea, text, text, bigint) IS
	'receives one extract from a server file or a value; call registry.receive() instead';
