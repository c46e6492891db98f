import { chmod, cp, mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { methods } from "../src/methods/methods.ts";
import { colours, writeColours, writePicture, writeTinyModel } from "./colour-data.ts";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { tiny } from "./tiny-vit.ts";

const root = temporaryFolder("cli-errors");
const at = (...names: string[]) => join(root, ...names);
const folders = ["empty", "loose", "one/red", "damaged/red", "damaged/blue", "llm", "mine", "locked"];

beforeAll(async () => {
  await writeTinyModel(at("model"));
  await writeTinyModel(at("headless"), { labels: [] });
  await writeTinyModel(at("other"), { config: { ...tiny, depth: 1 } });
  await writeColours(at("data"), { train: 3, test: 1 });
  for (const folder of folders) await mkdir(at(folder), { recursive: true });
  await writeFile(at("text.safetensors"), "These are the weights that you asked for.\n");
  await writeFile(at("notes.txt"), "Water the roses.\n");
  await writeFile(at("labels.csv"), "epoch;loss\n1;0.5\n");
  await writeFile(at("mine/thesis.txt"), "");
  for (const name of ["loose/a.png", "one/red/a.png", "damaged/red/a.png", "damaged/blue/a.png"])
    await writePicture(at(name), colours.red, 1);
  await writeFile(at("damaged/red/b.jpg"), "");
  await writeFile(at("llm/config.json"), JSON.stringify({ model_type: "llama", hidden_size: 4096 }));
  const weights = at("model/model.safetensors");
  await cp(weights, at("llm/model.safetensors"));
  await cp(weights, at("weights.safetensors"));
  await cp(at("model"), at("cut"), { recursive: true });
  await truncate(at("cut/model.safetensors"), (await stat(weights)).size - 100);
  await chmod(at("locked"), 0o500);
  const { code, stderr } = await run("train MODEL DATA --out ROOT/run --epochs 1 --threads 1");
  expect(code, stderr).toBe(0);
});

/** Runs a line of words in which ROOT, MODEL and DATA stand for what was made above. */
const run = (line: string) =>
  runHere(
    ...line
      .replace("MODEL", "--model ROOT/model")
      .replace("DATA", "--data ROOT/data")
      .split(" ")
      .filter(Boolean)
      .map((word) => word.replace("ROOT", root)),
  );

/** What `rlrr` says on stderr about a line that is wrong; nothing may come out on stdout. */
async function refusal(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  return stderr.replaceAll(root, "ROOT").trimEnd();
}

const cases = (lines: Readonly<Record<string, string>>) => Object.entries(lines);
const notHub = "there is no such file or folder, and it is not a hub id such as google/vit-base-patch16-224.";
const notAdapter =
  "no rlrr_adapter.json here, so this is not an adapter. An adapter is in the folder of the run that trained it.";

describe("what is not a model", () => {
  it.each(
    cases({
      missing: `error: ROOT/missing: ${notHub}`,
      "missing.safetensors": `error: ROOT/missing.safetensors: ${notHub}`,
      "text.safetensors":
        "error: ROOT/text.safetensors: the header claims 8241904413164529748 bytes; at most 100000000 are allowed. This is not a safetensors file, or it is damaged.",
      "notes.txt": "error: ROOT/notes.txt: weights are read from .safetensors or .npz files.",
      empty:
        "error: ROOT/empty is not a model: it has no model.safetensors and no model.safetensors.index.json.",
      llm: 'error: ROOT/llm/config.json: model_type is "llama"; models of these types can be read: "swin", "swinv2", "convnext", "convnextv2", "resnet", "vit", "vit_mae", "vit_msn", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "clip_vision_model", "siglip_vision_model", "beit", "data2vec-vision", "clip", "siglip".',
      cut: "error: ROOT/cut/model.safetensors: the header promises 21644 bytes of data, the file has 21544. It is cut short; get it again.",
      "weights.safetensors":
        "error: ROOT/weights.safetensors: width 16 is not a multiple of 64, so the number of heads cannot be inferred. Give it as --heads.",
      "run/adapter": "error: ROOT/run/adapter holds an adapter, not a model. Name the model that it adapts.",
    }),
  )("%s", async (model, message) => {
    expect(await refusal(`train --model ROOT/${model} DATA --out ROOT/out`)).toBe(message);
  });

  it("a size", async () => {
    expect(await refusal("train --model vit-b16 DATA --out ROOT/out")).toBe(
      "error: vit-b16 is a size, not a model with weights. Name a file, a folder, a hub id, or tiny, small, base.",
    );
  });

  it("a truncated file, to a program", async () => {
    const { code, stdout, stderr } = await run("predict --model ROOT/cut ROOT/loose --json");
    const message = stderr.replace(/^error: /, "").trimEnd();
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({ type: "error", code: "FILE", message });
  });
});

describe("a model with damaged weights", () => {
  it("gives no label and no percentage", async () => {
    await cp(at("model"), at("nan"), { recursive: true });
    const weights = await readFile(at("nan/model.safetensors"));
    for (let byte = weights.length - 256; byte < weights.length; byte += 4)
      weights.writeFloatLE(Number.NaN, byte);
    await writeFile(at("nan/model.safetensors"), weights);
    const { code, stdout, stderr } = await run("predict --model ROOT/nan ROOT/loose --format csv");
    expect({ code, stdout, stderr: stderr.replaceAll(root, "ROOT") }).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: ROOT/loose/a.png: the model's answer is NaN or infinite, not a probability. The weights of nan are damaged; get them again, or train again with a lower learning rate.\n",
    });
  });
});

