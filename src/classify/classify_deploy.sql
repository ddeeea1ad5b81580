-- Who must be in what (design: due kinds, first match wins), as data.
CREATE TABLE IF NOT EXISTS registry.due_rule (
	rank smallint NOT NULL,
	valid_from date NOT NULL DEFAULT '1900-01-01',
	valid_to date,
	condition text NOT NULL CHECK (condition IN
		('gone', 'army', 'prison', 'unregistered', 'receiving_employee_pension', 'employed_public', 'employed',
		 'under_16', 'student', 'household_adult', 'migrant')),
	due text[] NOT NULL,
	class text CHECK (class IN ('gone', 'exempt', 'unknown')),
	law text NOT NULL,
	PRIMARY KEY (rank, valid_from)
);
COMMENT ON TABLE registry.due_rule IS 'insurance kinds due by condition; the first condition by rank that a person meets decides';
COMMENT ON COLUMN registry.due_rule.class IS 'class that the condition gives whatever else is known; null: class follows from due and satisfied kinds';
COMMENT ON COLUMN registry.due_rule.due IS 'insurance kinds; injury/employer: due when work injury insurance is paid for anybody of the employer';

INSERT INTO registry.due_rule (rank, condition, due, class, law) VALUES
	(10, 'gone', '{}', 'gone', '社会保险法 57'),
	(20, 'army', '{}', 'exempt', '军人保险法 15-17'),
	(30, 'prison', '{}', 'exempt', '劳社厅函〔2001〕44号'),
	(40, 'unregistered', '{}', 'unknown', '社会保险经办条例 9'),
	(50, 'receiving_employee_pension', '{pension,medical}', NULL, '社会保险法 16, 27'),
	(60, 'employed_public', '{pension,medical,injury/employer,maternity}', NULL, '国发〔2015〕2号; 工伤保险条例 65'),
	(70, 'employed', '{pension,medical,unemployment,injury,maternity}', NULL, '社会保险法 10, 23, 33, 44, 53'),
	(80, 'under_16', '{medical}', NULL, '社会保险法 25'),
	(90, 'student', '{medical}', NULL, '国发〔2014〕8号; 国发〔2016〕3号'),
	(100, 'household_adult', '{pension,medical}', NULL, '社会保险法 20, 25; 国发〔2014〕8号'),
	(110, 'migrant', '{medical}', NULL, '国发〔2016〕3号')
ON CONFLICT DO NOTHING;

-- Schemes that went into another one: from then on the other one satisfies the
-- duty as well.
CREATE TABLE IF NOT EXISTS registry.scheme_merger (
	scheme text NOT NULL REFERENCES registry.scheme,
	into_scheme text NOT NULL REFERENCES registry.scheme,
	valid_from date NOT NULL,
	law text NOT NULL,
	PRIMARY KEY (scheme, into_scheme)
);
COMMENT ON TABLE registry.scheme_merger IS 'schemes merged into another: from valid_from on a duty of the first is satisfied by the second too';

INSERT INTO registry.scheme_merger (scheme, into_scheme, valid_from, law) VALUES
	('B', 'M1', '2020-01-01', '国办发〔2019〕10号'),
	('M3', 'M2', '2016-01-03', '国发〔2016〕3号')
ON CONFLICT DO NOTHING;

-- Old age and its gradual rise, by law and worker kind.  Whether a woman is
-- "cadre" (55) or "worker" (50) is a fact of her post, not of her number.
CREATE TABLE IF NOT EXISTS registry.retirement_rule (
	worker_kind text NOT NULL CHECK (worker_kind IN ('man', 'cadre', 'worker')),
	valid_from date NOT NULL,
	old_age integer NOT NULL CHECK (old_age BETWEEN 1 AND 1200),
	first_delayed integer CHECK (first_delayed BETWEEN 190001 AND 210012 AND first_delayed % 100 BETWEEN 1 AND 12),
	births_per_month integer CHECK (births_per_month > 0),
	cap integer CHECK (cap >= 0),
	earlier integer NOT NULL DEFAULT 0 CHECK (earlier >= 0),
	later integer NOT NULL DEFAULT 0 CHECK (later >= 0),
	law text NOT NULL,
	PRIMARY KEY (worker_kind, valid_from),
	CHECK (num_nulls(first_delayed, births_per_month, cap) IN (0, 3))
);
COMMENT ON TABLE registry.retirement_rule IS 'statutory retirement age in months and its delay by month of birth; the newest row whose valid_from is not after the reference date is the law';
COMMENT ON COLUMN registry.retirement_rule.first_delayed IS 'first month of birth (yyyymm) whose retirement is delayed, by one month; null: no delay';
COMMENT ON COLUMN registry.retirement_rule.births_per_month IS 'months of birth after which the delay grows by another month';
COMMENT ON COLUMN registry.retirement_rule.earlier IS 'months by which one may retire before the statutory month, never below old_age';
COMMENT ON COLUMN registry.retirement_rule.later IS 'months by which retirement may be put off by agreement';

INSERT INTO registry.retirement_rule (worker_kind, valid_from, old_age, first_delayed, births_per_month, cap, earlier, later, law) VALUES
	('man', '1978-06-02', 720, NULL, NULL, NULL, 0, 0, '国发〔1978〕104号'),
	('cadre', '1978-06-02', 660, NULL, NULL, NULL, 0, 0, '国发〔1978〕104号'),
	('worker', '1978-06-02', 600, NULL, NULL, NULL, 0, 0, '国发〔1978〕104号'),
	('man', '2025-01-01', 720, 196501, 4, 36, 36, 36, '全国人大常委会关于实施渐进式延迟法定退休年龄的决定'),
	('cadre', '2025-01-01', 660, 197001, 4, 36, 36, 36, '全国人大常委会关于实施渐进式延迟法定退休年龄的决定'),
	('worker', '2025-01-01', 600, 197501, 2, 60, 36, 36, '全国人大常委会关于实施渐进式延迟法定退休年龄的决定')
