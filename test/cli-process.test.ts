import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { cp, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { colours, writeColours, writePicture, writeTinyModel } from "./colour-data.ts";
import { ending, runHere, start } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = temporaryFolder("cli-process");
const at = (...names: string[]) => join(root, ...names);
/** So many images, one a run, that a command takes long enough to be interrupted. */
const many = 20_000;

beforeAll(async () => {
  await writeTinyModel(at("model"));
  await cp(at("model/model.safetensors"), at("weights.safetensors"));
  await writeColours(at("data"), { train: 4, test: 2 });
  await writePicture(at("a.png"), colours.red, 1);
  await writePicture(at("b.png"), colours.blue, 2);
  await mkdir(at("many"));
  const rows = Array.from({ length: many }, (_, row) => {
    symlinkSync(at(row % 2 ? "a.png" : "b.png"), at(`many/${row}.png`));
    return `many/${row}.png,${row % 2 ? "red" : "blue"}`;
  });
  await writeFile(at("many.csv"), ["file,label", ...rows, ""].join("\n"));
});

describe("the program", () => {
  it("prints its results and nothing else", async () => {
    const { code, stdout, stderr } = await ending(
      start(["predict", "--model", "model", "a.png", "--json"], root),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ type: "prediction", path: "a.png" });
  });

  it("ends with 2 where the input is wrong", async () => {
    const { code, stdout, stderr } = await ending(start(["predict", "--model", "model", "c.png"], root));
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: c.png: there is no such file or folder.\n",
    });
  });
});

describe("a reader that leaves", () => {
  it("before the first line is no error", async () => {
    const child = start(["inspect", "vit-h14", "--tensors", "--json"], root);
    child.stdout.destroy();
    const { code, stderr } = await ending(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("after the first prediction ends the command, for predictions come one by one", async () => {
    const child = start(
      ["predict", "--model", "model", "many", "--batch-size", "1", "--format", "csv"],
      root,
    );
    await printed(child.stdout, "many/0.png,1,");
    child.stdout.destroy();
    const { code, stderr } = await ending(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("amid a training run stops it, and the state is saved", async () => {
    const out = ["--out", "left", "--epochs", "100000", "--batch-size", "4", "--threads", "1"];
    const child = start(["train", "--model", "model", "--data", "data", ...out, "--json"], root);
    await printed(child.stdout, '"type":"step"');
    child.stdout.destroy();
    const { code, stderr } = await ending(child);
    expect(stderr).toMatch(
      /^Interrupted at step \d+; the state is saved\. To continue:\n {2}rlrr train --resume --out left\n$/,
    );
    expect(code).toBe(130);
  });
});

describe("Ctrl-C", () => {
  it("ends evaluate with 130 and no results", async () => {
    const flags = ["--model", "model", "--data", "many.csv", "--batch-size", "1", "--threads", "1"];
    const child = start(["evaluate", ...flags], root);
    await printed(child.stderr, "has no test split");
    await wait(1000);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ending(child);
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: "", stderr: "Interrupted.\n" });
  });

  it("ends predict too, as SIGTERM does", async () => {
    const images = Array.from({ length: 15_000 }, () => "a.png");
    const flags = ["--model", "weights.safetensors", "--heads", "2", "--batch-size", "1", "--threads", "1"];
    const child = start(["predict", ...flags, ...images], root);
    await printed(child.stdout, "a.png");
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await ending(child);
    expect(code).toBe(130);
    expect(stderr).toMatch(/does not say how its images are prepared.*\nInterrupted\.\n$/);
    // What was printed until then is whole lines.
    expect(stdout).toMatch(/^(.*%\n)*$/);
  });

  it("saves a training run, which no other process may touch meanwhile", async () => {
    const flags = ["--epochs", "100000", "--batch-size", "4", "--threads", "1"];
    const child = start(
      ["train", "--model", "model", "--data", "data", "--out", "run", ...flags, "--json"],
      root,
    );
    await printed(child.stdout, '"type":"step"');
    const other = ["train", "--model", at("model"), "--data", at("data"), "--out", at("run"), "--resume"];
    const { code: refused, stderr: why } = await runHere(...other);
    expect(refused).toBe(2);
    expect(why).toContain("another process is training here");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ending(child);
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toEqual({ type: "stopped", step: expect.any(Number) });
    expect(stderr).toBe(
      `Interrupted at step ${last.step}; the state is saved. To continue:\n  rlrr train --resume --out run\n`,
    );
    expect(code).toBe(130);
    expect((await stat(at("run/checkpoint.safetensors"))).isFile()).toBe(true);
  });
});

/** Waits until a program has printed `text`. What it prints after that is for the next reader. */
async function printed(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let seen = "";
  while (!seen.includes(text)) {
    const [bytes] = await once(stream, "data");
    seen += String(bytes);
  }
  stream.pause();
}