describe("a name that would control the terminal", () => {
  it("is shown harmless", async () => {
    const name = "a\u001b[2J\nerror: b.jpg";
    const { code, stderr } = await runHere("predict", "--model", at("model"), at(name));
    expect({ code, stderr: stderr.replaceAll(root, "ROOT") }).toEqual({
      code: 2,
      stderr: "error: ROOT/a\ufffd[2J\n  error: b.jpg: there is no such file or folder.\n",
    });
    const unknown = await runHere("pre\u001b[2Jdict");
    expect(unknown.stderr).toMatch(/^error: unknown command 'pre\ufffd\[2Jdict'/);
  });
});

describe("what is not a data set", () => {
  it.each(
    cases({
      missing: "error: ROOT/missing: there is no such folder or CSV file.",
      empty:
        "error: ROOT/empty: found no class folders, no lists and no CSV file with the columns file and label.",
      one: 'error: ROOT/one: found one class ("red"); at least two are needed.',
      "notes.txt":
        "error: ROOT/notes.txt is a file; data is a folder, or a CSV file with the columns file and label.",
      "labels.csv":
        'error: ROOT/labels.csv: the first line must name the columns file and label, got "epoch, loss".',
    }),
  )("%s", async (data, message) => {
    expect(await refusal(`train MODEL --data ROOT/${data} --out ROOT/out`)).toBe(message);
    expect(await refusal(`evaluate MODEL --data ROOT/${data}`)).toBe(message);
  });

  it("damaged images, named before anything is trained", async () => {
    const bad = "ROOT/damaged/red/b.jpg is empty (0 bytes). Replace it or remove it.";
    const message = `error: 1 image cannot be used:\n  ${bad}\n  Remove or repair them, or leave them out with --skip-bad-images.`;
    expect(await refusal("evaluate MODEL --data ROOT/damaged --split train")).toBe(message);
  });
});

