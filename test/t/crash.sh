#!/usr/bin/env bash
# kill -9 of the whole server in the middle of receive and of compare, at several
# moments.  After the restart nothing of the call is there; repeated, it ends in
# the state of a run that nothing disturbed.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
persons=${PERSONS:-4000} seed=${SEED:-5}
dir=$REGISTRY_PLACE/crash
work=$(mktemp -d)
export PGOPTIONS='-c client_min_messages=error'

ok() { echo "ok - $1"; }
same() {						# name, found, expected
	if [ "$2" = "$3" ]; then ok "$1"; else echo "not ok - $1"; printf '#   %s\n' "found:    $2" "expected: $3"; fi
}
ask() { "${psql[@]}" -d "$1" -c "$2" 2>&1; }
copy() { ask postgres "DROP DATABASE IF EXISTS $2 WITH (FORCE)" && ask postgres "CREATE DATABASE $2 TEMPLATE $1"; }
failing() { ask "$1" "SELECT coalesce(string_agg(\"check\" || ' ' || failing, '; '), 'none') FROM registry.verify() WHERE failing <> 0"; }

# The postmaster and every process it started, at once, without a chance to tidy up.
kill_server() {
	local master pids pid
	master=$(head -1 "$REGISTRY_DATA/postmaster.pid")
	kill -STOP "$master"
	pids="$master $(ps -o pid= --ppid "$master")"
	kill -9 $pids
	for pid in $pids; do
		# gone, or dead and waiting for somebody to take note
		for _ in $(seq 400); do
			case $(ps -o stat= -p "$pid") in ''|Z*) break ;; esac
			sleep 0.02
		done
	done
	# the number of a dead process would look like a running server
	rm -f "$REGISTRY_DATA/postmaster.pid" "$PGHOST/.s.PGSQL.$PGPORT" "$PGHOST/.s.PGSQL.$PGPORT.lock"
	"$root/script/server" start 2>&1 | grep -E '^pg_ctl|FATAL'
}

# Waits until the running call has told a step; false when it ended before.
reached() {						# database, notice to wait for
	for _ in $(seq 2400); do
		grep -q "$2" "$work/out" && return 0
		kill -0 "$client" 2>/dev/null || return 1
		sleep 0.005
	done
	return 1
}

# Processes die here, not the machine: what they wrote is safe without fsync.
ask postgres 'ALTER SYSTEM SET fsync = off' && ask postgres 'SELECT pg_reload_conf()' > /dev/null
trap 'ask postgres "ALTER SYSTEM RESET fsync" && ask postgres "SELECT pg_reload_conf()" > /dev/null' EXIT

city_make "$dir" --persons "$persons" --seed "$seed" --second
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database crash_staged "$dir/regions.csv"

#
# receive: a large extract, killed while rows are read and just before its end
#
awk 'BEGIN {
	print "证件号码,姓名,类别,开始日期,结束日期,备注"
	for (i = 0; i < 400000; i++)
		printf "H%010d,学生,高等学校,20230901,%s,row %d\n", i % 390000, i % 1000 == 7 ? "20231301" : "", i % 390000 + (i % 500 == 0 ? i : 0)
}' > "$dir/school.csv"
chmod a+r "$dir/school.csv"
receive="SELECT registry.receive('school', '2026-10-31', '$dir/school.csv')"
staged() { ask "$1" "SELECT count(*), count(DISTINCT row_key), sum(row_hash::numeric) FROM registry.staged_circumstance"; }
accounts() { ask "$1" "SELECT received, accepted, rejected, unchanged, state FROM registry.batch_list"; }
copy crash_staged crash_case
ask crash_case "$receive" > /dev/null
whole=$(staged crash_case) account=$(accounts crash_case) rejects=$(ask crash_case "SELECT md5(string_agg(line_no || code || raw, ',' ORDER BY line_no, code)) FROM registry.reject_list")
copy crash_staged crash_case
seen=0
for share in 0.02 0.7; do
	"${psql[@]}" -d crash_case -c "$receive" > "$work/out" 2>&1 & client=$!
	for _ in $(seq 2000); do
		[ "$(ask crash_case "SELECT count(*) FROM registry.receive_progress WHERE share >= $share AND kind = 'circumstance'")" = 1 ] && { seen=$((seen + 1)); break; }
		kill -0 $client 2>/dev/null || break
	done
	kill_server
	wait $client 2>/dev/null
	same "receive killed at $share: nothing is left of it" "$(ask crash_case 'SELECT (SELECT count(*) FROM registry.batch), (SELECT count(*) FROM registry.reject), (SELECT count(*) FROM registry.staged_circumstance)')" '0|0|0'
done
[ $seen -ge 1 ] && ok "its progress was seen $seen times" || echo "not ok - its progress was seen only $seen times"
ask crash_case "$receive" > /dev/null
same 'received again: the same rows' "$(staged crash_case)" "$whole"
same 'received again: the same account' "$(accounts crash_case)" "$account"
same 'received again: the same rejects' "$(ask crash_case "SELECT md5(string_agg(line_no || code || raw, ',' ORDER BY line_no, code)) FROM registry.reject_list")" "$rejects"

# it can be cancelled as well
"${psql[@]}" -d crash_case -c 'SELECT registry.discard(max(batch_id)) FROM registry.batch' > /dev/null
same 'a receive that takes too long is cancelled' "$("${psql[@]}" -v VERBOSITY=sqlstate -d crash_case -c 'SET statement_timeout = 150' -c "$receive" 2>&1)" 'ERROR:  57014'

#
# compare: the first, which loads empty tables, and the second
#
city_receive crash_staged "$dir/1"
copy crash_staged crash_applied
city_compare crash_applied
first=$(city_state crash_applied)
city_receive crash_applied "$dir/2"
second_before=$(city_state crash_applied)

killed_compare() {				# name, database, moments…
	local name=$1 database=$2 before moment killed=0
	shift 2
	before=$(city_state "$database")
	for moment in "$@"; do
		PGOPTIONS='-c client_min_messages=notice' "${psql[@]}" -d "$database" -c 'CALL registry.compare()' > "$work/out" 2>&1 & client=$!
		reached "$database" "$moment" && killed=$((killed + 1))
		kill_server
		wait $client 2>/dev/null
		grep -q ' done$' "$work/out" && { echo "# $name ended before it was killed at '$moment'"; break; }
		same "$name killed at '$moment': as before" "$(city_state "$database")" "$before"
	done
	[ $killed -ge 1 ] && ok "$name was killed $killed times" || echo "not ok - $name was killed only $killed times"
	city_compare "$database"
	same "$name, repeated: everything fits" "$(failing "$database")" none
}
copy crash_staged crash_case
killed_compare 'the first compare' crash_case 'new numbers registered' 'persons written'
same 'the first compare, repeated: as if undisturbed' "$(city_state crash_case)" "$first"
copy crash_applied crash_case
city_compare crash_applied
second=$(city_state crash_applied)
[ "$second" != "$second_before" ] || echo 'not ok - the second delivery changes nothing'
killed_compare 'the second compare' crash_case 'applying' 'findings' 'problems written'
same 'the second compare, repeated: as if undisturbed' "$(city_state crash_case)" "$second"

for database in crash_case crash_applied crash_staged; do ask postgres "DROP DATABASE IF EXISTS $database"; done
rm -rf "$work" "$dir"
