"""OFT by peft's own layer, with the exact Cayley transform, around linear layers."""

from hooked_vit import Part

PEER = "peft"
CASES = {
    "oft": {"blockSize": 4, "sites": ["q", "k", "v", "o", "fc1", "fc2"]},
    "oft-mlp": {"blockSize": 8, "sites": ["fc2"]},
}


def place(vit, peer, options):
    from peft import OFTConfig
    from peft.tuners.oft.layer import Linear

    size = options["blockSize"]
    config = OFTConfig(r=0, oft_block_size=size, use_cayley_neumann=False)
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in options["sites"]:
            owner = block.mlp if site.startswith("fc") else block.attn
            attribute = "proj" if site == "o" else site
            layer = Linear(getattr(owner, attribute), "default", config, r=0)
            setattr(owner, attribute, layer)
            parts[f"blocks.{i}.{site}.skew"] = Part(layer.oft_R["default"].weight, True)
    return parts
