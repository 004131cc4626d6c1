"""The networks of the families, in the families' own code, with random weights and saved as their own trainers save them.

What starts at zero is random too, so that every layer shows in the output. CHECKOUTS are folders of code bases that are not on PyPI.
"""

import dataclasses
import importlib
import os
import pickle
import sys
import types
from typing import Callable

import torch


@dataclasses.dataclass
class Network:
    family: str
    title: str
    size: int
    # Makes the module with no weights read, given the folder of a checkout, if it needs one.
    make: Callable
    # Saves the module in a folder, and returns what `sample` opens.
    save: Callable
    # What the module is called with: pictures, noise levels or timesteps, and classes.
    call: Callable = lambda module, x, t, labels: module(x, t)
    checkout: str | None = None
    flags: tuple = ()
    batches: tuple = (1, 16)
    channels: int = 3
    # Half of the process's steps, which `sample bench` tells the network.
    timestep: float = 500
    classes: int | None = None


def randomize(module):
    """Draws anew what was initialised with zeros, or nearly so."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1 and parameter.std() < 0.1 * parameter[0].numel() ** -0.5:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * parameter[0].numel() ** -0.5)
            elif parameter.dim() == 1 and parameter.abs().max() == 0:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return module.eval().requires_grad_(False)


def imported(folder, name):
    """A module of a checkout, without what its packages import for training."""
    parts = name.split(".")
    sys.path.insert(0, folder)
    for i in range(1, len(parts)):
        package = ".".join(parts[:i])
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [os.path.join(folder, *parts[:i])]
    module = importlib.import_module(name)
    sys.path.pop(0)
    for loaded in [other for other in sys.modules if other.split(".")[0] == parts[0]]:
        del sys.modules[loaded]
    return module


def saved(name, values):
    """A function that saves what `values` makes of the module."""

    def save(module, folder):
        torch.save(values(module), os.path.join(folder, name))
        return os.path.join(folder, name)

    return save


def prefixed(prefix, module):
    return {prefix + name: value for name, value in module.state_dict().items()}


def lucidrains(_):
    from denoising_diffusion_pytorch import Unet

    return Unet(dim=64, dim_mults=(1, 2, 4, 8))


def lucidrains_file(module):
    import denoising_diffusion_pytorch
    from denoising_diffusion_pytorch.version import __version__
    from ema_pytorch import EMA

    diffusion = denoising_diffusion_pytorch.GaussianDiffusion(module, image_size=64)
    average = EMA(diffusion, beta=0.995, update_every=10)
    return {"step": 1, "model": diffusion.state_dict(), "opt": {}, "ema": average.state_dict(), "scaler": None, "version": __version__}


def edm(model_type, size, **settings):
    """A preconditioned network, of which the inner one is timed."""

    def make(folder):
        # Its objects are pickled by the names of its modules, which therefore stay.
        if folder not in sys.path:
            sys.path.insert(0, folder)
        networks = importlib.import_module("training.networks")
        torch.manual_seed(0)
        return networks.EDMPrecond(size, 3, model_type=model_type, **settings)

    return make


def edm_save(module, folder):
    path = os.path.join(folder, "network-snapshot-000001.pkl")
    with open(path, "wb") as file:
        pickle.dump(dict(ema=module, loss_fn=None, augment_pipe=None, dataset_kwargs={}), file)
    return path


def edm_call(module, x, t, labels):
    return module.model(x, t, None if labels is None else torch.eye(module.label_dim)[labels])


def score_sde(folder):
    # Its resampling is compiled for GPUs, and plain PyTorch on CPUs.
    from torch.utils import cpp_extension

    cpp_extension.load = lambda *arguments, **keywords: None
    sys.path.insert(0, folder)
    config = importlib.import_module("configs.ve.cifar10_ncsnpp_continuous").get_config()
    importlib.import_module("models.ncsnpp")
    utils, ema = importlib.import_module("models.utils"), importlib.import_module("models.ema")
    sys.path.pop(0)
    module = utils.get_model(config.model.name)(config)
    module.average = lambda: ema.ExponentialMovingAverage(module.parameters(), decay=0.999)
    for loaded in [name for name in sys.modules if name.split(".")[0] in ("models", "configs", "op", "sde_lib")]:
        del sys.modules[loaded]
    return module


def score_sde_file(module):
    # Parameters that take no gradients are left out of the average.
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name != "all_modules.0.W")
    average = module.average().state_dict()
    module.requires_grad_(False)
    return {"optimizer": {"state": {}, "param_groups": []}, "model": prefixed("module.", module), "ema": average, "step": 1}


def diffusers(**configuration):
    def make(_):
        from diffusers import UNet2DModel

        return UNet2DModel(**configuration)

    return make


def ncsnpp_save(module, folder):
    from diffusers import ScoreSdeVePipeline, ScoreSdeVeScheduler

    ScoreSdeVePipeline(module, ScoreSdeVeScheduler(num_train_timesteps=1000)).save_pretrained(folder)
    return folder


def ddpm_save(module, folder):
    from diffusers import DDPMPipeline, DDPMScheduler

    DDPMPipeline(module, DDPMScheduler()).save_pretrained(folder)
    return folder


def diffusers_call(module, x, t, labels):
    return module(x, t).sample


def sr3(folder):
    return imported(folder, "model.sr3_modules.unet").UNet(
        in_channel=6, out_channel=3, inner_channel=64, norm_groups=32, channel_mults=(1, 2, 4, 8, 8), attn_res=(16,), res_blocks=2,
        image_size=128)


def palette(folder):
    return imported(folder, "models.guided_diffusion_modules.unet").UNet(
        image_size=128, in_channel=6, inner_channel=64, out_channel=3, res_blocks=2, attn_res=[16], channel_mults=(1, 2, 4, 8),
        num_head_channels=32)


def conditional_call(module, x, t, labels):
    """Behind a grey condition, as `sample bench` has it."""
    return module(torch.cat([torch.zeros_like(x), x], 1), t[:, None])


def sr3_file(module):
    return {**prefixed("denoise_fn.", module), "betas": torch.linspace(1e-6, 1e-2, 2000)}


def palette_file(module):
    return {**prefixed("denoise_fn.", module), "gammas": torch.zeros(2000)}


def monai(_):
    from monai.networks.nets import DiffusionModelUNet

    return DiffusionModelUNet(
        spatial_dims=2, in_channels=1, out_channels=1, channels=(64, 128, 256), attention_levels=(False, True, True), num_res_blocks=1,
        num_head_channels=64)


song = dict(model_channels=128, channel_mult=[2, 2, 2], augment_dim=9)
NETWORKS = {
    "lucidrains": Network(
        "denoising-diffusion-pytorch", "Unet(64, dim_mults=(1, 2, 4, 8))", 64, lucidrains, saved("model-1.pt", lucidrains_file)),
    "edm-ddpmpp": Network(
        "edm", "SongUNet, DDPM++ for CIFAR-10", 32, edm("SongUNet", 32, **song), edm_save, edm_call, "edm"),
    "edm-ncsnpp": Network(
        "edm", "SongUNet, NCSN++ for CIFAR-10", 32,
        edm("SongUNet", 32, embedding_type="fourier", channel_mult_noise=2, encoder_type="residual", resample_filter=[1, 3, 3, 1], **song),
        edm_save, edm_call, "edm"),
    "edm-adm": Network(
        "edm", "DhariwalUNet for ImageNet-64", 64, edm("DhariwalUNet", 64, label_dim=1000), edm_save, edm_call, "edm", classes=1000),
    "score_sde": Network(
        "score_sde", "ve/cifar10_ncsnpp_continuous", 32, score_sde, saved("checkpoint_1.pth", score_sde_file), checkout="score_sde"),
    "diffusers-ncsnpp": Network(
        "diffusers-ncsnpp", "as google/ncsnpp-celebahq-256", 256,
        diffusers(
            sample_size=256, block_out_channels=(128, 128) + 5 * (256,), layers_per_block=2, time_embedding_type="fourier", norm_eps=1e-6,
            down_block_types=4 * ("SkipDownBlock2D",) + ("AttnSkipDownBlock2D",) + 2 * ("SkipDownBlock2D",),
            up_block_types=2 * ("SkipUpBlock2D",) + ("AttnSkipUpBlock2D",) + 4 * ("SkipUpBlock2D",), center_input_sample=True,
            norm_num_groups=None, mid_block_scale_factor=2**0.5, attention_head_dim=None),
        ncsnpp_save, diffusers_call, batches=(1,)),
    "sr3": Network(
        "sr3", "16 to 128", 128, sr3, saved("I10_E1_gen.pth", sr3_file), conditional_call, "sr3", timestep=1000),
    "palette": Network(
        "palette", "as for CelebA-HQ, at half the size", 128, palette, saved("1_Network_ema.pth", palette_file), conditional_call, "palette"),
    "monai": Network(
        "monai", "DiffusionModelUNet(64, 128, 256)", 64, monai, saved("model.pth", lambda module: module.state_dict()),
        flags=("--num-head-channels", "64"), channels=1),
    "ddim": Network(
        "diffusers", "google/ddpm-cifar10-32, which is ddim's", 32,
        diffusers(
            sample_size=32, block_out_channels=(128, 256, 256, 256), layers_per_block=2, attention_head_dim=None, downsample_padding=0,
            flip_sin_to_cos=False, freq_shift=1, norm_eps=1e-6,
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D")),
        ddpm_save, diffusers_call),
}
