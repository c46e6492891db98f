"""Writes test/golden/vtab/dsprites: a stand-in of dSprites, and what VTAB makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets h5py
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_dsprites.py

dSprites comes as .npz and as .hdf5 of the same arrays; TensorFlow Datasets reads the latter.
"""

import h5py
import numpy as np
import tensorflow_datasets as tfds
from run_tfds import (
    StandIn,
    empty_folder,
    expected_row,
    prepare,
    rows_by_task,
    rows_of,
    temporary_folder,
    write_expected,
)
from task_adaptation.data.dsprites import DSpritesData

NAME = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
COUNT = 40

images = np.zeros((COUNT, 64, 64), np.uint8)
classes = np.zeros((COUNT, 6), np.int64)
values = np.zeros((COUNT, 6))
for row in range(COUNT):
    images[row, row : row + 9, 3 : 5 + row] = 1
    images[row, 63, 63] = row % 2
    classes[row] = [0, row % 3, row % 6, row, 7 * row % 32, 5 * row % 32]
    # By this TensorFlow Datasets keeps what number the row had.
    values[row, 1] = row

folder = empty_folder("dsprites")
np.savez_compressed(
    folder / f"{NAME}.npz",
    metadata=np.array({"title": "stand-in"}),
    imgs=images,
    latents_classes=classes,
    latents_values=values,
)
hdf5 = temporary_folder() / f"{NAME}.hdf5"
with h5py.File(hdf5, "w") as file:
    file["imgs"] = images
    file["latents/classes"] = classes
    file["latents/values"] = values

place = temporary_folder()
builder = prepare(tfds.builder("dsprites:2.0.0", data_dir=place), StandIn(str(hdf5)))


def row_of(example, made):
    pixels = made["image"]
    assert (pixels == pixels[:, :, :1]).all()
    return expected_row(int(example["value_shape"]), made["label"], pixels[:, :, 0].tobytes())


def rows_by(attribute):
    vtab = DSpritesData(attribute, num_classes=16, data_dir=place)
    return rows_of(builder, row_of, vtab._base_preprocess_fn)


tasks = {"dsprites_loc": rows_by("label_x_position"), "dsprites_ori": rows_by("label_orientation")}
write_expected(folder, rows_by_task(tasks))
