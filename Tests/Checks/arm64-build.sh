#!/usr/bin/env bash
# Compiles `sample` and `train` for Linux on arm64, into .build/arm64/release, with the cross-compiler of Debian's unstable
# distribution: its packages, for this machine's architecture and for arm64, are unpacked into .build/arm64 first (6 GB). Remove
# .build/arm64/unpacked to fetch them again.
#
# usage: arm64-build.sh, as root
#
# Needs mmdebstrap. Exits with 3 if the packages cannot be had, which says nothing about this project.
set -euo pipefail
test "$(id -u)" = 0 || { echo "arm64-build: must run as root" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "arm64-build: needs mmdebstrap" >&2; exit 1; }
project=$(realpath "$(dirname "$0")/../..")
folder=$project/.build/arm64
host=$folder/host
mkdir -p "$folder"

# A root folder of Debian packages: $1, the others are options of mmdebstrap. (A mirror may be a snapshot, whose lists have expired.)
debian() {
  rm -rf "$1"
  mmdebstrap --quiet --mode=root --aptopt='Acquire::Check-Valid-Until "false"' "${@:2}" sid "$1" http://deb.debian.org/debian || exit 3
}
if ! test -e "$folder/unpacked"; then
  debian "$host" --variant=minbase --include=swiftlang,lld,pkgconf,libpng-dev
  debian "$host/arm64" --arch=arm64 --variant=extract --include=swiftlang,libc6-dev,libpng-dev
  # What the package base-files would make, were it installed.
  test -e "$host/arm64/lib" || ln -s usr/lib "$host/arm64/lib"
  mkdir -p "$host/project"
  touch "$folder/unpacked"
fi

cat > "$host/arm64.json" << END
{
  "version": 1, "sdk": "/arm64", "toolchain-bin-dir": "/usr/libexec/swift/bin", "target": "aarch64-unknown-linux-gnu",
  "dynamic-library-extension": "so", "extra-cc-flags": [], "extra-cpp-flags": ["-lstdc++"],
  "extra-swiftc-flags": ["-use-ld=lld", "-resource-dir", "/arm64/usr/libexec/swift/lib/swift", "-sdk", "/arm64",
    "-Xclang-linker", "--target=aarch64-unknown-linux-gnu", "-Xclang-linker", "--sysroot=/arm64"]
}
END
# The mounts vanish with the namespace.
# shellcheck disable=SC2016
unshare --mount bash -c '
  set -euo pipefail
  mount --bind "$1" "$2/project"
  mount -t proc proc "$2/proc"
  for program in sample train; do
    chroot "$2" env -i HOME=/root PATH=/usr/bin:/bin TARGET_ARCHITECTURE=aarch64 \
      PKG_CONFIG_PATH=/arm64/usr/lib/aarch64-linux-gnu/pkgconfig \
      swift build -c release --package-path /project --scratch-path /project/.build/arm64/build --destination /arm64.json --product "$program"
  done
' - "$project" "$host"
mkdir -p "$folder/release"
cp "$folder"/build/aarch64-unknown-linux-gnu/release/{sample,train} "$folder/release/"
# What sudo has made is the user's, but for the packages.
chown "${SUDO_UID:-0}:${SUDO_GID:-0}" "$project/.build" "$folder" "$folder/release" "$folder"/release/*
