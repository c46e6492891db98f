import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { collectEvents, tinyTraining } from "../../test/tiny-training.ts";
import { readAdapter } from "../adapter/adapter-file.ts";
import { openEngine } from "../engine/open-engine.ts";
import { epochFolder, runOfAdapter } from "./run-folder.ts";

const root = temporaryFolder("keep-epochs");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const tiny = await tinyTraining(root, engine);
const common = {
  ...tiny,
  recipe: { ...tiny.recipe, start: "probe", select: "last" },
  keepEpochs: true,
} as const;

const tensorsOf = (folder: string): string =>
  readFileSync(join(folder, "adapter_model.safetensors")).toString("base64");

describe("a run that keeps its epochs", () => {
  const out = join(root, "whole");
  const names = ["epoch-000", "epoch-001", "epoch-002", "epoch-003", "epoch-004"];

  it("has an adapter of its start and of each epoch, the last of which it keeps", async () => {
    await collectEvents({ ...common, out });
    const epochs = join(out, "epochs");
    expect(readdirSync(epochs).sort()).toEqual(names);
    const contents = names.map((name) => tensorsOf(join(epochs, name)));
    expect(new Set(contents).size).toBe(5);
    expect(contents.at(-1)).toBe(tensorsOf(join(out, "adapter")));
    const { training } = await readAdapter(epochFolder(epochs, 2));
    expect(training.keptEpoch).toBe(1);
  });

  it("has the same after it was stopped and resumed", async () => {
    const stopped = join(root, "stopped");
    const controller = new AbortController();
    await collectEvents({ ...common, out: stopped, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === 8) controller.abort();
    });
    await collectEvents({ ...common, out: stopped, resume: true });
    for (const name of names)
      expect(tensorsOf(join(stopped, "epochs", name)), name).toBe(tensorsOf(join(out, "epochs", name)));
  });

  it("is found from the adapters of its epochs", () => {
    expect(runOfAdapter(join(out, "epochs", "epoch-002"))).toBe(out);
    expect(runOfAdapter(out)).toBe(out);
  });
});
