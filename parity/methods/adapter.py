"""Adapters at Houlsby's two places, by Steitz and Roth's code: their `houlsby` configuration."""

import steitz_adapters

PEER = steitz_adapters.PEER
CASES = {"adapter": {"bottleneck": 3}}


def place(vit, peer, options):
    adapter, blocks = steitz_adapters.classes(peer)
    width, bottleneck = vit.config["width"], options["bottleneck"]
    parts = {}
    for i, block in enumerate(vit.blocks):
        block.adapter_attn = adapter(width, bottleneck, norm_layer=None)
        block.adapter = adapter(width, bottleneck, norm_layer=None)
        steitz_adapters.bind(block, blocks.forward_houlsby)
        parts |= steitz_adapters.parts_of(block.adapter_attn, f"blocks.{i}.attention")
        parts |= steitz_adapters.parts_of(block.adapter, f"blocks.{i}.mlp")
    return parts
