-- Rights by territory: who sees whom, decided in the database for every tool.

-- Keyed by the name of the role: a dump is restored into servers that number
-- their roles otherwise.
CREATE TABLE IF NOT EXISTS registry.territory_grant (
	role_name name NOT NULL,
	region region_code NOT NULL,
	duty text COLLATE "C" NOT NULL CHECK (duty IN ('entry', 'first_review', 'second_review', 'scheme_agency', 'report', 'audit')),
	scheme text COLLATE "C" NOT NULL DEFAULT '',
	mask text COLLATE "C" NOT NULL DEFAULT 'full' CHECK (mask IN ('full', 'masked', 'none')),
	granted_by text NOT NULL,
	granted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (role_name, region, duty, scheme),
	CHECK ((duty = 'scheme_agency') = (scheme <> ''))
);
COMMENT ON TABLE registry.territory_grant IS 'where a role has which duty; written by grant_territory() and revoke_territory()';
COMMENT ON COLUMN registry.territory_grant.duty IS 'entry, first_review, second_review: see and change persons; audit: see them; scheme_agency: see the persons of a scheme everywhere; report: see counts only';
COMMENT ON COLUMN registry.territory_grant.mask IS 'full; masked: numbers, names and the like with stars; none: nothing that names a person';

/*
 * registry.grant_territory(role, region, duty [, scheme [, mask]]) → whether
 * the grant is new
 *
 * Lets a role see or work in a place and everything below it.  A grant that is
 * there takes the mask given.  What the role may call and read at all is given
 * by GRANT as for any object.
 * Errors: 42704 no such role; 22P02 no region code; 22023 no such duty or mask,
 * a scheme without duty scheme_agency or the other way round, unknown scheme.
 */
CREATE OR REPLACE FUNCTION registry.grant_territory(role_name text, region text, duty text, scheme text DEFAULT NULL, mask text DEFAULT 'full')
	RETURNS boolean
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := grant_territory.region::registry.region_code;
	fresh boolean;
BEGIN
	IF place IS NULL OR grant_territory.role_name IS NULL THEN
		RAISE EXCEPTION 'a grant needs a role and a region' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = grant_territory.role_name) THEN
		RAISE EXCEPTION 'role "%" does not exist', grant_territory.role_name
			USING ERRCODE = 'undefined_object', HINT = 'Grants go to roles by name; PUBLIC has none.';
	END IF;
	IF coalesce(grant_territory.duty, '') NOT IN ('entry', 'first_review', 'second_review', 'scheme_agency', 'report', 'audit') THEN
		RAISE EXCEPTION 'there is no duty "%"', grant_territory.duty
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Duties are entry, first_review, second_review, scheme_agency, report and audit.';
	END IF;
	IF coalesce(grant_territory.mask, '') NOT IN ('full', 'masked', 'none') THEN
		RAISE EXCEPTION 'there is no mask "%"', grant_territory.mask
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Masks are full, masked and none.';
	END IF;
	IF (grant_territory.duty = 'scheme_agency') <> (grant_territory.scheme IS NOT NULL) THEN
		RAISE EXCEPTION 'duty "%" goes % a scheme', grant_territory.duty, CASE WHEN grant_territory.scheme IS NULL THEN 'with' ELSE 'without' END
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF grant_territory.scheme IS NOT NULL AND NOT EXISTS (SELECT FROM registry.scheme s WHERE s.scheme = grant_territory.scheme) THEN
		RAISE EXCEPTION 'there is no scheme "%"', grant_territory.scheme
			USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.scheme lists them.';
	END IF;
	INSERT INTO registry.territory_grant AS g (role_name, region, duty, scheme, mask, granted_by)
	VALUES (grant_territory.role_name, place, grant_territory.duty, coalesce(grant_territory.scheme, ''), grant_territory.mask, registry.reader())
	ON CONFLICT ON CONSTRAINT territory_grant_pkey
		DO UPDATE SET mask = excluded.mask, granted_by = excluded.granted_by, granted_at = now()
	RETURNING g.xmax = 0 INTO fresh;
	RETURN fresh;
END
$$;
COMMENT ON FUNCTION registry.grant_territory(text, text, text, text, text) IS 'gives a role a duty in a place and everything below it; true when the grant is new';
REVOKE ALL ON FUNCTION registry.grant_territory(text, text, text, text, text) FROM PUBLIC;

/*
 * registry.revoke_territory(role [, region [, duty [, scheme]]]) → number of
 * grants taken back; what is left out matches every grant
 *
 * Works for roles that are dropped too: a role made later under the same name
 * would have their grants.
 * Errors: 22P02 no region code; 22023 without a role.
 */
CREATE OR REPLACE FUNCTION registry.revoke_territory(role_name text, region text DEFAULT NULL, duty text DEFAULT NULL, scheme text DEFAULT NULL)
	RETURNS integer
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place CONSTANT registry.region_code := revoke_territory.region::registry.region_code;
	taken integer;
