"""Adapter+ by its authors' code: their `adapter_plus` configuration, after the block and scaled per channel."""

import steitz_adapters
from hooked_vit import Part

PEER = steitz_adapters.PEER
CASES = {"adapter-plus": {"bottleneck": 3}}


def place(vit, peer, options):
    adapter, blocks = steitz_adapters.classes(peer)
    parts = {}
    for i, block in enumerate(vit.blocks):
        block.adapter = adapter(
            vit.config["width"], options["bottleneck"], norm_layer=None, scaling="channel"
        )
        steitz_adapters.bind(block, blocks.forward_post)
        parts |= steitz_adapters.parts_of(block.adapter, f"blocks.{i}.mlp")
        parts[f"blocks.{i}.mlp.scale"] = Part(block.adapter.scaling, False)
    return parts
