"""Steps of training in PyTorch: what `sample bench --training` does, as improved-diffusion does it. Run as a program, one process
measures one model, so that its memory is its own:

usage: training.py CHECKPOINT MODEL NOISE.npy --passes N --threads N

It prints the median of the passes' milliseconds and the peak memory in bytes as JSON.
"""

import argparse
import json
import math
import resource
import statistics
import time

import numpy as np
import torch

import models

STEPS = 1000


def constants():
    """Of the linear schedule, by name, a number for each step."""
    betas = torch.linspace(1e-4, 0.02, STEPS, dtype=torch.float64)
    kept = torch.cumprod(1 - betas, 0)
    before = torch.cat([torch.ones(1, dtype=torch.float64), kept[:-1]])
    posterior = betas * (1 - before) / (1 - kept)
    values = {
        "signal": kept.sqrt(), "deviation": (1 - kept).sqrt(), "unscale": kept.rsqrt(), "noise": (1 / kept - 1).sqrt(),
        "of_start": betas * before.sqrt() / (1 - kept), "of_now": (1 - before) * (1 - betas).sqrt() / (1 - kept),
        "largest": betas.log(),
        # The first posterior has no variance: the second's stands in for its logarithm.
        "smallest": torch.cat([posterior[1:2], posterior[1:]]).log(),
    }
    return {name: value.float() for name, value in values.items()}


def mean_flat(x):
    return x.mean(dim=[1, 2, 3])


def normal_cdf(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def discretized_nll(x, mean, log_variance):
    centered, inverse = x - mean, torch.exp(-0.5 * log_variance)
    above, below = normal_cdf(inverse * (centered + 1 / 255)), normal_cdf(inverse * (centered - 1 / 255))
    probability = torch.where(x < -0.999, above, torch.where(x > 0.999, 1 - below, above - below))
    return -probability.clamp(min=1e-12).log()


class Loss:
    """Rescaled MSE; hybrid where the variance is learned (Nichol & Dhariwal 2021, eq. 16)."""

    def __init__(self, start, noise, steps):
        self.start, self.target, self.steps = start, noise, steps
        self.at = {name: value[steps][:, None, None, None] for name, value in constants().items()}
        self.noised = self.at["signal"] * start + self.at["deviation"] * noise

    def __call__(self, output):
        """The loss of each picture."""
        if output.shape == self.target.shape:
            return mean_flat((self.target - output) ** 2)
        predicted, fraction = output.chunk(2, dim=1)
        return mean_flat((self.target - predicted) ** 2) + self.bound(predicted.detach(), fraction)

    def bound(self, predicted, fraction):
        at = self.at
        fraction = (fraction + 1) / 2
        log_variance = fraction * at["largest"] + (1 - fraction) * at["smallest"]
        start = at["unscale"] * self.noised - at["noise"] * predicted
        mean = at["of_start"] * start + at["of_now"] * self.noised
        true_mean = at["of_start"] * self.start + at["of_now"] * self.noised
        difference = at["smallest"] - log_variance
        squares = torch.exp(difference) + (true_mean - mean) ** 2 * torch.exp(-log_variance)
        divergence = mean_flat(0.5 * (squares - 1 - difference)) / math.log(2)
        decoder = mean_flat(discretized_nll(self.start, mean, log_variance)) / math.log(2)
        return torch.where(self.steps == 0, decoder, divergence) * (STEPS / 1000)


class Training:
    """A model, its optimizer and a moving average; each call is a step."""

    def __init__(self, module, x, classes):
        self.module = module.train()
        self.optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4, weight_decay=0)
        self.average = [parameter.detach().clone() for parameter in module.parameters()]
        batch = len(x)
        # Steps spread evenly and classes in turn, as `sample bench` takes them.
        self.steps = torch.arange(batch) * STEPS // batch
        self.labels = [torch.arange(batch) % classes] if classes else []
        self.x = x

    def __call__(self):
        self.optimizer.zero_grad()
        loss = Loss(self.x.clamp(-1, 1), self.x, self.steps)
        loss(self.module(loss.noised, self.steps.float(), *self.labels)).mean().backward()
        self.optimizer.step()
        with torch.no_grad():
            for average, parameter in zip(self.average, self.module.parameters()):
                average.mul_(0.9999).add_(parameter, alpha=1 - 0.9999)


def restart_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak_memory():
    """As `sample` takes its own. On Linux ru_maxrss begins with what the parent process has held."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except OSError:
        # In bytes where there is no /proc.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("model")
    parser.add_argument("noise")
    parser.add_argument("--passes", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    module = models.build(arguments.model)
    module.load_state_dict(torch.load(arguments.checkpoint))
    classes = models.CONFIGURATIONS[arguments.model].get("num_classes")
    step = Training(module, torch.from_numpy(np.load(arguments.noise)), classes)
    restart_peak()
    times = []
    # Two before those that count, as `sample bench` does.
    for _ in range(2 + arguments.passes):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"ms_median": statistics.median(times[2:]), "peak_memory_bytes": peak_memory()}))


if __name__ == "__main__":
    main()
