#!/usr/bin/env bash
# Identity on a generated city, against the truth of its generator: rows with a
# wrong number found again, nobody joined who is two, and what it costs.
#   PERSONS=200000 SEED=3 test/check t/linkage.sh   a bigger one
set -uo pipefail
. "$(dirname "$0")/../city.sh"
persons=${PERSONS:-20000} seed=${SEED:-11}
dir=$REGISTRY_PLACE/linkage
city_make "$dir" --persons "$persons" --seed "$seed"
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database registry_linkage "$dir/regions.csv"
city_receive registry_linkage "$dir/1" && city_compare registry_linkage
"${psql[@]}" -d registry_linkage <<-SQL
	SET client_min_messages = warning;
	CREATE SCHEMA truth;
	CREATE TABLE truth.owner (source text, line_no integer, citizen_id text, matchable boolean);
	\copy truth.owner FROM '$dir/1/truth_owner.tsv' (FORMAT csv, DELIMITER E'\t', HEADER)
	CREATE TABLE truth.row AS
	SELECT o.*, f.person_id AS found, f.row_key, registry.find_person(o.citizen_id) AS owner, f.fault, f.citizen_id AS became
	FROM truth.owner o
	JOIN (SELECT e.source, e.line_no, e.person_id, e.row_key, e.fault, e.citizen_id FROM registry.enrolment e
		  UNION ALL SELECT c.source, c.line_no, c.person_id, c.row_key, c.fault, c.citizen_id FROM registry.circumstance c
		  UNION ALL SELECT w.source, w.line_no, w.person_id, w.row_key, w.fault, w.citizen_id FROM registry.elsewhere w) f USING (source, line_no);
	CREATE TABLE truth.answer AS
	SELECT r.*,
		   r.fault IS NOT NULL AND r.found > 0 AS repaired,
		   -- of a broken number the proposal stands at whom it may mean, of a mistaken one it is a link
		   EXISTS (SELECT FROM registry.problem p WHERE p.rule_id = 'DP06' AND p.state <> 'closed' AND p.person_id = r.owner
				   AND p.finding_key = hashtextextended(r.row_key::text, 0))
		   OR EXISTS (SELECT FROM registry.link_list l WHERE l.kind = 'proposal' AND l.state = 'open' AND l.person_id = r.owner AND l.other_id = r.found) AS proposed
	FROM truth.row r;
SQL
"${psql[@]}" -d registry_linkage <<-'SQL'
	SELECT '# ' || count(*) || ' rows with a wrong number, ' || count(*) FILTER (WHERE matchable) || ' of them to be found; repaired ' || count(*) FILTER (WHERE repaired)
		|| ', proposed ' || count(*) FILTER (WHERE proposed AND NOT repaired) || ', proposals of persons ' || (SELECT string_agg(n || ' ' || rule_id, ', ' ORDER BY rule_id)
		FROM (SELECT l.rule_id, count(*) AS n FROM registry.link l WHERE l.kind = 'proposal' GROUP BY 1) k) FROM truth.answer;
	SELECT CASE WHEN count(*) > 20 THEN 'ok' ELSE 'not ok' END || ' - the city holds rows to be found' FROM truth.answer WHERE matchable;
	SELECT CASE WHEN right_ones >= 0.999 * repaired THEN 'ok' ELSE 'not ok' END || ' - rows joined automatically: ' || right_ones || ' of ' || repaired || ' are with their owner (99.9 % needed)'
	FROM (SELECT count(*) FILTER (WHERE repaired) AS repaired, count(*) FILTER (WHERE repaired AND found = owner) AS right_ones FROM truth.answer) s;
	SELECT CASE WHEN found >= 0.98 * all_rows THEN 'ok' ELSE 'not ok' END || ' - rows to be found: ' || found || ' of ' || all_rows || ' repaired or proposed (98 % needed)'
	FROM (SELECT count(*) AS all_rows, count(*) FILTER (WHERE repaired AND found = owner OR proposed) AS found FROM truth.answer WHERE matchable) s;
	SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'not ok' END || ' - persons joined automatically of whom the police hold two as living: ' || count(*)
	FROM (SELECT p.person_id FROM registry.population p WHERE p.ended_on IS NULL AND p.status IN (10, 40, 41) AND p.person_id > 0
		  GROUP BY p.person_id HAVING count(DISTINCT p.citizen_id) > 1) j;
	SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'not ok' END || ' - nobody''s row was given to a living person by mistake: ' || count(*)
	FROM truth.answer WHERE fault IS NOT NULL AND found > 0 AND found IS DISTINCT FROM owner;
	SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'not ok' END || ' - proposals between two whom the police hold as living: ' || count(*)
	FROM registry.link l
	WHERE l.kind = 'proposal' AND EXISTS (SELECT FROM registry.population p WHERE p.person_id = l.person_id AND p.ended_on IS NULL AND p.citizen_id IS NOT NULL)
	  AND EXISTS (SELECT FROM registry.population p WHERE p.person_id = l.other_id AND p.ended_on IS NULL AND p.citizen_id IS NOT NULL);
	SELECT '# proposals B2 that are right: ' || count(*) FILTER (WHERE r.owner = l.person_id) || ' of ' || count(*)
	FROM registry.link l LEFT JOIN (SELECT DISTINCT found, owner FROM truth.row) r ON r.found = l.other_id WHERE l.kind = 'proposal' AND l.rule_id = 'B2';
	SELECT CASE WHEN sum(v.failing) = 0 THEN 'ok' ELSE 'not ok' END || ' - verify() finds nothing' FROM registry.verify() v;
SQL
