# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: test/fuzz/NAME_fuzz.c, seeds in test/fuzz/corpus/NAME. Each is built by clang with libFuzzer, ASan and UBSan,
# against layers built the same way, and links the highest layer that it includes and what lies below.

FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_NAMES := $(patsubst test/fuzz/%_fuzz.c,%,$(sort $(wildcard test/fuzz/*_fuzz.c)))
fuzz_PROGRAMS := $(addprefix $(BUILD)/fuzz/bin/,$(fuzz_NAMES))
# What reads bytes that any client or agent may send: the gate gives each of these a minute.
fuzz_DATA_PATH := $(filter agent_path forwarded location origin uri h1_%,$(fuzz_NAMES))

.PHONY: fuzz fuzz-data-path fuzz-others fuzz-build fuzz-programs
fuzz: fuzz-build ## every fuzz target over its corpus and FUZZ_SECONDS (10) more
	@$(SUITE) fuzz test/fuzz/run.sh $(fuzz_PROGRAMS)

fuzz-data-path: fuzz-build ## those that read what clients and agents send, FUZZ_SECONDS (10) each
	@$(SUITE) fuzz-data-path test/fuzz/run.sh $(filter $(addprefix %/,$(fuzz_DATA_PATH)),$(fuzz_PROGRAMS))

fuzz-others: fuzz-build ## the others
	@$(SUITE) fuzz-others test/fuzz/run.sh $(filter-out $(addprefix %/,$(fuzz_DATA_PATH)),$(fuzz_PROGRAMS))

fuzz-build:
	@$(MAKE) --no-print-directory -s $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) BUILD=$(BUILD)/fuzz CC=clang \
		SAN="$(FUZZ_SAN)" fuzz-programs || rm -f $(fuzz_PROGRAMS)  # none rather than an old one: each is then reported

fuzz-programs: $(addprefix $(BUILD)/bin/,$(fuzz_NAMES))

fuzz_layer_of = $(lastword base $(foreach layer,$(LAYERS),$(if $(shell grep -l '^#include "$(layer)/' test/fuzz/$(1)_fuzz.c),$(layer))))
# Pure rooms of a daemon that a target includes.
fuzz_rooms_of = $(patsubst %.h,$(BUILD)/obj/%.o,$(shell sed -nE 's/^.include "((gateway|proxy-sidecar)\/.*\.h)"/\1/p' test/fuzz/$(1)_fuzz.c))

define fuzz_rule
$(BUILD)/bin/$(1): $(BUILD)/obj/test/fuzz/$(1)_fuzz.o $(call fuzz_rooms_of,$(1)) $($(call fuzz_layer_of,$(1))_ARCHIVES)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $($(call fuzz_layer_of,$(1))_LIBS)
endef
ifneq ($(filter fuzz-programs,$(MAKECMDGOALS)),)
$(foreach name,$(fuzz_NAMES),$(eval $(call fuzz_rule,$(name))))
endif
