# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# net — the cluster's network: namespace 0 is the wire, a bridge where one link
# from the host and one from each node meet; namespaces 1 and 2 are the nodes.
# The host gets one link and routes to pods and Services; it forwards nothing,
# so no packet of the cluster leaves the machine.
#
#   host --(host_link)-- [0: wire] --(eth0)-- [1: API server, node 1]
#                                  --(eth0)-- [2: node 2]

netns() { # 0 for the wire, else the node
	echo "$unit.$1"
}

net_exists() { # index
	[[ -e /run/netns/$(netns "$1") ]]
}

link_exists() { # namespace link
	ip -n "$1" link show "$2" >/dev/null 2>&1
}

net_make_wire() {
	local wire
	wire=$(netns 0)
	net_exists 0 || ip netns add "$wire"
	link_exists "$wire" wire || ip -n "$wire" link add wire type bridge forward_delay 0
	ip -n "$wire" link set wire up
	# The wire only carries frames; this namespace has no business filtering them.
	if [[ -e /proc/sys/net/bridge ]]; then
		nsenter --net="/run/netns/$wire" sysctl -qw net.bridge.bridge-nf-call-iptables=0 || true
	fi
	if ! link_exists "$wire" host; then
		ip link add "$host_link" type veth peer name host netns "$wire"
		ip link set "$host_link" alias "krypton cluster $name"
	fi
	ip -n "$wire" link set host master wire up
	ip addr replace "$host_address/24" dev "$host_link"
	ip link set "$host_link" up
}

# A route to the Services although nothing listens there: the kernel wants one
# before kube-proxy's rules get to see a packet. Everywhere else is refused at
# once, so that a call to the outside fails by an error and not by a timeout.
net_make_node() { # node
	local wire node_ns address
	wire=$(netns 0)
	node_ns=$(netns "$1")
	address=$(node_address "$slot" "$1")
	net_exists "$1" || ip netns add "$node_ns"
	link_exists "$node_ns" eth0 || ip -n "$node_ns" link add eth0 type veth peer name "node-$1" netns "$wire"
	ip -n "$wire" link set "node-$1" master wire up
	ip -n "$node_ns" link set lo up
	ip -n "$node_ns" addr replace "$address/24" dev eth0
	ip -n "$node_ns" link set eth0 up
	ip -n "$node_ns" route replace "$service_net" dev eth0 src "$address"
	ip -n "$node_ns" route replace prohibit default
	nsenter --net="/run/netns/$node_ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
	ip route replace "$(node_pod_net "$1")" via "$address"
	(($1 > 1)) || ip route replace "$service_net" via "$address"
}

net_join_nodes() { # node node; each learns the way to the other's pods
	ip -n "$(netns "$1")" route replace "$(node_pod_net "$2")" via "$(node_address "$slot" "$2")"
	ip -n "$(netns "$2")" route replace "$(node_pod_net "$1")" via "$(node_address "$slot" "$1")"
}

net_processes() { # index; whoever is inside, also somebody's forgotten shell
	local inode
	inode=$(stat -Lc %i "/run/netns/$(netns "$1")" 2>/dev/null) || return 0
	find /proc/[0-9]*/ns/net -lname "net:\[$inode\]" 2>/dev/null | cut -d/ -f3 || true
}

net_remove() {
	local index
	for index in 2 1 0; do
		net_exists "$index" || continue
		ip netns del "$(netns "$index")"
	done
	# Its peer is gone with the namespace; the kernel may take a moment longer.
	ip link del "$host_link" 2>/dev/null || true
}
