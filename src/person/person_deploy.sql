-- Who the registry knows, and what every source says about them.
--
-- Facts (population, enrolment, circumstance, elsewhere, employer) hold one
-- current row per row key of a source.  A row whose source no longer states it
-- is closed by ended_on and kept.  Rows whose number is structurally broken
-- stand under person 0 until repair finds their person.
--
-- Codes and keys are compared byte by byte whatever the database's collation:
-- they are no language, and their sorts and indexes are several times cheaper.

CREATE SEQUENCE IF NOT EXISTS registry.population_row_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.enrolment_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.circumstance_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.elsewhere_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.employer_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.link_id_seq;

CREATE TABLE IF NOT EXISTS registry.person (
	person_id bigint PRIMARY KEY,
	territory region_code NOT NULL,
	citizen_id citizen_id,
	id_kind text COLLATE "C" NOT NULL,
	id_no text COLLATE "C" NOT NULL,
	name text,
	name_key text COLLATE "C",
	sex text,
	birth_date date,
	ethnic text,
	hukou_region region_code,
	residence_region region_code,
	phone text,
	address text,
	life_status smallint NOT NULL,
	life_since date,
	employment text,
	worker_kind text,
	paying coverage NOT NULL,
	receiving coverage NOT NULL,
	paused coverage NOT NULL,
	elsewhere coverage NOT NULL,
	due smallint NOT NULL,
	gap smallint NOT NULL,
	standing integer NOT NULL,
	class text COLLATE "C" NOT NULL,
	work_state integer NOT NULL,
	next_change date,
	updated_at timestamptz NOT NULL
);
COMMENT ON TABLE registry.person IS 'one row per person, computed from the facts by the recompute; person_id is dense from 1';
COMMENT ON COLUMN registry.person.territory IS 'place the person belongs to today: residence if it lies in the home region, else the registered place';
COMMENT ON COLUMN registry.person.due IS 'insurance kinds due, bit 0 pension, 1 medical, 2 unemployment, 3 injury, 4 maternity';
COMMENT ON COLUMN registry.person.gap IS 'insurance kinds due and not satisfied, bits as in due';
COMMENT ON COLUMN registry.person.standing IS 'per insurance kind three bits (kind k at bit 3k): 0 not due, 1 receiving, 2 enrolled, 3 elsewhere, 4 interrupted, 5 unenrolled';
COMMENT ON COLUMN registry.person.next_change IS 'first date at which the passing of time alone changes this row or its problems';
CREATE INDEX IF NOT EXISTS person_territory_idx ON registry.person (territory);
CREATE INDEX IF NOT EXISTS person_citizen_id_idx ON registry.person (citizen_id);

CREATE TABLE IF NOT EXISTS registry.person_alias (
	person_id bigint NOT NULL,
	territory region_code,
	kind text COLLATE "C" NOT NULL,
	value text COLLATE "C" NOT NULL,
	batch_id bigint,
	link_id bigint,
	origin_person bigint NOT NULL,
	PRIMARY KEY (person_id, kind, value, origin_person)
);
-- registries of before merges: every number is still with its first person
ALTER TABLE registry.person_alias ADD COLUMN IF NOT EXISTS origin_person bigint;
DO $do$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_attribute a
			   WHERE a.attrelid = 'registry.person_alias'::regclass AND a.attname = 'origin_person' AND NOT a.attnotnull) THEN
		UPDATE registry.person_alias SET origin_person = person_id WHERE origin_person IS NULL;
		ALTER TABLE registry.person_alias ALTER COLUMN origin_person SET NOT NULL,
			DROP CONSTRAINT person_alias_pkey, ADD PRIMARY KEY (person_id, kind, value, origin_person);
	END IF;
END
$do$;
COMMENT ON TABLE registry.person_alias IS 'every number or former name that ever led to a person';
COMMENT ON COLUMN registry.person_alias.origin_person IS 'person the number first led to; a merge re-points person_id and keeps this';
COMMENT ON COLUMN registry.person_alias.kind IS 'citizen_id, legacy15, repaired (a broken number), document (any other document), former_name';
CREATE INDEX IF NOT EXISTS person_alias_value_idx ON registry.person_alias (value);

