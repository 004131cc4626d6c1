"""Draws with diffusers' own schedulers, as their files describe them, what default-like.schedulers.safetensors holds.

usage: schedulers.py LUCIDRAINS.pt, with diffusers 0.42.1, torch and safetensors installed, and a checkpoint of lucidrains'
denoising-diffusion-pytorch with its sigmoid schedule, whose buffer of betas is kept

x_T is randn of a generator seeded 7, times the scheduler's init_noise_sigma, and the same generator draws each step's noise.
"""

import json
import os
import sys

import diffusers
import torch
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
v = dict(prediction_type="v_prediction")
zero = dict(**v, rescale_betas_zero_snr=True, timestep_spacing="trailing")
plain = dict(clip_sample=False)
# Tag: class, this program's sampler, steps, settings, and keys to leave out of the file, as old versions do.
runs = {
    "v-ddpm": ("DDPMScheduler", "ddpm", 10, v, ()),
    "v-ddim": ("DDIMScheduler", "ddim", 10, dict(**v, **plain), ()),
    "v-euler": ("EulerDiscreteScheduler", "euler", 10, v, ()),
    "v-unipc": ("UniPCMultistepScheduler", "unipc", 10, v, ()),
    "zero-snr-ddpm": ("DDPMScheduler", "ddpm", 10, zero, ()),
    "zero-snr-ddim": ("DDIMScheduler", "ddim", 10, dict(**zero, **plain), ()),
    "zero-snr-ddim-30": ("DDIMScheduler", "ddim", 30, dict(**zero, **plain), ()),
    "zero-snr-euler": ("EulerDiscreteScheduler", "euler", 10, zero, ()),
    "sample-ddpm": ("DDPMScheduler", "ddpm", 10, dict(prediction_type="sample"), ()),
    "thresholding": ("DDPMScheduler", "ddpm", 10, dict(thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=1.5), ()),
    "clip-range": ("DDPMScheduler", "ddpm", 10, dict(clip_sample_range=2.0), ()),
    "sigmoid": ("DDPMScheduler", "ddpm", 10, dict(beta_schedule="sigmoid"), ()),
    "laplace": ("DDPMScheduler", "ddpm", 10, dict(beta_schedule="laplace"), ()),
    "scaled-linear": ("DDPMScheduler", "ddpm", 10, dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012), ()),
    "trained-betas": ("DDPMScheduler", "ddpm", 10, dict(num_train_timesteps=500, trained_betas=[0.0005 + 0.00001 * i for i in range(500)]), ()),
    "old-ddpm": ("DDPMScheduler", "ddpm", 10, {}, ("timestep_spacing", "steps_offset", "prediction_type", "clip_sample_range")),
    "old-ddim": ("DDIMScheduler", "ddim", 10, plain, ("timestep_spacing", "steps_offset", "set_alpha_to_one")),
    "offset": ("DDIMScheduler", "ddim", 10, dict(**plain, steps_offset=1), ()),
    "offset-alpha": ("DDIMScheduler", "ddim", 7, dict(**plain, steps_offset=1, set_alpha_to_one=False), ()),
    "ddim-linspace": ("DDIMScheduler", "ddim", 7, dict(**plain, timestep_spacing="linspace"), ()),
    "ddim-trailing": ("DDIMScheduler", "ddim", 7, dict(**plain, timestep_spacing="trailing"), ()),
    "pndm": ("PNDMScheduler", "plms", 10, dict(skip_prk_steps=True), ()),
    "euler-leading": ("EulerDiscreteScheduler", "euler", 5, dict(timestep_spacing="leading"), ()),
    "euler-a-leading": ("EulerAncestralDiscreteScheduler", "euler-a", 5, dict(timestep_spacing="leading"), ()),
    "heun-leading": ("HeunDiscreteScheduler", "heun", 4, dict(timestep_spacing="leading"), ()),
    "heun-old": ("HeunDiscreteScheduler", "heun", 6, {}, ("timestep_spacing", "beta_start", "beta_end")),
    "karras": ("DPMSolverMultistepScheduler", "dpmpp-2m", 10, dict(use_karras_sigmas=True), ()),
}

unet = diffusers.UNet2DModel.from_pretrained(os.path.join(here, "default-like", "unet")).eval()
reference = load_file(os.path.join(here, "default-like.io.safetensors"))
labels = reference["y"]
out, described = {}, []
for tag, (kind, sampler, steps, settings, dropped) in runs.items():
    scheduler = getattr(diffusers, kind)(**settings)
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(reference["x"].shape, generator=generator) * scheduler.init_noise_sigma
    with torch.inference_mode():
        for t in scheduler.timesteps:
            output = unet(scheduler.scale_model_input(x, t), t, class_labels=labels).sample
            extra = {"generator": generator} if "generator" in scheduler.step.__code__.co_varnames else {}
            x = scheduler.step(output, t, x, **extra).prev_sample
    out["sample." + tag] = x.float().contiguous().clone()
    if scheduler.betas is not None and sampler == "ddpm":
        out["betas." + tag] = scheduler.betas.float().clone()
    written = {key: value for key, value in json.loads(scheduler.to_json_string()).items() if key not in dropped}
    described.append({"tag": tag, "sampler": sampler, "steps": steps, "scheduler": json.dumps(written)})
    print(tag, float(x.abs().max()), scheduler.timesteps.tolist()[:3])
# DDIM with thresholding is chaotic: a run is compared step by step, each from diffusers' own state.
scheduler = diffusers.DDIMScheduler(thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=1.5)
scheduler.set_timesteps(10)
x = torch.randn(reference["x"].shape, generator=torch.Generator().manual_seed(7))
with torch.inference_mode():
    for i, t in enumerate(scheduler.timesteps):
        output = unet(x, t, class_labels=labels).sample
        out[f"thresholded.x.{i}"], out[f"thresholded.output.{i}"] = x.clone(), output.clone()
        x = scheduler.step(output, t, x).prev_sample
out["thresholded.x.10"] = x.clone()
image = 2 * torch.randn((2, 1, 16, 16), generator=torch.Generator().manual_seed(1))
out["thresholding.x"] = image
out["thresholding.out"] = diffusers.DDPMScheduler(thresholding=True, sample_max_value=1.5, dynamic_thresholding_ratio=0.9)._threshold_sample(image)
out["betas.lucidrains-sigmoid"] = torch.load(sys.argv[1], map_location="cpu", weights_only=False)["model"]["betas"].float()
save_file(out, os.path.join(here, "default-like.schedulers.safetensors"), {"runs": json.dumps(described)})
