"""ARC by its authors' `ARC_adapter`, after the norms, with projections that all blocks share."""

import torch
from hooked_vit import Part
from torch import nn

PEER = "DavidYanAnDe/ARC"
CASES = {
    "arc": {"bottleneck": 3},
    "arc-attention": {"bottleneck": 2, "sites": ["attention"]},
}


def place(vit, peer, options):
    given = {"torch": torch, "nn": nn, "Dropout": nn.Dropout}
    adapter = peer.pick("Model/ARC_ViT.py", ["ARC_adapter"], given)["ARC_adapter"]

    class Adapted(nn.Module):
        """A norm, then their adapter, which is given the shared projection as their encoder gives it."""

        def __init__(self, norm, position, projection):
            super().__init__()
            self.norm, self.projection = norm, projection
            self.adapter = adapter(options["bottleneck"], vit.config["width"], position=position)

        def forward(self, x):
            return self.adapter(self.norm(x), self.projection, self.projection.t())

    parts = {}
    for branch, norm, position in (("attention", "norm1", "att"), ("mlp", "norm2", "mlp")):
        if branch not in options.get("sites", ["attention", "mlp"]):
            continue
        projection = nn.Parameter(torch.empty(vit.config["width"], options["bottleneck"]))
        nn.init.xavier_uniform_(projection)
        # They give all parameters to AdamW in one group.
        parts[f"shared.{branch}.down"] = Part(projection, True, lambda value: value.t())
        for i, block in enumerate(vit.blocks):
            adapted = Adapted(getattr(block, norm), position, projection)
            setattr(block, norm, adapted)
            parts[f"blocks.{i}.{branch}.scale"] = Part(adapted.adapter.adapter_rescale, True, lambda value: value[0])
            parts[f"blocks.{i}.{branch}.shift"] = Part(adapted.adapter.adapter_bias, True)
    return parts
