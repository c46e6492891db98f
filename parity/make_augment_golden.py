"""Makes test/golden/rand-augment.json: what timm's RandAugment operations make of formula images, as hashes of their bytes.

    python parity/make_augment_golden.py      (needs timm 0.9.8)
"""

import argparse
import hashlib
import importlib.metadata

import drawing
import golden_file
import PIL
from PIL import Image
from timm.data import auto_augment

SIZES = [(23, 17), (64, 48), (3, 2), (1, 1)]  # width, height
LEVELS = [0.0, 2.5, 5.0, 8.4, 9.9, 10.0]
FILL = (128, 127, 124)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def soft(image):
    """Less noise, so that histograms are no plain ramps."""
    return Image.fromarray((image.astype("uint16") // 3 + 40).astype("uint8"))


def apply(name, image, level, sign, resample):
    """The operation at this level; its random sign is decided."""
    keep = auto_augment._randomly_negate
    auto_augment._randomly_negate = lambda value: sign * value
    try:
        level_fn = auto_augment.LEVEL_TO_ARG[name]
        args = level_fn(level, {}) if level_fn else ()
        if name == "PosterizeIncreasing" and args[0] == 0:
            return Image.new("RGB", image.size)  # Pillow 9.4 keeps no bit of it; later ones refuse
        return auto_augment.NAME_TO_OP[name](image, *args, fillcolor=FILL, resample=resample)
    finally:
        auto_augment._randomly_negate = keep


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="test/golden/rand-augment.json")
    args = parser.parse_args()
    cases = []
    for width, height in SIZES:
        images = [Image.fromarray(drawing.draw(width, height)), soft(drawing.draw(width, height))]
        for index, name in enumerate(auto_augment._RAND_INCREASING_TRANSFORMS):
            for filter_name, resample in FILTERS.items():
                digest = hashlib.sha256()
                for image in images:
                    for level in LEVELS:
                        for sign in (1, -1):
                            digest.update(apply(name, image, level, sign, resample).tobytes())
                cases.append(
                    {"size": [width, height], "index": index, "name": name, "filter": filter_name, "sha256": digest.hexdigest()}
                )
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_augment_golden.py, timm {importlib.metadata.version('timm')}, Pillow {PIL.__version__}",
            "levels": LEVELS,
            "fill": list(FILL),
            "cases": cases,
        },
    )


if __name__ == "__main__":
    main()
