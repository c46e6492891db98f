"""Runs the `main` of the official training scripts with everything slow taken out, and notes what it asks of the rest."""

import contextlib
import importlib
import io
import sys
import tempfile
import types

import official
import torch

SCRIPTS = ("train_vtab", "train_fgvc", "train_fgvc_aug")
DATASET_MODULES = {
    "train_vtab": "RLRRDatasets.VTABConfig",
    "train_fgvc": "RLRRDatasets.FGVCConfig",
    "train_fgvc_aug": "RLRRDatasets.FGVCConfig",
}


class Recorded(torch.nn.Module):
    """Stands for the model: one parameter, in the official groups."""

    def __init__(self, networks):
        super().__init__()
        self.scale_col = torch.nn.Parameter(torch.zeros(1))
        self.get_parameters = types.MethodType(networks.RLRRVisionTransformer.get_parameters, self)


def load(folder, name):
    """A script as a module: its `main` has not run."""
    official.load(folder)
    module = importlib.import_module(name)
    module.device = torch.device("cpu")
    return module


def datasets(name):
    return list(importlib.import_module(DATASET_MODULES[name]).DATA_CONFIGS)


def run(module, dataset):
    """What `main` asks for with this data set: options, the rate of every epoch, what it evaluates after."""
    networks = sys.modules["models.networks"]
    noted = {"rates": [], "tested": []}

    def train(model, train_loader, criterion, optimizer, *rest):
        noted["decay"], noted["undecayed"] = [group["weight_decay"] for group in optimizer.param_groups]
        noted["rates"].append(optimizer.param_groups[0]["lr"])
        noted["loss"] = type(criterion).__name__
        return 0.0, 0.0

    def valid(model, test_loader, device):
        noted["tested"].append(len(noted["rates"]) - 1)
        noted["testedOn"] = "model" if isinstance(model, Recorded) else model
        return 0.0, 0.0

    def setup(args, trained):
        noted.update(learningRate=args.learning_rate, dropPath=args.drop_path, batchSize=args.batch_size)
        return Recorded(networks)

    def spy(key):
        def note(*positional, **named):
            noted[key] = {name: value for name, value in named.items() if name not in ("data_path", "num_classes")}
            return (None, None)

        return note

    stubs = {
        "train": train,
        "valid": valid,
        "setup": setup,
        "save_model": lambda *_: 0.0,
        "NativeScaler": object,
        "get_data": spy("data"),
        "construct_trainval_loader": spy("data"),
        "construct_test_loader": lambda *_: None,
        "Mixup": spy("mixup"),
        "ModelEmaV2": lambda model, **named: spy("ema")(**named) and types.SimpleNamespace(module="average"),
    }
    for name, stub in stubs.items():
        if hasattr(module, name):
            setattr(module, name, stub)
    with tempfile.TemporaryDirectory() as out, kept_streams():
        sys.argv = ["script", "--dataset_name", dataset, "--output_dir", out]
        module.main(module.get_args_parser())
    return noted


@contextlib.contextmanager
def kept_streams():
    """The scripts replace standard output by a log of theirs, and talk much."""
    output, arguments = sys.stdout, sys.argv
    sys.stdout = io.StringIO()
    try:
        yield
    finally:
        sys.stdout, sys.argv = output, arguments
