import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { methods } from "../src/methods/methods.ts";
import { colours, writeColours, writePicture, writeTinyModel } from "./colour-data.ts";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// Every path of this file has spaces and letters beyond ASCII.
const root = join(temporaryFolder("cli"), "meine Röschen 薔薇");
const at = (...names: string[]) => join(root, ...names);
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Runs a command that must succeed. */
async function succeed(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runHere(...args);
  expect(code, stderr).toBe(0);
  return { stdout: stdout.replaceAll(root, "ROOT"), stderr: stderr.replaceAll(root, "ROOT") };
}

/** Does something with the folder of this file as the working directory. */
async function inRoot<T>(work: () => Promise<T>): Promise<T> {
  const here = process.cwd();
  process.chdir(root);
  try {
    return await work();
  } finally {
    process.chdir(here);
  }
}

const data = ["--data", at("data")];
const fast = ["--threads", "1"];

beforeAll(async () => {
  await writeTinyModel(at("base"), { labels: [] });
  await writeColours(at("data"), { train: 8, test: 4 });
});

describe("the main job", () => {
  it("trains, and tells a program how", async () => {
    const recipe = ["--epochs", "4", "--warmup-epochs", "0", "--batch-size", "9", "--learning-rate", "1e-2"];
    const { stdout, stderr } = await succeed(
      ...[
        "train",
        "--model",
        at("base"),
        ...data,
        "--out",
        at("runs", "rot grün"),
        ...recipe,
        ...["--recipe", "official"],
        ...fast,
        "--json",
      ],
    );
    const events = lines(stdout);
    const of = (type: string) => events.filter((event) => event.type === type);
    expect(stderr).toBe("");
    expect(of("note")).toEqual([
      {
        type: "note",
        message:
          "No validation split was given: 6 of the 24 training images, chosen class by class with seed 42, became one.",
      },
      {
        type: "note",
        message: "3 classes: blue, green, red (18 training, 6 validation, 12 test images)",
      },
    ]);
    expect(of("start")).toEqual([
      {
        ...{ type: "start", method: "rlrr", trainable: 915, headTrainable: 51, backbone: 5360, classes: 3 },
        ...{
          trainExamples: 18,
          valExamples: 6,
          folds: 0,
          epochs: 4,
          steps: 8,
          microBatchSize: 9,
          resumedAt: 0,
        },
      },
    ]);
    expect(of("step").map(({ epoch, step, steps }) => [epoch, step, steps])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((step) => [Math.floor((step - 1) / 2), step, 8]),
    );
    // The head starts at zero, so the first loss is ln(classes).
    expect(of("step")[0]?.loss).toBeCloseTo(Math.log(3), 6);
    expect(of("epoch")).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ type: "done", adapter: "ROOT/runs/rot grün/adapter", step: 8 });
  });

  it("evaluates, and the last line is the contract's", async () => {
    const { stdout } = await succeed(
      "evaluate",
      "--adapter",
      at("runs", "rot grün"),
      ...data,
      ...fast,
      "--json",
    );
    const last = lines(stdout).at(-1);
    const of12 = [expect.closeTo(75.75, 2), 100];
    expect(last).toEqual({
      ...{ type: "evaluation", split: "test", examples: 12, top1: 100, top5: 100, loss: expect.any(Number) },
      ...{ trainedOn: 0, validated: 0, knownBy: "content", heldOutTop1: 100, classes: 3 },
      ...{ top1Interval: of12, top5Interval: of12, heldOutInterval: of12 },
      ...{ macroPrecision: 100, macroRecall: 100, macroF1: 100, broken: 0 },
      ...{ ece: expect.any(Number), eceUncalibrated: expect.any(Number), brier: expect.any(Number) },
      ...{ lossUncalibrated: expect.any(Number), temperature: expect.any(Number) },
      // Fewer than 19 validation images set no threshold.
      ...{ known: null, knownThreshold: null },
    });
    expect(last?.loss).toBeLessThan(Math.log(3));
  });

  it("evaluates for people, with a report", async () => {
    const report = at("report ü.html");
    const adapter = ["--adapter", at("runs", "rot grün", "adapter")];
    const { stdout } = await succeed(
      "evaluate",
      ...adapter,
      ...data,
      "--split",
      "train",
      "--report",
      report,
      ...fast,
    );
    const masked = stdout.replace(/loss [\d.]+/, "loss L").replace(/\(ECE, 15 bins\).*/, "E");
    expect(masked).toMatchInlineSnapshot(`
      "The report is ROOT/report ü.html.
      train: 24 images of 3 classes
      18 of these 24 images were trained on; accuracy on images that were trained on says little of others.
      Top-1 on the other 6: 100.00 % (95 % interval 60.97 to 100.00 %).
      6 of these 24 images chose the epoch to keep, so accuracy on them is somewhat too high.
      They set the temperature too, so the calibration error on them is somewhat too low.
      top-1 100.00 % (95 % interval 86.20 to 100.00 %), loss L
      mean over classes: precision 100.0 %, recall 100.0 %, F1 100.0 %
      calibration error of the probabilities E

      class  images  precision  recall     F1
      ─────  ──────  ─────────  ──────  ─────
      blue        8      100.0   100.0  100.0
      green       8      100.0   100.0  100.0
      red         8      100.0   100.0  100.0

      No class is mistaken for another.
      "
    `);
    expect(await readFile(report, "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
  });

  it("merges into a model that gives the same numbers alone", async () => {
    const adapter = ["--adapter", at("runs", "rot grün")];
    const { stdout } = await succeed("merge", ...adapter, "--out", at("merged"), ...fast, "--json");
    const [merged] = lines(stdout);
    expect(merged).toEqual({
      type: "merged",
      path: "ROOT/merged",
      difference: expect.any(Number),
      notes: [],
    });
    expect(merged?.difference).toBeLessThan(1e-6);
    expect((await readdir(at("merged"))).toSorted()).toEqual([
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
    ]);
    const measure = async (...who: string[]) =>
      lines((await succeed("evaluate", ...who, ...data, ...fast, "--json")).stdout);
    const [adapted, alone] = [await measure(...adapter), await measure("--model", at("merged"))];
    expect(alone.slice(0, -1)).toEqual(adapted.slice(0, -1));
    // A plain model no longer knows what was trained on.
    expect(alone.at(-1)).toMatchObject({ trainedOn: null, heldOutTop1: null });
    expect(alone.at(-1)?.loss).toBeCloseTo(Number(adapted.at(-1)?.loss), 5);
  });
});

