#!/usr/bin/env bash
# Whether PngSuite (Willem van Schaik's pictures of all kinds, broken ones too) and the pictures that libpng and libspng are tested with
# are read right or refused in one line. They come from Debian's source packages; what is in them, netpbm's pngtopnm says.
#
# usage: pngsuite-check.sh SAMPLE_BINARY FOLDER [COMMAND...]
#
# FOLDER keeps the pictures. COMMAND is run at last, with PNGSUITE naming the folder: `swift test --filter PNGSuiteTests`, which compares
# every value.
set -euo pipefail
sample=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2

if [ ! -e "$folder/complete" ]; then
  # Lists of sources of its own, made of the machine's, which stay as they are.
  apt=$(mktemp -d)
  trap 'rm -rf "$apt"' EXIT
  mkdir -p "$apt/lists/partial" "$apt/cache" "$apt/sources"
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*debian*; do
    if [ -e "$list" ]; then sed 's/^Types: deb$/Types: deb-src/; s/^deb /deb-src /' "$list" > "$apt/sources/${list##*/}"; fi
  done
  if [ -e "$apt/sources/sources.list" ]; then mv "$apt/sources/sources.list" "$apt/sources/sources-list.list"; fi
  # Of the release itself: what came later has the same pictures, and mirrors may lack its sources.
  release=$(sed -n "s/^VERSION_CODENAME=//p" /etc/os-release)
  apt_get() {
    apt-get -q -o Dir::Etc::sourcelist=- -o Dir::Etc::sourceparts="$apt/sources" -o Dir::State::lists="$apt/lists" \
      -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
  }
  cd "$apt"
  if ! apt_get update || ! apt_get source --download-only "libspng/$release" "libpng1.6/$release"; then
    echo "the pictures cannot be had here: only what the tests make themselves was tried"
    exit 0
  fi
  for archive in ./*.orig.tar.*; do tar --extract --file "$archive" --directory "$folder" --wildcards '*.png'; done
  # netpbm rounds to the bits that an sBIT chunk calls significant; the values are what they are.
  without_sbit() {
    python3 -c '
import sys
png = open(sys.argv[1], "rb").read()
place = png.find(b"sBIT")
if place >= 4:
    # Its length stands before its name, a checksum behind what it holds.
    png = png[:place - 4] + png[place + 8 + int.from_bytes(png[place - 4:place], "big"):]
sys.stdout.buffer.write(png)' "$1"
  }
  # netpbm does not turn a picture as its Exif data ask for.
  upright() {
    local orientation=1
    if grep -q eXIf "$1"; then orientation=$(exiftool -n -s3 -Orientation "$1"); fi
    case "$orientation" in
      2) pamflip -leftright ;;
      3) pamflip -rotate180 ;;
      4) pamflip -topbottom ;;
      5) pamflip -transpose ;;
      6) pamflip -cw ;;
      7) pamflip -xform=transpose,leftright,topbottom ;;
      8) pamflip -ccw ;;
      *) cat ;;
    esac
  }
  cd "$folder"
  find . -name '*.png' | while read -r file; do
    without_sbit "$file" > "$folder/plain"
    # What is half-read before an error counts as not read.
    pngtopnm "$folder/plain" 2> /dev/null | upright "$file" > "$file.pnm" || rm "$file.pnm"
    pngtopnm -alpha "$folder/plain" 2> /dev/null | upright "$file" > "$file.alpha.pnm" || rm "$file.alpha.pnm"
  done
  rm plain
  touch complete
fi

cd "$folder"
message=$(mktemp)
read=0
refused=0
while read -r file; do
  status=0
  # Much less memory than what some of them claim to be.
  (ulimit -v 1000000 && timeout 10 "$sample" show "$file") > /dev/null 2> "$message" || status=$?
  if [ $status = 0 ] || grep -q "has no metadata$" "$message"; then
    read=$((read + 1))
    continue
  fi
  if [ $status != 1 ] || [ "$(wc -l < "$message")" != 1 ] || ! grep -q "^sample: $file: the PNG cannot be used: " "$message"; then
    echo "$file: sample show ended with status $status and said:"
    cat "$message"
    exit 1
  fi
  sed 's/^sample: /refused: /' "$message"
  refused=$((refused + 1))
done < <(find . -name '*.png' | sort)
rm "$message"
echo "$read PNGs are read, $refused refused"
test "$read" -gt 250

if [ $# -gt 0 ]; then PNGSUITE="$folder" "$@"; fi
