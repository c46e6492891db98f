"""Makes test/golden/schedule.json: the learning rate each epoch of the official scripts really uses.

    python parity/make_schedule_golden.py --out test/golden/schedule.json      (needs timm 0.9.8)
"""

import argparse
import importlib.metadata
import importlib.util
import sys
import types

import golden_file
import torch

CASES = [  # epochs, warm-up epochs, cool-down epochs, learning rate
    (100, 10, 10, 1e-3),
    (50, 10, 10, 3e-3),
    (20, 2, 0, 3e-3),
    (12, 1, 0, 5e-3),
    (3, 5, 1, 1e-2),
    (10, 0, 0, 1e-3),
]


def timm_scheduler():
    """timm.scheduler alone: timm's own __init__ would pull in torchvision."""
    folders = importlib.util.find_spec("timm").submodule_search_locations
    package = types.ModuleType("timm")
    package.__path__ = list(folders)
    sys.modules["timm"] = package
    from timm.scheduler import create_scheduler

    return create_scheduler


def used_rates(create_scheduler, epochs, warmup, cooldown, rate):
    """Follows the official loop: train the epoch, then `step(epoch)`."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([{"params": [parameter], "lr": rate}])
    options = argparse.Namespace(
        sched="cosine",
        epochs=epochs,
        warmup_epochs=warmup,
        cooldown_epochs=cooldown,
        lr_cycle_decay=0.5,
        min_lr=1e-8,
        warmup_lr=1e-7,
    )
    scheduler, total = create_scheduler(options, optimizer)
    used = []
    for epoch in range(total):
        used.append(optimizer.param_groups[0]["lr"])
        scheduler.step_update(num_updates=epoch, metric=0.0)
        scheduler.step(epoch)
    return used


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="test/golden/schedule.json")
    args = parser.parse_args()
    create_scheduler = timm_scheduler()
    cases = [
        {
            "epochs": epochs,
            "warmupEpochs": warmup,
            "cooldownEpochs": cooldown,
            "learningRate": rate,
            "warmupLearningRate": 1e-7,
            "minimumLearningRate": 1e-8,
            "perEpoch": used_rates(create_scheduler, epochs, warmup, cooldown, rate),
        }
        for epochs, warmup, cooldown, rate in CASES
    ]
    version = importlib.metadata.version("timm")
    golden_file.write(args.out, {"madeBy": f"parity/make_schedule_golden.py, timm {version}", "cases": cases})


if __name__ == "__main__":
    main()
