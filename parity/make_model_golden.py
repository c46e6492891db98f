"""Writes test/golden/models.json: what tiny models of timm, torchvision and transformers answer, with weights by a formula.

    python -m venv venv && venv/bin/pip install torch torchvision timm transformers
    venv/bin/python parity/make_model_golden.py

Only needed to make the file anew; the tests read the file. Of the tensors it holds names and shapes alone.
"""

import json
from pathlib import Path

import timm
import torch
import torchvision
import transformers
from formula import IMAGE_INDEX, formula

def filled(model):
    """Every tensor by the formula, in the order of the names."""
    state = model.state_dict()
    model.load_state_dict({name: formula(at, state[name].shape) for at, name in enumerate(sorted(state))})
    return model.eval().double()


def case(title, model, answer, size, *, config=None, prefix="", extra=(), kind="logits"):
    tensors = {name: list(tensor.shape) for name, tensor in sorted(model.state_dict().items())}
    image = formula(IMAGE_INDEX, (1, 3, *size)).double()
    with torch.no_grad():
        numbers = answer(model, image).flatten().tolist()
    return {
        "title": title,
        "config": config,
        "prefix": prefix,
        "tensors": tensors,
        "extra": {name: list(shape) for name, shape in extra},
        "imageSize": list(size),
        kind: [float(f"{number:.9g}") for number in numbers],
    }


def from_timm(title, architecture, size, config=None, **kwargs):
    """`num_classes` 0 gives the feature of CLS; `prefix` and `extra` are for files of other projects."""
    other = {key: kwargs.pop(key) for key in ("prefix", "extra") if key in kwargs}
    model = filled(timm.create_model(architecture, img_size=size, **kwargs))
    kind = "feature" if kwargs.get("num_classes") == 0 else "logits"
    return case(title, model, lambda model, image: model(image), size, config=config, kind=kind, **other)


def timm_config(architecture, size, **args):
    return {"architecture": architecture, "model_args": args, "pretrained_cfg": {"input_size": [3, *size]}}


TINY = {"embed_dim": 24, "depth": 2, "patch_size": 8, "num_classes": 5}
DECODER = [
    ("mask_token", (1, 1, 8)),
    ("decoder_pos_embed", (1, 10, 8)),
    ("decoder_embed.weight", (8, 24)),
    ("decoder_blocks.0.norm1.weight", (8,)),
    ("decoder_norm.bias", (8,)),
    ("decoder_pred.weight", (192, 8)),
]


KEPT = {
    *("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "image_size", "patch_size"),
    *("hidden_act", "layer_norm_eps", "use_swiglu_ffn", "use_gated_mlp", "rope_theta"),
}


def kept_of(config):
    if "vision_config" in config:
        return {"model_type": config["model_type"], "vision_config": kept_of(config["vision_config"])}
    return {key: config[key] for key in sorted(KEPT & config.keys())}


def huggingface(title, model, answer, kind="logits"):
    model = filled(model)
    side = getattr(model.config, "vision_config", model.config).image_size
    size = (side, side)
    config = json.loads(model.config.to_json_string(use_diff=False))
    return case(title, model, answer, size, config=kept_of(config), kind=kind)


def variation_cases():
    """Vision Transformers beyond the plain one."""
    t = transformers
    logits = lambda model, image: model(image).logits
    pooled = lambda model, image: model(image).pooler_output
    of_timm = lambda name, size=(24, 24), **args: from_timm(
        f"timm {name} at {size[0]} x {size[1]}", name, size, timm_config(name, size, **{key: args[key] for key in ("num_heads", "global_pool") if key in args}), **{**TINY, **args}
    )
    gated = {**SMALL, "num_attention_heads": 2}
    plain = {key: value for key, value in SMALL.items() if key != "intermediate_size"}
    return [
        huggingface("DINOv2", t.Dinov2ForImageClassification(t.Dinov2Config(**plain, num_labels=5)), logits),
        huggingface("DINOv2, its feature", t.Dinov2Model(t.Dinov2Config(**plain)), lambda model, image: features(model(image).last_hidden_state, 1), "feature"),
        huggingface("DINOv2 with SwiGLU", t.Dinov2ForImageClassification(t.Dinov2Config(**plain, num_labels=5, use_swiglu_ffn=True)), logits),
        huggingface(
            "DINOv2 with registers",
            t.Dinov2WithRegistersForImageClassification(t.Dinov2WithRegistersConfig(**plain, num_labels=5)),
            logits,
        ),
        of_timm("vit_small_patch14_reg4_dinov2"),
        of_timm("vit_giant_patch14_dinov2"),
        huggingface("CLIP's image tower", t.CLIPVisionModel(t.CLIPVisionConfig(**SMALL)), pooled, "feature"),
        huggingface("CLIP's classifier", t.CLIPForImageClassification(t.CLIPConfig(vision_config=SMALL, num_labels=5)), logits),
        of_timm("vit_base_patch16_clip_224"),
        of_timm("vit_base_patch16_clip_quickgelu_224"),
        huggingface("SigLIP's image tower", t.SiglipVisionModel(t.SiglipVisionConfig(**SMALL)), pooled, "feature"),
        huggingface("SigLIP's classifier", t.SiglipForImageClassification(t.SiglipConfig(vision_config=SMALL, num_labels=5)), logits),
        of_timm("vit_base_patch16_siglip_224"),
        of_timm("vit_base_patch32_siglip_256"),
        of_timm("vit_base_patch16_siglip_gap_224"),
        of_timm("deit_tiny_distilled_patch16_224"),
        huggingface("DeiT with a teacher", t.DeiTForImageClassificationWithTeacher(t.DeiTConfig(**SMALL, num_labels=5)), logits),
        huggingface("DeiT", t.DeiTForImageClassification(t.DeiTConfig(**SMALL, num_labels=5)), logits),
        of_timm("beit_base_patch16_224"),
        of_timm("beit_base_patch16_224", (24, 40)),
        of_timm("beitv2_base_patch16_224"),
        huggingface("BEiT", t.BeitForImageClassification(t.BeitConfig(**SMALL, num_labels=5, use_relative_position_bias=True)), logits),
        huggingface(
            "data2vec",
            t.Data2VecVisionForImageClassification(t.Data2VecVisionConfig(**SMALL, num_labels=5, use_relative_position_bias=True)),
            logits,
        ),
        huggingface("DINOv3", t.DINOv3ViTModel(t.DINOv3ViTConfig(**gated, num_register_tokens=2)), pooled, "feature"),
        huggingface(
            "DINOv3 with a gate",
            t.DINOv3ViTModel(t.DINOv3ViTConfig(**gated, num_register_tokens=2, use_gated_mlp=True, hidden_act="silu")),
            pooled,
            "feature",
        ),
        of_timm("vit_small_patch16_dinov3", num_heads=2),
        of_timm("vit_small_patch16_dinov3_qkvb", (16, 40), num_heads=2, global_pool="token"),
        of_timm("eva02_tiny_patch14_224", num_heads=2),
        of_timm("eva02_base_patch14_224", (24, 40), num_heads=2),
    ]


def features(tokens, leading):
    return torch.cat([tokens[:, 0], tokens[:, leading:].mean(1)], 1)


SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 32,
    "image_size": 24,
    "patch_size": 8,
}
mae = transformers.ViTMAEConfig(
    **SMALL, decoder_hidden_size=8, decoder_num_hidden_layers=1, decoder_num_attention_heads=1, decoder_intermediate_size=8, mask_ratio=0.0
)

