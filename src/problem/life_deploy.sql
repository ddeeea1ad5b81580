-- The life of a problem: found (open), sent to who must answer, answered, and the
-- answer accepted or rejected; closed when the facts no longer show it, open
-- again when they do.  compare() opens and closes; people do the rest, and each
-- of their acts stays.

CREATE SEQUENCE IF NOT EXISTS registry.problem_act_id_seq;

ALTER TABLE registry.problem
	ADD COLUMN IF NOT EXISTS sent_to text,
	ADD COLUMN IF NOT EXISTS decided_keep text,
	ADD COLUMN IF NOT EXISTS reopened integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN registry.problem.sent_to IS 'who was asked to answer';
COMMENT ON COLUMN registry.problem.decision IS 'what was answered, or how compare() closed it (repaired)';
COMMENT ON COLUMN registry.problem.decided_keep IS 'row that stays by the answer; null: the rule''s own choice';
COMMENT ON COLUMN registry.problem.reopened IS 'how often the finding came back after it was closed';

CREATE TABLE IF NOT EXISTS registry.problem_act (
	problem_id bigint NOT NULL,
	act_id bigint NOT NULL DEFAULT nextval('registry.problem_act_id_seq'),
	act text NOT NULL CHECK (act IN ('send', 'answer', 'accept', 'reject')),
	state_before text NOT NULL,
	handler text,
	decision text,
	keep text,
	reason text,
	explanation jsonb,
	done_by text NOT NULL DEFAULT current_user,
	done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (problem_id, act_id)
);
COMMENT ON TABLE registry.problem_act IS 'what people did with problems, in the order of act_id';
COMMENT ON COLUMN registry.problem_act.explanation IS 'what registry.explain() said when the decision was taken';

-- 'P1+P3' and 'P1/P2' are both agencies; who is asked in the name of one sees both.
CREATE OR REPLACE FUNCTION registry.handler_answers(rule_handler text, handler text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT rule_handler = handler OR handler = ANY (regexp_split_to_array(rule_handler, '[+/→]'));
END;
COMMENT ON FUNCTION registry.handler_answers(text, text) IS 'whether a rule''s handler names this one among those that answer';

-- The problems a filter means; the keys are those of send_problems().
CREATE OR REPLACE FUNCTION registry.problems_of(filter jsonb) RETURNS SETOF bigint
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	unknown text;
	rules text[];
	severities text[];
	problems bigint[];
	place registry.region_code;
BEGIN
	IF jsonb_typeof(filter) <> 'object' THEN
		RAISE EXCEPTION 'the filter must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example {"rule": ["PN01", "PN02"], "territory": "340421"}.';
	END IF;
	SELECT k INTO unknown FROM jsonb_object_keys(filter) k
	WHERE k <> ALL ('{rule,severity,territory,problem,opened_from,opened_to,least_amount}');
	IF FOUND THEN
		RAISE EXCEPTION 'unknown key "%" in the filter', unknown USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Keys are rule, severity, territory, problem, opened_from, opened_to and least_amount.';
	END IF;
	rules := ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(filter -> 'rule') WHEN 'array' THEN filter -> 'rule' ELSE jsonb_build_array(filter -> 'rule') END));
	severities := ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(filter -> 'severity') WHEN 'array' THEN filter -> 'severity' ELSE jsonb_build_array(filter -> 'severity') END));
	problems := ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(filter -> 'problem') WHEN 'array' THEN filter -> 'problem' ELSE jsonb_build_array(filter -> 'problem') END)::bigint);
	place := (filter ->> 'territory')::registry.region_code;
	SELECT u INTO unknown FROM unnest(rules) u
	WHERE u IS NOT NULL AND NOT EXISTS (SELECT FROM registry.rule r WHERE r.rule_id = u);
	IF FOUND THEN
		RAISE EXCEPTION 'rule "%" does not exist', unknown USING ERRCODE = 'undefined_object', HINT = 'registry.rule lists the rules.';
	END IF;
	RETURN QUERY
	SELECT p.problem_id
	FROM registry.problem p JOIN registry.rule r USING (rule_id)
	WHERE (NOT filter ? 'rule' OR p.rule_id = ANY (rules))
	  AND (NOT filter ? 'severity' OR r.severity = ANY (severities))
	  AND (place IS NULL OR p.territory OPERATOR(registry.<@) place)
	  AND (NOT filter ? 'problem' OR p.problem_id = ANY (problems))
	  AND (NOT filter ? 'opened_from' OR p.opened_at >= (filter ->> 'opened_from')::date)
	  AND (NOT filter ? 'opened_to' OR p.opened_at < (filter ->> 'opened_to')::date + 1)
	  AND (NOT filter ? 'least_amount' OR p.amount >= (filter ->> 'least_amount')::numeric);
