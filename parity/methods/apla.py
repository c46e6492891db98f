"""APLA by its authors' `APLA_Attention`, in the place of each block's attention; all columns by plain training."""

import warnings

import torch
import torch.nn.functional as F
from hooked_vit import Part
from torch import nn

PEER = "MoeinSorkhei/APLA"
CASES = {"apla": {"columns": 3}, "apla-all": {"columns": 0}}
FUSED = True

# What our seed 0 takes in each block; theirs come from torch.randperm.
COLUMNS = [[4, 1, 3], [3, 2, 6]]


def place(vit, peer, options):
    parts = {}
    for i, block in enumerate(vit.blocks):
        if options["columns"] == 0:
            parts[f"blocks.{i}.o.weight"] = Part(block.attn.proj.weight, True)
            parts[f"blocks.{i}.o.bias"] = Part(block.attn.proj.bias, False)
        else:
            block.attn = attention(block.attn, peer, COLUMNS[i])
            parts[f"blocks.{i}.o.columns.weight"] = Part(block.attn.inner.proj_weight1, True)
            parts[f"blocks.{i}.o.columns.bias"] = Part(block.attn.inner.proj_bias1, False)
    return parts


def attention(plain, peer, columns):
    """Theirs, with the weights of a plain one, in the order that they give rows: those that train, then the others."""
    given = {"torch": torch, "nn": nn, "F": F, "warnings": warnings, "print_ddp": lambda text: None}
    theirs = peer.pick("src/apla/appla_attn.py", ["APLA_Attention"], given)["APLA_Attention"]
    width = plain.proj.bias.numel()
    order = torch.tensor(columns + [at for at in range(width) if at not in columns])
    config = type("Config", (), {"partial_size": len(columns)})
    inner = theirs(config, width, indices=order, num_heads=plain.num_heads, qkv_bias=True)
    inner.double()
    with torch.no_grad():
        inner.qkv.load_state_dict(plain.qkv.state_dict())
        for kind in ("weight", "bias"):
            rows = getattr(plain.proj, kind)[order]
            getattr(inner, f"proj_{kind}1").copy_(rows[: len(columns)])
            getattr(inner, f"proj_{kind}2").copy_(rows[len(columns) :])
    return First(inner)


class First(nn.Module):
    """Their attention gives its scores besides."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]
