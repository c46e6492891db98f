"""HyperAdapt from its paper, arXiv 2509.18629: W' = diag(r) · W · diag(c), both vectors at 1. Its code was not found."""

import torch
import torch.nn.functional as F
from hooked_vit import Part
from torch import nn

PEER = None
CASES = {"hyperadapt": {"sites": ["q", "k", "v", "o", "fc1", "fc2"]}}


class Rescaled(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        outputs, inputs = layer.weight.shape
        self.rows, self.columns = nn.Parameter(torch.ones(outputs)), nn.Parameter(torch.ones(inputs))

    def forward(self, x):
        weight = torch.diag(self.rows) @ self.layer.weight @ torch.diag(self.columns)
        return F.linear(x, weight, self.layer.bias)


def place(vit, peer, options):
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in options["sites"]:
            owner = block.mlp if site.startswith("fc") else block.attn
            attribute = "proj" if site == "o" else site
            layer = Rescaled(getattr(owner, attribute))
            setattr(owner, attribute, layer)
            parts[f"blocks.{i}.{site}.left"] = Part(layer.columns, False)
            parts[f"blocks.{i}.{site}.right"] = Part(layer.rows, False)
    return parts
