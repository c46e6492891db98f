"""Full fine-tuning, by PyTorch's own modules."""

import hooked_vit
from hooked_vit import Part

PEER = "torch"
CASES = {"full": {}}
# So many numbers train that one step is enough to store.
STEPS = 1


def place(vit, peer, options):
    # timm's rule: vectors, the CLS token and positions are not decayed.
    return {
        name: Part(parameter, parameter.ndim == 2)
        for name, (parameter, _) in hooked_vit.our_parameters(vit).items()
        if not name.startswith("head.")
    }
