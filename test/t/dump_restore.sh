#!/usr/bin/env bash
# A dump of a deployed registry, restored into an empty database, is the same
# registry: every view shows the same rows, and it goes on working.
#
# Needs the build's server with the extension installed.  Prints TAP.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
eval "$(bash "$root/script/server" env)"
export PATH=$REGISTRY_PGBIN:$PATH PGCLIENTENCODING=UTF8 PGTZ=Asia/Shanghai PGOPTIONS='-c client_min_messages=warning'
source_db=registry_dump_source
target_db=registry_dump_target
place=$REGISTRY_PLACE/dump_restore

count=0
failed=0
ok() { # status description [detail]
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		[ -z "${3:-}" ] || sed 's/^/# /' <<<"$3"
	fi
}
is() { # got expected description
	if [ "$1" = "$2" ]; then ok 0 "$3"; else ok 1 "$3" "got:      $1
expected: $2"; fi
}
bail() { echo "Bail out! $1"; exit 1; }

run() { # database, then psql's arguments
	psql -qXAt -v ON_ERROR_STOP=1 -d "$@" 2>&1
}
database() { # name
	run postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" \
		-c "CREATE DATABASE $1 TEMPLATE template0 ENCODING 'UTF8'"
}

# One line per view: name, rows, sum over the rows in the order of their text.
views() { # database
	local view
	run "$1" -c "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'v' ORDER BY 1" |
		while IFS= read -r view; do
			run "$1" -c "SELECT '$view', count(*), md5(string_agg(md5(v::text), '' ORDER BY md5(v::text))) FROM registry.$view v"
		done
}

rm -rf "$place"
mkdir -p "$place"
make --no-print-directory -s -C "$root" city || bail "the generator does not build"
"${BUILD:-$root/build}/city" --persons 2000 --seed 7 --out "$place" --regions "$root/data/huainan_regions.csv" >"$place/log" 2>&1 ||
	bail "the generator failed: $(tail -3 "$place/log")"
cp "$root/data/huainan_regions.csv" "$place/regions.csv"
chmod -R a+rX "$place"

out=$(database "$source_db") || bail "$out"
out=$(run "$source_db" -c 'CREATE EXTENSION registry' -c "CALL registry.deploy('340400')" \
	-c "SELECT registry.load_regions('$place/regions.csv')") || bail "$out"
while IFS=$'\t' read -r order source cutoff file _; do
	[[ $order =~ ^[0-9]+$ ]] || continue
	case $file in /*) ;; *) file=$place/1/$file ;; esac
	out=$(run "$source_db" -c "SELECT registry.receive('$source'::text, '$cutoff'::date, '$file'::text)") || bail "$source: $out"
done < <(sort -n "$place/1/manifest.tsv")
out=$(run "$source_db" -c 'CALL registry.compare()') || bail "$out"
# Changes by hand leave entries with old values; taken back, so that a recompute finds nothing to do.
out=$(run "$source_db" -c "CREATE TEMP TABLE was AS SELECT person_id, phone FROM registry.person WHERE person_id <= 10" \
	-c "UPDATE registry.person SET phone = '13800000000' WHERE person_id <= 10" \
	-c "UPDATE registry.person p SET phone = was.phone FROM was WHERE was.person_id = p.person_id") || bail "$out"
# Decisions about identity, one of each kind.
out=$(run "$source_db" -c "SELECT registry.not_same(p[1], p[2], 'two people'), registry.merge_person(p[1], p[3], 'one person')
	FROM (SELECT array_agg(person_id ORDER BY person_id) AS p FROM registry.person WHERE life_status = 90) u") || bail "$out"

before=$(views "$source_db")
persons=$(run "$source_db" -c 'SELECT count(*) FROM registry.person_list')
[ "$persons" -ge 1000 ]
ok $? "the registry to be dumped holds persons" "$persons"
# some have rows only while something is received or compared, or a survey goes on
empty=$(awk -F '|' '$2 == 0 && $1 !~ /^(receive_progress|progress|dispatch_list|task_list|review_list|survey_report|surveyor_report|employer_lead)$/ { print $1 }' <<<"$before")
is "$empty" "" "every view of it shows rows"

pg_dump -Fc -d "$source_db" -f "$place/registry.dump" 2>"$place/dump.log"
ok $? "pg_dump -Fc" "$(cat "$place/dump.log")"
out=$(database "$target_db") || bail "$out"
pg_restore --exit-on-error -d "$target_db" "$place/registry.dump" 2>"$place/restore.log"
ok $? "pg_restore into an empty database" "$(cat "$place/restore.log")"

after=$(views "$target_db")
is "$(cut -d '|' -f 1 <<<"$after" | tr '\n' ' ')" "$(cut -d '|' -f 1 <<<"$before" | tr '\n' ' ')" "the same views"
while IFS= read -r line; do
	view=${line%%|*}
	is "$(grep "^$view|" <<<"$after")" "$line" "view $view is identical"
done <<<"$before"

state="SELECT md5(string_agg(t, '|' ORDER BY t)) FROM ("
state+="SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) AS t FROM pg_trigger WHERE NOT tgisinternal"
state+=" UNION ALL SELECT format('%s %s', indexrelid::regclass, indisvalid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'registry'::regnamespace"
state+=" UNION ALL SELECT format('%s %s', p.oid::regprocedure, p.proacl) FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace) s"
is "$(run "$target_db" -c "$state")" "$(run "$source_db" -c "$state")" "the same triggers, indexes and rights"
members="SELECT string_agg(c.relname, ' ') FROM pg_depend d JOIN pg_class c ON c.oid = d.objid WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relnamespace = 'registry'::regnamespace AND c.relkind IN ('r', 'v')"
is "$(run "$target_db" -c "$members")" "" "tables and views are no members of the extension"
history="SELECT md5(string_agg(h::text, '|')) FROM registry.history(1) h"
is "$(run "$target_db" -c "$history")" "$(run "$source_db" -c "$history")" "the same history"

# It goes on.
out=$(run "$target_db" -c "CALL registry.deploy()")
ok $? "the restored registry can be deployed again" "$out"
out=$(run "$target_db" -c "CALL registry.compare(full => true)")
ok $? "and compared again" "$out"
is "$(views "$target_db" | grep -v '^batch_list|')" "$(grep -v '^batch_list|' <<<"$before")" "which changes nothing"
out=$(run "$target_db" -c "UPDATE registry.person SET phone = '13900000000' WHERE person_id = 1" \
	-c "SELECT operation, item, new_value FROM registry.history(1) WHERE item = 'phone' LIMIT 1")
is "$out" "UPDATE|phone|13900000000" "a change there is logged"
out=$(run "$target_db" -c "DROP EXTENSION registry")
[ $? -ne 0 ]
ok $? "DROP EXTENSION is refused while the registry is deployed" "$out"

run postgres -c "DROP DATABASE IF EXISTS $source_db WITH (FORCE)" -c "DROP DATABASE IF EXISTS $target_db WITH (FORCE)" >/dev/null
rm -rf "$place"
echo "1..$count"
[ "$failed" -eq 0 ]
