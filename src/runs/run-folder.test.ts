import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError, InputError } from "../errors.ts";
import { oldPathOf, temporaryPathOf } from "../files/temporary-paths.ts";
import { openRunFolder } from "./run-folder.ts";

const root = temporaryFolder("run-folder");
let count = 0;
const fresh = (...names: string[]): string => {
  const path = join(root, `${count++}`);
  for (const name of names) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), name === "run.json" ? '{"a":1}' : "");
  }
  return path;
};

describe("openRunFolder", () => {
  it("makes the folder, locks it, and says where things go", async () => {
    const path = join(fresh(), "deep", "run");
    const folder = await openRunFolder(path);
    expect(readdirSync(path)).toEqual(["run.lock"]);
    expect(folder.earlier).toBeUndefined();
    expect(folder.paths).toEqual({
      config: join(path, "run.json"),
      rows: join(path, ".frozen-blocks.tmp"),
      metrics: join(path, "metrics.jsonl"),
      checkpoint: join(path, "checkpoint.safetensors"),
      adapter: join(path, "adapter"),
      report: join(path, "report.html"),
      steps: join(path, "steps.csv"),
      tensorboard: join(path, "tensorboard"),
      epochs: join(path, "epochs"),
    });
    await folder.writeConfig({ version: 1, text: "ä\n" });
    expect(JSON.parse(readFileSync(folder.paths.config, "utf8"))).toEqual({ version: 1, text: "ä\n" });
    await folder.close();
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it("takes a folder away again that it made for nothing, but no other", async () => {
    const path = fresh();
    await (await openRunFolder(path)).close();
    expect(existsSync(path)).toBe(false);
    mkdirSync(path);
    await (await openRunFolder(path)).close();
    expect(existsSync(path)).toBe(true);
  });

  it("gives the config of an earlier run", async () => {
    const folder = await openRunFolder(fresh("run.json", "metrics.jsonl", "adapter/README.md"));
    expect(folder.earlier).toEqual({ a: 1 });
    await folder.close();
  });

  it("refuses a damaged config, and unlocks", async () => {
    const path = fresh("run.json");
    writeFileSync(join(path, "run.json"), "{");
    const error = await openRunFolder(path).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toMatch(
      /run\.json is not JSON \(.*\)\. Remove its folder, or give another one as out\.$/,
    );
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it.each([
    "metrics.jsonl",
    "checkpoint.safetensors",
    "adapter",
    "report.html",
    "steps.csv",
    "tensorboard",
    "epochs",
  ])("refuses a folder with %s that is no run's", async (name) => {
    const path = fresh(name, "photo.jpg");
    await expect(openRunFolder(path)).rejects.toThrow(
      new InputError(
        `${path} holds ${name} but no run.json, so it is not a run to resume. Give another folder as out.`,
      ),
    );
    expect(readdirSync(path).sort()).toEqual([name, "photo.jpg"].sort());
  });

  it("takes a folder with other things in it, and leaves them", async () => {
    const path = fresh("photo.jpg");
    await (await openRunFolder(path)).close();
    expect(readdirSync(path)).toEqual(["photo.jpg"]);
  });

  it("removes what a killed run left half-written", async () => {
    const path = fresh("run.json");
    const leftover = temporaryPathOf(join(path, "checkpoint.safetensors"));
    writeFileSync(leftover, "half");
    mkdirSync(temporaryPathOf(join(path, "adapter")));
    await (await openRunFolder(path)).close();
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it("puts back an adapter that a killed run was replacing with a new one", async () => {
    const path = fresh("run.json", "adapter/rlrr_adapter.json");
    const [adapter, temporary] = [join(path, "adapter"), temporaryPathOf(join(path, "adapter"))];
    renameSync(adapter, oldPathOf(temporary));
    mkdirSync(temporary);
    await (await openRunFolder(path)).close();
    expect(readdirSync(path).sort()).toEqual(["adapter", "run.json"]);
    expect(readdirSync(adapter)).toEqual(["rlrr_adapter.json"]);
  });

  it.each([
    "run.json",
    "metrics.jsonl",
    "checkpoint.safetensors",
    "adapter",
    "report.html",
    "steps.csv",
    "tensorboard",
    "epochs",
  ])("refuses a run whose %s is a link, and leaves what that leads to", async (name) => {
    const path = name === "run.json" ? fresh("photo.jpg") : fresh("run.json");
    const target = join(root, `${name}.precious`);
    writeFileSync(target, "precious");
    symlinkSync(target, join(path, name));
    const before = readdirSync(path);
    await expect(openRunFolder(path)).rejects.toThrow(
      new InputError(
        `${join(path, name)} is a symbolic link; a run's files lie in its own folder. Remove the link, or give another folder as out.`,
      ),
    );
    expect(readdirSync(path)).toEqual(before);
    expect(readFileSync(target, "utf8")).toBe("precious");
  });

  it("says what stands in the way", async () => {
    const path = join(fresh("file"), "file");
    await expect(openRunFolder(path)).rejects.toThrow(
      new EngineError(
        `${path} could not be written: there is a file of that name. Remove it, or write elsewhere.`,
      ),
    );
    const below = join(path, "run");
    await expect(openRunFolder(below)).rejects.toThrow(
      new EngineError(
        `${below} could not be written: part of its path is a file, not a folder. Write elsewhere.`,
      ),
    );
  });
});
