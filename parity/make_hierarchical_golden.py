"""Writes test/golden/hierarchical.json: what tiny Swins, ConvNeXts and ResNets of timm and transformers answer, with weights by a formula.

    python -m venv venv && venv/bin/pip install torch torchvision timm transformers
    venv/bin/python parity/make_hierarchical_golden.py

Only needed to make the file anew; the tests read the file. Of the tensors it holds names and shapes alone.
"""

import json
from pathlib import Path

import timm
import torch
import transformers
from formula import formula

IMAGE_INDEX = 999


def value(index, name, shape):
    """A variance is positive."""
    numbers = formula(index, shape)
    return numbers.abs() + 0.5 if name.endswith("running_var") else numbers


def filled(model):
    """Every tensor by the formula, in the order of the names."""
    state = model.state_dict()
    model.load_state_dict({name: value(at, name, state[name].shape) for at, name in enumerate(sorted(state))})
    return model.eval().double()


def case(title, model, answer, size, *, config, prefix="", extra=(), renamed=()):
    """`renamed` are the names of a file of another project, by those of the model."""
    tensors = {name: list(tensor.shape) for name, tensor in sorted(model.state_dict().items())}
    image = formula(IMAGE_INDEX, (1, 3, *size)).double()
    with torch.no_grad():
        numbers = answer(model, image).flatten().tolist()
    return {
        "title": title,
        "config": config,
        "prefix": prefix,
        "tensors": tensors,
        **({"renamed": dict(renamed)} if renamed else {}),
        "extra": {name: list(shape) for name, shape in extra},
        "imageSize": list(size),
        "logits": [float(f"{number:.9g}") for number in numbers],
    }


def from_timm(title, architecture, size, *, config_args=None, extra=(), rename=None, with_config=True, prefix="", **kwargs):
    """The configuration says what a folder of timm would; `rename` gives another project's name of each tensor."""
    model = filled(timm.create_model(architecture, **({"img_size": size} if "swin" in architecture else {}), **kwargs))
    args = {**(config_args or {}), **({"embed_dim": kwargs["embed_dim"]} if "embed_dim" in kwargs else {})}
    config = {"architecture": architecture, "model_args": args, "pretrained_cfg": {"input_size": [3, *size]}}
    renamed = [(name, rename(name)) for name in model.state_dict() if rename and rename(name) != name]
    return case(
        title, model, lambda model, image: model(image), size, config=config if with_config else None, prefix=prefix, extra=extra, renamed=renamed
    )


def from_transformers(title, model, kept, size):
    model = filled(model)
    whole = json.loads(model.config.to_json_string(use_diff=False))
    config = {key: whole[key] for key in ("model_type", "layer_norm_eps", *kept) if key in whole}
    return case(title, model, lambda model, image: model(image).logits, size, config=config)


def facebook(name):
    """The names of ConvNeXt's authors."""
    for theirs, ours in (
        ("stem.", "downsample_layers.0."),
        (".downsample.", "."),
        (".blocks.", "."),
        ("conv_dw", "dwconv"),
        ("mlp.fc", "pwconv"),
        ("head.norm", "norm"),
        ("head.fc", "head"),
    ):
        if theirs == ".downsample." and theirs in name:
            return name.replace("stages.", "downsample_layers.").replace(theirs, ours)
        name = name.replace(theirs, ours)
    return name


def microsoft(name):
    """The authors' names: a merging stands in the stage before it, and the head has no `fc`."""
    parts = name.split(".")
    if len(parts) > 2 and parts[2] == "downsample":
        parts[1] = str(int(parts[1]) - 1)
    return ".".join(parts).replace("head.fc.", "head.")


CONVNEXT = {"depths": (1, 2, 1, 1), "dims": (4, 6, 8, 12), "num_classes": 5}
CONV = {"depths": [1, 2], "hidden_sizes": [6, 8], "num_stages": 2, "num_labels": 5, "image_size": 24}
CONV_KEPT = ("image_size", "patch_size", "hidden_sizes", "depths")
TINY = {"embed_dim": 8, "depths": (2, 2), "num_heads": (1, 2), "num_classes": 5, "patch_size": 4}
THREE = {**TINY, "depths": (1, 2, 2), "num_heads": (1, 2, 4)}
SWIN = {"patch_size": 4, "embed_dim": 8, "depths": [2, 2], "num_heads": [1, 2], "num_labels": 5}
KEPT = ("image_size", "patch_size", "embed_dim", "depths", "num_heads", "window_size")
V2_ARGS = {"window_size": 3}

