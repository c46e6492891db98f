"""Holds what `rlrr analyze --json` says of a real adapter against LAPACK, matrix by matrix.

    rlrr analyze runs/rlrr --json --images 4 > analysis.jsonl
    rlrr merge --adapter runs/rlrr --out merged
    rlrr merge --adapter runs/linear --out base
    python parity/check_spectra.py analysis.jsonl base merged

`base` is the backbone in the same format, such as the merge of a linear probe on it. Needs numpy and safetensors.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

places = {
    "q": "attention.attention.query",
    "k": "attention.attention.key",
    "v": "attention.attention.value",
    "o": "attention.output.dense",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
}


def weight(tensors, name):
    if name == "patch":
        key = "embeddings.patch_embeddings.projection"
    else:
        _, block, role = name.split(".")
        key = f"encoder.layer.{block}.{places[role]}"
    whole = tensors.get(f"vit.{key}.weight", tensors.get(f"{key}.weight"))
    return whole.reshape(len(whole), -1).astype(np.float64)


def turn(a, b):
    cosines = np.clip(np.linalg.svd(a.T @ b, compute_uv=False), 0, 1)
    return np.degrees(np.arccos(cosines)).mean()


records = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
base, merged = (load_file(Path(folder) / "model.safetensors") for folder in sys.argv[2:4])
own, adapter = records[0], records[1]
top = own["top"]
before = {matrix["name"]: matrix["values"] for matrix in own["matrices"]}
worst = {"values of W": 0, "values of W'": 0, "change": 0, "spectrum moved": 0, "angles": 0}
conditions = []
for matrix in adapter["matrices"]:
    w, wt = weight(base, matrix["name"]), weight(merged, matrix["name"])
    (u, s, v), (ut, st, vt) = np.linalg.svd(w, full_matrices=False), np.linalg.svd(wt, full_matrices=False)
    conditions.append(s[0] / s[-1])
    moved = np.linalg.norm(st - s) / np.linalg.norm(s)
    change = np.linalg.norm(wt - w) / np.linalg.norm(w)
    found = {
        "values of W": np.max(np.abs(np.array(before[matrix["name"]]) - s) / s),
        "values of W'": np.max(np.abs(np.array(matrix["values"]) - st) / st),
        "change": abs(matrix["change"] - change) / change,
        "spectrum moved": abs(matrix["spectrumMoved"] - moved) / moved,
        "angles": max(
            abs(matrix["left"]["mean"] - turn(v[:top].T, vt[:top].T)),
            abs(matrix["right"]["mean"] - turn(u[:, :top], ut[:, :top])),
        ),
    }
    worst = {key: max(worst[key], float(found[key])) for key in worst}
print(f"{len(adapter['matrices'])} matrices; largest over smallest singular value: up to {max(conditions):.3g}")
for key, value in worst.items():
    print(f"  {key}: at most {value:.2g} {'degrees' if key == 'angles' else 'relative'} from LAPACK's")
if worst["values of W"] > 1e-4 or worst["values of W'"] > 1e-4:
    sys.exit("More than 1e-4 from LAPACK's.")
