"""Writes test/golden/vtab/pets: a stand-in of Oxford-IIIT Pets, and what TensorFlow Datasets makes of it.

    TASK_ADAPTATION=../task_adaptation python parity/vtab/make_pets.py

It needs tensorflow, tensorflow-datasets and pillow. VTAB takes version 3 of the data set, and TensorFlow Datasets now
has version 4, which has the same keys and labels, but encodes twelve damaged files again. One of them, a PNG file by
the name of .jpg, is among the stand-in; of it the original file's hash is written.
"""

from pathlib import Path
from unittest import mock

import numpy
import tensorflow_datasets as tfds
from PIL import Image
from run_vtab import fresh_folder, prepare, rows_of, scratch, sha256, vtab_class, write_expected

NUMBERS = {"Abyssinian": 1, "american_bulldog": 2, "Egyptian_Mau": 12, "yorkshire_terrier": 37}
PNG = "Egyptian_Mau_14"

folder = fresh_folder("pets")
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


def with_trimaps(place):
    """The lists beside masks of pixels, which the builder asks for and no task uses."""
    trimaps = place / "annotations" / "trimaps"
    trimaps.mkdir(parents=True)
    for name in names:
        Image.new("L", (8, 8), 1).save(trimaps / f"{name}.png")
    for path in lists.iterdir():
        (place / "annotations" / path.name).write_bytes(path.read_bytes())
    return str(place)


def key_and_hash(example, _):
    name = example["file_name"].numpy().decode()
    original = (images / name).read_bytes()
    assert (example["image"].numpy() == original) == (name != f"{PNG}.jpg")
    return name, sha256(original)


with scratch() as place:
    paths = {"images": str(folder), "annotations": with_trimaps(Path(place))}
    builder = prepare("oxford_iiit_pet", paths, place)
    # VTAB asks for a version 3.
    with mock.patch.object(tfds, "builder", lambda *_, **__: builder):
        vtab = vtab_class("oxford_iiit_pet", "OxfordIIITPetData")()
    rows = rows_of(builder, vtab, key_and_hash)
write_expected(folder, {"oxford_iiit_pet": rows})
