#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/cluster/node-init.sh DIRECTORY PAUSE — the first process of a node, in a
# mount namespace of its own. It puts the node's own directories where
# containerd, kubelet and CNI plugins look for them, and then only holds the
# namespace, as PAUSE. With the node's last process all of its mounts are gone.
set -euo pipefail

if [[ ${1-} == --help || $# != 2 ]]; then
	echo "usage: hack/cluster/node-init.sh DIRECTORY PAUSE (called by up.sh)"
	exit $(($# == 1 ? 0 : 2))
fi

mount --make-rprivate /
mount --make-rshared / # pods may ask for mount propagation within the node
while read -r directory; do
	mkdir -p "$1$directory" "$directory"
	mount --bind "$1$directory" "$directory"
done <<'TEXT'
/etc/cni/net.d
/run/containerd
/run/netns
/var/lib/cni
/var/lib/containerd
/var/lib/kubelet
/var/log/containers
/var/log/pods
TEXT
exec "$2"
