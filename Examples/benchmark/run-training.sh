#!/usr/bin/env bash
# Compares steps of training in `sample` with PyTorch's: installs PyTorch from PyPI into the virtual environment that run.sh uses
# too, and runs both in alternation.
#
# usage: run-training.sh [options of train.py], for instance run-training.sh --models digits --rounds 5
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
environment=$root/.build/peers

make -C "$root" build
if ! "$environment/bin/python" -c "import numpy, torch" 2> /dev/null; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet numpy torch
fi
lscpu | grep "Model name" || true
"$environment/bin/pip" list --format=freeze | grep "^torch=" || true
"$environment/bin/python" train.py "$root/.build/release/sample" "$@"
