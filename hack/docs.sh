#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/docs.sh — the pages in docs/reference and docs/TROUBLESHOOTING.md, made from what the code itself says: the daemons' --help, the tables that
# they are compiled with, the definition of the Agent. Nothing in there is written by hand.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
	cat <<'TEXT'
usage: hack/docs.sh [--check] [--help]

Writes the pages of docs/reference, docs/TROUBLESHOOTING.md, and the table of values in docs/INSTALL.md. Needs the daemons and the tables program: `make docs` builds them.
  --check   write nothing; say whether the pages are up to date and the links of all documents lead somewhere

Environment: BUILD, where things are built (build).
Exit: 0 written, or up to date; 1 not up to date; 2 something to make them from is missing.
TEXT
}

bin=${BUILD:-build}/bin
tables=${BUILD:-build}/docs/tables
pages=docs/reference
daemons=(controller gateway scaler krypton-proxy)

# --help as a page: what the daemon is, then a table of flags and one of variables.
daemon_page() { # daemon
	"$bin/$1" --help | awk -v daemon="$1" '
		function row(name, sentence,    fallback, at) {
			fallback = ""
			if (match(sentence, / \(default [^ ]*\)/)) {
				fallback = "`" substr(sentence, RSTART + 10, RLENGTH - 11) "`"
				sentence = substr(sentence, 1, RSTART - 1) substr(sentence, RSTART + RLENGTH)
			}
			gsub(/\|/, "\\|", sentence)
			printf "| `%s` | %s | %s |\n", name, fallback, sentence
		}
		NR == 1 { purpose = substr($0, length(daemon) + 3); printf "# %s\n\n%s%s.\n", daemon, toupper(substr(purpose, 1, 1)), substr(purpose, 2); next }
		/^usage: / { printf "\n`%s`\n\n| flag | default | meaning |\n|---|---|---|\n", substr($0, 8); next }
		/^environment:/ { printf "\n| variable | default | meaning |\n|---|---|---|\n"; next }
		/^  [^ ]/ { name = substr($0, 3); next }
		/^        / { row(name, substr($0, 9)) }'
}

index_page() {
	cat <<'TEXT'
# Reference

Made by `make docs` from the code; `make docs-check` fails where a page is out of date.

| page | made from |
|---|---|
| [agent.md](agent.md): the resource, its fields and rules | `crds/agents.krypton.ai.yaml` |
| [reasons.md](reasons.md): causes in conditions, Events and errors | `common/krypton/reasons.h` |
| [errors.md](errors.md): the gateway's own answers | `gateway/refusal.c` |
| [metrics.md](metrics.md) | each daemon's `metrics.c` |
| [controller.md](controller.md), [gateway.md](gateway.md), [scaler.md](scaler.md), [krypton-proxy.md](krypton-proxy.md): flags and variables | `--help` |
TEXT
}

write_pages() { # directory
	local page
	index_page >"$1/README.md"
	for page in "${daemons[@]}"; do
		daemon_page "$page" >"$1/$page.md"
	done
	for page in metrics reasons errors; do
		"$tables" "$page" >"$1/$page.md"
	done
	/usr/bin/python3 -B hack/docs/agent_fields.py crds/agents.krypton.ai.yaml >"$1/agent.md"
}

# Sections made from the table of reasons, and those that no reason stands for.
troubleshooting_page() {
	"$tables" troubleshooting
	cat hack/docs/troubleshooting_more.in
}

# What people search for must be found, in the section that helps.
symptoms_missing() { # page
	awk -F '\t' '
		FNR == NR && /^##+ / { title = $0; sub(/^#+ /, "", title) }
		FNR == NR { text[title] = text[title] " " $0; next }
		/^#/ || NF == 0 { next }
		!($1 in text) { print "no section: " $1; next }
		index(text[$1], $2) == 0 { print $1 ": no word of: " $2 }' "$1" test/data/symptoms.txt
}

status=0
say() { # sentence, next step, findings
	if [[ -z $3 ]]; then
		echo "ok - $1"
		return
	fi
	echo "not ok - $1${2:+ ($2)}"
	sed 's/^/# /' <<<"$3"
	status=1
}

main() {
	local check=no program
	case ${1-} in
	'') ;;
	--check) check=yes ;;
	--help | -h) usage; exit 0 ;;
	*) echo "docs.sh: unknown argument: $1 (see --help)" >&2; exit 2 ;;
	esac
	for program in "${daemons[@]/#/$bin/}" "$tables"; do
		[[ -x $program ]] || { echo "docs.sh: no $program: run make docs" >&2; exit 2; }
	done
	if [[ $check == no ]]; then
		mkdir -p "$pages"
		write_pages "$pages"
		troubleshooting_page >docs/TROUBLESHOOTING.md
		/usr/bin/python3 -B test/chart/values_table.py --write charts/krypton docs/INSTALL.md
		return
	fi
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	write_pages "$scratch"
	say "the reference pages are what the daemons say" "run: make docs" "$(diff -ru "$pages" "$scratch" | head -n 60)"
	troubleshooting_page >"$scratch/TROUBLESHOOTING.md"
	say "docs/TROUBLESHOOTING.md has a section for each reason, as the controller tells it" "run: make docs" \
		"$(diff -u docs/TROUBLESHOOTING.md "$scratch/TROUBLESHOOTING.md" | head -n 60)"
	say "every symptom of test/data/symptoms.txt has its section and its words in docs/TROUBLESHOOTING.md" "" \
		"$(symptoms_missing docs/TROUBLESHOOTING.md)"
	say "every link of the documents leads to a file of the tree" "" "$(git ls-files -co --exclude-standard -z '*.md' |
		xargs -0 /usr/bin/python3 -B hack/docs/links.py)"
	exit "$status"
}

main "$@"
