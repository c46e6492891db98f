"""Writes test/golden/zero-shot.json: what tiny CLIPs and SigLIPs of transformers answer to prompts, with weights by a formula.

    python -m venv venv && venv/bin/pip install torch torchvision timm transformers
    venv/bin/python parity/make_zero_shot_golden.py

Only needed to make the file anew; the tests read the file. Of the tensors it holds names and shapes alone.
"""

import json
from pathlib import Path

import torch
import transformers
from formula import IMAGE_INDEX, formula
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

LABELS = ["red_fox", "Ärger", "cat", "a very long name of a class"]
TEMPLATES = ["a photo of a {}.", "{} -- it's  42 of them!"]
SIZE = 24
VISION = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40, "image_size": SIZE, "patch_size": 8}
TEXT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


def clip_tokenizer():
    """CLIP's kind of tokenizer with few merges."""
    letters = list(bytes_to_unicode().values())
    merges = [("p", "h"), ("ph", "o"), ("t", "o</w>"), ("pho", "to</w>"), ("o", "f</w>"), ("a", "t</w>"), ("c", "at</w>")]
    tokens = [*letters, *[f"{letter}</w>" for letter in letters], *["".join(pair) for pair in merges]]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return transformers.CLIPTokenizer(vocab={token: at for at, token in enumerate(tokens)}, merges=merges)


def bytes_to_unicode():
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [at for at in range(256) if at not in shown]
    table = {at: chr(at) for at in shown} | {at: chr(256 + n) for n, at in enumerate(hidden)}
    return dict(sorted(table.items()))


