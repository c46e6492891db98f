"""Writes test/golden/vtab/kitti: a stand-in of KITTI, and what TensorFlow Datasets and VTAB make of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets opencv-python-headless pillow
    git clone https://github.com/google-research/task_adaptation
    PYTHONPATH=task_adaptation venv/bin/python parity/vtab/make_kitti.py
"""

import io

import numpy
import task_adaptation.data.kitti as vtab
from PIL import Image
from run_tfds import StandIn, draw, empty_folder, encode, expected_row, prepare, rows_of, temporary_folder, write_expected
from tensorflow_datasets.datasets.kitti import kitti_dataset_builder

IMAGES = 40
VIDEOS = 31
KINDS = ["Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc"]
# Around thresholds, and rounded to them in 32 bits or not.
DISTANCES = ["8.00", "8.0000001", "8.000001", "20.00", "20.0000001", "20.00001", "-1.50", "0.00", "35.25", "100", "14.2"]


class FromArchives(StandIn):
    """A download manager whose archives are folders."""

    def download(self, urls):
        return dict(urls)

    def iter_archive(self, url):
        below = {"image_2.zip": "training/image_2", "label_2.zip": "training/label_2", "devkit_object.zip": "mapping"}
        part = next(part for name, part in below.items() if url.endswith(name))
        return [(f"{part}/{path.name}", io.BytesIO(path.read_bytes())) for path in sorted((self.downloaded / part).iterdir())]


def line_of(kind, distance):
    return f"{kind} 0.00 0 -1.57 1.00 1.00 4.00 4.00 1.65 1.67 3.64 -0.65 1.71 {distance} -1.59\n"


def labels_of(number):
    if number % 13 == 0:
        return line_of("DontCare", "-1000.00")
    distance = DISTANCES[number % len(DISTANCES)]
    close, *others = [KINDS[(number + step) % len(KINDS)] for step in (0, 3, 5)]
    return line_of(close, distance) + "".join(line_of(kind, "51.25") for kind in others) + line_of("DontCare", "-1000")


folder = empty_folder("kitti")
for part in ("training/image_2", "training/label_2", "mapping"):
    (folder / part).mkdir(parents=True)
for number in range(IMAGES):
    (folder / "training" / "image_2" / f"{number:06}.png").write_bytes(encode(draw(3000 + number), "PNG"))
    (folder / "training" / "label_2" / f"{number:06}.txt").write_text(labels_of(number))
lines = [
    f"2011_09_26 2011_09_26_drive_{7 * (line * VIDEOS // IMAGES):04}_sync {line:010}\n" for line in range(IMAGES)
]
order = 1 + numpy.random.default_rng(5).permutation(IMAGES)
(folder / "mapping" / "train_mapping.txt").write_text("".join(lines))
(folder / "mapping" / "train_rand.txt").write_text(",".join(map(str, order)) + "\n")

builder = prepare(kitti_dataset_builder.Builder(data_dir=temporary_folder()), FromArchives(folder))


def row_of(example, made):
    """The builder encodes images again: their pixels are compared."""
    return expected_row(example["image/file_name"].decode(), made["label"], made["image"].tobytes())


write_expected(folder, rows_of(builder, row_of, vtab._closest_vehicle_distance_pp))
