"""Makes test/golden/official-data.json: what the official scripts make of images and labels before the model sees them.

    python parity/make_official_data_golden.py --official DIR      (needs timm 0.9.8 and torchvision)

The pixels of every script's transforms, as hashes of their float32 numbers; batches and soft targets after mixup and cutmix.
"""

import argparse
import hashlib
import importlib
import tempfile
from pathlib import Path

import drawing
import golden_file
import numpy as np
import official
import torch
import torchvision
from PIL import Image
from torchvision.transforms import functional

SIZES = [(300, 200), (224, 224), (97, 131), (256, 256)]  # width, height
BATCH, HEIGHT, WIDTH, CLASSES, SMOOTHING = 4, 6, 8, 5, 0.1


def digest(tensor):
    return hashlib.sha256(tensor.contiguous().numpy().astype("<f4").tobytes()).hexdigest()


def vtab_transforms():
    """Both transforms of the VTAB loader, which needs a folder of lists: one that names an image that is never opened."""
    loader = importlib.import_module("RLRRDatasets.VTABDataLoader")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("train800val200", "train800", "val200", "test"):
            (Path(folder) / f"{name}.txt").write_text("none.jpg 0\n")
        train, test = loader.get_data(folder, simple_aug=True)
    return train.dataset.transform, test.dataset.transform


def noted_transform(transform, image, seed):
    """What a random transform gives, with the crop and the flip that it chose."""
    noted = {"flip": False}
    crop, mirror = functional.crop, functional.hflip

    def note_crop(img, top, left, height, width):
        noted["crop"] = [top, left, height, width]
        return crop(img, top, left, height, width)

    def note_flip(img):
        noted["flip"] = True
        return mirror(img)

    module = torchvision.transforms.transforms.F
    module.crop, module.hflip = note_crop, note_flip
    torch.manual_seed(seed)
    result = transform(image)
    module.crop, module.hflip = crop, mirror
    return {**noted, "sha256": digest(result)}


def pixels(official_fgvc):
    vtab_train, vtab_test = vtab_transforms()
    cases = []
    for width, height in SIZES:
        image = Image.fromarray(drawing.draw(width, height))
        cases.append(
            {
                "size": [width, height],
                "vtabTest": digest(vtab_test(image)),
                "vtabTrain": [noted_transform(vtab_train, image, seed) for seed in (0, 1, 2)],
                "fgvcTest": digest(official_fgvc.get_transforms("test", 224)(image)),
                "fgvcTrain": [
                    noted_transform(official_fgvc.get_transforms("trainval", 224), image, seed) for seed in (0, 1, 2)
                ],
            }
        )
    return cases


def mixed(augment, kind, seed):
    """One batch through their Mixup, with the random numbers that it used."""
    noted = {}
    originals = np.random.beta, np.random.randint

    def beta(*args, **named):
        noted["lam"] = float(originals[0](*args, **named))
        return noted["lam"]

    def randint(*args, **named):
        noted.setdefault("center", []).append(int(originals[1](*args, **named)))
        return noted["center"][-1]

    generator = torch.Generator().manual_seed(7)
    images = torch.randn(BATCH, 3, HEIGHT, WIDTH, generator=generator).mul(1000).round().div(1000)
    labels = torch.tensor([3, 0, 4, 1])
    np.random.seed(seed)
    np.random.beta, np.random.randint = beta, randint
    mix = augment.Mixup(**kind, prob=1.0, mode="batch", label_smoothing=SMOOTHING, num_classes=CLASSES)
    x, targets = mix(images.clone(), labels)
    np.random.beta, np.random.randint = originals
    return {**noted, "targets": golden_file.tensor(targets, 7), "mixed": golden_file.tensor(x, 7)}, images, labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--out", default="test/golden/official-data.json")
    args = parser.parse_args()
    official.load(args.official)
    augment = importlib.import_module("tool.ssf_aug")
    kinds = {
        "mixup": {"mixup_alpha": 0.8, "cutmix_alpha": 0.0},
        "cutmix": {"mixup_alpha": 0.0, "cutmix_alpha": 1.0},
    }
    cases = []
    for kind, seed in (("mixup", 0), ("mixup", 5), ("cutmix", 0), ("cutmix", 1), ("cutmix", 2), ("cutmix", 3)):
        case, images, labels = mixed(augment, kinds[kind], seed)
        cases.append({"kind": kind, **case})
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_official_data_golden.py, torchvision {torchvision.__version__}, "
            f"Pillow {Image.__version__}, zstarN70/RLRR at {official.COMMIT}",
            "pixels": pixels(importlib.import_module("RLRRDatasets.fgvc_tranforms")),
            "mix": {
                "images": golden_file.tensor(images, 7),
                "labels": labels.tolist(),
                "classes": CLASSES,
                "labelSmoothing": SMOOTHING,
                "cases": cases,
            },
        },
    )


if __name__ == "__main__":
    main()
