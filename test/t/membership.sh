#!/usr/bin/env bash
# The stored sets of a generated city against its rows and its files: after the
# first delivery, and after the second, where only touched persons are looked at.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
dir=$REGISTRY_PLACE/membership
city_make "$dir" --persons "${PERSONS:-5000}" --seed "${SEED:-11}" --second
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database registry_membership_city "$dir/regions.csv"
query() { "${psql[@]}" -d registry_membership_city -c "SET search_path = registry, public" -c "$1"; }
check() {	# name, expected, query
	local answer
	answer=$(query "$3" 2>&1 | tail -5)
	if [ "$answer" = "$2" ]; then echo "ok - $1"; else echo "not ok - $1: $answer, not $2"; fi
}
# who stands in current rows, without sets
stated="SELECT source, person_id FROM population WHERE ended_on IS NULL AND person_id > 0
	UNION SELECT source, person_id FROM enrolment WHERE ended_on IS NULL AND person_id > 0
	UNION SELECT source, person_id FROM circumstance WHERE ended_on IS NULL AND person_id > 0
	UNION SELECT source, person_id FROM elsewhere WHERE ended_on IS NULL AND person_id > 0"
judge() {	# label
	check "$1 the sets are the persons of the rows" 0 "
		SELECT count(*) FROM (
			(SELECT s.source, m FROM source s CROSS JOIN LATERAL unnest(members(s.source)) m WHERE s.kind <> 'employer' EXCEPT ($stated))
			UNION ALL (($stated) EXCEPT SELECT s.source, m FROM source s CROSS JOIN LATERAL unnest(members(s.source)) m WHERE s.kind <> 'employer')) d"
	check "$1 the pairs of sources count as the rows do" 0 "
		WITH stated AS MATERIALIZED ($stated),
		pair AS (SELECT a.source AS a, b.source AS b, count(*) AS both FROM stated a JOIN stated b USING (person_id) WHERE a.source < b.source GROUP BY 1, 2),
		size AS (SELECT source, count(*) AS persons FROM stated GROUP BY 1)
		SELECT count(*) FROM source_overlap() o
		LEFT JOIN pair p ON p.a = o.source_a AND p.b = o.source_b
		LEFT JOIN size x ON x.source = o.source_a LEFT JOIN size y ON y.source = o.source_b
		WHERE (o.both, o.only_a, o.only_b) IS DISTINCT FROM
			(coalesce(p.both, 0), coalesce(x.persons, 0) - coalesce(p.both, 0), coalesce(y.persons, 0) - coalesce(p.both, 0))"
}
city_receive registry_membership_city "$dir/1" && city_compare registry_membership_city
judge 'first delivery:'
check 'first delivery: every source but the employers has a set' t "SELECT count(*) = 20 FROM membership"

# the rows as they were, to say without sets what the second delivery changed
query "CREATE SCHEMA before;
	CREATE TABLE before.stated AS $stated;
	CREATE TABLE before.enrolment AS SELECT source, row_key, row_hash, person_id FROM enrolment WHERE ended_on IS NULL AND person_id > 0"
city_receive registry_membership_city "$dir/2" && city_compare registry_membership_city
judge 'second delivery:'
check 'second delivery: only touched persons were looked at' t "
	SELECT person_set_size(touched) * 8 < (SELECT reltuples FROM pg_class WHERE oid = 'enrolment'::regclass)
	FROM membership_touch ORDER BY membership_no DESC LIMIT 1"
check 'second delivery: entered, left and changed are those of the rows' 0 "
	WITH said AS (
		SELECT first.source, c.person_id, c.change FROM
			(SELECT source, min(batch_id) AS a, max(batch_id) AS b FROM membership GROUP BY source HAVING count(*) = 2) first
			CROSS JOIN LATERAL compare_batches(first.a, first.b) c
		JOIN source s ON s.source = first.source AND s.kind = 'enrolment'),
	now AS (SELECT source, row_key, row_hash, person_id FROM enrolment WHERE ended_on IS NULL AND person_id > 0),
	differs AS (
		SELECT source, coalesce(n.person_id, o.person_id) AS person_id FROM now n FULL JOIN before.enrolment o USING (source, row_key)
		WHERE n.row_hash IS DISTINCT FROM o.row_hash OR n.person_id IS DISTINCT FROM o.person_id
		UNION SELECT source, o.person_id FROM now n FULL JOIN before.enrolment o USING (source, row_key)
		WHERE o.person_id IS NOT NULL AND (n.row_hash IS DISTINCT FROM o.row_hash OR n.person_id IS DISTINCT FROM o.person_id)),
	meant AS (
		SELECT d.source, d.person_id, CASE WHEN NOT EXISTS (SELECT FROM before.enrolment o WHERE o.source = d.source AND o.person_id = d.person_id) THEN 'entered'
			WHEN NOT EXISTS (SELECT FROM now n WHERE n.source = d.source AND n.person_id = d.person_id) THEN 'left' ELSE 'changed' END AS change
		FROM differs d)
	SELECT count(*) FROM ((TABLE said EXCEPT TABLE meant) UNION ALL (TABLE meant EXCEPT TABLE said)) x"
check 'second delivery: there is something to say' t "SELECT count(DISTINCT c.change) = 3 AND count(*) > 100 FROM
	(SELECT min(batch_id) AS a, max(batch_id) AS b FROM membership GROUP BY source HAVING count(*) = 2) first CROSS JOIN LATERAL compare_batches(first.a, first.b) c"
# what is counted from touched persons is what everybody's rows give
check 'second delivery: changed persons equal a count over all rows' 0 "
	SELECT count(*) FROM (VALUES ('population'), ('enrolment'), ('circumstance'), ('elsewhere')) k(kind)
	CROSS JOIN LATERAL count_members(k.kind, ARRAY(SELECT max(b.batch_id) FROM batch b JOIN source s USING (source)
		WHERE s.kind = k.kind GROUP BY b.source HAVING count(*) = 2), NULL) n
	JOIN membership m USING (batch_id) WHERE (m.members, m.changed) IS DISTINCT FROM (n.members, n.stated | n.ended)"
query 'DROP SCHEMA before CASCADE' 2>/dev/null
"${psql[@]}" -d postgres -c 'DROP DATABASE registry_membership_city'
rm -rf "$dir"
