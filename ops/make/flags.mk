# SPDX-License-Identifier: Apache-2.0
# Compiler flags of every C part, and the lint and fmt targets for its sources.
# A part sets C_SOURCES (default: src and include) before it uses lint-c and fmt-c.

include $(dir $(lastword $(MAKEFILE_LIST)))warnings.mk

ifeq ($(SANITIZE),1)
BUILD := build-asan
CFLAGS := $(WARNINGS) -g -O1 -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS := -fsanitize=address,undefined
else
BUILD := build
CFLAGS := $(WARNINGS) -g -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now
endif

.DEFAULT_GOAL := all
CPPFLAGS := -D_GNU_SOURCE
C_SOURCES ?= $(shell find src include -name '*.[ch]' 2>/dev/null)

lint-c:
	clang-format --dry-run -Werror $(C_SOURCES)
	clang-tidy --quiet $(filter %.c,$(C_SOURCES)) -- -std=gnu11 $(CPPFLAGS)
	cppcheck --quiet --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem $(filter %.c,$(C_SOURCES)) -Iinclude

fmt-c:
	clang-format -i $(C_SOURCES)

.PHONY: lint-c fmt-c lint fmt
