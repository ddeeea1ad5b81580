-- Edits of facts by hand: whoever inserts, corrects or deletes a row of
-- population, enrolment, circumstance or elsewhere finds person, problems and
-- counts brought up to date in the same transaction.
--
-- Statement triggers collect whom a statement touched, take a lock per person,
-- and call the one recompute.  Acts of the registry judge by themselves:
-- acting() switches the triggers off while one runs.

-- What a row by hand need not say.
DO $do$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere'] LOOP
		EXECUTE format('ALTER TABLE registry.%I ALTER COLUMN source SET DEFAULT ''hand'', ALTER COLUMN batch_id SET DEFAULT 0,'
					   ' ALTER COLUMN line_no SET DEFAULT 0, ALTER COLUMN row_key SET DEFAULT gen_random_uuid(),'
					   ' ALTER COLUMN row_hash SET DEFAULT 0, ALTER COLUMN valid_from SET DEFAULT current_date', fact);
	END LOOP;
	ALTER TABLE registry.population ALTER COLUMN status SET DEFAULT 10;
	ALTER TABLE registry.enrolment ALTER COLUMN enrol_status SET DEFAULT 1, ALTER COLUMN pay_status SET DEFAULT 1;
	ALTER TABLE registry.elsewhere ALTER COLUMN enrol_status SET DEFAULT 1, ALTER COLUMN pay_status SET DEFAULT 1;
END
$do$;

-- Facts that reach over persons are found by the employer.
CREATE INDEX IF NOT EXISTS enrolment_employer_idx ON registry.enrolment (employer, scheme) WHERE employer IS NOT NULL AND ended_on IS NULL;

/*
 * The person of a number: whom it leads to, or for a citizen's number that
 * nobody had a new person.  Errors: 22023 for a number that is nobody's and
 * cannot be a citizen's.
 */
CREATE OR REPLACE FUNCTION registry.number_person(number text, OUT person_id bigint, OUT origin_person bigint, OUT citizen_id registry.citizen_id)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	citizen_id := registry.citizen_id_try(number);
	SELECT a.person_id, a.origin_person INTO person_id, origin_person
	FROM registry.person_alias a
	WHERE a.value = coalesce(number_person.citizen_id::text, btrim(number_person.number)) AND a.kind IN ('citizen_id', 'document')
	ORDER BY a.origin_person LIMIT 1;
	IF FOUND THEN
		RETURN;
	END IF;
	IF citizen_id IS NULL THEN
		RAISE EXCEPTION 'number "%" leads to nobody', number
			USING ERRCODE = 'invalid_parameter_value',
				  DETAIL = 'It is no citizen''s number, and no source named a person by it.',
				  HINT = 'Give person_id, or the corrected number.';
	END IF;
	-- ids are dense: two new persons at once take them one after the other
	PERFORM pg_advisory_xact_lock(hashtextextended('registry.numbers', 0));
	SELECT a.person_id, a.origin_person INTO person_id, origin_person
	FROM registry.person_alias a
	WHERE a.value = number_person.citizen_id::text AND a.kind = 'citizen_id';
	IF FOUND THEN
		RETURN;
	END IF;
	SELECT greatest((SELECT max(a.person_id) FROM registry.person_alias a),
					(SELECT max(greatest(l.person_id, l.other_id)) FROM registry.link l), 0) + 1 INTO person_id;
	origin_person := person_id;
	INSERT INTO registry.person_alias (person_id, kind, value, origin_person)
		VALUES (person_id, 'citizen_id', citizen_id::text, origin_person);
END;
$$;
COMMENT ON FUNCTION registry.number_person(text) IS 'person that a number leads to; a citizen''s number that nobody had makes a new one';

-- Fills what an inserted row leaves out: the person from the number, or number
-- and name from the person.
CREATE OR REPLACE FUNCTION registry.edit_fill() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	known registry.person;
	place record;
