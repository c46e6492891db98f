"""Times the best RLRR training step that PyTorch gives on the CPU: eager, compiled, or compiled under bf16 autocast.

    python bench/peers/best_step.py --model vit-b16 --batch-size 8 --mode compiled --json

The same work as `rlrr bench step`: each adapted weight is built once, attention is fused, the last block computes the CLS
token alone, dropout is 0.1 and AdamW is fused. Weights and images are random.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

SIZES = {"vit-ti16": (192, 3), "vit-s16": (384, 6), "vit-b16": (768, 12)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(SIZES), default="vit-b16")
    parser.add_argument("--mode", choices=["eager", "compiled", "bf16"], default="compiled")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def build(torch, width, heads, classes):
    from torch import nn
    from torch.nn import functional as F

    class Linear(nn.Module):
        """W' = W + W * (right x left), b' = b + shift."""

        def __init__(self, into, out):
            super().__init__()
            self.register_buffer("weight", torch.randn(out, into) * 0.02)
            self.register_buffer("bias", torch.zeros(out))
            self.left = nn.Parameter(torch.randn(1, into) * 0.05)
            self.right = nn.Parameter(torch.randn(out, 1))
            self.shift = nn.Parameter(torch.zeros(out))

        def forward(self, x):
            return F.linear(x, torch.addcmul(self.weight, self.weight, self.right * self.left), self.bias + self.shift)

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(width))
            self.bias = nn.Parameter(torch.zeros(width))

        def forward(self, x):
            return F.layer_norm(x, (width,), self.weight, self.bias, 1e-6)

    class Block(nn.Module):
        def __init__(self, last):
            super().__init__()
            self.last = last
            self.norm1, self.norm2 = Norm(), Norm()
            self.q, self.k, self.v, self.o = (Linear(width, width) for _ in range(4))
            self.fc1, self.fc2 = Linear(width, 4 * width), Linear(4 * width, width)

        def forward(self, x):
            normed = self.norm1(x)
            own, x = (normed[:, :1], x[:, :1]) if self.last else (normed, x)
            q, k, v = (
                y.view(y.shape[0], y.shape[1], heads, -1).transpose(1, 2)
                for y in (self.q(own), self.k(normed), self.v(normed))
            )
            mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
            x = x + F.dropout(self.o(mixed), 0.1, self.training)
            hidden = F.gelu(self.fc1(self.norm2(x)))
            return x + F.dropout(self.fc2(hidden), 0.1, self.training)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.patch = nn.Conv2d(3, width, 16, 16).requires_grad_(False)
            self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
            self.register_buffer("cls", torch.zeros(1, 1, width))
            self.register_buffer("position", torch.randn(1, 197, width) * 0.02)
            self.blocks = nn.Sequential(*(Block(index == 11) for index in range(12)))
            self.norm, self.head = Norm(), nn.Linear(width, classes)

        def forward(self, images):
            patches = self.patch(images).flatten(2).transpose(1, 2) * self.scale + self.shift
            x = torch.cat([self.cls.expand(len(images), -1, -1), patches], 1) + self.position
            return self.head(self.norm(self.blocks(x)[:, 0]))

    return Model()


def main():
    args = arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(42)
    model = build(torch, *SIZES[args.model], args.classes).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4, fused=True)
    forward = model if args.mode == "eager" else torch.compile(model)
    images = torch.randn(args.batch_size, 3, 224, 224)
    labels = torch.randint(0, args.classes, (args.batch_size,))
    seconds = []
    for step in range(args.steps + 2):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.mode == "bf16"):
            loss = torch.nn.functional.cross_entropy(forward(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        if step > 1:
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(
        json.dumps(
            {
                "imagesPerSecond": args.batch_size / statistics.median(seconds),
                "stepSeconds": seconds,
                "peakRssBytes": peak,
                "trainable": sum(parameter.numel() for parameter in parameters),
                "torch": torch.__version__,
                "threads": args.threads,
            }
        )
    )


if __name__ == "__main__":
    main()
