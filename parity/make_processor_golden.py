"""Writes test/golden/processors.json: what timm's transforms and transformers' image processors make of images drawn by a formula.

    python -m venv venv && venv/bin/pip install torch torchvision timm transformers pillow
    venv/bin/python parity/make_processor_golden.py

Only needed to make the file anew; the tests read the file. Of transformers the PIL backend is taken, which resizes with Pillow.
"""

import hashlib
from pathlib import Path

import PIL
import timm
import timm.data
import torch
import transformers
from PIL import Image

from drawing import draw
from golden_file import write

# (width, height): odd differences to the crop on either axis, smaller than the crop, long and thin, square, and a photo's, whose rows Pillow reduces first.
SIZES = [(61, 40), (40, 61), (33, 47), (25, 90), (32, 32), (283, 427)]

# Files of transformers: with every field left to the class, then with fields that are easily passed over.
PROCESSORS = [
    {"image_processor_type": "ViTImageProcessor"},
    {"image_processor_type": "DeiTImageProcessor"},
    {"image_processor_type": "BeitImageProcessor"},
    {"image_processor_type": "SiglipImageProcessor"},
    {"image_processor_type": "PvtImageProcessor"},
    {"image_processor_type": "BlipImageProcessor"},
    {"image_processor_type": "BitImageProcessor"},
    {"image_processor_type": "CLIPImageProcessor"},
    {"image_processor_type": "ChineseCLIPImageProcessor"},
    {"image_processor_type": "LevitImageProcessor"},
    {"image_processor_type": "PoolFormerImageProcessor"},
    {"image_processor_type": "MobileNetV1ImageProcessor"},
    {"image_processor_type": "MobileNetV2ImageProcessor"},
    {"image_processor_type": "ConvNextImageProcessor"},
    {"image_processor_type": "EfficientNetImageProcessor"},
    {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 29}, "crop_size": {"height": 24, "width": 24}},
    {"image_processor_type": "BitImageProcessor", "size": 29, "crop_size": 24, "resample": 2},
    {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 20}, "crop_size": {"height": 27, "width": 24}},
    {"image_processor_type": "DeiTImageProcessor", "size": {"height": 27, "width": 31}, "crop_size": 24},
    {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 24}, "crop_pct": 0.8, "resample": 1},
    {"image_processor_type": "PoolFormerImageProcessor", "size": 24, "crop_size": 24, "crop_pct": 0.77},
    {"image_processor_type": "LevitImageProcessor", "size": {"shortest_edge": 21}, "crop_size": 21},
    {"image_processor_type": "EfficientNetImageProcessor", "size": 24, "rescale_offset": True, "rescale_factor": 1 / 127.5},
    {"image_processor_type": "EfficientNetImageProcessor", "size": 24, "include_top": False, "do_normalize": False},
    {"image_processor_type": "ViTImageProcessor", "size": 24, "do_rescale": False, "image_mean": 127.5, "image_std": 60},
    {"image_processor_type": "ViTImageProcessor", "size": 24, "do_center_crop": True, "crop_size": 21},
]

# pretrained_cfg of timm.
TIMM = [
    {},
    {"crop_pct": None, "mean": None, "std": None, "interpolation": None, "crop_mode": None},
    {"input_size": [3, 24, 24], "crop_pct": 0.9, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    {"input_size": [3, 24, 24], "crop_pct": 0.83, "interpolation": "bilinear"},
    {"input_size": [3, 24, 24], "crop_pct": 0.9, "crop_mode": "squash"},
    {"input_size": [3, 24, 24], "crop_pct": 0.9, "crop_mode": "border", "mean": [0.5, 0.3, 0.1]},
    {"input_size": [3, 24, 32], "crop_pct": 0.9},
    {"input_size": [3, 32, 24], "crop_pct": 1.0, "crop_mode": "border", "interpolation": "lanczos"},
]


def case(config, image, pixels, numbers):
    """Bytes before normalising by their hash, [height, width, 3]; of the numbers after it the first and the middle pixel."""
    _, height, width = numbers.shape
    picked = torch.stack([numbers[:, 0, 0], numbers[:, height // 2, width // 2]])
    return {
        "config": config,
        "from": [image.height, image.width],
        "to": [height, width],
        "sha256": hashlib.sha256(pixels.permute(1, 2, 0).contiguous().numpy().tobytes()).hexdigest()[:16],
        "numbers": [float(f"{number:.7g}") for number in picked.flatten().tolist()],
    }


def by_transformers(config, image):
    cls = getattr(transformers, config["image_processor_type"] + "Pil")
    fields = {key: value for key, value in config.items() if key != "image_processor_type"}
    bare = {"do_rescale": False, "do_normalize": False, "include_top": False}
    pixels = cls(**{**fields, **bare})(image, return_tensors="pt")["pixel_values"][0]
    numbers = cls(**fields)(image, return_tensors="pt")["pixel_values"][0]
    return case(config, image, pixels.to(torch.uint8), numbers)


def by_timm(config, image):
    data = timm.data.resolve_data_config(pretrained_cfg=config or {"architecture": "x"})
    pixels = timm.data.create_transform(**data, normalize=False)(image)
    numbers = timm.data.create_transform(**data)(image)
    return case(config, image, pixels, numbers)


images = [Image.fromarray(draw(*size)) for size in SIZES]
write(
    Path(__file__).parent.parent / "test/golden/processors.json",
    {
        "versions": {"pillow": PIL.__version__, "timm": timm.__version__, "transformers": transformers.__version__},
        "transformers": [by_transformers(config, image) for config in PROCESSORS for image in images],
        "timm": [by_timm(config, image) for config in TIMM for image in images],
    },
)
