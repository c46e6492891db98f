"""VPT by its authors' `PromptedTransformer`, whose embeddings and layers are those of the small ViT."""

import math
import types
from functools import reduce
from operator import mul

import torch
from hooked_vit import Part
from torch import nn

PEER = "KMnP/vpt"


class Around(nn.Module):
    """Calls a function as a module, and registers nothing that the function uses."""

    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, x):
        return self.call(x)


class Encoder(nn.Module):
    """Their encoder's interface: its layers and itself return attention weights too, which nobody reads here."""

    def __init__(self, vit):
        super().__init__()
        self.vis = False
        self.layer = [Around(lambda x, block=block: (block(x), None)) for block in vit.blocks]
        self.encoder_norm = Around(lambda x: vit.norm(x))

    def forward(self, x):
        for layer in self.layer:
            x, _ = layer(x)
        return self.encoder_norm(x), []


class Transformer(nn.Module):
    """What theirs builds on."""

    def __init__(self, config, img_size, vis):
        super().__init__()
        self.embeddings = Around(config.vit.embed)
        self.encoder = Encoder(config.vit)


def place(vit, peer, *, tokens, deep):
    given = {"torch": torch, "nn": nn, "math": math, "reduce": reduce, "mul": mul, "Dropout": nn.Dropout}
    given |= {"Transformer": Transformer, "_pair": lambda size: (size, size)}
    theirs = peer.pick("src/models/vit_prompt/vit.py", ["PromptedTransformer"], given)
    prompt = types.SimpleNamespace(
        LOCATION="prepend", INITIATION="random", NUM_DEEP_LAYERS=None, DEEP_SHARED=False
    )
    prompt.NUM_TOKENS, prompt.DROPOUT, prompt.PROJECT, prompt.DEEP = tokens, 0.0, -1, deep
    config = types.SimpleNamespace(patches={"size": vit.config["patchSize"]}, hidden_size=vit.config["width"])
    config.transformer, config.vit = {"num_layers": len(vit.blocks)}, vit
    made = theirs["PromptedTransformer"](prompt, config, vit.config["imageSize"], False)
    vit.prompted = made
    vit.forward = lambda images: vit.head(made(images)[0][:, 0])
    # Their names have no "bias" in them, so their AdamW decays them.
    parts = {"blocks.0.prompt": Part(made.prompt_embeddings, True)}
    if deep:
        for i in range(1, len(vit.blocks)):
            later = lambda value, i=i: value[i - 1 : i]  # noqa: E731
            parts[f"blocks.{i}.prompt"] = Part(made.deep_prompt_embeddings, True, later)
    return parts
