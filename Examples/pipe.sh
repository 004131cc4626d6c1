#!/bin/sh
# An image down a pipe: `--out -` writes the PNG to standard output, and words go to standard error.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

sample --class 7 --seed 2 --quiet --out - | wc -c
