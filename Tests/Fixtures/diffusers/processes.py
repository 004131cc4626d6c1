"""Draws with EDM's own preconditionings and sampler, and with diffusers' ScoreSdeVeScheduler, what default-like.processes.safetensors
holds.

usage: processes.py EDM, a checkout of NVlabs/edm, with diffusers 0.42.1, torch, numpy, scipy, click and safetensors installed

The network is default-like's, whatever the process. Noise comes from a generator seeded 7: x_T first, then each step's.
"""

import json
import os
import sys

import diffusers
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, sys.argv[1])
from generate import edm_sampler
from training import networks

here = os.path.dirname(os.path.abspath(__file__))
unet = diffusers.UNet2DModel.from_pretrained(os.path.join(here, "default-like", "unet")).eval()
reference = load_file(os.path.join(here, "default-like.io.safetensors"))
labels = reference["y"]


class Network(torch.nn.Module):
    """The UNet as EDM calls its own."""

    def __init__(self, **_):
        super().__init__()

    def forward(self, x, noise_labels, class_labels=None, **_):
        return unet(x, noise_labels, class_labels=labels).sample


networks.Network = Network
churn = dict(S_churn=40, S_min=0.05, S_max=50, S_noise=1.003)
# Tag: preconditioning, this program's process, steps, arguments of the sampler.
runs = {
    "edm-vp": ("VPPrecond", "edm-vp", 6, {}),
    "edm-ve": ("VEPrecond", "edm-ve", 6, {}),
    "edm-iddpm": ("iDDPMPrecond", "edm-iddpm", 6, {}),
    "edm-vp-churn": ("VPPrecond", "edm-vp", 6, churn),
    "edm-iddpm-churn": ("iDDPMPrecond", "edm-iddpm", 6, churn),
}
out, described = {}, []
for tag, (kind, process, steps, settings) in runs.items():
    net = getattr(networks, kind)(img_resolution=16, img_channels=1, model_type="Network")
    generator = torch.Generator().manual_seed(7)
    latents = torch.randn(reference["x"].shape, generator=generator)
    x = edm_sampler(
        net, latents, num_steps=steps, randn_like=lambda x: torch.randn(x.shape, generator=generator).to(x.dtype), **settings)
    out["sample." + tag] = x.float().contiguous().clone()
    options = [f"--{name.lower().replace('_', '-').replace('-m', '-tm')} {value}" for name, value in settings.items()]
    described.append({"tag": tag, "options": " ".join([f"--process {process} --no-clip --sampler heun --steps {steps}"] + options)})
    print(tag, float(x.abs().max()), net.sigma_min, net.sigma_max)

for tag, settings in {"ve": dict(sigma_max=5.0), "ve-two": dict(sigma_max=5.0, correct_steps=2, snr=0.1)}.items():
    scheduler = diffusers.ScoreSdeVeScheduler(num_train_timesteps=12, **settings)
    scheduler.set_timesteps(12)
    scheduler.set_sigmas(12)
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(reference["x"].shape, generator=generator) * scheduler.init_noise_sigma
    with torch.inference_mode():
        for i, t in enumerate(scheduler.timesteps):
            sigma = scheduler.sigmas[i] * torch.ones(len(x))
            for _ in range(scheduler.config.correct_steps):
                x = scheduler.step_correct(unet(x, sigma, class_labels=labels).sample, x, generator=generator).prev_sample
            output = scheduler.step_pred(unet(x, sigma, class_labels=labels).sample, t, x, generator=generator)
            x = output.prev_sample
    out["sample." + tag] = output.prev_sample_mean * 2 - 1
    described.append({"tag": tag, "options": "", "scheduler": scheduler.to_json_string()})
    print(tag, float(output.prev_sample_mean.abs().max()))
save_file(out, os.path.join(here, "default-like.processes.safetensors"), {"runs": json.dumps(described)})
