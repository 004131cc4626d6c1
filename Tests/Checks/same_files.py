"""Compares what two builds have left in two folders, bit for bit; same-bytes.sh calls it after each command.

usage: same_files.py STATE OLD NEW

Prints a line for each file that differs, or is in one of the folders only, and exits with 1 if there is any. The file STATE remembers
what has been compared, so that each call looks only at what is new since the last. Links are compared, but not followed.

What a file says of how it was made may differ, as that names the version and is words: the text of some of a PNG's chunks, also of a PNG
in a tar archive, and what `WORDS` below lists. Everything else must be the same, down to the packing of pixels.
"""

import itertools
import json
import os
import re
import stat
import struct
import sys
import zlib

# Keywords of a PNG's text chunks of which only that they are there is compared.
MADE_BY = {b"sample", b"parameters", b"Software"}

# Files of which only that they are there is compared: times and command lines.
NOT_COMPARED = re.compile(r"(^|/)run\.json$|\.log\.jsonl$|\.stats\.json$")

# What is left out of JSON, by the name of the file: whole lines stay, and with them the layout.
WORDS = [
    (re.compile(r"\.json$"), re.compile(rb'("version" ?: ?)"[^"]*"')),
    (re.compile(r"\.inspect\.json$"), re.compile(rb'("(?:source|advice|weights_known_from)" : )"(?:[^"\\]|\\.)*"')),
]


def png_chunks(data):
    """The chunks as (type, body). Raises ValueError for what is no whole PNG."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    chunks, place = [], 8
    while place < len(data):
        if place + 12 > len(data):
            raise ValueError("cut short")
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + size]
        checksum = data[place + 8 + size : place + 12 + size]
        if len(checksum) < 4 or zlib.crc32(kind + body) != int.from_bytes(checksum, "big"):
            raise ValueError("damaged")
        chunks.append((kind, body))
        place += 12 + size
    if not chunks or chunks[-1][0] != b"IEND":
        raise ValueError("cut short")
    return chunks


def png_pixels(data):
    """The pixels of a PNG of 8 bits that is not interlaced, and nothing of its animation."""
    chunks = png_chunks(data)
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or interlaced or colour not in (0, 2):
        raise ValueError("another kind of PNG")
    step = 3 if colour == 2 else 1
    rows = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    stride = width * step
    above, pixels = bytearray(stride), bytearray()
    for y in range(height):
        kind, row = rows[y * (stride + 1)], bytearray(rows[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            a, b = row[x - step] if x >= step else 0, above[x]
            c = above[x - step] if x >= step else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[x] = (row[x] + (0, a, b, (a + b) // 2, nearest)[kind]) & 255
        pixels += row
        above = row
    return width, height, pixels


def pixel_words(a, b):
    """How the pixels of two PNGs differ, in words."""
    try:
        (*size, old), (*other, new) = png_pixels(a), png_pixels(b)
    except (ValueError, zlib.error, IndexError, struct.error) as error:
        return f"cannot be compared by pixels: {error}"
    if size != other or len(old) != len(new):
        return f"{size[0]}x{size[1]} pixels, not {other[0]}x{other[1]}, or other channels"
    differences = [abs(x - y) for x, y in zip(old, new) if x != y]
    if not differences:
        return "the same pixels, otherwise packed"
    return f"{len(differences)} of {len(old)} values of its pixels differ, by at most {max(differences)}"


def png_parts(data):
    """What is compared of a PNG, as (what it is, bytes)."""
    parts = []
    for kind, body in png_chunks(data):
        keyword = body.split(b"\0")[0] if kind in (b"tEXt", b"zTXt", b"iTXt") else None
        if keyword in MADE_BY:
            parts.append((f"text chunk {keyword.decode()}", b""))
        else:
            parts.append((f"chunk {kind.decode('latin-1')}", body))
    return parts


def tar_parts(data):
    """The same of a tar archive: of each header all, but of a PNG's the size and what follows from it."""
    parts, place = [], 0
    while any(data[place : place + 512]):
        header = bytearray(data[place : place + 512])
        name = bytes(header[:100]).rstrip(b"\0").decode()
        size = int(header[124:136].rstrip(b"\0 "), 8)
        body = data[place + 512 : place + 512 + size]
        if name.endswith(".png"):
            header[124:136], header[148:156] = bytes(12), bytes(8)
        parts.append((f"{name}'s header", bytes(header)))
        parts += [(f"{name}'s {what}", part) for what, part in content(name, body)]
        place += 512 + (size + 511) // 512 * 512
    return parts + [("end", data[place:])]


def content(name, data):
    """What is compared of a file, as (what it is, bytes)."""
    if NOT_COMPARED.search(name):
        return []
    try:
        if name.endswith((".png", ".apng")):
            return png_parts(data)
        if name.endswith(".tar"):
            return tar_parts(data)
    except (ValueError, struct.error) as error:
        return [(f"content ({error})", data)]
    for names, words in WORDS:
        if names.search(name):
            data = words.sub(rb'\1""', data)
    return [("content", data)]


def difference(name, a, b):
    """What differs between two files of a name, in words; None if nothing does."""
    for old, new in itertools.zip_longest(content(name, a), content(name, b)):
        if old == new:
            continue
        if new is None or old is None:
            return f"{(old or new)[0]} is in {'OLD' if old else 'NEW'} only"
        if old[0] != new[0]:
            return f"has {new[0]}, not {old[0]}"
        if old[0] == "chunk IDAT":
            return pixel_words(a, b)
        sizes = "" if len(old[1]) == len(new[1]) else f"; {len(new[1])} bytes, not {len(old[1])}"
        place = next((i for i, (x, y) in enumerate(zip(old[1], new[1])) if x != y), min(len(old[1]), len(new[1])))
        return f"{old[0]} differs from byte {place} on{sizes}"
    return None


def listing(folder):
    """What lies in a folder and its folders: path → [kind and mode, time, size, inode], of a folder only the first."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            full = os.path.join(path, name)
            status = os.lstat(full)
            rest = [] if stat.S_ISDIR(status.st_mode) else [status.st_mtime_ns, status.st_size, status.st_ino]
            found[os.path.relpath(full, folder)] = [status.st_mode] + rest
    return found


def compare(name, old, new, status, other):
    """What differs between two paths, in words; None if nothing does."""
    if status[0] != other[0]:
        return f"is {stat.filemode(other[0])}, not {stat.filemode(status[0])}"
    if stat.S_ISLNK(status[0]):
        return None if os.readlink(old) == os.readlink(new) else "links to something else"
    if not stat.S_ISREG(status[0]):
        return None
    with open(old, "rb") as a, open(new, "rb") as b:
        return difference(name, a.read(), b.read())


def main(state, old, new):
    seen = {}
    if os.path.exists(state):
        with open(state) as file:
            seen = json.load(file)
    now = {"old": listing(old), "new": listing(new)}
    before = {side: seen.get(side, {}) for side in now}
    words = []
    for name in sorted(now["old"].keys() | now["new"].keys() | before["old"].keys() | before["new"].keys()):
        a, b = now["old"].get(name), now["new"].get(name)
        if (a, b) == (before["old"].get(name), before["new"].get(name)):
            continue
        if a is None or b is None:
            # Also what one has taken away and the other has not.
            found = None if a is b else f"is in {'OLD' if a else 'NEW'} only"
        else:
            found = compare(name, os.path.join(old, name), os.path.join(new, name), a, b)
        if found:
            words.append(f"{name}: {found}")
    with open(state, "w") as file:
        json.dump(now, file)
    print("\n".join(words), end="\n" if words else "")
    return 1 if words else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
