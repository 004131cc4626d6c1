#!/usr/bin/env bash
# Feeds every reader of the programs with bytes that libFuzzer makes up, under AddressSanitizer, and prints how many. README.md
# beside it says what counts as a crash.
#
# usage: fuzz.sh FUZZ SAMPLE TRAIN [TARGET...]       default: all targets
#
# FUZZ_SECONDS is how long each target runs, 60 if it is not said. What a target has found interesting is kept in
# .build-fuzz/corpus for the next time, and what crashed it in .build-fuzz/crashes.
set -euo pipefail
# Swift's own reports of crashes get in the way of libFuzzer's.
export SWIFT_BACKTRACE=enable=no
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$here/../.." && pwd)/.build-fuzz
fuzz=$(realpath "$1")
seconds=${FUZZ_SECONDS:-60}
rm -rf "$work/seeds" "$work/logs"
mkdir -p "$work/crashes" "$work/logs"
"$here/seeds.py" "$2" "$3" "$work/seeds"
shift 3
if [ $# = 0 ]; then mapfile -t targets < <("$fuzz"); else targets=("$@"); fi

# One target; its last words are its counts.
# shellcheck disable=SC2317 # xargs calls it
feed() {
  local target=$1 options=()
  mkdir -p "$work/corpus/$target"
  case $target in
  *command-line) options+=(-dict="$work/seeds/options.dict" -max_len=512) ;;
  *) options+=(-max_len=65536) ;;
  esac
  # A second for an input; the slowest machines take ten times as long for anything.
  "$fuzz" "$target" "${options[@]}" -max_total_time="$seconds" -timeout="${FUZZ_TIMEOUT:-1}" -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$work/crashes/$target-" "$work/corpus/$target" "$work/seeds/$target" \
    > "$work/logs/$target" 2>&1
}
export -f feed
export fuzz work seconds
status=0
# shellcheck disable=SC2016 # for that bash to expand
printf '%s\0' "${targets[@]}" | xargs -0 -P "$(nproc)" -I {} bash -c 'feed "$1"' _ {} || status=1

total=0
printf '%-20s %12s %10s %8s  %s\n' target executions "a second" corpus result
for target in "${targets[@]}"; do
  figure() { sed -n "s/^stat::$1: *//p" "$work/logs/$target"; }
  executions=$(figure number_of_executed_units)
  result=$(grep -m 1 -E "^(SUMMARY|an allocation)|Fatal error" "$work/logs/$target" || echo "no crash")
  printf '%-20s %12s %10s %8s  %s\n' "$target" "${executions:-?}" "$(figure average_exec_per_sec)" \
    "$(find "$work/corpus/$target" -type f | wc -l)" "$result"
  total=$((total + ${executions:-0}))
done
echo "$total executions in all"
exit $status
