-- What other programs see: views in base types, and the acts that look persons up.

-- Counted persons per place, insurance kind and standing, at every level of the division.
CREATE TABLE IF NOT EXISTS registry.coverage_cell (
	territory region_code NOT NULL,
	kind text NOT NULL,
	standing smallint NOT NULL,
	persons bigint NOT NULL,
	PRIMARY KEY (territory, kind, standing)
);
COMMENT ON TABLE registry.coverage_cell IS 'persons (neither gone nor unknown) per territory of every level, insurance kind and standing';
COMMENT ON COLUMN registry.coverage_cell.standing IS '0 not due, 1 receiving, 2 enrolled, 3 elsewhere, 4 interrupted, 5 unenrolled';
CREATE INDEX IF NOT EXISTS coverage_cell_text_idx ON registry.coverage_cell ((territory::text));
ALTER TABLE registry.coverage_cell ADD COLUMN IF NOT EXISTS hidden boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN registry.coverage_cell.hidden IS 'not for readers with no duty but report: a cell of this place and kind is small, or would tell one that is';

-- Names of the codes that the views show.  A DBA may word them as the city is
-- used to; the codes themselves are fixed.
CREATE TABLE IF NOT EXISTS registry.code_name (
	list text NOT NULL CHECK (list IN ('life_status', 'work_state')),
	code integer NOT NULL,
	name text NOT NULL,
	PRIMARY KEY (list, code)
);
COMMENT ON TABLE registry.code_name IS 'names of life states and work states';

INSERT INTO registry.code_name (list, code, name) VALUES
	('life_status', 10, '正常'),
	('life_status', 11, '常住非户籍'),
	('life_status', 12, '人户分离'),
	('life_status', 13, '空挂户'),
	('life_status', 20, '死亡已注销'),
	('life_status', 21, '死亡未销户'),
	('life_status', 22, '宣告死亡或失踪'),
	('life_status', 30, '迁出本市'),
	('life_status', 31, '迁出本省'),
	('life_status', 32, '户籍注销'),
	('life_status', 33, '出国(境)定居'),
	('life_status', 34, '取得外国国籍'),
	('life_status', 40, '现役'),
	('life_status', 41, '服刑'),
	('life_status', 42, '社区矫正'),
	('life_status', 50, '在校学生'),
	('life_status', 60, '查无此人'),
	('life_status', 61, '无法联系'),
	('life_status', 62, '拒绝登记'),
	('life_status', 90, '公安库无此号'),
	('life_status', 91, '身份冲突'),
	('work_state', 10, '直接确认'),
	('work_state', 20, '待补录'),
	('work_state', 30, '待入户'),
	('work_state', 31, '入户中'),
	('work_state', 32, '待初审'),
	('work_state', 33, '初审退回'),
	('work_state', 34, '待复审'),
	('work_state', 35, '复审退回'),
	('work_state', 40, '已登记'),
	('work_state', 50, '待业务经办处理'),
	('work_state', 60, '挂起'),
	('work_state', 90, '不予登记')
ON CONFLICT DO NOTHING;

-- Persons.  The views that show persons are barriers: a condition of the
-- reader's own making must not see rows that the view leaves out.
CREATE OR REPLACE VIEW registry.person_list WITH (security_barrier) AS
SELECT
	p.person_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(p.citizen_id) END AS citizen_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.name WHEN 1 THEN registry.name_mask(p.name) END AS name,
	p.sex,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.birth_date WHEN 1 THEN make_date(extract(year FROM p.birth_date)::integer, 1, 1) END AS birth_date,
	registry.age_at(p.birth_date, (SELECT registry.reference_date())) AS age,
	p.territory::text AS territory,
	registry.region_name(p.territory, (SELECT registry.reference_date())) AS territory_name,
	p.hukou_region::text AS hukou_region,
	p.residence_region::text AS residence_region,
	p.life_status::integer AS life_status,
	life.name AS life_status_name,
	p.class,
	btrim(p.paying::text, '{}') AS paying,
	btrim(p.receiving::text, '{}') AS receiving,
	btrim(p.paused::text, '{}') AS paused,
	btrim(p.elsewhere::text, '{}') AS elsewhere,
	registry.kinds_text(p.due) AS due,
	registry.kinds_text(p.gap) AS gap,
	p.work_state,
	work.name AS work_state_name,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.phone WHEN 1 THEN registry.phone_mask(p.phone) END AS phone
