"""VPT-Shallow by its authors' code."""

import vpt_code

PEER = vpt_code.PEER
CASES = {"vpt-shallow": {"tokens": 2}}


def place(vit, peer, options):
    return vpt_code.place(vit, peer, tokens=options["tokens"], deep=False)
