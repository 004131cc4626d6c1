"""Runs operations that only some families' networks need, in `sample`'s tensor core and in PyTorch as their own code has them, in
alternation, and prints a table of ratios.

usage: operations.py OPERATION_BINARY [--rounds 3] [--threads 2] [--operations fir,attention]

OPERATION_BINARY is built in the folder layer: swift build -c release --package-path layer
"""

import argparse
import math
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
from torch.nn import functional as F


@dataclass
class Operation:
    """What is compared: its name in the table and in the program `operation`, the input's shape, output channels, kernel and stride, and
    PyTorch's code given the input, a weight and a bias."""

    name: str
    kind: str
    shape: tuple
    theirs: Callable
    out: int = 1
    kernel: tuple = (1, 1)
    stride: int = 1


def linear_attention(x, weight, bias):
    """denoising-diffusion-pytorch's LinearAttention, without the first layer, the memory and the last normalisation."""
    batch, channels, height, width = x.shape
    q, k, v = (part.reshape(batch, 4, channels // 12, height * width) for part in x.chunk(3, dim=1))
    q = q.softmax(dim=-2) * (channels // 12) ** -0.5
    context = torch.einsum("bhdn,bhen->bhde", k.softmax(dim=-1), v)
    out = torch.einsum("bhde,bhdn->bhen", context, q)
    return F.conv2d(out.reshape(batch, -1, height, width), weight, bias)


def rms_norm(x, weight, bias):
    """denoising-diffusion-pytorch's RMSNorm."""
    return F.normalize(x, dim=1) * bias[None, :, None, None] * math.sqrt(x.shape[1])


TAPS = torch.tensor([1.0, 3, 3, 1])
FILTER = TAPS.outer(TAPS) / TAPS.sum() ** 2


def fir(channels):
    return FILTER.tile(channels, 1, 1, 1)


def halved(x, weight, bias):
    """EDM's Conv2d with down=True and no kernel."""
    return F.conv2d(x, fir(x.shape[1]), groups=x.shape[1], stride=2, padding=1)


def doubled(x, weight, bias):
    """EDM's Conv2d with up=True and no kernel."""
    return F.conv_transpose2d(x, fir(x.shape[1]) * 4, groups=x.shape[1], stride=2, padding=1)


def convolution(stride, padding=None, rectifies=False):
    def call(x, weight, bias):
        around = padding if padding is not None else tuple(side // 2 for side in weight.shape[2:])
        out = F.conv2d(x, weight, bias, stride=stride, padding=around)
        return F.relu(out) if rectifies else out

    return call


def operations():
    for batch in (1, 16):
        yield Operation(
            "linear attention, 4 × 32, 64×64", "linear-attention", (batch, 384, 64, 64), linear_attention, out=64)
        yield Operation("RMSNorm, 64, 64×64", "rms-norm", (batch, 64, 64, 64), rms_norm, out=64)
        yield Operation("FIR, half the size, 128, 64×64", "halved", (batch, 128, 64, 64), halved)
        yield Operation("FIR, twice the size, 128, 32×32", "doubled", (batch, 128, 32, 32), doubled)
        yield Operation("average pooling, 128, 64×64", "average-pool", (batch, 128, 64, 64), lambda x, w, b: F.avg_pool2d(x, 2))
        yield Operation(
            "convolution 4×4 of stride 2, 64 → 64, 64×64", "convolution", (batch, 64, 64, 64), convolution(2, 1), 64, (4, 4), 2)
        yield Operation("convolution 7×7, 3 → 64, 64×64", "rows", (batch, 3, 64, 64), convolution(1), 64, (7, 7))
        yield Operation(
            "convolution 1×7 and ReLU, 192 → 192, 17×17", "rectified", (batch, 192, 17, 17), convolution(1, None, True), 192, (1, 7))
        yield Operation(
            "convolution 7×1 and ReLU, 192 → 192, 17×17", "rectified", (batch, 192, 17, 17), convolution(1, None, True), 192, (7, 1))
        yield Operation(
            "convolution 5×5 and ReLU, 48 → 64, 35×35", "rectified", (batch, 48, 35, 35), convolution(1, None, True), 64, (5, 5))
        yield Operation(
            "convolution 3×3 of stride 2 and ReLU, 288 → 384, 35×35", "rectified", (batch, 288, 35, 35), convolution(2, 0, True), 384,
            (3, 3), 2)
        yield Operation(
            "maximum pooling, 3×3 of stride 2, 288, 35×35", "maximum-pool", (batch, 288, 35, 35), lambda x, w, b: F.max_pool2d(x, 3, 2))


def compare(operation, arguments):
    """One line of the table: medians of the rounds' medians, and the ratio in each round."""
    generator = torch.Generator().manual_seed(1)
    batch, channels, height, width = operation.shape
    inputs = 128 if operation.kind == "linear-attention" else channels
    x = torch.randn(operation.shape, generator=generator)
    weight = torch.randn(operation.out, inputs, *operation.kernel, generator=generator) / math.sqrt(inputs * math.prod(operation.kernel))
    bias = torch.randn(operation.out, generator=generator)

    def theirs():
        start = time.perf_counter()
        with torch.inference_mode():
            result = operation.theirs(x, weight, bias)
        return result, (time.perf_counter() - start) * 1e3

    expected, _ = theirs()
    usual = theirs()[1]
    passes = max(5, min(500, round(500 / usual)))
    with tempfile.TemporaryDirectory() as folder:
        for name, tensor in (("x", x), ("w", weight), ("b", bias)):
            tensor.numpy().tofile(f"{folder}/{name}")
        numbers = [*operation.shape, operation.out, *operation.kernel, operation.stride, arguments.threads, passes]
        command = [arguments.binary, operation.kind, *map(str, numbers), folder]
        rounds = []
        for _ in range(arguments.rounds):
            peer = statistics.median(theirs()[1] for _ in range(passes))
            ours = float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            rounds.append((peer, ours))
        y = np.fromfile(f"{folder}/y", np.float32).reshape(expected.shape)
    error = np.abs(y - expected.numpy()).max() / expected.abs().max().item()
    assert error < 1e-5, f"{operation.name}: outputs differ by {error:.1e} of the largest"
    peer, ours = (statistics.median(times) for times in zip(*rounds))
    ratios = ", ".join(f"{peer / ours:.2f}" for peer, ours in rounds)
    print(f"| {operation.name} | {batch} | {ours:.3f} | {peer:.3f} | {peer / ours:.2f}× | {ratios} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--operations", default="", help="only those whose names contain one of these words")
    arguments = parser.parse_args()
    arguments.binary = os.path.abspath(arguments.binary)
    torch.set_num_threads(arguments.threads)
    words = arguments.operations.split(",")
    print("| operation | batch | sample ms | PyTorch ms | ratio | each round |\n|---|---|---|---|---|---|")
    for operation in operations():
        if any(word.lower() in operation.name.lower() for word in words):
            compare(operation, arguments)


if __name__ == "__main__":
    main()