FROM (
	SELECT * FROM registry.person s
	WHERE s.territory BETWEEN registry.territory_low() AND registry.territory_high() AND registry.sees(s.territory, s.person_id)
	UNION ALL
	-- who has just left a place of the reader
	SELECT * FROM registry.person s
	WHERE registry.sees_movers() AND NOT s.territory BETWEEN registry.territory_low() AND registry.territory_high()
		AND s.person_id IN (SELECT t.person_id FROM registry.transfer t
							WHERE t.territory BETWEEN registry.territory_low() AND registry.territory_high()
								AND registry.sees(t.territory) AND t.moved_on >= registry.transfer_since())
) AS p
LEFT JOIN registry.code_name life ON life.list = 'life_status' AND life.code = p.life_status
LEFT JOIN registry.code_name work ON work.list = 'work_state' AND work.code = p.work_state;
COMMENT ON VIEW registry.person_list IS 'every person the registry knows, with age at the reference date, territory, life status, coverage planes, due and missing insurance kinds';

-- One row per person and due insurance kind that nothing satisfies.
--   reason    interrupted  a scheme of the kind is paused (domain CL14)
--             employer     due through employment: the employer did not enrol (reason 02)
--             ended        a former enrolment of the kind has ended
--             never        no agency ever reported an enrolment of the kind (reason 01)
--   priority  1 aged 60 or more without any pension (CL21), 2 on the low-income list
--             without pension or medical insurance (CL22), 3 interrupted, 4 the others
--   since     month after the last month paid; for a pension never begun, not due
--             through employment, the 16th birthday; null where the facts do not say
CREATE OR REPLACE VIEW registry.unenrolled_list WITH (security_barrier) AS
SELECT
	p.person_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(p.citizen_id) END AS citizen_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.name WHEN 1 THEN registry.name_mask(p.name) END AS name,
	p.territory::text AS territory,
	registry.region_name(p.territory, (SELECT registry.reference_date())) AS territory_name,
	registry.age_at(p.birth_date, (SELECT registry.reference_date())) AS age,
	k.kind,
	CASE
		WHEN (p.standing >> (3 * k.bit)) & 7 = 4 THEN 'interrupted'
		WHEN p.due & 16 <> 0 THEN 'employer'
		WHEN past.known THEN 'ended'
		ELSE 'never'
	END AS reason,
	CASE
		WHEN k.kind = 'pension' AND registry.age_at(p.birth_date, (SELECT registry.reference_date())) >= 60 THEN 1
		WHEN k.bit <= 1 AND EXISTS (
			SELECT FROM registry.circumstance c
			WHERE c.person_id = p.person_id AND c.kind = 'low_income' AND c.ended_on IS NULL
				AND coalesce(c.start_date, '-infinity') <= (SELECT registry.reference_date())
				AND coalesce(c.end_date, 'infinity') >= (SELECT registry.reference_date())) THEN 2
		WHEN (p.standing >> (3 * k.bit)) & 7 = 4 THEN 3
		ELSE 4
	END AS priority,
	CASE
		WHEN past.last_month IS NOT NULL THEN
			CASE WHEN past.after_last <= (SELECT registry.reference_date()) THEN past.after_last END
		WHEN k.kind = 'pension' AND past.known IS NULL AND (p.standing >> (3 * k.bit)) & 7 = 5 AND p.due & 16 = 0
			-- under a mask the year alone
			THEN CASE registry.mask_of(p.territory) WHEN 0 THEN (p.birth_date + interval '16 years')::date ELSE make_date(extract(year FROM p.birth_date)::integer + 16, 1, 1) END
	END AS since
FROM (
	SELECT * FROM registry.person s
	WHERE s.territory BETWEEN registry.territory_low() AND registry.territory_high() AND registry.sees(s.territory, s.person_id)
	UNION ALL
	-- who has just left a place of the reader
	SELECT * FROM registry.person s
	WHERE registry.sees_movers() AND NOT s.territory BETWEEN registry.territory_low() AND registry.territory_high()
		AND s.person_id IN (SELECT t.person_id FROM registry.transfer t
							WHERE t.territory BETWEEN registry.territory_low() AND registry.territory_high()
								AND registry.sees(t.territory) AND t.moved_on >= registry.transfer_since())
) AS p
JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) AS k (bit, kind)
	ON p.gap & (1 << k.bit) <> 0
