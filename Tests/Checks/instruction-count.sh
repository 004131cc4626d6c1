#!/usr/bin/env bash
# Counts the instructions of a forward pass of the embedded model on one thread, with the AVX2 kernels or on arm64, and fails if
# they are more than 3 % from those expected. Unlike times, counts do not depend on what else the machine does.
#
# usage: instruction-count.sh SAMPLE_BINARY [ARM64_ROOT]
#
# Needs Valgrind, or for a binary for arm64, whose libraries are in ARM64_ROOT, qemu-user with plugins and a C compiler.
set -euo pipefail
checks=$(realpath "$(dirname "$0")")
root=${2:+$(realpath "$2")}
file=$checks/instruction-count${root:+-arm64}.txt
expected=$(< "$file")
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
# Valgrind cannot read the compiler's debugging information.
if test -z "$root"; then strip -o "$folder/sample" "$1"; else cp "$1" "$folder/sample"; fi
cd "$folder"
if test -n "$root"; then
  major=$(qemu-aarch64 --version | sed -n '1s/.*version \([0-9]*\).*/\1/p')
  "$(command -v cc || command -v clang)" -O2 -Wall -shared -fPIC -DPLUGIN_VERSION=$((major < 9 ? 1 : 2)) -o count.so \
    "$checks/count-instructions.c"
fi

# Prints the instructions of a drawing of $1 steps.
count() {
  local drawing=(./sample --steps "$1" --seed 1 --class 3 --guidance 1 --threads 1 --quiet --out img.png)
  if test -n "$root"; then
    qemu-aarch64 -plugin ./count.so -L "$root" -E LD_LIBRARY_PATH=/usr/libexec/swift/lib/swift/linux "${drawing[@]}" 2>&1 |
      tee log | sed -n 's/^instructions: //p'
  else
    SAMPLE_KERNELS=avx2 valgrind --tool=callgrind --callgrind-out-file=/dev/null "${drawing[@]}" 2>&1 |
      tee log | sed -n 's/.*Collected : //p'
  fi
}

# Between one step and three there are two forward passes; loading the model and writing the file cancel out.
one=$(count 1)
three=$(count 3)
if test -z "$one" || test -z "$three"; then
  cat log
  exit 1
fi
counted=$(((three - one) / 2))
echo "instructions of a forward pass${root:+ on arm64}: $counted, expected $expected"
if ((counted * 100 > expected * 103)); then
  echo "The forward pass has become slower. If that is meant, write $counted to Tests/Checks/${file##*/} and say why."
  exit 1
fi
if ((counted * 100 < expected * 97)); then
  echo "The forward pass has become faster: write $counted to Tests/Checks/${file##*/} to keep it so."
  exit 1
fi
