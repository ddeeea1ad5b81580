#!/usr/bin/env bash
# The memory of a receive does not grow with the file: VmHWM of the backend (its
# own memory and the shared buffers it touched) for a file and for one four times
# as large.  MEGABYTES (48): size of the larger; LIMIT (300): what the backend may take.
set -uo pipefail
. "$(dirname "$0")/../city.sh"
megabytes=${MEGABYTES:-48} limit=${LIMIT:-300}
place=$REGISTRY_PLACE/memory
export PGOPTIONS='-c client_min_messages=error'

# make_file NAME MEGABYTES: enrolment rows of 100 bytes, one in 20,000 said twice, some far apart
make_file() {
	awk -v rows="$(($2 * 10000))" 'BEGIN {
		print "证件号码,姓名,险种,个人编号,经办区划,参保状态,缴费状态,开始年月,终止年月,联系电话"
		for (i = 0; i < rows; i++)
			printf "H%010d,张三李四%03d,390,P%014d,340402001001,1,%d,202001,,1380000%04d\n", i, i % 1000, i % 20000 == 19999 ? i / 2 : i, 1 + (i % 40000 == 19999), i % 10000
	}' > "$place/$1.csv"
	chmod a+r "$place/$1.csv"
}
# receive NAME SETTINGS: what became of it, and the backend's memory in MB
receive() {
	"${psql[@]}" -d registry_memory <<-SQL 2>&1
		$2;
		SELECT pg_backend_pid() AS pid \gset
		\setenv BACKEND :pid
		SELECT registry.receive('medical_resident', '2026-10-31', '$place/$1.csv') AS batch_id \gset
		\! awk '/^VmHWM/ {print "memory", int(\$2 / 1024)}' /proc/\$BACKEND/status
		SELECT concat_ws(' ', received, accepted, rejected, unchanged), (SELECT sum(hashtextextended(row_key::text || row_hash, 0)::numeric) FROM registry.staged_enrolment s WHERE s.batch_id = b.batch_id),
			(SELECT md5(string_agg(line_no || code, ',' ORDER BY line_no)) FROM registry.reject_list r WHERE r.batch_id = b.batch_id)
		FROM registry.batch b WHERE batch_id = :batch_id;
		SELECT registry.discard(:batch_id);
	SQL
}

rm -rf "$place"; mkdir -p "$place"; chmod a+rx "$place"
city_database registry_memory "$root/data/huainan_regions.csv"
make_file small $((megabytes / 4))
make_file large "$megabytes"
small=$(receive small 'SET maintenance_work_mem = "64MB"')
large=$(receive large 'SET maintenance_work_mem = "64MB"')
memory() { sed -n 's/^memory //p' <<< "$1"; }
echo "# $(du -m "$place/small.csv" | cut -f1) MB: $(memory "$small") MB; $(du -m "$place/large.csv" | cut -f1) MB: $(memory "$large") MB"
taken=$(memory "$large") before=$(memory "$small")
[ "${taken:-9999}" -le "$limit" ] && echo "ok - a file of $megabytes MB takes at most $limit MB" || echo "not ok - a file of $megabytes MB takes $taken MB, more than $limit"
[ "$((${taken:-9999} - ${before:-0}))" -le 64 ] && echo 'ok - four times the file takes no more than the 64 MB of its keys' || echo "not ok - memory grows with the file: $before MB, then $taken MB"
# keys beyond the memory go through files: the same rows stay, the same are refused
large=$(grep -v ^memory <<< "$large") spilled=$(receive large 'SET maintenance_work_mem = "1MB"' | grep -v ^memory)
[ "$spilled" = "$large" ] && echo 'ok - repeated keys are found through temporary files alike' || printf '%s\n' 'not ok - repeated keys through temporary files' "# found:    $spilled" "# expected: $large"
"${psql[@]}" -d postgres -c 'DROP DATABASE IF EXISTS registry_memory'
rm -rf "$place"
