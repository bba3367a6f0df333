# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# addons — CoreDNS and metrics-server. They run beside the control plane, not as
# pods: nothing to pull, nothing to schedule. Each has an ordinary Service whose
# EndpointSlice names node 1.

coredns_start() {
	pki_client coredns /CN=system:coredns
	cat >"$state/conf/Corefile" <<TEXT
cluster.local:53 in-addr.arpa:53 {
    bind $api_address
    errors
    ready 127.0.0.1:8181
    prometheus $api_address:9153
    cache 5
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $state/conf/coredns.kubeconfig
        pods insecure
        ttl 5
    }
    loadbalance
}
.:53 {
    bind $api_address
    errors
    template ANY ANY . {
        rcode NXDOMAIN
    }
}
TEXT
	process_start coredns nsenter --net="/run/netns/$(netns 1)" -- "$bin/coredns" -conf "$state/conf/Corefile"
}

coredns_is_ready() {
	nsenter --net="/run/netns/$(netns 1)" curl -sSf --max-time 2 http://127.0.0.1:8181/ready
}

metrics_server_start() {
	local config=$state/conf/metrics-server.kubeconfig
	pki_client metrics-server /CN=system:metrics-server
	pki_certificate ca metrics-server-serving /CN=metrics-server \
		"IP:$api_address,DNS:metrics-server.kube-system.svc"
	process_start metrics-server nsenter --net="/run/netns/$(netns 1)" -- "$bin/metrics-server" \
		--kubeconfig="$config" --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" \
		--bind-address="$api_address" --secure-port=4443 \
		--tls-cert-file="$state/pki/metrics-server-serving.crt" \
		--tls-private-key-file="$state/pki/metrics-server-serving.key" \
		--kubelet-certificate-authority="$state/pki/ca.crt" \
		--kubelet-preferred-address-types=InternalIP \
		--metric-resolution=10s --kubelet-request-timeout=5s
}

metrics_server_is_available() {
	[[ $(kubectl get apiservice v1beta1.metrics.k8s.io \
		-o 'jsonpath={.status.conditions[?(@.type=="Available")].status}') == True ]]
}

# One apply for all that the API server must know, nodes included: a Node that
# is there before its kubelet has the pod network we gave it, not one by lot.
addons_apply() { # nodes
	kubectl apply --server-side --force-conflicts -f - >"$state/log/addons.log" 2>&1 < <(
		local node
		for ((node = 1; node <= $1; node++)); do
			node_manifest "$node"
		done
		sed -e "s/@DNS_ADDRESS@/$dns_address/" -e "s/@NODE_ADDRESS@/$api_address/" \
			-e "s/@CA_BUNDLE@/$(base64 -w0 "$state/pki/ca.crt")/" "$cluster_root/hack/cluster/addons.yaml"
	) || { explain addons; return 1; }
}

node_manifest() { # node
	cat <<TEXT
apiVersion: v1
kind: Node
metadata:
  name: $(node_name "$1")
spec:
  podCIDR: $(node_pod_net "$1")
  podCIDRs: ["$(node_pod_net "$1")"]
---
TEXT
}
