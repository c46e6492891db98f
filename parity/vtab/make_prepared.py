"""Writes test/golden/vtab/prepared: tiny data sets as TensorFlow Datasets prepares them, and what VTAB makes of them.

    python parity/vtab/make_prepared.py FOLDER_OF_TASK_ADAPTATION

Needs tensorflow and tensorflow_datasets, and a checkout of github.com/google-research/task_adaptation. The builders are
those of TensorFlow Datasets, with stand-in examples; labels and dSprites' pixels come from VTAB's own functions. Of the
files written beside the records only dataset_info.json is kept, without its texts.
"""

import hashlib
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tensorflow_datasets as tfds  # noqa: E402
from PIL import Image  # noqa: E402
from tensorflow_datasets.core.utils import gcs_utils  # noqa: E402

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab" / "prepared"
KEPT_INFO = ("name", "configName", "fileFormat", "moduleName", "splits", "version")

rng = np.random.default_rng(20)


def picture(height, width, channels=3):
    """Two flat halves: small once compressed, and different each time."""
    image = np.empty((height, width, channels), np.uint8)
    image[: height // 2] = rng.integers(0, 256, channels)
    image[height // 2 :] = rng.integers(0, 256, channels)
    return image


def jpeg(height, width, channels=3):
    buffer = io.BytesIO()
    image = picture(height, width, channels)
    Image.fromarray(image[..., 0] if channels == 1 else image).save(buffer, "JPEG", quality=90)
    return io.BytesIO(buffer.getvalue())


def plain(count, image, classes, **more):
    """Examples with a label; `more` are features of this data set alone."""
    for index in range(count):
        others = {name: value(index) for name, value in more.items()}
        yield index, {"image": image(), "label": int(rng.integers(classes)), **others}


def name_of(extension):
    return lambda index: f"{index:05d}.{extension}"


def clevr(count):
    """Three and more objects, and none for the two of the test split: its scenes are not published."""
    # On and beside the thresholds of the classes.
    depths = [7.9, 8.0, 8.1, 8.5, 8.7, 9.0, 9.2, 9.5, 9.75, 10.0, 11.5]
    for index in range(count):
        objects = [
            {
                "color": "red",
                "material": "metal",
                "shape": "cube",
                "size": "large",
                "rotation": 10.5,
                "3d_coords": [1.0, 2.0, 0.5],
                "pixel_coords": [100.0, 50.0, depth],
            }
            for depth in rng.choice(depths[index % len(depths) :], 3 + index % 8)
            if count > 2
        ]
        name = f"CLEVR_{index:06d}.png"
        questions = [{"question": "How many?", "answer": str(len(objects))}]
        yield name, {
            "image": picture(8, 12),
            "file_name": name,
            "objects": objects,
            "question_answer": questions,
        }


def kitti(count):
    kinds = ["Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc"]
    # On and beside the thresholds of the classes.
    depths = [-1.5, 7.99, 8.0, 8.01, 15.0, 20.0, 20.5, 60.0]
    for index in range(count):
        objects = [
            {
                "type": str(rng.choice(kinds[:3] if index % 3 else kinds)),
                "truncated": 0.0,
                "occluded": 0,
                "alpha": 0.5,
                "bbox": tfds.features.BBox(0.1, 0.1, 0.5, 0.5),
                "dimensions": [1.5, 1.6, 4.0],
                "location": [-2.0, 1.5, depth],
                "rotation_y": 0.1,
            }
            # Images without any object are among them.
            for depth in rng.choice(depths[index % len(depths) :], index % 4)
        ]
        name = f"{index:06d}.png"
        yield name, {"image": picture(6, 20), "image/file_name": name, "objects": objects}


def dsprites(count):
    for index in range(count):
        image = np.zeros((64, 64, 1), np.uint8)
        left, top = rng.integers(0, 50, 2)
        image[top : top + 9, left : left + 14] = 1
        yield index, {
            "image": image,
            "label_shape": int(rng.integers(3)),
            "label_scale": int(rng.integers(6)),
            "label_orientation": (7 * index) % 40,
            "label_x_position": (5 * index) % 32,
            "label_y_position": int(rng.integers(32)),
            **{f"value_{name}": 0.5 for name in ("shape", "scale", "orientation", "x_position", "y_position")},
        }


def smallnorb(count):
    for index in range(count):
        yield index, {
            "image": picture(96, 96, 1),
            "image2": picture(96, 96, 1),
            "label_category": int(rng.integers(5)),
            "instance": int(rng.integers(10)),
            "label_elevation": int(rng.integers(9)),
            "label_azimuth": int(rng.integers(18)),
            "label_lighting": int(rng.integers(6)),
        }


def pets(count):
    extra = {
        "species": lambda index: index % 2,
        "file_name": name_of("jpg"),
        "segmentation_mask": lambda index: picture(8, 8, 1),
        "head_bbox": lambda index: tfds.features.BBox(0.1, 0.1, 0.5, 0.5),
    }
    return plain(count, lambda: jpeg(8, 8), 37, **extra)


def caltech(count):
    # Every second one is grey.
    images = iter(jpeg(8, 8, 1 + 2 * (index % 2)) for index in range(count))
    return plain(count, lambda: next(images), 102, **{"image/file_name": name_of("jpg")})


def simple(image, classes, **more):
    return lambda count: plain(count, image, classes, **more)


three = ("train", "validation", "test")
# The data set with its version, the examples of a split, and how many each split gets.
DATA_SETS = [
    (
        "cifar100:3.0.2",
        simple(lambda: picture(32, 32), 100, id=name_of("x"), coarse_label=lambda index: index % 20),
        {"train": 14, "test": 6},
    ),
    ("caltech101:3.0.2", caltech, {"train": 6, "test": 4}),
    ("clevr:3.1.0", clevr, {"train": 16, "validation": 10, "test": 2}),
    (
        "diabetic_retinopathy_detection/btgraham-300:3.0.0",
        simple(lambda: jpeg(8, 8), 5, name=name_of("eye")),
        dict.fromkeys(three, 3),
    ),
    ("dmlab:2.0.1", simple(lambda: jpeg(360, 480), 6, filename=name_of("jpg")), dict.fromkeys(three, 1)),
    ("dsprites:2.0.0", dsprites, {"train": 20}),
    ("dtd:3.0.1", simple(lambda: jpeg(8, 8), 47, file_name=name_of("jpg")), dict.fromkeys(three, 5)),
    ("eurosat/rgb:2.0.0", simple(lambda: jpeg(64, 64), 10, filename=name_of("jpg")), {"train": 6}),
    ("kitti:3.3.0", kitti, {"train": 16, "validation": 4, "test": 6}),
    (
        "oxford_flowers102:2.1.1",
        simple(lambda: jpeg(8, 8), 102, file_name=name_of("jpg")),
        dict.fromkeys(three, 3),
    ),
    ("oxford_iiit_pet:4.0.0", pets, {"train": 4, "test": 3}),
    ("patch_camelyon:2.0.0", simple(lambda: picture(96, 96), 2, id=name_of("h5")), dict.fromkeys(three, 3)),
    ("resisc45:3.0.0", simple(lambda: jpeg(256, 256), 45, filename=name_of("jpg")), {"train": 5}),
    ("smallnorb:2.0.0", smallnorb, {"train": 12, "test": 8}),
    ("sun397/tfds:4.0.0", simple(lambda: jpeg(8, 8), 397, file_name=name_of("jpg")), dict.fromkeys(three, 3)),
    ("svhn_cropped:3.1.0", simple(lambda: picture(32, 32), 10, id=name_of("mat")), {"train": 6, "test": 4}),
]
# Written in several files.
SHARDS = {"cifar100:3.0.2": 3, "smallnorb:2.0.0": 2}


def prepare(spec, examples, counts, folder):
    builder = tfds.builder(spec, data_dir=folder)
    builder._split_generators = lambda dl_manager: {name: examples(count) for name, count in counts.items()}
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(num_shards=SHARDS.get(spec), try_download_gcs=False)
    )
    return builder


def hashed(data):
    return hashlib.sha256(bytes(data)).hexdigest()


def read_back(builder, task):
    """What the task is made of: by split, in the order of the records."""
    config = tfds.ReadConfig(interleave_cycle_length=1)
    splits = {}
    for split in builder.info.splits:
        decoded = builder.as_dataset(split=split, shuffle_files=False, read_config=config)
        encoded = builder.as_dataset(
            split=split,
            shuffle_files=False,
            read_config=config,
            decoders={"image": tfds.decode.SkipDecoding()},
        )
        splits[split] = [
            {
                "label": int(made["label"]),
                "shape": list(made["image"].shape),
                "pixels": hashed(made["image"].numpy().tobytes()),
                "stored": hashed(kept["image"].numpy()),
            }
            for made, kept in zip(decoded.map(task), encoded)
        ]
    return splits


def plain_task(example):
    return {"image": example["image"], "label": example["label"]}


def vtab_tasks(folder):
    """The tasks of VTAB-1k to their data sets and functions over examples."""
    from task_adaptation.data import cifar, clevr, dsprites, kitti, smallnorb

    def function_of(data):
        return data._base_preprocess_fn

    def sprite(attribute):
        return function_of(dsprites.DSpritesData(attribute, num_classes=16, data_dir=folder))

    def norb(attribute):
        return function_of(smallnorb.SmallNORBData(attribute, data_dir=folder))

    distance = kitti._closest_vehicle_distance_pp
    return {
        "caltech101": ("caltech101:3.0.2", plain_task),
        "cifar": ("cifar100:3.0.2", function_of(cifar.CifarData(num_classes=100, data_dir=folder))),
        "clevr_count": ("clevr:3.1.0", function_of(clevr.CLEVRData("count_all", data_dir=folder))),
        "clevr_dist": ("clevr:3.1.0", function_of(clevr.CLEVRData("closest_object_distance", data_dir=folder))),
        "diabetic_retinopathy": ("diabetic_retinopathy_detection/btgraham-300:3.0.0", plain_task),
        "dmlab": ("dmlab:2.0.1", plain_task),
        "dsprites_loc": ("dsprites:2.0.0", sprite("label_x_position")),
        "dsprites_ori": ("dsprites:2.0.0", sprite("label_orientation")),
        "dtd": ("dtd:3.0.1", plain_task),
        "eurosat": ("eurosat/rgb:2.0.0", plain_task),
        "kitti": ("kitti:3.3.0", distance),
        "oxford_flowers102": ("oxford_flowers102:2.1.1", plain_task),
        "oxford_iiit_pet": ("oxford_iiit_pet:4.0.0", plain_task),
        "patch_camelyon": ("patch_camelyon:2.0.0", plain_task),
        "resisc45": ("resisc45:3.0.0", plain_task),
        "smallnorb_azi": ("smallnorb:2.0.0", norb("label_azimuth")),
        "smallnorb_ele": ("smallnorb:2.0.0", norb("label_elevation")),
        "sun397": ("sun397/tfds:4.0.0", plain_task),
        "svhn": ("svhn_cropped:3.1.0", plain_task),
    }


def keep_what_is_read(source, target):
    """The records, and what counts of dataset_info.json."""
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if ".tfrecord-" in path.name:
            shutil.copyfile(path, target / path.name)
    info = json.loads((source / "dataset_info.json").read_text())
    info = {name: info[name] for name in KEPT_INFO if name in info}
    (target / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n")


def laid_out(value, pad=""):
    """JSON with a line for each record."""
    if not isinstance(value, dict) or "label" in value:
        if not isinstance(value, list):
            return json.dumps(value)
        return "[\n" + ",\n".join(f"{pad} {json.dumps(item)}" for item in value) + f"\n{pad}]"
    rows = [f"{pad} {json.dumps(name)}: {laid_out(item, pad + ' ')}" for name, item in value.items()]
    return "{\n" + ",\n".join(rows) + f"\n{pad}}}"


def main():
    sys.path.insert(0, sys.argv[1])
    gcs_utils._is_gcs_disabled = True
    logging.disable(logging.WARNING)
    random.seed(0)
    shutil.rmtree(GOLDEN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        builders = {spec: prepare(spec, examples, counts, folder) for spec, examples, counts in DATA_SETS}
        expected = {}
        for task, (spec, function) in vtab_tasks(folder).items():
            builder = builders[spec]
            where = Path(builder.data_dir).relative_to(folder)
            expected[task] = {"where": where.as_posix(), "splits": read_back(builder, function)}
        for builder in builders.values():
            path = Path(builder.data_dir)
            keep_what_is_read(path, GOLDEN / path.relative_to(folder))
    (GOLDEN / "expected.json").write_text(laid_out(expected) + "\n")


main()
