#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# examples/check.sh — the examples as plain processes on loopback, called by the
# official clients: they answer, they stream, they end on SIGTERM with exit code
# 0. Prints `ok - sentence` lines and exits 1 when one is `not ok`.
# shellcheck disable=SC2317 # most of it is called by report
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
failures=0
running=()

finish() {
	((${#running[@]} == 0)) || kill -KILL "${running[@]}" 2>/dev/null || true
	rm -rf "$work"
}

report() { # sentence, then a command that decides
	local sentence=$1
	shift
	if "$@" >"$work/why" 2>&1; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		sed 's/^/# /' "$work/why"
		failures=$((failures + 1))
	fi
}

free_port() {
	"$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() { # name, command...
	name=$1
	port=$(free_port)
	shift
	PORT=$port "$@" >"$work/$name.log" 2>&1 &
	agent=$!
	running=("$agent")
}

listens() {
	local deadline=$((SECONDS + 30))
	until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		if ! kill -0 "$agent" || ((SECONDS > deadline)); then
			tail -n 20 "$work/$name.log"
			return 1
		fi
		sleep 0.02
	done
}

ends_well() {
	local code=0
	kill -TERM "$agent"
	wait "$agent" || code=$?
	running=()
	((code == 0)) || { echo "exit code $code"; tail -n 20 "$work/$name.log"; return 1; }
}

# From the moment on at which it has a handler for SIGTERM: no port yet by far.
ends_while_starting() {
	local deadline=$((SECONDS + 30))
	until grep -qE '^SigCgt:.*[4-7c-f][0-9a-f]{3}$' "/proc/$agent/status"; do
		((SECONDS < deadline)) || return 1
		sleep 0.01
	done
	ends_well
}

tells() { # words that must be in the output, then a command
	local words=$1
	shift
	"$@" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
	grep -qF -- "$words" "$work/out" || { echo "no '$words' in:"; cat "$work/out"; return 1; }
}

# A stream that came in one piece at its end would be 0.6 s late with its first event.
streams() {
	"$python" "$root/hack/clients/sse_print.py" "$1" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
	awk '/tick/ { sub("s", "", $1); at[++n] = $1 } END { exit !(n == 4 && at[4] - at[1] > 0.4) }' "$work/out" || { cat "$work/out"; return 1; }
}

breaks_off_visibly() {
	! "$python" "$root/hack/clients/sse_print.py" "$1" && grep -q 'data\|message' "$work/why"
}

# The client has its first event when the signal comes; the stream must still come to its end.
finishes_a_stream() {
	local client code=0
	"$python" -u "$root/hack/clients/sse_print.py" "$1" >"$work/out" 2>&1 &
	client=$!
	until grep -q tick "$work/out"; do
		kill -0 "$client" || { cat "$work/out"; return 1; }
		sleep 0.02
	done
	ends_well || code=1
	wait "$client" || code=1
	grep -q 'end: {}' "$work/out" || code=1
	((code == 0)) || cat "$work/out"
	return "$code"
}

main() {
	work=$(mktemp -d)
	trap finish EXIT
	python=$("$root/hack/venv.sh")
	[[ $python == /* ]] || python=$root/$python
	export PYTHONDONTWRITEBYTECODE=1
	local clients=$root/hack/clients local_host=http://127.0.0.1 example
	for example in mcp/go http/sse; do
		(cd "$root/examples/$example" && CGO_ENABLED=0 go build -buildvcs=false -o "$work/$(basename "$example")" .)
	done

	start hello-mcp "$python" "$root/examples/mcp/python/server.py"
	report "the Python MCP server listens" listens
	report "the official MCP client initializes, lists and calls the Python server's tools" \
		tells 'counted to 4' "$python" "$clients/mcp_call.py" "$local_host:$port/mcp"
	report "the Python MCP server speaks the newest protocol too" \
		tells '-> 42' "$python" "$clients/mcp_call.py" --mode auto "$local_host:$port/mcp"
	report "the Python MCP server ends on SIGTERM with exit code 0" ends_well

	start hello-mcp-starting "$python" "$root/examples/mcp/python/server.py"
	report "a Python agent that is still starting ends on SIGTERM with exit code 0" ends_while_starting

	start hello-mcp-go "$work/go"
	report "the Go MCP server listens" listens
	report "the official MCP client initializes, lists and calls the Go server's tools" \
		tells 'Hello, Krypton' "$python" "$clients/mcp_call.py" "$local_host:$port/mcp"
	report "the Go MCP server ends on SIGTERM with exit code 0" ends_well

	start hello-a2a "$python" "$root/examples/a2a/python/agent.py"
	report "the A2A agent listens" listens
	report "the official A2A client gets the whole answer" \
		tells 'TASK_STATE_COMPLETED Hello from' "$python" "$clients/a2a_call.py" --how send "$local_host:$port"
	report "the official A2A client gets the answer as a stream" \
		tells "artifact 'Hello '" "$python" "$clients/a2a_call.py" --how stream "$local_host:$port"
	report "the A2A card carries the address that the caller used" \
		tells '"https://agents.example.com/v1/agents/default/hello-a2a/"' curl --silent --fail --noproxy '*' \
		-H 'X-Forwarded-Proto: https' -H 'X-Forwarded-Host: agents.example.com' \
		-H 'X-Forwarded-Prefix: /v1/agents/default/hello-a2a' "$local_host:$port/.well-known/agent-card.json"
	report "the A2A agent ends on SIGTERM with exit code 0" ends_well

	start hello-sse "$work/sse"
	report "the plain HTTP agent listens" listens
	report "the plain HTTP agent streams events as they happen" streams "$local_host:$port/stream?n=4&interval_ms=200"
	report "the plain HTTP agent can break off visibly" breaks_off_visibly "$local_host:$port/close?after=2"
	report "the plain HTTP agent finishes a stream before it ends on SIGTERM with exit code 0" \
		finishes_a_stream "$local_host:$port/stream?n=5&interval_ms=200"

	((failures == 0))
}

main "$@"
exit
