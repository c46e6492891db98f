"""Makes test/golden/calibration.json: temperatures and calibration errors that SciPy and NumPy find for random logits.

    python parity/make_calibration_golden.py      (needs scipy)
"""

import argparse

import golden_file
import numpy as np
import scipy
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax


def fit(logits, labels):
    """The minimum over log T of the summed cross-entropy and the prior of one image, b - 1 - ln b with b = 1 / T."""

    def cost(log_t):
        b = np.exp(-log_t)
        return -log_softmax(b * logits, axis=1)[np.arange(len(labels)), labels].sum() + b - 1 - np.log(b)

    found = minimize_scalar(cost, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-12})
    return float(np.exp(found.x))


def measure(logits, labels, bins=15):
    """Guo et al. 2017, section 2: bins (0, 1/15], (1/15, 2/15], ..."""
    p = softmax(logits, axis=1)
    sure, hit = p.max(1), p.argmax(1) == labels
    gap = 0.0
    for low, high in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            gap += inside.mean() * abs(hit[inside].mean() - sure[inside].mean())
    loss = -np.log(p[np.arange(len(labels)), labels]).mean()
    brier = ((p - np.eye(p.shape[1])[labels]) ** 2).sum(1).mean()
    return {"ece": float(gap), "loss": float(loss), "brier": float(brier)}


def case(name, images, classes, scale, seed, correct=False):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(images, classes)) * 1.5
    if correct:
        labels = truth.argmax(1)
    else:
        labels = np.array([rng.choice(classes, p=softmax(row)) for row in truth])
    logits = np.round(truth * scale, 3)
    t = fit(logits, labels)
    return {
        "name": name,
        "classes": classes,
        "logits": logits.ravel().tolist(),
        "labels": labels.tolist(),
        "temperature": t,
        "before": measure(logits, labels),
        "after": measure(logits / t, labels),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="test/golden/calibration.json")
    args = parser.parse_args()
    cases = [
        case("three times too sure", 60, 5, 3, 1),
        case("not sure enough", 60, 5, 0.3, 2),
        case("two classes", 40, 2, 2, 3),
        case("five images, all correct", 5, 4, 1, 4, correct=True),
        case("one image", 1, 3, 1, 5, correct=True),
    ]
    made = f"parity/make_calibration_golden.py, scipy {scipy.__version__}"
    golden_file.write(args.out, {"madeBy": made, "cases": cases})


if __name__ == "__main__":
    main()
