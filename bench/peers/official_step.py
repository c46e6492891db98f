"""Times the official RLRR training step on the CPU in float32, the same work as one step of its train_vtab.py.

    python bench/peers/official_step.py --official DIR --model vit-b16 --batch-size 8 --classes 100 --steps 5 --json

A step is: forward in training mode, cross-entropy, zero_grad, backward, AdamW over the official groups, and
the loss read back. Without CUDA the script's autocast and gradient scaler switch themselves off, so leaving
them out changes nothing. Weights and images are random; no checkpoint is needed for timing.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "parity"))


def physical_cores():
    """Distinct (package, core) pairs on Linux; all logical processors elsewhere."""
    try:
        pairs = set()
        for cpu in os.sched_getaffinity(0):
            folder = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
            pairs.add(((folder / "physical_package_id").read_text(), (folder / "core_id").read_text()))
        return len(pairs)
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def arguments():
    import official

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--model", choices=sorted(official.SIZES), default="vit-b16")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=1, help="steps before timing starts")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--drop-path", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for name in ("batch_size", "classes", "steps", "threads"):
        if getattr(args, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be above 0, got {getattr(args, name)}")
    return args


def main():
    args = arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    import official
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(42)
    networks = official.load(args.official)
    config = official.size_config(networks, *official.SIZES[args.model])
    model = networks.RLRRVisionTransformer(
        config, args.image_size, num_classes=args.classes, zero_head=True, drop_path=args.drop_path
    )
    torch.nn.init.zeros_(model.head.weight)
    torch.nn.init.zeros_(model.head.bias)
    trainable = sum(parameter.numel() for parameter in official.freeze(model).values())
    optimizer = torch.optim.AdamW(model.get_parameters(lr=3e-3, weight_decay=5e-5))
    criterion = torch.nn.CrossEntropyLoss()
    images = torch.randn(args.batch_size, 3, args.image_size, args.image_size)
    labels = torch.randint(0, args.classes, (args.batch_size,))
    model.train()

    seconds = []
    for step in range(args.warm_up + args.steps):
        start = time.perf_counter()
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        took = time.perf_counter() - start
        if step >= args.warm_up:
            seconds.append(took)
        if not args.json:
            print(f"step {step}: loss {value:.4f}, {took:.3f} s")
    # ru_maxrss is in KiB on Linux and in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    result = {
        "imagesPerSecond": args.batch_size / statistics.median(seconds),
        "stepSeconds": seconds,
        "peakRssBytes": peak,
        "trainable": trainable,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