ON CONFLICT DO NOTHING;

-- Contribution months that a monthly pension takes, by the date of retirement.
CREATE TABLE IF NOT EXISTS registry.minimum_contribution (
	valid_from date PRIMARY KEY,
	months integer NOT NULL CHECK (months > 0),
	law text NOT NULL
);
COMMENT ON TABLE registry.minimum_contribution IS 'contribution months needed for a monthly employee pension by whoever retires from valid_from on';

INSERT INTO registry.minimum_contribution (valid_from, months, law)
SELECT '1997-07-16', 180, '国发〔1997〕26号; 社会保险法 16'
UNION ALL
SELECT make_date(y, 1, 1), 180 + 6 * (y - 2029), '全国人大常委会关于实施渐进式延迟法定退休年龄的决定'
FROM generate_series(2030, 2039) y
ON CONFLICT DO NOTHING;

/*
 * registry.retirement_bounds(sex, worker_kind, birth [, law_of]) → earliest, statutory, latest (yyyymm)
 *
 * sex 'M' or 'F'; worker_kind 'cadre' (old age 55) or 'worker' (50) of a woman,
 * ignored for men.  A woman whose kind is unknown may be either: earliest is
 * then that of a worker, latest that of a cadre, statutory null.  law_of: day
 * whose law is asked for; null means the newest law.
 * Source: 全国人大常委会关于实施渐进式延迟法定退休年龄的决定 (2024-09-13), 国发〔1978〕104号.
 * Errors: 22023 for another sex or worker kind.
 */
CREATE OR REPLACE FUNCTION registry.retirement_bounds(sex text, worker_kind text, birth date, law_of date DEFAULT NULL,
	OUT earliest integer, OUT statutory integer, OUT latest integer)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	kinds text[];
BEGIN
	IF sex IS NULL OR sex NOT IN ('M', 'F') THEN
		RAISE EXCEPTION 'sex must be M or F, not "%"', sex USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF worker_kind NOT IN ('man', 'cadre', 'worker') OR (sex = 'F' AND worker_kind = 'man') THEN
		RAISE EXCEPTION 'unknown worker kind "%"', worker_kind
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A woman is "cadre" (old age 55), "worker" (50) or, when it is not known, null.';
	END IF;
	kinds := CASE WHEN sex = 'M' THEN '{man}' WHEN worker_kind IS NULL THEN '{worker,cadre}' ELSE ARRAY[worker_kind] END;
	SELECT min(m.earliest), CASE WHEN min(m.statutory) = max(m.statutory) THEN min(m.statutory) END, max(m.latest)
	INTO retirement_bounds.earliest, retirement_bounds.statutory, retirement_bounds.latest
	FROM (SELECT registry.retirement_by_rule(birth, l.old_age, l.first_delayed, l.births_per_month, l.cap, l.earlier, l.later, -1) AS earliest,
				 registry.retirement_by_rule(birth, l.old_age, l.first_delayed, l.births_per_month, l.cap, l.earlier, l.later, 0) AS statutory,
				 registry.retirement_by_rule(birth, l.old_age, l.first_delayed, l.births_per_month, l.cap, l.earlier, l.later, 1) AS latest
		  FROM (SELECT DISTINCT ON (r.worker_kind) r.* FROM registry.retirement_rule r
				WHERE r.worker_kind = ANY (kinds) AND r.valid_from <= coalesce(law_of, 'infinity')
				ORDER BY r.worker_kind, r.valid_from DESC) l) m;
END;
$$;
COMMENT ON FUNCTION registry.retirement_bounds(text, text, date, date) IS 'earliest, statutory and latest month (yyyymm) of retirement by sex, worker kind and birth date';

/*
 * registry.retirement_month(sex, worker_kind, birth [, law_of]) → statutory
 * retirement month (yyyymm); null for a woman whose worker kind is unknown,
 * unless both kinds lead to the same month.  Arguments, source and errors as
 * of registry.retirement_bounds().
 */
CREATE OR REPLACE FUNCTION registry.retirement_month(sex text, worker_kind text, birth date, law_of date DEFAULT NULL)
	RETURNS integer
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN (SELECT b.statutory FROM registry.retirement_bounds(sex, worker_kind, birth, law_of) b);
END;
$$;
COMMENT ON FUNCTION registry.retirement_month(text, text, date, date) IS 'statutory retirement month (yyyymm) by sex, worker kind (cadre, worker) and birth date';

/*
 * registry.minimum_contribution_months(day) → contribution months needed for a
 * monthly employee pension by whoever retires on that day; null before there
 * was such a minimum.  Source: 社会保险法 16; the decision of 2024-09-13, annex.
 */
CREATE OR REPLACE FUNCTION registry.minimum_contribution_months(day date) RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE STRICT
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT m.months FROM registry.minimum_contribution m WHERE m.valid_from <= day ORDER BY m.valid_from DESC LIMIT 1;
END;
COMMENT ON FUNCTION registry.minimum_contribution_months(date) IS 'contribution months needed for a monthly employee pension by whoever retires on a day';
