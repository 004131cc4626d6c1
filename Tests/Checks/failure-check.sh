#!/usr/bin/env bash
# What the system may refuse: each call that a run makes to it fails once, in turn, and so do real disks, folders, pipes and limits.
#
# usage: failure-check.sh SAMPLE_BINARY TRAIN_BINARY [EVERY], where only every so-many-th allocation fails, by default each
#
# A run must end with one line that names the file and the reason, leave nothing half-written under a name, and come to the files of an
# undisturbed one when it is run again; or else not mind. Needs a C compiler, netpbm, TurboJPEG and Linux.
set -euo pipefail
sample=$(realpath "$1")
train=$(realpath "$2")
every=${3:-1}
here=$(dirname "$(realpath "$0")")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "failure-check: $*" >&2
  exit 1
}

"$(command -v cc || command -v clang)" -std=gnu2x -O1 -Wall -Wextra -Werror -shared -fPIC -o failing-calls.so \
  "$here/failing-calls.c" -ldl

# Runs a command with the library in front of it; what it says on standard error is in the file message.
disturbed() {
  local setting=$1
  shift
  env "$setting" LD_PRELOAD="$folder/failing-calls.so" "$@" > stdout 2> message
}

# The names of the files in a folder, with those that begin with a dot; growing logs may end anywhere, and are looked at apart.
files() {
  (cd "$1" && find . -type f ! -name 'progress.*' ! -name '*.log' | sort)
}

# A growing log has whole lines.
check_lines() {
  if grep -qv '^{.*}$' "$1"; then fail "$failure: $1 has half a line"; fi
}

