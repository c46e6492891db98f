"""An image drawn by a formula, so that any language gives the same bytes."""

import numpy


def draw(width, height):
    """Stripes, steps and noise: multiplications modulo a prime."""
    y, x, channel = numpy.mgrid[0:height, 0:width, 0:3].astype(numpy.int64)
    noise = ((x * 7919 + y * 104729 + channel * 1299709 + x * y * 31) % 65521) % 256
    edges = ((x // 5 + y // 3 + channel) % 2) * 255
    return numpy.where((x + y) % 7 < 4, noise, edges).astype(numpy.uint8)
