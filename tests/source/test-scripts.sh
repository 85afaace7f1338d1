#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-scripts.sh ROOT: shellcheck has nothing to warn of in any tracked shell script, and scripts can be run.
set -euo pipefail

cd "$1"
scripts=()
while IFS= read -r -d '' file; do
    [ -f "$file" ] || continue
    head -n 1 "$file" | grep -aqE '^#!.*\b(ba)?sh\b' || continue
    [ -x "$file" ] || { echo "$file: not executable" && exit 1; }
    scripts+=("$file")
done < <(git -c safe.directory='*' ls-files -z)
[ ${#scripts[@]} -gt 0 ]
shellcheck --severity=warning "${scripts[@]}"
