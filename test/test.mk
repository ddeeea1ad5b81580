# What runs on a throw-away server (script/server).  Included by the Makefile.

BUILD ?= $(CURDIR)/build
export BUILD PG_CONFIG

.PHONY: build server-install server-start server-remove regress demo demo-stop check leak

CITY ?= 100000
build:
	@[ $(words $(CURDIR) $(BUILD)) -eq 2 ] || { echo 'make cannot build below a folder whose name holds a blank: $(BUILD)' >&2; exit 1; }
	@bash $(root)/script/setup
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory -j2 -C $(BUILD) -f $(realpath $(root))/Makefile all >$(BUILD)/build.log 2>&1 || { cat $(BUILD)/build.log; exit 1; }
	@grep -E 'warning' $(BUILD)/build.log || true

server-install: build
	@bash $(root)/script/server install
server-start: server-install
	@bash $(root)/script/server start
server-remove:
	@bash $(root)/script/server remove

# One or more regress tests: make regress TESTS="citizen region"
TESTS ?= $(REGRESS)
regress: server-start
	@bash $(root)/test/regress $(TESTS)

# The main job on a throw-away server: a generated city, from extract files to
# coverage views.
demo: server-install
	@CITY=$(CITY) bash $(root)/script/demo
demo-stop: server-remove

check: server-install
	@bash $(root)/test/check

# The random histories at length.
.PHONY: long
long: server-install
	@ACTS=10000 bash $(root)/test/check t/merge.sh
	@OPERATIONS=10000 bash $(root)/test/check t/edits.sh

# The differential leak test at full size; part of "make check" in small.
leak: server-install
	@ROLES=$${ROLES:-200} QUERIES=$${QUERIES:-5000} PERSONS=$${PERSONS:-3000} bash $(root)/test/check t/leak.sh

-include $(root)/test/city/city.mk
-include $(root)/test/bench/bench.mk
-include $(root)/test/fuzz/fuzz.mk
