#!/usr/bin/env bash
# The change log: as-of equals snapshots, undo equals never having happened,
# tampering is found, and log and tables agree after concurrency and crashes.
#
#   LOG_STEPS (1200) random operations; LOG_SEED (1).  Prints TAP.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
eval "$(bash "$root/script/server" env)"
export PATH=$REGISTRY_PGBIN:$PATH PGCLIENTENCODING=UTF8 PGOPTIONS='-c client_min_messages=warning'
db=registry_log_test
steps=${LOG_STEPS:-1200}
seed=${LOG_SEED:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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
run() { psql -qXAt -v ON_ERROR_STOP=1 -d "$db" "$@" 2>&1; }
fresh() { # database
	psql -qXAt -d postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1 TEMPLATE template0 ENCODING 'UTF8'" >/dev/null 2>&1
	psql -qXAt -v ON_ERROR_STOP=1 -d "$1" -c 'CREATE EXTENSION registry' -c "CALL registry.deploy('340400')" \
		-c "ALTER DATABASE $1 SET search_path = registry, public" >/dev/null || { echo "Bail out! no database"; exit 1; }
}
fresh "$db"

# Two tables of many types, one of them in parts and keyed by text as well.
run -f - <<'SQL' >/dev/null
CREATE TABLE thing (person_id bigint PRIMARY KEY, a text, b integer, c numeric, d date, e coverage, f boolean, g jsonb, h timestamptz, seen timestamptz);
CREATE TABLE part (person_id bigint, k text, n bigint, v double precision, PRIMARY KEY (person_id, k)) PARTITION BY RANGE (person_id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE part_high (v double precision, k text NOT NULL, person_id bigint NOT NULL, n bigint);
ALTER TABLE part ATTACH PARTITION part_high FOR VALUES FROM (100) TO (MAXVALUE);
SELECT registry.log_attach('thing', 'thing', '{person_id}', '{seen}');
SELECT registry.log_attach('part', 'part', '{person_id,k}');
CREATE TABLE moment (step integer, at timestamptz, thing text, part text);
CREATE FUNCTION thing_now() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(md5(string_agg(jsonb_set(row_texts(t), '{seen}', '0')::text, '|' ORDER BY person_id)), '') FROM thing t $$;
CREATE FUNCTION part_now() RETURNS text LANGUAGE sql AS $$ SELECT coalesce(md5(string_agg(row_texts(t)::text, '|' ORDER BY person_id, k)), '') FROM part t $$;
CREATE FUNCTION thing_at(at timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(md5(string_agg(jsonb_set(t, '{seen}', '0')::text, '|' ORDER BY (t ->> 'person_id')::bigint)), '') FROM table_as_of('thing', at) t $$;
CREATE FUNCTION part_at(at timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(md5(string_agg(row_texts(t)::text, '|' ORDER BY person_id, k)), '') FROM table_rows_as_of(NULL::part, at) t $$;
-- one random operation, in a transaction of its own
CREATE PROCEDURE step(number integer) LANGUAGE plpgsql AS $$
DECLARE
	r integer := floor(random() * 12);
	p bigint := floor(random() * 200);
	w bigint := p + floor(random() * 60);
BEGIN
	CASE r
		WHEN 0, 1 THEN INSERT INTO thing SELECT i, 'a' || i, number, i / 3.0, '2016-02-29'::date + number, '{P1}', i % 2 = 0, jsonb_build_object('i', i), now(), now()
			FROM generate_series(p, w) i ORDER BY CASE WHEN number % 3 = 0 THEN random() ELSE i END ON CONFLICT DO NOTHING;
		WHEN 2 THEN INSERT INTO thing (person_id, a) SELECT i, repeat('long ', 1000) || i FROM generate_series(p, p + 3) i
			ON CONFLICT (person_id) DO UPDATE SET a = excluded.a, b = NULL;
		WHEN 3 THEN UPDATE thing SET b = number, seen = clock_timestamp() WHERE person_id BETWEEN p AND w;
		WHEN 4 THEN UPDATE thing SET a = NULL, c = c + 1, e = CASE WHEN e IS NULL THEN '{M1,U}'::coverage END WHERE person_id % 7 = number % 7;
		WHEN 5 THEN UPDATE thing SET seen = clock_timestamp();
		WHEN 6 THEN DELETE FROM thing WHERE person_id BETWEEN p AND w;
		WHEN 7 THEN UPDATE thing SET person_id = person_id + 1000 WHERE person_id BETWEEN p AND p + 2 AND NOT EXISTS (SELECT FROM thing o WHERE o.person_id BETWEEN p + 1000 AND p + 1002);
		WHEN 8 THEN INSERT INTO part SELECT i, 'k' || i % 3, i, i / 7.0 FROM generate_series(p, w) i ON CONFLICT DO NOTHING;
		WHEN 9 THEN UPDATE part SET person_id = 199 - person_id, n = n + 1, v = v * 2 WHERE person_id = p AND k = 'k1' AND NOT EXISTS (SELECT FROM part o WHERE o.person_id = 199 - p AND o.k = 'k1');
		WHEN 10 THEN UPDATE part_high SET v = number, n = NULL WHERE person_id > p;
		ELSE
			DELETE FROM part WHERE person_id BETWEEN p AND w;
			BEGIN
				INSERT INTO part SELECT p, 'x', 1, 1;
				UPDATE thing SET b = 1 / (b - b);
			EXCEPTION WHEN division_by_zero THEN NULL;
			END;
	END CASE;
END $$;
SQL
{
	echo "SELECT setseed($seed / 1000.0);"
	for i in $(seq "$steps"); do
		echo "CALL step($i);"
		[ $((i % 40)) -eq 0 ] && echo "INSERT INTO moment SELECT $i, clock_timestamp(), thing_now(), part_now();"
		[ $((i % 300)) -eq 0 ] && echo "DO 'BEGIN PERFORM registry.seal(); END';"
	done
} > "$work/steps.sql"
out=$(run -f "$work/steps.sql")
ok $? "$steps random operations" "$out"
is "$(run -c "SELECT count(*) > 20 AND count(DISTINCT thing) > 20 AND count(DISTINCT part) > 10 FROM moment")" t "snapshots differ from each other"
is "$(run -c "SELECT string_agg(step::text, ',' ORDER BY step) FROM moment m WHERE thing_at(at) <> thing")" "" "every as-of of a table equals the snapshot taken then"
is "$(run -c "SELECT string_agg(step::text, ',' ORDER BY step) FROM moment m WHERE part_at(at) <> part")" "" "also of one in parts with keys of text"
is "$(run -c "WITH was AS MATERIALIZED (SELECT m.step, t FROM moment m, LATERAL table_as_of('thing', m.at) t WHERE m.step % 160 = 0)
	SELECT count(*) FROM moment m CROSS JOIN generate_series(0, 1300, 7) p
	LEFT JOIN was ON was.step = m.step AND (was.t ->> 'person_id')::bigint = p
	WHERE m.step % 160 = 0 AND (SELECT jsonb_set(texts, '{seen}', '0') FROM rows_as_of(p, m.at) r WHERE relation = 'thing') IS DISTINCT FROM jsonb_set(was.t, '{seen}', '0')")" 0 "as-of of one person equals that of the table"
is "$(run -c 'SELECT * FROM verify_log()')" "" "the sealed log is intact"
is "$(run -c 'SELECT * FROM verify_rows()')" "" "every row follows from the log"

# Undo: newest first back to an early snapshot; then the undo itself is undone.
last=$(run -c "SELECT thing_now() || ' ' || part_now()")
mark=$(run -c "SELECT max(context_id) FROM log_context")
at=$(run -c "SELECT at FROM moment WHERE step = $((steps - 80))")
out=$(run -c "SELECT count(*) FROM (SELECT transaction_id FROM log_context WHERE transaction_id = context_id AND changed_at > '$at' ORDER BY 1 DESC) t, LATERAL revert_transaction(t.transaction_id)")
is "$out" 0 "80 operations taken back, newest first, without conflict"
is "$(run -c "SELECT thing_now() || ' ' || part_now()")" "$(run -c "SELECT thing || ' ' || part FROM moment WHERE step = $((steps - 80))")" "which equals their never having happened"
own=$(run -c "SELECT min(transaction_id) FROM log_context WHERE context_id > $mark")
out=$(run -c "SELECT count(*) FROM revert_transaction($own)")
is "$(run -c "SELECT thing_now() || ' ' || part_now()")" "$last" "the undo undone: everything is as before"

# Conflicts: what was changed since stays and is named.
out=$(run -f - <<'SQL'
TRUNCATE moment;
INSERT INTO thing (person_id, a, b) VALUES (5001, 'a', 1), (5002, 'a', 1), (5003, 'a', 1) ON CONFLICT DO NOTHING;
UPDATE thing SET a = 'x', b = 2 WHERE person_id > 5000;
SELECT max(transaction_id) AS t FROM log_context \gset
UPDATE thing SET b = 3 WHERE person_id = 5001;
DELETE FROM thing WHERE person_id = 5002;
SELECT first_key, item, conflict FROM revert_transaction(:t) ORDER BY 1;
SELECT person_id, a, b FROM thing WHERE person_id > 5000 ORDER BY 1;
SQL
)
is "$out" "5001|b|column was changed since: it stays
5002||row was removed since: it stays so
5001|a|3
5003|a|1" "conflicts are named column by column and row by row"
out=$(run -c "SELECT * FROM revert_transaction(-1)")
ok $((!$?)) "an unknown transaction is refused" "$out"

# Sealed entries: every byte counts, inside and outside the server.
run -c 'SELECT seal()' >/dev/null
run -c 'SELECT log_heads()' > "$work/heads"
run -c 'SELECT log_export()' > "$work/export"
out=$("$root/script/verify-log" "$work/export" "$work/heads"); ok $? "script/verify-log finds the export intact" "$out"
run -f - <<'SQL' > "$work/tampering" 2>&1
CREATE TEMP TABLE result (what text, found boolean);
CREATE FUNCTION pg_temp.tamper(what text, statement text, heads text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found boolean; changed bigint;
BEGIN
	BEGIN
		SET LOCAL session_replication_role = replica;
		EXECUTE statement;
		GET DIAGNOSTICS changed = ROW_COUNT;
		SELECT count(*) > 0 INTO found FROM registry.verify_log(heads => tamper.heads);
		RAISE EXCEPTION USING ERRCODE = 'RG999';
	EXCEPTION WHEN SQLSTATE 'RG999' THEN NULL; WHEN OTHERS THEN found := SQLSTATE = 'XX001'; changed := 1;
	END;
	INSERT INTO result VALUES (tamper.what, found AND changed > 0);
END $$;
DO $$
DECLARE l record; i integer;
BEGIN
	-- a superuser switches the triggers off first
	ALTER TABLE registry.log_context DISABLE TRIGGER USER; ALTER TABLE registry.log_shape DISABLE TRIGGER USER; ALTER TABLE registry.log_seal DISABLE TRIGGER USER;
	PERFORM format('ALTER TABLE %s DISABLE TRIGGER USER', c.oid::regclass) FROM pg_class c WHERE c.relname LIKE 'change\_log%' AND c.relkind IN ('r', 'p');
	FOR l IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relname LIKE 'change\_log%' AND c.relkind = 'r' LOOP
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', l.name);
	END LOOP;
	ALTER TABLE registry.change_log DISABLE TRIGGER USER;
	-- single bytes at random
	FOR l IN SELECT log_id, length(payload) AS n FROM registry.change_log WHERE context_id <= (SELECT max(upper(contexts)) - 1 FROM registry.log_seal) ORDER BY random() LIMIT 25 LOOP
		i := floor(random() * l.n);
		PERFORM pg_temp.tamper('byte of a payload', format('UPDATE registry.change_log SET payload = set_byte(payload, %s, get_byte(payload, %s) # %s) WHERE log_id = %s', i, i, 1 + floor(random() * 255), l.log_id));
	END LOOP;
	SELECT log_id INTO l FROM registry.change_log ORDER BY log_id LIMIT 1;
	PERFORM pg_temp.tamper('removed block', format('DELETE FROM registry.change_log WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('inserted block', format('INSERT INTO registry.change_log SELECT (jsonb_populate_record(c, ''{"log_id": 999999}'')).* FROM registry.change_log c WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('reordered blocks', format('UPDATE registry.change_log SET log_id = CASE log_id WHEN %1$s THEN %1$s + 1 ELSE %1$s END WHERE log_id IN (%1$s, %1$s + 1)', l.log_id));
	PERFORM pg_temp.tamper('image digest', format('UPDATE registry.change_log SET images = set_byte(images, 3, get_byte(images, 3) # 1) WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('stored digest', format('UPDATE registry.change_log SET digest = set_byte(digest, 3, get_byte(digest, 3) # 1), rows = rows + 1 WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('key range', format('UPDATE registry.change_log SET last_key = last_key + 1 WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('block of another transaction', format('UPDATE registry.change_log SET context_id = context_id + 1 WHERE log_id = %s', l.log_id));
	PERFORM pg_temp.tamper('who', 'UPDATE registry.log_context SET changed_by = ''nobody'' WHERE context_id = 3');
	PERFORM pg_temp.tamper('when', 'UPDATE registry.log_context SET changed_at = changed_at + interval ''1 microsecond'' WHERE context_id = 3');
	PERFORM pg_temp.tamper('why', 'UPDATE registry.log_context SET cause = ''correction'' WHERE context_id = 3');
	PERFORM pg_temp.tamper('removed transaction', 'WITH d AS (DELETE FROM registry.change_log WHERE context_id = 3) DELETE FROM registry.log_context WHERE context_id = 3');
	PERFORM pg_temp.tamper('late transaction', 'INSERT INTO registry.log_context SELECT (jsonb_populate_record(c, ''{"context_id": -5, "transaction_id": -5}'')).* FROM registry.log_context c WHERE context_id = 3');
	PERFORM pg_temp.tamper('name of a column', 'UPDATE registry.log_shape SET names[2] = ''z'' WHERE relation = ''thing''');
	PERFORM pg_temp.tamper('seal', 'UPDATE registry.log_seal SET sealed_at = now() WHERE seal_id = 2');
	PERFORM pg_temp.tamper('removed seal', 'DELETE FROM registry.log_seal WHERE seal_id = 2');
	PERFORM pg_temp.tamper('whole chain cut off', 'DELETE FROM registry.log_seal WHERE seal_id > 2', (SELECT string_agg(h, E'\n') FROM registry.log_heads() h));
END $$;
SELECT what, count(*), bool_and(found) FROM result GROUP BY 1 ORDER BY 1;
SQL
is "$(grep -c '|t$' "$work/tampering") $(grep -vc '|t$' "$work/tampering")" "17 0" "17 ways to tamper as a superuser are found"
grep -v '|t$' "$work/tampering" | sed 's/^/# /' | head
run -c "DO \$\$ DECLARE l record; BEGIN FOR l IN SELECT c.oid::regclass AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'a_refuse' AND t.tgparentid = 0 LOOP
	EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER a_refuse', l.name); END LOOP; END \$\$" >/dev/null
missed=0
python3 - "$work/export" "$work/changed" <<'PY'
import random, sys
data = bytearray(open(sys.argv[1], "rb").read())
random.seed(7)
lines = data.split(b"\n")
for n in range(30):
    line = random.randrange(len(lines) - 1)
    while lines[line].startswith(b"shape"):       # of tables that the seals need not mention
        line = random.randrange(len(lines) - 1)
    at = random.randrange(len(lines[line]))
    changed = bytearray(lines[line])
    changed[at] = ord("0") if changed[at] != ord("0") else ord("1")
    out = list(lines)
    out[line] = bytes(changed)
    open("%s.%d" % (sys.argv[2], n), "wb").write(b"\n".join(out))
open("%s.30" % sys.argv[2], "wb").write(b"\n".join(l for i, l in enumerate(lines) if i != len(lines) // 2))
PY
for file in "$work"/changed.*; do "$root/script/verify-log" "$file" "$work/heads" >/dev/null 2>&1 && { missed=$((missed + 1)); echo "# missed: $file"; }; done
is "$missed" 0 "script/verify-log finds each of 30 changed characters and a missing line"

# Live rows changed, removed or added behind the log's back.
run -f - <<'SQL' > "$work/live" 2>&1
ALTER TABLE thing DISABLE TRIGGER USER;
CREATE TEMP TABLE result (what text, found boolean);
CREATE FUNCTION pg_temp.tamper(what text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found boolean; changed bigint;
BEGIN
	BEGIN
		EXECUTE statement;
		GET DIAGNOSTICS changed = ROW_COUNT;
		SELECT count(*) > 0 INTO found FROM registry.verify_rows('thing');
		RAISE EXCEPTION USING ERRCODE = 'RG999';
	EXCEPTION WHEN SQLSTATE 'RG999' THEN NULL;
	END;
	INSERT INTO result VALUES (tamper.what, found AND changed > 0);
END $$;
INSERT INTO result SELECT 'untouched', count(*) = 0 FROM registry.verify_rows('thing');
DO $$
DECLARE p bigint;
BEGIN
	FOR p IN SELECT person_id FROM thing WHERE a IS NOT NULL AND b IS NOT NULL ORDER BY random() LIMIT 4 LOOP
		PERFORM pg_temp.tamper('text', format('UPDATE thing SET a = overlay(a placing ''#'' from 1) WHERE person_id = %s', p));
		PERFORM pg_temp.tamper('number', format('UPDATE thing SET b = b # 1 WHERE person_id = %s', p));
		PERFORM pg_temp.tamper('null', format('UPDATE thing SET b = NULL WHERE person_id = %s', p));
		PERFORM pg_temp.tamper('deleted', format('DELETE FROM thing WHERE person_id = %s', p));
		PERFORM pg_temp.tamper('key', format('UPDATE thing SET person_id = 7777 WHERE person_id = %s', p));
	END LOOP;
	PERFORM pg_temp.tamper('inserted', 'INSERT INTO thing (person_id) VALUES (8888)');
END $$;
SELECT what, bool_and(found) FROM result GROUP BY 1 ORDER BY 1;
SQL
is "$(tr '\n' ' ' < "$work/live")" "deleted|t inserted|t key|t null|t number|t text|t untouched|t " "live rows that the log does not explain are found"
is "$(run -c "SELECT finding FROM verify_log() WHERE relation = 'thing'")" "triggers of the log are missing or switched off" "triggers that were switched off are noticed"
run -c "ALTER TABLE thing ENABLE ALWAYS TRIGGER a_change_log_insert" -c "ALTER TABLE thing ENABLE ALWAYS TRIGGER a_change_log_update" \
	-c "ALTER TABLE thing ENABLE ALWAYS TRIGGER a_change_log_delete" -c "ALTER TABLE thing ENABLE ALWAYS TRIGGER a_change_log_truncate" -c "ALTER TABLE thing ENABLE REPLICA TRIGGER a_change_log_row" >/dev/null

# The other digest.
run -c "INSERT INTO registry.setting (name, value) VALUES ('log_digest', 'sm3')" -c "UPDATE thing SET b = 11 WHERE person_id < 50" -c "DELETE FROM thing WHERE person_id = 5003" >/dev/null
run -c "SELECT seal()" >/dev/null
is "$(run -c "SELECT method, count(*) > 0 FROM log_seal GROUP BY 1 ORDER BY 1" | tr '\n' ' ')" "sha256|t sm3|t " "SM3 by a setting"
is "$(run -c 'SELECT * FROM verify_log()')$(run -c 'SELECT * FROM verify_rows()')" "" "and proved"

# Columns that come, go and change.
run -c "ALTER TABLE thing ADD COLUMN extra integer DEFAULT 7" -c "UPDATE thing SET extra = 8 WHERE person_id < 90" -c "ALTER TABLE thing RENAME COLUMN b TO bb" \
	-c "UPDATE thing SET bb = 12 WHERE person_id < 80" >/dev/null
is "$(run -c "SELECT * FROM verify_rows('thing')")" "" "a new and a renamed column leave the older blocks provable"
run -c "ALTER TABLE thing DROP COLUMN extra" >/dev/null
is "$(run -c "SELECT DISTINCT finding FROM verify_rows('thing')")" "columns were dropped or changed their type since: cannot be proved" "a dropped one is named"

# Concurrency: writers, sealers and an undo at the same time; then a crash.
run -c "DELETE FROM thing" -c "INSERT INTO thing (person_id, a, bb) SELECT i, 'a', 0 FROM generate_series(1, 20) i" >/dev/null
for w in 1 2 3 4; do
	for i in $(seq 40); do
		echo "BEGIN$([ "$w" -eq 1 ] && echo ' ISOLATION LEVEL SERIALIZABLE'); UPDATE thing SET bb = bb + 1 WHERE person_id IN (1, $((1 + (i * w) % 20))); UPDATE part SET n = n + 1 WHERE person_id = $w; COMMIT;"
	done > "$work/writer.$w"
	psql -qXAt -d "$db" -f "$work/writer.$w" >"$work/writer.$w.out" 2>&1 &
done
for i in $(seq 10); do echo "DO 'BEGIN PERFORM registry.seal(); EXCEPTION WHEN SQLSTATE ''RG001'' THEN NULL; END'; SELECT pg_sleep(0.03);"; done > "$work/sealer"
psql -qXAt -d "$db" -f "$work/sealer" >/dev/null 2>&1 &
psql -qXAt -d "$db" -f "$work/sealer" >/dev/null 2>&1 &
wait
run -c 'SELECT seal()' -c 'SELECT seal()' >/dev/null
is "$(grep -h ERROR "$work"/writer.*.out | grep -vE 'could not serialize|current transaction is aborted' | head -3)" "" "writers beside sealers only ever fail to serialize"
is "$(run -c "SELECT count(*) FROM log_context c WHERE NOT context_id <@ (SELECT range_agg(r) FROM log_seal s, unnest(s.contexts) r)")" 0 "every transaction is sealed in the end"
is "$(run -c "SELECT sum(context_count) = (SELECT count(*) FROM log_context) FROM log_seal")" t "and once"
is "$(run -c 'SELECT * FROM verify_log()')$(run -c "SELECT * FROM verify_rows() WHERE finding NOT LIKE '%cannot be proved'")" "" "log and rows agree"
out=$(run -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT seal()'); ok $((!$?)) "seal() refuses an older snapshot" "$out"
psql -qXAt -d "$db" -c 'BEGIN' -c "SELECT pg_advisory_xact_lock(hashtextextended('registry.seal', 0))" -c 'SELECT pg_sleep(1)' >/dev/null 2>&1 &
sleep 0.5
out=$(run -c 'SELECT seal()'); ok $((!$?)) "and a second one beside it" "$out"
wait

# kill -9 in the middle of a bulk update and of a seal: the server restarts its
# sessions and the log is as far as the tables.
run -c "INSERT INTO thing (person_id, a, bb) SELECT i, 'a', 0 FROM generate_series(10000, 60000) i" >/dev/null
psql -qXAt -d "$db" -c "SELECT pg_backend_pid()" -c "UPDATE thing SET bb = bb + 1" -c "SELECT registry.seal()" -c "UPDATE thing SET bb = bb + 1" -c "SELECT registry.seal()" -c "UPDATE thing SET bb = bb + 1" > "$work/victim" 2>/dev/null &
for _ in $(seq 100); do [ -s "$work/victim" ] && break; sleep 0.02; done
sleep 0.4
kill -9 "$(head -1 "$work/victim")" 2>/dev/null
wait
for _ in $(seq 100); do run -c 'SELECT 1' >/dev/null && break; sleep 0.2; done
is "$(run -c 'SELECT * FROM verify_log()')$(run -c "SELECT * FROM verify_rows() WHERE finding NOT LIKE '%cannot be proved'")" "" "after a crash log and rows agree"
run -c 'SELECT seal()' >/dev/null
is "$(run -c 'SELECT * FROM verify_log()')" "" "and the chain goes on"

# Dump and restore: seals still prove.
target=registry_log_target
heads=$(run -c 'SELECT log_heads()')
psql -qXAt -d postgres -c "DROP DATABASE IF EXISTS $target WITH (FORCE)" -c "CREATE DATABASE $target TEMPLATE template0 ENCODING 'UTF8'" >/dev/null 2>&1
pg_dump -Fc -d "$db" -f "$work/dump" && out=$(pg_restore --exit-on-error -d "$target" "$work/dump" 2>&1)
ok $? "dump and restore" "$out"
is "$(db=$target run -c "SELECT * FROM registry.verify_log(heads => '$heads')")" "" "the restored chain is proved by the heads kept outside"
is "$(db=$target run -c "SELECT * FROM registry.verify_rows() WHERE finding NOT LIKE '%cannot be proved'")" "" "and its rows by the log"

psql -qXAt -d postgres -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" -c "DROP DATABASE IF EXISTS $target WITH (FORCE)" >/dev/null 2>&1
echo "1..$count"
[ "$failed" -eq 0 ]
