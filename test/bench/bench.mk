# make bench: what the extension does beside what PostgreSQL does without it.
# BENCH_PERSONS: sizes of the generated cities; BENCH_ROUNDS: alternating runs
# of which the median counts.

BENCH_PERSONS ?= 100000 1000000
export BENCH_ROUNDS

# Sets against rows in SQL and in DuckDB (npm package @duckdb/node-api, used when it can be had).
.PHONY: bench-sets
bench-sets: server-start city
	@bash $(root)/test/bench/sets $(BENCH_PERSONS)

.PHONY: bench bench-names bench-types bench-receive bench-compare bench-redelivery bench-log bench-check
bench: bench-check bench-types bench-receive bench-compare bench-redelivery
	@echo "all results: $(BUILD)/bench/results.tsv"
bench-types: server-start
	@bash $(root)/test/bench/run types
bench-receive bench-compare bench-redelivery: bench-%: server-start city
	@bash $(root)/test/bench/run $* $(BENCH_PERSONS)
bench-names: server-start
	@bash $(root)/test/bench/run names $(BENCH_PERSONS)
# The rival itself is held to people computed by hand.
bench-check: server-start
	@bash $(root)/test/bench/run check
# What logging costs.  BENCH_LOG_ROWS=1000000 is the full form.
bench-log: server-start
	@bash $(root)/test/bench/log

# One changed row, through the triggers, to person, problems and counts: median and p99.
.PHONY: bench-edit
bench-edit: server-start city
	@bash $(root)/test/bench/edit $(firstword $(BENCH_PERSONS))