def siglip_tokenizer():
    """Pieces with scores, as SigLIP's tokenizer.json has them on the hub."""
    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("▁", -2.0), ("▁a", -2.5), ("▁photo", -3.0), ("▁of", -3.0), ("at", -4.0)]
    pieces += [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz0123456789ä'"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Lowercase(),
        normalizers.Replace(Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"), ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.decoder = decoders.Metaspace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="</s>", eos_token="</s>", unk_token="<unk>")


def prompts():
    return [[template.replace("{}", label.replace("_", " ")) for template in TEMPLATES] for label in LABELS]


def logits(model, tokenizer, tokens, fill):
    image = formula(IMAGE_INDEX, (1, 3, SIZE, SIZE)).double()
    rows, ids = [], []
    with torch.no_grad():
        for texts in prompts():
            features = []
            for text in texts:
                encoded = tokenizer(text)["input_ids"]
                ids.append(encoded)
                padding = [tokenizer.pad_token_id] * (tokens - len(encoded)) if fill else []
                feature = model.get_text_features(input_ids=torch.tensor([encoded + padding]))
                feature = getattr(feature, "pooler_output", feature)
                features.append(feature / feature.norm(dim=-1, keepdim=True))
            mean = torch.cat(features).mean(0)
            rows.append(mean / mean.norm())
        feature = model.get_image_features(pixel_values=image)
        feature = getattr(feature, "pooler_output", feature)
        cosines = feature[0] / feature[0].norm() @ torch.stack(rows).T
        bias = model.logit_bias if hasattr(model, "logit_bias") else 0
        answers = cosines * model.logit_scale.exp() + bias
    return ids, [float(f"{one:.9g}") for one in answers.flatten().tolist()]


def case(title, model, tokenizer, names, tokens, *, config, fill=False):
    ids, numbers = logits(model, tokenizer, tokens, fill)
    return {
        "title": title,
        "config": config,
        "tokenizer": json.loads(tokenizer.backend_tokenizer.to_str()),
        "tokenizerConfig": {"pad_token": tokenizer.pad_token},
        "tensors": names,
        "ids": ids,
        "logits": numbers,
    }


def fill_in(model, skipped=("position_ids",)):
    state = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith(skipped)}
    model.load_state_dict({name: formula(at, state[name].shape) for at, name in enumerate(sorted(state))}, strict=False)
    return {name: list(state[name].shape) for name in sorted(state)}


def clip():
    tokenizer = clip_tokenizer()
    words = len(tokenizer)
    text = {**TEXT, "vocab_size": words, "max_position_embeddings": 60, "bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    config = transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)
    model = transformers.CLIPModel(config).eval().double()
    names = fill_in(model)
    kept = {"model_type": "clip", "projection_dim": 12, "text_config": TEXT, "vision_config": VISION}
    return case("CLIP of transformers", model, tokenizer, names, 60, config=kept)


def siglip():
    tokenizer = siglip_tokenizer()
    text = {**TEXT, "hidden_size": 24, "vocab_size": len(tokenizer), "max_position_embeddings": 40, "projection_size": 24}
    config = transformers.SiglipConfig(text_config={**text, "num_attention_heads": 2}, vision_config=VISION)
    model = transformers.SiglipModel(config).eval().double()
    names = fill_in(model)
    kept = {"model_type": "siglip", "text_config": {"num_attention_heads": 2, "pad_token_id": 1}, "vision_config": VISION}
    return case("SigLIP of transformers", model, tokenizer, names, 40, config=kept, fill=True)


BLOCK = {"ln_1": "layer_norm1", "attn.out_proj": "self_attn.out_proj", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}


def open_clip():
    """The same model under OpenCLIP's names, with one head, exact GELU and no configuration."""
    tokenizer = clip_tokenizer()
    words = len(tokenizer)
    text = {**TEXT, "hidden_size": 64, "num_attention_heads": 1, "hidden_act": "gelu", "vocab_size": words, "max_position_embeddings": 60,
            "bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    vision = {**VISION, "hidden_size": 64, "num_attention_heads": 1, "hidden_act": "gelu"}
    model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).eval().double()
    theirs = {"logit_scale": "logit_scale", "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
              "positional_embedding": "text_model.embeddings.position_embedding.weight",
              "visual.class_embedding": "vision_model.embeddings.class_embedding",
              "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
              "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight"}
    for ours, name in [("ln_final", "text_model.final_layer_norm"), ("visual.ln_pre", "vision_model.pre_layrnorm"), ("visual.ln_post", "vision_model.post_layernorm")]:
        theirs |= {f"{ours}.{kind}": f"{name}.{kind}" for kind in ("weight", "bias")}
    fused = {}
    for root, tower in (("transformer.resblocks", "text_model"), ("visual.transformer.resblocks", "vision_model")):
        for block in range(2):
            for ours, name in BLOCK.items():
                theirs |= {f"{root}.{block}.{ours}.{kind}": f"{tower}.encoder.layers.{block}.{name}.{kind}" for kind in ("weight", "bias")}
            for kind in ("weight", "bias"):
                fused[f"{root}.{block}.attn.in_proj_{kind}"] = [f"{tower}.encoder.layers.{block}.self_attn.{part}_proj.{kind}" for part in "qkv"]
    state = model.state_dict()
    shapes = {ours: list(state[name].shape) for ours, name in theirs.items()}
    shapes |= {ours: [3 * state[parts[0]].shape[0], *state[parts[0]].shape[1:]] for ours, parts in fused.items()}
    shapes |= {"text_projection": [64, 12], "visual.proj": [64, 12]}
    names = {name: shapes[name] for name in sorted(shapes)}
    filled = {}
    for at, (name, shape) in enumerate(names.items()):
        tensor = formula(at, shape)
        if name in theirs:
            filled[theirs[name]] = tensor
        elif name in fused:
            filled |= dict(zip(fused[name], tensor.chunk(3)))
        else:
            filled["text_projection.weight" if name == "text_projection" else "visual_projection.weight"] = tensor.T
    missing = set(state) - set(filled)
    assert all(name.endswith("position_ids") for name in missing), missing
    model.load_state_dict(filled, strict=False)
    return case("OpenCLIP's names", model, tokenizer, names, 60, config=None)


if __name__ == "__main__":
    path = Path(__file__).parent.parent / "test" / "golden" / "zero-shot.json"
    data = {"labels": LABELS, "templates": TEMPLATES, "imageSize": [SIZE, SIZE], "cases": [clip(), siglip(), open_clip()]}
    path.write_text(json.dumps(data, ensure_ascii=False) + "\n")
    print(path, path.stat().st_size, "bytes")
