#!/usr/bin/env python3
"""Makes tiny models of the kinds that diffusers users hold, with random weights, and what diffusers draws with them.

usage: make.py [NAME ...], in a scratch folder, with diffusers 0.42.1, torch, safetensors and scipy installed

Writes zoo-diffusers/NAME (the folder as save_pretrained leaves it), zoo-diffusers/ref/NAME/*.npy and zoo-diffusers/cases.json.
"""
import copy, inspect, json, math, os, shutil, sys, warnings
import numpy as np
import torch
torch.set_num_threads(1)
warnings.filterwarnings("ignore")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import diffusers
from diffusers import (
    UNet2DModel, UNet2DConditionModel, UNet1DModel, VQModel, AutoencoderKL, DiTTransformer2DModel, DDPMPipeline, LDMPipeline, ConsistencyModelPipeline, ScoreSdeVePipeline, DDPMScheduler, DDIMScheduler, PNDMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler, EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, HeunDiscreteScheduler, CMStochasticIterativeScheduler, EDMEulerScheduler, FlowMatchEulerDiscreteScheduler, ScoreSdeVeScheduler, RePaintScheduler, KDPM2DiscreteScheduler, KDPM2AncestralDiscreteScheduler, LMSDiscreteScheduler, DEISMultistepScheduler, DPMSolverSinglestepScheduler, IPNDMScheduler, LCMScheduler, TCDScheduler, SASolverScheduler, EDMDPMSolverMultistepScheduler, DDIMInverseScheduler, DDPMParallelScheduler, DDIMParallelScheduler, UnCLIPScheduler, DPMSolverMultistepInverseScheduler, CosineDPMSolverMultistepScheduler, FlowMatchHeunDiscreteScheduler, SCMScheduler, DDPMWuerstchenScheduler)
from diffusers.utils import logging as dlog
dlog.set_verbosity_error()
from safetensors.torch import load_file, save_file

ROOT = "zoo-diffusers"
REF = ROOT + "/ref"
only = set(sys.argv[1:])
cases = []
if only and os.path.exists(ROOT + "/cases.json"):
    cases = [c for c in json.load(open(ROOT + "/cases.json")) if c["name"] not in only]


# ---- networks ---------------------------------------------------------------------------------------------------
def randomise(net, seed=0):
    """Every parameter random, none zero, and a last layer such that what comes out is about as large as noise."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if p.ndim == 1:
                scale = 0.3
                p.copy_(torch.randn(p.shape, generator=g) * scale + (1.0 if ("norm" in name and name.endswith("weight")) else 0.0))
            else:
                fan = p[0].numel()
                p.copy_(torch.randn(p.shape, generator=g) / math.sqrt(fan))
    net.eval()
    return net


# Networks at random are chaotic: what a scheduler rounds otherwise would grow to whole percents in 30 steps of DDIM. So they put out a
# fifth of what a denoiser would.
CALM = 5.0


def calibrate(net, shape, **kw):
    with torch.no_grad():
        g = torch.Generator().manual_seed(99)
        x = torch.randn(shape, generator=g)
        s = net(x, torch.tensor(500 if not kw.get("fourier") else 1.0), **{k: v for k, v in kw.items() if k != "fourier"}).sample.std()
        s = s * CALM
        net.conv_out.weight.div_(s)
        net.conv_out.bias.div_(s)


BASE = dict(sample_size=16, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(32, 64),
            down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))


def unet(seed=0, cls=UNet2DModel, **kw):
    cfg = dict(BASE)
    cfg.update(kw)
    net = randomise(cls(**cfg), seed)
    ss = cfg.get("sample_size") or 16
    hw = (ss, ss) if isinstance(ss, int) else tuple(ss)
    extra = {}
    if cfg.get("num_class_embeds"): extra["class_labels"] = torch.tensor([1])
    if cfg.get("class_embed_type") == "timestep": extra["class_labels"] = torch.tensor([1.0])
    if cfg.get("class_embed_type") == "identity": extra["class_labels"] = torch.zeros(1, 4 * cfg["block_out_channels"][0])
    if cfg.get("time_embedding_type") == "fourier": extra["fourier"] = True
    if cls is UNet2DModel: calibrate(net, (1, cfg["in_channels"], *hw), **extra)
    return net


# ---- what diffusers draws ---------------------------------------------------------------------------------------
@torch.no_grad()
def loop(net, sched, steps=None, seed=7, batch=1, eta=None, labels=None, timesteps=None):
    """As diffusers' pipelines do it: x_T from the generator, then scheduler steps with the same generator."""
    sched = copy.deepcopy(sched)
    g = torch.Generator().manual_seed(seed)
    ss = net.config.sample_size
    hw = (ss, ss) if isinstance(ss, int) else tuple(ss)
    x = torch.randn((batch, net.config.in_channels, *hw), generator=g)
    if timesteps is not None: sched.set_timesteps(timesteps=timesteps)
    else: sched.set_timesteps(steps)
    x = x * getattr(sched, "init_noise_sigma", 1.0)
    kw = {}
    names = inspect.signature(sched.step).parameters
    if "generator" in names: kw["generator"] = g
    if eta is not None: kw["eta"] = eta
    call = {}
    if labels is not None: call["class_labels"] = torch.tensor(labels)
    for t in sched.timesteps:
        inp = sched.scale_model_input(x, t) if hasattr(sched, "scale_model_input") else x
        out = net(inp, t, **call).sample
        x = sched.step(out, t, x, **kw).prev_sample
    return x.float().numpy()


@torch.no_grad()
def forward(net, t, seed=5, labels=None):
    g = torch.Generator().manual_seed(seed)
    ss = net.config.sample_size or 16
    hw = (ss, ss) if isinstance(ss, int) else tuple(ss)
    x = torch.randn((2, net.config.in_channels, *hw), generator=g)
    call = {}
    if labels is not None: call["class_labels"] = torch.tensor([labels, labels])
    return x.numpy(), net(x, torch.tensor(t), **call).sample.numpy()


# ---- folders ----------------------------------------------------------------------------------------------------
def fresh(name):
    path = f"{ROOT}/{name}"
    shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(f"{REF}/{name}", ignore_errors=True)
    os.makedirs(f"{REF}/{name}")
    return path


def index(path, pipeline, **modules):
    d = {"_class_name": pipeline, "_diffusers_version": diffusers.__version__}
    d.update({k: (["diffusers", v] if v else [None, None]) for k, v in modules.items()})
    os.makedirs(path, exist_ok=True)
    json.dump(d, open(path + "/model_index.json", "w"), indent=2)


def edit(path, **kw):
    """Changes keys of a JSON file; None-valued strings 'DEL' delete."""
    d = json.load(open(path))
    for k, v in kw.items():
        if v == "DEL": d.pop(k, None)
        else: d[k] = v
    json.dump(d, open(path, "w"), indent=2)


def save(name, net, sched, layout="pipeline", pipeline="DDPMPipeline", safe=True, **save_kw):
    path = fresh(name)
    where = {"pipeline": path + "/unet", "root": path, "bare": path}[layout]
    net.save_pretrained(where, safe_serialization=safe, **save_kw)
    if sched is not None:
        sched.save_pretrained(path + "/scheduler" if layout == "pipeline" else path)
    if layout != "bare":
        index(path, pipeline, scheduler=type(sched).__name__ if sched is not None else None, unet=type(net).__name__)
    return path


OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def old_names(file):
    """The names that attention had before diffusers 0.16; google's files and most of 2022 have them."""
    sd = load_file(file)
    out = {}
    for k, v in sd.items():
        if ".attentions." in k:
            for new, old in OLD.items(): k = k.replace("." + new + ".", "." + old + ".")
        out[k] = v
    save_file(out, file, metadata={"format": "pt"})


def add(name, real, folder=None, draws=(), note="", inspect_only=False):
    """draws: (label, args, reference array) or for a pass of the network ('forward', t, x, out, alphabar, prediction)."""
    if only and name not in only: return
    out = []
    for d in draws:
        if d[0] == "forward":
            _, t, x, ref, ab, pred, extra = d
            np.save(f"{REF}/{name}/x.npy", x)
            np.save(f"{REF}/{name}/forward.npy", ref)
            out.append(dict(kind="forward", label=f"network at t={t}", t=t, ab=ab, pred=pred, args=extra))
        else:
            label, args, ref = d
            file = f"{REF}/{name}/{len(out)}.npy"
            if ref is not None: np.save(file, ref)
            out.append(dict(kind="draw", label=label, args=args, ref=file if ref is not None else None))
    cases.append(dict(name=name, real=real, folder=folder or f"{ROOT}/{name}", draws=out, note=note))
    print("made", name, flush=True)


def want(name): return not only or name in only


def fwd(net, sched, t=500, labels=None, extra=()):
    x, out = forward(net, t, labels=labels)
    ab = float(sched.alphas_cumprod[t])
    return ("forward", t, x, out, ab, getattr(sched.config, "prediction_type", "epsilon"), list(extra))


def D(sampler, steps, *more): return ["--sampler", sampler, "--steps", str(steps), *more]


def cfgless(sched, *keys):
    """A scheduler's file as old versions left it: without these keys."""
    return sched


