"""Singular values, turned subspaces, effective ranks and CKA by numpy's LAPACK, for src/spectra.

    python parity/make_spectra_golden.py test/golden/spectra.json
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import golden_file  # noqa: E402

random = np.random.default_rng(7)


def sample(*shape):
    return random.standard_normal(shape).astype(np.float32)


def graded(size, last):
    left, right = (np.linalg.qr(random.standard_normal((size, size)))[0] for _ in range(2))
    return (left * np.geomspace(1, last, size) @ right).astype(np.float32)


def matrix(numbers):
    return {"shape": list(numbers.shape), "data": [float(x) for x in numbers.flatten()]}


def numbers(values):
    return [float(f"{value:.12g}") for value in np.asarray(values).flatten()]


def values_of(weight):
    return np.linalg.svd(weight.astype(np.float64), compute_uv=False)


def turn(a, b):
    cosines = np.clip(np.linalg.svd(a.T @ b, compute_uv=False), 0, 1)
    angles = np.degrees(np.arccos(cosines))
    return {"mean": float(angles.mean()), "largest": float(angles.max()), "overlap": float((cosines**2).mean())}


def effective_rank(values, floor):
    shares = values[values > floor]
    shares = shares / shares.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def compared(before, after, top):
    """Weights are [out, in]: right vectors are those of the inputs, which the paper, with W transposed, calls left."""
    w, wt = before.astype(np.float64), after.astype(np.float64)
    (u, s, v), (ut, st, vt) = np.linalg.svd(w), np.linalg.svd(wt)
    change = values_of(wt - w)
    return {
        "before": matrix(before),
        "after": matrix(after),
        "top": top,
        "change": float(np.linalg.norm(wt - w) / np.linalg.norm(w)),
        "effectiveRank": effective_rank(change, 2.0**-23 * s[0]),
        "spectrumMoved": float(np.linalg.norm(st - s) / np.linalg.norm(w)),
        "left": turn(v[:top].T, vt[:top].T),
        "right": turn(u[:, :top], ut[:, :top]),
    }


def unbiased_hsic(k, l):
    size = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(size)
    rest = (one @ k @ one) * (one @ l @ one) / ((size - 1) * (size - 2)) - 2 * (one @ k @ l @ one) / (size - 2)
    return (np.trace(k @ l) + rest) / (size * (size - 3))


def cka(a, b):
    k, l = (x.astype(np.float64) @ x.astype(np.float64).T for x in (a, b))
    return float(unbiased_hsic(k, l) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(l, l)))


def weights():
    w = sample(14, 9)
    left, right = 0.2 * sample(1, 9), 0.5 * sample(14, 1)
    yield "low rank added", compared(w, w + 0.1 * sample(14, 2) @ sample(2, 9), 3)
    yield "rescaled from both sides", compared(w, w + (right @ left) * w, 3)
    yield "rows rescaled", compared(w, w * (1 + 0.1 * sample(14, 1)), 3)
    wide = sample(6, 11)
    yield "wide", compared(wide, wide + 0.3 * sample(6, 11), 4)


matrices = {
    "tall": sample(12, 7),
    "wide": sample(6, 15),
    "square": sample(10, 10),
    "rank 3": sample(9, 3) @ sample(3, 9),
    "graded to 1e-6": graded(8, 1e-6),
    "graded to 1e-4": graded(12, 1e-4),
    "all values equal": (2 * np.linalg.qr(random.standard_normal((6, 6)))[0]).astype(np.float32),
    "diagonal": np.diag([3, -2, 0.5, 0]).astype(np.float32),
    "zeros": np.zeros((3, 5), np.float32),
    "one row": sample(1, 5),
    "one number": sample(1, 1),
}
x, y = sample(14, 6), sample(14, 4)
features = {"related": (x, (x[:, :4] + 0.5 * y)), "unrelated": (x, y), "itself": (x, x), "fewer than its width": (x[:5], y[:5])}

golden_file.write(
    sys.argv[1],
    {
        "matrices": {name: {"matrix": matrix(m), "values": numbers(values_of(m))} for name, m in matrices.items()},
        "weights": dict(weights()),
        "cka": {name: {"a": matrix(a), "b": matrix(b), "cka": cka(a, b)} for name, (a, b) in features.items()},
    },
)
