#!/usr/bin/env bash
# Checks what `make install` and `make dist` make of the binaries given, sample and train:
# 1. installing puts five files for each where they are looked for, and uninstalling removes them;
# 2. the manual pages are right roff;
# 3. bash, zsh and fish can read their completions and complete with them;
# 4. the tarball is the same when it is packed again, and the binaries in it need few libraries, are hardened, draw and train.
set -euo pipefail

binary=$(realpath "$1")
train=$(realpath "$2")
root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in groff readelf; do
  command -v "$tool" > /dev/null || {
    echo "install-check: $tool is missing; apt-get install groff-base binutils" >&2
    exit 1
  }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "install-check: $*" >&2
  exit 1
}

# Messages of make and the compiler are of interest only if something fails.
quietly() {
  "$@" > "$dir/log" 2>&1 || {
    cat "$dir/log" >&2
    fail "$* failed"
  }
}

# The words on standard input, sorted, must be those given.
expect() {
  local name=$1 found
  shift
  found=$(sort -u | paste -sd ' ')
  test "$found" = "$(printf '%s\n' "$@" | sort -u | paste -sd ' ')" || fail "$name: expected $*, found $found"
}

quietly make -C "$root" install DESTDIR="$dir/root" PREFIX=/usr
share=$dir/root/usr/share
programs=(sample train)
# Where a program's completions are.
bash_file() { echo "$share/bash-completion/completions/$1"; }
zsh_file() { echo "$share/zsh/site-functions/_$1"; }
fish_file() { echo "$share/fish/vendor_completions.d/$1.fish"; }
files=()
for program in "${programs[@]}"; do
  files+=("$dir/root/usr/bin/$program" "$share/man/man1/$program.1")
  files+=("$(bash_file "$program")" "$(zsh_file "$program")" "$(fish_file "$program")")
done
find "$dir/root" -type f | expect "make install" "${files[@]}"
echo "installed: ${#files[@]} files"

for program in "${programs[@]}"; do
  groff -man -ww -Tascii -P-cbou "$share/man/man1/$program.1" > "$dir/$program.page" 2> "$dir/warnings"
  test ! -s "$dir/warnings" || fail "the manual page of $program: $(cat "$dir/warnings")"
  grep -q -- '^ *--steps N$' "$dir/$program.page" || fail "the manual page of $program has no --steps N"
done
grep -qF -- "--out 'out/%05d.png'" "$dir/sample.page" || fail "the manual page shows other quotes than are typed"
grep -qF -- "train --resume RUN [OPTION]..." "$dir/train.page" || fail "the manual page of train has no --resume RUN"
echo "the manual pages: no warnings"

# Candidates for the last of the words, the first of which is the program, as bash asks for them.
complete_in_bash() {
  bash --norc -c '
    # Outside of a terminal there is nothing whose options could be set.
    compopt() { echo "$*"; }
    source "$1"
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "_$1"
    printf "%s\n" "${COMPREPLY[@]}"' bash "$(bash_file "$1")" "$@" | sed '/^$/d'
}
for program in "${programs[@]}"; do
  bash -n "$(bash_file "$program")"
  if command -v shellcheck > /dev/null; then shellcheck --shell=bash "$(bash_file "$program")"; fi
done
complete_in_bash sample --st | expect "bash, --st" --stats --steps --strength --strip
complete_in_bash sample --spacing '' | expect "bash, --spacing" karras leading linspace trailing
complete_in_bash sample --sampler = dd | expect "bash, --sampler=dd" ddim ddpm
complete_in_bash sample --noise_schedule c | expect "bash, --noise_schedule c" cosine
complete_in_bash sample con | expect "bash, con" convert
complete_in_bash sample bench --pa | expect "bash, bench --pa" --passes
complete_in_bash sample completions '' | expect "bash, completions" bash fish zsh
complete_in_bash sample inspect '' | expect "bash, inspect" "-o default"
complete_in_bash sample -o '' | expect "bash, -o" "-o default"
complete_in_bash sample --steps '' | expect "bash, --steps" ''
complete_in_bash train --st | expect "bash, train --st" --steps
complete_in_bash train --schedule_sampler '' | expect "bash, --schedule_sampler" loss-second-moment uniform
complete_in_bash train --use-kl = T | expect "bash, --use-kl=T" True
complete_in_bash train --data '' | expect "bash, --data" "-o default"
complete_in_bash train --completions '' | expect "bash, --completions" bash fish zsh
echo "bash completes"

# What zsh's own functions are given, for the last of the words.
complete_in_zsh() {
  # shellcheck disable=SC2016 # for zsh to expand
  zsh -f -c '
    compdef() { }
    _describe() { print -rl -- ${verbs%%:*} }
    _arguments() { print -rl -- ${@[3,-1]} }
    source $1
    shift
    words=("$@") CURRENT=$#
    _$1' zsh "$(zsh_file "$1")" "$@"
}
if command -v zsh > /dev/null; then
  for program in "${programs[@]}"; do zsh -n "$(zsh_file "$program")"; done
  complete_in_zsh sample con | grep -x convert > /dev/null || fail "zsh knows no convert"
  complete_in_zsh sample --seed 1 --st | grep '^--steps=.*:N: $' > /dev/null || fail "zsh knows no --steps N"
  complete_in_zsh sample bench --pa | grep '^--passes=' > /dev/null || fail "zsh knows no --passes of bench"
  complete_in_zsh sample completions '' | grep -Fx '1:SHELL:(bash zsh fish)' > /dev/null || fail "zsh knows no shells"
  complete_in_zsh train --seed 1 --st | grep '^--steps=.*:N: $' > /dev/null || fail "zsh knows no --steps N of train"
  complete_in_zsh train --resume '' | grep '^--resume=.*:RUN:_files$' > /dev/null || fail "zsh knows no --resume RUN"
  echo "zsh is told the options"
