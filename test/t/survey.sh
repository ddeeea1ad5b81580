#!/usr/bin/env bash
# Offices side by side: two reviewers on one form, recall against submit,
# dispatch against dispatch, compare() against a form being handed in.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
db=registry_survey_t
export PGOPTIONS='-c client_min_messages=error'
work=$(mktemp -d)
trap 'rm -rf "$work"; "${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" -c "DROP ROLE IF EXISTS st_li, st_wang, st_chen, st_zhao" >/dev/null 2>&1' EXIT

same() {						# name, found, expected
	if [ "$2" = "$3" ]; then echo "ok - $1"; else printf 'not ok - %s\n#   found:    %s\n#   expected: %s\n' "$1" "$2" "$3"; fi
}
ask() { "${psql[@]}" -d "$db" -c "$1" 2>&1; }
as() { "${psql[@]}" -d "$db" -v VERBOSITY=sqlstate -c "SET ROLE $1" -c "$2" 2>&1 | sed 's/^ERROR:  //'; }
# hold ROLE SQL: runs it in a transaction that stays open until release
hold() {
	mkfifo "$work/held"
	"$REGISTRY_PGBIN/psql" -qXAt -d "$db" < "$work/held" > "$work/held.out" 2>&1 &
	held=$!
	exec {held_in}> "$work/held"
	printf 'SET ROLE %s;\nBEGIN;\n%s;\n\\echo == held\n' "$1" "$2" >&"$held_in"
	for _ in $(seq 200); do grep -q '== held' "$work/held.out" && return; sleep 0.05; done
	echo "not ok - no answer to $2"
}
release() {
	printf 'COMMIT;\n' >&"$held_in"
	exec {held_in}>&-
	wait "$held"
	rm -f "$work/held"
}
# waits until some session waits for a lock
someone_waits() {
	for _ in $(seq 200); do
		[ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND wait_event_type = 'Lock'")" != 0 ] && return
		sleep 0.05
	done
	echo "not ok - nobody waits"
}

"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" -c "CREATE DATABASE $db TEMPLATE template0 ENCODING 'UTF8'" 2>/dev/null
"${psql[@]}" -d "$db" >/dev/null <<'SQL'
CREATE EXTENSION registry;
CALL registry.deploy('340400');
SELECT registry.load_regions(convert_to(E'code,name,parent\n340402001,甲街道,340402\n340402001001,甲一村,340402001\n', 'UTF8'));
SELECT registry.receive('police_household', '2026-06-30', convert_to(E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	|| string_agg(d || substr('10X98765432', 1 + (SELECT sum(substr(d, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11 FROM generate_series(1, 17) AS i), 1)
	|| ',赵' || chr(20250 + n) || ',,,,,340402001001,,,,,,正常,,,,' || E'\n', ''), 'UTF8'))
FROM (SELECT n, '34040219800101' || lpad(n::text, 3, '0') AS d FROM generate_series(1, 6) n) v;
CALL registry.compare();
CREATE TABLE IF NOT EXISTS registry.territory_grant (role_name name, region registry.region_code, duty text, scheme text DEFAULT '', mask text DEFAULT 'full', granted_by text, PRIMARY KEY (role_name, region, duty, scheme));
DROP ROLE IF EXISTS st_li, st_wang, st_chen, st_zhao;
CREATE ROLE st_li; CREATE ROLE st_wang; CREATE ROLE st_chen; CREATE ROLE st_zhao;
INSERT INTO registry.territory_grant (role_name, region, duty, granted_by) VALUES ('st_li', '340402001', 'entry', 't'), ('st_wang', '340402001', 'first_review', 't'),
	('st_zhao', '340402001', 'first_review', 't'), ('st_zhao', '340402001', 'second_review', 't'), ('st_chen', '340402', 'second_review', 't');
GRANT USAGE ON SCHEMA registry TO st_li, st_wang, st_chen, st_zhao;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA registry TO st_li, st_wang, st_chen, st_zhao;
INSERT INTO registry.setting (name, value) VALUES ('gateway_logins', session_user);
SQL
task() { ask "SELECT task_id FROM registry.survey_task WHERE person_id = $1 ORDER BY task_id DESC LIMIT 1"; }
form() { echo "registry.submit_form($(task "$1"), jsonb_build_object('name', '赵' || chr($((20250 + $1))), 'employment', '4', 'phone', '13900000001', 'reason', '01', 'signer', 'self', 'signer_name', 'x', 'signed_on', '2026-06-01'))"; }

# dispatch against dispatch
hold st_wang "SELECT registry.dispatch('340402001')"
as st_zhao "SELECT registry.dispatch('340402001')" > "$work/second" &
second=$!
someone_waits
release
wait $second
same "two dispatches at once make one task each" "$(ask 'SELECT count(*), count(DISTINCT person_id) FROM registry.survey_task')" "6|6"
same "the second one counts only its own" "$(ask 'SELECT string_agg(tasks::text, chr(32) ORDER BY dispatch_id) FROM registry.dispatch_list')" "6 0"

# two reviewers on one form
as st_li "SELECT $(form 1) ->> 'ok'" > "$work/submitted"
same "form handed in" "$(cat "$work/submitted")" true
hold st_wang "SELECT registry.review_form(1, 'accept')"
as st_zhao "SELECT registry.review_form(1, 'return', 'no')" > "$work/second" &
second=$!
someone_waits
release
wait $second
same "of two reviewers on one form the later is refused, even with both duties" "$(cat "$work/second")" RG041
same "one review stands" "$(ask "SELECT string_agg(reviewer || ' ' || decision, ',') FROM registry.review WHERE form_id = 1")" "st_wang accepted"

# recall against submit, and submit against recall
hold st_li "SELECT $(form 2)"
as st_chen "SELECT registry.recall_tasks(1)" > "$work/second" &
second=$!
someone_waits
release
wait $second
same "a recall waits for a form and takes it back" "$(cat "$work/second") $(ask 'SELECT f.state, t.state, t.recalled_at IS NOT NULL, p.work_state FROM registry.survey_form f JOIN registry.survey_task t USING (person_id, task_id) JOIN registry.person p USING (person_id) WHERE f.person_id = 2')" "6 90|90|t|30"
as st_wang "SELECT registry.dispatch('340402001')" >/dev/null
same "after a recall the same persons may be asked again" "$(ask 'SELECT count(*) FROM registry.survey_task WHERE state = 30')" 6
second_dispatch=$(ask 'SELECT max(dispatch_id) FROM registry.survey_dispatch')
hold st_chen "SELECT registry.recall_tasks($second_dispatch)"
as st_li "SELECT $(form 3) -> 'faults' -> 0 ->> 'code'" > "$work/second" &
second=$!
someone_waits
release
wait $second
same "a form that comes while its task is recalled is answered" "$(cat "$work/second")" SV13

# compare() against a form being handed in
as st_wang "SELECT registry.dispatch('340402001')" >/dev/null
hold st_li "SELECT $(form 4)"
ask "CALL registry.compare(full => true)" > "$work/second" &
second=$!
someone_waits
release
wait $second
same "compare() waits for a form and keeps its state" "$(cat "$work/second")$(ask 'SELECT work_state FROM registry.person WHERE person_id = 4')" 32
same "verify() agrees" "$(ask 'SELECT count(*) FROM registry.verify() WHERE failing > 0')" 0