LEFT JOIN (SELECT s.kind, array_agg(s.scheme) AS schemes FROM registry.scheme s GROUP BY s.kind) AS s ON s.kind = k.kind
LEFT JOIN LATERAL (
	SELECT true AS known, m.last_month,
		(make_date(m.last_month / 100, m.last_month % 100, 1) + interval '1 month')::date AS after_last
	FROM (
		SELECT count(*) AS rows, max(least(e.end_month, e.paid_through)) AS last_month
		FROM registry.enrolment e
		WHERE e.person_id = p.person_id AND e.scheme = ANY (s.schemes)
	) AS m
	WHERE m.rows > 0
) AS past ON true
WHERE p.gap <> 0 AND p.class NOT IN ('gone', 'unknown', 'exempt');
COMMENT ON VIEW registry.unenrolled_list IS 'one row per person and due insurance kind not covered; priority 1 first: aged without pension, then low income, then interrupted, then the others';

CREATE OR REPLACE VIEW registry.problem_list WITH (security_barrier) AS
SELECT
	b.problem_id,
	b.rule_id,
	r.title,
	r.severity,
	nullif(b.person_id, 0) AS person_id,
	CASE registry.mask_of(b.territory) WHEN 0 THEN p.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(p.citizen_id) END AS citizen_id,
	CASE registry.mask_of(b.territory) WHEN 0 THEN p.name WHEN 1 THEN registry.name_mask(p.name) END AS name,
	b.employer,
	b.territory::text AS territory,
	registry.region_name(b.territory, (SELECT registry.reference_date())) AS territory_name,
	r.handler,
	b.state,
	btrim(b.schemes::text, '{}') AS schemes,
	b.months,
	b.amount,
	coalesce(b.decided_keep, b.keep) AS keep,
	CASE registry.mask_of(b.territory) WHEN 0 THEN b.evidence ELSE registry.evidence_mask(b.evidence) END AS evidence,
	b.batch_id,
	b.opened_at,
	b.closed_at
FROM registry.problem b
LEFT JOIN registry.rule r ON r.rule_id = b.rule_id
LEFT JOIN registry.person p ON p.person_id = b.person_id AND b.person_id > 0
-- what no place holds is the owner's
WHERE (b.territory BETWEEN registry.territory_low() AND registry.territory_high() OR b.territory IS NULL) AND registry.sees(b.territory, b.schemes);
COMMENT ON VIEW registry.problem_list IS 'findings of the rules, open and closed; person_id is null for a row whose number is broken and for findings about an employer';

-- Counts.  rate is null where nobody is due: a share of nothing is no number,
-- and a zero would pull averages down.
CREATE OR REPLACE VIEW registry.coverage_report WITH (security_invoker) AS
SELECT
	t.territory::text AS territory,
	registry.region_name(t.territory, (SELECT registry.reference_date())) AS territory_name,
	registry.region_level(t.territory) AS level,
	k.kind,
	registry.counted((sum(c.persons))::bigint, count(c.persons)) AS persons,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing > 0))::bigint, count(c.persons)) AS due,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing = 2))::bigint, count(c.persons)) AS enrolled,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing = 1))::bigint, count(c.persons)) AS receiving,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing = 3))::bigint, count(c.persons)) AS elsewhere,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing = 4))::bigint, count(c.persons)) AS interrupted,
	registry.counted((sum(c.persons) FILTER (WHERE c.standing = 5))::bigint, count(c.persons)) AS unenrolled,
	round(coalesce(sum(c.persons) FILTER (WHERE c.standing IN (1, 2, 3)), 0)
		/ nullif(sum(c.persons) FILTER (WHERE c.standing > 0), 0), 4) AS rate
FROM (SELECT DISTINCT territory FROM registry.coverage_cell) AS t
CROSS JOIN (VALUES ('pension'), ('medical'), ('unemployment'), ('injury'), ('maternity')) AS k (kind)
LEFT JOIN registry.coverage_cell c ON c.territory = t.territory AND c.kind = k.kind
GROUP BY t.territory, k.kind;
COMMENT ON VIEW registry.coverage_report IS 'coverage per territory of every level and insurance kind; each due person stands in exactly one of receiving, enrolled, elsewhere, interrupted, unenrolled; rate = (receiving + enrolled + elsewhere) / due, null when nobody is due';

