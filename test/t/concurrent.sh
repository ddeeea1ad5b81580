#!/usr/bin/env bash
# Several sessions at one registry: two compares, readers, receives and decisions
# during a compare, and compares that are cancelled, time out or are killed.
# Each case works on a copy of the same database; a compare that was disturbed
# and repeated must end in the state of one that was not.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
persons=${PERSONS:-12000} seed=${SEED:-11}
dir=$REGISTRY_PLACE/concurrent
work=$(mktemp -d)
export PGOPTIONS='-c client_min_messages=error'

ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1"; shift; printf '#   %s\n' "$@"; }
same() {						# name, found, expected
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "found:    $2" "expected: $3"; fi
}
ask() { "${psql[@]}" -d "$1" -c "$2" 2>&1; }
refused() { "${psql[@]}" -d "$1" -v VERBOSITY=sqlstate -c "$2" 2>&1 | sed -n 's/^ERROR:  //p'; }

# Sessions that stay open: session NAME DATABASE; say NAME SQL waits for the
# answer, tell NAME SQL does not, heard NAME waits for what was told.
declare -A pid fd said
session() {
	mkfifo "$work/$1.in"
	local handle
	(
		# an end held open by another session would keep this one from ending
		for handle in "${fd[@]}"; do exec {handle}>&-; done
		exec "$REGISTRY_PGBIN/psql" -qXAt -v VERBOSITY=sqlstate -d "$2" < "$work/$1.in" > "$work/$1.out" 2>&1
	) &
	pid[$1]=$!
	exec {handle}> "$work/$1.in"
	fd[$1]=$handle said[$1]=0
}
tell() { said[$1]=$((said[$1] + 1)); printf '%s\n\\echo == %s\n' "$2" "${said[$1]}" >&"${fd[$1]}"; }
heard() {						# name, seconds; prints what came since the last mark
	local tries=$((${2:-60} * 20))
	until grep -q "^== ${said[$1]}\$" "$work/$1.out"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "no answer"; return 1; }
		sleep 0.05
	done
	sed -n "/^== $((said[$1] - 1))\$/,/^== ${said[$1]}\$/p" "$work/$1.out" | grep -v '^== ' ||
		{ [ "${said[$1]}" -gt 1 ] || sed -n "1,/^== 1\$/p" "$work/$1.out" | grep -v '^== '; }
	return 0
}
say() { tell "$1" "$2"; heard "$1"; }
leave() {
	local handle=${fd[$1]}
	exec {handle}>&-
	wait "${pid[$1]}" 2>/dev/null
	unset "fd[$1]"
	rm -f "$work/$1.in" "$work/$1.out"
}
copy() { ask postgres "DROP DATABASE IF EXISTS $2" && ask postgres "CREATE DATABASE $2 TEMPLATE $1"; }
waiting_for() {					# database, condition on pg_stat_activity: until true, at most 60 s
	for _ in $(seq 1200); do
		[ "$(ask postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = '$1' AND $2")" != 0 ] && return 0
		sleep 0.05
	done
	return 1
}

state() { city_state "$1"; }
failing() { ask "$1" "SELECT coalesce(string_agg(\"check\" || ' ' || failing || ' ' || coalesce(sample, ''), '; '), 'none') FROM registry.verify() WHERE failing <> 0"; }
one_row() {						# a small extract of the school: cutoff, name of the note
	printf "SELECT registry.receive('school', '%s', convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\\\\n11010519491231002X,张三,高等学校,20150901,,%s\\\\n', 'UTF8'));" "$1" "$2"
}
death_row() { printf "SELECT registry.receive('civil_affairs_death', '%s', convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\\\\n11010519491231002X,张三,死亡,20150901,,%s\\\\n', 'UTF8'));" "$1" "$2"; }

# compare() of one delivery of 12,000 persons is a matter of seconds; one that
# plans for empty tables takes minutes
repeat() {						# database, name
	[ "$(refused "$1" "SET statement_timeout = '40s'; CALL registry.compare()")" = 57014 ] || return 0
	not_ok "$2: compare takes seconds, not minutes"  "found: more than 40 s for 12,000 persons, 2 % changed; after ANALYZE it goes on"
	ask "$1" 'ANALYZE'
	city_compare "$1"
}