BEGIN
	IF NEW.person_id IS NULL THEN
		IF NEW.number IS NULL THEN
			RAISE EXCEPTION 'the row names nobody' USING ERRCODE = 'not_null_violation', HINT = 'Give person_id or number.';
		END IF;
		SELECT * INTO place FROM registry.number_person(NEW.number);
		NEW.person_id := place.person_id;
		NEW.origin_person := place.origin_person;
		NEW.citizen_id := place.citizen_id;
		NEW.number := coalesce(place.citizen_id::text, btrim(NEW.number));
	END IF;
	SELECT p.* INTO known FROM registry.person p WHERE p.person_id = coalesce(registry.resolve_person(NEW.person_id), NEW.person_id);
	IF NEW.number IS NULL THEN
		IF known.person_id IS NULL THEN
			RAISE EXCEPTION 'there is no person %', NEW.person_id
				USING ERRCODE = 'foreign_key_violation', HINT = 'Persons are found with registry.find_person(); a row that gives a number and no person_id finds or makes its person.';
		END IF;
		NEW.number := known.id_no;
		NEW.citizen_id := known.citizen_id;
		NEW.id_kind := known.id_kind;
	END IF;
	NEW.name := coalesce(registry.name_clean(NEW.name), known.name, '');
	NEW.name_key := registry.name_key(NEW.name);
	IF TG_TABLE_NAME IN ('enrolment', 'elsewhere') THEN
		NEW.scheme_code := coalesce(NEW.scheme_code, NEW.scheme);
	ELSIF TG_TABLE_NAME = 'circumstance' THEN
		NEW.kind_text := coalesce(NEW.kind_text, NEW.kind);
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.edit_fill() IS 'trigger: fills what a row inserted by hand leaves out';

-- A corrected number leads to its person, a corrected name has its own key.
CREATE OR REPLACE FUNCTION registry.edit_correct() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	place record;
BEGIN
	IF NEW.name IS DISTINCT FROM OLD.name THEN
		NEW.name := registry.name_clean(NEW.name);
		NEW.name_key := registry.name_key(NEW.name);
		NEW.extra := NEW.extra - '姓名';	-- the name as received is not this one
	END IF;
	IF NEW.citizen_id IS DISTINCT FROM OLD.citizen_id AND NEW.number IS NOT DISTINCT FROM OLD.number AND NEW.citizen_id IS NOT NULL THEN
		NEW.number := NEW.citizen_id::text;
	END IF;
	IF NEW.number IS DISTINCT FROM OLD.number THEN
		SELECT * INTO place FROM registry.number_person(NEW.number);
		NEW.citizen_id := place.citizen_id;
		NEW.number := coalesce(place.citizen_id::text, btrim(NEW.number));
		NEW.fault := NULL;
		NEW.repair := NULL;
		IF NEW.person_id = OLD.person_id THEN
			NEW.person_id := place.person_id;
			NEW.origin_person := place.origin_person;
		END IF;
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.edit_correct() IS 'trigger: a row whose number is corrected goes to the person of the number';

