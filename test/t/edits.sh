#!/usr/bin/env bash
# Edits by hand: random operations in random order on a small city, after every
# hundred of which the state must be what a fresh full comparison makes of it;
# then what is refused, and two sessions at once.
# OPERATIONS: how many; PERSONS: size of the city; SEED: which.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
operations=${OPERATIONS:-1000} persons=${PERSONS:-1000} seed=${SEED:-11}
dir=$REGISTRY_PLACE/edits
quiet='-c client_min_messages=error'

city_make "$dir" --persons "$persons" --seed "$seed" --second
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database registry_edits "$dir/regions.csv"
city_receive registry_edits "$dir/1" && city_compare registry_edits
ask() { PGOPTIONS=$quiet "${psql[@]}" -d registry_edits "$@" 2>&1; }


second() {		# the second delivery half-way: it knows nothing of what was edited
	echo '\set ON_ERROR_STOP 0'
	while IFS=$'\t' read -r order source cutoff file encoding; do
		[ "$order" = order ] || printf "SELECT registry.receive('%s', '%s', '%s') \\\\g /dev/null\n" "$source" "$cutoff" "$dir/2/$file"
	done < "$dir/2/manifest.tsv"
	echo '\set ON_ERROR_STOP 1'
	echo 'CALL registry.compare();'
}
{
	echo "\\set seed $seed"
	cat "$root/test/edits.sql"
	for ((i = 0; i < operations; i += 100)); do
		echo "CALL pg_temp.run($i, 100);"
		[ $i -ne $((operations / 200 * 100)) ] || second
		echo "CALL pg_temp.prove($i);"
	done
	cat <<-SQL
		SELECT '#   ' || count(*) || ' ' || what || coalesce(' ' || error, '') FROM operation GROUP BY what, error ORDER BY what, error;
		SELECT 'not ok - after ' || seq + 100 || ' operations: ' || what || E'\n#   ' || left(min(sample), 300) FROM failure GROUP BY seq, what ORDER BY seq LIMIT 5;
		SELECT 'ok - after each hundred of $operations operations the state is that of a fresh full comparison'
		WHERE NOT EXISTS (SELECT FROM failure) AND (SELECT count(*) FROM operation) = $operations;
		SELECT CASE WHEN count(*) < 500 OR count(*) FILTER (WHERE done) > 0.7 * count(*) AND count(DISTINCT what) FILTER (WHERE done) = 20 THEN 'ok' ELSE 'not ok' END
			|| ' - operations of every kind were done' FROM operation;
	SQL
} > "$build/edits.run"
ask -f "$build/edits.run" | sed '/has been received already/d; /^HINT\|^DETAIL/d; s/^psql:/not ok - psql:/'

# what is refused, and by which error
refused() {		# SQLSTATE, statement, description
	local got
	got=$(ask -v VERBOSITY=sqlstate -c "$2" | sed -n 's/.*ERROR: *\([0-9A-Z]*\).*/\1/p' | head -1)
	[ "$got" = "$1" ] && echo "ok - refused: $3" || echo "not ok - refused: $3 (got ${got:-nothing})"
}
refused 23503 "INSERT INTO registry.enrolment (person_id, scheme) VALUES (99999999, 'P2')" 'a row of nobody'
refused 23503 "UPDATE registry.enrolment SET person_id = 99999999 WHERE row_key = (SELECT row_key FROM registry.enrolment LIMIT 1)" 'moving a row to nobody'
refused 22023 "INSERT INTO registry.enrolment (number, scheme) VALUES ('34040219000101001', 'P2')" 'a number that is nobody'\''s'
refused 23502 "INSERT INTO registry.enrolment (scheme) VALUES ('P2')" 'a row without number and person'
refused 22023 "SELECT registry.set_person_item((SELECT min(person_id) FROM registry.person), 'shoe_size', '42')" 'an item that does not exist'
refused 22004 "SELECT registry.set_person_item(NULL, 'phone', '1')" 'an item of null'
refused 23503 "SELECT registry.set_person_item(99999999, 'phone', '1')" 'an item of nobody'
refused 22P02 "SELECT registry.set_person_item((SELECT min(person_id) FROM registry.person), 'residence_region', 'here')" 'a dwelling that is no region'
refused 22023 "SELECT registry.set_person_item((SELECT min(person_id) FROM registry.person), 'employment', '77')" 'an employment that is no code'
refused 23514 "INSERT INTO registry.person_item (person_id, item) SELECT min(person_id), 'class' FROM registry.person" 'an item past the act'
ask -c 'DROP ROLE IF EXISTS registry_edits_clerk' -c 'CREATE ROLE registry_edits_clerk' -c 'GRANT USAGE ON SCHEMA registry TO registry_edits_clerk' \
	-c 'GRANT SELECT, UPDATE ON registry.enrolment TO registry_edits_clerk' -c "SELECT registry.grant_territory('registry_edits_clerk', '340400', 'entry')" > /dev/null
