#!/bin/sh
# Every digit once, side by side on one sheet, four times enlarged.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

sample --count 10 --class 0-9 --grid 10 --scale 4 --seed 1 --out one-of-each.png
