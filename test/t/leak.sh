#!/usr/bin/env bash
# Differential leak test: generated roles ask random questions of the views and
# look-ups of a generated city; the same questions are asked of copies that hold
# only what the role may see, filtered beforehand by conditions written without
# any function of the rights.  Every answer must be the same, also every error.
#
#   ROLES=30 QUERIES=40 PERSONS=1000 SEED=1 bash test/t/leak.sh
set -uo pipefail
. "$(dirname "$0")/../city.sh"
dir=$REGISTRY_PLACE/leak
roles=${ROLES:-30} queries=${QUERIES:-40} persons=${PERSONS:-1000} seed=${SEED:-1}

city_make "$dir" --persons "$persons" --seed 11
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"
city_database registry_leak "$dir/regions.csv"
city_receive registry_leak "$dir/1" && city_compare registry_leak
PGOPTIONS='-c client_min_messages=error' "${psql[@]}" -d registry_leak -v roles="$roles" -v queries="$queries" -v seed="$seed" -f "$root/test/leak.sql" 2>&1
status=$?
[ $status -eq 0 ] || echo "not ok - test/leak.sql ended with status $status"
"${psql[@]}" -d postgres -c 'DROP DATABASE IF EXISTS registry_leak' \
	-c "DO \$\$ DECLARE r text; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'registry\\_leak\\_%' LOOP EXECUTE format('DROP ROLE %I', r); END LOOP; END \$\$"
exit $status
