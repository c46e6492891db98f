"""Makes test/golden/pace.json: a step of PACE's consistency by its authors' code, with the noise that it sampled.

    python parity/make_pace_golden.py --peer DIR

In float64, on test/golden/methods/base.json, with two of their adapters on every matrix of the blocks: the one that adds
a product of rank r, which is LoRA, and the one that multiplies by it, which is RLRR of rank r. What else their adapters
train, on biases, stays at zero. Noise on the head, which theirs has too, is left out.
"""

import argparse
from typing import List

import golden_file
import hooked_vit
import torch
import torch.nn.functional as F
from hooked_vit import Part
from make_method_golden import DIGITS, move, read, read_base, rounded
from peer import Peer
from torch import nn

RANK = 2
SIGMA = 0.5
WEIGHT = 0.7
# our method and its options, their adapter, and our names of its two factors
CASES = (
    ("lora", {"rank": RANK, "alpha": RANK}, "LoRAadd_Linear", ("lora_b", "lora_a")),
    ("rlrr", {"rank": RANK}, "LoRAmul_VPTadd_Linear", ("right", "left")),
)
SITES = ("q", "k", "v", "o", "fc1", "fc2")


class RecordingTorch:
    """Their `torch`, whose `randn` samples in few digits and remembers."""

    def __init__(self, generator):
        self.generator, self.sampled = generator, []

    def __getattr__(self, name):
        return getattr(torch, name)

    def randn(self, *shape, device):
        noise = rounded(torch.randn(*shape, generator=self.generator, dtype=torch.float64))
        self.sampled.append(noise)
        return noise


def load_peer(peer, recording):
    """Their adapters, their noise and their loss; their drop path is not there, so nothing shares its masks."""
    given = {"torch": torch, "nn": nn, "F": F}
    adapters = peer.pick(
        "Vision/pace/residual_adapters.py",
        ["ResidualAdapter", "LoRAadd_Linear", "LoRAmul_VPTadd_Linear"],
        given,
    )
    ops = "Vision/pace/pace_ops.py"
    criterion = peer.pick(ops, ["PACE_MSELoss"], given)["PACE_MSELoss"]()
    duplicate = peer.pick("Vision/pace/sharable_dropout.py", ["set_duplicate"], {"SharableDropPath": ()})
    given |= {"torch": recording, "List": List, "ResidualAdapter": adapters["ResidualAdapter"]}
    given |= {"_mse_criterion": criterion, "set_duplicate": duplicate["set_duplicate"]}
    return adapters | peer.pick(ops, ["MultiplicativeNoiseAdapter", "compute_loss_pace"], given)


def place(vit, theirs, adapter, names):
    """Their adapter within their noise on every matrix; the noise falls linearly from block to block."""
    parts = {}
    for i, block in enumerate(vit.blocks):
        for site in SITES:
            owner, attribute = (block.mlp if site.startswith("fc") else block.attn), {"o": "proj"}.get(site, site)
            inner = theirs[adapter](getattr(owner, attribute), rank=RANK).double()
            noisy = theirs["MultiplicativeNoiseAdapter"](inner, sigma=SIGMA * (1 - i / len(vit.blocks)))
            setattr(owner, attribute, noisy)
            down, up = names
            parts[f"blocks.{i}.{site}.{down}"] = Part(inner.delta_W_down, True)
            parts[f"blocks.{i}.{site}.{up}"] = Part(inner.delta_W_up, True)
    return parts | {"head.weight": Part(vit.head.weight, True), "head.bias": Part(vit.head.bias, False)}


def make_case(peer, method, options, adapter, names):
    base, weights, images, labels = read_base()
    torch.manual_seed(42)
    recording = RecordingTorch(torch.Generator().manual_seed(8))
    theirs = load_peer(peer, recording)
    vit = hooked_vit.HookedVit(base["config"])
    hooked_vit.load(vit, weights)
    parts = place(vit, theirs, adapter, names)
    move(parts, torch.Generator().manual_seed(5))
    start = {name: value for name, value in read(parts).items() if not name.startswith("head.")}
    result = theirs["compute_loss_pace"](
        vit.train(), images, labels, torch.nn.functional.cross_entropy, lbd_pace=WEIGHT
    )
    result["total_loss"].backward()
    places = [(i, site) for i in range(len(vit.blocks)) for site in SITES]
    assert len(places) == len(recording.sampled)
    noise = {
        f"blocks.{i}.{site}": rounded(sampled * SIGMA * (1 - i / len(vit.blocks)) + 1, 6)
        for (i, site), sampled in zip(places, recording.sampled)
    }
    return {
        "method": method,
        "options": options | {"sites": list(SITES)},
        "start": golden_file.tensors(start),
        "noise": golden_file.tensors(noise),
        "logits": golden_file.tensor(result["logits"], DIGITS),
        "loss": result["total_loss"].item(),
        "penalty": result["pace_loss"].item(),
        "gradients": golden_file.tensors(read(parts, lambda parameter: parameter.grad), DIGITS),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", required=True, help="folder of the authors' code, a clone")
    parser.add_argument("--out", default="test/golden/pace.json")
    args = parser.parse_args()
    peer = Peer("MaxwellYaoNi/PACE", args.peer)
    content = {
        "madeBy": f"parity/make_pace_golden.py, torch {torch.__version__}, float64, {peer.version()}",
        "consistency": {"weight": WEIGHT, "noise": SIGMA},
        "cases": [make_case(peer, *case) for case in CASES],
    }
    golden_file.write(args.out, content)


if __name__ == "__main__":
    main()