else
  echo "zsh is not installed: its completions were not checked (apt-get install zsh)"
fi

complete_in_fish() {
  # shellcheck disable=SC2016 # for fish to expand
  fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$(fish_file "${1%% *}")" "$1" | cut -f 1
}
if command -v fish > /dev/null; then
  for program in "${programs[@]}"; do fish -n "$(fish_file "$program")"; done
  mkdir "$dir/empty" && cd "$dir/empty"
  complete_in_fish 'sample --st' | expect "fish, --st" --stats --steps --strength --strip
  complete_in_fish 'sample --spacing ' | expect "fish, --spacing" karras leading linspace trailing
  complete_in_fish 'sample --learn-sigma ' | expect "fish, --learn-sigma" False True
  complete_in_fish 'sample con' | expect "fish, con" convert
  complete_in_fish 'sample bench --pa' | expect "fish, bench --pa" --passes
  complete_in_fish 'sample completions ' | expect "fish, completions" bash fish zsh
  touch m.pt
  complete_in_fish 'sample inspect ' | expect "fish, inspect" m.pt
  complete_in_fish 'sample --steps ' | expect "fish, --steps" ''
  complete_in_fish 'train --st' | expect "fish, train --st" --steps
  complete_in_fish 'train --schedule-sampler ' | expect "fish, --schedule-sampler" loss-second-moment uniform
  complete_in_fish 'train --use-kl ' | expect "fish, --use-kl" False True
  complete_in_fish 'train --data ' | expect "fish, --data" m.pt
  complete_in_fish 'train ' | expect "fish, train" ''
  cd "$dir"
  echo "fish completes"
else
  echo "fish is not installed: its completions were not checked (apt-get install fish)"
fi

quietly make -C "$root" uninstall DESTDIR="$dir/root" PREFIX=/usr
test -z "$(find "$dir/root" -type f)" || fail "make uninstall left $(find "$dir/root" -type f)"

name=sample-$("$binary" --version | cut -d ' ' -f 2)-linux-$(uname -m)
quietly make -C "$root" dist
cp "$root/.build/$name.tar.gz" "$dir/first.tar.gz"
quietly make -C "$root" dist
cmp "$dir/first.tar.gz" "$root/.build/$name.tar.gz" || fail "packed again, the tarball is another"
tar --extract --gzip --file="$dir/first.tar.gz" --directory="$dir"
tree=$dir/$name
(cd "$tree" && find . -type f) | expect "make dist" ./LICENSE ./README.md ./SECURITY.md "${files[@]/#"$dir/root/usr"/.}"
for program in "${programs[@]}"; do
  libraries=$(readelf --dynamic "$tree/bin/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  for library in $libraries; do
    case $library in
    libpng*.so.* | libz.so.* | libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | ld-linux*.so.*) ;;
    *) fail "$program needs $library, which not every machine has" ;;
    esac
  done
  readelf --sections "$tree/bin/$program" > "$dir/sections"
  if grep -q '\.symtab' "$dir/sections"; then fail "$program is not stripped"; fi
  # What hardening-check looks at: position-independent, full RELRO, no executable stack, stack protectors.
  readelf --file-header --program-headers --dynamic --wide "$tree/bin/$program" > "$dir/headers"
  readelf --dyn-syms --wide "$tree/bin/$program" >> "$dir/headers"
  for mark in "Flags:.* PIE" " GNU_RELRO " "Flags:.* NOW" " GNU_STACK .* RW " " __stack_chk_fail@"; do
    grep -q -- "$mark" "$dir/headers" || fail "$program is not hardened: no $mark"
  done
done
draw=(--steps 2 --seed 5 --class 3 --quiet)
"$binary" "${draw[@]}" --out "$dir/built.png"
(cd "$dir" && env -i "$tree/bin/sample" "${draw[@]}" --out packed.png)
cmp "$dir/built.png" "$dir/packed.png" || fail "the binary of the tarball draws another picture"
mkdir "$dir/pictures" && cp "$dir/built.png" "$dir/pictures"
learn=(--data pictures --image-size 28 --in-channels 1 --num-channels 32 --channel-mult 1 --steps 1 --batch-size 1 --quiet)
(cd "$dir" && "$train" "${learn[@]}" --out built && env -i "$tree/bin/train" "${learn[@]}" --out packed)
cmp "$dir/built/model000001.safetensors" "$dir/packed/model000001.safetensors" ||
  fail "the binary of the tarball trains another model"
echo "$name.tar.gz: $(du -h "$dir/first.tar.gz" | cut -f 1), needs" "${libraries//$'\n'/ }"