describe("predict", () => {
  const merged = ["--model", at("merged"), ...fast];

  it("prints a table, best label first", async () => {
    const { stdout, stderr } = await inRoot(() =>
      succeed("predict", ...merged, join("data", "test", "red"), "--top-k", "2"),
    );
    expect(stderr).toBe("");
    expect(stdout.replaceAll(/\d+\.\d %/g, "00.0 %")).toMatchInlineSnapshot(`
      "image                label  probability
      ───────────────────  ─────  ───────────
      data/test/red/0.png  red         00.0 %
                           green        00.0 %
      data/test/red/1.png  red         00.0 %
                           green        00.0 %
      data/test/red/2.png  red         00.0 %
                           green        00.0 %
      data/test/red/3.png  red         00.0 %
                           green        00.0 %
      "
    `);
  });

  it("prints CSV, whatever the files are called", async () => {
    // A comma and quotes; no ending; the name of a flag, which only stands behind --.
    const names = ['a "red", one.png', "unnamed", "--json"];
    for (const name of names) await writePicture(at(name), colours.red, 5);
    const csv = ["--format", "csv", "--top-k", "1"];
    const { stdout } = await inRoot(() => succeed("predict", ...merged, ...csv, "--", ...names));
    const [header, ...rows] = stdout.split("\n");
    expect(header).toBe("file,rank,label,probability,unknown");
    expect(rows.map((row) => row.replace(/0\.\d+,$/, "P,"))).toEqual([
      '"a ""red"", one.png",1,red,P,',
      "unnamed,1,red,P,",
      "'--json,1,red,P,",
      "",
    ]);
  });

  it("labels what it can and names the rest", async () => {
    await writeFile(at("broken.jpg"), "no image");
    const images = [
      at("data", "test", "blue", "0.png"),
      at("broken.jpg"),
      at("data", "test", "red", "0.png"),
    ];
    const { code, stdout, stderr } = await runHere("predict", ...merged, ...images, "--json");
    const [first, second, third, last] = lines(stdout); // in the order of the images
    const labels = [0, 1, 2].map(() => ({ label: expect.any(String), probability: expect.any(Number) }));
    expect(first).toEqual({ type: "prediction", path: images[0], labels });
    expect(third).toMatchObject({ path: images[2], labels: [{ label: "red" }, {}, {}] });
    const message = "1 of 3 images got no label, since they cannot be read; they are named above.";
    expect(last).toEqual({ type: "error", code: "FILE", message });
    const reason = `${at("broken.jpg")} is text, not an image. Replace it or remove it.`;
    expect(second).toEqual({ type: "skipped", path: at("broken.jpg"), reason });
    expect(stderr).toBe(`skipped: ${reason}\nerror: ${message}\n`);
    expect(code).toBe(2);
  });
});

