#!/usr/bin/env bash
# data-check.sh TRAIN SAMPLE: trains on a folder as people have them (data-check.py, which says what it needs).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cc -O1 -Wall -Wextra -Werror -shared -fPIC -o "$place/without-turbojpeg.so" "$(dirname "$0")/without-turbojpeg.c" -ldl
"${PYTHON:-python3}" "$(dirname "$0")/data-check.py" "$1" "$2" "$place/without-turbojpeg.so"
