#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/cluster/run.sh — the whole of Krypton on a real kubelet: a cluster of its
# own comes up, the chart installs Krypton, the tests run, the cluster goes. The
# tests are named by the sentences they prove and print TAP.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$root/build/cluster/bin

usage() {
	cat <<'TEXT'
usage: test/cluster/run.sh [--help] [PYTEST-ARGUMENT...]

Without arguments all tests but `elastic` run, in order; `test_errors.py`, `faults`, `elastic`, `-k drain` and so on choose some.

Environment:
  NAME  the cluster (krypton-test); made anew
  NODES 1 or 2 (1); faults/node_lost.py, which is run only by its name, wants 2
  RECORD a directory: what the faults showed is written there, one file an agent
  KEEP  1: one that is there is used as it is, and stays, with Krypton on it

Exit: 0 all tests passed, 1 some did not or the cluster did not come up.
TEXT
}

name=${NAME:-krypton-test}
# One run at a time on a cluster; -o, or the cluster's own processes would hold the lock.
if [[ -z ${KRYPTON_TEST_LOCKED-} && ${1-} != --help ]]; then
	mkdir -p "$root/build"
	export KRYPTON_TEST_LOCKED=1
	exec flock -o -w 1800 "$root/build/test-cluster.$name.lock" "${BASH_SOURCE[0]}" "$@"
fi
suite_seconds=${SUITE_SECONDS:-1500}
tests=(test_invoke.py test_errors.py test_lifecycle.py test_daemons.py test_writers.py test_documents.py test_readme.py test_observability.py faults test_support_bundle.py test_install.py)
system=krypton-system
export KUBECONFIG=$root/build/cluster/$name.kubeconfig
[[ $name != krypton-dev ]] || KUBECONFIG=$root/build/cluster/kubeconfig

say() { printf '# %4d s  %s\n' "$SECONDS" "$*"; }

fail() {
	echo "not ok - $*"
	exit 1
}

end() {
	local status=$?
	trap - EXIT
	rm -rf "$scratch"
	[[ ${KEEP:-0} == 1 ]] || "$root/hack/cluster/down.sh" --name "$name" 2>&1 | sed 's/^/# /' || true
	say "done"
	exit "$status"
}

# The packages of the tests lie beside the clients' environment, not in it.
make_python() {
	local want stamp=$root/build/pytest/.requirements
	python=$(BUILD=build "$root/hack/venv.sh")
	[[ $python == /* ]] || python=$root/$python
	want="$(sha256sum <"$here/requirements.txt") $python"
	exec 8>"$root/build/.pytest.lock"
	flock 8
	[[ -e $stamp && $(<"$stamp") == "$want" ]] || {
		rm -rf "$root/build/pytest"
		"$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$root/build/pytest" \
			-r "$here/requirements.txt"
		printf '%s\n' "$want" >"$stamp"
	}
	exec 8>&-
}

explain_daemons() {
	{
		"$bin/kubectl" -n "$system" get all -o wide
		"$bin/kubectl" -n "$system" get events --sort-by=.lastTimestamp | tail -n 20
		for daemon in controller gateway scaler; do
			"$bin/kubectl" -n "$system" logs -l "app.kubernetes.io/component=$daemon" --prefix --tail=15
		done
	} 2>&1 | sed 's/^/# /'
}

# The digest makes new pods where images changed under the same tag.
install_chart() {
	local digest said=$scratch/helm
	digest=$(sha256sum "${images[@]}" | sha256sum | cut -c1-16)
	"$bin/helm" upgrade --install krypton "$root/charts/krypton" --namespace "$system" --create-namespace \
		--values "$here/values.yaml" --set image.registry=docker.io/krypton --set-string "image.tag=$version" \
		--set-string "podAnnotations.krypton\.ai/images=$digest" --wait --timeout 120s >"$said" 2>&1 ||
		{ sed 's/^/# /' "$said"; explain_daemons; fail "the chart installs Krypton"; }
}

main() {
	[[ ${1-} != --help ]] || { usage; exit 0; }
	local status=0 chosen=("$@")
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make --no-print-directory -C "$root" BUILD=build images example-images >"$scratch/made" 2>&1 ||
		{ tail -n 30 "$scratch/made" | sed 's/^/# /'; fail "the images are built"; }
	version=$(<"$root/version.txt")
	images=("$root"/build/images/{controller,gateway,scaler,krypton-proxy}.tar)
	make_python
	((${#chosen[@]})) || chosen=("${tests[@]}")
	[[ ${chosen[*]} == *.py* || ${chosen[*]} =~ faults|elastic ]] || chosen+=("${tests[@]}")
	prometheus=
	[[ ${chosen[*]} != *test_observability.py* ]] || prometheus=$("$here/prometheus/build.sh")
	say "images, clients and Prometheus are there"

	trap end EXIT
	"$root/hack/cluster/build.sh" 2>&1 | sed 's/^/# /'
	# What is left of a run that was killed has that run's objects in it.
	[[ ${KEEP:-0} == 1 ]] || "$root/hack/cluster/down.sh" --name "$name" 2>&1 | sed 's/^/# /' || fail "nothing is left of another run"
	"$root/hack/cluster/up.sh" --name "$name" --nodes "${NODES:-1}" 2>&1 | sed 's/^/# /' || fail "the cluster comes up"
	"$root/hack/load-image.sh" --name "$name" "${images[@]}" "$root"/build/images/example-*.tar >/dev/null ||
		fail "the images are loaded onto the node"
	say "images are on the node"
	install_chart
	say "Krypton is installed"

	cd "$here"
	PYTHONPATH=$root/build/pytest:$root/test PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KRYPTON_VERSION=$version KRYPTON_CLUSTER=$name PROMETHEUS=$prometheus PATH=$bin:$PATH \
		timeout --kill-after=10 "$suite_seconds" \
		"$python" -m pytest -p no:cacheprovider -p no:faulthandler --tb=short "${chosen[@]}" || status=$?
	case $status in
	0 | 1) ;;
	124 | 137) echo "not ok - the suite ends within $suite_seconds s" ;;
	*) echo "not ok - the suite runs to its end (pytest ended with status $status)" ;;
	esac
	((status == 0))
}

main "$@"
