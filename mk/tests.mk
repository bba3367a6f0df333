# SPDX-License-Identifier: Apache-2.0
# The tests by what they prove. Every suite prints `ok - sentence` or `not ok - sentence` lines (TAP);
# mk/suite.sh keeps its output in build/results and mk/summary.sh adds them up.

SUITE := BUILD=$(BUILD) mk/suite.sh

.PHONY: test check unit wire differential soak soak-quick soak-elastic soak-programs soak-valgrind-programs chart api cluster elastic hack-test
test: deps ## everything that gates a change; ends with `N passed, N failed`
	@rm -rf $(BUILD)/results
	@hack/test.sh

check: format-check lint layers docs-check unit wire ## the quick round: format, lint, layers, reference pages, unit and wire tests

# A unit test is test/unit/PLACE/NAME_test.c, PLACE a layer or a daemon; it links only that place and what is below.
unit_SOURCES := $(sort $(wildcard test/unit/*/*_test.c))
unit_PROGRAMS := $(patsubst test/unit/%.c,$(BUILD)/test/unit/%,$(unit_SOURCES))

define unit_layer_rule
$(BUILD)/test/unit/$(1)/%: $(BUILD)/obj/test/unit/$(1)/%.o $($(1)_ARCHIVES)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $$@ $$< $($(1)_ARCHIVES) -lcmocka $($(1)_LIBS)
endef
$(foreach layer,$(LAYERS),$(eval $(call unit_layer_rule,$(layer))))

# A daemon's tests link its rooms less main.c.
define unit_daemon_rule
$(BUILD)/lib/lib$(1).a: $$(filter-out %/main.o,$$($(1)_OBJECTS))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$(AR) rcs $$@ $$^
$(BUILD)/test/unit/$(1)/%: $(BUILD)/obj/test/unit/$(1)/%.o $(BUILD)/lib/lib$(1).a $(krypton_ARCHIVES)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $$@ $$< $(BUILD)/lib/lib$(1).a $(krypton_ARCHIVES) -lcmocka $(krypton_LIBS)
endef
$(foreach daemon,$(DAEMON_FOLDERS) proxy-sidecar,$(eval $(call unit_daemon_rule,$(daemon))))

# Programs that drive the Kubernetes client: against scripted API servers (wire) and a real one (api).
kube_DRIVERS := $(patsubst test/%.c,$(BUILD)/test/%,$(sort $(wildcard test/wire/kube_*.c test/api/kube/*.c)))
$(kube_DRIVERS): $(BUILD)/test/%: $(BUILD)/obj/test/%.o $(kube_ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $@ $< $(kube_ARCHIVES) $(kube_LIBS)
wire api: $(kube_DRIVERS)

.SECONDARY:

.PHONY: unit-programs wire-programs
unit-programs: $(unit_PROGRAMS)

unit: $(unit_PROGRAMS) ## unit tests: the deciding, in tables
	@$(SUITE) unit test/unit/run.sh $(unit_PROGRAMS)

# Programs that wire tests drive: test/wire/PLACE/NAME.c, on the layers up to net.
wire_PROGRAMS := $(patsubst test/wire/%.c,$(BUILD)/test/wire/%,$(sort $(wildcard test/wire/*/*.c)))
$(BUILD)/test/wire/%: $(BUILD)/obj/test/wire/%.o $(net_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $@ $< $(net_ARCHIVES) $(net_LIBS)

wire-programs: $(kube_DRIVERS) $(wire_PROGRAMS)
wire: $(DAEMONS) $(wire_PROGRAMS) ## wire tests: bytes, framing and faults against scripted peers (varnishtest)
	@$(SUITE) wire test/wire/run.sh

differential: $(BUILD)/bin/krypton-proxy $(BUILD)/test/wire/engine/relay ## hostile requests and answers through ours and through nginx: each difference explained
	@$(SUITE) differential python3 -B test/differential/run.py $(BUILD)

# Some of it runs under sanitizers, some needs the memory of the daemon as it is.
soak_PROGRAMS := bin/krypton-proxy bin/gateway test/wire/engine/relay
soak_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
soak-programs: $(addprefix $(BUILD)/,$(soak_PROGRAMS))
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SAN="$(soak_SAN)" $(addprefix $(BUILD)/asan/,$(soak_PROGRAMS))

# valgrind sees no malloc in krypton-proxy as it ships, which is static: any SAN links it dynamically.
soak-valgrind-programs:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/valgrind SAN=-g $(addprefix $(BUILD)/valgrind/,$(soak_PROGRAMS))

soak: soak-programs soak-valgrind-programs soak-elastic ## a long run: SOAK_SECONDS (600) of mixed traffic cut at random, SOAK_ABORTS (100000) aborted requests, soak-elastic
	@$(SUITE) soak test/soak/run.sh long $(BUILD) $(BUILD)/asan $(BUILD)/valgrind

soak-elastic: $(DAEMONS) ## agents that come and go at length on a cluster of two nodes: ELASTIC_WAKES (1000), ELASTIC_TURNS (5) of the load
	@$(SUITE) soak-elastic test/cluster/elastic/soak.sh

soak-quick: soak-programs ## the same for seconds, as the gate runs it
	@$(SUITE) soak-quick test/soak/run.sh quick $(BUILD) $(BUILD)/asan

chart: ## chart tests: lint and rendering of the Helm chart
	@$(SUITE) chart test/chart/run.sh

api: $(DAEMONS) ## api tests: daemons and CRD against a real kube-apiserver
	@$(SUITE) api test/api/run.sh

hack-test: ## what the support bundle leaves out; the local cluster's own life: up, twice, side by side, killed, down
	@$(SUITE) support test/hack/support_redaction.sh
	@$(SUITE) hack test/hack/cluster_lifecycle.sh

cluster: $(DAEMONS) ## cluster tests: the whole thing on a real kubelet, installed by the chart
	@$(SUITE) cluster test/cluster/run.sh

elastic: $(DAEMONS) ## agents that come and go under load, on a cluster of their own
	@NAME=krypton-elastic $(SUITE) elastic test/cluster/run.sh elastic
