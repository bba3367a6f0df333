# SPDX-License-Identifier: Apache-2.0
# What keeps the house in order: layers, format, banned calls, the other compiler, sanitizers.

C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h')

.PHONY: docs docs-check
docs: $(DAEMONS) $(BUILD)/docs/tables ## make the pages of docs/reference from what the code says
	@BUILD=$(BUILD) hack/docs.sh

docs-check: $(DAEMONS) $(BUILD)/docs/tables ## fail where `make docs` would change something
	@$(SUITE) docs hack/docs.sh --check

# Each daemon's table of metrics reaches the program in place of metrics_new().
$(BUILD)/docs/tables: $(BUILD)/obj/hack/docs/tables.o $(BUILD)/obj/gateway/refusal.o \
		$(patsubst %,$(BUILD)/obj/%/metrics.o,$(DAEMON_FOLDERS) proxy-sidecar) $(krypton_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -Wl,--wrap=metrics_new -o $@ $^ $(krypton_LIBS)

.PHONY: layers format format-check lint clang asan valgrind coverage hooks
layers: ## fail on an include that points upward
	@$(SUITE) layers mk/layers.sh

format: ## lay out the C sources
	$(Q)clang-format -i $(C_FILES)

format-check: ## fail where `make format` would change something
	@$(SUITE) format mk/format-check.sh

lint: ## banned calls, missing licence lines, shell scripts
	@$(SUITE) lint mk/lint.sh

clang: ## everything compiled by clang, warnings as errors, unit tests run
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang WERROR=-Werror all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang WERROR=-Werror unit

asan: ## unit and wire tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" all
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" unit wire

valgrind: $(unit_PROGRAMS) ## unit tests under valgrind
	@RUNNER="valgrind -q --error-exitcode=1 --leak-check=full" test/unit/run.sh $(unit_PROGRAMS)

coverage: ## line coverage of the unit tests by room, the least covered first
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage SAN=--coverage CFLAGS="-O0 -g" unit
	@BUILD=$(BUILD)/coverage mk/coverage.sh

hooks: ## format and layers before every commit
	@printf '#!/bin/sh\nexec make --no-print-directory format-check layers\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
