#!/usr/bin/env bash
# Checks what `make install` and `make dist` make of the binary given:
# 1. installing puts five files where they are looked for, and uninstalling removes them;
# 2. the manual page is right roff;
# 3. bash, zsh and fish can read their completions and complete with them;
# 4. the tarball is the same when it is packed again, and the binary in it needs few libraries and draws.
set -euo pipefail

binary=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
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
bash_file=$share/bash-completion/completions/sample
zsh_file=$share/zsh/site-functions/_sample
fish_file=$share/fish/vendor_completions.d/sample.fish
find "$dir/root" -type f | expect "make install" \
  "$dir/root/usr/bin/sample" "$share/man/man1/sample.1" "$bash_file" "$zsh_file" "$fish_file"
echo "installed: five files"

groff -man -ww -Tascii -P-cbou "$share/man/man1/sample.1" > "$dir/page" 2> "$dir/warnings"
test ! -s "$dir/warnings" || fail "the manual page: $(cat "$dir/warnings")"
grep -q -- '^ *--steps N$' "$dir/page" || fail "the manual page has no --steps N"
grep -qF -- "--out 'out/%05d.png'" "$dir/page" || fail "the manual page shows other quotes than are typed"
echo "the manual page: no warnings"

# Candidates for the last of the words, as bash asks for them.
complete_in_bash() {
  bash --norc -c '
    # Outside of a terminal there is nothing whose options could be set.
    compopt() { echo "$*"; }
    source "$1"
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _sample
    printf "%s\n" "${COMPREPLY[@]}"' bash "$bash_file" "$@" | sed '/^$/d'
}
bash -n "$bash_file"
if command -v shellcheck > /dev/null; then shellcheck --shell=bash "$bash_file"; fi
complete_in_bash sample --st | expect "bash, --st" --stats --steps
complete_in_bash sample --sampler '' | expect "bash, --sampler" ddim ddpm
complete_in_bash sample --sampler = dd | expect "bash, --sampler=dd" ddim ddpm
complete_in_bash sample --noise_schedule c | expect "bash, --noise_schedule c" cosine
complete_in_bash sample con | expect "bash, con" convert
complete_in_bash sample bench --pa | expect "bash, bench --pa" --passes
complete_in_bash sample completions '' | expect "bash, completions" bash fish zsh
complete_in_bash sample inspect '' | expect "bash, inspect" "-o default"
complete_in_bash sample -o '' | expect "bash, -o" "-o default"
complete_in_bash sample --steps '' | expect "bash, --steps" ''
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
    _sample' zsh "$zsh_file" "$@"
}
if command -v zsh > /dev/null; then
  zsh -n "$zsh_file"
  complete_in_zsh sample con | grep -x convert > /dev/null || fail "zsh knows no convert"
  complete_in_zsh sample --seed 1 --st | grep '^--steps=.*:N: $' > /dev/null || fail "zsh knows no --steps N"
  complete_in_zsh sample bench --pa | grep '^--passes=' > /dev/null || fail "zsh knows no --passes of bench"
  complete_in_zsh sample completions '' | grep -Fx '1:SHELL:(bash zsh fish)' > /dev/null || fail "zsh knows no shells"
  echo "zsh is told the options"
else
  echo "zsh is not installed: its completions were not checked (apt-get install zsh)"
fi

complete_in_fish() {
  # shellcheck disable=SC2016 # for fish to expand
  fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$fish_file" "$1" | cut -f 1
}
if command -v fish > /dev/null; then
  fish -n "$fish_file"
  mkdir "$dir/empty" && cd "$dir/empty"
  complete_in_fish 'sample --st' | expect "fish, --st" --stats --steps
  complete_in_fish 'sample --sampler ' | expect "fish, --sampler" ddim ddpm
  complete_in_fish 'sample --learn-sigma ' | expect "fish, --learn-sigma" False True
  complete_in_fish 'sample con' | expect "fish, con" convert
  complete_in_fish 'sample bench --pa' | expect "fish, bench --pa" --passes
  complete_in_fish 'sample completions ' | expect "fish, completions" bash fish zsh
  touch m.pt
  complete_in_fish 'sample inspect ' | expect "fish, inspect" m.pt
  complete_in_fish 'sample --steps ' | expect "fish, --steps" ''
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
(cd "$tree" && find . -type f) | expect "make dist" ./bin/sample ./LICENSE ./README.md ./share/man/man1/sample.1 \
  ./share/bash-completion/completions/sample ./share/zsh/site-functions/_sample \
  ./share/fish/vendor_completions.d/sample.fish
libraries=$(readelf --dynamic "$tree/bin/sample" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for library in $libraries; do
  case $library in
  libpng*.so.* | libz.so.* | libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | ld-linux*.so.*) ;;
  *) fail "the binary needs $library, which not every machine has" ;;
  esac
done
readelf --sections "$tree/bin/sample" > "$dir/sections"
if grep -q '\.symtab' "$dir/sections"; then fail "the binary is not stripped"; fi
draw=(--steps 2 --seed 5 --class 3 --quiet)
"$binary" "${draw[@]}" --out "$dir/built.png"
(cd "$dir" && env -i "$tree/bin/sample" "${draw[@]}" --out packed.png)
cmp "$dir/built.png" "$dir/packed.png" || fail "the binary of the tarball draws another picture"
echo "$name.tar.gz: $(du -h "$dir/first.tar.gz" | cut -f 1), needs" "${libraries//$'\n'/ }"
