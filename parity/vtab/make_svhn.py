"""Writes test/golden/vtab/svhn: a stand-in of SVHN, and what TensorFlow Datasets makes of it.

    TASK_ADAPTATION=../task_adaptation python parity/vtab/make_svhn.py

It needs tensorflow, tensorflow-datasets and scipy.
"""

import numpy
from run_vtab import fresh_folder, prepare, rows_of, scratch, sha256, vtab_class, write_expected
from save_mat import save_mat


def write_split(path, count, seed, label_type, compress):
    """Every image has a corner of its own, so that rows, columns and channels cannot be exchanged unseen."""
    random = numpy.random.default_rng(seed)
    images = numpy.zeros((32, 32, 3, count), numpy.uint8)
    images[:3, :2] = random.integers(0, 256, (3, 2, 3, count))
    labels = (numpy.arange(count) % 10 + 1).astype(label_type).reshape(count, 1)
    save_mat(path, {"X": images, "y": labels}, compress)


folder = fresh_folder("svhn")
# The originals are compressed. The other way of storing them is kept to few images.
write_split(folder / "train_32x32.mat", 30, 0, numpy.uint8, compress=True)
write_split(folder / "test_32x32.mat", 4, 1, numpy.float64, compress=False)

with scratch() as place:
    # The split "extra", which VTAB leaves out.
    write_split(f"{place}/extra.mat", 2, 2, numpy.uint8, compress=True)
    paths = {split: str(folder / f"{split}_32x32.mat") for split in ("train", "test")}
    builder = prepare("svhn_cropped", {**paths, "extra": f"{place}/extra.mat"}, place)
    vtab = vtab_class("svhn", "SvhnData")(data_dir=place)
    rows = rows_of(
        builder,
        vtab,
        lambda example, pixels: (
            int(example["id"].numpy().decode().rpartition("_")[2]),
            sha256(pixels.tobytes()),
        ),
    )
write_expected(folder, {"svhn": rows})
