"""A small Vision Transformer out of modules, so that other people's modules can be put at the usual places.

Attributes are timm's, since most authors' code is written for them: `blocks[i].norm1`, `.attn`, `.norm2`, `.mlp`.
Replace a module (`block.norm1 = Sequential(block.norm1, theirs)`) or bind an authors' forward function to one.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """timm's attention, with one matrix for q, k and v or with three: `qkv`, or `q`, `k` and `v`."""

    def __init__(self, width, heads, fused):
        super().__init__()
        self.num_heads, self.scale = heads, (width // heads) ** -0.5
        if fused:
            self.qkv = nn.Linear(width, 3 * width)
        else:
            self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.proj = nn.Linear(width, width)
        self.attn_drop, self.proj_drop = nn.Identity(), nn.Identity()

    def forward(self, x):
        batch, tokens, width = x.shape
        parts = self.qkv(x).chunk(3, dim=-1) if hasattr(self, "qkv") else (self.q(x), self.k(x), self.v(x))
        # [B, N, D] -> [B, heads, N, D / heads]
        q, k, v = (part.reshape(batch, tokens, self.num_heads, -1).transpose(1, 2) for part in parts)
        mixed = torch.softmax(q @ k.transpose(-1, -2) * self.scale, dim=-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width, mlp_width):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(width, mlp_width), nn.GELU(), nn.Linear(mlp_width, width)
        self.drop = nn.Identity()

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """x + attention(norm1(x)), then x + MLP(norm2(x))."""

    def __init__(self, config, fused):
        super().__init__()
        width, eps = config["width"], config["layerNormEps"]
        self.norm1, self.norm2 = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.attn = Attention(width, config["heads"], fused)
        self.mlp = Mlp(width, config["mlpWidth"])
        self.drop_path = self.ls1 = self.ls2 = nn.Identity()
        # What a branch adds, of what it read before the norm and what it made: set these to put something beside or after it.
        self.attention_adds = self.mlp_adds = lambda x, y: y

    def forward(self, x):
        x = x + self.attention_adds(x, self.attn(self.norm1(x)))
        return x + self.mlp_adds(x, self.mlp(self.norm2(x)))


class HookedVit(nn.Module):
    def __init__(self, config, fused=False):
        super().__init__()
        self.config = config
        width, patch = config["width"], config["patchSize"]
        rows, columns = (side // patch for side in config["imageSize"])
        self.patch = nn.Linear(3 * patch * patch, width)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, rows * columns + 1, width))
        self.blocks = nn.ModuleList(Block(config, fused) for _ in range(config["depth"]))
        self.norm = nn.LayerNorm(width, config["layerNormEps"])
        self.head = nn.Linear(width, config["classes"])
        # The tokens that block i reads, CLS first: set it to add some.
        self.tokens = lambda i, x: x

    def embed(self, images):
        batch, patch = images.shape[0], self.config["patchSize"]
        rows, columns = (side // patch for side in self.config["imageSize"])
        # [B, 3, H, W] -> [B, patches in row-major order, channel·row·column]
        patches = images.reshape(batch, 3, rows, patch, columns, patch).permute(0, 2, 4, 1, 3, 5)
        x = self.patch(patches.reshape(batch, rows * columns, -1))
        return torch.cat([self.cls.expand(batch, -1, -1), x], dim=1) + self.position

    def forward(self, images):
        x = self.embed(images)
        for i, block in enumerate(self.blocks):
            x = block(self.tokens(i, x))
        return self.head(self.norm(x)[:, 0])


def our_parameters(vit):
    """Our name -> (parameter, the rows of it that are ours) of everything that the plain ViT holds."""
    rows = slice(None)
    named = {"cls": (vit.cls, rows), "position": (vit.position, rows)}

    def add(name, module, part=rows):
        named[f"{name}.weight"] = (module.weight, part)
        named[f"{name}.bias"] = (module.bias, part)

    for name in ("patch", "norm", "head"):
        add(name, getattr(vit, name))
    width = vit.config["width"]
    for i, block in enumerate(vit.blocks):
        for at, name in enumerate("qkv"):
            fused = hasattr(block.attn, "qkv")
            part = slice(at * width, (at + 1) * width) if fused else rows
            add(f"blocks.{i}.{name}", block.attn.qkv if fused else getattr(block.attn, name), part)
        add(f"blocks.{i}.o", block.attn.proj)
        for name in ("norm1", "norm2"):
            add(f"blocks.{i}.{name}", getattr(block, name))
        for name in ("fc1", "fc2"):
            add(f"blocks.{i}.{name}", getattr(block.mlp, name))
    return named


def load(vit, weights):
    """Writes weights, by our names, into a ViT that nothing has been put into yet."""
    vit.double()
    with torch.no_grad():
        for name, (parameter, rows) in our_parameters(vit).items():
            parameter[rows] = weights[name]


class Part:
    """One of our trainables: what `read` makes of an authors' parameter, which must only move or leave out numbers."""

    def __init__(self, parameter, decay, read=lambda value: value):
        self.parameter, self.decay, self.read = parameter, decay, read
