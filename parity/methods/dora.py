"""DoRA by peft's own layer, around linear layers."""

from hooked_vit import Part

PEER = "peft"
CASES = {
    "dora": {"rank": 2, "alpha": 3, "sites": ["q", "k", "v", "fc1", "fc2"]},
    "dora-output": {"rank": 1, "alpha": 1, "sites": ["o"]},
}


def place(vit, peer, options):
    from peft import LoraConfig
    from peft.tuners.lora import Linear

    rank, alpha = options["rank"], options["alpha"]
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, use_dora=True)
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in options["sites"]:
            owner = block.mlp if site.startswith("fc") else block.attn
            attribute = "proj" if site == "o" else site
            layer = Linear(getattr(owner, attribute), "default", config, r=rank, lora_alpha=alpha)
            setattr(owner, attribute, layer)
            # Their scripts train without weight decay; the length is not decayed here.
            parts[f"blocks.{i}.{site}.magnitude"] = Part(layer.lora_magnitude_vector["default"].weight, False)
            parts[f"blocks.{i}.{site}.lora_a"] = Part(layer.lora_A["default"].weight, True)
            parts[f"blocks.{i}.{site}.lora_b"] = Part(layer.lora_B["default"].weight, True)
    return parts