-- The three reports below count persons of their last territory first and add
-- those few thousand rows up the levels of the division.  A level that a code
-- skips (a city without counties) is not counted twice.
CREATE OR REPLACE VIEW registry.scheme_report AS
WITH leaf AS (
	SELECT
		p.territory,
		registry.coverage_census(p.paying) AS paying,
		registry.coverage_census(p.receiving) AS receiving,
		registry.coverage_census(p.paused) AS paused
	FROM registry.person p
	WHERE p.class NOT IN ('gone', 'unknown') AND p.territory BETWEEN registry.counts_low() AND registry.counts_high()
	GROUP BY p.territory
), place AS (
	SELECT
		registry.region_at_level(leaf.territory, above.level) AS territory,
		above.level,
		s.bit,
		sum(leaf.paying[s.bit + 1])::bigint AS paying,
		sum(leaf.receiving[s.bit + 1])::bigint AS receiving,
		sum(leaf.paused[s.bit + 1])::bigint AS paused
	FROM leaf
	CROSS JOIN LATERAL generate_series(1, registry.region_level(leaf.territory)) AS above (level)
	CROSS JOIN registry.scheme s
	WHERE registry.region_level(registry.region_at_level(leaf.territory, above.level)) = above.level
	GROUP BY 1, 2, 3
)
SELECT
	place.territory::text AS territory,
	registry.region_name(place.territory, (SELECT registry.reference_date())) AS territory_name,
	place.level,
	s.scheme,
	s.name AS scheme_name,
	registry.shown(place.paying) AS paying,
	registry.shown(place.receiving) AS receiving,
	registry.shown(place.paused) AS paused
FROM place
JOIN registry.scheme s ON s.bit = place.bit
WHERE registry.sees_counts(place.territory);
COMMENT ON VIEW registry.scheme_report IS 'persons (neither gone nor unknown) paying, receiving and paused per territory of every level and scheme';

CREATE OR REPLACE VIEW registry.age_report AS
WITH leaf AS (
	SELECT
		p.territory,
		registry.age_band(registry.age_at(p.birth_date, (SELECT registry.reference_date()))) AS age_band,
		p.sex,
		p.standing,
		count(*) AS persons
	FROM registry.person p
	WHERE p.class NOT IN ('gone', 'unknown') AND p.territory BETWEEN registry.counts_low() AND registry.counts_high()
	GROUP BY 1, 2, 3, 4
), leaf_kind AS (
	SELECT
		leaf.territory,
		k.kind,
		leaf.age_band,
		coalesce(leaf.sex, 'U') AS sex,
		coalesce(sum(leaf.persons) FILTER (WHERE (leaf.standing >> (3 * k.bit)) & 7 > 0), 0) AS due,
		coalesce(sum(leaf.persons) FILTER (WHERE (leaf.standing >> (3 * k.bit)) & 7 IN (1, 2, 3)), 0) AS enrolled
	FROM leaf
	CROSS JOIN (VALUES (0, 'pension'), (1, 'medical'), (2, 'unemployment'), (3, 'injury'), (4, 'maternity')) AS k (bit, kind)
	GROUP BY 1, 2, 3, 4
), place AS (
	SELECT
		registry.region_at_level(leaf_kind.territory, above.level) AS territory,
		above.level,
		leaf_kind.kind,
		leaf_kind.age_band,
		leaf_kind.sex,
		sum(leaf_kind.due) AS due,
		sum(leaf_kind.enrolled) AS enrolled
	FROM leaf_kind
	CROSS JOIN LATERAL generate_series(1, registry.region_level(leaf_kind.territory)) AS above (level)
	WHERE registry.region_level(registry.region_at_level(leaf_kind.territory, above.level)) = above.level
	GROUP BY 1, 2, 3, 4, 5
)
SELECT
	place.territory::text AS territory,
	place.level,
	place.kind,
	place.age_band,
	place.sex,
	registry.shown(place.due::bigint) AS due,
	registry.shown_part(place.enrolled::bigint, place.due::bigint) AS enrolled,
	round(registry.shown_part(place.enrolled::bigint, place.due::bigint)::numeric / nullif(place.due, 0), 4) AS rate
FROM place
WHERE registry.sees_counts(place.territory);
COMMENT ON VIEW registry.age_report IS 'due and enrolled (receiving, enrolled or elsewhere) persons per territory of every level, insurance kind, age band and sex (M, F, U unknown); rate is null when nobody is due';

