"""The models of the comparison: of the digits model's shape, and of OpenAI's CIFAR-10 and ImageNet-64 models.

The weights are random: speed does not depend on them. The last layers of the residual branches, which would start at zero,
are random too, so that every layer shows in the output.
"""

from collections import OrderedDict

import torch

from unet import UNetModel

CONFIGURATIONS = {
    "digits": dict(
        size=28, in_channels=1, model_channels=32, out_channels=1, num_res_blocks=1, attention_resolutions=[2, 4],
        channel_mult=[1, 2, 2], num_heads=4, num_classes=11,
    ),
    "cifar10": dict(
        size=32, in_channels=3, model_channels=128, out_channels=6, num_res_blocks=3, attention_resolutions=[2, 4],
        channel_mult=[1, 2, 2, 2], num_heads=4,
    ),
    "imagenet64": dict(
        size=64, in_channels=3, model_channels=128, out_channels=6, num_res_blocks=3, attention_resolutions=[4, 8],
        channel_mult=[1, 2, 3, 4], num_heads=4,
    ),
}


def build(name):
    """The model `name`, always with the same weights."""
    configuration = {key: value for key, value in CONFIGURATIONS[name].items() if key != "size"}
    torch.manual_seed(0)
    return UNetModel(**configuration).eval()


def inputs(name, batch):
    """Noise, the middle timestep, and classes in turn: what `sample bench` takes."""
    configuration = CONFIGURATIONS[name]
    size, classes = configuration["size"], configuration.get("num_classes")
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, configuration["in_channels"], size, size, generator=generator)
    timesteps = torch.full([batch], 500.0)
    return (x, timesteps, torch.arange(batch) % classes) if classes else (x, timesteps)


def flags(name):
    """What `sample` must be told of the model."""
    c = CONFIGURATIONS[name]
    resolutions = [c["size"] // factor for factor in c["attention_resolutions"]]
    words = [
        "--image-size", c["size"], "--in-channels", c["in_channels"], "--num-channels", c["model_channels"],
        "--num-res-blocks", c["num_res_blocks"], "--channel-mult", ",".join(map(str, c["channel_mult"])),
        "--num-heads", c["num_heads"], "--attention-resolutions", ",".join(map(str, resolutions)),
        "--learn-sigma", c["out_channels"] != c["in_channels"], "--diffusion-steps", 1000,
    ]
    if "num_classes" in c:
        words += ["--num-classes", c["num_classes"]]
    return [str(word) for word in words]


def chain(channels, layers):
    """3x3 convolutions one behind the other."""
    names = [f"conv{i}" for i in range(layers)]
    return torch.nn.Sequential(
        OrderedDict((name, torch.nn.Conv2d(channels, channels, 3, padding=1)) for name in names)
    ).eval()
