#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/venv.sh — the Python environment of hack/clients, at build/venv. Does
# nothing when it is there, whole, and made from these requirements; else makes it
# anew. A run that was killed leaves no mark, so the next one starts over.
# Prints the path of its python.
set -euo pipefail

cd "$(dirname "$0")/.."
build=${BUILD:-build}
requirements=hack/clients/requirements.txt
venv=$build/venv
stamp=$venv/.requirements

usage() {
	echo "usage: hack/venv.sh [--help]    makes $venv from $requirements (PYTHON chooses the interpreter, 3.11 or newer)"
}

# The first interpreter that is new enough and can make environments.
find_python() {
	local python
	for python in "${PYTHON:-}" /usr/bin/python3 python3; do
		if [[ -n $python ]] && "$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			echo "$python"
			return
		fi
	done
	echo "venv: no python3 of version 3.11 or newer with venv; install python3-venv, or name one in PYTHON" >&2
	exit 2
}

main() {
	case ${1-} in
	'') ;;
	--help | -h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac

	mkdir -p "$build"
	exec 9>"$build/.venv.lock"
	flock 9

	local python want
	python=$(find_python)
	want="$(sha256sum <"$requirements") $(realpath "$python") $PWD"
	if [[ -x $venv/bin/python && -e $stamp && $(<"$stamp") == "$want" ]]; then
		echo "$venv/bin/python"
		return
	fi

	echo "venv: installing $requirements" >&2
	local log=$build/venv.log
	# A venv holds its own path, so it is made in place and marked whole last.
	rm -rf "$venv"
	if ! { "$python" -m venv "$venv" && "$venv/bin/pip" install --disable-pip-version-check -r "$requirements"; } >"$log" 2>&1; then
		echo "venv: installation failed; $log ends with:" >&2
		tail -n 15 "$log" >&2
		exit 1
	fi
	printf '%s\n' "$want" >"$stamp"
	echo "$venv/bin/python"
}

main "$@"
