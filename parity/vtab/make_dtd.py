"""Writes test/golden/vtab/dtd: a stand-in of the Describable Textures Dataset, and what VTAB makes of it.

    python parity/vtab/make_dtd.py FOLDER_OF_TASK_ADAPTATION

Needs tensorflow, tensorflow-datasets, pillow, and a checkout of github.com/google-research/task_adaptation. The stand-in
lies in a folder named dtd, as in the archive.
"""

import io

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from run_arrays import empty_folder, examples_of, hash_of, prepare, write_expected
from task_adaptation.data.dtd import DTDData

random = np.random.default_rng(3)
classes = tfds.core.tfds_path("image_classification/dtd_key_attributes.txt").read_text().split()


def jpeg():
    """A flat picture of 8 x 8 in a few hundred bytes."""
    out = io.BytesIO()
    image = Image.new("L", (8, 8), int(random.integers(256)))
    image.save(out, "JPEG", quality=int(random.integers(5, 96)), optimize=True)
    return out.getvalue()


folder = empty_folder("dtd")
lists = {"train1": [], "val1": [], "test1": []}
for number, label in enumerate(classes):
    (folder / "dtd" / "images" / label).mkdir(parents=True)
    name = f"{label}/{label}_{number + 2:04}.jpg"
    (folder / "dtd" / "images" / name).write_bytes(jpeg())
    list(lists.values())[number % 3].append(name)
(folder / "dtd" / "labels").mkdir()
for name, lines in lists.items():
    (folder / "dtd" / "labels" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))

data = DTDData(data_dir=prepare("dtd:3.0.1", str(folder)))
examples = examples_of(data, ("train", "val", "test"))


def row_of(example, image):
    return {
        "key": example["file_name"].numpy().decode(),
        "label": int(image["label"]),
        "sha256": hash_of(example["image"].numpy()),
    }


splits = {"train": "train", "val": "validation", "test": "test"}
write_expected(folder, {splits[split]: [row_of(*pair) for pair in rows] for split, rows in examples.items()})
