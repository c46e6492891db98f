"""Writes test/golden/vtab/pets: a stand-in of Oxford-IIIT Pets, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_pets.py

VTAB takes version 3 of the data set, and TensorFlow Datasets now
has version 4, which has the same keys and labels, but encodes twelve damaged files again. One of them, a PNG file by
the name of .jpg, is among the stand-in; of it the original file's hash is written.
"""

from unittest import mock

import numpy
import tensorflow_datasets as tfds
from PIL import Image
from run_tfds import StandIn, empty_folder, expected_row, prepare, rows_of, temporary_folder, write_expected
from task_adaptation.data.oxford_iiit_pet import OxfordIIITPetData

NUMBERS = {"Abyssinian": 1, "american_bulldog": 2, "Egyptian_Mau": 12, "yorkshire_terrier": 37}
PNG = "Egyptian_Mau_14"

folder = empty_folder("pets")
images = folder / "images"
lists = folder / "annotations"
images.mkdir()
lists.mkdir()
random = numpy.random.default_rng(0)
names = [f"{breed}_{index}" for breed in NUMBERS for index in (1, 10, 14, 100, 101)]
for name in names:
    image = Image.fromarray(numpy.full((8, 8, 3), random.integers(0, 256, 3), numpy.uint8))
    image.save(images / f"{name}.jpg", "PNG" if name == PNG else "JPEG", quality=50, optimize=True)

random.shuffle(names)
for list_name, part in (("trainval.txt", names[:11]), ("test.txt", names[11:])):
    # The species and the breed within it, which no task uses, are 1.
    lines = [f"{name} {NUMBERS[name.rpartition('_')[0]]} 1 1\n" for name in part]
    (lists / list_name).write_text("".join(lines))


def with_trimaps():
    """The lists beside masks of pixels, which the builder asks for and no task uses."""
    place = temporary_folder()
    trimaps = place / "annotations" / "trimaps"
    trimaps.mkdir(parents=True)
    for name in names:
        Image.new("L", (8, 8), 1).save(trimaps / f"{name}.png")
    for path in lists.iterdir():
        (place / "annotations" / path.name).write_bytes(path.read_bytes())
    return str(place)


def row_of(example, made):
    name = example["file_name"].decode()
    original = (images / name).read_bytes()
    assert (example["image"] == original) == (name != f"{PNG}.jpg")
    return expected_row(name, made["label"], original)


paths = {"images": str(folder), "annotations": with_trimaps()}
builder = prepare(tfds.builder("oxford_iiit_pet", data_dir=temporary_folder()), StandIn(paths))
# VTAB asks for a version 3.
with mock.patch.object(tfds, "builder", lambda *_, **__: builder):
    vtab = OxfordIIITPetData()
write_expected(folder, rows_of(builder, row_of, vtab._base_preprocess_fn))
