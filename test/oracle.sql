-- Compares the registry in this database with the truth of a generated delivery,
-- loaded into schema truth.  Prints one TAP line per check and a sample of what
-- differs.  Rows of the generator are keyed by number, employer code or
-- source:line, because person ids are the registry's own.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

CREATE TEMP VIEW row_place AS
SELECT DISTINCT ON (j.row_key) hashtextextended(j.row_key::text, 0) AS finding_key, j.source || ':' || j.line_no AS place
FROM registry.reject j WHERE j.row_key IS NOT NULL ORDER BY j.row_key, j.batch_id DESC;

CREATE TEMP TABLE found AS
SELECT l.rule_id, coalesce(CASE WHEN l.state = 'closed' AND l.rule_id IN ('ID02', 'ID03', 'ID04', 'ID08') THEN r.place END,
						   l.citizen_id, l.employer, r.place, '?') AS key,
	   l.months, l.amount, CASE WHEN l.state = 'closed' THEN 'closed' ELSE 'open' END AS state
FROM registry.problem_list l
JOIN registry.problem p ON p.problem_id = l.problem_id
LEFT JOIN row_place r ON r.finding_key = p.finding_key;

CREATE TEMP TABLE outcome (name text, failing bigint, sample text);

-- a person known from no current row is not in the truth
INSERT INTO outcome
SELECT 'person_list: ' || v.item, count(*) FILTER (WHERE v.found IS DISTINCT FROM v.truth),
	   (array_agg(format('%s: found %s, truth %s', v.citizen_id, v.found, v.truth)) FILTER (WHERE v.found IS DISTINCT FROM v.truth))[1:5]::text
FROM (SELECT coalesce(l.citizen_id, t.citizen_id) AS citizen_id, i.*
	  FROM registry.person_list l FULL JOIN truth.person t ON t.citizen_id = l.citizen_id
	  CROSS JOIN LATERAL (VALUES ('persons', (l.person_id IS NOT NULL)::text, (t.citizen_id IS NOT NULL)::text),
								 ('class', l.class, t.class), ('paying', l.paying, coalesce(t.paying, '')),
								 ('receiving', l.receiving, coalesce(t.receiving, '')), ('paused', l.paused, coalesce(t.paused, '')),
								 ('elsewhere', l.elsewhere, coalesce(t.elsewhere, '')), ('due', l.due, coalesce(t.due, '')),
								 ('gap', l.gap, coalesce(t.gap, '')), ('life_status', l.life_status::text, t.life_status),
								 ('territory', l.territory, t.territory)) i(item, found, truth)
	  WHERE i.item = 'persons' OR (l.person_id IS NOT NULL AND t.citizen_id IS NOT NULL)) v
GROUP BY v.item;

-- open problems are exactly the truth's; closed ones may be more after several deliveries
INSERT INTO outcome
SELECT 'problem_list: ' || rule_id, count(*) FILTER (WHERE NOT same),
	   (array_agg(format('%s %s months %s amount %s', CASE WHEN in_truth THEN 'missing' ELSE 'extra' END, key, months, amount)) FILTER (WHERE NOT same))[1:6]::text
FROM (SELECT coalesce(f.rule_id, t.rule_id) AS rule_id, coalesce(f.key, t.key) AS key, coalesce(f.months, t.months) AS months,
			 coalesce(f.amount, t.amount) AS amount, f.key IS NOT NULL AND t.key IS NOT NULL AS same, t.key IS NOT NULL AS in_truth
	  FROM (SELECT *, row_number() OVER (PARTITION BY rule_id, key) AS n FROM found WHERE state = 'open') f
	  FULL JOIN (SELECT *, row_number() OVER (PARTITION BY rule_id, key) AS n FROM truth.problem WHERE state = 'open') t
		ON t.rule_id = f.rule_id AND t.key = f.key AND t.n = f.n
		   AND coalesce(t.months, -1) = coalesce(f.months, -1)
		   AND coalesce(t.amount, f.amount, -1) = coalesce(f.amount, -1)) d
