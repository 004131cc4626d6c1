#!/usr/bin/env bash
# Compares `sample` with PyTorch, ONNX Runtime and OpenVINO on whole models, and with ncnn on single layers: installs them from
# PyPI into a virtual environment, and runs all on the same inputs in alternation.
#
# usage: run.sh [options of compare.py], for instance run.sh --models digits --rounds 3
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
environment=$root/.build/peers

make -C "$root" build
swift build -c release --package-path layer
if ! "$environment/bin/python" -c "import torch, onnx, onnxruntime, openvino, ncnn, pnnx" 2> /dev/null; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet numpy torch onnx onnxruntime openvino ncnn pnnx
fi
# On AVX-512 the AVX2 kernels are compared too.
kernels=avx2
if grep -q -w avx512f /proc/cpuinfo; then kernels=avx512,avx2; fi
lscpu | grep "Model name" || true
"$environment/bin/pip" list --format=freeze | grep -E "^(torch|onnxruntime|openvino|ncnn)=" || true
"$environment/bin/python" compare.py "$root/.build/release/sample" layer/.build/release/layer --kernels "$kernels" "$@"