BEGIN
	IF revoke_territory.role_name IS NULL THEN
		RAISE EXCEPTION 'whose grants are to be taken back?' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name a role.';
	END IF;
	DELETE FROM registry.territory_grant g
	WHERE g.role_name = revoke_territory.role_name
		AND (place IS NULL OR g.region OPERATOR(registry.=) place)
		AND (revoke_territory.duty IS NULL OR g.duty = revoke_territory.duty)
		AND (revoke_territory.scheme IS NULL OR g.scheme = revoke_territory.scheme);
	GET DIAGNOSTICS taken = ROW_COUNT;
	RETURN taken;
END
$$;
COMMENT ON FUNCTION registry.revoke_territory(text, text, text, text) IS 'takes back grants of a role; what is left out matches every grant; returns their number';
REVOKE ALL ON FUNCTION registry.revoke_territory(text, text, text, text) FROM PUBLIC;

-- What findings rest upon may quote numbers and names: of texts, those who see
-- masks get only what names no person.
CREATE OR REPLACE FUNCTION registry.evidence_mask(evidence jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}'::jsonb)
	FROM jsonb_each(CASE jsonb_typeof(evidence_mask.evidence) WHEN 'object' THEN evidence_mask.evidence ELSE '{}'::jsonb END) AS e (key, value)
	WHERE jsonb_typeof(e.value) IN ('number', 'boolean', 'null')
		OR e.key IN ('source', 'scheme', 'schemes', 'fault')
		OR (jsonb_typeof(e.value) = 'array' AND NOT jsonb_path_exists(e.value, '$[*] ? (@.type() != "number" && @.type() != "boolean")'));
END;
COMMENT ON FUNCTION registry.evidence_mask(jsonb) IS 'what a finding rests upon without texts that may name a person';

/*
 * Row security.  Owners pass it, so the acts and a dump work as ever; everybody
 * else needs a grant of rows beside the right on the table.  Policies are for
 * PUBLIC: those that name roles break a restore.
 *		see: by place (enrolments also by scheme, persons also by their rows);
 *		change: by place, for entry and review.
 * Tables whose rows have no place are the owner's.
 */
CREATE OR REPLACE FUNCTION registry.secure_table(table_name text, see text, change text) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	relation CONSTANT regclass := to_regclass('registry.' || quote_ident(table_name));
BEGIN
	IF relation IS NULL THEN
		RETURN;
	END IF;
	IF NOT (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = relation) THEN
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
	END IF;
	EXECUTE format('DROP POLICY IF EXISTS territory_see ON %s', relation);
	EXECUTE format('DROP POLICY IF EXISTS territory_insert ON %s', relation);
	EXECUTE format('DROP POLICY IF EXISTS territory_update ON %s', relation);
	EXECUTE format('DROP POLICY IF EXISTS territory_delete ON %s', relation);
	EXECUTE format('CREATE POLICY territory_see ON %s FOR SELECT TO PUBLIC USING (%s)', relation, see);
	EXECUTE format('CREATE POLICY territory_insert ON %s FOR INSERT TO PUBLIC WITH CHECK (%s)', relation, change);
	EXECUTE format('CREATE POLICY territory_update ON %1$s FOR UPDATE TO PUBLIC USING (%2$s) WITH CHECK (%2$s)', relation, change);
	EXECUTE format('CREATE POLICY territory_delete ON %s FOR DELETE TO PUBLIC USING (%s)', relation, change);
END
$$;
COMMENT ON FUNCTION registry.secure_table(text, text, text) IS 'row security of a table of the registry: who sees and who changes its rows';
REVOKE EXECUTE ON FUNCTION registry.secure_table(text, text, text) FROM PUBLIC;

DO $do$
DECLARE
	within CONSTANT text := 'territory BETWEEN registry.territory_low() AND registry.territory_high() AND ';
	secured text;
BEGIN
	PERFORM registry.secure_table(t.table_name, within || t.see, 'registry.may_change(territory)')
	FROM (VALUES ('person', 'registry.sees(territory, person_id)'), ('person_alias', 'registry.sees(territory, person_id)'),
				 ('population', 'registry.sees(territory)'), ('enrolment', 'registry.sees(territory, scheme)'),
				 ('circumstance', 'registry.sees(territory)'), ('elsewhere', 'registry.sees(territory)'), ('person_item', 'registry.sees(territory, person_id)'),
				 ('problem', 'registry.sees(territory, schemes)')) AS t (table_name, see);
	FOREACH secured IN ARRAY ARRAY['link', 'person_merged', 'moved_row', 'membership', 'membership_touch', 'problem_act', 'staged_answer', 'reject', 'transfer', 'territory_grant', 'staged_population', 'staged_enrolment',
								   'staged_circumstance', 'staged_elsewhere', 'change_log'] LOOP
		PERFORM registry.secure_table(secured, 'registry.sees_everything()', 'registry.sees_everything()');
	END LOOP;
END
$do$;

-- Rows of extracts as received stand in it: read with the reader's own rights.
ALTER VIEW registry.reject_list SET (security_invoker = true);
