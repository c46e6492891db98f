"""Makes test/golden/vit.json: every stage of a tiny plain ViT in float64.

    python parity/make_vit_golden.py --out test/golden/vit.json
"""

import argparse

import golden_file
import plain_vit
import torch

# Nothing here is square or a default, so that a swapped axis or an ignored option shows.
CONFIG = {
    "imageSize": [8, 12],
    "patchSize": 4,
    "width": 12,
    "depth": 3,
    "heads": 3,
    "mlpWidth": 20,
    "layerNormEps": 1e-3,
    "classes": 5,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="test/golden/vit.json")
    args = parser.parse_args()
    generator = torch.Generator().manual_seed(7)
    weights = plain_vit.random_weights(CONFIG, generator)
    images = torch.randn(2, 3, *CONFIG["imageSize"], generator=generator, dtype=torch.float64)
    images = images.mul(1e3).round().div(1e3)
    stages = plain_vit.forward(weights, CONFIG, images)
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_vit_golden.py, torch {torch.__version__}, float64",
            "config": CONFIG,
            "weights": golden_file.tensors(weights),
            "images": golden_file.tensor(images),
            "stages": golden_file.tensors(stages, digits=12),
        },
    )


if __name__ == "__main__":
    main()
