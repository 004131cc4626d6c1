"""Tunes models in timesteps to be consistency models, with the original network in PyTorch, which training_consistency.safetensors holds.

usage: training_consistency.py IMPROVED_DIFFUSION, a checkout of openai/improved-diffusion, with torch and safetensors installed

Easy Consistency Tuning (Geng et al. 2025), as locuslab/ect has it: ln t normal with mean -1.1 and deviation 2, the sigmoid mapping with
q = 2, k = 8, b = 1, stages of five steps; the distance is Pseudo-Huber's with c = 0.00054 · √D. x = x0 + σ·ε is what the network was
trained on times √(1 + σ²), at a timestep that is interpolated linearly in ln σ.

The network, its weights, images, labels and noise are those of training_trace.safetensors; the uniform numbers that t follows from are drawn
here. With a learned variance ("epsilon.") and with three channels of its output ("sample.", "v.").
"""

import math
import os
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, sys.argv[1])
from improved_diffusion.gaussian_diffusion import get_named_beta_schedule
from improved_diffusion.unet import UNetModel

here = os.path.dirname(os.path.abspath(__file__))
trace = load_file(os.path.join(here, "training_trace.safetensors"))
alphas_cumprod = np.cumprod(1 - get_named_beta_schedule("cosine", 1000))
sigmas = np.sqrt((1 - alphas_cumprod) / alphas_cumprod)
low, high = max(0.002, sigmas[0]), min(80.0, sigmas[-1])


def image(model, prediction, x, sigma, y):
    """x0 by the network, for x = x0 + sigma * noise."""
    timestep = torch.from_numpy(np.interp(np.log(sigma.numpy()), np.log(sigmas), np.arange(1000)))
    s = sigma.float()[:, None, None, None]
    out = model(x / torch.sqrt(s**2 + 1), timestep.float(), y=y)[:, :3]
    if prediction == "sample":
        return out
    return x - s * out if prediction == "epsilon" else x / (s**2 + 1) - s / torch.sqrt(s**2 + 1) * out


def output_factor(prediction, t):
    return {"sample": torch.ones_like(t), "epsilon": t, "v": t / torch.sqrt(t**2 + 1)}[prediction]


out = {}
for prediction in ("epsilon", "sample", "v"):
    channels = 6 if prediction == "epsilon" else 3
    weights = torch.load(os.path.join(here, "unet", "improved-scaleshift-class.pt"), map_location="cpu", weights_only=True)
    weights = {name: value.float() for name, value in weights.items()}
    for name in ("out.2.weight", "out.2.bias"):
        weights[name] = weights[name][:channels].clone()
    model = UNetModel(
        in_channels=3, model_channels=32, out_channels=channels, num_res_blocks=1, attention_resolutions=(2,), channel_mult=(1, 2), num_heads=4,
        use_scale_shift_norm=True, num_classes=11)
    model.load_state_dict(weights)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    generator = torch.Generator().manual_seed(0)
    losses, norms = [], []
    for step in range(20):
        optimizer.zero_grad()
        uniform = torch.rand(4, generator=generator)
        t = torch.exp(-1.1 + 2 * torch.special.ndtri(uniform.double())).clamp(low, high)
        decay = 1 / 2 ** (step // 5 + 1)
        r = t * (1 - decay * (1 + 8 * torch.sigmoid(-t)))
        r = torch.where(r < low, 0.0, r)
        x, noise, y = trace[f"x.{step}"], trace[f"noise.{step}"], trace[f"y.{step}"].long()
        at = lambda sigma: x + sigma.float()[:, None, None, None] * noise
        with torch.no_grad():
            target = image(model, prediction, at(r.clamp(min=low)), r.clamp(min=low), y)
            target = torch.where((r > 0)[:, None, None, None], target, x)
        difference = (image(model, prediction, at(t), t, y) - target).flatten(1)
        c = 0.00054 * math.sqrt(difference.shape[1])
        distance = torch.sqrt((difference**2).sum(1) + c**2) - c
        weight = torch.sqrt(1 / t**2 + 1 / 0.5**2) / output_factor(prediction, t)
        loss = (weight.float() * distance).mean()
        loss.backward()
        out[f"uniform.{step}"] = uniform
        losses.append(loss.item())
        norms.append(torch.sqrt(sum((p.grad**2).sum() for p in model.parameters() if p.grad is not None)).item())
        optimizer.step()
    out[f"{prediction}.losses"], out[f"{prediction}.grad_norms"] = torch.tensor(losses), torch.tensor(norms)
    for key in ("input_blocks.0.0.weight", "middle_block.1.qkv.weight", "out.2.weight", "label_emb.weight"):
        out[f"{prediction}.final.{key}"] = model.state_dict()[key].clone()
    print(prediction, losses[0], losses[-1])
save_file(out, os.path.join(here, "training_consistency.safetensors"))
