"""Trains the official model for some steps on given images and keeps all that another program needs to do the same.

    python parity/official_steps.py --official DIR --weights FILE --data signdigits --steps 100 --out FOLDER

FOLDER then has `images.bin` (bytes [N, size, size, 3]), `start.safetensors` (every trainable before the first step, by our
names), `gradients.safetensors` (of the first step, in float64), `logits.safetensors` (before the first step in float64, and
after the last in float32) and `steps.json`. With `--weights random-vit-b16` (or another of our sizes) random weights are
written there too, as `weights.safetensors` with timm names. `parity/official-steps.ts` runs this and compares.

The trainables have the official random start, but for the head: were that zero, as published, every other gradient
of the first step would be zero.
"""

import argparse
import json
import time
from pathlib import Path

import backbone
import official
import torch
import vtab
from safetensors.torch import save_file

HEAD_STD = 0.02


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--official", "--weights", "--data", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--list", default="train800val200.txt")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def random_weights(size, image_size):
    """timm-named weights of a plain ViT, at the scale of trained ones: matrices and positions of std 0.02, norms near 1."""
    width, depth, _, mlp, patch = official.SIZES[size]
    shapes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, (image_size // patch) ** 2 + 1, width),
        "patch_embed.proj.weight": (width, 3, patch, patch),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    for index in range(depth):
        for name, rows, columns in (
            ("attn.qkv", 3 * width, width),
            ("attn.proj", width, width),
            ("mlp.fc1", mlp, width),
            ("mlp.fc2", width, mlp),
        ):
            shapes[f"blocks.{index}.{name}.weight"] = (rows, columns)
            shapes[f"blocks.{index}.{name}.bias"] = (rows,)
        for name in ("norm1", "norm2"):
            for part in ("weight", "bias"):
                shapes[f"blocks.{index}.{name}.{part}"] = (width,)
    return {
        name: torch.randn(shape) * 0.02 + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
        for name, shape in shapes.items()
    }


def build(args, weights, classes):
    networks = official.load(args.official)
    arrays = backbone.read(str(weights))
    config = official.size_config(networks, *backbone.size(arrays))
    model = networks.RLRRVisionTransformer(config, args.image_size, num_classes=classes, zero_head=True)
    model.load_from(arrays)
    torch.nn.init.normal_(model.head.weight, std=HEAD_STD)
    official.freeze(model)
    return model


def trained(model, read):
    """`read` of each trainable, by our name and in our shape, ready to be saved."""
    return {
        official.our_name(name): read(parameter).detach().clone().reshape(official.our_shape(name, parameter.shape))
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def decayed_names(groups, model):
    decayed = {id(parameter) for parameter in groups[0]["params"]}
    return [
        official.our_name(name)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) in decayed
    ]


def first_step(model, x, y):
    """Logits, loss and gradients in float64."""
    model.double()
    logits = model(x.double())
    loss = torch.nn.functional.cross_entropy(logits, y)
    loss.backward()
    gradients = trained(model, lambda parameter: parameter.grad)
    model.zero_grad(set_to_none=True)
    model.float()
    return logits.detach(), loss.item(), gradients


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    weights = args.weights
    if weights.startswith("random-"):
        weights = out / "weights.safetensors"
        save_file(random_weights(args.weights.removeprefix("random-"), args.image_size), weights)
    paths, labels = vtab.read_list(args.data, args.list)
    count = min(len(paths), args.steps * args.batch_size)
    paths, labels = paths[:count], labels[:count]
    images = vtab.read_images(paths, args.image_size)
    images.numpy().tofile(out / "images.bin")
    classes = int(labels.max()) + 1
    model = build(args, weights, classes).train()
    save_file(trained(model, lambda parameter: parameter), out / "start.safetensors")

    def batch(step):
        """In the order of the list, from its start again after its end."""
        index = torch.arange(step * args.batch_size, (step + 1) * args.batch_size) % count
        return vtab.normalised(images[index]), labels[index]

    logits, loss, gradients = first_step(model, *batch(0))
    save_file(gradients, out / "gradients.safetensors")
    groups = model.get_parameters(args.learning_rate, args.weight_decay)
    decayed = decayed_names(groups, model)
    optimizer = torch.optim.AdamW(groups)
    losses, began = [], time.perf_counter()
    for step in range(args.steps):
        x, y = batch(step)
        value = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
        if (step + 1) % 10 == 0:
            print(f"official step {step + 1}: loss {losses[-1]:.6f}, {time.perf_counter() - began:.0f} s", flush=True)
    with torch.no_grad():
        after = model.eval()(batch(0)[0])
    save_file({"before": logits, "after": after}, out / "logits.safetensors")
    facts = {
        "madeBy": f"torch {torch.__version__}, zstarN70/RLRR at {official.COMMIT}",
        "weights": str(Path(weights).resolve()),
        "imageSize": args.image_size,
        "batchSize": args.batch_size,
        "learningRate": args.learning_rate,
        "weightDecay": args.weight_decay,
        "classes": classes,
        "labels": labels.tolist(),
        "decayed": decayed,
        "firstLoss": loss,
        "losses": losses,
    }
    (out / "steps.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
