"""Saves small pipelines that draw latents, and draws with them: the files beside this one.

usage: latent.py, with torch, diffusers (0.42.1 made these) and safetensors installed

Weights are random, in half precision to keep the files small; widths are no multiples of 8 or 16. `pipeline` has an AutoencoderKL under `vae`. Of it,
`kl_picture` is decoded from the process's latents `z`, `kl_latents` are the means of the moments of `picture`, times the scaling factor, `latents` are
drawn from `x_T` by DDIM in 3 steps, and `drawn` is decoded from these. `vqvae` is a VQModel for the same network, whose attention has the names of before diffusers
0.15; `vq_picture` and `vq_latents` are its.
"""

import json
import os

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DModel, VQModel
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))


def randomized(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            scale = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
            value = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_((value + 1 if parameter.dim() == 1 and name.endswith("weight") else value).half().float())
    return network.eval()


def save(network, folder):
    network.half().save_pretrained(folder)
    return network.float()


unet = randomized(
    UNet2DModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, attention_head_dim=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D")), 0)
kl = randomized(
    AutoencoderKL(
        block_out_channels=(12, 20), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4,
        norm_num_groups=4, sample_size=16, scaling_factor=0.3), 1)
vq = randomized(
    VQModel(
        block_out_channels=(8, 12), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=3,
        vq_embed_dim=4, num_vq_embeddings=37, norm_num_groups=4, sample_size=16), 2)
with torch.no_grad():
    # Larger than a pixel's distance to the nearest of them, so that rounding matters.
    vq.quantize.embedding.weight.copy_((torch.randn((37, 4), generator=torch.Generator().manual_seed(3)) * 4).half().float())
scheduler = DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False)

pipeline = os.path.join(here, "pipeline")
for network, name in ((unet, "unet"), (kl, "vae")):
    save(network, os.path.join(pipeline, name))
scheduler.save_pretrained(os.path.join(pipeline, "scheduler"))
index = {"_class_name": "LDMPipeline", "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DModel"], "vae": ["diffusers", "AutoencoderKL"]}
with open(os.path.join(pipeline, "model_index.json"), "w") as file:
    file.write(json.dumps(index, indent=2) + "\n")
save(vq, os.path.join(here, "vqvae"))
weights = os.path.join(here, "vqvae", "diffusion_pytorch_model.safetensors")
old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
state = load_file(weights)
for new, name in old.items():
    state = {key.replace("." + new + ".", "." + name + "."): value for key, value in state.items()}
save_file(state, weights, metadata={"format": "pt"})

generator = torch.Generator().manual_seed(4)
x_T, z = (torch.randn((2, 4, 8, 8), generator=generator) for _ in range(2))
picture = torch.rand((2, 3, 16, 16), generator=generator) * 2 - 1
with torch.no_grad():
    latents = x_T
    scheduler.set_timesteps(3)
    for t in scheduler.timesteps:
        latents = scheduler.step(unet(latents, t).sample, t, latents).prev_sample
    factor, vq_factor = kl.config.scaling_factor, vq.config.scaling_factor
    arrays = {
        "x_T": x_T, "z": z, "picture": picture, "latents": latents, "drawn": kl.decode(latents / factor).sample,
        "kl_picture": kl.decode(z / factor).sample, "kl_latents": kl.encode(picture).latent_dist.mean * factor,
        "vq_picture": vq.decode(z / vq_factor).sample, "vq_latents": vq.encode(picture).latents * vq_factor}
save_file({name: value.contiguous() for name, value in arrays.items()}, os.path.join(here, "latent.reference.safetensors"))
