# SPDX-License-Identifier: Apache-2.0
# Calls the parts and the scripts under ops/; holds no logic of its own.

export PATH := $(CURDIR)/.tools/node_modules/.bin:$(PATH)

STACK := ops/run/stack.sh
BUILT := lib relay kore-app extension web
PARTS := $(BUILT) sql test

help:
	@sed -nE 's/^##@ (.*)/\n\1/p; s/^([a-z0-9-]+):.*## /  make \1\t/p' Makefile | expand -t 25
	@printf '\nOn Debian 12, as root or with sudo; run and the checks install what is missing. Times are for two processors.\n'

##@ Try it

run: ## install, build, start everything, send one pledge, follow the logs; Ctrl-C stops (5 minutes; later seconds)
	@ops/run/run.sh

stop: ## stop the stack of make run; its data stays
	@$(STACK) stop

status: ## show the processes of the stack
	@$(STACK) status

logs: ## follow the logs of the stack
	@$(STACK) logs

psql: ## psql as superuser in the stack's database
	@$(STACK) psql

reset: ## stop the stack and delete its data
	@$(STACK) reset

##@ Build and install it
deps: ## only install the missing Debian packages and Node.js
	@ops/install-packages.sh

build: ## build all parts (needs make deps; 3 minutes, then seconds)
	@for part in $(BUILT); do $(MAKE) --no-print-directory -C $$part all || exit 1; done

INSTALLED := extension kore-app relay sql web ops

install: build ## build, then install programs, extension and units; DESTDIR, PREFIX (root)
	@for part in $(INSTALLED); do $(MAKE) --no-print-directory -C $$part install || exit 1; done

uninstall: ## delete what install has put there; data and settings stay (root)
	@for part in $(INSTALLED); do $(MAKE) --no-print-directory -C $$part uninstall || exit 1; done

install-extension: build ## build, then put the extension alone into the machine's PostgreSQL (root)
	@ops/install-extension.sh

release: ## source, Debian packages, bill of materials and checksums of the last commit, into release/ (9 minutes)
	@ops/release.sh

clean: ## delete what was built; data and .tools stay
	@for part in $(PARTS); do $(MAKE) --no-print-directory -C $$part clean || exit 1; done

##@ Test it
check: ## build, install, lint and run every test on stacks of their own (16 minutes)
	@ops/check.sh

lint: build ## build, then run every linter (3 minutes)
	@ops/check.sh lint

fmt: ## format the C sources (clang-format; seconds)
	@for part in lib relay kore-app extension; do $(MAKE) --no-print-directory -C $$part fmt || exit 1; done

package-check: ## install the Debian packages on a fresh Debian 12, send a pledge through (root; 9 minutes)
	@ops/test/packages.sh

pg17-check: ## build and test the extension and the schema on PostgreSQL 17 (root; 12 minutes)
	@ops/test/pg17.sh

compose-check: ## build the images, run docker-compose.yml; brings its own Docker (root; 7 minutes, the first time longer)
	@ops/test/compose.sh

lifecycle-check: build install-extension ## back up, restore, go back to a moment, go from PostgreSQL 15 to 17 (root; 8 minutes)
	@$(MAKE) --no-print-directory -C test all
	@ops/test/lifecycle.sh

ha-check: build ## lose one host after the other of a cluster in network namespaces (root; 6 minutes)
	@ops/install-extension.sh
	@$(MAKE) --no-print-directory -C test ha

chaos: build ## kill everything, longer than check does: CHAOS_SECONDS (300) and the long proofs, CHAOS_SEED
	@$(MAKE) --no-print-directory -C test chaos

fuzz: build ## look for inputs that break the API, FUZZ_SECONDS (300) for each target
	@$(MAKE) --no-print-directory -C kore-app fuzz

##@ Measure it
bench: build ## measure beside yardsticks, print a table (wants a quiet machine; takes long)
	@$(MAKE) --no-print-directory -C test bench

bench-memory: build ## the API's memory over a million requests (minutes)
	@$(MAKE) --no-print-directory -C test bench-memory

lighthouse: build ## what a phone on slow 4G makes of the site (minutes)
	@$(MAKE) --no-print-directory -C test lighthouse

screenshots: ## pictures of the main pages for docs/images, from the stack of make run
	@$(MAKE) --no-print-directory -C test screenshots

.PHONY: help run stop status logs psql reset deps build install uninstall install-extension release package-check pg17-check compose-check lifecycle-check check lint fmt bench bench-memory lighthouse screenshots fuzz chaos ha-check clean
