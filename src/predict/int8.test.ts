import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { colours, writeColours, writePicture, writeTinyModel } from "../../test/colour-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { openImageStore } from "../images/image-store.ts";
import { type Engine, EngineError, InputError, type LoadedModel, load, openEngine } from "../node.ts";

const root = temporaryFolder("int8");
const at = (...names: string[]) => join(root, ...names);
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

/** Of just the size that is worth it: 17 tokens, 128 wide. */
beforeAll(async () => {
  const config = { ...tiny, imageSize: [16, 16], width: 128, mlpWidth: 128 } as const;
  await writeTinyModel(at("model"), { config });
  await writeTinyModel(at("small"));
  await writeColours(at("data"), { train: 1, test: 4 });
  for (const [name, colour] of Object.entries(colours)) await writePicture(at(`${name}.png`), colour, 77);
});

const images = Object.keys(colours).map((name) => at(`${name}.png`));

/** The probabilities of each image's labels, by label. */
async function probabilities(model: LoadedModel, given: readonly string[]): Promise<number[][]> {
  const all: number[][] = [];
  for await (const { labels = [] } of model.predict(given))
    all.push(labels.toSorted((a, b) => (a.label < b.label ? -1 : 1)).map(({ probability }) => probability));
  return all;
}

/** The engine, and how many sessions of it were opened and closed. */
function counting(): { readonly engine: Engine; readonly counts: { opened: number; closed: number } } {
  const counts = { opened: 0, closed: 0 };
  const compile: Engine["compile"] = async (graph, options) => {
    const session = await engine.compile(graph, options);
    counts.opened++;
    return {
      buffer: (name) => session.buffer(name),
      run: (feeds) => session.run(feeds),
      close: async () => {
        counts.closed++;
        await session.close();
      },
    };
  };
  return { engine: { ...engine, compile }, counts };
}

describe("precision int8", () => {
  it("answers nearly as fp32 does, and says how nearly", async () => {
    await using exact = await load(at("model"), { engine });
    await using model = await load(at("model"), { engine, precision: "int8" });
    expect(model.agreement).toBeUndefined();
    const [wanted, given] = [await probabilities(exact, images), await probabilities(model, images)];
    expect(given).not.toEqual(wanted);
    const differences = given.flat().map((number, index) => Math.abs(number - (wanted.flat()[index] ?? 0)));
    const largest = Math.max(...differences);
    expect(largest).toBeLessThan(0.05);
    expect(model.agreement).toMatchObject({ images: 3, same: 3 });
    expect(model.agreement?.largestDifference).toBeCloseTo(largest, 5);
    expect(exact.agreement).toBeUndefined();
  });

  it("answers an image alike by itself and among others", async () => {
    await using model = await load(at("model"), { engine, precision: "int8", batchSize: 3 });
    const together = await probabilities(model, images);
    for (const [index, image] of images.entries()) {
      const [alone = []] = await probabilities(model, [image]);
      for (const [label, number] of alone.entries())
        expect(number).toBeCloseTo(together[index]?.[label] ?? 0, 5);
    }
  });

  it("compares both on evaluated images, with what each gets correct", async () => {
    await using model = await load(at("model"), { engine, precision: "int8" });
    const { agreement, metrics } = await model.evaluate(at("data"));
    expect(agreement).toMatchObject({ images: 12, same: 12, correct: { int8: metrics.correct } });
    expect(agreement?.correct?.fp32).toBe(metrics.correct);
    await using exact = await load(at("model"), { engine });
    expect((await exact.evaluate(at("data"))).agreement).toBeUndefined();
  });

  it("closes the session that it compares with, also where an evaluation is stopped", async () => {
    const { engine: counted, counts } = counting();
    await using model = await load(at("model"), { engine: counted, precision: "int8", batchSize: 4 });
    const stop = new AbortController();
    const onProgress = () => {
      if (counts.opened >= 3) stop.abort();
    };
    await expect(model.evaluate(at("data"), { signal: stop.signal, onProgress })).rejects.toThrow(/abort/);
    // A check of the processor and the comparison are over; the session in 8 bits is kept.
    expect(counts).toEqual({ opened: 3, closed: 2 });
  });

  it("refuses a model without large matrices, another precision, and a processor that cuts products off", async () => {
    await using small = await load(at("small"), { engine, precision: "int8" });
    await expect(probabilities(small, images)).rejects.toThrow(
      new InputError(
        'precision: "int8" would change nothing: no matrix of small has 128 rows and columns. Leave it out.',
      ),
    );
    await expect(load(at("model"), { engine, precision: "int4" as "int8" })).rejects.toThrow(
      new InputError('load: precision must be fp32 or int8, got "int4".'),
    );
    const cutting: Engine = {
      ...engine,
      compile: async (graph, options) => {
        const session = await engine.compile(graph, options);
        return {
          ...session,
          close: () => session.close(),
          run: async () => ({ y: Float32Array.of(2 ** 15) }),
        };
      },
    };
    await using model = await load(at("model"), { engine: cutting, precision: "int8" });
    await expect(probabilities(model, images)).rejects.toThrow(EngineError);
  });
});

describe("twenty models, one after the other", () => {
  it.each(["fp32", "int8"] as const)("close every session that they open, in %s", async (precision) => {
    const { engine: counted, counts } = counting();
    const store = openImageStore({ threads: 1 });
    const listeners = process.listenerCount("exit");
    for (let round = 0; round < 20; round++) {
      await using model = await load(at("model"), { engine: counted, store, precision });
      await probabilities(model, images.slice(0, 1));
    }
    await store.close();
    expect(counts.opened).toBeGreaterThanOrEqual(20);
    expect(counts.closed).toBe(counts.opened);
    expect(process.listenerCount("exit")).toBe(listeners);
  });
});
