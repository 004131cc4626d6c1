"""Saves two small NCSN++ as diffusers does, and evaluates them: ncsnpp-like, whose configuration has google's values, and ncsnpp-other, which has others.

usage: ncsnpp.py, with torch, diffusers and safetensors installed

Weights are random, in half precision to keep the files small. `out` is the network's output for `x` in 0 to 1 at the noise levels `sigma`.
"""

import os

import torch
from diffusers import ScoreSdeVePipeline, ScoreSdeVeScheduler, UNet2DModel
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
common = dict(
    sample_size=16, block_out_channels=(32, 32), layers_per_block=1, time_embedding_type="fourier", norm_eps=1e-6,
    down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D"), up_block_types=("AttnSkipUpBlock2D", "SkipUpBlock2D"))
variants = {
    "ncsnpp-like": dict(center_input_sample=True, norm_num_groups=None, mid_block_scale_factor=1.41421356237, attention_head_dim=None),
    "ncsnpp-other": dict(center_input_sample=False, norm_num_groups=8, mid_block_scale_factor=1, attention_head_dim=8),
}
for number, (name, settings) in enumerate(variants.items()):
    generator = torch.Generator().manual_seed(number)
    network = UNet2DModel(**common, **settings).eval()
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            scale = 16 if key == "time_proj.weight" else parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
            value = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_((value + 1 if "norm" in key and key.endswith("weight") else value).half().float())
    x, sigma = torch.rand((2, 3, 16, 16), generator=generator), torch.tensor([0.3, 40.0])
    with torch.no_grad():
        out = network(x, sigma).sample
    save_file({"x": x, "sigma": sigma, "out": out.contiguous()}, os.path.join(here, name + ".io.safetensors"))
    print(name, float(out.abs().max()), sum(p.numel() for p in network.parameters()))
    ScoreSdeVePipeline(network.half(), ScoreSdeVeScheduler(num_train_timesteps=20)).save_pretrained(os.path.join(here, name))
