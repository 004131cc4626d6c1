#!/usr/bin/env bash
# A model of one's own: pictures in folders, one for each class, training with a break, a sheet, and a .pt for PyTorch. So few steps
# of so small a network only show how it goes.
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.build/release:$PATH"

for class in 0 1; do
  mkdir -p "pictures/$class"
  sample --count 16 --class "$class" --steps 5 --seed "$class" --quiet --out "pictures/$class/%02d.png"
done

train --data pictures --image-size 28 --in-channels 1 --num-channels 32 --num-res-blocks 1 --channel-mult 1,2 \
  --attention-resolutions 14 --class-cond --null-class 0.1 --batch-size 8 --lr 1e-3 --ema-rate 0.9 --log-interval 5 \
  --steps 10 --out run --quiet
train --resume run --steps 20 --quiet
tail -n 1 run/progress.csv

sample --model run --class 0,1 --count 8 --grid --steps 10 --seed 1 --quiet --out sheet.png
sample convert run/ema_0.9_000020.safetensors mine.pt
