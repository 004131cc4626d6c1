"""Runs the same models on the same inputs in `sample` and its peers, in alternation, and prints the table of ratios.

usage: compare.py SAMPLE_BINARY [LAYER_BINARY] [--models digits,cifar10,imagenet64] [--batches 1,16] [--kernels avx512,avx2]
                  [--rounds 5] [--threads 2]

LAYER_BINARY, built in the folder layer, adds the comparison of single layers with ncnn.
"""

import argparse
import os
import statistics
import tempfile
import time

import numpy as np
import torch

import engines
import models


def timed(engine, passes):
    times = []
    for _ in range(passes):
        start = time.perf_counter()
        engine()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def compare(name, batch, arguments, folder):
    """One line of the table: every engine's median over the rounds, and how far outputs are apart."""
    module, inputs = models.build(name), models.inputs(name, batch)
    checkpoint = f"{folder}/{name}.pt"
    torch.save(module.state_dict(), checkpoint)
    onnx = f"{folder}/{name}-{batch}.onnx"
    names = engines.export(module, inputs, onnx)
    peers = {
        "PyTorch": engines.PyTorch(module, inputs, arguments.threads),
        "ONNX Runtime": engines.ONNXRuntime(onnx, names, inputs, arguments.threads),
        "OpenVINO": engines.OpenVINO(onnx, names, inputs, arguments.threads),
    }
    ours = {
        kernels: engines.Sample(
            arguments.binary, checkpoint, models.flags(name), inputs, arguments.threads, kernels
        )
        for kernels in arguments.kernels
    }
    expected = peers["PyTorch"]()
    scale = np.abs(expected).max()
    errors = {peer: np.abs(engine() - expected).max() / scale for peer, engine in peers.items()}
    # Enough passes for a steady median, not so many that one engine has a quiet spell to itself.
    passes = max(3, min(30, int(1000 / timed(peers["ONNX Runtime"], 2))))
    times = {key: [] for key in [*peers, *ours]}
    memory = {}
    for _ in range(arguments.rounds):
        for peer, engine in peers.items():
            times[peer].append(timed(engine, passes))
        for kernels, engine in ours.items():
            milliseconds, memory[kernels] = engine.run(passes)
            times[kernels].append(milliseconds)
    for kernels, engine in ours.items():
        errors[kernels] = np.abs(engine.output() - expected).max() / scale
    medians = {key: statistics.median(values) for key, values in times.items()}
    fastest = min(peers, key=medians.get)
    row = [f"{name} B{batch}"] + [f"{medians[peer]:.2f}" for peer in peers]
    for kernels in ours:
        row += [
            f"{medians[kernels]:.2f}", f"{medians[fastest] / medians[kernels]:.2f}x", f"{errors[kernels]:.1e}",
            f"{memory[kernels] / 1e6:.0f} MB",
        ]
    print("| " + " | ".join(row) + " |", flush=True)
    for peer, error in errors.items():
        assert error < 1e-4, f"{peer} is {error:.1e} away from PyTorch on {name}"


def compare_layers(channels, size, arguments):
    """One line of ncnn's table: four 3x3 convolutions one behind the other, so that what surrounds them costs little."""
    torch.manual_seed(0)
    chain = models.chain(channels, layers=4)
    x = torch.randn(1, channels, size, size)
    theirs = engines.NCNN(chain, (x,), arguments.threads)
    ours = {
        kernels: engines.SampleLayers(arguments.layer, chain, x, arguments.threads, kernels)
        for kernels in arguments.kernels
    }
    with torch.inference_mode():
        expected = chain(x).numpy()
    times = {key: [] for key in ["ncnn", *ours]}
    for _ in range(arguments.rounds):
        times["ncnn"].append(timed(theirs, 200))
        for kernels, engine in ours.items():
            times[kernels].append(engine.run(200))
    outputs = {"ncnn": theirs(), **{kernels: engine.output() for kernels, engine in ours.items()}}
    errors = {key: np.abs(y - expected).max() / np.abs(expected).max() for key, y in outputs.items()}
    medians = {key: statistics.median(values) for key, values in times.items()}
    row = [f"4 x {channels} -> {channels}, {size}x{size}", f"{medians['ncnn']:.3f} | {errors['ncnn']:.1e}"]
    for kernels in ours:
        row.append(f"{medians[kernels]:.3f} | {medians['ncnn'] / medians[kernels]:.2f}x | {errors[kernels]:.1e}")
    print("| " + " | ".join(row) + " |", flush=True)
    for key, error in errors.items():
        assert error < 1e-4, f"{key} is {error:.1e} away from PyTorch"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("layer", nargs="?")
    parser.add_argument("--models", default="digits,cifar10,imagenet64")
    parser.add_argument("--batches", default="1,16")
    parser.add_argument("--kernels", default="", help="tables of sample, e.g. avx512,avx2; default: its choice")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    arguments.binary = os.path.abspath(arguments.binary)
    arguments.layer = arguments.layer and os.path.abspath(arguments.layer)
    arguments.kernels = [k or None for k in arguments.kernels.split(",")]
    ours = " | ".join(f"sample{' ' + k if k else ''} | ratio | error | memory" for k in arguments.kernels)
    print(f"| model | PyTorch | ONNX Runtime | OpenVINO | {ours} |")
    print("|" + "---|" * (4 + 4 * len(arguments.kernels)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models.split(","):
            for batch in map(int, arguments.batches.split(",")):
                compare(name, batch, arguments, folder)
    if arguments.layer:
        ours = " | ".join(f"sample{' ' + k if k else ''} | ratio | error" for k in arguments.kernels)
        print(f"\n| 3x3 layers | ncnn | error | {ours} |")
        print("|" + "---|" * (3 + 3 * len(arguments.kernels)), flush=True)
        for channels, size in [(128, 32), (256, 16)]:
            compare_layers(channels, size, arguments)


if __name__ == "__main__":
    main()
