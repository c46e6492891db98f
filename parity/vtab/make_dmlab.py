"""Writes test/golden/vtab/dmlab: a stand-in of DMLab's archive, and what TensorFlow Datasets makes of it.

    python -m venv venv && venv/bin/pip install tensorflow tensorflow-datasets pillow
    venv/bin/python parity/vtab/make_dmlab.py

Beside it, features.tfrecord has an example of every kind of feature for the test of the reader of examples.
"""

import tensorflow as tf
from run_tfds import StandIn, draw, empty_folder, encode, expected_row, prepare, rows_of, temporary_folder, write_expected
from tensorflow_datasets.image_classification import dmlab


def bytes_feature(*values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def integers_feature(*values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def floats_feature(*values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def example(features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def write(path, examples):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in examples:
            writer.write(one)


folder = empty_folder("dmlab")
(folder / "dmlab").mkdir()
number = 2000
for split, shards in (("train", (6, 5)), ("validation", (5,)), ("test", (4, 3))):
    for shard, count in enumerate(shards):
        suffix = f"-{shard:05}-of-{len(shards):05}" if len(shards) > 1 else ""
        examples = []
        for _ in range(count):
            examples.append(
                example(
                    {
                        "image": bytes_feature(encode(draw(number), "JPEG")),
                        "filename": bytes_feature(f"rooms/{split}/frame_{number}.jpg".encode()),
                        "label": integers_feature(number % 6),
                    }
                )
            )
            number += 1
        write(folder / "dmlab" / f"dmlab-{split}.tfrecord{suffix}", examples)

builder = prepare(dmlab.Dmlab(data_dir=temporary_folder()), StandIn(str(folder / "dmlab")))


def row_of(example):
    return expected_row(example["filename"].decode(), example["label"], example["image"])


write_expected(folder, rows_of(builder, row_of))

every_kind = {
    "bytes": bytes_feature(b"", b"\x00\xff", "grün".encode()),
    "floats": floats_feature(0.0, -1.5, 3.25e20),
    "integers": integers_feature(0, -1, 300, 2**53, -(2**63)),
    "one": integers_feature(5),
    "no bytes": bytes_feature(),
    "nothing": tf.train.Feature(),
}
write(folder / "features.tfrecord", [example(every_kind), example({})])
