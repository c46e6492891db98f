/** Weights in formats that are not read: why not, and the one command that converts them. */

import { basename, dirname, join } from "node:path";

/** Single quotes for a shell, around a Python text in double quotes. */
const python = (code: string): string => `python -c '${code}'`;

const literal = (text: string): string => JSON.stringify(text).replaceAll("'", "\\x27");

/** Keeps every name and number; `weights_only` lets no code of the file run. */
const convertPickle = (from: string, to: string): string =>
  python(
    `import torch, safetensors.torch as s; d = torch.load(${literal(from)}, map_location="cpu", weights_only=True); d = next((d[k] for k in ("model", "state_dict") if k in d), d); s.save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, ${literal(to)})`,
  );

/** For what only transformers reads: shards of pickles, and what its version 4 took from TensorFlow and Flax. */
const convertFolder = (folder: string, option = ""): string =>
  python(
    `import json, transformers as t; d = ${literal(folder)}; getattr(t, json.load(open(d + "/config.json"))["architectures"][0]).from_pretrained(d${option}).save_pretrained(d)`,
  );

interface Format {
  readonly name: RegExp;
  readonly what: string;
  /** The command, for a file of that name. */
  readonly convert?: (path: string) => string;
}

const pickle =
  "a pickle of PyTorch; reading one can run code that is in it, so it is never opened here. With torch and safetensors, this command converts it";

const formats: readonly Format[] = [
  {
    name: /-\d{5}-of-\d{5}\.bin$|\.bin\.index\.json$/,
    what: `part of ${pickle.replace("torch and safetensors", "torch and transformers")}`,
    convert: (path) => convertFolder(dirname(path)),
  },
  {
    name: /\.(bin|pth|pt|ckpt|pkl|pickle)$|\.(pth|pt)\.tar$/,
    what: pickle,
    convert: (path) => convertPickle(path, converted(path)),
  },
  {
    name: /\.h5$/,
    what: "TensorFlow's format, which is not read. With transformers 4, torch and tensorflow, this command converts it",
    convert: (path) => convertFolder(dirname(path), ", from_tf=True"),
  },
  {
    name: /\.msgpack$/,
    what: "Flax's format, which is not read. With transformers 4, torch and flax, this command converts it",
    convert: (path) => convertFolder(dirname(path), ", from_flax=True"),
  },
  {
    name: /\.(onnx|tflite|pb|keras|gguf|mlmodel|npy|ot)$/,
    what: "a format that is not read. Get the model's .safetensors or .npz file instead",
  },
];

/** Under the name that its folder is read by, where it has Hugging Face's; else beside it. */
const converted = (path: string): string =>
  /^pytorch_model\.bin$/.test(basename(path))
    ? join(dirname(path), "model.safetensors")
    : path.replace(/(\.(bin|pth|pt|ckpt|pkl|pickle|tar))+$/, ".safetensors");

/** Why the weights file at `path` is not read, and what converts it; nothing where its name says nothing. */
export function whyUnreadable(path: string): string | undefined {
  const format = formats.find(({ name }) => name.test(path));
  if (format === undefined) return undefined;
  const { what, convert } = format;
  return convert ? `is ${what}:\n  ${convert(path)}` : `is ${what}.`;
}

/** The same about the first such file of a folder, as a sentence to add; empty where it has none. */
export function sayUnreadable(folder: string, names: readonly string[]): string {
  const plain = names.filter(
    (name) => /^[\w .-]+$/.test(name) && !/^(training_args|optimizer|scheduler)\./.test(name),
  );
  for (const { name } of formats) {
    const found = plain.find((file) => name.test(file));
    if (found !== undefined) return ` ${found} ${whyUnreadable(join(folder, found))}`;
  }
  return "";
}