CREATE TABLE IF NOT EXISTS registry.population (
	person_id bigint NOT NULL,
	row_id bigint NOT NULL DEFAULT nextval('registry.population_row_id_seq'),
	territory region_code,
	source text COLLATE "C" NOT NULL,
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	row_key uuid NOT NULL,
	row_hash bigint NOT NULL,
	origin_person bigint,
	id_kind text COLLATE "C",
	number text COLLATE "C" NOT NULL,
	citizen_id citizen_id,
	fault text COLLATE "C",
	repair text COLLATE "C",
	name text NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	former_name text,
	sex text,
	ethnic text,
	birth_date date,
	hukou_region region_code,
	hukou_address text,
	residence_region region_code,
	residence_address text,
	phone text,
	hukou_kind text,
	status smallint NOT NULL,
	status_date date,
	cancel_reason text,
	household_no text,
	household_relation text,
	extra jsonb,
	valid_from date NOT NULL,
	ended_on date,
	PRIMARY KEY (person_id, row_id)
);
COMMENT ON COLUMN registry.population.origin_person IS 'person the row first led to; a merge re-points person_id and keeps this';
COMMENT ON COLUMN registry.population.fault IS 'rule that the number breaks (ID02, ID03, ID04, ID08, ID20, ID21); such a row stands under person 0';
COMMENT ON COLUMN registry.population.repair IS 'how a number as received became citizen_id: legacy15, or the edit by which it was repaired';
COMMENT ON TABLE registry.population IS 'what the household and migrant registers of the police say';
COMMENT ON COLUMN registry.population.status IS 'life status by this row, domain axis A: 10 normal, 20 dead, 30/31 moved out in/out of the province, 32 cancelled, 33/34 settled abroad/foreign national, 40 army, 41 prison';
CREATE UNIQUE INDEX IF NOT EXISTS population_row_key_idx ON registry.population (row_key);
CREATE INDEX IF NOT EXISTS population_citizen_id_idx ON registry.population (citizen_id);

CREATE TABLE IF NOT EXISTS registry.enrolment (
	person_id bigint NOT NULL,
	enrolment_id bigint NOT NULL DEFAULT nextval('registry.enrolment_id_seq'),
	territory region_code,
	source text COLLATE "C" NOT NULL,
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	row_key uuid NOT NULL,
	row_hash bigint NOT NULL,
	origin_person bigint,
	id_kind text COLLATE "C",
	number text COLLATE "C" NOT NULL,
	citizen_id citizen_id,
	fault text COLLATE "C",
	repair text COLLATE "C",
	name text NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	scheme text COLLATE "C",
	scheme_code text COLLATE "C" NOT NULL,
	personal_no text COLLATE "C",
	employer text COLLATE "C",
	employer_name text,
	agency region_code,
	enrol_status smallint NOT NULL,
	pay_status smallint NOT NULL,
	start_month integer,
	end_month integer,
	paid_through integer,
	benefit_state smallint NOT NULL DEFAULT 0,
	benefit_from integer,
	benefit_to integer,
	benefit_monthly numeric(12,2),
	identity smallint,
	phone text,
	extra jsonb,
	valid_from date NOT NULL,
	ended_on date,
	PRIMARY KEY (person_id, enrolment_id)
);
COMMENT ON TABLE registry.enrolment IS 'what the scheme agencies say: one row per person, scheme, employer or area, and interval; months are yyyymm';
CREATE UNIQUE INDEX IF NOT EXISTS enrolment_row_key_idx ON registry.enrolment (row_key);

CREATE TABLE IF NOT EXISTS registry.circumstance (
	person_id bigint NOT NULL,
	circumstance_id bigint NOT NULL DEFAULT nextval('registry.circumstance_id_seq'),
	territory region_code,
	source text COLLATE "C" NOT NULL,
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	row_key uuid NOT NULL,
	row_hash bigint NOT NULL,
	origin_person bigint,
	id_kind text COLLATE "C",
	number text COLLATE "C" NOT NULL,
	citizen_id citizen_id,
	fault text COLLATE "C",
	repair text COLLATE "C",
	name text NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	kind_text text NOT NULL,
	start_date date,
	end_date date,
	note text,
	extra jsonb,
	valid_from date NOT NULL,
	ended_on date,
	PRIMARY KEY (person_id, circumstance_id)
);
COMMENT ON TABLE registry.circumstance IS 'death, prison, army, school, abroad, low income, disability, land taken: dated facts about persons from other departments';
COMMENT ON COLUMN registry.circumstance.kind IS 'death, prison, probation, army, school, settled_abroad, foreign_national, abroad, low_income, disabled, land_taken';
CREATE UNIQUE INDEX IF NOT EXISTS circumstance_row_key_idx ON registry.circumstance (row_key);

