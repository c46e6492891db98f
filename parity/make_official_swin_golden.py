"""Makes test/golden/official-swin.json: what the official RLRR code computes for a tiny Swin, under our names.

    python parity/make_official_swin_golden.py --official DIR --out test/golden/official-swin.json

Needs timm, which the official file imports. In float64: logits, loss and gradients of every trainable; the same with given
drop-path masks; the loss before each of five AdamW steps in the official decay groups, and the trainables after the last.
Base weights and trainables are made by a formula, so the file holds only what was computed.
"""

import argparse
import sys
from pathlib import Path

import golden_file
import official
import torch
from formula import formula

# The second stage is one window wide, so that one stage shifts its windows and the other does not.
CONFIG = {
    "family": "swin",
    "imageSize": [24, 24],
    "patchSize": 4,
    "width": 6,
    "depths": [2, 2],
    "stageHeads": [1, 3],
    "windows": [3, 3],
    "mlpRatio": 2,
    "layerNormEps": 1e-5,
    "classes": 0,
}
CLASSES = 5
BATCH = 2
LABELS = [3, 0]
STEPS = 5
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DROP_PATH = 0.3
DIGITS = 9
LINEARS = {"attn.proj": "o", "mlp.fc1": "fc1", "mlp.fc2": "fc2"}


def load(folder):
    """The official `models.swin` module out of `folder`."""
    folder = Path(folder).resolve()
    if not (folder / "models" / "swin.py").is_file():
        sys.exit(f"{folder}: no models/swin.py, so this is not the official RLRR code at {official.COMMIT[:7]}.")
    sys.path.insert(0, str(folder))
    from models import swin

    return swin


def thirds(prefix, suffix):
    return [f"{prefix}.{part}.{suffix}" for part in "qkv"]


def our_names(name):
    """Their parameter name -> ours; three of a fused q, k, v where we have three."""
    fixed = {
        "head.weight": "head.weight",
        "head.bias": "head.bias",
        "patch_embed.proj.weight": "patch.weight",
        "patch_embed.proj.bias": "patch.bias",
        "patch_embed.norm.weight": "patchNorm.weight",
        "patch_embed.norm.bias": "patchNorm.bias",
        "norm.weight": "norm.weight",
        "norm.bias": "norm.bias",
        "ssf_scale_encode_norm": "norm.scale",
        "ssf_shift_encode_norm": "norm.shift",
    }
    if name in fixed:
        return [fixed[name]]
    _, stage, place, rest = name.split(".", 3)
    if place == "downsample":
        layer, suffix = rest.split(".")
        return [f"merges.{stage}.{layer}.{official.VECTORS.get(suffix, suffix)}"]
    index, rest = rest.split(".", 1)
    block = f"blocks.{sum(CONFIG['depths'][: int(stage)]) + int(index)}"
    norms = {f"ssf_{kind}_{norm}": f"{norm}.{kind}" for norm in ("norm1", "norm2") for kind in ("scale", "shift")}
    if rest in norms:
        return [f"{block}.{norms[rest]}"]
    if rest == "attn.relative_position_bias_table":
        return [f"{block}.positions"]
    layer, suffix = rest.rsplit(".", 1)
    suffix = official.VECTORS.get(suffix, suffix)
    if layer == "attn.qkv":
        return [f"{block}.qkv.left"] if suffix == "left" else thirds(block, suffix)
    return [f"{block}.{LINEARS.get(layer, layer)}.{suffix}"]


