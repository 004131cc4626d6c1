"""Draws with diffusers' own schedulers what NAME.samplers.safetensors holds: samplers and spacings that NAME.io.safetensors lacks.

usage: samplers.py, with diffusers 0.42.1, torch and safetensors installed

As there: x_T is randn of a generator seeded 7, times the scheduler's init_noise_sigma, and the same generator draws each step's noise.
"""

import json
import os

import diffusers
import torch
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
common = dict(num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear", prediction_type="epsilon")
multistep = dict(algorithm_type="dpmsolver++", solver_order=2)
runs = {
    "dpmpp2m-sde": ("DPMSolverMultistepScheduler", 10, dict(algorithm_type="sde-dpmsolver++", solver_order=2)),
    "dpmpp2m-leading": ("DPMSolverMultistepScheduler", 10, dict(**multistep, timestep_spacing="leading")),
    "dpmpp2m-trailing": ("DPMSolverMultistepScheduler", 7, dict(**multistep, timestep_spacing="trailing")),
    "dpmpp2m-50": ("DPMSolverMultistepScheduler", 50, multistep),
    "unipc-karras": ("UniPCMultistepScheduler", 10, dict(use_karras_sigmas=True)),
    "unipc-50": ("UniPCMultistepScheduler", 50, {}),
    "euler-karras": ("EulerDiscreteScheduler", 10, dict(use_karras_sigmas=True)),
    "euler-trailing": ("EulerDiscreteScheduler", 10, dict(timestep_spacing="trailing")),
    "heun-karras": ("HeunDiscreteScheduler", 6, dict(use_karras_sigmas=True)),
    "plms": ("PNDMScheduler", 10, dict(skip_prk_steps=True, set_alpha_to_one=True, timestep_spacing="leading")),
}

for name in ["ddpm-cifar-like", "default-like"]:
    unet = diffusers.UNet2DModel.from_pretrained(os.path.join(here, name, "unet")).eval()
    reference = load_file(os.path.join(here, name + ".io.safetensors"))
    labels = reference.get("y")
    out, described = {}, []
    for tag, (kind, steps, settings) in runs.items():
        scheduler = getattr(diffusers, kind)(**common, **settings)
        scheduler.set_timesteps(steps)
        generator = torch.Generator().manual_seed(7)
        x = torch.randn(reference["x"].shape, generator=generator) * scheduler.init_noise_sigma
        with torch.inference_mode():
            for t in scheduler.timesteps:
                taken = scheduler.scale_model_input(x, t)
                output = unet(taken, t, class_labels=labels).sample if labels is not None else unet(taken, t).sample
                extra = {"generator": generator} if "generator" in scheduler.step.__code__.co_varnames else {}
                x = scheduler.step(output, t, x, **extra).prev_sample
        out["sample." + tag] = x.contiguous().clone()
        described.append({"tag": tag, "scheduler": kind, "steps": steps, "settings": settings, "timesteps": scheduler.timesteps.tolist()})
        print(name, tag, float(x.abs().max()))
    save_file(out, os.path.join(here, name + ".samplers.safetensors"), {"runs": json.dumps(described)})
