"""The official RLRR code, imported from wherever the user cloned it, seen under our names.

Nothing of it is kept in this project: it carries no licence. `bench/peers/README.md` says how to get it.
"""

import sys
from pathlib import Path

COMMIT = "287c772fa71d56d95016112b5170ed8c7af259a0"

# width, depth, heads, MLP width, patch size: the plain ViT sizes of the ViT and DeiT papers.
SIZES = {
    "vit-ti16": (192, 12, 3, 768, 16),
    "vit-s16": (384, 12, 6, 1536, 16),
    "vit-b16": (768, 12, 12, 3072, 16),
    "vit-l16": (1024, 24, 16, 4096, 16),
    "vit-h14": (1280, 32, 16, 5120, 14),
}

# Their module path inside a block -> our name of the linear layer.
LINEARS = {
    "attn.query": "q",
    "attn.key": "k",
    "attn.value": "v",
    "attn.out": "o",
    "ffn.fc1": "fc1",
    "ffn.fc2": "fc2",
}
# Their parameter -> our suffix. `scale_col` is (1, Din), `scale_line` is (Dout, 1), `shift_bias` is (1, Dout).
VECTORS = {"scale_col": "left", "scale_line": "right", "shift_bias": "shift"}

# The script trains exactly the parameters whose name holds one of these.
TRAINED = ("head", "scale", "shift")


def load(folder):
    """The official `models.networks` module out of `folder`."""
    folder = Path(folder).resolve()
    if not (folder / "models" / "networks.py").is_file():
        sys.exit(
            f"{folder}: no models/networks.py, so this is not the official RLRR code. "
            f"Clone https://github.com/zstarN70/RLRR at {COMMIT[:7]} and name its folder."
        )
    sys.path.insert(0, str(folder))
    from models import networks

    return networks


def size_config(networks, width, depth, heads, mlp_width, patch):
    """One of their configs with our sizes written over it."""
    patch = patch if isinstance(patch, tuple) else (patch, patch)
    config = networks.CONFIGS["ViT-B_16"].copy_and_resolve_references()
    config.hidden_size = width
    config.patches.size = patch
    config.transformer.num_layers = depth
    config.transformer.num_heads = heads
    config.transformer.mlp_dim = mlp_width
    return config


def freeze(model):
    """Their substring rule for what trains; returns the trainable parameters by their name."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(part in name for part in TRAINED)
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def our_name(name):
    """Their parameter name -> ours, for trainables and frozen weights alike."""
    fixed = {
        "head.weight": "head.weight",
        "head.bias": "head.bias",
        "transformer.embeddings.patch_embeddings.weight": "patch.weight",
        "transformer.embeddings.patch_embeddings.bias": "patch.bias",
        "transformer.embeddings.position_embeddings": "position",
        "transformer.embeddings.cls_token": "cls",
        "transformer.embeddings.ssf_scale_patch": "patch.scale",
        "transformer.embeddings.ssf_shift_patch": "patch.shift",
        "transformer.encoder.encoder_norm.weight": "norm.weight",
        "transformer.encoder.encoder_norm.bias": "norm.bias",
        "transformer.encoder.ssf_scale_enc_norm": "norm.scale",
        "transformer.encoder.ssf_shift_enc_norm": "norm.shift",
    }
    if name in fixed:
        return fixed[name]
    prefix = "transformer.encoder.layer."
    if not name.startswith(prefix):
        raise KeyError(name)
    index, rest = name[len(prefix) :].split(".", 1)
    in_block = {
        "attention_norm.weight": "norm1.weight",
        "attention_norm.bias": "norm1.bias",
        "ffn_norm.weight": "norm2.weight",
        "ffn_norm.bias": "norm2.bias",
        "ssf_scale_attn_norm": "norm1.scale",
        "ssf_shift_attn_norm": "norm1.shift",
        "ssf_scale_ffn_norm": "norm2.scale",
        "ssf_shift_ffn_norm": "norm2.shift",
    }
    for theirs, ours in LINEARS.items():
        in_block[f"{theirs}.mlp.weight"] = f"{ours}.weight"
        in_block[f"{theirs}.mlp.bias"] = f"{ours}.bias"
        for vector, suffix in VECTORS.items():
            in_block[f"{theirs}.{vector}"] = f"{ours}.{suffix}"
    return f"blocks.{index}.{in_block[rest]}"


def our_shape(name, shape):
    """The shape of their parameter in our layout: shifts lose the leading 1, the patch weight is flat."""
    if name.endswith("shift_bias"):
        return list(shape[1:])
    if name.endswith("patch_embeddings.weight"):
        return [shape[0], shape[1] * shape[2] * shape[3]]
    return list(shape)