describe("inspect", () => {
  const inspect = async (...args: string[]) => (await succeed("inspect", ...args)).stdout;
  const inspectJson = async (...args: string[]) => {
    const text = await inspect(...args, "--json");
    expect(text).toMatch(/^[^\n]+\n$/);
    return JSON.parse(text);
  };

  it.each([
    [["vit-b16", "--method", "rlrr", "--classes", "0"], 288_768],
    [["vit-b16", "--method", "rlrr", "--classes", "100"], 365_668],
    [["vit-b16", "--method", "rlrr", "--side", "left"], 205_824],
    [["vit-l16", "--method", "rlrr"], 765_952],
    [["vit-h14", "--method", "rlrr"], 1_274_880],
  ])("counts what trains in %j", async (args, trainable) => {
    expect(await inspectJson(...args)).toMatchObject({ type: "size", method: "rlrr", trainable });
  });

  it("says what a model is", async () => {
    const text = await inspect(at("merged"));
    const [about = "", table = ""] = text.split(/(?<=Trainable parameters, without a head:\n)/);
    expect(about.replace(/[0-9a-f]{64}/, "SHA256")).toMatchInlineSnapshot(`
      "ROOT/merged is a Vision Transformer that can be adapted.
        names          Hugging Face, 40 tensors (F32)
        blocks         2 of width 16, 2 heads, MLP of 32
        images         8 x 8 pixels in patches of 4
        norm epsilon   0.000001
        parameters     5,411: backbone 5,360, head 51
        size           25.8 kB
        labels         blue, green, red
        preprocessing  resize (size 8 8, filter bilinear), normalize (mean 0.5 0.5 0.5, std 0.5 0.5 0.5)
        sha256         SHA256

      Trainable parameters, without a head:
      "
    `);
    const rows = table.split("\n").map((line) => line.trim().replace(/ {2,}/g, " | "));
    expect(rows.slice(0, 9)).toEqual([
      "method | parameters | in the head | in the backbone | adapter",
      expect.stringMatching(/^[─ |]+$/),
      "rlrr | 864 | 0 | 16.12 % | 3.5 kB",
      "linear | 0 | 0 | 0.00 % | 0 bytes",
      "full | 5,360 | 0 | 100.00 % | 21.4 kB",
      "lora | 1,024 | 0 | 19.10 % | 4.1 kB",
      "ssf | 640 | 0 | 11.94 % | 2.6 kB",
      "vpt-deep | 320 | 0 | 5.97 % | 1.3 kB",
      "adaptformer | 560 | 0 | 10.45 % | 2.2 kB",
    ]);
    expect(rows.slice(2).map((row) => row.split(" | ")[0])).toEqual([...methods.map(({ name }) => name), ""]);
    const record = await inspectJson(at("merged"), "--method", "linear", "--classes", "3");
    expect(record).toMatchObject({
      ...{ type: "model", id: "merged", files: ["ROOT/merged/model.safetensors"], layout: "Hugging Face" },
      ...{ dtypes: { F32: 40 }, parameters: { backbone: 5360, head: 51 }, labels: ["blue", "green", "red"] },
      ...{ method: "linear", trainable: 51, headTrainable: 51, notes: [] },
    });
    const { size } = await stat(at("merged", "model.safetensors"));
    expect(record.bytes).toBe(size);
  });

  it("gives a merged model another hash than its base", async () => {
    const [base, merged, run] = [
      await inspectJson(at("base")),
      await inspectJson(at("merged")),
      await inspectJson(at("runs", "rot grün")),
    ];
    expect(run.base).toEqual({ id: "base", sha256: base.sha256 });
    expect(merged.sha256).not.toBe(base.sha256);
  });

  it("says what a run and its adapter are", async () => {
    const text = await inspect(at("runs", "rot grün"));
    const masked = text.replace(/[0-9a-f]{64}/, "SHA256").replace(/[\d.]+ kB/, "N kB");
    expect(
      masked.replace(/(temperature +).*from/, "$1T, from").replace(/ECE.*/, "ECE E"),
    ).toMatchInlineSnapshot(`
      "ROOT/runs/rot grün is a run of rlrr train with its adapter.
        method         rlrr (rank 1, side both, residual true, sites q,k,v,o,fc1,fc2,norm,patch, init official)
        base           base
        base sha256    SHA256
        labels         blue, green, red
        trained        915 parameters, 51 in the head
        size           N kB
        preprocessing  resize (size 8 8, filter bilinear), normalize (mean 0.5 0.5 0.5, std 0.5 0.5 0.5)
        recipe         recipe official, epochs 4, batch size 9, learning rate 0.01, seed 42
        trained on     18 images
        kept           epoch 4 of 4
        validation     top-1 100.0 % on 6 validation images, 95 % interval 61.0 to 100.0 %; they chose the epoch, so it is somewhat too high
        temperature    T, from 6 validation images: ECE E
        data           ROOT/data (3 classes)
        run            finished after 8 steps
      "
    `);
    const record = await inspectJson(at("runs", "rot grün"));
    expect(record).toMatchObject({
      ...{
        type: "adapter",
        method: { name: "rlrr", options: { rank: 1 } },
        labels: ["blue", "green", "red"],
      },
      ...{ trained: 915, headTrained: 51, training: { epochs: 4, validationTop1: 100 } },
      run: { data: { root: "ROOT/data" }, state: { step: 8, finished: true } },
    });
    const alone = await inspectJson(
      at("runs", "rot grün", "adapter", "adapter_model.safetensors"),
      "--tensors",
    );
    expect(alone).toMatchObject({ type: "adapter", trained: 915 });
    expect(alone.run).toBeUndefined();
    expect(alone.tensors).toContainEqual({ name: "head.weight", dtype: "F32", shape: [3, 16] });
  });

  it("says what a checkpoint is", async () => {
    const text = await inspect(at("runs", "rot grün", "checkpoint.safetensors"));
    expect(text.replace(/[\d.]+ kB/, "N kB")).toMatchInlineSnapshot(`
      "ROOT/runs/rot grün/checkpoint.safetensors is the state of a training run, which rlrr train --resume continues.
        stands      finished after 8 steps
        best epoch  4
        tensors     150 (F32)
        numbers     2,745
        size        N kB
      "
    `);
  });

  it("says what a data set is", async () => {
    expect(await inspect(at("data"))).toMatchInlineSnapshot(`
      "ROOT/data is a data set: split folders of class folders.
        classes  3
        images   24 train, 12 test
        sizes    12 x 10 pixels
        kinds    PNG

        class  train  test
        ─────  ─────  ────
        blue       8     4
        green      8     4
        red        8     4

      What to look into:
      - 36 images are less than 64 pixels wide or high, the smallest 12 x 10. Check that they are not thumbnails of larger ones.
      "
    `);
    expect(await inspectJson(at("data"))).toEqual({
      ...{ type: "dataset", path: "ROOT/data", layout: "splits", images: { train: 24, test: 12 } },
      classes: ["blue", "green", "red"].map((name) => ({ name, train: 8, test: 4 })),
      looked: {
        ...{ files: 36, bad: [], kinds: { PNG: 36 }, smallest: [12, 10], largest: [12, 10] },
        ...{ small: expect.arrayContaining(["ROOT/data/train/blue/0.png"]), elongated: [], singleColour: [] },
      },
      ...{
        notes: [],
        copies: [],
        nearDuplicates: [],
        advice: [expect.stringMatching(/^36 images are less than 64 pixels/)],
      },
    });
  });

  it("says what to fix in a data set", async () => {
    const red = await readFile(at("data", "test", "red", "0.png"));
    for (const split of ["train", "val"])
      for (const name of ["red", "blue"]) await mkdir(at("ill", split, name), { recursive: true });
    for (const name of ["train/red/0.png", "train/blue/1.png", "val/red/2.png"])
      await writeFile(at("ill", name), red);
    await writeFile(at("ill", "train", "blue", "bad.png"), red.subarray(0, 20));
    await writeFile(at("ill", "train", "blue", "text.jpg"), "no image");
    await writeFile(at("ill", "val", "blue", "empty.jpg"), "");
    const { looked, advice, copies } = await inspectJson(at("ill"));
    expect(looked).toMatchObject({ files: 6, kinds: { PNG: 3 } });
    expect(looked.bad.map(({ path }: { path: string }) => path)).toEqual([
      ...["ROOT/ill/train/blue/bad.png", "ROOT/ill/train/blue/text.jpg", "ROOT/ill/val/blue/empty.jpg"],
    ]);
    expect(copies).toEqual([
      ["ROOT/ill/train/blue/1.png", "ROOT/ill/train/red/0.png", "ROOT/ill/val/red/2.png"],
    ]);
    expect(advice[0]).toMatch(
      /^3 images cannot be used:\n {2}ROOT\/ill\/train\/blue\/bad.png.*\n.*text.jpg is text/,
    );
    expect(advice.slice(1)).toEqual([
      "1 image of val is a copy of images of train (val/red/2.png is train/blue/1.png); results on val will look better than they are.",
      "2 images are in two classes with the same content (train/blue/1.png is train/red/0.png, …).",
      "2 images are copies of another, such as ROOT/ill/train/blue/1.png and ROOT/ill/train/red/0.png. Remove copies, above all where splits share them.",
      "2 classes have fewer than 5 training images (blue: 3, red: 1). Add images, or leave them out.",
      "3 images are less than 64 pixels wide or high, the smallest 12 x 10. Check that they are not thumbnails of larger ones.",
    ]);
    expect(await inspect(at("ill"))).toContain(
      "\n\nWhat to look into:\n- 3 images cannot be used:\n  ROOT/ill/train",
    );
  });

  it("lists the tensors of a size and of a file that is no model", async () => {
    expect((await inspect("vit-ti16", "--tensors")).split("\n").slice(-2)[0]).toMatch(
      /^ {2}norm\.bias +F32 +\[192\]$/,
    );
    await writeFile(at("few.safetensors"), fewTensors());
    expect(
      (await inspect(at("few.safetensors"), "--tensors")).replaceAll(/\(.*Known are/g, "(… Known are"),
    ).toMatchInlineSnapshot(`
      "ROOT/few.safetensors holds tensors, but no model.
        tensors  1 (F16)
        numbers  6
        size     111 bytes
        made     by hand
        why      ROOT/few.safetensors: no known model was found in its 1 tensors (… Known are Swin Transformer, SwinV2 Transformer, ConvNeXt, ConvNeXt V2, ResNet, Vision Transformer, by the names of timm, Hugging Face, Hugging Face (transformers 5), rlrr, the authors, MoCo v3, Hugging Face (DINOv3), Hugging Face (CLIP), Hugging Face (SigLIP), torchvision, OpenCLIP, Google, Google (big_vision).

        tensor  type  shape
        ──────  ────  ──────
        x       F16   [2, 3]
      "
    `);
  });

  it("says what an image is", async () => {
    expect(await inspectJson(at("data", "test", "red", "0.png"))).toEqual({
      ...{ type: "image", path: "ROOT/data/test/red/0.png", kind: "PNG", width: 12, height: 10, channels: 3 },
    });
    await sharp({ create: { width: 5, height: 4, channels: 3, background: "grey" } })
      .toColourspace("b-w")
      .png()
      .toFile(at("grey.png"));
    expect(await inspect(at("grey.png"))).toContain("5 x 4 pixels, 1 channel\n");
  });
});

/** A safetensors file with one tensor. */
function fewTensors(): Buffer {
  const header =
    '{"__metadata__":{"made":"by hand"},"x":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}';
  const length = Buffer.alloc(8);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(12)]);
}
