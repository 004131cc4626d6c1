#!/usr/bin/env bash
# What days of unattended training must survive: kill -9 at random moments, Ctrl-C, a full disk, a picture that is none.
#
# usage: train-check.sh TRAIN_BINARY SAMPLE_BINARY [KILLS], by default 20 kills
#
# A run that was killed and gone on with must come to the very bytes of one that was left alone.
set -euo pipefail
train=$(realpath "$1")
sample=$(realpath "$2")
kills=${3:-20}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "train-check: $*" >&2
  exit 1
}

# Runs a command that must end with a status and say just one line, which a pattern matches.
says() {
  local status=$1 pattern=$2 found=0
  shift 2
  "$@" > /dev/null 2> message || found=$?
  test "$found" = "$status" || fail "$* ended with $found, not $status: $(cat message)"
  test "$(wc -l < message)" = 1 || fail "$* says more or less than one line: $(cat message)"
  grep -q -- "$pattern" message || fail "$* says: $(cat message)"
}

mkdir pictures
"$sample" --count 64 --steps 2 --seed 1 --class 0-9 --no-metadata --quiet --out 'pictures/digit_%02d.png'

steps=20
# Pictures drawn small, of a model with two levels and attention, take a tenth of a second for a step.
options=(--data pictures --image-size 28 --in-channels 1 --num-channels 32 --num-res-blocks 1 --channel-mult "1,2"
  --attention-resolutions 14 --num-heads 2 --diffusion-steps 100 --batch-size 4 --steps "$steps" --save-interval 2
  --log-interval 1 --lr 1e-3 --ema-rate "0.9,0.99" --seed 3)
# What else the state of a run is made of: the sampler's history, draws of dropout and of mirrors, several passes for a step.
more=(--dropout 0.1 --flip --schedule-sampler loss-second-moment --use-checkpoint --microbatch 2)

# The last checkpoint is that of an uninterrupted run, nothing half-written is left, and each step has its row.
compare() {
  local whole=$1 killed=$2 file count=0
  for file in "$whole"/*; do
    case $file in
    # This tells the command line, in which --out is another.
    */run.json) continue ;;
    esac
    cmp "$file" "$killed/${file##*/}" || fail "$killed/${file##*/} is not what an uninterrupted run writes"
    count=$((count + 1))
  done
  test "$count" -gt 5 || fail "$whole has but $count files"
  diff <(ls -A "$whole") <(ls -A "$killed") > message || fail "$killed has other files: $(cat message)"
  tail -n +2 "$killed/progress.csv" | cut -d , -f 1 | diff - <(seq $steps) > message ||
    fail "$killed/progress.csv has other steps: $(cat message)"
}

# Begins a run, or goes on with it. In the background it is the program itself, not a shell, that is to be killed.
go_on() {
  local run=$1
  shift
  if [ -e "$run/run.json" ]; then
    exec "$train" --resume "$run" --quiet
  else
    exec "$train" "${options[@]}" --quiet "$@" --out "$run"
  fi
}

# Kills a run so many times, beginning anew where it has ended meanwhile, and compares it with one that was left alone.
kill_and_compare() {
  local name=$1 times=$2 process killed=0 halves=0 ends=0 begin duration status
  shift 2
  begin=$(date +%s%N)
  (go_on "$name" "$@")
  duration=$((($(date +%s%N) - begin) / 1000000))
  # Some kills fall into the beginning, reading and writing; a third of a run's time, so that most do not come too late.
  while [ "$killed" -lt "$times" ]; do
    go_on "$name-killed" "$@" &
    process=$!
    sleep "$(printf '%d.%03d' $((RANDOM * duration / 98304 / 1000)) $((RANDOM * duration / 98304 % 1000)))"
    kill -9 $process 2> /dev/null || true
    status=0
    wait $process 2> /dev/null || status=$?
    case $status in
    137)
      killed=$((killed + 1))
      [ -z "$(find "$name-killed" -name '*.tmp' 2> /dev/null)" ] || halves=$((halves + 1))
      ;;
    0)
      compare "$name" "$name-killed"
      rm -rf "$name-killed"
      ends=$((ends + 1))
      ;;
    *) fail "$name-killed cannot be gone on with" ;;
    esac
  done
  (go_on "$name-killed" "$@")
  compare "$name" "$name-killed"
  echo "$name: killed $killed times, $halves of them in the middle of a file; it came to an end $((ends + 1)) times," \
    "each time to the bytes of a run of $duration ms that was left alone"
}

echo "== kill -9 at $kills random moments"
kill_and_compare plain "$kills"
kill_and_compare more $(((kills + 1) / 2)) "${more[@]}"

