/* The library refuses a database whose encoding is not UTF8; loading it first gives that error before anything is made. */
CREATE FUNCTION registry_version() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION registry_version() IS 'version of the loaded registry library';
