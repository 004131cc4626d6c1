#!/usr/bin/env python3
"""Makes what fuzzing starts from: for each target a folder of small sound inputs, from the fixtures and from what the programs write,
and options.dict, the words of their command lines.

usage: seeds.py SAMPLE TRAIN FOLDER
"""

import json
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

sample, train, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), Path(sys.argv[3])
root = Path(__file__).resolve().parents[2]
fixtures = root / "Tests/Fixtures"
count = 0


def seed(target, data):
    global count
    count += 1
    (folder / target).mkdir(parents=True, exist_ok=True)
    (folder / target / f"{count:03}").write_bytes(data if isinstance(data, bytes) else data.encode())


def header(file):
    data = file.read_bytes()
    return data[8 : 8 + struct.unpack("<Q", data[:8])[0]]


# Checkpoints
for file in sorted((fixtures / "containers").iterdir()):
    data = file.read_bytes()
    if file.suffix == ".safetensors":
        seed("safetensors", data)
    elif data.startswith(b"PK"):
        seed("torch-zip", data)
        archive = zipfile.ZipFile(file)
        seed("pickle", archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl"))))
    else:
        seed("torch-legacy", data)


# A network of NVlabs/edm as one pickles it: objects of their classes and states, and a storage as a stream in the pickle. All of its
# tensors share the storage, so that it is small.
def string(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return b"J" + struct.pack("<i", value)


def entries(items):
    return b"}(" + b"".join(string(key) + value for key, value in items) + b"u"


def call(module, name, *arguments):
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(arguments) + b"tR"


def module(name, parameters, modules=(), **attributes):
    state = [("_parameters", entries(parameters)), ("_buffers", entries([])), ("_modules", entries(modules)), *attributes.items()]
    meta = [("type", string("class")), ("version", number(6)), ("module_src", string("#")), ("class_name", string(name)), ("state", entries(state))]
    return call("torch_utils.persistence", "_reconstruct_persistent_obj", entries(meta))


def tensor(*shape):
    strides, size = [], 1
    for length in reversed(shape):
        strides.insert(0, size)
        size *= length
    lists = [b"(" + b"".join(map(number, values)) + b"t" for values in (shape, strides)]
    return call("torch._utils", "_rebuild_tensor_v2", b"h\x00", number(0), *lists, b"\x89", call("collections", "OrderedDict"))


def layer(*shape):
    return module("Layer", [("weight", tensor(*shape)), ("bias", tensor(shape[0]))])


def edm_block(inside, outside, *more):
    layers = [("norm0", layer(inside)), ("conv0", layer(outside, inside, 3, 3)), ("affine", layer(outside, 8)), ("norm1", layer(outside)),
              ("conv1", layer(outside, outside, 3, 3))]
    if inside != outside:
        layers.append(("skip", layer(outside, inside, 1, 1)))
    return module("UNetBlock", [], layers + list(more), num_heads=number(len(more) // 3))


floats = 512
facts = entries([("protocol_version", number(1001)), ("little_endian", b"\x88")])
stored = b"(" + string("storage") + b"ctorch\nHalfStorage\n" + string("0") + string("cpu") + number(floats) + b"NtQ"
stream = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + b"".join(
    b"\x80\x02" + value + b"." for value in (number(1001), facts, stored, b"](" + string("0") + b"e")
) + struct.pack("<Q", floats) + bytes(2 * floats)
attention = [("norm2", layer(4)), ("qkv", layer(12, 4, 1, 1)), ("proj", layer(4, 4, 1, 1))]
encoder = [("4x4_conv", layer(4, 1, 3, 3)), ("4x4_block0", edm_block(4, 4, *attention))]
decoder = [("4x4_in0", edm_block(4, 4, *attention)), ("4x4_in1", edm_block(4, 4)), ("4x4_block0", edm_block(8, 4)),
           ("4x4_block1", edm_block(8, 4)), ("4x4_aux_norm", layer(4)), ("4x4_aux_conv", layer(1, 4, 3, 3))]
network = module("SongUNet", [], [
    ("map_layer0", layer(8, 4)), ("map_layer1", layer(8, 8)), ("map_label", layer(4, 3)),
    ("enc", b"ctorch.nn.modules.container\nModuleDict\n)\x81" + entries([("_modules", entries(encoder))]) + b"b"),
    ("dec", module("Dict", [], decoder)),
])
precond = module("EDMPrecond", [], [("model", network)], sigma_data=b"G" + struct.pack(">d", 0.5), sigma_min=number(0), sigma_max=number(80))
storage = call("torch.storage", "_load_from_bytes", b"B" + struct.pack("<I", len(stream)) + stream) + b"q\x000"
for key in ("ema", "net"):
    seed("raw-pickle", b"\x80\x02" + storage + entries([(key, precond), ("loss_fn", call("numpy", "dtype", string("f8")))]) + b".")
seed("raw-pickle", b"\x80\x02" + storage + entries([("x", tensor(2, 3))]) + b".")

networks = sorted((fixtures / "unet").glob("*.weights.safetensors"))
networks.append(fixtures / "diffusers/default-like/unet/diffusion_pytorch_model.safetensors")
networks.append(root / "Sources/EmbeddedModel/digits.safetensors")
for file in networks:
    seed("safetensors-header", header(file))
    config = json.loads(header(file)).get("__metadata__", {}).get("config")
    if config:
        seed("sidecar", config)
for shape in ([2], [0, 3], []):
    elements = 1
    for size in shape:
        elements *= size
    for kind, size in {"F64": 8, "F16": 2, "BF16": 2, "I64": 8, "U8": 1, "BOOL": 1}.items():
        entry = {"dtype": kind, "shape": shape, "data_offsets": [0, elements * size]}
        text = json.dumps({"__metadata__": {"format": "pt"}, "w": entry}).encode()
        seed("safetensors", struct.pack("<Q", len(text)) + text + bytes(elements * size))
seed("safetensors-index", json.dumps({"metadata": {"total_size": 8}, "weight_map": {"w": "a.safetensors"}}))
seed("sidecar", (root / "Sources/EmbeddedModel/digits.json").read_bytes())
for model in ("default-like", "ddpm-cifar-like"):
    at = fixtures / "diffusers" / model
    seed("diffusers", (at / "unet/config.json").read_bytes() + b"\0" + (at / "scheduler/scheduler_config.json").read_bytes())


# Pictures of each colour type and depth
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour, depth, interlace, transparent):
    width, height, channels = 5, 3, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, across, down in passes if interlace else [(0, 0, 1, 1)]:
        wide, high = -(-(width - x) // across), -(-(height - y) // down)
        if wide > 0:
            rows += b"".join(bytes([row % 5]) + bytes((wide * channels * depth + 7) // 8) for row in range(high))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    if colour == 3:
        data += chunk(b"PLTE", bytes(range(6)))
    if transparent and colour in (0, 2, 3):
        data += chunk(b"tRNS", bytes({0: 2, 2: 6, 3: 1}[colour]))
    data += chunk(b"tEXt", b"Title\0words") + chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"more words"))
    data += chunk(b"iTXt", b"Title\0\0\0en\0\0" + "wörds".encode()) + chunk(b"gAMA", struct.pack(">I", 45455))
    return data + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for depth in depths:
        seed("png", png(colour, depth, interlace=(depth // 2) % 2, transparent=depth < 8))

# JPEGs, out of the fixture that holds them beside their pixels
packed = (fixtures / "jpeg.safetensors").read_bytes()
data = 8 + struct.unpack("<Q", packed[:8])[0]
for name, entry in json.loads(packed[8:data]).items():
    if name.startswith("file/"):
        begin, end = entry["data_offsets"]
        seed("jpeg", packed[data + begin : data + end])

# What the programs write
with tempfile.TemporaryDirectory() as place:
    at = Path(place)

    def run(*words):
        subprocess.run(words, cwd=at, check=True, stdout=subprocess.DEVNULL)

    draw = (sample, "--steps", "2", "--seed", "1", "--quiet")
    run(*draw, "--out", "a.png", "--frames", "moving.png")
    run(*draw, "--class", "0-9", "--count", "3", "--out", "a.npz")
    run(*draw, "--count", "3", "--out", "a.npy")
    (at / "digits").mkdir()
    run(*draw, "--count", "9", "--out", "digits", "--class", "0-9")
    run(train, "--data", "digits", "--image-size", "8", "--in-channels", "1", "--num-channels", "32", "--num-res-blocks", "1",
        "--channel-mult", "1", "--attention-resolutions", "8", "--diffusion-steps", "10", "--batch-size", "2", "--steps", "4",
        "--log-interval", "1", "--save-interval", "4", "--seed", "1", "--quiet", "--out", "run")
    for name in ("a.png", "moving.png"):
        seed("png", (at / name).read_bytes())
    seed("npz", (at / "a.npz").read_bytes())
    seed("npz", (fixtures / "mnist.npz").read_bytes())
    seed("npy", (at / "a.npy").read_bytes())
    seed("training-log", b"\0".join((at / "run" / name).read_bytes() for name in ("progress.csv", "progress.jsonl", "run.json")))
    seed("safetensors-header", header(at / "run/model000004.safetensors"))
    for name in ("skip-iddpm", "adm-vp"):
        subprocess.run([sample, "convert", fixtures / f"families/edm/{name}.pkl", at / f"{name}.safetensors"], check=True, capture_output=True)
        seed("safetensors-header", header(at / f"{name}.safetensors"))
    words = subprocess.run([sample, "--help"], check=True, capture_output=True, text=True).stdout
    more = subprocess.run([train, "--help"], check=True, capture_output=True, text=True).stdout


def npy(descr, shape, data):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


images = npy("|u1", (3, 2, 2), bytes(range(12)))
for labels in (npy("<i8", (3,), struct.pack("<3q", 0, 1, 1)), npy("|u1", (3,), bytes([1, 0, 1]))):
    seed("dataset", images + labels + npy("<U3", (2,), "oneone".encode("utf-32-le")))
seed("npy", npy("<f4", (1, 1, 2, 2), struct.pack("<4f", 0, 1, -1, 0.5)))
seed("npy", npy("<f8", (2,), struct.pack("<2d", 0, 1)))

# Requests, as `sample run` takes them
for line in (
    '{"out": "a.png", "class": ["cat", 3, {"typed": "0-9"}], "steps": 20, "seed": 7, "grid": 3, "scale": 2}',
    '{"count": 100, "batch": 4, "sampler": "ddim", "eta": 0.5, "timesteps": [9, 3, 0], "settings": {"num_heads": 4}}',
    '{"source": {"interpolation": {"_0": {"seeds": {"_0": 1, "_1": 2}}, "frames": 3}}, "spacing": "karras", "clip": false}',
    '{"index": [4, 9], "shard": {"number": 1, "count": 2}, "guidance": 1.5, "guidance_interval": [100, 700], "rng": "torch"}',
):
    seed("request", line)

# Command lines: those of the README and the documentation
pages = [root / "README.md", *sorted((root / "Documentation").glob("**/*.md"))]
for line in [line for page in pages for line in page.read_text().splitlines()]:
    match = re.match(r"\s*(?:\$ )?(?:\./|\S*/)?(sample|train) (.+)$", line)
    if match:
        try:
            line = "\n".join(shlex.split(match[2], comments=True))
        except ValueError:
            continue
        seed("command-line" if match[1] == "sample" else "train-command-line", line)
options = sorted(set(re.findall(r"--[a-z][a-z-]+", words + more)))
(folder / "options.dict").write_text("".join(f'"{option}"\n' for option in options))
