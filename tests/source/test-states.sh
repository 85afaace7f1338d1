#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-states.sh PRINT-STATES TREE: the documentation of what is allowed when says what the table says.
set -euo pipefail

printed=$("$1")
[ "$(wc -l <<< "$printed")" -gt 100 ]
diff "$2/docs/states.md" - <<< "$printed" || { echo "docs/states.md is not what $1 prints: print it anew" && exit 1; }
