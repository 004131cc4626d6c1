#!/usr/bin/env python3
"""Draws with `sample` from the folders that make.py made, and compares with what diffusers draws.

usage: compare.py SAMPLE [NAME ...], in the folder where make.py ran, with numpy installed

Prints each draw that differs, and how many agree (to 1e-4 of the largest value for a pass of the network, 1e-3 for a run), were refused,
differ but say so, are chaotic (clipped DDIM on random networks amplifies rounding), are wrong without a word, or have no reference.
Ends with status 1 if any is wrong.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter

import numpy as np

ROOT = "zoo-diffusers"
sample, only = sys.argv[1], set(sys.argv[2:])
counts = Counter()


def error(found, expected):
    """The largest difference relative to the largest value; None if diffusers draws no numbers."""
    if not np.isfinite(expected).all():
        return None
    if found.shape != expected.shape:
        return math.inf
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def clips(folder):
    """Whether the folder's scheduler clips: DDPM's and DDIM's do unless they say otherwise."""
    for place in ("scheduler/scheduler_config.json", "scheduler_config.json", "../scheduler/scheduler_config.json"):
        path = os.path.join(folder, place)
        if os.path.isfile(path):
            return json.load(open(path, encoding="utf-8-sig")).get("clip_sample", True)
    return True


def draw(case, wanted, path):
    """What came of a draw, and in which words."""
    folder, name = case["folder"], case["name"]
    line = ["--model", folder, "--rng", "torch", "--seed", "7", "--threads", "1", "--overwrite", "--out", path, *wanted["args"]]
    is_pass = wanted["kind"] == "forward"
    if is_pass:
        x = f"{ROOT}/ref/{name}/x.npy"
        line += ["--noise", x, "--timesteps", str(wanted["t"]), "--sampler", "ddim", "--no-clip", "--count", "2"]
    run = subprocess.run([sample, *line], capture_output=True, text=True, timeout=900)
    said = run.stderr.strip()
    if run.returncode != 0:
        return "refused", said
    found = np.load(path)
    if is_pass:
        x, expected, bar = np.load(x).astype(np.float64), np.load(f"{ROOT}/ref/{name}/forward.npy"), wanted["ab"]
        if wanted["pred"] == "v_prediction":
            found = (math.sqrt(bar) * x - found) / math.sqrt(1 - bar)
        elif wanted["pred"] != "sample":
            found = (x - math.sqrt(bar) * found) / math.sqrt(1 - bar)
        expected = expected[:, : found.shape[1]]
    elif wanted["ref"]:
        expected = np.load(wanted["ref"])
        # Pipelines that put out pictures clip them.
        if name.startswith(("cm-imagenet64", "cm-bedroom256", "karras-ve", "sde-ve", "ncsnpp")):
            found = np.clip(found, -1, 1)
    else:
        return "no reference", said
    difference = error(found, expected)
    if difference is None:
        return "no reference", said
    if difference < (1e-4 if is_pass else 1e-3):
        return "agreed", said
    said = f"{difference:.1e}; says: {said}"
    if "not followed:" in said or "note:" in said:
        return "differs and says so", said
    if "ddim" in wanted["args"] and "--no-clip" not in wanted["args"] and clips(folder):
        return "chaotic", said
    return "wrong", said


for case in json.load(open(ROOT + "/cases.json")):
    if only and case["name"] not in only:
        continue
    for wanted in case["draws"]:
        with tempfile.TemporaryDirectory() as folder:
            what, said = draw(case, wanted, folder + "/x.npy")
        counts[what] += 1
        if what not in ("agreed", "no reference"):
            print(f"{case['name']}, {wanted['label']}: {what}: {said[-400:]}", flush=True)
print(", ".join(f"{what} {count}" for what, count in sorted(counts.items())))
sys.exit(counts["wrong"] > 0)