refused 42501 'SET ROLE registry_edits_clerk; SELECT registry.begin_act()' 'acting in the place of the registry'
refused 55000 'SELECT registry.end_act()' 'ending what did not begin'
same() { [ "$2" = "$1" ] && echo "ok - $3" || echo "not ok - $3: $2 instead of $1"; }
row=$(ask -c "SELECT e.row_key FROM registry.enrolment e JOIN registry.person p USING (person_id) WHERE e.scheme = 'P2' AND p.paying::text LIKE '%P2%' AND e.pay_status = 1 AND e.ended_on IS NULL
	AND NOT EXISTS (SELECT FROM registry.enrolment o WHERE o.person_id = e.person_id AND o.scheme = 'P2' AND o.ended_on IS NULL AND o.row_key <> e.row_key) LIMIT 1")
ask -c 'SET ROLE registry_edits_clerk' -c "UPDATE registry.enrolment SET pay_status = 2 WHERE row_key = '$row'"
same t "$(ask -c "SELECT p.paying::text NOT LIKE '%P2%' FROM registry.person p JOIN registry.enrolment e USING (person_id) WHERE e.row_key = '$row'")" 'who may edit a table needs no right on person'
same f "$(ask -c 'BEGIN' -c 'SAVEPOINT a' -c 'SELECT registry.begin_act()' -c 'ROLLBACK TO a' -c 'SELECT registry.acting()' | tail -1)" 'an act ends with the subtransaction that fails'
same t "$(ask -c 'BEGIN' -c 'SAVEPOINT a' -c 'SELECT registry.begin_act()' -c 'RELEASE a' -c 'SELECT registry.acting()' -c 'COMMIT' | tail -1)" 'and goes on with the one that ends well'
same f "$(ask -c 'BEGIN' -c 'SELECT registry.begin_act()' -c 'COMMIT' -c 'SELECT registry.acting()' | tail -1)" 'and never outlives its transaction'

# two sessions at once
waits() { for _ in $(seq 100); do [ "$(ask -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'registry_edits' AND wait_event_type = 'Lock'")" = 1 ] && return 0; sleep 0.1; done; return 1; }
clean() { same '' "$(ask -c "SELECT v FROM registry.verify() v WHERE v.failing > 0")" "$1"; }
coproc first { PGOPTIONS=$quiet "${psql[@]}" -v ON_ERROR_STOP=0 -d registry_edits 2>&1; }
tell() { echo "$1" >&"${first[1]}"; echo "\\echo $2" >&"${first[1]}"; while read -r answer <&"${first[0]}" && [ "$answer" != "$2" ]; do said=$answer; done; }
rows=($(ask -c "SELECT min(row_key::text), max(row_key::text), person_id FROM registry.enrolment WHERE person_id > 0 AND ended_on IS NULL GROUP BY person_id HAVING count(*) > 1 LIMIT 1" | tr '|' ' '))
one="UPDATE registry.enrolment SET pay_status = 3 - pay_status, enrol_status = 1, scheme = 'P1', paid_through = NULL, end_month = NULL WHERE row_key = '${rows[0]}'"
other="UPDATE registry.enrolment SET pay_status = 3 - pay_status, enrol_status = 1, scheme = 'P2', paid_through = NULL, end_month = NULL WHERE row_key = '${rows[1]}'"
tell "BEGIN; $one;" edited
ask -c "$other" > "$build/edits.second" &
waits && echo 'ok - an edit of the same person waits' || echo 'not ok - an edit of the same person does not wait'
tell 'COMMIT;' done
wait $!
clean "and goes by what the first did $(cat "$build/edits.second")"
tell "BEGIN; UPDATE registry.person SET phone = '1' WHERE person_id = ${rows[2]};" edited
ask -c "$other" > "$build/edits.second" &
waits && echo 'ok - an edit waits for a correction in person' || echo 'not ok - an edit does not wait for a correction in person'
tell 'COMMIT;' done
wait $!
clean "and goes by it $(cat "$build/edits.second")"
tell "BEGIN; CALL registry.compare();" compared
same 'done t t' "$(ask -F ' ' -c "SELECT step, seconds BETWEEN 0 AND 60, started <= step_since AND started > now() - interval '1 minute' FROM registry.progress")" 'others see how far a compare() is that has not committed'
ask -c "$other" > "$build/edits.second" &
waits && echo 'ok - an edit waits for compare()' || echo 'not ok - an edit does not wait for compare()'
tell 'COMMIT;' done
wait $!
same 0 "$(ask -c 'SELECT count(*) FROM registry.progress')" 'and nothing once it has'
tell "BEGIN; $one;" edited
ask -c 'CALL registry.compare(full => true)' > "$build/edits.second" &
waits && echo 'ok - compare() waits for an edit' || echo 'not ok - compare() does not wait for an edit'
tell 'COMMIT;' done
wait $!
clean "nothing is lost between them $(cat "$build/edits.second")"
strangers=($(ask -c "SELECT row_key FROM (SELECT DISTINCT ON (person_id) row_key FROM registry.elsewhere WHERE person_id > 0 LIMIT 2) s"))
tell "BEGIN; UPDATE registry.elsewhere SET extra = '{}' WHERE row_key = '${strangers[0]}';" edited
same '' "$(ask -c "SET lock_timeout = '5s'" -c "UPDATE registry.elsewhere SET extra = '{}' WHERE row_key = '${strangers[1]}'")" 'edits of different persons do not wait for each other'
tell 'COMMIT;' done
tell '\set VERBOSITY sqlstate' set
tell 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM registry.person;' begun
ask -c "$one"
tell "$other;" edited
case $said in *40001*) echo 'ok - under repeatable read an edit of the same person meanwhile makes it fail' ;; *) echo "not ok - under repeatable read: $said" ;; esac
tell 'ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM registry.person;' begun
ask -c 'CALL registry.compare()'
tell "$other;" edited
case $said in *40001*) echo 'ok - and so does a compare()' ;; *) echo "not ok - and so does a compare(): $said" ;; esac
tell 'ROLLBACK;' done
exec {first[1]}>&-
wait
# what was edited by hand is taken back with all that followed
before=$(ask -c "SELECT md5(string_agg((to_jsonb(p) - 'updated_at')::text, '' ORDER BY person_id)) FROM registry.person p")
transaction=$(ask -c BEGIN -c "UPDATE registry.person SET phone = '77', residence_region = '320102' WHERE person_id IN (SELECT person_id FROM registry.person WHERE class <> 'gone' LIMIT 3)" \
	-c "UPDATE registry.enrolment SET pay_status = 2, enrol_status = 2 WHERE row_key = '${rows[0]}'" -c COMMIT -c 'SELECT transaction_id FROM registry.log_context ORDER BY changed_at DESC LIMIT 1')
left=$(ask -c "SELECT r FROM registry.revert_transaction($transaction, 'test') r")
same "$before" "$(ask -c "SELECT md5(string_agg((to_jsonb(p) - 'updated_at')::text, '' ORDER BY person_id)) FROM registry.person p")" "an edit is taken back by the log $left"
clean 'verify() finds nothing afterwards'
ask -c 'DROP OWNED BY registry_edits_clerk' -c 'DROP ROLE registry_edits_clerk'
