"""Writes test/golden/vtab/eurosat: a stand-in of EuroSAT, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    venv/bin/python parity/vtab/make_eurosat.py
"""

from run_tfds import StandIn, draw, empty_folder, encode, expected_row, prepare, rows_of, temporary_folder, write_expected
from tensorflow_datasets.image_classification import eurosat

folder = empty_folder("eurosat")
number = 0
for label in eurosat._LABELS:
    (folder / "2750" / label).mkdir(parents=True)
    for index in (1, 2, 10) if label in ("Forest", "River") else (1, 2):
        (folder / "2750" / label / f"{label}_{index}.jpg").write_bytes(encode(draw(number), "JPEG"))
        number += 1

builder = prepare(eurosat.Eurosat(config="rgb", data_dir=temporary_folder()), StandIn(str(folder)))


def row_of(example):
    key = f"{eurosat._LABELS[example['label']]}_{example['filename'].decode()}"
    return expected_row(key, example["label"], example["image"])


write_expected(folder, rows_of(builder, row_of))
