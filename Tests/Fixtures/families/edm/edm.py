"""Saves small networks of NVlabs/edm as its trainer does, and draws with each: what the files beside this one hold.

usage: edm.py EDM, a checkout of NVlabs/edm, with torch, numpy, safetensors and what edm imports installed

Weights are random, none left at zero, and have few digits, so that half precision holds them. `x_0` is what `generate.py` draws with seeds from 0 on, before it is
made pixels, `pixels` are these; `labels` are the classes that it draws. `raw` is the inner network at `raw_noise_labels` and `raw_x`.
"""

import copy
import os
import pickle
import sys

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
import generate  # noqa: E402
from training import networks  # noqa: E402

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def randomized(network, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(network.named_parameters()):
        scale = 0.6 * parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
        value = torch.randn(parameter.shape, generator=generator) * scale
        parameter.data = (value + 1 if "norm" in name and name.endswith("weight") else value).half().float()
    for name, buffer in network.named_buffers():
        if name.endswith("freqs"):
            buffer.data = buffer.data.half().float()
    return network.eval().requires_grad_(False)


def half(network):
    network = copy.deepcopy(network)
    for parameter in network.parameters():
        parameter.data = parameter.data.half()
    return network


def make(name, precond, seed, steps, count, churn=0, **settings):
    torch.manual_seed(seed)
    network = randomized(getattr(networks, precond)(16, 3, num_blocks=1, channel_mult=[1, 2], attn_resolutions=[8], **settings), seed)
    saved = half(network)
    data = dict(ema=saved, loss_fn=None, augment_pipe=None, dataset_kwargs=dict(max_size=np.int64(50000), resolution=16))
    with open(os.path.join(here, name + ".pkl"), "wb") as file:
        pickle.dump(data, file)
    stream = generate.StackedRandomGenerator("cpu", range(count))
    latents = stream.randn([count, 3, 16, 16])
    reference, labels = {}, None
    if network.label_dim:
        reference["labels"] = stream.randint(network.label_dim, size=[count])
        labels = torch.eye(network.label_dim)[reference["labels"]]
    x_0 = generate.edm_sampler(network, latents, labels, randn_like=stream.randn_like, num_steps=steps, S_churn=churn)
    noise = torch.randn((2, 3, 16, 16), generator=torch.Generator().manual_seed(5))
    levels = torch.tensor([1.7, -0.3])
    reference.update(
        x_0=x_0.float(),
        pixels=(x_0 * 127.5 + 128).clip(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous(),
        raw_x=noise,
        raw_noise_labels=levels,
        raw=network.model(noise, levels, None if labels is None else labels[:2]),
    )
    save_file(reference, os.path.join(here, name + ".reference.safetensors"))
    print(name, sum(p.numel() for p in network.parameters()), float(x_0.abs().max()))
    return saved


song, ncsn = dict(model_type="SongUNet", model_channels=8), dict(embedding_type="fourier", channel_mult_noise=2, resample_filter=[1, 3, 3, 1])
network = make("ddpmpp-edm", "EDMPrecond", 1, 18, 3, churn=40, label_dim=5, augment_dim=9, use_fp16=True, **song)
torch.save(dict(net=network, optimizer_state={"state": {}, "param_groups": []}), os.path.join(here, "training-state-000001.pt"))
torch.save(network.state_dict(), os.path.join(here, "state_dict.pt"))
make("ncsnpp-ve", "VEPrecond", 2, 5, 2, encoder_type="residual", decoder_type="skip", **song, **ncsn)
make("skip-iddpm", "iDDPMPrecond", 3, 18, 2, churn=20, encoder_type="skip", decoder_type="skip", label_dim=3, **song, **ncsn)
make("adm-vp", "VPPrecond", 4, 5, 2, label_dim=5, model_type="DhariwalUNet", model_channels=12)