cases = [
    from_timm("Swin of timm", "swin_tiny_patch4_window7_224", (24, 24), window_size=3, **TINY),
    from_timm("Swin on a rectangle", "swin_tiny_patch4_window7_224", (24, 48), window_size=3, **TINY),
    from_timm(
        "Swin of Microsoft, without a configuration",
        "swin_tiny_patch4_window7_224",
        (24, 24),
        window_size=3,
        with_config=False,
        rename=microsoft,
        extra=[("layers.0.blocks.1.attn_mask", (4, 9, 9)), ("layers.0.blocks.0.attn.relative_position_index", (9, 9))],
        **TINY,
    ),
    from_timm("Swin with windows of its own in each stage", "swin_s3_tiny_224", (64, 64), window_size=(4, 2, 2), **THREE),
    from_timm("SwinV2 of timm", "swinv2_tiny_window8_256", (24, 24), config_args=V2_ARGS, window_size=3, **TINY),
    from_timm(
        "SwinV2 with windows that grew",
        "swinv2_base_window12to16_192to256",
        (32, 32),
        config_args={"window_size": 4, "pretrained_window_sizes": [3, 2]},
        window_size=4,
        pretrained_window_sizes=(3, 2),
        **TINY,
    ),
    from_transformers(
        "Swin of transformers, whose windows do not tile the image",
        transformers.SwinForImageClassification(transformers.SwinConfig(image_size=44, window_size=4, **SWIN)),
        KEPT,
        (44, 44),
    ),
    from_transformers(
        "SwinV2 of transformers",
        transformers.Swinv2ForImageClassification(transformers.Swinv2Config(image_size=24, window_size=4, **SWIN)),
        (*KEPT, "pretrained_window_sizes"),
        (24, 24),
    ),
    from_timm("ConvNeXt of timm, on an odd rectangle", "convnext_tiny", (36, 44), **CONVNEXT),
    from_timm("ConvNeXt of its authors, without a configuration", "convnext_tiny", (224, 224), with_config=False, rename=facebook, **CONVNEXT),
    from_timm("ResNet of timm, bottlenecks on a rectangle", "resnet50", (40, 52), channels=(4, 6, 8, 8), layers=(1, 2, 1, 1), num_classes=5),
    from_timm("ResNet of torchvision's names, without a configuration", "resnet18", (224, 224), with_config=False, prefix="module.", channels=(4, 6, 8, 8), layers=(1, 2, 1, 1), num_classes=5),
    from_transformers(
        "ResNet of transformers",
        transformers.ResNetForImageClassification(transformers.ResNetConfig(embedding_size=4, hidden_sizes=[8, 12], depths=[1, 2], num_labels=5)),
        ("hidden_sizes", "depths", "embedding_size", "layer_type"),
        (224, 224),
    ),
    from_timm("ConvNeXt V2 of timm", "convnextv2_atto", (32, 32), **CONVNEXT),
    from_transformers(
        "ConvNeXt of transformers",
        transformers.ConvNextForImageClassification(transformers.ConvNextConfig(**CONV)),
        CONV_KEPT,
        (24, 24),
    ),
    from_transformers(
        "ConvNeXt V2 of transformers",
        transformers.ConvNextV2ForImageClassification(transformers.ConvNextV2Config(**CONV)),
        CONV_KEPT,
        (24, 24),
    ),
]

path = Path(__file__).parent.parent / "test/golden/hierarchical.json"
versions = {"timm": timm.__version__, "transformers": transformers.__version__}
lines = ",\n".join(json.dumps(one) for one in cases)
path.write_text(f'{{"versions": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n')
print(path, path.stat().st_size, "bytes,", len(cases), "cases")
