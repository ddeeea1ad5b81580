# Fuzzing of what needs no server: make fuzz.  Included by test/test.mk.
# FUZZ_SECONDS: how long each target runs; FUZZ_TARGETS: which.  Needs clang
# (script/setup fuzz installs it); no part of make check.

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(patsubst $(root)/test/fuzz/fuzz_%.c,%,$(sort $(wildcard $(root)/test/fuzz/fuzz_*.c)))
export FUZZ_SECONDS

.PHONY: fuzz
fuzz:
	@bash $(root)/script/setup fuzz
	@bash $(root)/test/fuzz/run $(FUZZ_TARGETS)
