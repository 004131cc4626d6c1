#!/usr/bin/env bash
# Runs the programs for arm64 under QEMU: pictures are those of this machine's program with its baseline kernels, byte for byte;
# training and converting work; a forward pass takes as many instructions as expected.
#
# usage: arm64-check.sh SAMPLE_BINARY, after arm64-build.sh
#
# Needs qemu-user with plugins, pngcheck and a C compiler.
set -euo pipefail
checks=$(realpath "$(dirname "$0")")
built=$(realpath "$checks/../../.build/arm64")
here=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"

arm64() {
  qemu-aarch64 -L "$built/host/arm64" -E LD_LIBRARY_PATH=/usr/libexec/swift/lib/swift/linux "$built/release/$1" "${@:2}"
}

# File names are the same in both, since each picture records its own.
draw() {
  mkdir "$1"
  cd "$1"
  "${@:2}" --steps 4 --seed 1 --quiet --out img.png
  "${@:2}" --class 3 --guidance 2 --sampler ddim --steps 3 --count 4 --seed 1 --quiet --out %d.png
  cd ..
}
draw here env SAMPLE_KERNELS=baseline "$here"
draw arm64 arm64 sample
pngcheck -q here/*.png
diff -r here arm64
echo "arm64: 5 pictures are those of this machine, byte for byte"

arm64 train --data here --image-size 28 --num-channels 32 --channel-mult 1,2 --num-res-blocks 1 --batch-size 2 --steps 1 \
  --quiet --out run
arm64 sample --model run --steps 1 --quiet --out trained.png
pngcheck -q trained.png
arm64 sample convert run/model000001.safetensors model.pt > /dev/null
echo "arm64: train and convert work"

"$checks/instruction-count.sh" "$built/release/sample" "$built/host/arm64"
