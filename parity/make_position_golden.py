"""Makes test/golden/position.json: position embeddings taken to other grids, as timm, transformers' DINOv2 and the authors' code do it.

    python parity/make_position_golden.py --out test/golden/position.json
"""

import argparse

import golden_file
import numpy
import scipy
import torch
from scipy import ndimage
from torch.nn import functional

WIDTH = 3
# Larger, smaller, one axis only, down to one patch, and from one patch.
GRIDS = [((4, 4), (7, 7)), ((6, 6), (4, 4)), ((5, 3), (5, 8)), ((3, 3), (1, 1)), ((1, 1), (2, 3)), ((9, 4), (2, 5))]


def bicubic(grid, to):
    """timm's resample_abs_pos_embed: bicubic, antialiased, in float32."""
    resized = functional.interpolate(grid.permute(2, 0, 1)[None], size=to, mode="bicubic", antialias=True)
    return resized[0].permute(1, 2, 0)


def aliased(grid, to):
    """transformers' Dinov2Embeddings.interpolate_pos_encoding: bicubic, not antialiased, in float32."""
    resized = functional.interpolate(grid.permute(2, 0, 1)[None], size=to, mode="bicubic", align_corners=False)
    return resized[0].permute(1, 2, 0)


def zoom(grid, to):
    """The authors' code: scipy's zoom of order 1 along both axes."""
    factors = (to[0] / grid.shape[0], to[1] / grid.shape[1], 1)
    return torch.from_numpy(numpy.asarray(ndimage.zoom(grid.numpy(), factors, order=1)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="test/golden/position.json")
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(3)
    cases = []
    for start, to in GRIDS:
        grid = torch.randn(*start, WIDTH, generator=generator).mul(1e3).round().div(1e3)
        cases.append(
            {
                "from": list(start),
                "to": list(to),
                "grid": golden_file.tensor(grid),
                "bicubic": golden_file.tensor(bicubic(grid, to), 8),
                "bicubic-aliased": golden_file.tensor(aliased(grid, to), 8),
                "bilinear-zoom": golden_file.tensor(zoom(grid, to), 8),
            }
        )
    versions = f"torch {torch.__version__}, scipy {scipy.__version__}, float32"
    golden_file.write(args.out, {"madeBy": f"parity/make_position_golden.py, {versions}", "cases": cases})


if __name__ == "__main__":
    main()
