"""Trains a flow with torchcfm's ConditionalFlowMatcher and the original network, which training_flow.safetensors holds.

usage: training_flow.py IMPROVED_DIFFUSION, a checkout of openai/improved-diffusion, with torch, torchcfm, pot and safetensors installed

Once with the noise as it is drawn, and once paired with the images by its plan for optimal transport ("transport.").

The network, its weights (with three channels of its output, the velocity's), images, labels and noise are those of
training_trace.safetensors; t is drawn here. Twenty steps of AdamW on the mean square of what torchcfm's training example minimises.
"""

import os
import sys

import torch
from safetensors.torch import load_file, save_file
from torchcfm.conditional_flow_matching import ConditionalFlowMatcher
from torchcfm.optimal_transport import OTPlanSampler

sys.path.insert(0, sys.argv[1])
from improved_diffusion.unet import UNetModel

here = os.path.dirname(os.path.abspath(__file__))
trace = load_file(os.path.join(here, "training_trace.safetensors"))
weights = torch.load(os.path.join(here, "unet", "improved-scaleshift-class.pt"), map_location="cpu", weights_only=True)
weights = {name: value.float() for name, value in weights.items()}
for name in ("out.2.weight", "out.2.bias"):
    weights[name] = weights[name][:3].clone()
matcher = ConditionalFlowMatcher(sigma=0.0)
planner = OTPlanSampler(method="exact")
out = {}
for prefix in ("", "transport."):
    model = UNetModel(
        in_channels=3, model_channels=32, out_channels=3, num_res_blocks=1, attention_resolutions=(2,), channel_mult=(1, 2), num_heads=4,
        use_scale_shift_norm=True, num_classes=11)
    model.load_state_dict(weights)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    generator = torch.Generator().manual_seed(0)
    losses, norms = [], []
    for step in range(20):
        optimizer.zero_grad()
        t = torch.rand(4, generator=generator)
        # torchcfm's x0 is noise, x1 data.
        noise, data = trace[f"noise.{step}"], trace[f"x.{step}"]
        if prefix:
            # Pairs are a permutation, in the order of the data, so that t and y stay theirs.
            noise = noise[planner.get_map(noise, data).argmax(0)]
        t, x_t, u_t = matcher.sample_location_and_conditional_flow(noise, data, t=t)
        loss = torch.mean((model(x_t, t, y=trace[f"y.{step}"].long()) - u_t) ** 2)
        loss.backward()
        out[f"t.{step}"] = t
        losses.append(loss.item())
        norms.append(torch.sqrt(sum((p.grad**2).sum() for p in model.parameters() if p.grad is not None)).item())
        optimizer.step()
    out[prefix + "losses"], out[prefix + "grad_norms"] = torch.tensor(losses), torch.tensor(norms)
    for key in ("input_blocks.0.0.weight", "middle_block.1.qkv.weight", "out.2.weight", "label_emb.weight"):
        out[prefix + "final." + key] = model.state_dict()[key].clone()
    print(prefix, losses[0], losses[-1])
save_file(out, os.path.join(here, "training_flow.safetensors"))
