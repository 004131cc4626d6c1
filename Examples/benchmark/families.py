"""Runs the families' networks in `sample` and in their own code in PyTorch, in alternation, and prints a table of ratios.

usage: families.py SAMPLE_BINARY [--checkouts FOLDER] [--networks sr3,palette] [--batches 1,16] [--rounds 3] [--threads 2]

FOLDER holds checkouts of code bases that are not on PyPI: edm (NVlabs/edm), score_sde (yang-song/score_sde_pytorch), and sr3 and palette
(Janspiry's Image-Super-Resolution-via-Iterative-Refinement and Palette-Image-to-Image-Diffusion-Models). Without one its networks are left
out. Networks that are slow are measured with one picture at a time only.

PyTorch's threads wait for one another in loops: where other work takes a core from them, a pass of two threads takes up to thirty times as
long. There --threads 1 is the fair comparison.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

from family_networks import NETWORKS, randomize


def ours(command, passes, *more):
    """What `sample bench` measured."""
    text = subprocess.run([*command, "--passes", str(passes), "--json", *more], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(text)["batches"][0]


def compare(network, module, path, batch, arguments, folder):
    """One line of the table: the least of all passes, each round's ratio, and where most of our time goes."""
    x = torch.randn(batch, network.channels, network.size, network.size, generator=torch.Generator().manual_seed(1))
    timesteps = torch.full([batch], float(network.timestep))
    labels = torch.arange(batch) % network.classes if network.classes else None

    def theirs():
        start = time.perf_counter()
        with torch.inference_mode():
            result = network.call(module, x, timesteps, labels)
        return result.numpy(), (time.perf_counter() - start) * 1e3

    # The first pass allocates memory; whether it is slow can be told all the same.
    expected, usual = theirs()
    if usual < 5000:
        usual = theirs()[1]
    np.save(f"{folder}/x.npy", x.numpy())
    command = [
        arguments.binary, "bench", "--model", path, "--image-size", str(network.size), *network.flags, "--noise", f"{folder}/x.npy",
        "--threads", str(arguments.threads),
    ]
    # About two seconds of each in a round. A process of ours has two passes that it does not count.
    passes = max(1, min(50, round(2000 / usual)))
    rounds = []
    for _ in range(arguments.rounds):
        rounds.append((min(theirs()[1] for _ in range(passes)), ours(command, passes)["ms_min"]))
    # Half as many passes are profiled.
    profile = ours(command, max(2, passes), "--layers", "--overwrite", "--out", f"{folder}/y.npy")
    error = np.abs(np.load(f"{folder}/y.npy") - expected).max() / np.abs(expected).max()
    slowest = max(profile["layers"], key=lambda layer: layer["ms"])
    best = [min(times) for times in zip(*rounds)]
    row = [
        network.family, network.title, f"{network.size}×{network.size}", str(batch), f"{best[1]:.1f}", f"{best[0]:.1f}",
        f"{best[0] / best[1]:.2f}×", ", ".join(f"{a / b:.2f}" for a, b in rounds), f"{error:.0e}",
        f"{slowest['name']}: {100 * slowest['share']:.0f} %",
    ]
    print("| " + " | ".join(row) + " |", flush=True)
    assert error < 1e-4, f"{network.family} is {error:.1e} away from PyTorch: another network"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--checkouts", default="")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--batches", default="1,16")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.binary = os.path.abspath(arguments.binary)
    torch.set_num_threads(arguments.threads)
    print("| family | network | size | batch | sample ms | PyTorch ms | ratio | each round | error | slowest layer of sample's |")
    print("|" + "---|" * 10, flush=True)
    left_out = []
    for name in arguments.networks.split(","):
        network = NETWORKS[name]
        checkout = os.path.abspath(os.path.join(arguments.checkouts, network.checkout)) if network.checkout else None
        if checkout and not (arguments.checkouts and os.path.isdir(checkout)):
            left_out.append(f"{name} (no folder {network.checkout} in CHECKOUTS)")
            continue
        torch.manual_seed(0)
        module = randomize(network.make(checkout))
        with tempfile.TemporaryDirectory() as folder:
            path = network.save(module, folder)
            for batch in map(int, arguments.batches.split(",")):
                if batch in network.batches:
                    compare(network, module, path, batch, arguments, folder)
    if left_out:
        print("left out: " + ", ".join(left_out), file=sys.stderr)


if __name__ == "__main__":
    main()
