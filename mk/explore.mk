# SPDX-License-Identifier: Apache-2.0
# The schedule explorer: the gateway's, the scaler's and krypton-proxy's own rooms over a simulated clock, network and cluster.
# Each daemon's rooms are bundled into one object that shows only its front doors, since two daemons may use the same names.

explore_BUILD := $(BUILD)/test/explore
explore_SCHEDULES := 10000
explore_LONG := 1000000
explore_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard test/explore/*.c)))
explore_gateway_DOORS := gateway_new gateway_free gateway_stop gateway_options_parse routes_find
explore_scaler_DOORS := scaler_new scaler_free scaler_options_parse
explore_proxy-sidecar_DOORS := sidecar_new sidecar_free sidecar_stop sidecar_options_parse
# What dials and reads /proc is modelled.
explore_LEFT_OUT := %/main.o %/dial.o %/readiness.o %/sockets.o
explore_WRAPPED := -Wl,--wrap=instant_wall_ms,--wrap=instant_wall_ns,--wrap=instant_monotonic_ms
# A broken copy of one room in its place: test/explore/mutants.sh.
explore_room = $(if $(MUTANT),$(patsubst $(BUILD)/obj/$(MUTANT:.c=.o),$(explore_BUILD)/mutant.o,$(1)),$(1))

define explore_bundle_rule
$(explore_BUILD)/$(1).o: $$(call explore_room,$$(filter-out $(explore_LEFT_OUT),$$($(1)_OBJECTS)))
	@mkdir -p $$(@D)
	$(Q)$(LD) -r -o $$@ $$^
	$(Q)objcopy $(addprefix --keep-global-symbol=,$(explore_$(1)_DOORS)) $$@
endef
$(foreach daemon,gateway scaler proxy-sidecar,$(eval $(call explore_bundle_rule,$(daemon))))

$(explore_BUILD)/mutant.o: $(explore_BUILD)/mutant.c
	$(Q)$(CC) $(CFLAGS) $(KRYPTON_CFLAGS) -c -o $@ $<

explore_BUNDLES := $(addprefix $(explore_BUILD)/,gateway.o scaler.o proxy-sidecar.o)
$(explore_BUILD)/explore: $(explore_OBJECTS) $(explore_BUNDLES) $(krypton_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) $(explore_WRAPPED) -o $@ $^ $(krypton_LIBS)

.PHONY: explore explore-long
explore: $(explore_BUILD)/explore ## schedules of gateways, scaler and pods with delays, losses, restarts and conflicts, and faults planted into copies
	@$(SUITE) explore test/explore/run.sh $(BUILD) $(explore_SCHEDULES)

explore-long: $(explore_BUILD)/explore ## a hundred times as many schedules, on two cores
	@test/explore/long.sh $(explore_BUILD)/explore $(explore_LONG)
