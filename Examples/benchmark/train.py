"""Trains the same models in `sample` and PyTorch, in alternation, and prints tables of time and memory.

usage: train.py SAMPLE_BINARY [--models digits,cifar10] [--checkpointed cifar10] [--batch 16] [--rounds 3] [--passes 3]
                [--threads 2]

A step is forward, rescaled MSE (hybrid where the variance is learned), backward, AdamW and one moving average.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch

import models

# Weights, gradients, both moments of Adam and the moving average, in float32.
BYTES_PER_PARAMETER = 5 * 4


def run(command, passes):
    """What the program prints."""
    process = subprocess.run([*command, "--passes", str(passes)], check=True, stdout=subprocess.PIPE)
    return json.loads(process.stdout)


class PyTorch:
    """A process of its own for each run, so that its peak is that of training alone."""

    def __init__(self, checkpoint, name, x, threads):
        self.folder = tempfile.mkdtemp()
        np.save(f"{self.folder}/x.npy", x.numpy())
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "training.py")
        self.command = [
            sys.executable, program, checkpoint, name, f"{self.folder}/x.npy", "--threads", str(threads),
        ]

    def run(self, passes):
        """Milliseconds of a step (the median of `passes`), and the peak memory in bytes."""
        figures = run(self.command, passes)
        return figures["ms_median"], figures["peak_memory_bytes"]


class Sample:
    """The same of this project's, which draws noise of its own."""

    def __init__(self, binary, checkpoint, flags, batch, threads):
        self.command = [
            binary, "bench", "--training", "--model", checkpoint, *flags, "--batch", str(batch), "--threads",
            str(threads), "--json",
        ]

    def run(self, passes):
        figures = run(self.command, passes)["batches"][0]
        return figures["ms_median"], figures["peak_memory_bytes"]


def measure(name, arguments, folder):
    """For each program its median time and its largest peak, and the number of parameters."""
    module, x = models.build(name), models.inputs(name, arguments.batch)[0]
    parameters = sum(parameter.numel() for parameter in module.parameters())
    checkpoint = f"{folder}/{name}.pt"
    torch.save(module.state_dict(), checkpoint)
    del module
    flags = models.flags(name)
    programs = {
        "PyTorch": PyTorch(checkpoint, name, x, arguments.threads),
        "sample": Sample(arguments.binary, checkpoint, flags, arguments.batch, arguments.threads),
    }
    if name in arguments.checkpointed:
        programs["checkpointed"] = Sample(
            arguments.binary, checkpoint, [*flags, "--use-checkpoint"], arguments.batch, arguments.threads
        )
    times, peaks = ({key: [] for key in programs} for _ in range(2))
    for _ in range(arguments.rounds):
        for key, program in programs.items():
            milliseconds, memory = program.run(arguments.passes)
            times[key].append(milliseconds)
            peaks[key].append(memory)
    return (
        {key: statistics.median(values) for key, values in times.items()},
        {key: max(values) for key, values in peaks.items()}, parameters,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--models", default="digits,cifar10")
    parser.add_argument("--checkpointed", default="cifar10", help="models to be trained with --use-checkpoint too")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.binary = os.path.abspath(arguments.binary)
    arguments.checkpointed = arguments.checkpointed.split(",")
    found = {}
    print("| model | PyTorch ms/step | sample ms/step | ratio | target | PyTorch memory | sample memory |")
    print("|" + "---|" * 7, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models.split(","):
            found[name] = measure(name, arguments, folder)
            times, peaks, _ = found[name]
            row = [
                f"{name} B{arguments.batch}", f"{times['PyTorch']:.1f}", f"{times['sample']:.1f}",
                f"{times['PyTorch'] / times['sample']:.2f}x", "2.5x", f"{peaks['PyTorch'] / 1e6:.0f} MB",
                f"{peaks['sample'] / 1e6:.0f} MB",
            ]
            print("| " + " | ".join(row) + " |", flush=True)
    print("\n| model | ms/step | checkpointed | ratio | target | activations | checkpointed | ratio | target |")
    print("|" + "---|" * 9)
    for name, (times, peaks, parameters) in found.items():
        if "checkpointed" not in times:
            continue
        # What is above the five numbers for each parameter, which both hold.
        plain, checkpointed = (peaks[key] - BYTES_PER_PARAMETER * parameters for key in ["sample", "checkpointed"])
        row = [
            f"{name} B{arguments.batch}", f"{times['sample']:.1f}", f"{times['checkpointed']:.1f}",
            f"{times['checkpointed'] / times['sample']:.2f}x", "1.4x", f"{plain / 1e6:.0f} MB",
            f"{checkpointed / 1e6:.0f} MB", f"{checkpointed / plain:.2f}", "0.5",
        ]
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
