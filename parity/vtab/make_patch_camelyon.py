"""Writes test/golden/vtab/patch-camelyon: a stand-in of PatchCamelyon, and what VTAB makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets h5py
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_patch_camelyon.py

The patches lie in compressed chunks, larger and smaller than one, and the labels in one piece.
"""

import h5py
import numpy as np
import tensorflow_datasets as tfds
from run_tfds import StandIn, empty_folder, expected_row, prepare, rows_of, temporary_folder, write_expected
from task_adaptation.data.patch_camelyon import PatchCamelyonData

COUNTS = {"train": 16, "valid": 12, "test": 13}
LAYOUTS = {
    "train": {"chunks": (3, 48, 96, 1), "compression": "gzip"},
    "valid": {"chunks": (1, 96, 96, 3), "compression": "gzip", "shuffle": True},
    "test": {"chunks": True, "compression": "gzip"},
}
random = np.random.default_rng(2)


def write(path, name, values, **layout):
    with h5py.File(path, "w") as file:
        file.create_dataset(name, data=values, **layout)


folder = empty_folder("patch-camelyon")
paths = {}
for split, count in COUNTS.items():
    # Four flat quarters each: small once compressed.
    patches = random.integers(0, 256, (count, 2, 2, 3), np.uint8).repeat(48, 1).repeat(48, 2)
    labels = random.integers(0, 2, (count, 1, 1, 1), np.uint8)
    for part, values in {"x": patches, "y": labels}.items():
        path = paths[f"{split}_{part}"] = str(folder / f"camelyonpatch_level_2_split_{split}_{part}.h5")
        write(path, part, values, **(LAYOUTS[split] if part == "x" else {}))

place = temporary_folder()
builder = prepare(tfds.builder("patch_camelyon:2.0.0", data_dir=place), StandIn(paths))


def row_of(example, made):
    return expected_row(example["id"].decode(), made["label"], made["image"].tobytes())


write_expected(folder, rows_of(builder, row_of, PatchCamelyonData(data_dir=place)._base_preprocess_fn))
