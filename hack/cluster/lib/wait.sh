# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# wait — for facts, each with a deadline. A wait that fails, by the deadline or
# because the program it waits for has ended, prints the log that explains it.

explain() { # program
	local log=$state/log/$1.log lines
	[[ -s $log ]] || { echo "  ($1 has written no log)" >&2; return; }
	lines=$(grep -aE '^([EF][0-9]{4} |panic|[Ee]rror:)|"level":"(error|panic|fatal)"|level=(error|fatal)' "$log" | tail -n 12) || true
	[[ -n $lines ]] || lines=$(tail -n 12 "$log")
	echo "  $log:" >&2
	cut -c1-300 <<<"$lines" | sed 's/^/  | /' >&2
}

# The command is the fact: it is asked again until it succeeds. The programs are
# those it depends on, separated by spaces.
wait_for() { # seconds programs what command [argument...]
	local seconds=$1 programs=$2 what=$3 deadline=$((SECONDS + $1)) program
	shift 3
	until "$@" >/dev/null 2>&1; do
		for program in $programs; do
			process_runs "$program" && continue
			explain "$program"
			fail "$program ended while waiting for: $what"
		done
		if ((SECONDS >= deadline)); then
			for program in $programs; do
				explain "$program"
			done
			fail "not within $seconds s: $what"
		fi
		sleep 0.2
	done
	say "$what"
}
