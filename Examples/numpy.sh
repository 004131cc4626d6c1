#!/bin/sh
# 100 images in one .npz, as image_sample.py of improved-diffusion writes it: arr_0 uint8 [N, H, W, C], arr_1 the labels.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

sample --count 100 --class 0-9 --steps 25 --seed 7 --out samples_100x28x28x1.npz
