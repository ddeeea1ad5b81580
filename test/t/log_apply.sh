#!/usr/bin/env bash
# What a subscription applies is logged too: its worker fires row triggers only.
#
# Needs wal_level = logical, so it runs a small server of its own beside the
# build's.  Prints TAP.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
eval "$(bash "$root/script/server" env)"
export PATH=$REGISTRY_PGBIN:$PATH PGOPTIONS='-c client_min_messages=warning'
place=$REGISTRY_PLACE/apply
socket=$(mktemp -d /tmp/registry-apply-XXXXXX)
count=0
failed=0
is() { # got expected description
	count=$((count + 1))
	if [ "$1" = "$2" ]; then echo "ok $count - $3"; else
		failed=$((failed + 1))
		printf 'not ok %s - %s\n# got:      %s\n# expected: %s\n' "$count" "$3" "$1" "$2"
	fi
}
as_server() { bash "$root/script/server" run "$@"; }
end() { as_server "$REGISTRY_PGBIN/pg_ctl" -D "$place" -m immediate stop >/dev/null 2>&1; rm -rf "$place" "$socket"; }
trap end EXIT
rm -rf "$place"
[ "$(id -u)" -ne 0 ] || chown postgres "$socket"
as_server "$REGISTRY_PGBIN/initdb" -D "$place" -E UTF8 --locale=C.UTF-8 --auth=trust -U "$PGUSER" --no-sync >/dev/null 2>&1
as_server "$REGISTRY_PGBIN/pg_ctl" -D "$place" -w -l "$place.log" start \
	-o "-c listen_addresses='' -c unix_socket_directories=$socket -p $PGPORT -c wal_level=logical -c fsync=off" >/dev/null || { echo "Bail out! no server"; exit 1; }
run() { psql -qXAt -h "$socket" "$@" 2>&1; }
for db in there here; do
	run -d postgres -c "CREATE DATABASE $db TEMPLATE template0 ENCODING 'UTF8'"
	run -d $db -c 'CREATE EXTENSION registry' -c "CALL registry.deploy('340400')" -c 'CREATE TABLE registry.fact (person_id bigint PRIMARY KEY, a text, b integer)' \
		-c "ALTER TABLE registry.fact REPLICA IDENTITY FULL" -c "DO \$\$ BEGIN PERFORM registry.log_attach('registry.fact', 'fact', '{person_id}'); END \$\$"
done
run -d there -c 'CREATE PUBLICATION p FOR TABLE registry.fact' -c "DO \$\$ BEGIN PERFORM pg_create_logical_replication_slot('s', 'pgoutput'); END \$\$"
run -d here -c "CREATE SUBSCRIPTION s CONNECTION 'host=$socket port=$PGPORT user=$PGUSER dbname=there' PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false)"
run -d there -c "INSERT INTO registry.fact VALUES (1, 'x', 1), (2, 'y', 2)" -c "UPDATE registry.fact SET b = 5 WHERE person_id = 1" \
	-c "UPDATE registry.fact SET b = b" -c "UPDATE registry.fact SET person_id = 3 WHERE person_id = 2" -c "DELETE FROM registry.fact WHERE person_id = 1"
for _ in $(seq 100); do
	[ "$(run -d here -c "SELECT string_agg(person_id::text, ',') FROM registry.fact")" = 3 ] && break
	sleep 0.1
done
is "$(run -d here -c "SELECT operation, person_id, old FROM registry.log_entries WHERE relation = 'fact' ORDER BY log_id" | tr '\n' ' ')" \
	"$(run -d there -c "SELECT operation, person_id, old FROM registry.log_entries WHERE relation = 'fact' ORDER BY log_id, position" | tr '\n' ' ')" \
	"a subscriber logs what its publisher logged"
is "$(run -d here -c "SELECT count(*) FROM registry.log_entries WHERE relation = 'fact'")" 6 "six entries, none for what did not change"
is "$(run -d here -c 'SELECT * FROM registry.verify_rows()')" "" "its rows follow from its log"
run -d here -c 'SET session_replication_role = replica' -c "UPDATE registry.fact SET b = 9"
is "$(run -d here -c "SELECT count(*) FROM registry.log_entries WHERE relation = 'fact'")" 7 "a session that calls itself a replica is logged once"
run -d here -c 'ALTER SUBSCRIPTION s DISABLE' -c 'DROP SUBSCRIPTION s' >/dev/null
echo "1..$count"
[ "$failed" -eq 0 ]
