# SPDX-License-Identifier: Apache-2.0
# How C is compiled, and the layers as static libraries: each sees and links only what is left of it.

CC      ?= cc
PREFIX  ?= /usr/local
SAN     ?=
WERROR  ?=

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
	-Wformat=2 -Wundef -Wvla -Werror=return-type -Werror=implicit
# gcc warns of `(void)f()` too where f is must_check; clang, which the gate runs as well, knows that it is on purpose.
WARN += $(if $(findstring clang,$(CC)),,-Wno-unused-result)
HARDEN := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
CFLAGS  ?= -O2 -g
KRYPTON_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DKRYPTON_VERSION='"$(VERSION)"' -Icommon -I. \
	-ffile-prefix-map=$(CURDIR)=. -ffunction-sections -fdata-sections -MMD -MP $(WARN) $(HARDEN) $(SAN)
KRYPTON_LDFLAGS := -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now $(SAN)

LAYERS := base net kube krypton

base_LIBS    := -lev -lm -ljansson -llz4 -lyaml
net_LIBS     := -lcurl -lmicrohttpd -lgnutls $(base_LIBS)
kube_LIBS    := $(net_LIBS)
krypton_LIBS := $(kube_LIBS)

# Archives in link order, upper layers first.
base_ARCHIVES    := $(BUILD)/lib/libbase.a
net_ARCHIVES     := $(BUILD)/lib/libnet.a $(base_ARCHIVES)
kube_ARCHIVES    := $(BUILD)/lib/libkube.a $(net_ARCHIVES)
krypton_ARCHIVES := $(BUILD)/lib/libkrypton.a $(kube_ARCHIVES)

# V=1 shows the commands.
Q := $(if $(V),,@)

# Objects go by way of a record of how they are compiled, so that other flags compile anew.
$(BUILD)/obj/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(KRYPTON_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(KRYPTON_CFLAGS)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	@echo "  cc  $<"
	$(Q)$(CC) $(CFLAGS) $(KRYPTON_CFLAGS) $(WERROR) -c -o $@ $<

define layer_rule
$(1)_OBJECTS := $$(patsubst %.c,$(BUILD)/obj/%.o,$$(sort $$(wildcard common/$(1)/*.c)))
$(BUILD)/lib/lib$(1).a: $$($(1)_OBJECTS)
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$(AR) rcs $$@ $$^
endef
$(foreach layer,$(LAYERS),$(eval $(call layer_rule,$(layer))))

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
