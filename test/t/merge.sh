#!/usr/bin/env bash
# Merges that are undone later leave nothing behind: two registries live through
# the same random history of merges, splits, not_same, corrections and batches,
# one of them without the merges that the other undoes at some later time.
# After every round both must hold the same, and verify() must find nothing.
#   ACTS=10000 SEED=3 test/check t/merge.sh   a longer one
set -uo pipefail
. "$(dirname "$0")/../city.sh"
acts=${ACTS:-1000} seed=${SEED:-1} round=100
quiet='-c client_min_messages=error'
dir=$build/merge
rm -rf "$dir" && mkdir -p "$dir"

ask() { PGOPTIONS=$quiet "${psql[@]}" -d "$@"; }
fail() { echo "not ok - $1"; exit 1; }

for db in registry_merge_a registry_merge_b; do
	ask postgres -c "DROP DATABASE IF EXISTS $db" -c "CREATE DATABASE $db TEMPLATE template0 ENCODING 'UTF8'"
done
ask registry_merge_a -c 'CREATE EXTENSION registry' -c "CALL registry.deploy('340400')"
ask registry_merge_a -f "$root/test/merge.sql" || fail 'two registries are made'
ask postgres -c 'DROP DATABASE registry_merge_b' -c 'CREATE DATABASE registry_merge_b TEMPLATE registry_merge_a' || fail 'two registries are made'

unclean=0 different=0 rounds=0 start=1
while [ $start -le "$acts" ]; do
	rounds=$((rounds + 1))
	ask registry_merge_a -c "SELECT setseed(('0.' || $((seed * 1000 + rounds)))::float8)" -c "CALL spec.invent($start, $round)" > /dev/null || fail "round $rounds goes on"
	# while merges that will pass still stand
	ask registry_merge_a -c "SELECT '#   round $rounds: ' || v FROM registry.verify() v WHERE v.failing > 0" > "$dir/verify"
	ask registry_merge_a -c "CALL spec.undo_passing($((start + round)))" || fail "round $rounds: merges are undone"
	ask registry_merge_a -c "SELECT '#   round $rounds, merges undone: ' || v FROM registry.verify() v WHERE v.failing > 0" >> "$dir/verify"
	[ -s "$dir/verify" ] && { unclean=$((unclean + 1)); head -5 "$dir/verify"; }

	last=$(ask registry_merge_a -c "SELECT max(seq) FROM spec.history")
	ask registry_merge_a -c "\copy (SELECT seq, act, a, b, payload, source, cutoff, done, refused, passing FROM spec.history WHERE seq >= $start ORDER BY seq) TO '$dir/history'"
	ask registry_merge_b -c "\copy spec.history (seq, act, a, b, payload, source, cutoff, done, refused, passing) FROM '$dir/history'" -c 'CALL spec.replay()' ||
		fail "round $rounds is repeated without the merges that passed"
	ask registry_merge_a -c 'SELECT spec.state()' > "$dir/a"
	ask registry_merge_b -c 'SELECT spec.state()' > "$dir/b"
	if ! cmp -s "$dir/a" "$dir/b"; then
		different=$((different + 1))
		echo "#   round $rounds, acts $start to $last:"
		diff "$dir/b" "$dir/a" | head -6 | cut -c1-900 | sed 's/^/#   /'
		[ $different -lt 3 ] || break
	fi
	start=$((last + 1))
done
ask registry_merge_b -c "SELECT '#   without: ' || v FROM registry.verify() v WHERE v.failing > 0" > "$dir/verify"
[ -s "$dir/verify" ] && { unclean=$((unclean + 1)); cat "$dir/verify"; }

ask registry_merge_a -F ' ' -c "SELECT '# ' || count(*) || ' acts, refused ' || count(*) FILTER (WHERE NOT done)
	|| ': ' || (SELECT string_agg(r.n || ' ' || r.act || coalesce(' ' || r.refused, ''), ', ' ORDER BY r.act, r.refused) FROM (SELECT act, refused, count(*) AS n FROM spec.history GROUP BY 1, 2) r) FROM spec.history"
