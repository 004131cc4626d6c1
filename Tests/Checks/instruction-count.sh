#!/usr/bin/env bash
# Counts the instructions of a forward pass of the embedded model with the AVX2 kernels on one thread, and fails if they are
# more than 3 % from those in instruction-count.txt. Unlike times, counts do not depend on what else the machine does.
#
# usage: instruction-count.sh SAMPLE_BINARY
set -euo pipefail
expected=$(< "$(dirname "$0")/instruction-count.txt")
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
# Valgrind cannot read the compiler's debugging information.
strip -o "$folder/sample" "$1"
cd "$folder"

# Prints the instructions of a drawing of $1 steps.
count() {
  SAMPLE_KERNELS=avx2 valgrind --tool=callgrind --callgrind-out-file=/dev/null ./sample --steps "$1" --seed 1 --class 3 \
    --guidance 1 --threads 1 --quiet --out img.png 2>&1 | sed -n 's/.*Collected : //p'
}

# Between one step and three there are two forward passes; loading the model and writing the file cancel out.
one=$(count 1)
three=$(count 3)
counted=$(((three - one) / 2))
echo "instructions of a forward pass: $counted, expected $expected"
if ((counted * 100 > expected * 103)); then
  echo "The forward pass has become slower. If that is meant, write $counted to Tests/Checks/instruction-count.txt and say why."
  exit 1
fi
if ((counted * 100 < expected * 97)); then
  echo "The forward pass has become faster: write $counted to Tests/Checks/instruction-count.txt to keep it so."
  exit 1
fi
