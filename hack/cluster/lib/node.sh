# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# node — a worker: its mount namespace, containerd, kubelet and kube-proxy. Its
# files lie below $state/node-N, under the paths that the node itself sees.

pause_image=docker.io/library/pause:local

node_name() { # node
	echo "$name-$1"
}

node_directory() { # node
	echo "$state/node-$1"
}

# Runs a program inside the node: its mounts and its network.
node_start() { # node program command [argument...]
	local node=$1 program=$2 init
	shift 2
	init=$(process_pid "node-$node")
	process_start "$program" nsenter --mount="/proc/$init/ns/mnt" --net="/run/netns/$(netns "$node")" -- "$@"
}

# The pause program it has become may have been built anew since.
node_is_set_up() { # node
	local init
	init=$(process_pid "node-$1") && [[ $(readlink "/proc/$init/exe") == */pause* ]]
}

node_init_start() { # node
	process_start "node-$1" unshare --mount -- \
		"$cluster_root/hack/cluster/node-init.sh" "$(node_directory "$1")" "$bin/pause"
}

# How to speak to a registry is read at each pull, from $state/conf/registries/HOST_PORT_/hosts.toml.
# restrict_oom_score_adj: a machine may withhold CAP_SYS_RESOURCE, and then no
# container could have the lower score that the kubelet asks for.
containerd_start() { # node
	local directory
	directory=$(node_directory "$1")
	cat >"$state/conf/containerd.toml" <<TEXT
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "$pause_image"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "$state/conf/registries"
TEXT
	mkdir -p "$directory/etc/cni/net.d" "$state/conf/registries"
	cat >"$directory/etc/cni/net.d/10-krypton.conflist" <<TEXT
{
  "cniVersion": "0.4.0",
  "name": "$(netns "$1")",
  "plugins": [
    {
      "type": "ptp",
      "ipam": {
        "type": "host-local",
        "ranges": [[{"subnet": "$(node_pod_net "$1")"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
TEXT
	node_start "$1" "containerd-$1" containerd --config "$state/conf/containerd.toml" --log-level warn
}

containerd_ctl() { # node argument...
	local directory
	directory=$(node_directory "$1")
	shift
	ctr --address "$directory/run/containerd/containerd.sock" --namespace k8s.io "$@"
}

containerd_is_ready() { # node
	containerd_ctl "$1" version
}

node_has_image() { # node reference
	[[ -n $(containerd_ctl "$1" images ls -q "name==$2") ]]
}

node_import_pause() { # node
	node_has_image "$1" "$pause_image" && return
	image_of_program "$bin/pause" "$pause_image" "$state/pause-$1.tar"
	containerd_ctl "$1" images import "$state/pause-$1.tar" >/dev/null
	rm "$state/pause-$1.tar"
}

# The kubelet sets a few kernel parameters of the whole machine. They are noted
# before the first one starts and put back when the last cluster has gone.
kubelet_sysctls=(vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
	kernel.keys.root_maxkeys kernel.keys.root_maxbytes)

sysctl_remember() {
	[[ ! -e $registry/sysctl ]] || return 0
	sysctl "${kubelet_sysctls[@]}" >"$registry/sysctl.new"
	mv "$registry/sysctl.new" "$registry/sysctl"
}

sysctl_restore() {
	[[ -e $registry/sysctl ]] || return 0
	[[ -z $(ls -A "$registry/slots") ]] || return 0
	sysctl -qp "$registry/sysctl"
	rm "$registry/sysctl"
}

# The pods' nameserver is the cluster's; a pod that asks for the node's gets none.
kubelet_start() { # node
	local node_name address
	node_name=$(node_name "$1")
	address=$(node_address "$slot" "$1")
	pki_certificate ca "kubelet-$1" "/O=system:nodes/CN=system:node:$node_name" "IP:$address,DNS:$node_name"
	[[ -e $state/conf/kubelet-$1.kubeconfig ]] || pki_kubeconfig "$state/conf/kubelet-$1.kubeconfig" "kubelet-$1"
	: >"$state/conf/no-resolv.conf"
	cgroup_make "$unit/node-$1"
	sysctl_remember
	cat >"$state/conf/kubelet-$1.yaml" <<TEXT
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $state/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/kubelet-$1.crt
tlsPrivateKeyFile: $state/pki/kubelet-$1.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$unit/node-$1
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
oomScoreAdj: 0
clusterDNS: [$dns_address]
clusterDomain: cluster.local
resolvConf: $state/conf/no-resolv.conf
volumePluginDir: /var/lib/kubelet/volume-plugins
maxPods: 240
serializeImagePulls: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: 100Mi
  nodefs.available: 1%
  nodefs.inodesFree: 1%
  imagefs.available: 1%
  imagefs.inodesFree: 1%
TEXT
	node_start "$1" "kubelet-$1" "$bin/kubelet" \
		--config="$state/conf/kubelet-$1.yaml" --kubeconfig="$state/conf/kubelet-$1.kubeconfig" \
		--hostname-override="$node_name" --node-ip="$address"
}

kubeproxy_start() { # node
	pki_client kube-proxy /CN=system:kube-proxy
	process_start "kube-proxy-$1" nsenter --net="/run/netns/$(netns "$1")" -- "$bin/kube-proxy" \
		--kubeconfig="$state/conf/kube-proxy.kubeconfig" --hostname-override="$(node_name "$1")" \
		--proxy-mode=iptables --cluster-cidr="$pod_net" --conntrack-max-per-core=0 --oom-score-adj=0
}

node_is_ready() { # node
	[[ $(kubectl get node "$(node_name "$1")" \
		-o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

nodes_that_run() {
	local node
	for node in 1 2; do
		! process_runs "containerd-$node" || echo "$node"
	done
}
