"""Writes test/golden/vtab/numpy-random.json: what NumPy's legacy generator chooses.

    python -m venv venv && venv/bin/pip install numpy
    venv/bin/python parity/vtab/make_numpy_random.py
"""

import json
from pathlib import Path

import numpy

# Powers of two and their neighbours reject least and most; 0 is a seed too.
COUNTS = [1, 2, 3, 4, 5, 8, 9, 31, 64, 65, 468, 1000]
golden = []
for seed in (0, 123, 1234, 2**32 - 1):
    numpy.random.seed(seed)
    choices = [numpy.random.choice(count, min(count, 30), replace=False).tolist() for count in COUNTS]
    golden.append({"seed": seed, "counts": COUNTS, "choices": choices})
path = Path(__file__).resolve().parents[2] / "test" / "golden" / "vtab" / "numpy-random.json"
path.write_text(json.dumps(golden) + "\n")
