"""Makes test/golden/methods/NAME.json: what a method's authors' code computes for a tiny ViT, under our names.

    python parity/make_method_golden.py --base
    python parity/make_method_golden.py --method ssf --peer DIR

In float64, on the weights, images, labels and head of test/golden/methods/base.json (made once, by --base): logits,
loss, the gradient of every trainable, and the trainables after each of three AdamW steps in the authors' decay groups.
parity/methods/NAME.py says how the authors' modules are put into the ViT and which of our tensors each of their
parameters is; docs/methods.md says how to write one.
"""

import argparse
import importlib.util
import json
from pathlib import Path

import golden_file
import hooked_vit
import plain_vit
import torch
from hooked_vit import Part
from peer import Peer
from torch import nn

FOLDER = Path("test/golden/methods")
# No two sizes are equal where a swapped axis could hide; the MLP is four times as wide, as authors' code may assume.
CONFIG = {
    "imageSize": [4, 6],
    "patchSize": 2,
    "width": 8,
    "depth": 2,
    "heads": 2,
    "mlpWidth": 32,
    "layerNormEps": 1e-6,
    "classes": 5,
}
BATCH = 3
STEPS = 3
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DIGITS = 9


def rounded(value, decimals=4):
    return value.mul(10**decimals).round().div(10**decimals)


def make_base():
    generator = torch.Generator().manual_seed(17)
    weights = plain_vit.random_weights(CONFIG, generator)
    images = rounded(torch.randn(BATCH, 3, *CONFIG["imageSize"], generator=generator, dtype=torch.float64), 3)
    content = {
        "madeBy": f"parity/make_method_golden.py --base, torch {torch.__version__}",
        "config": CONFIG,
        "learningRate": LEARNING_RATE,
        "weightDecay": WEIGHT_DECAY,
        "labels": [3, 0, 4],
        "images": golden_file.tensor(images),
        "weights": golden_file.tensors(weights),
    }
    golden_file.write(FOLDER / "base.json", content)


def read_base():
    base = json.loads((FOLDER / "base.json").read_text(encoding="utf-8"))

    def tensor(numbers):
        return torch.tensor(numbers["data"], dtype=torch.float64).reshape(numbers["shape"])

    weights = {name: tensor(numbers) for name, numbers in base["weights"].items()}
    return base, weights, tensor(base["images"]), torch.tensor(base["labels"])


def load_method(name):
    path = Path(__file__).parent / "methods" / f"{name.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(f"golden_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def place(module, vit, peer, options):
    """Puts the authors' modules in, freezes the rest, and returns our trainables by name, the head last."""
    plain = {id(parameter) for parameter in vit.parameters()}
    head = vit.head
    parts = module.place(vit, peer, options)
    parts |= {"head.weight": Part(head.weight, True), "head.bias": Part(head.bias, False)}
    mapped = {id(part.parameter) for part in parts.values()}
    for name, parameter in vit.named_parameters():
        new = id(parameter) not in plain
        assert not new or not parameter.requires_grad or id(parameter) in mapped, f"{name} is none of our trainables"
        parameter.requires_grad_(id(parameter) in mapped)
    for inner in vit.modules():
        if isinstance(inner, nn.Dropout):
            inner.p = 0.0
    vit.double().train()
    return parts


def move(parts, generator):
    """Away from the authors' start, whose zeros would hide paths; the head stays as the base file has it."""
    moved = {id(part.parameter): part.parameter for name, part in parts.items() if not name.startswith("head.")}
    with torch.no_grad():
        for parameter in moved.values():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(rounded(parameter + 0.2 * noise))


def read(parts, of=lambda parameter: parameter):
    return {name: part.read(of(part.parameter).detach()).clone() for name, part in parts.items()}


def groups(parts):
    by_decay = {True: {}, False: {}}
    for part in parts.values():
        by_decay[part.decay][id(part.parameter)] = part.parameter
    assert not by_decay[True].keys() & by_decay[False].keys(), "one parameter with and without decay"
    return [
        {"params": list(by_decay[True].values()), "weight_decay": WEIGHT_DECAY},
        {"params": list(by_decay[False].values()), "weight_decay": 0.0},
    ]


def train(vit, parts, images, labels, count):
    """Logits, loss and gradients at the start; the loss before, and the trainables after, each AdamW step."""
    optimizer = torch.optim.AdamW([group for group in groups(parts) if group["params"]], lr=LEARNING_RATE)
    first, steps = {}, []
    for _ in range(count):
        logits = vit(images)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        if not first:
            gradients = read(parts, lambda parameter: parameter.grad)
            first = {
                # such as a key's bias, which moves every score of a row alike: rounding's alone
                "withoutGradient": [name for name, value in gradients.items() if value.abs().max() < 1e-12],
                "logits": golden_file.tensor(logits, DIGITS),
                "loss": loss.item(),
                "gradients": golden_file.tensors(gradients, DIGITS),
            }
        optimizer.step()
        steps.append({"loss": loss.item(), "trainables": golden_file.tensors(read(parts), DIGITS)})
    return first | {"steps": steps}


def make(name, peer_folder):
    module = load_method(name)
    peer = Peer(module.PEER, peer_folder) if module.PEER else None
    origin = peer.version() if peer else "an independent derivation from the paper"
    base, weights, images, labels = read_base()
    for case, options in module.CASES.items():
        torch.manual_seed(42)
        vit = hooked_vit.HookedVit(base["config"], getattr(module, "FUSED", False))
        hooked_vit.load(vit, weights)
        plain = plain_vit.forward(weights, base["config"], images)["logits"]
        assert (vit(images) - plain).abs().max() < 1e-12
        parts = place(module, vit, peer, options)
        move(parts, torch.Generator().manual_seed(5))
        content = {
            "madeBy": f"parity/make_method_golden.py --method {name}, torch {torch.__version__}, float64, {origin}",
            "method": name,
            "options": options,
            "decayed": [ours for ours, part in parts.items() if part.decay],
            "start": golden_file.tensors({k: v for k, v in read(parts).items() if not k.startswith("head.")}),
            **train(vit, parts, images, labels, getattr(module, "STEPS", STEPS)),
        }
        golden_file.write(FOLDER / f"{case}.json", content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", action="store_true", help="makes base.json instead, which changes all of them")
    parser.add_argument("--method", help="a method's name, of parity/methods")
    parser.add_argument("--peer", help="folder of the authors' code, a clone")
    args = parser.parse_args()
    if args.base:
        return make_base()
    if not args.method:
        parser.error("name a --method, or --base")
    make(args.method, args.peer)


if __name__ == "__main__":
    main()