GROUP BY rule_id;

INSERT INTO outcome
SELECT 'closed as repaired: ' || t.rule_id, count(*) FILTER (WHERE f.key IS NULL), (array_agg(t.key) FILTER (WHERE f.key IS NULL))[1:5]::text
FROM truth.problem t LEFT JOIN found f ON f.rule_id = t.rule_id AND f.key = t.key AND f.state = 'closed'
WHERE t.state = 'closed' GROUP BY t.rule_id;

INSERT INTO outcome
SELECT 'reject_list: ' || code, count(*) FILTER (WHERE NOT same),
	   (array_agg(format('%s %s:%s %s', CASE WHEN in_truth THEN 'missing' ELSE 'extra' END, source, line_no, state)) FILTER (WHERE NOT same))[1:6]::text
FROM (SELECT coalesce(f.code, t.code) AS code, coalesce(f.source, t.source) AS source, coalesce(f.line_no, t.line_no) AS line_no,
			 coalesce(f.state, t.state) AS state, f.code IS NOT NULL AND t.code IS NOT NULL AS same, t.code IS NOT NULL AS in_truth
	  FROM (SELECT * FROM registry.reject_list l
			WHERE l.batch_id IN (SELECT max(b.batch_id) FROM registry.batch_list b GROUP BY b.source)) f
	  FULL JOIN truth.reject t ON t.source = f.source AND t.line_no = f.line_no AND t.code = f.code
		   AND coalesce(t.state, f.state) = f.state) d
GROUP BY code;

INSERT INTO outcome
SELECT 'batch_list', count(*) FILTER (WHERE NOT same), (array_agg(txt) FILTER (WHERE NOT same))[1:8]::text
FROM (SELECT (l.received, l.rejected, l.unchanged, l.inserted, l.changed, l.ended) IS NOT DISTINCT FROM
			 (t.received, t.rejected, t.unchanged, t.inserted, t.changed, t.ended) AS same,
			 format('%s: found %s/%s/%s/%s/%s/%s truth %s/%s/%s/%s/%s/%s (received/rejected/unchanged/inserted/changed/ended)', t.source,
					l.received, l.rejected, l.unchanged, l.inserted, l.changed, l.ended,
					t.received, t.rejected, t.unchanged, t.inserted, t.changed, t.ended) AS txt
	  FROM truth.batch t
	  LEFT JOIN (SELECT DISTINCT ON (b.source) b.* FROM registry.batch_list b ORDER BY b.source, b.batch_id DESC) l ON l.source = t.source
	  -- the same file as last month's is refused and makes no batch
	  WHERE l.cutoff = (SELECT max(b.cutoff) FROM registry.batch_list b)) d;

INSERT INTO outcome
SELECT 'coverage_report', count(*) FILTER (WHERE NOT same), (array_agg(txt) FILTER (WHERE NOT same))[1:5]::text
FROM (SELECT (c.persons, c.due, c.enrolled, c.receiving, c.elsewhere, c.interrupted, c.unenrolled) IS NOT DISTINCT FROM
			 (t.persons, t.due, t.enrolled, t.receiving, t.elsewhere, t.interrupted, t.unenrolled) AS same,
			 format('%s %s', t.territory, t.kind) AS txt
	  FROM truth.coverage t LEFT JOIN registry.coverage_report c ON c.territory = t.territory AND c.kind = t.kind) d;

INSERT INTO outcome SELECT 'verify: ' || v."check", v.failing, v.sample FROM registry.verify() v;

SELECT CASE WHEN failing = 0 THEN 'ok' ELSE 'not ok' END || ' - ' || :'label' || ' ' || name
	   || CASE WHEN failing = 0 THEN '' ELSE E'\n#   ' || failing || ' differ: ' || coalesce(sample, '') END
FROM outcome ORDER BY name;
