"""Writes test/golden/vtab/patch-camelyon: a stand-in of PatchCamelyon, and what VTAB makes of it.

    python parity/vtab/make_patch_camelyon.py FOLDER_OF_TASK_ADAPTATION

Needs tensorflow, tensorflow-datasets, h5py, and a checkout of github.com/google-research/task_adaptation. The patches
lie in compressed chunks, larger and smaller than one, and the labels in one piece.
"""

import h5py
import numpy as np

from run_arrays import empty_folder, examples_of, hash_of, prepare, write_expected
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

data = PatchCamelyonData(data_dir=prepare("patch_camelyon:2.0.0", paths))
examples = examples_of(data, ("train", "val", "test"))


def row_of(example, image):
    return {
        "key": example["id"].numpy().decode(),
        "label": int(image["label"]),
        "sha256": hash_of(image["image"].tobytes()),
    }


names = {"train": "train", "val": "validation", "test": "test"}
write_expected(folder, {names[split]: [row_of(*pair) for pair in rows] for split, rows in examples.items()})
