#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test-manual.sh PAGE...: groff has nothing to say about the pages, and each describes something.
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND"' ERR

[ $# -gt 0 ]
for page in "$@"; do
    said=$(groff -ww -man -z "$page" 2>&1)
    [ -z "$said" ] || { echo "$page: $said" && exit 1; }
    grep -qx '.SH DESCRIPTION' "$page" || { echo "$page: it has no description" && exit 1; }
done
