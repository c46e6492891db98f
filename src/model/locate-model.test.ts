import { mkdirSync, writeFileSync } from "node:fs";
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
