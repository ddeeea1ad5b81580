-- The household survey: tasks go out, forms come back, two different people of
-- the right places review them, and only then do the answers change anything.
--
-- Codes of state are axis C of the domain: 20 to be filled in, 30 to be visited,
-- 31 begun, 32 awaiting first review, 33 returned by it, 34 awaiting second
-- review, 35 returned by it, 40 registered, 60 waiting for an outside answer,
-- 90 not registered or recalled.

CREATE SEQUENCE IF NOT EXISTS registry.survey_dispatch_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.survey_task_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.survey_form_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.survey_submission_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.review_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.survey_proof_id_seq;

CREATE TABLE IF NOT EXISTS registry.survey_dispatch (
	dispatch_id bigint PRIMARY KEY DEFAULT nextval('registry.survey_dispatch_id_seq'),
	territory region_code NOT NULL,
	filter jsonb NOT NULL,
	due_date date,
	considered bigint NOT NULL DEFAULT 0,
	settled jsonb NOT NULL DEFAULT '{}',
	tasks bigint NOT NULL DEFAULT 0,
	state text NOT NULL DEFAULT 'issued' CHECK (state IN ('issued', 'recalled')),
	issued_by text NOT NULL,
	issued_at timestamptz NOT NULL DEFAULT now(),
	recalled_by text,
	recalled_at timestamptz
);
COMMENT ON TABLE registry.survey_dispatch IS 'survey tasks issued together, with the filter as it was asked';
COMMENT ON COLUMN registry.survey_dispatch.settled IS 'persons considered who need no visit, counted by reason';

CREATE TABLE IF NOT EXISTS registry.survey_task (
	person_id bigint NOT NULL,
	task_id bigint NOT NULL DEFAULT nextval('registry.survey_task_id_seq'),
	territory region_code NOT NULL,
	dispatch_id bigint NOT NULL,
	reasons text[] NOT NULL,
	problems bigint[],
	fact_key bigint NOT NULL,
	surveyor text,
	state smallint NOT NULL CHECK (state IN (20, 30, 31, 32, 33, 34, 35, 40, 60, 90)),
	due_date date,
	issued_at timestamptz NOT NULL DEFAULT now(),
	attempts jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(attempts) = 'array'),
	form_id bigint,
	recalled_at timestamptz,
	closed_at timestamptz,
	PRIMARY KEY (person_id, task_id)
);
COMMENT ON TABLE registry.survey_task IS 'what a village or town is to find out about a person';
COMMENT ON COLUMN registry.survey_task.territory IS 'where the task was sent, village by village; stays when the person moves';
COMMENT ON COLUMN registry.survey_task.reasons IS 'insurance kinds not covered (pension …) and rules of problems to be answered';
COMMENT ON COLUMN registry.survey_task.fact_key IS 'hash of the facts that made the task: the same facts make no second one (rule SV12)';
COMMENT ON COLUMN registry.survey_task.attempts IS 'visits and calls: [{"at": time, "channel": 上门 …, "outcome": text}]';
CREATE INDEX IF NOT EXISTS survey_task_id_idx ON registry.survey_task (task_id);
CREATE INDEX IF NOT EXISTS survey_task_territory_idx ON registry.survey_task (territory);
CREATE UNIQUE INDEX IF NOT EXISTS survey_task_open_idx ON registry.survey_task (person_id) WHERE state NOT IN (40, 60, 90);

