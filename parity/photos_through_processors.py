"""Runs photos through image processors of transformers and transforms of timm, for photos-through-processors.ts to compare with ours.

    python -m venv venv && venv/bin/pip install torch torchvision timm transformers pillow safetensors
    venv/bin/python parity/photos_through_processors.py --out PIXELS photo.jpg other.png@283x427 ...
    npx tsx parity/photos-through-processors.ts PIXELS

`@WIDTHxHEIGHT` behind a path cuts that much out of the middle. Of every class there is the PIL backend where it has one, the torchvision
backend, which transformers takes by default, and that backend once more with Pillow's resize in place of torchvision's.
"""

import argparse
import contextlib
import json
import re
from pathlib import Path

import numpy
import PIL
import timm
import timm.data
import torch
import transformers
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torchvision.transforms.v2 import functional

# As the models on the hub have them.
PROCESSORS = {
    "ViT": {"size": {"height": 224, "width": 224}},
    "DeiT": {"size": {"height": 256, "width": 256}, "crop_size": {"height": 224, "width": 224}},
    "Beit": {"size": {"height": 256, "width": 256}, "do_center_crop": True, "crop_size": {"height": 224, "width": 224}},
    "Siglip": {"size": {"height": 224, "width": 224}},
    "CLIP": {"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}},
    "Bit": {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 3},
    "ConvNext": {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
    "Levit": {"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}},
    "EfficientNet": {"size": {"height": 224, "width": 224}, "resample": 0},
    "DINOv3ViT": {"size": {"height": 224, "width": 224}},
}
TIMM = {
    "timm, crop_pct 0.9": {"input_size": [3, 224, 224], "crop_pct": 0.9, "interpolation": "bicubic"},
    "timm, border, bilinear": {"input_size": [3, 224, 224], "crop_pct": 0.875, "crop_mode": "border", "interpolation": "bilinear"},
}


def open_photo(argument, path):
    """The photo, and the file that rlrr gets: the photo's own, or what was cut out of it."""
    match = re.fullmatch(r"(.+)@(\d+)x(\d+)", argument)
    source = Path(match[1] if match else argument)
    if not match:
        path = path.with_suffix(source.suffix)
        path.write_bytes(source.read_bytes())
        return ImageOps.exif_transpose(Image.open(path)).convert("RGB"), path
    image = ImageOps.exif_transpose(Image.open(source))
    width, height = int(match[2]), int(match[3])
    left, top = (image.width - width) // 2, (image.height - height) // 2
    if left < 0 or top < 0:
        raise SystemExit(f"{source} is {image.width} x {image.height}, so {width} x {height} cannot be cut out of it.")
    path = path.with_suffix(".png")
    image.crop((left, top, left + width, top + height)).save(path)
    return Image.open(path).convert("RGB"), path


def pillow_resize(image, size, interpolation, antialias):
    """torchvision's resize of a tensor [.., 3, height, width], done by Pillow on bytes."""
    filters = {"nearest": 0, "nearest-exact": 0, "bilinear": 2, "bicubic": 3}
    scale = 255 if image.is_floating_point() else 1
    planes = (image * scale).round().to(torch.uint8).reshape(3, *image.shape[-2:])
    small = Image.fromarray(planes.permute(1, 2, 0).numpy()).resize(size[::-1], filters[interpolation.value])
    result = torch.from_numpy(numpy.array(small)).permute(2, 0, 1)
    result = result / scale if image.is_floating_point() else result
    return result.reshape(*image.shape[:-2], *result.shape[-2:])


@contextlib.contextmanager
def resize_by_pillow():
    original = functional.resize
    functional.resize = pillow_resize
    try:
        yield
    finally:
        functional.resize = original


def by_transformers(name, fields, image):
    """Levels of 255 before normalising, and the numbers after it."""
    cls = getattr(transformers, name)
    bare = {"do_normalize": False, "include_top": False}
    levels = cls(**{**fields, **bare})(image, return_tensors="pt")["pixel_values"][0].double() * 255
    numbers = cls(**fields)(image, return_tensors="pt")["pixel_values"][0]
    return levels.float(), numbers.float()


def by_timm(config, image):
    data = timm.data.resolve_data_config(pretrained_cfg=config)
    levels = timm.data.create_transform(**data, normalize=False)(image)
    return levels.float(), timm.data.create_transform(**data)(image)


def runs():
    """Each processor by each of its backends: what rlrr reads, and the function."""
    for name, fields in PROCESSORS.items():
        base = f"{name}ImageProcessor"
        config = {"image_processor_type": base, **fields}
        if hasattr(transformers, f"{base}Pil"):
            yield base, "pil", config, lambda image, fields=fields, base=base: by_transformers(f"{base}Pil", fields, image)
        yield base, "torchvision", config, lambda image, fields=fields, base=base: by_transformers(base, fields, image)

        def patched(image, fields=fields, base=base):
            with resize_by_pillow():
                return by_transformers(base, fields, image)

        yield base, "torchvision, resized by Pillow", config, patched
    for title, config in TIMM.items():
        yield title, "timm", config, lambda image, config=config: by_timm(config, image)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("photos", nargs="+", metavar="PHOTO[@WIDTHxHEIGHT]")
parser.add_argument("--out", required=True, type=Path)
args = parser.parse_args()
transformers.logging.set_verbosity_error()
args.out.mkdir(parents=True, exist_ok=True)
photos = [open_photo(one, args.out / f"photo-{at:02}") for at, one in enumerate(args.photos)]
cases = []
for at, (title, backend, config, prepare) in enumerate(runs()):
    tensors = {}
    for index, (image, _) in enumerate(photos):
        levels, numbers = prepare(image)
        tensors |= {f"levels.{index}": levels.contiguous(), f"numbers.{index}": numbers.contiguous()}
    save_file(tensors, args.out / f"{at:02}.safetensors")
    cases.append({"title": title, "backend": backend, "config": config, "file": f"{at:02}.safetensors"})
    print(f"{title}: {backend}")
versions = {"pillow": PIL.__version__, "timm": timm.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
content = {"versions": versions, "photos": [path.name for _, path in photos], "cases": cases}
(args.out / "cases.json").write_text(json.dumps(content, indent=1))
