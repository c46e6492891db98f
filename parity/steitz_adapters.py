"""The adapter and the blocks of Steitz and Roth's code, which has Houlsby's placement beside its own."""

import math
import types
from typing import Optional

import hooked_vit
import torch
from hooked_vit import Part
from torch import nn

PEER = "visinf/adapter_plus"


def classes(peer):
    """Their `Adapter`, and `AdapterBlock`, of which only the forward functions are used."""
    given = {"torch": torch, "nn": nn, "math": math, "Optional": Optional, "DropPath": nn.Identity}
    given |= {"Block": hooked_vit.Block, "Mlp": hooked_vit.Mlp}
    theirs = peer.pick("adapter_plus/vit_adapter.py", ["Adapter", "AdapterBlock"], given)
    return theirs["Adapter"], theirs["AdapterBlock"]


def bind(block, forward):
    """Lets a block of ours run a forward function of theirs."""
    block.drop_path1 = block.drop_path2 = nn.Identity()
    block.forward = types.MethodType(forward, block)


def parts_of(adapter, name):
    """Our trainables of one of their adapters: as in timm, vectors have no decay."""
    down, up = adapter.bottleneck[1], adapter.bottleneck[4]
    return {
        f"{name}.down.weight": Part(down.weight, True),
        f"{name}.down.bias": Part(down.bias, False),
        f"{name}.up.weight": Part(up.weight, True),
        f"{name}.up.bias": Part(up.bias, False),
    }
