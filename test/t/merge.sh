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
enough=$(ask registry_merge_a -c "SELECT count(*) FILTER (WHERE act = 'merge' AND done AND passing) >= $acts / 20 AND count(*) FILTER (WHERE act = 'split' AND done) >= $acts / 20
	AND count(DISTINCT refused) >= 4 AND (SELECT count(*) FROM registry.person_merged) > 0 FROM spec.history")
[ "$enough" = t ] && echo 'ok - the history merged, undid and was refused often enough' || echo 'not ok - the history proves little'

# every row ever received is there once, with its origin
lost=$(ask registry_merge_a -c "SELECT count(*) FROM (SELECT row_key, origin_person, person_id FROM registry.enrolment UNION ALL SELECT row_key, origin_person, person_id FROM registry.population
	UNION ALL SELECT row_key, origin_person, person_id FROM registry.circumstance) f LEFT JOIN registry.person_merged m USING (origin_person) WHERE f.person_id <> coalesce(m.person_id, f.origin_person)")
[ "$lost" = 0 ] && echo 'ok - every row stands with the person of its origin' || echo "not ok - $lost rows stand elsewhere"
unresolved=$(ask registry_merge_a -c "SELECT count(*) FROM registry.link l WHERE registry.resolve_person(l.person_id) IS NULL OR registry.resolve_person(l.other_id) IS NULL")
[ "$unresolved" = 0 ] && echo 'ok - every id that was ever merged resolves' || echo "not ok - $unresolved ids lead nowhere"
