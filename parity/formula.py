"""Numbers by a formula that any language gives alike, so that a golden file need not hold them: test/by-formula.ts."""

import numpy
import torch


def formula(index, shape):
    """Numbers from -0.5 to 0.5, of another series for each index."""
    count = int(numpy.prod(shape))
    state = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + index * 97531 + 7) % 2**32
    return torch.from_numpy(((state >> 24).astype(numpy.float32) - 128) / 256).reshape(tuple(shape))