CREATE TABLE IF NOT EXISTS registry.survey_form (
	person_id bigint NOT NULL,
	form_id bigint NOT NULL DEFAULT nextval('registry.survey_form_id_seq'),
	territory region_code NOT NULL,
	kind text NOT NULL CHECK (kind IN ('survey', 'birth', 'death', 'move_in', 'move_out', 'name', 'number', 'enrolment')),
	task_id bigint,
	state smallint NOT NULL CHECK (state IN (31, 32, 33, 34, 35, 40, 60, 90)),
	round integer NOT NULL DEFAULT 0,
	form jsonb NOT NULL,
	effective_on date,
	outcome text CHECK (outcome IN ('registered', 'no_such_person', 'not_contacted', 'refused', 'empty_registration')),
	name text,
	citizen_id text,
	employment text,
	employer_code text,
	employer_name text,
	hukou_region region_code,
	dwelling_region region_code,
	dwelling_address text,
	phone text,
	schemes coverage,
	reason_code text,
	elsewhere text CHECK (elsewhere IN ('in_province', 'outside')),
	elsewhere_region region_code,
	signer text CHECK (signer IN ('self', 'guardian', 'agent')),
	signer_name text,
	signed_on date,
	surveyor text,
	unchanged boolean,
	seconds integer,
	notes jsonb NOT NULL DEFAULT '[]',
	submitted_by text NOT NULL,
	submitted_login text NOT NULL,
	submitted_at timestamptz NOT NULL DEFAULT now(),
	applied jsonb,
	PRIMARY KEY (person_id, form_id),
	CHECK ((kind = 'survey') = (task_id IS NOT NULL))
);
COMMENT ON TABLE registry.survey_form IS 'registration forms (kind survey) and declared changes, as last submitted; they change nothing before the second review';
COMMENT ON COLUMN registry.survey_form.round IS 'how often it was submitted for review';
COMMENT ON COLUMN registry.survey_form.person_id IS '0: a birth, whose person is made when it is applied (see applied)';
COMMENT ON COLUMN registry.survey_form.effective_on IS 'day from which a declared change holds; submitted_at is when it was recorded';
COMMENT ON COLUMN registry.survey_form.schemes IS 'insurance boxes ticked';
COMMENT ON COLUMN registry.survey_form.unchanged IS 'everything printed was left as it was (rule SV11)';
COMMENT ON COLUMN registry.survey_form.notes IS 'what the rules noted without returning the form: SV07 unknown employer, SV14 amount differs';
COMMENT ON COLUMN registry.survey_form.applied IS 'what the second review set in motion';
CREATE INDEX IF NOT EXISTS survey_form_id_idx ON registry.survey_form (form_id);
CREATE INDEX IF NOT EXISTS survey_form_task_idx ON registry.survey_form (task_id);
CREATE INDEX IF NOT EXISTS survey_form_review_idx ON registry.survey_form (territory) WHERE state IN (32, 34);

CREATE TABLE IF NOT EXISTS registry.survey_submission (
	person_id bigint NOT NULL,
	submission_id bigint NOT NULL DEFAULT nextval('registry.survey_submission_id_seq'),
	territory region_code NOT NULL,
	task_id bigint NOT NULL,
	form_id bigint,
	client_key text,
	form jsonb NOT NULL,
	answer jsonb NOT NULL,
	submitted_by text NOT NULL,
	submitted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (person_id, submission_id)
);
COMMENT ON TABLE registry.survey_submission IS 'every form as it was handed in and what was answered; a client that asks again with its key gets the same answer';
CREATE UNIQUE INDEX IF NOT EXISTS survey_submission_key_idx ON registry.survey_submission (person_id, task_id, client_key) WHERE client_key IS NOT NULL;

CREATE TABLE IF NOT EXISTS registry.review (
	person_id bigint NOT NULL,
	review_id bigint NOT NULL DEFAULT nextval('registry.review_id_seq'),
	territory region_code NOT NULL,
	form_id bigint NOT NULL,
	round integer NOT NULL,
	stage smallint NOT NULL CHECK (stage IN (1, 2)),
	decision text NOT NULL CHECK (decision IN ('accepted', 'returned')),
	reason text,
	items jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(items) = 'array'),
	reviewer text NOT NULL,
	reviewer_login text NOT NULL,
	reviewed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (person_id, review_id),
	UNIQUE (person_id, form_id, round, stage),
	CHECK (decision = 'accepted' OR coalesce(btrim(reason), '') <> '' OR items <> '[]')
);
COMMENT ON TABLE registry.review IS 'decisions on forms: stage 1 by the town, 2 by the county; never changed';
COMMENT ON COLUMN registry.review.items IS 'reasons per box of the form: [{"field": …, "message": …}]';
CREATE INDEX IF NOT EXISTS review_form_idx ON registry.review (form_id);

CREATE TABLE IF NOT EXISTS registry.survey_proof (
	person_id bigint NOT NULL,
	proof_id bigint NOT NULL DEFAULT nextval('registry.survey_proof_id_seq'),
	territory region_code NOT NULL,
	form_id bigint NOT NULL,
	kind text NOT NULL,
	sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
	file_name text,
	place text,
	keeper text,
	filed_by text NOT NULL,
	filed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (person_id, proof_id),
	UNIQUE (person_id, form_id, sha256)
);
COMMENT ON TABLE registry.survey_proof IS 'archive register of forms and proofs: what, its SHA-256, where it lies and who keeps it';
CREATE INDEX IF NOT EXISTS survey_proof_form_idx ON registry.survey_proof (form_id);

