"""Writes test/golden/vtab/eurosat: a stand-in of EuroSAT, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    venv/bin/python parity/vtab/make_eurosat.py
"""

from run_tfds import FromFolder, draw, empty_folder, encode, examples_of, hash_of, temporary_folder, write_expected
from tensorflow_datasets.image_classification import eurosat

folder = empty_folder("eurosat")
number = 0
for label in eurosat._LABELS:
    (folder / "2750" / label).mkdir(parents=True)
    for index in (1, 2, 10) if label in ("Forest", "River") else (1, 2):
        (folder / "2750" / label / f"{label}_{index}.jpg").write_bytes(encode(draw(number), "JPEG"))
        number += 1

builder = eurosat.Eurosat(config="rgb", data_dir=temporary_folder())
examples = examples_of(builder, FromFolder(str(folder)))
write_expected(
    folder,
    {
        split: [
            {
                "key": f"{eurosat._LABELS[row['label']]}_{row['filename'].decode()}",
                "label": int(row["label"]),
                "sha256": hash_of(row["image"]),
            }
            for row in rows
        ]
        for split, rows in examples.items()
    },
)
