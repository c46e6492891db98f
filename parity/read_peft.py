"""Loads a folder made by `rlrr export --to peft` with peft onto its base and compares its logits with ours.

    python parity/read_peft.py FOLDER --base MODEL --input input.safetensors --logits logits.safetensors

MODEL is a Vision Transformer in transformers' format (5 or newer), with any head. `--input` holds one tensor `images`
[B, 3, H, W], already normalised; `--logits` one tensor `logits` [B, C], of the model merged by rlrr. The last line is
JSON: the largest difference of a logit relative to the largest logit, and in how many rows the first class is the same;
before and after peft's own merge.
"""

import argparse
import json

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import ViTForImageClassification


def compare(logits, expected):
    difference = (logits - expected).abs().max() / expected.abs().max().clamp(min=1)
    same = (logits.argmax(1) == expected.argmax(1)).sum()
    return {"difference": float(difference), "same": int(same), "rows": len(expected)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--base", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--logits", required=True)
    args = parser.parse_args()
    images = load_file(args.input)["images"].float()
    expected = load_file(args.logits)["logits"]
    base = ViTForImageClassification.from_pretrained(
        args.base, num_labels=expected.shape[1], ignore_mismatched_sizes=True
    )
    model = PeftModel.from_pretrained(base.eval(), args.folder).eval()
    with torch.no_grad():
        loaded = compare(model(images).logits, expected)
        merged = compare(model.merge_and_unload().eval()(images).logits, expected)
    print(json.dumps({"loaded": loaded, "merged": merged}))


if __name__ == "__main__":
    main()
