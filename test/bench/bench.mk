# make bench: what the extension does beside what PostgreSQL does without it.
# BENCH_PERSONS: sizes of the generated cities; BENCH_ROUNDS: alternating runs
# of which the median counts.

BENCH_PERSONS ?= 100000 1000000
export BENCH_ROUNDS

.PHONY: bench bench-names bench-types bench-receive bench-compare bench-redelivery bench-check
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
