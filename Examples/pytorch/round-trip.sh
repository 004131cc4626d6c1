#!/usr/bin/env bash
# Writes a checkpoint as a .pt, loads it in PyTorch, and runs one forward pass there and in `sample`. PyTorch comes from PyPI, into a
# virtual environment that goes away again, unless PYTHON names an interpreter that has it.
#
# usage: round-trip.sh [CHECKPOINT [OPTIONS of sample convert]]     the embedded model, if none is given
#        ORIGINAL=path/to/improved-diffusion round-trip.sh ...      also in the original code, or in guided-diffusion's
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"

checkpoint=${1:-$root/Sources/EmbeddedModel/digits.safetensors}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$folder/environment"
  "$folder/environment/bin/pip" install --quiet numpy torch
  python=$folder/environment/bin/python
fi
sample convert "$checkpoint" "$folder/model.pt" "${@:2}"
"$python" "$here/round-trip.py" "$folder/model.pt" ${ORIGINAL:+"$ORIGINAL"}
