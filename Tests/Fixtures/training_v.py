"""Trains with the original code, but for v in place of the noise, what training_v.safetensors holds.

usage: training_v.py IMPROVED_DIFFUSION, a checkout of openai/improved-diffusion, with torch and safetensors installed

The network, its weights and the inputs are those of training_trace.safetensors: twenty steps of AdamW on the hybrid loss
(rescaled MSE and variational bound), cosine and sigmoid schedules of 1,000 steps, rescaled timesteps. Only what the network
predicts is another: v = sqrt(abar) eps - sqrt(1 - abar) x0 (Salimans & Ho 2022, appendix D). The betas of the sigmoid schedule are
those of lucidrains' code (default-like.schedulers.safetensors).
"""

import os
import sys

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, sys.argv[1])
from improved_diffusion import gaussian_diffusion as gd
from improved_diffusion.respace import SpacedDiffusion
from improved_diffusion.unet import UNetModel

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)


class Velocity(SpacedDiffusion):
    """The original's process with a network that predicts v: x0 = sqrt(abar) x - sqrt(1 - abar) v."""

    def _predict_xstart_from_eps(self, x_t, t, eps):
        scale = lambda values: gd._extract_into_tensor(values, t, x_t.shape)
        return scale(self.sqrt_alphas_cumprod) * x_t - scale(self.sqrt_one_minus_alphas_cumprod) * eps

    def hybrid(self, model, x_start, t, y, noise):
        x_t = self.q_sample(x_start, t, noise=noise)
        output, values = torch.split(model(x_t, self._scale_timesteps(t), y=y), x_t.shape[1], dim=1)
        frozen = torch.cat([output.detach(), values], dim=1)
        bound = self._vb_terms_bpd(lambda *args, **kw: frozen, x_start, x_t, t, clip_denoised=False)["output"]
        scale = lambda table: gd._extract_into_tensor(table, t, x_t.shape)
        target = scale(self.sqrt_alphas_cumprod) * noise - scale(self.sqrt_one_minus_alphas_cumprod) * x_start
        squared = ((target - output) ** 2).mean(dim=(1, 2, 3))
        return squared + bound * (self.num_timesteps / 1000.0)


trace = load_file(os.path.join(here, "training_trace.safetensors"))
weights = torch.load(os.path.join(here, "unet", "improved-scaleshift-class.pt"), map_location="cpu", weights_only=True)
settings = dict(
    in_channels=3, model_channels=32, out_channels=6, num_res_blocks=1, attention_resolutions=(2,), channel_mult=(1, 2), num_heads=4,
    use_scale_shift_norm=True, num_classes=11)
lucidrains = load_file(os.path.join(here, "diffusers", "default-like.schedulers.safetensors"))["betas.lucidrains-sigmoid"]
schedules = {"cosine": gd.get_named_beta_schedule("cosine", 1000), "sigmoid": lucidrains.double().numpy()}
out = {}
for name, betas in schedules.items():
    model = UNetModel(**settings)
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    diffusion = Velocity(
        use_timesteps=range(1000), betas=betas, model_mean_type=gd.ModelMeanType.EPSILON,
        model_var_type=gd.ModelVarType.LEARNED_RANGE, loss_type=gd.LossType.RESCALED_MSE, rescale_timesteps=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    losses, norms = [], []
    for step in range(20):
        optimizer.zero_grad()
        take = lambda key: trace[f"{key}.{step}"]
        loss = diffusion.hybrid(model, take("x"), take("t").long(), take("y").long(), take("noise")).mean()
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.sqrt(sum((p.grad**2).sum() for p in model.parameters() if p.grad is not None)).item())
        optimizer.step()
    out[f"{name}.losses"], out[f"{name}.grad_norms"] = torch.tensor(losses), torch.tensor(norms)
    state = model.state_dict()
    for key in ("input_blocks.0.0.weight", "middle_block.1.qkv.weight", "out.2.weight", "label_emb.weight"):
        out[f"{name}.final.{key}"] = state[key].clone()
    print(name, losses[0], losses[-1])
save_file(out, os.path.join(here, "training_v.safetensors"))
