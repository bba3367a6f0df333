#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/local-down.sh — the end of the local cluster that local-up.sh made.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: hack/local-down.sh [--help]

Ends the local cluster and says that nothing of it is left, or lists what is.
What was built stays; somebody's own cluster is never touched.

Environment: NAME, the cluster's name (krypton-dev); KRYPTON_STATE_DIR as for up.
TEXT
}

case ${1-} in
--help | -h) usage; exit 0 ;;
'') ;;
*) echo "local-down.sh: unknown argument: $1 (see --help)" >&2; exit 2 ;;
esac

exec "$(dirname "${BASH_SOURCE[0]}")/cluster/down.sh" --name "${NAME:-krypton-dev}"
