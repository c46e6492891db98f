import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, InputError } from "../errors.ts";
import { locateModel } from "./locate-model.ts";

const folder = temporaryFolder("locate-model");

/** An empty file; returns its folder. */
function file(name: string, text = ""): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return dirname(path);
}

describe("locateModel", () => {
  it("takes a file by itself", async () => {
    const path = join(file("bare/tiny.npz"), "tiny.npz");
    expect(await locateModel(path)).toEqual({ id: "tiny.npz", source: path, weights: [path], notes: [] });
  });

  it("takes a folder with what it holds", async () => {
    const at = file("full/model.safetensors");
    file("full/config.json");
    file("full/preprocessor_config.json");
    expect(await locateModel(at)).toEqual({
      id: "full",
      source: at,
      weights: [join(at, "model.safetensors")],
      config: join(at, "config.json"),
      preprocessor: join(at, "preprocessor_config.json"),
      notes: [],
    });
  });

  it("takes shards in order", async () => {
    const map = { a: "model-2.safetensors", b: "model-1.safetensors", c: "model-2.safetensors" };
    const at = file("shards/model.safetensors.index.json", JSON.stringify({ weight_map: map }));
    file("shards/model-1.safetensors");
    file("shards/model-2.safetensors");
    const { weights } = await locateModel(at);
    expect(weights).toEqual([join(at, "model-1.safetensors"), join(at, "model-2.safetensors")]);
  });

  it("reads the configurations beside a file of any name, and beside what it links to", async () => {
    const at = file("named/vit.safetensors");
    file("named/config.json");
    file("named/preprocessor_config.json");
    const configs = { config: join(at, "config.json"), preprocessor: join(at, "preprocessor_config.json") };
    const path = join(at, "vit.safetensors");
    const notes = ["config.json beside vit.safetensors was read with it."];
    const id = "vit.safetensors";
    expect(await locateModel(path)).toEqual({
      ...{ id, source: path, weights: [path], ...configs, beside: id, notes },
    });
    const link = join(file("links/x"), "vit.safetensors");
    symlinkSync(path, link);
    expect(await locateModel(link)).toMatchObject({ source: link, weights: [link], ...configs, notes });
  });

  it("takes the only weights of a folder that has a configuration", async () => {
    const at = file("only/vit.npz");
    file("only/config.json");
    expect(await locateModel(at)).toEqual({
      ...{ id: "only", source: at, weights: [join(at, "vit.npz")], config: join(at, "config.json") },
      notes: ["vit.npz was read, as only has no model.safetensors."],
    });
  });

  it("takes all shards where one of them or their index is named", async () => {
    const map = { a: "vit-00001-of-00002.safetensors", b: "vit-00002-of-00002.safetensors" };
    const at = file("vit-shards/vit.safetensors.index.json", JSON.stringify({ weight_map: map }));
    const shards = Object.values(map).map((name) => join(file(`vit-shards/${name}`), name));
    file("vit-shards/config.json");
    for (const name of [map.b, "vit.safetensors.index.json", ""])
      expect((await locateModel(join(at, name))).weights).toEqual(shards);
  });

  const neither =
    "there is no such file or folder, and it is not a hub id such as google/vit-base-patch16-224.";

  it.each<[string, () => string, string]>([
    ["an empty name", () => "", "The model must be a file, a folder or a hub id, got an empty name."],
    ["a name that is nothing", () => "no-such-model", `no-such-model: ${neither}`],
    ["a missing file", () => "some/where.npz", `some/where.npz: ${neither}`],
    ["a path outside", () => "../no-such-model", `../no-such-model: ${neither}`],
    ["too many parts", () => "a/b/c", `a/b/c: ${neither}`],
    [
      "a size",
      () => "vit-b16",
      "vit-b16 is a size, not a model with weights. Name a file, a folder, a hub id, or tiny, small, base.",
    ],
    [
      "an empty folder",
      () => dirname(file("none/deeper/x")),
      "F/none is not a model: it has no model.safetensors and no model.safetensors.index.json.",
    ],
    [
      "an adapter",
      () => file("ad/adapter_model.safetensors"),
      "F/ad holds an adapter, not a model. Name the model that it adapts.",
    ],
    [
      "a folder of loose weights",
      () => file("loose/b.safetensors"),
      "F/loose is not a model: it has no model.safetensors and no model.safetensors.index.json. Name the file itself, such as F/loose/b.safetensors.",
    ],
    [
      "a folder of several weights",
      () => {
        file("several/config.json");
        file("several/a.npz");
        return file("several/b.safetensors");
      },
      "F/several has no model.safetensors, but 2 other files of weights: a.npz, b.safetensors. Name one of them, such as F/several/a.npz.",
    ],
    [
      "a folder of a pickle",
      () => {
        file("pickle/config.json");
        file("pickle/training_args.bin");
        return file("pickle/pytorch_model.bin");
      },
      `F/pickle is not a model: it has no model.safetensors and no model.safetensors.index.json. pytorch_model.bin is a pickle of PyTorch; reading one can run code that is in it, so it is never opened here. With torch and safetensors, this command converts it:
  python -c 'import torch, safetensors.torch as s; d = torch.load("F/pickle/pytorch_model.bin", map_location="cpu", weights_only=True); d = next((d[k] for k in ("model", "state_dict") if k in d), d); s.save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, "F/pickle/model.safetensors")'`,
    ],
    [
      "a folder of TensorFlow's",
      () => file("tf/tf_model.h5"),
      `F/tf is not a model: it has no model.safetensors and no model.safetensors.index.json. tf_model.h5 is TensorFlow's format, which is not read. With transformers 4, torch and tensorflow, this command converts it:
  python -c 'import json, transformers as t; d = "F/tf"; getattr(t, json.load(open(d + "/config.json"))["architectures"][0]).from_pretrained(d, from_tf=True).save_pretrained(d)'`,
    ],
  ])("refuses %s", async (_, make, message) => {
    const source = make();
    await expect(locateModel(source)).rejects.toThrow(new InputError(message.replaceAll("F/", `${folder}/`)));
  });

  it.each<[object, string]>([
    [{}, 'I: "weight_map" must map the names of tensors to the names of files.'],
    [
      { weight_map: { a: "../x.safetensors" } },
      'I: "../x.safetensors" is not the name of a .safetensors file beside it.',
    ],
    [{ weight_map: {} }, "I: it names 0 shards; 1 to 256 are allowed."],
    [{ weight_map: { a: "x.safetensors" } }, "I: shard x.safetensors is missing."],
  ])("refuses a damaged index of shards (%#)", async (index, message) => {
    const at = file("damaged/model.safetensors.index.json", JSON.stringify(index));
    const path = join(at, "model.safetensors.index.json");
    await expect(locateModel(at)).rejects.toThrow(new FileError(message.replace("I", path)));
  });
});
