-- Items of a person that an office or a survey states: telephone, dwelling,
-- ethnic group, employment.  Person is computed, so what somebody knows better
-- than the registers is a fact of its own, and goes before theirs.

CREATE TABLE IF NOT EXISTS registry.person_item (
	person_id bigint NOT NULL,
	item text COLLATE "C" NOT NULL,
	value text,
	source text COLLATE "C" NOT NULL DEFAULT 'hand',
	since date NOT NULL DEFAULT current_date,
	reason text,
	noted_by text NOT NULL DEFAULT current_user,
	noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	origin_person bigint NOT NULL,
	territory registry.region_code,
	CONSTRAINT person_item_item_check CHECK (item IN ('phone', 'address', 'ethnic', 'residence_region', 'employment', 'worker_kind')),
	PRIMARY KEY (person_id, item, origin_person)
);
COMMENT ON TABLE registry.person_item IS 'items of persons stated by an office or a survey; they go before what the registers say';
COMMENT ON COLUMN registry.person_item.value IS 'the item as text; null: stated to be unknown or none';
COMMENT ON COLUMN registry.person_item.since IS 'day of which the statement is: of two the later holds';
COMMENT ON COLUMN registry.person_item.origin_person IS 'person of whom it was stated; a merge re-points person_id and keeps this';

SELECT registry.log_attach('registry.person_item', 'person_item', '{person_id,item,origin_person}');

-- Whom an item is about, and whether it can be what it says.
CREATE OR REPLACE FUNCTION registry.check_item() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	NEW.value := nullif(btrim(NEW.value), '');
	IF TG_OP = 'INSERT' OR NEW.person_id IS DISTINCT FROM OLD.person_id THEN
		NEW.origin_person := NEW.person_id;
		NEW.person_id := registry.resolve_person(NEW.person_id);
		IF NEW.person_id IS NULL THEN
			RAISE EXCEPTION 'there is no person %', NEW.origin_person
				USING ERRCODE = 'foreign_key_violation', HINT = 'Persons are found with registry.find_person().';
		END IF;
		NEW.territory := (SELECT p.territory FROM registry.person p WHERE p.person_id = NEW.person_id);
		NEW.noted_by := registry.calling_role();
	END IF;
	IF NEW.item = 'residence_region' THEN
		NEW.value := NEW.value::registry.region_code::text;
	ELSIF NEW.item = 'employment' AND NEW.value !~ '^[1-9]$' THEN
		RAISE EXCEPTION 'employment "%" is no code', NEW.value
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = '1 employed, 2 flexible, 3 self-employed, 4 not employed, 5 at school, 6 before school, 7 retired, 8 farming, 9 other.';
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.check_item() IS 'trigger: refuses items of nobody and values that cannot be';

/*
 * registry.set_person_item(person_id, item, value [, source] [, since] [, reason]) → boolean
 *
 * States an item of a person: phone, address, ethnic, residence_region,
 * employment or worker_kind.  It goes before the registers from now on; a value
 * that is null says that there is none.  False when a statement of a later day
 * stands, which is kept.  DELETE FROM registry.person_item takes one back.
 * Errors: 22004 a null; 22023 an item that does not exist or a value that cannot
 * be; 22P02 no region code; 23503 there is no such person.
 */
