"""SSF by its authors' `ssf_ada`, after every layer; theirs of q, k and v is one, cut into three here."""

import torch
from hooked_vit import Part
from torch import nn

PEER = "dongzelian/SSF"
CASES = {"ssf": {}}
FUSED = True


def place(vit, peer, options):
    theirs = peer.pick(
        "models/vision_transformer.py", ["init_ssf_scale_shift", "ssf_ada"], {"torch": torch, "nn": nn}
    )

    class After(nn.Module):
        """A layer, then their scale and shift."""

        def __init__(self, layer, width):
            super().__init__()
            self.layer = layer
            self.scale, self.shift = theirs["init_ssf_scale_shift"](width)

        def forward(self, x):
            return theirs["ssf_ada"](self.layer(x), self.scale, self.shift)

    parts = {}

    def put(owner, attribute, names):
        """`names` share the layer's outputs in equal ranges."""
        layer = getattr(owner, attribute)
        after = After(layer, layer.bias.numel())
        setattr(owner, attribute, after)
        width = layer.bias.numel() // len(names)
        for at, name in enumerate(names):
            rows = slice(at * width, (at + 1) * width)
            # timm's rule, which is theirs too: no decay for vectors
            parts[f"{name}.scale"] = Part(after.scale, False, lambda value, rows=rows: value[rows])
            parts[f"{name}.shift"] = Part(after.shift, False, lambda value, rows=rows: value[rows])

    put(vit, "patch", ["patch"])
    for i, block in enumerate(vit.blocks):
        put(block, "norm1", [f"blocks.{i}.norm1"])
        put(block.attn, "qkv", [f"blocks.{i}.{part}" for part in "qkv"])
        put(block.attn, "proj", [f"blocks.{i}.o"])
        put(block, "norm2", [f"blocks.{i}.norm2"])
        put(block.mlp, "fc1", [f"blocks.{i}.fc1"])
        put(block.mlp, "fc2", [f"blocks.{i}.fc2"])
    put(vit, "norm", ["norm"])
    return parts
