"""Makes test/golden/official-recipes.json: what each official script trains each of its data sets with.

    python parity/make_recipe_golden.py --official DIR      (needs timm 0.9.8 and torchvision)

The scripts' own `main` runs, with training and testing taken out, so schedules and options are what it really asks for.
"""

import argparse
import importlib.metadata

import golden_file
import official
import official_scripts


def case(noted):
    rates = noted["rates"]
    assert noted["undecayed"] == 0
    return {
        "learningRate": noted["learningRate"],
        "weightDecay": noted["decay"],
        "dropPath": noted["dropPath"],
        "batchSize": noted["batchSize"],
        "flip": noted["data"].get("simple_aug"),
        "dropLast": noted["data"].get("drop_last", False),
        "loss": noted["loss"],
        **{key: noted[key] for key in ("mixup", "ema") if key in noted},
        "epochs": len(rates),
        "testedOn": noted["testedOn"],
        "notTested": sorted(set(range(len(rates))) - set(noted["tested"])),
        "rates": rates,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", required=True, help="folder of the official code")
    parser.add_argument("--out", default="test/golden/official-recipes.json")
    args = parser.parse_args()
    scripts, schedules = {}, {}
    for name in official_scripts.SCRIPTS:
        module = official_scripts.load(args.official, name)
        scripts[name] = {}
        for dataset in official_scripts.datasets(name):
            found = case(official_scripts.run(module, dataset))
            # Many data sets share a schedule: its rates are written once.
            rates = found.pop("rates")
            key = next((key for key, known in schedules.items() if known == rates), f"{name} {dataset}")
            schedules[key] = rates
            scripts[name][dataset] = {**found, "rates": key}
    version = importlib.metadata.version("timm")
    golden_file.write(
        args.out,
        {
            "madeBy": f"parity/make_recipe_golden.py, timm {version}, zstarN70/RLRR at {official.COMMIT}",
            "scripts": scripts,
            "schedules": schedules,
        },
    )


if __name__ == "__main__":
    main()
