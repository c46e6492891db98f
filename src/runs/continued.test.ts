import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeColours, writePicture, writeTinyModel } from "../../test/colour-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { only, resultsOf } from "../../test/tiny-training.ts";
import { useOf } from "../adapter/trained-images.ts";
import { plainVitOf } from "../model/architectures.ts";
import { InputError, openEngine, readAdapter } from "../node.ts";
import type { TrainEvent } from "./events.ts";
import { type TrainOptions, train } from "./train.ts";

const root = temporaryFolder("continued");
const at = (...names: string[]) => join(root, ...names);
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const recipe = { name: "official", epochs: 2, batchSize: 6, learningRate: 5e-2, warmupEpochs: 0 } as const;
async function run(options: Partial<TrainOptions>, see: (event: TrainEvent) => void = () => {}) {
  const events: TrainEvent[] = [];
  const common = { data: at("old"), out: at("run"), recipe, engine };
  for await (const event of train({ ...common, ...options })) {
    events.push(event);
    see(event);
  }
  return events;
}
const notes = (events: readonly TrainEvent[]) => only(events, "note").map(({ message }) => message);
const refusal = (options: Partial<TrainOptions>) =>
  run({ continueFrom: at("run"), out: at("never"), ...options }).then(
    () => "trained",
    (error: Error) => error.message.replaceAll(root, "ROOT"),
  );

/** Every file of a folder with a hash of its content. */
const contentsOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash("sha256").update(readFileSync(path)).digest("hex")];
    });

beforeAll(async () => {
  await writeTinyModel(at("base"), { labels: [] });
  await writeColours(at("old"), { train: 6, val: 3 });
  await cp(at("old"), at("new"), { recursive: true });
  for (const [split, count] of [
    ["train", 6],
    ["val", 3],
  ] as const) {
    await cp(at("new", split, "red"), at("new", split, "white"), { recursive: true });
    for (let number = 0; number < count; number++)
      await writePicture(
        at("new", split, "white", `${number}.png`),
        [230, 230, 230],
        900 + 50 * count + number,
      );
  }
  await run({ model: at("base"), method: { name: "rlrr", options: { rank: 2 } } });
});

