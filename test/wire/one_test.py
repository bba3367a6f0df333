# SPDX-License-Identifier: Apache-2.0
"""Runs varnishtest with ${port1} to ${port5}, which nobody else has until it ends: with_ports.py varnishtest [OPTION…] FILE.
Needs test/ on PYTHONPATH. Ends with its status."""

import subprocess
import sys

from ports import take_block

guard, ports = take_block()
with guard:
    macros = ["-Dport%d=%d" % pair for pair in enumerate(ports[:5], 1)]
    status = subprocess.run([sys.argv[1], *macros, *sys.argv[2:]], check=False).returncode
sys.exit(status if status >= 0 else 128 - status)
