# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# controlplane — etcd, API server, controller-manager and scheduler, in the
# network namespace of node 1.

# Nothing here outlives the machine, so etcd need not wait for the disk.
etcd_start() {
	process_start etcd nsenter --net="/run/netns/$(netns 1)" -- "$bin/etcd" \
		--name="$name" \
		--data-dir="$state/etcd" \
		--listen-client-urls=http://127.0.0.1:2379 \
		--advertise-client-urls=http://127.0.0.1:2379 \
		--listen-peer-urls=http://127.0.0.1:2380 \
		--initial-advertise-peer-urls=http://127.0.0.1:2380 \
		--initial-cluster="$name=http://127.0.0.1:2380" \
		--auto-compaction-mode=periodic --auto-compaction-retention=10m \
		--unsafe-no-fsync --log-level=warn
}

# APISERVER_FLAGS: further flags, split at blanks; one that runs already keeps those it was started with.
apiserver_start() {
	local more
	read -ra more <<<"${APISERVER_FLAGS-}"
	process_start kube-apiserver nsenter --net="/run/netns/$(netns 1)" -- "$bin/kube-apiserver" \
		--advertise-address="$api_address" --secure-port=6443 \
		--etcd-servers=http://127.0.0.1:2379 \
		--service-cluster-ip-range="$service_net" \
		--allow-privileged \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
		--client-ca-file="$state/pki/ca.crt" \
		--tls-cert-file="$state/pki/kube-apiserver.crt" \
		--tls-private-key-file="$state/pki/kube-apiserver.key" \
		--service-account-issuer=https://kubernetes.default.svc.cluster.local \
		--service-account-key-file="$state/pki/service-accounts.key" \
		--service-account-signing-key-file="$state/pki/service-accounts.key" \
		--kubelet-certificate-authority="$state/pki/ca.crt" \
		--kubelet-client-certificate="$state/pki/kube-apiserver-to-kubelet.crt" \
		--kubelet-client-key="$state/pki/kube-apiserver-to-kubelet.key" \
		--kubelet-preferred-address-types=InternalIP \
		--requestheader-client-ca-file="$state/pki/front-proxy-ca.crt" \
		--requestheader-allowed-names=front-proxy-client \
		--requestheader-username-headers=X-Remote-User \
		--requestheader-group-headers=X-Remote-Group \
		--requestheader-extra-headers-prefix=X-Remote-Extra- \
		--proxy-client-cert-file="$state/pki/front-proxy-client.crt" \
		--proxy-client-key-file="$state/pki/front-proxy-client.key" \
		--profiling=false "${more[@]}"
}

# Asked from the host, over the link that everybody will use.
apiserver_is_ready() {
	[[ $(curl -sS --max-time 2 --cacert "$state/pki/ca.crt" "$api_url/readyz") == ok ]]
}

controllermanager_start() {
	pki_client kube-controller-manager /CN=system:kube-controller-manager
	local config=$state/conf/kube-controller-manager.kubeconfig
	process_start kube-controller-manager nsenter --net="/run/netns/$(netns 1)" -- "$bin/kube-controller-manager" \
		--kubeconfig="$config" --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" \
		--leader-elect=false --bind-address=127.0.0.1 \
		--use-service-account-credentials \
		--service-account-private-key-file="$state/pki/service-accounts.key" \
		--root-ca-file="$state/pki/ca.crt" \
		--cluster-signing-cert-file="$state/pki/ca.crt" \
		--cluster-signing-key-file="$state/pki/ca.key" \
		--allocate-node-cidrs --cluster-cidr="$pod_net" --node-cidr-mask-size=24 \
		--service-cluster-ip-range="$service_net" \
		--profiling=false
}

scheduler_start() {
	pki_client kube-scheduler /CN=system:kube-scheduler
	local config=$state/conf/kube-scheduler.kubeconfig
	process_start kube-scheduler nsenter --net="/run/netns/$(netns 1)" -- "$bin/kube-scheduler" \
		--kubeconfig="$config" --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" \
		--leader-elect=false --bind-address=127.0.0.1 --profiling=false
}
