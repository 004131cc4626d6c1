#!/usr/bin/env bash
# Compares the families' networks in `sample` with their own code in PyTorch: installs what is on PyPI into the virtual environment
# that run.sh uses too, and runs both in alternation.
#
# usage: run-families.sh [options of families.py], for instance run-families.sh --checkouts FOLDER --networks sr3,palette
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
environment=$root/.build/peers

make -C "$root" build
packages=(numpy torch diffusers einops denoising-diffusion-pytorch ema-pytorch monai ml-collections scipy requests)
if ! "$environment/bin/python" -c "import numpy, torch, diffusers, denoising_diffusion_pytorch, monai, ml_collections, requests" 2> /dev/null; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet "${packages[@]}"
fi
lscpu | grep "Model name" || true
"$environment/bin/pip" list --format=freeze | grep -E "^(torch|diffusers|denoising.diffusion.pytorch|monai)=" || true
"$environment/bin/python" families.py "$root/.build/release/sample" "$@"
