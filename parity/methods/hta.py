"""HTA from its paper, arXiv 2410.22952: X(W + W_down W_up + (I - l lᵀ) D (I - r rᵀ)) + b. Its code was not found."""

import torch
from hooked_vit import Part
from torch import nn

PEER = None
CASES = {
    "hta": {"rank": 1, "sites": ["q", "k", "v", "o"]},
    "hta-alone": {"rank": 0, "sites": ["q", "v"]},
}


class Adapted(nn.Module):
    """In the paper's orientation: tokens are rows, W is [in, out]."""

    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer
        width = layer.weight.shape[0]
        self.left, self.right = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        self.diagonal = nn.Parameter(torch.zeros(width))
        self.down, self.up = nn.Parameter(torch.zeros(width, rank)), nn.Parameter(torch.zeros(rank, width))

    def forward(self, x):
        identity = torch.eye(len(self.left), dtype=x.dtype)
        reflections = [identity - torch.outer(v, v) for v in (self.left, self.right)]
        added = reflections[0] @ torch.diag(self.diagonal) @ reflections[1]
        return x @ (self.layer.weight.T + self.down @ self.up + added) + self.layer.bias


def place(vit, peer, options):
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in options["sites"]:
            attribute = "proj" if site == "o" else site
            layer = Adapted(getattr(block.attn, attribute), options["rank"])
            setattr(block.attn, attribute, layer)
            name = f"blocks.{i}.{site}"
            parts[f"{name}.left"] = Part(layer.left, True, lambda value: value[None])
            parts[f"{name}.diagonal"] = Part(layer.diagonal, True)
            parts[f"{name}.right"] = Part(layer.right, True, lambda value: value[None])
            if options["rank"] > 0:
                parts[f"{name}.lora_a"] = Part(layer.down, True, lambda value: value.T)
                parts[f"{name}.lora_b"] = Part(layer.up, True, lambda value: value.T)
            else:
                del layer.down, layer.up
                layer.register_buffer("down", torch.zeros(layer.left.numel(), 0))
                layer.register_buffer("up", torch.zeros(0, layer.left.numel()))
    return parts
