"""Writes golden numbers as compact JSON: one line per tensor, so that a change shows as a change."""

import json
from pathlib import Path


def tensor(value, digits=None):
    """A tensor as data; `digits` significant digits, or every digit where it is an exact input."""
    numbers = value.detach().double().flatten().tolist()
    if digits:
        numbers = [float(f"{number:.{digits}g}") for number in numbers]
    numbers = [int(number) if number == int(number) else number for number in numbers]
    return {"shape": list(value.shape), "data": numbers}


def tensors(values, digits=None):
    return {name: tensor(value, digits) for name, value in values.items()}


def write(path, content):
    """Aside, then renamed: a reader never sees half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".partial")
    aside.write_text(_layout(content) + "\n", encoding="utf-8")
    aside.replace(path)
    print(f"{path}: {path.stat().st_size} bytes")


def _layout(value, indent=0):
    """Objects are broken into lines, except tensors; lists of numbers stay on one line."""
    pad = " " * (indent + 1)
    if isinstance(value, dict) and value and set(value) != {"shape", "data"}:
        rows = [f"{pad}{json.dumps(key)}: {_layout(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(pad + _layout(item, indent + 1) for item in value) + "\n" + " " * indent + "]"
    return json.dumps(value, separators=(",", ":"))
