"""AdaptFormer by its authors' code, in the configuration of their images' script."""

import math
import types

import torch
from hooked_vit import Part
from torch import nn

PEER = "ShoufaChen/AdaptFormer"
CASES = {"adaptformer": {"bottleneck": 3, "scale": 0.1}}


def place(vit, peer, options):
    adapter = peer.pick("models/adapter.py", ["Adapter"], {"torch": torch, "nn": nn, "math": math})["Adapter"]
    blocks = peer.pick("models/custom_modules.py", ["Block"], {"nn": nn})["Block"]
    parts = {}
    for i, block in enumerate(vit.blocks):
        block.config = types.SimpleNamespace(ffn_adapt=True, ffn_option="parallel")
        block.adaptmlp = adapter(
            d_model=vit.config["width"],
            bottleneck=options["bottleneck"],
            init_option="lora",
            adapter_scalar=str(options["scale"]),
            adapter_layernorm_option="none",
        )
        block.fc1, block.act, block.fc2 = block.mlp.fc1, block.mlp.act, block.mlp.fc2
        block.mlp_drop = nn.Identity()
        block.forward = types.MethodType(blocks.forward, block)
        # They train by SGD without decay; ours decays the matrices.
        for ours, layer in (("down", block.adaptmlp.down_proj), ("up", block.adaptmlp.up_proj)):
            parts[f"blocks.{i}.mlp.{ours}.weight"] = Part(layer.weight, True)
            parts[f"blocks.{i}.mlp.{ours}.bias"] = Part(layer.bias, False)
    return parts
