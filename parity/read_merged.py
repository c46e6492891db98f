"""Loads a folder made by `rlrr merge` with transformers and prints what it computes.

    python parity/read_merged.py FOLDER IMAGE [IMAGE ...]                    images, by the folder's own processor
    python parity/read_merged.py FOLDER --input input.safetensors [--out logits.safetensors]

`--input` holds one tensor `images` [B, 3, H, W], already normalised; `--out` gets one tensor `logits` [B, C].
The last line is JSON: the logits, and the label of each row.
"""

import argparse
import json
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageClassification


def read_pixels(args):
    if args.input:
        return load_file(args.input)["images"].float()
    from PIL import Image
    from transformers import ViTImageProcessorPil

    processor = ViTImageProcessorPil.from_pretrained(args.folder)
    images = [Image.open(path).convert("RGB") for path in args.images]
    return processor(images, return_tensors="pt")["pixel_values"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("images", nargs="*")
    parser.add_argument("--input", help="safetensors with `images`")
    parser.add_argument("--out", help="safetensors to write `logits` to")
    args = parser.parse_args()
    if bool(args.images) == bool(args.input):
        parser.error("name images or --input, one of the two")
    model, report = AutoModelForImageClassification.from_pretrained(args.folder, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in report.items() if value}
    if wrong:
        sys.exit(f"{args.folder}: transformers did not take every tensor: {wrong}")
    with torch.no_grad():
        logits = model.eval()(read_pixels(args)).logits
    if args.out:
        save_file({"logits": logits.contiguous()}, args.out)
    labels = [model.config.id2label[int(row.argmax())] for row in logits]
    print(json.dumps({"logits": logits.tolist(), "labels": labels}))


if __name__ == "__main__":
    main()
