import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { mutate } from "../../test/mutations.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { FileError, InputError, RlrrError } from "../errors.ts";
import { oldPathOf, temporaryPathOf } from "../files/temporary-paths.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { plainVitOf } from "../model/architectures.ts";
import type { VitConfig } from "../model/vit.ts";
import { type Adapter, checkBase } from "./adapter.ts";
import { adapterFolder, readAdapter, writeAdapter } from "./adapter-file.ts";

const root = temporaryFolder("adapter-file");
const model = tinyModel();
const adapter = await randomAdapter(model, { name: "rlrr" });
const folder = join(root, "run", "adapter");
const inside = (name: string): string => join(folder, name);
const write = () => writeAdapter(folder, adapter);
const readConfig = () => JSON.parse(readFileSync(inside("rlrr_adapter.json"), "utf8"));

describe("writeAdapter", () => {
  it("writes four files, and reads back what was written", async () => {
    await write();
    expect(readdirSync(folder).sort()).toEqual([
      "README.md",
      "adapter_model.safetensors",
      "preprocessor_config.json",
      "rlrr_adapter.json",
    ]);
    expect(await readAdapter(folder)).toEqual(adapter);
    expect(await readAdapter(join(root, "run"))).toEqual(adapter);
  });

  it("names its base by the hub, the commit and the content, and does not say that peft can read it", async () => {
    const path = join(root, "hub");
    const base = { ...adapter.base, revision: "0123456789abcdef0123456789abcdef01234567" };
    await writeAdapter(path, { ...adapter, base });
    const config = JSON.parse(readFileSync(join(path, "rlrr_adapter.json"), "utf8"));
    expect(config).toMatchObject({
      format_version: 2,
      base_model_name_or_path: "someone/tiny-vit",
      base_model_revision: base.revision,
      base_model_sha256: base.sha256,
    });
    expect(config.peft_type).toBeUndefined();
    expect((await readAdapter(path)).base).toEqual(base);
  });

  it.each([
    "/home/someone/secret/vit.safetensors",
    "C:\\secret\\vit.safetensors",
    "/secret/vit.safetensors/",
  ])("keeps the path %s to itself", async (id) => {
    const path = join(root, "path");
    await writeAdapter(path, { ...adapter, base: { ...adapter.base, id } });
    expect((await readAdapter(path)).base.id).toBe("vit.safetensors");
    for (const file of readdirSync(path))
      expect(readFileSync(join(path, file), "latin1")).not.toContain("secret");
  });

  it("reads the first format, path and all, and replaces it", async () => {
    const path = join(root, "older");
    await writeAdapter(path, adapter);
    const config = JSON.parse(readFileSync(join(path, "rlrr_adapter.json"), "utf8"));
    rmSync(join(path, "rlrr_adapter.json"));
    const older = { ...config, format_version: 1, peft_type: "RLRR", base_model_name_or_path: "/a/vit" };
    writeFileSync(join(path, "adapter_config.json"), JSON.stringify(older));
    expect(await readAdapter(path)).toEqual({ ...adapter, base: { ...adapter.base, id: "/a/vit" } });
    await writeAdapter(path, adapter);
    expect(readdirSync(path)).not.toContain("adapter_config.json");
  });

  it.each([
    [{ peft_type: "LORA", r: 8 }, 'peft_type is "LORA"; this program reads RLRR adapters.'],
    [{ peft_type: "RLRR", format_version: 2 }, "format_version is 2; this version of rlrr reads 1."],
  ])("refuses an adapter_config.json with %j", async (config, message) => {
    const path = join(root, "peft");
    mkdirSync(path, { recursive: true });
    const where = join(path, "adapter_config.json");
    writeFileSync(where, JSON.stringify(config));
    await expect(readAdapter(path)).rejects.toThrow(new FileError(`${where}: ${message}`));
  });

  it("replaces an older adapter whole", async () => {
    await writeAdapter(folder, { ...adapter, labels: ["w", "x", "y", "z"] });
    expect((await readAdapter(folder)).labels).toEqual(["w", "x", "y", "z"]);
    expect(readdirSync(join(root, "run"))).toEqual(["adapter"]);
  });

  it("does not replace a folder that holds anything else", async () => {
    const foreign = join(root, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "diary.txt"), "");
    await expect(writeAdapter(foreign, adapter)).rejects.toThrow(
      new InputError(`${foreign} is not empty. Name a new or an empty folder.`),
    );
    expect(readdirSync(foreign)).toEqual(["diary.txt"]);
  });

  it.each([
    ["rlrr", { rank: 3 }],
    ["rlrr", { side: "left", residual: false }],
    ["linear", {}],
    ["full", {}],
  ])("keeps method %s with %j", async (name, options) => {
    const other = await randomAdapter(model, { name, options });
    const path = join(root, `${name} ${JSON.stringify(options).length}`);
    await writeAdapter(path, other);
    expect(await readAdapter(path)).toEqual(other);
  });

  it("keeps the temperature and the threshold", async () => {
    const measured = { ece: 0.1, loss: 0.5, brier: 0.3 };
    const calibrated: Adapter = {
      ...adapter,
      calibration: { temperature: 1.5, images: 200, before: measured, after: measured },
      unknown: { threshold: 0.4, images: 200, kept: 191, estimate: { found: 60, auroc: 0.7 } },
    };
    const path = join(root, "calibrated");
    await writeAdapter(path, calibrated);
    expect(await readAdapter(path)).toEqual(calibrated);
    const where = join(path, "rlrr_adapter.json");
    const config = JSON.parse(readFileSync(where, "utf8"));
    writeFileSync(
      where,
      JSON.stringify({ ...config, calibration: { ...config.calibration, temperature: 0 } }),
    );
    await expect(readAdapter(path)).rejects.toThrow(
      new FileError(
        `${where}: calibration.temperature is 0, which is not valid in an adapter. The file is damaged; get it again.`,
      ),
    );
  });

  it("keeps labels of any characters", async () => {
    const labels = [
      'a "quoted" one',
      "bar | bar",
      "two\nlines",
      "🦜 parrot",
      "<script>alert(1)</script>",
      "",
      "\u202eback",
    ];
    const path = join(root, "labels");
    await writeAdapter(path, await randomAdapter(model, { name: "linear" }, { labels }));
    expect((await readAdapter(path)).labels).toEqual(labels);
  });
});

