"""Writes test/golden/vtab/dtd: a stand-in of the Describable Textures Dataset, and what VTAB makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_dtd.py

The stand-in lies in a folder named dtd, as in the archive.
"""

import io

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from run_tfds import StandIn, empty_folder, expected_row, prepare, rows_of, temporary_folder, write_expected
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

place = temporary_folder()
builder = prepare(tfds.builder("dtd:3.0.1", data_dir=place), StandIn(str(folder)))


def row_of(example, made):
    return expected_row(example["file_name"].decode(), made["label"], example["image"])


write_expected(folder, rows_of(builder, row_of, DTDData(data_dir=place)._base_preprocess_fn))
