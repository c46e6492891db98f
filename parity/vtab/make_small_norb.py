"""Writes test/golden/vtab/small-norb: a stand-in of small NORB, and what TensorFlow Datasets makes of it.

    TASK_ADAPTATION=../task_adaptation python parity/vtab/make_small_norb.py

It needs tensorflow and tensorflow-datasets.
"""

import gzip

import numpy
from run_vtab import fresh_folder, prepare, rows_of, scratch, sha256, vtab_class, write_expected

NAMES = {
    "training": "smallnorb-5x46789x9x18x6x2x96x96-training",
    "testing": "smallnorb-5x01235x9x18x6x2x96x96-testing",
}
MAGICS = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54}


def matrix(array):
    """The type, the number of dimensions, the dimensions, of which there are three at least; then the numbers."""
    dims = [*array.shape, 1, 1][: max(3, array.ndim)]
    header = numpy.array([MAGICS[array.dtype.name], array.ndim, *dims], "<i4")
    return header.tobytes() + array.tobytes()


def arrays_of(count, seed):
    random = numpy.random.default_rng(seed)
    images = numpy.zeros((count, 2, 96, 96), numpy.uint8)
    images[:, :, :2, :3] = random.integers(0, 256, (count, 2, 2, 3))
    # Every azimuth and every elevation comes up.
    numbers = numpy.arange(count)
    info = [random.integers(0, 10, count), numbers % 9, 2 * (numbers % 18), random.integers(0, 6, count)]
    return {
        "dat": images,
        "cat": (numbers % 5).astype("int32"),
        "info": numpy.stack(info, 1).astype("int32"),
    }


folder = fresh_folder("small-norb")
with scratch() as place:
    paths, key_of = {}, {}
    for seed, (part, name) in enumerate(NAMES.items()):
        arrays = arrays_of(24, seed)
        for key, (left, _) in enumerate(arrays["dat"]):
            key_of[sha256(left.tobytes())] = key, sha256(left.tobytes())
        for kind, array in arrays.items():
            paths[f"{part}_{kind}"] = f"{place}/{part}_{kind}"
            with open(paths[f"{part}_{kind}"], "wb") as file:
                file.write(matrix(array))
            # Of categories nothing is needed. One matrix is unpacked, the others are as they are published.
            if kind == "info" and part == "testing":
                (folder / f"{name}-{kind}.mat").write_bytes(matrix(array))
            elif kind != "cat":
                packed = gzip.compress(matrix(array), mtime=0)
                (folder / f"{name}-{kind}.mat.gz").write_bytes(packed)

    builder = prepare("smallnorb", paths, place)
    tasks = {}
    for task, attribute in (("smallnorb_azi", "label_azimuth"), ("smallnorb_ele", "label_elevation")):
        vtab = vtab_class("smallnorb", "SmallNORBData")(attribute, data_dir=place)
        # VTAB makes three equal channels of one. All images are different, so that the pixels tell the key.
        tasks[task] = rows_of(builder, vtab, lambda _, pixels: key_of[sha256(pixels[:, :, 0].tobytes())])
write_expected(folder, tasks)
