"""Makes test/golden/official-rlrr.json: what the official RLRR code computes for a tiny ViT, under our names.

    python parity/make_official_golden.py --official DIR --out test/golden/official-rlrr.json

In float64: logits, loss and gradients of every trainable; the loss before and the trainables after each of
five AdamW steps in the official decay groups, the losses of the steps up to the hundredth and the logits after it; and the
same forward and backward with given dropout masks.
"""

import argparse

import golden_file
import official
import plain_vit
import torch

# Nothing is square or equal to its neighbour, so that a swapped axis shows.
CONFIG = {
    "imageSize": [8, 12],
    "patchSize": 4,
    "width": 12,
    "depth": 3,
    "heads": 3,
    "mlpWidth": 20,
    "layerNormEps": 1e-6,
    "classes": 0,
}
CLASSES = 5
BATCH = 3
STEPS = 5
LONG = 100
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.05
DROP_PATH = 0.3
DIGITS = 10


class GivenMask(torch.nn.Module):
    """Stands where the official dropout stands and multiplies by the mask it was given."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        assert x.shape == self.factor.shape, (x.shape, self.factor.shape)
        return x * self.factor


def rounded(value, decimals=4):
    return value.mul(10**decimals).round().div(10**decimals)


def build(networks, drop_path):
    """The official model in float64 with our tiny sizes; its norms use epsilon 1e-6."""
    patch = CONFIG["patchSize"]
    config = official.size_config(
        networks, CONFIG["width"], CONFIG["depth"], CONFIG["heads"], CONFIG["mlpWidth"], patch
    )
    image = tuple(CONFIG["imageSize"])
    model = networks.RLRRVisionTransformer(config, image, num_classes=CLASSES, drop_path=drop_path).double()
    official.freeze(model)
    return model.train()


def set_state(model, values):
    """Writes `values`, by our names, into the official parameters."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values[official.our_name(name)].reshape(parameter.shape))


def trainables(model, read):
    """`read` of each trainable parameter, in our shape and by our name."""
    return {
        official.our_name(name): read(parameter).detach().clone().reshape(official.our_shape(name, parameter.shape))
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def forward_backward(model, images, labels):
    """Logits, loss and gradients by our names."""
    model.zero_grad()
    logits = model(images)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    return {
        "logits": golden_file.tensor(logits, DIGITS),
        "loss": loss.item(),
        "gradients": golden_file.tensors(trainables(model, lambda parameter: parameter.grad), DIGITS),
    }


def decayed_names(model):
    """Our names of the trainables in the official group with weight decay."""
    group = {id(parameter) for parameter in model.get_parameters(LEARNING_RATE, WEIGHT_DECAY)[0]["params"]}
    return [
        official.our_name(name)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) in group
    ]


def train(model, images, labels):
    """The loss before, and the trainables after, each of the first AdamW steps; all losses, and the logits after the last."""
    optimizer = torch.optim.AdamW(model.get_parameters(LEARNING_RATE, WEIGHT_DECAY))
    steps, losses = [], []
    for step in range(LONG):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step < STEPS:
            after = trainables(model, lambda parameter: parameter)
            steps.append({"loss": loss.item(), "trainables": golden_file.tensors(after, DIGITS)})
    with torch.no_grad():
        logits = model(images)
    return {"steps": steps, "losses": losses, "logitsAfter": golden_file.tensor(logits, DIGITS)}


def with_masks(model, images, labels, generator):
    """The same batch with given dropout masks at the official places, at the official rates."""
    tokens = (CONFIG["imageSize"][0] // CONFIG["patchSize"]) * (CONFIG["imageSize"][1] // CONFIG["patchSize"]) + 1
    keep, rates = {}, []
    for i, block in enumerate(model.transformer.encoder.layer):
        rate = block.drop_path1.p
        assert type(block.drop_path1) is torch.nn.Dropout and block.drop_path2.p == rate
        rates.append(float(f"{rate:.7g}"))  # linspace is float32
        for branch, attribute in (("attention", "drop_path1"), ("mlp", "drop_path2")):
            drawn = torch.rand(BATCH, tokens, CONFIG["width"], generator=generator, dtype=torch.float64)
            kept = (drawn >= rates[-1]).double()
            keep[f"blocks.{i}.{branch}"] = kept
            setattr(block, attribute, GivenMask(kept / (1 - rates[-1])))
    return {
        "dropPath": DROP_PATH,
        "rates": rates,
        "keep": golden_file.tensors(keep),
        **forward_backward(model, images, labels),
    }


def check_identity(networks, base, images, head):
    """With zero scales and shifts the official model must be the plain one; else the mapping is wrong."""
    model = build(networks, 0.0)
    neutral = {
        name: torch.ones_like(value) if ".scale" in name else torch.zeros_like(value)
        for name, value in trainables(model, lambda parameter: parameter).items()
    }
    set_state(model, base | neutral | head)
    plain = plain_vit.forward(base | head, CONFIG | {"classes": CLASSES}, images)["logits"]
    worst = (model(images) - plain).abs().max().item()
    assert worst < 1e-12, worst
    print(f"official with neutral trainables against the plain ViT: {worst:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--out", default="test/golden/official-rlrr.json")
    args = parser.parse_args()
    networks = official.load(args.official)
    torch.manual_seed(42)
    generator = torch.Generator().manual_seed(11)
    base = plain_vit.random_weights(CONFIG, generator)
    images = rounded(torch.randn(BATCH, 3, *CONFIG["imageSize"], generator=generator, dtype=torch.float64), 3)
    labels = torch.tensor([3, 0, 4])

    # The official random start; the bias shift and the head start at zero there, which would hide their paths.
    start = trainables(build(networks, 0.0), lambda parameter: parameter)
    for name, value in start.items():
        if name.startswith("head") or value.abs().max() == 0:
            start[name] = torch.randn(value.shape, generator=generator, dtype=torch.float64) * 0.1
        start[name] = rounded(start[name])
    check_identity(networks, base, images, {name: start[name] for name in ("head.weight", "head.bias")})

    model = build(networks, 0.0)
    set_state(model, base | start)
    forward = forward_backward(model, images, labels)
    trained = train(model, images, labels)
    dropped = build(networks, DROP_PATH)
    set_state(dropped, base | start)
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_official_golden.py, torch {torch.__version__}, float64, "
            f"zstarN70/RLRR at {official.COMMIT}",
            "config": CONFIG,
            "classes": CLASSES,
            "base": golden_file.tensors(base),
            "trainables": golden_file.tensors(start),
            "decayed": decayed_names(model),
            "images": golden_file.tensor(images),
            "labels": labels.tolist(),
            "forward": forward,
            "training": {
                "learningRate": LEARNING_RATE,
                "weightDecay": WEIGHT_DECAY,
                "betas": [0.9, 0.999],
                "epsilon": 1e-8,
                **trained,
            },
            "dropped": with_masks(dropped, images, labels, generator),
        },
    )


if __name__ == "__main__":
    main()