describe("an option of training that is wrong", () => {
  it.each(
    cases({
      "--epochs -1": "error: --epochs must be a whole number from 0 to 100000, got -1.",
      "--epochs ten": 'error: --epochs must be a whole number from 0 to 100000, got "ten".',
      "--epochs": "error: option '--epochs <n>' argument missing",
      "--learning-rate fast": 'error: --learning-rate must be a number above 0, got "fast".',
      "--learning-rate -1": "error: --learning-rate must be a number above 0, got -1.",
      "--batch-size 0": "error: --batch-size must be a whole number from 1 to 65536, got 0.",
      "--batch-size 32 --micro-batch-size 33":
        "error: --micro-batch-size must be at most --batch-size 32, got 33.",
      "--dropout 1": "error: --dropout must be a number from 0 to below 1, got 1.",
      "--dropout 0.1 --drop-path 0.1":
        "error: --dropout and --drop-path drop the same branches in two ways; give one of them.",
      "--patience 2 --select last":
        "error: --patience compares epochs on validation images; --select must be latest or val, got last.",
      "--validation-fraction 1": "error: --validation-fraction must be a number above 0 and below 1, got 1.",
      "--validation-fraction half":
        'error: --validation-fraction must be a number above 0 and below 1, got "half".',
      "--threads 0": "error: --threads must be a whole number of at least 1, got 0.",
      "--threads two": 'error: --threads must be a whole number of at least 1, got "two".',
      "--image-size 225":
        "error: Image size 225 x 225: each side must be a multiple of the patch size 4, at most 4096.",
      "--heads 3": "error: ROOT/model/config.json says 2 heads, --heads says 3. Leave the option out.",
      "--method houlsby": `error: --method: there is no method "houlsby". Known: ${methods.map(({ name }) => name).join(", ")}.`,
      "--method ROOT/none.mjs": "error: ROOT/none.mjs: there is no such file.",
      "--method linear --rank 2": "error: --method: method linear has no option --rank. Known: none.",
      "--method lora --no-residual":
        "error: --method: method lora has no option --no-residual. Known: --rank, --alpha, --sites, --blocks.",
      "--consistency -1": "error: --consistency must be 0 or a number above it, got -1.",
      "--rank 0":
        "error: --method: option --rank of method rlrr must be a whole number from 1 to 256, got 0.",
      "--rank 2 --side left": "error: --method: method rlrr: a rank above 1 needs both sides.",
      "--sites q,r":
        'error: --method: option --sites of method rlrr must be a list of q, k, v, o, fc1, fc2, norm, patch, conv, got ["q","r"].',
      "--learningrate 1": "error: unknown option '--learningrate'\n  (Did you mean --learning-rate?)",
    }),
  )("%s", async (flags, message) => {
    expect(await refusal(`train MODEL DATA --out ROOT/out ${flags}`)).toBe(message);
  });
});

describe("a place that results cannot go to", () => {
  const note =
    "No validation split was given: 3 of the 9 training images, chosen class by class with seed 42, became one.\n3 classes: blue, green, red (6 training, 3 validation, 3 test images)\n";
  it.each(
    cases({
      "train MODEL DATA": "error: required option '--out <folder>' not specified",
      "train MODEL DATA --out ROOT/run --recipe official": `${note}error: ROOT/run already holds a run. Add --resume to continue it, or give another folder as --out.`,
      "train MODEL DATA --out ROOT/notes.txt":
        "error: ROOT/notes.txt is a file, or below one; --out names a folder.",
      "train MODEL DATA --out ROOT/notes.txt/run":
        "error: ROOT/notes.txt/run is a file, or below one; --out names a folder.",
      "train MODEL DATA --out ROOT/data/run":
        "error: ROOT/data/run lies inside the data ROOT/data, where it would be taken for a class. Name a folder elsewhere with --out.",
      "train MODEL DATA --out ROOT":
        "error: ROOT is not empty and holds no run. Name a new folder with --out.",
      "merge --adapter ROOT/run --out ROOT/mine":
        "error: ROOT/mine is not empty. Name a new or an empty folder.",
      "merge --adapter ROOT/run --out ROOT/notes.txt":
        "error: ROOT/notes.txt is a file, or below one; --out names a folder.",
      "evaluate MODEL DATA --report ROOT/nowhere/report.html":
        "error: ROOT/nowhere/report.html: there is no folder ROOT/nowhere. Make it, or write elsewhere.",
      "evaluate MODEL DATA --report ROOT/mine": "error: ROOT/mine is a folder; --report names a file.",
    }),
  )("%s", async (line, message) => {
    expect(await refusal(line)).toBe(message);
  });

  it.skipIf(process.getuid?.() === 0)(
    "a folder that may not be written to: the machine's fault (needs a user other than root)",
    async () => {
      const { code, stderr } = await run("train MODEL DATA --out ROOT/locked/run");
      expect(code).toBe(1);
      expect(stderr.replaceAll(root, "ROOT")).toBe(
        `${note}error: ROOT/locked/run could not be written: writing is not allowed there. Change the permissions, or write elsewhere.\n`,
      );
    },
  );
});

