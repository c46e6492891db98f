"""Makes test/golden/real-steps.json: the first official training losses on real images with a real backbone.

    python parity/make_real_golden.py --official DIR --weights vit_tiny.safetensors --data signdigits

Nothing is random: the trainables start as waves that any language can make again, the images come in the
order of the list, and nothing is dropped. The file holds numbers only, no images.
"""

import argparse
from pathlib import Path

import golden_file
import official
import official_train
import torch
import vtab

BATCH, STEPS, LEARNING_RATE, WEIGHT_DECAY = 16, 3, 3e-3, 1e-4


def wave(name, shape):
    """The start of a trainable by our name: element k, counted from 0 in row order, is a sine of k + 1."""
    k = torch.arange(1, torch.Size(shape).numel() + 1, dtype=torch.float64).reshape(shape)
    if name.startswith("head."):
        return torch.zeros_like(k)
    last = name.rsplit(".", 1)[1]
    return {"left": 0.1 * k.sin(), "right": k.sin(), "scale": 1 + 0.02 * k.sin(), "shift": 0.02 * k.sin()}[last]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--official", "--weights", "--data"):
        parser.add_argument(name, required=True)
    parser.add_argument("--out", default="test/golden/real-steps.json")
    args = parser.parse_args()
    torch.set_num_threads(2)
    paths, labels = vtab.read_list(args.data, "train800val200.txt")
    paths, labels = paths[: BATCH * STEPS], labels[: BATCH * STEPS]
    images = vtab.normalised(vtab.read_images(paths, 224)).double()
    options = argparse.Namespace(official=args.official, weights=args.weights, image_size=224, drop_path=0.0)
    model = official_train.build(options, 10).double().train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                ours = official.our_name(name)
                parameter.copy_(wave(ours, official.our_shape(name, parameter.shape)).reshape(parameter.shape))
    optimizer = torch.optim.AdamW(model.get_parameters(LEARNING_RATE, WEIGHT_DECAY))
    losses = []
    for x, y in zip(images.split(BATCH), labels.split(BATCH)):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        logits = model.eval()(images[:4])
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_real_golden.py, torch {torch.__version__}, float64, "
            f"zstarN70/RLRR at {official.COMMIT}",
            "weights": Path(args.weights).name,
            "data": Path(args.data).name,
            "list": "train800val200.txt",
            "classes": 10,
            "batchSize": BATCH,
            "learningRate": LEARNING_RATE,
            "weightDecay": WEIGHT_DECAY,
            "start": "element k (from 0, row order): left 0.1 sin(k+1), right sin(k+1), scale 1 + 0.02 sin(k+1), "
            "shift 0.02 sin(k+1), head 0",
            "losses": losses,
            "logitsAfterOfFirstFour": golden_file.tensor(logits, 8),
        },
    )


if __name__ == "__main__":
    main()
