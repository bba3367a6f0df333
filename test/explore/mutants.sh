#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Is the explorer awake? Each row breaks a copy of one of the daemons' rooms in one place, and the explorer must find it within the
# gate's number of schedules: mutants.sh BUILD SCHEDULES. A row whose place is no longer there fails as well: mend it, or its sentence.
set -uo pipefail

build=$1 schedules=$2
folder=$build/test/explore/mutants
rm -rf "$folder"
mkdir -p "$folder"

# sentence | room | sed script
rows() {
	cat << 'ROWS'
a wake that failed and is not tried again|gateway/wake.c|/^static void on_patched/,/^}/s/loop_timer_set(wake->again, random_backoff_ms.*/(void)wake;/
a note that turns in circles while another write is under way|gateway/wake.c|/^static void on_note_due/,/^}/s/loop_timer_set(wake->note, BACKOFF_MS);/note_plan(wake);/
a refused request that is not put back into the line|gateway/invocation.c|/^static void go_again/,/^}/s/line_push_front(.*/(void)route;/
a slot that is not freed when a client leaves|gateway/invocation.c|/^void invocation_end/,/^}/s/leave_pod(invocation);/if (end->close != EXCHANGE_CLIENT_LEFT) leave_pod(invocation);/
a request that is counted twice at its pod|gateway/invocation.c|/^void invocation_forward/,/^}/s/pod->running++;/pod->running += 2;/
a line that nobody looks at when a request ends|gateway/invocation.c|/^static void leave_pod/,/^}/s/route_kick(invocation->route);/;/
a word of an invocation that comes late and over a newer one|gateway/wake.c|/^static void note_write/,/^}/s/json_put_text(patch, "\/metadata\/resourceVersion".*/;/
a draining pod that is picked again at once|gateway/invocation.c|s/pod->avoid_until_ms = now_ms + AVOID_DRAINING_MS;/pod->is_warm = true;/
a POST that is sent again though it may have been received|gateway/invocation.c|s/failure == EXCHANGE_BROKEN && exchange_is_safe_to_repeat(exchange)/failure == EXCHANGE_BROKEN/
a count that goes down over a wake that the scaler has not seen|scaler/change.c|s/json_put_text(object, "\/metadata\/resourceVersion", agent->resource_version);/(void)agent;/
an answer of ten seconds ago that is taken for fresh|scaler/target.c|/^static bool have_answered/,/^}/s/return false;/return true;/
a pod's last activity that is forgotten with the pod|scaler/target.c|/^static void note_activity/,/^}/s/if (active_ms > target->active_ms)//
work that is not seen in a pod that is not called ready|scaler/pod.c|/^bool pod_counts/,/^}/s/ || pod->has_spoken//
a late lastInvocationAt that wakes an agent for nobody|scaler/decide.c|s/ || agent_wanted_replicas(agent) == 0//
a retired pod that goes with its work|scaler/retire.c|/^bool retire_is_done/,/^}/s/pods\[i\].work > 0/pods[i].work < 0/
a retired pod that is not called back when load returns|scaler/retire.c|/^static void call_back/,/^}/s/next->order = RETIRE_BACK;/return;/
a sidecar that lets in one too many|proxy-sidecar/gate.c|s/gate->requests < gate->concurrency ?/gate->requests <= gate->concurrency ?/
a drain that waits for nothing|proxy-sidecar/gate.c|/^bool gate_is_drained/,/^}/{s/ && gate->requests == 0 && gate->streams == 0 &&/;/;/now_ms - gate->closed_ms/d}
ROWS
}

try() { # number, sentence, room, script
	local here=$folder/$1 sentence=$2 room=$3 script=$4 said
	mkdir -p "$here"
	sed "$script" "$room" > "$here/mutant.c"
	if cmp -s "$room" "$here/mutant.c"; then
		echo "not ok - explorer finds: $sentence"
		echo "# $room has no such place any more: $script"
	elif ! make --no-print-directory BUILD="$build" explore_BUILD="$here" MUTANT="$room" "$here/explore" > "$here/make.log" 2>&1; then
		echo "not ok - explorer finds: $sentence"
		grep -E 'error|Error' "$here/make.log" | head -n 3 | sed 's/^/# /'
	else
		said=$(timeout 300 "$here/explore" --seeds "1..$schedules" 2>&1 | grep -aE '^(seed [0-9]+ broke|[0-9]+ schedules)' | head -n 1)
		case $said in
		seed*) echo "ok - explorer finds: $sentence" ;;
		*) echo "not ok - explorer finds: $sentence" ;;
		esac
		echo "# $said"
	fi
	rm -f "$here/explore" "$here"/*.o
}

number=0
while IFS='|' read -r sentence room script; do
	number=$((number + 1))
	try "$number" "$sentence" "$room" "$script" > "$folder/$number.tap" 2>&1 &
	[ "$(jobs -rp | wc -l)" -lt "${JOBS:-2}" ] || wait -n
done < <(rows)
wait
for ((i = 1; i <= number; i++)); do cat "$folder/$i.tap"; done
cat "$folder"/*.tap | grep -q '^not ok' && exit 1
exit 0
