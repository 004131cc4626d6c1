#!/bin/sh
# What the number of steps and the sampler do: the same noise and classes, one sheet for each.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

for sampler in ddim ddpm; do
  for steps in 5 10 25 100; do
    sample --sampler "$sampler" --steps "$steps" --count 10 --class 0-9 --grid 10 --scale 2 --seed 3 --quiet \
      --out "$sampler-$steps.png"
  done
done
