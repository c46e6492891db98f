"""Convpass by its authors' code; 14, which is written for the rows and the columns of patches, by turns is both of ours."""

import types

import torch
from hooked_vit import Part
from torch import nn

PEER = "JieShibo/PETL-ViT"
CASES = {"convpass": {"bottleneck": 2, "scale": 0.5, "kernel": "xavier"}}


def place(vit, peer, options):
    config, bottleneck = vit.config, options["bottleneck"]
    rows, columns = (side // config["patchSize"] for side in config["imageSize"])
    theirs = peer.pick(
        "convpass/vtab/convpass.py",
        ["Convpass", "QuickGELU", "forward_block"],
        {"torch": torch, "nn": nn},
        {768: config["width"], 8: bottleneck, 14: (rows, columns)},
    )
    parts = {}
    for i, block in enumerate(vit.blocks):
        block.s = options["scale"]
        block.forward = types.MethodType(theirs["forward_block"], block)
        for site, attribute in (("attention", "adapter_attn"), ("mlp", "adapter_mlp")):
            made = theirs["Convpass"](bottleneck, options["kernel"] == "xavier")
            setattr(block, attribute, made)
            for ours in ("down", "up", "conv"):
                layer = getattr(made, f"adapter_{ours}")
                # one group of parameters, all decayed
                parts[f"blocks.{i}.{site}.{ours}.weight"] = Part(layer.weight, True)
                parts[f"blocks.{i}.{site}.{ours}.bias"] = Part(layer.bias, True)
    return parts
