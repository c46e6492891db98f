"""Writes test/golden/vtab/flowers: a stand-in of Oxford Flowers 102, and what TensorFlow Datasets makes of it.

    TASK_ADAPTATION=../task_adaptation python parity/vtab/make_flowers.py

It needs tensorflow, tensorflow-datasets, scipy and pillow.
"""

import numpy
from PIL import Image
from run_vtab import fresh_folder, prepare, rows_of, scratch, sha256, vtab_class, write_expected
from save_mat import save_mat

COUNT = 30

folder = fresh_folder("flowers")
(folder / "jpg").mkdir()
random = numpy.random.default_rng(0)
for number in range(1, COUNT + 1):
    image = Image.fromarray(numpy.full((8, 8, 3), random.integers(0, 256, 3), numpy.uint8))
    image.save(folder / "jpg" / f"image_{number:05d}.jpg", quality=50, optimize=True)

# The types of the originals; the first and the last class are among the labels.
labels = random.permutation([1, 102, *random.integers(1, 103, COUNT - 2)]).astype(numpy.uint8)
ids = random.permutation(numpy.arange(1, COUNT + 1, dtype=numpy.uint16))
save_mat(folder / "imagelabels.mat", {"labels": labels})
save_mat(folder / "setid.mat", {"trnid": ids[:8], "valid": ids[8:14], "tstid": ids[14:]})


def key_and_hash(example, _):
    name = example["file_name"].numpy().decode()
    stored = example["image"].numpy()
    # The builder keeps the files as they are.
    assert stored == (folder / "jpg" / name).read_bytes()
    return name, sha256(stored)


with scratch() as place:
    paths = {
        "images": str(folder),
        "labels": str(folder / "imagelabels.mat"),
        "setid": str(folder / "setid.mat"),
    }
    builder = prepare("oxford_flowers102", paths, place)
    vtab = vtab_class("oxford_flowers102", "OxfordFlowers102Data")(data_dir=place)
    rows = rows_of(builder, vtab, key_and_hash, ("train", "validation", "test"))
write_expected(folder, {"oxford_flowers102": rows})
