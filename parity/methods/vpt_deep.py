"""VPT-Deep by its authors' code; all blocks but the first share a tensor there."""

import vpt_code

PEER = vpt_code.PEER
CASES = {"vpt-deep": {"tokens": 2}}


def place(vit, peer, options):
    return vpt_code.place(vit, peer, tokens=options["tokens"], deep=True)
