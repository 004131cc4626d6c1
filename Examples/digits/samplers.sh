#!/usr/bin/env bash
# Which sampler in how many steps? Draws 2,000 digits with each sampler in 5, 10, 20 and 50 steps, and with DDPM in all 1,000, and prints
# tables in Markdown of what `sample score` says of them: their Fréchet distance to MNIST's training images, and how many a classifier takes
# for the digit that was asked for. Also makes a picture with a row for each sampler: the first ten digits of each number of steps.
#
# usage: MNIST=FOLDER samplers.sh [PICTURE.png]     default: .build/evaluation/samplers.png
#
# FOLDER and CLASSIFIER are those of evaluate.sh. Further variables:
#   COUNT      how many digits to draw; default 2000
#   SAMPLERS   default: all of those that `sample --sampler help` lists which the model can be drawn with
#   STEPS      default: "5 10 20 50"
#   BASELINE   the steps of the DDPM run that all are compared with; default 1000
# What was drawn stays in .build/evaluation/samplers, and is not drawn again: remove the folder to begin anew. All of it takes two hours
# on two cores. The picture needs netpbm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH="$root/.build/release:$PATH"
work=$root/.build/evaluation
mnist=${MNIST:?"set it to the folder of mnist-train.npz and mnist-test.npz"}
training_set=$(realpath -e "$mnist/mnist-train.npz")
classifier=$(realpath -e "${CLASSIFIER:-$here/classifier.safetensors}")
count=${COUNT:-2000}
baseline=${BASELINE:-1000}
read -r -a all <<< "${STEPS:-5 10 20 50}"
# Those that are defined for the model.
defined() { while read -r name _; do if sample --sampler "$name" --dry-run --quiet > /dev/null 2>&1; then printf '%s ' "$name"; fi; done; }
read -r -a samplers <<< "${SAMPLERS:-$(sample --sampler help | defined)}"
mkdir -p "$work/samplers"
picture=$(realpath "${1:-$work/samplers.png}")
# Features are kept beside the pictures, which may be where nothing can be written.
ln -sf "$training_set" "$work/samplers"
cd "$work/samplers"

options=(--seed 28 --class 0-9 --guidance 1)
drawn=()
draw() { # sampler steps
  local file="$1, $2 steps, $count.npz"
  drawn+=("$file")
  if [ -e "$file" ]; then return; fi
  sample "${options[@]}" --sampler "$1" --steps "$2" --count "$count" --out "$file"
}
for sampler in "${samplers[@]}"; do
  for steps in "${all[@]}"; do draw "$sampler" "$steps"; done
done
draw ddpm "$baseline"

# Columns of numbers, the last of which is the number of pictures, and the file's name.
sample score "${drawn[@]}" --reference mnist-train.npz --features "$classifier" | tee scores.txt >&2
table() { # column, factor, decimals, title
  echo "| $4 |$(printf ' %s steps |' "${all[@]}")"
  echo "|---|$(printf -- '---|%.0s' "${all[@]}")"
  awk -v column="$1" -v factor="$2" -v decimals="$3" -v samplers="${samplers[*]}" -v steps="${all[*]}" -v baseline="$baseline" '
    FNR == 1 { for (i = 1; i <= NF; i++) if ($i == column) place = i; next }
    match($0, /  [a-z0-9-]+, [0-9]+ steps/) {
      split(substr($0, RSTART + 2, RLENGTH - 2), words, /, | /)
      found[words[1], words[2]] = sprintf("%." decimals "f", $place * factor)
    }
    END {
      rows = split(samplers, names, " ")
      columns = split(steps, numbers, " ")
      for (r = 1; r <= rows; r++) {
        line = "| `" names[r] "` |"
        for (c = 1; c <= columns; c++) line = line " " found[names[r], numbers[c]] " |"
        print line
      }
      print "\nDDPM in " baseline " steps: " found["ddpm", baseline] ".\n"
    }' scores.txt
}
table Frechet 1 2 "distance to the training images"
table right 100 1 "digits as asked for, %"

if ! command -v pnmcat > /dev/null; then
  echo "netpbm is not installed: no picture was made (apt-get install netpbm)" >&2
  exit
fi
firsts=$(mktemp -d)
trap 'rm -rf "$firsts"' EXIT
rows=()
for sampler in "${samplers[@]}"; do
  strips=()
  for steps in "${all[@]}"; do
    strip="$firsts/$sampler-$steps"
    sample "${options[@]}" --sampler "$sampler" --steps "$steps" --count 10 --grid 10 --scale 1 --out "$strip.png" --quiet
    pngtopnm "$strip.png" > "$strip.pnm"
    strips+=("$strip.pnm")
  done
  pnmcat -lr "${strips[@]}" > "$firsts/$sampler.pnm"
  rows+=("$firsts/$sampler.pnm")
done
pnmcat -tb "${rows[@]}" | pnmtopng > "$firsts/all.png" 2> /dev/null
mv "$firsts/all.png" "$picture"