describe("an adapter or a model that does not fit", () => {
  it.each(
    cases({
      "evaluate DATA":
        "error: Give --model, --adapter or both: the model that answers, and what it was adapted with.",
      "evaluate --adapter ROOT/missing DATA":
        "error: ROOT/missing: there is no such folder. An adapter is in the folder of the run that trained it.",
      "evaluate --adapter ROOT/model DATA": `error: ROOT/model: ${notAdapter}`,
      "evaluate --adapter ROOT/notes.txt DATA": `error: ROOT/notes.txt: ${notAdapter}`,
      "evaluate --model ROOT/headless DATA":
        "error: headless has no head, so it cannot classify by itself. Name an adapter that was trained on it.",
      "predict --model ROOT/headless ROOT/loose":
        "error: headless has no head, so it cannot classify by itself. Name an adapter that was trained on it.",
      "evaluate MODEL DATA --split val":
        "error: ROOT/data has no val split; it has train, test. Choose one with --split.",
      "evaluate MODEL DATA --split dev":
        "error: option '--split <name>' argument 'dev' is invalid. Allowed choices are train, val, test.",
      "evaluate MODEL DATA --batch-size 0":
        "error: --batch-size must be a whole number of at least 1, got 0.",
      "predict MODEL": "error: missing required argument 'images'",
      "predict MODEL ROOT/missing.png": "error: ROOT/missing.png: there is no such file or folder.",
      "predict MODEL ROOT/empty": "error: ROOT/empty: no images in this folder.",
      "predict MODEL ROOT/notes.txt":
        "skipped: ROOT/notes.txt is text, not an image. Replace it or remove it.\nerror: None of the images can be read; each is named above.",
      "predict MODEL ROOT/loose --top-k 0": "error: --top-k must be a whole number of at least 1, got 0.",
      "predict MODEL ROOT/loose --format xml":
        "error: option '--format <kind>' argument 'xml' is invalid. Allowed choices are table, csv, jsonl.",
    }),
  )("%s", async (line, message) => {
    expect(await refusal(line)).toBe(message);
  });

  it.each(["evaluate DATA", "predict ROOT/loose", "merge --out ROOT/merged"])(
    "%s on another base",
    async (line) => {
      const message = await refusal(`${line} --adapter ROOT/run --model ROOT/other`);
      expect(message.replaceAll(/[0-9a-f]{8}…/g, "HASH…")).toBe(
        "error: The adapter was trained on model (sha256 HASH…), but the base given is other (sha256 HASH…).",
      );
    },
  );

  it("classes that the model does not know", async () => {
    await cp(at("data/test/red"), at("strange/rose"), { recursive: true });
    await cp(at("data/test/red"), at("strange/red"), { recursive: true });
    expect(await refusal("evaluate MODEL --data ROOT/strange --split train")).toBe(
      'error: ROOT/strange: 1 of its classes are not the model\'s: "rose". The model knows 3: "blue", "green", "red".',
    );
  });

  it("a base that is nowhere", async () => {
    await cp(at("run"), at("moved"), { recursive: true });
    const config = at("moved/adapter/rlrr_adapter.json");
    const sha256 = "5".repeat(64);
    await writeFile(config, (await readFile(config, "utf8")).replace(/[0-9a-f]{64}/, sha256));
    expect(await refusal("predict --adapter ROOT/moved ROOT/loose")).toBe(
      `error: ROOT/moved: its base is not on this machine.\n  It is model: a Vision Transformer with 2 blocks of width 16, patches of 4 x 4 pixels, sha256 ${sha256}. Ask for it whoever gave you the adapter, put it into ROOT/moved or into the hub's cache, or give its place as --model.`,
    );
  });
});

