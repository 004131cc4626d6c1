"""The UNet of improved-diffusion in plain PyTorch, with its names, so that state dicts fit both it and `sample`.

Written for the comparison: what PyTorch, ONNX Runtime, OpenVINO and ncnn are given to run.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def normalization(channels):
    return nn.GroupNorm(32, channels)


class ResBlock(nn.Module):
    """x -> skip(x) + conv(SiLU(norm(conv(SiLU(norm(x)))) scaled and shifted by the timestep embedding))."""

    def __init__(self, channels, emb_channels, out_channels):
        super().__init__()
        self.in_layers = nn.Sequential(
            normalization(channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(emb_channels, 2 * out_channels))
        self.out_layers = nn.Sequential(
            normalization(out_channels), nn.SiLU(), nn.Identity(), nn.Conv2d(out_channels, out_channels, 3, padding=1)
        )
        same = channels == out_channels
        self.skip_connection = nn.Identity() if same else nn.Conv2d(channels, out_channels, 1)

    def forward(self, x, emb):
        h = self.in_layers(x)
        scale, shift = self.emb_layers(emb)[:, :, None, None].chunk(2, dim=1)
        h = self.out_layers[0](h) * (1 + scale) + shift
        return self.skip_connection(x) + self.out_layers[1:](h)


class AttentionBlock(nn.Module):
    """x -> x + proj_out(attention(qkv(norm(x)))) over all positions."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.norm = normalization(channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x, emb):
        n, c, height, width = x.shape
        flat = x.reshape(n, c, height * width)
        # Head by head: query, key and value, one behind the other.
        q, k, v = self.qkv(self.norm(flat)).reshape(n, self.heads, 3 * c // self.heads, -1).chunk(3, dim=2)
        scale = 1 / math.sqrt(math.sqrt(c // self.heads))
        weights = torch.softmax((q * scale).transpose(-1, -2) @ (k * scale), dim=-1)
        h = (v @ weights.transpose(-1, -2)).reshape(n, c, -1)
        return (flat + self.proj_out(h)).reshape(n, c, height, width)


class Conv(nn.Conv2d):
    def forward(self, x, emb):
        return super().forward(x)


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x, emb):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, emb):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class TimestepEmbedSequential(nn.Sequential):
    def forward(self, x, emb):
        for layer in self:
            x = layer(x, emb)
        return x


class UNetModel(nn.Module):
    """[N, in_channels, H, W], timesteps [N] and perhaps labels [N] -> [N, out_channels, H, W]."""

    def __init__(
        self, in_channels, model_channels, out_channels, num_res_blocks, attention_resolutions, channel_mult, num_heads,
        num_classes=None,
    ):
        super().__init__()
        self.model_channels = model_channels
        emb = 4 * model_channels
        self.time_embed = nn.Sequential(nn.Linear(model_channels, emb), nn.SiLU(), nn.Linear(emb, emb))
        if num_classes:
            self.label_emb = nn.Embedding(num_classes, emb)
        blocks = [TimestepEmbedSequential(Conv(in_channels, model_channels, 3, padding=1))]
        channels = [model_channels]
        ch = model_channels
        for level, mult in enumerate(channel_mult):
            for _ in range(num_res_blocks):
                layers = [ResBlock(ch, emb, mult * model_channels)]
                ch = mult * model_channels
                if 2**level in attention_resolutions:
                    layers.append(AttentionBlock(ch, num_heads))
                blocks.append(TimestepEmbedSequential(*layers))
                channels.append(ch)
            if level < len(channel_mult) - 1:
                blocks.append(TimestepEmbedSequential(Downsample(ch)))
                channels.append(ch)
        self.input_blocks = nn.ModuleList(blocks)
        self.middle_block = TimestepEmbedSequential(
            ResBlock(ch, emb, ch), AttentionBlock(ch, num_heads), ResBlock(ch, emb, ch)
        )
        blocks = []
        for level, mult in reversed(list(enumerate(channel_mult))):
            for i in range(num_res_blocks + 1):
                layers = [ResBlock(ch + channels.pop(), emb, mult * model_channels)]
                ch = mult * model_channels
                if 2**level in attention_resolutions:
                    layers.append(AttentionBlock(ch, num_heads))
                if level > 0 and i == num_res_blocks:
                    layers.append(Upsample(ch))
                blocks.append(TimestepEmbedSequential(*layers))
        self.output_blocks = nn.ModuleList(blocks)
        self.out = nn.Sequential(normalization(ch), nn.SiLU(), nn.Conv2d(ch, out_channels, 3, padding=1))

    def forward(self, x, timesteps, labels=None):
        half = self.model_channels // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
        angles = timesteps[:, None] * frequencies[None]
        emb = self.time_embed(torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1))
        if labels is not None:
            emb = emb + self.label_emb(labels)
        h = x
        skips = []
        for block in self.input_blocks:
            h = block(h, emb)
            skips.append(h)
        h = self.middle_block(h, emb)
        for block in self.output_blocks:
            h = block(torch.cat([h, skips.pop()], dim=1), emb)
        return self.out(h)
