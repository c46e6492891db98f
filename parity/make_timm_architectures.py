"""Writes src/model/timm-architectures.ts: how many heads each of timm's plain ViTs has, under its current and older names.

    python -m venv venv && venv/bin/pip install torch timm && venv/bin/python parity/make_timm_architectures.py

Only needed for a newer timm. Nothing is downloaded: models are made without memory, on PyTorch's device "meta".
"""

import re
from pathlib import Path

import timm
import torch
from timm.models import _registry
from timm.models.vision_transformer import VisionTransformer

MODULES = ("vision_transformer", "deit")

heads = {}
for name in timm.list_models():
    if _registry._model_to_module[name] not in MODULES:
        continue
    with torch.device("meta"):
        model = timm.create_model(name)
    attention = getattr(model.blocks[0], "attn", None)
    if type(model) is VisionTransformer and attention is not None:
        heads[name] = attention.num_heads

# Names of older versions, which older config.json files hold; what follows a dot is the tag of the weights.
for module in MODULES:
    for old, new in _registry._module_to_deprecated_models[module].items():
        if new and new.split(".")[0] in heads and "." not in old:
            heads[old] = heads[new.split(".")[0]]

by_heads = {}
for name, count in sorted(heads.items(), key=lambda item: (item[1], re.sub(r"\d+", lambda n: n[0].zfill(4), item[0]))):
    by_heads.setdefault(count, []).append(name)

lines = []
for count, names in by_heads.items():
    lines.append(f"  {count}: [")
    row = "   "
    for name in names:
        if len(row) + len(name) + 4 > 110:
            lines.append(row)
            row = "   "
        row += f' "{name}",'
    lines += [row, "  ],"]

text = f"""/** The number of heads of timm's plain ViTs, which no checkpoint says. Made by parity/make_timm_architectures.py from timm {timm.__version__}. */

// biome-ignore format: one name per line would be {len(heads)} lines
const namesByHeads: Readonly<Record<number, readonly string[]>> = {{
{chr(10).join(lines)}
}};

const headsByName: ReadonlyMap<string, number> = new Map(
  Object.entries(namesByHeads).flatMap(([heads, names]) => names.map((name) => [name, Number(heads)] as const)),
);

/** Heads of the architecture that timm calls `name`, with or without the tag of its weights; nothing where it is unknown. */
export const timmHeads = (name: string): number | undefined => headsByName.get(name.split(".")[0] ?? name);
"""
path = Path(__file__).parent.parent / "src/model/timm-architectures.ts"
path.write_text(text)
print(path, len(heads), "names, timm", timm.__version__)
