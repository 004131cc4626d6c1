#!/usr/bin/env python3
"""Measures how fast a folder of JPEGs is looked at and read, beside a step of training, and whether memory grows.

    reader-check.py TRAIN [PICTURES]

Needs Pillow (Debian: python3-pil) and TurboJPEG. Each picture is one of a hundred, under many names.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageFilter

TRAIN = os.path.abspath(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 60_000
# As small as a network gets, so that its steps are little but reading; the other is what `train` makes of 64×64 pixels.
SMALLEST = "--num-channels 32 --num-res-blocks 1 --channel-mult 1 --attention-resolutions 99 --image-size 16 --batch-size 16".split()
USUAL = "--image-size 64 --batch-size 16".split()


def run(*words):
    """The output, the time and the peak memory of a run."""
    begin = time.monotonic()
    process = subprocess.Popen([TRAIN, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, output
    return output, time.monotonic() - begin, usage.ru_maxrss * 1024


def fill(folder, count):
    folder.mkdir()
    for number in range(100):
        noise = Image.effect_noise((256, 256), 90)
        picture = Image.merge("RGB", [noise, noise.transpose(Image.Transpose.ROTATE_90), noise.transpose(Image.Transpose.ROTATE_180)])
        picture.filter(ImageFilter.GaussianBlur(1 + number % 4)).save(folder / f"{number:06}.jpg", quality=90)
    for number in range(100, count):
        os.link(folder / f"{number % 100:06}.jpg", folder / f"{number:06}.jpg")


def main(place):
    few, many = place / "few", place / "many"
    fill(few, 1000)
    fill(many, COUNT)
    size = sum(path.stat().st_size for path in list(few.iterdir())[:100]) // 100
    _, few_time, few_memory = run("--data", few, *SMALLEST, "--steps", 1, "--out", place / "a", "--quiet")
    _, many_time, many_memory = run("--data", many, *SMALLEST, "--steps", 1, "--out", place / "b", "--quiet")
    looking = (many_time - few_time) / (COUNT - 1000)
    print(f"looking at {COUNT} JPEGs of 256×256 pixels, {size // 1000} kB each: {COUNT * looking:.0f} s, {1 / looking:.0f} a second")
    print(f"memory: {few_memory / 1e6:.0f} MB for 1000 of them, {many_memory / 1e6:.0f} MB for {COUNT}")
    assert many_memory < few_memory + 1000 * COUNT + (16 << 20), "memory grows with the number of pictures"

    steps = 50
    _, long_time, long_memory = run("--data", few, *SMALLEST, "--steps", steps + 1, "--out", place / "c", "--quiet")
    reading = (long_time - few_time) / steps
    print(f"{steps} steps: {long_memory / 1e6:.0f} MB")
    assert long_memory < few_memory + (64 << 20), "memory grows with the number of steps"
    output, _, _ = run("--data", few, *USUAL, "--dry-run")
    figure, unit = re.search(r"about ([0-9.,]+) (ms|s|minutes) a step", output).groups()
    usual = float(figure.replace(",", "")) * {"ms": 1e-3, "s": 1, "minutes": 60}[unit]
    share = reading / usual
    print(f"a step of the smallest network, mostly reading, takes {reading:.2f} s: {100 * share:.1f} % of the usual one's {usual:.1f} s")
    assert share < 0.1, "reading takes more than a tenth of a step"


with tempfile.TemporaryDirectory() as folder:
    main(Path(folder))
