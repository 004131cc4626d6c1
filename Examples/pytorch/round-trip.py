"""Loads a .pt that `sample convert` has written in PyTorch, strictly, and compares one forward pass with that of `sample`.

usage: round-trip.py MODEL.pt [CHECKOUT]     with MODEL.pt.json beside it, and `sample` in PATH

The network is the plain one of ../benchmark/unet.py, and with a CHECKOUT of openai/improved-diffusion or openai/guided-diffusion
theirs. Prints the largest difference, and fails where it is more than 1e-4 of the largest output.
"""

import importlib
import inspect
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

TOLERANCE = 1e-4
# What the network is told, and what it does where it cannot be told; None where that is of no importance.
SETTINGS = {
    "image_size": None, "in_channels": None, "model_channels": None, "out_channels": None, "num_res_blocks": None,
    "attention_resolutions": None, "channel_mult": None, "num_classes": None, "num_heads": None, "conv_resample": True,
    "dims": 2, "use_scale_shift_norm": True, "num_heads_upsample": None, "num_head_channels": -1, "resblock_updown": False,
    "use_new_attention_order": False, "norm_num_groups": 32, "norm_eps": 1e-5, "middle_attention_norm": True,
    "downsample_padding": 1, "freq_shift": 0, "flip_sin_to_cos": True,
}


def network_class(checkout):
    """The class, from the package that is in the checkout."""
    if checkout is None:
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../benchmark"))
        return importlib.import_module("unet").UNetModel
    for package in ["improved_diffusion", "guided_diffusion"]:
        if os.path.isdir(os.path.join(checkout, package)):
            sys.path.insert(0, checkout)
            return importlib.import_module(f"{package}.unet").UNetModel
    sys.exit(f"{checkout}: has neither improved_diffusion nor guided_diffusion in it; give a checkout of one of them")


def build(network, description):
    """The network as the description says; None, and words, if it cannot be so."""
    arguments = {}
    # As many heads in the ascending half as in the other is what all networks do unasked.
    defaults = {**SETTINGS, "num_heads_upsample": description.get("num_heads")}
    for key, otherwise in defaults.items():
        if key not in description:
            continue
        if key in inspect.signature(network).parameters:
            arguments[key] = description[key]
        elif otherwise is not None and description[key] != otherwise:
            print(f"{network.__module__}: knows no {key}, which is {description[key]} here")
            return None
    return network(**arguments).eval()


def sample_output(path, x):
    """What `sample` puts out for `x` at the middle timestep, and for classes in turn."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", x.numpy())
        command = ["sample", "bench", "--model", path, "--noise", f"{folder}/x.npy", "--overwrite", "--out", f"{folder}/y.npy"]
        subprocess.run([*command, "--passes", "1"], check=True, stdout=subprocess.DEVNULL)
        return torch.from_numpy(np.load(f"{folder}/y.npy"))


def main():
    path, checkout = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    with open(path + ".json") as file:
        description = json.load(file)
    state = torch.load(path, weights_only=True)
    mapped = torch.load(path, weights_only=True, mmap=True)
    assert all(torch.equal(state[name].nan_to_num(), mapped[name].nan_to_num()) for name in state)
    count = sum(tensor.numel() for tensor in state.values())
    kinds = ", ".join(sorted({str(tensor.dtype) for tensor in state.values()}))
    print(f"torch {torch.__version__} loads {len(state)} tensors, {count:,} parameters, {kinds}")

    if description["kind"] != "UNetModel":
        sys.exit(f"compared are UNetModels, not {description['kind']}s")
    size, batch = description["image_size"], 3
    x = torch.randn(batch, description["in_channels"], size, size, generator=torch.Generator().manual_seed(1))
    inputs = [x, torch.full([batch], float(description["diffusion_steps"] // 2))]
    if "num_classes" in description:
        inputs.append(torch.arange(batch) % description["num_classes"])
    ours = sample_output(path, x)
    compared = 0
    for source in [None, checkout] if checkout else [None]:
        network = network_class(source)
        model = build(network, description)
        if model is None:
            continue
        model.load_state_dict(state, strict=True)
        with torch.inference_mode():
            theirs = model(*inputs)
        error, largest = (ours - theirs).abs().max().item(), theirs.abs().max().item()
        print(f"{network.__module__}: differs by up to {error:.1e} where the largest output is {largest:.3g}")
        if not error <= TOLERANCE * largest:
            sys.exit(f"that is more than {TOLERANCE:.0e} of it")
        compared += 1
    if compared == 0:
        sys.exit("no network to compare with; set ORIGINAL to a checkout of the code that the model comes from")


if __name__ == "__main__":
    main()