def standard(name, real, net, sched, layout="pipeline", pipeline="DDPMPipeline", safe=True, drop=(), drop_unet=(), labels=None,
             steps=(10,), note="", draw_args=(), save_kw={}, post=None, ddim=True):
    """Saves, and compares a pass of the network, DDPM and DDIM."""
    if not want(name): return
    path = save(name, net, sched, layout, pipeline, safe, **save_kw)
    if drop: edit((path + "/scheduler" if layout == "pipeline" else path) + "/scheduler_config.json", **{k: "DEL" for k in drop})
    if drop_unet: edit((path + "/unet" if layout == "pipeline" else path) + "/config.json", **{k: "DEL" for k in drop_unet})
    if post: post(path)
    cl = ["--class", str(labels)] if labels is not None else []
    lab = [labels] if labels is not None else None
    T = sched.config.num_train_timesteps
    draws = []
    if net.config.in_channels == net.config.out_channels:
        draws.append(fwd(net, sched, T // 2, labels=labels, extra=cl))
    for n in steps:
        if isinstance(sched, DDPMScheduler):
            draws.append((f"own DDPM {n} steps", D("ddpm", n, *cl, *draw_args), loop(net, sched, n, labels=lab)))
        if ddim and sched.config.get("variance_type") not in ("learned", "learned_range") and not sched.config.get("beta_schedule") in ("laplace", "sigmoid"):
            d = DDIMScheduler.from_config(sched.config)
            draws.append((f"DDIM {n} steps", D("ddim", n, *cl, *draw_args), loop(net, d, n, labels=lab)))
    add(name, real, path, draws, note)


def ddpm(**kw): return DDPMScheduler(**kw)


# ================================================================================================================
# A. The published ones
google = dict(flip_sin_to_cos=False, freq_shift=1, downsample_padding=0, attention_head_dim=None, norm_eps=1e-6)
OLDDROP = ("prediction_type", "thresholding", "dynamic_thresholding_ratio", "clip_sample_range", "sample_max_value",
           "timestep_spacing", "steps_offset", "rescale_betas_zero_snr")

if want("ddpm-cifar10"):
    net = unet(1, sample_size=16, block_out_channels=(32, 64, 64, 64), layers_per_block=2,
               down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
               up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"), **google)
    s = ddpm(variance_type="fixed_large")
    path = save("ddpm-cifar10", net, s, layout="root")
    edit(path + "/scheduler_config.json", **{k: "DEL" for k in OLDDROP})
    edit(path + "/config.json", **{k: "DEL" for k in ("resnet_time_scale_shift", "add_attention", "class_embed_type", "num_class_embeds",
         "downsample_type", "upsample_type", "dropout", "attn_norm_num_groups", "num_train_timesteps", "mid_block_type", "time_embedding_dim")})
    old_names(path + "/diffusion_pytorch_model.safetensors")
    di = DDIMScheduler.from_config(s.config)
    add("ddpm-cifar10", "google/ddpm-cifar10-32", path, [
        fwd(net, s),
        ("own DDPMPipeline, 10 steps", D("ddpm", 10), loop(net, s, 10)),
        ("own DDPMPipeline, 10 steps, --spacing leading", D("ddpm", 10, "--spacing", "leading"), loop(net, s, 10)),
        ("own DDPMPipeline, 1000 steps", D("ddpm", 1000), loop(net, s, 1000)),
        ("DDIMPipeline, 50 steps", D("ddim", 50), loop(net, di, 50)),
        ("DDIMPipeline, 30 steps", D("ddim", 30), loop(net, di, 30)),
        ("DDIMPipeline, 30 steps, --spacing leading", D("ddim", 30, "--spacing", "leading"), loop(net, di, 30)),
        ("DDIMPipeline, 10 steps, eta 1", D("ddim", 10, "--eta", "1"), loop(net, di, 10, eta=1.0)),
    ])

if want("ddpm-celebahq-bin"):
    net = unet(2, sample_size=32, block_out_channels=(32, 32, 32, 32, 64, 64), layers_per_block=2,
               down_block_types=("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
               up_block_types=("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4, **google)
    s = ddpm()
    path = save("ddpm-celebahq-bin", net, s, layout="root", safe=False)
    edit(path + "/scheduler_config.json", **{k: "DEL" for k in OLDDROP})
    sd = torch.load(path + "/diffusion_pytorch_model.bin")
    ren = {}
    for k, v in sd.items():
        if ".attentions." in k:
            for new, old in OLD.items(): k = k.replace("." + new + ".", "." + old + ".")
        ren[k] = v
    torch.save(ren, path + "/diffusion_pytorch_model.bin")
    di = DDIMScheduler.from_config(s.config)
    add("ddpm-celebahq-bin", "google/ddpm-celebahq-256, -church-256, -bedroom-256, -cat-256 and -ema- (.bin, root layout)", path, [
        fwd(net, s), ("DDPMPipeline 20, --spacing leading", D("ddpm", 20, "--spacing", "leading"), loop(net, s, 20)),
        ("DDIMPipeline 20", D("ddim", 20), loop(net, di, 20)),
        ("DDPMPipeline 20", D("ddpm", 20), loop(net, s, 20))])

six = dict(sample_size=32, block_out_channels=(32, 32, 32, 64, 64, 64), layers_per_block=2,
           down_block_types=("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
           up_block_types=("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4)
standard("butterflies-128", "anton-l/ddpm-butterflies-128, the training tutorial, train_unconditional.py's default network", unet(3, **six) if want("butterflies-128") else None, ddpm())

course = dict(sample_size=32, block_out_channels=(32, 64, 64, 96), layers_per_block=2,
              down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
              up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"))
standard("sd-class-butterflies-32", "the course's unit 1: thousands of sd-class-butterflies-32/-64, johnowhitaker/ddpm-butterflies-32px (root layout, cosine)",
         unet(4, **course) if want("sd-class-butterflies-32") else None, ddpm(beta_schedule="squaredcos_cap_v2"), layout="root", steps=(10, 30))
standard("sd-class-old-keys", "the same of Dec 2022 (scheduler file without timestep_spacing)",
         unet(4, **course) if want("sd-class-old-keys") else None, ddpm(beta_schedule="squaredcos_cap_v2"), layout="root",
         drop=("timestep_spacing", "steps_offset", "rescale_betas_zero_snr", "thresholding", "sample_max_value", "dynamic_thresholding_ratio"), steps=(10, 30))
standard("minecraft-rgba", "WiNE-iNEFF/Minecraft-Skin-Diffusion (V2, V3): RGBA", unet(5, in_channels=4, out_channels=4) if want("minecraft-rgba") else None, ddpm(), layout="root",
         pipeline="DDPMPipeline")
standard("audio-diffusion", "teticio/audio-diffusion-256 (1 channel; sample_size list in some)", unet(6, in_channels=1, out_channels=1, sample_size=(16, 16)) if want("audio-diffusion") else None,
         ddpm(), pipeline="AudioDiffusionPipeline",
         post=lambda p: index(p, "AudioDiffusionPipeline", mel="Mel", scheduler="DDPMScheduler", unet="UNet2DModel", vqvae=None))
standard("cats-few-keys", "nroggendorff/cats, lauluCas/sculpture_echo: config.json written by hand with few keys and no _class_name",
         unet(7, **course) if want("cats-few-keys") else None, ddpm(),
         drop_unet=("_class_name", "_diffusers_version", "act_fn", "norm_eps", "norm_num_groups", "attention_head_dim", "freq_shift", "flip_sin_to_cos",
                    "downsample_padding", "mid_block_scale_factor", "time_embedding_type", "center_input_sample", "add_attention", "resnet_time_scale_shift",
                    "class_embed_type", "num_class_embeds", "downsample_type", "upsample_type", "dropout", "attn_norm_num_groups", "num_train_timesteps",
                    "mid_block_type", "time_embedding_dim"))

# latent diffusion
def latents(net, sched, steps):
    return loop(net, sched, steps)

if want("ldm-celebahq"):
    net = unet(8, sample_size=16, in_channels=3, out_channels=3, block_out_channels=(32, 64, 96), layers_per_block=2, attention_head_dim=32,
               down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
    s = DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False)
    vq = VQModel(in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
                 block_out_channels=(32, 32, 64), layers_per_block=1, latent_channels=3, num_vq_embeddings=64, norm_num_groups=8, sample_size=64)
    randomise(vq, 3)
    path = save("ldm-celebahq", net, s, pipeline="LDMPipeline")
    edit(path + "/scheduler/scheduler_config.json", **{k: "DEL" for k in ("prediction_type", "thresholding", "dynamic_thresholding_ratio", "clip_sample_range",
         "sample_max_value", "timestep_spacing", "steps_offset", "rescale_betas_zero_snr", "set_alpha_to_one")})
    vq.save_pretrained(path + "/vqvae")
    index(path, "LDMPipeline", scheduler="DDIMScheduler", unet="UNet2DModel", vqvae="VQModel")
    z = loop(net, s, 10)
    with torch.no_grad():
        img = vq.decode(torch.tensor(z) / vq.config.scaling_factor).sample.numpy()
        pipe = LDMPipeline(vqvae=vq, unet=net, scheduler=s)
        pipe.set_progress_bar_config(disable=True)
        real = pipe(generator=torch.Generator().manual_seed(7), num_inference_steps=10, output_type="np").images
        assert np.abs(real - np.clip(img / 2 + 0.5, 0, 1).transpose(0, 2, 3, 1)).max() < 1e-5
    add("ldm-celebahq", "CompVis/ldm-celebahq-256 (LDMPipeline: VQModel + UNet2DModel)", path, [
        ("the picture of LDMPipeline", D("ddim", 10), img)])

if want("ldm-kl"):
    net = unet(9, sample_size=16, in_channels=4, out_channels=4)
    s = DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    kl = randomise(AutoencoderKL(in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                   block_out_channels=(32, 32), latent_channels=4, norm_num_groups=8, sample_size=32), 4)
    path = save("ldm-kl", net, s, pipeline="LDMPipeline")
    kl.save_pretrained(path + "/vqvae")
    index(path, "LDMPipeline", scheduler="DDIMScheduler", unet="UNet2DModel", vqvae="AutoencoderKL")
    z = loop(net, s, 10)
    with torch.no_grad(): img = kl.decode(torch.tensor(z) / kl.config.scaling_factor).sample.numpy()
    add("ldm-kl", "asparius/ldm-ffhq-256, merkol/*, michaelpiro1/new_unet_fromLDM: LDMPipeline with AutoencoderKL, DDIM steps_offset 1 and set_alpha_to_one false", path, [
        ("the picture", D("ddim", 10), img)])

if want("latent-audio"):
    net = unet(10, sample_size=16, in_channels=1, out_channels=1)
    s = ddpm()
    kl = randomise(AutoencoderKL(in_channels=1, out_channels=1, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                   block_out_channels=(32, 32), latent_channels=1, norm_num_groups=8, sample_size=32), 4)
    path = save("latent-audio", net, s)
    kl.save_pretrained(path + "/vqvae")
    index(path, "AudioDiffusionPipeline", mel="Mel", scheduler="DDPMScheduler", unet="UNet2DModel", vqvae="AutoencoderKL")
    z = loop(net, s, 10)
    with torch.no_grad(): img = kl.decode(torch.tensor(z) / kl.config.scaling_factor).sample.numpy()
    add("latent-audio", "teticio/latent-audio-diffusion-256 (AutoencoderKL)", path, [("the picture", D("ddpm", 10), img)])

# consistency
cm = dict(sample_size=16, layers_per_block=2, block_out_channels=(32, 64, 96), attention_head_dim=32, downsample_type="resnet", upsample_type="resnet",
          down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"))

def consistency(net, sched, steps, seed=7, labels=None):
    pipe = ConsistencyModelPipeline(unet=net, scheduler=copy.deepcopy(sched))
    pipe.set_progress_bar_config(disable=True)
    im = pipe(num_inference_steps=steps, class_labels=labels, generator=torch.Generator().manual_seed(seed), output_type="np").images
    return (im.transpose(0, 3, 1, 2) * 2 - 1).astype(np.float32)

if want("cm-imagenet64"):
    net = unet(11, resnet_time_scale_shift="scale_shift", attn_norm_num_groups=32, num_class_embeds=10, **cm)
    s = CMStochasticIterativeScheduler(num_train_timesteps=40)
    path = save("cm-imagenet64", net, s, pipeline="ConsistencyModelPipeline")
    add("cm-imagenet64", "openai/diffusers-cd_imagenet64_l2, -cd_imagenet64_lpips, -ct_imagenet64 (ConsistencyModelPipeline)", path, [
        ("ConsistencyModelPipeline, 1 step; the default sampler", ["--class", "3", "--steps", "1"], consistency(net, s, 1, labels=3)),
        ("another sampler", D("ddim", 1, "--class", "3"), consistency(net, s, 1, labels=3)),
        ("ConsistencyModelPipeline, 2 steps", ["--steps", "2", "--class", "3"], consistency(net, s, 2, labels=3)),
        ("20 steps", D("multistep", 20, "--class", "3"), consistency(net, s, 20, labels=3)),
        ("the default", ["--class", "3"], consistency(net, s, 1, labels=3))])
if want("cm-bedroom256"):
    net = unet(12, resnet_time_scale_shift="default", **cm)
    s = CMStochasticIterativeScheduler(num_train_timesteps=40)
    path = save("cm-bedroom256", net, s, pipeline="ConsistencyModelPipeline")
    add("cm-bedroom256", "openai/diffusers-cd_bedroom256_*, -cd_cat256_*, -ct_* (ConsistencyModelPipeline)", path, [
        ("ConsistencyModelPipeline, 1 step", D("onestep", 1), consistency(net, s, 1)),
        ("the default", [], consistency(net, s, 1))])
standard("cm-net-with-ddpm", "the consistency models' network under a DDPMScheduler: the network alone",
         unet(11, resnet_time_scale_shift="scale_shift", attn_norm_num_groups=32, num_class_embeds=10, **cm) if want("cm-net-with-ddpm") else None, ddpm(), labels=3)
standard("cm-net-default-shift", "the same with resnet_time_scale_shift default", unet(12, resnet_time_scale_shift="default", **cm) if want("cm-net-default-shift") else None, ddpm())

# other processes
if want("edm"):
    net = unet(13)
    s = EDMEulerScheduler()
    path = save("edm", net, s, pipeline="KarrasEDMPipeline")
    add("edm", "eurecom-ds/edm-ema-*: UNet2DModel with EDMEulerScheduler", path, [
        ("own, 10 steps", D("euler", 10), loop(net, s, 10)), ("own, 20 steps", D("euler", 20), loop(net, s, 20))])
if want("flow-match"):
    net = unet(14)
    s = FlowMatchEulerDiscreteScheduler()
    path = save("flow-match", net, s, pipeline="DDPMPipeline")
    add("flow-match", "UNet2DModel trained by flow matching (FlowMatchEulerDiscreteScheduler); tutorials of 2024-", path, [
        ("own, 10 steps", D("euler", 10), loop(net, s, 10)), ("the default", [], loop(net, s, 50))])
if want("karras-ve"):
    from diffusers.schedulers.deprecated.scheduling_karras_ve import KarrasVeScheduler
    net = unet(15)
    s = KarrasVeScheduler()
    path = save("karras-ve", net, s, pipeline="KarrasVePipeline")
    from diffusers import KarrasVePipeline
    pipe = KarrasVePipeline(unet=net, scheduler=KarrasVeScheduler())
    pipe.set_progress_bar_config(disable=True)
    im = pipe(num_inference_steps=10, generator=torch.Generator().manual_seed(7), output_type="np").images
    add("karras-ve", "KarrasVePipeline (UNet2DModel + KarrasVeScheduler)", path, [("own, 10 steps", D("heun", 10), im.transpose(0, 3, 1, 2) * 2 - 1), ("the default", [], im.transpose(0, 3, 1, 2) * 2 - 1)])
if want("sde-ve-plain"):
    net = unet(16)
    s = ScoreSdeVeScheduler(num_train_timesteps=100)
    path = save("sde-ve-plain", net, s, pipeline="ScoreSdeVePipeline")
    pipe = ScoreSdeVePipeline(unet=net, scheduler=ScoreSdeVeScheduler(num_train_timesteps=100))
    pipe.set_progress_bar_config(disable=True)
    im = pipe(num_inference_steps=20, generator=torch.Generator().manual_seed(7), output_type="np").images
    add("sde-ve-plain", "ScoreSdeVePipeline over a UNet2DModel with positional embedding", path, [("own, 20 steps", ["--steps", "20"], im.transpose(0, 3, 1, 2) * 2 - 1)])
if want("sde-vp"):
    from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler
    net = unet(16)
    path = save("sde-vp", net, ScoreSdeVpScheduler(num_train_timesteps=1000), pipeline="ScoreSdeVpPipeline")
    add("sde-vp", "google/ddpmpp / ScoreSdeVpScheduler", path, [("the default", [], None)])

ncsn = dict(sample_size=32, block_out_channels=(32, 64, 64, 64), layers_per_block=1, center_input_sample=True, time_embedding_type="fourier",
            norm_num_groups=None, norm_eps=1e-6, mid_block_scale_factor=1.41421356237, attention_head_dim=None,
            down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D", "SkipDownBlock2D", "SkipDownBlock2D"),
            up_block_types=("SkipUpBlock2D", "SkipUpBlock2D", "AttnSkipUpBlock2D", "SkipUpBlock2D"))
for nm, c in (("ncsnpp", True), ("ncsnpp-uncentred", False)):
    if want(nm):
        net = unet(17, **{**ncsn, "center_input_sample": c})
        s = ScoreSdeVeScheduler(num_train_timesteps=20)
        path = save(nm, net, s, pipeline="ScoreSdeVePipeline")
        pipe = ScoreSdeVePipeline(unet=net, scheduler=ScoreSdeVeScheduler(num_train_timesteps=20))
        pipe.set_progress_bar_config(disable=True)
        im = pipe(num_inference_steps=4, generator=torch.Generator().manual_seed(7), output_type="np").images
        x, out = forward(net, 3.0)
        np.save(f"{REF}/{nm}/x.npy", x); np.save(f"{REF}/{nm}/forward-sigma3.npy", out)
        add(nm, "google/ncsnpp-celebahq-256, -church-256, -bedroom-256, -ffhq-256, -ffhq-1024 (ScoreSdeVePipeline)" if c else "newsyctw/NCSN_CIFAR10_my, eurecom-ds/scoresdeve-*: the same, not centred",
            path, [("own", [], im.transpose(0, 3, 1, 2) * 2 - 1)])

# B. train_unconditional.py and its flags -------------------------------------------------------------------------
standard("train-predict-sample", "train_unconditional.py --prediction_type sample", unet(20) if want("train-predict-sample") else None, ddpm(prediction_type="sample"))
standard("train-predict-sample-cosine", "the same with --ddpm_beta_schedule squaredcos_cap_v2", unet(20) if want("train-predict-sample-cosine") else None,
         ddpm(prediction_type="sample", beta_schedule="squaredcos_cap_v2"))
standard("train-v-prediction", "DDPMScheduler(prediction_type='v_prediction')", unet(21) if want("train-v-prediction") else None, ddpm(prediction_type="v_prediction"))
standard("train-steps-2000", "--ddpm_num_steps 2000 (IsaacAkintaro/ddpm-generated-images)", unet(22) if want("train-steps-2000") else None, ddpm(num_train_timesteps=2000))
standard("train-steps-100", "num_train_timesteps 100", unet(22) if want("train-steps-100") else None, ddpm(num_train_timesteps=100, beta_schedule="squaredcos_cap_v2"))

if want("train-checkpoint-ema"):
    net, ema = unet(23), unet(24)
    path = fresh("train-checkpoint-ema")
    os.makedirs(path + "/logs")
    s = ddpm(beta_schedule="squaredcos_cap_v2")
    pipe = DDPMPipeline(unet=ema, scheduler=s); pipe.save_pretrained(path)
    net.save_pretrained(path + "/checkpoint-500/unet")
    ema.save_pretrained(path + "/checkpoint-500/unet_ema")
    edit(path + "/checkpoint-500/unet_ema/config.json", decay=0.9999, inv_gamma=1.0, min_decay=0.0, optimization_step=500, power=0.75, update_after_step=0, use_ema_warmup=True)
    for f in ("optimizer.bin", "scheduler.bin", "random_states_0.pkl"): open(path + "/checkpoint-500/" + f, "wb").write(b"x")
    di = DDIMScheduler.from_config(s.config)
    add("train-checkpoint-ema", "the output folder of train_unconditional.py --use_ema: pipeline (EMA), checkpoint-500/unet, checkpoint-500/unet_ema", path, [("pipeline", D("ddim", 10), loop(ema, di, 10))])
    add("train-checkpoint-ema/checkpoint-500", "checkpoint-500 alone: which of unet and unet_ema? cosine schedule is not in there", path + "/checkpoint-500", [("EMA", D("ddim", 10), loop(ema, di, 10))]) if not os.makedirs(f"{REF}/train-checkpoint-ema/checkpoint-500", exist_ok=True) else None
    os.makedirs(f"{REF}/train-checkpoint-ema/unet_ema", exist_ok=True)
    add("train-checkpoint-ema/unet_ema", "checkpoint-500/unet_ema alone (extra keys decay, inv_gamma, …); linear assumed though cosine", path + "/checkpoint-500/unet_ema", [("EMA, cosine as trained", D("ddim", 10), loop(ema, di, 10)), ("EMA, cosine typed", D("ddim", 10, "--noise-schedule", "cosine"), loop(ema, di, 10))])

# C. the scheduler's options --------------------------------------------------------------------------------------
N = lambda nm: unet(30) if want(nm) else None
def sched_case(nm, real, s, **kw): standard(nm, real, N(nm), s, **kw)
sched_case("s-trailing", "timestep_spacing trailing", ddpm(timestep_spacing="trailing"), steps=(10, 30))
sched_case("s-linspace", "timestep_spacing linspace", ddpm(timestep_spacing="linspace"), steps=(10, 30))
sched_case("s-trailing-fixed-large", "trailing, fixed_large", ddpm(timestep_spacing="trailing", variance_type="fixed_large"))
sched_case("s-zero-snr", "rescale_betas_zero_snr true", ddpm(rescale_betas_zero_snr=True, timestep_spacing="trailing"))
sched_case("s-zero-snr-v", "rescale_betas_zero_snr, v_prediction, trailing", ddpm(rescale_betas_zero_snr=True, timestep_spacing="trailing", prediction_type="v_prediction"))
sched_case("s-thresholding", "thresholding true", ddpm(thresholding=True))
sched_case("s-clip-range-2", "clip_sample_range 2", ddpm(clip_sample_range=2.0))
sched_case("s-noclip-range-2", "clip_sample false, clip_sample_range 2 (which then means nothing)", ddpm(clip_sample=False, clip_sample_range=2.0))
sched_case("s-noclip", "clip_sample false", ddpm(clip_sample=False))
sched_case("s-fixed-small-log", "variance_type fixed_small_log", ddpm(variance_type="fixed_small_log"))
sched_case("s-fixed-large", "variance_type fixed_large", ddpm(variance_type="fixed_large"))
sched_case("s-fixed-large-log", "variance_type fixed_large_log (diffusers: root of a negative number)", ddpm(variance_type="fixed_large_log"))
for v in ("learned", "learned_range"):
    nm = "s-" + v.replace("_", "-")
    if want(nm):
        net = unet(31, out_channels=6); s = ddpm(variance_type=v)
        path = save(nm, net, s)
        add(nm, f"variance_type {v}, six channels out", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("s-six-out-fixed-small"):
    net = unet(31, out_channels=6); s = ddpm()
    path = save("s-six-out-fixed-small", net, s)
    add("s-six-out-fixed-small", "six channels out but variance_type fixed_small (diffusers' step fails on it)", path, [("drawn though the file says fixed_small", D("ddpm", 10), None)])
sched_case("s-scaled-linear", "beta_schedule scaled_linear", ddpm(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012))
sched_case("s-sigmoid", "beta_schedule sigmoid", ddpm(beta_schedule="sigmoid"))
sched_case("s-laplace", "beta_schedule laplace", ddpm(beta_schedule="laplace"))
sched_case("s-trained-betas", "trained_betas", ddpm(trained_betas=[float(v) for v in np.linspace(1e-4, 0.02, 1000)]))
sched_case("s-beta-range", "beta_start 0.001 (gnokit/ddpm-butterflies-64)", ddpm(beta_start=0.001, beta_end=0.02))
sched_case("s-cosine", "squaredcos_cap_v2", ddpm(beta_schedule="squaredcos_cap_v2"), steps=(10, 50))
sched_case("s-steps-offset", "DDPM steps_offset 1", ddpm(steps_offset=1))
for nm, kw in (("s-ddim-offset", dict(steps_offset=1)), ("s-ddim-alpha", dict(set_alpha_to_one=False)), ("s-ddim-offset-alpha", dict(steps_offset=1, set_alpha_to_one=False)),
               ("s-ddim-plain", {}), ("s-ddim-trailing", dict(timestep_spacing="trailing")), ("s-ddim-linspace", dict(timestep_spacing="linspace"))):
    if want(nm):
        net = unet(32); s = DDIMScheduler(**kw)
        path = save(nm, net, s, pipeline="DDIMPipeline")
        add(nm, f"DDIMPipeline, DDIMScheduler {kw}", path, [fwd(net, s), ("own, 10", D("ddim", 10), loop(net, s, 10)), ("own, 30", D("ddim", 30), loop(net, s, 30)), ("own, 3", D("ddim", 3), loop(net, s, 3)),
            ("own, eta 0.5, 10", D("ddim", 10, "--eta", "0.5"), loop(net, s, 10, eta=0.5)), ("own, 10, 3 pictures", D("ddim", 10, "--count", "3"), loop(net, s, 10, batch=3))])
if want("s-predict-epsilon-false"):
    net = unet(33); s = ddpm(prediction_type="sample")
    path = save("s-predict-epsilon-false", net, s)
    edit(path + "/scheduler/scheduler_config.json", prediction_type="DEL", predict_epsilon=False)
    s2 = DDPMScheduler.from_pretrained(path + "/scheduler")
    add("s-predict-epsilon-false", "before diffusers 0.10: predict_epsilon false in place of prediction_type", path,
        [("as its makers meant (x0)", D("ddpm", 10), loop(net, s, 10)), (f"as diffusers 0.42 reads it ({s2.config.prediction_type})", D("ddpm", 10, "--prediction", s2.config.prediction_type), loop(net, s2, 10))])
for cls, nm in ((PNDMScheduler, "p-pndm"), (DPMSolverMultistepScheduler, "p-dpmsolver"), (UniPCMultistepScheduler, "p-unipc"), (EulerDiscreteScheduler, "p-euler"),
                (EulerAncestralDiscreteScheduler, "p-euler-a"), (HeunDiscreteScheduler, "p-heun")):
    if want(nm):
        net = unet(34); s = cls()
        sw = {"p-pndm": "plms", "p-dpmsolver": "dpmpp-2m", "p-unipc": "unipc", "p-euler": "euler", "p-euler-a": "euler-a", "p-heun": "heun"}[nm]
        path = save(nm, net, s, pipeline="PNDMPipeline" if nm == "p-pndm" else "DDPMPipeline")
        draws = [(f"own {cls.__name__} 10", D(sw, 10), loop(net, s, 10)), (f"own {cls.__name__} 10, --no-clip", D(sw, 10, "--no-clip"), loop(net, s, 10))]
        if nm == "p-pndm":
            draws += [("PNDM skip_prk_steps, --no-clip", D(sw, 10, "--no-clip"), loop(net, PNDMScheduler(skip_prk_steps=True), 10)),
                      ("PNDM skip_prk_steps, set_alpha_to_one, --no-clip", D(sw, 10, "--no-clip"), loop(net, PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=True), 10))]
        if nm == "p-heun":
            draws += [("own Heun, 10, linspace, --no-clip", D(sw, 10, "--no-clip", "--spacing", "linspace"), loop(net, s, 10))]
        add(nm, f"a folder whose scheduler is {cls.__name__}", path, draws)
if want("p-dpmsolver-karras"):
    net = unet(34); s = DPMSolverMultistepScheduler(use_karras_sigmas=True)
    path = save("p-dpmsolver-karras", net, s)
    edit(path + "/scheduler/scheduler_config.json", lambda_min_clipped=-5.1)
    s = DPMSolverMultistepScheduler.from_pretrained(path + "/scheduler")
    add("p-dpmsolver-karras", "use_karras_sigmas true in the file", path, [("own 10, --no-clip", D("dpmpp-2m", 10, "--no-clip"), loop(net, s, 10)), ("own 10, --no-clip --spacing karras", D("dpmpp-2m", 10, "--no-clip", "--spacing", "karras"), loop(net, s, 10))])
if want("p-repaint"):
    net = unet(35); s = RePaintScheduler()
    path = save("p-repaint", net, s, pipeline="RePaintPipeline")
    add("p-repaint", "RePaintPipeline (google/ddpm-ema-celebahq-256 with RePaintScheduler)", path, [("DDPM 10", D("ddpm", 10), loop(net, DDPMScheduler(), 10))])

# all the other schedulers' files, with their own defaults
for cls in (KDPM2DiscreteScheduler, KDPM2AncestralDiscreteScheduler, LMSDiscreteScheduler, DEISMultistepScheduler, DPMSolverSinglestepScheduler,
            IPNDMScheduler, LCMScheduler, TCDScheduler, SASolverScheduler, EDMDPMSolverMultistepScheduler, DDIMInverseScheduler, DDPMParallelScheduler, DDIMParallelScheduler,
            UnCLIPScheduler, DPMSolverMultistepInverseScheduler, CosineDPMSolverMultistepScheduler, FlowMatchHeunDiscreteScheduler, SCMScheduler, DDPMWuerstchenScheduler):
    nm = "k-" + cls.__name__.replace("Scheduler", "")
    if want(nm):
        try:
            path = save(nm, unet(36), cls())
            add(nm, f"the file of {cls.__name__}", path, [("opens?", D("ddim", 5), None)])
        except Exception as e: print("cannot make", nm, e)

# D. files --------------------------------------------------------------------------------------------------------
F = lambda nm: unet(40) if want(nm) else None
standard("f-bin", "diffusion_pytorch_model.bin only", F("f-bin"), ddpm(), safe=False)
standard("f-fp16-variant", "only diffusion_pytorch_model.fp16.safetensors (gnokit/ddpm-butterflies-64; save_pretrained(variant='fp16'))", F("f-fp16-variant"), ddpm(), save_kw=dict(variant="fp16"))
standard("f-fp16-bin-variant", "only diffusion_pytorch_model.fp16.bin", F("f-fp16-bin-variant"), ddpm(), safe=False, save_kw=dict(variant="fp16"))
standard("f-non-ema", "diffusion_pytorch_model.non_ema.safetensors only", F("f-non-ema"), ddpm(), save_kw=dict(variant="non_ema"))
standard("f-sharded", "sharded safetensors with index", F("f-sharded"), ddpm(), save_kw=dict(max_shard_size="300KB"))
standard("f-sharded-bin", "sharded .bin with diffusion_pytorch_model.bin.index.json", F("f-sharded-bin"), ddpm(), safe=False, save_kw=dict(max_shard_size="300KB"))
standard("f-sharded-fp16", "sharded fp16 variant", F("f-sharded-fp16"), ddpm(), save_kw=dict(max_shard_size="300KB", variant="fp16"))
if want("f-half"):
    net = unet(40); s = ddpm()
    half = copy.deepcopy(net).half(); path = save("f-half", half, s)
    net.load_state_dict({k: v.float() for k, v in half.state_dict().items()})
    add("f-half", "weights saved in float16 under the usual name", path, [fwd(net, s), ("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-bf16"):
    net = unet(40); s = ddpm()
    half = copy.deepcopy(net).bfloat16(); path = save("f-bf16", half, s)
    net.load_state_dict({k: v.float() for k, v in half.state_dict().items()})
    add("f-bf16", "weights saved in bfloat16", path, [fwd(net, s), ("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-bare"):
    net = unet(41); s = ddpm(); path = save("f-bare", net, None, layout="bare")
    add("f-bare", "UNet2DModel.save_pretrained without a pipeline", path, [fwd(net, s), ("DDPM 10 leading", D("ddpm", 10, "--spacing", "leading"), loop(net, s, 10))])
if want("f-bare-cosine"):
    net = unet(41); s = ddpm(beta_schedule="squaredcos_cap_v2"); path = save("f-bare-cosine", net, None, layout="bare")
    add("f-bare-cosine", "the same of a cosine model: --noise-schedule cosine", path, [("DDPM 10 leading", D("ddpm", 10, "--spacing", "leading", "--noise-schedule", "cosine"), loop(net, s, 10))])
if want("f-weights-file"):
    net = unet(41); s = ddpm(); path = save("f-weights-file", net, s)
    add("f-weights-file", "the safetensors file inside unet/, named itself", path + "/unet/diffusion_pytorch_model.safetensors", [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-unet-subfolder"):
    net = unet(41); s = ddpm(); path = save("f-unet-subfolder", net, s)
    add("f-unet-subfolder", "--model FOLDER/unet", path + "/unet", [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-no-weights"):
    net = unet(41); s = ddpm(); path = save("f-no-weights", net, s)
    os.remove(path + "/unet/diffusion_pytorch_model.safetensors")
    add("f-no-weights", "a clone without LFS: no weights", path, [("", D("ddpm", 10), None)])
if want("f-lfs-pointer"):
    net = unet(41); s = ddpm(); path = save("f-lfs-pointer", net, s)
    open(path + "/unet/diffusion_pytorch_model.safetensors", "w").write("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4711\n")
    add("f-lfs-pointer", "a clone without LFS: a pointer of 3 lines", path, [("", D("ddpm", 10), None)])
if want("f-hub-cache"):
    net = unet(41); s = ddpm(); path = save("f-hub-cache", net, s)
    cache = ROOT + "/f-hub-cache-root/models--a--b"; shutil.rmtree(ROOT + "/f-hub-cache-root", ignore_errors=True)
    os.makedirs(cache + "/snapshots"); os.makedirs(cache + "/refs"); shutil.copytree(path, cache + "/snapshots/abc"); open(cache + "/refs/main", "w").write("abc")
    add("f-hub-cache", "~/.cache/huggingface/hub/models--google--ddpm-cifar10-32 itself, not its snapshot", cache, [("", D("ddpm", 10), loop(net, s, 10))])

# E. networks -----------------------------------------------------------------------------------------------------
def net_case(nm, real, sched=None, labels=None, **kw):
    if want(nm): standard(nm, real, unet(50, **kw), sched or ddpm(), labels=labels)
net_case("n-nonsquare", "sample_size [16, 32]", sample_size=(16, 32))
net_case("n-class-10", "num_class_embeds 10", num_class_embeds=10, labels=3)
for ce, lab in (("timestep", 3.0), ("identity", None)):
    nm = "n-class-" + ce
    if want(nm):
        path = save(nm, unet(51, class_embed_type=ce), ddpm())
        add(nm, f"class_embed_type {ce}", path, [("", D("ddpm", 10), None)])
net_case("n-no-attention-mid", "add_attention false", add_attention=False)
net_case("n-no-attention-at-all", "add_attention false, plain blocks", add_attention=False, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2)
net_case("n-plain-mid-attention", "plain blocks, attention in the middle", down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2)
net_case("n-no-mid", "mid_block_type null", mid_block_type=None)
net_case("n-groups-4", "norm_num_groups 4", norm_num_groups=4, block_out_channels=(8, 16), attention_head_dim=4)
net_case("n-groups-8", "norm_num_groups 8", norm_num_groups=8, block_out_channels=(16, 24))
net_case("n-groups-1", "norm_num_groups 1", norm_num_groups=1, block_out_channels=(16, 24))
for hd in (1, 2, 16, 32):
    net_case(f"n-head-{hd}", f"attention_head_dim {hd}", attention_head_dim=hd)
net_case("n-head-null", "attention_head_dim null", attention_head_dim=None)
net_case("n-head-not-dividing", "attention_head_dim 48 of 64 channels: one head of 48, projections 64 to 48", attention_head_dim=48)
net_case("n-head-32-of-80", "attention_head_dim 32 of 80 channels", attention_head_dim=32, block_out_channels=(32, 80), norm_num_groups=16)
net_case("n-scale-shift", "resnet_time_scale_shift scale_shift (no norm before the middle's attention)", resnet_time_scale_shift="scale_shift")
net_case("n-scale-shift-attn-norm", "scale_shift, attn_norm_num_groups 32", resnet_time_scale_shift="scale_shift", attn_norm_num_groups=32)
net_case("n-attn-norm-16", "attn_norm_num_groups 16 other than norm_num_groups", attn_norm_num_groups=16)
net_case("n-resnet-updown", "all resampling by residual blocks", downsample_type="resnet", upsample_type="resnet", block_out_channels=(32, 64, 64),
         down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"), up_block_types=("ResnetUpsampleBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"))
net_case("n-mixed-attn-resnet", "downsample_type/upsample_type resnet with plain DownBlock2D (which ignores it)", downsample_type="resnet", upsample_type="resnet", block_out_channels=(32, 64, 64),
         down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
net_case("n-mixed-resnet-attn-conv", "ResnetDownsampleBlock2D with AttnDownBlock2D that has convolutions", block_out_channels=(32, 64, 64),
         down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"), up_block_types=("ResnetUpsampleBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"))
net_case("n-down-conv-up-resnet", "downsample conv, upsample resnet", upsample_type="resnet", down_block_types=("AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D"))
net_case("n-down-resnet-up-conv", "downsample resnet, upsample conv", downsample_type="resnet", down_block_types=("AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D"))
net_case("n-resnet-padding0", "residual-block resampling with downsample_padding 0 (which means nothing)", downsample_type="resnet", upsample_type="resnet", downsample_padding=0,
         down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"))
net_case("n-dropout", "dropout 0.1", dropout=0.1)
net_case("n-centered", "center_input_sample true", center_input_sample=True)
net_case("n-layers-3", "layers_per_block 3", layers_per_block=3)
net_case("n-one-level", "one level", block_out_channels=(32,), down_block_types=("AttnDownBlock2D",), up_block_types=("AttnUpBlock2D",))
net_case("n-asymmetric", "attention at other levels going up", down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"))
net_case("n-asymmetric-2", "attention at other levels going up (2)", block_out_channels=(32, 64, 64), down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D"))
for a in ("mish", "gelu", "relu", "swish"): net_case("n-act-" + a, f"act_fn {a}", act_fn=a)
net_case("n-time-dim", "time_embedding_dim 64", time_embedding_dim=64)
net_case("n-time-dim-same", "time_embedding_dim 128 = 4 · 32", time_embedding_dim=128)
net_case("n-mid-scale", "mid_block_scale_factor 1.414", mid_block_scale_factor=1.41421356237)
net_case("n-time-learned", "time_embedding_type learned", time_embedding_type="learned", num_train_timesteps=1000)
if want("n-time-fourier"):
    path = save("n-time-fourier", unet(50, time_embedding_type="fourier"), ddpm())
    add("n-time-fourier", "time_embedding_type fourier with plain blocks", path, [("", D("ddpm", 10), None)])
net_case("n-padding-0", "downsample_padding 0", downsample_padding=0)
net_case("n-padding-0-odd", "downsample_padding 0, 28 pixels, three levels", downsample_padding=0, sample_size=28, in_channels=1, out_channels=1, block_out_channels=(32, 32, 64), down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
net_case("n-mnist-28", "28 pixels, grey, three levels", sample_size=28, in_channels=1, out_channels=1, block_out_channels=(32, 32, 64), down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
net_case("n-freq-shift", "freq_shift 1, flip_sin_to_cos true", freq_shift=1)
net_case("n-flip", "flip_sin_to_cos false", flip_sin_to_cos=False)
net_case("n-eps", "norm_eps 1e-6", norm_eps=1e-6)
net_case("n-wide-first", "first width not the smallest", block_out_channels=(64, 32))
net_case("n-224", "default widths' ratios 224:448:672:896, tenth", block_out_channels=(32, 64, 96, 128), down_block_types=("DownBlock2D",) + ("AttnDownBlock2D",) * 3, up_block_types=("AttnUpBlock2D",) * 3 + ("UpBlock2D",))
net_case("n-widths-fraction", "widths 96, 160, 224", block_out_channels=(48, 80, 112), norm_num_groups=16, down_block_types=("DownBlock2D",) + ("AttnDownBlock2D",) * 2, up_block_types=("AttnUpBlock2D",) * 2 + ("UpBlock2D",))
net_case("n-in2-out2", "2 channels in and out", in_channels=2, out_channels=2)
net_case("n-in6-out6", "6 channels in and out", in_channels=6, out_channels=6)
net_case("n-in8-out8", "8 channels in and out", in_channels=8, out_channels=8)
for i, o, what in ((4, 3, "segmentation-guided diffusion: picture and mask in"), (2, 1, "grey picture and mask in (segmentation-guided-diffusion's breast MRI)"), (6, 3, "SR3 / image-to-image by concatenation"), (5, 1, "unit 2's class-conditioned MNIST network alone"), (1, 2, "1 in, 2 out")):
    nm = f"n-in{i}-out{o}"
    if want(nm):
        path = save(nm, unet(52, in_channels=i, out_channels=o), ddpm())
        add(nm, what, path, [("", D("ddpm", 10), None)])
if want("n-size-null"):
    net = unet(53); path = save("n-size-null", net, ddpm()); edit(path + "/unet/config.json", sample_size=None)
    add("n-size-null", "sample_size null", path, [("with --image-size 16", D("ddpm", 10, "--image-size", "16"), loop(net, ddpm(), 10)), ("without", D("ddpm", 2), None)])
if want("n-size-float"):
    net = unet(53); path = save("n-size-float", net, ddpm()); edit(path + "/unet/config.json", sample_size=16.0, layers_per_block=1.0, mid_block_scale_factor=1.0)
    add("n-size-float", "sample_size 16.0", path, [("", D("ddpm", 2), None)])
if want("n-size-odd"):
    net = unet(53, sample_size=20, block_out_channels=(32, 32, 32, 32), down_block_types=("DownBlock2D",) * 4, up_block_types=("UpBlock2D",) * 4) if False else None
    net = unet(53, sample_size=16, block_out_channels=(32, 32, 32, 32), down_block_types=("DownBlock2D",) * 4, up_block_types=("UpBlock2D",) * 4)
    path = save("n-size-odd", net, ddpm()); edit(path + "/unet/config.json", sample_size=28)
    add("n-size-odd", "28 pixels with four levels (diffusers fails on it)", path, [("", D("ddpm", 2), None)])
if want("n-unetres-names"):
    net = unet(54); path = save("n-unetres-names", net, ddpm())
    edit(path + "/unet/config.json", down_block_types=["UNetResDownBlock2D", "UNetResAttnDownBlock2D"], up_block_types=["UNetResAttnUpBlock2D", "UNetResUpBlock2D"])
    add("n-unetres-names", "block names of diffusers 0.0.4 (UNetResDownBlock2D), which diffusers still reads", path, [("own DDPM 10", D("ddpm", 10), loop(net, ddpm(), 10))])
if want("n-heads-key"):
    net = unet(54); path = save("n-heads-key", net, ddpm()); edit(path + "/unet/config.json", attention_head_dim="DEL")
    add("n-heads-key", "attention_head_dim absent (8)", path, [("own DDPM 10", D("ddpm", 10), loop(net, ddpm(), 10))])
if want("n-condition"):
    net = UNet2DConditionModel(sample_size=16, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(32, 64), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                               up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=32)
    path = save("n-condition", randomise(net), ddpm())
    add("n-condition", "UNet2DConditionModel in pixel space", path, [("", D("ddpm", 10), None)])
if want("n-condition-plain"):
    net = UNet2DConditionModel(sample_size=16, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(32, 64), down_block_types=("DownBlock2D", "DownBlock2D"),
                               up_block_types=("UpBlock2D", "UpBlock2D"), mid_block_type=None, num_class_embeds=10)
    path = save("n-condition-plain", randomise(net), ddpm())
    add("n-condition-plain", "UNet2DConditionModel without text and without cross attention", path, [("", D("ddpm", 10), None)])
if want("n-unet1d"):
    net = UNet1DModel(sample_size=64, in_channels=2, out_channels=2, block_out_channels=(32, 32), down_block_types=("DownBlock1DNoSkip", "DownBlock1D"), up_block_types=("UpBlock1D", "UpBlock1DNoSkip"), extra_in_channels=16, mid_block_type="UNetMidBlock1D", time_embedding_type="fourier", use_timestep_embedding=False, flip_sin_to_cos=True)
    path = save("n-unet1d", randomise(net), IPNDMScheduler(), pipeline="DanceDiffusionPipeline")
    add("n-unet1d", "harmonai/* (DanceDiffusionPipeline, UNet1DModel)", path, [("", D("ddpm", 10), None)])
if want("n-dit"):
    net = DiTTransformer2DModel(num_attention_heads=2, attention_head_dim=8, in_channels=4, num_layers=1, sample_size=8, num_embeds_ada_norm=10, patch_size=2, out_channels=8, norm_type="ada_norm_zero")
    path = fresh("n-dit"); net.save_pretrained(path + "/transformer"); ddpm().save_pretrained(path + "/scheduler"); index(path, "DiTPipeline", transformer="DiTTransformer2DModel", scheduler="DDIMScheduler", vae="AutoencoderKL")
    add("n-dit", "facebook/DiT-XL-2-256", path, [("", D("ddpm", 10), None)])
if want("n-uvit"):
    path = fresh("n-uvit"); os.makedirs(path + "/unet"); json.dump({"_class_name": "UVit2DModel"}, open(path + "/unet/config.json", "w"))
    save_file({"a": torch.zeros(2)}, path + "/unet/diffusion_pytorch_model.safetensors")
    add("n-uvit", "another class altogether", path, [("", D("ddpm", 10), None)])
if want("n-custom-module"):
    net = unet(55); path = save("n-custom-module", net, ddpm()); edit(path + "/unet/config.json", _class_name="ClassConditionedUnet")
    add("n-custom-module", "a class of one's own", path, [("", D("ddpm", 10), None)])
if want("unit2-mnist"):
    class ClassConditionedUnet(torch.nn.Module):
        def __init__(self, num_classes=10, class_emb_size=4):
            super().__init__()
            self.class_emb = torch.nn.Embedding(num_classes, class_emb_size)
            self.model = UNet2DModel(sample_size=28, in_channels=1 + class_emb_size, out_channels=1, layers_per_block=2, block_out_channels=(32, 64, 64),
                                     down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))
    m = randomise(ClassConditionedUnet()); path = fresh("unit2-mnist"); os.makedirs(path)
    torch.save(m.state_dict(), path + "/net.pth")
    add("unit2-mnist", "the course's unit 2: torch.save(net.state_dict()) of class embedding concatenated as channels", path + "/net.pth", [("", D("ddpm", 10), None)])
if want("state-dict-pth"):
    net = unet(56); path = fresh("state-dict-pth"); os.makedirs(path); torch.save(net.state_dict(), path + "/model.pth")
    add("state-dict-pth", "torch.save(unet.state_dict()): names of diffusers, no config", path + "/model.pth", [fwd(net, ddpm(), extra=["--image-size", "16"]), ("DDPM 10", D("ddpm", 10, "--spacing", "leading", "--image-size", "16"), loop(net, ddpm(), 10))])
if want("accelerate-model"):
    net = unet(56); path = fresh("accelerate-model"); os.makedirs(path); save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path + "/model.safetensors", metadata={"format": "pt"})
    add("accelerate-model", "accelerator.save_state: model.safetensors in a checkpoint folder without config", path, [("the folder", D("ddpm", 2, "--image-size", "16"), None)])

# F. samplers against schedulers, on one network
if want("matrix"):
    net = unet(60); s = ddpm(); path = save("matrix", net, s)
    base = dict(beta_schedule="linear", beta_start=1e-4, beta_end=0.02)
    draws = []
    table = {"unipc": UniPCMultistepScheduler, "dpmpp-2m": DPMSolverMultistepScheduler, "dpmpp-2m-sde": None, "euler": EulerDiscreteScheduler, "euler-a": EulerAncestralDiscreteScheduler, "heun": HeunDiscreteScheduler, "plms": None, "ddim": DDIMScheduler, "ddpm": DDPMScheduler}
    for sw, cls in table.items():
        for sp in ("leading", "trailing", "linspace", "karras"):
            for n in (7, 10, 20):
                kw = dict(base)
                if sp == "karras":
                    if sw in ("ddim", "ddpm", "plms", "euler-a"): continue
                    kw["use_karras_sigmas"] = True
                else: kw["timestep_spacing"] = sp
                if sw == "dpmpp-2m-sde": sc = DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++", **kw)
                elif sw == "plms": sc = PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=True, **kw)
                elif sw in ("ddim", "ddpm"): sc = cls(clip_sample=False, **kw)
                else: sc = cls(**kw)
                draws.append((f"{sw} {sp} {n}", D(sw, n, "--no-clip", "--spacing", sp), loop(net, sc, n)))
    add("matrix", "every sampler and spacing against diffusers' scheduler, not clipped", path, draws)


# G. what the first round asked for ---------------------------------------------------------------------------------
net_case("n-widths-176-240", "widths 176 and 240: 240 / 176 · 176 is 239.99… in float64", block_out_channels=(176, 240), norm_num_groups=16)
net_case("n-widths-24-48", "widths 24 and 48, norm_num_groups 8: multiples of the groups, not of 16", block_out_channels=(24, 48), norm_num_groups=8)
net_case("n-widths-20-40", "widths 20 and 40, norm_num_groups 4", block_out_channels=(20, 40), norm_num_groups=4, attention_head_dim=None)
if want("n-class-cfg"):
    net = unet(61, num_class_embeds=11); s = DDIMScheduler(); path = save("n-class-cfg", net, s)
    @torch.no_grad()
    def guided(steps, scale, label, null):
        sc = copy.deepcopy(s); g = torch.Generator().manual_seed(7); x = torch.randn((1, 3, 16, 16), generator=g); sc.set_timesteps(steps)
        for t in sc.timesteps:
            c, u = net(x, t, torch.tensor([label])).sample, net(x, t, torch.tensor([null])).sample
            x = sc.step(u + scale * (c - u), t, x).prev_sample
        return x.numpy()
    add("n-class-cfg", "classes with a null class, guided by hand", path, [("DDIM 10, guidance 3", D("ddim", 10, "--class", "3", "--null-class", "10", "--guidance", "3"), guided(10, 3.0, 3, 10))])
if want("p-from-ddpm-config"):
    net = unet(62); s = ddpm(clip_sample=False); path = save("p-from-ddpm-config", net, s)
    dr = []
    for sw, cls in (("euler", EulerDiscreteScheduler), ("euler-a", EulerAncestralDiscreteScheduler), ("heun", HeunDiscreteScheduler), ("unipc", UniPCMultistepScheduler), ("dpmpp-2m", DPMSolverMultistepScheduler)):
        sc = cls.from_config(DDPMScheduler.from_pretrained(path + "/scheduler").config)
        for n in (2, 3, 5, 10, 20): dr.append((f"{cls.__name__}.from_config(DDPM's) {n}", D(sw, n), loop(net, sc, n)))
    add("p-from-ddpm-config", "another scheduler made of a DDPM folder's (leading), as the documentation tells users", path, dr)
if want("p-from-ddpm-config-cosine"):
    net = unet(62); s = ddpm(clip_sample=False, beta_schedule="squaredcos_cap_v2"); path = save("p-from-ddpm-config-cosine", net, s)
    dr = []
    for sw, cls in (("euler", EulerDiscreteScheduler), ("euler-a", EulerAncestralDiscreteScheduler), ("heun", HeunDiscreteScheduler), ("unipc", UniPCMultistepScheduler), ("dpmpp-2m", DPMSolverMultistepScheduler)):
        sc = cls.from_config(DDPMScheduler.from_pretrained(path + "/scheduler").config)
        for n in (2, 3, 5, 10, 20): dr.append((f"{cls.__name__}.from_config(DDPM's) {n}", D(sw, n), loop(net, sc, n)))
    add("p-from-ddpm-config-cosine", "the same, cosine", path, dr)
if want("p-unipc-on-old-file"):
    net = unet(62); s = ddpm(clip_sample=False); path = save("p-unipc-on-old-file", net, s)
    edit(path + "/scheduler/scheduler_config.json", timestep_spacing="DEL")
    sc = UniPCMultistepScheduler.from_config(DDPMScheduler.from_pretrained(path + "/scheduler").config)
    add("p-unipc-on-old-file", f"UniPC.from_config of a file without timestep_spacing: {sc.config.timestep_spacing}", path, [("UniPC 10", D("unipc", 10), loop(net, sc, 10))])
if want("f-bare-small"):
    net = unet(41); s = ddpm(); path = save("f-bare-small", net, None, layout="bare")
    add("f-bare-small", "a bare folder with --sigma-small True (DDPMScheduler's default fixed_small)", path, [("DDPM 10 leading --sigma-small True", D("ddpm", 10, "--spacing", "leading", "--sigma-small", "True"), loop(net, s, 10)),
        ("DDPM 10 leading, fixed_large", D("ddpm", 10, "--spacing", "leading", "--sigma-small", "False"), loop(net, ddpm(variance_type="fixed_large"), 10))])
if want("f-symlinks"):
    net = unet(41); s = ddpm(); path = save("f-symlinks", net, s)
    blobs = ROOT + "/f-symlinks-blobs"; shutil.rmtree(blobs, ignore_errors=True); os.makedirs(blobs); k = 0
    for r, _, fs in os.walk(path):
        for f in fs:
            k += 1; os.rename(f"{r}/{f}", f"{blobs}/{k:064x}"); os.symlink(f"{blobs}/{k:064x}", f"{r}/{f}")
    add("f-symlinks", "a snapshot of the Hub's cache: symbolic links into blobs/", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-fp16-and-full"):
    net = unet(41); s = ddpm(); path = save("f-fp16-and-full", net, s); net.half().save_pretrained(path + "/unet", variant="fp16"); net.float()
    net2 = unet(41)
    add("f-fp16-and-full", "both, full and fp16 variant", path, [("own DDPM 10 of the full one", D("ddpm", 10), loop(net2, s, 10))])
if want("f-fp16-file-itself"):
    net = unet(41); s = ddpm(); path = save("f-fp16-file-itself", net, s, variant="fp16")
    add("f-fp16-file-itself", "the variant named itself: unet/diffusion_pytorch_model.fp16.safetensors", path + "/unet/diffusion_pytorch_model.fp16.safetensors", [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("f-sharded-bin-index-itself"):
    net = unet(41); s = ddpm(); path = save("f-sharded-bin-index-itself", net, s, safe=False, max_shard_size="300KB")
    add("f-sharded-bin-index-itself", "the .bin index named itself", path + "/unet/diffusion_pytorch_model.bin.index.json", [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
def pth(nm, real, wrap):
    if not want(nm): return
    net = unet(41); path = fresh(nm); os.makedirs(path); torch.save(wrap(net.state_dict()), path + "/m.pt")
    add(nm, real, path + "/m.pt", [fwd(net, ddpm(), extra=["--image-size", "16"])])
pre = lambda p: (lambda sd: {p + k: v for k, v in sd.items()})
pth("w-module", "DataParallel: module.", pre("module."))
pth("w-model", "a class around it: model.", pre("model."))
pth("w-unet", "a class around it: unet.", pre("unet."))
pth("w-net", "a class around it: net.", pre("net."))
pth("w-compile", "torch.compile: _orig_mod.", pre("_orig_mod."))
pth("w-dict-model", "{'model': …, 'epoch': 3}", lambda sd: {"model": sd, "epoch": 3})
pth("w-dict-model-state", "{'model_state_dict': …, 'optimizer_state_dict': …}", lambda sd: {"model_state_dict": sd, "optimizer_state_dict": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-4}]}})
pth("w-dict-state", "{'state_dict': {'unet.…'}} (Lightning)", lambda sd: {"state_dict": pre("unet.")(sd), "epoch": 1})
pth("w-dict-unet", "{'unet': …}", lambda sd: {"unet": sd})
for nm, kw in (("s-learned-range-trailing", dict(timestep_spacing="trailing")), ("s-learned-range-cosine", dict(beta_schedule="squaredcos_cap_v2"))):
    if want(nm):
        net = unet(31, out_channels=6); s = ddpm(variance_type="learned_range", **kw); path = save(nm, net, s)
        add(nm, f"learned_range, {kw}", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10)), ("own DDPM 50", D("ddpm", 50), loop(net, s, 50))])
for cls, sw in ((IPNDMScheduler, "plms"), (UnCLIPScheduler, "ddpm"), (LCMScheduler, "ddim"), (TCDScheduler, "ddim"), (EDMDPMSolverMultistepScheduler, "dpmpp-2m"), (FlowMatchHeunDiscreteScheduler, "heun"), (DDIMParallelScheduler, "ddim"), (DDPMParallelScheduler, "ddpm"), (LMSDiscreteScheduler, "euler"), (KDPM2DiscreteScheduler, "heun"), (DEISMultistepScheduler, "unipc")):
    nm = "o-" + cls.__name__.replace("Scheduler", "")
    if want(nm):
        net = unet(36); s = cls(); path = save(nm, net, s)
        add(nm, f"what {cls.__name__} draws itself, against the nearest sampler", path, [(f"own {cls.__name__} 10", D(sw, 10, "--spacing", "leading") if sw in ("ddpm", "ddim") else D(sw, 10, "--no-clip"), loop(net, s, 10))])
for key, val in (("solver_order", 1), ("solver_order", 3), ("algorithm_type", "dpmsolver"), ("solver_type", "heun"), ("euler_at_final", True), ("final_sigmas_type", "sigma_min"), ("lower_order_final", False)):
    nm = f"d-{key}-{val}"
    if want(nm):
        net = unet(36)
        try: s = DPMSolverMultistepScheduler(lambda_min_clipped=-20.0, **{key: val})
        except Exception:
            s = DPMSolverMultistepScheduler(lambda_min_clipped=-20.0, final_sigmas_type="sigma_min", **{key: val})
        path = save(nm, net, s)
        add(nm, f"DPMSolverMultistepScheduler({key}={val}) in the file", path, [("own 10", D("dpmpp-2m", 10, "--no-clip"), loop(net, s, 10))])
for nm, edits in (("j-nan", dict(lambda_min_clipped=float("nan"))), ("j-infinity", dict(lambda_min_clipped=float("-inf")))):
    if want(nm):
        net = unet(41); s = ddpm(); path = save(nm, net, s); edit(path + "/scheduler/scheduler_config.json", **edits)
        add(nm, "a number that JSON does not have, as Python writes it", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("j-bom"):
    net = unet(41); s = ddpm(); path = save("j-bom", net, s); f = path + "/scheduler/scheduler_config.json"; t = open(f).read(); open(f, "w", encoding="utf-8-sig").write(t)
    add("j-bom", "a byte order mark before the JSON (edited on Windows)", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10))])
if want("s-sample-clip-range"):
    net = unet(41); s = ddpm(prediction_type="sample", clip_sample=False); path = save("s-sample-clip-range", net, s)
    add("s-sample-clip-range", "prediction_type sample, not clipped", path, [("own DDPM 10", D("ddpm", 10), loop(net, s, 10)), ("DDIM 10", D("ddim", 10), loop(net, DDIMScheduler.from_config(s.config), 10))])
if want("n-cond-image-grey"):
    pass


# H. more of what people hold ---------------------------------------------------------------------------------------
if want("finetuned-celebahq"):
    net = unet(2, sample_size=32, block_out_channels=(32, 32, 32, 32, 64, 64), layers_per_block=2, down_block_types=("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
               up_block_types=("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4, **google)
    s = DDIMScheduler(); path = save("finetuned-celebahq", net, s, layout="root"); edit(path + "/scheduler_config.json", variance_type="fixed_small", timestep_values=None)
    add("finetuned-celebahq", "the course's unit 2: hundreds of ddpm-celebahq-finetuned-butterflies-2epochs (DDPMPipeline whose scheduler is DDIMScheduler, root layout)", path,
        [fwd(net, s), ("own DDIM 10", D("ddim", 10), loop(net, s, 10)), ("own DDIM 40", D("ddim", 40), loop(net, s, 40))])
if want("f-pndm-pipeline-prk"):
    net = unet(2, sample_size=16); s = ddpm(); path = save("f-pndm-pipeline-prk", net, s)
    # plms is PNDM without its Runge-Kutta steps, as in CompVis's plms.py, and the folder does not say how to end.
    p = PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=True, timestep_spacing="leading")
    add("f-pndm-pipeline-prk", "PNDMPipeline.from_pretrained(a DDPM folder), as google's README recommends: skip_prk_steps false, set_alpha_to_one false", path,
        [("PNDMPipeline 10, --no-clip", D("plms", 10, "--no-clip"), loop(net, p, 10)), ("PNDMPipeline 50, --no-clip", D("plms", 50, "--no-clip"), loop(net, p, 50))])
if want("s-ddpm-1-step"):
    net = unet(2, sample_size=16); s = ddpm(); path = save("s-ddpm-1-step", net, s)
    add("s-ddpm-1-step", "one step: diffusers' leading starts at t = 0", path, [("DDPM 1", D("ddpm", 1), loop(net, s, 1)), ("DDIM 1", D("ddim", 1), loop(net, DDIMScheduler(), 1))])
if want("s-ddim-clip-noclip-50"):
    net = unet(1, sample_size=16, **google); s = DDIMScheduler(clip_sample=False); path = save("s-ddim-clip-noclip-50", net, s)
    add("s-ddim-clip-noclip-50", "DDIM of many steps, not clipped: nothing but rounding", path, [(f"DDIM {n}", D("ddim", n), loop(net, s, n)) for n in (10, 50, 100)])
if want("s-zero-snr-epsilon"):
    pass


if want("d-lambda-cosine"):
    net = unet(36); s = DPMSolverMultistepScheduler(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1); path = save("d-lambda-cosine", net, s)
    add("d-lambda-cosine", "DPM-Solver on a cosine schedule with lambda_min_clipped -5.1, as its documentation says", path, [("own 10", D("dpmpp-2m", 10, "--no-clip"), loop(net, s, 10)),
        ("lambda_min_clipped -Infinity", D("dpmpp-2m", 10, "--no-clip"), loop(net, DPMSolverMultistepScheduler(beta_schedule="squaredcos_cap_v2"), 10))])
if want("f-image-size-flag"):
    net = unet(36); path = save("f-image-size-flag", net, ddpm())
    add("f-image-size-flag", "--image-size 32 typed for a folder that says 16", path, [("", D("ddpm", 2, "--image-size", "32"), None)])

json.dump(cases, open(ROOT + "/cases.json", "w"), indent=1)
print(len(cases), "cases")