-- Progress of the registration.  target = persons in the household register
-- and living (target population T1); the states are counted inside it, so that
-- no rate exceeds one.  surveyed = a form has been handed in (in review or
-- registered by it); rank is among the places of one parent.
CREATE OR REPLACE VIEW registry.progress_report AS
WITH leaf AS (
	SELECT
		p.territory,
		count(*) AS target,
		count(*) FILTER (WHERE p.work_state IN (10, 40)) AS registered,
		count(*) FILTER (WHERE p.work_state = 10) AS confirmed_directly,
		count(*) FILTER (WHERE p.work_state IN (32, 33, 34, 35, 40)) AS surveyed,
		count(*) FILTER (WHERE p.work_state IN (32, 33, 34, 35)) AS in_review,
		0::bigint AS open_problems,
		0::bigint AS closed_problems
	FROM registry.person p
	WHERE p.life_status IN (10, 12, 13, 40, 41, 42, 50, 60, 61, 62)
	GROUP BY p.territory
	UNION ALL
	SELECT
		coalesce(b.territory, (SELECT s.value::region_code FROM registry.setting s WHERE s.name = 'home_region')),
		0, 0, 0, 0, 0,
		count(*) FILTER (WHERE b.state <> 'closed'),
		count(*) FILTER (WHERE b.state = 'closed')
	FROM registry.problem b
	GROUP BY 1
), place AS (
	SELECT
		registry.region_at_level(leaf.territory, above.level) AS territory,
		above.level,
		sum(leaf.target)::bigint AS target,
		sum(leaf.registered)::bigint AS registered,
		sum(leaf.confirmed_directly)::bigint AS confirmed_directly,
		sum(leaf.surveyed)::bigint AS surveyed,
		sum(leaf.in_review)::bigint AS in_review,
		sum(leaf.open_problems)::bigint AS open_problems,
		sum(leaf.closed_problems)::bigint AS closed_problems
	FROM leaf
	CROSS JOIN LATERAL generate_series(1, registry.region_level(leaf.territory)) AS above (level)
	WHERE registry.region_level(registry.region_at_level(leaf.territory, above.level)) = above.level
	GROUP BY 1, 2
), pension AS (
	SELECT
		c.territory,
		round(coalesce(sum(c.persons) FILTER (WHERE c.standing IN (1, 2, 3)), 0)
			/ nullif(sum(c.persons) FILTER (WHERE c.standing > 0), 0), 4) AS rate
	FROM registry.coverage_cell c
	WHERE c.kind = 'pension' AND (NOT c.hidden OR registry.smallest_cell() = 0)
	GROUP BY c.territory
)
SELECT
	place.territory::text AS territory,
	registry.region_name(place.territory, (SELECT registry.reference_date())) AS territory_name,
	place.level,
	registry.shown(place.target) AS target,
	registry.shown_part(place.registered, place.target) AS registered,
	registry.shown_part(place.confirmed_directly, place.target) AS confirmed_directly,
	registry.shown_part(place.surveyed, place.target) AS surveyed,
	registry.shown_part(place.in_review, place.target) AS in_review,
	registry.shown(place.open_problems) AS open_problems,
	registry.shown(place.closed_problems) AS closed_problems,
	round(registry.shown_part(place.registered, place.target)::numeric / nullif(place.target, 0), 4) AS registered_rate,
	CASE WHEN registry.shown(place.target) IS NOT NULL THEN pension.rate END AS pension_rate,
	place.rank
FROM (SELECT a.*,
		rank() OVER (
			PARTITION BY a.level, registry.region_parent(a.territory)
			ORDER BY a.registered::numeric / nullif(a.target, 0) DESC NULLS LAST)::integer AS rank
	FROM place a) AS place
LEFT JOIN pension ON pension.territory = place.territory
-- the rank is among all places of the parent, also those not shown
WHERE registry.sees_counts(place.territory);
COMMENT ON VIEW registry.progress_report IS 'progress of the registration per territory of every level; rank among the places of the same parent by registered_rate, places without target last';

-- Looking persons up.  Definer functions: who may call them need not be able to
-- read the tables.  Nobody may until granted.

-- registry.find_person(number): the person a number leads to, in any form that
-- is or ever was in use: 18 or 15 characters, another document, a broken number
-- that was repaired.  Null when it is malformed or unknown.
CREATE OR REPLACE FUNCTION registry.find_person(number text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	document record;
	found_id bigint;
BEGIN
	SELECT d.* INTO document FROM registry.document_read(find_person.number) AS d;
	IF document.id IS NOT NULL THEN
		SELECT p.person_id INTO found_id
		FROM registry.person p
		WHERE p.citizen_id OPERATOR(registry.=) document.id
		ORDER BY p.person_id
		LIMIT 1;
	END IF;
	IF found_id IS NULL THEN
		SELECT a.person_id INTO found_id
		FROM registry.person_alias a
		WHERE a.value IN (document.number, btrim(find_person.number)) AND a.kind <> 'former_name' AND a.person_id > 0
		ORDER BY a.kind = 'citizen_id' DESC, a.person_id
		LIMIT 1;
	END IF;
	RETURN found_id;
END
$function$;
COMMENT ON FUNCTION registry.find_person(text) IS 'person_id of any number old or new: 18 or 15 characters, another document, a repaired broken number; null when malformed or unknown';
REVOKE ALL ON FUNCTION registry.find_person(text) FROM PUBLIC;
