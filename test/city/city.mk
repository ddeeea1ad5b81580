# The city generator: make city.  Included by test/test.mk, or used alone:
#   make -f test/city/city.mk city
# It links nothing of the extension, because it is the oracle for it.

city_root := $(patsubst %/test/city/city.mk,%,$(abspath $(lastword $(MAKEFILE_LIST))))
BUILD ?= $(CURDIR)/build
CITY_PROGRAM = $(BUILD)/city

.PHONY: city
city: $(CITY_PROGRAM)

$(CITY_PROGRAM): $(wildcard $(city_root)/test/city/*.c) $(wildcard $(city_root)/test/city/*.h)
	@mkdir -p $(dir $@)
	$(CC) -std=c11 -O2 -Wall -Wextra -o $@ $(filter %.c,$^) -licuuc -licudata

# Reads a small city back from its files and compares it with its truth
# (needs python3; not part of make check).
.PHONY: city-verify
city-verify: $(CITY_PROGRAM)
	@rm -rf $(BUILD)/city-verify
	$(CITY_PROGRAM) --persons 20000 --seed 7 --out $(BUILD)/city-verify --second --encoding mixed --regions $(city_root)/data/huainan_regions.csv
	python3 $(city_root)/test/city/verify.py $(BUILD)/city-verify
