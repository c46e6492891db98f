"""Runs VTAB's own reader of a data set on a stand-in of its originals, and says in which order it gives what."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow_datasets as tfds  # noqa: E402
from tensorflow_datasets.core.utils import gcs_utils  # noqa: E402

gcs_utils._is_gcs_disabled = True
# Gone when the script ends.
TEMPORARY = tempfile.TemporaryDirectory(prefix="run-vtab-")
GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab"
# A checkout of github.com/google-research/task_adaptation.
sys.path.insert(0, sys.argv[1])


class FromFiles:
    """A download manager whose downloads are all there."""

    def __init__(self, downloaded):
        self.downloaded = downloaded
        self.downloaded_size = 0

    def download(self, _):
        return self.downloaded

    download_and_extract = download


def prepare(name, downloaded):
    """Prepares the data set by its builder in TensorFlow Datasets; gives the folder that VTAB finds it in."""
    builder = tfds.builder(name, data_dir=TEMPORARY.name)
    builder._make_download_manager = lambda **_: FromFiles(downloaded)
    builder.download_and_prepare()
    return TEMPORARY.name


def examples_of(data, splits):
    """By splits of VTAB, pairs: the example as TensorFlow Datasets has it, and as VTAB does."""
    return {split: [(row, vtab(data, dict(row))) for row in raw(data, split)] for split in splits}


def raw(data, split):
    return data._get_dataset_split(split, shuffle_files=False)


def vtab(data, row):
    return {key: value.numpy() for key, value in data._base_preprocess_fn(data._image_decoder(row)).items()}


def hash_of(data):
    return hashlib.sha256(data).hexdigest()


def empty_folder(name):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_expected(folder, expected):
    """A line for each image."""
    lists = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(row)}" for row in rows) + "\n  ]"
        for name, rows in expected.items()
    ]
    (folder / "expected.json").write_text("{\n" + ",\n".join(lists) + "\n}\n")
    print(f"{folder}: " + ", ".join(f"{name} {len(rows)}" for name, rows in expected.items()))
