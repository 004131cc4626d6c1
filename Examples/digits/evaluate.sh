#!/usr/bin/env bash
# How good models of handwritten digits are. Draws 10,000 digits with each, and prints what `sample score` says of them, against MNIST's
# 10,000 test images and its 60,000 training images: among others their Fréchet distance, which is smaller the more they are like real
# digits, in what they look like and in how much they vary, and how many a classifier takes for the digit that was asked for.
#
# This measure, but for the classifier, was fixed before the default model was trained: the number of images, DDIM with 50 steps, guidance 1,
# the classes in turn, and the seed. The distance to the test set at guidance 1 is what models are compared by. What is drawn with the
# guidance that a model recommends, which is for looks, is shown beside it. In the second table, as many real digits have a row of their own:
# the test set, by other writers.
#
# usage: MNIST=FOLDER evaluate.sh [MODEL...]     default: embedded, the embedded model
#
# FOLDER has mnist-train.npz and mnist-test.npz: `images`, uint8 [N, 28, 28], and `labels`. Further variables:
#   CLASSIFIER   by whose features digits are compared; default: classifier.safetensors beside this script (make digits-classifier)
#   COUNT        how many digits to draw; default 10000. Distances of fewer are larger: for trying this script out.
# What was drawn stays in .build/evaluation/drawn until the next time. Ten thousand of the embedded model's digits take 10 minutes on two
# cores, and twice that with guidance.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"
work=$root/.build/evaluation
mnist=${MNIST:?"set it to the folder of mnist-train.npz and mnist-test.npz"}
training_set=$(realpath -e "$mnist/mnist-train.npz")
test_set=$(realpath -e "$mnist/mnist-test.npz")
classifier=$(realpath -e "${CLASSIFIER:-$here/classifier.safetensors}")
if [ $# = 0 ]; then set -- embedded; fi
models=()
for model in "$@"; do
  if [ "$model" != embedded ]; then model=$(realpath -e "$model"); fi
  models+=("$model")
done

rm -rf "$work/drawn"
mkdir -p "$work/drawn"
# Features are kept beside the pictures, which may be where nothing can be written.
ln -s "$training_set" "$test_set" "$work/drawn"
cd "$work/drawn"
drawn=()
number=0
for model in "${models[@]}"; do
  number=$((number + 1))
  options=(--seed 28 --class 0-9)
  if [ "$model" != embedded ]; then options+=(--model "$model"); fi
  # Without --guidance it is the model's recommendation, and an image says what that was.
  sample "${options[@]}" --steps 1 --quiet --out one.png
  recommended=$(sample show one.png | sed -n 's/^parameters: .*CFG scale: \([^,]*\).*/\1/p' | sed 's/\.0$//')
  rm one.png
  guidances=(1)
  if [ "${recommended:-1}" != 1 ]; then guidances+=("$recommended"); fi
  for guidance in "${guidances[@]}"; do
    # Models in different folders may have the same name.
    file="$number $(basename "$model"), guidance $guidance.npz"
    sample "${options[@]}" --sampler ddim --steps 50 --guidance "$guidance" --count "${COUNT:-10000}" --out "$file"
    drawn+=("$file")
  done
done

sample score "${drawn[@]}" --reference mnist-test.npz --features "$classifier"
echo
sample score mnist-test.npz "${drawn[@]}" --reference mnist-train.npz --features "$classifier"
