# SPDX-License-Identifier: Apache-2.0
# The executables. A daemon's rooms lie in its folder; main.c is its front door and is left out of its test library.

DAEMON_FOLDERS := controller gateway scaler
DAEMONS := $(addprefix $(BUILD)/bin/,$(DAEMON_FOLDERS)) $(BUILD)/bin/krypton-proxy

define daemon_rule
$(1)_OBJECTS := $$(patsubst %.c,$(BUILD)/obj/%.o,$$(sort $$(wildcard $(1)/*.c)))
$(BUILD)/bin/$(1): $$($(1)_OBJECTS) $(krypton_ARCHIVES)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $$@ $$($(1)_OBJECTS) $(krypton_ARCHIVES) $(krypton_LIBS)
endef
$(foreach daemon,$(DAEMON_FOLDERS),$(eval $(call daemon_rule,$(daemon))))

# The sidecar stands in every agent's pod: static, without curl, libmicrohttpd, TLS or the Kubernetes client.
proxy-sidecar_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard proxy-sidecar/*.c)))
$(BUILD)/bin/krypton-proxy: $(proxy-sidecar_OBJECTS) $(net_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(if $(SAN),-pie,-static-pie) $(KRYPTON_LDFLAGS) -o $@ $(proxy-sidecar_OBJECTS) $(net_ARCHIVES) -lev -lm -ljansson
