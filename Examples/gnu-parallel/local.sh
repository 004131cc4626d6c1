#!/bin/sh
# A run in eight parts on this machine, as many at a time as it has cores, each on one thread: for small models, whose single steps
# gain little from more threads. Typed again, it goes on where it was.
set -eu
PATH="$(cd "$(dirname "$0")/../.." && pwd)/.build/release:$PATH"

mkdir -p out
parallel --joblog parallel.log --halt soon,fail=1 \
  sample --count 200 --seed 1 --steps 10 --threads 1 --shard '{}/8' --resume --quiet --out 'out/%04d.png' ::: 1 2 3 4 5 6 7 8
