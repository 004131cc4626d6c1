"""Makes jpeg.safetensors: small JPEGs, and the pixels that Pillow reads from them, turned as their Exif says and converted to RGB.

    python3 -m venv venv && venv/bin/pip install pillow numpy safetensors
    venv/bin/python Tests/Fixtures/jpeg.py Tests/Fixtures/jpeg.safetensors
"""

import io
import struct
import sys

import numpy
from PIL import Image, ImageOps
from safetensors.numpy import save_file

WIDTH, HEIGHT = 37, 23
files = {}


def picture(channels, width=WIDTH, height=HEIGHT):
    """Smooth colours with sharp edges, so that every coefficient and the interpolation of colours matter."""
    y, x = numpy.mgrid[:height, :width]
    planes = [
        (x * 7 + y * 3 + 40 * c) % 256 * ((x // 5 + y // (3 + c)) % 2) + (200 - 40 * c) * ((x // 5 + y // (3 + c)) % 2 == 0)
        for c in range(channels)
    ]
    pixels = numpy.stack(planes, -1).clip(0, 255).astype("uint8")
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, {1: "L", 3: "RGB", 4: "CMYK"}[channels])


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "jpeg", **{"quality": 80, **options})
    return out.getvalue()


def exif(orientation, order, kind=3, behind=b""):
    """A directory with an entry in front of the orientation's."""
    def number(size, value):
        return value.to_bytes(size, order)
    entry = number(2, 0x0112) + number(2, kind) + number(4, 1)
    entry += number(2, orientation) + b"\0\0" if kind == 3 else number(4, orientation)
    other = number(2, 0x010F) + number(2, 2) + number(4, 2) + b"a\0\0\0"
    mark = {"big": b"MM\0*", "little": b"II*\0"}[order]
    return b"Exif\0\0" + mark + number(4, 8) + number(2, 2) + other + entry + number(4, 0) + behind


def adobe(jpeg, transform):
    """The same with another transform in Adobe's segment: 2 makes CMYK a YCCK."""
    place = jpeg.index(b"Adobe") + 11
    return jpeg[:place] + bytes([transform]) + jpeg[place + 1 :]


for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
    files[f"rgb-{name}"] = saved(picture(3), subsampling=subsampling)
    files[f"progressive-{name}"] = saved(picture(3), subsampling=subsampling, progressive=True)
files["grey"] = saved(picture(1))
files["grey-progressive"] = saved(picture(1), progressive=True)
files["cmyk"] = saved(picture(4))
files["ycck"] = adobe(saved(picture(4)), 2)
files["optimized"] = saved(picture(3), optimize=True, quality=30)
files["restarts"] = saved(picture(3), restart_marker_blocks=1)
files["kept-rgb"] = saved(picture(3), keep_rgb=True)
for width, height in [(1, 1), (8, 8), (16, 1), (1, 17), (7, 33)]:
    files[f"size-{width}x{height}"] = saved(picture(3, width, height))
for orientation in range(1, 9):
    order = ("big", "little")[orientation % 2]
    files[f"orientation-{orientation}"] = saved(picture(3), exif=exif(orientation, order))
files["orientation-grey"] = saved(picture(1), exif=exif(6, "little", behind=b"more"))
files["orientation-long"] = saved(picture(3), exif=exif(8, "little", kind=4))
files["orientation-none"] = saved(picture(3), exif=exif(9, "big"))

tensors = {}
for name, data in files.items():
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image = image if image.mode == "L" else image.convert("RGB")
    pixels = numpy.array(image)
    tensors[f"file/{name}"] = numpy.frombuffer(data, "uint8")
    tensors[f"pixels/{name}"] = pixels.reshape(*pixels.shape[:2], -1)
save_file(tensors, sys.argv[1])
