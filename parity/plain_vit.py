"""A plain Vision Transformer forward in PyTorch, written from the description in src/model/model.ts."""

import torch
import torch.nn.functional as F


def shapes(config):
    """Name -> shape of every base weight; see the comment on Model in src/model/model.ts."""
    width, mlp, patch = config["width"], config["mlpWidth"], config["patchSize"]
    tokens = (config["imageSize"][0] // patch) * (config["imageSize"][1] // patch) + 1
    result = {
        "patch.weight": [width, 3 * patch * patch],
        "patch.bias": [width],
        "cls": [1, 1, width],
        "position": [1, tokens, width],
    }
    for i in range(config["depth"]):
        block = f"blocks.{i}"
        for norm in ("norm1", "norm2"):
            result[f"{block}.{norm}.weight"] = [width]
            result[f"{block}.{norm}.bias"] = [width]
        sizes = {"q": (width, width), "k": (width, width), "v": (width, width), "o": (width, width)}
        sizes |= {"fc1": (mlp, width), "fc2": (width, mlp)}
        for name, (rows, columns) in sizes.items():
            result[f"{block}.{name}.weight"] = [rows, columns]
            result[f"{block}.{name}.bias"] = [rows]
    result["norm.weight"] = [width]
    result["norm.bias"] = [width]
    if config["classes"]:
        result["head.weight"] = [config["classes"], width]
        result["head.bias"] = [config["classes"]]
    return result


def random_weights(config, generator):
    """Weights with few decimals, so that a JSON of them is short and still exact."""
    weights = {}
    for name, shape in shapes(config).items():
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        if ".norm" in name or name.startswith("norm"):
            value = value * 0.2 + (1 if name.endswith("weight") else 0)
        elif name.endswith("weight"):
            value = value / shape[-1] ** 0.5
        else:
            value = value * 0.2
        weights[name] = value.mul(1e4).round().div(1e4)
    return weights


def forward(weights, config, images):
    """Every stage: `embed`, `block0`…, `feature` and, with a head, `logits`."""
    batch, patch, heads = images.shape[0], config["patchSize"], config["heads"]
    width, eps = config["width"], config["layerNormEps"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        return F.layer_norm(x, [width], weights[f"{name}.weight"], weights[f"{name}.bias"], eps)

    # [B, 3, H, W] -> [B, tokens in row-major order, channel·row·column]
    rows, columns = images.shape[2] // patch, images.shape[3] // patch
    patches = images.reshape(batch, 3, rows, patch, columns, patch).permute(0, 2, 4, 1, 3, 5)
    x = linear(patches.reshape(batch, rows * columns, -1), "patch")
    x = torch.cat([weights["cls"].expand(batch, -1, -1), x], dim=1) + weights["position"]
    stages = {"embed": x}
    for i in range(config["depth"]):
        block = f"blocks.{i}"
        y = norm(x, f"{block}.norm1")
        # [B, N, D] -> [B, heads, N, D / heads]
        q, k, v = (
            linear(y, f"{block}.{name}").reshape(batch, -1, heads, width // heads).transpose(1, 2) for name in "qkv"
        )
        scores = torch.softmax(q @ k.transpose(-1, -2) / (width // heads) ** 0.5, dim=-1)
        x = x + linear((scores @ v).transpose(1, 2).reshape(batch, -1, width), f"{block}.o")
        y = norm(x, f"{block}.norm2")
        x = x + linear(F.gelu(linear(y, f"{block}.fc1")), f"{block}.fc2")
        stages[f"block{i}"] = x
    stages["feature"] = norm(x, "norm")[:, 0]
    if config["classes"]:
        stages["logits"] = linear(stages["feature"], "head")
    return stages
