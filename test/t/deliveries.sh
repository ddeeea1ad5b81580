#!/usr/bin/env bash
# Random small deliveries of a full and of a delta source against a model: every
# account closes, no row is lost or doubled, corrected numbers leave no ghost.
# SEEDS: which random histories; DELIVERIES: how long.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
export PGOPTIONS='-c client_min_messages=error'
for seed in ${SEEDS:-1 2 3}; do
	city_database registry_deliveries "$root/data/huainan_regions.csv" || echo "not ok - seed $seed: no database"
	"${psql[@]}" -d registry_deliveries -v seed="$seed" -v deliveries="${DELIVERIES:-12}" -f "$root/test/deliveries.sql" 2>&1 |
		sed 's/^psql:/not ok - psql:/'
done
"${psql[@]}" -d postgres -c 'DROP DATABASE IF EXISTS registry_deliveries'
