"""Writes test/golden/vtab/flowers: a stand-in of Oxford Flowers 102, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets scipy pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_flowers.py
"""

import numpy
import tensorflow_datasets as tfds
from PIL import Image
from run_tfds import StandIn, empty_folder, expected_row, prepare, rows_of, temporary_folder, write_expected
from save_mat import save_mat
from task_adaptation.data.oxford_flowers102 import OxfordFlowers102Data

COUNT = 30

folder = empty_folder("flowers")
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


def row_of(example, made):
    name = example["file_name"].decode()
    # The builder keeps the files as they are.
    assert example["image"] == (folder / "jpg" / name).read_bytes()
    return expected_row(name, made["label"], example["image"])


paths = {
    "images": str(folder),
    "labels": str(folder / "imagelabels.mat"),
    "setid": str(folder / "setid.mat"),
}
place = temporary_folder()
builder = prepare(tfds.builder("oxford_flowers102", data_dir=place), StandIn(paths))
write_expected(folder, rows_of(builder, row_of, OxfordFlowers102Data(data_dir=place)._base_preprocess_fn))
