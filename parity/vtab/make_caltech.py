"""Writes test/golden/vtab/caltech.json: what TensorFlow Datasets makes of a stand-in of Caltech-101.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    venv/bin/python parity/vtab/make_caltech.py

It has all 102 classes, each with 30 images or more, so only their counts are kept; the test makes the files again.
The builder lists folders as the file system does; here it is given their names in order.
"""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import tensorflow_datasets as tfds
from run_tfds import GOLDEN, StandIn, draw, encode, hash_of, prepare, rows_of, temporary_folder
from tensorflow_datasets.datasets.caltech101 import caltech101_dataset_builder as caltech101

CAPITALIZED = {
    "background_google": "BACKGROUND_Google",
    "faces": "Faces",
    "faces_easy": "Faces_easy",
    "leopards": "Leopards",
    "motorbikes": "Motorbikes",
}


def walk(top):
    for path, folders, files in os.walk(top):
        yield path, sorted(folders), sorted(files)


caltech101.tf = SimpleNamespace(
    io=SimpleNamespace(
        gfile=SimpleNamespace(listdir=lambda path: sorted(os.listdir(path)), isdir=os.path.isdir, walk=walk)
    )
)

names = (Path(tfds.__file__).parent / "image_classification" / "caltech101_labels.txt").read_text().split()
counts = {CAPITALIZED.get(name, name): 30 + 7 * index % 11 for index, name in enumerate(names)}
above = temporary_folder()
for name, count in counts.items():
    (above / "101_ObjectCategories" / name).mkdir(parents=True)
    for number in range(1, count + 1):
        (above / "101_ObjectCategories" / name / f"image_{number:04}.jpg").write_bytes(encode(draw(number), "JPEG"))
(above / "101_ObjectCategories" / "BACKGROUND_Google" / "tmp").write_bytes(b"")

builder = prepare(caltech101.Builder(data_dir=temporary_folder()), StandIn(above))
folders = {name.lower(): name for name in counts}


def line_of(example):
    return f"{folders[names[example['label']]]}/{example['image/file_name'].decode()} {example['label']}"


expected = {"counts": counts, "splits": {}}
for split, lines in rows_of(builder, line_of).items():
    digest = hash_of("\n".join(lines).encode())
    expected["splits"][split] = {"count": len(lines), "first": lines[:40], "sha256": digest}
(GOLDEN / "caltech.json").write_text(json.dumps(expected, indent=1) + "\n")
print({split: rows["count"] for split, rows in expected["splits"].items()})
