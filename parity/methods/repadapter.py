"""RepAdapter by its authors' code, before it is merged: adapters that read the norms' outputs."""

import types

import torch
from hooked_vit import Part
from torch import nn

PEER = "luogen1996/RepAdapter"
CASES = {
    "repadapter": {"bottleneck": 4, "scale": 0.5, "sites": ["attention", "mlp"]},
    "repadapter-attention": {"bottleneck": 2, "scale": 1, "sites": ["attention"]},
}
FUSED = True
FORWARD = {2: "forward_vit_block_adapter", 1: "forward_vit_attn_adapter"}


def place(vit, peer, options):
    forward = FORWARD[len(options["sites"])]
    theirs = peer.pick("repadapter.py", ["RepAdapter", forward], {"torch": torch, "nn": nn})
    parts = {}
    for i, block in enumerate(vit.blocks):
        block.drop_path1 = nn.Identity()
        block.forward = types.MethodType(theirs[forward], block)
        for site in options["sites"]:
            made = theirs["RepAdapter"](
                vit.config["width"], options["bottleneck"], scale=options["scale"]
            )
            setattr(block, "adapter_attn" if site == "attention" else "adapter_mlp", made)
            for ours, conv in (("down", made.conv_A), ("up", made.conv_B)):
                # a convolution over one token is a matrix; one group of parameters, all decayed
                name = f"blocks.{i}.{site}.{ours}"
                parts[f"{name}.weight"] = Part(conv.weight, True, lambda value: value.squeeze(-1))
                parts[f"{name}.bias"] = Part(conv.bias, True)
    return parts
