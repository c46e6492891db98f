"""Runs a folder made by `rlrr export` in the runtime that it is for, on that runtime's own pixels, and compares with `rlrr predict`.

    rlrr predict --adapter RUN --top-k CLASSES --json IMAGE ... > predictions.jsonl
    python parity/read_exports.py FOLDER --runtime timm predictions.jsonl

`--runtime`: timm, transformers (its Pillow processor), transformers-torchvision (its default one), onnxruntime or openvino; the
last two take the folder's `--file`. Every class must be in the predictions. The last line is JSON: how many images got the same
label, and the largest difference of a log probability, which is that of logits but for what all of an image share.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def read_timm(folder):
    import timm
    import torch

    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    labels = json.loads(Path(folder, "config.json").read_text())["label_names"]

    def run(images):
        with torch.no_grad():
            return model(torch.stack([transform(image) for image in images])).numpy()

    return run, labels


def read_transformers(folder, processor_name):
    import torch
    import transformers

    model = transformers.ViTForImageClassification.from_pretrained(folder).eval()
    processor = getattr(transformers, processor_name).from_pretrained(folder)

    def run(images):
        with torch.no_grad():
            return model(processor(images, return_tensors="pt")["pixel_values"]).logits.numpy()

    return run, [model.config.id2label[index] for index in range(model.config.num_labels)]


def prepared(image, config):
    """As preprocessor_config.json says, where it squashes an image to one size."""
    size = (config["size"]["width"], config["size"]["height"])
    pixels = np.asarray(image.resize(size, config["resample"])).astype(np.float32) / np.float32(255)
    mean, std = (np.asarray(config[key], np.float32) for key in ("image_mean", "image_std"))
    return ((pixels - mean) / std).transpose(2, 0, 1)


def read_onnx(folder, file, runtime):
    labels = json.loads(Path(folder, "config.json").read_text())["id2label"]
    config = json.loads(Path(folder, "preprocessor_config.json").read_text())
    inside = not config["do_resize"]
    path = str(Path(folder, file))
    if runtime == "openvino":
        import openvino

        model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        infer = lambda pixels: model({"pixel_values": pixels})["logits"]
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        infer = lambda pixels: session.run(["logits"], {"pixel_values": pixels})[0]

    def run(images):
        if inside:  # images of one size only can be a batch
            whole = [np.asarray(image).astype(np.float32).transpose(2, 0, 1)[None] for image in images]
            return np.concatenate([infer(pixels) for pixels in whole])
        return infer(np.stack([prepared(image, config) for image in images]))

    return run, [labels[str(index)] for index in range(len(labels))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("predictions")
    names = ["timm", "transformers", "transformers-torchvision", "onnxruntime", "openvino"]
    parser.add_argument("--runtime", required=True, choices=names)
    parser.add_argument("--file", default="model.onnx")
    args = parser.parse_args()
    if args.runtime == "timm":
        run, labels = read_timm(args.folder)
    elif args.runtime.startswith("transformers"):
        processor = "ViTImageProcessorPil" if args.runtime == "transformers" else "ViTImageProcessor"
        run, labels = read_transformers(args.folder, processor)
    else:
        run, labels = read_onnx(args.folder, args.file, args.runtime)
    rows = [json.loads(line) for line in Path(args.predictions).read_text().splitlines()]
    rows = [row for row in rows if row.get("labels")]
    agreeing, difference = 0, 0.0
    for start in range(0, len(rows), 16):
        batch = rows[start : start + 16]
        answers = log_softmax(run([Image.open(row["path"]).convert("RGB") for row in batch]))
        for row, answer in zip(batch, answers):
            agreeing += labels[int(answer.argmax())] == row["labels"][0]["label"]
            for one in row["labels"]:
                if one["probability"] > 1e-6:  # smaller ones are rounded
                    theirs = float(answer[labels.index(one["label"])])
                    difference = max(difference, abs(theirs - math.log(one["probability"])))
    print(json.dumps({"images": len(rows), "agreeing": agreeing, "difference": difference}))


if __name__ == "__main__":
    main()