# Nothing half-written has a name, nor is anything left without one.
check_no_halves() {
  local name=$1 file
  [ -d out ] || return 0
  for file in $(files out | grep -v '\.partial'); do
    # Or as it was found: a run that is gone on with writes its record anew.
    cmp -s "out/$file" "../whole/$name/$file" || cmp -s "out/$file" "../found/$name/$file" ||
      fail "$name, $failure: out/$file is not what an undisturbed run writes"
  done
  for file in out/*.log; do
    [ ! -e "$file" ] || check_lines "$file"
  done
}

# Everything is there, and what it is in an undisturbed run.
check_whole() {
  local name=$1
  diff <(files out) <(files "../whole/$name") > difference || fail "$name, $failure: other files: $(cat difference)"
  if [ -e "../whole/$name/run.json" ]; then
    cmp out/run.json "../whole/$name/run.json" || fail "$name, $failure: another run.json"
  fi
  check_no_halves "$name"
  if [ -e "../whole/$name/progress.csv" ]; then
    cmp out/progress.csv "../whole/$name/progress.csv" || fail "$name, $failure: another progress.csv"
  fi
}

# The same again, or, where a run of training has begun, going on with it.
again() {
  if [ "$program" = train ] && [[ $* != *--resume* ]] && [ -e out/run.json ]; then set -- "$train" --resume out --quiet; fi
  # Of an archive, what is finished stays.
  if [ -n "$(find out -name '*.partial')" ]; then set -- "$@" --resume; fi
  "$@"
}

# Begins with what a run finds: a folder of that name, or an empty one.
begin() {
  rm -rf out
  if [ -d "../found/$1" ]; then cp -r "../found/$1" out; elif [ "$program" = sample ]; then mkdir out; fi
}

# One failure of a run: CASE CALL NUMBER ERRNO PATTERN COMMAND…, where a pattern must match what is said.
try() {
  local name=$1 call=$2 number=$3 error=$4 pattern=$5 status=0
  shift 5
  failure="$call $number fails with errno $error"
  begin "$name"
  disturbed "FAIL=$call:$number:$error" "$@" || status=$?
  tries=$((tries + 1))
  case $status in
  0)
    if grep -qvxFf "../whole/$name.message" message; then fail "$name, $failure: ended well, but says $(cat message)"; fi
    check_whole "$name"
    cmp -s stdout "../whole/$name.stdout" || fail "$name, $failure: another output"
    unminded=$((unminded + 1))
    ;;
  1)
    [ "$(wc -l < message)" = 1 ] || fail "$name, $failure: says more or less than a line: $(cat message)"
    grep -qE "^$program: $pattern" message || fail "$name, $failure: says $(cat message)"
    check_no_halves "$name"
    again "$@" > stdout 2> message || fail "$name, $failure: cannot be run again: $(cat message)"
    check_whole "$name"
    cmp -s stdout "../whole/$name.stdout" || fail "$name, $failure: another output when run again"
    ;;
  *) fail "$name, $failure: ended with $status: $(cat message)" ;;
  esac
}

# Lets each call of a run fail: CASE COMMAND…
check() {
  local name=$1 call count number step error pattern told=""
  shift
  program=$(basename "$1")
  mkdir -p whole "run-$name"
  cd "run-$name"
  begin "$name"
  disturbed FAIL_COUNTS=counts "$@" || fail "$name: $(cat message)"
  mv out "../whole/$name"
  for file in stdout message counts; do mv $file "../whole/$name.$file"; done
  while read -r call count; do
    case $call in
    malloc | calloc | realloc | posix_memalign)
      step=$every
      pattern="(out of memory: .* could not be allocated; .*|.*: (Cannot allocate memory|.*out of memory.*))$"
      ;;
    *)
      # Hundreds of writes are alike.
      step=$((every > 1 && count > 20 ? count / 20 : 1))
      pattern=""
      ;;
    esac
    tries=0
    unminded=0
    # A stride begins somewhere, so that other runs of this check meet other calls.
    for ((number = 1 + RANDOM % step; number <= count; number += step)); do
      for error in ${errors[$call]:-$EIO}; do
        try "$name" "$call" "$number" "$error" "${pattern:-.*[^ ]: cannot be (read|written|made|removed): ${reasons[$error]}(; .*)?$}" "$@"
      done
    done
    [ "$tries" = 0 ] || told+=", $call $tries ($unminded)"
    total=$((total + tries))
  done < "../whole/$name.counts"
  cd ..
  echo "$name: ${told#, }"
}

# What calls fail with, and how that is said. 0 is no error: half of what is asked for is read or written.
readonly EINTR=4 EIO=5 EAGAIN=11 ENOMEM=12 EACCES=13 EMFILE=24 ENOSPC=28
declare -A errors=([open]="$EACCES $EMFILE" [read]="$EIO $EINTR 0" [pread]="$EIO $EINTR 0" [write]="$ENOSPC $EINTR 0"
  [pwrite]="$ENOSPC $EINTR 0" [rename]=$EACCES [mkdir]=$EACCES [opendir]=$EMFILE [mmap]=$ENOMEM [pthread_create]=$EAGAIN
  [malloc]=$ENOMEM [calloc]=$ENOMEM [realloc]=$ENOMEM [posix_memalign]=$ENOMEM)
declare -A reasons=([0]="-" [$EINTR]="-" [$EAGAIN]="-" [$EIO]="Input/output error" [$ENOMEM]="Cannot allocate memory"
  [$EACCES]="Permission denied" [$EMFILE]="Too many open files" [$ENOSPC]="No space left on device")
total=0

echo "== each call fails once (in brackets: how many of them a run does not mind)"
# A model so small that a run takes but some hundredths of a second.
mkdir pictures jpegs
"$sample" --count 8 --steps 2 --seed 1 --class 0-7 --quiet --out 'pictures/digit_%02d.png'
for number in 0 1 2 3; do pngtopnm pictures/digit_0$number.png | pnmtojpeg > jpegs/$number.jpg; done
model=(--image-size 8 --in-channels 1 --num-channels 32 --num-res-blocks 1 --channel-mult 1 --attention-resolutions 99
  --diffusion-steps 100)
learning=("$train" "${model[@]}" --batch-size 2 --save-interval 1 --log-interval 1 --lr 1e-3 --ema-rate 0.9 --seed 3
  --threads 2 --quiet)
training=("${learning[@]}" --data "$folder/pictures")
mkdir -p found
"${training[@]}" --steps 2 --out out
mv out found/resumed
"$sample" convert found/resumed/model000002.safetensors model.safetensors 2> /dev/null
"$sample" convert found/resumed/model000002.safetensors model.pt 2> /dev/null
model=(--model "$folder/model.safetensors")
drawing=("$sample" "${model[@]}" --steps 2 --seed 5 --quiet --threads 2)
"${drawing[@]}" --out small.png

check pictures "${drawing[@]}" --count 4 --batch 2 --out 'out/%d.png' --log out/run.log --resume
cp -r whole/pictures found/kept
rm found/kept/0.png found/kept/3.png
check kept "${drawing[@]}" --count 4 --out 'out/%d.png' --resume
check embedded "$sample" --steps 1 --seed 5 --quiet --threads 2 --out out/picture.png --overwrite --stats stats.json
check pt "$sample" --model "$folder/model.pt" --steps 1 --seed 5 --quiet --threads 2 --out out/picture.png
check npz "${drawing[@]}" --count 3 --batch 2 --out out/all.npz
check npy "${drawing[@]}" --count 3 --batch 2 --out out/all.npy
check tar "${drawing[@]}" --count 3 --batch 2 --out out/all.tar
check stdout "${drawing[@]}" --out -
check moving "${drawing[@]}" --count 2 --grid --out out/sheet.png --frames out/moving.png --strip out/strip.png --overwrite
check from "${drawing[@]}" --init-image "$folder/pictures/digit_00.png" --strength 0.5 --out out/picture.png
check convert "$sample" convert --overwrite "$folder/model.pt" out/model.safetensors
check convert-pt "$sample" convert --overwrite "$folder/model.safetensors" out/model.pt
check encode "$sample" encode "${model[@]}" --steps 2 --quiet --threads 2 "$folder/small.png" --out out/noise.npy
check inspect "$sample" inspect "$folder/model.safetensors"
check training "${training[@]}" --steps 2 --out out
check resumed "$train" --resume out --quiet --steps 4
check jpegs "${learning[@]}" --data "$folder/jpegs" --steps 1 --out out
check from-jpeg "${drawing[@]}" --init-image "$folder/jpegs/0.jpg" --strength 0.5 --out out/picture.png
echo "$total calls failed; each run ended with one line and its files came when it was run again, or it did not mind"

# Runs a command that must end with a status and say just one line, which a pattern matches.
says() {
  local status=$1 pattern=$2 found=0
  shift 2
  "$@" > stdout 2> message || found=$?
  [ "$found" = "$status" ] || fail "$* ended with $found, not $status: $(cat message)"
  [ "$(wc -l < message)" = 1 ] || fail "$* says more or less than a line: $(cat message)"
  grep -qE "$pattern" message || fail "$* says: $(cat message)"
}

# Waits until a command succeeds, for as long as the process lives that is to make it so.
await() {
  until "$@" 2> /dev/null; do
    kill -0 "$process" 2> /dev/null || fail "ended before $*: $(cat message)"
    sleep 0.02
  done
}

# Under a limit of this shell's: LIMITED KIND VALUE COMMAND…
limited() { (ulimit -c 0 "$1" "$2" && shift 2 && exec "$@"); }

echo "== a full disk"
failure="a full disk"
many=("${drawing[@]}" --count 96 --batch 8)
mkdir -p whole/disk out disk
"${many[@]}" --out 'whole/disk/%04d.png'
"${many[@]}" --out whole/disk.npz
if mount -t tmpfs -o size=64k tmpfs disk 2> /dev/null; then
  trap 'umount "$folder/disk"; rm -rf "$folder"' EXIT
  says 1 "^sample: disk/[0-9]*.png: cannot be written: No space left on device$" "${many[@]}" --out 'disk/%04d.png'
  [ -z "$(find disk -name '*.tmp')" ] || fail "a full disk leaves $(find disk -name '*.tmp')"
  for file in disk/*.png; do cmp "$file" "whole/$file"; done
  mount -o remount,size=1m disk
  "${many[@]}" --out 'disk/%04d.png' --resume
  diff -r whole/disk disk
  rm disk/*
  mount -o remount,size=4k disk
  says 1 "^sample: disk/all.npz: cannot be written: No space left on device$" "${many[@]}" --out disk/all.npz
  [ -z "$(ls -A disk)" ] || fail "a full disk leaves $(ls -A disk)"
  says 1 "^sample: disk/run.log: cannot be written: No space left on device$" \
    "${many[@]}" --out 'out/%04d.png' --log disk/run.log
  check_lines disk/run.log
  says 1 "^sample: disk/model.pt(.json)?: cannot be written: No space left on device$" "$sample" convert model.safetensors disk/model.pt
  rm disk/*
  mount -o remount,ro disk
  echo "== a read-only folder"
  says 1 "^sample: disk/0000.png: cannot be written: Read-only file system$" "${many[@]}" --out 'disk/%04d.png'
  says 1 "^sample: disk/run.log: cannot be written: Read-only file system$" \
    "${many[@]}" --out 'out/%04d.png' --overwrite --log disk/run.log
  says 1 "^train: disk/run: cannot be made: Read-only file system$" "${training[@]}" --steps 2 --out disk/run
  umount disk
  trap 'rm -rf "$folder"' EXIT
else
  echo "no file system can be mounted here: neither a full disk nor a read-only folder was tried"
fi

echo "== a folder that vanishes"
mkdir gone
"$sample" --count 96 --batch 8 --steps 3 --seed 5 --quiet --out 'gone/%04d.png' 2> message &
process=$!
await test -e gone/0000.png
# A renaming takes the folder away at once; a removal may lose the race against files that still appear in it.
mv gone elsewhere
status=0
wait $process || status=$?
[ $status = 1 ] || fail "a folder that vanishes: ended with $status"
grep -q "^sample: gone/.*: cannot be written: there is no folder gone/" message || fail "a folder that vanishes: $(cat message)"

echo "== what killed runs leave"
true &
wait $!
touch ".one.png.$(uname -n)-$!.tmp" ".other.png.$(uname -n)-$$.tmp"
"${drawing[@]}" --out one.png
[ "$(find . -maxdepth 1 -name '*.tmp')" = "./.other.png.$(uname -n)-$$.tmp" ] || fail "temporary files: $(find . -maxdepth 1 -name '*.tmp')"
rm one.png .other.png.*.tmp

echo "== closed pipes, and files that were never open"
mkfifo pipe
# Opened for writing while somebody could read, who then closes it.
exec 4<> pipe
exec 5> pipe 4<&-
without_reader() { "$@" >&5; }
without_room() { "$@" > /dev/full; }
without_output() { "$@" >&-; }
says 1 "^sample: standard output: cannot be written: Broken pipe$" without_reader "${drawing[@]}" --out -
says 1 "^sample: standard output: cannot be written: No space left on device$" \
  without_room "${drawing[@]}" --out -
says 1 "^sample: standard output: cannot be written: Bad file descriptor$" without_output "${drawing[@]}" --out -
# Without --quiet there are words for a standard error that is not there, full or gone; they must not go into the picture.
speaking=("$sample" "${model[@]}" --steps 2 --seed 5 --progress plain --out one.png)
"${speaking[@]}" 2> /dev/null
mv one.png whole
check_one() {
  cmp one.png whole/one.png || fail "without a standard error that takes words another picture is drawn"
  rm one.png
}
"${speaking[@]}" 2>&-
check_one
"${speaking[@]}" <&- >&- 2>&-
check_one
"${speaking[@]}" 2> /dev/full
check_one
"${speaking[@]}" 2>&5
check_one

echo "== RLIMIT_FSIZE"
says 1 "^sample: out/all.npz: cannot be written: File too large$" limited -f 1 "${many[@]}" --out out/all.npz
says 1 "^sample: out/all.npy: cannot be written: File too large$" limited -f 1 "${many[@]}" --out out/all.npy
says 1 "^train: limited/.*.safetensors: cannot be written: File too large; .*continue with: train --resume limited$" \
  limited -f 8 "${training[@]}" --steps 2 --out limited
[ -z "$(find out limited -name '*.tmp')" ] || fail "a limit leaves $(find out limited -name '*.tmp')"
"$train" --resume limited --quiet
rm limited/run.json
mv whole/training/run.json .
diff -r whole/training limited || fail "a run of training that met a limit is another"

echo "== RLIMIT_AS"
failure="RLIMIT_AS"
least=$((16 << 10))
until limited -v $least "$sample" --version > /dev/null 2>&1; do least=$((least + 1024)); done
enough=0
refused=0
for ((room = least; enough < 3; room += 3072)); do
  rm -rf out && mkdir out
  status=0
  limited -v $room "${drawing[@]}" --count 4 --out 'out/%d.png' > stdout 2> message || status=$?
  case $status in
  0)
    diff -r --exclude=run.log whole/pictures out > message || fail "with $room kB: $(cat message)"
    enough=$((enough + 1))
    ;;
  1)
    [ "$(wc -l < message)" = 1 ] || fail "with $room kB says more or less than a line: $(cat message)"
    grep -qE "^sample: (out of memory: .* could not be allocated; .*|.*: Cannot allocate memory)$" message || fail "$(cat message)"
    [ -z "$(find out -name '*.tmp')" ] || fail "with $room kB leaves $(find out -name '*.tmp')"
    refused=$((refused + 1))
    ;;
  *) fail "with $room kB ended with $status: $(cat message)" ;;
  esac
done
echo "with $((room - 3 * 3072)) kB of addresses a run comes to its end; with less, $refused times from $least kB on, it says so"

echo "== a model that is cut short while it is in use"
cp model.safetensors cut.safetensors
mkfifo picture.png
"$sample" --model cut.safetensors --init-image picture.png --strength 0.5 --steps 2 --quiet --out cut.png 2> message &
process=$!
await grep -q cut.safetensors "/proc/$process/maps"
truncate -s 4096 cut.safetensors
cat pictures/digit_00.png > picture.png
status=0
wait $process || status=$?
[ $status = 1 ] || fail "a model that is cut short: ended with $status: $(cat message)"
[ "$(wc -l < message)" = 1 ] || fail "a model that is cut short: says $(cat message)"
grep -q "^sample: .*/cut.safetensors: cannot be read to the end: " message || fail "a model that is cut short: says $(cat message)"
[ ! -e cut.png ]

echo "== a mistake of the program's own"
"$sample" --model model.safetensors --init-image picture.png --strength 0.5 --steps 2 --quiet --out cut.png 2> message &
process=$!
await grep -q model.safetensors "/proc/$process/maps"
kill -s SEGV $process
status=0
wait $process 2> /dev/null || status=$?
[ $status = 139 ] || fail "SIGSEGV: ended with $status"
grep -q "^sample: internal error (signal 11); please report it with the command line$" message || fail "SIGSEGV: says $(cat message)"
echo "one line each"