describe("train with continueFrom", () => {
  it("grows the head, never changes the old run, and says where it comes from", async () => {
    const before = contentsOf(at("run"));
    const old = await readAdapter(at("run"));
    const events = await run({ continueFrom: at("run"), data: at("new"), out: at("grown") });
    expect(contentsOf(at("run"))).toEqual(before);
    expect(notes(events).map((note) => note.replaceAll(root, "ROOT"))).toEqual([
      "4 classes: blue, green, red, white (24 training, 12 validation images)",
      'Continuing from ROOT/run: 3 classes keep their rows of the head; new: "white".',
    ]);
    const [start] = only(events, "continued");
    expect(start).toMatchObject({ newClasses: 1 });
    const [done] = only(events, "done");
    expect(done?.continued).toBe(true);
    expect(done?.valTop1).toBeGreaterThanOrEqual(start?.valTop1 ?? 100);
    const adapter = await readAdapter(at("grown"));
    expect(adapter.method).toEqual(old.method);
    expect(adapter.base).toEqual(old.base);
    expect(adapter.labels).toEqual(["blue", "green", "red", "white"]);
    const { continuedFrom } = JSON.parse(readFileSync(at("grown", "run.json"), "utf8"));
    expect(continuedFrom).toEqual({ path: at("run"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(adapter.training.continuedFrom).toEqual({ name: "run", sha256: continuedFrom.sha256 });
    expect(readFileSync(at("grown", "adapter", "README.md"), "utf8")).toContain(
      `| continuedFrom | the adapter of run, sha256 ${continuedFrom.sha256} |`,
    );
  });

  it("keeps the adapter as it was where training only does harm", async () => {
    const old = await readAdapter(at("run"));
    const harm = { ...recipe, learningRate: 4, schedule: "constant" } as const;
    const events = await run({ continueFrom: at("run", "adapter"), out: at("harm"), recipe: harm });
    expect(only(events, "done")[0]).toMatchObject({ epoch: -1 });
    expect((await readAdapter(at("harm"))).tensors).toEqual(old.tensors);
    expect(readFileSync(at("harm", "adapter", "README.md"), "utf8")).toContain(
      "| keptEpoch | the start, as it was continued from |",
    );
  });

  it("needs to be asked to drop classes, and names them", async () => {
    await cp(at("new"), at("fewer"), { recursive: true });
    for (const split of ["train", "val"]) rmSync(at("fewer", split, "green"), { recursive: true });
    const fewer = { data: at("fewer"), continueFrom: at("run") };
    expect(await refusal(fewer)).toBe(
      'ROOT/fewer has no images of "green", which ROOT/run was trained on. Add some, or leave this class out of the new head with dropClasses: true. New in the data: "white"; a class that was only renamed needs its old name.',
    );
    const events = await run({ ...fewer, dropClasses: true, out: at("dropped") });
    expect(notes(events).at(-1)?.replaceAll(root, "ROOT")).toBe(
      'Continuing from ROOT/run: 2 classes keep their rows of the head; new: "white"; left out: "green".',
    );
    expect((await readAdapter(at("dropped"))).labels).toEqual(["blue", "red", "white"]);
  });

  it("resumes to the same bits wherever it is stopped, and only from the same adapter", async () => {
    const options = { continueFrom: at("run"), data: at("new") };
    await run({ ...options, out: at("whole") });
    for (const when of ["start", "continued", "step", "epoch"]) {
      const out = at(`stopped at ${when}`);
      const controller = new AbortController();
      const stopped = await run({ ...options, out, signal: controller.signal }, ({ type }) => {
        if (type === when) controller.abort();
      });
      expect(stopped.at(-1)?.type).toBe("stopped");
      await run({ ...options, out, resume: true });
      expect(resultsOf(out), when).toEqual(resultsOf(at("whole")));
    }
    // The folder alone tells what to continue from.
    const alone = at("alone");
    const controller = new AbortController();
    await run({ ...options, out: alone, signal: controller.signal }, ({ type }) => {
      if (type === "step") controller.abort();
    });
    for await (const _ of train({ out: alone, resume: true, engine }));
    expect(resultsOf(alone)).toEqual(resultsOf(at("whole")));
    cpSync(at("stopped at step"), at("other"), { recursive: true });
    await expect(
      run({ ...options, continueFrom: at("grown"), out: at("other"), resume: true }),
    ).rejects.toThrow(
      /: this run began with other options: continueFrom was "[0-9a-f]{64}", is "[0-9a-f]{64}"\./,
    );
  });

  const trained = "ROOT/run was trained with other options: ";
  const leave = ". A run that continues takes them from the adapter; leave them out.";
  it.each<[Partial<TrainOptions>, string]>([
    [{ method: "linear" }, `${trained}method was "rlrr", is "linear"${leave}`],
    [{ method: { options: { rank: 3 } } }, `${trained}rank was 2, is 3${leave}`],
    [{ imageSize: 16, heads: 4 }, `${trained}imageSize was 8, is 16; heads was 2, is 4${leave}`],
    [
      { images: { resize: "short", normalize: "imagenet" } },
      'ROOT/run was trained with other preprocessing than resize: "short" normalize: "imagenet" makes: ',
    ],
    [
      { out: at("run", "next") },
      "ROOT/run/next is ROOT/run itself, or inside it; a run that continues from it leaves it as it is. Name a new folder with out.",
    ],
    [
      { recipe: { ...recipe, folds: 3 } },
      "folds would hold out examples that the tensors of continueFrom may have been trained on.",
    ],
    [{ continueFrom: at("none") }, "ROOT/none: there is no such folder. An adapter is in the folder"],
    [{ continueFrom: at("old") }, "ROOT/old: no rlrr_adapter.json here, so this is not an adapter."],
  ])("refuses what contradicts the adapter (case %#)", async (options, message) => {
    expect(await refusal(options)).toContain(message);
    expect(readdirSync(root)).not.toContain("never");
  });

  it("refuses another base, and takes what repeats the adapter", async () => {
    const { config } = await readAdapter(at("run"));
    await writeTinyModel(at("wider"), {
      labels: [],
      config: { ...plainVitOf(config, "The test"), mlpWidth: 48 },
    });
    expect(await refusal({ model: at("wider") })).toMatch(
      /^The adapter was trained on base \(sha256 \w+…\), but the base given is wider/,
    );
    const again = {
      method: { name: "rlrr", options: { rank: 2 } },
      imageSize: 8,
      heads: 2,
      model: at("base"),
    };
    const events = await run({
      ...{ ...again, continueFrom: at("run"), out: at("again"), images: { flip: true } },
    });
    expect(only(events, "done")).toHaveLength(1);
  });

  it("validates on no image that the adapter was trained on, and remembers all that it was ever trained on", async () => {
    const plain = at("plain");
    for (const split of ["train", "val"])
      await cp(at("new", split), plain, { recursive: true, force: false });
    for (const name of ["blue", "green", "red", "white"])
      for (let number = 0; number < 3; number++)
        await cp(at("new", "val", name, `${number}.png`), join(plain, name, `v${number}.png`));
    const events = await run({ continueFrom: at("run"), data: plain, out: at("split") });
    expect(notes(events)).toContain("18 images were trained on before and do not validate.");
    const { images } = await readAdapter(at("split"));
    const useOfFile = (path: string) =>
      images && useOf(createHash("sha256").update(readFileSync(path)).digest("base64"), images);
    for (const name of ["blue", "green", "red"])
      expect(useOfFile(join(plain, name, "0.png"))).toBe("trained");
    const validated = readdirSync(join(plain, "blue")).filter(
      (name) => useOfFile(join(plain, "blue", name)) === "validated",
    );
    expect(validated.length).toBeGreaterThan(0);
    expect(validated.every((name) => name.startsWith("v"))).toBe(true);
  });

  it("leaves images that were trained on out of a validation split that is given", async () => {
    const mixed = at("mixed");
    await cp(at("old"), mixed, { recursive: true });
    renameSync(join(mixed, "train", "red", "0.png"), join(mixed, "val", "red", "moved.png"));
    const events = await run({ continueFrom: at("run"), data: mixed, out: at("less") });
    expect(notes(events)).toContain("1 of the 10 validation images were trained on before and are left out.");
    expect(only(events, "start")[0]).toMatchObject({ trainExamples: 17, valExamples: 9 });
  });

  it("says so where an adapter does not tell, and then records nothing that would be wrong", async () => {
    await cp(at("run"), at("silent"), { recursive: true });
    rmSync(at("silent", "adapter", "training_images.json"));
    const events = await run({ continueFrom: at("silent"), out: at("unknown") });
    expect(notes(events).map((note) => note.replaceAll(root, "ROOT"))).toContain(
      "ROOT/silent does not say which images it was trained on. Validation images may be among them; the accuracy on them is then too high.",
    );
    expect((await readAdapter(at("unknown"))).images).toBeUndefined();
  });

  it("refuses dropClasses without an adapter", async () => {
    await expect(run({ model: at("base"), dropClasses: true, out: at("never") })).rejects.toThrow(
      new InputError(
        "train: dropClasses: true is about the classes of an adapter; give one as continueFrom.",
      ),
    );
  });
});
