# SPDX-License-Identifier: Apache-2.0
# Figures: of the data path alone, beside other proxies, and of the whole on the cluster. Neither gates a change.

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

.PHONY: bench bench-datapath bench-cluster bench-programs
bench-programs: $(DAEMONS) $(bench_PROGRAMS) $(BUILD)/test/wire/engine/relay

bench: bench-datapath bench-cluster ## both: the data path beside other proxies, and the whole on the cluster

bench-datapath: bench-programs ## CPU, latency and memory of the data path beside nginx, haproxy, Go and libmicrohttpd
	@BUILD=$(BUILD) python3 -B test/bench/datapath

bench-cluster: all ## latency, cold start, sizes and memory on the cluster, beside direct calls
	@test/bench/run.sh
