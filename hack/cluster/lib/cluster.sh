# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# cluster — one cluster's name and everything that follows from it: paths, the
# names of its namespaces and links, its addresses. Links, namespaces and
# cgroups are named after the cluster, so that `down` needs no record of them.
# Addresses come from one of sixteen slots, taken in /run/krypton/slots.

cluster_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cluster_build=$cluster_root/build/cluster
bin=$cluster_build/bin
registry=/run/krypton

cluster_use() { # name
	[[ $1 =~ ^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$ ]] ||
		usage_fail "cluster name '$1' must be 1 to 30 of a-z, 0-9 and '-', begin with a letter and not end with '-'"
	name=$1
	unit=krypton.$name # no cluster name has a dot, so units never overlap
	state=${KRYPTON_STATE_DIR:-/var/lib/krypton}/$name
	host_link=kr-$(printf '%s' "$name" | sha256sum | cut -c1-8)
	kubeconfig=$cluster_build/$name.kubeconfig
	[[ $name != krypton-dev ]] || kubeconfig=$cluster_build/kubeconfig
}

# At most one up or down of a name at a time. What `up` leaves running does not
# hold the lock; what a killed `up` was just executing does, until it ends.
cluster_lock() {
	exec 9>"/run/lock/$unit.lock"
	flock -w 300 9 || fail "another up or down of $name has been running for 300 s"
}

slot_of_name() {
	local file
	for file in "$registry"/slots/*; do
		[[ -e $file && $(cut -d' ' -f1 "$file") == "$name" ]] || continue
		basename "$file"
		return
	done
	return 1
}

slot_addresses() { # slot
	wire_net=10.98.$1.0/24
	host_address=10.98.$1.1
	pod_net=10.$((176 + $1)).0.0/16
	service_net=10.$((160 + $1)).0.0/16
	service_first=10.$((160 + $1)).0.1
	dns_address=10.$((160 + $1)).0.10
	api_address=$(node_address "$1" 1)
	api_url=https://$api_address:6443
}

node_address() { # slot node
	echo "10.98.$1.$((1 + $2))"
}

node_pod_net() { # node
	echo "10.$((176 + slot)).$1.0/24"
}

slot_is_free() { # slot; neither a cluster's nor somebody else's addresses
	local net
	[[ ! -e $registry/slots/$1 ]] || return 1
	for net in "10.98.$1.0/24" "10.$((176 + $1)).0.0/16" "10.$((160 + $1)).0.0/16"; do
		[[ -z $(ip -4 route show root "$net") ]] || return 1
	done
}

slot_take() {
	local candidate
	mkdir -p "$registry/slots"
	exec 8>"$registry/lock"
	flock 8
	if ! slot=$(slot_of_name); then
		for candidate in {0..15}; do
			if slot_is_free "$candidate"; then
				slot=$candidate
				break
			fi
		done
		[[ -n $slot ]] || fail "all sixteen address slots are taken; see $registry/slots"
		echo "$name $state" >"$registry/slots/$slot"
	fi
	exec 8>&-
	slot_is_ours "$slot"
	slot_addresses "$slot"
}

slot_is_ours() { # slot; a name stands for one cluster on the machine, wherever its state is
	[[ $(<"$registry/slots/$1") == "$name $state" ]] ||
		usage_fail "cluster $name has its state in $(cut -d' ' -f2- "$registry/slots/$1"): set KRYPTON_STATE_DIR"
}

slot_give_back() {
	local given
	given=$(slot_of_name) || return 0
	rm -f "$registry/slots/$given"
}

kubectl() {
	"$bin/kubectl" --kubeconfig "$state/conf/admin.kubeconfig" "$@"
}