CREATE TABLE IF NOT EXISTS registry.survey_staff (
	territory region_code NOT NULL,
	surveyor text NOT NULL,
	phone text,
	duty text NOT NULL DEFAULT '入户调查',
	valid_from date NOT NULL DEFAULT current_date,
	valid_to date,
	PRIMARY KEY (territory, surveyor, valid_from)
);
COMMENT ON TABLE registry.survey_staff IS 'who surveys which village; tasks issued there carry the name';

-- Words that a form may use for a code.  Folded: full-width forms, blanks and
-- brackets do not count (rule SV17).
CREATE TABLE IF NOT EXISTS registry.survey_word (
	list text COLLATE "C" NOT NULL,
	word text COLLATE "C" NOT NULL,
	code text COLLATE "C" NOT NULL,
	PRIMARY KEY (list, word)
);
COMMENT ON TABLE registry.survey_word IS 'words of forms and the codes they stand for; word as registry.fold_word() gives it';

CREATE OR REPLACE FUNCTION registry.fold_word(word text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT regexp_replace(lower(normalize(word, NFKC)), '[[:space:]()\[\]{}<>【】〔〕《》、,.。;:·_/-]', '', 'g');
END;
COMMENT ON FUNCTION registry.fold_word(text) IS 'a word of a form without what does not distinguish words: width, case, blanks, brackets, punctuation';

INSERT INTO registry.survey_word (list, word, code)
SELECT DISTINCT ON (w.list, registry.fold_word(u.word)) w.list, registry.fold_word(u.word), w.code
FROM (VALUES
	('employment', '1', '1|单位就业|已单位就业|在单位就业|已就业'), ('employment', '2', '2|灵活就业|灵活就业人员'),
	('employment', '3', '3|个体雇主|个体工商户'), ('employment', '4', '4|未就业|无业|失业|待业'),
	('employment', '5', '5|在校|在校学生|学生'), ('employment', '6', '6|学龄前|学龄前儿童'),
	('employment', '7', '7|离退休|离退休或已领取养老待遇|退休|离休'), ('employment', '8', '8|务农|农民'), ('employment', '9', '9|其他'),
	('pension', 'P1', 'P1|城镇职工|城镇职工养老|职工养老|企业职工基本养老保险'), ('pension', 'P2', 'P2|城乡居民|城乡居民养老|居民养老|含城居保和新农保|城乡居民(含城居保和新农保)|新农保|城居保'),
	('pension', 'P3', 'P3|机关事业|机关事业单位|机关事业养老'), ('pension', 'P4', 'P4|被征地|被征地(单建)|被征地农民'), ('pension', 'P5', 'P5|其他|其他(单建)|其他养老'),
	('medical', 'M1', 'M1|职工|城镇职工|职工医疗|职工医保'), ('medical', 'M2', 'M2|居民|城镇居民|城乡居民|城镇居民(含城乡统筹)|居民医疗|居民医保'),
	('medical', 'M3', 'M3|新农合|新型农村合作医疗'), ('medical', 'M4', 'M4|公费医疗|公费'), ('medical', 'M5', 'M5|农民工|农民工其他形式'), ('medical', 'M6', 'M6|其他|其他(单建)|其他医疗'),
	('reason', '01', '01|1|个人未参保'), ('reason', '0101', '0101|自愿放弃|无意愿|自愿放弃/无意愿'), ('reason', '0102', '0102|经济困难|家庭困难'),
	('reason', '0103', '0103|不了解政策|不了解'), ('reason', '0104', '0104|拒参|拒绝参保'), ('reason', '02', '02|2|单位未予参保|单位未参保'),
	('reason', '03', '03|3|现役|服役|参军|现役/服役'), ('reason', '04', '04|4|出国|出境|出国(境)'), ('reason', '05', '05|5|服刑|判刑'),
	('reason', '06', '06|6|在校学生|在校学生(16+)'), ('reason', '07', '07|7|学龄前|未满16|未满16周岁|学龄前/未满16'),
	('reason', '08', '08|8|已在本省参职工'), ('reason', '09', '09|9|机关事业'), ('reason', '10', '10|外省参职工'), ('reason', '11', '11|异地居民'),
	('reason', '12', '12|死亡|死亡(未销户)|已死亡|去世'), ('reason', '13', '13|户口迁出|迁出'), ('reason', '14', '14|已注销户口|注销户口'),
	('reason', '15', '15|空挂户|户口不在本地'), ('reason', '16', '16|无法联系|失联|联系不上'), ('reason', '17', '17|数据错误'),
	('reason', '18', '18|已领取其他养老待遇|离退休'), ('reason', '99', '99|其他'),
	('elsewhere', 'in_province', 'in_province|1|省内异地|省内'), ('elsewhere', 'outside', 'outside|2|省外异地|省外|外省'),
	('signer', 'self', 'self|1|本人'), ('signer', 'guardian', 'guardian|2|监护人'), ('signer', 'agent', 'agent|3|代理人|委托人|代办人'),
	('outcome', 'registered', 'registered|登记|已登记|正常'), ('outcome', 'no_such_person', 'no_such_person|查无此人'),
	('outcome', 'not_contacted', 'not_contacted|无法联系|失联'), ('outcome', 'refused', 'refused|拒绝登记|拒绝'), ('outcome', 'empty_registration', 'empty_registration|空挂户'),
	('channel', '上门', '上门|入户|visit'), ('channel', '电话', '电话|phone|telephone'), ('channel', '视频', '视频|video'), ('channel', '网办', '网办|网上|online'),
	('yes', 'true', 'true|1|是|有|√|✓|✔|v|y|yes|参加|已参加|已参保'), ('yes', 'false', 'false|0|否|无|×|x|n|no|未参加|未参保')
) AS w (list, code, words), LATERAL regexp_split_to_table(w.words, '\|') AS u (word)
ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION registry.survey_code(list text, word text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT w.code FROM registry.survey_word w WHERE w.list = survey_code.list AND w.word = registry.fold_word(survey_code.word);
END;
COMMENT ON FUNCTION registry.survey_code(text, text) IS 'the code that a word of a form stands for; null for a word that the list does not know';

--
-- who acts, and where
--

-- The role that acts, also inside functions that run with their owner's rights:
-- the one set by SET ROLE, else the one that logged in.  Both are the server's
-- and cannot be feigned by a client.
CREATE OR REPLACE FUNCTION registry.actor() RETURNS text
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END;
END;
COMMENT ON FUNCTION registry.actor() IS 'the role that acts: set by SET ROLE, else the one that logged in, whatever functions lie between';

-- Are two acts by one person?  Roles differ, but behind two roles may stand one
-- login; logins that many persons share (a web gateway) are named in a setting.
CREATE OR REPLACE FUNCTION registry.same_actor(role_one text, login_one text, role_other text, login_other text) RETURNS boolean
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT role_one = role_other
		OR (login_one = login_other
			AND login_one <> ALL (coalesce(string_to_array((SELECT s.value FROM registry.setting s WHERE s.name = 'gateway_logins'), ','), '{}')));
END;
COMMENT ON FUNCTION registry.same_actor(text, text, text, text) IS 'whether two acts are one person''s, by role and login; logins in setting gateway_logins (comma between) are shared by many';

-- Has the acting role the rights of the owner of the registry?
CREATE OR REPLACE FUNCTION registry.survey_owner() RETURNS boolean
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT pg_has_role(registry.actor()::name, c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'registry.survey_task'::regclass;
END;
COMMENT ON FUNCTION registry.survey_owner() IS 'whether the acting role is the owner of the registry, has its rights, or is a superuser';

/*
 * registry.survey_places(duties) → places in which the acting role has one of
 * the duties.  Grants are those of registry.grant_territory(); they are read by
 * acting role, because below acts with their owner's rights the current user is
 * that owner.
 */
CREATE OR REPLACE FUNCTION registry.survey_places(duties text[]) RETURNS SETOF region_code
	LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF to_regclass('registry.territory_grant') IS NOT NULL THEN
		RETURN QUERY EXECUTE
			'SELECT DISTINCT g.region FROM registry.territory_grant g JOIN pg_roles r ON r.rolname = g.role_name'
			' WHERE g.duty = ANY ($1) AND pg_has_role($2::name, r.oid, ''USAGE'')' USING duties, registry.actor();
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.survey_places(text[]) IS 'places in which the acting role has one of the duties (entry, first_review, second_review, audit)';

-- registry.survey_may(duty, region): may the acting role do this there?
CREATE OR REPLACE FUNCTION registry.survey_may(duty text, region region_code) RETURNS boolean
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	may boolean;
BEGIN
	IF registry.survey_owner() THEN
		RETURN true;
	END IF;
	IF to_regclass('registry.territory_grant') IS NULL AND to_regprocedure('registry.has_duty(text, registry.region_code)') IS NOT NULL THEN
		EXECUTE 'SELECT registry.has_duty($1, $2)' INTO may USING duty, region;
		RETURN coalesce(may, false);
	END IF;
	RETURN EXISTS (SELECT FROM registry.survey_places(ARRAY[duty]) AS s (place) WHERE region OPERATOR(registry.<@) s.place);
END;
$$;
COMMENT ON FUNCTION registry.survey_may(text, region_code) IS 'whether the acting role has a duty (entry, first_review, second_review) in a place';

-- Refuses an act to who has none of the duties there.
CREATE OR REPLACE FUNCTION registry.survey_demand(duties text[], region region_code, act text) RETURNS void
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM unnest(duties) d WHERE registry.survey_may(d, region)) THEN
		RAISE EXCEPTION '% is not for role "%" in %', act, registry.actor(), coalesce(region::text, 'this place')
			USING ERRCODE = 'insufficient_privilege', DETAIL = format('Needed there: %s.', array_to_string(duties, ' or ')),
				  HINT = 'Duties are given by registry.grant_territory() (rule SV05).';
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.survey_demand(text[], region_code, text) IS 'refuses an act (42501) to who has none of the duties in a place';

--
-- what no path may pass by
--

-- Which state may follow which.
CREATE TABLE IF NOT EXISTS registry.survey_step (
	from_state smallint NOT NULL,
	to_state smallint NOT NULL,
	act text NOT NULL,
	PRIMARY KEY (from_state, to_state, act)
);
COMMENT ON TABLE registry.survey_step IS 'state machine of tasks and forms: what may follow what, and by which act';
INSERT INTO registry.survey_step VALUES
	(20, 31, 'begin'), (30, 31, 'begin'),
	(20, 32, 'submit'), (30, 32, 'submit'), (31, 32, 'submit'), (33, 32, 'submit'), (35, 32, 'submit'),
	(32, 33, 'return'), (34, 35, 'return'),
	(32, 34, 'accept'), (34, 40, 'accept'), (34, 60, 'accept'), (34, 90, 'accept'),
	(20, 90, 'recall'), (30, 90, 'recall'), (31, 90, 'recall'), (32, 90, 'recall'), (33, 90, 'recall'), (34, 90, 'recall'), (35, 90, 'recall')
ON CONFLICT DO NOTHING;

-- Does a review stand behind this state of a form?
CREATE OR REPLACE FUNCTION registry.review_backs(person bigint, form bigint, form_round integer, new_state smallint) RETURNS boolean
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM registry.review r
		WHERE r.person_id = person AND r.form_id = form AND r.round = form_round
		  AND r.stage = CASE WHEN new_state IN (33, 34) THEN 1 ELSE 2 END
		  AND r.decision = CASE WHEN new_state IN (33, 35) THEN 'returned' ELSE 'accepted' END);
END;
COMMENT ON FUNCTION registry.review_backs(bigint, bigint, integer, smallint) IS 'whether a review of the form''s present round leads to this state';

CREATE OR REPLACE FUNCTION registry.guard_task() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	recalled boolean;
	form_round integer;
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'survey tasks are not deleted' USING ERRCODE = 'RG041', HINT = 'registry.recall_tasks() takes them back.';
	END IF;
	IF (NEW.person_id, NEW.task_id, NEW.dispatch_id, NEW.issued_at)
	   IS DISTINCT FROM (OLD.person_id, OLD.task_id, OLD.dispatch_id, OLD.issued_at)
	   -- once it is decided: the facts as they are with the answer
	   OR (NEW.fact_key <> OLD.fact_key AND NOT (OLD.state IN (40, 60, 90) AND NEW.state = OLD.state))
	   OR NEW.territory OPERATOR(registry.<>) OLD.territory THEN
		RAISE EXCEPTION 'task % keeps whom it concerns and where it was sent', OLD.task_id USING ERRCODE = 'RG041';
	END IF;
	IF NEW.form_id IS DISTINCT FROM OLD.form_id
	   AND (OLD.form_id IS NOT NULL
			OR NOT EXISTS (SELECT FROM registry.survey_form f WHERE f.person_id = NEW.person_id AND f.form_id = NEW.form_id AND f.task_id = NEW.task_id)) THEN
		RAISE EXCEPTION 'task % keeps its form', OLD.task_id USING ERRCODE = 'RG041';
	END IF;
	recalled := NEW.recalled_at IS NOT NULL AND OLD.recalled_at IS NULL;
	IF recalled <> (NEW.state = 90 AND OLD.state <> 90 AND NEW.recalled_at IS NOT NULL) OR (OLD.recalled_at IS NOT NULL AND NEW.recalled_at IS DISTINCT FROM OLD.recalled_at) THEN
		RAISE EXCEPTION 'task % is recalled by state 90 alone', OLD.task_id USING ERRCODE = 'RG041';
	END IF;
	IF NEW.state <> OLD.state THEN
		IF NOT EXISTS (SELECT FROM registry.survey_step s WHERE s.from_state = OLD.state AND s.to_state = NEW.state AND (s.act = 'recall') = recalled) THEN
			RAISE EXCEPTION 'task % cannot go from state % to %', OLD.task_id, OLD.state, NEW.state
				USING ERRCODE = 'RG041', HINT = 'registry.survey_step lists the ways.';
		END IF;
		IF NEW.state = 32 AND NOT EXISTS (SELECT FROM registry.survey_form f WHERE f.person_id = NEW.person_id AND f.form_id = NEW.form_id AND f.state = 32) THEN
			RAISE EXCEPTION 'no form leads task % to its review', OLD.task_id
				USING ERRCODE = 'RG042', HINT = 'registry.submit_form() hands one in.';
		END IF;
		IF NOT recalled AND NEW.state NOT IN (31, 32) THEN
			SELECT f.round INTO form_round FROM registry.survey_form f WHERE f.person_id = NEW.person_id AND f.form_id = NEW.form_id;
			IF NOT coalesce(registry.review_backs(NEW.person_id, NEW.form_id, form_round, NEW.state), false) THEN
				RAISE EXCEPTION 'no review leads task % to state %', OLD.task_id, NEW.state
					USING ERRCODE = 'RG042', HINT = 'registry.review_form() decides.';
			END IF;
		END IF;
	END IF;
	PERFORM registry.survey_demand('{entry,first_review,second_review}', NEW.territory, 'changing a survey task');
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.guard_task() IS 'state machine of survey tasks, for every path';
CREATE OR REPLACE TRIGGER a_guard BEFORE UPDATE OR DELETE ON registry.survey_task FOR EACH ROW EXECUTE FUNCTION registry.guard_task();

-- New tasks come by the million, from dispatch(), which asked for the duty and
-- runs with its owner's rights: of those only the condition is evaluated.
CREATE OR REPLACE FUNCTION registry.guard_new_task() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF NEW.state NOT IN (20, 30) OR NEW.form_id IS NOT NULL OR NEW.recalled_at IS NOT NULL THEN
		RAISE EXCEPTION 'a survey task begins in state 20 or 30' USING ERRCODE = 'RG041';
	END IF;
	PERFORM registry.survey_demand('{first_review,second_review}', NEW.territory, 'issuing survey tasks');
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.guard_new_task() IS 'survey tasks begin at the beginning, in places of whoever issues them';
CREATE OR REPLACE TRIGGER a_guard_insert BEFORE INSERT ON registry.survey_task FOR EACH ROW
	WHEN (NEW.state NOT IN (20, 30) OR NEW.form_id IS NOT NULL OR NEW.recalled_at IS NOT NULL
		  OR NOT has_table_privilege('registry.survey_task'::regclass, 'TRIGGER'))
	EXECUTE FUNCTION registry.guard_new_task();
ALTER TABLE registry.survey_task ENABLE ALWAYS TRIGGER a_guard_insert;

CREATE OR REPLACE FUNCTION registry.guard_form() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	recalled boolean := false;
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'forms are not deleted' USING ERRCODE = 'RG041';
	END IF;
	IF TG_OP = 'INSERT' THEN
		PERFORM registry.survey_demand('{entry}', NEW.territory, 'handing in forms');
		IF NEW.state NOT IN (31, 32) OR NEW.round <> (CASE NEW.state WHEN 32 THEN 1 ELSE 0 END) OR NEW.applied IS NOT NULL THEN
			RAISE EXCEPTION 'a form begins as a draft or awaiting its first review' USING ERRCODE = 'RG041';
		END IF;
		NEW.submitted_by := registry.actor();
		NEW.submitted_login := session_user;
		NEW.submitted_at := now();
		RETURN NEW;
	END IF;
	IF (NEW.person_id, NEW.form_id, NEW.kind, NEW.task_id) IS DISTINCT FROM (OLD.person_id, OLD.form_id, OLD.kind, OLD.task_id)
	   OR NEW.territory OPERATOR(registry.<>) OLD.territory THEN
		RAISE EXCEPTION 'form % keeps whom it concerns', OLD.form_id USING ERRCODE = 'RG041';
	END IF;
	IF NEW.state IN (31, 32) AND OLD.state IN (31, 33, 35) AND NOT (NEW.state = 31 AND OLD.state <> 31) THEN
		-- handed in again
		PERFORM registry.survey_demand('{entry}', NEW.territory, 'handing in forms');
		NEW.round := OLD.round + CASE NEW.state WHEN 32 THEN 1 ELSE 0 END;
		NEW.submitted_by := registry.actor();
		NEW.submitted_login := session_user;
		NEW.submitted_at := now();
		NEW.applied := OLD.applied;
		RETURN NEW;
	END IF;
	-- what lies in review, or is decided, stays as it was handed in
	IF to_jsonb(NEW) - '{state,applied}'::text[] <> to_jsonb(OLD) - '{state,applied}'::text[] THEN
		RAISE EXCEPTION 'form % lies in review or is decided: its answers stay', OLD.form_id
			USING ERRCODE = 'RG041', DETAIL = format('Its state is %s.', OLD.state), HINT = 'A reviewer can return it.';
	END IF;
	IF NEW.applied IS DISTINCT FROM OLD.applied AND NOT (OLD.applied IS NULL AND NEW.state IN (40, 60, 90)) THEN
		RAISE EXCEPTION 'form % is applied once', OLD.form_id USING ERRCODE = 'RG041';
	END IF;
	IF NEW.state <> OLD.state THEN
		recalled := NEW.state = 90 AND NEW.kind = 'survey'
			AND EXISTS (SELECT FROM registry.survey_task t WHERE t.person_id = NEW.person_id AND t.task_id = NEW.task_id AND t.recalled_at IS NOT NULL);
		IF NOT EXISTS (SELECT FROM registry.survey_step s WHERE s.from_state = OLD.state AND s.to_state = NEW.state AND (s.act = 'recall') = recalled) THEN
			RAISE EXCEPTION 'form % cannot go from state % to %', OLD.form_id, OLD.state, NEW.state
				USING ERRCODE = 'RG041', HINT = 'registry.survey_step lists the ways.';
		END IF;
		IF NOT recalled AND NOT registry.review_backs(NEW.person_id, NEW.form_id, OLD.round, NEW.state) THEN
			RAISE EXCEPTION 'no review leads form % to state %', OLD.form_id, NEW.state
				USING ERRCODE = 'RG042', HINT = 'registry.review_form() decides.';
		END IF;
	END IF;
	PERFORM registry.survey_demand('{entry,first_review,second_review}', NEW.territory, 'changing forms');
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.guard_form() IS 'state machine of forms, for every path; who hands in is recorded by the server';
CREATE OR REPLACE TRIGGER a_guard BEFORE INSERT OR UPDATE OR DELETE ON registry.survey_form FOR EACH ROW EXECUTE FUNCTION registry.guard_form();

-- Reviews: by whom the server says, of a form that waits for this stage, in a
-- place of the reviewer's duty, by nobody who had it in hand before.
CREATE OR REPLACE FUNCTION registry.guard_review() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	form registry.survey_form;
	first registry.review;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		RAISE EXCEPTION 'reviews are never changed' USING ERRCODE = 'RG041';
	END IF;
	SELECT f.* INTO form FROM registry.survey_form f WHERE f.person_id = NEW.person_id AND f.form_id = NEW.form_id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'form % does not exist', NEW.form_id USING ERRCODE = 'undefined_object';
	END IF;
	NEW.reviewer := registry.actor();
	NEW.reviewer_login := session_user;
	NEW.reviewed_at := clock_timestamp();
	NEW.territory := form.territory;
	NEW.round := form.round;
	IF form.state <> (CASE NEW.stage WHEN 1 THEN 32 ELSE 34 END) THEN
		RAISE EXCEPTION 'form % does not wait for % review', NEW.form_id, CASE NEW.stage WHEN 1 THEN 'first' ELSE 'second' END
			USING ERRCODE = 'RG041', DETAIL = format('Its state is %s.', form.state), HINT = 'registry.review_list shows the forms that wait.';
	END IF;
	PERFORM registry.survey_demand(ARRAY[CASE NEW.stage WHEN 1 THEN 'first_review' ELSE 'second_review' END], form.territory,
								   CASE NEW.stage WHEN 1 THEN 'first review' ELSE 'second review' END);
	IF registry.same_actor(form.submitted_by, form.submitted_login, NEW.reviewer, NEW.reviewer_login) OR form.surveyor = NEW.reviewer THEN
		RAISE EXCEPTION 'form % was handed in or surveyed by "%"', NEW.form_id, NEW.reviewer
			USING ERRCODE = 'RG042', HINT = 'Somebody else must review it (rule SV04).';
	END IF;
	IF NEW.stage = 2 THEN
		SELECT r.* INTO STRICT first FROM registry.review r
		WHERE r.person_id = NEW.person_id AND r.form_id = NEW.form_id AND r.round = form.round AND r.stage = 1;
		IF registry.same_actor(first.reviewer, first.reviewer_login, NEW.reviewer, NEW.reviewer_login) THEN
			RAISE EXCEPTION 'form % had its first review by "%"', NEW.form_id, first.reviewer
				USING ERRCODE = 'RG042', HINT = 'The second reviewer must be somebody else (rule SV04).';
		END IF;
	END IF;
	RETURN NEW;
END;
$$;
COMMENT ON FUNCTION registry.guard_review() IS 'separation of persons, place and order of reviews, for every path';
CREATE OR REPLACE TRIGGER a_guard BEFORE INSERT OR UPDATE OR DELETE ON registry.review FOR EACH ROW EXECUTE FUNCTION registry.guard_review();

CREATE OR REPLACE FUNCTION registry.guard_truncate() RETURNS trigger
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'table "%" is not emptied', TG_TABLE_NAME USING ERRCODE = 'RG041';
END;
$$;
COMMENT ON FUNCTION registry.guard_truncate() IS 'refuses to empty a table of the survey';
CREATE OR REPLACE TRIGGER a_guard_truncate BEFORE TRUNCATE ON registry.survey_task FOR EACH STATEMENT EXECUTE FUNCTION registry.guard_truncate();
CREATE OR REPLACE TRIGGER a_guard_truncate BEFORE TRUNCATE ON registry.survey_form FOR EACH STATEMENT EXECUTE FUNCTION registry.guard_truncate();
CREATE OR REPLACE TRIGGER a_guard_truncate BEFORE TRUNCATE ON registry.review FOR EACH STATEMENT EXECUTE FUNCTION registry.guard_truncate();
-- a session that silences ordinary triggers does not silence these
ALTER TABLE registry.survey_task ENABLE ALWAYS TRIGGER a_guard;
ALTER TABLE registry.survey_form ENABLE ALWAYS TRIGGER a_guard;
ALTER TABLE registry.review ENABLE ALWAYS TRIGGER a_guard;

/*
 * Writes how far the handling of persons is, with the person's row as the
 * recompute would have it.  state null: the facts alone speak again, by the
 * recompute.  Shared with other clerks, not with compare().
 */
CREATE OR REPLACE FUNCTION registry.set_handling(person bigint, state integer, form bigint, reason text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	IF person = 0 THEN
		RETURN;
	END IF;
	INSERT INTO registry.handling AS h (person_id, territory, work_state, form_id, reason, decided_by)
	SELECT p.person_id, p.territory, state, form, set_handling.reason, registry.actor() FROM registry.person p WHERE p.person_id = person
	ON CONFLICT (person_id) DO UPDATE
	SET territory = excluded.territory, work_state = excluded.work_state, form_id = excluded.form_id, reason = excluded.reason,
		decided_by = excluded.decided_by, decided_at = excluded.decided_at;
	UPDATE registry.person p SET work_state = state, updated_at = now()
	WHERE p.person_id = person AND p.class <> 'gone' AND p.work_state <> state;
END;
$$;
COMMENT ON FUNCTION registry.set_handling(bigint, integer, bigint, text) IS 'writes how far the handling of a person is; internal to the acts of the survey';

-- Acts of clerks go side by side, but not beside compare().
CREATE OR REPLACE FUNCTION registry.share_persons() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(hashtextextended('registry.persons', 0));
END;
$$;
COMMENT ON FUNCTION registry.share_persons() IS 'waits for compare() and acts that judge persons, beside other clerks';

-- Rows by place, where the room of rights is deployed: for tools that are given
-- rights on these tables.  The acts run with their owner's rights and ask
-- survey_may().
DO $do$
DECLARE
	secured text;
BEGIN
	IF to_regprocedure('registry.secure_table(text, text, text)') IS NOT NULL THEN
		FOREACH secured IN ARRAY ARRAY['survey_task', 'survey_form', 'survey_submission', 'review', 'survey_proof', 'survey_dispatch', 'survey_staff', 'handling'] LOOP
			PERFORM registry.secure_table(secured, 'territory BETWEEN registry.territory_low() AND registry.territory_high() AND registry.sees(territory)',
										  'registry.may_change(territory)');
		END LOOP;
	END IF;
END
$do$;

REVOKE EXECUTE ON FUNCTION registry.survey_may(text, region_code),
	registry.survey_demand(text[], region_code, text), registry.review_backs(bigint, bigint, integer, smallint),
	registry.set_handling(bigint, integer, bigint, text), registry.share_persons(),
	registry.same_actor(text, text, text, text) FROM PUBLIC;
