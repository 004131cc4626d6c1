#!/bin/sh
# The upper half of a digit, and what each class makes of the lower one; then the whole of it, drawn anew from under noise.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

sample --class 3 --seed 4 --quiet --out digit.png
# Black where the digit is kept, white below: 28×28 pixels of one bit.
base64 -d > mask.png << END
iVBORw0KGgoAAAANSUhEUgAAABwAAAAcAQAAAABaduI5AAAAGElEQVR42mNgoAZg/M/A8JGJgYGBgRICAIc9Agx43SXIAAAAAElF
TkSuQmCC
END
sample --init-image digit.png --mask mask.png --count 10 --class 0-9 --grid 10 --scale 2 --seed 1 --quiet --out halves.png
sample --init-image digit.png --strength 0.6 --count 10 --class 0-9 --grid 10 --scale 2 --seed 1 --quiet --out anew.png
