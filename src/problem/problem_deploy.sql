-- Rules as data, the problems they open, and their life.

CREATE SEQUENCE IF NOT EXISTS registry.problem_id_seq;

CREATE TABLE IF NOT EXISTS registry.rule (
	rule_id text COLLATE "C" PRIMARY KEY CHECK (octet_length(rule_id) BETWEEN 1 AND 15),
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

-- What a rule is beyond its name.  A rule is checked when it is active and the
-- reference date lies in its time of validity.
ALTER TABLE registry.rule
	ADD COLUMN IF NOT EXISTS local boolean NOT NULL DEFAULT false,
	ADD COLUMN IF NOT EXISTS rule_group text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN local THEN 'LOCAL' ELSE substr(rule_id, 1, 2) END) STORED,
	ADD COLUMN IF NOT EXISTS answered_by text NOT NULL DEFAULT 'problem'
		CHECK (answered_by IN ('problem', 'person', 'list', 'reject', 'intake', 'batch', 'nothing')),
	ADD COLUMN IF NOT EXISTS parameters jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(parameters) = 'object'),
	ADD COLUMN IF NOT EXISTS valid_from date,
	ADD COLUMN IF NOT EXISTS valid_to date,
	ADD COLUMN IF NOT EXISTS waits_for text CONSTRAINT rule_waits_check CHECK (waits_for IS NULL OR NOT active),
	ADD COLUMN IF NOT EXISTS predicate text,
	ADD COLUMN IF NOT EXISTS last_error text,
	ADD COLUMN IF NOT EXISTS last_error_at timestamptz;
COMMENT ON COLUMN registry.rule.title IS 'title in Chinese';
COMMENT ON COLUMN registry.rule.title_en IS 'title in English';
COMMENT ON COLUMN registry.rule.handler IS 'who must answer: V village, T town, C county, P1 … B agency of the scheme, COL collection centre, INF information centre, POL police, TAX, MED';
COMMENT ON COLUMN registry.rule.law IS 'legal source or standard';
COMMENT ON COLUMN registry.rule.scope IS 'what a finding needs: one person''s facts, one row, an employer, or everyone (judged anew at every compare)';
COMMENT ON COLUMN registry.rule.active IS 'switched on; the next compare() judges everybody by a changed catalogue';
COMMENT ON COLUMN registry.rule.rule_group IS 'ID items, DP duplicates, HK police register, CL classes, PN pension, MD medical, UW unemployment and injury, BN benefits, EM employers, DY changes, LOCAL added here';
COMMENT ON COLUMN registry.rule.answered_by IS 'where the answer stands: problem_list, person_list (person), unenrolled_list or quality_report (list), reject_list, intake (settled silently), batch_list, or nothing (legal, never a problem)';
COMMENT ON COLUMN registry.rule.parameters IS 'numbers the rule works with: ages in years, times in months; change them with registry.set_rule()';
COMMENT ON COLUMN registry.rule.valid_from IS 'first reference date by which the rule is law; null: always';
COMMENT ON COLUMN registry.rule.valid_to IS 'last reference date by which the rule is law; null: until further notice';
COMMENT ON COLUMN registry.rule.waits_for IS 'data without which the rule cannot be checked; such a rule cannot be switched on';
COMMENT ON COLUMN registry.rule.predicate IS 'condition over the columns of registry.rule_subject by which the rule is checked in SQL';
COMMENT ON COLUMN registry.rule.local IS 'added by registry.add_rule(), not shipped';
COMMENT ON COLUMN registry.rule.last_error IS 'why the predicate failed when it was last evaluated; null: it worked';
ALTER TABLE registry.rule DROP CONSTRAINT IF EXISTS rule_scope_check;
ALTER TABLE registry.rule ADD CONSTRAINT rule_scope_check CHECK (scope IN ('person', 'row', 'employer', 'everyone'));

-- Pairs of enrolments that may not share a month: a matrix over scheme and use
-- of both sides.  first and second name the scheme of each side, use says whether
-- its paid or its benefit months count; area and employer restrict to equal or
-- to different ones.  Several rows of one pair are alternatives: of those whose
-- condition holds the first by precedence speaks.
CREATE TABLE IF NOT EXISTS registry.conflict_rule (
	rule_id text COLLATE "C" NOT NULL REFERENCES registry.rule,
	first_scheme text NOT NULL REFERENCES registry.scheme,
	first_use text NOT NULL CHECK (first_use IN ('paid', 'benefit')),
	second_scheme text NOT NULL REFERENCES registry.scheme,
	second_use text NOT NULL CHECK (second_use IN ('paid', 'benefit')),
	area text NOT NULL DEFAULT 'any',
	keep text NOT NULL,
	active boolean NOT NULL DEFAULT true,
	PRIMARY KEY (first_scheme, first_use, second_scheme, second_use, rule_id)
);
ALTER TABLE registry.conflict_rule
	ADD COLUMN IF NOT EXISTS employer text NOT NULL DEFAULT 'any' CHECK (employer IN ('any', 'other', 'same')),
	ADD COLUMN IF NOT EXISTS condition text NOT NULL DEFAULT 'always'
		CHECK (condition IN ('always', 'prepaid_year', 'flexible', 'short', 'minor_or_student', 'employer_paid')),
	ADD COLUMN IF NOT EXISTS precedence smallint NOT NULL DEFAULT 1,
	ADD COLUMN IF NOT EXISTS keep_law text,
	ADD COLUMN IF NOT EXISTS valid_from date NOT NULL DEFAULT '1900-01-01',
	ADD COLUMN IF NOT EXISTS valid_to date,
	DROP CONSTRAINT IF EXISTS conflict_rule_area_check,
	DROP CONSTRAINT IF EXISTS conflict_rule_keep_check,
	ADD CONSTRAINT conflict_rule_area_check CHECK (area IN ('any', 'other', 'same')),
	ADD CONSTRAINT conflict_rule_keep_check
		CHECK (keep IN ('first', 'second', 'employment', 'dwelling', 'registered', 'school', 'earliest', 'choice'));
COMMENT ON TABLE registry.conflict_rule IS 'pairs of enrolment rows of one person that may not share a month, and which one stays';
COMMENT ON COLUMN registry.conflict_rule.area IS 'agencies of any, of different (other) or of one six-digit region (same)';
COMMENT ON COLUMN registry.conflict_rule.employer IS 'employers: any, known and different (other), known and equal (same)';
COMMENT ON COLUMN registry.conflict_rule.condition IS 'what else must hold: prepaid_year the second row is a prepaid year in which the first began, flexible the first is a flexible worker''s, short the first scheme ran fewer months than rule MD02 asks for, minor_or_student, employer_paid an employer pays the second';
COMMENT ON COLUMN registry.conflict_rule.precedence IS 'order among the rows of one pair; an alternative whose rule is switched off keeps silent, it does not pass the pair on';
COMMENT ON COLUMN registry.conflict_rule.keep IS 'which row stays: the first or second of the pair, or by employment area, dwelling, registered place, school, earliest receipt, or the person''s choice';
COMMENT ON COLUMN registry.conflict_rule.keep_law IS 'legal source of what stays';

CREATE TABLE IF NOT EXISTS registry.problem (
	person_id bigint NOT NULL,
	problem_id bigint NOT NULL DEFAULT nextval('registry.problem_id_seq'),
	territory region_code,
	rule_id text COLLATE "C" NOT NULL,
	finding_key bigint NOT NULL,
	employer text,
	schemes coverage NOT NULL DEFAULT '{}',
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
SELECT registry.log_attach('registry.problem', 'problem', '{person_id,problem_id}');
