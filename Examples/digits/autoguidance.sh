#!/usr/bin/env bash
# How much does autoguidance help (Karras et al. 2024)? Draws 2,000 digits guided away from a weak model, with each of several scales, and
# prints what `sample score` says of them: their Fréchet distance to MNIST's test images, and how many are the digit that was asked for.
#
# usage: MNIST=FOLDER autoguidance.sh WEAK [MODEL]
#
# WEAK is a smaller or less trained model of the same digits: an early checkpoint of `make digits`, .build/digits/ema_0.999_001000.safetensors
# say. MODEL is what is guided; default: the embedded model. FOLDER and CLASSIFIER are those of evaluate.sh. Further variables:
#   COUNT     how many digits to draw; default 2000
#   SCALES    default: "1 1.25 1.5 2 2.5 3"; 1 is no guidance
# A scale takes two minutes on two cores, as each step evaluates both models.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"
work=$root/.build/evaluation
mnist=${MNIST:?"set it to the folder of mnist-train.npz and mnist-test.npz"}
weak=${1:?"name the weak model, for instance .build/digits/ema_0.999_001000.safetensors"}
test_set=$(realpath -e "$mnist/mnist-test.npz")
classifier=$(realpath -e "${CLASSIFIER:-$here/classifier.safetensors}")
model=()
if [ $# -gt 1 ]; then model=(--model "$(realpath -e "$2")"); fi
weak=$(realpath -e "$weak")

rm -rf "$work/autoguidance"
mkdir -p "$work/autoguidance"
# Features are kept beside the pictures, which may be where nothing can be written.
ln -s "$test_set" "$work/autoguidance"
cd "$work/autoguidance"
drawn=()
for scale in ${SCALES:-1 1.25 1.5 2 2.5 3}; do
  file="guidance $scale.npz"
  sample "${model[@]}" --seed 28 --class 0-9 --guide-model "$weak" --guidance "$scale" --count "${COUNT:-2000}" --out "$file"
  drawn+=("$file")
done
sample score "${drawn[@]}" --reference mnist-test.npz --features "$classifier"
