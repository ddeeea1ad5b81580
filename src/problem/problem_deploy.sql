-- Rules as data, the problems they open, and their life.

CREATE SEQUENCE IF NOT EXISTS registry.problem_id_seq;

CREATE TABLE IF NOT EXISTS registry.rule (
	rule_id text PRIMARY KEY,
	title text NOT NULL,
	title_en text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('E', 'H', 'M', 'L', 'I')),
	handler text NOT NULL,
	law text NOT NULL,
	scope text NOT NULL DEFAULT 'person' CHECK (scope IN ('person', 'row', 'employer')),
	active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE registry.rule IS 'the rules this registry checks';
COMMENT ON COLUMN registry.rule.severity IS 'E blocks confirmation, H money at risk, M must be answered, L correct when met, I information';

-- Pairs of enrolments that may not share a month.  first and second name the
-- scheme of each side, use says whether its paid or its benefit months count,
-- area restricts to agencies of the same or of different six-digit regions.
CREATE TABLE IF NOT EXISTS registry.conflict_rule (
	rule_id text NOT NULL REFERENCES registry.rule,
	first_scheme text NOT NULL REFERENCES registry.scheme,
	first_use text NOT NULL CHECK (first_use IN ('paid', 'benefit')),
	second_scheme text NOT NULL REFERENCES registry.scheme,
	second_use text NOT NULL CHECK (second_use IN ('paid', 'benefit')),
	area text NOT NULL DEFAULT 'any' CHECK (area IN ('any', 'other')),
	keep text NOT NULL CHECK (keep IN ('first', 'second', 'employment', 'dwelling', 'registered', 'earliest', 'choice')),
	active boolean NOT NULL DEFAULT true,
	PRIMARY KEY (first_scheme, first_use, second_scheme, second_use, rule_id)
);
COMMENT ON TABLE registry.conflict_rule IS 'pairs of enrolment rows of one person that may not share a month, and which one stays';
COMMENT ON COLUMN registry.conflict_rule.keep IS 'which row stays: the first or second of the pair, or by employment area, dwelling, registered place, earliest receipt, or the person''s choice';

CREATE TABLE IF NOT EXISTS registry.problem (
	person_id bigint NOT NULL,
	problem_id bigint NOT NULL DEFAULT nextval('registry.problem_id_seq'),
	territory region_code,
	rule_id text NOT NULL,
	finding_key bigint NOT NULL,
	employer text,
	schemes coverage NOT NULL DEFAULT 0,
	months integer,
	amount numeric(14,2),
	keep text,
	evidence jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sent', 'answered', 'accepted', 'rejected', 'closed')),
	decision text,
	batch_id bigint,
	closed_batch_id bigint,
	opened_at timestamptz NOT NULL,
	closed_at timestamptz,
	PRIMARY KEY (person_id, problem_id)
);
COMMENT ON TABLE registry.problem IS 'findings of the rules; a problem of a row whose number is broken has person 0';
COMMENT ON COLUMN registry.problem.finding_key IS 'identity of the finding within person and rule: the same finding in the next batch is the same problem';
CREATE UNIQUE INDEX IF NOT EXISTS problem_finding_idx ON registry.problem (person_id, rule_id, finding_key);
CREATE INDEX IF NOT EXISTS problem_rule_idx ON registry.problem (rule_id, territory);
CREATE INDEX IF NOT EXISTS problem_territory_idx ON registry.problem (territory);
