/** What a run does when the disk takes no more: it says so, and what was there stays whole. */

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import type { TrainEvent } from "../src/runs/events.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { collectEvents, resultsOf, tinyRecipe, tinyTraining } from "./tiny-training.ts";

const root = temporaryFolder("full-disk");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = await tinyTraining(root, engine);
const recipe = { ...tinyRecipe, checkpointSeconds: 0, warmupEpochs: 0 };
const script = fileURLToPath(new URL("train-child.ts", import.meta.url));

/** Trains in a process none of whose files may have more than `kilobytes`. */
function trainWithin(
  kilobytes: number,
  options: object,
): (TrainEvent | { type: "error"; message: string })[] {
  const argument = JSON.stringify({ root, recipe, ...options });
  const command = `ulimit -f ${2 * kilobytes} && exec "$0" --import tsx "$1" "$2"`;
  const { stdout } = spawnSync("sh", ["-c", command, process.execPath, script, argument], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TSX_DISABLE_CACHE: "1" },
  });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const why = "could not be written: the file is too large for this disk. Write elsewhere.";

describe.skipIf(process.platform === "win32")("a disk that takes no more", () => {
  it("ends a run whose state cannot be saved, and the run can be resumed", async () => {
    const whole = join(root, "whole");
    await collectEvents({ ...common, recipe, out: whole });

    const out = join(root, "no checkpoint");
    expect(trainWithin(16, { out }).at(-1)).toEqual({
      type: "error",
      name: "EngineError",
      message: `${join(out, "checkpoint.safetensors")} ${why}`,
    });
    expect(readdirSync(out).sort()).toEqual(["metrics.jsonl", "run.json"]);

    await collectEvents({ ...common, recipe, out, resume: true });
    expect(resultsOf(out)).toEqual(resultsOf(whole));
  });

  it("leaves the older state and the older adapter whole", async () => {
    const out = join(root, "no adapter");
    const controller = new AbortController();
    await collectEvents({ ...common, recipe, out, signal: controller.signal }, (event) => {
      if (event.type === "epoch") controller.abort();
    });
    const before = join(root, "before");
    cpSync(out, before, { recursive: true });

    expect(trainWithin(4, { out, resume: true }).at(-1)).toMatchObject({ type: "error" });
    expect(readdirSync(out).sort()).toEqual(readdirSync(before).sort());
    const state = "checkpoint.safetensors";
    expect(readFileSync(join(out, state))).toEqual(readFileSync(join(before, state)));
    expect(await readAdapter(out)).toEqual(await readAdapter(before));
  });
});
