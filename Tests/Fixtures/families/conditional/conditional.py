"""Saves small conditional networks of SR3, Palette and diffusers as their trainers do, and draws with each: the files beside this one.

usage: conditional.py SR3 PALETTE, with diffusers installed, and checkouts of Janspiry/Image-Super-Resolution-via-Iterative-Refinement and
Janspiry/Palette-Image-to-Image-Diffusion-Models, with torch, numpy and safetensors installed

Weights are random, in half precision to keep the files small. `out` is the network's output for `condition` and `x` at the noise `level`; `x_0` is drawn from
`x_T` by DDIM at timesteps 900, 600, 300 and 0, x0 clipped, in float64 around the network; Palette's `completed` likewise from the condition, of which the
mask keeps a part.
"""

import importlib
import os
import sys
import types

import numpy as np
import torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))


def load(folder, name):
    """A module of a folder, without what its package imports for training."""
    parts = name.split(".")
    for i in range(1, len(parts)):
        package = ".".join(parts[:i])
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [os.path.join(folder, *parts[:i])]
    module = importlib.import_module(name)
    for loaded in list(sys.modules):
        if loaded.split(".")[0] == parts[0]:
            del sys.modules[loaded]
    return module


def randomized(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            scale = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
            value = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_((value + 1 if parameter.dim() == 1 and name.endswith("weight") else value).half().float())
    return network.eval()


def draw(predict, told, betas, x, steps=(900, 600, 300, 0), after=lambda x: x):
    alphas = np.cumprod(1 - betas)
    x = x.double()
    with torch.no_grad():
        for i, t in enumerate(steps):
            a, before = alphas[t], alphas[steps[i + 1]] if i + 1 < len(steps) else 1.0
            epsilon = predict(x.float(), torch.full((len(x), 1), float(told(a) if told else t))).double()
            image = ((x - epsilon * (1 - a) ** 0.5) / a**0.5).clamp(-1, 1)
            x = image * before**0.5 + (x - image * a**0.5) / (1 - a) ** 0.5 * (1 - before) ** 0.5
            x = after(x)
    return x.float()


generator = torch.Generator().manual_seed(0)
x, x_T, condition = (torch.randn((2, 3, 16, 16), generator=generator) for _ in range(3))
condition = condition.clamp(-1, 1)

network = randomized(
    load(sys.argv[1], "model.sr3_modules.unet").UNet(
        in_channel=6, out_channel=3, inner_channel=16, norm_groups=16, channel_mults=(1, 2), attn_res=(8,), res_blocks=1, image_size=16), 0)
betas = np.linspace(1e-6, 1e-2, 2000, dtype=np.float64)
state = {"denoise_fn." + name: value.half() for name, value in network.state_dict().items()}
torch.save({**state, "betas": torch.tensor(betas, dtype=torch.float32)}, os.path.join(here, "sr3_I10_E1_gen.pth"))
level = torch.tensor([[0.3], [0.9]])
with torch.no_grad():
    out = network(torch.cat([condition, x], 1), level)
x_0 = draw(lambda x, level: network(torch.cat([condition, x], 1), level), np.sqrt, betas, x_T)
save_file({"x": x, "condition": condition, "level": level, "out": out, "x_T": x_T, "x_0": x_0}, os.path.join(here, "sr3.reference.safetensors"))
print("sr3", float(out.abs().max()), float(x_0.abs().max()))

network = randomized(
    load(sys.argv[1], "model.ddpm_modules.unet").UNet(
        in_channel=6, out_channel=3, inner_channel=16, norm_groups=16, channel_mults=(1, 1), attn_res=(8,), res_blocks=1, image_size=16), 3)
state = {"denoise_fn." + name: value.half() for name, value in network.state_dict().items()}
torch.save({**state, "betas": torch.tensor(betas, dtype=torch.float32)}, os.path.join(here, "ddpm_I10_E1_gen.pth"))
x_0 = draw(lambda x, t: network(torch.cat([condition, x], 1), t.view(-1)), None, betas, x_T)
save_file({"condition": condition, "x_T": x_T, "x_0": x_0}, os.path.join(here, "sr3-ddpm.reference.safetensors"))
print("sr3-ddpm", float(x_0.abs().max()))

network = randomized(
    load(sys.argv[2], "models.guided_diffusion_modules.unet").UNet(
        image_size=16, in_channel=6, inner_channel=32, out_channel=3, res_blocks=1, attn_res=[2], channel_mults=(1, 1), num_head_channels=16), 1)
betas = np.linspace(1e-4, 0.09, 1000, dtype=np.float64)
state = {"denoise_fn." + name: value.half() for name, value in network.state_dict().items()}
torch.save({**state, "gammas": torch.zeros(2000)}, os.path.join(here, "10_Network_ema.pth"))
with torch.no_grad():
    out = network(torch.cat([condition, x], 1), level)
x_0 = draw(lambda x, level: network(torch.cat([condition, x], 1), level), lambda a: a, betas, x_T)
mask = torch.zeros((1, 1, 16, 16))
mask[..., 4:12, 6:16] = 1
masked = condition * (1 - mask) + x_T * mask
completed = draw(
    lambda x, level: network(torch.cat([masked, x], 1), level), lambda a: a, betas, masked, after=lambda x: condition * (1 - mask) + x * mask)
save_file(
    {"x": x, "condition": condition, "level": level, "out": out, "x_T": x_T, "x_0": x_0, "mask": mask, "completed": completed},
    os.path.join(here, "palette.reference.safetensors"))
print("palette", float(out.abs().max()), float(x_0.abs().max()), float(completed.abs().max()))

from diffusers import DDIMScheduler, UNet2DModel

network = randomized(
    UNet2DModel(
        sample_size=16, in_channels=6, out_channels=3, block_out_channels=(24,), norm_num_groups=8, layers_per_block=1,
        down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), attention_head_dim=None), 2)
network.half().save_pretrained(os.path.join(here, "diffusers", "unet"))
DDIMScheduler().save_pretrained(os.path.join(here, "diffusers", "scheduler"))
network.float()
level = torch.tensor([300.0, 900.0])
with torch.no_grad():
    # Its own channels first: diffusers leaves the order to whoever trains.
    out = network(torch.cat([x, condition], 1), level).sample
save_file({"x": x, "condition": condition, "level": level, "out": out.contiguous()}, os.path.join(here, "diffusers.reference.safetensors"))
print("diffusers", float(out.abs().max()))
