"""BitFit by its rule: what has "bias" in its name trains, as the code of VPT has it too. There is nothing to call."""

from hooked_vit import Part, our_parameters

PEER = None
CASES = {"bias": {}}


def place(vit, peer, options):
    ours = {name: parameter for name, (parameter, _) in our_parameters(vit).items()}
    return {
        name: Part(parameter, False)
        for name, parameter in ours.items()
        if name.endswith(".bias") and not name.startswith("head.")
    }
