"""Saves small networks as yang-song/score_sde_pytorch's trainer does, and evaluates them: the files beside this one.

usage: score_sde.py SCORE_SDE, a checkout of yang-song/score_sde_pytorch, with torch, numpy, ml_collections and safetensors installed

Weights are random, the average's others than the raw ones, in half precision to keep the files small. `out` is the average's output for `x` at the noise
levels or timesteps `t`, and `score` what the code base's score function makes of it.
"""

import os
import sys
import types

import numpy as np
import torch
from ml_collections import ConfigDict
from safetensors.torch import save_file
from torch.nn import functional as F

sys.path.insert(0, sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))


def upfirdn2d(x, kernel, up=1, down=1, pad=(0, 0)):
    """The code base's operation, which it compiles for a GPU, by its definition: zeros between, zeros around, the filter, and every nth pixel."""
    n, c, h, w = x.shape
    z = torch.zeros(n, c, h * up, w * up)
    z[:, :, ::up, ::up] = x
    z = F.pad(z, (pad[0], pad[1], pad[0], pad[1]))
    k = torch.flip(kernel.float(), [0, 1]).expand(c, 1, *kernel.shape)
    return F.conv2d(z, k, groups=c)[:, :, ::down, ::down]


sys.modules["op"] = types.ModuleType("op")
sys.modules["op"].upfirdn2d = upfirdn2d
import sde_lib
from models import ddpm, ncsnpp, utils
from models.ema import ExponentialMovingAverage


def configuration(name, sde, continuous, **model):
    values = dict(
        name=name, sigma_max=50.0, sigma_min=0.01, num_scales=1000, beta_min=0.1, beta_max=20.0, dropout=0.0, embedding_type="positional", nf=16,
        ch_mult=(1, 2), num_res_blocks=1, attn_resolutions=(8,), resamp_with_conv=True, conditional=True, fir=False, fir_kernel=[1, 3, 3, 1],
        skip_rescale=True, resblock_type="biggan", progressive="none", progressive_input="none", progressive_combine="sum", init_scale=0.0,
        fourier_scale=16, conv_size=3, normalization="GroupNorm", nonlinearity="swish", scale_by_sigma=False, ema_rate=0.999)
    return ConfigDict(
        dict(model={**values, **model}, data=dict(image_size=16, centered=sde != "vesde", num_channels=3), training=dict(sde=sde, continuous=continuous)))


networks = {
    "ddpm-vp": configuration("ddpm", "vpsde", False, nf=32, ch_mult=(1, 1)),
    "ddpmpp-vp-continuous": configuration("ncsnpp", "vpsde", True),
    "ncsnpp-ve-continuous": configuration(
        "ncsnpp", "vesde", True, embedding_type="fourier", fir=True, progressive_input="residual", scale_by_sigma=True,
        ch_mult=(1, 1)),
    "ncsnpp-ve-256": configuration(
        "ncsnpp", "vesde", True, embedding_type="fourier", fir=True, progressive="output_skip", progressive_input="input_skip", scale_by_sigma=True,
        ch_mult=(1, 1, 2), sigma_max=348.0, num_scales=2000),
}
for number, (name, config) in enumerate(networks.items()):
    generator = torch.Generator().manual_seed(number)
    model = torch.nn.DataParallel(utils.get_model(config.model.name)(config)).eval()

    def randomize():
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                scale = 16 if key.endswith("all_modules.0.W") else parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
                value = torch.randn(parameter.shape, generator=generator) * scale
                isNorm = "GroupNorm" in key or parameter.dim() == 1 and key.endswith(".weight")
                parameter.copy_((value + 1 if isNorm and key.endswith("weight") else value).half().float())

    randomize()
    raw = {key: value.half() if value.dtype == torch.float32 else value.clone() for key, value in model.state_dict().items()}
    frequencies = model.module.all_modules[0].W.clone() if config.model.embedding_type == "fourier" else None
    randomize()
    if frequencies is not None:
        model.module.all_modules[0].W.data.copy_(frequencies)
    average = ExponentialMovingAverage(model.parameters(), decay=0.999)
    average.num_updates = 5
    state = average.state_dict()
    state["shadow_params"] = [value.half() for value in state["shadow_params"]]
    saved = {"optimizer": {"state": {}, "param_groups": []}, "model": raw, "ema": state, "step": 5}
    if name != "ncsnpp-ve-continuous":
        # As people strip files to save room: the average alone, under the model's names.
        saved = {key: value.half() if value.dtype == torch.float32 else value for key, value in model.state_dict().items()}
    torch.save(saved, os.path.join(here, name + ".pth"))

    x = torch.rand((2, 3, 16, 16), generator=generator)
    t = torch.tensor([0.3, 0.8])
    m = config.model
    if config.training.sde == "vesde":
        sde, told = sde_lib.VESDE(m.sigma_min, m.sigma_max, m.num_scales), m.sigma_min * (m.sigma_max / m.sigma_min) ** t
    else:
        sde, told = sde_lib.VPSDE(m.beta_min, m.beta_max, m.num_scales), t * 999
    with torch.no_grad():
        out = model(x, told)
        score = utils.get_score_fn(sde, model, continuous=config.training.continuous)(x, t)
    save_file({"x": x, "t": t, "told": told, "out": out.contiguous(), "score": score.contiguous()}, os.path.join(here, name + ".reference.safetensors"))
    print(name, float(out.abs().max()), sum(p.numel() for p in model.parameters()))
