/*
 * CALL registry.deploy([home_region])
 *
 * Creates the registry itself — tables, indexes, views, acts — in schema
 * registry as ordinary objects of the caller, not members of the extension, so
 * that a dump holds them and the DBA may add to them.  Calling it again changes
 * nothing; after ALTER EXTENSION registry UPDATE it migrates what is deployed.
 *
 * home_region: region the registry is responsible for, for example '340400';
 *		may be left out once a registry is deployed.
 * Errors: 22023 when no home region is known, or another one is given than the
 *		one deployed.
 */
CREATE PROCEDURE deploy(home_region region_code DEFAULT NULL)
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	deployed text;
	part record;
BEGIN
	-- two at once would create the same objects
	PERFORM pg_advisory_xact_lock(hashtextextended('registry.deploy', 0));
	IF to_regclass('registry.setting') IS NOT NULL THEN
		EXECUTE 'SELECT value FROM registry.setting WHERE name = ''home_region''' INTO deployed;
	END IF;
	IF home_region IS NULL AND deployed IS NULL THEN
		RAISE EXCEPTION 'the home region of the registry is not given'
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Name the city, for example CALL registry.deploy(''340400'').';
	END IF;
	IF home_region::text <> deployed THEN
		RAISE EXCEPTION 'a registry for region % is deployed already', deployed
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = format('Asked for: %s.', home_region::text),
				  HINT = 'A database holds one registry. Change setting home_region if the city''s code changed, then CALL registry.compare(full => true).';
	END IF;

	FOR part IN SELECT d.room, d.script FROM registry.deploy_script() d ORDER BY d.ordinal LOOP
		EXECUTE part.script;
	END LOOP;
	EXECUTE 'INSERT INTO registry.setting (name, value, note) VALUES (''home_region'', $1, ''set by deploy''), (''version'', $2, ''version of the deployed objects'')'
			' ON CONFLICT (name) DO UPDATE SET value = excluded.value'
		USING coalesce(home_region::text, deployed), registry.registry_version();
END;
$$;
COMMENT ON PROCEDURE deploy(region_code) IS 'creates or migrates the registry as ordinary objects of the caller; not for every user';
REVOKE EXECUTE ON PROCEDURE deploy(region_code) FROM PUBLIC;