#
# The databases: the first delivery staged, applied, and the second staged on it
#
city_make "$dir" --persons "$persons" --seed "$seed" --second
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database registry_staged "$dir/regions.csv"
city_receive registry_staged "$dir/1"
copy registry_staged registry_applied
city_compare registry_applied
first=$(state registry_applied)
# without them the next compare plans for empty tables and takes time by the square
same 'a first compare leaves statistics of what it filled' "$(ask registry_applied "SELECT string_agg(t, ' ') FROM unnest(ARRAY['population', 'enrolment', 'person_alias', 'person', 'problem']) AS t
	WHERE NOT EXISTS (SELECT FROM pg_statistic s WHERE s.starelid = ('registry.' || t)::regclass)")" ''
ask registry_applied 'ANALYZE'
copy registry_applied registry_second
city_receive registry_second "$dir/2"
before=$(state registry_second)
copy registry_second registry_case
city_compare registry_case
second=$(state registry_case)
same 'undisturbed: everything fits' "$(failing registry_case)" none
[ "$before" != "$second" ] && ok 'undisturbed: the second delivery changes the registry' || not_ok 'undisturbed: the second delivery changes nothing'
newest=$(ask registry_case 'SELECT max(cutoff) FROM registry.batch_list')

#
# A second compare
#
copy registry_second registry_case
session one registry_case
say one 'BEGIN;' > /dev/null
say one 'CALL registry.compare();' > /dev/null
same 'a second compare is refused while the first has not committed' "$(refused registry_case 'CALL registry.compare()')" RG001
same 'a second full compare likewise' "$(refused registry_case 'CALL registry.compare(full => true)')" RG001
same 'nobody sees the first before it commits' "$(state registry_case)" "$before"
say one 'ROLLBACK;' > /dev/null
same 'taken back: as before' "$(state registry_case)" "$before"
leave one
repeat registry_case 'taken back, then repeated'
same 'taken back, then repeated: as if undisturbed' "$(state registry_case)" "$second"
copy registry_second registry_case
"${psql[@]}" -d registry_case -c 'CALL registry.compare()' & running=$!
waiting_for registry_case "query ~ '^CALL' AND state = 'active'"
second_answer=$(refused registry_case 'CALL registry.compare()')
wait $running
# a machine so fast that the first had ended by then would give no error
[ "$second_answer" = RG001 ] && ok 'a second compare is refused while the first runs' || not_ok 'a second compare is refused while the first runs' "found: $second_answer"
same 'the first is not disturbed by it' "$(state registry_case)" "$second"
same 'then compare goes again' "$(refused registry_case 'CALL registry.compare()')" ''
same 'and changes nothing' "$(state registry_case)" "$second"

#
# Readers
#
copy registry_second registry_case
look="SELECT concat_ws(' ', (SELECT md5(string_agg(l::text, '' ORDER BY person_id)) FROM registry.person_list l), (SELECT count(*) FROM registry.problem_list WHERE state <> 'closed'),
	(SELECT md5(string_agg(c::text, '' ORDER BY c.territory, c.kind)) FROM registry.coverage_report c), (SELECT md5(string_agg(state || changed || ended, ',' ORDER BY batch_id)) FROM registry.batch_list), registry.reference_date())"
old=$(ask registry_case "$look")
( while [ ! -e "$work/stop" ]; do "${psql[@]}" -d registry_case -c 'SET statement_timeout = 10000' -c "$look" 2>&1; done > "$work/seen" ) & reader=$!
session steady registry_case
say steady 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;' > /dev/null
city_compare registry_case
new=$(ask registry_case "$look")
same 'a reader that began before sees the old state after it' "$(say steady "$look;")" "$old"
leave steady
touch "$work/stop"; wait $reader; rm "$work/stop"
same 'readers see the old state or the new, nothing else' "$(sort -u "$work/seen" | grep -vxF -e "$old" -e "$new" | head -3)" ''
grep -qxF -e "$old" "$work/seen" && ok "readers are served while it runs" || not_ok 'no reader was served while it ran'
same 'the state after readers' "$(state registry_case)" "$second"

