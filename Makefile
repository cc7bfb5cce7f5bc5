# SPDX-License-Identifier: Apache-2.0
# Calls the parts and the scripts under ops/; holds no logic of its own.

export PATH := $(CURDIR)/.tools/node_modules/.bin:$(PATH)

STACK := ops/run/stack.sh
BUILT := lib relay kore-app extension web
PARTS := $(BUILT) sql test

help: ## show this
	@grep -hE '^[a-z0-9-]+:.*##' Makefile | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 22

run: ## install, build and start everything, show one pledge, follow the logs
	@ops/run/run.sh

stop: ## stop the stack of `make run`; data stays
	@$(STACK) stop

status: ## show the processes of the stack
	@$(STACK) status

logs: ## follow the logs of the stack
	@$(STACK) logs

psql: ## open psql in the stack's database
	@$(STACK) psql

reset: ## stop the stack and delete its data
	@$(STACK) reset

deps: ## install the missing Debian packages, and Node.js where it is too old
	@ops/install-packages.sh

build: ## build all parts
	@for part in $(BUILT); do $(MAKE) --no-print-directory -C $$part all || exit 1; done

INSTALLED := extension kore-app relay sql web ops

install: build ## install everything: programs, extension, units (DESTDIR, PREFIX)
	@for part in $(INSTALLED); do $(MAKE) --no-print-directory -C $$part install || exit 1; done

uninstall: ## delete what install has put there; data and settings stay
	@for part in $(INSTALLED); do $(MAKE) --no-print-directory -C $$part uninstall || exit 1; done

install-extension: build ## put the extension alone into the machine's PostgreSQL
	@ops/install-extension.sh

release: ## make source, Debian packages, bill of materials and checksums, into release/
	@ops/release.sh

package-check: ## install the Debian packages on a fresh Debian 12 and send a pledge through
	@ops/test/packages.sh

pg17-check: ## build the extension and run its tests and the schema's on PostgreSQL 17
	@ops/test/pg17.sh

compose-check: ## build the images and run docker-compose.yml, on a machine without Docker
	@ops/test/compose.sh

lifecycle-check: build install-extension ## back up, restore, go back to a moment, go from PostgreSQL 15 to 17
	@$(MAKE) --no-print-directory -C test all
	@ops/test/lifecycle.sh

check: ## build, install, lint and run every test
	@ops/check.sh

lint: build ## run every linter
	@ops/check.sh lint

fmt: ## format the sources
	@for part in lib relay kore-app extension; do $(MAKE) --no-print-directory -C $$part fmt || exit 1; done

bench: build ## measure; prints a table
	@$(MAKE) --no-print-directory -C test bench

lighthouse: build ## what a phone on slow 4G makes of the site
	@$(MAKE) --no-print-directory -C test lighthouse

screenshots: ## pictures of the main pages for docs/images, from the stack of make run
	@$(MAKE) --no-print-directory -C test screenshots

fuzz: build ## look for inputs that break the API, FUZZ_SECONDS for each target
	@$(MAKE) --no-print-directory -C kore-app fuzz

bench-memory: build ## measure the API's memory over a million requests
	@$(MAKE) --no-print-directory -C test bench-memory

chaos: build ## kill everything, for longer than check does
	@$(MAKE) --no-print-directory -C test chaos

ha-check: build ## lose one host after the other of a cluster in network namespaces (root)
	@ops/install-extension.sh
	@$(MAKE) --no-print-directory -C test ha

clean: ## delete what was built; data and .tools stay
	@for part in $(PARTS); do $(MAKE) --no-print-directory -C $$part clean || exit 1; done

.PHONY: help run stop status logs psql reset deps build install uninstall install-extension release package-check pg17-check compose-check lifecycle-check check lint fmt bench bench-memory lighthouse screenshots fuzz chaos ha-check clean
