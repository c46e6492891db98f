"""Writes test/golden/vtab/resisc: a stand-in of NWPU-RESISC45, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    venv/bin/python parity/vtab/make_resisc.py
"""

from run_tfds import StandIn, draw, empty_folder, encode, expected_row, prepare, rows_of, temporary_folder, write_expected
from tensorflow_datasets.datasets.resisc45 import resisc45_dataset_builder as resisc

folder = empty_folder("resisc")
number = 1000
for label in resisc._LABELS:
    (folder / "NWPU-RESISC45" / label).mkdir(parents=True)
    for index in (1, 700) if label in ("railway", "railway_station") else (1,):
        path = folder / "NWPU-RESISC45" / label / f"{label}_{index:03}.jpg"
        path.write_bytes(encode(draw(number), "JPEG"))
        number += 1

builder = prepare(resisc.Builder(data_dir=temporary_folder()), StandIn(None, manual_dir=str(folder)))


def row_of(example):
    key = f"{resisc._LABELS[example['label']]}_{example['filename'].decode()}"
    return expected_row(key, example["label"], example["image"])


write_expected(folder, rows_of(builder, row_of))
