"""Saves a small network as facebookresearch/flow_matching's trainer does, and draws with it: flow-matching.pth and its reference.

usage: flow_matching.py FLOW_MATCHING, a checkout of facebookresearch/flow_matching, with torch and safetensors installed

The weights are random, the average's others than the raw ones, in half precision to keep the file small. Five steps of Euler's method from
`noise`, of the average, as the trainer evaluates it.
"""

import argparse
import os
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(sys.argv[1], "examples", "image"))
from models.ema import EMA
from models.unet import UNetModel

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)
model = UNetModel(
    in_channels=3, model_channels=32, out_channels=3, num_res_blocks=1, attention_resolutions=[1], channel_mult=[1], num_classes=5, num_heads=4,
    num_head_channels=16, use_scale_shift_norm=True, resblock_updown=True, use_new_attention_order=True)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_((parameter + 0.05 * torch.randn_like(parameter)).half().float())
model = EMA(model, 0.999)
with torch.no_grad():
    for shadow in model.shadow_params:
        shadow.copy_((shadow + 0.05 * torch.randn_like(shadow)).half().float())
arguments = argparse.Namespace(dataset="imagenet", use_ema=True, discrete_flow_matching=False, skewed_timesteps=False, edm_schedule=False)
saved = {
    "model": {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()},
    "optimizer": {"state": {}, "param_groups": []}, "lr_schedule": {"last_epoch": 1}, "epoch": 2, "scaler": {"scale": 1.0}, "args": arguments}
torch.save(saved, os.path.join(here, "flow-matching.pth"))
model.eval()
noise, labels = torch.randn(2, 3, 16, 16), torch.tensor([1, 3])
with torch.no_grad():
    x = noise.clone()
    for i in range(5):
        x = x + 0.2 * model(x, torch.full((2,), i / 5), extra={"label": labels})
    guided = noise.clone()
    for i in range(5):
        t = torch.full((2,), i / 5)
        guided = guided + 0.2 * (2.5 * model(guided, t, extra={"label": labels}) - 1.5 * model(guided, t, extra={}))
save_file({"noise": noise, "euler5": x, "guided5": guided}, os.path.join(here, "flow-matching.reference.safetensors"))
print(float(x.abs().max()), float(guided.abs().max()))
