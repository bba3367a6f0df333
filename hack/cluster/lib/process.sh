# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# process — starts the cluster's programs, remembers them by pid and start time
# (a pid alone may be somebody else's by tomorrow), and knows whether they live.

start_time() { # pid; in clock ticks since boot; fails for what has ended
	local stat fields
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	read -ra fields <<<"${stat##*) }" # the name before it may hold spaces and parentheses
	[[ ${fields[0]} != Z ]] && echo "${fields[19]}"
}

process_pid() { # program; fails when it does not run
	local pid started
	read -r pid started 2>/dev/null <"$state/pid/$1" || return 1
	[[ $(start_time "$pid") == "$started" ]] || return 1
	echo "$pid"
}

process_runs() { # program
	process_pid "$1" >/dev/null
}

# It joins the cgroup before anything is executed: there is no moment at which a
# killed `up` leaves a program that `down` cannot find.
process_start() { # program command [argument...]
	local program=$1
	shift
	if process_runs "$program"; then
		return
	fi
	(
		cgroup_enter "$unit/system"
		exec 9>&- </dev/null >>"$state/log/$program.log" 2>&1
		exec setsid "$@"
	) &
	echo "$! $(start_time $!)" >"$state/pid/$program"
	disown
}
