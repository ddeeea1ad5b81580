# Functions for tests that work on a generated city.  Sourced.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-$root/build}
eval "$("$root/script/server" env)"
psql=("$REGISTRY_PGBIN/psql" -qXAt -v ON_ERROR_STOP=1)

# city_make DIR ARGUMENTS…: generates a city below the server's place, where the server may read it
city_make() {
	local dir=$1
	shift
	make --no-print-directory -s -f "$root/test/city/city.mk" city BUILD="$build" >/dev/null
	rm -rf "$dir"
	"$build/city" --regions "$root/data/huainan_regions.csv" --out "$dir" "$@" >/dev/null
	chmod -R a+rX "$dir"
}

# city_database NAME: a fresh database with a deployed registry
city_database() {
	PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $1" \
		-c "CREATE DATABASE $1 TEMPLATE template0 ENCODING 'UTF8'"
	PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d "$1" -c 'CREATE EXTENSION registry' -c "CALL registry.deploy('340400')"
	# the tree may stand where the server's user cannot read
	cp "$2" "$REGISTRY_PLACE/regions.csv.$$" && chmod a+r "$REGISTRY_PLACE/regions.csv.$$"
	"${psql[@]}" -d "$1" -c "SELECT registry.load_regions(pg_read_binary_file('$REGISTRY_PLACE/regions.csv.$$'))" >/dev/null
	local loaded=$?
	rm -f "$REGISTRY_PLACE/regions.csv.$$"
	return $loaded
}

# city_receive DATABASE DELIVERY: receives every extract of a delivery.  A file
# that is the same as last month's is refused, as it must be; anything else fails.
city_receive() {
	local order source cutoff file encoding errors
	while IFS=$'\t' read -r order source cutoff file encoding; do
		[ "$order" = order ] && continue
		printf "SELECT registry.receive('%s', '%s', '%s');\n" "$source" "$cutoff" "$2/$file"
	done < "$2/manifest.tsv" > "$build/receive.sql"
	errors=$(PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -v ON_ERROR_STOP=0 -d "$1" -f "$build/receive.sql" 2>&1 >/dev/null |
		grep 'ERROR:' | grep -v 'has been received already')
	[ -z "$errors" ] || { echo "not ok - receive: $errors"; return 1; }
}

city_compare() {
	PGOPTIONS='-c client_min_messages=warning' "${psql[@]}" -d "$1" -c 'CALL registry.compare()'
}

# city_judge DATABASE DELIVERY LABEL: TAP lines, the registry against the delivery's truth
city_judge() {
	"${psql[@]}" -d "$1" <<-SQL
		SET client_min_messages = warning;
		DROP SCHEMA IF EXISTS truth CASCADE;
		CREATE SCHEMA truth;
		CREATE TABLE truth.person (citizen_id text, class text, paying text, receiving text, paused text, elsewhere text, due text, gap text, life_status text, territory text);
		CREATE TABLE truth.problem (rule_id text, key text, months integer, amount numeric, state text, detail text);
		CREATE TABLE truth.reject (source text, line_no integer, code text, state text);
		CREATE TABLE truth.batch (source text, received bigint, rejected bigint, unchanged bigint, inserted bigint, changed bigint, ended bigint);
		CREATE TABLE truth.coverage (territory text, kind text, persons bigint, due bigint, enrolled bigint, receiving bigint, elsewhere bigint, interrupted bigint, unenrolled bigint);
		\copy truth.person FROM '$2/truth_person.tsv' (FORMAT csv, DELIMITER E'\t', HEADER, NULL '')
		\copy truth.problem FROM '$2/truth_problem.tsv' (FORMAT csv, DELIMITER E'\t', HEADER, NULL '')
		\copy truth.reject FROM '$2/truth_reject.tsv' (FORMAT csv, DELIMITER E'\t', HEADER, NULL '')
		\copy truth.batch FROM '$2/truth_batch.tsv' (FORMAT csv, DELIMITER E'\t', HEADER, NULL '')
		\copy truth.coverage FROM '$2/truth_coverage.tsv' (FORMAT csv, DELIMITER E'\t', HEADER, NULL '')
	SQL
	"${psql[@]}" -d "$1" -v label="$3" -f "$root/test/oracle.sql" 2>&1
}

# What the registry says, without numbers and times that only tell the order of work.
city_state() {			# database
	"${psql[@]}" -d "$1" -c "SELECT md5(string_agg(l, E'\n' ORDER BY l)) FROM (
		SELECT (to_jsonb(p) - 'person_id')::text AS l FROM registry.person_list p
		UNION ALL SELECT concat_ws('|', p.rule_id, p.citizen_id, p.employer, p.state, p.schemes, p.months, p.amount, p.keep, p.evidence ->> 'number', p.evidence ->> 'line_no') FROM registry.problem_list p
		UNION ALL SELECT to_jsonb(c)::text FROM registry.coverage_report c
		UNION ALL SELECT concat_ws('|', b.source, b.cutoff, b.received, b.accepted, b.rejected, b.unchanged, b.inserted, b.changed, b.ended, b.state) FROM registry.batch_list b
		UNION ALL SELECT concat_ws('|', r.source, r.line_no, r.code, r.state) FROM registry.reject_list r
		UNION ALL SELECT 'reference ' || registry.reference_date()) s" 2>&1
}
