#!/usr/bin/env python3
"""Trains on a folder as people have them: nested classes, JPEGs and PNGs of every kind, turned, transparent, damaged, with odd names.

    data-check.py TRAIN SAMPLE HIDDEN

HIDDEN is without-turbojpeg.so. Needs Pillow and NumPy (Debian: python3-pil, python3-numpy) and TurboJPEG. What is read is compared with Pillow
in the unit tests (Tests/Fixtures/jpeg.py); this checks what users see.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

TRAIN, SAMPLE, HIDDEN = (os.path.abspath(path) for path in sys.argv[1:4])
SMALL = (
    "--image-size 16 --num-channels 32 --num-res-blocks 1 --channel-mult 1,1 --attention-resolutions 8 --num-heads 1 --batch-size 4 --steps 2"
).split()
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
random = numpy.random.default_rng(1)


def picture(mode="RGB", width=24, height=24):
    pixels = random.integers(0, 256, (height, width, CHANNELS[mode]), dtype="uint8")
    return Image.fromarray(pixels.squeeze(), mode)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def realistic(root):
    for name in ("cat", "dog"):
        folder = root / "photos of mine" / name
        folder.mkdir(parents=True)
        for number in range(4):
            picture(width=20 + number).save(folder / f"IMG_{number}.JPG", "jpeg", progressive=number % 2 == 0)
        picture().save(folder / "turned.jpeg", exif=turned(6))
        picture("CMYK").save(folder / "it's print.jpg")
        picture("L").save(folder / "grey.jpg")
        picture().quantize(16).save(folder / "palette.png")
        picture("RGBA").save(folder / 'said "alpha".png')
        picture("LA", 9, 9).save(folder / "small.png")
        Image.fromarray(random.integers(0, 65536, (24, 24), dtype="uint16")).save(folder / "deep\n\x1b[31m.png")
        picture().save(folder / "really-a-jpeg.png", "jpeg")
        (folder / ".DS_Store").write_bytes(b"\0")
    (root / "__MACOSX").mkdir()
    picture().save(root / "__MACOSX" / "copy.png")
    (root / "photos of mine" / "dog" / "Thumbs.db").write_bytes(b"\0")
    (root / "photos of mine" / "dog" / "again").symlink_to(root)
    (root / "photos of mine" / "notes.txt").write_text("mine")
    for name, count in {"webp": 2, "heic": 1}.items():
        for number in range(count):
            (root / "photos of mine" / "dog" / f"{number}.{name}").write_bytes(b"RIFF")


def damage(root):
    dog = root / "photos of mine" / "dog"
    whole = (dog / "IMG_1.JPG").read_bytes()
    (dog / "cut short.jpg").write_bytes(whole[: len(whole) // 2])
    (dog / "empty.png").write_bytes(b"")
    (dog / "page.png").write_text("<!DOCTYPE html><html></html>")
    (dog / "pointer.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    (dog / "nowhere\x1b[31m.png").symlink_to("nothing")
    (dog / "circle.png").symlink_to("circle.png")
    os.mkfifo(dog / "pipe.png")
    return ("cut short", "empty", "page", "pointer", "nowhere", "circle", "pipe")


def run(*words, status=0, hidden=False, program=TRAIN):
    environment = dict(os.environ, LD_PRELOAD=HIDDEN) if hidden else os.environ
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == status, f"{words}: status {done.returncode}, not {status}\n{done.stderr}"
    text = done.stdout + done.stderr
    assert "\x1b" not in text, f"{words}: a control character of a name reaches the terminal\n{text!r}"
    return text


def expect(text, *words):
    for word in words:
        assert word in text, f"there is no {word!r} in\n{text}"


def main(place):
    data = place / "data"
    realistic(data)
    run_folder = data / "run"
    text = run("--data", data, *SMALL, "--class-cond", "--sample-interval", 2, "--out", run_folder)
    expect(text, "2 classes, by folder", "cat (12), dog (12)", "8 pictures not square: cut to the middle", "2 pictures smaller than 16×16: enlarged")
    expect(text, "2 pictures of 16 bits: rounded to 8", "laid over black", "left out: 2 .webp, 1 .heic")
    assert (run_folder / "samples" / "000002.png").exists()
    # What the run has drawn is not learned from.
    text = run("--resume", run_folder, "--steps", 3)
    expect(text, "24 images", "left out: 1 picture in 1 folder of training runs", "continuing from step 2")
    expect(run("inspect", run_folder, program=SAMPLE), "cat 12, dog 12 pictures")

    bad = damage(data)
    before = sorted(path.name for path in place.rglob("*"))
    text = run("--data", data, *SMALL, "--class-cond", "--out", place / "refused", status=1)
    expect(text, "7 of 31 pictures cannot be read", "--skip-bad", "is a web page", "git lfs pull", "is empty", "is not a regular file", *bad)
    text = run("--data", data, *SMALL, "--class-cond", "--dry-run", status=1)
    expect(text, "24 pictures", "parameters", "memory ", "a step", "cat (12), dog (12)", *bad)
    assert before == sorted(path.name for path in place.rglob("*")), "something was written"
    text = run("--data", data, *SMALL, "--class-cond", "--skip-bad", "--background", "white", "--out", place / "skipped")
    expect(text, "24 images", "left out: 7 pictures that cannot be read", "laid over white", *bad)
    for name in bad:
        for path in data.glob(f"photos of mine/dog/{name}*"):
            path.unlink()

    # Grey data trains a grey model, and alpha is learned if it is asked for.
    grey, clear = place / "grey", place / "clear"
    grey.mkdir()
    clear.mkdir()
    for number in range(4):
        picture("L").save(grey / f"{number}.jpg")
        picture("RGBA").save(clear / f"{number}.png")
    expect(run("--data", grey, *SMALL, "--out", place / "grey-run"), "the model has 1 channel")
    assert json.loads((place / "grey-run" / "run.json").read_text())["request"]["settings"]["in_channels"] == 1
    expect(run("--data", grey, *SMALL, "--in-channels", 3, "--dry-run"), "16×16×3")

    # Without TurboJPEG: one line at the first JPEG, and all else goes on.
    text = run("--data", data, *SMALL, "--out", place / "none", status=1, hidden=True)
    expect(text, "apt-get install libturbojpeg0")
    assert len(text.splitlines()) == 1 and not (place / "none").exists(), text
    expect(run("--data", clear, *SMALL, "--out", place / "clear-run", hidden=True), "done")
    photo = data / "photos of mine" / "cat" / "IMG_0.JPG"
    drawing = ("--steps", 2, "--seed", 1, "--quiet", "--out", place / "x.png", "--init-image")
    expect(run(*drawing, photo, status=1, hidden=True, program=SAMPLE), "apt-get install libturbojpeg0")
    run(*drawing, photo, program=SAMPLE)
    run(*drawing, clear / "0.png", hidden=True, program=SAMPLE)


with tempfile.TemporaryDirectory() as folder:
    main(Path(folder).resolve())
print("a folder as people have them is trained on; what is wrong with it is said")
