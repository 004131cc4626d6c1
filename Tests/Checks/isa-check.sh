#!/usr/bin/env bash
# Checks that the binary given runs on CPUs without AVX-512 and without AVX2:
# 1. the kernels' objects hold no weak functions, which the linker could pick for callers on any CPU;
# 2. wide registers are used by functions of the kernel modules only;
# 3. under emulation of an older CPU it draws the picture that it draws here, up to one grey level.
set -euo pipefail

binary=$1
case $(uname -m) in
x86_64) ;;
*)
  echo "isa-check: only x86-64 has several kernel tables; nothing to check on $(uname -m)"
  exit 0
  ;;
esac
for tool in qemu-x86_64 pngtopnm nm objdump; do
  command -v "$tool" > /dev/null || {
    echo "isa-check: $tool is missing; apt-get install qemu-user netpbm binutils" >&2
    exit 1
  }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

echo "weak functions in the kernels' objects:"
objects=$(find -L "$(dirname "$binary")" -path '*/Kernels*.build/*.o')
test -n "$objects"
# shellcheck disable=SC2086 # the list is meant to be split
if nm --defined-only $objects | awk '$2 == "W" || $2 == "w"' | tee "$dir/weak" | grep .; then
  echo "isa-check: the functions above are weak" >&2
  exit 1
fi
echo "  none in $(echo "$objects" | wc -l) objects"

echo "functions that use wide registers:"
objdump --disassemble --no-show-raw-insn "$binary" | awk '
  /^[0-9a-f]+ <.*>:$/ { name = $2 }
  /%[yz]mm/ { seen[name]++ }
  END { for (n in seen) print n }' | sort > "$dir/wide"
if grep -v 'Kernels\(AVX2\|AVX512\)' "$dir/wide"; then
  echo "isa-check: the functions above use wide registers, but are not kernels of AVX2 or AVX-512" >&2
  exit 1
fi
echo "  $(wc -l < "$dir/wide"), all in KernelsAVX2 and KernelsAVX512"

draw=(--steps 2 --seed 5 --class 3 --scale 1 --quiet --threads 2)
"$binary" "${draw[@]}" --out "$dir/here.png"
pngtopnm "$dir/here.png" > "$dir/here.pgm"
compare() {
  pngtopnm "$dir/$1.png" > "$dir/$1.pgm"
  # cmp lists the bytes that differ, in octal; -n: pictures of one size.
  test "$(stat -c %s "$dir/here.pgm")" = "$(stat -c %s "$dir/$1.pgm")"
  { cmp -l "$dir/here.pgm" "$dir/$1.pgm" || true; } | awk -v name="$1" '
    function octal(s,  i, n) { for (i = 1; i <= length(s); i++) n = 8 * n + substr(s, i, 1); return n }
    { d = octal($2) - octal($3); if (d < 0) d = -d; if (d > most) most = d }
    END { printf "  %s: %d pixels differ, by at most %d\n", name, NR, most; exit most > 1 }'
}
echo "the picture, compared with this machine's:"
for table in baseline avx2; do
  if SAMPLE_KERNELS=$table "$binary" "${draw[@]}" --out "$dir/$table.png"; then compare "$table"; else exit 1; fi
done
for cpu in Nehalem Haswell; do
  qemu-x86_64 -cpu "$cpu" "$binary" "${draw[@]}" --out "$dir/$cpu.png" 2> >(grep -v "doesn't support requested feature" >&2)
  compare "$cpu"
done
