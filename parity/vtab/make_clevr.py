"""Writes test/golden/vtab/clevr: a stand-in of CLEVR, and what TensorFlow Datasets and VTAB make of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_clevr.py
"""

import json
import shutil

import numpy
import task_adaptation.data.clevr as vtab
from run_tfds import (
    StandIn,
    draw,
    empty_folder,
    encode,
    expected_row,
    prepare,
    rows_by_task,
    rows_of,
    temporary_folder,
    write_expected,
)
from tensorflow_datasets.datasets.clevr import clevr_dataset_builder

# A little above a threshold, and rounded to it in 32 bits or not.
CLOSEST = [8, 8.0000001, 8.000001, 8.5, 8.5000001, 8.9, 9, 9.000001, 9.4, 9.5, 9.6, 10, 10.0000001, 10.1, 12, 7.5]


def object_at(distance):
    return {
        "color": "gray",
        "material": "metal",
        "shape": "cube",
        "size": "small",
        "rotation": 12.5,
        "3d_coords": [0.5, -0.5, 0.25],
        "pixel_coords": [4, 4, distance],
    }


def scene_of(number, name):
    random = numpy.random.default_rng(number)
    objects = [object_at(CLOSEST[number % len(CLOSEST)])]
    objects += [object_at(12.5 + round(float(random.random()), 6)) for _ in range(2 + number % 8)]
    random.shuffle(objects)
    return {"image_filename": name, "image_index": number, "objects": objects, "relationships": {"left": [[1], []]}}


folder = empty_folder("clevr")
# TensorFlow Datasets wants the folder above, and questions and test images, which VTAB does without.
above = temporary_folder()
(above / "CLEVR_v1.0").symlink_to(folder)
for split, count in (("train", 20), ("val", 10), ("test", 1)):
    images = folder / "images" / split
    images.mkdir(parents=True)
    names = [f"CLEVR_{split}_{number:06}.png" for number in range(count)]
    for number, name in enumerate(names):
        (images / name).write_bytes(encode(draw(100 * count + number), "PNG"))
    (folder / "questions").mkdir(exist_ok=True)
    (folder / "questions" / f"CLEVR_{split}_questions.json").write_text('{"questions": []}')
    if split != "test":
        (folder / "scenes").mkdir(exist_ok=True)
        scenes = {
            # What must not be taken for scenes.
            "info": {"split": 'a "scenes": [{', "scenes": [1, {"a": "\\"}]},
            "scenes": [scene_of(number, name) for number, name in enumerate(names)],
        }
        (folder / "scenes" / f"CLEVR_{split}_scenes.json").write_text(json.dumps(scenes))

builder = prepare(clevr_dataset_builder.Builder(data_dir=temporary_folder()), StandIn(str(above)))


def rows_by(task):
    def row_of(example, made):
        return expected_row(example["file_name"].decode(), made["label"], example["image"])

    return rows_of(builder, row_of, task, splits=("train", "validation"))


tasks = {
    "clevr_count": rows_by(vtab._count_preprocess_fn),
    "clevr_dist": rows_by(vtab._closest_object_preprocess_fn),
}
write_expected(folder, rows_by_task(tasks))
shutil.rmtree(folder / "questions")
shutil.rmtree(folder / "images" / "test")