END;
$$;
COMMENT ON FUNCTION registry.problems_of(jsonb) IS 'problems that a filter means';

/*
 * registry.send_problems(handler, filter) → number of problems sent
 *
 * Sends the open problems that this handler must answer: from then on they stand
 * in registry.problem_sheet(handler).  handler: as in rule.handler (P1, M, T …).
 * filter: rule and severity (one or an array), territory (a code; contains those
 * below it), problem (numbers), opened_from, opened_to (dates, both included),
 * least_amount (yuan).  Problems already sent are left alone.
 * Errors: 22023 unknown handler or key; 42704 unknown rule; 22P02, 22007 a value
 * that is none.
 */
CREATE OR REPLACE FUNCTION registry.send_problems(handler text, filter jsonb DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	sent bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM registry.rule r WHERE registry.handler_answers(r.handler, $1)) OR $1 IS NULL THEN
		RAISE EXCEPTION 'no rule is answered by handler "%"', $1 USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Handlers are %s.', (SELECT string_agg(DISTINCT h, ', ') FROM registry.rule r, regexp_split_to_table(r.handler, '[+/→]') h WHERE h <> '-'));
	END IF;
	WITH asked AS (
		UPDATE registry.problem p
		SET state = 'sent', sent_to = $1
		FROM registry.rule r
		WHERE r.rule_id = p.rule_id AND p.state = 'open' AND registry.handler_answers(r.handler, $1)
		  AND p.problem_id IN (SELECT f FROM registry.problems_of(coalesce($2, '{}')) f)
		RETURNING p.problem_id)
	INSERT INTO registry.problem_act (problem_id, act, state_before, handler)
		SELECT a.problem_id, 'send', 'open', $1 FROM asked a;
	GET DIAGNOSTICS sent = ROW_COUNT;
	RETURN sent;
END;
$$;
COMMENT ON FUNCTION registry.send_problems(text, jsonb) IS 'sends the open problems that a handler must answer; returns how many';

-- Locks the problem and refuses an act that its state does not allow.
CREATE OR REPLACE FUNCTION registry.take_problem(problem_id bigint, act text, allowed text[]) RETURNS registry.problem
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	taken registry.problem;
BEGIN
	SELECT p.* INTO taken FROM registry.problem p WHERE p.problem_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'problem % does not exist', $1 USING ERRCODE = 'undefined_object', HINT = 'registry.problem_list shows the problems.';
	END IF;
	IF taken.state <> ALL (allowed) THEN
		RAISE EXCEPTION 'problem % cannot be %', $1, act
			USING ERRCODE = 'RG031', DETAIL = format('Its state is "%s".', taken.state),
				  HINT = format('Possible in state %s.', array_to_string(allowed, ', '));
	END IF;
	RETURN taken;
END;
$$;
COMMENT ON FUNCTION registry.take_problem(bigint, text, text[]) IS 'locks a problem for an act';

/*
 * registry.answer_problem(problem_id, decision [, keep [, reason]]) → new state
 *
 * The answer of who handles the problem: decision in words (which is what the
 * agency did or will do), keep the row that stays if not the one the rule names,
 * reason.  An answer may be changed until it is decided.
 * Errors: 42704 unknown problem; 22023 no decision; RG031 wrong state.
 */