describe("what inspect cannot name", () => {
  const noClasses = "found no class folders, no lists and no CSV file with the columns file and label.";
  it.each(
    cases({
      "ROOT/missing": `error: ROOT/missing: ${notHub}`,
      "vit-x16": `error: vit-x16: ${notHub}`,
      "ROOT/mine": `error: ROOT/mine is no model, no adapter and no run; as a data set: ROOT/mine: ${noClasses}`,
      "ROOT/one":
        'error: ROOT/one is no model, no adapter and no run; as a data set: ROOT/one: found one class ("red"); at least two are needed.',
      "ROOT/notes.txt":
        "error: ROOT/notes.txt cannot be read by rlrr. It must be a model (.safetensors, .npz or a folder), an adapter, a run, a data set (a folder or a .csv file) or an image.",
      "ROOT/llm":
        'error: ROOT/llm/config.json: model_type is "llama"; models of these types can be read: "swin", "swinv2", "convnext", "convnextv2", "resnet", "vit", "vit_mae", "vit_msn", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "clip_vision_model", "siglip_vision_model", "beit", "data2vec-vision", "clip", "siglip".',
      "ROOT/cut":
        "error: ROOT/cut/model.safetensors: the header promises 21644 bytes of data, the file has 21544. It is cut short; get it again.",
      "ROOT/data --method rlrr":
        "error: ROOT/data is neither a model nor a size, so --method, its options and --classes do not apply.",
      "ROOT/data --tensors": "error: ROOT/data has no tensors to list.",
      "vit-b16 --classes -1": "error: --classes must be a whole number of at least 0, got -1.",
      "vit-b16 --method full --side left":
        "error: --method: method full has no option --side. Known: --blocks.",
    }),
  )("%s", async (what, message) => {
    expect(await refusal(`inspect ${what}`)).toBe(message);
  });
});

describe("flags of a study that exclude each other", () => {
  it.each(
    Object.entries({
      "--emit k8s --queue redis://localhost":
        "error: --emit writes files and trains nothing, so --queue is not for it. Leave it out.",
      "--emit slurm --processes 2":
        "error: --emit writes files and trains nothing, so --processes is not for it. Leave it out.",
      "--queue redis://localhost --processes 2":
        "error: --processes is a worker's with --queue: a study trains nothing itself then.",
      "--queue redis://localhost --trial 1":
        "error: --trial is run here, and --queue hands trials to workers; give one of them.",
    }),
  )("%s", async (flags, message) => {
    expect(await refusal(`study MODEL DATA --methods linear --out ROOT/study ${flags}`)).toBe(message);
  });
});

describe("an unknown command", () => {
  it.each(
    cases({
      inspct: "error: unknown command 'inspct'\n  (Did you mean inspect?)",
      "inspct --help": "error: unknown command 'inspct'\n  (Did you mean inspect?)",
      "bench stp --help": "error: unknown command 'stp'\n  (Did you mean step?)",
      "--verbose": "error: unknown option '--verbose'",
      "merge --adapter ROOT/run --out ROOT/x extra":
        "error: too many arguments for 'merge'. Expected 0 arguments but got 1.",
    }),
  )("%s", async (line, message) => {
    expect(await refusal(line)).toBe(message);
  });

  it("says so to a program too", async () => {
    const { code, stdout } = await run("evaluate MODEL DATA --splits test --json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      type: "error",
      code: "INPUT",
      message: "unknown option '--splits'\n(Did you mean --split?)",
    });
  });
});
