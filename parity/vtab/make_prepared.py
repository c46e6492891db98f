"""Writes test/golden/vtab/prepared: tiny data sets as TensorFlow Datasets prepares them, and what VTAB makes of them.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_prepared.py

The builders are those of TensorFlow Datasets, with stand-in examples; labels and dSprites' pixels come from VTAB's own
functions. To the rows of expected.json, whose hash is that of the image as it is stored, shape and hash of VTAB's
pixels are added. Of the files written beside the records only dataset_info.json is kept, without its texts.
"""

import io
import json
import logging
import random
import shutil
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from run_tfds import empty_folder, examples_of, expected_row, hash_of, rows_by_task, temporary_folder, write_expected
from task_adaptation.data.cifar import CifarData
from task_adaptation.data.clevr import CLEVRData
from task_adaptation.data.dsprites import DSpritesData
from task_adaptation.data.kitti import _closest_vehicle_distance_pp
from task_adaptation.data.smallnorb import SmallNORBData

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


def rows_of(builder, task):
    """What the task is made of: by split, in the order of the records."""
    return {
        split: [
            {
                **expected_row(index, made["label"], stored["image"]),
                "shape": list(made["image"].shape),
                "pixels": hash_of(made["image"].tobytes()),
            }
            for index, (stored, made) in enumerate(examples)
        ]
        for split, examples in examples_of(builder, task).items()
    }


def plain_task(example):
    return {"image": example["image"], "label": example["label"]}


def vtab_tasks(folder):
    """The tasks of VTAB-1k to their data sets and functions over examples."""

    def function_of(data):
        return data._base_preprocess_fn

    def sprite(attribute):
        return function_of(DSpritesData(attribute, num_classes=16, data_dir=folder))

    def norb(attribute):
        return function_of(SmallNORBData(attribute, data_dir=folder))

    return {
        "caltech101": ("caltech101:3.0.2", plain_task),
        "cifar": ("cifar100:3.0.2", function_of(CifarData(num_classes=100, data_dir=folder))),
        "clevr_count": ("clevr:3.1.0", function_of(CLEVRData("count_all", data_dir=folder))),
        "clevr_dist": ("clevr:3.1.0", function_of(CLEVRData("closest_object_distance", data_dir=folder))),
        "diabetic_retinopathy": ("diabetic_retinopathy_detection/btgraham-300:3.0.0", plain_task),
        "dmlab": ("dmlab:2.0.1", plain_task),
        "dsprites_loc": ("dsprites:2.0.0", sprite("label_x_position")),
        "dsprites_ori": ("dsprites:2.0.0", sprite("label_orientation")),
        "dtd": ("dtd:3.0.1", plain_task),
        "eurosat": ("eurosat/rgb:2.0.0", plain_task),
        "kitti": ("kitti:3.3.0", _closest_vehicle_distance_pp),
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


logging.disable(logging.WARNING)
random.seed(0)
golden = empty_folder("prepared")
folder = temporary_folder()
builders = {spec: prepare(spec, examples, counts, folder) for spec, examples, counts in DATA_SETS}
for builder in builders.values():
    path = Path(builder.data_dir)
    keep_what_is_read(path, golden / path.relative_to(folder))
tasks = {task: rows_of(builders[spec], function) for task, (spec, function) in vtab_tasks(folder).items()}
write_expected(golden, rows_by_task(tasks))