#
# Receiving while a compare runs
#
# the extract is committed while compare has not: nothing is lost
copy registry_second registry_case
session one registry_case
say one 'BEGIN;' > /dev/null
say one 'CALL registry.compare();' > /dev/null
session two registry_case
tell two "$(death_row "$newest" 在后)"
sleep 0.5
say one 'COMMIT;' > /dev/null
heard two > /dev/null
same 'a receive during a compare waits staged' "$(ask registry_case "SELECT state, accepted FROM registry.batch_list ORDER BY batch_id DESC LIMIT 1")" 'staged|1'
city_compare registry_case
same 'the next compare applies it' "$(ask registry_case "SELECT state, inserted FROM registry.batch_list ORDER BY batch_id DESC LIMIT 1")" 'applied|1'
same 'its person is dead' "$(ask registry_case "SELECT life_status FROM registry.person_list WHERE citizen_id = '11010519491231002X'")" 21
same 'everything fits' "$(failing registry_case)" none
leave one; leave two

# the receive is open before, during and after the compare
copy registry_second registry_case
session two registry_case
say two 'BEGIN;' > /dev/null
say two "$(death_row "$newest" 开着)" > /dev/null
"${psql[@]}" -d registry_case -c "SET statement_timeout = '60s'" -c 'CALL registry.compare()' && ok 'a compare does not wait for a receive that is open' || not_ok 'a compare fails beside an open receive'
say two 'COMMIT;' > /dev/null
same 'the open receive waits staged' "$(ask registry_case "SELECT state, accepted FROM registry.batch_list ORDER BY batch_id DESC LIMIT 1")" 'staged|1'
city_compare registry_case
same 'and is applied by the next compare' "$(ask registry_case "SELECT life_status FROM registry.person_list WHERE citizen_id = '11010519491231002X'")" 21
same 'everything fits after an open receive' "$(failing registry_case)" none
leave two

# an extract with a newer cutoff arrives in the middle: it counts wholly or not yet
for table in enrolment person problem; do
	copy registry_second registry_case
	session lock registry_case
	say lock "BEGIN; LOCK TABLE registry.$table IN SHARE MODE;" > /dev/null
	session one registry_case
	tell one 'CALL registry.compare();'
	waiting_for registry_case "wait_event_type = 'Lock' AND query ~ '^CALL'"
	ask registry_case "$(death_row "$(date -d "$newest + 40 days" +%F)" 更新)" > /dev/null
	say lock 'COMMIT;' > /dev/null
	same "newer cutoff while $table waits: compare ends" "$(heard one)" ''
	leave lock; leave one
	same "newer cutoff while $table waits: everything fits" "$(failing registry_case)" none
	arrived=$(ask registry_case "SELECT state FROM registry.batch_list ORDER BY batch_id DESC LIMIT 1")
	expected=$newest
	[ "$arrived" = applied ] && expected=$(date -d "$newest + 40 days" +%F)
	same "newer cutoff while $table waits ($arrived): reference date" "$(ask registry_case 'SELECT registry.reference_date()')" "$expected"
	city_compare registry_case
	same "newer cutoff while $table waits: it counts in the end" "$(ask registry_case "SELECT registry.reference_date(), (SELECT life_status FROM registry.person_list WHERE citizen_id = '11010519491231002X')")" "$(date -d "$newest + 40 days" +%F)|21"
	same "newer cutoff while $table waits: everything fits in the end" "$(failing registry_case)" none
done

# the same file by two at once
copy registry_applied registry_case
session one registry_case
session two registry_case
say one 'BEGIN;' > /dev/null
say one "$(death_row "$newest" 同一)" > /dev/null
tell two "$(death_row "$newest" 同一)"
sleep 0.3
say one 'COMMIT;' > /dev/null
same 'the same file by two at once: one is refused' "$(heard two)" 'ERROR:  23505'
same 'and counts once' "$(ask registry_case "SELECT count(*) FROM registry.batch_list WHERE state = 'staged'")" 1
leave one; leave two