def our_shape(name, shape):
    """The shape of one of ours."""
    shape = list(shape)
    if name.endswith("shift_bias"):
        shape = shape[1:]
    if name.endswith("relative_position_bias_table"):
        shape = [1, *shape]
    if name == "patch_embed.proj.weight":
        shape = [shape[0], shape[1] * shape[2] * shape[3]]
    count = len(our_names(name))
    axis = 0
    return [shape[axis] // count, *shape[1:]] if count > 1 else shape


def in_ours(model, read, wanted=lambda parameter: True):
    """`read` of each wanted parameter, in our shapes and by our names."""
    result = {}
    for name, parameter in model.named_parameters():
        if not wanted(parameter) or unused(name):
            continue
        names = our_names(name)
        flat = read(parameter).detach().clone().reshape(-1).chunk(len(names))
        for ours, part in zip(names, flat):
            result[ours] = part.reshape(our_shape(name, parameter.shape))
    return result


def unused(name):
    """The merging has no bias; the official layer makes one all the same and never reads it."""
    return name.endswith("reduction.bias")


def set_state(model, values):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not unused(name):
                parts = [values[ours].reshape(-1) for ours in our_names(name)]
                parameter.copy_(torch.cat(parts).reshape(parameter.shape))


def build(swin, drop_path):
    config = CONFIG
    model = swin.SwinTransformer(
        img_size=config["imageSize"][0],
        patch_size=config["patchSize"],
        embed_dim=config["width"],
        depths=config["depths"],
        num_heads=config["stageHeads"],
        window_size=config["windows"][0],
        mlp_ratio=config["mlpRatio"],
        num_classes=CLASSES,
        drop_path_rate=drop_path,
    ).double()
    official.freeze(model)
    return model.train()


def values_of(names_and_shapes):
    """By formula, in the order of the names: norms and scales of norms near 1, everything else near 0."""
    values = {}
    for index, (name, shape) in enumerate(sorted(names_and_shapes.items())):
        near = 1.0 if name.endswith((".scale", "orm.weight", "orm1.weight", "orm2.weight")) else 0.0
        values[name] = formula(index, shape).double() + near
    return values


class GivenMasks(torch.nn.Module):
    """Stands where the official drop path stands, called first for the attention and then for the MLP."""

    def __init__(self, factors):
        super().__init__()
        self.factors = list(factors)

    def forward(self, x):
        return x * self.factors.pop(0)


def with_masks(swin, values, images, labels):
    model = build(swin, DROP_PATH)
    set_state(model, values)
    keep, rates = {}, []
    blocks = [block for layer in model.layers for block in layer.blocks]
    for i, block in enumerate(blocks):
        rate = float(f"{getattr(block.drop_path, 'drop_prob', 0.0):.7g}")
        rates.append(rate)
        kept = {"attention": [1.0, float(i % 2)], "mlp": [float(i > 1), 1.0]}
        if i == 0:
            continue
        factors = []
        for branch, mask in kept.items():
            keep[f"{i}.{branch}"] = mask
            factors.append(torch.tensor(mask, dtype=torch.float64).reshape(BATCH, 1, 1) / (1 - rate))
        block.drop_path = GivenMasks(factors)
    return {"dropPath": DROP_PATH, "rates": rates, "keep": keep, **forward_backward(model, images, labels)}


def forward_backward(model, images, labels):
    model.zero_grad()
    logits = model(images)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    return {
        "logits": golden_file.tensor(logits, DIGITS),
        "loss": loss.item(),
        "gradients": golden_file.tensors(in_ours(model, lambda p: p.grad, lambda p: p.requires_grad), DIGITS),
    }


def train(model, images, labels):
    optimizer = torch.optim.AdamW(model.get_parameters(LEARNING_RATE, WEIGHT_DECAY))
    losses = []
    for _ in range(STEPS):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = in_ours(model, lambda parameter: parameter, lambda parameter: parameter.requires_grad)
    return {"losses": losses, "trainables": golden_file.tensors(after, DIGITS)}


def decayed_names(model):
    group = {id(parameter) for parameter in model.get_parameters(LEARNING_RATE, WEIGHT_DECAY)[0]["params"]}
    return [
        ours
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) in group
        for ours in our_names(name)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--out", default="test/golden/official-swin.json")
    args = parser.parse_args()
    swin = load(args.official)
    model = build(swin, 0.0)
    shapes = {
        ours: our_shape(name, parameter.shape)
        for name, parameter in model.named_parameters()
        if not unused(name)
        for ours in our_names(name)
    }
    values = values_of(shapes)
    images = formula(999, [BATCH, 3, *CONFIG["imageSize"]]).double()
    labels = torch.tensor(LABELS)
    set_state(model, values)
    trained = in_ours(model, lambda parameter: parameter, lambda parameter: parameter.requires_grad)
    forward = forward_backward(model, images, labels)
    dropped = with_masks(swin, values, images, labels)
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_official_swin_golden.py, torch {torch.__version__}, float64, "
            f"zstarN70/RLRR at {official.COMMIT}",
            "config": CONFIG,
            "classes": CLASSES,
            "shapes": shapes,
            "trained": sorted(trained),
            "decayed": sorted(decayed_names(model)),
            "labels": LABELS,
            "forward": forward,
            "dropped": dropped,
            "training": {"learningRate": LEARNING_RATE, "weightDecay": WEIGHT_DECAY, **train(model, images, labels)},
        },
    )


if __name__ == "__main__":
    main()
