# SPDX-License-Identifier: Apache-2.0
# Krypton: one non-recursive Makefile; what is made lies in build/. `make help` lists the targets.

VERSION := $(shell cat version.txt)
BUILD   ?= build

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

include mk/compile.mk
include mk/daemons.mk
include mk/tests.mk
include mk/explore.mk
include mk/quality.mk
include mk/fuzz.mk
include mk/sim.mk
include mk/bench.mk
include mk/images.mk

.PHONY: all clean install help deps demo
all: $(DAEMONS) ## compile everything

deps: $(BUILD)/.deps ## install what building and testing need (Debian packages)
$(BUILD)/.deps: hack/install-deps.sh
	@mkdir -p $(@D)
	hack/install-deps.sh
	@touch $@

demo: deps ## a real Kubernetes with Krypton and the examples on it, invoked through the gateway
	@$(MAKE) --no-print-directory all
	hack/local-up.sh
	hack/demo.sh

install: all ## put the daemons into $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 $(DAEMONS) $(DESTDIR)$(PREFIX)/bin

clean: ## remove what was built (a running local cluster stays: hack/local-down.sh)
	rm -rf $(BUILD)/obj $(BUILD)/lib $(BUILD)/bin $(BUILD)/test $(BUILD)/asan $(BUILD)/clang $(BUILD)/fuzz $(BUILD)/bench $(BUILD)/docs $(BUILD)/images $(BUILD)/results

help: ## this list
	@echo 'usage: make [TARGET…] [V=1: show the commands]'
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
