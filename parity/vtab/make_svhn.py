"""Writes test/golden/vtab/svhn: a stand-in of SVHN, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets scipy pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_svhn.py
"""

import numpy
import tensorflow_datasets as tfds
from run_tfds import StandIn, empty_folder, expected_row, prepare, rows_of, temporary_folder, write_expected
from save_mat import save_mat
from task_adaptation.data.svhn import SvhnData


def write_split(path, count, seed, label_type, compress):
    """Every image has a corner of its own, so that rows, columns and channels cannot be exchanged unseen."""
    random = numpy.random.default_rng(seed)
    images = numpy.zeros((32, 32, 3, count), numpy.uint8)
    images[:3, :2] = random.integers(0, 256, (3, 2, 3, count))
    labels = (numpy.arange(count) % 10 + 1).astype(label_type).reshape(count, 1)
    save_mat(path, {"X": images, "y": labels}, compress)


folder = empty_folder("svhn")
# The originals are compressed. The other way of storing them is kept to few images.
write_split(folder / "train_32x32.mat", 30, 0, numpy.uint8, compress=True)
write_split(folder / "test_32x32.mat", 4, 1, numpy.float64, compress=False)

place = temporary_folder()
# The split "extra", which VTAB leaves out.
write_split(place / "extra.mat", 2, 2, numpy.uint8, compress=True)
paths = {split: str(folder / f"{split}_32x32.mat") for split in ("train", "test")}
builder = prepare(
    tfds.builder("svhn_cropped", data_dir=place), StandIn({**paths, "extra": str(place / "extra.mat")})
)


def row_of(example, made):
    key = int(example["id"].decode().rpartition("_")[2])
    return expected_row(key, made["label"], made["image"].tobytes())


write_expected(folder, rows_of(builder, row_of, SvhnData(data_dir=place)._base_preprocess_fn))