echo "== what is left by a kill before the first checkpoint is whole"
mkdir early
cp plain/run.json plain/model000002.safetensors early
# A process that is gone; the folder that run.json names as --out is no matter.
true &
wait $!
head -c 1000 plain/opt000002.safetensors > "early/.opt000002.safetensors.$(uname -n)-$!.tmp"
(go_on early)
compare plain early
# But where there have been checkpoints, they are not silently begun anew.
rm early/opt*
says 1 "^train: early: has no checkpoint to resume from" "$train" --resume early
echo "such a run begins anew, and comes to the same bytes"

echo "== Ctrl-C, SIGTERM, a terminal that is closed"
for signal in INT TERM HUP; do
  run="stopped by $signal"
  "$train" "${options[@]}" --out "$run" 2> words &
  process=$!
  until [ -e "$run/progress.csv" ] && [ "$(wc -l < "$run/progress.csv")" -gt 1 ]; do
    kill -0 $process || fail "$run: ended before its first step: $(cat words)"
    sleep 0.02
  done
  says 1 "^train: $run: another train process is using it; wait for it to end, or stop it$" "$train" --resume "$run"
  kill -s $signal $process
  status=0
  wait $process || status=$?
  test $status = $((128 + $(kill -l $signal))) || fail "$run: ended with $status: $(cat words)"
  line=$(tail -n 1 words)
  [[ $line =~ ^saved\ step\ [0-9]+\;\ continue\ with:\ train\ (.*)$ ]] || fail "$run: says $line"
  eval "\"\$train\" ${BASH_REMATCH[1]} --quiet"
  for file in plain/*"$(printf '%06d' $steps).safetensors" plain/progress.*; do cmp "$file" "$run/${file##*/}"; done
done
echo "130, 143 and 129; all saved what they had, and went on to the bytes of a run that was left alone"

echo "== what cannot be written"
says 1 "^train: pictures/digit_00.png: cannot be made: a file is there, not a folder$" \
  "$train" "${options[@]}" --quiet --out pictures/digit_00.png/run
says 1 "^train: plain: holds a run already; type train --resume plain" "$train" "${options[@]}" --quiet --out plain
mkdir full
# Room for three checkpoints and a half.
if mount -t tmpfs -o "size=$(($(du -sk plain | cut -f 1) * 35 / 100))k" tmpfs full 2> /dev/null; then
  says 1 "^train: full/run/.*: cannot be written: No space left on device; .*continue with: train --resume full/run$" \
    "$train" "${options[@]}" --quiet --out full/run
  test -z "$(find full -name '*.tmp')" || fail "a full disk leaves $(find full -name '*.tmp')"
  mount -o remount,size=1g full
  (go_on full/run)
  compare plain full/run
  umount full
else
  echo "no file system can be mounted here: a full disk was not tried"
fi
echo "one line each; with room again the run goes on"

echo "== what cannot be read"
cp -r pictures bad
head -c 100 pictures/digit_07.png > bad/digit_07.png
says 1 "^train: bad/digit_07.png: .*; mend or remove it; --skip-bad goes on without it$" \
  "$train" "${options[@]:2}" --quiet --data bad --out bad-run
test ! -e bad-run || fail "a run has begun with a picture that is none"
# Those that go bad later end the run, which saves what it has.
cp pictures/digit_07.png bad
"$train" "${options[@]:2}" --quiet --data bad --out bad-run 2> message &
process=$!
until [ -e bad-run/opt000002.safetensors ] || ! kill -0 "$process" 2> /dev/null; do sleep 0.01; done
for picture in pictures/*; do head -c 100 "$picture" > "bad/${picture##*/}"; done
status=0
wait "$process" || status=$?
test "$status" = 1 || fail "a run whose pictures go bad ended with $status: $(cat message)"
grep -q "^train: bad/digit_...png: .*; step [0-9]* is saved; continue with: train --resume bad-run$" message ||
  fail "a run whose pictures go bad says: $(cat message)"
# Mended, the run goes on.
cp pictures/* bad
(go_on bad-run)
# What the failing run saved lies between the others.
rm -f bad-run/*[13579].safetensors
compare plain bad-run
says 1 "^train: nothing: there is no such file or folder; name a folder of pictures or a .npz$" \
  "$train" "${options[@]:2}" --quiet --data nothing --out nothing-run
says 1 "^train: pictures/run.json: cannot be read: No such file or directory" "$train" --resume pictures
echo "one line each"

echo "== drawing"
draw=(--steps 2 --seed 1 --no-metadata --quiet)
"$sample" --model plain "${draw[@]}" --out run.png
"$sample" --model "plain/ema_0.99_$(printf '%06d' $steps).safetensors" "${draw[@]}" --out average.png
cmp run.png average.png
rm plain/opt*
"$sample" --model plain "${draw[@]}" --out without.png
cmp run.png without.png
echo "sample draws with the folder of a run: with the last and slowest of its averages, and without the optimizer"
