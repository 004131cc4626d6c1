"""Draws with the original PyTorch code what digits.io.safetensors holds of the embedded model.

usage: digits.io.py IMPROVED_DIFFUSION digits.pt, with torch, numpy and safetensors installed

IMPROVED_DIFFUSION is a clone of https://github.com/openai/improved-diffusion, and digits.pt what `sample convert
Sources/EmbeddedModel/digits.safetensors digits.pt` writes.

`forward.x`, `.t`, `.y` and `.out`: a forward pass of every class. `TAG.sample`, `TAG.pixels`: after torch.manual_seed(12), labels 0 to 9 in one
batch of ten, the original loops with clip_denoised; `ddim50-guidance2` has u + 2 (c - u). `noise`: the x_T of all of them. Pixels are
((x + 1) * 127.5) clamped to 0 to 255 and truncated, as image_sample.py saves them.

A pixel may be undecided between ink and paper until late, and then a last digit of x_T decides how grey it gets. No such image serves as a
reference, so each is drawn again from noise that is off by its last digits. (With seed 11 a pixel of one image moves by 1.5e-3.)
"""

import os
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
from improved_diffusion.script_util import create_gaussian_diffusion  # noqa: E402
from improved_diffusion.unet import UNetModel  # noqa: E402

model = UNetModel(
    in_channels=1, model_channels=32, out_channels=1, num_res_blocks=1, attention_resolutions=(2, 4), channel_mult=(1, 2, 2),
    num_classes=11, num_heads=4, use_scale_shift_norm=True,
).eval()
model.load_state_dict(torch.load(sys.argv[2], weights_only=True))
labels = torch.arange(10)
SEED = 12
out = {}


def guided(scale):
    def predict(x, t, y):
        c, u = model(x, t, y), model(x, t, torch.full_like(y, 10))
        return u + scale * (c - u)

    return predict


with torch.inference_mode():
    torch.manual_seed(5)
    x, t, y = torch.randn(11, 1, 28, 28), torch.linspace(0, 999, 11).round().long(), torch.arange(11)
    out |= {"forward.x": x, "forward.t": t, "forward.y": y, "forward.out": model(x, t, y)}
    torch.manual_seed(SEED)
    noise = out["noise"] = torch.randn(10, 1, 28, 28)
    for tag, respacing, network in [
        ("ddim50", "ddim50", model), ("ddim10", "ddim10", model), ("ddpm50", "50", model), ("ddim50-guidance2", "ddim50", guided(2)),
    ]:
        diffusion = create_gaussian_diffusion(
            steps=1000, sigma_small=True, noise_schedule="cosine", predict_xstart=True, timestep_respacing=respacing
        )
        loop = diffusion.ddim_sample_loop if tag.startswith("ddim") else diffusion.p_sample_loop

        def draw(x_T):
            # The loops draw x_T first, if it is not given; the noise of the steps is the same in both.
            torch.manual_seed(SEED)
            torch.randn(10, 1, 28, 28)
            return loop(network, (10, 1, 28, 28), noise=x_T, clip_denoised=True, model_kwargs={"y": labels}, device=torch.device("cpu"))

        sample = draw(noise)
        torch.manual_seed(1)
        moved = (draw(noise * (1 + 2e-7 * torch.randn(noise.shape))) - sample).abs().max().item()
        print(f"{tag}: moved by {moved:.1e}", flush=True)
        assert moved < 1e-4, "choose another seed"
        out[tag + ".sample"] = sample
        out[tag + ".pixels"] = ((sample + 1) * 127.5).clamp(0, 255).to(torch.uint8)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "digits.io.safetensors")
save_file({name: tensor.contiguous() for name, tensor in out.items()}, path)