CREATE TABLE IF NOT EXISTS registry.elsewhere (
	person_id bigint NOT NULL,
	elsewhere_id bigint NOT NULL DEFAULT nextval('registry.elsewhere_id_seq'),
	territory region_code,
	source text COLLATE "C" NOT NULL,
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	row_key uuid NOT NULL,
	row_hash bigint NOT NULL,
	origin_person bigint,
	id_kind text COLLATE "C",
	number text COLLATE "C" NOT NULL,
	citizen_id citizen_id,
	fault text COLLATE "C",
	repair text COLLATE "C",
	name text NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	scheme text COLLATE "C",
	scheme_code text COLLATE "C" NOT NULL,
	region region_code NOT NULL,
	enrol_status smallint NOT NULL,
	pay_status smallint NOT NULL,
	start_month integer,
	end_month integer,
	data_period text,
	extra jsonb,
	valid_from date NOT NULL,
	ended_on date,
	PRIMARY KEY (person_id, elsewhere_id)
);
COMMENT ON TABLE registry.elsewhere IS 'answers of the national platform: enrolments in other regions';
CREATE UNIQUE INDEX IF NOT EXISTS elsewhere_row_key_idx ON registry.elsewhere (row_key);

CREATE TABLE IF NOT EXISTS registry.employer (
	employer_id bigint PRIMARY KEY DEFAULT nextval('registry.employer_id_seq'),
	territory region_code,
	source text COLLATE "C" NOT NULL,
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	row_key uuid NOT NULL,
	row_hash bigint NOT NULL,
	code text COLLATE "C" NOT NULL,
	code_fault text,
	name text NOT NULL,
	employer_kind text,
	region region_code,
	address text,
	legal_person text,
	staff integer,
	state text,
	founded_on date,
	extra jsonb,
	valid_from date NOT NULL,
	ended_on date
);
COMMENT ON TABLE registry.employer IS 'employers as the registries state them; a code that breaks its check is kept as received, code_fault says why';
CREATE UNIQUE INDEX IF NOT EXISTS employer_row_key_idx ON registry.employer (row_key);
CREATE INDEX IF NOT EXISTS employer_code_idx ON registry.employer (code);

-- Decisions about identity.  The merges in force are the truth about who is who;
-- person_merged, and person_id beside origin_person in every fact, follow from
-- them.  A link is never deleted: undoing it is a link of its own.
CREATE TABLE IF NOT EXISTS registry.link (
	link_id bigint PRIMARY KEY DEFAULT nextval('registry.link_id_seq'),
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('merge', 'split', 'not_same', 'proposal')),
	person_id bigint NOT NULL,
	other_id bigint NOT NULL,
	rule_id text,
	score real,
	reason text,
	decided_by text NOT NULL DEFAULT current_user,
	decided_at timestamptz NOT NULL DEFAULT now(),
	undone_by bigint
);
COMMENT ON TABLE registry.link IS 'decisions that two persons are one (merge), are not (not_same), that this was undone (split), or that it may be so (proposal)';
COMMENT ON COLUMN registry.link.person_id IS 'of a merge the person kept, as it was called';
COMMENT ON COLUMN registry.link.other_id IS 'of a merge the person that goes up in person_id, as it was called';
COMMENT ON COLUMN registry.link.rule_id IS 'rule that made an automatic merge, level of a proposal (B2, C1, C2, C3); null for a decision of somebody';
COMMENT ON COLUMN registry.link.undone_by IS 'link that undid a merge or not_same; of a proposal itself, once nothing speaks for it any more';
CREATE INDEX IF NOT EXISTS link_person_idx ON registry.link (person_id);
CREATE INDEX IF NOT EXISTS link_other_idx ON registry.link (other_id);
CREATE UNIQUE INDEX IF NOT EXISTS link_proposal_idx ON registry.link (least(person_id, other_id), greatest(person_id, other_id))
	WHERE kind = 'proposal';

CREATE TABLE IF NOT EXISTS registry.person_merged (
	origin_person bigint PRIMARY KEY,
	person_id bigint NOT NULL
);
COMMENT ON TABLE registry.person_merged IS 'persons that went up in another by merges in force, and in whom; follows from registry.link';
CREATE INDEX IF NOT EXISTS person_merged_person_idx ON registry.person_merged (person_id);

/*
 * registry.resolve_person(person_id) → the person that this id, old or new,
 * means today; null for an id that no person ever had.
 */
CREATE OR REPLACE FUNCTION registry.resolve_person(person_id bigint) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = resolve_person.person_id),
					(SELECT p.person_id FROM registry.person p WHERE p.person_id = resolve_person.person_id));
END;
COMMENT ON FUNCTION registry.resolve_person(bigint) IS 'the person that an id, old or new, means today; null for an id that no person ever had';
REVOKE EXECUTE ON FUNCTION registry.resolve_person(bigint) FROM PUBLIC;
