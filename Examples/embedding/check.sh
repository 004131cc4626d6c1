#!/usr/bin/env bash
# The library as another package gets it: the example is built against a clone of this repository at a tag, not against this folder, and
# draws. The README shows the same program. Needs no network.
#
# usage: check.sh, or make embedding-check; what is not committed is not in the clone
set -euo pipefail

example=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$example/../.." && pwd)
url=$(sed -n 's/.*url: "\([^"]*\)".*/\1/p' "$example/Package.swift")
version=$(sed -n 's/.*programVersion = "\([^"]*\)".*/\1/p' "$root/Sources/Platform/Version.swift")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for page in README.md Documentation/sample.docc/DrawingFromAProgram.md; do
  if ! awk '/^```swift$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$root/$page" |
    diff "$example/Sources/embedding/main.swift" - > "$dir/differences"; then
    echo "$page shows another program than Examples/embedding:" && cat "$dir/differences" && exit 1
  fi
done

git clone --quiet --bare "$root" "$dir/sample.git"
git -C "$dir/sample.git" tag --force "$version" "$(git -C "$root" rev-parse HEAD)" > "$dir/tag"
cp -r "$example/Package.swift" "$example/Sources" "$dir"

# Git takes the clone for the address in Package.swift. SwiftPM keeps nothing of it beyond this folder: it would remember for good which
# commit it has once found under a tag.
git config --file "$dir/gitconfig" "url.file://$dir/sample.git.insteadOf" "$url"
export GIT_CONFIG_GLOBAL="$dir/gitconfig" GIT_CONFIG_NOSYSTEM=1
swift build --package-path "$dir" --configuration release --product embedding \
  --cache-path "$dir/cache" --config-path "$dir/config" --security-path "$dir/security" --disable-dependency-cache

cd "$dir"
.build/release/embedding "$root/Tests/Fixtures/unet/improved-scaleshift-class.pt"
for png in three.png image-0.png image-1.png; do
  if [ "$(head -c 8 "$png" | od -A n -t x1 | tr -d ' ')" != 89504e470d0a1a0a ]; then
    echo "$png is no PNG" && exit 1
  fi
done
echo "a package that depends on sample $version builds, and has drawn three PNGs"
