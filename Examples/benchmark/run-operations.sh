#!/usr/bin/env bash
# Compares operations that only some families' networks need with PyTorch, from PyPI, in the virtual environment that run.sh uses too.
#
# usage: run-operations.sh [options of operations.py], for instance run-operations.sh --operations 7×7,attention
set -euo pipefail
cd "$(dirname "$0")"
environment=$(cd ../.. && pwd)/.build/peers

swift build -c release --package-path layer
if ! "$environment/bin/python" -c "import numpy, torch" 2> /dev/null; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet numpy torch
fi
lscpu | grep "Model name" || true
"$environment/bin/python" operations.py layer/.build/release/operation "$@"
