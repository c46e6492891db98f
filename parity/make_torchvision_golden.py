"""Writes test/golden/torchvision-resize.json: what torchvision's resize of bytes gives for images drawn by a formula.

    python -m venv venv && venv/bin/pip install torch torchvision numpy && venv/bin/python parity/make_torchvision_golden.py

Only needed to make the file anew; the tests read the file.
"""

import hashlib
import json
from pathlib import Path

import torch
import torchvision
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from drawing import draw

MODES = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
# (width, height) in and out: down, up, mixed, one side kept, one-pixel sides, and a photograph's size.
SIZES = [
    ((31, 17), (8, 8)),
    ((31, 17), (64, 53)),
    ((31, 17), (10, 40)),
    ((31, 17), (31, 5)),
    ((13, 1), (4, 5)),
    ((500, 375), (224, 224)),
    ((283, 427), (224, 224)),
]

cases = []
for (width, height), (out_width, out_height) in SIZES:
    image = torch.from_numpy(draw(width, height).copy()).permute(2, 0, 1).contiguous()
    for name, mode in MODES.items():
        resized = functional.resize(image, [out_height, out_width], interpolation=mode, antialias=True)
        pixels = resized.permute(1, 2, 0).contiguous().numpy().tobytes()
        cases.append(
            {
                "size": [height, width],
                "to": [out_height, out_width],
                "filter": name,
                "sha256": hashlib.sha256(pixels).hexdigest(),
            }
        )

made_by = f"parity/make_torchvision_golden.py with torchvision {torchvision.__version__}, torch {torch.__version__}"
path = Path(__file__).parent.parent / "test" / "golden" / "torchvision-resize.json"
path.write_text(json.dumps({"madeBy": made_by, "cases": cases}, indent=1) + "\n")
