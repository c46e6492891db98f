"""Has transformers read the models that rlrr wrote, and compares their logits with those of the originals.

    npx tsx scripts/write-model-copies.ts COPIES
    python parity/read_model_copies.py COPIES

Needs torch, transformers and safetensors. Fails where a tensor is missing, is not taken, or a logit differs by more than 1e-4 of the largest.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

transformers.logging.set_verbosity_error()
failed = 0
for facts_path in sorted(Path(sys.argv[1]).glob("[0-9][0-9].json")):
    facts = json.loads(facts_path.read_text())
    folder = facts_path.with_suffix("")
    if not facts["hasClass"] or not facts.get("logits"):
        print(f"{'':9} {facts['title']}: {'has no head' if facts['hasClass'] else 'transformers has no class for it'}")
        continue
    [name] = json.loads((folder / "config.json").read_text())["architectures"]
    model, report = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in report.items() if value}
    image = load_file(facts_path.with_suffix(".safetensors"))["image"].double()
    with torch.no_grad():
        logits = model.eval().double()(image).logits[0]
    expected = torch.tensor(facts["logits"], dtype=torch.float64)
    difference = float((logits - expected).abs().max() / expected.abs().max())
    failed += bool(wrong) or not difference <= 1e-4
    print(f"{difference:9.1e} {facts['title']}: {name} {wrong or ''}")
sys.exit(f"{failed} differ" if failed else 0)
