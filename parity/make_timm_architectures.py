"""Writes src/model/timm-architectures.ts: what no checkpoint says of timm's Vision Transformers, under their current and older names.

    python -m venv venv && venv/bin/pip install torch timm && venv/bin/python parity/make_timm_architectures.py

Only needed for a newer timm. Nothing is downloaded: models are made without memory, on PyTorch's device "meta".
"""

import json
import re
from pathlib import Path

import timm
import torch
from timm.models import _registry
from timm.models.beit import Beit
from timm.models.deit import VisionTransformerDistilled
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer

MODULES = ("vision_transformer", "deit", "beit", "eva")
CLASSES = (VisionTransformer, VisionTransformerDistilled, Beit, Eva)
POOLS = {"token": None, "avg": "mean", "map": "attention", "": None}


def activation_of(model):
    act = getattr(model.blocks[0].mlp, "act", None)
    if type(act).__name__ in ("QuickGELU", "QuickGELUTanh"):
        return "quick-gelu"
    return "gelu-tanh" if getattr(act, "approximate", "none") == "tanh" or type(act).__name__ == "GELUTanh" else None


def rotary_of(name, model):
    """None where there is none; "other" of a kind that cannot be run."""
    rope = getattr(model, "rope", None)
    if rope is None:
        return "none" if type(model) is Eva else None
    own = {key: getattr(rope, key, None) for key in ("temperature", "min_period", "normalize_coords", "rotate_half", "grid_offset")}
    if type(rope).__name__ == "RotaryEmbeddingDinoV3":
        dinov3 = {"temperature": 100.0, "min_period": None, "normalize_coords": "separate", "rotate_half": True, "grid_offset": 0.0}
        return "dinov3" if own == dinov3 else "other"
    return "eva02" if name.startswith("eva02") and tuple(rope.ref_feat_shape or ()) == (16, 16) else "other"


def traits_of(name, model):
    norm = getattr(model, "norm", None)
    eps = getattr(norm, "eps", None) or getattr(model.fc_norm, "eps", None)
    traits = {
        "heads": model.blocks[0].attn.num_heads,
        "activation": activation_of(model),
        "pool": POOLS.get(model.global_pool, "other"),
        "layerNormEps": None if eps == 1e-6 else eps,
        "rotary": rotary_of(name, model),
    }
    return None if traits["pool"] == "other" else json.dumps({key: value for key, value in traits.items() if value is not None})


traits = {}
for name in timm.list_models():
    if _registry._model_to_module[name] not in MODULES:
        continue
    with torch.device("meta"):
        model = timm.create_model(name)
    if type(model) in CLASSES and getattr(model.blocks[0], "attn", None) is not None and hasattr(model.blocks[0].attn, "num_heads"):
        own = traits_of(name, model)
        if own is not None:
            traits[name] = own

# Names of older versions, which older config.json files hold; what follows a dot is the tag of the weights.
for module in MODULES:
    for old, new in _registry._module_to_deprecated_models[module].items():
        if new and new.split(".")[0] in traits and "." not in old:
            traits[old] = traits[new.split(".")[0]]

groups = {}
order = lambda item: (json.loads(item[1])["heads"], item[1], re.sub(r"\d+", lambda n: n[0].zfill(4), item[0]))
for name, own in sorted(traits.items(), key=order):
    groups.setdefault(own, []).append(name)

lines = []
for own, names in groups.items():
    fields = ", ".join(f"{key}: {json.dumps(value)}" for key, value in json.loads(own).items())
    lines.append(f"  [{{ {fields} }}, [")
    row = "   "
    for name in names:
        if len(row) + len(name) + 4 > 110:
            lines.append(row)
            row = "   "
        row += f' "{name}",'
    lines += [row, "  ]],"]

text = f"""/** What no checkpoint says of timm's Vision Transformers. Made by parity/make_timm_architectures.py from timm {timm.__version__}. */

import type {{ ActivationName }} from "./activations.ts";
import type {{ RotaryName }} from "./rotary.ts";
import type {{ PoolName }} from "./vit-config.ts";

/** Left out are exact GELU, the CLS token as the feature, an epsilon of 1e-6 and no rotary positions. */
export interface TimmTraits {{
  readonly heads: number;
  readonly activation?: ActivationName;
  /** Where its configuration does not say. */
  readonly pool?: PoolName;
  readonly layerNormEps?: number;
  /** `none` where tensors could be taken for those of a model that has some, `other` of kinds that cannot be run. */
  readonly rotary?: RotaryName | "none" | "other";
}}

// biome-ignore format: one name per line would be {len(traits)} lines
const namesByTraits: readonly (readonly [TimmTraits, readonly string[]])[] = [
{chr(10).join(lines)}
];

const traitsByName: ReadonlyMap<string, TimmTraits> = new Map(
  namesByTraits.flatMap(([traits, names]) => names.map((name) => [name, traits] as const)),
);

/** The architecture that timm calls `name`, with or without the tag of its weights; nothing where it is unknown. */
export const timmTraits = (name: string): TimmTraits | undefined => traitsByName.get(name.split(".")[0] ?? name);
"""
path = Path(__file__).parent.parent / "src/model/timm-architectures.ts"
path.write_text(text)
print(path, len(traits), "names, timm", timm.__version__)
