#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/local-up.sh — Krypton on a real Kubernetes: what is missing is installed
# and built, the cluster comes up, the images are loaded, the chart is installed.
# Run again after a change, it brings that change to the cluster.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in progress cluster; do
	# shellcheck source=/dev/null
	source "$here/cluster/lib/$part.sh"
done

usage() {
	cat <<'TEXT'
usage: hack/local-up.sh [--help] [-- HELM-ARGUMENT...]

Arguments after -- go to `helm upgrade --install krypton charts/krypton`.

Environment:
  NAME        the local cluster's name (krypton-dev)
  NODES       its nodes, 1 or 2 (1)
  KUBECONFIG  use this cluster and make none; the images get there by REGISTRY,
              or by `kind load` when it is kind's
  REGISTRY    push the images there (REGISTRY/controller:TAG, …) and run them from there

Exit: 0 Krypton runs, 1 it does not (the reason is printed), 2 wrong usage.
TEXT
}

system=krypton-system
daemons=(controller gateway scaler)
images=("${daemons[@]}" krypton-proxy)
make=(make --no-print-directory -C "$cluster_root")

# A kubeconfig that up.sh wrote is ours; any other is somebody's own cluster.
choose_cluster() {
	local file
	cluster_use "${NAME:-krypton-dev}"
	own_cluster=no
	[[ -n ${KUBECONFIG-} ]] || return 0
	[[ -r $KUBECONFIG ]] || usage_fail "KUBECONFIG: cannot read $KUBECONFIG"
	file=$(realpath "$KUBECONFIG")
	case $file in
	"$cluster_build/kubeconfig") cluster_use krypton-dev ;;
	"$cluster_build"/*.kubeconfig) cluster_use "$(basename "$file" .kubeconfig)" ;;
	*) own_cluster=yes ;;
	esac
}

# kubectl and helm of somebody's own machine will do for somebody's own cluster.
find_tools() {
	if [[ $own_cluster == yes ]] && command -v kubectl helm >/dev/null; then
		return
	fi
	if [[ $own_cluster == yes ]]; then
		"$here/cluster/build.sh" kubernetes helm
	else
		"$here/cluster/build.sh"
	fi
	PATH=$bin:$PATH
}

unset -f kubectl # the library's speaks for a local cluster only

image_archive() { # image
	echo "$cluster_root/build/images/$1.tar"
}

image_tag() {
	cat "$cluster_root/version.txt"
}

# Said before anything is built: an own cluster that cannot be had is no use.
check_own_cluster() {
	[[ $own_cluster == yes ]] || return 0
	kubectl get --raw /readyz --request-timeout=10s >/dev/null || fail "KUBECONFIG: the cluster of $KUBECONFIG does not answer"
	[[ -n ${REGISTRY-} ]] || is_kind ||
		usage_fail "the nodes of this cluster need the images: set REGISTRY to one that you can push to and they can pull from"
}

is_kind() {
	[[ $(kubectl config current-context) == kind-* ]] && command -v kind >/dev/null
}

deliver_images() {
	local image archives=()
	for image in "${images[@]}"; do
		[[ -e $(image_archive "$image") ]] || fail "make images left no $(image_archive "$image")"
		archives+=("$(image_archive "$image")")
	done
	image_registry=docker.io/krypton
	if [[ -n ${REGISTRY-} ]]; then
		image_registry=$REGISTRY
		for image in "${images[@]}"; do
			skopeo copy --quiet "docker-archive:$(image_archive "$image")" "docker://$REGISTRY/$image:$(image_tag)"
		done
	elif [[ $own_cluster == no ]]; then
		"$here/load-image.sh" --name "$name" "${archives[@]}" >/dev/null
	else
		for image in "${archives[@]}"; do
			kind load image-archive "$image" --name "$(kubectl config current-context | sed 's/^kind-//')"
		done
	fi
	image_digest=$(sha256sum "${archives[@]}" | sha256sum | cut -c1-16)
}

# The annotation makes new pods exactly when the images are others under the same tag.
install_chart() { # helm-argument...
	helm upgrade --install krypton "$cluster_root/charts/krypton" --namespace "$system" --create-namespace \
		--set image.registry="$image_registry" --set image.tag="$(image_tag)" \
		--set-string "podAnnotations.krypton\.ai/images=$image_digest" "$@" >"$helm_log" 2>&1 ||
		{ cat "$helm_log" >&2; return 1; }
}

explain_pods() {
	local pod
	{
		echo "--- pods"
		kubectl -n "$system" get pods -o wide
		echo "--- warnings"
		kubectl -n "$system" get events --field-selector type=Warning --sort-by .lastTimestamp | tail -n 15
		while read -r pod; do
			echo "--- $pod"
			kubectl -n "$system" describe "$pod" | sed -n '/^Containers:/,/^Conditions:/p' | grep -E '^ +(State|Reason|Message|Exit Code|Image|Last State):'
			kubectl -n "$system" logs --tail=15 "$pod"
			kubectl -n "$system" logs --tail=15 --previous "$pod" 2>/dev/null
		done < <(kubectl -n "$system" get pods -o 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
			awk '$2 != "True" { print tolower($1) }')
	} >&2 || true
}

wait_for_krypton() {
	local deployment deadline=$((SECONDS + 120))
	kubectl wait --for=condition=Established crd/agents.krypton.ai --timeout=30s >/dev/null || return 1
	for deployment in "${daemons[@]/#/krypton-}"; do
		kubectl -n "$system" rollout status "deployment/$deployment" \
			--timeout="$((deadline > SECONDS ? deadline - SECONDS : 1))s" >/dev/null || return 1
	done
}

main() {
	case ${1-} in
	--help | -h) usage; exit 0 ;;
	--) shift ;;
	'') ;;
	*) usage_fail "unknown argument: $1" ;;
	esac
	[[ ${NODES:-1} == [12] ]] || usage_fail "NODES must be 1 or 2, not '$NODES'"
	choose_cluster
	helm_log=$(mktemp)
	trap 'rm -f "$helm_log"' EXIT

	"$here/install-deps.sh"
	find_tools
	check_own_cluster
	"${make[@]}" images
	say "images are built"
	if [[ $own_cluster == no ]]; then
		"$here/cluster/up.sh" --name "$name" --nodes "${NODES:-1}"
		export KUBECONFIG=$kubeconfig
	fi
	deliver_images
	say "images are on the nodes"
	install_chart "$@" || fail "helm could not install the chart"
	say "chart is installed in namespace $system"
	if ! wait_for_krypton; then
		explain_pods
		fail "Krypton does not run"
	fi
	say "Krypton runs: ${daemons[*]}"
	printf "\nexport KUBECONFIG=%s PATH=%s:\$PATH\n" "$KUBECONFIG" "$bin"
}

main "$@"
exit
