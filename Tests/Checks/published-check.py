#!/usr/bin/env python3
"""Makes models of random weights with the tensors of the published ones, at full size, and uses them as their makers' READMEs
say: `sample` with the flags of `image_sample.py` or `super_res_sample.py` pasted unchanged, as a dry run, which does one step.

usage: published-check.py path/to/sample [names of tables in Tests/Fixtures/published, for instance guided-256-uncond]

Prints for each model the size of its file, the time to load it, the time of a step of one image (which reads the weights) and the
memory that it takes, and the time of a step of four images.
"""
import array
import glob
import json
import math
import os
import random
import shlex
import struct
import subprocess
import sys
import tempfile
import zipfile

# What the READMEs add to every command.
SAMPLE_FLAGS = "--batch_size 4 --num_samples 100 --timestep_respacing 250 --use_fp16 True"
NUMBERS = 1 << 20


def random_blocks():
    """Blocks of numbers to fill tensors from: about the size that PyTorch draws them in, by powers of two."""
    generator = random.Random(0)
    block = [generator.uniform(-1, 1) for _ in range(NUMBERS)]
    made = {}

    def get(name, shape):
        if name.endswith(".bias"):
            key, values = "zeros", lambda: [0.0] * NUMBERS
        elif len(shape) == 1:
            key, values = "ones", lambda: [1.0] * NUMBERS
        else:
            key = -round(math.log2(math.sqrt(math.prod(shape[1:]))))
            values = lambda: [x * 2.0**key for x in block]
        if key not in made:
            made[key] = memoryview(array.array("f", values())).cast("B")
        return made[key]

    return get


def write_model(tensors, blocks, path):
    header, offset = {}, 0
    for name, shape in tensors.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors.items():
            left = 4 * math.prod(shape)
            source = blocks(name, shape)
            while left > 0:
                left -= file.write(source[: min(left, len(source))])


def write_base_samples(path, side):
    """Four grey pictures and their labels, as numpy.savez writes what image_sample.py draws."""

    def npy(kind, shape, data):
        head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
        head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("arr_0.npy", npy("|u1", (4, side, side, 3), bytes([128]) * (4 * side * side * 3)))
        archive.writestr("arr_1.npy", npy("<i8", (4,), struct.pack("<4q", 0, 1, 2, 3)))


def main():
    sample = os.path.abspath(sys.argv[1])
    tables = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "../Fixtures/published/*.json")))
    if sys.argv[2:]:
        tables = [path for path in tables if os.path.basename(path)[:-5] in sys.argv[2:]]
    blocks = random_blocks()
    print("model                           file    loaded  one step of one image                 a step, flags pasted")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for path in tables:
            with open(path) as file:
                table = json.load(file)
            write_model(table["tensors"], blocks, "model.safetensors")
            check(sample, table)


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{shlex.join(command)}: {result.stderr}")
    return result.stdout


def check(sample, table):
    name, model = table["name"], "model.safetensors"
    size = os.path.getsize(model)
    report = json.loads(run(sample, "inspect", "--json", model))
    if report["parameters"] != table["parameters"] or not report["published"]:
        sys.exit(f"{name}: taken for {report['published']}, {report['parameters']} parameters")
    if table["family"] == "guided-classifier":
        print(f"{name:28}{size / 1e9:6.2f} GB  recognised; a classifier draws nothing", flush=True)
        return

    flags = shlex.split(table["flags"]) if isinstance(table["flags"], str) else []
    low_res = []
    if report["kind"] == "SuperResModel":
        side = int(flags[flags.index("--small_size") + 1]) if "--small_size" in flags else 64
        write_base_samples("base.npz", side)
        low_res = ["--base_samples", "base.npz"]
    out = run(sample, "--model_path", model, *flags, *shlex.split(SAMPLE_FLAGS), *low_res, "--dry-run")
    lines = dict(line.split(None, 1) for line in out.splitlines())
    step = lines["time"].split("a step takes ")[1].split(",")[0]
    # One image, for the memory.
    run(sample, "--model", model, *low_res, "--steps", "1", "--quiet", "--out", "x.png", "--overwrite", "--stats", "stats.json")
    with open("stats.json") as file:
        stats = json.load(file)
    print(
        f"{name:28}{size / 1e9:6.2f} GB{stats['load_seconds']:8.3f} s{stats['draw_seconds']:8.2f} s"
        f"{stats['peak_memory_bytes'] / 1e9:8.2f} GB, {stats['peak_memory_bytes'] / size:.2f} of the file"
        f"{step:>10} for {lines['images'].split('batches of ')[1].split(',')[0]}",
        flush=True,
    )

main()
