#!/usr/bin/env bash
# What a night of unattended drawing must survive: kill -9 at random moments, parts drawn apart, and ten thousand images.
#
# usage: batch-check.sh SAMPLE_BINARY [KILLS [IMAGES]], by default 200 kills and 10000 images
#
# Needs pngcheck, exiftool (libimage-exiftool-perl) and identify (imagemagick).
set -euo pipefail
sample=$(realpath "$1")
kills=${2:-200}
images=${3:-10000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo "== kill -9 at $kills random moments"
# One batch is a tenth of a second's work, so that kills fall into drawing, writing and renaming.
run="$sample --count 96 --batch 8 --steps 3 --seed 5 --quiet"
mkdir whole killed
$run --out 'whole/%04d.png'
resumed=0
for ((kill = 1; kill <= kills; kill++)); do
  $run --out 'killed/%04d.png' --resume &
  process=$!
  sleep "0.$(printf '%03d' $((RANDOM % 400)))"
  kill -9 $process 2> /dev/null || true
  wait $process 2> /dev/null || resumed=$((resumed + 1))
  # Nothing half-written stands under a final name.
  for file in killed/*.png; do
    [ -e "$file" ] || continue
    cmp -s "$file" "whole/${file#killed/}" || { echo "$file is not what an uninterrupted run writes"; exit 1; }
  done
  # From time to time all over again.
  if [ "$(find killed -name '*.png' | wc -l)" = 96 ]; then rm -rf killed && mkdir killed; fi
done
$run --out 'killed/%04d.png' --resume
diff -r whole killed
echo "$resumed of $kills runs were killed before their end; every file was whole, and the finished set is the uninterrupted one's"

echo "== archives"
for name in x.npz x.tar x.npy; do
  $run --out "whole-$name"
  resumed=0
  for ((kill = 1; kill <= kills / 10; kill++)); do
    $run --out $name --resume &
    process=$!
    sleep "0.$(printf '%03d' $((RANDOM % 400)))"
    kill -9 $process 2> /dev/null || true
    wait $process 2> /dev/null || resumed=$((resumed + 1))
    # One that came to its end begins anew.
    if [ -e $name ]; then cmp $name "whole-$name"; rm $name; fi
  done
  $run --out $name --resume
  cmp $name "whole-$name"
  [ -z "$(find . -name "$name.partial*")" ] || { echo "$name leaves $(find . -name "$name.partial*")"; exit 1; }
  echo "$name: $resumed of $((kills / 10)) runs were killed before their end; it is the uninterrupted one's, byte for byte"
done

echo "== parts drawn apart"
mkdir parts
for part in 1 2 3 4 5 6 7; do $run --shard $part/7 --out 'parts/%04d.png'; done
diff -r whole parts
echo "shards 1/7 to 7/7 are the unsharded run"

echo "== metadata"
pngcheck -q whole/*.png
exiftool -s -s -s -Parameters whole/0007.png | grep -q "Model hash: .*, Model: digits"
identify -verbose whole/0007.png | grep -q "parameters: Steps: 3, Sampler: UniPC"
$sample reproduce whole/0007.png
$sample --steps 5 --seed 1 --quiet --out still.png --frames moving.png
pngcheck -q moving.png
test "$(exiftool -s -s -s -AnimationFrames -AnimationPlays moving.png | paste -sd ' ')" = "5 inf"
echo "96 files pass pngcheck, so does an animation; exiftool and identify show the parameters"

echo "== $images images in one run"
mkdir many
$sample --count "$images" --steps 1 --seed 1 --quiet --out 'many/%06d.png' --log many.jsonl &
process=$!
early=0
late=0
while kill -0 $process 2> /dev/null; do
  memory=$(awk '/^VmRSS/ { print $2 }' /proc/$process/status 2> /dev/null || true)
  count=$(wc -l 2> /dev/null < many.jsonl || echo 0)
  if [ -n "$memory" ] && [ "$count" -gt 0 ]; then
    if [ "$count" -le $((images / 10)) ]; then early=$memory; fi
    late=$memory
  fi
  sleep 0.05
done
wait $process
test "$(find many -name '*.png' | wc -l)" = "$images"
pngcheck -q many/*00.png
echo "memory after a tenth of them $early kB, at the end $late kB"
test "$early" -gt 0
test $((late - early)) -lt 2048
