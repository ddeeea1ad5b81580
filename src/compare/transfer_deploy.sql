-- Who moved where from: for some days the old office sees a person too (room territory).
CREATE TABLE IF NOT EXISTS registry.transfer (
	person_id bigint NOT NULL,
	territory region_code NOT NULL,
	moved_on date NOT NULL,
	PRIMARY KEY (person_id, territory)
);
COMMENT ON TABLE registry.transfer IS 'persons who left a territory, and the day on which the registry learned it (UTC)';
CREATE INDEX IF NOT EXISTS transfer_territory_idx ON registry.transfer (territory);

-- Persons that moved in this recompute.  A first run moves nobody.
CREATE OR REPLACE FUNCTION registry.note_transfers() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF registry.setting('current_reference_date') IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO registry.transfer AS t (person_id, territory, moved_on)
	SELECT v.person_id, v.old_territory, (now() AT TIME ZONE 'UTC')::date
	FROM pg_temp.registry_verdict v
	WHERE v.changed AND v.old_territory IS DISTINCT FROM v.territory AND v.old_territory IS NOT NULL
	ON CONFLICT (person_id, territory) DO UPDATE SET moved_on = excluded.moved_on;
	DELETE FROM registry.transfer t WHERE t.moved_on < (now() AT TIME ZONE 'UTC')::date - coalesce(registry.setting('transfer_days')::integer, 30);
END;
$$;
COMMENT ON FUNCTION registry.note_transfers() IS 'remembers where the judged persons lived who have moved';
REVOKE EXECUTE ON FUNCTION registry.note_transfers() FROM PUBLIC;