cases = [
    from_timm("a rectangle", "vit_tiny_patch16_224", (16, 32), timm_config("vit_tiny_patch16_224", (16, 32), num_heads=3), num_heads=3, **TINY),
    from_timm("an architecture's own heads", "test_vit", (24, 24), timm_config("test_vit", (24, 24)), **TINY),
    from_timm("FlexiViT, positions without CLS", "flexivit_small", (24, 24), timm_config("flexivit_small", (24, 24)), **TINY),
    from_timm(
        "positions without CLS on a rectangle", "flexivit_small", (24, 40), timm_config("flexivit_small", (24, 40)), **TINY
    ),
    from_timm("DeiT3, layer scale", "deit3_small_patch16_224", (24, 24), timm_config("deit3_small_patch16_224", (24, 24)), **TINY),
    from_timm("DINOv2 in timm's names", "vit_small_patch14_dinov2", (24, 24), timm_config("vit_small_patch14_dinov2", (24, 24)), **TINY),
    from_timm("the official MAE", "vit_tiny_patch16_224", (24, 24), None, num_heads=3, **{**TINY, "num_classes": 0}, extra=DECODER),
    from_timm(
        "MoCo v3",
        "vit_small_patch16_224",
        (16, 16),
        None,
        num_heads=12,
        **{**TINY, "embed_dim": 384, "depth": 1, "mlp_ratio": 0.125, "num_classes": 0},
        prefix="module.base_encoder.",
        extra=[
            ("module.base_encoder.head.0.weight", (4, 384)),
            ("module.base_encoder.head.1.running_mean", (4,)),
            ("module.momentum_encoder.cls_token", (1, 1, 384)),
            ("module.momentum_encoder.patch_embed.proj.weight", (384, 3, 8, 8)),
            ("module.momentum_encoder.blocks.0.attn.qkv.weight", (1152, 384)),
            ("module.predictor.0.weight", (4, 4)),
        ],
    ),
    case(
        "torchvision",
        filled(
            torchvision.models.VisionTransformer(
                image_size=24, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=32, num_classes=5
            )
        ),
        lambda model, image: model(image),
        (24, 24),
    ),
    huggingface("ViT-MAE", transformers.ViTMAEForPreTraining(mae), lambda model, image: model.vit(image).last_hidden_state[:, 0], "feature"),
    huggingface(
        "ViT-MSN",
        transformers.ViTMSNForImageClassification(transformers.ViTMSNConfig(**SMALL, num_labels=5)),
        lambda model, image: model(image).logits,
    ),
]

cases += variation_cases()

path = Path(__file__).parent.parent / "test/golden/models.json"
versions = {"timm": timm.__version__, "torchvision": torchvision.__version__, "transformers": transformers.__version__}
lines = ",\n".join(json.dumps(one) for one in cases)
path.write_text(f'{{"versions": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n')
print(path, path.stat().st_size, "bytes,", len(cases), "cases")
