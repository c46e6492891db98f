"""Images of a VTAB-layout list, prepared as the official loader prepares them: Pillow, bicubic, squashed."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image


def read_list(folder, name):
    """Lines `path label` -> paths and labels, in the order of the file."""
    lines = [line.split() for line in (Path(folder) / name).read_text().splitlines() if line.strip()]
    return [Path(folder) / path for path, _ in lines], torch.tensor([int(label) for _, label in lines])


def read_images(paths, size):
    """[N, size, size, 3] bytes; kept as bytes because the float form of a whole set is four times as large."""
    images = np.empty((len(paths), size, size, 3), np.uint8)
    for index, path in enumerate(paths):
        images[index] = np.asarray(Image.open(path).convert("RGB").resize((size, size), Image.Resampling.BICUBIC))
    return torch.from_numpy(images)


def normalised(images):
    """Bytes [B, H, W, 3] -> floats [B, 3, H, W] with mean and deviation 0.5."""
    return (images.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
