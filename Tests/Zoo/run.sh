#!/usr/bin/env bash
# Makes small models as diffusers' users hold them, with diffusers from PyPI, and compares what both draw from them.
#
# usage: run.sh SAMPLE_BINARY WORK_FOLDER [NAME ...]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
sample=$(realpath "$1")
mkdir -p "$2"
cd "$2"
shift 2
if ! environment/bin/python -c "import diffusers, torch, scipy" 2> /dev/null; then
  python3 -m venv environment
  environment/bin/pip install --quiet numpy torch diffusers==0.42.1 safetensors scipy
fi
[ -e zoo-diffusers/cases.json ] || environment/bin/python "$here/make.py" "$@"
environment/bin/python "$here/compare.py" "$sample" "$@"
