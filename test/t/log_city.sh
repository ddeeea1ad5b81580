#!/usr/bin/env bash
# The change log of a generated city: the past is what was reported then, a
# delivery can be taken back, and every row follows from the log.  Prints TAP.
set -uo pipefail
. "$(dirname "$0")/../city.sh"

db=registry_log_city
dir=$REGISTRY_PLACE/log_city
count=0
failed=0
ok() { # status description [detail]
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		[ -z "${3:-}" ] || sed 's/^/# /' <<<"$3" | head -20
	fi
}
is() { if [ "$1" = "$2" ]; then ok 0 "$3"; else ok 1 "$3" "got:      $1
expected: $2"; fi; }
run() { PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d "$db" -c 'SET search_path = registry, public' "$@" 2>&1 | grep -v '^SET$'; }

city_make "$dir" --persons 2000 --seed 11 --second
city_database "$db" "$root/data/huainan_regions.csv"
city_receive "$db" "$dir/1" || { echo "Bail out! nothing to receive"; exit 1; }
city_compare "$db"
run -c 'SELECT seal()' -c 'CREATE TABLE public.first AS SELECT * FROM person_list' -c 'CREATE TABLE public.first_coverage AS SELECT * FROM coverage_report' \
	-c 'CREATE TABLE public.first_enrolment AS SELECT person_id, enrolment_id, row_texts(e) AS texts FROM enrolment e' \
	-c 'CREATE TABLE public.first_moment AS SELECT clock_timestamp() AS at' >/dev/null
is "$(run -c 'SELECT * FROM verify_log()')$(run -c 'SELECT * FROM verify_rows()')" "" "after the first load every row follows from the log"
is "$(run -c "SELECT sum(l.rows) FROM change_log l JOIN log_shape s USING (shape_id) WHERE s.relation = 'enrolment' AND operation = 'I'")" \
	"$(run -c 'SELECT count(*) FROM enrolment')" "each enrolment row is logged as inserted once"
is "$(run -c "SELECT count(DISTINCT batch_id) FROM log_entries WHERE relation = 'enrolment' AND operation = 'INSERT'")" \
	"$(run -c 'SELECT count(DISTINCT batch_id) FROM enrolment')" "under the batch that brought it"

city_receive "$db" "$dir/2"
city_compare "$db"
is "$(run -c "SELECT count(*) > 0 FROM ((TABLE coverage_report) EXCEPT (TABLE public.first_coverage)) d")" t "the next delivery changes the coverage"
is "$(run -c "SELECT count(*) FROM public.first_moment m, LATERAL ((SELECT * FROM coverage_as_of(m.at) EXCEPT SELECT * FROM public.first_coverage)
	UNION ALL (SELECT * FROM public.first_coverage EXCEPT SELECT * FROM coverage_as_of(m.at))) d")" 0 "coverage_as_of() is the report of then"
is "$(run -c "SELECT count(*) FROM public.first_moment m, public.first f LEFT JOIN LATERAL (SELECT * FROM person_as_of(f.person_id, (SELECT at FROM public.first_moment))) p ON true
	WHERE f.person_id % 5 = 0 AND (p.citizen_id, p.name, p.class, p.paying, p.receiving, p.due, p.gap, p.territory, p.life_status, p.work_state)
		IS DISTINCT FROM (f.citizen_id, f.name, f.class, f.paying, f.receiving, f.due, f.gap, f.territory, f.life_status, f.work_state)")" 0 "person_as_of() is the person of then"
is "$(run -c "SELECT count(*) FROM public.first_moment m, LATERAL (SELECT texts FROM public.first_enrolment EXCEPT SELECT t FROM table_as_of('enrolment', m.at) t) d")" 0 "table_as_of() are the rows of then"
is "$(run -c "SELECT count(*) FROM public.first_moment m, table_as_of('enrolment', m.at)")" "$(run -c 'SELECT count(*) FROM public.first_enrolment')" "and no more"
is "$(run -c "SELECT count(*) > 0, bool_and(p.territory::region_code <@ '340421'), bool_and(c.changed_at > m.at)
	FROM public.first_moment m, changes_between(m.at, now(), '340421') c JOIN person_list p USING (person_id) GROUP BY m.at")" "t|t|t" "changes_between() keeps to its territory and time"
run -c 'SELECT seal()' >/dev/null
is "$(run -c 'SELECT * FROM verify_log()')$(run -c 'SELECT * FROM verify_rows()')" "" "after the second delivery every row follows from the log"

# Taken back, newest batch first.
first=$(run -c "SELECT max(batch_id) FROM batch WHERE finished_at < (SELECT at FROM public.first_moment)")
conflicts=0
for batch in $(run -c "SELECT batch_id FROM batch WHERE batch_id > $first AND state = 'applied' ORDER BY 1 DESC"); do
	out=$(run -c "SELECT * FROM revert_batch($batch)")
	[ -z "$out" ] || { conflicts=$((conflicts + 1)); echo "# batch $batch: $(head -2 <<<"$out" | cut -c1-200)"; }
done
is "$conflicts" 0 "every batch of the second delivery is taken back without conflict"
is "$(run -c "SELECT count(*) FROM batch WHERE state = 'discarded'")" "$(run -c "SELECT count(*) FROM batch WHERE batch_id > $first AND state = 'discarded'")" "they are discarded"
is "$(run -c "SELECT count(*) FROM (SELECT f.texts - '{territory}'::text[] FROM public.first_enrolment f EXCEPT SELECT row_texts(e) - '{territory}'::text[] FROM enrolment e) d")" 0 "enrolment rows are as before"
is "$(run -c "SELECT count(*) FROM enrolment")" "$(run -c 'SELECT count(*) FROM public.first_enrolment')" "and as many"
PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d "$db" -c 'CALL registry.compare(full => true)'
is "$(run -c "SELECT count(*) FROM ((TABLE coverage_report) EXCEPT (TABLE public.first_coverage)) d")" 0 "the coverage is that of the first delivery"
is "$(run -c "SELECT count(*) FROM verify() WHERE failing > 0")" 0 "verify() agrees"
is "$(run -c 'SELECT * FROM verify_rows()')" "" "and the log knows it all"
out=$(run -c 'SELECT * FROM revert_batch(1000000)'); grep -q 'is not applied' <<<"$out"; ok $? "a batch that does not exist is refused" "$out"
PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d postgres -c "DROP DATABASE $db"
rm -rf "$dir"
echo "1..$count"
[ "$failed" -eq 0 ]
