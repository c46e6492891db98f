"""Writes test/golden/vtab/small-norb: a stand-in of small NORB, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_small_norb.py
"""

import gzip

import numpy
import tensorflow_datasets as tfds
from run_tfds import (
    StandIn,
    empty_folder,
    expected_row,
    hash_of,
    prepare,
    rows_by_task,
    rows_of,
    temporary_folder,
    write_expected,
)
from task_adaptation.data.smallnorb import SmallNORBData

NAMES = {
    "training": "smallnorb-5x46789x9x18x6x2x96x96-training",
    "testing": "smallnorb-5x01235x9x18x6x2x96x96-testing",
}
MAGICS = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54}


def matrix(array):
    """The type, the number of dimensions, the dimensions, of which there are three at least; then the numbers."""
    dims = [*array.shape, 1, 1][: max(3, array.ndim)]
    header = numpy.array([MAGICS[array.dtype.name], array.ndim, *dims], "<i4")
    return header.tobytes() + array.tobytes()


def arrays_of(count, seed):
    random = numpy.random.default_rng(seed)
    images = numpy.zeros((count, 2, 96, 96), numpy.uint8)
    images[:, :, :2, :3] = random.integers(0, 256, (count, 2, 2, 3))
    # Every azimuth and every elevation comes up.
    numbers = numpy.arange(count)
    info = [random.integers(0, 10, count), numbers % 9, 2 * (numbers % 18), random.integers(0, 6, count)]
    return {
        "dat": images,
        "cat": (numbers % 5).astype("int32"),
        "info": numpy.stack(info, 1).astype("int32"),
    }


folder = empty_folder("small-norb")
place = temporary_folder()
paths, key_of = {}, {}
for seed, (part, name) in enumerate(NAMES.items()):
    arrays = arrays_of(24, seed)
    for key, (left, _) in enumerate(arrays["dat"]):
        key_of[hash_of(left.tobytes())] = key
    for kind, array in arrays.items():
        paths[f"{part}_{kind}"] = f"{place}/{part}_{kind}"
        with open(paths[f"{part}_{kind}"], "wb") as file:
            file.write(matrix(array))
        # Of categories nothing is needed. One matrix is unpacked, the others are as they are published.
        if kind == "info" and part == "testing":
            (folder / f"{name}-{kind}.mat").write_bytes(matrix(array))
        elif kind != "cat":
            packed = gzip.compress(matrix(array), mtime=0)
            (folder / f"{name}-{kind}.mat.gz").write_bytes(packed)

builder = prepare(tfds.builder("smallnorb", data_dir=place), StandIn(paths))


def row_of(_, made):
    # VTAB makes three equal channels of one. All images are different, so that the pixels tell the key.
    left = made["image"][:, :, 0].tobytes()
    return expected_row(key_of[hash_of(left)], made["label"], left)


def rows_by(attribute):
    return rows_of(builder, row_of, SmallNORBData(attribute, data_dir=place)._base_preprocess_fn)


tasks = {"smallnorb_azi": rows_by("label_azimuth"), "smallnorb_ele": rows_by("label_elevation")}
write_expected(folder, rows_by_task(tasks))
