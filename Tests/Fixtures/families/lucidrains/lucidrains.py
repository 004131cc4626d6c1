"""Saves small networks of denoising-diffusion-pytorch as its trainer does, and draws with each: what the files beside this one hold.

usage: lucidrains.py FOLDER, with an unpacked release from PyPI in FOLDER/0.27.12, FOLDER/1.7.1, FOLDER/2.2.6 and FOLDER/2.3.4, and torch, einops,
ema-pytorch and safetensors installed

Weights are random, none left at zero, in half precision to keep the files small; the raw weights are the average's. `out` is the network at `x` and
`t`, with `classes` or `self_cond` where it takes them. `sample` is what the code base's own sampler draws after torch.manual_seed(7), in -1 to 1.
"""

import importlib
import os
import sys
from unittest.mock import MagicMock

import torch
from ema_pytorch import EMA
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
for name in ["torchvision", "accelerate", "scipy", "scipy.optimize", "pytorch_fid", "pytorch_fid.fid_score", "pytorch_fid.inception"]:
    # What only training uses.
    sys.modules[name] = MagicMock()
small = {"dim": 8, "dim_mults": (1, 2)}


def release(number, name):
    for loaded in [m for m in sys.modules if m.startswith("denoising_diffusion_pytorch")]:
        del sys.modules[loaded]
    sys.modules["denoising_diffusion_pytorch"] = package = type(sys)("denoising_diffusion_pytorch")
    package.__path__ = [os.path.join(sys.argv[1], number, "denoising_diffusion_pytorch")]
    return importlib.import_module("denoising_diffusion_pytorch." + name)


def randomized(network, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            isGain = name.endswith(".g") or name.endswith("norm.weight")
            scale = 0.3 if isGain or parameter.dim() < 2 else 1 if "mem_kv" in name else parameter[0].numel() ** -0.5
            value = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_((value + 1 if isGain else value).half().float())
    return network.eval()


def make(file, number, module=None, wrapper=None, size=8, **settings):
    main = "denoising_diffusion_pytorch"
    loaded = release(number, module or main)
    process = {k: settings.pop(k) for k in ["timesteps", "sampling_timesteps", "num_sample_steps", "beta_schedule", "objective"] if k in settings}
    network = randomized(loaded.Unet(**small, **settings), len(file))
    holder = getattr(release(number, wrapper[0]), wrapper[1]) if wrapper else loaded.GaussianDiffusion
    channels = settings.get("channels", 3)
    diffusion = holder(network, image_size=size, **({"channels": channels} if wrapper and "lucid" in wrapper[0] else {}), **process).eval()
    generator = torch.Generator().manual_seed(1)
    x, t = torch.randn((2, channels, size, size), generator=generator), torch.tensor([3.0, 37.0])
    reference = {"x": x, "t": t}
    arguments = []
    if "num_classes" in settings:
        reference["classes"] = torch.tensor([1.0, 2.0])
        arguments = [torch.tensor([1, 2])]
    if settings.get("self_condition"):
        reference["self_cond"] = torch.randn(x.shape, generator=generator)
        arguments = [reference["self_cond"]]
    with torch.no_grad():
        keywords = {"cond_drop_prob": 0.0} if "num_classes" in settings else {}
        reference["out"] = network(x, t, *arguments, **keywords)
        torch.manual_seed(7)
        drawn = diffusion.sample(classes=arguments[0]) if "num_classes" in settings else diffusion.sample(batch_size=2)
    reference["sample"] = 2 * drawn - 1
    save_file({name: value.contiguous() for name, value in reference.items()}, os.path.join(here, file + ".reference.safetensors"))
    # float32 tables, which have no digits to spare.
    state = {name: value.half() if name.startswith(("model.", "net.")) else value for name, value in diffusion.state_dict().items()}
    if "num_classes" in settings:
        torch.save(state, os.path.join(here, file + ".pt"))
    else:
        average = EMA(diffusion, beta=0.995, update_every=10)
        kept = {name: value for name, value in average.state_dict().items() if name in ("initted", "step")}
        kept.update({"online_model." + name: value for name, value in state.items()})
        kept.update({"ema_model." + name: value for name, value in state.items()})
        saved = {"step": 1, "model": state, "opt": {}, "ema": kept, "scaler": None}
        if int(number[0]) > 0:
            saved["version"] = number
        torch.save(saved, os.path.join(here, file + ".pt"))
    print(file, sum(p.numel() for p in network.parameters()), float(drawn.abs().max()))


make("old", "0.27.12", timesteps=40, beta_schedule="linear")
make("standardized", "1.7.1", sampling_timesteps=5, objective="pred_v")
make("self-conditioned", "2.3.4", self_condition=True, channels=1, sampling_timesteps=5)
make("learned-variance", "2.2.6", wrapper=("learned_gaussian_diffusion", "LearnedGaussianDiffusion"), learned_variance=True, timesteps=40)
make("elucidated", "2.2.6", wrapper=("elucidated_diffusion", "ElucidatedDiffusion"), learned_sinusoidal_cond=True, num_sample_steps=5)
make("classes", "2.3.4", module="classifier_free_guidance", num_classes=3, timesteps=40, beta_schedule="linear")
