#!/usr/bin/env bash
# Which sampler in how many steps? Draws 2,000 digits with each sampler in 5, 10, 20 and 50 steps, and with DDPM in all 1,000, and
# prints how far they are from MNIST's training images (samplers.py says how), and a picture of the first ten of each.
#
# usage: MNIST=FOLDER samplers.sh [PICTURE.png]     default: .build/evaluation/samplers.png
#
# FOLDER, CLASSIFIER and PYTHON are those of evaluate.sh (PYTHON needs pillow too). Further variables:
#   COUNT      how many digits to draw; default 2000
#   SAMPLERS   default: all of those that `sample --sampler help` lists which the model can be drawn with
#   STEPS      default: "5 10 20 50"
#   BASELINE   the steps of the DDPM run that all are compared with; default 1000
# What was drawn stays in .build/evaluation/samplers, and is not drawn again: remove the folder for another model. All of it takes two hours
# on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"
work=$root/.build/evaluation
mnist=${MNIST:?"set it to the folder of mnist-train.npz and mnist-test.npz"}
classifier=${CLASSIFIER:-$work/classifier.pt}
python=${PYTHON:-$work/python/bin/python}
count=${COUNT:-2000}
sets=(--train "$mnist/mnist-train.npz" --test "$mnist/mnist-test.npz")
read -r -a all <<< "${STEPS:-5 10 20 50}"
# Those that are defined for the model.
defined() { while read -r name _; do if sample --sampler "$name" --dry-run --quiet > /dev/null 2>&1; then printf '%s ' "$name"; fi; done; }
read -r -a samplers <<< "${SAMPLERS:-$(sample --sampler help | defined)}"

mkdir -p "$work/samplers"
if [ -z "${PYTHON:-}" ] && ! "$python" -c "import numpy, PIL, torch" 2> /dev/null; then
  python3 -m venv "$work/python"
  "$work/python/bin/pip" install --quiet numpy pillow torch
fi
if [ ! -e "$classifier" ]; then "$python" "$here/classifier.py" "${sets[@]}" "$classifier" >&2; fi

drawn=()
draw() { # sampler steps
  local file="$work/samplers/$1, $2 steps, $count.npz"
  drawn+=("$file")
  if [ -e "$file" ]; then return; fi
  sample --seed 28 --class 0-9 --guidance 1 --sampler "$1" --steps "$2" --count "$count" --out "$file"
}
for sampler in "${samplers[@]}"; do
  for steps in "${all[@]}"; do draw "$sampler" "$steps"; done
done
draw ddpm "${BASELINE:-1000}"

"$python" "$here/samplers.py" --classifier "$classifier" "${sets[@]}" --picture "${1:-$work/samplers.png}" "${drawn[@]}"