-- Two who edit one person come one after the other; the row is the lock, because
-- whoever corrects an item in place holds it already.
CREATE OR REPLACE FUNCTION registry.lock_edited(persons bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	PERFORM FROM registry.person p WHERE p.person_id = ANY (persons) ORDER BY p.person_id FOR NO KEY UPDATE;
	-- where the snapshot is older than the wait, an act in between cannot be seen:
	-- this fails then
	IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
		PERFORM FROM registry.setting s WHERE s.name = 'current_reference_date' FOR SHARE;
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.lock_edited(bigint[]) IS 'waits for other edits of the same persons to end';

/*
 * Keeps employer_injury for some employers and returns the public servants whom
 * a change touches.  Edits of one employer's rows that matter here come one
 * after the other.
 */
CREATE OR REPLACE FUNCTION registry.refresh_injury_of(employers text[], reference date) RETURNS bigint[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	reference_month CONSTANT integer := to_char(reference, 'YYYYMM');
	lag CONSTANT integer := (SELECT s.lag_months FROM registry.scheme s WHERE s.scheme = 'W');
	one text;
	paid boolean;
	was boolean;
	reached bigint[] := '{}';
BEGIN
	FOR one IN SELECT u.employer FROM unnest(employers) AS u (employer) ORDER BY 1 LOOP
		PERFORM pg_advisory_xact_lock(hashtextextended('registry.employer ' || one, 0));
		paid := EXISTS (SELECT FROM registry.enrolment e
						WHERE e.employer = one AND e.scheme = 'P3' AND e.ended_on IS NULL AND e.person_id > 0)
			AND EXISTS (SELECT FROM registry.enrolment e
						WHERE e.employer = one AND e.scheme = 'W' AND e.ended_on IS NULL AND e.person_id > 0
						  AND registry.enrolment_pays(e.enrol_status, e.pay_status, e.start_month, e.end_month, e.paid_through, reference_month, lag));
		was := EXISTS (SELECT FROM registry.employer_injury i WHERE i.employer = one);
		CONTINUE WHEN paid = was;
		IF paid THEN
			INSERT INTO registry.employer_injury VALUES (one) ON CONFLICT DO NOTHING;
		ELSE
			DELETE FROM registry.employer_injury i WHERE i.employer = one;
		END IF;
		reached := reached || ARRAY(SELECT DISTINCT e.person_id FROM registry.enrolment e
									WHERE e.employer = one AND e.scheme = 'P3' AND e.ended_on IS NULL AND e.person_id > 0);
	END LOOP;
	RETURN reached;
END;
$$;
COMMENT ON FUNCTION registry.refresh_injury_of(text[], date) IS 'refresh_employer_injury() for the employers of edited rows; returns whom it touches';

/*
 * Judges the persons of an edit, and whom its facts reach.
 * persons: of the rows before and after, 0 among them for rows without a person
 * employers: of those rows
 * row_keys: rows of person 0 before or after
 * numbers: of register rows whose number, name or presence changed
 */
CREATE OR REPLACE FUNCTION registry.follow_edit(persons bigint[], employers text[], row_keys uuid[], numbers registry.citizen_id[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	reference CONSTANT date := registry.reference_date();
	keys bigint[];
	reached bigint[];
BEGIN
	IF employers IS NOT NULL THEN
		reached := registry.refresh_injury_of(employers, reference);
	END IF;
	IF numbers IS NOT NULL THEN
		-- numbers in no register that may mean one of these
		reached := reached || ARRAY(SELECT DISTINCT p.person_id FROM unnest(numbers) AS u (id)
			CROSS JOIN LATERAL registry.citizen_id_neighbours(u.id) n (id)
			JOIN registry.person p ON p.citizen_id = n.id AND p.life_status = 90);
	END IF;
	persons := ARRAY(SELECT DISTINCT p FROM unnest(persons || reached) p WHERE p > 0 ORDER BY p);
	PERFORM registry.lock_edited(persons);
	PERFORM registry.create_recompute_tables(true);
	INSERT INTO pg_temp.registry_touched (person_id) SELECT p FROM unnest(persons) p;
	keys := ARRAY(SELECT hashtextextended(k::text, 0) FROM unnest(row_keys) k);
	PERFORM registry.recompute(false, reference, NULL, NULL, employers, keys);
	-- also of who stays as he was: another edit under repeatable read, which does
	-- not see this one, fails on the row
	UPDATE registry.person p SET updated_at = now() WHERE p.person_id = ANY (persons) AND p.updated_at <> now();
END;
$$;
COMMENT ON FUNCTION registry.follow_edit(bigint[], text[], uuid[], registry.citizen_id[]) IS 'judges the persons of an edit by hand and whom its facts reach';

-- Rows stand with the person that the links say: who is given leads to who that is today.
CREATE OR REPLACE FUNCTION registry.settle_edited(fact regclass, row_keys uuid[]) RETURNS bigint[]
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	stranger bigint;
	moved bigint[];
BEGIN
	EXECUTE format('SELECT f.person_id FROM %s f WHERE f.row_key = ANY ($1) AND f.person_id <> 0'
				   ' AND NOT EXISTS (SELECT FROM registry.person_alias a WHERE a.person_id = f.person_id)'
				   ' AND registry.resolve_person(f.person_id) IS NULL LIMIT 1', fact) INTO stranger USING row_keys;
	IF stranger IS NOT NULL THEN
		RAISE EXCEPTION 'there is no person %', stranger
			USING ERRCODE = 'foreign_key_violation', HINT = 'Persons are found with registry.find_person(); a row that gives a number and no person_id finds or makes its person.';
	END IF;
	EXECUTE format('WITH moved AS (UPDATE %s f SET origin_person = f.person_id,'
				   ' person_id = coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = f.person_id), f.person_id)'
				   ' WHERE f.row_key = ANY ($1) RETURNING f.person_id)'
				   ' SELECT array_agg(DISTINCT moved.person_id) FROM moved', fact) INTO moved USING row_keys;
	RETURN moved;
END;
$$;
COMMENT ON FUNCTION registry.settle_edited(regclass, uuid[]) IS 'gives rows inserted or moved by hand their origin, and to whom it leads today';

-- Rejects whose row was corrected by hand are applied rows now.
CREATE OR REPLACE FUNCTION registry.settle_corrected(row_keys uuid[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	WITH repaired AS (
		UPDATE registry.reject j SET state = 'repaired' WHERE j.row_key = ANY (row_keys) AND j.state = 'open'
		RETURNING j.batch_id)
	UPDATE registry.batch b SET rejected = b.rejected - c.rows, inserted = b.inserted + c.rows
	FROM (SELECT r.batch_id, count(*) AS rows FROM repaired r GROUP BY r.batch_id) c WHERE b.batch_id = c.batch_id;
END;
$$;
COMMENT ON FUNCTION registry.settle_corrected(uuid[]) IS 'closes the rejects of rows whose number was corrected by hand';

-- After a statement on a fact: whom it touched.
CREATE OR REPLACE FUNCTION registry.edit_facts() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	persons bigint[];
	others bigint[];
	employers text[];
	strays uuid[];
	nobodys uuid[];
	corrected uuid[];
	numbers registry.citizen_id[];
BEGIN
	PERFORM registry.begin_act();
	IF TG_OP <> 'DELETE' THEN
		SELECT array_agg(DISTINCT n.person_id),
			   array_agg(n.row_key) FILTER (WHERE n.person_id = 0),
			   array_agg(n.row_key) FILTER (WHERE n.person_id IS DISTINCT FROM coalesce(m.person_id, n.origin_person))
		INTO persons, nobodys, strays
		FROM new_rows n LEFT JOIN registry.person_merged m ON m.origin_person = n.origin_person;
		IF strays IS NOT NULL THEN
			persons := persons || registry.settle_edited(TG_RELID, strays);
		END IF;
		IF TG_TABLE_NAME = 'enrolment' THEN
			-- of rows that take part in a fact or finding about their employer
			employers := ARRAY(SELECT DISTINCT n.employer FROM new_rows n WHERE n.employer IS NOT NULL
				AND (n.scheme IN ('W', 'P3') OR EXISTS (SELECT FROM registry.employer_closed c WHERE c.employer = n.employer)
					 OR EXISTS (SELECT FROM registry.rule r WHERE r.rule_id IN ('DY10', 'EM12') AND r.active)));
		ELSIF TG_TABLE_NAME = 'population' THEN
			numbers := ARRAY(SELECT DISTINCT n.citizen_id FROM new_rows n WHERE n.citizen_id IS NOT NULL);
		END IF;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		SELECT array_agg(DISTINCT o.person_id), nobodys || array_agg(o.row_key) FILTER (WHERE o.person_id = 0)
		INTO others, nobodys
		FROM old_rows o;
		persons := persons || others;
		IF TG_TABLE_NAME = 'enrolment' THEN
			employers := employers || ARRAY(SELECT DISTINCT o.employer FROM old_rows o WHERE o.employer IS NOT NULL
				AND (o.scheme IN ('W', 'P3') OR EXISTS (SELECT FROM registry.employer_closed c WHERE c.employer = o.employer)
					 OR EXISTS (SELECT FROM registry.rule r WHERE r.rule_id IN ('DY10', 'EM12') AND r.active)));
		ELSIF TG_TABLE_NAME = 'population' THEN
			numbers := numbers || ARRAY(SELECT DISTINCT o.citizen_id FROM old_rows o WHERE o.citizen_id IS NOT NULL);
		END IF;
		IF TG_OP = 'UPDATE' AND 0 = ANY (others) THEN
			corrected := ARRAY(SELECT o.row_key FROM old_rows o JOIN new_rows n USING (row_key) WHERE o.person_id = 0 AND n.person_id > 0);
			IF corrected <> '{}' THEN
				PERFORM registry.settle_corrected(corrected);
			END IF;
		END IF;
	END IF;
	IF persons IS NOT NULL THEN
		PERFORM registry.follow_edit(persons, nullif(employers, '{}'), nobodys, nullif(numbers, '{}'));
	END IF;
	PERFORM registry.end_act();
	RETURN NULL;
END;
$$;
COMMENT ON FUNCTION registry.edit_facts() IS 'trigger: brings person, problems and counts up to date after an edit of facts';

-- The log's triggers come before these by name.
DO $do$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere'] LOOP
		EXECUTE format($q$
			CREATE OR REPLACE TRIGGER edit_begin BEFORE INSERT OR UPDATE OR DELETE ON registry.%1$I
				FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_lock();
			CREATE OR REPLACE TRIGGER edit_fill BEFORE INSERT ON registry.%1$I
				FOR EACH ROW WHEN (NEW.name_key IS NULL) EXECUTE FUNCTION registry.edit_fill();
			CREATE OR REPLACE TRIGGER edit_correct BEFORE UPDATE OF number, citizen_id, name ON registry.%1$I
				FOR EACH ROW WHEN ((OLD.number IS DISTINCT FROM NEW.number OR OLD.citizen_id::text IS DISTINCT FROM NEW.citizen_id::text
									OR OLD.name IS DISTINCT FROM NEW.name) AND NOT registry.acting())
				EXECUTE FUNCTION registry.edit_correct();
			CREATE OR REPLACE TRIGGER edit_insert AFTER INSERT ON registry.%1$I REFERENCING NEW TABLE AS new_rows
				FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_facts();
			CREATE OR REPLACE TRIGGER edit_update AFTER UPDATE ON registry.%1$I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
				FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_facts();
			CREATE OR REPLACE TRIGGER edit_delete AFTER DELETE ON registry.%1$I REFERENCING OLD TABLE AS old_rows
				FOR EACH STATEMENT WHEN (NOT registry.acting()) EXECUTE FUNCTION registry.edit_facts();$q$, fact);
	END LOOP;
END
$do$;

-- Sessions keep the law they judge single edits by, and are told when it changes.
DO $do$
DECLARE
	law text;
BEGIN
	FOREACH law IN ARRAY ARRAY['scheme', 'scheme_merger', 'retirement_rule', 'minimum_contribution', 'due_rule', 'rule', 'conflict_rule'] LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER law_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON registry.%1$I'
					   ' FOR EACH STATEMENT EXECUTE FUNCTION registry.law_changed();'
					   ' ALTER TABLE registry.%1$I ENABLE ALWAYS TRIGGER law_changed', law);
	END LOOP;
END
$do$;

REVOKE EXECUTE ON FUNCTION registry.refresh_injury_of(text[], date), registry.number_person(text), registry.lock_edited(bigint[]),
	registry.follow_edit(bigint[], text[], uuid[], registry.citizen_id[]),
	registry.settle_edited(regclass, uuid[]), registry.settle_corrected(uuid[]),
	registry.edit_fill(), registry.edit_correct(), registry.edit_facts() FROM PUBLIC;
