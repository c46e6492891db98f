"""Writes test/golden/pillow-resize.json: what Pillow's resize gives for images drawn by a formula.

    python -m venv venv && venv/bin/pip install pillow numpy && venv/bin/python parity/make_pillow_golden.py

Only needed to make the file anew; the tests read the file.
"""

import hashlib
import json
from pathlib import Path

import numpy
import PIL
from PIL import Image

from drawing import draw

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

# (width, height) in and out: down, up, mixed, odd, one side kept, one-pixel sides, and a photograph's size.
SIZES = [
    ((31, 17), (8, 8)),
    ((31, 17), (64, 53)),
    ((31, 17), (10, 40)),
    ((31, 17), (31, 5)),
    ((31, 17), (9, 17)),
    ((31, 17), (31, 17)),
    ((7, 5), (3, 2)),
    ((1, 1), (4, 3)),
    ((1, 13), (5, 4)),
    ((13, 1), (4, 5)),
    ((13, 11), (1, 1)),
    ((100, 100), (224, 224)),
    ((32, 32), (224, 224)),
    ((500, 375), (224, 224)),
    ((333, 500), (256, 384)),
    ((640, 3), (3, 640)),
    ((1021, 769), (97, 101)),
    # Rows first, where more than twice as many go as columns; the fourth pair is just not so, the last grows to one side.
    ((283, 427), (224, 224)),
    ((300, 400), (200, 199)),
    ((97, 301), (96, 100)),
    ((300, 400), (200, 200)),
    ((40, 90), (64, 33)),
]


cases = []
for (width, height), (out_width, out_height) in SIZES:
    image = Image.fromarray(draw(width, height))
    for name, filter_ in FILTERS.items():
        pixels = numpy.asarray(image.resize((out_width, out_height), filter_)).tobytes()
        cases.append(
            {
                "filter": name,
                "from": [height, width],
                "to": [out_height, out_width],
                "first": list(pixels[:9]),
                "sha256": hashlib.sha256(pixels).hexdigest(),
            }
        )

path = Path(__file__).parent.parent / "test/golden/pillow-resize.json"
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f'{{"pillow": "{PIL.__version__}", "cases": [\n{lines}\n]}}\n')
print(path, path.stat().st_size, "bytes,", len(cases), "cases, Pillow", PIL.__version__)