CREATE OR REPLACE FUNCTION registry.set_person_item(person_id bigint, item text, value text, source text DEFAULT 'hand',
													since date DEFAULT current_date, reason text DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF set_person_item.person_id IS NULL OR set_person_item.item IS NULL OR set_person_item.source IS NULL OR set_person_item.since IS NULL THEN
		RAISE EXCEPTION 'person, item, source and day of a statement must be given' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF set_person_item.item NOT IN ('phone', 'address', 'ethnic', 'residence_region', 'employment', 'worker_kind') THEN
		RAISE EXCEPTION 'there is no item "%"', set_person_item.item
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Items are phone, address, ethnic, residence_region, employment and worker_kind.';
	END IF;
	INSERT INTO registry.person_item AS i (person_id, item, value, source, since, reason, origin_person)
	VALUES (set_person_item.person_id, set_person_item.item, set_person_item.value, set_person_item.source, set_person_item.since,
			set_person_item.reason, set_person_item.person_id)
	ON CONFLICT (person_id, item, origin_person) DO UPDATE
	SET value = excluded.value, source = excluded.source, since = excluded.since, reason = excluded.reason,
		noted_by = excluded.noted_by, noted_at = excluded.noted_at
	WHERE excluded.since >= i.since;
	RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION registry.set_person_item(bigint, text, text, text, date, text) IS 'states an item of a person, which goes before the registers from now on; false when a later statement stands';

CREATE OR REPLACE FUNCTION registry.edit_items() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	persons bigint[];
BEGIN
	PERFORM registry.begin_act();
	IF TG_OP <> 'DELETE' THEN
		persons := ARRAY(SELECT n.person_id FROM new_rows n);
	END IF;
	IF TG_OP <> 'INSERT' THEN
		persons := persons || ARRAY(SELECT o.person_id FROM old_rows o);
	END IF;
	IF persons <> '{}' THEN
		PERFORM registry.follow_edit(persons, NULL, NULL, NULL);
	END IF;
	PERFORM registry.end_act();
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.edit_items() IS 'trigger: brings persons up to date after a change of their stated items';

CREATE OR REPLACE TRIGGER edit_begin BEFORE INSERT OR UPDATE OR DELETE ON registry.person_item
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_lock();
CREATE OR REPLACE TRIGGER edit_fill BEFORE INSERT OR UPDATE ON registry.person_item
	FOR EACH ROW WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.check_item();
CREATE OR REPLACE TRIGGER edit_insert AFTER INSERT ON registry.person_item REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_items();
CREATE OR REPLACE TRIGGER edit_update AFTER UPDATE ON registry.person_item REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_items();
CREATE OR REPLACE TRIGGER edit_delete AFTER DELETE ON registry.person_item REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_items();


CREATE OR REPLACE FUNCTION registry.edit_person() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	persons bigint[];
BEGIN
	PERFORM registry.begin_act();
	WITH stated AS (
		INSERT INTO registry.person_item AS i (person_id, item, value, origin_person, territory, noted_by)
		SELECT n.person_id, k.item, k.value, n.person_id, n.territory, registry.calling_role()
		FROM new_rows n
		JOIN old_rows o USING (person_id)
		CROSS JOIN LATERAL (VALUES ('phone', o.phone, n.phone), ('address', o.address, n.address), ('ethnic', o.ethnic, n.ethnic),
			('residence_region', o.residence_region::text, n.residence_region::text), ('employment', o.employment, n.employment),
			('worker_kind', o.worker_kind, n.worker_kind)) AS k (item, was, value)
		WHERE k.was IS DISTINCT FROM k.value
		ON CONFLICT (person_id, item, origin_person) DO UPDATE
		SET value = excluded.value, source = excluded.source, since = excluded.since, reason = NULL,
			noted_by = excluded.noted_by, noted_at = excluded.noted_at
		RETURNING i.person_id)
	SELECT array_agg(DISTINCT s.person_id) INTO persons FROM stated s;
	IF persons IS NOT NULL THEN
		PERFORM registry.follow_edit(persons, NULL, NULL, NULL);
	END IF;
	PERFORM registry.end_act();
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.edit_person() IS 'trigger: keeps items corrected in place as statements; what is computed lasts until the person is judged again';

CREATE OR REPLACE TRIGGER edit_begin BEFORE UPDATE ON registry.person
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_lock();
CREATE OR REPLACE TRIGGER edit_update AFTER UPDATE ON registry.person REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_person();

REVOKE EXECUTE ON FUNCTION registry.check_item(), registry.edit_items(), registry.edit_person(),
	registry.set_person_item(bigint, text, text, text, date, text) FROM PUBLIC;
REVOKE ALL ON registry.person_item FROM PUBLIC;
