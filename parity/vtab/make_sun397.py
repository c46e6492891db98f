"""Writes test/golden/vtab/sun397: a stand-in of SUN397 and its lists, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow opencv-python-headless
    venv/bin/python parity/vtab/make_sun397.py

TensorFlow Datasets encodes each image again, so its order and labels are compared, and of each image the file that
it was made of; of BMP and GIF files the pixels. Its labels come from a list of 397 classes; the stand-in has fewer,
so the list is that of the stand-in, and it is checked that the real list is made from the real names in the same way.
"""

import tarfile
from pathlib import Path
from unittest import mock

import tensorflow_datasets as tfds
from PIL import Image
from run_tfds import (
    StandIn,
    draw,
    empty_folder,
    encode,
    expected_row,
    hash_of,
    prepare,
    rows_of,
    temporary_folder,
    write_expected,
)
from tensorflow_datasets.datasets.sun397 import sun397_dataset_builder as sun397

LISTS = {"tr": "sun397_tfds_tr.txt", "va": "sun397_tfds_va.txt", "te": "sun397_tfds_te.txt"}
CLASSES = ["/a/abbey", "/c/church/indoor", "/c/church/outdoor", "/c/churchyard", "/t/track/outdoor", "/y/yard"]


def class_of(name):
    return name.rsplit("/", 1)[0]


def check_real_list():
    real = Path(tfds.core.tfds_path("image_classification"))
    names = [name for path in LISTS.values() for name in (real / path).read_text().split()]
    labels = (real / "sun397_labels.txt").read_text().split()
    assert labels == sorted({class_of(name) for name in names}) and len(labels) == 397
    for path in LISTS.values():
        assert len({class_of(name) for name in (real / path).read_text().split()}) == 397


def file_of(number):
    """Mostly JPEG, and what SUN397 has among it by the name of .jpg."""
    if number % 8 == 3:
        return encode(draw(number, "RGBA"), "PNG")
    if number % 8 == 4:
        return encode(draw(number, "L"), "PNG")
    if number % 8 == 5:
        return encode(draw(number), "BMP")
    if number % 8 == 6:
        return encode(draw(number).quantize(16), "GIF")
    return encode(draw(number), "JPEG")


def kept_of(path):
    data = path.read_bytes()
    return Image.open(path).convert("RGB").tobytes() if data[:2] in (b"BM", b"GI") else data


check_real_list()
folder = empty_folder("sun397")
root = folder / "SUN397"
lists = {"tr": [], "va": [], "te": []}
for number in range(24):
    letters = hash_of(bytes([number]))[:16].translate(str.maketrans("0123456789", "ghijklmnop"))
    name = f"{CLASSES[number % 6]}/sun_{letters}.jpg"
    lists[("tr", "va", "tr", "te")[number // 6]].append(name)
    (root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
    (root / name[1:]).write_bytes(file_of(number))
# One that TensorFlow Datasets leaves out, and one that is in no list.
left_out = sun397._SUN397_IGNORE_IMAGES[1]
lists["tr"].append(left_out[len("SUN397") :])
(folder / left_out).write_bytes(file_of(30))
(root / "y/yard/sun_aaaaaaaaaaaaaaaa.jpg").write_bytes(file_of(31))
for name, path in LISTS.items():
    (root / path).write_text("".join(f"{line}\n" for line in sorted(lists[name])))

scratch = temporary_folder()
labels = scratch / "labels.txt"
labels.write_text("".join(f"{name}\n" for name in sorted(CLASSES)))
with tarfile.open(scratch / "SUN397.tar.gz", "w:gz") as archive:
    archive.add(root, "SUN397")
with mock.patch.object(tfds.core, "tfds_path", lambda _: labels):
    builder = sun397.Builder(
        tfds_split_files={name: str(root / path) for name, path in LISTS.items()},
        config="tfds",
        data_dir=scratch / "data",
    )
prepare(builder, StandIn(str(scratch)))


def row_of(example):
    name = example["file_name"].decode()
    return expected_row(name, example["label"], kept_of(root / name[1:]))


write_expected(folder, rows_of(builder, row_of))