describe("adapterFolder", () => {
  it("finds an adapter, or a run's", async () => {
    await write();
    expect(await adapterFolder(folder)).toBe(folder);
    expect(await adapterFolder(join(root, "run"))).toBe(folder);
    expect(await adapterFolder(root)).toBeUndefined();
    expect(await adapterFolder(inside("README.md"))).toBeUndefined();
  });

  it("finds the old one where a process was killed while replacing it", async () => {
    const old = oldPathOf(temporaryPathOf(folder));
    renameSync(folder, old);
    expect(await adapterFolder(folder)).toBe(old);
    expect(await adapterFolder(join(root, "run"))).toBe(old);
    expect(await readAdapter(join(root, "run"))).toEqual(adapter);
    renameSync(old, folder);
  });
});

describe("readAdapter", () => {
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await write();
  });

  it("says where there is no adapter", async () => {
    const none = join(root, "none");
    const why = "An adapter is in the folder of the run that trained it.";
    await expect(readAdapter(none)).rejects.toThrow(
      new InputError(`${none}: there is no such folder. ${why}`),
    );
    await expect(readAdapter(root)).rejects.toThrow(
      new InputError(`${root}: no rlrr_adapter.json here, so this is not an adapter. ${why}`),
    );
  });

  it.each([
    ["adapter_model.safetensors", "there is no such file."],
    ["preprocessor_config.json", "there is no such file."],
  ])("needs %s", async (name, message) => {
    rmSync(inside(name));
    await expect(readAdapter(folder)).rejects.toThrow(`${inside(name)}: ${message}`);
  });

  const damaged = "which is not valid in an adapter. The file is damaged; get it again.";
  it.each<[string, (config: Record<string, unknown>) => unknown, string]>([
    ["an array", () => [], "format_version is nothing; this version of rlrr reads 2."],
    ["null", () => null, "format_version is nothing; this version of rlrr reads 2."],
    [
      "a later format",
      (c) => ({ ...c, format_version: 3 }),
      "format_version is 3; this version of rlrr reads 2.",
    ],
    [
      "no format",
      ({ format_version: _, ...c }) => c,
      "format_version is nothing; this version of rlrr reads 2.",
    ],
    [
      "no base",
      ({ base_model_name_or_path: _, ...c }) => c,
      `base_model_name_or_path is nothing, ${damaged}`,
    ],
    ["a short hash", (c) => ({ ...c, base_model_sha256: "abc" }), `base_model_sha256 is "abc", ${damaged}`],
    ["no labels", (c) => ({ ...c, labels: [] }), `labels is [], ${damaged}`],
    ["a label that is a number", (c) => ({ ...c, labels: ["a", 1] }), `labels.1 is 1, ${damaged}`],
    [
      "a method without options",
      (c) => ({ ...c, method: { name: "rlrr" } }),
      `method.options is nothing, ${damaged}`,
    ],
    [
      "a depth of 1e9",
      (c) => ({ ...c, backbone: { ...tiny, classes: 4, depth: 1e9 } }),
      `backbone.depth is 1000000000, ${damaged}`,
    ],
    [
      "an epsilon of zero",
      (c) => ({ ...c, backbone: { ...tiny, classes: 4, layerNormEps: 0 } }),
      `backbone.layerNormEps is 0, ${damaged}`,
    ],
    [
      "more labels than classes",
      (c) => ({ ...c, backbone: { ...tiny, classes: 3 } }),
      "there are 4 labels for 3 classes. It is damaged; get it again.",
    ],
    [
      "heads that do not divide the width",
      (c) => ({ ...c, backbone: { ...tiny, classes: 4, heads: 5 } }),
      "5 heads cannot share a width of 16. It is damaged; get it again.",
    ],
    [
      "images that are not whole patches",
      (c) => ({ ...c, backbone: { ...tiny, classes: 4, imageSize: [8, 10] } }),
      "images of 8 x 10 pixels are not whole patches of 4. It is damaged; get it again.",
    ],
    [
      "an unknown method",
      (c) => ({ ...c, method: { name: "mine", options: {} } }),
      'it was trained with method "mine", which is not part of rlrr. Say where it is defined, with method.',
    ],
    [
      "an unknown option",
      (c) => ({ ...c, method: { name: "linear", options: { rank: 2 } } }),
      "method linear has no option rank. Known: none.",
    ],
  ])("refuses a config with %s", async (_, change, message) => {
    writeFileSync(inside("rlrr_adapter.json"), JSON.stringify(change(readConfig())));
    const error = await readAdapter(folder).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ message: `${inside("rlrr_adapter.json")}: ${message}`, exitCode: 2 });
  });

  it("refuses a config that is cut short", async () => {
    writeFileSync(inside("rlrr_adapter.json"), '{"peft_type":');
    await expect(readAdapter(folder)).rejects.toThrow(
      new FileError(`${inside("rlrr_adapter.json")} is not JSON (Unexpected end of JSON input).`),
    );
  });

  const drop = (name: string) => (tensors: Map<string, Tensor>) => tensors.delete(name);
  const put = (name: string, tensor: Tensor) => (tensors: Map<string, Tensor>) => tensors.set(name, tensor);
  it.each<[string, (tensors: Map<string, Tensor>) => unknown, string]>([
    [
      "without a tensor",
      drop("blocks.1.fc1.left"),
      'tensor "blocks.1.fc1.left" is missing; this method needs it.',
    ],
    ["without a head", drop("head.bias"), 'tensor "head.bias" is missing; this method needs it.'],
    [
      "with one too many",
      put("blocks.2.q.left", { shape: [1], data: new Float32Array(1) }),
      'tensor "blocks.2.q.left" belongs to no part of this method.',
    ],
    [
      "of another shape",
      put("head.bias", { shape: [5], data: new Float32Array(5) }),
      'tensor "head.bias" has shape [5]; this base needs [4].',
    ],
    [
      "with NaN",
      put("head.bias", { shape: [4], data: Float32Array.of(0, 0, Number.NaN, 0) }),
      'tensor "head.bias" holds NaN or an infinite number. It is damaged; get it again.',
    ],
    [
      "with an infinity",
      put("head.bias", { shape: [4], data: Float32Array.of(Number.NEGATIVE_INFINITY, 0, 0, 0) }),
      'tensor "head.bias" holds NaN or an infinite number. It is damaged; get it again.',
    ],
  ])("refuses tensors %s", async (_, change, message) => {
    const tensors = new Map(adapter.tensors);
    change(tensors);
    await writeSafetensors(inside("adapter_model.safetensors"), tensors);
    await expect(readAdapter(folder)).rejects.toThrow(
      new FileError(`${inside("adapter_model.safetensors")}: ${message}`),
    );
  });

  it("refuses tensors that are cut short", async () => {
    const bytes = readFileSync(inside("adapter_model.safetensors"));
    writeFileSync(inside("adapter_model.safetensors"), bytes.subarray(0, bytes.length - 1));
    await expect(readAdapter(folder)).rejects.toThrow(FileError);
  });

  it("refuses preprocessing for images of another size", async () => {
    const path = inside("preprocessor_config.json");
    writeFileSync(path, JSON.stringify({ size: 32 }));
    await expect(readAdapter(folder)).rejects.toThrow(
      new FileError(`${path}: it makes images of 32 x 32 pixels; the adapter was trained on 8 x 8.`),
    );
  });
});

