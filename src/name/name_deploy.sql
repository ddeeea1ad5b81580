-- What this registry knows about characters of names beyond the shipped classes.

CREATE TABLE IF NOT EXISTS registry.name_variant (
	kind text NOT NULL,
	form text NOT NULL,
	stands_for text,
	note text,
	CONSTRAINT name_variant_kind_check CHECK (kind IN ('variant', 'exchanged', 'alike', 'apart')),
	CONSTRAINT name_variant_form_check CHECK (char_length(form) = 1 AND form !~ '[[:space:]]'),
	CONSTRAINT name_variant_stands_for_check CHECK (CASE WHEN kind = 'apart' THEN stands_for IS NULL
		ELSE stands_for IS NOT NULL AND char_length(stands_for) = 1 AND stands_for !~ '[[:space:]]' AND stands_for <> form END)
);
COMMENT ON TABLE registry.name_variant IS 'characters of names that this registry takes for one another, or apart, beyond the shipped classes; after a change call registry.refold_names()';
COMMENT ON COLUMN registry.name_variant.kind IS 'variant: the same name in name_variant_key; exchanged: the same there but less like in name_similarity; alike: like in name_similarity only; apart: form belongs to no shipped class';
COMMENT ON COLUMN registry.name_variant.form IS 'the character as it is written';
COMMENT ON COLUMN registry.name_variant.stands_for IS 'the character it is taken for; its class joins that of form';
CREATE UNIQUE INDEX IF NOT EXISTS name_variant_idx ON registry.name_variant (form COLLATE "C", coalesce(stands_for, '') COLLATE "C");

DO $do$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
				   WHERE tgrelid = 'registry.name_variant'::regclass AND tgname = 'name_variant_changed') THEN
		CREATE TRIGGER name_variant_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON registry.name_variant
			FOR EACH STATEMENT EXECUTE FUNCTION registry.name_variant_changed();
		-- Applied by logical replication, a change fires row triggers only.
		CREATE TRIGGER name_variant_changed_row AFTER INSERT OR UPDATE OR DELETE ON registry.name_variant
			FOR EACH ROW EXECUTE FUNCTION registry.name_variant_changed();
		ALTER TABLE registry.name_variant ENABLE ALWAYS TRIGGER name_variant_changed;
		ALTER TABLE registry.name_variant ENABLE REPLICA TRIGGER name_variant_changed_row;
	END IF;
END
$do$;

-- Characters are no secret: every reader's name_variant_key() goes by them.
GRANT SELECT ON registry.name_variant TO PUBLIC;

-- What the stored keys and readings are valid for.
CREATE OR REPLACE FUNCTION registry.name_versions() RETURNS TABLE (name text, running text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT 'name_icu_version', registry.name_icu_version()
	UNION ALL SELECT 'name_fold_version', registry.name_fold_version()::text
	UNION ALL SELECT 'name_variant_digest',
		md5((SELECT coalesce(string_agg(concat_ws(' ', v.kind, v.form, v.stands_for), ';' ORDER BY v.kind COLLATE "C", v.form COLLATE "C", v.stands_for COLLATE "C"), '')
			 FROM registry.name_variant v));
END;
$$;
COMMENT ON FUNCTION registry.name_versions() IS 'versions of the ICU library, of the fold tables and of name_variant that are in force; the settings of these names hold those of the stored keys';

-- Only a first deploy knows that nothing older is stored.
INSERT INTO registry.setting (name, value, note)
SELECT v.name, v.running, 'of the stored name keys; kept by refold_names()' FROM registry.name_versions() v
ON CONFLICT (name) DO NOTHING;

/*
 * registry.names_current() → boolean
 *
 * Whether the stored name keys and readings are of the versions in force.
 * Warns (SQLSTATE 01000) of each that is not.
 */
CREATE OR REPLACE FUNCTION registry.names_current() RETURNS boolean
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	differing record;
	current boolean := true;
BEGIN
	FOR differing IN
		SELECT v.name, s.value AS stored, v.running
		FROM registry.name_versions() v
		LEFT JOIN registry.setting s ON s.name = v.name
		WHERE s.value IS DISTINCT FROM v.running
	LOOP
		current := false;
		RAISE WARNING 'the stored names are of another %', differing.name
			USING DETAIL = format('Stored: %s, in force: %s.', coalesce(differing.stored, 'unknown'), differing.running),
				HINT = 'SELECT * FROM registry.refold_names(), then CALL registry.compare().';
	END LOOP;
	RETURN current;
END;
$$;
COMMENT ON FUNCTION registry.names_current() IS 'whether stored name keys and readings are of the ICU library, fold tables and classes in force; warns when not';
