#!/usr/bin/env bash
# How good models of handwritten digits are. Draws 10,000 digits with each, and prints how many of them a classifier takes for the
# digit that was asked for, and their Fréchet distance to MNIST's 10,000 test images in the classifier's features: the smaller, the
# more they are like real digits, in what they look like and in how much they vary. evaluate.py says what the columns are.
#
# This measure was fixed before the default model was trained: the classifier, the number of images, DDIM with 50 steps, guidance
# 1, the classes in turn, and the seed. The distance to the test set at guidance 1 is what models are compared by. What is drawn
# with the guidance that a model recommends, which is for looks, is shown beside it.
#
# usage: MNIST=FOLDER evaluate.sh [MODEL...]     default: the embedded model
#
# FOLDER has mnist-train.npz and mnist-test.npz: `images`, uint8 [N, 28, 28], and `labels`. Further variables:
#   CLASSIFIER   its weights, trained (two minutes) and saved there if the file is missing; default .build/evaluation/classifier.pt
#   PYTHON       a Python with torch and numpy; default: a virtual environment in .build/evaluation, from PyPI
#   COUNT        how many digits to draw; default 10000. Distances of fewer are larger: for trying this script out.
# What was drawn stays in .build/evaluation/drawn until the next time; evaluate.py takes those files by themselves. Ten thousand of
# the embedded model's digits take 10 minutes on two cores, and twice that with guidance.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"
work=$root/.build/evaluation
mnist=${MNIST:?"set it to the folder of mnist-train.npz and mnist-test.npz"}
classifier=${CLASSIFIER:-$work/classifier.pt}
python=${PYTHON:-$work/python/bin/python}
sets=(--train "$mnist/mnist-train.npz" --test "$mnist/mnist-test.npz")
if [ $# = 0 ]; then set -- embedded; fi

mkdir -p "$work"
if [ -z "${PYTHON:-}" ] && ! "$python" -c "import numpy, torch" 2> /dev/null; then
  python3 -m venv "$work/python"
  "$work/python/bin/pip" install --quiet numpy torch
fi
if [ ! -e "$classifier" ]; then "$python" "$here/classifier.py" "${sets[@]}" "$classifier" >&2; fi

rm -rf "$work/drawn"
drawn=()
number=0
for model in "$@"; do
  number=$((number + 1))
  # Models in different folders may have the same name.
  folder=$work/drawn/$number
  mkdir -p "$folder"
  options=(--seed 28 --class 0-9 --sampler ddim --steps 50)
  if [ "$model" != embedded ]; then options+=(--model "$model"); fi
  # Without --guidance it is the model's recommendation, and an image says what that was.
  sample "${options[@]}" --steps 1 --quiet --out "$folder/one.png"
  recommended=$(sample show "$folder/one.png" | sed -n 's/^parameters: .*CFG scale: \([^,]*\).*/\1/p' | sed 's/\.0$//')
  guidances=(1)
  if [ "${recommended:-1}" != 1 ]; then guidances+=("$recommended"); fi
  for guidance in "${guidances[@]}"; do
    file="$folder/$(basename "$model"), guidance $guidance.npz"
    sample "${options[@]}" --guidance "$guidance" --count "${COUNT:-10000}" --out "$file"
    drawn+=("$file")
  done
done

"$python" "$here/evaluate.py" --classifier "$classifier" "${sets[@]}" "${drawn[@]}"
