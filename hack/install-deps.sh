#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/install-deps.sh — every program and library that building, running and
# testing Krypton needs from Debian, each with its reason. Quick when all of it
# is there: one dpkg query, no network. Debian starts a service that it
# installs; nothing here wants that, so service starts are refused meanwhile.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: hack/install-deps.sh [--list] [--help]

Installs what is missing from the package list in this file (Debian 12, root).
  --list   print the list, one package and its reason a line, and install nothing

Exit: 0 all is there, 1 an installation failed, 2 this machine cannot be served.
TEXT
}

go_minimum=1.26.4 # what metrics-server asks for; the rest is content with 1.24

# One package a line, then why it is here; sorted within its group.
packages() {
	cat <<'TEXT'
# build: compilers, libraries, checkers
binutils                    ar, strip and size of what was built
clang                       the second compiler of the gate
clang-format                layout of our C, checked by make lint
gcc                         the first compiler of the gate
libc6-dbg                   valgrind reads libc's symbols
libc6-dev                   headers of libc, and libc.a for the static sidecar
libclang-rt-14-dev          clang's ASan, UBSan and fuzzer runtimes
libcmocka-dev               unit tests
libcurl4-gnutls-dev         HTTP client of the Kubernetes client
libev-dev                   the event loop
libgnutls28-dev             TLS, the one library for it
libjansson-dev              JSON
liblz4-dev                  compression of what caches keep
libmicrohttpd-dev           ops endpoints and the webhook
libyaml-dev                 kubeconfig and configuration files
make                        the build
pkg-config                  flags of the libraries above
shellcheck                  the scripts
uthash-dev                  the hash table behind base/map.h
valgrind                    memory checks where sanitizers do not reach

# cluster: what the nodes of hack/cluster are made of
ca-certificates             roots for TLS to the outside
conntrack                   kube-proxy forgets stale connections with it
containerd                  the container runtime, one per node
containernetworking-plugins bridge, host-local, portmap for pods
ebtables                    the kubelet looks for it
ethtool                     the kubelet looks for it
iproute2                    links, routes and network namespaces
iptables                    Services, by kube-proxy
kmod                        kube-proxy and iptables probe modules
openssl                     certificates of the cluster
procps                      ps, for reports
runc                        starts the containers
socat                       port-forward
util-linux                  nsenter, flock, findmnt

# images: container images without a daemon
buildah                     builds them
mmdebstrap                  a Debian base image from packages
skopeo                      copies and inspects them
umoci                       unpacks them for the content checks

# tests: real peers and measuring tools
apache2-utils               htpasswd: the accounts of the tests' registry
curl                        calls by hand and in scripts
docker-registry             a registry with credentials, for pulls that fail
faketime                    a wall clock that jumps, for one process
haproxy                     a real load balancer in front of the gateway, and a peer of the bench
jq                          JSON in scripts
linux-perf                  where the time of the data path goes
nginx                       a real ingress proxy in front of the gateway, and a peer of the bench
nodejs                      an agent on its HTTP server, which closes idle connections after 5 s
prometheus                  promtool checks the metrics
python3                     clients of the official SDKs
python3-venv                their virtual environments
python3-yaml                reads what the chart renders
varnish                     varnishtest, for the wire tests
wrk                         load by hand
TEXT
}

package_names() {
	packages | awk '/^[^#]/ { print $1 }'
}

missing_packages() {
	local installed
	installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | awk '$2 == "installed" { print $1 }')
	package_names | grep -vxF -f <(printf '%s\n' "$installed") || true
}

check_go() {
	local have
	if ! have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null); then
		echo "install-deps: Go is not on PATH; install Go $go_minimum or newer" >&2
		exit 2
	fi
	if [[ $(printf '%s\n' "$go_minimum" "${have#go}" | sort -V | head -n1) != "$go_minimum" ]]; then
		echo "install-deps: Go is ${have#go}; Go $go_minimum or newer is needed" >&2
		exit 2
	fi
}

policy=/usr/sbin/policy-rc.d
policy_mark='# krypton install-deps: no service starts during this run'

# The machine's own policy, if any, waits beside ours and returns afterwards.
refuse_service_starts() {
	if [[ -e $policy ]] && ! grep -qxF "$policy_mark" "$policy"; then
		mv "$policy" "$policy.before-krypton"
	fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
	chmod 755 "$policy"
}

restore_service_starts() {
	if [[ -e $policy ]] && grep -qxF "$policy_mark" "$policy"; then
		rm -f "$policy"
	fi
	if [[ -e $policy.before-krypton ]]; then
		mv "$policy.before-krypton" "$policy"
	fi
}

lock() {
	exec 9>/run/lock/krypton-install-deps.lock
	flock 9
}

# A run that was killed could not put the machine's policy back: the next one does.
mend_after_killed_run() {
	if grep -qsxF "$policy_mark" "$policy" && [[ -w $policy ]]; then
		lock
		restore_service_starts
		flock -u 9
	fi
}

install_missing() {
	local log=$1
	shift
	local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
	export DEBIAN_FRONTEND=noninteractive
	"${apt[@]}" update >"$log" 2>&1 &&
		"${apt[@]}" install --no-install-recommends "$@" >>"$log" 2>&1
}

main() {
	case ${1-} in
	--help | -h) usage; exit 0 ;;
	--list) packages; exit 0 ;;
	'') ;;
	*) echo "install-deps: unknown argument: $1 (see --help)" >&2; exit 2 ;;
	esac

	if ! command -v dpkg-query >/dev/null; then
		echo "install-deps: this machine has no dpkg; the list (--list) is for Debian 12" >&2
		exit 2
	fi
	check_go
	mend_after_killed_run

	local missing
	mapfile -t missing < <(missing_packages)
	if ((${#missing[@]} == 0)); then
		echo "install-deps: all $(package_names | wc -l) packages are installed"
		return
	fi
	if ((EUID != 0)); then
		echo "install-deps: must be root to install: ${missing[*]}" >&2
		exit 2
	fi

	lock
	mapfile -t missing < <(missing_packages)
	((${#missing[@]})) || return 0
	echo "install-deps: installing ${missing[*]}"
	local log=/tmp/krypton-install-deps.log
	trap restore_service_starts EXIT
	refuse_service_starts
	if ! install_missing "$log" "${missing[@]}"; then
		echo "install-deps: apt-get failed; $log ends with:" >&2
		grep -E '^(E|W|Err|dpkg: error)' "$log" | tail -n 20 >&2 || tail -n 20 "$log" >&2
		exit 1
	fi
	echo "install-deps: done, ${#missing[@]} packages installed"
}

main "$@"
