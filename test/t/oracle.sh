#!/usr/bin/env bash
# The generator's truth is the oracle: on a city of 20,000 with all dirt the
# registry must say exactly what the truth says, after the first delivery,
# after the second (2 % changed), and when the second state is loaded afresh.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
persons=${PERSONS:-20000} seed=${SEED:-7}
dir=$REGISTRY_PLACE/oracle

city_make "$dir" --persons "$persons" --seed "$seed" --second
cp "$root/data/huainan_regions.csv" "$dir/regions.csv" && chmod a+r "$dir/regions.csv"

city_database registry_oracle "$dir/regions.csv"
city_receive registry_oracle "$dir/1" && city_compare registry_oracle
city_judge registry_oracle "$dir/1" 'first delivery,'
city_receive registry_oracle "$dir/2" && city_compare registry_oracle
city_judge registry_oracle "$dir/2" 'second delivery,'

city_database registry_fresh "$dir/regions.csv"
city_receive registry_fresh "$dir/fresh" && city_compare registry_fresh
city_judge registry_fresh "$dir/fresh" 'loaded afresh,'
