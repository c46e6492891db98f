"""Writes test/golden/vtab/dsprites: a stand-in of dSprites, and what VTAB makes of it.

    python parity/vtab/make_dsprites.py FOLDER_OF_TASK_ADAPTATION

Needs tensorflow, tensorflow-datasets, h5py, and a checkout of github.com/google-research/task_adaptation. dSprites comes
as .npz and as .hdf5 of the same arrays; TensorFlow Datasets reads the latter.
"""

from pathlib import Path

import h5py
import numpy as np

from run_arrays import TEMPORARY, empty_folder, examples_of, hash_of, prepare, write_expected
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
hdf5 = Path(TEMPORARY.name) / f"{NAME}.hdf5"
with h5py.File(hdf5, "w") as file:
    file["imgs"] = images
    file["latents/classes"] = classes
    file["latents/values"] = values

data_dir = prepare("dsprites:2.0.0", str(hdf5))


def row_of(example, image):
    pixels = image["image"]
    assert (pixels == pixels[:, :, :1]).all()
    return {
        "key": int(example["value_shape"]),
        "label": int(image["label"]),
        "sha256": hash_of(pixels[:, :, 0].tobytes()),
    }


def task(attribute):
    data = DSpritesData(attribute, num_classes=16, data_dir=data_dir)
    examples = examples_of(data, ("train", "val", "test"))
    # VTAB's splits follow each other in the one of TensorFlow Datasets.
    return [row_of(*pair) for split in examples.values() for pair in split]


write_expected(
    folder, {"dsprites_loc": task("label_x_position"), "dsprites_ori": task("label_orientation")}
)
