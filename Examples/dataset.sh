#!/bin/sh
# A small labelled data set: a folder for each class, 20 images in each. Image k of a run depends on the seed and k alone,
# so that a rerun gives the same files, and a larger count only adds to them.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

for class in 0 1 2 3 4 5 6 7 8 9; do
  mkdir -p "dataset/$class"
  sample --count 20 --class "$class" --guidance 1 --steps 25 --seed "$class" --quiet --out "dataset/$class/%03d.png"
done
