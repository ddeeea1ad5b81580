-- Sources, batches, rejected rows, and rows that wait for the next compare().

CREATE SEQUENCE IF NOT EXISTS registry.batch_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.reject_id_seq;

CREATE TABLE IF NOT EXISTS registry.source (
	source text PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('population', 'enrolment', 'circumstance', 'elsewhere', 'employer')),
	title text NOT NULL,
	delivery text NOT NULL DEFAULT 'full' CHECK (delivery IN ('full', 'delta')),
	encoding text NOT NULL DEFAULT 'auto' CHECK (encoding IN ('auto', 'UTF-8', 'GB18030', 'GBK', 'UTF-16')),
	columns jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(columns) = 'object'),
	codes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(codes) = 'object'),
	handler text,
	shrink_limit numeric NOT NULL DEFAULT 0.05,
	active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE registry.source IS 'who delivers extracts, and how their headers and codes read';
COMMENT ON COLUMN registry.source.columns IS 'header as delivered -> standard header, for headers that differ';
COMMENT ON COLUMN registry.source.codes IS 'standard header -> {value as delivered -> standard value}; for 险种 the standard value is a scheme, or null for a code that is known but gives none';
COMMENT ON COLUMN registry.source.delivery IS 'full: absence from an extract ends a row; delta: it does not';

CREATE TABLE IF NOT EXISTS registry.batch (
	batch_id bigint PRIMARY KEY DEFAULT nextval('registry.batch_id_seq'),
	source text NOT NULL REFERENCES registry.source,
	cutoff date NOT NULL,
	file_name text,
	sender text,
	declared_rows bigint,
	sha256 bytea NOT NULL,
	bytes bigint NOT NULL,
	encoding text NOT NULL,
	header text[] NOT NULL,
	received bigint NOT NULL DEFAULT 0,
	accepted bigint NOT NULL DEFAULT 0,
	rejected bigint NOT NULL DEFAULT 0,
	unchanged bigint NOT NULL DEFAULT 0,
	inserted bigint NOT NULL DEFAULT 0,
	changed bigint NOT NULL DEFAULT 0,
	ended bigint NOT NULL DEFAULT 0,
	state text NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'held', 'applied', 'discarded')),
	held_reason text,
	started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	finished_at timestamptz
);
COMMENT ON TABLE registry.batch IS 'one received extract; received = unchanged + inserted + changed + rejected once it is applied';
CREATE INDEX IF NOT EXISTS batch_sha256_idx ON registry.batch (source, sha256);

CREATE TABLE IF NOT EXISTS registry.reject (
	batch_id bigint NOT NULL,
	reject_id bigint NOT NULL DEFAULT nextval('registry.reject_id_seq'),
	source text NOT NULL,
	line_no integer NOT NULL,
	field text,
	code text NOT NULL,
	message text NOT NULL,
	raw text,
	raw_bytes bytea,
	row_key uuid,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'repaired', 'corrected', 'discarded')),
	PRIMARY KEY (batch_id, reject_id)
);
COMMENT ON TABLE registry.reject IS 'rows of extracts that could not be applied, with line (1 is the header), field and reason';
COMMENT ON COLUMN registry.reject.row_key IS 'key of the row kept under person 0, for rows whose only fault is a structurally broken number';
CREATE INDEX IF NOT EXISTS reject_row_key_idx ON registry.reject (row_key) WHERE row_key IS NOT NULL;

-- Staged rows carry the columns of their final table, so that compare() moves
-- them by one INSERT ... SELECT.  "document" tells the rows of persons without
-- a citizen number apart.
DO $do$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'employer'] LOOP
		IF to_regclass('registry.staged_' || fact) IS NULL THEN
			EXECUTE format('CREATE TABLE registry.staged_%1$s (LIKE registry.%1$s)', fact);
			EXECUTE format('ALTER TABLE registry.staged_%1$s ADD COLUMN IF NOT EXISTS id_kind text, ADD COLUMN IF NOT EXISTS duplicate boolean NOT NULL DEFAULT false', fact);
			EXECUTE format('COMMENT ON TABLE registry.staged_%1$s IS %2$L', fact,
						   'rows received and validated that wait for compare(); layout of registry.' || fact);
		END IF;
	END LOOP;
END
$do$;
ALTER TABLE registry.staged_population ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN row_id DROP NOT NULL;
ALTER TABLE registry.staged_enrolment ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN enrolment_id DROP NOT NULL;
ALTER TABLE registry.staged_circumstance ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN circumstance_id DROP NOT NULL;
ALTER TABLE registry.staged_elsewhere ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN elsewhere_id DROP NOT NULL;
ALTER TABLE registry.staged_employer ALTER COLUMN employer_id DROP NOT NULL;
CREATE INDEX IF NOT EXISTS staged_population_batch_idx ON registry.staged_population USING brin (batch_id);
CREATE INDEX IF NOT EXISTS staged_enrolment_batch_idx ON registry.staged_enrolment USING brin (batch_id);
