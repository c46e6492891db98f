"""Runs a builder of TensorFlow Datasets on a stand-in of its originals, and VTAB's own labels on what it writes.

VTAB's code is https://github.com/google-research/task_adaptation; the environment's TASK_ADAPTATION names a copy.
"""

import hashlib
import importlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import tensorflow_datasets as tfds

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab"
VTAB = Path(os.environ["TASK_ADAPTATION"])
sys.path.insert(0, str(VTAB))


class StandIn:
    """A download manager that finds each file where the stand-in has it."""

    downloaded_size = 0

    def __init__(self, paths):
        self.paths = paths

    def download(self, _):
        return self.paths

    download_and_extract = download


def prepare(name, paths, folder):
    """Writes the stand-in as TensorFlow Datasets does, in `folder`."""
    builder = tfds.builder(name, data_dir=folder)
    with mock.patch.object(builder, "_make_download_manager", lambda **_: StandIn(paths)):
        builder.download_and_prepare(file_format="tfrecord")
    return builder


def vtab_class(module, name):
    return getattr(importlib.import_module(f"task_adaptation.data.{module}"), name)


def rows_of(builder, vtab, key_and_hash, splits=("train", "test")):
    """Of each split in its order: key, hash of pixels or file, and the label that `vtab`, a class of VTAB's, makes."""
    config = tfds.ReadConfig(interleave_cycle_length=1)
    skip = {"image": tfds.decode.SkipDecoding()}
    rows = {}
    for split in splits:
        stored = list(builder.as_dataset(split=split, read_config=config, decoders=skip))
        decoded = builder.as_dataset(split=split, read_config=config).map(vtab._base_preprocess_fn)
        rows[split] = [
            [*key_and_hash(example, made["image"].numpy()), int(made["label"])]
            for example, made in zip(stored, decoded, strict=True)
        ]
    return rows


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def fresh_folder(name):
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def scratch():
    return tempfile.TemporaryDirectory()


def write_expected(folder, tasks):
    """One example a line: its key, the SHA-256, the label."""
    text = json.dumps(tasks, indent=1)
    for _ in range(3):
        text = text.replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]")
    (folder / "expected.json").write_text(text + "\n")
    sizes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {sizes} bytes")
