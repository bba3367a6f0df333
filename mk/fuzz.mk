# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: test/fuzz/NAME_fuzz.c, seeds in test/fuzz/corpus/NAME. Each is built by clang with libFuzzer, ASan and UBSan,
# against layers built the same way, and links the highest layer that it includes and what lies below.

FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_NAMES := $(patsubst test/fuzz/%_fuzz.c,%,$(sort $(wildcard test/fuzz/*_fuzz.c)))
fuzz_PROGRAMS := $(addprefix $(BUILD)/fuzz/bin/,$(fuzz_NAMES))

.PHONY: fuzz fuzz-programs
fuzz: ## every fuzz target over its corpus and FUZZ_SECONDS (10) more
	@$(MAKE) --no-print-directory -s $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) BUILD=$(BUILD)/fuzz CC=clang \
		SAN="$(FUZZ_SAN)" fuzz-programs || rm -f $(fuzz_PROGRAMS)  # none rather than an old one: each is then reported
	@$(SUITE) fuzz test/fuzz/run.sh $(fuzz_PROGRAMS)

fuzz-programs: $(addprefix $(BUILD)/bin/,$(fuzz_NAMES))

fuzz_layer_of = $(lastword base $(foreach layer,$(LAYERS),$(if $(shell grep -l '^#include "$(layer)/' test/fuzz/$(1)_fuzz.c),$(layer))))

define fuzz_rule
$(BUILD)/bin/$(1): $(BUILD)/obj/test/fuzz/$(1)_fuzz.o $($(call fuzz_layer_of,$(1))_ARCHIVES)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -fsanitize=fuzzer -o $$@ $$< $($(call fuzz_layer_of,$(1))_ARCHIVES) $($(call fuzz_layer_of,$(1))_LIBS)
endef
ifneq ($(filter fuzz-programs,$(MAKECMDGOALS)),)
$(foreach name,$(fuzz_NAMES),$(eval $(call fuzz_rule,$(name))))
endif