#
# Decisions while a compare runs
#
batch_of() { ask registry_case "SELECT batch_id FROM registry.batch_list WHERE state = '$1' ORDER BY batch_id DESC LIMIT 1"; }
copy registry_applied registry_case
ask registry_case "$(death_row "$newest" 收回)" > /dev/null
batch=$(batch_of staged)
session one registry_case
session two registry_case
say two "BEGIN; SELECT registry.discard($batch);" > /dev/null
tell one 'CALL registry.compare();'
sleep 1
say two 'COMMIT;' > /dev/null
heard one > /dev/null
same 'a batch discarded while compare runs is not applied' "$(ask registry_case "SELECT state, (SELECT count(*) FROM registry.circumstance WHERE batch_id = $batch) FROM registry.batch_list WHERE batch_id = $batch")" 'discarded|0'
city_compare registry_case
same 'everything fits after a discard during compare' "$(failing registry_case)" none
ask registry_case "$(death_row "$newest" 应用)" > /dev/null
batch=$(batch_of staged)
say one 'BEGIN;' > /dev/null
say one 'CALL registry.compare();' > /dev/null
tell two "SELECT registry.discard($batch);"
sleep 0.3
say one 'COMMIT;' > /dev/null
same 'a batch that compare has applied cannot be discarded' "$(heard two)" 'ERROR:  RG004'
leave one; leave two
same 'everything fits after a refused discard' "$(failing registry_case)" none

#
# Cancelled, timed out
#
copy registry_second registry_case
interrupted=0 wrong=
for ms in 20 60 120 250 400 700 1000 1500; do
	answer=$("${psql[@]}" -v VERBOSITY=sqlstate -d registry_case -c "SET statement_timeout = $ms" -c 'CALL registry.compare()' 2>&1)
	[ "$answer" = 'ERROR:  57014' ] || break
	interrupted=$((interrupted + 1))
	[ "$(state registry_case)" = "$before" ] || wrong="$wrong ${ms}ms"
done
[ $interrupted -ge 2 ] && ok "timed out $interrupted times" || not_ok "timed out only $interrupted times" "$answer"
same 'after a time-out: as before' "$wrong" ''
repeat registry_case 'timed out'
same 'timed out, then repeated: as if undisturbed' "$(state registry_case)" "$second"
same 'timed out, then repeated: everything fits' "$(failing registry_case)" none

copy registry_staged registry_case
staged=$(state registry_case)
session one registry_case
tell one 'CALL registry.compare();'
waiting_for registry_case "query ~ '^CALL' AND state = 'active'"
sleep 0.3
ask registry_case "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = 'registry_case' AND query ~ '^CALL' AND state = 'active'" > /dev/null
same 'a cancelled compare ends with 57014' "$(heard one)" 'ERROR:  57014'
same 'after a cancel: as before' "$(state registry_case)" "$staged"
same 'the same session can repeat it' "$(say one 'CALL registry.compare();')" ''
leave one
same 'cancelled, then repeated: as if undisturbed' "$(state registry_case)" "$first"
same 'cancelled, then repeated: everything fits' "$(failing registry_case)" none

#
# Killed
#
for table in enrolment problem; do
	copy registry_second registry_case
	session lock registry_case
	say lock "BEGIN; LOCK TABLE registry.$table IN SHARE MODE;" > /dev/null
	session one registry_case
	tell one 'CALL registry.compare();'
	waiting_for registry_case "wait_event_type = 'Lock' AND query ~ '^CALL'"
	victim=$(ask postgres "SELECT pid FROM pg_stat_activity WHERE datname = 'registry_case' AND wait_event_type = 'Lock' AND query ~ '^CALL'")
	kill -9 "$victim"
	leave one; leave lock
	for _ in $(seq 600); do [ "$(ask registry_case 'SELECT 1')" = 1 ] && break; sleep 0.1; done
	same "killed at $table: as before" "$(state registry_case)" "$before"
	repeat registry_case "killed at $table"
	same "killed at $table, then repeated: as if undisturbed" "$(state registry_case)" "$second"
	same "killed at $table, then repeated: everything fits" "$(failing registry_case)" none
done

for database in registry_case registry_second registry_applied registry_staged; do ask postgres "DROP DATABASE IF EXISTS $database"; done
rm -rf "$work" "$dir"