[ $different -eq 0 ] && echo "ok - $rounds rounds: an undone merge leaves the state as if it had never been" || echo "not ok - an undone merge leaves traces in $different rounds"
[ $unclean -eq 0 ] && echo "ok - verify() finds nothing in $rounds rounds" || echo "not ok - verify() finds something in $unclean rounds"
[ "$acts" -lt 500 ] || enough=$(ask registry_merge_a -c "SELECT count(*) FILTER (WHERE act = 'merge' AND done AND passing) >= $acts / 20 AND count(*) FILTER (WHERE act = 'split' AND done) >= $acts / 20
	AND count(DISTINCT refused) >= 4 AND (SELECT count(*) FROM registry.person_merged) > 0 FROM spec.history")
[ "${enough:-t}" = t ] && echo 'ok - the history merged, undid and was refused often enough' || echo 'not ok - the history proves little'

# every row ever received is there once, with its origin
lost=$(ask registry_merge_a -c "SELECT count(*) FROM (SELECT row_key, origin_person, person_id FROM registry.enrolment UNION ALL SELECT row_key, origin_person, person_id FROM registry.population
	UNION ALL SELECT row_key, origin_person, person_id FROM registry.circumstance) f LEFT JOIN registry.person_merged m USING (origin_person) WHERE f.person_id <> coalesce(m.person_id, f.origin_person)")
[ "$lost" = 0 ] && echo 'ok - every row stands with the person of its origin' || echo "not ok - $lost rows stand elsewhere"
unresolved=$(ask registry_merge_a -c "SELECT count(*) FROM registry.link l WHERE registry.resolve_person(l.person_id) IS NULL OR registry.resolve_person(l.other_id) IS NULL")
[ "$unresolved" = 0 ] && echo 'ok - every id that was ever merged resolves' || echo "not ok - $unresolved ids lead nowhere"

# two at once: an act waits for another and for compare(), and goes by what they left
ask registry_merge_b -c "CALL spec.undo_passing(1000000)" -c "SELECT registry.split_person(l.link_id, 'x') FROM registry.link l WHERE l.kind IN ('merge', 'not_same') AND l.undone_by IS NULL" > /dev/null
people=($(ask registry_merge_b -c "SELECT p.person_id FROM registry.person p WHERE p.life_status = 90 ORDER BY 1 LIMIT 6"))
waits() { for _ in $(seq 100); do [ "$(ask registry_merge_b -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'registry_merge_b' AND wait_event = 'advisory'")" = 1 ] && return 0; sleep 0.1; done; return 1; }
coproc first { PGOPTIONS=$quiet "${psql[@]}" -d registry_merge_b 2>&1; }
tell() { echo "$1" >&"${first[1]}"; [ -z "${2:-}" ] || { echo "\\echo $2" >&"${first[1]}"; while read -r answer <&"${first[0]}" && [ "$answer" != "$2" ]; do :; done; }; }
tell "BEGIN; SELECT registry.merge_person(${people[0]}, ${people[1]}, 'x');" merged
ask registry_merge_b -c "SELECT registry.merge_person(${people[1]}, ${people[2]}, 'x')" > "$dir/second" 2>&1 &
waits && echo 'ok - a merge waits for another' || echo 'not ok - a merge does not wait for another'
tell 'COMMIT;' committed
wait $!
[ "$(ask registry_merge_b -c "SELECT registry.resolve_person(${people[2]})")" = "${people[0]}" ] && echo 'ok - and sees what it did' || echo "not ok - and sees what it did: $(cat "$dir/second")"
tell 'BEGIN; CALL registry.compare(full => true);' compared
ask registry_merge_b -c "SELECT registry.merge_person(${people[0]}, ${people[3]}, 'x')" > "$dir/second" 2>&1 &
waits && echo 'ok - a merge waits for compare()' || echo 'not ok - a merge does not wait for compare()'
tell 'COMMIT;' committed
wait $!
[ "$(ask registry_merge_b -c "SELECT registry.resolve_person(${people[3]})")" = "${people[0]}" ] && echo 'ok - and is done after it' || echo "not ok - and is done after it: $(cat "$dir/second")"
# under repeatable read the second could not see the first: it is refused
tell 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM registry.person;' begun
ask registry_merge_b -c "SELECT registry.split_person(max(link_id), 'x') FROM registry.link WHERE kind = 'merge'" > /dev/null
tell '\set VERBOSITY sqlstate'
echo "SELECT registry.merge_person(${people[4]}, ${people[5]}, 'x');" >&"${first[1]}"
read -r answer <&"${first[0]}"
case $answer in *40001*) echo 'ok - under repeatable read what was done meanwhile makes an act fail' ;; *) echo "not ok - under repeatable read an act went by what was: $answer" ;; esac
exec {first[1]}>&-
wait
left=$(ask registry_merge_b -c "SELECT v FROM registry.verify() v WHERE v.failing > 0")
[ -z "$left" ] && echo 'ok - verify() finds nothing afterwards' || echo "not ok - verify() afterwards: $left"
