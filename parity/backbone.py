"""A timm-named safetensors ViT as the dictionary of arrays that the official `load_from` reads."""

import sys

import numpy as np
from safetensors.numpy import load_file


def read(path):
    """The arrays by Google's npz names; an .npz is read as it is."""
    if path.endswith(".npz"):
        return np.load(path)
    timm = load_file(path)
    if "blocks.0.attn.qkv.weight" not in timm:
        sys.exit(f"{path}: no blocks.0.attn.qkv.weight. Only plain ViTs with timm names are read here.")
    root = "Transformer"
    result = {
        # [D, 3, p, p] -> [p, p, 3, D]
        "embedding/kernel": timm["patch_embed.proj.weight"].transpose(2, 3, 1, 0),
        "embedding/bias": timm["patch_embed.proj.bias"],
        "cls": timm["cls_token"],
        f"{root}/posembed_input/pos_embedding": timm["pos_embed"],
        f"{root}/encoder_norm/scale": timm["norm.weight"],
        f"{root}/encoder_norm/bias": timm["norm.bias"],
    }
    for index in range(depth(timm)):
        theirs, ours = f"{root}/encoderblock_{index}", f"blocks.{index}"
        weights = np.split(timm[f"{ours}.attn.qkv.weight"], 3)
        biases = np.split(timm[f"{ours}.attn.qkv.bias"], 3)
        linears = {
            f"MultiHeadDotProductAttention_1/{part}": (weight, bias)
            for part, weight, bias in zip(("query", "key", "value"), weights, biases)
        }
        for part, name in (
            ("MultiHeadDotProductAttention_1/out", "attn.proj"),
            ("MlpBlock_3/Dense_0", "mlp.fc1"),
            ("MlpBlock_3/Dense_1", "mlp.fc2"),
        ):
            linears[part] = (timm[f"{ours}.{name}.weight"], timm[f"{ours}.{name}.bias"])
        for part, (weight, bias) in linears.items():
            # kernels are [in, out] there, weights [out, in] here
            result[f"{theirs}/{part}/kernel"] = np.ascontiguousarray(weight.T)
            result[f"{theirs}/{part}/bias"] = bias
        for part, name in (("LayerNorm_0", "norm1"), ("LayerNorm_2", "norm2")):
            result[f"{theirs}/{part}/scale"] = timm[f"{ours}.{name}.weight"]
            result[f"{theirs}/{part}/bias"] = timm[f"{ours}.{name}.bias"]
    return result


def depth(timm):
    return 1 + max(int(name.split(".")[1]) for name in timm if name.startswith("blocks."))


def size(arrays):
    """Width, depth, heads, MLP width and patch size; heads of 64 (80 in ViT-H), as all plain ViTs have."""
    patch, width = arrays["embedding/kernel"].shape[0], arrays["embedding/kernel"].shape[3]
    root = "Transformer/encoderblock_"
    blocks = {name.split("/")[1] for name in arrays if name.startswith(root)}
    mlp = arrays[f"{root}0/MlpBlock_3/Dense_0/bias"].shape[0]
    return width, len(blocks), width // (80 if width == 1280 else 64), mlp, patch
