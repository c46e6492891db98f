"""FacT-TT by its authors' `set_FacT`, which puts their forward functions into attention and MLP."""

from types import SimpleNamespace

import hooked_vit
import torch
from hooked_vit import Part
from torch import nn

PEER = "JieShibo/PETL-ViT"
CASES = {"fact-tt": {"rank": 2, "scale": 0.5}}
FUSED = True


def set_fact(vit, peer, path, options):
    """Their `set_FacT`, which finds modules by timm's types, at our width and depth."""
    types = SimpleNamespace(VisionTransformer=hooked_vit.HookedVit, Attention=hooked_vit.Attention)
    timm = SimpleNamespace(
        models=SimpleNamespace(
            vision_transformer=types, layers=SimpleNamespace(mlp=SimpleNamespace(Mlp=hooked_vit.Mlp))
        )
    )
    given = {"torch": torch, "nn": nn, "timm": timm, "vit": vit}
    names = ["fact_forward_attn", "fact_forward_mlp", "set_FacT"]
    sizes = {768: vit.config["width"], 144: 12 * len(vit.blocks)}
    peer.pick(path, names, given, sizes)["set_FacT"](vit, dim=options["rank"], s=options["scale"])
    # They give all trainable parameters to AdamW in one group.
    return {"shared.u": Part(vit.FacTu.weight, True), "shared.v": Part(vit.FacTv.weight, True)}


def place(vit, peer, options):
    parts = set_fact(vit, peer, "FacT/fact_tt.py", options)
    for i, block in enumerate(vit.blocks):
        for name, owner, theirs in (
            *(("qkvo"[at], block.attn, theirs) for at, theirs in enumerate(("q", "k", "v", "proj"))),
            *((name, block.mlp, name) for name in ("fc1", "fc2")),
        ):
            parts[f"blocks.{i}.{name}.sigma"] = Part(getattr(owner, f"{theirs}_FacTs").weight, True)
    return parts
