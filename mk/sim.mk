# SPDX-License-Identifier: Apache-2.0
# The scaler's policy in a simulated world: its own pure rooms and the gateway's choice of pods, traces, and Knative's policy beside it.

sim_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c %_test.c,$(sort $(wildcard test/sim/*.c test/bench/peers/kpa/*.c))) \
	scaler/decide.c scaler/samples.c scaler/retire.c gateway/pick.c)

$(BUILD)/bin/scaler-sim $(BUILD)/test/sim/sim_test: $(sim_OBJECTS) $(krypton_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $@ $(filter %.o,$^) $(krypton_ARCHIVES) $(if $(filter %_test,$@),-lcmocka) $(krypton_LIBS)
$(BUILD)/bin/scaler-sim: $(BUILD)/obj/test/sim/main.o
$(BUILD)/test/sim/sim_test: $(BUILD)/obj/test/sim/sim_test.o

.PHONY: sim bench-scaling scaling-pictures
sim: $(BUILD)/bin/scaler-sim $(BUILD)/test/sim/sim_test ## the scaling policy in a simulated world, beside Knative's
	@$(SUITE) sim test/sim/run.sh $(BUILD)

bench-scaling: $(BUILD)/bin/scaler-sim ## waiting and pod-seconds of six traces by Krypton's policy and by Knative's at six settings
	@$< --compare --trace=all

scaling-pictures: $(BUILD)/bin/scaler-sim ## draw the pictures of docs/SCALING.md anew
	@mkdir -p docs/scaling
	@for trace in steady ramp burst diurnal stream herd; do $< --trace=$$trace --chart=false --svg=docs/scaling/$$trace.svg > /dev/null || exit 1; done
