"""Runs a builder of TensorFlow Datasets on a stand-in of its originals, and VTAB's own code on what it writes.

VTAB's code is github.com/google-research/task_adaptation: where a script imports it, PYTHONPATH names a checkout.
"""

import atexit
import hashlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy  # noqa: E402
import tensorflow_datasets as tfds  # noqa: E402
from PIL import Image  # noqa: E402
from tensorflow_datasets.core.download import extractor  # noqa: E402
from tensorflow_datasets.core.utils import gcs_utils  # noqa: E402

# Else builders look for what others have prepared.
gcs_utils._is_gcs_disabled = True
GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab"
SPLITS = ("train", "validation", "test")


class StandIn:
    """A download manager to which every download is the stand-in."""

    downloaded_size = 0

    def __init__(self, downloaded, manual_dir=None):
        self.downloaded = downloaded
        self.manual_dir = manual_dir

    def download(self, _):
        return self.downloaded

    download_and_extract = download
    extract = download

    def iter_archive(self, resource):
        return extractor.iter_archive(resource.path, resource.extract_method)


def prepare(builder, manager):
    """Writes the stand-in as TensorFlow Datasets does."""
    builder._make_download_manager = lambda **_: manager
    builder.download_and_prepare()
    return builder


def examples_of(builder, *tasks, splits=SPLITS):
    """By splits, in the order of reading: the example, its image as the bytes that are stored, and what each of
    `tasks`, which are functions of VTAB's, makes of the example."""
    config = tfds.ReadConfig(interleave_cycle_length=1)
    examples = {}
    for split in splits:
        if split not in builder.info.splits:
            continue
        stored = builder.as_dataset(
            split=split, shuffle_files=False, read_config=config, decoders={"image": tfds.decode.SkipDecoding()}
        )
        decoded = builder.as_dataset(split=split, shuffle_files=False, read_config=config)
        made = [tfds.as_numpy(decoded.map(task)) for task in tasks]
        examples[split] = list(zip(tfds.as_numpy(stored), *made, strict=True))
    return examples


def rows_of(builder, row_of, *tasks, splits=SPLITS):
    """By splits, what `row_of` makes of each example and of what VTAB makes of it."""
    examples = examples_of(builder, *tasks, splits=splits)
    return {split: [row_of(*each) for each in found] for split, found in examples.items()}


def expected_row(key, label, data):
    """`data` are the bytes of the file, or of the pixels where no file is kept."""
    return {"key": key, "label": int(label), "sha256": hash_of(data)}


def rows_by_task(tasks):
    """Rows of several tasks of one data set, by task and split."""
    return {f"{task}/{split}": rows for task, splits in tasks.items() for split, rows in splits.items()}


def write_expected(folder, expected):
    """A line for each row."""
    lists = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(row)}" for row in rows) + "\n  ]"
        for name, rows in expected.items()
    ]
    (folder / "expected.json").write_text("{\n" + ",\n".join(lists) + "\n}\n")
    print(f"{folder}: " + ", ".join(f"{name} {len(rows)}" for name, rows in expected.items()))


def hash_of(data):
    return hashlib.sha256(data).hexdigest()


def empty_folder(name):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def temporary_folder():
    """Gone when the script ends."""
    folder = tempfile.mkdtemp(prefix="vtab-golden-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def draw(number, mode="RGB"):
    """A picture of 8 x 8 that no other number has."""
    random = numpy.random.default_rng(number)
    colour = random.integers(0, 256, 3, dtype=numpy.uint8)
    return Image.fromarray(numpy.broadcast_to(colour, (8, 8, 3)).copy()).convert(mode)


def encode(image, kind):
    out = io.BytesIO()
    options = {"quality": 50, "optimize": True} if kind == "JPEG" else {}
    image.save(out, kind, **options)
    return out.getvalue()
