"""Trains the official RLRR model on a VTAB-layout folder on the CPU, to compare accuracies with ours.

    python parity/official_train.py --official DIR --weights vit_tiny.safetensors --data signdigits \\
        --epochs 20 --warmup-epochs 2 --learning-rate 3e-3 --drop-path 0.1 --last

The official script chooses its best epoch on the test list; `--last` does not look at the test list before
the last epoch is over. Its ten cool-down epochs at a rate of 1e-8 are left out (`--cooldown-epochs`).
"""

import argparse
import json
import time

import backbone
import official
import torch
import vtab
from make_schedule_golden import timm_scheduler


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--weights", required=True, help=".safetensors with timm names, or Google's .npz")
    parser.add_argument("--data", required=True, help="folder with train800val200.txt and test.txt")
    parser.add_argument("--train-list", default="train800val200.txt")
    parser.add_argument("--test-list", default="test.txt")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--warmup-epochs", type=int, help="a tenth of the epochs if not given")
    parser.add_argument("--cooldown-epochs", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=5e-5)
    parser.add_argument("--drop-path", type=float, default=0.1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--flip", action="store_true", help="horizontal flips, as on ten of the VTAB sets")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--last", action="store_true", help="test once, after the last epoch")
    parser.add_argument("--steps", type=int, help="stop after so many steps, without testing")
    return parser.parse_args()


@torch.no_grad()
def accuracy(model, images, labels):
    model.eval()
    right = 0
    for part in torch.arange(len(labels)).split(64):
        right += (model(vtab.normalised(images[part])).argmax(1) == labels[part]).sum().item()
    return 100 * right / len(labels)


def batches(images, labels, args):
    for part in torch.randperm(len(labels)).split(args.batch_size):
        x = vtab.normalised(images[part])
        if args.flip:
            flipped = torch.rand(len(part)) < 0.5
            x[flipped] = x[flipped].flip(3)
        yield x, labels[part]


def build(args, classes):
    networks = official.load(args.official)
    arrays = backbone.read(args.weights)
    config = official.size_config(networks, *backbone.size(arrays))
    model = networks.RLRRVisionTransformer(
        config, args.image_size, num_classes=classes, zero_head=True, drop_path=args.drop_path
    )
    model.load_from(arrays)
    official.freeze(model)
    return model


def optimisation(model, args):
    """AdamW in the official groups and timm's schedule with the official arguments."""
    optimizer = torch.optim.AdamW(model.get_parameters(args.learning_rate, args.weight_decay))
    options = argparse.Namespace(
        sched="cosine",
        epochs=args.epochs,
        warmup_epochs=args.epochs // 10 if args.warmup_epochs is None else args.warmup_epochs,
        cooldown_epochs=args.cooldown_epochs,
        lr_cycle_decay=0.5,
        min_lr=1e-8,
        warmup_lr=1e-7,
    )
    return optimizer, *timm_scheduler()(options, optimizer)


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train_paths, train_labels = vtab.read_list(args.data, args.train_list)
    test_paths, test_labels = vtab.read_list(args.data, args.test_list)
    classes = int(max(train_labels.max(), test_labels.max())) + 1
    model = build(args, classes)
    optimizer, scheduler, epochs = optimisation(model, args)
    train_images = vtab.read_images(train_paths, args.image_size)
    test_images = None if args.steps else vtab.read_images(test_paths, args.image_size)

    start, step, best, last = time.perf_counter(), 0, 0.0, 0.0
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in batches(train_images, train_labels, args):
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            step += 1
            if args.steps:
                print(f"step {step}: loss {loss.item():.6f}", flush=True)
                if step == args.steps:
                    return
        rate = optimizer.param_groups[0]["lr"]
        scheduler.step(epoch)
        line = f"epoch {epoch}: rate {rate:.3g}, loss {total / len(train_labels):.4f}"
        if not args.last or epoch == epochs - 1:
            last = accuracy(model, test_images, test_labels)
            best = max(best, last)
            line += f", test {last:.2f} %"
        print(f"{line}, {time.perf_counter() - start:.0f} s", flush=True)
    result = {"top1": last, "epochs": epochs, "seconds": time.perf_counter() - start, "seed": args.seed}
    if not args.last:
        result["bestOnTest"] = best
    print(json.dumps(result))


if __name__ == "__main__":
    main()
