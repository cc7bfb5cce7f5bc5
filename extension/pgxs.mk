# SPDX-License-Identifier: Apache-2.0
# Builds and installs the extension by PGXS; called by Makefile.

MODULE_big = careforall
EXTENSION = careforall
EXT_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" careforall.control)
OBJS = $(patsubst src/%.c,build/%.o,$(sort $(wildcard src/*.c)))
DATA = $(wildcard sql/careforall--*.sql)
DATA_built = careforall--$(EXT_VERSION).sql
EXTRA_CLEAN = build careforall--$(EXT_VERSION).sql

PG_CONFIG ?= pg_config
SERVER_INCLUDE := $(shell $(PG_CONFIG) --includedir-server)
include ../ops/make/warnings.mk
PG_CPPFLAGS = -isystem $(SERVER_INCLUDE) -DCFA_VERSION='"$(EXT_VERSION)"'
PG_CFLAGS = $(WARNINGS) -fvisibility=hidden

# Bitcode for inlining would need a second compiler with its own warnings.
override with_llvm = no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

all: $(DATA_built)

careforall--$(EXT_VERSION).sql: sql/careforall.sql
	cp $< $@

build/%.o: src/%.c | build
	$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

build/version.o: careforall.control

build:
	mkdir -p $@

-include $(wildcard build/*.d)