CREATE OR REPLACE FUNCTION registry.answer_problem(problem_id bigint, decision text, keep text DEFAULT NULL, reason text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	taken registry.problem := registry.take_problem($1, 'answered', '{open,sent,answered,rejected}');
BEGIN
	IF coalesce(btrim($2), '') = '' THEN
		RAISE EXCEPTION 'the answer to problem % is empty', $1 USING ERRCODE = 'invalid_parameter_value', HINT = 'Say what was decided.';
	END IF;
	UPDATE registry.problem p SET state = 'answered', decision = $2, decided_keep = $3
	WHERE p.person_id = taken.person_id AND p.problem_id = $1;
	INSERT INTO registry.problem_act (problem_id, act, state_before, handler, decision, keep, reason)
		VALUES ($1, 'answer', taken.state, taken.sent_to, $2, $3, $4);
	RETURN 'answered';
END;
$$;
COMMENT ON FUNCTION registry.answer_problem(bigint, text, text, text) IS 'answers a problem';

/*
 * registry.decide_problem(problem_id, decision [, reason]) → new state
 *
 * Accepts ('accepted', 'accept') or rejects ('rejected', 'reject') an answer.  A
 * rejected one is to be answered again.  An accepted one stands as long as the
 * finding does; compare() closes it when the facts no longer show it.  What
 * explain() says at this moment is kept with the decision.
 * Errors: 42704 unknown problem; 22023 another decision; RG031 not answered.
 */
CREATE OR REPLACE FUNCTION registry.decide_problem(problem_id bigint, decision text, reason text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	taken registry.problem := registry.take_problem($1, 'decided', '{answered}');
	outcome text := CASE $2 WHEN 'accept' THEN 'accepted' WHEN 'reject' THEN 'rejected' ELSE $2 END;
BEGIN
	IF outcome IS NULL OR outcome NOT IN ('accepted', 'rejected') THEN
		RAISE EXCEPTION 'an answer is accepted or rejected, not "%"', $2 USING ERRCODE = 'invalid_parameter_value';
	END IF;
	UPDATE registry.problem p SET state = outcome WHERE p.person_id = taken.person_id AND p.problem_id = $1;
	INSERT INTO registry.problem_act (problem_id, act, state_before, handler, decision, keep, reason, explanation)
		VALUES ($1, CASE outcome WHEN 'accepted' THEN 'accept' ELSE 'reject' END, taken.state, taken.sent_to,
				taken.decision, taken.decided_keep, $3, registry.explain($1));
	RETURN outcome;
END;
$$;
COMMENT ON FUNCTION registry.decide_problem(bigint, text, text) IS 'accepts or rejects the answer to a problem';

/*
 * registry.problem_sheet(handler) → what a handling agency is to answer
 *
 * Problems sent to it and not yet accepted, with the person and the rows they
 * rest on, in the order of territory and rule: a list to download, for example
 * \copy (SELECT * FROM registry.problem_sheet('P2')) TO 'P2.csv' (FORMAT csv, HEADER).
 */
CREATE OR REPLACE FUNCTION registry.problem_sheet(handler text)
	RETURNS TABLE (problem_id bigint, rule_id text, title text, severity text, citizen_id text, name text, employer text,
				   territory text, territory_name text, schemes text, months integer, amount numeric, keep text, "rows" text,
				   law text, state text, decision text, sent_at timestamptz)
	LANGUAGE plpgsql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT p.problem_id, p.rule_id, r.title, r.severity,
		   CASE registry.reader_mask(p.territory) WHEN 0 THEN n.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(n.citizen_id) END,
		   CASE registry.reader_mask(p.territory) WHEN 0 THEN n.name WHEN 1 THEN registry.name_mask(n.name) END, p.employer,
		   p.territory::text, registry.region_name(p.territory, registry.reference_date()), btrim(p.schemes::text, '{}'), p.months, p.amount,
		   coalesce(p.decided_keep, p.keep),
		   (SELECT string_agg(concat_ws(' ', e.scheme, e.agency::text, e.employer_name, e.start_month || '-' || coalesce(e.end_month::text, '')), '; '
									   ORDER BY e.start_month, e.enrolment_id)
			FROM registry.enrolment e
			WHERE e.person_id = p.person_id
			  AND e.enrolment_id IN (SELECT x::bigint FROM jsonb_array_elements_text(p.evidence -> 'enrolments') x)),
		   r.law, p.state, p.decision,
		   (SELECT max(a.done_at) FROM registry.problem_act a WHERE a.problem_id = p.problem_id AND a.act = 'send')
	FROM registry.problem p
	JOIN registry.rule r USING (rule_id)
	LEFT JOIN registry.person n ON n.person_id = p.person_id AND p.person_id > 0
	WHERE p.sent_to = $1 AND p.state IN ('sent', 'answered', 'rejected') AND registry.reader_sees(p.territory, p.person_id)
	ORDER BY p.territory, p.rule_id, p.problem_id;
END;
$$;
COMMENT ON FUNCTION registry.problem_sheet(text) IS 'problems that a handling agency is to answer, with their rows';

REVOKE EXECUTE ON FUNCTION registry.send_problems(text, jsonb), registry.take_problem(bigint, text, text[]), registry.problems_of(jsonb),
	registry.answer_problem(bigint, text, text, text), registry.decide_problem(bigint, text, text), registry.problem_sheet(text) FROM PUBLIC;
CREATE INDEX IF NOT EXISTS problem_id_idx ON registry.problem (problem_id);
CREATE INDEX IF NOT EXISTS problem_sent_idx ON registry.problem (sent_to) WHERE sent_to IS NOT NULL;
