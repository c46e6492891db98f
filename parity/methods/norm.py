"""LayerNorm tuning by peft's own layer, around every norm."""

from hooked_vit import Part

PEER = "peft"
CASES = {"norm": {}}


def place(vit, peer, options):
    from peft import LNTuningConfig
    from peft.tuners.ln_tuning.layer import LNTuningLayer

    parts = {}

    def put(owner, attribute, name):
        layer = LNTuningLayer(getattr(owner, attribute), "default", LNTuningConfig())
        setattr(owner, attribute, layer)
        tuned = layer.ln_tuning_layers["default"]
        # timm's rule: no decay for vectors
        parts[f"{name}.weight"] = Part(tuned.weight, False)
        parts[f"{name}.bias"] = Part(tuned.bias, False)

    for i, block in enumerate(vit.blocks):
        put(block, "norm1", f"blocks.{i}.norm1")
        put(block, "norm2", f"blocks.{i}.norm2")
    put(vit, "norm", "norm")
    return parts
