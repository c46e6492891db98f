"""LoRA by peft's own layer, around linear layers."""

from hooked_vit import Part

PEER = "peft"
CASES = {
    "lora": {"rank": 2, "alpha": 3, "sites": ["q", "v"]},
    "lora-everywhere": {"rank": 1, "alpha": 1, "sites": ["q", "k", "v", "o", "fc1", "fc2"]},
}


def place(vit, peer, options):
    from peft import LoraConfig
    from peft.tuners.lora import Linear

    rank, alpha = options["rank"], options["alpha"]
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0)
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in options["sites"]:
            owner = block.mlp if site.startswith("fc") else block.attn
            attribute = "proj" if site == "o" else site
            layer = Linear(getattr(owner, attribute), "default", config, r=rank, lora_alpha=alpha)
            setattr(owner, attribute, layer)
            # LoRA's authors and peft give all of it to the optimizer in one group.
            parts[f"blocks.{i}.{site}.lora_a"] = Part(layer.lora_A["default"].weight, True)
            parts[f"blocks.{i}.{site}.lora_b"] = Part(layer.lora_B["default"].weight, True)
    return parts
