"""Runs a builder of TensorFlow Datasets on a stand-in of its originals, and says in which order it writes what."""

import atexit
import hashlib
import io
import json
import shutil
import tempfile
from pathlib import Path

import numpy
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.core.download import extractor

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab"


class FromFolder:
    """A download manager whose every download is the stand-in."""

    def __init__(self, downloaded, manual_dir=None):
        self.downloaded = downloaded
        self.manual_dir = manual_dir
        self.downloaded_size = 0

    def download_and_extract(self, _):
        return self.downloaded

    def iter_archive(self, resource):
        return extractor.iter_archive(resource.path, resource.extract_method)


def examples_of(builder, manager):
    """By splits, the examples in the order that they are read in, with images as the bytes that are stored."""
    builder._make_download_manager = lambda **_: manager
    builder.download_and_prepare()
    config = tfds.ReadConfig(interleave_cycle_length=1)
    decoders = {"image": tfds.decode.SkipDecoding()}
    return {
        split: list(
            tfds.as_numpy(
                builder.as_dataset(
                    split=split, shuffle_files=False, read_config=config, decoders=decoders
                )
            )
        )
        for split in sorted(builder.info.splits)
    }


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
    return folder


def write_expected(folder, expected):
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{folder}: " + ", ".join(f"{name} {len(rows)}" for name, rows in expected.items()))


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
