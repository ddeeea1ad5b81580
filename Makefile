# registry — a PostgreSQL extension for universal social-insurance enrolment
#
# Two commands: "make demo" and "make check".  See README.md.

EXTENSION = registry
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(dir $(firstword $(MAKEFILE_LIST)))registry.control)
MODULE_big = registry
PGFILEDESC = "registry - social-insurance enrolment registration"

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)

root := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))

# The rooms, in the order in which they may use each other: a room uses only
# rooms to its left, in C and in SQL.
ROOMS = region citizen coverage name person changelog intake classify problem compare territory survey report

SOURCES := src/module.c $(foreach room,$(ROOMS),$(patsubst $(root)/%,%,$(sort $(wildcard $(root)/src/$(room)/*.c))))
OBJS = $(SOURCES:.c=.o)

# Code of each room goes into the extension script; what deploy creates goes
# into it as text (script/pack-deploy), to be run by registry.deploy().
# In a room the file named after it comes first, the others by name.
first_then_others = $(patsubst $(root)/%,%,$(filter %/$(1),$(2)) $(filter-out %/$(1),$(2)))
deploy_sql = $(call first_then_others,$(1)_deploy.sql,$(sort $(wildcard $(root)/src/$(1)/*_deploy.sql)))
code_sql = $(call first_then_others,$(1).sql,$(sort $(filter-out %_deploy.sql,$(wildcard $(root)/src/$(1)/*.sql))))
CODE_SQL = src/module.sql $(foreach room,$(ROOMS),$(call code_sql,$(room))) src/deploy.sql
DEPLOY_SQL = src/deploy_begin.sql $(foreach room,$(ROOMS),$(call deploy_sql,$(room)))

DATA_built = registry--$(EXTVERSION).sql
DATA = $(wildcard $(root)/src/upgrade/registry--*--*.sql)

REGRESS = $(patsubst $(root)/sql/%.sql,%,$(sort $(wildcard $(root)/sql/*.sql)))
REGRESS_OPTS = --inputdir=$(root) --encoding=UTF8 --load-extension=registry

PG_CPPFLAGS = -I$(root)/src -I. -DREGISTRY_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-clobbered -Wno-declaration-after-statement
SHLIB_LINK = -licuuc -licui18n -licudata -lroaring

EXTRA_CLEAN = registry--$(EXTVERSION).sql src/region/region_seed.inc

# No bitcode for JIT: nothing here is inlined into queries.
override with_llvm = no

# What works on the project's throw-away server runs on a bare machine too: it
# installs PostgreSQL first, so PGXS must not be needed to read this file.
SERVER_GOALS = demo demo-stop check regress bench bench-check bench-names bench-types bench-receive bench-compare bench-redelivery bench-sets bench-log bench-edit \
	leak city city-verify fuzz server-install server-start server-remove build long
ifneq ($(filter $(SERVER_GOALS),$(MAKECMDGOALS)),)
include $(root)/test/test.mk
else
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error PostgreSQL's server headers are missing: run script/setup, or name pg_config by PG_CONFIG)
endif
include $(PGXS)

# In a build outside the source tree only sources are looked for in it: objects
# that a plain "make" left there are not this build's.
VPATH =
vpath %.c $(root)
vpath %.control $(root)

# The object folders do not exist yet there.
$(shell mkdir -p $(sort $(dir $(OBJS))))

registry--$(EXTVERSION).sql: $(addprefix $(root)/,$(CODE_SQL) $(DEPLOY_SQL) script/pack-deploy registry.control Makefile)
	@( printf "%s\n" "\\echo Use \"CREATE EXTENSION registry\" to load this file. \\quit"; \
	   cd $(root) && cat $(CODE_SQL) && bash script/pack-deploy $(DEPLOY_SQL) ) > $@.tmp && mv $@.tmp $@

HEADERS_ALL = $(wildcard $(root)/src/*.h $(root)/src/*/*.h)
$(OBJS): $(HEADERS_ALL)

include $(root)/src/region/region.mk

BUILD ?= $(CURDIR)/build
clean: clean-build
.PHONY: clean-build
clean-build:
	@if [ -d "$(BUILD)" ]; then BUILD="$(BUILD)" bash $(root)/script/server remove; rm -rf "$(BUILD)"; fi
endif
