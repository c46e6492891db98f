/** Whether memory grows with use: sessions opened and closed, trainings, and predictions, in one process each. */

import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { matmul } from "../src/graph/ops.ts";
import { input } from "../src/graph/value.ts";
import { findImages, load, openEngine, train } from "../src/node.ts";

const usage = `node --expose-gc --import tsx bench/lasting.ts PART [--repeat 1000] [--threads 1]
  sessions      opens, runs and closes a session of one engine
  engines       opens an engine, runs a session and closes both
  loads         loads the demo's model, predicts an image and closes it
  trainings     trains the demo's model on eight images, in a folder that is removed
  predictions   predicts an image with one loaded model`;

const model = "assets/demo/backbone";
const data = "assets/demo/data";

interface Place {
  readonly threads: number;
  readonly image: string;
}

/** Ready to be repeated; the second function ends it. */
type Part = (place: Place) => Promise<readonly [repeat: () => Promise<void>, end: () => Promise<void>]>;

const nothing = async () => {};

const parts: Readonly<Record<string, Part>> = {
  sessions: async ({ threads }) => {
    const engine = await openEngine({ threads });
    return [() => runSession(engine), () => engine.close()];
  },
  engines: async ({ threads }) => [
    async () => {
      const engine = await openEngine({ threads });
      await runSession(engine);
      await engine.close();
    },
    nothing,
  ],
  loads: async ({ threads, image }) => [
    async () => {
      await using loaded = await load(model, { threads });
      for await (const { error } of loaded.predict(image)) if (error) throw error;
    },
    nothing,
  ],
  trainings: async ({ threads }) => {
    const folder = await mkdtemp(join(tmpdir(), "rlrr-lasting-"));
    const few = join(folder, "data");
    await copyFew(few);
    const recipe = { name: "official", epochs: 1, batchSize: 8, warmupEpochs: 0 } as const;
    return [
      async () => {
        const out = join(folder, "run");
        for await (const _ of train({ model, data: few, out, recipe, threads }));
        await rm(out, { recursive: true });
      },
      () => rm(folder, { recursive: true }),
    ];
  },
  predictions: async ({ threads, image }) => {
    const loaded = await load(model, { threads });
    return [
      async () => {
        for await (const { error } of loaded.predict(image)) if (error) throw error;
      },
      () => loaded.close(),
    ];
  },
};

/** Of two classes, four images to train on and one to validate. */
async function copyFew(to: string): Promise<void> {
  const { images } = await findImages(data);
  for (const [split, count] of [
    ["train", 4],
    ["val", 1],
  ] as const)
    for (const name of (await readdir(join(data, split))).slice(0, 2)) {
      const folder = join(split, name);
      const some = images.filter((path) => path.includes(join(folder, ""))).slice(0, count);
      for (const path of some) await cp(path, join(to, folder, basename(path)));
    }
}

async function runSession(engine: Awaited<ReturnType<typeof openEngine>>): Promise<void> {
  const [a, b] = [input("a", [256, 256]), input("b", [256, 256])];
  const session = await engine.compile({ outputs: { y: matmul(a, b) } });
  const numbers = new Float32Array(256 * 256).fill(1);
  await session.run({ a: numbers, b: numbers });
  await session.close();
}

/** Of the process and, of that, what JavaScript holds, in MiB. */
function memory(): { readonly resident: number; readonly held: number } {
  global.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss / 2 ** 20, held: (heapUsed + external) / 2 ** 20 };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repeat: { type: "string", default: "1000" },
      threads: { type: "string", default: "1" },
    },
  });
  const [name = ""] = positionals;
  const part = parts[name];
  const repeat = Number(values.repeat);
  if (!part || !Number.isInteger(repeat) || repeat < 10) return console.log(usage);
  const { images } = await findImages(data);
  const image = images[0] ?? "";
  const [once, end] = await part({ threads: Number(values.threads), image });
  // The first tenth fills what is kept for good: code, heaps, pools.
  const settled = Math.ceil(repeat / 10);
  const seen: { at: number; resident: number; held: number }[] = [];
  for (let at = 1; at <= repeat; at++) {
    await once();
    if (at < settled || (at - settled) % Math.ceil(repeat / 20) !== 0) continue;
    const now = { at, ...memory() };
    seen.push(now);
    process.stderr.write(
      `${name} ${at}/${repeat}: ${now.resident.toFixed(0)} MiB, of which JavaScript ${now.held.toFixed(1)}\n`,
    );
  }
  await end();
  const growth = (of: "resident" | "held") =>
    Number((1024 * slopeOf(seen.map((one) => [one.at, one[of]]))).toFixed(2));
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    JSON.stringify({
      ...{ part: name, repeat, growthKibibytes: growth("resident"), heldGrowthKibibytes: growth("held") },
      peakMebibytes: Math.round(peak),
    }),
  );
}

/** Of the line through the points with the least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const covariance = mean((point) => (point[0] - x) * (point[1] - y));
  return covariance / mean((point) => (point[0] - x) ** 2);
}

await main();
