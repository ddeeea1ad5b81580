#!/usr/bin/env bash
# Names between sessions: classes that another session changes, refolding beside
# a compare, and the whole loop after a change of the library's version.
set -uo pipefail
. "$(dirname "$0")/../city.sh"

check() { if [ "$2" = "$3" ]; then echo "ok - $1"; else echo "not ok - $1"; echo "# got: $2, wanted: $3"; fi; }
ask() { PGOPTIONS='-c client_min_messages=error' "${psql[@]}" -d names -c "$1"; }

place=$REGISTRY_PLACE/names
city_make "$place" --persons 3000 --seed 7 --second
cp "$root/data/huainan_regions.csv" "$place/regions.csv" && chmod a+r "$place/regions.csv"
city_database names "$place/regions.csv"
# one session stays open while another changes the classes
coproc OPEN { "${psql[@]}" -d names; }
same="SELECT registry.name_variant_key('王喵') = registry.name_variant_key('王苗');"
echo "$same" >&"${OPEN[1]}"; read -r before <&"${OPEN[0]}"
ask "INSERT INTO registry.name_variant (kind, form, stands_for) VALUES ('variant', '喵', '苗')"
echo "$same" >&"${OPEN[1]}"; read -r after <&"${OPEN[0]}"
check 'a session follows the classes that another one changes' "$before $after" 'f t'
# ... even when its snapshot is older
echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM registry.name_variant;" >&"${OPEN[1]}"; read -r rows <&"${OPEN[0]}"
ask "DELETE FROM registry.name_variant"
echo "$same COMMIT;" >&"${OPEN[1]}"; read -r _ <&"${OPEN[0]}"
echo "$same" >&"${OPEN[1]}"; read -r after <&"${OPEN[0]}"
check 'nothing of an older snapshot stays behind' "$rows $after" '1 f'

# refold_names() and compare() keep apart
echo "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('registry.compare', 0)) IS NULL;" >&"${OPEN[1]}"; read -r _ <&"${OPEN[0]}"
check 'refold_names() is refused while a compare() runs' \
	"$("${psql[@]}" -d names -v VERBOSITY=sqlstate -c 'SELECT * FROM registry.refold_names()' 2>&1 || true)" 'ERROR:  RG001'
echo "ROLLBACK; SELECT 1;" >&"${OPEN[1]}"; read -r _ <&"${OPEN[0]}"
open=$OPEN_PID
echo '\q' >&"${OPEN[1]}"
wait "$open" 2>/dev/null

# the loop: a small city, another library, the same answers afterwards
city_receive names "$place/1"
city_compare names
check 'a compare() leaves every name findable' "$(ask "SELECT count(*) FROM registry.person p WHERE p.name_key <> '' AND NOT EXISTS (
	SELECT FROM registry.name_part s, registry.name_part g WHERE s.kind = 's' AND s.part = registry.name_surname(p.name_key)
	AND g.kind = 'g' AND g.part = registry.name_given(p.name_key))")" 0
check 'every person is found by name and birth date' "$(ask "SELECT count(*) FROM (SELECT * FROM registry.person WHERE name_key <> '' AND birth_date IS NOT NULL ORDER BY person_id LIMIT 100) p
	WHERE NOT EXISTS (SELECT FROM registry.search_person(p.name, p.birth_date) f WHERE f.person_id = p.person_id)")" 0
check 'every person is found by reading and birth date' "$(ask "SELECT count(*) FROM (SELECT * FROM registry.person WHERE registry.name_pinyin(name) ~ '^[a-z ]+\$' AND birth_date IS NOT NULL ORDER BY person_id LIMIT 100) p
	WHERE NOT EXISTS (SELECT FROM registry.search_person(registry.name_pinyin(p.name), p.birth_date) f WHERE f.person_id = p.person_id)")" 0
ask "UPDATE registry.setting SET value = '1.0/1.0' WHERE name = 'name_icu_version'; UPDATE registry.enrolment SET name_key = 'old' WHERE enrolment_id % 50 = 0" >/dev/null
warned=$("${psql[@]}" -d names -c 'CALL registry.compare()' 2>&1 | grep -c 'WARNING:  the stored names are of another name_icu_version' || true)
check 'compare() warns of another library' "$warned" 1
check 'refold_names() finds the stale keys' "$(ask "SELECT changed = (SELECT count(*) FROM registry.enrolment WHERE enrolment_id % 50 = 0) FROM registry.refold_names() WHERE \"table\" = 'enrolment'")" t
city_compare names
check 'after refold_names() and compare() everything is as recomputed' "$(ask 'SELECT coalesce(sum(failing), 0) FROM registry.verify()')" 0
check 'nothing is left to warn of' "$(ask 'SELECT registry.names_current()')" t
city_receive names "$place/2"
city_compare names
check 'a later compare() adds its names' "$(ask "SELECT count(*) FROM registry.person p WHERE p.name_key <> '' AND NOT EXISTS (
	SELECT FROM registry.name_part g WHERE g.kind = 'g' AND g.part = registry.name_given(p.name_key))")" 0
"${psql[@]}" -d postgres -c 'DROP DATABASE names'
rm -rf "$place"