describe("readAdapter, on damaged bytes", () => {
  it.each(["rlrr_adapter.json", "adapter_model.safetensors", "preprocessor_config.json"])(
    "meets any damage to %s with an error of ours",
    async (name) => {
      await write();
      const bytes = readFileSync(inside(name));
      let refused = 0;
      for (let round = 0; round < 120; round++) {
        writeFileSync(inside(name), mutate(bytes, { round, headerBytes: 3000 }));
        await readAdapter(folder).catch((error: unknown) => {
          refused++;
          expect(error, `round ${round}`).toBeInstanceOf(RlrrError);
        });
      }
      expect(refused).toBeGreaterThan(40);
      writeFileSync(inside(name), bytes);
    },
  );
});

describe("checkBase", () => {
  it("takes the base that the adapter was trained on, whatever it is called and whatever its head", async () => {
    const weights = new Map(model.weights);
    weights.delete("head.weight");
    await expect(checkBase(adapter, { ...model, id: "a copy", weights })).resolves.toBeUndefined();
  });

  it("refuses another base, with both hashes", async () => {
    const weights = new Map(model.weights).set("cls", { shape: [1, 1, 16], data: new Float32Array(16) });
    await expect(checkBase(adapter, { ...model, id: "other", weights })).rejects.toThrow(
      /^The adapter was trained on someone\/tiny-vit \(sha256 [0-9a-f]{8}…\), but the base given is other \(sha256 [0-9a-f]{8}…\)\.$/,
    );
  });

  it.each<[Partial<VitConfig>, string]>([
    [{ heads: 4 }, "heads 4, but the base given, tiny, has 2."],
    [{ imageSize: [16, 8] }, "imageSize 16,8, but the base given, tiny, has 8,8."],
    [{ depth: 3 }, "depth 3, but the base given, tiny, has 2."],
  ])("refuses other sizes: %j", async (change, message) => {
    await expect(
      checkBase({ ...adapter, config: { ...plainVitOf(adapter.config, "The test"), ...change } }, model),
    ).rejects.toThrow(new FileError(`The adapter was trained with ${message}`));
  });
});
