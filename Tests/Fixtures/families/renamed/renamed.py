"""Saves small networks of five code bases as their trainers do, and draws with each: what the files beside this one hold.

usage: renamed.py DDIM PYTORCH_DDPM DDPM_TORCH ROSINALITY, checkouts of ermongroup/ddim, w86763777/pytorch-ddpm, tqch/ddpm-torch and
rosinality/denoising-diffusion-pytorch, with torch, monai, einops, numpy, pydantic and safetensors installed; or renamed.py ROSINALITY for its file alone

Weights are random, none left at zero, in half precision to keep the files small. `x_0` is DDIM without clipping at timesteps 750, 500, 250 and 0
from `x_T`, in float64 around the network.
"""

import importlib
import importlib.util
import os
import sys
import types
from types import SimpleNamespace

import numpy as np
import torch
from monai.networks.nets import DiffusionModelUNet
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))


def module(folder, path):
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("loaded", os.path.join(folder, path))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    sys.path.pop(0)
    return loaded


def randomized(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            if "timembedding.0" in name:
                continue
            scale = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
            value = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_((value + 1 if parameter.dim() == 1 and name.endswith("weight") else value).half().float())
    return network.eval()


def half(state):
    return {name: value.half() if "timembedding.0" not in name else value for name, value in state.items()}


def draw(name, predict, betas=np.linspace(1e-4, 0.02, 1000, dtype=np.float64)):
    alphas = np.cumprod(1 - betas)
    x_T = torch.randn((2, 3, 16, 16), generator=torch.Generator().manual_seed(1))
    x, steps = x_T.double(), [750, 500, 250, 0]
    with torch.no_grad():
        for i, t in enumerate(steps):
            a, after = alphas[t], alphas[steps[i + 1]] if i + 1 < len(steps) else 1.0
            epsilon = predict(x.float(), torch.full((2,), t)).double()
            x = (x - epsilon * (1 - a) ** 0.5) / a**0.5 * after**0.5 + epsilon * (1 - after) ** 0.5
    save_file({"x_T": x_T, "x_0": x.float()}, os.path.join(here, name + ".reference.safetensors"))
    print(name, float(x.abs().max()))


class Configuration:
    """What rosinality's trainer saves beside the weights is an object of a class of its own."""


def rosinality(folder):
    UNet = module(folder, "model.py").UNet
    network = randomized(UNet(3, 32, [1, 1], 1, [2], attn_heads=4, use_affine_time=True), 4)
    state = half(network.state_dict())
    Configuration.__module__ = "tensorfn.config.config"
    for package in ("tensorfn", "tensorfn.config", "tensorfn.config.config"):
        sys.modules[package] = types.ModuleType(package)
    sys.modules["tensorfn.config.config"].Configuration = Configuration
    torch.save(
        {"model": dict(state), "ema": state, "scheduler": {"last": 1}, "optimizer": {"state": {}, "param_groups": []}, "conf": Configuration()},
        os.path.join(here, "rosinality.pt"))
    draw("rosinality", network, module(folder, "diffusion.py").make_beta_schedule("cosine", 1000).numpy())


rosinality(sys.argv[-1])
if len(sys.argv) == 2:
    sys.exit()

config = SimpleNamespace(
    model=SimpleNamespace(
        type="simple", in_channels=3, out_ch=3, ch=32, ch_mult=[1, 1], num_res_blocks=1, attn_resolutions=[8], dropout=0.0, resamp_with_conv=True),
    data=SimpleNamespace(image_size=16), diffusion=SimpleNamespace(num_diffusion_timesteps=1000))
network = randomized(module(sys.argv[1], "models/diffusion.py").Model(config), 0)
state = half(network.state_dict())
torch.save(
    [{"module." + name: value for name, value in state.items()}, {"state": {}, "param_groups": []}, 1, 1000, dict(state)],
    os.path.join(here, "ddim.ckpt"))
draw("ddim", network)

network = randomized(module(sys.argv[2], "model.py").UNet(T=1000, ch=32, ch_mult=[1, 1], attn=[1], num_res_blocks=1, dropout=0.0), 1)
state = half(network.state_dict())
torch.save({"net_model": dict(state), "ema_model": state, "step": 5, "x_T": torch.zeros(1)}, os.path.join(here, "pytorch-ddpm.pt"))
draw("pytorch-ddpm", network)

# Without what the packages import for training.
for package in ("ddpm_torch", "ddpm_torch.models"):
    sys.modules[package] = types.ModuleType(package)
    sys.modules[package].__path__ = [os.path.join(sys.argv[3], *package.split("."))]
UNet = importlib.import_module("ddpm_torch.models.unet").UNet

network = randomized(UNet(3, 32, 3, [1, 1], 1, [False, True]), 2)
state = half(network.state_dict())
torch.save(
    {"model": dict(state), "ema": {"decay": 0.9999, "shadow": state, "num_updates": 5}, "epoch": 1}, os.path.join(here, "ddpm-torch.pt"))
draw("ddpm-torch", network)

network = randomized(
    DiffusionModelUNet(
        spatial_dims=2, in_channels=3, out_channels=3, num_res_blocks=1, channels=(32, 32), attention_levels=(False, True), num_head_channels=32), 3)
torch.save(half(network.state_dict()), os.path.join(here, "monai.pth"))
draw("monai", network)
