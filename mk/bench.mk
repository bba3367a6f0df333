# SPDX-License-Identifier: Apache-2.0
# Figures: of the data path beside other proxies, of the controller beside another one, of the whole on the cluster. None gates a change.

# Programs of the bench: test/bench/NAME/*.c, or test/bench/peers/NAME/*.c, on the layers up to net.
bench_PROGRAMS := $(addprefix $(BUILD)/bench/,backend load mhdproxy goproxy)

define bench_rule
$(BUILD)/bench/$(1): $$(patsubst %.c,$(BUILD)/obj/%.o,$$(sort $$(wildcard test/bench/$(1)/*.c test/bench/peers/$(1)/*.c))) $(net_ARCHIVES)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(CFLAGS) -pie $(KRYPTON_LDFLAGS) -o $$@ $$^ $(net_LIBS)
endef
$(foreach name,backend load mhdproxy,$(eval $(call bench_rule,$(name))))

$(BUILD)/bench/goproxy: $(wildcard test/bench/peers/goproxy/*)
	@mkdir -p $(@D)
	$(Q)CGO_ENABLED=0 go -C test/bench/peers/goproxy build -o $(abspath $@) .

$(BUILD)/bench/gocontroller: $(wildcard test/bench/peers/gocontroller/*)
	@mkdir -p $(@D)
	$(Q)CGO_ENABLED=0 go -C test/bench/peers/gocontroller build -o $(abspath $@) .

.PHONY: bench bench-datapath bench-controller bench-cluster bench-elastic bench-programs bench-controller-programs
bench-programs: $(DAEMONS) $(bench_PROGRAMS) $(BUILD)/test/wire/engine/relay

bench-controller-programs: $(DAEMONS) $(BUILD)/bench/gocontroller

bench: bench-datapath bench-controller bench-cluster bench-elastic ## all of it: data path, controller, the whole on the cluster, agents from zero

bench-datapath: bench-programs ## CPU, latency and memory of the data path beside nginx, haproxy, Go and libmicrohttpd
	@BUILD=$(BUILD) python3 -B test/bench/datapath

bench-controller: bench-controller-programs ## the controller on a real API server with thousands of Agents, beside Go's controller-runtime
	@BUILD=$(BUILD) python3 -B test/bench/controller

bench-cluster: all ## latency, cold start, sizes and memory on the cluster, beside direct calls
	@test/bench/run.sh

bench-elastic: all ## cold starts beside plain Deployments, many at once, and thousands of idle agents
	@env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(MAKE) --no-print-directory images example-images
	@test/bench/elastic/run.sh
